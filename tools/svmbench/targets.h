/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The targets: ratios between figures of one run, that are to be reached. Which
 * they are is in targets.c; what they are for, in docs/PERFORMANCE.md.
 *
 * A target for which a figure is missing (no test_hmm, no svm_copy_rate, say) is not
 * reached.
 */
#ifndef SVMBENCH_TARGETS_H
#define SVMBENCH_TARGETS_H

#include <stdio.h>

#include "figure.h"

/*
 * struct target - what came of one
 * @name: what it is about.
 * @bytes: the figures are bytes, not nanoseconds.
 * @ours: the figure, for all of it.
 * @reference: what it is compared with; 0 for none.
 * @ratio: how many times as fast, or as small, @ours is.
 * @want: what @ratio is to be at least.
 * @missing: it can't be told: a figure was not measured.
 * @lacks: which, if so.
 */
struct target {
	const char *name;
	bool bytes;
	uint64_t ours;
	uint64_t reference;
	double ratio;
	double want;
	bool missing;
	char lacks[96];
};

size_t targets_count(void);

/* Works out number @index from the figures. */
struct target target_of(const struct figures *figures, size_t index);

bool target_reached(const struct target *target);

/* Prints all. Returns how many were not reached. */
unsigned int targets_print(const struct figures *figures, FILE *out);

#endif /* SVMBENCH_TARGETS_H */
