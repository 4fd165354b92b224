// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much a touch brings home: more and more for who touches in order, and one
 * page for who does not. Counted, not timed.
 */
#include <stdlib.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

/* What the counters of the device have come to since they were read. */
static struct svm_ioctl_stats since(int fd, const struct svm_ioctl_stats *then)
{
	struct svm_ioctl_stats now = device_stats(fd, SVM_STATS_DEVICE);

	now.faults -= then->faults;
	now.bytes_faulted -= then->bytes_faulted;
	now.faults_sequential -= then->faults_sequential;
	now.faults_random -= then->faults_random;
	now.bytes_ahead -= then->bytes_ahead;
	now.bytes_ahead_used -= then->bytes_ahead_used;
	return now;
}

/* The only reader's faults: so many expected ones, others, and pages home. */
#define check_faults(fd, then, sequential, random, pages) \
	check_faults_at(__LINE__, fd, then, sequential, random, pages)
static void check_faults_at(int line, int fd,
			    const struct svm_ioctl_stats *then,
			    uint64_t sequential, uint64_t random,
			    uint64_t pages)
{
	struct svm_ioctl_stats s = since(fd, then);

	if (s.faults_sequential != sequential || s.faults_random != random)
		fail_at(__FILE__, line, "faults: %llu expected and %llu not",
			(long long)s.faults_sequential,
			(long long)s.faults_random);
	CHECK_EQ(s.faults, sequential + random);
	CHECK_EQ(s.bytes_faulted, pages * PAGE);
	CHECK_EQ(s.bytes_ahead, (pages - s.faults) * PAGE);
	CHECK_LE(s.bytes_ahead_used, s.bytes_ahead);
}

/* Single pages on the device. */
static char *small_on_device(int fd, size_t length)
{
	char *addr = map_aligned(length);

	CHECK_SYS(madvise(addr, length, MADV_NOHUGEPAGE));
	fill(addr, length, 1);
	move_all(fd, addr, length, TO_DEVICE);
	return addr;
}

static void touch(char *addr, size_t page)
{
	check_part(page_at(addr, page), PAGE, 1, page * PAGE);
}

/* 1, 15, 16, 32, 64, 128, 256 pages, and then 512 each. */
#define FAULTS_OF_THE_FIRST_2_MIB 7

CASE(in_order)
{
	int fd = open_device(0);
	char *addr = small_on_device(fd, 8 * HUGE_PAGE);
	struct svm_ioctl_stats then = device_stats(fd, SVM_STATS_DEVICE), s;
	size_t i;

	/* Piece by piece: where a page comes home, all of its piece does. */
	touch(addr, 0);
	check_home(fd, addr, PAGE);
	check_on_device(fd, page_at(addr, 1), 15 * PAGE, 0);
	for (i = 1; i < 512; i = i < 16 ? 16 : 2 * i) {
		size_t next = i < 16 ? 16 : 2 * i;

		touch(addr, i);
		check_home(fd, page_at(addr, i), (next - i) * PAGE);
		check_on_device(fd, page_at(addr, next), 16 * PAGE, 0);
	}
	check_faults(fd, &then, FAULTS_OF_THE_FIRST_2_MIB - 1, 1, 512);

	check_fill(addr, 8 * HUGE_PAGE, 1);
	check_faults(fd, &then, FAULTS_OF_THE_FIRST_2_MIB - 1 + 7, 1, 8 * 512);
	/* All but the last piece has been worked through. */
	s = since(fd, &then);
	CHECK_EQ(s.bytes_ahead - s.bytes_ahead_used, HUGE_PAGE - PAGE);
}

CASE(in_order_by_writes)
{
	int fd = open_device(0);
	char *addr = small_on_device(fd, 2 * HUGE_PAGE);
	struct svm_ioctl_stats then = device_stats(fd, SVM_STATS_DEVICE);

	fill(addr, 2 * HUGE_PAGE, 2);
	check_faults(fd, &then, FAULTS_OF_THE_FIRST_2_MIB, 1, 2 * 512);
	check_fill(addr, 2 * HUGE_PAGE, 2);
}

CASE(in_order_downwards)
{
	int fd = open_device(0);
	char *addr = small_on_device(fd, 4 * HUGE_PAGE);
	struct svm_ioctl_stats then = device_stats(fd, SVM_STATS_DEVICE);
	size_t i;

	for (i = 4 * 512; i--;)
		touch(addr, i);
	check_faults(fd, &then, FAULTS_OF_THE_FIRST_2_MIB - 1 + 3, 1, 4 * 512);
}

