// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PAGEMAP_SCAN. The struct is spelled out here because the C library's headers
 * of Debian 12 do not know it yet.
 */
#include "pagescan.h"

#include <errno.h>
#include <sys/ioctl.h>

#include <linux/ioctl.h>

struct pagescan_arg {
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

#define IOCTL_PAGEMAP_SCAN _IOWR('f', 16, struct pagescan_arg)

int pagescan(int fd, uint64_t start, uint64_t end, unsigned int any,
	     unsigned int none, unsigned int tell,
	     struct pagescan_region *regions, size_t max, uint64_t *next)
{
	struct pagescan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uintptr_t)regions,
		.vec_len = max,
		.category_inverted = none,
		.category_mask = none,
		.category_anyof_mask = any,
		.return_mask = tell,
	};
	int nr;

	nr = ioctl(fd, IOCTL_PAGEMAP_SCAN, &arg);
	if (nr < 0)
		return -errno;
	*next = arg.walk_end;
	/* nothing found and no way made: never leave the caller in a loop */
	if (arg.walk_end <= start)
		*next = end;
	return nr;
}
