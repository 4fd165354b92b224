// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Explaining: why a region is where it is, by the same reckoning as a round.
 *
 * Changes nothing; no lock, no allocation.
 */
#include <errno.h>

#include "view.h"

/*
 * What only a round can tell, the region remembers: how far its proposal got,
 * and whether it had to make room for others.
 */
static enum svmd_why with_last_round(const struct svmd_region *region,
				     enum svmd_why now)
{
	if (region->why == SVMD_WHY_DECIDED || region->why == SVMD_WHY_DRY_RUN)
		return region->why;
	if (now == SVMD_WHY_DECIDED && region->why >= SVMD_WHY_WATERMARK &&
	    region->why < SVMD_WHY_NR)
		return region->why;
	return now;
}

int svmd_explain(const struct svmd_history *history,
		 const struct svmd_snapshot *snapshot,
		 const struct svmd_config *config, uint32_t session,
		 uint32_t region_index, struct svmd_explanation *out)
{
	const struct svmd_region *region;
	struct svmd_proposal p;
	struct svmd_view view;
	double rate;
	uint8_t from;

	if (session >= snapshot->nr_sessions ||
	    region_index >= snapshot->sessions[session].nr_regions)
		return -ENOENT;
	region = &snapshot->sessions[session].regions[region_index];
	svmd_view_init(&view, history, snapshot, config, session);
	if (view.policy.policies & SVMD_POLICY_INTERLEAVE)
		svmd_view_spread(&view);
	*out = (struct svmd_explanation){
		.why = SVMD_WHY_SETTLED,
		.policies = view.policy.policies,
		.to = SVMD_PLACE_NONE,
	};
	from = svmd_history_slot(history, region->place);
	if (from == SVMD_SLOT_NONE || !history->slots[from].present)
		return 0;
	rate = (double)region->warm_cpu + (double)region->warm_device;
	if (rate > 0)
		out->cost_here_ns = svmd_use_ns(&view, region, from) / rate;
	if (!view.acts) {
		out->why = SVMD_WHY_OFF;
		return 0;
	}
	svmd_propose(&view, region, from, &p);
	if (p.reason) {
		out->reason = (uint8_t)p.reason;
		out->policy = p.policy;
		out->to = history->slots[p.to].name;
		out->benefit_ns = p.benefit_ns;
		out->cost_ns = p.copy_ns;
		out->score = p.benefit_ns - p.copy_ns;
		out->threshold_ns = p.copy_ns * view.margin;
		out->wait_us = p.wait_us;
		out->cost_there_ns = svmd_use_ns(&view, region, p.to) / rate;
	}
	if (view.stale)
		out->why = SVMD_WHY_STALE;
	else if (region->flags & SVMD_REGION_MOVING)
		out->why = SVMD_WHY_MOVING;
	else
		out->why = (uint8_t)with_last_round(region, p.why);
	return 0;
}
