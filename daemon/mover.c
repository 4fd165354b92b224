// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Acting: decisions and requests become jobs of the worker, and what came of
 * them is told to the regions, the history and whoever asked.
 *
 * Quotas are the decide side's. Here is what only the mover knows: the CPU time
 * that it took, which is held below the budget, and how many pages were busy:
 * when most of a batch was, somebody else is at the same memory, and nothing is
 * moved for a while. A job ends early when its session does. Requests of any
 * length are done in steps, between which others have their turn.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "daemon.h"
#include "log.h"

/* A job looks whether it should end after so many bytes. */
#define STEP_BYTES (UINT64_C(4) << 20)
/* A request goes to the end of the queue after so many. */
#define TURN_BYTES (UINT64_C(64) << 20)
/* Batches with the worker: the next round can decide better than this one. */
#define BATCHES_MAX 256
#define BACKOFF_FIRST_US (USEC_PER_SEC / 2)
#define BACKOFF_LAST_US (16 * USEC_PER_SEC)
/* CPU time that may be saved up while there is nothing to do: a second of it. */
#define CREDIT_SECONDS 1

/**
 * struct move - a range on its way
 * @job: for the worker.
 * @daemon: the daemon.
 * @session: whose; referenced.
 * @at: where the rest begins.
 * @end: where it ends.
 * @to: where to.
 * @most: bytes of this turn.
 * @result: what came of it so far.
 * @duration_us: of that.
 * @error: negative errno.
 * @number: of the event, for decisions.
 * @decision: what was decided; @decision.length 0 for a request.
 * @done: of the request.
 * @arg: for @done.
 */
struct move {
	struct job job;
	struct daemon *daemon;
	struct session *session;
	uint64_t at;
	uint64_t end;
	svmd_place to;
	uint64_t most;
	struct svm_result result;
	uint64_t duration_us;
	int error;
	struct svmd_decision decision;
	void (*done)(int error, const struct svm_result *result, void *arg);
	void *arg;
};

/* --- in the worker's thread --------------------------------------------------- */

static void add_result(struct svm_result *sum, const struct svm_result *one)
{
	unsigned int i;

	sum->bytes_moved += one->bytes_moved;
	sum->bytes_there += one->bytes_there;
	sum->bytes_left += one->bytes_left;
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		sum->pages[i] += one->pages[i];
}

static int move_step(struct move *move, uint64_t bytes)
{
	struct session *session = move->session;
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	int ret = session_check(session);

	if (ret)
		return ret;
	opts.flags = SVM_MIGRATE_RESIDENT_ONLY;
	ret = svm_migrate(session->svm, (void *)(uintptr_t)move->at, bytes,
			  svmd_place_to_svm(move->to), &opts, &result);
	/* What came of it is told only of what its owner may look into. */
	if (!ret)
		ret = session_check(session);
	if (!ret)
		add_result(&move->result, &result);
	return ret;
}

static void run_move(struct job *job, struct worker *worker)
{
	struct move *move = (struct move *)job;
	uint64_t begin = clock_usec(), limit = move->at + move->most;

	if (limit > move->end)
		limit = move->end;
	while (move->at < limit && !move->error) {
		uint64_t bytes = limit - move->at;

		if (bytes > STEP_BYTES)
			bytes = STEP_BYTES;
		if (worker_stopping(worker))
			move->error = -ECANCELED;
		else if (move->session->ended)
			move->error = -ESRCH;
		else
			move->error = move_step(move, bytes);
		if (!move->error)
			move->at += bytes;
	}
	move->duration_us += clock_usec() - begin;
}

/* --- decisions ------------------------------------------------------------------ */

static uint64_t wall_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC +
	       (uint64_t)now.tv_nsec / 1000;
}

static void note_event(struct daemon *daemon, const struct move *move)
{
	uint64_t number = ++daemon->last_event;
	struct daemon_event *event = &daemon->events[number % DAEMON_EVENTS];

	event->number = number;
	event->when_us = wall_usec();
	event->decision = move->decision;
	event->bytes_moved = move->result.bytes_moved;
	event->bytes_there = move->result.bytes_there;
	event->duration_us = move->duration_us;
	event->error = move->error;
}

