// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device works on every kind of memory: shared, files, hugetlbfs, on
 * devices, copy-on-write; and not on what has no pages.
 */
#include <fcntl.h>
#include <glob.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

#define PAGES 64
#define LENGTH (PAGES * PAGE)

static void check_file(int file, size_t length, uint64_t seed)
{
	char *buffer = malloc(length);

	CHECK(buffer);
	CHECK_EQ(pread(file, buffer, length, 0), length);
	check_fill(buffer, length, seed);
	free(buffer);
}

static void write_file_fill(int file, size_t length, uint64_t seed)
{
	char *buffer = malloc(length);

	CHECK(buffer);
	fill(buffer, length, seed);
	CHECK_EQ(pwrite(file, buffer, length, 0), length);
	free(buffer);
}

static char *map_file(int file, size_t length, int flags)
{
	return CHECK_SYS(mmap(NULL, length, RW, flags, file, 0));
}

/* Reads what the CPU wrote, holes as zeroes; the CPU reads what it wrote. */
static void both_ways(int fd, char *addr, size_t length)
{
	quiet_kernel();
	dev_check_zero(fd, addr, length);
	dev_fill(fd, addr, length, 1);
	check_fill(addr, length, 1);
	fill(addr, length, 2);
	dev_check_fill(fd, addr, length, 2);
	CHECK_EQ(dev_fill(fd, addr, length, 3), 0);
	check_fill(addr, length, 3);
}

CASE(shared_anonymous)
{
	both_ways(open_device(0), map_shared(LENGTH), LENGTH);
}

static void reads_3(void *arg)
{
	check_fill(arg, LENGTH, 3);
	fill(arg, LENGTH, 4);
}

/* What the device writes, all who share it see. */
CASE(shared_with_a_child)
{
	int fd = open_device(0);
	char *addr = map_shared(LENGTH);

	both_ways(fd, addr, LENGTH);
	child_ok(child(reads_3, addr));
	dev_check_fill(fd, addr, LENGTH, 4);
}

CASE(memfd)
{
	int fd = open_device(0), file = CHECK_SYS(memfd_create("t", 0));
	char *addr, *other;

	CHECK_SYS(ftruncate(file, LENGTH));
	addr = map_file(file, LENGTH, MAP_SHARED);
	other = map_file(file, LENGTH, MAP_SHARED);
	both_ways(fd, addr, LENGTH);
	check_file(file, LENGTH, 3);
	check_fill(other, LENGTH, 3);
	write_file_fill(file, LENGTH, 4);
	dev_check_fill(fd, addr, LENGTH, 4);
	/* Another mapping of the same: it is one memory. */
	dev_fill(fd, other, LENGTH, 5);
	dev_check_fill(fd, addr, LENGTH, 5);
	check_fill(addr, LENGTH, 5);
}

CASE(memfd_truncated)
{
	int fd = open_device(0), file = CHECK_SYS(memfd_create("t", 0));
	char *addr, word[8];

	CHECK_SYS(ftruncate(file, LENGTH));
	addr = map_file(file, LENGTH, MAP_SHARED);
	dev_fill(fd, addr, LENGTH, 1);
	CHECK_SYS(ftruncate(file, LENGTH / 2));
	access_fails(fd, op_read(addr + LENGTH / 2, 8, word), EFAULT);
	access_fails(fd, op_fill(addr, LENGTH, 8, 7), EFAULT);
	dev_check_fill(fd, addr, LENGTH / 2, 1);
	/* What was cut off is not there any more when it is back. */
	CHECK_SYS(ftruncate(file, LENGTH));
	dev_check_zero(fd, addr + LENGTH / 2, LENGTH / 2);
	dev_check_fill(fd, addr, LENGTH / 2, 1);
}

CASE(memfd_private)
{
	int fd = open_device(0), file = CHECK_SYS(memfd_create("t", 0));
	char *addr;

	CHECK_SYS(ftruncate(file, LENGTH));
	write_file_fill(file, LENGTH, 1);
	addr = map_file(file, LENGTH, MAP_PRIVATE);
	dev_check_fill(fd, addr, LENGTH, 1);
	dev_fill(fd, addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
	check_file(file, LENGTH, 1);
}

CASE(file_shared)
{
	int fd = open_device(0), file = real_file(LENGTH), i;
	char *addr = map_file(file, LENGTH, MAP_SHARED);

	both_ways(fd, addr, LENGTH);
	check_file(file, LENGTH, 3);
	/* Clean after msync: each write must make it dirty again. */
	for (i = 4; i < 8; i++) {
		CHECK_SYS(msync(addr, LENGTH, MS_SYNC));
		dev_fill(fd, addr, LENGTH, i);
		CHECK_SYS(msync(addr, LENGTH, MS_SYNC));
		/* Read it from the disk itself. */
		CHECK_SYS(munmap(addr, LENGTH));
		CHECK_SYS(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED));
		check_file(file, LENGTH, i);
		addr = map_file(file, LENGTH, MAP_SHARED);
		dev_check_fill(fd, addr, LENGTH, i);
	}
}

