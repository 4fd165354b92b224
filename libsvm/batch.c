// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Batches: moves in the background, each a job of the kernel module, that are
 * submitted and heard of together.
 *
 * By a ring (ring.c) a job's end is a completion, and its result is written to
 * the batch, by the kernel: so a batch is not freed before all have come. Without,
 * the jobs share an eventfd, which has a token for each that has ended: one
 * is taken with each result, and when none is left in the batch, those that
 * have ended are reaped. Without a device moves are done at once, and the eventfd
 * begins with all tokens.
 *
 * Locking: none; a batch is for one thread at a time.
 *
 * Limits: SVM_JOBS_MAX moves.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <svm/batch.h>

#include "cleanup.h"
#include "handle.h"
#include "job.h"
#include "migrate.h"
#include "range.h"
#include "ring.h"

/**
 * struct move - of one range
 * @span: the range.
 * @pending: it is a job that has not ended, as far as is known.
 * @error: how it ended.
 * @request: what was submitted.
 * @result: what came of the job; the kernel's until it has ended.
 * @tally: what came of the move.
 */
struct move {
	struct svm_span span;
	bool pending;
	int error;
	struct svm_ioctl_submit request;
	struct svm_job_result result;
	struct svm_tally tally;
};

/**
 * struct svm_batch - moves
 * @svm: the handle.
 * @dev: the device that does it, or NULL if it was done at once.
 * @ring: by which it was submitted, or NULL.
 * @eventfd: or -1 if there is a ring.
 * @nr: entries in @moves.
 * @nr_pending: of these, pending ones.
 * @nr_ended: entries in @ended.
 * @nr_taken: of these, the first ones, which were given out.
 * @ended: indices of moves, in the order in which they ended.
 * @moves: the moves.
 */
struct svm_batch {
	struct svm *svm;
	struct svm_device *dev;
	struct svm_ring *ring;
	int eventfd;
	size_t nr;
	size_t nr_pending;
	size_t nr_ended;
	size_t nr_taken;
	uint8_t ended[SVM_JOBS_MAX];
	struct move moves[];
};

static void free_batch(struct svm_batch **batch)
{
	if (!*batch)
		return;
	if ((*batch)->eventfd >= 0)
		close((*batch)->eventfd);
	svm_ring_close((*batch)->ring);
	free(*batch);
}

/* -EXDEV in a forked child, else 0. */
static int check_opener(const struct svm_batch *batch)
{
	if (batch->ring)
		return svm_ring_is_ours(batch->ring) ? 0 : -EXDEV;
	return svm_check_opener(batch->svm);
}

static int new_batch(struct svm *svm, const struct svm_range *ranges, size_t nr,
		     struct svm_batch **out)
{
	__cleanup(free_batch) struct svm_batch *batch = NULL;
	size_t i;

	batch = calloc(1, sizeof(*batch) + nr * sizeof(batch->moves[0]));
	if (!batch)
		return -ENOMEM;
	batch->svm = svm;
	batch->nr = nr;
	batch->eventfd = -1;
	for (i = 0; i < nr; i++) {
		struct move *move = &batch->moves[i];
		int ret = svm_widen(svm, ranges[i].addr, ranges[i].length,
				    &move->span);

		if (ret)
			return ret;
		move->tally.asked = svm_span_pages(svm, move->span);
	}
	*out = TAKE_PTR(batch);
	return 0;
}

static void begin_move(struct svm_batch *batch, size_t i)
{
	batch->moves[i].pending = true;
	batch->nr_pending++;
}

static void end_move(struct svm_batch *batch, size_t i, int error)
{
	struct move *move = &batch->moves[i];

	if (move->pending) {
		move->pending = false;
		batch->nr_pending--;
		/* Without an id it was refused. */
		if (move->result.id)
			svm_job_count(&move->result, &move->tally);
	}
	move->error = error;
	batch->ended[batch->nr_ended++] = (uint8_t)i;
}

