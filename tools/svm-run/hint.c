// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice of two kinds: which place memory prefers, and that it is mostly read.
 * Without a device that keeps advice libsvm drops it, and nothing is counted.
 */
#include "hint.h"

#include <errno.h>

#include "process.h"

/* One in so many is taken back, and one in so many is followed. */
#define DICE 4

/* So much that it is cut into too many ranges: begin anew. */
static int clear_all(struct process *process, struct svm_advise_opts *opts)
{
	const struct runs *runs = &process->survey.runs;
	uint64_t start = runs->list[0].start;

	opts->clear = SVM_ADVICE_PREFER | SVM_ADVICE_READ_MOSTLY;
	opts->set = 0;
	opts->place = (struct svm_place){ 0 };
	return svm_advise(process->svm, (void *)(uintptr_t)start,
			  runs->list[runs->nr - 1].end - start, opts);
}

static int follow(struct process *process, const struct run *piece,
		  struct tally *tally)
{
	struct svm_result result = SVM_RESULT_INIT;
	int err;

	err = svm_settle(process->svm, (void *)(uintptr_t)piece->start,
			 piece->end - piece->start, &result);
	if (!err)
		tally->hints_followed += result.bytes_moved;
	return tally_outcome(tally, err);
}

int hint_give(struct process *process, const struct run *piece,
	      const struct place *place, struct rng *rng, struct tally *tally)
{
	struct svm_advise_opts opts = SVM_ADVISE_OPTS_INIT;
	uint64_t dice = rng_below(rng, DICE);
	int ret;

	if (dice == 0)
		return follow(process, piece, tally);
	if (dice == 1) {
		opts.clear = SVM_ADVICE_PREFER | SVM_ADVICE_READ_MOSTLY;
	} else {
		opts.set = SVM_ADVICE_PREFER;
		opts.place = place->where;
		if (dice == 2)
			opts.set |= SVM_ADVICE_READ_MOSTLY;
	}
	ret = svm_advise(process->svm, (void *)(uintptr_t)piece->start,
			 piece->end - piece->start, &opts);
	if (ret == -ENOSPC)
		ret = clear_all(process, &opts);
	if (ret < 0)
		return tally_outcome(tally, ret);
	tally->hints += opts.set && ret;
	tally->hints_withdrawn += !!opts.clear;
	return 0;
}
