// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private anonymous memory, there and back.
 */
#include <stdlib.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

/* To the device, read there and back, written, and home on demand. */
static void round_trip(char *addr, size_t length)
{
	int fd = open_device(0);
	size_t pages = length / PAGE;

	fill(addr, length, 1);
	CHECK_EQ(move_all(fd, addr, length, TO_DEVICE), pages);
	check_on_device(fd, addr, length, 0);
	CHECK_EQ(device_info(fd).bytes_total - device_info(fd).bytes_free,
		 length);
	CHECK_EQ(move_all(fd, addr, length, TO_SYSTEM), pages);
	check_home(fd, addr, length);
	check_all_free(fd);
	check_fill(addr, length, 1);

	fill(addr, length, 2);
	CHECK_EQ(move_all(fd, addr, length, TO_DEVICE), pages);
	check_fill(addr, length, 2);
	check_home(fd, addr, length);
	check_all_free(fd);
}

CASE(one_page)
{
	round_trip(map_aligned(PAGE), PAGE);
}

CASE(three_pages)
{
	round_trip(map_anon(3 * PAGE), 3 * PAGE);
}

CASE(small_pages)
{
	round_trip(map_anon(MIB(8)), MIB(8));
}

CASE(huge_pages)
{
	round_trip(map_thp(MIB(8)), MIB(8));
}

/* Pieces of huge pages: the rest stays at home. */
CASE(part_of_huge_page)
{
	int fd = open_device(0);
	char *addr = map_thp(MIB(4));

	fill(addr, MIB(4), 1);
	CHECK_EQ(move_all(fd, addr + 100 * PAGE, 50 * PAGE, TO_DEVICE), 50);
	check_on_device(fd, addr + 100 * PAGE, 50 * PAGE, 0);
	check_home(fd, addr, 100 * PAGE);
	check_home(fd, addr + 150 * PAGE, MIB(4) - 150 * PAGE);
	/* Across the seam of two. */
	CHECK_EQ(move_all(fd, addr + 500 * PAGE, 24 * PAGE, TO_DEVICE), 24);
	check_on_device(fd, addr + 500 * PAGE, 24 * PAGE, 0);
	check_fill(addr, MIB(4), 1);
	CHECK_EQ(move_all(fd, addr, MIB(4), TO_DEVICE), 1024);
	check_fill(addr, MIB(4), 1);
}

CASE(odd_offsets_and_lengths)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(4));
	uint64_t state = 42;
	int i;

	fill(addr, MIB(4), 1);
	for (i = 0; i < 100; i++) {
		size_t first = random_next(&state) % 1024;
		size_t n = 1 + random_next(&state) % (1024 - first);
		struct dest to = i % 2 ? TO_SYSTEM : TO_DEVICE;

		if (n > 100)
			n = 1 + n % 100;
		move_all(fd, addr + first * PAGE, n * PAGE, to);
		if (i % 2)
			check_home(fd, addr + first * PAGE, n * PAGE);
		else
			check_on_device(fd, addr + first * PAGE, n * PAGE, 0);
	}
	check_fill(addr, MIB(4), 1);
}

CASE(fifty_round_trips)
{
	int fd = open_device(0), i;
	char *addr = map_anon(MIB(1));

	fill(addr, MIB(1), 1);
	for (i = 0; i < 50; i++) {
		CHECK_EQ(move_all(fd, addr, MIB(1), TO_DEVICE), 256);
		CHECK_EQ(move_all(fd, addr, MIB(1), TO_SYSTEM), 256);
	}
	check_fill(addr, MIB(1), 1);
}

