// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Jobs of the kernel module.
 *
 * The module keeps the result of a job until it is reaped, for a limited number of
 * jobs. A job that is disowned before its end can't be reaped by whoever wanted
 * it, so it becomes an orphan of the device's, and those that have ended are
 * reaped when there is no room for a new one.
 *
 * Locking: svm.orphans_lock for the orphans, with nothing else held.
 */
#include <errno.h>
#include <poll.h>

#include "job.h"

/* The device to move something there in the background, or NULL. */
struct svm_device *svm_find_worker(struct svm *svm, struct svm_place to)
{
	struct svm_device *dev;

	if (to.type != SVM_PLACE_DEVICE)
		return svm_next_device(svm, NULL,
				       SVM_CAP_TO_SYSTEM | SVM_CAP_ASYNC);
	dev = svm_find_device(svm, (uint32_t)to.id);
	return dev->capabilities & SVM_CAP_ASYNC ? dev : NULL;
}

/*
 * Takes in the caller's options, and sees that they and the place make sense. What
 * became of each page nobody hears of a job.
 */
int svm_read_job_opts(struct svm_migrate_opts *known,
		      const struct svm_migrate_opts *opts, struct svm_place to)
{
	int ret = svm_read_migrate_opts(known, opts, to);

	if (!ret && known->status)
		ret = -EINVAL;
	return ret ? ret : svm_check_place(to);
}

/* What is to be submitted for a span that has pages. */
struct svm_ioctl_submit svm_job_request(const struct svm *svm,
					struct svm_span span,
					struct svm_place to, uint32_t flags,
					int eventfd)
{
	bool to_device = to.type == SVM_PLACE_DEVICE;

	return (struct svm_ioctl_submit){
		.size = sizeof(struct svm_ioctl_submit),
		.flags = svm_call_flags(svm) | flags,
		.addr = span.start,
		.length = span.end - span.start,
		.dest = to_device ? SVM_DEST_DEVICE : SVM_DEST_SYSTEM,
		.node = to_device ? SVM_NODE_ANY : to.id,
		.eventfd = eventfd,
	};
}

/*
 * Asks for the result of a job. Returns 1, 0 if it has not ended, or a negative
 * errno.
 */
int svm_job_reap(const struct svm *svm, const struct svm_device *dev,
		 uint64_t id, struct svm_job_result *result)
{
	struct svm_ioctl_reap arg = {
		.size = sizeof(arg),
		.flags = svm_call_flags(svm),
		.id = id,
		.results = (uintptr_t)result,
		.count = 1,
	};
	int ret = svm->ops->ioctl(dev->fd, SVM_IOCTL_REAP, &arg);

	if (ret)
		return ret;
	/* A module that gives us another's result does not keep its contract. */
	if (arg.reaped > 1 || (arg.reaped && result->id != id))
		return -EPROTO;
	return (int)arg.reaped;
}

/* Returns 0, -ENOENT if it has ended, or another negative errno. */
int svm_job_cancel(const struct svm *svm, const struct svm_device *dev,
		   uint64_t id)
{
	struct svm_ioctl_cancel arg = {
		.size = sizeof(arg),
		.flags = svm_call_flags(svm),
		.id = id,
	};

	return svm->ops->ioctl(dev->fd, SVM_IOCTL_CANCEL, &arg);
}

/* Takes over what came of a job; what was asked for is there. */
void svm_job_count(const struct svm_job_result *result, struct svm_tally *tally)
{
	size_t i;

	tally->bytes_moved = result->bytes_moved;
	tally->bytes_evicted = result->bytes_evicted;
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		tally->pages[i] = result->pages[i];
	if (result->error == -EFAULT)
		tally->pages[SVM_PAGE_UNMAPPED] = tally->asked;
}

/* Waits, for ever if @timeout_ms is negative. Returns 0 or a negative errno. */
int svm_job_wait(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int ret = poll(&p, 1, timeout_ms < 0 ? -1 : timeout_ms);

	if (ret < 0)
		return -errno;
	return ret ? 0 : -ETIMEDOUT;
}

/* Nobody will ask for this job any more. */
void svm_job_disown(struct svm *svm, struct svm_device *dev, uint64_t id)
{
	pthread_mutex_lock(&svm->orphans_lock);
	/* There are no more than the module has room for. */
	if (dev->nr_orphans < SVM_JOBS_MAX)
		dev->orphans[dev->nr_orphans++] = id;
	pthread_mutex_unlock(&svm->orphans_lock);
}

/* Makes room for jobs. Returns whether there is some now. */
bool svm_reap_orphans(struct svm *svm, struct svm_device *dev)
{
	struct svm_job_result result;
	unsigned int i = 0, had;
	bool some;

	pthread_mutex_lock(&svm->orphans_lock);
	had = dev->nr_orphans;
	while (i < dev->nr_orphans) {
		if (svm_job_reap(svm, dev, dev->orphans[i], &result))
			dev->orphans[i] = dev->orphans[--dev->nr_orphans];
		else
			i++;
	}
	some = dev->nr_orphans < had;
	pthread_mutex_unlock(&svm->orphans_lock);
	return some;
}
