// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Fences: moves in the background, each a job of the kernel module with an eventfd
 * of its own. The eventfd is never read, so it stays readable once the job has
 * ended. Without a device that has jobs the move is done at once, and the fence
 * begins where others end.
 *
 * A fence that is closed before the end of its job disowns it (job.c).
 *
 * Locking: svm_fence.lock for the result. It is not held while waiting for a job.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include <svm/fence.h>

#include "cleanup.h"
#include "handle.h"
#include "job.h"
#include "migrate.h"
#include "range.h"

/**
 * struct svm_fence - a move
 * @svm: the handle.
 * @dev: the device that does it, or NULL if it was done at once.
 * @id: of the job.
 * @fd: the eventfd.
 * @lock: guards what follows.
 * @ended: the result is here.
 * @error: how it ended.
 * @tally: what came of it.
 */
struct svm_fence {
	struct svm *svm;
	struct svm_device *dev;
	uint64_t id;
	int fd;
	pthread_mutex_t lock;
	bool ended;
	int error;
	struct svm_tally tally;
};

static void free_fence(struct svm_fence **fence)
{
	if (!*fence)
		return;
	if ((*fence)->fd >= 0)
		close((*fence)->fd);
	pthread_mutex_destroy(&(*fence)->lock);
	free(*fence);
}

static struct svm_fence *new_fence(struct svm *svm)
{
	struct svm_fence *fence = calloc(1, sizeof(*fence));

	if (!fence)
		return NULL;
	fence->svm = svm;
	fence->fd = -1;
	pthread_mutex_init(&fence->lock, NULL);
	return fence;
}

static int submit(struct svm_fence *fence, struct svm_span span,
		  struct svm_place to, uint32_t flags)
{
	struct svm_ioctl_submit arg =
		svm_job_request(fence->svm, span, to, flags, fence->fd);
	const struct svm_ops *ops = fence->svm->ops;
	int ret;

	ret = ops->ioctl(fence->dev->fd, SVM_IOCTL_SUBMIT, &arg);
	if (ret == -EBUSY && svm_reap_orphans(fence->svm, fence->dev))
		ret = ops->ioctl(fence->dev->fd, SVM_IOCTL_SUBMIT, &arg);
	if (ret)
		return ret;
	fence->id = arg.id;
	return 0;
}

/* What a job would see later is in the result here as well. */
static int move_at_once(struct svm_fence *fence, struct svm_span span,
			struct svm_place to, uint32_t flags)
{
	int ret =
		svm_move_span(fence->svm, span, to, flags, NULL, &fence->tally);

	if (ret && ret != -EFAULT)
		return ret;
	if (eventfd_write(fence->fd, 1) < 0)
		return -errno;
	fence->error = ret;
	fence->ended = true;
	return 0;
}

SVM_PUBLIC int svm_migrate_async(struct svm *svm, void *addr, size_t length,
				 struct svm_place to,
				 const struct svm_migrate_opts *opts,
				 struct svm_fence **out)
{
	__cleanup(free_fence) struct svm_fence *fence = NULL;
	struct svm_migrate_opts known;
	struct svm_span span;
	int ret;

	if (!svm || !out)
		return -EINVAL;
	ret = svm_read_job_opts(&known, opts, to);
	if (!ret)
		ret = svm_widen(svm, addr, length, &span);
	if (!ret)
		ret = svm_reach_place(svm, to);
	if (ret)
		return ret;
	fence = new_fence(svm);
	if (!fence)
		return -ENOMEM;
	fence->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fence->fd < 0)
		return -errno;
	/* A range without pages is no job. */
	if (svm_span_pages(svm, span))
		fence->dev = svm_find_worker(svm, to);
	if (fence->dev) {
		fence->tally.asked = svm_span_pages(svm, span);
		ret = submit(fence, span, to, known.flags);
	} else {
		ret = move_at_once(fence, span, to, known.flags);
	}
	if (ret)
		return ret;
	*out = TAKE_PTR(fence);
	return 0;
}

SVM_PUBLIC int svm_fence_is_async(const struct svm_fence *fence)
{
	return fence ? !!fence->dev : -EINVAL;
}

SVM_PUBLIC int svm_fence_fd(const struct svm_fence *fence)
{
	return fence ? fence->fd : -EINVAL;
}

SVM_PUBLIC int svm_fence_wait(struct svm_fence *fence, int timeout_ms)
{
	int ret;

	if (!fence)
		return -EINVAL;
	ret = svm_check_opener(fence->svm);
	return ret ? ret : svm_job_wait(fence->fd, timeout_ms);
}

/* Has the result brought here, once. With the fence locked. */
static int fetch(struct svm_fence *fence)
{
	struct svm_job_result result;
	int ret;

	if (fence->ended)
		return 0;
	ret = svm_job_reap(fence->svm, fence->dev, fence->id, &result);
	if (ret <= 0)
		return ret == 0 ? -EAGAIN : ret == -ENOENT ? -EPROTO : ret;
	svm_job_count(&result, &fence->tally);
	fence->error = result.error;
	fence->ended = true;
	return 0;
}

SVM_PUBLIC int svm_fence_result(struct svm_fence *fence, int *error,
				struct svm_result *result)
{
	int ret;

	if (!fence)
		return -EINVAL;
	ret = svm_check_result(result);
	if (!ret)
		ret = svm_check_opener(fence->svm);
	if (ret)
		return ret;
	pthread_mutex_lock(&fence->lock);
	ret = fetch(fence);
	pthread_mutex_unlock(&fence->lock);
	if (ret)
		return ret;
	/* It does not change any more. */
	if (error)
		*error = fence->error;
	svm_write_result(fence->svm, &fence->tally, result);
	return 0;
}

SVM_PUBLIC int svm_fence_cancel(struct svm_fence *fence)
{
	int ret;

	if (!fence)
		return -EINVAL;
	ret = svm_check_opener(fence->svm);
	if (ret)
		return ret;
	if (!fence->dev)
		return -ENOENT;
	return svm_job_cancel(fence->svm, fence->dev, fence->id);
}

SVM_PUBLIC struct svm_fence *svm_fence_close(struct svm_fence *fence)
{
	/* In a forked child the job is the parent's. */
	if (fence && !svm_check_opener(fence->svm) && fetch(fence) == -EAGAIN)
		svm_job_disown(fence->svm, fence->dev, fence->id);
	free_fence(&fence);
	return NULL;
}