CASE(second_move_says_already)
{
	int fd = open_device(0);
	char *addr = map_anon(64 * PAGE);
	struct tally t;

	fill(addr, 64 * PAGE, 1);
	t = move(fd, addr, 64 * PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, 64);
	t = move(fd, addr, 64 * PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_ALREADY, 64);
	t = move(fd, addr, 64 * PAGE, TO_DEVICE, SVM_MIGRATE_RESIDENT_ONLY);
	check_tally(&t, SVM_PAGE_ALREADY, 64);
	check_on_device(fd, addr, 64 * PAGE, 0);
	t = move(fd, addr, 64 * PAGE, TO_SYSTEM, 0);
	check_tally(&t, SVM_PAGE_MOVED, 64);
	t = move(fd, addr, 64 * PAGE, TO_SYSTEM, 0);
	check_tally(&t, SVM_PAGE_ALREADY, 64);
	check_fill(addr, 64 * PAGE, 1);
}

CASE(half_is_there_already)
{
	int fd = open_device(0);
	char *addr = map_anon(64 * PAGE);
	uint8_t status[64];
	struct tally t;
	int i;

	fill(addr, 64 * PAGE, 1);
	for (i = 0; i < 64; i += 2)
		move_all(fd, page_at(addr, i), PAGE, TO_DEVICE);
	t = move_status(fd, addr, 64 * PAGE, TO_DEVICE, 0, status);
	check_tally(&t, SVM_PAGE_MOVED, 32, SVM_PAGE_ALREADY, 32);
	for (i = 0; i < 64; i++)
		CHECK_EQ(status[i], i % 2 ? SVM_PAGE_MOVED : SVM_PAGE_ALREADY);
	check_fill(addr, 64 * PAGE, 1);
}

/* Never touched: made on the device, and reads as zero. */
CASE(holes_are_populated)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(2));
	uint64_t free_before;
	struct tally t;

	check_all_free(fd);
	free_before = device_info(fd).bytes_free;
	t = move(fd, addr, MIB(2), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, 512);
	check_on_device(fd, addr, MIB(2), 0);
	CHECK_EQ(free_before - device_info(fd).bytes_free, MIB(2));
	check_zero(addr, MIB(2));
}

/* What the page held for its last owner must not show through. */
CASE(holes_are_zero_on_used_memory)
{
	int fd = open_device(0), i;
	char *addr;

	for (i = 0; i < 4; i++) {
		addr = map_anon(MIB(2));
		move_all(fd, addr, MIB(2), TO_DEVICE);
		check_zero(addr, MIB(2));
		memset(addr, 0xff, MIB(2));
		move_all(fd, addr, MIB(2), TO_DEVICE);
		CHECK_SYS(munmap(addr, MIB(2)));
	}
}

/* Populated pages are as writable as any others. */
CASE(write_to_populated_holes)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(1));

	move_all(fd, addr, MIB(1), TO_DEVICE);
	fill(addr, MIB(1), 3);
	move_all(fd, addr, MIB(1), TO_DEVICE);
	check_fill(addr, MIB(1), 3);
}

CASE(holes_in_huge_range)
{
	int fd = open_device(0);
	char *addr = map_aligned(MIB(4));

	CHECK_SYS(madvise(addr, MIB(4), MADV_HUGEPAGE));
	CHECK_EQ(move_all(fd, addr, MIB(4), TO_DEVICE), 1024);
	check_on_device(fd, addr, MIB(4), 0);
	check_zero(addr, MIB(4));
	fill(addr, MIB(4), 1);
	check_fill(addr, MIB(4), 1);
}

CASE(holes_between_pages)
{
	int fd = open_device(0), i;
	char *addr = map_anon(64 * PAGE);

	for (i = 0; i < 64; i += 3)
		fill(page_at(addr, i), PAGE, i);
	CHECK_EQ(move_all(fd, addr, 64 * PAGE, TO_DEVICE), 64);
	for (i = 0; i < 64; i++) {
		if (i % 3)
			check_zero(page_at(addr, i), PAGE);
		else
			check_fill(page_at(addr, i), PAGE, i);
	}
}

