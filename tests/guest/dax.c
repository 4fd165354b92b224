// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files on persistent memory that are mapped without a page cache (fsdax): the device
 * works on the very memory that is the file. The VM has an NVDIMM for this; each case
 * makes a file system on it and mounts it in a mount namespace of its own.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
};

#define ND "/sys/bus/nd/devices/"
#define PMEM "/dev/pmem0"
#define MOUNT "/var/tmp/svm-dax"

#define PAGES 64
#define LENGTH (PAGES * PAGE)

/* An empty file system with DAX, for this case only. */
static void need_dax(void)
{
	const char *const load[] = { "modprobe", "-a", "nd_e820", "nd_pmem",
				     NULL };
	/* In pieces of 2 MiB, so that these can be mapped by one entry. */
	const char *const format[] = { "sh", "-c",
				       "mke2fs -q -F -t ext4 -b 4096 "
				       "-E stride=512,stripe-width=512 " PMEM,
				       NULL };
	char dax[8];

	if (access(PMEM, F_OK) && run_program(load))
		skip("no modules for an NVDIMM");
	if (access(ND "region0", F_OK))
		skip("no NVDIMM");
	/* Its drivers may still be looking at it. */
	CHECK(EVENTUALLY(!access(PMEM, F_OK)));
	if (!read_file("/sys/block/pmem0/queue/dax", dax, sizeof(dax)) ||
	    dax[0] != '1')
		skip("the NVDIMM has no DAX");
	CHECK_EQ(run_program(format), 0);
	CHECK_SYS(unshare(CLONE_NEWNS));
	CHECK_SYS(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK(!mkdir(MOUNT, 0700) || errno == EEXIST);
	CHECK_SYS(mount(PMEM, MOUNT, "ext4", 0, "dax=always"));
}

static int dax_file(size_t length)
{
	int file = CHECK_SYS(
		open(MOUNT "/file", O_RDWR | O_CREAT | O_TRUNC, 0600));

	CHECK_EQ(posix_fallocate(file, 0, length), 0);
	return file;
}

/* Refused by the kernel unless it is really DAX. */
static char *map_dax(int file, size_t length)
{
	return CHECK_SYS(mmap(NULL, length, RW, MAP_SHARED_VALIDATE | MAP_SYNC,
			      file, 0));
}

static char *map_private(int file, size_t length)
{
	return CHECK_SYS(mmap(NULL, length, RW, MAP_PRIVATE, file, 0));
}

static void write_to_file(int file, size_t length, uint64_t seed)
{
	char *buffer = malloc(length);

	CHECK(buffer);
	fill(buffer, length, seed);
	CHECK_EQ(pwrite(file, buffer, length, 0), (ssize_t)length);
	free(buffer);
}

static void check_file(int file, size_t length, uint64_t seed)
{
	char *buffer = malloc(length);

	CHECK(buffer);
	CHECK_EQ(pread(file, buffer, length, 0), (ssize_t)length);
	check_fill(buffer, length, seed);
	free(buffer);
}

CASE(shared)
{
	int fd = open_device(0), file;
	char *addr;

	need_dax();
	file = dax_file(LENGTH);
	addr = map_dax(file, LENGTH);
	/* Nobody touched it before: the device faults it in. */
	dev_check_zero(fd, addr, LENGTH);
	dev_fill(fd, addr, LENGTH, 1);
	check_fill(addr, LENGTH, 1);
	check_file(file, LENGTH, 1);
	fill(addr, LENGTH, 2);
	dev_check_fill(fd, addr, LENGTH, 2);
	write_to_file(file, LENGTH, 3);
	dev_check_fill(fd, addr, LENGTH, 3);
}

/* Without the page tables and caches of before, it is still there. */
CASE(shared_and_mounted_anew)
{
	int fd = open_device(0), file;
	char *addr;

	need_dax();
	file = dax_file(LENGTH);
	addr = map_dax(file, LENGTH);
	dev_fill(fd, addr, LENGTH, 1);
	/* Write-protects what was written; the device has to ask again. */
	CHECK_SYS(fsync(file));
	CHECK_GT(dev_fill(fd, addr, LENGTH, 2), 0);
	CHECK_SYS(fsync(file));
	CHECK_SYS(munmap(addr, LENGTH));
	CHECK_SYS(close(file));
	CHECK_SYS(umount(MOUNT));
	CHECK_SYS(mount(PMEM, MOUNT, "ext4", 0, "dax=always"));
	file = CHECK_SYS(open(MOUNT "/file", O_RDWR));
	check_file(file, LENGTH, 2);
	addr = map_dax(file, LENGTH);
	dev_check_fill(fd, addr, LENGTH, 2);
}

CASE(private)
{
	int fd = open_device(0), file;
	char *addr;

	need_dax();
	file = dax_file(LENGTH);
	write_to_file(file, LENGTH, 1);
	addr = map_private(file, LENGTH);
	dev_check_fill(fd, addr, LENGTH, 1);
	/* What is not written to yet is the file's memory itself. */
	write_to_file(file, LENGTH, 2);
	dev_check_fill(fd, addr, LENGTH, 2);
	dev_fill(fd, addr, LENGTH, 3);
	check_fill(addr, LENGTH, 3);
	check_file(file, LENGTH, 2);
	write_to_file(file, LENGTH, 4);
	dev_check_fill(fd, addr, LENGTH, 3);
}

CASE(read_only)
{
	int fd = open_device(0), file;
	char *addr;

	need_dax();
	file = dax_file(LENGTH);
	addr = map_dax(file, LENGTH);
	dev_fill(fd, addr, LENGTH, 1);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	access_fails(fd, op_fill(addr, LENGTH, 8, 9), EPERM);
	access_fails(fd, op_atomic(SVM_ACCESS_ADD, 8, addr, 1), EPERM);
	dev_check_fill(fd, addr, LENGTH, 1);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_NONE));
	access_fails(fd, op_fill(addr, LENGTH, 8, 9), EFAULT);
	check_file(file, LENGTH, 1);
}

