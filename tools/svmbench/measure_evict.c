// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast a device is emptied by its administrator. It takes whatever is on the
 * device, whoever's it is, so nobody else's may be there.
 */
#include "cleanup.h"
#include "measure.h"

enum {
	ALL,
	STEPS,
};

static void plan(struct series *series, const char *no_device)
{
	char home[16], name[16];

	if (*no_device)
		series_skip(series, "all at once", "%s", no_device);
	if (!series->job.device)
		return;
	series_device(series, name);
	series_home(series, home);
	series->figures[ALL] = series_add(series, "all at once", name, home);
	series->figures[STEPS] = series_add(series, "2M a call", name, home);
}

static void run_one(struct series *series, unsigned int which, uint64_t step)
{
	struct figure *figure = series->figures[which];
	uint64_t ns = 0;
	bool again = true;
	int err;

	for (int i = 0; again && series_wants(figure); i++) {
		err = job_evict(&series->job, step, &ns);
		again = series_book(series, figure, i, err, ns);
	}
}

static void run_round(struct series *series)
{
	run_one(series, ALL, 0);
	run_one(series, STEPS, HUGE_BYTES);
}

static const uint64_t sizes[] = { 16 << 20, 256 << 20 };

const struct measure measure_evict = {
	.name = "evict",
	.nr_sizes = ARRAY_SIZE(sizes),
	.sizes = sizes,
	.copies = 1,
	.own_device = true,
	.columns = COLUMNS_MOVES,
	.plan = plan,
	.round = run_round,
};
