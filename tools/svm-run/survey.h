/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A survey finds the pages that a process has, a piece at a time, so that the
 * loop is never held up by a process with terabytes.
 */
#ifndef SVM_RUN_SURVEY_H
#define SVM_RUN_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maps.h"
#include "runs.h"

/* Which pages to look for. */
enum survey_scope {
	/* any page of its own, in system memory or on a device */
	SURVEY_ALL,
	/* writable memory's pages that are in system memory now */
	SURVEY_SYSTEM,
};

struct survey {
	enum survey_scope scope;
	bool active;
	struct vmas vmas;
	size_t vma;
	uint64_t at;
	struct runs building;
	/* the result of the last survey that was completed */
	struct runs runs;
	uint64_t cost;
	uint64_t finished;
};

/*
 * survey_step() - go on with the survey, beginning one if none is under way
 * @survey: zeroed but for its scope, before the first step.
 * @maps: open /proc/PID/maps.
 * @pagemap: open /proc/PID/pagemap.
 * @deadline: the time (clock_ns()) at which to stop, done or not, after a few
 *	looks at least.
 *
 * Returns 1 when a survey was completed and @survey->runs is new, 0 when more
 * steps are needed, -ESRCH when the address space is gone, or another error.
 */
int survey_step(struct survey *survey, int maps, int pagemap,
		uint64_t deadline);

void survey_free(struct survey *survey);

#endif /* SVM_RUN_SURVEY_H */
