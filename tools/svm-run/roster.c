// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeping track of processes: hello, exec, exit.
 *
 * A pid has at most one address space here. A hello from a pid that is known
 * means exec; an address space that is gone while its process lives means an
 * exec of a program that did not say hello, at least not yet.
 */
#include "roster.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "image.h"
#include "joining.h"

/* Bounds the work of looking one up by pid, too. */
#define PROCESSES_MAX 4096
/* Descriptors of svm-run itself, and of callers at the door. */
#define FDS_KEPT 256
/* pidfd, maps and pagemap of a process, its moves in flight, and its batch. */
#define FDS_PER_PROCESS (3 + FLIGHTS_MAX + 1)

static size_t capacity(unsigned int nr_contexts)
{
	struct rlimit limit;
	size_t max;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 64;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur <= FDS_KEPT)
		return 1;
	max = (limit.rlim_cur - FDS_KEPT) / (FDS_PER_PROCESS + nr_contexts);
	if (max < 1)
		max = 1;
	return max < PROCESSES_MAX ? max : PROCESSES_MAX;
}

void roster_init(struct roster *roster, struct event_base *base,
		 struct tally *tally, unsigned int nr_contexts)
{
	*roster = (struct roster){
		.base = base,
		.tally = tally,
		.max = capacity(nr_contexts),
	};
	roster->list = calloc(roster->max, sizeof(*roster->list));
	if (!roster->list)
		roster->max = 0;
}

/* Takes it off the list, counts, closes. */
static void drop(struct roster *roster, struct process *process)
{
	struct process *last = roster->list[--roster->nr];

	roster->list[process->index] = last;
	last->index = process->index;
	process_close(process, roster->tally);
}

void roster_gone(struct roster *roster, struct process *process)
{
	char link[64], program[PATH_MAX];
	enum image_kind kind;
	ssize_t length;

	/* an exiting process has no program any more */
	snprintf(link, sizeof(link), "/proc/%d/exe", (int)process->pid);
	length = readlink(link, program, sizeof(program) - 1);
	if (length > 0 && !process_has_exited(process)) {
		program[length] = '\0';
		tally_stray(roster->tally, process->pid, program,
			    image_kind(link, &kind) ? NULL
						    : image_obstacle(kind));
	}
	drop(roster, process);
}

static void on_process_exit(evutil_socket_t fd, short what, void *arg)
{
	struct process *process = arg;

	(void)fd;
	(void)what;
	drop(process->roster, process);
}

static struct process *find(struct roster *roster, pid_t pid)
{
	for (size_t i = 0; i < roster->nr; i++) {
		if (roster->list[i]->pid == pid)
			return roster->list[i];
	}
	return NULL;
}

static int watch(struct roster *roster, struct process *process)
{
	process->roster = roster;
	process->exit = event_new(roster->base, process->pidfd, EV_READ,
				  on_process_exit, process);
	if (!process->exit || event_add(process->exit, NULL))
		return -ENOMEM;
	process->index = roster->nr;
	roster->list[roster->nr++] = process;
	return 0;
}

/* A program has started: in a process that has joined before? */
static bool is_known(struct roster *roster, const struct newcomer *newcomer)
{
	for (size_t i = 0; i < ROSTER_RECENT; i++) {
		if (roster->recent[i] == newcomer->pid)
			return true;
	}
	roster->recent[roster->next_recent++ % ROSTER_RECENT] = newcomer->pid;
	return false;
}

void roster_join(struct roster *roster, struct newcomer *newcomer)
{
	struct tally *tally = roster->tally;
	struct process *process;
	bool known;
	int err;

	tally->programs++;
	known = is_known(roster, newcomer);
	process = find(roster, newcomer->pid);
	if (process)
		drop(roster, process);
	if (newcomer->forked ||
	    (!tally_return(tally, newcomer->pid) && !process && !known))
		tally->processes++;
	if (!newcomer->nr_contexts)
		tally->contextless++;
	if (roster->nr == roster->max) {
		tally->untracked++;
		return;
	}
	err = process_open(&process, newcomer);
	if (!err) {
		err = watch(roster, process);
		if (err)
			process_close(process, tally);
		else if (roster->join)
			joining_begin(&process->joining, roster->base,
				      process->svm, roster->join_path, tally);
	}
	if (err == -EACCES || err == -EPERM)
		tally->unreadable++;
	else if (err && err != -ESRCH)
		tally_error(tally, err);
}

void roster_free(struct roster *roster)
{
	while (roster->nr)
		drop(roster, roster->list[roster->nr - 1]);
	free(roster->list);
	roster->list = NULL;
}
