// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making room: the coldest memory of a place leaves it, for the next more
 * expensive place that has room, or for a cheaper one. See decide.c; state is the
 * round's, see round_parts.h.
 */
#include <math.h>

#include "round_parts.h"

bool svmd_move_put_off(enum svmd_why why)
{
	return why == SVMD_WHY_QUOTA_BYTES || why == SVMD_WHY_QUOTA_TIME ||
	       why == SVMD_WHY_SESSION_RATE || why == SVMD_WHY_BOUNDED;
}

static enum svmd_why try_leave(struct svmd_round *r,
			       const struct svmd_view *view,
			       const struct svmd_leave *leave,
			       struct svmd_move *m, uint64_t most)
{
	const struct svmd_region *region = &view->session->regions[m->region];
	double pages, loss;
	enum svmd_why why;

	why = svmd_move_entry(r, m->to);
	if (why)
		return why;
	/* Rather a little more than is wanted than a huge page in pieces. */
	m->length = svmd_move_cut(r, m, region->length - m->offset,
				  most + SVMD_CUT);
	why = svmd_move_fit(r, view, m);
	if (why)
		return why;
	pages = (double)m->length / SVMD_PAGE;
	loss = svmd_use_ns(view, region, m->to) -
	       svmd_use_ns(view, region, m->from);
	m->loss_ns = loss > 0 ? loss * pages * view->horizon_s : 0;
	if (m->loss_ns +
		    svmd_move_byte_ns(r, m->from, m->to) * (double)m->length >
	    leave->worth * (double)m->length)
		return SVMD_WHY_NO_GAIN;
	svmd_move_decide(r, view, m);
	return SVMD_WHY_SETTLED;
}

/* To the next more expensive place that has room, else to a cheaper one. */
static enum svmd_why send_away(struct svmd_round *r,
			       const struct svmd_view *view,
			       const struct svmd_leave *leave,
			       struct svmd_move *m, uint64_t most)
{
	const struct svmd_history *history = r->history;
	enum svmd_why why, first = SVMD_WHY_SETTLED;
	uint32_t n = history->nr_order, here = 0, i;

	if (leave->to != SVMD_SLOT_NONE) {
		m->to = leave->to;
		return try_leave(r, view, leave, m, most);
	}
	/* A device is not in the order: from there to the cheapest. */
	for (i = 0; i < n; i++)
		if (view->order[i] == m->from)
			here = i + 1;
	for (i = 0; i < n; i++) {
		/* Down from here, then up from here. */
		uint32_t at = here + i < n ? here + i : n - 1 - i;

		m->to = view->order[at];
		if (m->to == m->from || svmd_move_entry(r, m->to))
			continue;
		why = try_leave(r, view, leave, m, most);
		/* Nor will it be worth more further on. */
		if (!why || why == SVMD_WHY_NO_GAIN)
			return why;
		if (!first)
			first = why;
	}
	return first ? first : SVMD_WHY_NO_ROOM;
}

static bool may_leave_for(const struct svmd_view *view, enum svmd_reason reason)
{
	if (reason == SVMD_REASON_PRESSURE)
		return view->policy.policies & SVMD_POLICY_PRESSURE;
	return reason == SVMD_REASON_REQUEST || view->evicts;
}

static uint32_t policy_for(enum svmd_reason reason,
			   const struct svmd_view *view)
{
	if (reason == SVMD_REASON_REQUEST)
		return 0;
	if (reason == SVMD_REASON_PRESSURE)
		return SVMD_POLICY_PRESSURE;
	return view->policy.policies & SVMD_POLICY_HOT_COLD
		       ? SVMD_POLICY_HOT_COLD
		       : SVMD_POLICY_LOCALITY;
}

/* Has the coldest leave; returns bytes that will have left. */
uint64_t svmd_round_make_room(struct svmd_round *r, struct svmd_leave *leave)
{
	struct svmd_history *history = r->history;
	struct svmd_budget *b = &history->budgets[leave->mode][leave->slot];
	uint64_t done = 0;
	uint32_t i = b->next;

	while (i != SVMD_CHAIN_END && done < leave->bytes) {
		struct svmd_entry *e = &history->victims.entries[i];
		struct svmd_session *session =
			&r->snapshot->sessions[e->session];
		struct svmd_region *region = &session->regions[e->region];
		const struct svmd_view *view = svmd_round_view(r, e->session);
		struct svmd_move m = {
			.session = e->session,
			.region = e->region,
			.offset = e->bytes,
			.from = leave->slot,
			.reason = leave->reason,
			.policy = policy_for(leave->reason, view),
			.cookie = leave->cookie,
		};
		enum svmd_why why;

		if (e->bytes >= region->length ||
		    !may_leave_for(view, leave->reason)) {
			i = e->order;
			continue;
		}
		why = send_away(r, view, leave, &m, leave->bytes - done);
		if (!why) {
			e->bytes += m.length;
			done += m.length;
			continue;
		}
		/* Not worth it is what most are; nobody wants them to go. */
		if (region->why <= SVMD_WHY_OFF && why != SVMD_WHY_NO_GAIN)
			svmd_round_refuse(r, region, why);
		if (svmd_move_put_off(why))
			leave->put_off = true;
		/* Those that follow are no colder. */
		if (why == SVMD_WHY_NO_GAIN || why == SVMD_WHY_BOUNDED ||
		    b->out < SVMD_CUT_SMALL || !(b->out_us > 0)) {
			b->closed = true;
			break;
		}
		e->bytes = region->length;
	}
	while (b->next != SVMD_CHAIN_END) {
		const struct svmd_entry *e = &history->victims.entries[b->next];

		if (e->bytes <
		    r->snapshot->sessions[e->session].regions[e->region].length)
			break;
		b->next = e->order;
	}
	return done;
}

void svmd_round_relieve(struct svmd_round *r)
{
	struct svmd_history *history = r->history;
	uint32_t i, mode;

	for (mode = 0; mode < SVMD_MODES; mode++) {
		for (i = 0; i < history->nr_present; i++) {
			uint8_t s = history->slots_present[i];
			struct svmd_leave leave = {
				.slot = s,
				.mode = mode,
				.bytes =
					history->budgets[mode][s].want_pressure,
				.reason = SVMD_REASON_PRESSURE,
				.to = SVMD_SLOT_NONE,
				.worth = INFINITY,
			};

			if (leave.bytes)
				svmd_round_make_room(r, &leave);
		}
	}
}
