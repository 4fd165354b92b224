/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history: what svmd_decide() carries from round to round, and its
 * workspace. For the files of the deciding half only; others see decide.h.
 *
 * A place has a slot as long as it is in the snapshots (and after it, until the
 * slot is needed), so that what was learnt of it is found by index.
 *
 * Locking: none. Limits: all of fixed size, see svmd_history_size().
 */
#ifndef SVMD_HISTORY_H
#define SVMD_HISTORY_H

#include "decide.h"
#include "shortlist.h"

#define SVMD_SLOT_NONE 0xff

/* The row of costs for a session that runs on no node in particular. */
#define SVMD_ROW_ANY SVMD_PLACES_MAX
#define SVMD_ROWS (SVMD_PLACES_MAX + 1)

/* Live decisions and dry-run ones don't take each other's room and quota. */
#define SVMD_MODES 2

/* Steps, two for each doubling, in which coldness is told apart at first. */
#define SVMD_COLDNESS 128

/**
 * struct svmd_slot - a place
 * @name: SVMD_PLACE_NONE in a free slot.
 * @present: in this round's snapshot.
 * @last_round: when it last was.
 *
 * From the snapshot of this round:
 * @is_device, @has_cpu, @coherent, @held, @stale, @total, @free, @psi
 * @memory_ns: of an access to its memory from the nearest user.
 * @line_ns: time for a cache line at its bandwidth.
 * @link_ns: devices: of an access to the memory of @near.
 * @near: devices: slot of the node next to it.
 * @nearest: nodes: distance from the nearest CPUs.
 * @rated: whether its bandwidth is known.
 * @limits: watermarks and quotas in force.
 *
 * Carried:
 * @evicting: between the watermarks, coming from below.
 * @debt_in_us: copy time beyond what was expected, not yet paid.
 * @debt_out_us: the same, out.
 * @bytes_in: decided so far.
 * @bytes_out: the same, out.
 * @tier: see struct svmd_place_state.
 */
struct svmd_slot {
	svmd_place name;
	bool present;
	bool is_device;
	bool has_cpu;
	bool coherent;
	bool held;
	bool stale;
	uint64_t last_round;
	uint64_t total;
	uint64_t free;
	double psi;
	double memory_ns;
	double line_ns;
	double link_ns;
	double nearest;
	uint8_t near;
	bool rated;
	struct svmd_limits limits;

	bool evicting;
	double debt_in_us;
	double debt_out_us;
	uint64_t bytes_in;
	uint64_t bytes_out;
	int tier;
};

/**
 * struct svmd_budget - what may still be done with a place in this round
 * @room: bytes that may come in; below 0 if it is fuller than it should be.
 * @in: quota of bytes.
 * @out: the same, out.
 * @in_us: quota of copy time.
 * @out_us: the same, out.
 * @want: bytes of which others are to make room.
 * @want_pressure: of these, because of the watermarks.
 * @want_request: of these, because somebody asked.
 * @coldest: regions up to this step of coldness are looked at for it.
 * @next: the coldest victim here that is not used up; the others are chained
 *	to it by &svmd_entry.order. SVMD_CHAIN_END without one.
 * @last: end of the chain.
 * @closed: those that are left are not worth it, or may not leave any more.
 */
struct svmd_budget {
	int64_t room;
	uint64_t in;
	uint64_t out;
	double in_us;
	double out_us;
	uint64_t want;
	uint64_t want_pressure;
	uint64_t want_request;
	uint32_t coldest;
	uint32_t next;
	uint32_t last;
	bool closed;
};

#define SVMD_CHAIN_END UINT32_MAX

/*
 * What was learnt of copies from one slot to another; byte_ns 0 is nothing.
 * @fresh: something was copied since the last round.
 */
struct svmd_learnt {
	float byte_ns;
	bool fresh;
	uint32_t moves;
	uint64_t bytes;
};

struct svmd_history {
	uint64_t round;
	uint64_t last_us;
	uint32_t max_decisions;
	struct svmd_counters counters;

	/* By kind and number: node or device to slot. */
	uint8_t slot_of[2][SVMD_PLACE_ID_MAX + 1];
	struct svmd_slot slots[SVMD_PLACES_MAX];
	struct svmd_learnt learnt[SVMD_PLACES_MAX][SVMD_PLACES_MAX];

	/* Of this round. */
	uint8_t slots_present[SVMD_PLACES_MAX];
	uint32_t nr_present;
	float cost[SVMD_ROWS][SVMD_PLACES_MAX];
	uint8_t order[SVMD_ROWS][SVMD_PLACES_MAX];
	uint32_t nr_order;
	double round_s;
	struct svmd_budget budgets[SVMD_MODES][SVMD_PLACES_MAX];
	uint64_t cold[SVMD_MODES][SVMD_PLACES_MAX][SVMD_COLDNESS];
	struct svmd_shortlist candidates;
	struct svmd_shortlist victims;
	struct svmd_decision *decisions;
	uint32_t nr_decisions;
};

/**
 * svmd_history_slot() - slot of a place, or SVMD_SLOT_NONE
 */
uint8_t svmd_history_slot(const struct svmd_history *history, svmd_place place);

/**
 * svmd_history_begin() - take the places of a snapshot over
 *
 * Fills slots, costs and orders; does not touch budgets.
 */
void svmd_history_begin(struct svmd_history *history,
			const struct svmd_snapshot *snapshot,
			const struct svmd_config *config);

/**
 * svmd_cost_fill() - reckon what an access costs, for each user and place
 *
 * After svmd_history_begin(). Fills @cost, @order and the tiers.
 */
void svmd_cost_fill(struct svmd_history *history,
		    const struct svmd_snapshot *snapshot,
		    const struct svmd_config *config);

/**
 * svmd_history_copy_ns() - what a copy is expected to take
 */
double svmd_history_copy_ns(const struct svmd_history *history,
			    const struct svmd_config *config, uint8_t from,
			    uint8_t to, uint64_t bytes);

#endif /* SVMD_HISTORY_H */
