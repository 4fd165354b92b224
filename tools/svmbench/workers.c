// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starting them, and talking to them: a socket each, on which a command is a byte
 * and an answer a struct.
 */
#include "workers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * struct answer - to a command
 * @err: 0 or a negative errno value, with @problem.
 * @start: when the timed part began,
 * @end: and ended.
 */
struct answer {
	int err;
	uint64_t start;
	uint64_t end;
	char problem[sizeof(((struct job *)NULL)->problem)];
};

/* --- the worker --- */

static int do_copy(struct job *job, uint64_t *ns)
{
	job->started = clock_ns();
	memcpy(job->copy.addr, job->source.addr, job->bytes);
	*ns = clock_ns() - job->started;
	return 0;
}

static int check_back(struct job *job)
{
	int err = job_check_place(job, false);

	return err ? err : job_check(job, "moves by several at once");
}

static int do_command(struct job *job, char command, uint64_t *ns)
{
	switch (command) {
	case WORKERS_REFRESH:
		return job_refresh(job);
	case WORKERS_COPY:
		return do_copy(job, ns);
	case WORKERS_TO_DEVICE:
		return job_move(job, true, ns);
	case WORKERS_TO_SYSTEM:
		return job_move(job, false, ns);
	case WORKERS_CHECK_THERE:
		return job_check_place(job, true);
	case WORKERS_CHECK_BACK:
		return check_back(job);
	}
	return job_problem(job, -EINVAL, "no such command");
}

/* The device by a handle of its own, where it takes one. */
static int open_own(struct worker *worker)
{
	struct job *job = &worker->job;
	char name[16];
	int err;

	if (worker->workers->kind == WORKERS_THREADS)
		return 0;
	snprintf(name, sizeof(name), "svm%u", job->device->info.id);
	err = device_open(&worker->own, name, 0);
	if (err)
		return job_problem(job, err, "%s: %s", name, strerror(-err));
	job->device = &worker->own;
	return 0;
}

static void serve(struct worker *worker, int line)
{
	struct job *job = &worker->job;
	struct answer answer;
	uint64_t ns;
	char command;
	int opened;

	sched_setaffinity(0, sizeof(worker->workers->cpus),
			  &worker->workers->cpus);
	opened = open_own(worker);
	/* MSG_WAITALL would not help: a byte is a byte */
	for (;;) {
		ssize_t got = recv(line, &command, 1, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got != 1)
			break;
		ns = 0;
		answer.err = opened ? opened : do_command(job, command, &ns);
		answer.start = job->started;
		answer.end = job->started + ns;
		memcpy(answer.problem, job->problem, sizeof(answer.problem));
		if (send(line, &answer, sizeof(answer), MSG_NOSIGNAL) !=
		    (ssize_t)sizeof(answer))
			break;
	}
	if (worker->own.svm)
		device_close(&worker->own);
}

static void *thread(void *arg)
{
	struct worker *worker = arg;

	serve(worker, worker->far);
	return NULL;
}

/* --- who commands --- */

static int start_thread(struct worker *worker)
{
	int err = pthread_create(&worker->thread, NULL, thread, worker);

	if (err)
		close(worker->far);
	return -err;
}

static int start_process(struct worker *worker)
{
	worker->pid = fork();
	if (worker->pid < 0) {
		int err = -errno;

		close(worker->far);
		return err;
	}
	if (!worker->pid) {
		close(worker->line);
		serve(worker, worker->far);
		_exit(0);
	}
	close(worker->far);
	return 0;
}

static int start(struct worker *worker)
{
	int line[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line))
		return -errno;
	worker->line = line[0];
	worker->far = line[1];
	err = worker->workers->kind == WORKERS_PROCESSES ? start_process(worker)
							 : start_thread(worker);
	if (err) {
		close(worker->line);
		worker->line = -1;
	}
	return err;
}

static struct memory slice(const struct memory *memory, size_t at, size_t bytes)
{
	struct memory part = { .bytes = bytes, .kind = memory->kind };

	if (memory->addr)
		part.addr = (char *)memory->addr + at;
	return part;
}

int workers_start(struct workers *workers, struct job *job,
		  enum workers_kind kind, unsigned int nr,
		  const cpu_set_t *cpus)
{
	size_t part = job->bytes / nr;
	int err = 0;

	*workers = (struct workers){ .kind = kind, .nr = nr, .cpus = *cpus };
	for (unsigned int i = 0; i < nr; i++) {
		struct worker *worker = &workers->list[i];

		worker->workers = workers;
		worker->line = -1;
		worker->job = *job;
		worker->job.bytes = part;
		worker->job.source = slice(&job->source, i * part, part);
		worker->job.copy = slice(&job->copy, i * part, part);
		if (kind == WORKERS_PROCESSES) {
			worker->job.source = MEMORY_NONE;
			worker->job.copy = MEMORY_NONE;
		}
	}
	for (unsigned int i = 0; !err && i < nr; i++)
		err = start(&workers->list[i]);
	if (err) {
		workers_stop(workers);
		return job_problem(job, err, "no %s: %s",
				   kind == WORKERS_PROCESSES ? "process"
							     : "thread",
				   strerror(-err));
	}
	return 0;
}

static bool hear(struct worker *worker, struct answer *answer)
{
	ssize_t got;

	do
		got = recv(worker->line, answer, sizeof(*answer), 0);
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(*answer);
}

int workers_do(struct workers *workers, struct job *job,
	       enum workers_command command, uint64_t *ns)
{
	uint64_t first = UINT64_MAX, last = 0;
	struct answer answer;
	char byte = (char)command;
	int err = 0;

	for (unsigned int i = 0; i < workers->nr; i++)
		send(workers->list[i].line, &byte, 1, MSG_NOSIGNAL);
	/* all are heard, so that none is at it when the next command comes */
	for (unsigned int i = 0; i < workers->nr; i++) {
		if (!hear(&workers->list[i], &answer)) {
			err = job_problem(job, -ECHILD, "one of %u is gone",
					  workers->nr);
			continue;
		}
		if (answer.err && !err)
			err = job_problem(job, answer.err, "%s",
					  answer.problem);
		if (answer.start < first)
			first = answer.start;
		if (answer.end > last)
			last = answer.end;
	}
	if (!err && ns)
		*ns = last - first;
	return err;
}

void workers_stop(struct workers *workers)
{
	for (unsigned int i = 0; i < workers->nr; i++) {
		struct worker *worker = &workers->list[i];

		if (worker->line < 0)
			continue;
		/*
		 * The end of the line ends the worker. Other processes have
		 * inherited the line, so closing would not do.
		 */
		shutdown(worker->line, SHUT_RDWR);
		close(worker->line);
		worker->line = -1;
		if (workers->kind == WORKERS_PROCESSES) {
			while (waitpid(worker->pid, NULL, 0) < 0 &&
			       errno == EINTR)
				;
			continue;
		}
		pthread_join(worker->thread, NULL);
		close(worker->far);
	}
	workers->nr = 0;
}
