/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that svmd knows, as JSON, for people and bug reports; and its
 * counters by name, for the bus and for metrics. No state.
 */
#ifndef SVMD_DUMP_H
#define SVMD_DUMP_H

#include <stdint.h>
#include <stdio.h>

struct daemon;

/* One object, with a newline at its end. */
void dump_write(struct daemon *daemon, FILE *file);

/**
 * dump_counters() - each counter
 * @daemon: the daemon.
 * @each: called with a name in lower case with underscores, which is constant
 *	and never has another meaning; a negative result ends it.
 * @arg: for @each.
 *
 * Returns 0 or what @each returned.
 */
int dump_counters(struct daemon *daemon,
		  int (*each)(const char *name, uint64_t value, void *arg),
		  void *arg);

#endif /* SVMD_DUMP_H */
