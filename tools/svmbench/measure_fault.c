// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What it costs the CPU to touch memory on a device: here and there, one page at
 * a time, and all of it in order.
 */
#include "cleanup.h"
#include "measure.h"

enum {
	RANDOM,
	SEQUENTIAL,
	PEER_RANDOM,
	PEER_SEQUENTIAL,
	RANDOM_PHASES,
	SEQUENTIAL_PHASES = RANDOM_PHASES + PHASES,
};

static void plan_device(struct series *series, unsigned int first,
			const char *name)
{
	struct figure *random, *sequential;
	char home[16];

	series_home(series, home);
	random = series_add(series, "random", name, home);
	sequential = series_add(series, "sequential", name, home);
	if (random)
		random->operations = job_random_faults(&series->job);
	series->figures[first] = random;
	series->figures[first + 1] = sequential;
}

static void plan_phases(struct series *series)
{
	static const char *const random[PHASES] = {
		"random: setup",
		"random: replace",
		"random: finalize",
		"random: rest",
	};
	static const char *const sequential[PHASES] = {
		"sequential: setup",
		"sequential: replace",
		"sequential: finalize",
		"sequential: rest",
	};
	char home[16], name[16];

	if (!series_traces(series))
		return;
	series_home(series, home);
	series_device(series, name);
	series_add_phases(series, RANDOM_PHASES, random, name, home,
			  job_random_faults(&series->job));
	series_add_phases(series, SEQUENTIAL_PHASES, sequential, name, home, 0);
}

static void plan(struct series *series, const char *no_device)
{
	char name[16];

	if (*no_device)
		series_skip(series, "random", "%s", no_device);
	if (series->job.device)
		plan_device(series, RANDOM, series_device(series, name));
	plan_phases(series);
	if (series->bench->peer.here)
		plan_device(series, PEER_RANDOM, PEER_NAME);
}

/* Latencies of a run that did not come off are no sample: they go apart first. */
static void run_random(struct series *series, unsigned int first,
		       const struct mover *mover)
{
	struct figure *figure = series->figures[first];
	uint64_t there = 0, ns = 0;
	bool again = true;
	size_t before;
	int err;

	for (int i = 0; again && series_wants(figure); i++) {
		before = figure->latencies.nr;
		err = job_random(&series->job, mover, &there, &ns,
				 series->counts ? &figure->latencies : NULL);
		if (err)
			figure->latencies.nr = before;
		again = series_book(series, figure, i, err, ns);
	}
}

static void run_sequential(struct series *series, unsigned int first,
			   const struct mover *mover)
{
	struct figure *figure = series->figures[first + 1];
	uint64_t there = 0, back = 0, faults = 0;
	bool again = true;
	int err;

	for (int i = 0; again && series_wants(figure); i++) {
		err = job_sequential(&series->job, mover, &there, &back,
				     &faults);
		again = series_book(series, figure, i, err, back);
		if (!again && !err && series->counts)
			figure->faults += faults;
	}
}

static void run_round(struct series *series)
{
	run_random(series, RANDOM, &mover_svm);
	run_sequential(series, RANDOM, &mover_svm);
	run_random(series, PEER_RANDOM, &mover_peer);
	run_sequential(series, PEER_RANDOM, &mover_peer);
}

static void run_traced(struct series *series)
{
	series_run_phases(series, RANDOM_PHASES, 1, job_random_in_phases);
	series_run_phases(series, SEQUENTIAL_PHASES, 1,
			  job_sequential_in_phases);
}

static const uint64_t sizes[] = { 16 << 20, 256 << 20 };

const struct measure measure_fault = {
	.name = "fault",
	.nr_sizes = ARRAY_SIZE(sizes),
	.sizes = sizes,
	.copies = 2,
	.columns = COLUMNS_FAULTS,
	.plan = plan,
	.round = run_round,
	.traced = run_traced,
	.whose = PHASES_OF_THREAD,
};