/* Written back by the kernel while the device has it in its mirror. */
CASE(file_written_back)
{
	int fd = open_device(0), file = real_file(LENGTH), i;
	char *addr = map_file(file, LENGTH, MAP_SHARED);

	for (i = 1; i < 8; i++) {
		dev_fill(fd, addr, LENGTH, i);
		CHECK_SYS(fdatasync(file));
		dev_set(fd, addr + LENGTH - 8, 8, 8, i);
	}
	CHECK_SYS(msync(addr, LENGTH, MS_SYNC));
	CHECK_SYS(munmap(addr, LENGTH));
	CHECK_SYS(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED));
	addr = map_file(file, LENGTH, MAP_SHARED);
	check_fill(addr, LENGTH - 8, 7);
	CHECK_EQ(*(uint64_t *)(addr + LENGTH - 8), 7);
}

CASE(file_private)
{
	int fd = open_device(0), file = real_file(LENGTH);
	char *addr;

	quiet_kernel();
	write_file_fill(file, LENGTH, 1);
	addr = map_file(file, LENGTH, MAP_PRIVATE);
	CHECK_EQ(dev_check_fill(fd, addr, LENGTH, 1), 1);
	CHECK_EQ(dev_fill(fd, addr, LENGTH, 2), 1);
	check_fill(addr, LENGTH, 2);
	check_file(file, LENGTH, 1);
	/* The copy is private anonymous memory, and can go to the device. */
	move_all(fd, addr, LENGTH, TO_DEVICE);
	dev_check_fill(fd, addr, LENGTH, 2);
	dev_fill(fd, addr, LENGTH, 3);
	check_on_device(fd, addr, LENGTH, 0);
	check_fill(addr, LENGTH, 3);
	check_file(file, LENGTH, 1);
}

CASE(file_read_only)
{
	int fd = open_device(0), file = real_file(LENGTH);
	char *addr;

	write_file_fill(file, LENGTH, 1);
	addr = CHECK_SYS(mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, file, 0));
	dev_check_fill(fd, addr, LENGTH, 1);
	access_fails(fd, op_fill(addr, 8, 8, 1), EPERM);
	access_fails(fd, op_atomic(SVM_ACCESS_ADD, 4, addr, 1), EPERM);
	check_file(file, LENGTH, 1);
	/* Text of the program itself. */
	access_fails(fd, op_fill((void *)check_file, 1, 1, 0x90), EPERM);
}

static char *map_hugetlb(size_t pages, int flags)
{
	void *addr;
	char number[16];

	snprintf(number, sizeof(number), "%zu", pages + 2);
	if (!setting("/proc/sys/vm/nr_hugepages", number))
		skip("no hugetlbfs");
	addr = mmap(NULL, pages * HUGE_PAGE, RW,
		    flags | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (addr == MAP_FAILED)
		skip("no huge pages: %s", err_name(errno));
	return addr;
}

CASE(hugetlb_private)
{
	both_ways(open_device(0), map_hugetlb(2, MAP_PRIVATE), 2 * HUGE_PAGE);
}

CASE(hugetlb_shared)
{
	int fd = open_device(0);
	char *addr = map_hugetlb(2, MAP_SHARED);

	both_ways(fd, addr, 2 * HUGE_PAGE);
	dev_set(fd, addr + HUGE_PAGE - 4, 8, 1, 0x55);
	CHECK_EQ(addr[HUGE_PAGE - 5], ((char *)addr)[HUGE_PAGE - 5]);
	CHECK_EQ(addr[HUGE_PAGE - 4], 0x55);
	CHECK_EQ(addr[HUGE_PAGE + 3], 0x55);
	CHECK_EQ(dev_atomic(fd, SVM_ACCESS_XCHG, 4, addr + HUGE_PAGE, 1),
		 0x55555555);
}

/* --- on devices -------------------------------------------------------- */

CASE(device_memory_stays_put)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	uint64_t faults;

	quiet_kernel();
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	faults = device_stats(fd, SVM_STATS_DEVICE).faults;
	CHECK_EQ(dev_check_fill(fd, addr, LENGTH, 1), 1);
	CHECK_EQ(dev_fill(fd, addr, LENGTH, 2), 0);
	dev_copy(fd, addr + 8, addr, LENGTH / 2);
	dev_set(fd, addr, PAGE, 4, 9);
	dev_atomic(fd, SVM_ACCESS_ADD, 8, addr + PAGE, 1);
	check_on_device(fd, addr, LENGTH, 0);
	CHECK_EQ(device_stats(fd, SVM_STATS_DEVICE).faults, faults);
	dev_fill(fd, addr, LENGTH, 3);
	check_fill(addr, LENGTH, 3);
}

