/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages of an address space there are: the PAGEMAP_SCAN ioctl of
 * /proc/PID/pagemap (Linux 6.7), which skips holes at the speed of the page
 * table walk, and faults nothing in.
 */
#ifndef SVM_TOOLS_PAGESCAN_H
#define SVM_TOOLS_PAGESCAN_H

#include <stddef.h>
#include <stdint.h>

/* What to look for, and what a found region is. */
enum pagescan_kind {
	/* the page of a file, of tmpfs or of shared anonymous memory */
	PAGESCAN_FILE = 1 << 2,
	PAGESCAN_PRESENT = 1 << 3,
	/* swapped out, or in the memory of a device */
	PAGESCAN_AWAY = 1 << 4,
	/* the kernel's page of zeroes */
	PAGESCAN_ZERO = 1 << 5,
	/* mapped by a huge page table entry */
	PAGESCAN_HUGE = 1 << 6,
};

struct pagescan_region {
	uint64_t start;
	uint64_t end;
	uint64_t kinds;
};

/*
 * pagescan() - find regions of pages
 * @fd: an open /proc/PID/pagemap.
 * @start: page aligned; where to begin.
 * @end: page aligned; where to end.
 * @any: kinds of which a page must have one.
 * @none: kinds of which it must have none.
 * @tell: kinds by which regions are told apart, and that are reported.
 * @regions: what was found.
 * @max: room there.
 * @next: from where to go on; @end when done.
 *
 * Returns the number of regions, or a negative errno value: -ENOTTY where the
 * kernel has no such ioctl, -ESRCH when the address space is gone.
 */
int pagescan(int fd, uint64_t start, uint64_t end, unsigned int any,
	     unsigned int none, unsigned int tell,
	     struct pagescan_region *regions, size_t max, uint64_t *next);

#endif /* SVM_TOOLS_PAGESCAN_H */