static void tell_regions(struct move *move)
{
	const struct svmd_decision *decision = &move->decision;
	struct session *session = move->session;
	uint64_t end = decision->start + decision->length, now = clock_usec();
	const struct svmd_policy *policy = round_policy(move->daemon, session);
	size_t i;

	for (i = 0; i < session->nr_regions; i++) {
		struct svmd_region *region = &session->regions[i];

		if (region->start >= end)
			break;
		if (region->start + region->length <= decision->start)
			continue;
		/* Shares by bytes: the result is for the range as a whole. */
		svmd_region_moved(region, decision->to, decision->length,
				  move->error ? 0 : move->result.bytes_there,
				  policy, now);
	}
}

static void back_off(struct mover_state *mover, const struct move *move)
{
	uint64_t busy = move->result.pages[SVM_PAGE_BUSY], all = 0;
	uint64_t now = clock_usec();
	unsigned int i;

	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		all += move->result.pages[i];
	mover->busy_pages += busy;
	/* It ended before it touched a page. */
	if (!all)
		return;
	if (busy * 2 <= all) {
		mover->backoff_us = 0;
		return;
	}
	/* It was begun before the pause, and met what others have told of. */
	if (now < mover->pause_us)
		return;
	mover->backoff_us = mover->backoff_us ? mover->backoff_us * 2
					      : BACKOFF_FIRST_US;
	if (mover->backoff_us > BACKOFF_LAST_US)
		mover->backoff_us = BACKOFF_LAST_US;
	mover->pause_us = now + mover->backoff_us;
}

static void tell_history(struct move *move)
{
	struct svmd_report report = {
		.from = move->decision.from,
		.to = move->decision.to,
		.bytes = move->decision.length,
		.bytes_moved = move->result.bytes_moved,
		.duration_us = move->duration_us,
	};

	svmd_history_moved(move->daemon->history, &report);
}

static void free_move(struct move *move)
{
	session_end_lost(move->session);
	session_unref(move->session);
	free(move);
}

static void count(struct move *move)
{
	move->session->moved_bytes += move->result.bytes_moved;
	move->session->moves += !!move->result.bytes_moved;
}

static void done_decision(struct job *job, bool cancelled)
{
	struct move *move = (struct move *)job;
	struct daemon *daemon = move->daemon;

	daemon->mover.batches--;
	move->session->moving--;
	if (!cancelled) {
		count(move);
		note_event(daemon, move);
		tell_regions(move);
		tell_history(move);
		back_off(&daemon->mover, move);
	}
	free_move(move);
}

static struct move *new_move(struct daemon *daemon, struct session *session,
			     uint64_t start, uint64_t length, svmd_place to)
{
	struct move *move = calloc(1, sizeof(*move));

	if (!move)
		return NULL;
	move->job.run = run_move;
	move->daemon = daemon;
	move->session = session_ref(session);
	move->at = start;
	move->end = start + length;
	move->to = to;
	move->most = length;
	return move;
}

static void mark_moving(struct session *session,
			const struct svmd_decision *decision)
{
	size_t max = session->nr_regions + 2, nr = session->nr_regions;
	struct svmd_region *grown;
	ptrdiff_t i;

	if (session->max_regions < max) {
		grown = realloc(session->regions, max * sizeof(*grown));
		if (!grown)
			return;
		session->regions = grown;
		session->max_regions = max;
	}
	i = svmd_regions_split(session->regions, &nr, session->max_regions,
			       decision->start, decision->length);
	session->nr_regions = nr;
	for (; i >= 0 && (size_t)i < nr &&
	       session->regions[i].start < decision->start + decision->length;
	     i++)
		session->regions[i].flags |= SVMD_REGION_MOVING;
}

static int begin(struct daemon *daemon, const struct svmd_decision *decision)
{
	struct session *session;
	struct move *move;
	int ret;

	session = sessions_find(daemon->sessions, decision->session);
	if (!session)
		return -ESRCH;
	move = new_move(daemon, session, decision->start, decision->length,
			decision->to);
	if (!move)
		return -ENOMEM;
	move->decision = *decision;
	move->job.done = done_decision;
	ret = worker_post(daemon->worker, &move->job);
	if (ret) {
		free_move(move);
		return ret;
	}
	mark_moving(session, decision);
	session->moving++;
	daemon->mover.batches++;
	return 0;
}

/* What the budget allows grows with time, and the worker's CPU time is taken. */
static bool may_move(struct daemon *daemon, uint64_t now)
{
	struct mover_state *mover = &daemon->mover;
	double share = daemon->config.settings.cpu_budget / 100;
	uint64_t cpu = worker_cpu_ns(daemon->worker);
	int64_t most = (int64_t)(share * CREDIT_SECONDS * 1e9);

	if (mover->cpu_us) {
		double elapsed = (double)(now - mover->cpu_us) * 1000;

		mover->cpu_credit_ns += (int64_t)(share * elapsed);
		mover->cpu_credit_ns -= (int64_t)(cpu - mover->cpu_ns);
	}
	if (mover->cpu_credit_ns > most)
		mover->cpu_credit_ns = most;
	mover->cpu_us = now;
	mover->cpu_ns = cpu;
	return mover->cpu_credit_ns >= 0 && now >= mover->pause_us;
}

