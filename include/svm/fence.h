/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsvm: moving memory in the background.
 *
 * svm_migrate_async() hands a move to the kernel and returns at once with a
 * fence, which stands for the end of the move. Moves by one device of ranges that
 * overlap are done in the order in which they were asked for; others at the
 * same time, and in no order.
 *
 * The conventions of <svm/svm.h> hold. A fence may be used by many threads; closing
 * it is for one, when no other uses it any more. Fences are closed before the
 * handle that they are from.
 */
#ifndef SVM_FENCE_H
#define SVM_FENCE_H

#include <svm/svm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct svm_fence;

/**
 * svm_migrate_async() - begin to move a range
 * @svm: the handle.
 * @addr: where the range begins.
 * @length: bytes.
 * @to: where to.
 * @opts: how, or NULL. Its status array must be NULL.
 * @fence: the move, to be closed by svm_fence_close().
 *
 * What moves and what stays is as with svm_migrate(), but that memory of files,
 * tmpfs and hugetlbfs stays on its node, and is counted so.
 *
 * Without a device there is nobody to do it in the background: then it is done
 * as by svm_migrate(), before this returns, and the fence has ended already;
 * svm_fence_is_async() tells.
 *
 * Returns 0; -EBUSY when the device has SVM_JOBS_MAX moves whose results were not
 * taken; or an error of svm_migrate() that can be seen at once. That
 * nothing is mapped in the range is seen later, and so is what happens to the
 * device or the process meanwhile: it is in the result.
 */
int svm_migrate_async(struct svm *svm, void *addr, size_t length,
		      struct svm_place to, const struct svm_migrate_opts *opts,
		      struct svm_fence **fence);

/**
 * svm_fence_is_async() - whether a move is or was done in the background
 * @fence: the move.
 *
 * Returns 1, or 0 if it had ended when svm_migrate_async() returned, for want of
 * a device that could do it; -EINVAL without a fence.
 */
int svm_fence_is_async(const struct svm_fence *fence);

/**
 * svm_fence_fd() - a descriptor for poll(2)
 * @fence: the move.
 *
 * It is readable from the end of the move on. It is the fence's: don't read
 * from it, don't close it.
 *
 * Returns the descriptor, or -EINVAL without a fence.
 */
int svm_fence_fd(const struct svm_fence *fence);

/**
 * svm_fence_wait() - wait for the end of a move
 * @fence: the move.
 * @timeout_ms: for so many milliseconds; 0 to ask only, negative for ever.
 *
 * Returns 0 when it has ended, however it did; -ETIMEDOUT; -EINTR when a signal
 * arrived; -EXDEV in a forked child; -EINVAL.
 */
int svm_fence_wait(struct svm_fence *fence, int timeout_ms);

/**
 * svm_fence_result() - what came of a move that has ended
 * @fence: the move.
 * @error: 0 if the range was worked through; else what ended it, and @result
 *	tells what was done before: -ECANCELED; -ESRCH if the process
 *	exited or called execve(); -ENODEV if the device went; -EFAULT if nothing
 *	was mapped; -ENOMEM. May be NULL.
 * @result: as of svm_migrate(); may be NULL. Pages that were not come to count as
 *	SVM_PAGE_NOT_REACHED.
 *
 * May be called again, and gives the same.
 *
 * Returns 0, -EAGAIN if it has not ended, -EXDEV, -EPROTO, -EINVAL.
 */
int svm_fence_result(struct svm_fence *fence, int *error,
		     struct svm_result *result);

/**
 * svm_fence_cancel() - tell a move to end
 * @fence: the move.
 *
 * It ends soon, with -ECANCELED, or as if it had not been cancelled if it was
 * nearly done. What has moved stays moved.
 *
 * Returns 0, -ENOENT if it has ended, -EXDEV, -EINVAL.
 */
int svm_fence_cancel(struct svm_fence *fence);

/**
 * svm_fence_close() - forget a move
 * @fence: the move, or NULL.
 *
 * A move that has not ended goes on. Returns NULL, for
 * `fence = svm_fence_close(fence);`.
 */
struct svm_fence *svm_fence_close(struct svm_fence *fence);

#ifdef __cplusplus
}
#endif

#endif /* SVM_FENCE_H */
