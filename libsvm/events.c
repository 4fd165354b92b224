// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Event streams: the ring of one of the handle's contexts.
 *
 * The context keeps one ring, so there is one stream for it at a time, which the
 * device's @streaming says. Its descriptor does not block from then on, so that
 * of several readers none is caught without an event. No locks: the kernel
 * gives each event once.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include <svm/events.h>

#include "cleanup.h"
#include "growable.h"
#include "handle.h"

#define ALL_EVENTS                                  \
	(SVM_EVENT_BIT(SVM_EVENT_MIGRATED) |        \
	 SVM_EVENT_BIT(SVM_EVENT_REFUSED) |         \
	 SVM_EVENT_BIT(SVM_EVENT_EXCLUSIVE_ENDED) | \
	 SVM_EVENT_BIT(SVM_EVENT_UNMAPPED))

/**
 * struct svm_events - a stream
 * @svm: the handle.
 * @dev: whose context.
 * @total: events of the context before the stream.
 * @dropped: of these, lost ones.
 */
struct svm_events {
	struct svm *svm;
	struct svm_device *dev;
	uint64_t total;
	uint64_t dropped;
};

static int configure(const struct svm_events *events, uint32_t flags,
		     const struct svm_events_opts *opts,
		     struct svm_ioctl_events *arg)
{
	*arg = (struct svm_ioctl_events){
		.size = sizeof(*arg),
		.flags = flags,
		.mask = opts ? opts->mask : 0,
		.entries = opts ? opts->entries : 0,
	};
	return events->svm->ops->ioctl(events->dev->fd, SVM_IOCTL_EVENTS, arg);
}

static int begin(struct svm_events *events, const struct svm_events_opts *opts)
{
	int fd = events->dev->fd, flags = fcntl(fd, F_GETFL);
	struct svm_ioctl_events arg;
	int ret;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	ret = configure(events, 0, opts, &arg);
	if (ret)
		return ret;
	events->total = arg.total;
	events->dropped = arg.dropped;
	return 0;
}

SVM_PUBLIC int svm_events_open(struct svm_events **out, struct svm *svm,
			       uint32_t id, const struct svm_events_opts *opts)
{
	__free_mem struct svm_events *events = NULL;
	struct svm_events_opts known;
	struct svm_device *dev;
	int ret;

	if (!out || !svm)
		return -EINVAL;
	ret = growable_read(&known, sizeof(known),
			    SIZE_UP_TO(struct svm_events_opts, entries), opts);
	if (ret)
		return ret;
	if (known.flags || known.mask & ~ALL_EVENTS)
		return -EINVAL;
	if (!known.mask)
		known.mask = ALL_EVENTS;
	ret = svm_able_device(svm, id, SVM_CAP_EVENTS, &dev);
	if (ret)
		return ret;
	events = calloc(1, sizeof(*events));
	if (!events)
		return -ENOMEM;
	events->svm = svm;
	events->dev = dev;
	if (atomic_exchange(&dev->streaming, true))
		return -EBUSY;
	ret = begin(events, &known);
	if (ret) {
		atomic_store(&dev->streaming, false);
		return ret;
	}
	*out = TAKE_PTR(events);
	return 0;
}

SVM_PUBLIC struct svm_events *svm_events_close(struct svm_events *events)
{
	struct svm_ioctl_events arg;

	if (!events)
		return NULL;
	/* A child's copy goes; the parent's stream does not end by that. */
	if (!svm_check_opener(events->svm)) {
		(void)configure(events, 0, NULL, &arg);
		atomic_store(&events->dev->streaming, false);
	}
	free(events);
	return NULL;
}

SVM_PUBLIC int svm_events_fd(const struct svm_events *events)
{
	return events ? events->dev->fd : -EINVAL;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

SVM_PUBLIC ssize_t svm_events_next(struct svm_events *events,
				   struct svm_event *list, size_t max,
				   int timeout_ms)
{
	const struct svm_ops *ops;
	int64_t left = timeout_ms, end;
	ssize_t ret;

	if (!events || !list || !max || max > SSIZE_MAX / sizeof(*list))
		return -EINVAL;
	ret = svm_check_opener(events->svm);
	if (ret)
		return ret;
	ops = events->svm->ops;
	end = timeout_ms > 0 ? now_ms() + timeout_ms : 0;
	for (;;) {
		ret = ops->read(events->dev->fd, list, max * sizeof(*list));
		if (ret >= 0)
			return ret / (ssize_t)sizeof(*list);
		if (ret != -EAGAIN)
			return ret;
		/* Another reader may have been faster: then wait for the rest. */
		if (timeout_ms > 0)
			left = end - now_ms();
		if (timeout_ms >= 0 && left <= 0)
			return 0;
		ret = ops->wait(events->dev->fd,
				timeout_ms < 0 ? -1 : (int)left);
		if (ret < 0)
			return ret;
	}
}

SVM_PUBLIC int svm_events_count(struct svm_events *events, uint64_t *total,
				uint64_t *dropped)
{
	struct svm_ioctl_events arg;
	int ret;

	if (!events)
		return -EINVAL;
	ret = svm_check_opener(events->svm);
	if (!ret)
		ret = configure(events, SVM_EVENTS_COUNT, NULL, &arg);
	if (ret)
		return ret;
	if (total)
		*total = arg.total - events->total;
	if (dropped)
		*dropped = arg.dropped - events->dropped;
	return 0;
}
