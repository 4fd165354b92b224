/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The yardstick: copies by the kernel itself, between blocks of 2 MiB of its own, by
 * one CPU or two at once. It takes the module svm_copy_rate (tests/kmod), which is
 * made for this.
 */
#ifndef SVMBENCH_KERNEL_COPY_H
#define SVMBENCH_KERNEL_COPY_H

#include <stdbool.h>
#include <stdint.h>

#define KERNEL_COPY_MODULE "svm_copy_rate"
#define KERNEL_COPY_PATH "/sys/kernel/debug/" KERNEL_COPY_MODULE

/* Is the module there, and may it be used? */
bool kernel_copy_here(void);

/* Can so much be copied at once? */
bool kernel_copy_takes(uint64_t bytes);

/*
 * kernel_copy() - copy
 * @bytes: how much; kernel_copy_takes() it.
 * @cpus: by how many CPUs at once, 1 or 2; the first is the caller's.
 * @ns: from the first's beginning to the last's end.
 *
 * The memory for it is the kernel's, and free again afterwards. Returns 0 or a
 * negative errno value: -ENOMEM if there is not so much in blocks, -EIO if the
 * content was wrong.
 */
int kernel_copy(uint64_t bytes, unsigned int cpus, uint64_t *ns);

#endif /* SVMBENCH_KERNEL_COPY_H */
