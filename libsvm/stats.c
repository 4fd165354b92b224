// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Counters: those of the module's contexts, and the library's own for what it
 * moved by move_pages(2).
 *
 * A device that is gone does not answer any more. Its context's last figures
 * are kept so that the sum does not fall; @stats_lock guards them.
 */
#include <errno.h>

#include "growable.h"
#include "handle.h"

#define FIRST_SIZE SIZE_UP_TO(struct svm_stats, refused)

static int read_counters(struct svm *svm, const struct svm_device *dev,
			 uint32_t scope, struct svm_ioctl_stats *now)
{
	*now = (struct svm_ioctl_stats){
		.size = sizeof(*now),
		.scope = scope,
	};
	return svm->ops->ioctl(dev->fd, SVM_IOCTL_STATS, now);
}

static void add(struct svm_stats *sum, const struct svm_ioctl_stats *part)
{
	size_t i;

	sum->migrate_calls += part->migrate_calls;
	sum->bytes_to_device += part->bytes_to_device;
	sum->bytes_populated += part->bytes_populated;
	sum->bytes_to_system += part->bytes_to_system;
	sum->bytes_between_nodes += part->bytes_between_nodes;
	sum->faults += part->faults;
	sum->bytes_faulted += part->bytes_faulted;
	sum->bytes_evicted += part->bytes_evicted;
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		sum->refused[i] += part->refused[i];
	sum->faults_sequential += part->faults_sequential;
	sum->faults_random += part->faults_random;
	sum->bytes_ahead += part->bytes_ahead;
	sum->bytes_ahead_used += part->bytes_ahead_used;
	sum->bytes_accessed += part->bytes_accessed;
	sum->bytes_accessed_device += part->bytes_accessed_device;
	sum->exclusive_ended += part->exclusive_ended;
	sum->exclusive_contended += part->exclusive_contended;
}

static void add_own(struct svm_stats *sum, struct svm_moved *own)
{
	size_t i;

	sum->migrate_calls +=
		atomic_load_explicit(&own->calls, memory_order_relaxed);
	sum->bytes_between_nodes +=
		atomic_load_explicit(&own->bytes, memory_order_relaxed);
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		sum->refused[i] += atomic_load_explicit(&own->refused[i],
							memory_order_relaxed);
}

static int add_contexts(struct svm_stats *sum, struct svm *svm)
{
	unsigned int i;

	for (i = 0; i < svm->nr_devices; i++) {
		struct svm_device *dev = &svm->devices[i];
		struct svm_ioctl_stats now;
		int ret = read_counters(svm, dev, SVM_STATS_CONTEXT, &now);

		if (!ret)
			dev->last = now;
		else if (ret != -ENODEV)
			return ret;
		add(sum, &dev->last);
	}
	return 0;
}

SVM_PUBLIC int svm_get_stats(struct svm *svm, struct svm_stats *stats)
{
	struct svm_stats sum = { .size = sizeof(sum) };
	int ret;

	if (!svm)
		return -EINVAL;
	ret = growable_check(stats, FIRST_SIZE);
	if (!ret)
		ret = svm_check_opener(svm);
	if (ret)
		return ret;
	/*
	 * Own figures first: they take back what the module counted before,
	 * never what it will count.
	 */
	add_own(&sum, &svm->moved);
	pthread_mutex_lock(&svm->stats_lock);
	ret = add_contexts(&sum, svm);
	pthread_mutex_unlock(&svm->stats_lock);
	if (ret)
		return ret;
	growable_write(stats, &sum, sizeof(sum));
	return 0;
}

SVM_PUBLIC int svm_get_device_stats(struct svm *svm, uint32_t id,
				    struct svm_stats *stats)
{
	struct svm_stats sum = { .size = sizeof(sum) };
	struct svm_ioctl_stats now;
	struct svm_device *dev;
	int ret;

	if (!svm)
		return -EINVAL;
	ret = growable_check(stats, FIRST_SIZE);
	if (!ret)
		ret = svm_check_opener(svm);
	if (ret)
		return ret;
	dev = svm_find_device(svm, id);
	if (!dev)
		return -ENODEV;
	ret = read_counters(svm, dev, SVM_STATS_DEVICE, &now);
	if (ret)
		return ret;
	add(&sum, &now);
	growable_write(stats, &sum, sizeof(sum));
	return 0;
}