/* Submits all by one call. Returns 0, or a negative errno if none was taken. */
static int submit_by_ring(struct svm_batch *batch, struct svm_place to,
			  uint32_t flags)
{
	int taken;
	size_t i;

	for (i = 0; i < batch->nr; i++) {
		struct move *move = &batch->moves[i];

		/* A range without pages is no job, and yet it ends. */
		if (!move->tally.asked) {
			svm_ring_add_nothing(batch->ring, i);
			continue;
		}
		move->request =
			svm_job_request(batch->svm, move->span, to, flags, -1);
		svm_ring_add_job(batch->ring, batch->dev->fd, &move->request,
				 &move->result, i);
	}
	taken = svm_ring_submit(batch->ring);
	if (taken <= 0)
		return taken ? taken : -EAGAIN;
	for (i = 0; i < batch->nr; i++) {
		if (i < (size_t)taken)
			begin_move(batch, i);
		else
			end_move(batch, i, -EAGAIN);
	}
	return 0;
}

static int submit_by_calls(struct svm_batch *batch, struct svm_place to,
			   uint32_t flags)
{
	size_t i;

	for (i = 0; i < batch->nr; i++) {
		struct move *move = &batch->moves[i];
		int ret = 0;

		if (move->tally.asked) {
			move->request = svm_job_request(batch->svm, move->span,
							to, flags,
							batch->eventfd);
			ret = batch->svm->ops->ioctl(batch->dev->fd,
						     SVM_IOCTL_SUBMIT,
						     &move->request);
			if (!ret) {
				begin_move(batch, i);
				continue;
			}
		}
		end_move(batch, i, ret);
	}
	if (batch->nr_ended && eventfd_write(batch->eventfd, batch->nr_ended))
		return -errno;
	return 0;
}

static int move_at_once(struct svm_batch *batch, struct svm_place to,
			uint32_t flags)
{
	size_t i;

	for (i = 0; i < batch->nr; i++) {
		struct move *move = &batch->moves[i];

		move->tally.asked = 0;
		end_move(batch, i,
			 svm_move_span(batch->svm, move->span, to, flags, NULL,
				       &move->tally));
	}
	if (batch->nr && eventfd_write(batch->eventfd, batch->nr))
		return -errno;
	return 0;
}

static bool has_pages(const struct svm_batch *batch)
{
	size_t i;

	for (i = 0; i < batch->nr; i++)
		if (batch->moves[i].tally.asked)
			return true;
	return false;
}

static int begin(struct svm_batch *batch, struct svm_place to, uint32_t flags)
{
	if (has_pages(batch))
		batch->dev = svm_find_worker(batch->svm, to);
	if (batch->dev) {
		svm_reap_orphans(batch->svm, batch->dev);
		if (batch->dev->capabilities & SVM_CAP_URING)
			batch->ring = svm_ring_take(batch->svm);
	}
	if (batch->ring) {
		if (!submit_by_ring(batch, to, flags))
			return 0;
		svm_ring_give(batch->svm, TAKE_PTR(batch->ring));
	}
	batch->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	if (batch->eventfd < 0)
		return -errno;
	if (batch->dev)
		return submit_by_calls(batch, to, flags);
	return move_at_once(batch, to, flags);
}

SVM_PUBLIC int svm_migrate_batch(struct svm *svm,
				 const struct svm_range *ranges, size_t nr,
				 struct svm_place to,
				 const struct svm_migrate_opts *opts,
				 struct svm_batch **out)
{
	__cleanup(free_batch) struct svm_batch *batch = NULL;
	struct svm_migrate_opts known;
	int ret;

	if (!svm || !out || (!ranges && nr))
		return -EINVAL;
	if (nr > SVM_JOBS_MAX)
		return -E2BIG;
	ret = svm_read_job_opts(&known, opts, to);
	if (!ret)
		ret = new_batch(svm, ranges, nr, &batch);
	if (!ret)
		ret = svm_reach_place(svm, to);
	if (!ret)
		ret = begin(batch, to, known.flags);
	if (ret)
		return ret;
	*out = TAKE_PTR(batch);
	return 0;
}

SVM_PUBLIC int svm_batch_way(const struct svm_batch *batch)
{
	if (!batch)
		return -EINVAL;
	if (!batch->dev)
		return SVM_BATCH_AT_ONCE;
	return batch->ring ? SVM_BATCH_BY_URING : SVM_BATCH_BY_CALLS;
}

SVM_PUBLIC int svm_batch_fd(const struct svm_batch *batch)
{
	if (!batch)
		return -EINVAL;
	return batch->ring ? svm_ring_fd(batch->ring) : batch->eventfd;
}