CASE(memory_of_the_other_device)
{
	int fd = open_device(0), other = open_device(1);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(other, addr, LENGTH, TO_DEVICE);
	dev_check_fill(fd, addr, LENGTH, 1);
	dev_fill(fd, addr, LENGTH, 2);
	check_on_device(fd, addr, LENGTH, 1);
	dev_check_fill(other, addr, LENGTH, 2);
	CHECK_EQ(dev_atomic(fd, SVM_ACCESS_XCHG, 8, addr, 5), pattern(2, 0));
	CHECK_EQ(dev_atomic(other, SVM_ACCESS_XCHG, 8, addr, pattern(2, 0)), 5);
	check_on_device(fd, addr, LENGTH, 1);
	check_fill(addr, LENGTH, 2);
}

CASE(populated_on_the_device)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	/* Holes become device pages. */
	move_all(fd, addr, LENGTH, TO_DEVICE);
	both_ways(fd, addr, LENGTH);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	dev_check_fill(fd, addr, LENGTH, 3);
}

/* Every third page elsewhere, one operation over all. */
CASE(mixed_places)
{
	int fd = open_device(0), other = open_device(1), i;
	char *addr = map_anon(LENGTH);

	quiet_kernel();
	fill(addr, LENGTH, 1);
	for (i = 0; i < PAGES; i += 3)
		move_all(fd, page_at(addr, i), PAGE, TO_DEVICE);
	for (i = 1; i < PAGES; i += 3)
		move_all(other, page_at(addr, i), PAGE, TO_DEVICE);
	CHECK_EQ(dev_check_fill(fd, addr, LENGTH, 1), 1);
	CHECK_EQ(dev_fill(fd, addr, LENGTH, 2), 0);
	for (i = 0; i < PAGES; i += 3)
		check_on_device(fd, page_at(addr, i), PAGE, 0);
	for (i = 1; i < PAGES; i += 3)
		check_on_device(fd, page_at(addr, i), PAGE, 1);
	check_fill(addr, LENGTH, 2);
}

/*
 * Trap A2: hmm_range_fault() counts from the head of a huge device mapping when
 * it is asked for its middle. Shows only where devices have huge pages.
 */
CASE(middle_of_2_mib_on_device)
{
	int fd = open_device(0);
	char *addr = map_thp(2 * HUGE_PAGE);
	const size_t middle = 77 * PAGE + 512, length = HUGE_PAGE;
	char *buffer = malloc(length);
	struct svm_page page;

	CHECK(buffer);
	fill(addr, 2 * HUGE_PAGE, 1);
	move_all(fd, addr, 2 * HUGE_PAGE, TO_DEVICE);
	page = place_of(fd, addr);
	if (!(page.flags & SVM_PAGE_F_HUGE))
		note("device memory is in small pages here");
	dev_read(fd, addr + middle, length, buffer);
	check_part(buffer, length, 1, middle);
	dev_set(fd, addr + HUGE_PAGE + 300 * PAGE, PAGE, 8, 0x1111);
	check_on_device(fd, addr, 2 * HUGE_PAGE, 0);
	CHECK_EQ(*(uint64_t *)(addr + HUGE_PAGE + 301 * PAGE - 8), 0x1111);
	fill_part(addr + HUGE_PAGE + 300 * PAGE, PAGE, 1,
		  HUGE_PAGE + 300 * PAGE);
	check_fill(addr, 2 * HUGE_PAGE, 1);
	free(buffer);
}

/* --- copy on write, read-only device entries (trap A3) ------------------- */

