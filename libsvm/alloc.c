// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory that moves well: private, anonymous, aligned and rounded to the size
 * of a huge page, and asking for huge pages. Plain mmap(2), no book-keeping:
 * what is not moved costs what any mapping costs.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include "handle.h"

/* The huge page of x86-64, of arm64 with 4 KiB pages, of the module's pools. */
#define HUGE_BYTES ((size_t)2 << 20)

/* Returns the rounded length, 0 if there is none. */
static size_t round_up(size_t length)
{
	size_t sum;

	if (__builtin_add_overflow(length, HUGE_BYTES - 1, &sum))
		return 0;
	return sum & ~(HUGE_BYTES - 1);
}

SVM_PUBLIC int svm_alloc(size_t length, unsigned int flags, void **out)
{
	size_t bytes = round_up(length);
	size_t before, room;
	char *map, *mem;

	if (!length || flags || !out)
		return -EINVAL;
	if (!bytes || __builtin_add_overflow(bytes, HUGE_BYTES, &room))
		return -ENOMEM;
	/* More than needed, of which the unaligned ends go back. */
	map = mmap(NULL, room, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return -ENOMEM;
	before = -(uintptr_t)map & (HUGE_BYTES - 1);
	mem = map + before;
	if (before)
		munmap(map, before);
	munmap(mem + bytes, room - bytes - before);
	/* Only speed hangs on it. */
	(void)madvise(mem, bytes, MADV_HUGEPAGE);
	*out = mem;
	return 0;
}

SVM_PUBLIC int svm_free(void *addr, size_t length)
{
	size_t bytes = round_up(length);

	if (!addr)
		return 0;
	if (!bytes || (uintptr_t)addr & (HUGE_BYTES - 1))
		return -EINVAL;
	return munmap(addr, bytes) < 0 ? -errno : 0;
}
