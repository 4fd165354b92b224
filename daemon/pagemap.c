// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which parts of a process' mappings have memory, see pagemap.h.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "pagemap.h"
#include "pagescan.h"

#define SCAN_BATCH 512

struct parts {
	struct svm_range *list;
	size_t first; /* of the present mapping: gaps between two are no part */
	size_t nr;
	size_t room;
	size_t max;
};

/* 1 when there is no more room for parts. */
static int add_part(struct parts *parts, uint64_t start, uint64_t end)
{
	struct svm_range *last = NULL, *grown;

	if (parts->nr > parts->first)
		last = &parts->list[parts->nr - 1];
	if (last) {
		uint64_t until = (uintptr_t)last->addr + last->length;

		if (start - until <= PAGEMAP_GAP) {
			last->length = end - (uintptr_t)last->addr;
			return 0;
		}
	}
	if (parts->nr == parts->max)
		return 1;
	if (parts->nr == parts->room) {
		size_t room = parts->room ? parts->room * 2 : 64;

		grown = realloc(parts->list, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		parts->list = grown;
		parts->room = room;
	}
	parts->list[parts->nr++] = (struct svm_range){
		.addr = (void *)(uintptr_t)start,
		.length = end - start,
	};
	return 0;
}

static int scan_range(int fd, const struct svm_range *range,
		      struct parts *parts)
{
	struct pagescan_region regions[SCAN_BATCH];
	uint64_t at = (uintptr_t)range->addr, end = at + range->length;
	int got, i, ret = 0;

	while (!ret && at < end) {
		got = pagescan(fd, at, end, PAGESCAN_PRESENT | PAGESCAN_AWAY, 0,
			       PAGESCAN_PRESENT, regions, SCAN_BATCH, &at);
		if (got < 0)
			return got;
		for (i = 0; i < got && !ret; i++)
			ret = add_part(parts, regions[i].start, regions[i].end);
	}
	return ret;
}

int pagemap_populated(int fd, const struct svm_range *ranges, size_t nr,
		      size_t max, struct svm_range **out, size_t *nr_out)
{
	struct parts parts = { .max = max };
	size_t i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		parts.first = parts.nr;
		ret = scan_range(fd, &ranges[i], &parts);
	}
	if (ret < 0) {
		free(parts.list);
		return ret;
	}
	*out = parts.list;
	*nr_out = parts.nr;
	return 0;
}
