/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A view: a session as a round sees it, and what policies propose for its
 * regions.
 *
 * Made for each session anew, on the stack; refers to the snapshot and the
 * history. Writes to neither.
 */
#ifndef SVMD_VIEW_H
#define SVMD_VIEW_H

#include "history.h"

/**
 * struct svmd_view - a session in a round
 * @history: with slots and costs of the round.
 * @snapshot: of the round.
 * @config: in force.
 * @session: the session.
 * @policy: in force for it.
 * @mode: 0 live, 1 dry-run.
 * @acts: whether some policy may propose something.
 * @evicts: whether its regions may be evicted without anybody asking.
 * @stale: its samples are too old.
 * @cost: row of costs of the CPUs that it runs on.
 * @order: places that CPUs can use, the cheapest for it first.
 * @horizon_s: in seconds.
 * @margin: factor by which the benefit must exceed the cost.
 * @down: for each place, the next more expensive one for it: where memory goes
 *	that must leave, if there is room.
 * @spread_total: interleave: bytes in use on nodes; 0 without.
 * @load: interleave: of these, by slot.
 * @share: interleave: part of @spread_total that each slot should have.
 */
struct svmd_view {
	const struct svmd_history *history;
	const struct svmd_snapshot *snapshot;
	const struct svmd_config *config;
	const struct svmd_session *session;
	struct svmd_policy policy;
	unsigned int mode;
	bool acts;
	bool evicts;
	bool stale;
	const float *cost;
	const uint8_t *order;
	double horizon_s;
	double margin;
	uint8_t down[SVMD_PLACES_MAX];
	double spread_total;
	double load[SVMD_PLACES_MAX];
	double share[SVMD_PLACES_MAX];
};

/**
 * svmd_view_init() - look at session @index of the snapshot
 */
void svmd_view_init(struct svmd_view *view, const struct svmd_history *history,
		    const struct svmd_snapshot *snapshot,
		    const struct svmd_config *config, uint32_t index);

/**
 * svmd_view_spread() - see how evenly the session's memory is spread
 *
 * Before proposals of interleave; walks all regions of the session.
 */
void svmd_view_spread(struct svmd_view *view);

/**
 * struct svmd_proposal - what policies want of a region
 * @why: SVMD_WHY_DECIDED if it passed all gates that need no budget, a refusal,
 *	or SVMD_WHY_SETTLED.
 * @reason: enum svmd_reason, SVMD_REASON_NONE without a proposal.
 * @to: slot.
 * @policy: bit.
 * @bytes: how much of it should move.
 * @benefit_ns: for @bytes.
 * @copy_ns: for @bytes.
 * @wait_us: see &svmd_explanation.wait_us.
 */
struct svmd_proposal {
	enum svmd_why why;
	enum svmd_reason reason;
	uint8_t to;
	uint32_t policy;
	uint64_t bytes;
	double benefit_ns;
	double copy_ns;
	uint64_t wait_us;
};

/**
 * svmd_propose() - ask all policies, take the best, pass it through the gates
 * @view: the session.
 * @region: one of its regions.
 * @from: its slot, present.
 * @out: the answer.
 */
void svmd_propose(const struct svmd_view *view,
		  const struct svmd_region *region, uint8_t from,
		  struct svmd_proposal *out);

/**
 * svmd_gain_ns() - what moving @bytes of a region to @to brings, over the horizon
 * @reason: hot ones count the CPU's use only, if its device does not lose.
 */
double svmd_gain_ns(const struct svmd_view *view,
		    const struct svmd_region *region, enum svmd_reason reason,
		    uint8_t from, uint8_t to, uint64_t bytes);

/**
 * svmd_use_ns() - what a page's accesses take in a second, at @slot
 */
double svmd_use_ns(const struct svmd_view *view,
		   const struct svmd_region *region, uint8_t slot);

/**
 * enum svmd_exempt - gates that need not be passed
 */
enum svmd_exempt {
	SVMD_EXEMPT_NONE = 0,
	SVMD_EXEMPT_RESIDENCE = 1 << 0,
	SVMD_EXEMPT_PINGPONG = 1 << 1,
	SVMD_EXEMPT_STUCK = 1 << 2,
};

/**
 * svmd_gate() - hold, pinned, ODP, stuck, residence, ping-pong
 * @to: slot, or SVMD_SLOT_NONE if it is not known yet.
 * @exempt: mask of enum svmd_exempt.
 * @wait_us: how long the last three keep it yet; may be NULL.
 *
 * Returns SVMD_WHY_SETTLED if it passes.
 */
enum svmd_why svmd_gate(const struct svmd_view *view,
			const struct svmd_region *region, uint8_t from,
			uint8_t to, unsigned int exempt, uint64_t *wait_us);

/**
 * svmd_usable() - whether something may move to @slot at all
 */
static inline bool svmd_usable(const struct svmd_history *history, uint8_t slot)
{
	const struct svmd_slot *s = &history->slots[slot];

	return s->total && !s->stale && !s->held;
}

#endif /* SVMD_VIEW_H */