struct family {
	int fd;
	char *addr;
	struct gate to_child, to_parent;
};

static struct family make_family(bool on_device)
{
	struct family f = { .fd = open_device(0),
			    .addr = map_anon(LENGTH),
			    .to_child = gate_make(),
			    .to_parent = gate_make() };

	fill(f.addr, LENGTH, 1);
	if (on_device)
		move_all(f.fd, f.addr, LENGTH, TO_DEVICE);
	/* In the mirror, to be written. */
	dev_fill(f.fd, f.addr, LENGTH, 1);
	return f;
}

static void child_sees_old(void *arg)
{
	struct family *f = arg;

	gate_wait(&f->to_child);
	check_fill(f->addr, LENGTH, 1);
	fill(f->addr, LENGTH, 3);
	gate_open(&f->to_parent, 1);
	gate_wait(&f->to_child);
	check_fill(f->addr, LENGTH, 3);
}

static void parent_device_writes(bool on_device)
{
	struct family f = make_family(on_device);
	pid_t pid = child(child_sees_old, &f);

	dev_check_fill(f.fd, f.addr, LENGTH, 1);
	dev_fill(f.fd, f.addr, LENGTH, 2);
	gate_open(&f.to_child, 1);
	gate_wait(&f.to_parent);
	dev_check_fill(f.fd, f.addr, LENGTH, 2);
	check_fill(f.addr, LENGTH, 2);
	gate_open(&f.to_child, 1);
	child_ok(pid);
	dev_check_fill(f.fd, f.addr, LENGTH, 2);
}

CASE(fork_parents_device_writes)
{
	parent_device_writes(false);
}

CASE(fork_parents_device_writes_on_device)
{
	parent_device_writes(true);
}

static void child_device_writes(void *arg)
{
	struct family *f = arg;
	int own = open_device(0);

	dev_check_fill(own, f->addr, LENGTH, 1);
	dev_fill(own, f->addr, LENGTH, 2);
	check_fill(f->addr, LENGTH, 2);
	gate_open(&f->to_parent, 1);
	gate_wait(&f->to_child);
	dev_check_fill(own, f->addr, LENGTH, 2);
}

static void childs_device(bool on_device)
{
	struct family f = make_family(on_device);
	pid_t pid = child(child_device_writes, &f);

	gate_wait(&f.to_parent);
	dev_check_fill(f.fd, f.addr, LENGTH, 1);
	dev_fill(f.fd, f.addr, LENGTH, 3);
	check_fill(f.addr, LENGTH, 3);
	gate_open(&f.to_child, 1);
	child_ok(pid);
	dev_check_fill(f.fd, f.addr, LENGTH, 3);
}

CASE(fork_childs_device_writes)
{
	childs_device(false);
}

CASE(fork_childs_device_writes_on_device)
{
	childs_device(true);
}

/* The child moves what it shares with the parent to the other device. */
static void child_moves(void *arg)
{
	struct family *f = arg;
	int own = open_device(1);

	move(own, f->addr, LENGTH, TO_DEVICE, 0);
	dev_fill(own, f->addr, LENGTH, 2);
	check_fill(f->addr, LENGTH, 2);
}

CASE(fork_child_moves_shared_pages)
{
	struct family f = make_family(true);

	child_ok(child(child_moves, &f));
	dev_check_fill(f.fd, f.addr, LENGTH, 1);
	dev_fill(f.fd, f.addr, LENGTH, 3);
	check_fill(f.addr, LENGTH, 3);
}

/* Entries that mprotect left read-only, though all may be written again. */
CASE(protected_and_back_on_device)
{
	struct family f = make_family(true);

	CHECK_SYS(mprotect(f.addr, LENGTH, PROT_READ));
	access_fails(f.fd, op_fill(f.addr, 8, 8, 7), EPERM);
	dev_check_fill(f.fd, f.addr, LENGTH, 1);
	CHECK_SYS(mprotect(f.addr, LENGTH, RW));
	dev_fill(f.fd, f.addr, LENGTH, 2);
	dev_check_fill(f.fd, f.addr, LENGTH, 2);
	check_fill(f.addr, LENGTH, 2);
	dev_atomic(f.fd, SVM_ACCESS_ADD, 8, f.addr, 1);
	CHECK_EQ(*(uint64_t *)f.addr, pattern(2, 0) + 1);
}

