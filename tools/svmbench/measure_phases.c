// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Phases, for the measures whose operations have them: figures that are parts of
 * others, of operations that are traced for that and not timed as a whole. They come
 * after the rounds, so that no round has anything to do with the tracer.
 */
#include <string.h>

#include "measure.h"

/* Once in a run is enough to know: it takes time. */
static int try_tracer(struct bench *bench)
{
	if (!bench->tracer_tried) {
		bench->tracer_error = phases_open(PHASES_OF_ALL);
		if (!bench->tracer_error)
			phases_close();
	}
	bench->tracer_tried = true;
	return bench->tracer_error;
}

bool series_traces(struct series *series)
{
	int err;

	if (!series->job.device || series->job.bytes < PARTS_BYTES)
		return false;
	err = try_tracer(series->bench);
	if (err)
		series_skip(series, "phases", "the tracer: %s", strerror(-err));
	series->has_phases = !err;
	return !err;
}

void series_add_phases(struct series *series, unsigned int first,
		       const char *const what[PHASES], const char *from,
		       const char *to, uint64_t operations)
{
	for (unsigned int i = 0; i < PHASES; i++) {
		struct figure *figure = series_add(series, what[i], from, to);

		series->figures[first + i] = figure;
		if (!figure)
			continue;
		figure->part = true;
		figure->operations = operations;
	}
}

void series_add_move_phases(struct series *series, unsigned int first)
{
	static const char *const there[PHASES] = {
		"to device: setup",
		"to device: replace",
		"to device: finalize",
		"to device: rest",
	};
	static const char *const back[PHASES] = {
		"to system: setup",
		"to system: replace",
		"to system: finalize",
		"to system: rest",
	};
	char home[16], name[16];

	series_home(series, home);
	series_device(series, name);
	series_add_phases(series, first, there, home, name, 0);
	series_add_phases(series, first + PHASES, back, name, home, 0);
}

void series_run_phases(struct series *series, unsigned int first,
		       unsigned int nr,
		       int (*run)(struct job *job, struct phases *phases))
{
	struct figure **figures = series->figures + first;
	struct phases phases[2] = { 0 };
	bool again = true;
	int err;

	for (int try = 0; again && series_wants(figures[0]); try++) {
		err = run(&series->job, phases);
		again = series_book(series, figures[0], try, err,
				    phases[0].ns[0]);
		if (again || err)
			continue;
		for (unsigned int i = 1; i < nr * PHASES; i++)
			series_book(series, figures[i], try, 0,
				    phases[i / PHASES].ns[i % PHASES]);
	}
}
