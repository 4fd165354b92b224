/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Churn: random pieces of the program's memory move to random places all the
 * time, and devices work on others, to show that the program neither notices nor
 * minds.
 */
#ifndef SVM_RUN_CHURN_H
#define SVM_RUN_CHURN_H

#include <stdint.h>

#include "places.h"
#include "rng.h"
#include "roster.h"
#include "runs.h"
#include "tally.h"

/*
 * struct churn - the policy
 * @roster: whose memory.
 * @places: where to.
 * @tally: where moves are counted.
 * @rng: the dice.
 * @max_bytes: the largest piece.
 */
struct churn {
	struct roster *roster;
	struct places *places;
	struct tally *tally;
	struct rng rng;
	uint64_t max_bytes;
};

/*
 * One move: a random process, a random piece of it, a random place. And one poke:
 * a random device does something to another piece of it.
 */
void churn_tick(struct churn *churn);

/*
 * churn_pick() - choose a piece
 * @rng: the dice.
 * @runs: where there are pages; not empty.
 * @max_bytes: the most to choose; at least a page.
 * @piece: the piece: pages from one run, each page being as likely to be the
 *	first; sizes from a page to the most, small ones as likely as large
 *	ones.
 */
void churn_pick(struct rng *rng, const struct runs *runs, uint64_t max_bytes,
		struct run *piece);

#endif /* SVM_RUN_CHURN_H */
