// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel's functions take of an operation, and what they leave of it.
 */
#include <string.h>

#include "job.h"

int job_in_phases(struct job *job,
		  int (*operation)(struct job *job, uint64_t *ns),
		  struct phases *phases)
{
	uint64_t all = 0;
	int err, stopped;

	err = phases_start();
	if (err)
		return job_problem(job, err, "the tracer: %s", strerror(-err));
	err = operation(job, &all);
	stopped = phases_stop(phases);
	if (!err && stopped)
		err = job_problem(job, stopped, "the tracer: %s",
				  strerror(-stopped));
	for (unsigned int i = 0; i < PHASE_REST; i++)
		all -= phases->ns[i] < all ? phases->ns[i] : all;
	phases->ns[PHASE_REST] = all;
	return err;
}
