/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of svm-run.
 */
#ifndef SVM_RUN_OPTIONS_H
#define SVM_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "hello.h"
#include "nodes.h"

/*
 * struct options - what was asked for
 * @devices: names of the devices to use; none for all.
 * @nodes: nodes to use; none for all.
 * @churn_ns: time between two moves; 0 for no churn.
 * @max_bytes: the largest piece that churn moves.
 * @seeded: @seed was given.
 * @seed: for churn.
 * @join: svmd places the program's memory, not svm-run.
 * @join_path: svmd's socket; NULL for the usual one.
 * @wait: stay until every process of the program has ended.
 * @report: write the report for people.
 * @report_file: to this file; NULL for stderr.
 * @json_file: write the report for programs to this file, "-" for stdout.
 * @argv: the program and its arguments.
 */
struct options {
	unsigned int nr_devices;
	const char *devices[HELLO_CONTEXTS_MAX];
	struct nodes nodes;
	uint64_t churn_ns;
	uint64_t max_bytes;
	bool seeded;
	uint64_t seed;
	bool join;
	const char *join_path;
	bool wait;
	bool report;
	const char *report_file;
	const char *json_file;
	char **argv;
};

/* Ends the program by itself for --help and bad arguments. */
void options_parse(struct options *options, int argc, char **argv);

#endif /* SVM_RUN_OPTIONS_H */
