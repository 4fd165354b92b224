/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Herds: what of a piece is not at a place, as residency tells, moves there by one
 * batch of ranges, under churn.
 */
#ifndef SVM_RUN_HERD_H
#define SVM_RUN_HERD_H

#include "places.h"
#include "runs.h"
#include "tally.h"

struct process;
struct svm_batch;

/*
 * struct herd - moves of a batch
 * @batch: them; NULL for none.
 * @place: where to.
 */
struct herd {
	struct svm_batch *batch;
	struct place *place;
};

/*
 * herd_begin() - look where a piece's pages are, and move those that are elsewhere
 * @process: whose.
 * @piece: pages that are there.
 * @place: where to.
 * @tally: where it is counted.
 *
 * Looks at HERD_PAGES at most. Returns 0; -EAGAIN if no batch was begun, because
 * one is on its way or there is nothing to move; or -ESRCH. Other errors are
 * counted.
 */
int herd_begin(struct process *process, const struct run *piece,
	       struct place *place, struct tally *tally);

#define HERD_PAGES 512

/* Counts what has arrived. */
void herd_land(struct process *process, struct tally *tally);

/* Lets go of it; call it before the handle is closed. */
void herd_end(struct process *process, struct tally *tally);

#endif /* SVM_RUN_HERD_H */
