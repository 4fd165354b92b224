// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Device-exclusive access: taking it, on what, and what ends it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 16
#define LENGTH (PAGES * PAGE)
/* What something happens to: some pages in the middle. */
#define FIRST 4
#define SOME 8
#define MIDDLE(addr) page_at(addr, FIRST)

/* A context that tells what ended; filled memory, all of it exclusive. */
static int make_exclusive(char *addr, size_t length)
{
	int fd = open_device(0);

	need_exclusive();
	fill(addr, length, 1);
	events_on(fd, EVENT(EXCLUSIVE_ENDED), 4096);
	acquire_all(fd, addr, length);
	/* What ended on the way is no news. */
	events_on(fd, EVENT(EXCLUSIVE_ENDED), 4096);
	return fd;
}

/* The middle ended by a cause, the rest did not; and nothing is lost. */
static void check_middle(int fd, char *addr, uint32_t cause)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		CHECK_EQ(query_page(fd, page_at(addr, i)),
			 i >= FIRST && i < FIRST + SOME ? SVM_EXCLUSIVE_NO
							: SVM_EXCLUSIVE_YES);
	check_ended(fd, MIDDLE(addr), SOME * PAGE, cause);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(query(fd, addr, LENGTH), 0);
}

CASE(acquire_query_release)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH), i;
	struct svm_page page;

	CHECK_EQ(query(fd, addr, LENGTH), PAGES);
	for (i = 0; i < PAGES; i++) {
		page = place_of(fd, page_at(addr, i));
		CHECK_EQ(page.place, SVM_PLACE_SYSTEM);
		CHECK(page.flags & SVM_PAGE_F_EXCLUSIVE);
		CHECK(page.flags & SVM_PAGE_F_WRITE);
	}
	/* Again is no change. */
	CHECK_EQ(acquire(fd, addr, LENGTH), PAGES);
	CHECK_EQ(events_told(fd, SVM_EVENT_EXCLUSIVE_ENDED, 0, addr, LENGTH)
			 .events,
		 0);
	CHECK_EQ(release(fd, MIDDLE(addr), SOME * PAGE), SOME);
	CHECK_EQ(query(fd, addr, LENGTH), PAGES - SOME);
	check_ended(fd, MIDDLE(addr), SOME * PAGE, SVM_CAUSE_CALL);
	CHECK_EQ(release(fd, MIDDLE(addr), SOME * PAGE), 0);
	CHECK_EQ(release(fd, addr, LENGTH), PAGES - SOME);
	CHECK(!(place_of(fd, addr).flags & SVM_PAGE_F_EXCLUSIVE));
	check_fill(addr, LENGTH, 1);
}

CASE(holes_are_faulted_in)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	need_exclusive();
	check_zero(page_at(addr, 3), PAGE);
	acquire_all(fd, addr, LENGTH);
	CHECK_EQ(query(fd, addr, LENGTH), PAGES);
	check_home(fd, addr, LENGTH);
	dev_set(fd, addr, LENGTH, 8, 5);
	CHECK_EQ(query(fd, addr, LENGTH), PAGES);
	CHECK_EQ(*(uint64_t *)(addr + LENGTH - 8), 5);
}

CASE(huge_page)
{
	char *addr = map_thp(2 * HUGE_PAGE);
	int fd = make_exclusive(addr, HUGE_PAGE);

	fill(addr + HUGE_PAGE, HUGE_PAGE, 2);
	CHECK_EQ(query(fd, addr, HUGE_PAGE), 512);
	dev_check_fill(fd, addr, HUGE_PAGE, 1);
	CHECK_EQ(query(fd, addr, HUGE_PAGE), 512);
	/* Some pages of it. */
	CHECK_EQ(acquire(fd, addr + HUGE_PAGE + 100 * PAGE, LENGTH), PAGES);
	CHECK_EQ(query(fd, addr + HUGE_PAGE, HUGE_PAGE), PAGES);
	check_fill(addr, HUGE_PAGE, 1);
	check_fill(addr + HUGE_PAGE, HUGE_PAGE, 2);
	CHECK_EQ(query(fd, addr, HUGE_PAGE), 0);
}

CASE(over_2_mib_border)
{
	char *addr = map_aligned(2 * HUGE_PAGE);
	int fd = make_exclusive(addr + HUGE_PAGE - LENGTH / 2, LENGTH);

	addr += HUGE_PAGE - LENGTH / 2;
	CHECK_EQ(query(fd, addr, LENGTH), PAGES);
	CHECK_EQ(release(fd, addr, LENGTH), PAGES);
	check_ended(fd, addr, LENGTH, SVM_CAUSE_CALL);
	check_fill(addr, LENGTH, 1);
}

