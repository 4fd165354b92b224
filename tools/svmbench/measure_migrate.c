// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast memory moves to a device and back, by one CPU, by two and by as many as
 * the module takes, beside plain memcpy, the kernel's own copy, move_pages(2) and the
 * kernel's own test device.
 */
#include <string.h>

#include "cleanup.h"
#include "copy_cpus.h"
#include "kernel_copy.h"
#include "measure.h"
#include "units.h"

enum {
	COPY,
	AWAY,
	HOME,
	TO_DEVICE,
	TO_SYSTEM,
	TOUCH,
	PEER_TO_DEVICE,
	PEER_TO_SYSTEM,
	PEER_TOUCH,
	MOVE_PHASES,
	/* by one CPU and more: two figures for each number of them, and one */
	BY_CPUS = MOVE_PHASES + 2 * PHASES,
	KERNEL_COPY = BY_CPUS + 2 * COPY_CPUS_MAX,
	FIGURES = KERNEL_COPY + COPY_CPUS_MAX,
};

_Static_assert(FIGURES <= SERIES_FIGURES, "room for all figures");

/* As many as there are, up to the number that targets are about. */
static unsigned int cpus_max(void)
{
	unsigned int nr = copy_cpus_online();

	return nr < COPY_CPUS_MAX ? nr : COPY_CPUS_MAX;
}

static struct figure *add_by_cpus(struct series *series, const char *what,
				  const char *from, const char *to,
				  unsigned int nr)
{
	struct figure *figure = series_add(series, what, from, to);

	if (!figure)
		return NULL;
	figure->workers = nr;
	figure->team = nr == 1 ? "CPU" : "CPUs";
	return figure;
}

static void plan_nodes(struct series *series)
{
	const struct bench *bench = series->bench;
	uint64_t bytes = series->job.bytes;
	char home[16], away[16], room[UNITS_MAX];

	if (bench->away < 0)
		return;
	if (node_free_bytes(bench->away) < bytes) {
		series_skip(series, FIGURE_MOVE_PAGES,
			    "node%d has only %s free", bench->away,
			    format_bytes(node_free_bytes(bench->away), room));
		return;
	}
	series_home(series, home);
	snprintf(away, sizeof(away), "node%d", bench->away);
	series->figures[AWAY] =
		series_add(series, FIGURE_MOVE_PAGES, home, away);
	series->figures[HOME] =
		series_add(series, FIGURE_MOVE_PAGES, away, home);
}

/* There, back and back by touching, from @first on. */
static void plan_device(struct series *series, unsigned int first,
			const char *name)
{
	char home[16];

	series_home(series, home);
	series->figures[first] = series_add(series, "to device", home, name);
	series->figures[first + 1] =
		series_add(series, "to system", name, home);
	series->figures[first + 2] =
		series_add(series, "fault back", name, home);
}

/* Which CPUs copy matters to large ranges only. */
static void plan_cpus(struct series *series)
{
	char home[16], name[16];
	int err;

	if (!series->job.device || series->job.bytes < PARTS_BYTES)
		return;
	err = copy_cpus_check();
	if (err) {
		series_skip(series, "by 1 CPU", "copy_cpus: %s",
			    strerror(-err));
		return;
	}
	series_home(series, home);
	series_device(series, name);
	for (unsigned int nr = 1; nr <= cpus_max(); nr++) {
		struct figure **figures =
			series->figures + BY_CPUS + (nr - 1) * 2;

		figures[0] = add_by_cpus(series, "to device", home, name, nr);
		figures[1] = add_by_cpus(series, "to system", name, home, nr);
	}
}

static void plan_kernel_copy(struct series *series)
{
	char home[16];

	if (!kernel_copy_here() || !kernel_copy_takes(series->job.bytes))
		return;
	series_home(series, home);
	for (unsigned int nr = 1; nr <= cpus_max(); nr++)
		series->figures[KERNEL_COPY + nr - 1] =
			add_by_cpus(series, FIGURE_KERNEL_COPY, home, home, nr);
}

