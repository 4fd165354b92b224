/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a process has run, by its CPU time, to the nanosecond and for a single
 * system call. Who has not run has touched nothing: there is no need to look.
 */
#ifndef SVMD_IDLE_H
#define SVMD_IDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/**
 * struct idle - what is known of a process
 * @clock: its CPU time.
 * @known: there is such a clock; else it counts as running.
 * @cpu_ns: what it said last.
 * @since_us: when it said something else before.
 */
struct idle {
	clockid_t clock;
	bool known;
	uint64_t cpu_ns;
	uint64_t since_us;
};

void idle_init(struct idle *idle, pid_t pid, uint64_t now_us);

/* Looks again. Returns true if the process has run since the last time. */
bool idle_note(struct idle *idle, uint64_t now_us);

/* Whether the last look was at least this long after it had last run. */
static inline bool idle_for(const struct idle *idle, uint64_t now_us,
			    uint64_t usec)
{
	return idle->known && now_us >= idle->since_us + usec;
}

/* How many usual waits a wait is at most, while all are idle. */
#define IDLE_WAITS 4

/* How long to wait for the next round: ever longer, while all are idle. */
uint64_t idle_wait(uint64_t usual_us, uint64_t last_us, bool all_idle);

#endif /* SVMD_IDLE_H */
