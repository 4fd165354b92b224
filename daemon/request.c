// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests: moves and evictions that somebody asked for. They pass fewer gates,
 * but all quotas. State is the round's, see round_parts.h.
 */
#include <math.h>

#include "round_parts.h"

static bool is_eviction(const struct svmd_request *request)
{
	return !request->session && !request->length;
}

static uint32_t nr_requests(const struct svmd_round *r)
{
	return r->snapshot->nr_requests < SVMD_REQUESTS_MAX
		       ? r->snapshot->nr_requests
		       : SVMD_REQUESTS_MAX;
}

/* Before the first look, which must know of whom more may be asked. */
void svmd_round_note_evictions(struct svmd_round *r)
{
	struct svmd_history *history = r->history;
	uint32_t i;

	for (i = 0; i < nr_requests(r); i++) {
		const struct svmd_request *request = &r->snapshot->requests[i];
		uint8_t from = svmd_present_slot(history, request->from);
		uint64_t bytes;

		if (!is_eviction(request) || from == SVMD_SLOT_NONE)
			continue;
		bytes = request->bytes ? request->bytes
				       : history->slots[from].total;
		if (bytes > history->slots[from].total)
			bytes = history->slots[from].total;
		history->budgets[0][from].want_request += bytes;
	}
}

static void do_eviction(struct svmd_round *r, uint32_t index)
{
	const struct svmd_request *request = &r->snapshot->requests[index];
	uint8_t from = svmd_present_slot(r->history, request->from);
	struct svmd_leave leave = {
		.slot = from,
		.reason = SVMD_REASON_REQUEST,
		.to = SVMD_SLOT_NONE,
		.worth = INFINITY,
		.cookie = request->cookie,
	};
	const struct svmd_slot *slot;
	uint64_t done;

	if (from == SVMD_SLOT_NONE)
		return;
	if (request->to != SVMD_PLACE_NONE) {
		leave.to = svmd_present_slot(r->history, request->to);
		if (leave.to == SVMD_SLOT_NONE || leave.to == from)
			return;
	}
	slot = &r->history->slots[from];
	leave.bytes = request->bytes ? request->bytes : slot->total;
	if (leave.bytes > slot->total - slot->free)
		leave.bytes = slot->total - slot->free;
	done = svmd_round_make_room(r, &leave);
	/* More than the quota allows was not even looked for. */
	if (done < leave.bytes && (done || leave.put_off))
		r->result->request_left |= 1ULL << index;
}

static enum svmd_why request_region(struct svmd_round *r,
				    const struct svmd_view *view,
				    const struct svmd_request *request,
				    struct svmd_move *m)
{
	const struct svmd_region *region = &view->session->regions[m->region];
	enum svmd_why why;

	why = svmd_gate(view, region, m->from, m->to,
			SVMD_EXEMPT_RESIDENCE | SVMD_EXEMPT_PINGPONG |
				SVMD_EXEMPT_STUCK,
			NULL);
	if (!why)
		why = svmd_move_entry(r, m->to);
	if (!why)
		why = svmd_move_fit(r, view, m);
	if (why)
		return why;
	m->cookie = request->cookie;
	m->benefit_ns = svmd_gain_ns(view, region, SVMD_REASON_REQUEST, m->from,
				     m->to, m->length);
	if (m->benefit_ns < 0) {
		m->loss_ns = -m->benefit_ns;
		m->benefit_ns = 0;
	}
	svmd_move_decide(r, view, m);
	return SVMD_WHY_SETTLED;
}

static void request_in_session(struct svmd_round *r, uint32_t index,
			       uint32_t session_index)
{
	const struct svmd_request *request = &r->snapshot->requests[index];
	struct svmd_session *session = &r->snapshot->sessions[session_index];
	const struct svmd_view *view = svmd_round_view(r, session_index);
	uint64_t end = request->start + request->length;
	uint32_t i;

	if (end < request->start)
		end = UINT64_MAX;
	for (i = 0; i < session->nr_regions; i++) {
		struct svmd_region *region = &session->regions[i];
		uint64_t at = region->start, stop = at + region->length;
		struct svmd_move m = {
			.session = session_index,
			.region = i,
			.reason = SVMD_REASON_REQUEST,
		};
		enum svmd_why why = SVMD_WHY_SETTLED;

		if (at < request->start)
			at = request->start & ~(uint64_t)(SVMD_PAGE - 1);
		if (stop > end)
			stop = (end + SVMD_PAGE - 1) &
			       ~(uint64_t)(SVMD_PAGE - 1);
		m.from = svmd_present_slot(r->history, region->place);
		if (at >= stop || m.from == SVMD_SLOT_NONE ||
		    (request->from != SVMD_PLACE_NONE &&
		     request->from != region->place))
			continue;
		m.to = request->to == SVMD_PLACE_NONE
			       ? view->down[m.from]
			       : svmd_present_slot(r->history, request->to);
		if (m.to == m.from || m.to == SVMD_SLOT_NONE)
			continue;
		if (region->flags & SVMD_REGION_MOVING)
			why = SVMD_WHY_MOVING;
		while (!why && at < stop) {
			m.offset = at - region->start;
			m.length = stop - at;
			why = request_region(r, view, request, &m);
			if (!why)
				at += m.length;
		}
		if (why == SVMD_WHY_MOVING || svmd_move_put_off(why))
			r->result->request_left |= 1ULL << index;
		/* Moving was counted at the first look. */
		if (why && why != SVMD_WHY_MOVING &&
		    region->why != SVMD_WHY_DECIDED &&
		    region->why != SVMD_WHY_DRY_RUN)
			svmd_round_refuse(r, region, why);
	}
}

void svmd_round_requests(struct svmd_round *r)
{
	uint32_t i, k;

	for (i = 0; i < nr_requests(r); i++) {
		const struct svmd_request *request = &r->snapshot->requests[i];

		if (is_eviction(request))
			continue;
		for (k = 0; k < r->snapshot->nr_sessions; k++)
			if (r->snapshot->sessions[k].id == request->session)
				request_in_session(r, i, k);
	}
}

void svmd_round_evictions(struct svmd_round *r)
{
	uint32_t i;

	for (i = 0; i < nr_requests(r); i++)
		if (is_eviction(&r->snapshot->requests[i]))
			do_eviction(r, i);
}
