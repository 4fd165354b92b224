/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report at the end of a run.
 */
#ifndef SVM_RUN_REPORT_H
#define SVM_RUN_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "options.h"
#include "places.h"
#include "tally.h"

/*
 * struct report - what the report is about
 * @options: what was asked for.
 * @places: the places and their counters.
 * @tally: the sums.
 * @seed: of the random choices.
 * @elapsed_ns: from start to end of the program.
 * @exit_status: what svm-run ends with.
 * @running: processes of the program that go on.
 */
struct report {
	const struct options *options;
	const struct places *places;
	const struct tally *tally;
	uint64_t seed;
	uint64_t elapsed_ns;
	int exit_status;
	size_t running;
};

/* Is all device memory free again that was free before? */
bool report_nothing_lost(const struct places *places);

void report_text(const struct report *report, FILE *out);

/* Returns 0 or a negative errno value. */
int report_json(const struct report *report, FILE *out);

#endif /* SVM_RUN_REPORT_H */
