/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeping: a piece is kept where it is (SVM_ADVICE_KEEP) for a while, under churn.
 *
 * Nobody but the memory's owner may take this advice back, and svm-run is not the
 * owner: so it is given by a spare context, and ends with that. A process opens
 * some more contexts for it than devices, see hello.h.
 */
#ifndef SVM_RUN_KEEP_H
#define SVM_RUN_KEEP_H

#include "places.h"
#include "rng.h"
#include "runs.h"
#include "tally.h"

struct process;
struct svm;

/* As often a process's memory can be kept; each is a descriptor until then. */
#define KEEP_SPARES 4

/*
 * struct keep - a piece that is kept
 * @svm: the spare context that keeps it, or will; or NULL.
 * @piece: what.
 * @turns: for so many more; 0 while nothing is kept.
 * @place: where svm-run tried to move it, and pages stayed; or NULL.
 * @nr_spares: entries in @spares.
 * @spares: contexts for later.
 */
struct keep {
	struct svm *svm;
	struct run piece;
	unsigned int turns;
	struct place *place;
	unsigned int nr_spares;
	int spares[KEEP_SPARES];
};

/* Takes contexts over, and closes those that are too many. */
void keep_init(struct keep *keep, const int *contexts, unsigned int nr);

/*
 * keep_turn() - now and then keep a piece, or end it
 * @process: whose memory.
 * @piece: pages of private memory, from the survey.
 * @place: where svm-run tries to move what is kept, in vain.
 * @rng: the dice.
 * @tally: where it is counted.
 *
 * Returns 0, or -ESRCH when the process is gone; other errors are counted.
 */
int keep_turn(struct process *process, const struct run *piece,
	      struct place *place, struct rng *rng, struct tally *tally);

/* Nothing is kept any more, and nothing will be. */
void keep_end(struct process *process, struct tally *tally);

#endif /* SVM_RUN_KEEP_H */