/* From wherever it begins, it goes on by whole pieces soon. */
CASE(in_order_from_anywhere)
{
	int fd = open_device(0);
	char *addr = small_on_device(fd, 4 * HUGE_PAGE);
	struct svm_ioctl_stats then = device_stats(fd, SVM_STATS_DEVICE);

	/* 5; 6 to 15; 16, 32, … */
	check_part(page_at(addr, 5), 4 * HUGE_PAGE - 5 * PAGE, 1, 5 * PAGE);
	check_faults(fd, &then, FAULTS_OF_THE_FIRST_2_MIB - 1 + 3, 1,
		     4 * 512 - 5);
	check_on_device(fd, addr, 5 * PAGE, 0);

	move_all(fd, addr, 4 * HUGE_PAGE, TO_DEVICE);
	then = device_stats(fd, SVM_STATS_DEVICE);
	/* 509; the last two of these 2 MiB; and 32, 32 to 63, … of the others. */
	check_part(page_at(addr, 509), 3 * HUGE_PAGE + 3 * PAGE, 1, 509 * PAGE);
	check_faults(fd, &then, 1 + 5 + 2, 1, 3 * 512 + 3);
	check_on_device(fd, addr, 509 * PAGE, 0);
}

/* No page is beside another one that is touched. */
CASE(here_and_there)
{
	int fd = open_device(0);
	char *addr = small_on_device(fd, 4 * HUGE_PAGE);
	struct svm_ioctl_stats then = device_stats(fd, SVM_STATS_DEVICE);
	size_t i, page;

	for (i = 0; i < 1024; i++) {
		page = i * 389 % 1024 * 2;
		touch(addr, page);
		check_on_device(fd, page_at(addr, page + 1), PAGE, 0);
	}
	check_faults(fd, &then, 0, 1024, 1024);
	CHECK_EQ(since(fd, &then).bytes_ahead, 0);
}

/* Who jumps begins with one page again, and nothing is left of what he had. */
CASE(in_order_and_then_not)
{
	int fd = open_device(0);
	char *addr = small_on_device(fd, 8 * HUGE_PAGE);
	struct svm_ioctl_stats then = device_stats(fd, SVM_STATS_DEVICE);
	size_t i;

	check_fill(addr, 2 * HUGE_PAGE, 1);
	check_faults(fd, &then, FAULTS_OF_THE_FIRST_2_MIB, 1, 2 * 512);
	then = device_stats(fd, SVM_STATS_DEVICE);
	for (i = 3 * 512; i < 8 * 512; i += 97)
		touch(addr, i);
	check_faults(fd, &then, 0, 27, 27);
}

/* Each goes on where it was, whatever the other does. */
CASE(two_in_turns)
{
	int fd = open_device(0);
	char *a = small_on_device(fd, 4 * HUGE_PAGE);
	char *b = small_on_device(fd, 4 * HUGE_PAGE);
	struct svm_ioctl_stats then = device_stats(fd, SVM_STATS_DEVICE);
	size_t i;

	/* The second upside down. */
	for (i = 0; i < 4 * 512; i += 2) {
		touch(a, i);
		touch(a, i + 1);
		touch(b, 4 * 512 - 1 - i);
		touch(b, 4 * 512 - 2 - i);
	}
	check_faults(fd, &then, 2 * (FAULTS_OF_THE_FIRST_2_MIB - 1 + 3), 2,
		     2 * 4 * 512);
}

/* Touches here and there do not end what goes on in order. */
CASE(in_order_among_others)
{
	int fd = open_device(0);
	char *a = small_on_device(fd, 4 * HUGE_PAGE);
	char *b = small_on_device(fd, 4 * HUGE_PAGE);
	struct svm_ioctl_stats then = device_stats(fd, SVM_STATS_DEVICE);
	size_t i;

	for (i = 0; i < 1024; i++) {
		touch(a, 2 * i);
		touch(a, 2 * i + 1);
		if (i)
			touch(b, i * 389 % 1024 * 2);
	}
	check_faults(fd, &then, FAULTS_OF_THE_FIRST_2_MIB - 1 + 3, 1 + 1023,
		     4 * 512 + 1023);
}