/* 2 MiB of the file by one entry of the page tables, from its middle on. */
CASE(huge)
{
	int fd = open_device(0), file;
	size_t length = MIB(16), huge = 0, i;
	char *area, *addr;

	need_dax();
	file = dax_file(length);
	area = CHECK_SYS(mmap(NULL, length + HUGE_PAGE, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	addr = area + (-(uintptr_t)area & (HUGE_PAGE - 1));
	CHECK_SYS(mmap(addr, length, RW,
		       MAP_SHARED_VALIDATE | MAP_SYNC | MAP_FIXED, file, 0));
	fill(addr, length, 1);
	for (i = 0; i < length; i += HUGE_PAGE)
		huge += !!(place_of(fd, addr + i).flags & SVM_PAGE_F_HUGE);
	if (!huge)
		skip("the file system has no 2 MiB in one piece");
	note("%zu of %zu entries are huge", huge, length / HUGE_PAGE);
	dev_check_fill(fd, addr, length, 1);
	CHECK_SYS(madvise(addr, length, MADV_DONTNEED));
	addr += MIB(1) + 5 * PAGE;
	length -= MIB(2);
	dev_read(fd, addr, LENGTH, area = malloc(LENGTH));
	check_part(area, LENGTH, 1, MIB(1) + 5 * PAGE);
	dev_fill(fd, addr, length, 2);
	check_fill(addr, length, 2);
	check_part(addr - PAGE, PAGE, 1, MIB(1) + 4 * PAGE);
}

struct adder {
	uint64_t *word;
	unsigned int times;
};

static void *adds(void *arg)
{
	struct adder *a = arg;
	unsigned int i;

	for (i = 0; i < a->times; i++)
		__atomic_add_fetch(a->word, 1, __ATOMIC_RELAXED);
	return NULL;
}

CASE(atomics)
{
	int fd = open_device(0), file, i;
	struct adder a = { .times = 20000 };
	pthread_t threads[2];
	char *addr;

	need_dax();
	file = dax_file(PAGE);
	addr = map_dax(file, PAGE);
	a.word = (uint64_t *)addr;
	CHECK_EQ(dev_atomic(fd, SVM_ACCESS_XCHG, 8, addr, 7), 0);
	CHECK_EQ(dev_cas(fd, 8, addr, 7, 9), 7);
	CHECK_EQ(dev_atomic(fd, SVM_ACCESS_ADD, 4, addr, 1), 9);
	CHECK_EQ(*a.word, 10);
	*a.word = 0;
	for (i = 0; i < 2; i++)
		threads[i] = thread_start(adds, &a);
	for (i = 0; i < 2000; i++)
		dev_atomic(fd, SVM_ACCESS_ADD, 8, addr, 1);
	for (i = 0; i < 2; i++)
		thread_join(threads[i]);
	CHECK_EQ(*a.word, 2 * 20000 + 2000);
	CHECK_EQ(pread(file, &a.word, 8, 0), 8);
	CHECK_EQ((uintptr_t)a.word, 2 * 20000 + 2000);
}

/* It has no page that could be anywhere else. */
CASE(migrate_says_special)
{
	int fd = open_device(0), file;
	char *addr, *copied;
	struct dest to = TO_DEVICE;
	unsigned int place;
	struct tally t;

	need_dax();
	file = dax_file(LENGTH);
	addr = map_dax(file, LENGTH);
	copied = map_private(file, LENGTH);
	fill(addr, LENGTH, 1);
	/* Of a private mapping half has pages of its own. */
	fill(copied, LENGTH / 2, 2);
	if (!(device_info(fd).capabilities & SVM_CAP_TO_DEVICE))
		to = TO_NODE(0);
	t = move(fd, addr, LENGTH, to, 0);
	check_tally(&t, SVM_PAGE_SPECIAL, PAGES);
	t = move(fd, copied, LENGTH, to, 0);
	check_tally(&t, SVM_PAGE_SPECIAL, PAGES);
	dev_check_fill(fd, addr, LENGTH, 1);
	check_fill(copied, LENGTH / 2, 2);
	/* Before Linux 6.15 the page tables have a mark of their own for it. */
	place = place_of(fd, addr).place;
	CHECK(place == SVM_PLACE_OTHER_DEVICE || place == SVM_PLACE_SPECIAL);
}

/* The file's blocks are given back, and may be another file's: not by the mirror. */
CASE(truncated_and_punched)
{
	int fd = open_device(0), file;
	char *addr;

	need_dax();
	file = dax_file(LENGTH);
	addr = map_dax(file, LENGTH);
	dev_fill(fd, addr, LENGTH, 1);
	CHECK_SYS(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			    LENGTH / 2));
	dev_check_zero(fd, addr, LENGTH / 2);
	CHECK_SYS(ftruncate(file, PAGE));
	access_fails(fd, op_fill(addr + PAGE, 8, 8, 5), EFAULT);
	dev_set(fd, addr, PAGE, 8, 5);
	CHECK_SYS(ftruncate(file, LENGTH));
	dev_check_zero(fd, addr + PAGE, LENGTH - PAGE);
	CHECK_EQ(*(uint64_t *)addr, 5);
}

static void childs_part(void *arg)
{
	char *addr = arg;

	/* A context of its own for memory that is shared with the parent. */
	int fd = open_device(0);

	dev_check_fill(fd, addr, LENGTH, 1);
	dev_fill(fd, addr, LENGTH, 2);
}

CASE(shared_with_a_child)
{
	int fd = open_device(0), file;
	char *addr;

	need_dax();
	file = dax_file(LENGTH);
	addr = map_dax(file, LENGTH);
	dev_fill(fd, addr, LENGTH, 1);
	child_ok(child(childs_part, addr));
	dev_check_fill(fd, addr, LENGTH, 2);
	check_file(file, LENGTH, 2);
}
