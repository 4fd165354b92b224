/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much sessions' memory is used by CPUs, as DAMON finds by sampling.
 *
 * One monitoring thread of the kernel for all sessions, each of which is a
 * target with a scheme of its own that does nothing but report regions. It is
 * set up by sysfs when there are sessions, and taken away when there are none,
 * and at the end. If somebody else uses DAMON's sysfs, it is left alone; that is
 * said once, and heat stays unknown.
 *
 * Setting up and reading take many small files, so they are the worker's. The
 * interface is of the loop's thread.
 */
#ifndef SVMD_HEAT_H
#define SVMD_HEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

struct daemon;
struct heat;

int heat_new(struct heat **out, struct daemon *daemon);

/* Ends monitoring. Returns NULL. */
struct heat *heat_free(struct heat *heat);

/**
 * heat_read() - begin a reading, after which sessions are looked at
 * @heat: the heat.
 *
 * Without DAMON sessions are looked at all the same, without heat.
 */
void heat_read(struct heat *heat);

/**
 * heat_take() - what the last reading found for a session
 * @heat: the heat.
 * @session: its number.
 * @out: ordered ranges, to be freed; NULL without any.
 * @nr: how many.
 */
void heat_take(const struct heat *heat, uint64_t session,
	       struct memory_heat **out, size_t *nr);

/* "damon", or why there is none. */
const char *heat_state(const struct heat *heat);

/* CPU time that a reading takes, in ns, smoothed. */
uint64_t heat_cost_ns(const struct heat *heat);

#endif /* SVMD_HEAT_H */
