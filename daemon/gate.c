// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gates that a region passes by itself: hold, pinned, on-demand paging, stuck,
 * residence, ping-pong. Those that depend on what others do in the same round
 * are in budget.c and decide.c.
 *
 * Pure; no state.
 */
#include "view.h"

/* What would not move is not tried again at once, whatever the residence. */
#define STUCK_MIN_US 5000000
#define DOUBLINGS_MAX 16

static uint64_t doubled(const struct svmd_region *region, uint64_t us)
{
	return us << (region->bounces < DOUBLINGS_MAX ? region->bounces
						      : DOUBLINGS_MAX);
}

/* How much of @stay is left. */
static uint64_t left(const struct svmd_view *view,
		     const struct svmd_region *region, uint64_t stay)
{
	uint64_t now = view->snapshot->now_us, gone;

	if (!region->moved_us)
		return 0;
	gone = now > region->moved_us ? now - region->moved_us : 0;
	return stay > gone ? stay - gone : 0;
}

static enum svmd_why say(enum svmd_why why, uint64_t wait, uint64_t *wait_us)
{
	if (wait_us)
		*wait_us = wait;
	return why;
}

static enum svmd_why hold_gate(const struct svmd_view *view,
			       const struct svmd_region *region, uint8_t from,
			       uint8_t to)
{
	const struct svmd_slot *slots = view->history->slots;

	if ((region->flags & SVMD_REGION_HELD) || view->session->held ||
	    slots[from].held || (to != SVMD_SLOT_NONE && slots[to].held))
		return SVMD_WHY_HELD;
	return SVMD_WHY_SETTLED;
}

enum svmd_why svmd_gate(const struct svmd_view *view,
			const struct svmd_region *region, uint8_t from,
			uint8_t to, unsigned int exempt, uint64_t *wait_us)
{
	const struct svmd_policy *policy = &view->policy;
	uint64_t stay = policy->residence_us, wait;

	if (hold_gate(view, region, from, to))
		return say(SVMD_WHY_HELD, 0, wait_us);
	if (region->flags & SVMD_REGION_PINNED)
		return say(SVMD_WHY_PINNED, 0, wait_us);
	if ((region->flags & SVMD_REGION_ODP) && !policy->move_odp)
		return say(SVMD_WHY_ODP, 0, wait_us);

	if ((region->flags & SVMD_REGION_STUCK) &&
	    !(exempt & SVMD_EXEMPT_STUCK)) {
		if (stay < STUCK_MIN_US)
			stay = STUCK_MIN_US;
		wait = left(view, region, doubled(region, stay));
		if (wait)
			return say(SVMD_WHY_STUCK, wait, wait_us);
	}
	if (policy->pingpong_limit &&
	    region->bounces >= policy->pingpong_limit &&
	    !(exempt & SVMD_EXEMPT_PINGPONG)) {
		wait = left(view, region, policy->pingpong_pin_us);
		if (wait)
			return say(SVMD_WHY_PINGPONG, wait, wait_us);
	}
	if (!(exempt & SVMD_EXEMPT_RESIDENCE)) {
		wait = left(view, region,
			    doubled(region, policy->residence_us));
		if (wait)
			return say(SVMD_WHY_RESIDENCE, wait, wait_us);
	}
	return say(SVMD_WHY_SETTLED, 0, wait_us);
}
