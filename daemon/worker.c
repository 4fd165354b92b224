// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A thread for what may take long, see worker.h.
 *
 * Locking: @lock guards the two queues. @stopping and @started are atomic.
 * At most WORKER_QUEUE_MAX jobs wait.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "worker.h"

struct queue {
	struct job *first;
	struct job **last;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct queue todo;
	struct queue finished;
	unsigned int waiting;
	_Atomic bool stopping;
	_Atomic uint64_t started; /* ns of CLOCK_MONOTONIC, 0: idle */
	struct event *told;
	int eventfd;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void queue_add(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct job *queue_take(struct queue *queue)
{
	struct job *job = queue->first;

	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->last = &queue->first;
	return job;
}

static struct job *wait_for_job(struct worker *worker)
{
	struct job *job = NULL;

	pthread_mutex_lock(&worker->lock);
	while (!worker->stopping && !(job = queue_take(&worker->todo)))
		pthread_cond_wait(&worker->wake, &worker->lock);
	if (job)
		worker->waiting--;
	pthread_mutex_unlock(&worker->lock);
	return job;
}

static void finish(struct worker *worker, struct job *job)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&worker->lock);
	queue_add(&worker->finished, job);
	pthread_mutex_unlock(&worker->lock);
	/* Fails only when the counter is full: then it is readable anyway. */
	(void)!write(worker->eventfd, &one, sizeof(one));
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct job *job;

	while ((job = wait_for_job(worker))) {
		atomic_store(&worker->started, clock_ns(CLOCK_MONOTONIC));
		job->run(job, worker);
		atomic_store(&worker->started, 0);
		finish(worker, job);
	}
	return NULL;
}

static void tell_finished(struct worker *worker)
{
	struct job *job;

	do {
		pthread_mutex_lock(&worker->lock);
		job = queue_take(&worker->finished);
		pthread_mutex_unlock(&worker->lock);
		if (job)
			job->done(job, false);
	} while (job);
}

static void on_told(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	(void)what;
	(void)!read(fd, &count, sizeof(count));
	tell_finished(arg);
}

/* Signals are for the loop's thread. */
static int start_thread(struct worker *worker)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&worker->thread, NULL, work, worker);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -ret;
}

static void free_parts(struct worker *worker)
{
	if (worker->told)
		event_free(worker->told);
	if (worker->eventfd >= 0)
		close(worker->eventfd);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

int worker_new(struct worker **out, struct event_base *base)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int ret = -ENOMEM;

	if (!worker)
		return -ENOMEM;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->wake, NULL);
	queue_init(&worker->todo);
	queue_init(&worker->finished);
	worker->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->eventfd < 0) {
		ret = -errno;
		goto free_worker;
	}
	worker->told = event_new(base, worker->eventfd, EV_READ | EV_PERSIST,
				 on_told, worker);
	if (!worker->told || event_add(worker->told, NULL) < 0)
		goto free_worker;
	ret = start_thread(worker);
	if (ret)
		goto free_worker;
	*out = worker;
	return 0;

free_worker:
	free_parts(worker);
	return ret;
}

struct worker *worker_free(struct worker *worker)
{
	struct job *job;

	if (!worker)
		return NULL;
	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	tell_finished(worker);
	while ((job = queue_take(&worker->todo)))
		job->done(job, true);
	free_parts(worker);
	return NULL;
}

static int post(struct worker *worker, struct job *job, unsigned int most)
{
	int ret = -EBUSY;

	pthread_mutex_lock(&worker->lock);
	if (!worker->stopping && worker->waiting < most) {
		worker->waiting++;
		queue_add(&worker->todo, job);
		pthread_cond_signal(&worker->wake);
		ret = 0;
	}
	pthread_mutex_unlock(&worker->lock);
	return ret;
}

int worker_post(struct worker *worker, struct job *job)
{
	return post(worker, job, WORKER_QUEUE_MAX);
}

int worker_post_asked(struct worker *worker, struct job *job)
{
	return post(worker, job, WORKER_QUEUE_MAX / 2);
}

bool worker_stopping(const struct worker *worker)
{
	return atomic_load(&worker->stopping);
}

uint64_t worker_cpu_ns(struct worker *worker)
{
	clockid_t clock;

	if (pthread_getcpuclockid(worker->thread, &clock))
		return 0;
	return clock_ns(clock);
}

uint64_t worker_busy_ns(const struct worker *worker)
{
	uint64_t started = atomic_load(&worker->started);

	return started ? clock_ns(CLOCK_MONOTONIC) - started : 0;
}
