// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Percentiles by the nearest rank: each is a time that really was measured.
 */
#include "latencies.h"

#include <math.h>
#include <stdlib.h>

#include "samples.h"

void latencies_add(struct latencies *latencies, uint64_t ns)
{
	if (latencies->nr == latencies->room) {
		size_t room = latencies->room ? 2 * latencies->room : 256;
		uint64_t *list =
			reallocarray(latencies->ns, room, sizeof(*list));

		if (!list)
			return;
		latencies->ns = list;
		latencies->room = room;
	}
	latencies->ns[latencies->nr++] = ns;
}

void latencies_sort(struct latencies *latencies)
{
	if (latencies->nr)
		qsort(latencies->ns, latencies->nr, sizeof(*latencies->ns),
		      compare_ns);
}

uint64_t latencies_percentile(const struct latencies *latencies, double percent)
{
	size_t rank;

	if (!latencies->nr)
		return 0;
	rank = (size_t)ceil(percent / 100 * (double)latencies->nr);
	if (rank < 1)
		rank = 1;
	if (rank > latencies->nr)
		rank = latencies->nr;
	return latencies->ns[rank - 1];
}

void latencies_free(struct latencies *latencies)
{
	free(latencies->ns);
	*latencies = (struct latencies){ 0 };
}
