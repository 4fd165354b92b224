// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A libsvm that moves nothing and counts everything: svm-run is tested with it
 * where there is neither a device nor a second NUMA node.
 *
 * FAKE_SVM_DEVICES is the number of its devices. A context is any descriptor. A
 * process that is gone gives -ESRCH, as with the real one.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <svm/svm.h>

#define DEVICE_BYTES ((uint64_t)512 << 20)

struct svm {
	pid_t pid;
	unsigned int nr_devices;
	unsigned int nr_fds;
	int fds[64];
	uint32_t ids[64];
	struct svm_stats stats;
};

static unsigned int devices(void)
{
	const char *text = getenv("FAKE_SVM_DEVICES");

	return text ? (unsigned int)atoi(text) : 0;
}

/* The file behind a context is called svm0 or the like. */
static uint32_t id_of(int fd)
{
	char link[64], path[4096] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		abort();
	return (uint32_t)atoi(strrchr(path, '/') + 4);
}

int svm_open(struct svm **out, const struct svm_open_opts *opts)
{
	struct svm *svm = calloc(1, sizeof(*svm));

	if (!svm)
		return -ENOMEM;
	if (opts && !opts->nr_fds != !opts->fds) {
		free(svm);
		return -EINVAL;
	}
	svm->pid = getpid();
	svm->nr_devices = devices();
	if (opts && opts->pid) {
		svm->pid = opts->pid;
		svm->nr_devices = opts->nr_fds;
		svm->nr_fds = opts->nr_fds;
		for (unsigned int i = 0; i < opts->nr_fds; i++) {
			svm->fds[i] = opts->fds[i];
			svm->ids[i] = id_of(opts->fds[i]);
		}
	}
	*out = svm;
	return 0;
}

struct svm *svm_close(struct svm *svm)
{
	if (svm) {
		for (unsigned int i = 0; i < svm->nr_fds; i++)
			close(svm->fds[i]);
	}
	free(svm);
	return NULL;
}

int svm_device_count(const struct svm *svm)
{
	return (int)svm->nr_devices;
}

int svm_device_info(struct svm *svm, unsigned int index,
		    struct svm_device_info *info)
{
	if (index >= svm->nr_devices)
		return -ENOENT;
	*info = (struct svm_device_info){
		.size = sizeof(*info),
		.type = SVM_DEVICE_RAM,
		.id = svm->nr_fds ? svm->ids[index] : index,
		.node = SVM_NODE_ANY,
		.capabilities = SVM_CAP_TO_DEVICE | SVM_CAP_TO_SYSTEM,
		.bytes_total = DEVICE_BYTES,
		.bytes_free = DEVICE_BYTES,
		.page_orders = 1,
	};
	return 0;
}

int svm_migrate_ranges(struct svm *svm, const struct svm_range *ranges,
		       size_t nr, struct svm_place to,
		       const struct svm_migrate_opts *opts,
		       struct svm_result *result)
{
	uint64_t bytes = 0;

	if (kill(svm->pid, 0))
		return -ESRCH;
	if (!nr || !opts || opts->flags != SVM_MIGRATE_RESIDENT_ONLY)
		return -EINVAL;
	for (size_t i = 0; i < nr; i++) {
		if (!ranges[i].length || (uintptr_t)ranges[i].addr % 4096 ||
		    ranges[i].length % 4096)
			return -EINVAL;
		bytes += ranges[i].length;
	}
	svm->stats.migrate_calls++;
	if (to.type == SVM_PLACE_DEVICE)
		svm->stats.bytes_to_device += bytes;
	else
		svm->stats.bytes_to_system += bytes;
	svm->stats.refused[SVM_PAGE_PINNED]++;
	result->bytes_moved = bytes;
	result->pages[SVM_PAGE_MOVED] = bytes / 4096;
	return 0;
}

int svm_get_stats(struct svm *svm, struct svm_stats *stats)
{
	*stats = svm->stats;
	stats->size = sizeof(*stats);
	return 0;
}

const char *svm_status_name(unsigned int status)
{
	return status == SVM_PAGE_PINNED ? "pinned" : "other";
}

const char *svm_place_name(unsigned int place)
{
	return place == SVM_PLACE_DEVICE ? "device" : "system";
}
