/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of a command: all have the same options.
 */
#ifndef SVMBENCH_OPTIONS_H
#define SVMBENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"
#include "memory.h"

#define SIZES_MAX 32

/*
 * struct options - what was asked for
 * @nr_sizes: number of sizes; 0 for those that each measure has.
 * @sizes: in bytes.
 * @kinds: mask of 1 << enum page_kind.
 * @runs: runs that count.
 * @runs_given: --runs was given: the same number for all sizes.
 * @warmup: runs before them that do not.
 * @device: "svmN", or NULL.
 * @create: always make a temporary device.
 * @json: print JSON.
 * @check: fail if a target is missed.
 * @compare: what an earlier run printed with --json, or NULL.
 * @growth: fail if a figure has grown by more than so many per cent since then;
 *	negative for not.
 * @html: where to write a report with charts, or NULL.
 * @record: where to write what a later run is compared with, or NULL.
 * @list: tell what would be measured.
 */
struct options {
	size_t nr_sizes;
	uint64_t sizes[SIZES_MAX];
	unsigned int kinds;
	unsigned int runs;
	bool runs_given;
	unsigned int warmup;
	const char *device;
	bool create;
	bool json;
	bool check;
	const char *compare;
	double growth;
	const char *html;
	const char *record;
	bool list;
};

/* Ends the program by itself for --help and bad arguments. */
void options_parse(struct options *options, const struct command *command,
		   int argc, char **argv);

/* How many runs of this size count. */
unsigned int options_runs(const struct options *options, uint64_t bytes);

#endif /* SVMBENCH_OPTIONS_H */