CASE(resident_only_leaves_holes)
{
	int fd = open_device(0), i;
	char *addr = map_anon(64 * PAGE);
	uint8_t status[64];
	struct tally t;

	for (i = 0; i < 64; i += 4)
		fill(page_at(addr, i), PAGE, i);
	t = move_status(fd, addr, 64 * PAGE, TO_DEVICE,
			SVM_MIGRATE_RESIDENT_ONLY, status);
	check_tally(&t, SVM_PAGE_MOVED, 16, SVM_PAGE_HOLE, 48);
	for (i = 0; i < 64; i++) {
		CHECK_EQ(status[i], i % 4 ? SVM_PAGE_HOLE : SVM_PAGE_MOVED);
		if (i % 4)
			check_place(fd, page_at(addr, i), PAGE, SVM_PLACE_NONE,
				    0);
	}
	CHECK_EQ(device_stats(fd, SVM_STATS_CONTEXT).bytes_populated, 0);
	for (i = 0; i < 64; i += 4)
		check_fill(page_at(addr, i), PAGE, i);
}

CASE(nothing_but_holes_to_system)
{
	int fd = open_device(0);
	char *addr = map_anon(64 * PAGE);
	struct tally t = move(fd, addr, 64 * PAGE, TO_SYSTEM, 0);

	check_tally(&t, SVM_PAGE_HOLE, 64);
	t = move(fd, addr, 64 * PAGE, TO_DEVICE, SVM_MIGRATE_RESIDENT_ONLY);
	check_tally(&t, SVM_PAGE_HOLE, 64);
	check_place(fd, addr, 64 * PAGE, SVM_PLACE_NONE, 0);
}

/* Reading maps the kernel's page of zeroes. */
static void read_touch(char *addr, size_t length)
{
	size_t i;

	for (i = 0; i < length; i += PAGE)
		CHECK_EQ(((volatile char *)addr)[i], 0);
}

CASE(zero_pages)
{
	int fd = open_device(0);
	char *addr = map_anon(64 * PAGE);
	struct tally t;

	read_touch(addr, 64 * PAGE);
	check_place(fd, addr, 64 * PAGE, SVM_PLACE_ZERO, 0);
	t = move(fd, addr, 64 * PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, 64);
	check_on_device(fd, addr, 64 * PAGE, 0);
	check_zero(addr, 64 * PAGE);
	fill(addr, 64 * PAGE, 1);
	check_fill(addr, 64 * PAGE, 1);
}

CASE(zero_pages_resident_only)
{
	int fd = open_device(0);
	char *addr = map_anon(64 * PAGE);
	struct tally t;

	read_touch(addr, 64 * PAGE);
	t = move(fd, addr, 64 * PAGE, TO_DEVICE, SVM_MIGRATE_RESIDENT_ONLY);
	check_tally(&t, SVM_PAGE_HOLE, 64);
	check_place(fd, addr, 64 * PAGE, SVM_PLACE_ZERO, 0);
}

CASE(zero_pages_to_system)
{
	int fd = open_device(0);
	char *addr = map_anon(64 * PAGE);
	struct tally t;

	read_touch(addr, 64 * PAGE);
	t = move(fd, addr, 64 * PAGE, TO_SYSTEM, 0);
	CHECK_EQ(t.bytes_moved, 0);
	CHECK_EQ(t.pages[SVM_PAGE_HOLE] + t.pages[SVM_PAGE_ALREADY], 64);
	check_place(fd, addr, 64 * PAGE, SVM_PLACE_ZERO, 0);
}

CASE(huge_zero_page)
{
	int fd = open_device(0);
	char *addr = map_aligned(MIB(4));

	if (madvise(addr, MIB(4), MADV_HUGEPAGE))
		skip("no transparent huge pages on this kernel");
	read_touch(addr, MIB(4));
	check_place(fd, addr, MIB(4), SVM_PLACE_ZERO, 0);
	/* A part first: the rest is still the page of zeroes. */
	CHECK_EQ(move_all(fd, addr + 10 * PAGE, 5 * PAGE, TO_DEVICE), 5);
	check_on_device(fd, addr + 10 * PAGE, 5 * PAGE, 0);
	CHECK_EQ(move_all(fd, addr, MIB(4), TO_DEVICE), 1024 - 5);
	check_zero(addr, MIB(4));
	fill(addr, MIB(4), 1);
	check_fill(addr, MIB(4), 1);
}

