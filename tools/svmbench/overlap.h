/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving while computing.
 */
#ifndef SVMBENCH_OVERLAP_H
#define SVMBENCH_OVERLAP_H

#include <sched.h>

#include "job.h"

/*
 * struct overlap_times - what each took
 * @compute: computing alone: about as long as a move to the device.
 * @to_device: a move in the background, while nobody does anything.
 * @to_system: likewise.
 * @to_device_beside: a move and computing, begun at the same time, until both
 *	are done.
 * @to_system_beside: likewise.
 */
struct overlap_times {
	uint64_t compute;
	uint64_t to_device;
	uint64_t to_system;
	uint64_t to_device_beside;
	uint64_t to_system_beside;
};

/*
 * A move there and one back while nobody does anything: phases of two. Whoever
 * else moves memory meanwhile is counted as well.
 */
int job_overlap_in_phases(struct job *job, struct phases *phases);

/* On these CPUs. Returns as the functions of job.h do. */
int job_overlap(struct job *job, const cpu_set_t *cpus,
		struct overlap_times *times);

#endif /* SVMBENCH_OVERLAP_H */
