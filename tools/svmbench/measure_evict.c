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
	ALL_PHASES,
	STEPS_PHASES = ALL_PHASES + PHASES,
};

static void plan_phases(struct series *series, const char *name,
			const char *home)
{
	static const char *const all[PHASES] = {
		"all at once: setup",
		"all at once: replace",
		"all at once: finalize",
		"all at once: rest",
	};
	static const char *const steps[PHASES] = {
		"2M a call: setup",
		"2M a call: replace",
		"2M a call: finalize",
		"2M a call: rest",
	};

	if (!series_traces(series))
		return;
	series_add_phases(series, ALL_PHASES, all, name, home, 0);
	series_add_phases(series, STEPS_PHASES, steps, name, home, 0);
}

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
	plan_phases(series, name, home);
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

static void run_traced(struct series *series)
{
	series_run_phases(series, ALL_PHASES, 1, job_evict_in_phases);
	series_run_phases(series, STEPS_PHASES, 1,
			  job_evict_by_huge_page_in_phases);
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
	.traced = run_traced,
	.whose = PHASES_OF_THREAD,
};
