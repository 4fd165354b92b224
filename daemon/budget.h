/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Budgets: room, and quotas of bytes and time, of each place in a round.
 *
 * A quota is what a round may have, by the time since the last one; what was
 * not used is not kept. So over any number of rounds no more is moved than the
 * quota times their time.
 */
#ifndef SVMD_BUDGET_H
#define SVMD_BUDGET_H

#include "history.h"

/* A region is cut where huge pages are ... */
#define SVMD_CUT (2ULL << 20)
/* ... or here, where a round's quota is not much more than that. */
#define SVMD_CUT_SMALL (64ULL << 10)

/**
 * svmd_budget_begin() - budgets of a new round; sets the watermarks' latches
 */
void svmd_budget_begin(struct svmd_history *history);

/**
 * svmd_budget_quota() - how much of @length the quotas allow
 * @history: the history.
 * @mode: 0 live, 1 dry-run.
 * @from: slot.
 * @to: slot.
 * @byte_ns: what a byte's copy takes.
 * @length: bytes wanted; receives bytes allowed.
 *
 * Returns SVMD_WHY_SETTLED, or SVMD_WHY_QUOTA_BYTES or SVMD_WHY_QUOTA_TIME if
 * not all is allowed: then @length is less, perhaps 0.
 */
enum svmd_why svmd_budget_quota(const struct svmd_history *history,
				unsigned int mode, uint8_t from, uint8_t to,
				double byte_ns, uint64_t *length);

/**
 * svmd_budget_take() - book a move
 */
void svmd_budget_take(struct svmd_history *history, unsigned int mode,
		      uint8_t from, uint8_t to, uint64_t bytes, double us);

/**
 * svmd_budget_return() - take a booking back
 */
void svmd_budget_return(struct svmd_history *history, unsigned int mode,
			uint8_t from, uint8_t to, uint64_t bytes, double us);

/**
 * svmd_budget_grain() - where regions are cut that move from one place to another
 * @rate: bytes that the session may have moved in this round.
 *
 * Returns SVMD_CUT or SVMD_CUT_SMALL.
 */
uint64_t svmd_budget_grain(const struct svmd_history *history, uint8_t from,
			   uint8_t to, uint64_t rate);

/**
 * svmd_budget_cut() - how much of @length to take if only @most are allowed
 * @start: where it begins.
 * @grain: where it may end: at multiples of this.
 *
 * Returns @length if that is allowed, less, or 0 if it can't be cut so short.
 */
uint64_t svmd_budget_cut(uint64_t start, uint64_t length, uint64_t most,
			 uint64_t grain);

#endif /* SVMD_BUDGET_H */