CASE(atomic_on_read_only_device_entry)
{
	struct family f = make_family(true);
	pid_t pid = child(child_sees_old, &f);
	size_t i;

	for (i = 0; i < PAGES; i++)
		CHECK_EQ(dev_atomic(f.fd, SVM_ACCESS_XCHG, 8,
				    page_at(f.addr, i), i),
			 pattern(1, i * PAGE / 8));
	gate_open(&f.to_child, 1);
	gate_wait(&f.to_parent);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(*(uint64_t *)page_at(f.addr, i), i);
	gate_open(&f.to_child, 1);
	child_ok(pid);
}

/* --- what has no pages, or not yet ---------------------------------------- */

static char *map_pci(void)
{
	glob_t found;
	size_t i;
	void *addr = MAP_FAILED;

	if (glob("/sys/bus/pci/devices/*/resource[0-5]", 0, NULL, &found))
		skip("no PCI resources");
	for (i = 0; i < found.gl_pathc && addr == MAP_FAILED; i++) {
		int file = open(found.gl_pathv[i], O_RDWR | O_CLOEXEC);

		if (file < 0)
			continue;
		addr = mmap(NULL, PAGE, RW, MAP_SHARED, file, 0);
		close(file);
	}
	globfree(&found);
	if (addr == MAP_FAILED)
		skip("no PCI resource can be mapped");
	return addr;
}

CASE(driver_mapping_without_pages)
{
	int fd = open_device(0);
	char *addr = map_pci(), buffer[16] = "untouched";

	access_fails(fd, op_read(addr, 8, buffer), EFAULT);
	access_fails(fd, op_fill(addr, 8, 8, 0), EFAULT);
	access_fails(fd, op_atomic(SVM_ACCESS_OR, 4, addr, 0), EFAULT);
	CHECK(!strcmp(buffer, "untouched"));
}

/* A mapping of a driver that is made of pages: the rings of io_uring. */
CASE(driver_mapping_with_pages)
{
	struct io_uring_params params = { 0 };
	int fd = open_device(0);
	int ring = syscall(SYS_io_uring_setup, 4, &params);
	char *addr, buffer[PAGE];
	uint32_t *array;

	if (ring < 0)
		skip("no io_uring: %s", err_name(errno));
	addr = CHECK_SYS(mmap(NULL, PAGE, RW, MAP_SHARED | MAP_POPULATE, ring,
			      IORING_OFF_SQ_RING));
	dev_read(fd, addr, PAGE, buffer);
	CHECK(!memcmp(buffer, addr, PAGE));
	CHECK_EQ(*(uint32_t *)(buffer + params.sq_off.ring_entries),
		 params.sq_entries);
	array = (uint32_t *)(addr + params.sq_off.array);
	dev_set(fd, array, 4, 4, 3);
	CHECK_EQ(array[0], 3);
}

static int uffd_open(char *addr, size_t length, uint64_t mode)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)addr, length },
		.mode = mode,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (uffd < 0)
		skip("no userfaultfd: %s", err_name(errno));
	CHECK_SYS(ioctl(uffd, UFFDIO_API, &api));
	if (ioctl(uffd, UFFDIO_REGISTER, &reg))
		skip("userfaultfd: no such mode: %s", err_name(errno));
	return uffd;
}

CASE(userfaultfd_missing)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH), word[8] = "1234567";
	struct uffdio_copy copy;
	int uffd;

	fill(addr, LENGTH / 2, 1);
	uffd = uffd_open(addr, LENGTH, UFFDIO_REGISTER_MODE_MISSING);
	dev_check_fill(fd, addr, LENGTH / 2, 1);
	access_fails(fd, op_read(addr + LENGTH / 2, 8, word), EFAULT);
	access_fails(fd, op_fill(addr, LENGTH, 8, 7), EFAULT);
	access_fails(fd, op_atomic(SVM_ACCESS_ADD, 8, addr + LENGTH / 2, 1),
		     EFAULT);
	CHECK(!strcmp(word, "1234567"));
	check_fill(addr, LENGTH / 2, 1);
	/* When somebody has put it there, it works. */
	copy = (struct uffdio_copy){ .dst = (uintptr_t)addr + LENGTH / 2,
				     .src = (uintptr_t)addr,
				     .len = LENGTH / 2 };
	CHECK_SYS(ioctl(uffd, UFFDIO_COPY, &copy));
	dev_check_fill(fd, addr + LENGTH / 2, LENGTH / 2, 1);
	dev_fill(fd, addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
}

