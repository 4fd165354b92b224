/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times of many single operations, and how they are distributed.
 */
#ifndef SVMBENCH_LATENCIES_H
#define SVMBENCH_LATENCIES_H

#include <stddef.h>
#include <stdint.h>

/* Any number of them; those for which there is no memory are left out. */
struct latencies {
	size_t nr;
	size_t room;
	uint64_t *ns;
};

void latencies_add(struct latencies *latencies, uint64_t ns);

/* To be called before latencies_percentile(), and after the last one was added. */
void latencies_sort(struct latencies *latencies);

/*
 * The least of them that at least @percent per cent are not above; 0 if there
 * are none. @percent may be anything from 0 (the least) to 100 (the most).
 */
uint64_t latencies_percentile(const struct latencies *latencies,
			      double percent);

void latencies_free(struct latencies *latencies);

#endif /* SVMBENCH_LATENCIES_H */
