// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The looks at all regions of a round: the first, which fills the shortlist and
 * the histograms of coldness, and the second, which finds victims where something
 * has to leave. See decide.c; state is the round's, see round_parts.h.
 */
#include <math.h>
#include <string.h>

#include "round_parts.h"

/* First look */

/* Two steps for each doubling, from 2^-20 ns a page and second on. */
static uint32_t coldness(float loss)
{
	uint32_t bits, first = (127 - 20) << 1;

	if (!(loss > 0))
		return 0;
	memcpy(&bits, &loss, sizeof(bits));
	bits >>= 22;
	if (bits <= first)
		return 0;
	bits -= first;
	return bits < SVMD_COLDNESS ? bits : SVMD_COLDNESS - 1;
}

/* What its accesses will take more, per page and second, if it has to go. */
static float loss_of(const struct svmd_view *view,
		     const struct svmd_region *region, uint8_t from)
{
	uint8_t down = view->down[from];
	double loss;

	if (down == SVMD_SLOT_NONE || down == from)
		return INFINITY;
	if (!(region->warm_cpu > 0) && !(region->warm_device > 0))
		return 0;
	loss = svmd_use_ns(view, region, down) -
	       svmd_use_ns(view, region, from);
	return loss > 0 ? (float)loss : 0;
}

/* Whether it may be made to leave, should there be need. */
static bool may_leave(const struct svmd_round *r, const struct svmd_view *view,
		      uint8_t from)
{
	return view->evicts ||
	       r->history->budgets[view->mode][from].want_request;
}

static unsigned int exempt_for(const struct svmd_round *r,
			       const struct svmd_view *view, uint8_t from)
{
	if (r->history->budgets[view->mode][from].want_request)
		return SVMD_EXEMPT_RESIDENCE | SVMD_EXEMPT_PINGPONG |
		       SVMD_EXEMPT_STUCK;
	return SVMD_EXEMPT_NONE;
}

static void spread(struct svmd_view *view, uint8_t from, uint8_t to,
		   uint64_t bytes)
{
	view->load[from] -= (double)bytes;
	view->load[to] += (double)bytes;
}

static void look_at(struct svmd_round *r, struct svmd_session *session,
		    uint32_t index, uint32_t i)
{
	struct svmd_history *history = r->history;
	struct svmd_view *view = &r->view;
	struct svmd_region *region = &session->regions[i];
	uint8_t from = svmd_present_slot(history, region->place);
	struct svmd_proposal p;

	region->why = view->acts ? SVMD_WHY_SETTLED : SVMD_WHY_OFF;
	if (from == SVMD_SLOT_NONE)
		return;
	if (history->slots[from].is_device)
		session->device_bytes += region->length;
	if (view->acts && view->stale) {
		svmd_round_refuse(r, region, SVMD_WHY_STALE);
		return;
	}
	if (region->flags & SVMD_REGION_MOVING) {
		svmd_round_refuse(r, region, SVMD_WHY_MOVING);
		return;
	}
	if (view->acts) {
		svmd_propose(view, region, from, &p);
		if (p.why == SVMD_WHY_DECIDED) {
			struct svmd_entry entry = {
				.key = (float)((p.benefit_ns - p.copy_ns) /
					       (double)p.bytes),
				.session = index,
				.region = i,
				.slot = p.to,
				.bytes = p.bytes,
				.byte_gain = p.benefit_ns / (double)p.bytes,
				.reason = (uint8_t)p.reason,
				.mode = (uint8_t)view->mode,
			};

			if (p.reason == SVMD_REASON_SPREAD)
				spread(view, from, p.to, p.bytes);
			region->why = SVMD_WHY_LISTED;
			svmd_shortlist_offer(&history->candidates, entry);
			return;
		}
		svmd_round_refuse(r, region, p.why);
	}
	if (may_leave(r, view, from) &&
	    !svmd_gate(view, region, from, SVMD_SLOT_NONE,
		       exempt_for(r, view, from), NULL))
		history->cold[view->mode][from][coldness(
			loss_of(view, region, from))] += region->length;
}

void svmd_round_look(struct svmd_round *r, uint32_t index)
{
	struct svmd_session *session = &r->snapshot->sessions[index];
	uint64_t rate;
	uint32_t i;

	svmd_round_view(r, index);
	rate = r->view.policy.rate_bytes;
	if (!rate || (session->rate_bytes && session->rate_bytes < rate))
		rate = session->rate_bytes;
	session->device_bytes = 0;
	session->rate_quota =
		rate ? (uint64_t)((double)rate * r->history->round_s)
		     : UINT64_MAX;
	session->rate_left = session->rate_quota;
	if (r->view.policy.policies & SVMD_POLICY_INTERLEAVE)
		svmd_view_spread(&r->view);
	for (i = 0; i < session->nr_regions; i++)
		look_at(r, session, index, i);
}

