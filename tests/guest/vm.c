// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * munmap, mremap, mprotect, madvise and mlock on pages that are on a device.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 512
#define LENGTH (PAGES * PAGE)

static char *on_device(int fd)
{
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	return addr;
}

static uint64_t bytes_used(int fd)
{
	struct svm_ioctl_info info = device_info(fd);

	return info.bytes_total - info.bytes_free;
}

CASE(munmap_the_middle)
{
	int fd = open_device(0);
	char *addr = on_device(fd);

	CHECK_SYS(munmap(page_at(addr, 100), 100 * PAGE));
	CHECK_EQ(bytes_used(fd), LENGTH - 100 * PAGE);
	check_on_device(fd, addr, 100 * PAGE, 0);
	check_place(fd, page_at(addr, 100), 100 * PAGE, SVM_PLACE_UNMAPPED, 0);
	check_on_device(fd, page_at(addr, 200), LENGTH - 200 * PAGE, 0);
	check_fill(addr, 100 * PAGE, 1);
	check_part(page_at(addr, 200), LENGTH - 200 * PAGE, 1, 200 * PAGE);
}

CASE(munmap_every_second_page)
{
	int fd = open_device(0), i;
	char *addr = on_device(fd);

	for (i = 0; i < PAGES; i += 2)
		CHECK_SYS(munmap(page_at(addr, i), PAGE));
	CHECK_EQ(bytes_used(fd), LENGTH / 2);
	for (i = 1; i < PAGES; i += 2)
		check_part(page_at(addr, i), PAGE, 1, i * PAGE);
	CHECK_EQ(bytes_used(fd), 0);
}

