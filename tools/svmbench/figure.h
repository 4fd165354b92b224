/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures: what was measured, how fast it was, or why it was not measured.
 */
#ifndef SVMBENCH_FIGURE_H
#define SVMBENCH_FIGURE_H

#include <stdbool.h>
#include <stdint.h>

#include "latencies.h"
#include "memory.h"
#include "samples.h"

/*
 * struct figure - one line of the result
 * @measure: the name of the measure that it belongs to.
 * @what: constant text: "memcpy", "to device", …
 * @from: where the memory was, such as "node0".
 * @to: where it went; empty if it stayed.
 * @workers: how many did it at the same time,
 * @team: and what they were: "threads", …
 * @bytes: the size of the memory.
 * @operations: how many operations a sample has; 0 if it is one on the whole.
 * @part: it is a part of another figure: it has no rate, and is not drawn.
 * @counts_bytes: samples are bytes, not nanoseconds.
 * @kind: source pages that were asked for.
 * @huge_bytes: how much of the source was in huge pages: the least of all runs.
 * @retries: runs that were done over, because a page could not move for a
 *	moment.
 * @faults: page faults in all runs that count, for what has faults.
 * @samples: times of the runs that count.
 * @latencies: times of the single operations, for what has them.
 * @skipped: why it was not measured; empty if it was.
 * @failed: what went wrong; empty if nothing.
 */
struct figure {
	const char *measure;
	const char *what;
	char from[16];
	char to[16];
	unsigned int workers;
	const char *team;
	uint64_t bytes;
	uint64_t operations;
	bool part;
	bool counts_bytes;
	enum page_kind kind;
	uint64_t huge_bytes;
	unsigned int retries;
	uint64_t faults;
	struct samples samples;
	struct latencies latencies;
	char skipped[128];
	char failed[192];
};

/*
 * struct figures - the result
 * @nr: how many.
 * @list: pointers, which stay good when more are added.
 */
struct figures {
	size_t nr;
	struct figure **list;
};

/* Adds an empty one; NULL without memory. */
struct figure *figures_add(struct figures *figures);

/* Did any of them fail? */
bool figures_failed(const struct figures *figures);

/*
 * The memcpy of the same size, pages and workers, or NULL if it has no samples.
 */
const struct figure *figures_memcpy(const struct figures *figures,
				    const struct figure *figure);

void figures_free(struct figures *figures);

/* Of a figure that counts bytes: those for each 4 KiB of its memory. */
double figure_per_page(const struct figure *figure, uint64_t bytes);

/* Bytes a second, in units of 10^9. */
double figure_rate(const struct figure *figure, uint64_t ns);

#define FIGURE_MEMCPY "memcpy"
#define FIGURE_KERNEL_COPY "kernel copy"
#define FIGURE_MOVE_PAGES "move_pages"
#define FIGURE_COMPUTE "compute"
#define FIGURE_MIRROR "mirror"

#endif /* SVMBENCH_FIGURE_H */
