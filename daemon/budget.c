// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Budgets: see budget.h. No lock, no allocation.
 */
#include <math.h>
#include <string.h>

#include "budget.h"

/* With less than so many huge pages a round, they are split. */
#define GRAINS_MIN 4

static uint64_t percent_of(uint64_t total, double percent)
{
	return (uint64_t)((double)total * percent / 100);
}

/* Debt is paid from the allowance, and what is left of both remains. */
static double pay(double *debt_us, double allowance_us)
{
	double paid = fmin(*debt_us, allowance_us);

	*debt_us -= paid;
	return allowance_us - paid;
}

void svmd_budget_begin(struct svmd_history *history)
{
	uint32_t i, mode;

	memset(history->budgets, 0, sizeof(history->budgets));
	for (i = 0; i < history->nr_present; i++) {
		uint8_t s = history->slots_present[i];
		struct svmd_slot *slot = &history->slots[s];
		uint64_t start =
			percent_of(slot->total, slot->limits.evict_start);
		uint64_t stop =
			percent_of(slot->total, slot->limits.evict_stop);
		struct svmd_budget *b = &history->budgets[0][s];

		if (!slot->total)
			slot->evicting = false;
		else if (!slot->stale && slot->free < start)
			slot->evicting = true;
		else if (!slot->stale && slot->free >= stop)
			slot->evicting = false;

		b->room = (int64_t)slot->free - (int64_t)stop;
		b->in = (uint64_t)((double)slot->limits.quota_bytes *
				   history->round_s);
		b->out = b->in;
		b->in_us = (double)slot->limits.quota_us * history->round_s;
		b->out_us = pay(&slot->debt_out_us, b->in_us);
		b->in_us = pay(&slot->debt_in_us, b->in_us);
		if (slot->evicting && !slot->stale)
			b->want_pressure = stop - slot->free;
		for (mode = 0; mode < SVMD_MODES; mode++) {
			history->budgets[mode][s] = *b;
			history->budgets[mode][s].next = SVMD_CHAIN_END;
			history->budgets[mode][s].last = SVMD_CHAIN_END;
		}
	}
}

enum svmd_why svmd_budget_quota(const struct svmd_history *history,
				unsigned int mode, uint8_t from, uint8_t to,
				double byte_ns, uint64_t *length)
{
	const struct svmd_budget *in = &history->budgets[mode][to];
	const struct svmd_budget *out = &history->budgets[mode][from];
	uint64_t most = in->in < out->out ? in->in : out->out;
	double us = fmin(in->in_us, out->out_us);
	enum svmd_why why = SVMD_WHY_SETTLED;

	if (*length > most) {
		*length = most;
		why = SVMD_WHY_QUOTA_BYTES;
	}
	if ((double)*length * byte_ns > us * 1e3) {
		*length = us > 0 ? (uint64_t)(us * 1e3 / byte_ns) : 0;
		why = SVMD_WHY_QUOTA_TIME;
	}
	return why;
}

void svmd_budget_take(struct svmd_history *history, unsigned int mode,
		      uint8_t from, uint8_t to, uint64_t bytes, double us)
{
	struct svmd_budget *in = &history->budgets[mode][to];
	struct svmd_budget *out = &history->budgets[mode][from];

	in->room -= (int64_t)bytes;
	in->in -= bytes;
	in->in_us -= us;
	out->room += (int64_t)bytes;
	out->out -= bytes;
	out->out_us -= us;
}

void svmd_budget_return(struct svmd_history *history, unsigned int mode,
			uint8_t from, uint8_t to, uint64_t bytes, double us)
{
	struct svmd_budget *in = &history->budgets[mode][to];
	struct svmd_budget *out = &history->budgets[mode][from];

	in->room += (int64_t)bytes;
	in->in += bytes;
	in->in_us += us;
	out->room -= (int64_t)bytes;
	out->out += bytes;
	out->out_us += us;
}

uint64_t svmd_budget_grain(const struct svmd_history *history, uint8_t from,
			   uint8_t to, uint64_t rate)
{
	double a = (double)history->slots[from].limits.quota_bytes;
	double b = (double)history->slots[to].limits.quota_bytes;
	double quota = fmin(fmin(a, b) * history->round_s, (double)rate);

	return quota < (double)GRAINS_MIN * SVMD_CUT ? SVMD_CUT_SMALL
						     : SVMD_CUT;
}

uint64_t svmd_budget_cut(uint64_t start, uint64_t length, uint64_t most,
			 uint64_t grain)
{
	uint64_t end;

	if (length <= most)
		return length;
	end = (start + most) & ~(grain - 1);
	return end > start ? end - start : 0;
}