static void all_refused(char *addr)
{
	int fd = open_device(0), i;
	uint8_t status[PAGES];

	need_exclusive();
	CHECK_EQ(exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, 0, status),
		 0);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(status[i], SVM_EXCLUSIVE_REFUSED);
	CHECK_EQ(query(fd, addr, LENGTH), 0);
	CHECK_EQ(release(fd, addr, LENGTH), 0);
}

CASE(read_only_refused)
{
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	all_refused(addr);
	check_fill(addr, LENGTH, 1);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_NONE));
	all_refused(addr);
}

CASE(shared_memory_refused)
{
	char *addr = map_shared(LENGTH);

	fill(addr, LENGTH, 1);
	all_refused(addr);
	check_fill(addr, LENGTH, 1);
}

CASE(file_refused)
{
	int file = real_file(LENGTH);
	char *addr = CHECK_SYS(mmap(NULL, LENGTH, RW, MAP_SHARED, file, 0));

	fill(addr, LENGTH, 1);
	all_refused(addr);
	check_fill(addr, LENGTH, 1);
}

CASE(hugetlb_refused)
{
	void *addr;

	if (!setting("/proc/sys/vm/nr_hugepages", "4"))
		skip("no hugetlbfs");
	addr = mmap(NULL, HUGE_PAGE, RW,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (addr == MAP_FAILED)
		skip("no huge pages: %s", err_name(errno));
	fill(addr, LENGTH, 1);
	all_refused(addr);
	check_fill(addr, LENGTH, 1);
}

CASE(each_page_for_itself)
{
	int fd = open_device(0), i;
	char *addr = map_anon(LENGTH);
	uint8_t status[PAGES];

	need_exclusive();
	fill(addr, LENGTH, 1);
	CHECK_SYS(mprotect(page_at(addr, 2), PAGE, PROT_READ));
	CHECK_SYS(munmap(page_at(addr, 5), PAGE));
	CHECK_SYS(mmap(page_at(addr, 7), PAGE, RW,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	CHECK_EQ(exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, 0, status),
		 PAGES - 3);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(status[i], i == 2 || i == 5 || i == 7
					    ? SVM_EXCLUSIVE_REFUSED
					    : SVM_EXCLUSIVE_YES);
	CHECK_EQ(release(fd, addr, LENGTH), PAGES - 3);
	check_fill(addr, 5 * PAGE, 1);
}

CASE(device_pages_come_home)
{
	int fd = open_device(0), other = open_device(1);
	char *addr = map_anon(LENGTH);

	need_exclusive();
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH / 2, TO_DEVICE);
	move_all(other, addr + LENGTH / 2, LENGTH / 2, TO_DEVICE);
	acquire_all(fd, addr, LENGTH);
	check_home(fd, addr, LENGTH);
	CHECK_EQ(query(fd, addr, LENGTH), PAGES);
	dev_check_fill(fd, addr, LENGTH, 1);
	check_fill(addr, LENGTH, 1);
}

/* The device's own work does not end what it has. */
CASE(device_works_on_it)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH);

	quiet_kernel();
	CHECK_EQ(dev_check_fill(fd, addr, LENGTH, 1), 0);
	CHECK_EQ(dev_fill(fd, addr, LENGTH, 2), 0);
	CHECK_EQ(dev_atomic(fd, SVM_ACCESS_ADD, 8, addr, 1), pattern(2, 0));
	CHECK_EQ(dev_atomic(fd, SVM_ACCESS_ADD, 8, addr, -1),
		 pattern(2, 0) + 1);
	CHECK_EQ(query(fd, addr, LENGTH), PAGES);
	CHECK_EQ(events_told(fd, SVM_EVENT_EXCLUSIVE_ENDED, 0, addr, LENGTH)
			 .events,
		 0);
	check_fill(addr, LENGTH, 2);
	check_ended(fd, addr, LENGTH, SVM_CAUSE_CPU);
}

/* --- what ends it ------------------------------------------------------- */

CASE(cpu_reads)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH);

	check_part(MIDDLE(addr), SOME * PAGE, 1, FIRST * PAGE);
	check_middle(fd, addr, SVM_CAUSE_CPU);
}

CASE(cpu_writes)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH);

	fill_part(MIDDLE(addr), SOME * PAGE, 1, FIRST * PAGE);
	check_middle(fd, addr, SVM_CAUSE_CPU);
}

