/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many CPUs copy a large range: the module's parameter copy_cpus, which root may
 * write. It is for the whole machine, so it is another only while a move is timed
 * that wants it so.
 *
 * Limits: who is killed by SIGKILL meanwhile leaves it as it is.
 */
#ifndef SVMBENCH_COPY_CPUS_H
#define SVMBENCH_COPY_CPUS_H

#include <stdint.h>

/* The most that a figure is measured with. */
#define COPY_CPUS_MAX 2

/* How many CPUs there are for it. */
unsigned int copy_cpus_online(void);

/* May it be written? Returns 0 or a negative errno value. */
int copy_cpus_check(void);

/*
 * copy_cpus_set() - set it
 * @nr: to this.
 * @before: what it was, for the next call; may be NULL.
 *
 * Returns 0 or a negative errno value; then it is what it was.
 */
int copy_cpus_set(unsigned int nr, unsigned int *before);

/*
 * copy_cpus_helped() - what others than the callers have copied
 * @id: to or from this device, since it was made.
 *
 * Returns 0 or a negative errno value.
 */
int copy_cpus_helped(uint32_t id, uint64_t *bytes);

#endif /* SVMBENCH_COPY_CPUS_H */
