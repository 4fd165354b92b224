/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process has mapped that can move, cut into regions. No state: the
 * parts of memory.c that tests look at.
 */
#ifndef SVMD_MEMORY_H
#define SVMD_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <svm/svm.h>

#include "region.h"

/* Regions begin and end at multiples of this inside of a mapping. */
#define MEMORY_CHUNK (UINT64_C(2) << 20)

/**
 * struct memory_heat - how much a range is used
 * @start: first byte.
 * @end: first byte behind.
 * @heat: accesses per second and page.
 */
struct memory_heat {
	uint64_t start;
	uint64_t end;
	float heat;
};

/**
 * memory_map() - the ranges of a process that can move
 * @maps: /proc/PID/maps.
 * @out: private mappings of nothing that can be written, ordered; adjacent
 *	ones in one. To be freed.
 * @nr: how many.
 *
 * Returns 0 or -ENOMEM.
 */
int memory_map(FILE *maps, struct svm_range **out, size_t *nr);

/**
 * memory_cut() - cut ranges into regions
 * @ranges: ordered.
 * @nr_ranges: how many.
 * @heat: ordered, not overlapping; also what is in no range.
 * @nr_heat: how many.
 * @max: most regions; more bytes make greater regions.
 * @out: the regions, ordered, with @heat_cpu; of unknown place. To be freed.
 * @nr: how many.
 *
 * Cuts where the heat changes as well. Ranges that would exceed @max are left
 * out from the end.
 *
 * Returns 0 or -ENOMEM.
 */
int memory_cut(const struct svm_range *ranges, size_t nr_ranges,
	       const struct memory_heat *heat, size_t nr_heat, size_t max,
	       struct svmd_region **out, size_t *nr);

#endif /* SVMD_MEMORY_H */
