/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsvm: moving many ranges in the background at once.
 *
 * svm_migrate_batch() hands moves of many ranges to the kernel and returns at once
 * with a batch, which tells of the end of each. Where the kernel has io_uring and
 * lets this process use it, that is one system call for all of them; else it is one
 * for each. What comes of it is the same.
 *
 * The conventions of <svm/svm.h> hold. A batch is for one thread at a time. The
 * thread that began it has to live until its last move has ended: with io_uring,
 * what comes of the others is not told, and they count as cancelled. Batches are closed before the handle that they
 * are from.
 */
#ifndef SVM_BATCH_H
#define SVM_BATCH_H

#include <svm/svm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct svm_batch;

/**
 * enum svm_batch_way - how a batch is done
 * @SVM_BATCH_AT_ONCE: before svm_migrate_batch() returned, for want of a device
 *	that works in the background.
 * @SVM_BATCH_BY_CALLS: in the background; each move was submitted by a call.
 * @SVM_BATCH_BY_URING: in the background; all moves were submitted by one call.
 */
enum svm_batch_way {
	SVM_BATCH_AT_ONCE = 0,
	SVM_BATCH_BY_CALLS = 1,
	SVM_BATCH_BY_URING = 2,
};

/**
 * svm_migrate_batch() - begin to move several ranges to one place
 * @svm: the handle.
 * @ranges: the ranges; not used any more when this has returned.
 * @nr: how many, up to SVM_JOBS_MAX.
 * @to: where to.
 * @opts: how, or NULL. Its status array must be NULL.
 * @batch: the moves, to be closed by svm_batch_close().
 *
 * As svm_migrate_async() for each: ranges that overlap are moved in the order in
 * which they are in @ranges, after what was begun before, others at the same
 * time, and in no order.
 *
 * What is wrong with a single range is in its result, such as -EBUSY when the
 * device has SVM_JOBS_MAX moves that have not ended or whose results were not taken.
 *
 * Returns 0; -E2BIG for too many ranges; or an error of svm_migrate() that can be
 * seen at once and concerns all.
 */
int svm_migrate_batch(struct svm *svm, const struct svm_range *ranges,
		      size_t nr, struct svm_place to,
		      const struct svm_migrate_opts *opts,
		      struct svm_batch **batch);

/**
 * svm_batch_way() - how a batch is done
 * @batch: the moves.
 *
 * Returns enum svm_batch_way, or -EINVAL without a batch.
 */
int svm_batch_way(const struct svm_batch *batch);

/**
 * svm_batch_fd() - a descriptor for poll(2)
 * @batch: the moves.
 *
 * It is readable while a move has ended whose result was not taken; so take them
 * until svm_batch_next() returns -EAGAIN. It is the batch's: don't read from it,
 * don't close it.
 *
 * Returns the descriptor, or -EINVAL without a batch.
 */
int svm_batch_fd(const struct svm_batch *batch);

/**
 * svm_batch_wait() - wait until a move has ended whose result was not taken
 * @batch: the moves.
 * @timeout_ms: for so many milliseconds; 0 to ask only, negative for ever.
 *
 * Returns 0 when there is one; -ENODATA when all were taken; -ETIMEDOUT; -EINTR
 * when a signal arrived; -EXDEV in a forked child; -EINVAL.
 */
int svm_batch_wait(struct svm_batch *batch, int timeout_ms);

/**
 * svm_batch_next() - take the result of a move that has ended
 * @batch: the moves.
 * @index: which range of svm_migrate_batch() it is; may be NULL.
 * @error: 0 if the range was worked through; else what ended the move, as of
 *	svm_fence_result(), or why it was not begun. May be NULL.
 * @result: as of svm_fence_result(); may be NULL.
 *
 * Each is given once, about in the order in which they ended.
 *
 * Returns 0; -EAGAIN if none has ended whose result was not taken; -ENODATA when
 * all were taken; -EXDEV, -EPROTO, -EINVAL.
 */
int svm_batch_next(struct svm_batch *batch, size_t *index, int *error,
		   struct svm_result *result);

/**
 * svm_batch_cancel() - tell what has not ended to end
 * @batch: the moves.
 *
 * As svm_fence_cancel() for each. Their results are still to be taken.
 *
 * Returns 0, also if all have ended; -EXDEV, -EINVAL.
 */
int svm_batch_cancel(struct svm_batch *batch);

/**
 * svm_batch_close() - end a batch
 * @batch: the moves, or NULL.
 *
 * Unlike a fence's, moves that have not ended are cancelled, and waited for, each
 * for the few MiB that it is at. Returns NULL, for
 * `batch = svm_batch_close(batch);`.
 */
struct svm_batch *svm_batch_close(struct svm_batch *batch);

#ifdef __cplusplus
}
#endif

#endif /* SVM_BATCH_H */
