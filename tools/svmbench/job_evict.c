// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To the device, and out of it by the administrator's svm_evict().
 */
#include <errno.h>
#include <string.h>

#include "job.h"
#include "units.h"

/* In steps until the device has nothing more; so at most as many as it has. */
static int evict(struct job *job, uint64_t step, uint64_t *ns)
{
	uint64_t start = clock_ns(), evicted = 0, all = 0;
	char text[UNITS_MAX];
	int err;

	do {
		err = svm_evict(job->device->svm, job->device->info.id, step,
				&evicted);
		all += evicted;
	} while (!err && evicted && all < job->bytes);
	*ns = clock_ns() - start;
	if (err)
		return job_problem(job, err, "svm_evict: %s", strerror(-err));
	if (all != job->bytes)
		return job_problem(job, -EAGAIN, "%s were evicted",
				   format_bytes(all, text));
	return 0;
}

int job_evict(struct job *job, uint64_t step, uint64_t *ns)
{
	uint64_t unused;
	int err;

	err = job_refresh(job);
	if (!err)
		err = mover_svm.there(job, &unused);
	if (!err)
		err = evict(job, step, ns);
	if (!err)
		err = job_check_place(job, false);
	if (!err)
		err = job_check(job, "eviction");
	return err;
}