CASE(process_vm_readv_ends_it)
{
	char *addr = map_anon(LENGTH), buffer[SOME * PAGE];
	int fd = make_exclusive(addr, LENGTH);
	struct iovec to = { buffer, sizeof(buffer) };
	struct iovec from = { MIDDLE(addr), sizeof(buffer) };

	dev_fill(fd, addr, LENGTH, 1);
	CHECK_EQ(process_vm_readv(getpid(), &to, 1, &from, 1, 0), SOME * PAGE);
	check_part(buffer, SOME * PAGE, 1, FIRST * PAGE);
	check_middle(fd, addr, SVM_CAUSE_CPU);
}

CASE(proc_mem_ends_it)
{
	char *addr = map_anon(LENGTH), buffer[SOME * PAGE];
	int fd = make_exclusive(addr, LENGTH);
	int mem = CHECK_SYS(open("/proc/self/mem", O_RDWR | O_CLOEXEC));

	CHECK_EQ(pread(mem, buffer, SOME * PAGE, (uintptr_t)MIDDLE(addr)),
		 SOME * PAGE);
	check_part(buffer, SOME * PAGE, 1, FIRST * PAGE);
	check_middle(fd, addr, SVM_CAUSE_CPU);
	acquire_all(fd, addr, LENGTH);
	events_on(fd, EVENT(EXCLUSIVE_ENDED), 0);
	CHECK_EQ(pwrite(mem, buffer, SOME * PAGE, (uintptr_t)MIDDLE(addr)),
		 SOME * PAGE);
	check_middle(fd, addr, SVM_CAUSE_CPU);
}

CASE(vmsplice_ends_it)
{
	char *addr = map_anon(LENGTH), buffer[SOME * PAGE];
	int fd = make_exclusive(addr, LENGTH), pipefd[2];
	struct iovec iov = { MIDDLE(addr), SOME * PAGE };

	CHECK_SYS(pipe(pipefd));
	CHECK_EQ(vmsplice(pipefd[1], &iov, 1, 0), SOME * PAGE);
	CHECK_EQ(read(pipefd[0], buffer, SOME * PAGE), SOME * PAGE);
	check_part(buffer, SOME * PAGE, 1, FIRST * PAGE);
	check_middle(fd, addr, SVM_CAUSE_CPU);
}

/* By the kernel on behalf of a system call. */
CASE(system_call_ends_it)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH), file = real_file(SOME * PAGE);

	CHECK_EQ(write(file, MIDDLE(addr), SOME * PAGE), SOME * PAGE);
	CHECK_EQ(pread(file, MIDDLE(addr), SOME * PAGE, 0), SOME * PAGE);
	check_middle(fd, addr, SVM_CAUSE_CPU);
}

static void child_checks(void *arg)
{
	check_fill(arg, LENGTH, 1);
	fill(arg, LENGTH, 2);
	check_fill(arg, LENGTH, 2);
}

CASE(fork_ends_it)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH);

	child_ok(child(child_checks, addr));
	CHECK_EQ(query(fd, addr, LENGTH), 0);
	check_ended(fd, addr, LENGTH, SVM_CAUSE_FORK);
	check_fill(addr, LENGTH, 1);
	/* Shared no more: it is to be had again, by a copy if need be. */
	acquire_all(fd, addr, LENGTH);
	dev_check_fill(fd, addr, LENGTH, 1);
	check_fill(addr, LENGTH, 1);
}

CASE(mprotect_ends_it)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH);

	CHECK_SYS(mprotect(MIDDLE(addr), SOME * PAGE, PROT_READ));
	check_middle(fd, addr, SVM_CAUSE_PROTECT);
	access_fails(fd, op_fill(MIDDLE(addr), 8, 8, 1), EPERM);
	CHECK_SYS(mprotect(MIDDLE(addr), SOME * PAGE, RW));
	acquire_all(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
}

