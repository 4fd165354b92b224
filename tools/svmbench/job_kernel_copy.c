// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As much as the job has, copied by the kernel in memory of its own, which checks it.
 */
#include <string.h>

#include "job.h"
#include "kernel_copy.h"

int job_kernel_copy(struct job *job, unsigned int cpus, uint64_t *ns)
{
	int err = kernel_copy(job->bytes, cpus, ns);

	if (err)
		return job_problem(job, err, "%s: %s", KERNEL_COPY_PATH,
				   strerror(-err));
	job->huge_bytes = job->kind == PAGES_HUGE ? job->bytes : 0;
	return 0;
}
