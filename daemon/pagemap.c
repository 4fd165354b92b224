// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which parts of a process' mappings have memory, see pagemap.h: by the ioctl
 * PAGEMAP_SCAN, which is defined here since older headers lack it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "cleanup.h"
#include "pagemap.h"

struct scan_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)
#define IS_PRESENT (UINT64_C(1) << 3)
#define IS_SWAPPED (UINT64_C(1) << 4)
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
	struct scan_region regions[SCAN_BATCH];
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)range->addr,
		.end = (uintptr_t)range->addr + range->length,
		.vec = (uintptr_t)regions,
		.vec_len = SCAN_BATCH,
		.category_anyof_mask = IS_PRESENT | IS_SWAPPED,
		.return_mask = IS_PRESENT,
	};
	int got, i, ret = 0;

	do {
		got = ioctl(fd, SCAN_IOCTL, &arg);
		if (got < 0)
			return -errno;
		for (i = 0; i < got && !ret; i++)
			ret = add_part(parts, regions[i].start, regions[i].end);
		arg.start = arg.walk_end;
	} while (!ret && got && arg.start < arg.end);
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