CASE(munmap_all)
{
	int fd = open_device(0);
	char *addr = on_device(fd);

	CHECK_SYS(munmap(addr, LENGTH));
	check_all_free(fd);
	/* What comes to the same address is new. */
	CHECK_SYS(mmap(addr, LENGTH, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	check_zero(addr, LENGTH);
}

CASE(map_over)
{
	int fd = open_device(0);
	char *addr = on_device(fd);

	CHECK_SYS(mmap(page_at(addr, 50), 50 * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	check_fill(addr, 50 * PAGE, 1);
	check_zero(page_at(addr, 50), 50 * PAGE);
	check_part(page_at(addr, 100), LENGTH - 100 * PAGE, 1, 100 * PAGE);
}

CASE(mremap_to_elsewhere)
{
	int fd = open_device(0);
	char *addr = on_device(fd), *to = find_gap(LENGTH);

	CHECK(mremap(addr, LENGTH, LENGTH, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
	      to);
	check_on_device(fd, to, LENGTH, 0);
	check_place(fd, addr, LENGTH, SVM_PLACE_UNMAPPED, 0);
	check_fill(to, LENGTH, 1);
}

/* To an offset in the page tables unlike the old one. */
CASE(mremap_unaligned)
{
	int fd = open_device(0), i;
	char *addr = on_device(fd), *to;

	for (i = 1; i < 4; i++) {
		to = find_gap(LENGTH + 600 * PAGE) + (i * 123 + 1) * PAGE;
		CHECK(mremap(addr, LENGTH, LENGTH,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
		check_on_device(fd, to, LENGTH, 0);
		check_fill(to, LENGTH, 1);
		move_all(fd, to, LENGTH, TO_DEVICE);
		addr = to;
	}
}

CASE(mremap_the_middle_away)
{
	int fd = open_device(0);
	char *addr = on_device(fd), *to = find_gap(LENGTH) + 7 * PAGE;

	CHECK(mremap(page_at(addr, 100), 33 * PAGE, 33 * PAGE,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	check_on_device(fd, to, 33 * PAGE, 0);
	check_part(to, 33 * PAGE, 1, 100 * PAGE);
	check_fill(addr, 100 * PAGE, 1);
	check_part(page_at(addr, 133), LENGTH - 133 * PAGE, 1, 133 * PAGE);
}

CASE(mremap_grow_and_shrink)
{
	int fd = open_device(0);
	char *addr = on_device(fd), *big;

	big = CHECK_SYS(mremap(addr, LENGTH, 2 * LENGTH, MREMAP_MAYMOVE));
	check_on_device(fd, big, LENGTH, 0);
	check_place(fd, big + LENGTH, LENGTH, SVM_PLACE_NONE, 0);
	move_all(fd, big, 2 * LENGTH, TO_DEVICE);
	CHECK(mremap(big, 2 * LENGTH, LENGTH / 2, 0) == big);
	CHECK_EQ(bytes_used(fd), LENGTH / 2);
	check_fill(big, LENGTH / 2, 1);
}

CASE(mremap_dontunmap)
{
	int fd = open_device(0);
	char *addr = on_device(fd), *to;

	to = mremap(addr, LENGTH, LENGTH, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
		    NULL);
	if (to == MAP_FAILED)
		skip("no MREMAP_DONTUNMAP: %s", err_name(errno));
	check_place(fd, addr, LENGTH, SVM_PLACE_NONE, 0);
	check_on_device(fd, to, LENGTH, 0);
	check_fill(to, LENGTH, 1);
	check_zero(addr, LENGTH);
}

CASE(mremap_over_device_pages)
{
	int fd = open_device(0);
	char *addr = on_device(fd), *over = on_device(fd);

	fill(addr, LENGTH, 2);
	CHECK(mremap(addr, LENGTH, LENGTH, MREMAP_MAYMOVE | MREMAP_FIXED,
		     over) == over);
	CHECK_EQ(bytes_used(fd), 0);
	check_fill(over, LENGTH, 2);
}

CASE(mprotect_there_and_back)
{
	int fd = open_device(0), i;
	char *addr = on_device(fd);
	struct svm_page page;

	page = place_of(fd, addr);
	CHECK_EQ(page.flags & (SVM_PAGE_F_READ | SVM_PAGE_F_WRITE),
		 SVM_PAGE_F_READ | SVM_PAGE_F_WRITE);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	check_on_device(fd, addr, LENGTH, 0);
	page = place_of(fd, addr);
	CHECK_EQ(page.flags & (SVM_PAGE_F_READ | SVM_PAGE_F_WRITE),
		 SVM_PAGE_F_READ);
	/* Half home while read-only. */
	check_fill(addr, LENGTH / 2, 1);
	CHECK_SYS(mprotect(addr, LENGTH, RW));
	check_on_device(fd, page_at(addr, PAGES - 1), PAGE, 0);
	fill(addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
	for (i = 0; i < 20; i++) {
		move_all(fd, addr, LENGTH, TO_DEVICE);
		CHECK_SYS(mprotect(addr, LENGTH, i % 2 ? RW : PROT_READ));
		check_fill(addr, PAGE, 2);
	}
	check_fill(addr, LENGTH, 2);
}

CASE(mprotect_the_middle)
{
	int fd = open_device(0);
	char *addr = on_device(fd);

	CHECK_SYS(mprotect(page_at(addr, 100), 100 * PAGE, PROT_READ));
	CHECK_SYS(mprotect(page_at(addr, 300), 100 * PAGE, PROT_NONE));
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_SYS(mprotect(addr, LENGTH, RW));
	check_fill(addr, LENGTH, 1);
	fill(addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
}

CASE(dontneed)
{
	int fd = open_device(0);
	char *addr = on_device(fd);

	CHECK_SYS(madvise(page_at(addr, 100), 100 * PAGE, MADV_DONTNEED));
	CHECK_EQ(bytes_used(fd), LENGTH - 100 * PAGE);
	check_place(fd, page_at(addr, 100), 100 * PAGE, SVM_PLACE_NONE, 0);
	check_zero(page_at(addr, 100), 100 * PAGE);
	check_fill(addr, 100 * PAGE, 1);
	check_part(page_at(addr, 200), LENGTH - 200 * PAGE, 1, 200 * PAGE);
}

/* Each page is what it was, or zero; never anything else. */
CASE(lazy_free)
{
	int fd = open_device(0);
	size_t i;
	char *addr = on_device(fd);

	CHECK_SYS(madvise(addr, LENGTH, MADV_FREE));
	for (i = 0; i < PAGES; i++) {
		if (*(uint64_t *)page_at(addr, i))
			check_part(page_at(addr, i), PAGE, 1, i * PAGE);
		else if (pattern(1, i * PAGE / 8))
			check_zero(page_at(addr, i), PAGE);
	}
	/* Freed lazily first, then moved and written. */
	fill(addr, LENGTH, 2);
	CHECK_SYS(madvise(addr, LENGTH, MADV_FREE));
	move(fd, addr, LENGTH, TO_DEVICE, 0);
	for (i = 0; i < PAGES; i++) {
		if (*(uint64_t *)page_at(addr, i))
			check_part(page_at(addr, i), PAGE, 2, i * PAGE);
		else
			check_zero(page_at(addr, i), PAGE);
	}
	fill(addr, LENGTH, 3);
	check_fill(addr, LENGTH, 3);
}

CASE(cold_and_pageout)
{
	int fd = open_device(0);
	char *addr = on_device(fd);

	need_swap(MIB(16));
	CHECK_SYS(madvise(addr, LENGTH, MADV_COLD));
	check_on_device(fd, addr, LENGTH, 0);
	CHECK_SYS(madvise(addr, LENGTH, MADV_PAGEOUT));
	check_on_device(fd, addr, LENGTH, 0);
	check_fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	/* Home again they are ordinary pages, to be swapped like any others. */
	swap_out(addr, LENGTH);
	check_fill(addr, LENGTH, 1);
	move(fd, addr, LENGTH, TO_DEVICE, 0);
	check_fill(addr, LENGTH, 1);
}

CASE(lock_after_move)
{
	int fd = open_device(0);
	char *addr = on_device(fd);

	CHECK_SYS(mlock(addr, LENGTH));
	check_fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_SYS(munlock(addr, LENGTH));
	check_on_device(fd, addr, LENGTH, 0);
	check_fill(addr, LENGTH, 1);
}

CASE(lock_on_fault)
{
	int fd = open_device(0);
	char *addr = on_device(fd);

	if (mlock2(addr, LENGTH, MLOCK_ONFAULT))
		skip("mlock2: %s", err_name(errno));
	check_fill(addr, LENGTH / 2, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	fill(addr, LENGTH, 2);
	CHECK_SYS(munlock(addr, LENGTH));
	check_fill(addr, LENGTH, 2);
}

/* The kernel's own page moving does not know our pages, and must leave them. */
CASE(mbind_and_move_pages)
{
	int fd = open_device(0), nodes[2], status[8], to[8], i;
	char *addr = on_device(fd);
	const void *pages[8];

	need_two_nodes(nodes);
	for (i = 0; i < 8; i++) {
		pages[i] = page_at(addr, i);
		to[i] = nodes[i % 2];
	}
	syscall(SYS_move_pages, 0, 8, pages, to, status, 0);
	check_fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	bind_to_node(addr, LENGTH, nodes[1]);
	check_on_device(fd, addr, LENGTH, 0);
	bind_to_node(addr, LENGTH, -1);
	check_fill(addr, LENGTH, 1);
}

CASE(collapse)
{
	int fd = open_device(0);
	char *addr = map_aligned(2 * HUGE_PAGE);
	int ret;

	madvise(addr, 2 * HUGE_PAGE, MADV_NOHUGEPAGE);
	fill(addr, 2 * HUGE_PAGE, 1);
	move_all(fd, addr, HUGE_PAGE / 2, TO_DEVICE);
	madvise(addr, 2 * HUGE_PAGE, MADV_HUGEPAGE);
	/* It may say no, as long as nothing is lost. */
	ret = madvise(addr, 2 * HUGE_PAGE, 25 /* MADV_COLLAPSE */);
	note("MADV_COLLAPSE: %s", ret ? err_name(errno) : "0");
	check_fill(addr, 2 * HUGE_PAGE, 1);
	/* And all of it at home. */
	madvise(addr, 2 * HUGE_PAGE, 25);
	move_all(fd, addr, 2 * HUGE_PAGE, TO_DEVICE);
	madvise(addr, 2 * HUGE_PAGE, 25);
	check_fill(addr, 2 * HUGE_PAGE, 1);
}

CASE(soft_offline)
{
	int fd = open_device(0);
	char *addr = on_device(fd);

	/* The kernel replaces the page that is home for this. */
	if (madvise(page_at(addr, 5), PAGE, 101 /* MADV_SOFT_OFFLINE */))
		note("MADV_SOFT_OFFLINE: %s", err_name(errno));
	check_fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_fill(addr, LENGTH, 1);
}

/* Huge pages of which a part is gone, or closed off, or elsewhere. */
CASE(huge_page_partly_unmapped)
{
	int fd = open_device(0);
	char *addr = map_thp(2 * HUGE_PAGE);

	fill(addr, 2 * HUGE_PAGE, 1);
	CHECK_SYS(munmap(page_at(addr, 100), 50 * PAGE));
	CHECK_EQ(move_all(fd, addr, 100 * PAGE, TO_DEVICE), 100);
	CHECK_EQ(move_all(fd, page_at(addr, 150), 2 * HUGE_PAGE - 150 * PAGE,
			  TO_DEVICE),
		 1024 - 150);
	CHECK_EQ(bytes_used(fd), 2 * HUGE_PAGE - 50 * PAGE);
	check_fill(addr, 100 * PAGE, 1);
	check_part(page_at(addr, 150), 2 * HUGE_PAGE - 150 * PAGE, 1,
		   150 * PAGE);
}

CASE(huge_page_partly_discarded)
{
	int fd = open_device(0);
	char *addr = map_thp(HUGE_PAGE);
	struct tally t;

	fill(addr, HUGE_PAGE, 1);
	CHECK_SYS(madvise(page_at(addr, 100), 50 * PAGE, MADV_DONTNEED));
	t = move(fd, addr, HUGE_PAGE, TO_DEVICE, SVM_MIGRATE_RESIDENT_ONLY);
	check_tally(&t, SVM_PAGE_MOVED, 462, SVM_PAGE_HOLE, 50);
	check_fill(addr, 100 * PAGE, 1);
	check_zero(page_at(addr, 100), 50 * PAGE);
	check_part(page_at(addr, 150), HUGE_PAGE - 150 * PAGE, 1, 150 * PAGE);
}

CASE(huge_page_partly_protected)
{
	int fd = open_device(0);
	char *addr = map_thp(HUGE_PAGE);

	fill(addr, HUGE_PAGE, 1);
	CHECK_SYS(mprotect(page_at(addr, 100), 50 * PAGE, PROT_READ));
	CHECK_EQ(move_all(fd, addr, HUGE_PAGE, TO_DEVICE), 512);
	CHECK_EQ(place_of(fd, page_at(addr, 100)).flags & SVM_PAGE_F_WRITE, 0);
	CHECK(place_of(fd, addr).flags & SVM_PAGE_F_WRITE);
	check_fill(addr, HUGE_PAGE, 1);
}

CASE(huge_page_partly_moved_in_space)
{
	int fd = open_device(0);
	char *addr = map_thp(HUGE_PAGE), *to = find_gap(HUGE_PAGE) + 3 * PAGE;

	fill(addr, HUGE_PAGE, 1);
	CHECK(mremap(page_at(addr, 200), 100 * PAGE, 100 * PAGE,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	CHECK_EQ(move_all(fd, addr, 200 * PAGE, TO_DEVICE), 200);
	CHECK_EQ(move_all(fd, to, 100 * PAGE, TO_DEVICE), 100);
	check_fill(addr, 200 * PAGE, 1);
	check_part(to, 100 * PAGE, 1, 200 * PAGE);
	check_part(page_at(addr, 300), HUGE_PAGE - 300 * PAGE, 1, 300 * PAGE);
}

/* The process's size as others see it counts device pages as its own. */
CASE(resident_set_size)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	size_t before;

	fill(addr, LENGTH, 1);
	before = smaps_kib(addr, LENGTH, "Rss");
	CHECK_EQ(before, LENGTH >> 10);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_EQ(smaps_kib(addr, LENGTH, "Rss"), LENGTH >> 10);
	CHECK_EQ(smaps_kib(addr, LENGTH, "Swap"), 0);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(smaps_kib(addr, LENGTH, "Rss"), LENGTH >> 10);
}
