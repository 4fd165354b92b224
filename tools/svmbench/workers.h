/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several at once: threads that share one handle on the device, threads with a
 * handle each, or processes, each with its part of a job's memory.
 *
 * Threads work on slices of the job's own source and copy, processes on memory
 * of their own. All wait for a command, do it at the same time, and tell when they
 * began and ended. However one of them ends, nobody waits for it any more.
 *
 * Limits: WORKERS_MAX of them.
 */
#ifndef SVMBENCH_WORKERS_H
#define SVMBENCH_WORKERS_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "job.h"

#define WORKERS_MAX 4

enum workers_kind {
	WORKERS_THREADS,
	WORKERS_CONTEXTS,
	WORKERS_PROCESSES,
};

enum workers_command {
	/* new content; for processes only, as threads' memory is the job's */
	WORKERS_REFRESH = 'r',
	/* memcpy() from the source to the copy; for threads only */
	WORKERS_COPY = 'c',
	WORKERS_TO_DEVICE = 'd',
	WORKERS_TO_SYSTEM = 's',
	/* is it on the device; is it back, and the content right: processes only */
	WORKERS_CHECK_THERE = 't',
	WORKERS_CHECK_BACK = 'b',
};

/*
 * struct worker - one of them
 * @workers: all.
 * @job: its part.
 * @own: its own handle on the device, if it has one.
 * @line: our end of the line to it, -1 if there is none.
 * @far: its end, for a thread.
 * @thread: if it is one and @line is not -1.
 * @pid: if it is a process.
 */
struct worker {
	struct workers *workers;
	struct job job;
	struct device own;
	int line;
	int far;
	pthread_t thread;
	pid_t pid;
};

struct workers {
	enum workers_kind kind;
	unsigned int nr;
	cpu_set_t cpus;
	struct worker list[WORKERS_MAX];
};

/*
 * workers_start() - start them
 * @workers: them; at a fixed address until workers_stop().
 * @job: its memory is divided among them: threads want its source and copy to be
 *	there.
 * @kind: what they are.
 * @nr: how many; @job->bytes must be divisible.
 * @cpus: where they may run.
 *
 * Returns 0, or a negative errno value with the job's problem; then there are
 * none.
 */
int workers_start(struct workers *workers, struct job *job,
		  enum workers_kind kind, unsigned int nr,
		  const cpu_set_t *cpus);

/*
 * workers_do() - have all of them do something at the same time
 * @ns: from the first's beginning to the last's end; may be NULL.
 *
 * Returns 0, or the error of one that failed, with the job's problem.
 */
int workers_do(struct workers *workers, struct job *job,
	       enum workers_command command, uint64_t *ns);

/* Ends them; also after an error. */
void workers_stop(struct workers *workers);

#endif /* SVMBENCH_WORKERS_H */