CASE(munmap_ends_it)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH);

	CHECK_SYS(munmap(MIDDLE(addr), SOME * PAGE));
	CHECK_EQ(query(fd, addr, LENGTH), PAGES - SOME);
	check_ended(fd, MIDDLE(addr), SOME * PAGE, SVM_CAUSE_UNMAP);
	/* What is there now is something else. */
	CHECK_SYS(mmap(MIDDLE(addr), SOME * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	CHECK_EQ(query(fd, addr, LENGTH), PAGES - SOME);
	dev_check_zero(fd, MIDDLE(addr), SOME * PAGE);
	check_zero(MIDDLE(addr), SOME * PAGE);
	check_fill(addr, FIRST * PAGE, 1);
}

CASE(mremap_ends_it)
{
	char *addr = map_anon(LENGTH), *to = find_gap(LENGTH);
	int fd = make_exclusive(addr, LENGTH);

	CHECK_SYS(mremap(MIDDLE(addr), SOME * PAGE, SOME * PAGE,
			 MREMAP_MAYMOVE | MREMAP_FIXED, to));
	CHECK_EQ(query(fd, addr, LENGTH), PAGES - SOME);
	check_ended(fd, MIDDLE(addr), SOME * PAGE, SVM_CAUSE_UNMAP);
	access_fails(fd, op_fill(MIDDLE(addr), 8, 8, 1), EFAULT);
	dev_check_fill(fd, addr, FIRST * PAGE, 1);
	check_part(to, SOME * PAGE, 1, FIRST * PAGE);
	check_fill(addr, FIRST * PAGE, 1);
	/* And at the new place it is to be had as well. */
	acquire_all(fd, to, SOME * PAGE);
	check_part(to, SOME * PAGE, 1, FIRST * PAGE);
}

CASE(madv_dontneed_ends_it)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH);

	CHECK_SYS(madvise(MIDDLE(addr), SOME * PAGE, MADV_DONTNEED));
	CHECK_EQ(query(fd, addr, LENGTH), PAGES - SOME);
	check_ended(fd, MIDDLE(addr), SOME * PAGE, SVM_CAUSE_OTHER);
	dev_check_zero(fd, MIDDLE(addr), SOME * PAGE);
	check_zero(MIDDLE(addr), SOME * PAGE);
	check_fill(addr, FIRST * PAGE, 1);
}

/* Of just the 2 MiB that a chunk of the mirror has: looks like a split. */
CASE(madv_dontneed_of_2_mib)
{
	char *addr = map_aligned(3 * HUGE_PAGE), *at = addr + HUGE_PAGE;
	int fd = make_exclusive(at, HUGE_PAGE);
	struct told t;

	CHECK_SYS(madvise(at, HUGE_PAGE, MADV_DONTNEED));
	CHECK_EQ(query(fd, at, HUGE_PAGE), 0);
	dev_check_zero(fd, at, HUGE_PAGE);
	check_zero(at, HUGE_PAGE);
	t = events_told(fd, SVM_EVENT_EXCLUSIVE_ENDED, SVM_CAUSE_OTHER, at,
			HUGE_PAGE);
	CHECK_EQ(t.bytes, HUGE_PAGE);
	CHECK_EQ(t.other_bytes, 0);
}

/* Another event, long after, must not be told as the end of it. */
CASE(madv_dontneed_of_2_mib_then_munmap)
{
	char *addr = map_aligned(3 * HUGE_PAGE), *at = addr + HUGE_PAGE;
	int fd = make_exclusive(at, HUGE_PAGE);
	struct told t;

	CHECK_SYS(madvise(at, HUGE_PAGE, MADV_DONTNEED));
	CHECK_EQ(query(fd, at, HUGE_PAGE), 0);
	CHECK_SYS(munmap(at, HUGE_PAGE));
	t = events_told(fd, SVM_EVENT_EXCLUSIVE_ENDED, SVM_CAUSE_OTHER, at,
			HUGE_PAGE);
	CHECK_EQ(t.bytes + t.other_bytes, HUGE_PAGE);
	CHECK_EQ(t.bytes, HUGE_PAGE);
}

CASE(migrate_ends_it)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH);

	move_all(fd, MIDDLE(addr), SOME * PAGE, TO_DEVICE);
	check_on_device(fd, MIDDLE(addr), SOME * PAGE, 0);
	CHECK_EQ(query(fd, addr, LENGTH), PAGES - SOME);
	check_ended(fd, MIDDLE(addr), SOME * PAGE, SVM_CAUSE_MIGRATE);
	dev_check_fill(fd, addr, LENGTH, 1);
	check_fill(addr, LENGTH, 1);
}

/* Reclaim may leave it alone or end it; nothing may be lost. */
CASE(reclaim)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH), i;

	need_swap(MIB(8));
	for (i = 0; i < 4; i++)
		CHECK_SYS(madvise(addr, LENGTH, MADV_PAGEOUT));
	note("%u of %u pages are still exclusive", query(fd, addr, LENGTH),
	     PAGES);
	dev_fill(fd, addr, LENGTH, 2);
	for (i = 0; i < 4; i++)
		CHECK_SYS(madvise(addr, LENGTH, MADV_PAGEOUT));
	dev_check_fill(fd, addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
	CHECK_EQ(query(fd, addr, LENGTH), 0);
}

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

