/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evictions: a device is to free some of its memory, under churn.
 */
#ifndef SVM_RUN_EVICT_H
#define SVM_RUN_EVICT_H

#include "places.h"
#include "rng.h"
#include "tally.h"

struct process;

/*
 * evict_some() - have a device free a few pages, of whomever it chooses
 * @process: who has the device; not necessarily whose pages go.
 * @place: the device; if it is a node, nothing happens.
 * @rng: the dice.
 * @tally: where it is counted.
 *
 * That takes CAP_SYS_ADMIN. Without, or on a device that can't, the first try is the
 * last, and the tally has the reason.
 */
void evict_some(struct process *process, const struct place *place,
		struct rng *rng, struct tally *tally);

#endif /* SVM_RUN_EVICT_H */
