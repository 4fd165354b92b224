/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run of svmbench: the machine, the devices, and what came of it.
 */
#ifndef SVMBENCH_BENCH_H
#define SVMBENCH_BENCH_H

#include <stdio.h>

#include "command.h"
#include "compare.h"
#include "device.h"
#include "environment.h"
#include "figure.h"
#include "options.h"
#include "peer.h"

/* As many as there can be different ones: one a size, and a temporary one. */
#define DEVICES_USED (SIZES_MAX + 1)

/*
 * struct bench - a run
 * @command: what was asked for,
 * @options: and how.
 * @environment: the machine.
 * @home: node of the memory and of the CPU that moves it.
 * @away: node to which move_pages(2) moves it, or -1.
 * @peer: the kernel's own test device.
 * @tracer_tried: it was tried whether something can be traced;
 * @tracer_error: with what result.
 * @found: the device that is there, for the size at hand.
 * @made: the temporary one.
 * @made_error: why there is none.
 * @made_bytes: the largest that was tried.
 * @nr_used: number of entries in @used.
 * @used: the devices that were used; their handles may be closed by now.
 * @figures: the result.
 * @earlier: what it is compared with, or NULL.
 * @html: the report with charts, or NULL.
 * @record: the figures to compare with later, or NULL.
 */
struct bench {
	const struct command *command;
	struct options options;
	struct environment environment;
	int home;
	int away;
	struct peer peer;
	bool tracer_tried;
	int tracer_error;
	struct device found;
	struct device made;
	int made_error;
	uint64_t made_bytes;
	unsigned int nr_used;
	struct device used[DEVICES_USED];
	struct figures figures;
	struct compare *earlier;
	FILE *html;
	FILE *record;
};

/* Prints what was measured, for people. */
void report_table(const struct bench *bench, FILE *out);

/* The same for programs. Returns 0 or a negative errno value. */
int report_json(const struct bench *bench, FILE *out);

/* The same with charts. Returns 0 or a negative errno value. */
int report_html(const struct bench *bench, FILE *out);

/* What a later run is compared with. Returns 0 or a negative errno value. */
int report_record(const struct bench *bench, FILE *out);

/* Prints what would be measured. */
void report_list(const struct bench *bench, FILE *out);

#endif /* SVMBENCH_BENCH_H */
