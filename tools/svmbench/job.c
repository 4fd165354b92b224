// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory for a job.
 *
 * The same mapping serves all runs, because taking thousands of page faults for
 * each would be most of the time; but huge pages that were split on the way are
 * replaced by new ones.
 */
#include "job.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int job_problem(struct job *job, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(job->problem, sizeof(job->problem), format, args);
	va_end(args);
	return err;
}

int job_refresh(struct job *job)
{
	int err;

	if (job->kind == PAGES_HUGE &&
	    memory_huge_bytes(&job->source) < job->bytes)
		memory_unmap(&job->source);
	if (!job->source.addr) {
		err = memory_map(&job->source, job->bytes, job->kind,
				 job->home);
		if (err)
			return job_problem(job, err, "no memory: %s",
					   strerror(-err));
	}
	memory_fill(&job->source, ++job->seed);
	job->huge_bytes = memory_huge_bytes(&job->source);
	return 0;
}

int job_check(struct job *job, const char *after)
{
	if (memory_check(&job->source, job->seed))
		return 0;
	return job_problem(job, -EBADMSG, "the content is WRONG after %s",
			   after);
}

int job_make_copy(struct job *job)
{
	int err;

	if (job->copy.addr)
		return 0;
	err = memory_map(&job->copy, job->bytes, job->kind, job->home);
	if (err)
		return job_problem(job, err, "no memory: %s", strerror(-err));
	memory_fill(&job->copy, 0);
	return 0;
}

void job_free(struct job *job)
{
	memory_unmap(&job->source);
	memory_unmap(&job->copy);
}
