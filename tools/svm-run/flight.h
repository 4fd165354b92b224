/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves in flight: those that the kernel does in the background, under churn.
 */
#ifndef SVM_RUN_FLIGHT_H
#define SVM_RUN_FLIGHT_H

#include "places.h"
#include "rng.h"
#include "runs.h"
#include "tally.h"

struct process;
struct svm_fence;

/* Of a process at a time; each has a descriptor. */
#define FLIGHTS_MAX 2

/*
 * struct flight - a move
 * @fence: its end; NULL for no move.
 * @place: where to.
 */
struct flight {
	struct svm_fence *fence;
	struct place *place;
};

/*
 * flight_begin() - begin to move a piece, and now and then think better of it
 * @process: whose.
 * @piece: pages that are there.
 * @place: where to.
 * @rng: the dice.
 * @tally: where it is counted.
 *
 * Returns 0, -EBUSY if too many are in flight, or -ESRCH; other errors are
 * counted.
 */
int flight_begin(struct process *process, const struct run *piece,
		 struct place *place, struct rng *rng, struct tally *tally);

/* Counts those that have ended. */
void flights_land(struct process *process, struct tally *tally);

/* Lets go of all; call it before the handle is closed. */
void flights_end(struct process *process, struct tally *tally);

#endif /* SVM_RUN_FLIGHT_H */
