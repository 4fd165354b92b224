/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What devices do to a program's memory besides moving it, under churn: atomics
 * that leave the value as it is, reads, exclusive access for a moment; and the
 * events that come of all that is done.
 *
 * The program must not be able to tell: it finds its memory as it left it.
 */
#ifndef SVM_RUN_ENGINE_H
#define SVM_RUN_ENGINE_H

#include "rng.h"
#include "runs.h"
#include "tally.h"

struct engine;
struct process;

/*
 * engine_poke() - a device does something to a piece of memory, and tells
 * @process: whose memory; its engine is made if it has none.
 * @piece: pages of private memory, from the survey.
 * @rng: the dice.
 * @tally: where it is counted.
 *
 * Bounded work; waits for nobody for longer than ENGINE_TIMEOUT_MS. Does nothing
 * where no device can. Returns 0, or -ESRCH when the process is gone.
 */
int engine_poke(struct process *process, const struct run *piece,
		struct rng *rng, struct tally *tally);

/* How long one operation may be kept from its memory. */
#define ENGINE_TIMEOUT_MS 20

/*
 * engine_close() - count what is left to count, and let go
 * @engine: or NULL.
 * @tally: where events are counted.
 */
void engine_close(struct engine *engine, struct tally *tally);

#endif /* SVM_RUN_ENGINE_H */