/* One completion. Returns whether there was one. */
static bool collect_completion(struct svm_batch *batch)
{
	uint64_t i;
	int error;

	if (!svm_ring_next(batch->ring, &i, &error))
		return false;
	end_move(batch, i, error);
	return true;
}

/* Reaps jobs that have ended. */
static void reap_ended(struct svm_batch *batch)
{
	size_t i;

	for (i = 0; i < batch->nr; i++) {
		struct move *move = &batch->moves[i];
		int ret;

		if (!move->pending)
			continue;
		ret = svm_job_reap(batch->svm, batch->dev, move->request.id,
				   &move->result);
		if (!ret)
			continue;
		if (ret < 0)
			move->result = (struct svm_job_result){
				.error = ret == -ENOENT ? -EPROTO : ret,
			};
		end_move(batch, i, move->result.error);
	}
}

/*
 * Sees to it that the next move to be given out is in @ended. Returns 0, or -EAGAIN
 * if none has ended.
 */
static int collect(struct svm_batch *batch)
{
	uint64_t token;

	if (batch->ring)
		return batch->nr_taken < batch->nr_ended ||
				       collect_completion(batch)
			       ? 0
			       : -EAGAIN;
	if (eventfd_read(batch->eventfd, &token) < 0)
		return -errno;
	if (batch->nr_taken == batch->nr_ended)
		reap_ended(batch);
	/* A module that signals what has not ended does not keep its contract. */
	return batch->nr_taken < batch->nr_ended ? 0 : -EPROTO;
}

SVM_PUBLIC int svm_batch_next(struct svm_batch *batch, size_t *index,
			      int *error, struct svm_result *result)
{
	const struct move *move;
	size_t i;
	int ret;

	if (!batch)
		return -EINVAL;
	ret = svm_check_result(result);
	if (!ret)
		ret = check_opener(batch);
	if (ret)
		return ret;
	if (batch->nr_taken == batch->nr)
		return -ENODATA;
	ret = collect(batch);
	if (ret)
		return ret;
	i = batch->ended[batch->nr_taken++];
	move = &batch->moves[i];
	if (index)
		*index = i;
	if (error)
		*error = move->error;
	svm_write_result(batch->svm, &move->tally, result);
	return 0;
}

SVM_PUBLIC int svm_batch_wait(struct svm_batch *batch, int timeout_ms)
{
	int ret;

	if (!batch)
		return -EINVAL;
	ret = check_opener(batch);
	if (ret)
		return ret;
	if (batch->nr_taken == batch->nr)
		return -ENODATA;
	if (batch->ring && (batch->nr_taken < batch->nr_ended ||
			    svm_ring_has_next(batch->ring)))
		return 0;
	return svm_job_wait(svm_batch_fd(batch), timeout_ms);
}

static void cancel(struct svm_batch *batch)
{
	size_t i;

	/* Those that have ended meanwhile are not found, which is as well. */
	for (i = 0; i < batch->nr; i++)
		if (batch->moves[i].pending && batch->moves[i].request.id)
			svm_job_cancel(batch->svm, batch->dev,
				       batch->moves[i].request.id);
}

SVM_PUBLIC int svm_batch_cancel(struct svm_batch *batch)
{
	int ret;

	if (!batch)
		return -EINVAL;
	ret = check_opener(batch);
	if (!ret)
		cancel(batch);
	return ret;
}

/* Waits for the end of all. Returns 0, or a negative errno if that can't be. */
static int drain(struct svm_batch *batch)
{
	int ret;

	while (batch->nr_pending) {
		if (batch->ring) {
			if (collect_completion(batch))
				continue;
			ret = svm_ring_wait(batch->ring);
		} else {
			ret = svm_job_wait(batch->eventfd, -1);
			if (!ret)
				ret = collect(batch);
			if (!ret)
				batch->nr_taken++;
			else if (ret == -EAGAIN)
				ret = 0;
		}
		if (ret && ret != -EINTR)
			return ret;
	}
	return 0;
}

SVM_PUBLIC struct svm_batch *svm_batch_close(struct svm_batch *batch)
{
	/* In a forked child the jobs are the parent's. */
	if (batch && !check_opener(batch)) {
		cancel(batch);
		/* What the kernel may still write to is not freed. */
		if (drain(batch))
			return NULL;
		if (batch->ring)
			svm_ring_give(batch->svm, TAKE_PTR(batch->ring));
	}
	free_batch(&batch);
	return NULL;
}
