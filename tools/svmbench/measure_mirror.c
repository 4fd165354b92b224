// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much memory the kernel keeps for a mirror of the page tables: bytes, not
 * time.
 */
#include "cleanup.h"
#include "measure.h"

static void plan(struct series *series, const char *no_device)
{
	char name[16];

	/* it is the same for all pages */
	if (series->job.kind != PAGES_4K)
		return;
	if (*no_device)
		series_skip(series, FIGURE_MIRROR, "%s", no_device);
	if (series->job.bytes < 2 * HUGE_BYTES || !series->job.device)
		return;
	series_device(series, name);
	series->figures[0] = series_add(series, FIGURE_MIRROR, name, "");
	if (series->figures[0])
		series->figures[0]->counts_bytes = true;
}

static void run_round(struct series *series)
{
	struct figure *figure = series->figures[0];
	bool again = true;
	uint64_t bytes = 0;
	int err;

	for (int i = 0; again && series_wants(figure); i++) {
		err = job_mirror(&series->job, &bytes);
		again = series_book(series, figure, i, err, bytes);
	}
}

static const uint64_t sizes[] = { (uint64_t)4 << 30 };

const struct measure measure_mirror = {
	.name = "mirror",
	.nr_sizes = ARRAY_SIZE(sizes),
	.sizes = sizes,
	.no_room = true,
	.columns = COLUMNS_MIRROR,
	.plan = plan,
	.round = run_round,
};
