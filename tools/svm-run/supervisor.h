/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor: runs the loop that attends to the program from start to end.
 */
#ifndef SVM_RUN_SUPERVISOR_H
#define SVM_RUN_SUPERVISOR_H

#include "options.h"
#include "report.h"

/*
 * struct supervisor - a run
 * @options: what was asked for.
 * @svm: a handle on the devices, or NULL if memory does not move at all.
 * @places: where memory may go; fewer than two with churn, or none without it,
 *	mean that nothing moves.
 * @tally: out: what happened.
 * @seed: of the random choices.
 * @elapsed_ns: out.
 * @running: out: tracked processes that go on.
 */
struct supervisor {
	const struct options *options;
	struct svm *svm;
	struct places *places;
	struct tally tally;
	uint64_t seed;
	uint64_t elapsed_ns;
	size_t running;
};

/*
 * supervisor_run() - start the program and attend to it until it ends
 *
 * Returns the exit status to end with. Failures are said on stderr.
 */
int supervisor_run(struct supervisor *supervisor);

#endif /* SVM_RUN_SUPERVISOR_H */
