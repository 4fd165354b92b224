// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The same by several at once.
 */
#include <errno.h>
#include <string.h>

#include "together.h"

static int copy_together(struct job *job, struct workers *workers,
			 struct together_times *times)
{
	int err;

	err = workers_do(workers, job, WORKERS_COPY, &times->copy);
	if (!err && !memory_check(&job->copy, job->seed))
		err = job_problem(job, -EBADMSG,
				  "the content is WRONG after memcpy");
	return err;
}

/* The memory is the job's own, so it is checked as a whole. */
static int threads_together(struct job *job, struct workers *workers,
			    struct together_times *times)
{
	int err;

	err = copy_together(job, workers, times);
	if (!err && job->device)
		err = workers_do(workers, job, WORKERS_TO_DEVICE,
				 &times->to_device);
	if (!err && job->device)
		err = job_check_place(job, true);
	if (!err && job->device)
		err = workers_do(workers, job, WORKERS_TO_SYSTEM,
				 &times->to_system);
	if (!err && job->device)
		err = job_check_place(job, false);
	if (!err)
		err = job_check(job, "moves by several at once");
	return err;
}

static int processes_together(struct job *job, struct workers *workers,
			      struct together_times *times)
{
	int err;

	err = workers_do(workers, job, WORKERS_REFRESH, NULL);
	if (!err)
		err = workers_do(workers, job, WORKERS_TO_DEVICE,
				 &times->to_device);
	if (!err)
		err = workers_do(workers, job, WORKERS_CHECK_THERE, NULL);
	if (!err)
		err = workers_do(workers, job, WORKERS_TO_SYSTEM,
				 &times->to_system);
	if (!err)
		err = workers_do(workers, job, WORKERS_CHECK_BACK, NULL);
	return err;
}

int job_together(struct job *job, enum workers_kind kind, unsigned int nr,
		 const cpu_set_t *cpus, struct together_times *times)
{
	struct workers workers;
	int err = 0;

	if (kind == WORKERS_PROCESSES) {
		/* its place is for them */
		job_free(job);
	} else {
		err = job_make_copy(job);
		if (!err)
			err = job_refresh(job);
	}
	if (!err)
		err = workers_start(&workers, job, kind, nr, cpus);
	if (err)
		return err;
	err = kind == WORKERS_PROCESSES
		      ? processes_together(job, &workers, times)
		      : threads_together(job, &workers, times);
	workers_stop(&workers);
	return err;
}