CASE(userfaultfd_write_protected)
{
	int fd = open_device(0), uffd;
	char *addr = map_anon(LENGTH);
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)addr, LENGTH },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	fill(addr, LENGTH, 1);
	uffd = uffd_open(addr, LENGTH, UFFDIO_REGISTER_MODE_WP);
	/* In the mirror to be written, when it is protected. */
	dev_fill(fd, addr, LENGTH, 2);
	CHECK_SYS(ioctl(uffd, UFFDIO_WRITEPROTECT, &wp));
	access_fails(fd, op_fill(addr, 8, 8, 7), EFAULT);
	dev_check_fill(fd, addr, LENGTH, 2);
	wp.mode = 0;
	CHECK_SYS(ioctl(uffd, UFFDIO_WRITEPROTECT, &wp));
	dev_fill(fd, addr, LENGTH, 3);
	check_fill(addr, LENGTH, 3);
}

CASE(stack_heap_and_vdso)
{
	volatile uint64_t on_stack = 5;
	uint64_t back, *on_heap = malloc(8);
	int fd = open_device(0);

	CHECK(on_heap);
	*on_heap = 6;
	dev_read(fd, (void *)&on_stack, 8, &back);
	CHECK_EQ(back, 5);
	dev_set(fd, (void *)&on_stack, 8, 8, 7);
	CHECK_EQ(on_stack, 7);
	CHECK_EQ(dev_atomic(fd, SVM_ACCESS_ADD, 8, on_heap, 1), 6);
	CHECK_EQ(*on_heap, 7);
	free(on_heap);
}

/* --- no write of the device is lost to reclaim ---------------------------- */

/* Pages that count as clean when the device writes to them. */
CASE(dirty_after_swap_in)
{
	int fd = open_device(0), i;
	char *addr = map_anon(LENGTH);

	need_swap(MIB(8));
	fill(addr, LENGTH, 1);
	for (i = 2; i < 6; i++) {
		swap_out(addr, LENGTH);
		/* Back by reading: clean, with the old copy still in swap. */
		check_fill(addr, LENGTH, i - 1);
		dev_fill(fd, addr, LENGTH, i);
		swap_out(addr, LENGTH);
		dev_check_fill(fd, addr, LENGTH, i);
		check_fill(addr, LENGTH, i);
	}
}

/* Out, or away, if the kernel is so mistaken. */
static void page_out(char *addr, size_t length)
{
	int try;

	for (try = 0; try < 4; try++)
		CHECK_SYS(madvise(addr, length, MADV_PAGEOUT));
}

CASE(dirty_after_madv_free)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	need_swap(MIB(8));
	fill(addr, LENGTH, 1);
	CHECK_SYS(madvise(addr, LENGTH, MADV_FREE));
	dev_fill(fd, addr, LENGTH, 2);
	page_out(addr, LENGTH);
	check_fill(addr, LENGTH, 2);
}

/* The same, but written on the device, and moved home then. */
CASE(dirty_on_device_after_madv_free)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	need_swap(MIB(8));
	/* The pages wait in a list of the CPU's, which only a move there drains. */
	stay_on_cpu(sched_getcpu());
	fill(addr, LENGTH, 1);
	CHECK_SYS(madvise(addr, LENGTH, MADV_FREE));
	move_all(fd, addr, LENGTH, TO_DEVICE);
	dev_fill(fd, addr, LENGTH, 2);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	page_out(addr, LENGTH);
	check_fill(addr, LENGTH, 2);
}

CASE(atomic_dirty_after_madv_free)
{
	int fd = open_device(0), i;
	char *addr = map_anon(LENGTH);

	need_swap(MIB(8));
	fill(addr, LENGTH, 1);
	CHECK_SYS(madvise(addr, LENGTH, MADV_FREE));
	for (i = 0; i < PAGES; i++)
		dev_atomic(fd, SVM_ACCESS_XCHG, 8, page_at(addr, i), i + 1);
	page_out(addr, LENGTH);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(*(uint64_t *)page_at(addr, i), i + 1);
}

/* Shared memory that was only read before is mapped writable and clean. */
CASE(dirty_shared_memory)
{
	int fd = open_device(0);
	char *addr = map_shared(LENGTH);

	need_swap(MIB(8));
	check_zero(addr, LENGTH);
	dev_check_zero(fd, addr, LENGTH);
	dev_fill(fd, addr, LENGTH, 1);
	page_out(addr, LENGTH);
	check_fill(addr, LENGTH, 1);
}
