/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Comparing a run with an earlier one, whose JSON was kept.
 */
#ifndef SVMBENCH_COMPARE_H
#define SVMBENCH_COMPARE_H

#include <stdio.h>

#include "figure.h"

struct compare;

/*
 * compare_open() - read what an earlier run printed
 * @out: it, to be freed by compare_free().
 * @path: the file.
 *
 * Returns 0, -EBADMSG if it is not what svmbench --json prints, or why it can't
 * be read.
 */
int compare_open(struct compare **out, const char *path);

void compare_free(struct compare *compare);

/*
 * struct comparison - a figure, then and now
 * @old: what it was then.
 * @ratio: how many times as fast it is now.
 * @spread: by how much @ratio may be off 1 without meaning anything: three times
 *	the median absolute deviations of both, in parts of their medians.
 */
struct comparison {
	struct summary old;
	double ratio;
	double spread;
};

/* Finds a figure in the earlier run; false if it has no such one. */
bool compare_figure(const struct compare *compare, const struct figure *figure,
		    struct comparison *comparison);

/* Is it beyond the spread? */
bool comparison_differs(const struct comparison *comparison);

/*
 * How many figures take more than @percent per cent more time than then. Whether
 * that is beyond the spread does not count: it is meant for what repeats.
 */
unsigned int compare_count_grown(const struct compare *compare,
				 const struct figures *figures, double percent);

/*
 * How many figures of the earlier run have none now, although their measure was
 * taken?
 */
unsigned int compare_count_gone(const struct compare *compare,
				const struct figures *figures);

/* Prints a line for each figure that both runs have. */
void compare_print(const struct compare *compare, const struct figures *figures,
		   FILE *out);

#endif /* SVMBENCH_COMPARE_H */