void mover_take(struct daemon *daemon, const struct svmd_result *result)
{
	struct mover_state *mover = &daemon->mover;
	bool may = may_move(daemon, clock_usec());
	uint32_t i;

	for (i = 0; i < result->nr; i++) {
		const struct svmd_decision *decision = &result->decisions[i];

		if (decision->dry_run)
			continue;
		/* What is left out, the next round decides anew. */
		if (!may || mover->batches >= BATCHES_MAX ||
		    begin(daemon, decision))
			mover->deferred++;
	}
}

/* --- requests -------------------------------------------------------------------- */

static void done_request(struct job *job, bool cancelled)
{
	struct move *move = (struct move *)job;

	if (!cancelled && !move->error && move->at < move->end &&
	    !worker_post(move->daemon->worker, &move->job))
		return;
	if (cancelled || (!move->error && move->at < move->end))
		move->error = -ECANCELED;
	count(move);
	move->decision.length = move->end - move->decision.start;
	note_event(move->daemon, move);
	move->session->scan_due_us = 0;
	round_soon(move->daemon);
	if (move->session->lost)
		move->error = -ESRCH;
	move->done(move->error, &move->result, move->arg);
	free_move(move);
}

int mover_request(struct daemon *daemon, struct session *session,
		  const struct svm_range *range, svmd_place to,
		  void (*done)(int error, const struct svm_result *result,
			       void *arg),
		  void *arg)
{
	struct move *move = new_move(daemon, session, (uintptr_t)range->addr,
				     range->length, to);
	int ret;

	if (!move)
		return -ENOMEM;
	move->most = TURN_BYTES;
	move->job.done = done_request;
	move->done = done;
	move->arg = arg;
	move->decision.session = session->id;
	move->decision.start = move->at;
	move->decision.from = SVMD_PLACE_NONE;
	move->decision.to = to;
	move->decision.reason = SVMD_REASON_REQUEST;
	ret = worker_post_asked(daemon->worker, &move->job);
	if (ret)
		free_move(move);
	return ret;
}

/**
 * struct eviction - a device that is being emptied
 */
struct eviction {
	struct job job;
	struct daemon *daemon;
	uint32_t device;
	uint64_t bytes;
	uint64_t evicted;
	int error;
	void (*done)(int error, uint64_t evicted, void *arg);
	void *arg;
};

static void run_eviction(struct job *job, struct worker *worker)
{
	struct eviction *eviction = (struct eviction *)job;
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm *svm = NULL;
	uint64_t left, got;
	char name[32];

	snprintf(name, sizeof(name), "svm%u", eviction->device);
	opts.device = name;
	eviction->error = svm_open(&svm, &opts);
	while (!eviction->error && !worker_stopping(worker)) {
		left = TURN_BYTES;
		if (eviction->bytes &&
		    eviction->bytes - eviction->evicted < left)
			left = eviction->bytes - eviction->evicted;
		eviction->error = svm_evict(svm, eviction->device, left, &got);
		if (eviction->error)
			break;
		eviction->evicted += got;
		/* Less than asked: no more is there, or can be had now. */
		if (got < left || eviction->evicted == eviction->bytes)
			break;
	}
	svm_close(svm);
}

static void done_eviction(struct job *job, bool cancelled)
{
	struct eviction *eviction = (struct eviction *)job;

	eviction->done(cancelled ? -ECANCELED : eviction->error,
		       eviction->evicted, eviction->arg);
	free(eviction);
}

int mover_evict(struct daemon *daemon, uint32_t device, uint64_t bytes,
		void (*done)(int error, uint64_t evicted, void *arg), void *arg)
{
	struct eviction *eviction = calloc(1, sizeof(*eviction));
	int ret;

	if (!eviction)
		return -ENOMEM;
	eviction->job.run = run_eviction;
	eviction->job.done = done_eviction;
	eviction->daemon = daemon;
	eviction->device = device;
	eviction->bytes = bytes;
	eviction->done = done;
	eviction->arg = arg;
	ret = worker_post_asked(daemon->worker, &eviction->job);
	if (ret)
		free(eviction);
	return ret;
}
