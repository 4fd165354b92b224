/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replay: what each policy would have made of a trace, beside no migration,
 * first touch, and an oracle that knows what comes.
 *
 * `svmd --replay TRACE` prints the table. No kernel, no clock: the same trace
 * and configuration always give the same table.
 */
#ifndef SVMD_REPLAY_H
#define SVMD_REPLAY_H

#include <stdint.h>
#include <stdio.h>

#include "decide.h"
#include "trace.h"

#define SVMD_REPLAY_ROWS 12

/**
 * struct svmd_replay_row - one way to place the memory of a trace
 * @name: "oracle", "no migration", "first touch", or policies.
 * @policies: mask, if @decides.
 * @decides: whether svmd_decide() did it.
 * @accesses: in all.
 * @hits: of these, to the fastest place for whoever accessed.
 * @access_ns: an access took on average.
 * @faults: pages that CPU accesses brought home from devices.
 * @moves: moves that were done.
 * @late_moves: of these, in the last quarter of the trace.
 * @bytes: moved.
 * @copy_us: time that copies took.
 * @most_moves: of one region.
 * @over_quota: rounds and places in which more was moved than the quota allows.
 * @over_time: places that were copied to or from for longer than the time quota
 *	of the whole trace.
 * @refused: by enum svmd_why.
 */
struct svmd_replay_row {
	char name[48];
	uint32_t policies;
	bool decides;
	double accesses;
	double hits;
	double access_ns;
	double faults;
	uint64_t moves;
	uint64_t late_moves;
	uint64_t bytes;
	uint64_t copy_us;
	uint32_t most_moves;
	uint32_t over_quota;
	uint32_t over_time;
	uint64_t refused[SVMD_WHY_NR];
};

/**
 * struct svmd_replay - the table; the first row is the oracle's
 */
struct svmd_replay {
	struct svmd_replay_row rows[SVMD_REPLAY_ROWS];
	unsigned int nr;
};

/**
 * svmd_replay_run() - replay a trace under each policy
 * @config: parameters; each row has its own &svmd_policy.policies.
 *
 * Returns 0 or -ENOMEM.
 */
int svmd_replay_run(const struct svmd_trace *trace,
		    const struct svmd_config *config,
		    struct svmd_replay *replay);

/**
 * svmd_replay_find() - the row of that name, or NULL
 */
const struct svmd_replay_row *svmd_replay_find(const struct svmd_replay *replay,
					       const char *name);

/**
 * svmd_replay_print() - print the table
 */
void svmd_replay_print(const struct svmd_replay *replay, const char *title,
		       FILE *out);

/**
 * svmd_replay_file() - read a trace, run it, print the table
 * @path: of the trace, "-" for standard input.
 *
 * Returns 0 or a negative errno value, after a message.
 */
int svmd_replay_file(const char *path, const struct svmd_config *config,
		     FILE *out, svmd_message_fn message, void *data);

#endif /* SVMD_REPLAY_H */