CASE(collapse)
{
	char *addr = map_aligned(HUGE_PAGE);
	int fd;

	madvise(addr, HUGE_PAGE, MADV_NOHUGEPAGE);
	fd = make_exclusive(addr, HUGE_PAGE);
	CHECK_SYS(madvise(addr, HUGE_PAGE, MADV_HUGEPAGE));
	/* It may be refused. */
	(void)!madvise(addr, HUGE_PAGE, MADV_COLLAPSE);
	dev_fill(fd, addr, HUGE_PAGE, 2);
	check_fill(addr, HUGE_PAGE, 2);
	(void)!madvise(addr, HUGE_PAGE, MADV_COLLAPSE);
	dev_check_fill(fd, addr, HUGE_PAGE, 2);
	check_fill(addr, HUGE_PAGE, 2);
}

/* Splitting the mapping is no end: a hole in its middle, elsewhere. */
CASE(split_of_the_mapping_is_no_end)
{
	char *addr = map_aligned(HUGE_PAGE);
	int fd;

	madvise(addr, HUGE_PAGE, MADV_NOHUGEPAGE);
	fd = make_exclusive(addr, LENGTH);
	CHECK_SYS(mprotect(addr + MIB(1), PAGE, PROT_READ));
	CHECK_EQ(query(fd, addr, LENGTH), PAGES);
	CHECK_EQ(events_told(fd, SVM_EVENT_EXCLUSIVE_ENDED, 0, addr, LENGTH)
			 .events,
		 0);
	CHECK_EQ(release(fd, addr, LENGTH), PAGES);
	CHECK(!(place_of(fd, addr).flags & SVM_PAGE_F_EXCLUSIVE));
	check_ended(fd, addr, LENGTH, SVM_CAUSE_CALL);
	check_fill(addr, LENGTH, 1);
}

/* Pages around the one that the CPU brings home. */
CASE(neighbour_comes_home)
{
	char *addr = map_aligned(HUGE_PAGE);
	int fd;

	madvise(addr, HUGE_PAGE, MADV_NOHUGEPAGE);
	fd = make_exclusive(addr, LENGTH);
	move_all(fd, MIDDLE(addr) - PAGE, PAGE, TO_DEVICE);
	acquire_all(fd, MIDDLE(addr), SOME * PAGE);
	events_on(fd, EVENT(EXCLUSIVE_ENDED), 0);
	check_part(MIDDLE(addr) - PAGE, PAGE, 1, (FIRST - 1) * PAGE);
	/* Nobody touched these. */
	CHECK_EQ(query(fd, MIDDLE(addr), SOME * PAGE), SOME);
	CHECK_EQ(events_told(fd, SVM_EVENT_EXCLUSIVE_ENDED, 0, MIDDLE(addr),
			     SOME * PAGE)
			 .events,
		 0);
	check_fill(addr, LENGTH, 1);
}

CASE(another_context_takes_it)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH), other = open_device(1);
	int same = open_device(0);
	struct told t;

	acquire_all(other, MIDDLE(addr), SOME * PAGE);
	CHECK_EQ(query(other, addr, LENGTH), SOME);
	t = events_told(fd, SVM_EVENT_EXCLUSIVE_ENDED, SVM_CAUSE_OTHER,
			MIDDLE(addr), SOME * PAGE);
	CHECK_EQ(t.bytes + t.other_bytes, SOME * PAGE);
	/* What others have is no longer given back by us. */
	CHECK_EQ(release(fd, addr, LENGTH), PAGES - SOME);
	CHECK_EQ(query(other, addr, LENGTH), SOME);
	CHECK_EQ(acquire(same, MIDDLE(addr), PAGE), 1);
	CHECK_EQ(query(other, addr, LENGTH), SOME - 1);
	dev_fill(same, addr, LENGTH, 2);
	CHECK_EQ(query(other, addr, LENGTH), 0);
	check_fill(addr, LENGTH, 2);
}

/* Another device's access sees what this one wrote. */
CASE(another_device_reads)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH), other = open_device(1);

	dev_fill(fd, addr, LENGTH, 2);
	dev_check_fill(other, addr, LENGTH, 2);
	CHECK_EQ(query(fd, addr, LENGTH), 0);
	dev_fill(fd, addr, LENGTH, 3);
	dev_check_fill(other, addr, LENGTH, 3);
	check_fill(addr, LENGTH, 3);
}

CASE(context_closed)
{
	char *addr = map_anon(LENGTH);
	int fd = make_exclusive(addr, LENGTH), other = open_device(0);

	dev_fill(fd, addr, LENGTH, 2);
	close(fd);
	dev_check_fill(other, addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
	fd = make_exclusive(addr, LENGTH);
	close(fd);
	check_fill(addr, LENGTH, 1);
	CHECK(!(place_of(other, addr).flags & SVM_PAGE_F_EXCLUSIVE));
}
