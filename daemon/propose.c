// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Proposals: what each policy wants of a region.
 *
 * hot-cold	to the cheapest place for the CPUs that use it.
 * locality	to the memory of the device, or next to the NIC, that uses it.
 * thrash	off a device, where CPUs take it back page by page, at a cost
 *		that the device's use is not worth.
 * interleave	from the node with more than its share to the one with least;
 *		takes hot-cold's place.
 *
 * (pressure proposes nothing: it makes room, see decide.c.) Of several, the one
 * with the greatest score counts.
 *
 * Pure; no state, no allocation.
 */
#include <math.h>

#include "view.h"

/* Interleave leaves nodes alone that are as close to their share. */
#define SPREAD_SLACK 1.1

/* Row of costs of whoever @affinity names, or -1; @home: where it is best. */
static int user_row(const struct svmd_view *view, svmd_place affinity,
		    uint8_t *home)
{
	const struct svmd_snapshot *snapshot = view->snapshot;
	svmd_place place = SVMD_PLACE_NONE;
	uint32_t i;

	*home = SVMD_SLOT_NONE;
	if (svmd_place_is(affinity, SVMD_NODE) ||
	    svmd_place_is(affinity, SVMD_DEVICE)) {
		place = affinity;
	} else if (svmd_place_is(affinity, SVMD_DRM)) {
		for (i = 0; i < snapshot->nr_cards; i++) {
			const struct svmd_card *card = &snapshot->cards[i];

			if (card->id != svmd_place_id(affinity))
				continue;
			if (card->svm >= 0)
				place = svmd_device((uint32_t)card->svm);
			else if (card->node >= 0)
				place = svmd_node((uint32_t)card->node);
		}
	} else if (svmd_place_is(affinity, SVMD_PORT)) {
		for (i = 0; i < snapshot->nr_ports; i++) {
			const struct svmd_rdma *port = &snapshot->ports[i];

			if (port->id == svmd_place_id(affinity) &&
			    port->active && port->node >= 0)
				place = svmd_node((uint32_t)port->node);
		}
	}
	if (place == SVMD_PLACE_NONE)
		return -1;
	*home = svmd_history_slot(view->history, place);
	if (*home == SVMD_SLOT_NONE || !view->history->slots[*home].present) {
		*home = SVMD_SLOT_NONE;
		return -1;
	}
	return *home;
}

static double device_use_ns(const struct svmd_view *view,
			    const struct svmd_region *region, uint8_t slot)
{
	uint8_t home;
	int row;

	if (!(region->warm_device > 0))
		return 0;
	row = user_row(view, region->affinity, &home);
	if (row < 0)
		return 0;
	return (double)region->warm_device *
	       (double)view->history->cost[row][slot];
}

double svmd_use_ns(const struct svmd_view *view,
		   const struct svmd_region *region, uint8_t slot)
{
	return (double)region->warm_cpu * (double)view->cost[slot] +
	       device_use_ns(view, region, slot);
}

static double pages_of(uint64_t bytes)
{
	return (double)bytes / SVMD_PAGE;
}

/* Of relative load @load, where 1 is as much as its share. */
static double load_of(const struct svmd_view *view, uint8_t slot, double bytes)
{
	double fair = view->share[slot] * view->spread_total;

	/* What has no share is overloaded by anything. */
	return fair > 0 ? bytes / fair : 2 * SPREAD_SLACK;
}

static double spread_gain_ns(const struct svmd_view *view,
			     const struct svmd_region *region, uint8_t from,
			     uint8_t to, uint64_t bytes)
{
	const struct svmd_slot *slots = view->history->slots;
	double rate = (double)region->warm_cpu + (double)region->warm_device;
	double before = load_of(view, from, view->load[from]);
	double after = load_of(view, to, view->load[to] + (double)bytes);

	/* What the fuller node would take less, if bandwidth is what counts. */
	return rate * pages_of(bytes) * view->horizon_s * slots[from].line_ns *
	       (before - after) / before;
}

double svmd_gain_ns(const struct svmd_view *view,
		    const struct svmd_region *region, enum svmd_reason reason,
		    uint8_t from, uint8_t to, uint64_t bytes)
{
	double cpu, both;

	if (reason == SVMD_REASON_SPREAD)
		return spread_gain_ns(view, region, from, to, bytes);
	cpu = (double)region->warm_cpu *
	      ((double)view->cost[from] - (double)view->cost[to]);
	both = cpu + device_use_ns(view, region, from) -
	       device_use_ns(view, region, to);
	if (reason == SVMD_REASON_HOT)
		both = fmin(cpu, both);
	return both * pages_of(bytes) * view->horizon_s;
}

static void consider(const struct svmd_view *view,
		     const struct svmd_region *region, uint8_t from,
		     enum svmd_reason reason, uint32_t policy, uint8_t to,
		     uint64_t bytes, struct svmd_proposal *best)
{
	struct svmd_proposal p = {
		.why = SVMD_WHY_DECIDED,
		.reason = reason,
		.policy = policy,
		.to = to,
		.bytes = bytes,
	};

	p.benefit_ns = svmd_gain_ns(view, region, reason, from, to, bytes);
	if (!(p.benefit_ns > 0))
		return;
	p.copy_ns = svmd_history_copy_ns(view->history, view->config, from, to,
					 bytes);
	if (!best->reason ||
	    p.benefit_ns - p.copy_ns > best->benefit_ns - best->copy_ns)
		*best = p;
}