/* What did not get on the shortlist. */
void svmd_round_drop(void *data, const struct svmd_entry *entry)
{
	struct svmd_round *r = data;
	struct svmd_session *session = &r->snapshot->sessions[entry->session];

	svmd_round_refuse(r, &session->regions[entry->region],
			  SVMD_WHY_BOUNDED);
}

/* Second look */

static void want_room(struct svmd_round *r)
{
	struct svmd_history *history = r->history;
	const struct svmd_shortlist *list = &history->candidates;
	uint32_t i, mode;

	for (i = 0; i < list->nr; i++) {
		const struct svmd_entry *e = &list->entries[i];

		/* Interleave does not push others aside. */
		if (e->reason != SVMD_REASON_SPREAD)
			history->budgets[e->mode][e->slot].want += e->bytes;
	}
	for (mode = 0; mode < SVMD_MODES; mode++) {
		for (i = 0; i < history->nr_present; i++) {
			struct svmd_budget *b =
				&history->budgets[mode]
						 [history->slots_present[i]];

			/* No more can come in than its quota. */
			if (b->want > b->in)
				b->want = b->in;
			if (b->room < 0 && b->want)
				b->want += (uint64_t)-b->room;
			else if (b->room > 0)
				b->want -= b->want < (uint64_t)b->room
						   ? b->want
						   : (uint64_t)b->room;
			if (b->want < b->want_pressure)
				b->want = b->want_pressure;
			if (b->want < b->want_request)
				b->want = b->want_request;
			if (b->want > b->out)
				b->want = b->out;
		}
	}
}

/* How cold the coldest are that add up to what is wanted; false for nothing. */
static bool set_coldest(struct svmd_history *history)
{
	bool any = false;
	uint32_t i, mode, step;

	for (mode = 0; mode < SVMD_MODES; mode++) {
		for (i = 0; i < history->nr_present; i++) {
			uint8_t s = history->slots_present[i];
			struct svmd_budget *b = &history->budgets[mode][s];
			uint64_t sum = 0;

			if (!b->want)
				continue;
			any = true;
			for (step = 0; step < SVMD_COLDNESS - 1; step++) {
				sum += history->cold[mode][s][step];
				if (sum >= b->want)
					break;
			}
			b->coldest = step;
		}
	}
	return any;
}

static void look_again(struct svmd_round *r, struct svmd_session *session,
		       uint32_t index, uint32_t i)
{
	struct svmd_region *region = &session->regions[i];
	const struct svmd_view *view = &r->view;
	uint8_t from = svmd_present_slot(r->history, region->place);
	const struct svmd_budget *b;
	enum svmd_why why;
	float loss;

	if (from == SVMD_SLOT_NONE || region->why == SVMD_WHY_LISTED ||
	    region->why == SVMD_WHY_DECIDED ||
	    region->why == SVMD_WHY_DRY_RUN || region->why == SVMD_WHY_MOVING ||
	    !may_leave(r, view, from))
		return;
	b = &r->history->budgets[view->mode][from];
	if (!b->want)
		return;
	loss = loss_of(view, region, from);
	if (coldness(loss) > b->coldest)
		return;
	why = svmd_gate(view, region, from, SVMD_SLOT_NONE,
			exempt_for(r, view, from), NULL);
	if (why) {
		if (region->why <= SVMD_WHY_OFF)
			svmd_round_refuse(r, region, why);
		return;
	}
	svmd_shortlist_offer(&r->history->victims,
			     (struct svmd_entry){
				     .key = -loss,
				     .session = index,
				     .region = i,
				     .slot = from,
				     .mode = (uint8_t)view->mode,
			     });
}

/* Chains the victims of each place, the coldest first. */
static void chain_victims(struct svmd_history *history)
{
	struct svmd_entry *entries = history->victims.entries;
	uint32_t i;

	for (i = 0; i < history->victims.nr; i++) {
		struct svmd_budget *b =
			&history->budgets[entries[i].mode][entries[i].slot];

		entries[i].order = SVMD_CHAIN_END;
		if (b->next == SVMD_CHAIN_END)
			b->next = i;
		else
			entries[b->last].order = i;
		b->last = i;
	}
}

void svmd_round_victims(struct svmd_round *r)
{
	const struct svmd_snapshot *snapshot = r->snapshot;
	uint32_t index, i;

	svmd_shortlist_reset(&r->history->victims, NULL, NULL);
	want_room(r);
	if (!set_coldest(r->history))
		return;
	for (index = 0; index < snapshot->nr_sessions; index++) {
		struct svmd_session *session = &snapshot->sessions[index];

		svmd_round_view(r, index);
		if (r->view.stale)
			continue;
		for (i = 0; i < session->nr_regions; i++)
			look_again(r, session, index, i);
	}
	svmd_shortlist_sort(&r->history->victims);
	chain_victims(r->history);
}