/* What a touch brings ends with the mapping; what it expects does not. */
CASE(up_to_the_end_of_the_mapping)
{
	int fd = open_device(0);
	char *addr = small_on_device(fd, 2 * HUGE_PAGE);
	struct svm_ioctl_stats then;

	/* Another mapping from page 600 on. */
	CHECK_SYS(mprotect(page_at(addr, 600), 424 * PAGE, PROT_READ));
	then = device_stats(fd, SVM_STATS_DEVICE);
	check_fill(addr, 600 * PAGE, 1);
	check_on_device(fd, page_at(addr, 600), 424 * PAGE, 0);
	check_faults(fd, &then, FAULTS_OF_THE_FIRST_2_MIB, 1, 600);
	check_part(page_at(addr, 600), 424 * PAGE, 1, 600 * PAGE);
	check_faults(fd, &then, FAULTS_OF_THE_FIRST_2_MIB + 1, 1, 1024);

	/* Downwards from there it ends as well. */
	CHECK_SYS(munmap(addr, 100 * PAGE));
	move_all(fd, page_at(addr, 100), 500 * PAGE, TO_DEVICE);
	then = device_stats(fd, SVM_STATS_DEVICE);
	touch(addr, 127);
	touch(addr, 126);
	touch(addr, 111);
	check_home(fd, page_at(addr, 100), 28 * PAGE);
	check_faults(fd, &then, 2, 1, 28);
}

/* A huge page among small ones is not taken apart by what comes along. */
CASE(beside_a_huge_page)
{
	int fd = open_device(0);
	char *addr = map_thp(3 * HUGE_PAGE);
	struct svm_ioctl_stats then;
	size_t i;

	CHECK_SYS(madvise(addr, HUGE_PAGE, MADV_NOHUGEPAGE));
	/* The first 2 MiB become small pages. */
	for (i = 0; i < 512; i++)
		CHECK_SYS(madvise(page_at(addr, i), PAGE, MADV_DONTNEED));
	fill(addr, 3 * HUGE_PAGE, 1);
	move_all(fd, addr, 3 * HUGE_PAGE, TO_DEVICE);
	then = device_stats(fd, SVM_STATS_DEVICE);
	check_fill(addr, 3 * HUGE_PAGE, 1);
	/* Two huge pages, which are neither expected nor not. */
	CHECK_EQ(since(fd, &then).faults, FAULTS_OF_THE_FIRST_2_MIB + 2);
	CHECK_EQ(since(fd, &then).faults_sequential,
		 FAULTS_OF_THE_FIRST_2_MIB - 1);
	CHECK_EQ(since(fd, &then).bytes_ahead,
		 (512 - FAULTS_OF_THE_FIRST_2_MIB) * PAGE);
	CHECK_EQ(smaps_kib(addr, 3 * HUGE_PAGE, "AnonHugePages"), 4096);
}

struct forked {
	int fd;
	char *addr;
};

static void child_reads(void *arg)
{
	struct forked *f = arg;

	check_fill(f->addr, 4 * HUGE_PAGE, 1);
}

/* The child has streams of its own, at the same addresses. */
CASE(in_order_after_fork)
{
	struct forked f = { .fd = open_device(0) };
	struct svm_ioctl_stats then;

	f.addr = small_on_device(f.fd, 4 * HUGE_PAGE);
	then = device_stats(f.fd, SVM_STATS_DEVICE);
	/* Pages 0, 1 to 15: the parent goes on at 16. */
	touch(f.addr, 0);
	touch(f.addr, 1);
	check_faults(f.fd, &then, 1, 1, 16);
	then = device_stats(f.fd, SVM_STATS_DEVICE);
	child_ok(child(child_reads, &f));
	/* Not the parent's: 16; 17 to 31; 32, 64, …; it is home for both. */
	check_faults(f.fd, &then, FAULTS_OF_THE_FIRST_2_MIB - 2 + 3, 1,
		     4 * 512 - 16);
	check_home(f.fd, f.addr, 4 * HUGE_PAGE);
	then = device_stats(f.fd, SVM_STATS_DEVICE);
	check_fill(f.addr, 4 * HUGE_PAGE, 1);
	CHECK_EQ(since(f.fd, &then).faults, 0);
	/* Nor has the child used up what the parent expects. */
	move_all(f.fd, f.addr, 4 * HUGE_PAGE, TO_DEVICE);
	then = device_stats(f.fd, SVM_STATS_DEVICE);
	touch(f.addr, 16);
	check_faults(f.fd, &then, 1, 0, 16);
}

/* Pages that need no fault make a stream go on late. */
CASE(in_order_over_pages_at_home)
{
	int fd = open_device(0);
	char *addr = small_on_device(fd, 4 * HUGE_PAGE);
	struct svm_ioctl_stats then;

	/* Where a fault is expected, and within what one brings. */
	move_all(fd, page_at(addr, 16), 4 * PAGE, TO_SYSTEM);
	move_all(fd, page_at(addr, 70), 2 * PAGE, TO_SYSTEM);
	move_all(fd, page_at(addr, 512), 15 * PAGE, TO_SYSTEM);
	then = device_stats(fd, SVM_STATS_DEVICE);
	check_fill(addr, 4 * HUGE_PAGE, 1);
	check_faults(fd, &then, FAULTS_OF_THE_FIRST_2_MIB - 1 + 3, 1,
		     4 * 512 - 21);
}
