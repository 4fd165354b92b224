/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle: most accesses that could go to the fastest place, if all memory
 * were placed anew before each round, by somebody who knows what comes, and at
 * no cost. Nobody can do better; that is what it is for.
 *
 * It respects what cannot move (pinned, registered for on-demand paging, held),
 * if the trace says where that is. Each region goes where most of its accesses
 * come from, those with the most accesses a byte first, until that place is
 * full.
 */
#ifndef SVMD_ORACLE_H
#define SVMD_ORACLE_H

#include "replay.h"

/**
 * svmd_oracle_run() - fill in the oracle's row
 *
 * Returns 0 or -ENOMEM.
 */
int svmd_oracle_run(const struct svmd_trace *trace,
		    const struct svmd_config *config,
		    struct svmd_replay_row *row);

#endif /* SVMD_ORACLE_H */
