/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hints: advice that comes and goes, under churn.
 */
#ifndef SVM_RUN_HINT_H
#define SVM_RUN_HINT_H

#include "places.h"
#include "rng.h"
#include "runs.h"
#include "tally.h"

struct process;

/*
 * hint_give() - give advice for a piece, take it back, or follow it
 * @process: whose memory.
 * @piece: pages of private memory, from the survey.
 * @place: a place that it may be told to prefer.
 * @rng: the dice.
 * @tally: where it is counted.
 *
 * Only advice that svm-run can take back itself. Returns 0, or -ESRCH when the
 * process is gone; other errors are counted.
 */
int hint_give(struct process *process, const struct run *piece,
	      const struct place *place, struct rng *rng, struct tally *tally);

#endif /* SVM_RUN_HINT_H */
