// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random moves and pokes. One tick does a bounded share of a survey when the
 * picture of a process's memory is out of date, one move, one poke,
 * and now and then a hint, something to keep, and an eviction.
 */
#include "churn.h"

#include <errno.h>
#include <unistd.h>

#include "clock.h"
#include "engine.h"
#include "evict.h"
#include "hint.h"
#include "process.h"

/* How long a picture is good, at least; and how much of the time it may take. */
#define SURVEY_LIFE (50 * NS_PER_MS)
#define SURVEY_SHARE 20
#define SURVEY_BUDGET (5 * NS_PER_MS)
/* One move in so many is left to the kernel's background. */
#define FLIGHT_SHARE 4
/* One of the others in so many is a batch of what is elsewhere. */
#define HERD_SHARE 8
/* One tick in so many has a hint, and one in so many an eviction. */
#define HINT_SHARE 4
#define EVICT_SHARE 16
/* A device that is full gets some rest. */
#define FULL_WAIT (20 * NS_PER_MS)

void churn_pick(struct rng *rng, const struct runs *runs, uint64_t max_bytes,
		struct run *piece)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t at = rng_below(rng, runs->bytes), max = max_bytes / page;
	uint64_t bits, pages;
	const struct run *run = runs->list;

	while (at >= run->end - run->start) {
		at -= run->end - run->start;
		run++;
	}
	/* the power of two first, then a number below it */
	bits = rng_below(rng, 64 - (uint64_t)__builtin_clzll(max));
	pages = ((uint64_t)1 << bits) + rng_below(rng, (uint64_t)1 << bits);
	if (pages > max)
		pages = max;
	piece->start = (run->start + at) & -page;
	piece->end = piece->start + pages * page;
	if (piece->end > run->end)
		piece->end = run->end;
}

static struct place *pick_place(struct churn *churn, struct process *process)
{
	struct place *fit[PLACES_MAX];
	uint64_t now = clock_ns();
	unsigned int nr = 0;

	for (unsigned int i = 0; i < churn->places->nr; i++) {
		struct place *place = &churn->places->list[i];

		if (place->full_until <= now && process_reaches(process, place))
			fit[nr++] = place;
	}
	return nr ? fit[rng_below(&churn->rng, nr)] : NULL;
}

/* Brings the picture up to date. Returns 0 or -ESRCH. */
static int look(struct churn *churn, struct process *process)
{
	struct survey *survey = &process->survey;
	uint64_t now = clock_ns(), life = SURVEY_SHARE * survey->cost;
	int err;

	if (life < SURVEY_LIFE)
		life = SURVEY_LIFE;
	if (!survey->active && survey->finished &&
	    now - survey->finished < life)
		return 0;
	err = survey_step(survey, process->maps, process->pagemap,
			  now + SURVEY_BUDGET);
	if (err == -ESRCH)
		return err;
	if (err < 0)
		tally_error(churn->tally, err);
	return 0;
}

static int move(struct churn *churn, struct process *process)
{
	struct svm_result result;
	struct place *place;
	struct run piece;
	int err;

	place = pick_place(churn, process);
	if (!place)
		return 0;
	churn_pick(&churn->rng, &process->survey.runs, churn->max_bytes,
		   &piece);
	churn->tally->passes++;
	if (!rng_below(&churn->rng, FLIGHT_SHARE)) {
		err = flight_begin(process, &piece, place, &churn->rng,
				   churn->tally);
		if (err != -EBUSY)
			return err;
	}
	if (!rng_below(&churn->rng, HERD_SHARE)) {
		err = herd_begin(process, &piece, place, churn->tally);
		if (err != -EAGAIN)
			return err;
	}
	err = process_move(process, &piece, 1, place, churn->tally, &result);
	if (!err && result.pages[SVM_PAGE_DEVICE_FULL])
		place->full_until = clock_ns() + FULL_WAIT;
	return err;
}

static int hint(struct churn *churn, struct process *process)
{
	struct place *place = pick_place(churn, process);
	struct run piece;

	if (!place || rng_below(&churn->rng, HINT_SHARE))
		return 0;
	churn_pick(&churn->rng, &process->survey.runs, churn->max_bytes,
		   &piece);
	return hint_give(process, &piece, place, &churn->rng, churn->tally);
}

static int keep(struct churn *churn, struct process *process)
{
	struct place *place = pick_place(churn, process);
	struct run piece;

	if (!place)
		return 0;
	churn_pick(&churn->rng, &process->survey.runs, churn->max_bytes,
		   &piece);
	return keep_turn(process, &piece, place, &churn->rng, churn->tally);
}

static void evict(struct churn *churn, struct process *process)
{
	struct place *place;

	if (rng_below(&churn->rng, EVICT_SHARE))
		return;
	place = pick_place(churn, process);
	if (place)
		evict_some(process, place, &churn->rng, churn->tally);
}

/* Another piece of the same memory. */
static int poke(struct churn *churn, struct process *process)
{
	struct run piece;

	churn_pick(&churn->rng, &process->survey.runs, churn->max_bytes,
		   &piece);
	return engine_poke(process, &piece, &churn->rng, churn->tally);
}

void churn_tick(struct churn *churn)
{
	struct roster *roster = churn->roster;
	struct process *process;
	int err;

	if (!roster->nr)
		return;
	process = roster->list[rng_below(&churn->rng, roster->nr)];
	flights_land(process, churn->tally);
	herd_land(process, churn->tally);
	err = look(churn, process);
	if (!err && process->survey.runs.nr) {
		err = move(churn, process);
		if (err != -ESRCH)
			err = poke(churn, process);
		if (err != -ESRCH)
			err = hint(churn, process);
		if (err != -ESRCH)
			err = keep(churn, process);
		if (err != -ESRCH)
			evict(churn, process);
	}
	if (err == -ESRCH)
		roster_gone(roster, process);
}
