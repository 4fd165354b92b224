// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The yardstick: a copy by the C library between pages that are there.
 */
#include "job.h"

#include <errno.h>
#include <string.h>

int job_memcpy(struct job *job, uint64_t *ns)
{
	uint64_t start;
	int err;

	err = job_make_copy(job);
	if (err)
		return err;
	err = job_refresh(job);
	if (err)
		return err;
	start = clock_ns();
	memcpy(job->copy.addr, job->source.addr, job->bytes);
	*ns = clock_ns() - start;
	if (!memory_check(&job->copy, job->seed))
		return job_problem(job, -EBADMSG,
				   "the content is WRONG after memcpy");
	return 0;
}
