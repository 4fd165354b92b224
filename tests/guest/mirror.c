// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device's mirror is true: it sees what the CPU did to the address space,
 * and is not disturbed by what happens elsewhere.
 */
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
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

#define PAGES 64
#define LENGTH (PAGES * PAGE)

static char *mirrored(int fd, uint64_t seed)
{
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, seed);
	/* To be read and written. */
	dev_fill(fd, addr, LENGTH, seed);
	CHECK_EQ(dev_check_fill(fd, addr, LENGTH, seed), 0);
	return addr;
}

CASE(mapped_anew)
{
	int fd = open_device(0), i;
	char *addr = mirrored(fd, 1);

	for (i = 0; i < 10; i++) {
		CHECK_SYS(munmap(addr, LENGTH));
		CHECK_SYS(
			mmap(addr, LENGTH, RW,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			     -1, 0));
		dev_check_zero(fd, addr, LENGTH);
		fill(addr, LENGTH, i);
		dev_check_fill(fd, addr, LENGTH, i);
		dev_fill(fd, addr, LENGTH, i + 1);
		check_fill(addr, LENGTH, i + 1);
	}
}

/* Mapped over, without an unmap by the caller. */
CASE(mapped_over)
{
	int fd = open_device(0), file = CHECK_SYS(memfd_create("t", 0));
	char *addr = mirrored(fd, 1);

	CHECK_SYS(ftruncate(file, LENGTH));
	CHECK_SYS(mmap(addr, LENGTH, RW, MAP_SHARED | MAP_FIXED, file, 0));
	dev_check_zero(fd, addr, LENGTH);
	dev_fill(fd, addr, LENGTH, 2);
	CHECK_SYS(mmap(addr, LENGTH, PROT_READ, MAP_PRIVATE | MAP_FIXED, file,
		       0));
	dev_check_fill(fd, addr, LENGTH, 2);
	access_fails(fd, op_fill(addr, 8, 8, 1), EPERM);
	check_fill(addr, LENGTH, 2);
}

CASE(discarded)
{
	int fd = open_device(0), i;
	char *addr = mirrored(fd, 1);

	for (i = 0; i < 10; i++) {
		CHECK_SYS(madvise(addr, LENGTH, MADV_DONTNEED));
		/* Before the CPU: fresh memory. */
		if (i % 2)
			dev_check_zero(fd, addr, LENGTH);
		fill(addr, LENGTH, i);
		dev_check_fill(fd, addr, LENGTH, i);
	}
}

CASE(discarded_on_device)
{
	int fd = open_device(0);
	char *addr = mirrored(fd, 1), *other = map_anon(LENGTH);

	move_all(fd, addr, LENGTH, TO_DEVICE);
	dev_check_fill(fd, addr, LENGTH, 1);
	CHECK_SYS(madvise(addr, LENGTH, MADV_DONTNEED));
	/* Its frames have a new owner now. */
	fill(other, LENGTH, 2);
	move_all(fd, other, LENGTH, TO_DEVICE);
	dev_fill(fd, addr, LENGTH, 3);
	dev_check_fill(fd, other, LENGTH, 2);
	check_fill(other, LENGTH, 2);
	check_fill(addr, LENGTH, 3);
}

