/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The roster: the address spaces that are under the runtime at the moment.
 */
#ifndef SVM_RUN_ROSTER_H
#define SVM_RUN_ROSTER_H

#include <stddef.h>

#include "process.h"

struct event_base;

/* Within so many hellos, an exec is told from a new process that is gone. */
#define ROSTER_RECENT 256

/*
 * struct roster - the processes
 * @base: the loop in which exits are noticed.
 * @tally: where everything is counted.
 * @join: join svmd for each.
 * @join_path: its socket; NULL for the usual one.
 * @nr: how many.
 * @max: how many can be tracked at a time.
 * @list: them, in no order.
 * @recent: pids that joined lately, whatever became of them.
 * @next_recent: where the next goes.
 */
struct roster {
	struct event_base *base;
	struct tally *tally;
	bool join;
	const char *join_path;
	size_t nr;
	size_t max;
	struct process **list;
	pid_t recent[ROSTER_RECENT];
	size_t next_recent;
};

/*
 * roster_init() - make room for as many processes as descriptors allow
 * @roster: the roster.
 * @base: the loop.
 * @tally: where to count.
 * @nr_contexts: descriptors that a process takes on top of its own.
 *
 * Raises the soft limit of open files to the hard one, so start the program
 * first. Without memory there is room for none.
 */
void roster_init(struct roster *roster, struct event_base *base,
		 struct tally *tally, unsigned int nr_contexts);

/* Takes a newcomer in, and lets go of what its process was before. */
void roster_join(struct roster *roster, struct newcomer *newcomer);

/* The address space of this process is gone, or the process with it. */
void roster_gone(struct roster *roster, struct process *process);

/* Lets go of all. */
void roster_free(struct roster *roster);

#endif /* SVM_RUN_ROSTER_H */
