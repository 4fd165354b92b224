/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settling: the program's writable memory goes to the device, and what is new
 * follows, while what the CPU keeps fetching back is left alone for longer and
 * longer (see backoff.h).
 */
#ifndef SVM_RUN_SETTLE_H
#define SVM_RUN_SETTLE_H

#include "places.h"
#include "roster.h"
#include "tally.h"

/* How often to look for memory to push, and how long a look may take. */
#define SETTLE_INTERVAL_MS 100
#define SETTLE_BUDGET_MS 50

/*
 * struct settle - the policy
 * @roster: whose memory.
 * @places: where to.
 * @svm: a handle on the devices.
 * @tally: where passes are counted.
 * @turn: whose turn it is.
 */
struct settle {
	struct roster *roster;
	struct places *places;
	struct svm *svm;
	struct tally *tally;
	size_t turn;
};

/* One round, of at most SETTLE_BUDGET_MS. */
void settle_tick(struct settle *settle);

/* Frees what it keeps for a process. */
struct settling;
void settling_free(struct settling *settling);

#endif /* SVM_RUN_SETTLE_H */
