// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A round of decisions.
 *
 * 1. Every region is looked at once: what is proposed for it goes to a
 *    shortlist, ordered by score per byte, and how cold it is to a histogram of
 *    its place.
 * 2. From the shortlist follows how much room is wanted where, from that, the
 *    watermarks and requests how much is to leave each place, and from the
 *    histogram how cold that is. If anything is to leave, the regions are
 *    looked at once more for those cold enough.
 * 3. Requests, then what relieves pressure, then the shortlist from its top,
 *    each with as much of the coldest memory going out before it as it needs,
 *    as long as both together are worth it.
 *
 * So time is linear in the number of regions, and memory does not depend on it.
 *
 * The steps are in look.c, request.c, make_room.c, candidate.c and allow.c.
 *
 * No lock, no allocation; everything is in the history and on the stack.
 */
#include <string.h>

#include "round_parts.h"

/* A round counts for no more than so many intervals after a pause. */
#define INTERVALS_MAX 2

static void begin(struct svmd_round *r)
{
	struct svmd_history *history = r->history;
	uint64_t interval = r->config->settings.round_us, gone = interval;
	uint32_t i, mode;

	if (history->round) {
		gone = r->snapshot->now_us > history->last_us
			       ? r->snapshot->now_us - history->last_us
			       : 0;
		if (gone > INTERVALS_MAX * interval)
			gone = INTERVALS_MAX * interval;
	}
	history->round++;
	history->last_us = r->snapshot->now_us;
	history->round_s = (double)gone / 1e6;
	history->nr_decisions = 0;
	history->counters.rounds++;
	svmd_history_begin(history, r->snapshot, r->config);
	svmd_cost_fill(history, r->snapshot, r->config);
	svmd_budget_begin(history);
	for (mode = 0; mode < SVMD_MODES; mode++)
		for (i = 0; i < history->nr_present; i++)
			memset(history->cold[mode][history->slots_present[i]],
			       0, sizeof(history->cold[mode][0]));
	svmd_shortlist_reset(&history->candidates, svmd_round_drop, r);
}

void svmd_decide(struct svmd_history *history,
		 const struct svmd_snapshot *snapshot,
		 const struct svmd_config *config, struct svmd_result *result)
{
	struct svmd_round r = {
		.history = history,
		.snapshot = snapshot,
		.config = config,
		.result = result,
		.viewed = UINT32_MAX,
	};
	uint32_t i;

	memset(result, 0, sizeof(*result));
	begin(&r);
	svmd_round_note_evictions(&r);
	for (i = 0; i < snapshot->nr_sessions; i++)
		svmd_round_look(&r, i);
	svmd_shortlist_sort(&history->candidates);
	svmd_round_requests(&r);
	svmd_round_victims(&r);
	svmd_round_evictions(&r);
	svmd_round_relieve(&r);
	for (i = 0; i < history->candidates.nr; i++)
		svmd_round_place(&r, &history->candidates.entries[i]);

	result->decisions = history->decisions;
	result->nr = history->nr_decisions;
	for (i = 0; i < SVMD_WHY_NR; i++)
		history->counters.refused[i] += result->refused[i];
}