/* The cheapest place that can be had; the cheapest of all if none can. */
static uint8_t best_place(const struct svmd_view *view, uint8_t from)
{
	const struct svmd_history *history = view->history;
	uint32_t i;

	for (i = 0; i < history->nr_order; i++) {
		uint8_t s = view->order[i];

		if (view->cost[s] >= view->cost[from])
			break;
		if (svmd_usable(history, s))
			return s;
	}
	return i ? view->order[0] : SVMD_SLOT_NONE;
}

static void propose_hot(const struct svmd_view *view,
			const struct svmd_region *region, uint8_t from,
			struct svmd_proposal *best)
{
	uint8_t to;

	/* What is on a device the CPU's own faults bring home. */
	if (!view->history->slots[from].coherent)
		return;
	to = best_place(view, from);
	if (to != SVMD_SLOT_NONE && to != from)
		consider(view, region, from, SVMD_REASON_HOT,
			 SVMD_POLICY_HOT_COLD, to, region->length, best);
}

static void propose_near(const struct svmd_view *view,
			 const struct svmd_region *region, uint8_t from,
			 struct svmd_proposal *best)
{
	uint8_t home;

	if (!(region->warm_device > 0) ||
	    user_row(view, region->affinity, &home) < 0 || home == from ||
	    !view->history->slots[home].total)
		return;
	consider(view, region, from, SVMD_REASON_NEAR, SVMD_POLICY_LOCALITY,
		 home, region->length, best);
}

static void propose_thrash(const struct svmd_view *view,
			   const struct svmd_region *region, uint8_t from,
			   struct svmd_proposal *best)
{
	const struct svmd_history *history = view->history;
	uint32_t i;

	if (!history->slots[from].is_device)
		return;
	for (i = 0; i < history->nr_order; i++)
		if (svmd_usable(history, view->order[i]))
			break;
	if (i < history->nr_order)
		consider(view, region, from, SVMD_REASON_THRASH,
			 SVMD_POLICY_THRASH, view->order[i], region->length,
			 best);
}

static void propose_spread(const struct svmd_view *view,
			   const struct svmd_region *region, uint8_t from,
			   struct svmd_proposal *best)
{
	const struct svmd_history *history = view->history;
	double here, least = INFINITY, excess;
	uint8_t to = SVMD_SLOT_NONE;
	uint64_t bytes;
	uint32_t i;

	if (history->slots[from].is_device || !(view->spread_total > 0))
		return;
	here = load_of(view, from, view->load[from]);
	if (here <= SPREAD_SLACK)
		return;
	for (i = 0; i < history->nr_order; i++) {
		uint8_t s = view->order[i];
		double load;

		if (!(view->share[s] > 0) || !svmd_usable(history, s))
			continue;
		load = load_of(view, s, view->load[s]);
		if (load < least) {
			least = load;
			to = s;
		}
	}
	if (to == SVMD_SLOT_NONE || to == from)
		return;
	excess = view->load[from] - view->share[from] * view->spread_total;
	excess = fmin(excess,
		      view->share[to] * view->spread_total - view->load[to]);
	if (!(excess >= SVMD_PAGE))
		return;
	bytes = region->length;
	if ((double)bytes > excess)
		bytes = (uint64_t)excess & ~(uint64_t)(SVMD_PAGE - 1);
	consider(view, region, from, SVMD_REASON_SPREAD, SVMD_POLICY_INTERLEAVE,
		 to, bytes, best);
}

static enum svmd_why first_gates(const struct svmd_view *view,
				 const struct svmd_region *region, uint8_t from,
				 struct svmd_proposal *p)
{
	if (view->history->slots[p->to].stale)
		return SVMD_WHY_STALE;
	if (!(p->benefit_ns > p->copy_ns * view->margin))
		return SVMD_WHY_NO_GAIN;
	if ((unsigned int)__builtin_popcount(region->seen) <
	    view->policy.confirm_rounds)
		return SVMD_WHY_UNCONFIRMED;
	return svmd_gate(view, region, from, p->to, SVMD_EXEMPT_NONE,
			 &p->wait_us);
}

void svmd_propose(const struct svmd_view *view,
		  const struct svmd_region *region, uint8_t from,
		  struct svmd_proposal *out)
{
	uint32_t policies = view->policy.policies;
	enum svmd_why why;

	*out = (struct svmd_proposal){
		.why = SVMD_WHY_SETTLED,
		.to = SVMD_SLOT_NONE,
	};
	/* Not in use: it may stay where it is. */
	if (!((double)region->warm_cpu + (double)region->warm_device >
	      view->policy.heat_floor))
		return;
	if (policies & SVMD_POLICY_INTERLEAVE)
		propose_spread(view, region, from, out);
	else if (policies & SVMD_POLICY_HOT_COLD)
		propose_hot(view, region, from, out);
	if (policies & SVMD_POLICY_LOCALITY)
		propose_near(view, region, from, out);
	if (policies & SVMD_POLICY_THRASH)
		propose_thrash(view, region, from, out);
	if (!out->reason)
		return;
	why = first_gates(view, region, from, out);
	if (why)
		out->why = why;
}
