// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A view: a session as a round sees it. No lock, no allocation.
 */
#include <string.h>

#include "view.h"

#define ACTS                                                                \
	(SVMD_POLICY_HOT_COLD | SVMD_POLICY_PRESSURE | SVMD_POLICY_THRASH | \
	 SVMD_POLICY_LOCALITY | SVMD_POLICY_INTERLEAVE)
#define EVICTS (ACTS & ~(uint32_t)SVMD_POLICY_THRASH)

/*
 * Where a region goes that must leave a place: the next more expensive place,
 * from the most expensive to the one before, from a device to the cheapest.
 */
static void fill_down(struct svmd_view *view)
{
	const struct svmd_history *history = view->history;
	uint32_t n = history->nr_order, i;

	for (i = 0; i < history->nr_present; i++)
		view->down[history->slots_present[i]] = n ? view->order[0]
							  : SVMD_SLOT_NONE;
	for (i = 0; i < n; i++) {
		uint8_t next = SVMD_SLOT_NONE;

		if (i + 1 < n)
			next = view->order[i + 1];
		else if (i)
			next = view->order[i - 1];
		view->down[view->order[i]] = next;
	}
}

static double weight_of(const struct svmd_slot *slot)
{
	/* A node without CPUs, and of unknown bandwidth, may be anything. */
	if (slot->is_device || !slot->total || slot->stale ||
	    !(slot->rated || slot->has_cpu))
		return 0;
	return 1 / slot->line_ns;
}

void svmd_view_spread(struct svmd_view *view)
{
	const struct svmd_history *history = view->history;
	const struct svmd_session *session = view->session;
	double weights = 0;
	uint32_t i;

	for (i = 0; i < history->nr_present; i++) {
		uint8_t s = history->slots_present[i];

		view->load[s] = 0;
		view->share[s] = weight_of(&history->slots[s]);
		weights += view->share[s];
	}
	if (!(weights > 0))
		return;
	for (i = 0; i < history->nr_present; i++)
		view->share[history->slots_present[i]] /= weights;
	for (i = 0; i < session->nr_regions; i++) {
		const struct svmd_region *region = &session->regions[i];
		uint8_t s = svmd_history_slot(history, region->place);

		if (s == SVMD_SLOT_NONE || !history->slots[s].present ||
		    history->slots[s].is_device || !region->seen)
			continue;
		view->load[s] += (double)region->length;
		view->spread_total += (double)region->length;
	}
}

void svmd_view_init(struct svmd_view *view, const struct svmd_history *history,
		    const struct svmd_snapshot *snapshot,
		    const struct svmd_config *config, uint32_t index)
{
	const struct svmd_session *session = &snapshot->sessions[index];
	uint32_t row = SVMD_ROW_ANY;

	view->history = history;
	view->snapshot = snapshot;
	view->config = config;
	view->session = session;
	view->spread_total = 0;
	if (session->policy)
		view->policy = *session->policy;
	else
		svmd_config_policy(config, session->id, session->cgroup,
				   session->uid, &view->policy);
	view->mode = !!(view->policy.policies & SVMD_POLICY_DRY_RUN);
	view->acts = view->policy.policies & ACTS;
	view->evicts = view->policy.policies & EVICTS;
	view->stale = snapshot->now_us > session->sampled_us &&
		      snapshot->now_us - session->sampled_us >
			      view->policy.stale_after_us;
	view->horizon_s = (double)view->policy.horizon_us / 1e6;
	view->margin = 1 + view->policy.margin / 100;

	if (session->node >= 0) {
		uint8_t s = svmd_history_slot(
			history, svmd_node((uint32_t)session->node));

		if (s != SVMD_SLOT_NONE && history->slots[s].present)
			row = s;
	}
	view->cost = history->cost[row];
	view->order = history->order[row];
	fill_down(view);
}
