// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast the device accesses memory by itself, in system memory and in its
 * own: all of it, and single words in random places. To add to system memory it has
 * to have the pages for itself first; when it adds again it has them.
 */
#include <string.h>

#include "cleanup.h"
#include "measure.h"

/* The figures of memory in one place, in the order of struct access_times. */
enum {
	READ,
	WRITE,
	READ_WORD,
	ADD,
	ADD_AGAIN,
	FIGURES,
};

static void plan_place(struct series *series, unsigned int first,
		       const char *place)
{
	static const char *const what[FIGURES] = { "read", "write", "read word",
						   "add", "add again" };

	for (unsigned int i = 0; i < FIGURES; i++) {
		struct figure *figure = series_add(series, what[i], place, "");

		series->figures[first + i] = figure;
		if (figure && i >= READ_WORD)
			figure->operations = JOB_ACCESS_WORDS;
	}
}

static void plan(struct series *series, const char *no_device)
{
	char name[16];

	if (*no_device)
		series_skip(series, "read", "%s", no_device);
	if (!series->job.device)
		return;
	plan_place(series, 0, series_home(series, name));
	plan_place(series, FIGURES, series_device(series, name));
}

static void run_place(struct series *series, unsigned int first, bool on_device)
{
	struct figure **figures = series->figures + first;
	struct access_times times = { 0 };
	bool again = true;
	int err;

	for (int i = 0; again && series_wants(figures[READ]); i++) {
		err = job_access(&series->job, on_device, &times);
		again = series_book(series, figures[READ], i, err, times.read);
		if (again || err)
			continue;
		series_book(series, figures[WRITE], i, 0, times.write);
		series_book(series, figures[READ_WORD], i, 0, times.read_word);
		series_book(series, figures[ADD], i, 0, times.add[0]);
		series_book(series, figures[ADD_AGAIN], i, 0, times.add[1]);
	}
}

static void run_round(struct series *series)
{
	run_place(series, 0, false);
	run_place(series, FIGURES, true);
}

static const uint64_t sizes[] = { 1 << 20, 64 << 20 };

const struct measure measure_access = {
	.name = "access",
	.nr_sizes = ARRAY_SIZE(sizes),
	.sizes = sizes,
	.copies = 2,
	.columns = COLUMNS_ACCESS,
	.plan = plan,
	.round = run_round,
};
