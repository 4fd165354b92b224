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

static int begin(struct job *job)
{
	uint64_t unused;
	int err;

	err = job_refresh(job);
	return err ? err : mover_svm.there(job, &unused);
}

static int check(struct job *job)
{
	int err = job_check_place(job, false);

	return err ? err : job_check(job, "eviction");
}

int job_evict(struct job *job, uint64_t step, uint64_t *ns)
{
	int err;

	err = begin(job);
	if (!err)
		err = evict(job, step, ns);
	return err ? err : check(job);
}

static int evict_in_phases(struct job *job,
			   int (*operation)(struct job *job, uint64_t *ns),
			   struct phases *phases)
{
	int err;

	err = begin(job);
	if (!err)
		err = job_in_phases(job, operation, phases);
	return err ? err : check(job);
}

static int evict_all(struct job *job, uint64_t *ns)
{
	return evict(job, 0, ns);
}

int job_evict_in_phases(struct job *job, struct phases *phases)
{
	return evict_in_phases(job, evict_all, phases);
}

static int evict_by_huge_page(struct job *job, uint64_t *ns)
{
	return evict(job, HUGE_BYTES, ns);
}

int job_evict_by_huge_page_in_phases(struct job *job, struct phases *phases)
{
	return evict_in_phases(job, evict_by_huge_page, phases);
}
