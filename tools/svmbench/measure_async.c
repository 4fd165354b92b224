// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether a move in the background leaves the CPU to who computes: how long each
 * takes alone, and both together.
 */
#include "cleanup.h"
#include "measure.h"
#include "overlap.h"

enum {
	TO_DEVICE,
	TO_SYSTEM,
	COMPUTE,
	TO_DEVICE_BESIDE,
	TO_SYSTEM_BESIDE,
	MOVE_PHASES,
};

static void plan(struct series *series, const char *no_device)
{
	struct figure **figures = series->figures;
	char home[16], name[16];

	if (*no_device)
		series_skip(series, "to device", "%s", no_device);
	if (!series->job.device)
		return;
	if (series->bench->environment.cpus < 2) {
		series_skip(series, "to device", "takes two CPUs");
		return;
	}
	series_home(series, home);
	series_device(series, name);
	figures[TO_DEVICE] = series_add(series, "to device", home, name);
	figures[TO_SYSTEM] = series_add(series, "to system", name, home);
	figures[COMPUTE] = series_add(series, FIGURE_COMPUTE, "", "");
	figures[TO_DEVICE_BESIDE] =
		series_add(series, "to device, computing", home, name);
	figures[TO_SYSTEM_BESIDE] =
		series_add(series, "to system, computing", name, home);
	if (series_traces(series))
		series_add_move_phases(series, MOVE_PHASES);
}

static void run_round(struct series *series)
{
	const cpu_set_t *cpus = &series->bench->environment.allowed;
	struct figure **figures = series->figures;
	struct overlap_times times = { 0 };
	bool again = true;
	int err;

	for (int i = 0; again && series_wants(figures[TO_DEVICE]); i++) {
		err = job_overlap(&series->job, cpus, &times);
		again = series_book(series, figures[TO_DEVICE], i, err,
				    times.to_device);
		if (again || err)
			continue;
		series_book(series, figures[TO_SYSTEM], i, 0, times.to_system);
		series_book(series, figures[COMPUTE], i, 0, times.compute);
		series_book(series, figures[TO_DEVICE_BESIDE], i, 0,
			    times.to_device_beside);
		series_book(series, figures[TO_SYSTEM_BESIDE], i, 0,
			    times.to_system_beside);
	}
}

static void run_traced(struct series *series)
{
	series_run_phases(series, MOVE_PHASES, 2, job_overlap_in_phases);
}

static const uint64_t sizes[] = { 64 << 20, 256 << 20 };

const struct measure measure_async = {
	.name = "async",
	.nr_sizes = ARRAY_SIZE(sizes),
	.sizes = sizes,
	.copies = 1,
	.columns = COLUMNS_MOVES & ~(1u << COLUMN_RATIO),
	.plan = plan,
	.round = run_round,
	.traced = run_traced,
	/* a worker of the kernel's does it */
	.whose = PHASES_OF_ALL,
};
