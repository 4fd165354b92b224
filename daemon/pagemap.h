/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which parts of a process' mappings have memory. Programs map terabytes that
 * they never touch (sanitizers, Go, JVMs); nobody can look at all of that.
 * No state.
 */
#ifndef SVMD_PAGEMAP_H
#define SVMD_PAGEMAP_H

#include <stddef.h>

#include <svm/svm.h>

/**
 * pagemap_populated() - the parts of ranges that have memory
 * @fd: /proc/PID/pagemap.
 * @ranges: ordered.
 * @nr: how many.
 * @max: most parts; the rest is left out.
 * @out: the parts, ordered; gaps up to PAGEMAP_GAP are taken in. To be freed.
 * @nr_out: how many.
 *
 * Memory that is swapped out or on a device counts. Returns 0; -ENOTTY if the
 * kernel can't tell (before 6.7); or another error.
 */
#define PAGEMAP_GAP ((size_t)64 << 10)
int pagemap_populated(int fd, const struct svm_range *ranges, size_t nr,
		      size_t max, struct svm_range **out, size_t *nr_out);

#endif /* SVMD_PAGEMAP_H */
