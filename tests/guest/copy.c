// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Large ranges are copied by several CPUs, small ones by the caller. When a helper
 * comes is up to the scheduler: so what is checked is that it comes at last, and that
 * the bytes are right whoever copied them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "jobs.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define CPUS "/sys/module/svm/parameters/copy_cpus"
#define LENGTH (8 * HUGE_PAGE)

/* What other CPUs than the callers' have copied. */
static long long helped(unsigned int n)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/svm/svm%u/stats/bytes_helped",
		 n);
	return read_number(path);
}

/* What of that while the caller was at the next batch. */
static long long beside(void)
{
	return read_number("/sys/class/svm/svm0/stats/bytes_beside");
}

static void need_cpus(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("there is one CPU");
}

/* There and back with new content, checked. Returns what helpers did of it. */
static long long there_and_back(int fd, char *addr, size_t length,
				uint64_t seed)
{
	long long before = helped(0);

	fill(addr, length, seed);
	move_all(fd, addr, length, TO_DEVICE);
	check_on_device(fd, addr, length, 0);
	move_all(fd, addr, length, TO_SYSTEM);
	check_home(fd, addr, length);
	check_fill(addr, length, seed);
	return helped(0) - before;
}

static void with_help(char *addr)
{
	int fd = open_device(0);
	long long bytes = 0;
	uint64_t seed = 1;

	need_cpus();
	CHECK(EVENTUALLY((bytes = there_and_back(fd, addr, LENGTH, seed++))));
	CHECK_LE(bytes, 2 * LENGTH);
}

CASE(huge_pages_with_help)
{
	with_help(map_thp(LENGTH));
}

CASE(small_pages_with_help)
{
	with_help(map_small(LENGTH));
}

static bool copied_beside(int fd, char *addr)
{
	long long before = beside();

	CHECK_LE(beside(), helped(0));
	CHECK_LE(there_and_back(fd, addr, LENGTH, 1), 2 * LENGTH);
	CHECK_LE(beside(), helped(0));
	return beside() > before;
}

/* One CPU copies a batch of single pages while another sets up the next. */
CASE(small_pages_beside_setup)
{
	int fd = open_device(0);
	char *addr = map_small(LENGTH);

	need_cpus();
	CHECK(EVENTUALLY(copied_beside(fd, addr)));
}

static bool holes_helped(int fd)
{
	long long before = helped(0);
	char *addr = map_aligned(LENGTH);

	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_zero(addr, LENGTH);
	CHECK_SYS(munmap(addr, LENGTH));
	return helped(0) > before;
}

/* What is created on the device is cleared with help. */
CASE(holes_with_help)
{
	int fd = open_device(0);

	need_cpus();
	CHECK(EVENTUALLY(holes_helped(fd)));
}

CASE(alone_by_parameter)
{
	int fd = open_device(0), i;
	const char *values[] = { "1", "0" };
	char *huge = map_thp(LENGTH), *small = map_small(LENGTH);
	long long before = beside();

	for (i = 0; i < 2; i++) {
		if (!setting(CPUS, values[i]))
			skip("can't write to " CPUS);
		CHECK_EQ(there_and_back(fd, huge, LENGTH, i), 0);
		CHECK_EQ(there_and_back(fd, small, LENGTH, i), 0);
	}
	CHECK_EQ(beside(), before);
}

/* More than there are, and more than can help. */
CASE(all_by_parameter)
{
	int fd = open_device(0), i;
	char *huge = map_thp(LENGTH), *small = map_small(LENGTH);

	if (!setting(CPUS, "4294967295"))
		skip("can't write to " CPUS);
	for (i = 0; i < 4; i++) {
		there_and_back(fd, huge, LENGTH, i);
		there_and_back(fd, small, LENGTH, i);
	}
	CHECK(!write_file(CPUS, "-1"));
}

/* A move by a job; what is busy may stay. */
static void move_by_job(int fd, char *addr, size_t length, struct dest to)
{
	int efd = event_make();
	struct svm_job_result r;

	submit(fd, addr, length, to, efd);
	r = reap_one(fd, efd);
	CHECK_EQ(r.error, 0);
	CHECK_GT(r.pages[SVM_PAGE_MOVED], 0);
	CHECK_SYS(close(efd));
}

