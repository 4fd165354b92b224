// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the cost grows: with the size, and with threads, contexts and processes
 * that move their parts of the memory at the same time.
 */
#include "cleanup.h"
#include "measure.h"
#include "together.h"

/* Only up to this size by several: what they lose to each other shows by then. */
#define TOGETHER_BYTES ((uint64_t)256 << 20)

static const struct team {
	enum workers_kind kind;
	unsigned int nr;
	const char *name;
} teams[] = {
	{ WORKERS_THREADS, 1, "thread" },
	{ WORKERS_THREADS, 2, "threads" },
	{ WORKERS_THREADS, 4, "threads" },
	{ WORKERS_CONTEXTS, 2, "contexts" },
	{ WORKERS_CONTEXTS, 4, "contexts" },
	{ WORKERS_PROCESSES, 2, "processes" },
	{ WORKERS_PROCESSES, 4, "processes" },
};

/* Of a team. */
enum {
	COPY,
	TO_DEVICE,
	TO_SYSTEM,
	FIGURES,
};

/* Of one thread, behind the teams. */
#define MOVE_PHASES (FIGURES * ARRAY_SIZE(teams))

_Static_assert(MOVE_PHASES + 2 * PHASES <= SERIES_FIGURES,
	       "room for all figures");

static void add(struct series *series, unsigned int i, unsigned int which,
		const char *what, const char *from, const char *to)
{
	struct figure *figure = series_add(series, what, from, to);

	series->figures[i * FIGURES + which] = figure;
	if (!figure)
		return;
	figure->workers = teams[i].nr;
	figure->team = teams[i].name;
}

static void plan_team(struct series *series, unsigned int i)
{
	const struct team *team = &teams[i];
	uint64_t unit = series->job.kind == PAGES_HUGE ? HUGE_BYTES : 4096;
	char home[16], name[16];

	if (team->nr > 1 && (series->job.bytes > TOGETHER_BYTES ||
			     series->job.bytes % (unit * team->nr)))
		return;
	series_home(series, home);
	if (team->kind == WORKERS_THREADS)
		add(series, i, COPY, FIGURE_MEMCPY, home, home);
	if (!series->job.device)
		return;
	series_device(series, name);
	add(series, i, TO_DEVICE, "to device", home, name);
	add(series, i, TO_SYSTEM, "to system", name, home);
}

static void plan(struct series *series, const char *no_device)
{
	if (*no_device)
		series_skip(series, "to device", "%s", no_device);
	for (unsigned int i = 0; i < ARRAY_SIZE(teams); i++)
		plan_team(series, i);
	if (series_traces(series))
		series_add_move_phases(series, MOVE_PHASES);
}

static void run_team(struct series *series, unsigned int i)
{
	struct figure **figures = series->figures + i * FIGURES;
	const cpu_set_t *cpus = &series->bench->environment.allowed;
	/* the one that takes the blame */
	struct figure *first = figures[COPY] ? figures[COPY]
					     : figures[TO_DEVICE];
	struct together_times times = { 0 };
	bool again = true;
	int err;

	for (int try = 0; again && series_wants(first); try++) {
		err = job_together(&series->job, teams[i].kind, teams[i].nr,
				   cpus, &times);
		again = series_book(series, first, try, err,
				    figures[COPY] ? times.copy
						  : times.to_device);
		if (again || err)
			continue;
		if (first != figures[TO_DEVICE])
			series_book(series, figures[TO_DEVICE], try, 0,
				    times.to_device);
		series_book(series, figures[TO_SYSTEM], try, 0,
			    times.to_system);
	}
}

static void run_round(struct series *series)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(teams); i++)
		run_team(series, i);
}

static void run_traced(struct series *series)
{
	series_run_phases(series, MOVE_PHASES, 2, job_migrate_in_phases);
}

static const uint64_t sizes[] = { 64 << 20, 256 << 20, 1 << 30,
				  (uint64_t)2 << 30 };

const struct measure measure_scale = {
	.name = "scale",
	.nr_sizes = ARRAY_SIZE(sizes),
	.sizes = sizes,
	.copies = 2,
	.columns = COLUMNS_SCALE,
	.plan = plan,
	.round = run_round,
	.traced = run_traced,
	.whose = PHASES_OF_THREAD,
};
