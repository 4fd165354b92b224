/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DAMON by its sysfs: one kdamond that watches the address spaces of several
 * processes, a target each, and a scheme for each target that does nothing but
 * report what was accessed.
 *
 * Every call may wait for the kernel, up to an aggregation interval; so they are
 * the worker's. One thread at a time.
 */
#ifndef SVMD_DAMON_H
#define SVMD_DAMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "memory.h"
#include "undo.h"

/* Processes that are watched at most; others have no heat. */
#define DAMON_TARGETS_MAX 64

/**
 * struct damon - our kdamond
 * @root: as in struct sense.
 * @undo: puts it back.
 * @pause_stat: DAMON_STAT may be turned off for as long as it is set up.
 * @said_stat: it was said that it is.
 * @ours: it is set up.
 * @nr: targets.
 * @pids: of the targets.
 */
struct damon {
	const char *root;
	struct undo *undo;
	bool pause_stat;
	bool said_stat;
	bool ours;
	size_t nr;
	pid_t pids[DAMON_TARGETS_MAX];
};

/**
 * damon_watch() - have these processes watched, and no others
 * @damon: ours.
 * @pids: the processes; none: take everything away.
 * @nr: how many.
 *
 * Returns 0 if they are being watched; -EAGAIN if they are from now on, and
 * there is nothing to read yet; -ENOENT without DAMON; -EBUSY if somebody else
 * uses it; or another error.
 */
int damon_watch(struct damon *damon, const pid_t *pids, size_t nr);

/**
 * damon_update() - have the kernel write down what was accessed of late
 */
int damon_update(struct damon *damon);

/**
 * damon_read() - what was accessed of a target
 * @damon: ours.
 * @target: its index.
 * @out: ranges, ordered; to be freed. NULL for none.
 * @nr: how many.
 */
int damon_read(struct damon *damon, size_t target, struct memory_heat **out,
	       size_t *nr);

#endif /* SVMD_DAMON_H */