CASE(shared_memory_punched)
{
	int fd = open_device(0);
	char *addr = map_shared(LENGTH);

	fill(addr, LENGTH, 1);
	dev_fill(fd, addr, LENGTH, 1);
	CHECK_SYS(madvise(addr, LENGTH, MADV_REMOVE));
	dev_check_zero(fd, addr, LENGTH);
	dev_fill(fd, addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
}

CASE(moved_away_and_back)
{
	int fd = open_device(0), i;
	char *addr = mirrored(fd, 1), *there = find_gap(LENGTH);

	for (i = 0; i < 10; i++) {
		if (i % 3 == 1)
			move_all(fd, addr, LENGTH, TO_DEVICE);
		CHECK_SYS(mremap(addr, LENGTH, LENGTH,
				 MREMAP_MAYMOVE | MREMAP_FIXED, there));
		access_fails(fd, op_fill(addr, 8, 8, 1), EFAULT);
		dev_check_fill(fd, there, LENGTH, i + 1);
		dev_fill(fd, there, LENGTH, i + 2);
		CHECK_SYS(mremap(there, LENGTH, LENGTH,
				 MREMAP_MAYMOVE | MREMAP_FIXED, addr));
		access_fails(fd, op_fill(there, 8, 8, 1), EFAULT);
		dev_check_fill(fd, addr, LENGTH, i + 2);
		check_fill(addr, LENGTH, i + 2);
	}
}

CASE(migrated_there_and_back)
{
	int fd = open_device(0), other = open_device(1), i;
	char *addr = mirrored(fd, 0);

	for (i = 0; i < 10; i++) {
		/* Each time with an entry of the place before. */
		move_all(i % 2 ? fd : other, addr, LENGTH, TO_DEVICE);
		dev_check_fill(fd, addr, LENGTH, 3 * i);
		dev_fill(fd, addr, LENGTH, 3 * i + 1);
		dev_check_fill(other, addr, LENGTH, 3 * i + 1);
		dev_fill(other, addr, LENGTH, 3 * i + 2);
		move_all(fd, addr, LENGTH, TO_SYSTEM);
		dev_check_fill(fd, addr, LENGTH, 3 * i + 2);
		dev_fill(fd, addr, LENGTH, 3 * i + 3);
		check_fill(addr, LENGTH, 3 * i + 3);
	}
}

/* Home by touch, not by call; what the CPU then writes, the device sees. */
CASE(home_by_touch)
{
	int fd = open_device(0), i;
	char *addr = mirrored(fd, 0);

	for (i = 0; i < 10; i++) {
		move_all(fd, addr, LENGTH, TO_DEVICE);
		dev_fill(fd, addr, LENGTH, 2 * i + 1);
		check_fill(addr, LENGTH, 2 * i + 1);
		fill(addr, LENGTH, 2 * i + 2);
		dev_check_fill(fd, addr, LENGTH, 2 * i + 2);
	}
}

CASE(evicted)
{
	int fd = open_device(0), i;
	char *addr = mirrored(fd, 0);
	struct svm_ioctl_evict evict;

	for (i = 0; i < 10; i++) {
		move_all(fd, addr, LENGTH, TO_DEVICE);
		dev_fill(fd, addr, LENGTH, 2 * i + 1);
		evict = arg_evict(0);
		CHECK_RET(svm_call(fd, SVM_IOCTL_EVICT, &evict), 0);
		dev_check_fill(fd, addr, LENGTH, 2 * i + 1);
		fill(addr, LENGTH, 2 * i + 2);
		dev_check_fill(fd, addr, LENGTH, 2 * i + 2);
	}
}

/*
 * Trap B: the event of a migration is not to be filtered by who owns the device,
 * for a child's fault on a page that it shares is in the child's mirror only.
 */
struct family {
	char *addr;
	struct gate to_child, to_parent;
};

static void child_of_device_pages(void *arg)
{
	struct family *f = arg;
	int own = open_device(0);

	dev_check_fill(own, f->addr, LENGTH, 1);
	check_fill(f->addr, LENGTH, 1);
	fill(f->addr, LENGTH, 2);
	gate_open(&f->to_parent, 1);
	gate_wait(&f->to_child);
	/* The parent put something else into the frames. */
	dev_check_fill(own, f->addr, LENGTH, 2);
	dev_fill(own, f->addr, LENGTH, 3);
	check_fill(f->addr, LENGTH, 3);
}

CASE(childs_fault_on_shared_device_pages)
{
	int fd = open_device(0);
	struct family f = { .addr = mirrored(fd, 1),
			    .to_child = gate_make(),
			    .to_parent = gate_make() };
	char *other = map_anon(LENGTH);
	pid_t pid;

	move_all(fd, f.addr, LENGTH, TO_DEVICE);
	dev_check_fill(fd, f.addr, LENGTH, 1);
	pid = child(child_of_device_pages, &f);
	gate_wait(&f.to_parent);
	dev_check_fill(fd, f.addr, LENGTH, 1);
	fill(other, LENGTH, 7);
	move_all(fd, other, LENGTH, TO_DEVICE);
	dev_fill(fd, f.addr, LENGTH, 4);
	gate_open(&f.to_child, 1);
	child_ok(pid);
	dev_check_fill(fd, other, LENGTH, 7);
	check_fill(other, LENGTH, 7);
	check_fill(f.addr, LENGTH, 4);
}

static void sleeper(void *arg)
{
	struct family *f = arg;

	gate_wait(&f->to_child);
	check_fill(f->addr, LENGTH, 1);
}

/* After fork() the CPU's write goes to a copy; so must the device's read. */
CASE(cpu_breaks_sharing)
{
	int fd = open_device(0);
	struct family f = { .addr = mirrored(fd, 1), .to_child = gate_make() };
	pid_t pid = child(sleeper, &f);

	/* Mirrored again, shared. */
	dev_check_fill(fd, f.addr, LENGTH, 1);
	fill(f.addr, LENGTH, 2);
	dev_check_fill(fd, f.addr, LENGTH, 2);
	dev_fill(fd, f.addr, LENGTH, 3);
	check_fill(f.addr, LENGTH, 3);
	gate_open(&f.to_child, 1);
	child_ok(pid);
	dev_check_fill(fd, f.addr, LENGTH, 3);
}

CASE(two_devices_mirror_one_range)
{
	int a = open_device(0), b = open_device(1), i;
	char *addr = mirrored(a, 0);

	quiet_kernel();
	dev_check_fill(b, addr, LENGTH, 0);
	for (i = 0; i < 5; i++) {
		dev_fill(i % 2 ? a : b, addr, LENGTH, i + 1);
		/* Both have it: nobody has to ask again. */
		CHECK_EQ(dev_check_fill(a, addr, LENGTH, i + 1), 0);
	}
	CHECK_EQ(dev_fill(a, addr, LENGTH, 8), 0);
	CHECK_EQ(dev_check_fill(b, addr, LENGTH, 8), 0);
	fill(addr, LENGTH, 9);
	CHECK_EQ(dev_check_fill(a, addr, LENGTH, 9), 0);
	CHECK_EQ(dev_check_fill(b, addr, LENGTH, 9), 0);
	CHECK_SYS(munmap(addr, LENGTH));
	access_fails(a, op_fill(addr, 8, 8, 1), EFAULT);
	access_fails(b, op_fill(addr, 8, 8, 1), EFAULT);
}

/* --- no needless invalidation ---------------------------------------------- */

/* What happens to the 2 MiB beside. */
static void unmap_it(int fd, char *beside)
{
	(void)fd;
	CHECK_SYS(munmap(beside, HUGE_PAGE));
	CHECK_SYS(mmap(beside, HUGE_PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
}

static void migrate_it(int fd, char *beside)
{
	move_all(fd, beside, HUGE_PAGE, TO_DEVICE);
	move_all(fd, beside, HUGE_PAGE, TO_SYSTEM);
}

static void fault_it(int fd, char *beside)
{
	fill(beside, HUGE_PAGE, 1);
	move_all(fd, beside, HUGE_PAGE, TO_DEVICE);
	check_fill(beside, HUGE_PAGE, 1);
}

static void protect_it(int fd, char *beside)
{
	(void)fd;
	CHECK_SYS(mprotect(beside, HUGE_PAGE, PROT_READ));
	CHECK_SYS(mprotect(beside, HUGE_PAGE, RW));
}

static void discard_it(int fd, char *beside)
{
	(void)fd;
	CHECK_SYS(madvise(beside, HUGE_PAGE, MADV_DONTNEED));
}

static void acquire_it(int fd, char *beside)
{
	acquire(fd, beside, LENGTH);
	check_zero(beside + LENGTH, 0);
	release(fd, beside, LENGTH);
}

static void not_disturbed(void (*happens)(int, char *))
{
	int fd = open_device(0), round;
	char *addr = map_aligned(3 * HUGE_PAGE);

	quiet_kernel();
	madvise(addr, 3 * HUGE_PAGE, MADV_NOHUGEPAGE);
	fill(addr, 3 * HUGE_PAGE, 1);
	for (round = 0; round < 3; round++) {
		dev_fill(fd, addr, 3 * HUGE_PAGE, 1);
		if (round == 2)
			/* On the device it is the same. */
			move_all(fd, addr, HUGE_PAGE, TO_DEVICE);
		dev_fill(fd, addr, 3 * HUGE_PAGE, 1);
		happens(fd, addr + HUGE_PAGE);
		CHECK_EQ(dev_fill(fd, addr, HUGE_PAGE, 2), 0);
		CHECK_EQ(dev_check_fill(fd, addr, HUGE_PAGE, 2), 0);
		CHECK_EQ(dev_set(fd, addr + 2 * HUGE_PAGE, HUGE_PAGE, 8, 5), 0);
		check_fill(addr, HUGE_PAGE, 2);
	}
}

CASE(not_disturbed_by_unmap)
{
	not_disturbed(unmap_it);
}

CASE(not_disturbed_by_migration)
{
	not_disturbed(migrate_it);
}

CASE(not_disturbed_by_faults)
{
	not_disturbed(fault_it);
}

CASE(not_disturbed_by_mprotect)
{
	not_disturbed(protect_it);
}

CASE(not_disturbed_by_discard)
{
	not_disturbed(discard_it);
}

CASE(not_disturbed_by_exclusive_access)
{
	need_exclusive();
	not_disturbed(acquire_it);
}

/* What is at its destination already is left alone. */
CASE(not_disturbed_by_a_call_that_moves_nothing)
{
	int fd = open_device(0);
	char *addr = mirrored(fd, 1);

	quiet_kernel();
	move(fd, addr, LENGTH, TO_SYSTEM, 0);
	CHECK_EQ(dev_fill(fd, addr, LENGTH, 2), 0);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_EQ(dev_fill(fd, addr, LENGTH, 3), 1);
	move(fd, addr, LENGTH, TO_DEVICE, 0);
	CHECK_EQ(dev_fill(fd, addr, LENGTH, 4), 0);
	check_fill(addr, LENGTH, 4);
}

/* --- the kernel's own changes ------------------------------------------------ */

static char *merged_pages(size_t length)
{
	char *addr = map_anon(length);
	size_t i;

	for (i = 0; i < length / PAGE; i++)
		fill(page_at(addr, i), PAGE, 1);
	if (!setting("/sys/kernel/mm/ksm/pages_to_scan", "10000") ||
	    !setting("/sys/kernel/mm/ksm/sleep_millisecs", "5") ||
	    !setting("/sys/kernel/mm/ksm/run", "1"))
		skip("no KSM");
	CHECK_SYS(madvise(addr, length, MADV_MERGEABLE));
	if (!EVENTUALLY(read_number("/sys/kernel/mm/ksm/pages_sharing") >=
			(long long)(length / PAGE / 2)))
		skip("KSM merged nothing");
	return addr;
}

/* Pages that KSM has made one, while the device had them in its mirror. */
CASE(merged_by_ksm)
{
	int fd = open_device(0), i;
	char *addr = merged_pages(LENGTH);

	for (i = 0; i < PAGES; i++)
		dev_check_fill(fd, page_at(addr, i), PAGE, 1);
	dev_fill(fd, page_at(addr, 5), PAGE, 2);
	for (i = 0; i < PAGES; i++)
		check_fill(page_at(addr, i), PAGE, i == 5 ? 2 : 1);
	CHECK_EQ(dev_atomic(fd, SVM_ACCESS_ADD, 8, page_at(addr, 7), 1),
		 pattern(1, 0));
	check_fill(page_at(addr, 8), PAGE, 1);
	/* Mirrored for writing, then merged again. */
	for (i = 0; i < PAGES; i++)
		dev_fill(fd, page_at(addr, i), PAGE, 3);
	CHECK(EVENTUALLY(read_number("/sys/kernel/mm/ksm/pages_sharing") >=
			 PAGES / 2));
	dev_fill(fd, page_at(addr, 9), PAGE, 4);
	for (i = 0; i < PAGES; i++) {
		check_fill(page_at(addr, i), PAGE, i == 9 ? 4 : 3);
		dev_check_fill(fd, page_at(addr, i), PAGE, i == 9 ? 4 : 3);
	}
}

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

CASE(collapsed_into_a_huge_page)
{
	int fd = open_device(0);
	char *addr = map_aligned(HUGE_PAGE);

	quiet_kernel();
	madvise(addr, HUGE_PAGE, MADV_NOHUGEPAGE);
	fill(addr, HUGE_PAGE, 1);
	dev_fill(fd, addr, HUGE_PAGE, 2);
	CHECK_SYS(madvise(addr, HUGE_PAGE, MADV_HUGEPAGE));
	if (madvise(addr, HUGE_PAGE, MADV_COLLAPSE))
		skip("MADV_COLLAPSE: %s", err_name(errno));
	CHECK_EQ(dev_check_fill(fd, addr, HUGE_PAGE, 2), 1);
	dev_fill(fd, addr, HUGE_PAGE, 3);
	check_fill(addr, HUGE_PAGE, 3);
	/* And apart again, by giving up a piece. */
	CHECK_SYS(madvise(addr + PAGE, PAGE, MADV_DONTNEED));
	dev_check_zero(fd, addr + PAGE, PAGE);
	dev_check_fill(fd, addr, PAGE, 3);
	dev_fill(fd, addr, HUGE_PAGE, 4);
	check_fill(addr, HUGE_PAGE, 4);
}

/* As many pages as will go. Returns how many are in swap. */
static size_t page_out(char *addr)
{
	uint64_t entries[PAGES];
	size_t i, out = 0;
	int try;

	for (try = 0; try < 4; try++)
		CHECK_SYS(madvise(addr, LENGTH, MADV_PAGEOUT));
	pagemap(addr, PAGES, entries);
	for (i = 0; i < PAGES; i++)
		out += !!(entries[i] & PAGEMAP_SWAP);
	return out;
}

CASE(swapped_out)
{
	int fd = open_device(0), i;
	char *addr = mirrored(fd, 0);
	size_t out = 0;

	need_swap(MIB(8));
	for (i = 0; i < 5; i++) {
		out += page_out(addr);
		dev_check_fill(fd, addr, LENGTH, 2 * i);
		out += page_out(addr);
		dev_fill(fd, addr, LENGTH, 2 * i + 1);
		out += page_out(addr);
		check_fill(addr, LENGTH, 2 * i + 1);
		fill(addr, LENGTH, 2 * i + 2);
	}
	if (!out)
		skip("MADV_PAGEOUT swapped nothing out");
}
