/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples of a measurement, and what they come to.
 */
#ifndef SVMBENCH_SAMPLES_H
#define SVMBENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/* More than any command takes of one thing. */
#define SAMPLES_MAX 1024

struct samples {
	size_t nr;
	uint64_t ns[SAMPLES_MAX];
};

/*
 * struct summary - samples in a few numbers, in nanoseconds
 * @nr: how many there were; with 0 the others are 0.
 * @median: the middle one, or the mean of the two in the middle.
 * @mad: median absolute deviation from the median: half of the samples are no
 *	further from it than this.
 */
struct summary {
	size_t nr;
	uint64_t min;
	uint64_t max;
	uint64_t median;
	uint64_t mad;
};

/* Those beyond SAMPLES_MAX are left out. */
void samples_add(struct samples *samples, uint64_t ns);

/* Orders times, for qsort(). */
int compare_ns(const void *a, const void *b);

struct summary samples_summary(const struct samples *samples);

#endif /* SVMBENCH_SAMPLES_H */
