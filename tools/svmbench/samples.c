// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Median and spread: figures that one slow run among many does not move.
 */
#include "samples.h"

#include <stdlib.h>
#include <string.h>

void samples_add(struct samples *samples, uint64_t ns)
{
	if (samples->nr < SAMPLES_MAX)
		samples->ns[samples->nr++] = ns;
}

int compare_ns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Sorts the values. */
static uint64_t median(uint64_t *values, size_t nr)
{
	uint64_t low, high;

	qsort(values, nr, sizeof(*values), compare_ns);
	low = values[(nr - 1) / 2];
	high = values[nr / 2];
	return low + (high - low) / 2;
}

struct summary samples_summary(const struct samples *samples)
{
	struct summary summary = { .nr = samples->nr };
	uint64_t values[SAMPLES_MAX];

	if (!samples->nr)
		return summary;
	memcpy(values, samples->ns, samples->nr * sizeof(values[0]));
	summary.median = median(values, samples->nr);
	summary.min = values[0];
	summary.max = values[samples->nr - 1];
	for (size_t i = 0; i < samples->nr; i++)
		values[i] = values[i] > summary.median
				    ? values[i] - summary.median
				    : summary.median - values[i];
	summary.mad = median(values, samples->nr);
	return summary;
}
