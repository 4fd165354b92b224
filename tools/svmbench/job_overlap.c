// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A move in the background while the CPU computes: alone, and both at once.
 *
 * Computing touches no memory, so all that the two can take from each other is a
 * CPU. Whoever else could do the move is welcome: the thread runs on all CPUs
 * that svmbench was given, not on one as elsewhere.
 */
#include <errno.h>
#include <string.h>

#include <svm/fence.h>

#include "job.h"
#include "overlap.h"
#include "rng.h"

#define STEPS_TRIED ((uint64_t)1 << 20)

static void compute(uint64_t steps, uint64_t *ns)
{
	uint64_t start = clock_ns();
	struct rng rng = { .state = start };
	volatile uint64_t result = 0;

	for (uint64_t i = 0; i < steps; i++)
		result = rng_next(&rng);
	(void)result;
	if (ns)
		*ns = clock_ns() - start;
}

static int take_result(struct job *job, struct svm_fence *fence)
{
	struct svm_result result = SVM_RESULT_INIT;
	int err, error = 0;

	err = svm_fence_wait(fence, -1);
	if (!err)
		err = svm_fence_result(fence, &error, &result);
	if (!err)
		err = error;
	if (err)
		return job_problem(job, err, "a move in the background: %s",
				   strerror(-err));
	if (result.bytes_there != job->bytes)
		return job_problem(job, -EAGAIN,
				   "not all moved in the background");
	return 0;
}

/* In the background; meanwhile @steps of computing. */
static int move(struct job *job, bool to_device, uint64_t steps, uint64_t *ns)
{
	struct svm_place to = to_device ? svm_on_device(job->device->info.id)
					: svm_on_node(SVM_NODE_ANY);
	uint64_t start = clock_ns();
	struct svm_fence *fence;
	int err;

	err = svm_migrate_async(job->device->svm, job->source.addr, job->bytes,
				to, NULL, &fence);
	if (err)
		return job_problem(job, err, "svm_migrate_async: %s",
				   strerror(-err));
	if (svm_fence_is_async(fence)) {
		compute(steps, NULL);
		err = take_result(job, fence);
	} else {
		err = job_problem(job, -EOPNOTSUPP,
				  "the device does nothing in the background");
	}
	*ns = clock_ns() - start;
	svm_fence_close(fence);
	return err ? err : job_check_place(job, to_device);
}

/* As many steps as take about as long as a move. */
static uint64_t steps_for(uint64_t ns)
{
	uint64_t tried;

	compute(STEPS_TRIED, &tried);
	return 1 + (uint64_t)((double)STEPS_TRIED * (double)ns /
			      (double)(tried + 1));
}

static int overlap(struct job *job, struct overlap_times *times)
{
	uint64_t steps;
	int err;

	err = move(job, true, 0, &times->to_device);
	if (!err)
		err = move(job, false, 0, &times->to_system);
	if (!err)
		err = job_check(job, "moves in the background");
	if (err)
		return err;
	if (!job->steps)
		job->steps = steps_for(times->to_device);
	steps = job->steps;
	compute(steps, &times->compute);
	err = move(job, true, steps, &times->to_device_beside);
	if (!err)
		err = move(job, false, steps, &times->to_system_beside);
	return err;
}

static int move_there(struct job *job, uint64_t *ns)
{
	return move(job, true, 0, ns);
}

static int move_back(struct job *job, uint64_t *ns)
{
	return move(job, false, 0, ns);
}

int job_overlap_in_phases(struct job *job, struct phases *phases)
{
	int err;

	err = job_refresh(job);
	if (!err)
		err = job_in_phases(job, move_there, &phases[0]);
	if (!err)
		err = job_in_phases(job, move_back, &phases[1]);
	return err ? err : job_check(job, "moves that were traced");
}

int job_overlap(struct job *job, const cpu_set_t *cpus,
		struct overlap_times *times)
{
	cpu_set_t before;
	int err;

	err = job_refresh(job);
	if (err)
		return err;
	sched_getaffinity(0, sizeof(before), &before);
	sched_setaffinity(0, sizeof(*cpus), cpus);
	err = overlap(job, times);
	sched_setaffinity(0, sizeof(before), &before);
	return err ? err : job_check(job, "moves beside computing");
}
