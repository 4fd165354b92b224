// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast memory moves to a device and back, beside plain memcpy, move_pages(2)
 * and the kernel's own test device.
 */
#include <string.h>

#include "cleanup.h"
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
	PHASES_THERE,
	PHASES_BACK = PHASES_THERE + PHASES,
};

/* With less there is little to tell, and tracing takes a part of it. */
#define PHASES_BYTES ((uint64_t)8 << 20)

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

static void plan_phases(struct series *series)
{
	static const char *const what[2][PHASES] = {
		{ "to device: setup", "to device: replace",
		  "to device: finalize", "to device: rest" },
		{ "to system: setup", "to system: replace",
		  "to system: finalize", "to system: rest" },
	};
	char home[16], name[16];
	int err;

	if (!series->job.device || series->job.bytes < PHASES_BYTES)
		return;
	err = phases_start();
	if (err) {
		series_skip(series, "phases", "the tracer: %s", strerror(-err));
		return;
	}
	phases_stop((uint64_t[PHASES]){ 0 });
	series_home(series, home);
	series_device(series, name);
	for (unsigned int i = 0; i < PHASES; i++) {
		series->figures[PHASES_THERE + i] =
			series_add(series, what[0][i], home, name);
		series->figures[PHASES_BACK + i] =
			series_add(series, what[1][i], name, home);
		if (series->figures[PHASES_THERE + i])
			series->figures[PHASES_THERE + i]->part = true;
		if (series->figures[PHASES_BACK + i])
			series->figures[PHASES_BACK + i]->part = true;
	}
}

static void plan(struct series *series, const char *no_device)
{
	char home[16], name[16];

	series_home(series, home);
	series->figures[COPY] = series_add(series, FIGURE_MEMCPY, home, home);
	plan_nodes(series);
	if (*no_device)
		series_skip(series, "to device", "%s", no_device);
	if (series->job.device)
		plan_device(series, TO_DEVICE, series_device(series, name));
	plan_phases(series);
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

static void run_phases(struct series *series)
{
	struct figure **there = series->figures + PHASES_THERE;
	struct figure **back = series->figures + PHASES_BACK;
	uint64_t ns_there[PHASES] = { 0 }, ns_back[PHASES] = { 0 };
	bool again = true;
	int err;

	for (int i = 0; again && series_wants(there[0]); i++) {
		err = job_phases(&series->job, ns_there, ns_back);
		again = series_book(series, there[0], i, err, ns_there[0]);
		if (again || err)
			continue;
		series_book(series, back[0], i, 0, ns_back[0]);
		for (unsigned int j = 1; j < PHASES; j++) {
			series_book(series, there[j], i, 0, ns_there[j]);
			series_book(series, back[j], i, 0, ns_back[j]);
		}
	}
}

static void run_round(struct series *series)
{
	run_memcpy(series);
	run_nodes(series);
	run_migrate(series, TO_DEVICE, &mover_svm);
	run_touch(series, TO_DEVICE, &mover_svm);
	run_phases(series);
	run_migrate(series, PEER_TO_DEVICE, &mover_peer);
	run_touch(series, PEER_TO_DEVICE, &mover_peer);
}

static const uint64_t sizes[] = { 64 << 10, 1 << 20, 16 << 20, 256 << 20 };

const struct measure measure_migrate = {
	.name = "migrate",
	.nr_sizes = ARRAY_SIZE(sizes),
	.sizes = sizes,
	.copies = 2,
	.columns = COLUMNS_MOVES,
	.plan = plan,
	.round = run_round,
};
