/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread for what may take long: moving a process' memory, and looking where
 * it is, wait for that process' mmap lock, which it may hold as long as it
 * likes. The loop never does such a thing itself.
 *
 * Jobs run one after the other, in the order in which they came. What came out
 * is told in the loop. Everything but run() happens in the loop's thread, so a
 * job needs no lock as long as nobody else touches what run() touches; the
 * usual way is that the job has references of its own.
 *
 * At stop, jobs that did not begin are told as cancelled; the one that runs is
 * waited for, and should look at worker_stopping() between its steps.
 */
#ifndef SVMD_WORKER_H
#define SVMD_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

struct worker;

/* Callers wait for answers: a longer queue would only make them wait longer. */
#define WORKER_QUEUE_MAX 1024

/**
 * struct job - something to do; embed it in what the job needs
 * @run: does it, in the worker's thread.
 * @done: hears in the loop that it ran, or with @cancelled that it will not.
 *	Must free the job.
 * @next: the worker's.
 */
struct job {
	void (*run)(struct job *job, struct worker *worker);
	void (*done)(struct job *job, bool cancelled);
	struct job *next;
};

/* Returns 0 or a negative errno. */
int worker_new(struct worker **out, struct event_base *base);

/* Cancels what waits, waits for what runs. Returns NULL. */
struct worker *worker_free(struct worker *worker);

/**
 * worker_post() - have a job done
 * @worker: the worker.
 * @job: the job, the worker's until its done().
 *
 * Returns 0, or -EBUSY if too many wait already: then it is still the caller's.
 */
int worker_post(struct worker *worker, struct job *job);

/*
 * The same for somebody who asks, as anybody may: only half of those that can
 * wait, so that the rest is left for svmd's own.
 */
int worker_post_asked(struct worker *worker, struct job *job);

/* Whether a job should end early; for run(). */
bool worker_stopping(const struct worker *worker);

/* CPU time that the thread has used, in ns. */
uint64_t worker_cpu_ns(struct worker *worker);

/* For how long the current job has been running, in ns; 0 if none is. */
uint64_t worker_busy_ns(const struct worker *worker);

#endif /* SVMD_WORKER_H */