/* Who moves in the background wants the other CPUs for himself. */
CASE(jobs_of_small_pages)
{
	int fd = open_device(0), i;
	char *addr = map_small(LENGTH);

	for (i = 0; i < 8; i++) {
		long long before = helped(0);

		fill(addr, LENGTH, i);
		move_by_job(fd, addr, LENGTH, TO_DEVICE);
		move_by_job(fd, addr, LENGTH, TO_SYSTEM);
		CHECK_EQ(helped(0), before);
		check_fill(addr, LENGTH, i);
	}
}

static bool job_helped(int fd, char *addr)
{
	long long before = helped(0);

	fill(addr, LENGTH, 1);
	move_by_job(fd, addr, LENGTH, TO_DEVICE);
	move_by_job(fd, addr, LENGTH, TO_SYSTEM);
	check_fill(addr, LENGTH, 1);
	return helped(0) > before;
}

/* But huge pages are nearly all copy. */
CASE(jobs_of_huge_pages)
{
	int fd = open_device(0);
	char *addr = map_thp(LENGTH);

	need_cpus();
	CHECK(EVENTUALLY(job_helped(fd, addr)));
}

/* Not for what is done before a helper has come. */
CASE(small_ranges_alone)
{
	int fd = open_device(0), i;
	char *addr = map_small(MIB(1));

	for (i = 0; i < 20; i++)
		CHECK_EQ(there_and_back(fd, addr, MIB(1), i), 0);
}

/* A part of a run that stays, or is elsewhere, makes no difference. */
CASE(gaps_in_a_run)
{
	int fd = open_device(0), other = open_device(1), i;
	char *addr = map_small(LENGTH);
	size_t page;

	for (i = 0; i < 3; i++) {
		fill(addr, LENGTH, i);
		for (page = 7; page < LENGTH / PAGE; page += 61)
			CHECK_SYS(madvise(page_at(addr, page), PAGE,
					  MADV_DONTNEED));
		for (page = 9; page < LENGTH / PAGE; page += 67)
			move_all(other, page_at(addr, page), PAGE, TO_DEVICE);
		move_all(fd, addr, LENGTH, TO_DEVICE);
		move_all(fd, addr, LENGTH, TO_SYSTEM);
		for (page = 0; page < LENGTH / PAGE; page++) {
			if (page % 61 == 7)
				check_zero(page_at(addr, page), PAGE);
			else
				check_part(page_at(addr, page), PAGE, i,
					   page * PAGE);
		}
	}
}

CASE(device_to_device)
{
	int a = open_device(0), b = open_device(1);
	char *huge = map_thp(LENGTH), *small = map_small(LENGTH);

	fill(huge, LENGTH, 1);
	fill(small, LENGTH, 2);
	move_all(a, huge, LENGTH, TO_DEVICE);
	move_all(a, small, LENGTH, TO_DEVICE);
	/* The first page is at home: it looks worth some help. */
	CHECK_EQ(*(volatile uint64_t *)small, pattern(2, 0));
	move_all(b, huge, LENGTH, TO_DEVICE);
	move_all(b, small, LENGTH, TO_DEVICE);
	check_on_device(b, huge, LENGTH, 1);
	check_on_device(b, small, LENGTH, 1);
	check_fill(huge, LENGTH, 1);
	check_fill(small, LENGTH, 2);
}

struct mover {
	int fd;
	atomic_uint next;
};

static void *moves_its_own(void *arg)
{
	struct mover *m = arg;
	unsigned int me = m->next++, i;
	char *addr = me % 2 ? map_thp(LENGTH) : map_small(LENGTH);

	for (i = 0; i < 5; i++) {
		fill(addr, LENGTH, me * 16 + i);
		move_all(m->fd, addr, LENGTH, TO_DEVICE);
		move_all(m->fd, addr, LENGTH, TO_SYSTEM);
		check_fill(addr, LENGTH, me * 16 + i);
	}
	return NULL;
}

/* Each call has a crew of its own. */
CASE(four_threads_of_a_context)
{
	struct mover m = { .fd = open_device(0) };

	threads_run(4, moves_its_own, &m);
}
