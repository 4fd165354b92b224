/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A measure: what is timed for one size and kind of page, round by round. Each is
 * in a file of its own (measure_*.c); which sizes and how many rounds, the
 * devices and the reports are the same for all (bench.c).
 */
#ifndef SVMBENCH_MEASURE_H
#define SVMBENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench.h"
#include "job.h"

/* Columns of the table, in their order. */
enum column {
	COLUMN_SIZE,
	COLUMN_PAGES,
	COLUMN_TEAM,
	COLUMN_WHAT,
	COLUMN_WAY,
	COLUMN_MEDIAN,
	COLUMN_MIN,
	COLUMN_MAX,
	COLUMN_MAD,
	COLUMN_RATE,
	COLUMN_4K,
	COLUMN_2M,
	COLUMN_GIB,
	COLUMN_OPERATION,
	COLUMN_P50,
	COLUMN_P90,
	COLUMN_P99,
	COLUMN_P100,
	COLUMN_OPERATIONS,
	COLUMN_RATIO,
	COLUMN_PER_PAGE,
	COLUMNS,
};

/* What all have, and what only some have. */
#define COLUMNS_ALL                                                \
	(1 << COLUMN_SIZE | 1 << COLUMN_PAGES | 1 << COLUMN_WHAT | \
	 1 << COLUMN_WAY | 1 << COLUMN_MEDIAN | 1 << COLUMN_MIN |  \
	 1 << COLUMN_MAX | 1 << COLUMN_MAD)
#define COLUMNS_MOVES                                                       \
	(COLUMNS_ALL | 1 << COLUMN_RATE | 1 << COLUMN_4K | 1 << COLUMN_2M | \
	 1 << COLUMN_RATIO)
#define COLUMNS_FAULTS                                               \
	(COLUMNS_ALL | 1 << COLUMN_RATE | 1 << COLUMN_4K |           \
	 1 << COLUMN_OPERATION | 1 << COLUMN_P50 | 1 << COLUMN_P90 | \
	 1 << COLUMN_P99 | 1 << COLUMN_P100)
#define COLUMNS_ACCESS                                            \
	(COLUMNS_ALL | 1 << COLUMN_RATE | 1 << COLUMN_OPERATION | \
	 1 << COLUMN_OPERATIONS)
#define COLUMNS_SCALE                                                          \
	(COLUMNS_ALL | 1 << COLUMN_TEAM | 1 << COLUMN_RATE | 1 << COLUMN_GIB | \
	 1 << COLUMN_RATIO)

#define COLUMNS_MIRROR (COLUMNS_ALL | 1 << COLUMN_PER_PAGE)

#define SERIES_FIGURES 32

/*
 * struct series - one size and kind of page, with the figures that it gives
 * @bench: the run.
 * @measure: what is measured.
 * @job: the memory, and the devices.
 * @counts: the round is no warm-up.
 * @has_phases: it has figures that are traced.
 * @figures: the measure's own; NULL where something is not measured.
 */
struct series {
	struct bench *bench;
	const struct measure *measure;
	struct job job;
	bool counts;
	bool has_phases;
	struct figure *figures[SERIES_FIGURES];
};

/*
 * struct measure - something to measure
 * @name: as the command is typed.
 * @nr_sizes: number of @sizes.
 * @sizes: what is measured unless sizes are asked for.
 * @copies: how much memory a round takes, in multiples of the size, besides what
 *	the device has.
 * @no_room: it needs a device, but no room on it.
 * @own_device: it may not share a device with others: unless one is named, make
 *	a temporary one.
 * @columns: mask of 1 << enum column: the table.
 * @plan: adds the figures; @no_device says why there is no device, and is empty
 *	if there is one, or if it goes without saying.
 * @round: measures everything once,
 * @traced: but for what is traced, that it measures once; NULL if there is nothing.
 * @whose: whose calls are traced then.
 */
struct measure {
	const char *name;
	size_t nr_sizes;
	const uint64_t *sizes;
	unsigned int copies;
	bool no_room;
	bool own_device;
	uint32_t columns;
	void (*plan)(struct series *series, const char *no_device);
	void (*round)(struct series *series);
	void (*traced)(struct series *series);
	enum phases_whose whose;
};

extern const struct measure measure_migrate;
extern const struct measure measure_fault;
extern const struct measure measure_access;
extern const struct measure measure_evict;
extern const struct measure measure_scale;
extern const struct measure measure_async;
extern const struct measure measure_mirror;

/* A page may be held for a moment by somebody else: not by many in a row. */
#define ATTEMPTS 4

/* Adds a figure; NULL without memory, which all functions here bear. */
struct figure *series_add(struct series *series, const char *what,
			  const char *from, const char *to);

/* Adds one that says why it was not measured. */
__attribute__((format(printf, 3, 4))) void
series_skip(struct series *series, const char *what, const char *format, ...);

/* Does the figure still want samples? */
bool series_wants(const struct figure *figure);

/*
 * series_book() - book what an attempt came to: a sample, or another try, or a
 * failure
 * @series: the series.
 * @figure: whose.
 * @attempt: how many there were before; ATTEMPTS to not try again.
 * @err: what the job returned.
 * @ns: the sample.
 *
 * Returns whether to try again.
 */
bool series_book(struct series *series, struct figure *figure, int attempt,
		 int err, uint64_t ns);

/* Below that there is little to tell of parts, and tracing takes a part of it. */
#define PARTS_BYTES ((uint64_t)8 << 20)

/*
 * series_traces() - can it be told what the phases of a move take? Why not is said
 * by a figure.
 */
bool series_traces(struct series *series);

/*
 * series_add_phases() - add figures for the phases of something
 * @first: where they begin among the series' figures.
 * @what: constant text: their names, by enum phase.
 * @operations: as in struct figure.
 */
void series_add_phases(struct series *series, unsigned int first,
		       const char *const what[PHASES], const char *from,
		       const char *to, uint64_t operations);

/* To the device and back: 2 * PHASES figures. */
void series_add_move_phases(struct series *series, unsigned int first);

/*
 * series_run_phases() - measure them
 * @first: as above.
 * @nr: how many operations have phases: 1, or 2.
 * @run: does them, and tells of each.
 */
void series_run_phases(struct series *series, unsigned int first,
		       unsigned int nr,
		       int (*run)(struct job *job, struct phases *phases));

/* "node0", "svm1": where the memory lives, and the device. */
const char *series_home(const struct series *series, char name[static 16]);
const char *series_device(const struct series *series, char name[static 16]);

#endif /* SVMBENCH_MEASURE_H */
