/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job done by several at once.
 */
#ifndef SVMBENCH_TOGETHER_H
#define SVMBENCH_TOGETHER_H

#include <sched.h>

#include "workers.h"

/*
 * struct together_times - from the first's beginning to the last's end
 * @copy: memcpy(); not by processes.
 * @to_device: with a device.
 * @to_system: with a device.
 */
struct together_times {
	uint64_t copy;
	uint64_t to_device;
	uint64_t to_system;
};

/* Returns as the functions of job.h do. */
int job_together(struct job *job, enum workers_kind kind, unsigned int nr,
		 const cpu_set_t *cpus, struct together_times *times);

#endif /* SVMBENCH_TOGETHER_H */
