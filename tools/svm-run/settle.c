// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Settling, process by process: a pass is a survey of the pages that are in
 * system memory, then pushes of the blocks in it that may be pushed. Processes
 * take turns; a pass that does not fit the tick goes on in the next.
 *
 * A device that has no room is left alone for a while; with all of them full
 * the memory stays where it is.
 */
#include "settle.h"

#include <errno.h>
#include <stdlib.h>

#include "backoff.h"
#include "clock.h"
#include "process.h"

/* After a pass that found nothing to push, the next one waits longer. */
#define PASS_WAIT_FIRST (100 * NS_PER_MS)
#define PASS_WAIT_MAX (1600 * NS_PER_MS)
/* Blocks to look at before the clock is looked at, if none is pushed. */
#define LOOKS_MIN 256
/* Of the time, one part in so many at most goes into surveys. */
#define SURVEY_SHARE 20
/* How long a full place is left alone. */
#define FULL_WAIT NS_PER_S

/*
 * struct settling - state of a process
 * @surveying: the pass is in its first half.
 * @cursor: how far the second half is.
 * @moved: something was pushed in this pass.
 * @wait: how long to wait after this pass.
 * @next_pass: when the next pass may begin.
 * @backoff: which blocks to leave alone.
 */
struct settling {
	bool surveying;
	struct runs_cursor cursor;
	bool moved;
	uint64_t wait;
	uint64_t next_pass;
	struct backoff backoff;
};

void settling_free(struct settling *settling)
{
	if (!settling)
		return;
	backoff_free(&settling->backoff);
	free(settling);
}

static struct settling *settling_of(struct process *process)
{
	if (!process->settling) {
		process->survey.scope = SURVEY_SYSTEM;
		process->settling = calloc(1, sizeof(*process->settling));
		if (process->settling)
			process->settling->surveying = true;
	}
	return process->settling;
}

/* The place with most room, or NULL. */
static struct place *choose(struct settle *settle, struct process *process)
{
	struct place *best = NULL;
	uint64_t now = clock_ns();

	for (unsigned int i = 0; i < settle->places->nr; i++) {
		struct place *place = &settle->places->list[i];

		if (place->full_until > now || !process_reaches(process, place))
			continue;
		if (!best || (place_is_device(place) &&
			      place->free_after > best->free_after))
			best = place;
	}
	return best;
}

/* Keeps an estimate of what is free; the tick asks the kernel. */
static void book(struct place *place, const struct svm_result *result)
{
	if (result->pages[SVM_PAGE_DEVICE_FULL] ||
	    (!place_is_device(place) && result->pages[SVM_PAGE_NO_MEMORY]))
		place->full_until = clock_ns() + FULL_WAIT;
	place->free_after -= result->bytes_moved < place->free_after
				     ? result->bytes_moved
				     : place->free_after;
}

/*
 * Pushes one piece: runs within one block. Returns 0, -ENOSPC to end the pass,
 * -ESRCH.
 */
static int push(struct settle *settle, struct process *process,
		const struct run *piece, size_t nr)
{
	struct settling *settling = process->settling;
	struct svm_result result;
	struct place *place;
	int err;

	place = choose(settle, process);
	if (!place)
		return -ENOSPC;
	err = process_move(process, piece, nr, place, settle->tally, &result);
	if (err == -ESRCH)
		return err;
	if (!err) {
		book(place, &result);
		if (result.bytes_moved)
			settling->moved = true;
	}
	/* what can't be remembered would be pushed over and over */
	return backoff_pushed(&settling->backoff, piece->start, clock_ns())
		       ? -ENOSPC
		       : 0;
}

static void end_pass(struct settling *settling, uint64_t survey_cost)
{
	uint64_t now = clock_ns(), least = SURVEY_SHARE * survey_cost;

	settling->wait = settling->moved || !settling->wait
				 ? PASS_WAIT_FIRST
				 : 2 * settling->wait;
	if (settling->wait > PASS_WAIT_MAX)
		settling->wait = PASS_WAIT_MAX;
	settling->next_pass =
		now + (settling->wait > least ? settling->wait : least);
	settling->surveying = true;
	settling->moved = false;
	backoff_expire(&settling->backoff, now);
}

/* The second half of a pass. Returns 1 when done, 0 at the deadline, error. */
static int push_runs(struct settle *settle, struct process *process,
		     uint64_t deadline)
{
	struct settling *settling = process->settling;
	const struct runs *runs = &process->survey.runs;
	bool pushed = false;
	struct run piece[MOVE_RUNS_MAX];
	size_t nr;
	int err;

	/* one push at least, or a good many looks, however busy the machine */
	for (unsigned int i = 1;; i++) {
		if ((pushed || i % LOOKS_MIN == 0) && clock_ns() >= deadline)
			return 0;
		nr = runs_cut(runs, &settling->cursor, BACKOFF_BLOCK, piece,
			      MOVE_RUNS_MAX);
		if (!nr)
			return 1;
		if (!backoff_ready(&settling->backoff, piece[0].start,
				   clock_ns()))
			continue;
		err = push(settle, process, piece, nr);
		if (err)
			return err;
		pushed = true;
	}
}

/*
 * Goes on with a process's pass. Returns 1 when it has nothing more to do for
 * now, 0 at the deadline, -ESRCH when it is gone.
 */
static int step(struct settle *settle, struct process *process,
		uint64_t deadline)
{
	struct settling *settling = settling_of(process);
	int err;

	if (!settling || clock_ns() < settling->next_pass)
		return 1;
	if (settling->surveying) {
		err = survey_step(&process->survey, process->maps,
				  process->pagemap, deadline);
		if (err == -ESRCH || !err)
			return err;
		if (err < 0) {
			tally_error(settle->tally, err);
			end_pass(settling, process->survey.cost);
			return 1;
		}
		settling->surveying = false;
		settling->cursor = (struct runs_cursor){ 0 };
	}
	err = push_runs(settle, process, deadline);
	if (err == -ESRCH || !err)
		return err;
	if (settling->moved)
		settle->tally->passes++;
	end_pass(settling, process->survey.cost);
	return 1;
}

void settle_tick(struct settle *settle)
{
	struct roster *roster = settle->roster;
	uint64_t deadline = clock_ns() + SETTLE_BUDGET_MS * NS_PER_MS;
	size_t left = roster->nr;
	int done;

	if (!left)
		return;
	places_refresh(settle->places, settle->svm);
	for (; left && clock_ns() < deadline; left--) {
		struct process *process;

		if (settle->turn >= roster->nr)
			settle->turn = 0;
		process = roster->list[settle->turn];
		done = step(settle, process, deadline);
		if (done == -ESRCH)
			/* the last one takes its seat, and this turn */
			roster_gone(roster, process);
		else if (done)
			settle->turn++;
	}
}