/* A range over several mappings and the gaps between them. */
CASE(several_mappings_and_gaps)
{
	int fd = open_device(0), i;
	char *addr = find_gap(80 * PAGE);
	uint8_t status[80];
	struct tally t;

	/* 10 pages each: there, not, there, not … */
	for (i = 0; i < 80; i += 20) {
		CHECK_SYS(
			mmap(page_at(addr, i), 10 * PAGE, RW,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			     -1, 0));
		fill(page_at(addr, i), 10 * PAGE, i);
	}
	/* And two that touch but can't be one. */
	CHECK_SYS(mmap(page_at(addr, 10), 10 * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	fill(page_at(addr, 10), 10 * PAGE, 10);
	CHECK_SYS(madvise(page_at(addr, 10), 10 * PAGE, MADV_DONTFORK));

	t = move_status(fd, addr, 80 * PAGE, TO_DEVICE, 0, status);
	check_tally(&t, SVM_PAGE_MOVED, 50, SVM_PAGE_UNMAPPED, 30);
	for (i = 0; i < 80; i++)
		CHECK_EQ(status[i], i < 20 || i % 20 < 10 ? SVM_PAGE_MOVED
							  : SVM_PAGE_UNMAPPED);
	check_on_device(fd, addr, 20 * PAGE, 0);
	check_place(fd, page_at(addr, 30), 10 * PAGE, SVM_PLACE_UNMAPPED, 0);
	for (i = 0; i < 80; i += 20)
		check_fill(page_at(addr, i), 10 * PAGE, i);
	check_fill(page_at(addr, 10), 10 * PAGE, 10);
}

/* A range that begins and ends in gaps. */
CASE(gaps_at_both_ends)
{
	int fd = open_device(0);
	char *addr = find_gap(30 * PAGE);
	uint8_t status[30];
	struct tally t;
	int i;

	CHECK_SYS(mmap(page_at(addr, 10), 10 * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	fill(page_at(addr, 10), 10 * PAGE, 1);
	t = move_status(fd, addr, 30 * PAGE, TO_DEVICE, 0, status);
	check_tally(&t, SVM_PAGE_MOVED, 10, SVM_PAGE_UNMAPPED, 20);
	for (i = 0; i < 30; i++)
		CHECK_EQ(status[i],
			 i / 10 == 1 ? SVM_PAGE_MOVED : SVM_PAGE_UNMAPPED);
	check_fill(page_at(addr, 10), 10 * PAGE, 1);
}

CASE(thousand_mappings)
{
	int fd = open_device(0), i;
	char *addr = map_anon(2000 * PAGE);
	struct tally t;

	for (i = 0; i < 2000; i += 2)
		CHECK_SYS(munmap(page_at(addr, i), PAGE));
	for (i = 1; i < 2000; i += 2)
		fill(page_at(addr, i), PAGE, i);
	t = move(fd, addr, 2000 * PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, 1000, SVM_PAGE_UNMAPPED, 1000);
	for (i = 1; i < 2000; i += 2)
		check_fill(page_at(addr, i), PAGE, i);
}

/* One call works through a share; calling on finishes the range. */
static void bounded(int fd, struct dest to, uint32_t flags)
{
	size_t share = device_info(fd).max_call_bytes;
	size_t length = 2 * share + 5 * PAGE, done = 0;
	struct svm_ioctl_migrate m;
	unsigned int calls = 0;
	char *addr;

	if (share > MIB(4096))
		skip("one call works through %zu MiB", share >> 20);
	addr = CHECK_SYS(mmap(NULL, length, RW,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			      0));
	CHECK_SYS(madvise(addr, length, MADV_NOHUGEPAGE));
	fill(addr, PAGE, 1);
	fill(addr + share - PAGE, 2 * PAGE, 2);
	fill(addr + length - PAGE, PAGE, 3);
	while (done < length) {
		CHECK_RET(migrate_once(fd, addr + done, length - done, to,
				       flags, NULL, &m),
			  0);
		CHECK_LE(m.next - m.addr, share);
		done = m.next - (uintptr_t)addr;
		calls++;
	}
	CHECK_GE(calls, 3);
	check_fill(addr, PAGE, 1);
	check_fill(addr + share - PAGE, 2 * PAGE, 2);
	check_fill(addr + length - PAGE, PAGE, 3);
}

CASE(bounded_call_to_device)
{
	bounded(open_device(0), TO_DEVICE, SVM_MIGRATE_RESIDENT_ONLY);
}

CASE(bounded_call_to_system)
{
	bounded(open_device(0), TO_SYSTEM, 0);
}

/* The rest of the range is a gap: an error only when it is asked for alone. */
CASE(rest_of_range_unmapped)
{
	int fd = open_device(0);
	size_t length = device_info(fd).max_call_bytes + 8 * PAGE;
	struct svm_ioctl_migrate m;
	char *addr;

	if (length > MIB(4096))
		skip("one call works through %zu MiB", length >> 20);
	addr = find_gap(length);
	CHECK_SYS(mmap(addr, PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	fill(addr, PAGE, 1);
	CHECK_RET(migrate_once(fd, addr, length, TO_DEVICE, 0, NULL, &m), 0);
	CHECK_EQ(m.pages[SVM_PAGE_MOVED], 1);
	CHECK_EQ(m.pages[SVM_PAGE_UNMAPPED], (m.next - m.addr) / PAGE - 1);
	CHECK_RET(migrate_once(fd, addr + PAGE, length - PAGE, TO_DEVICE, 0,
			       NULL, &m),
		  -EFAULT);
	check_fill(addr, PAGE, 1);
}

/* Two contexts of one process are about the same pages. */
CASE(two_contexts_of_a_process)
{
	int a = open_device(0), b = open_device(0);
	char *addr = map_anon(64 * PAGE);
	struct tally t;

	fill(addr, 64 * PAGE, 1);
	CHECK_EQ(move_all(a, addr, 64 * PAGE, TO_DEVICE), 64);
	t = move(b, addr, 64 * PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_ALREADY, 64);
	CHECK_SYS(close(a));
	check_on_device(b, addr, 64 * PAGE, 0);
	CHECK_EQ(move_all(b, addr, 64 * PAGE, TO_SYSTEM), 64);
	check_fill(addr, 64 * PAGE, 1);
}

/* Pages stay when the context is closed, and come home all the same. */
CASE(close_leaves_pages_there)
{
	int fd = open_device(0), other = open_device(1);
	char *addr = map_anon(MIB(1));

	fill(addr, MIB(1), 1);
	move_all(fd, addr, MIB(1), TO_DEVICE);
	CHECK_SYS(close(fd));
	check_on_device(other, addr, MIB(1), 0);
	check_fill(addr, MIB(1), 1);
}

static void *move_own_part(void *arg)
{
	static atomic_int turn;
	int fd = open_device(0), i, me = turn++;
	char *addr = (char *)arg + me * MIB(1);

	for (i = 0; i < 10; i++) {
		fill(addr, MIB(1), me * 100 + i);
		move_all(fd, addr, MIB(1), TO_DEVICE);
		if (i % 2)
			move_all(fd, addr, MIB(1), TO_SYSTEM);
		check_fill(addr, MIB(1), me * 100 + i);
	}
	return NULL;
}

/* Neighbours in one mapping, each with a context of its own. */
CASE(four_threads_side_by_side)
{
	threads_run(4, move_own_part, map_anon(MIB(4)));
}