static void plan(struct series *series, const char *no_device)
{
	char home[16], name[16];

	series_home(series, home);
	series->figures[COPY] = series_add(series, FIGURE_MEMCPY, home, home);
	plan_kernel_copy(series);
	plan_nodes(series);
	if (*no_device)
		series_skip(series, "to device", "%s", no_device);
	if (series->job.device)
		plan_device(series, TO_DEVICE, series_device(series, name));
	plan_cpus(series);
	if (series_traces(series))
		series_add_move_phases(series, MOVE_PHASES);
	if (series->bench->peer.here)
		plan_device(series, PEER_TO_DEVICE, PEER_NAME);
}

static void run_memcpy(struct series *series)
{
	uint64_t ns = 0;
	int err;

	if (!series_wants(series->figures[COPY]))
		return;
	err = job_memcpy(&series->job, &ns);
	series_book(series, series->figures[COPY], ATTEMPTS, err, ns);
}

static void run_nodes(struct series *series)
{
	uint64_t away = 0, home = 0;
	bool again = true;
	int err;

	for (int i = 0; again && series_wants(series->figures[AWAY]); i++) {
		err = job_move_pages(&series->job, &away, &home);
		again = series_book(series, series->figures[AWAY], i, err,
				    away);
		if (!again && !err)
			series_book(series, series->figures[HOME], i, 0, home);
	}
}

static void run_migrate(struct series *series, unsigned int first,
			const struct mover *mover)
{
	uint64_t there = 0, back = 0;
	bool again = true;
	int err;

	for (int i = 0; again && series_wants(series->figures[first]); i++) {
		err = job_migrate(&series->job, mover, &there, &back);
		again = series_book(series, series->figures[first], i, err,
				    there);
		if (!again && !err)
			series_book(series, series->figures[first + 1], i, 0,
				    back);
	}
}

static void run_touch(struct series *series, unsigned int first,
		      const struct mover *mover)
{
	uint64_t there = 0, back = 0, faults = 0;
	bool again = true;
	int err;

	for (int i = 0; again && series_wants(series->figures[first]); i++) {
		err = job_sequential(&series->job, mover, &there, &back,
				     &faults);
		again = series_book(series, series->figures[first], i, err,
				    there);
		if (again || err)
			continue;
		series_book(series, series->figures[first + 2], i, 0, back);
		if (series->counts && series->figures[first + 2])
			series->figures[first + 2]->faults += faults;
	}
}

static void run_by_cpus(struct series *series, unsigned int nr)
{
	struct figure **figures = series->figures + BY_CPUS + (nr - 1) * 2;
	uint64_t there = 0, back = 0;
	bool again = true;
	int err;

	for (int i = 0; again && series_wants(figures[0]); i++) {
		err = job_migrate_by_cpus(&series->job, nr, &there, &back);
		again = series_book(series, figures[0], i, err, there);
		if (!again && !err)
			series_book(series, figures[1], i, 0, back);
	}
}

static void run_kernel_copy(struct series *series, unsigned int nr)
{
	struct figure *figure = series->figures[KERNEL_COPY + nr - 1];
	uint64_t ns = 0;
	int err;

	if (!series_wants(figure))
		return;
	err = job_kernel_copy(&series->job, nr, &ns);
	series_book(series, figure, ATTEMPTS, err, ns);
}

static void run_round(struct series *series)
{
	run_memcpy(series);
	for (unsigned int nr = 1; nr <= COPY_CPUS_MAX; nr++) {
		run_kernel_copy(series, nr);
		run_by_cpus(series, nr);
	}
	run_nodes(series);
	run_migrate(series, TO_DEVICE, &mover_svm);
	run_touch(series, TO_DEVICE, &mover_svm);
	run_migrate(series, PEER_TO_DEVICE, &mover_peer);
	run_touch(series, PEER_TO_DEVICE, &mover_peer);
}

static void run_traced(struct series *series)
{
	series_run_phases(series, MOVE_PHASES, 2, job_migrate_in_phases);
}

static const uint64_t sizes[] = { 64 << 10, 1 << 20, 16 << 20, 256 << 20 };

const struct measure measure_migrate = {
	.name = "migrate",
	.nr_sizes = ARRAY_SIZE(sizes),
	.sizes = sizes,
	.copies = 2,
	.columns = COLUMNS_MOVES | 1 << COLUMN_TEAM,
	.plan = plan,
	.round = run_round,
	.traced = run_traced,
	.whose = PHASES_OF_THREAD,
};
