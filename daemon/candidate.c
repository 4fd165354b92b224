// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Candidates: the shortlist is worked off from its top, each with as much of the
 * coldest memory going out before it as it needs. See decide.c; state is the
 * round's, see round_parts.h.
 */
#include "round_parts.h"

static enum svmd_why try_candidate(struct svmd_round *r,
				   const struct svmd_entry *e,
				   struct svmd_move *m)
{
	const struct svmd_view *view = svmd_round_view(r, e->session);
	const struct svmd_region *region = &view->session->regions[e->region];
	struct svmd_budget *b = &r->history->budgets[e->mode][m->to];
	double copy = svmd_move_byte_ns(r, m->from, m->to), gain;
	struct svmd_leave leave;
	enum svmd_why why;
	uint64_t wanted;

	why = svmd_move_entry(r, m->to);
	if (why)
		return why;
	wanted = m->length;
	why = svmd_move_allow(r, view, m);
	if (why)
		return why;
	gain = e->byte_gain;
	if (m->to != e->slot)
		gain = svmd_gain_ns(view, region, m->reason, m->from, m->to,
				    m->length) /
		       (double)m->length;
	if (!(gain > copy * view->margin))
		return SVMD_WHY_NO_GAIN;
	if (b->room < (int64_t)m->length && !b->closed &&
	    m->reason != SVMD_REASON_SPREAD) {
		leave = (struct svmd_leave){
			.slot = m->to,
			.mode = e->mode,
			.bytes = (uint64_t)((int64_t)m->length - b->room),
			.reason = SVMD_REASON_COLD,
			.to = SVMD_SLOT_NONE,
			.worth = gain / view->margin - copy,
		};
		svmd_round_make_room(r, &leave);
		view = svmd_round_view(r, e->session);
	}
	m->length = wanted;
	why = svmd_move_fit(r, view, m);
	if (why)
		return why;
	m->benefit_ns = gain * (double)m->length;
	svmd_move_decide(r, view, m);
	return SVMD_WHY_SETTLED;
}

/* The places that a hot region may go to instead, the cheapest first. */
static uint8_t next_best(struct svmd_round *r, const struct svmd_entry *e,
			 uint8_t from, uint8_t after)
{
	const struct svmd_view *view = svmd_round_view(r, e->session);
	bool found = false;
	uint32_t i;

	if (e->reason != SVMD_REASON_HOT)
		return SVMD_SLOT_NONE;
	for (i = 0; i < r->history->nr_order; i++) {
		uint8_t s = view->order[i];

		if (view->cost[s] >= view->cost[from])
			break;
		if (found)
			return s;
		found = s == after;
	}
	return SVMD_SLOT_NONE;
}

static uint32_t policy_of_reason(uint8_t reason)
{
	switch (reason) {
	case SVMD_REASON_HOT:
		return SVMD_POLICY_HOT_COLD;
	case SVMD_REASON_THRASH:
		return SVMD_POLICY_THRASH;
	case SVMD_REASON_NEAR:
		return SVMD_POLICY_LOCALITY;
	default:
		return SVMD_POLICY_INTERLEAVE;
	}
}

void svmd_round_place(struct svmd_round *r, const struct svmd_entry *e)
{
	struct svmd_session *session = &r->snapshot->sessions[e->session];
	struct svmd_region *region = &session->regions[e->region];
	uint8_t from = svmd_present_slot(r->history, region->place),
		to = e->slot;
	enum svmd_why why, first = SVMD_WHY_SETTLED;
	uint64_t done = 0;

	/* A request may have come first. */
	if (region->why != SVMD_WHY_LISTED)
		return;
	while (done < e->bytes) {
		struct svmd_move m = {
			.session = e->session,
			.region = e->region,
			.offset = done,
			.length = e->bytes - done,
			.from = from,
			.to = to,
			.reason = e->reason,
			.policy = policy_of_reason(e->reason),
		};

		why = try_candidate(r, e, &m);
		if (!why) {
			done += m.length;
			continue;
		}
		if (!first)
			first = why;
		if (why != SVMD_WHY_WATERMARK && why != SVMD_WHY_NO_ROOM &&
		    why != SVMD_WHY_PSI)
			break;
		to = next_best(r, e, from, to);
		if (to == SVMD_SLOT_NONE)
			break;
	}
	if (!done)
		svmd_round_refuse(r, region, first);
}
