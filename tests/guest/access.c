// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device reads, writes, fills and copies: plain memory, borders, several
 * operations in a call, and what must not be touched on an error.
 */
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

CASE(fresh_4_mib_need_one_round)
{
	int fd = open_device(0);
	char *addr = map_aligned(MIB(4));

	quiet_kernel();
	CHECK_EQ(dev_fill(fd, addr, MIB(4), 1), 1);
	CHECK_EQ(dev_fill(fd, addr, MIB(4), 2), 0);
	CHECK_EQ(dev_check_fill(fd, addr, MIB(4), 2), 0);
	check_fill(addr, MIB(4), 2);
	/* The CPU may write without the device having to ask again. */
	fill(addr, MIB(4), 3);
	CHECK_EQ(dev_check_fill(fd, addr, MIB(4), 3), 0);
}

CASE(fresh_4_mib_of_small_pages)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(4));

	quiet_kernel();
	CHECK_EQ(dev_fill(fd, addr, MIB(4), 1), 1);
	CHECK_EQ(dev_fill(fd, addr, MIB(4), 2), 0);
	check_fill(addr, MIB(4), 2);
}

CASE(read_of_written_memory)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(4));

	quiet_kernel();
	fill(addr, MIB(4), 1);
	CHECK_EQ(dev_check_fill(fd, addr, MIB(4), 1), 1);
	CHECK_EQ(dev_check_fill(fd, addr, MIB(4), 1), 0);
	check_fill(addr, MIB(4), 1);
}

CASE(holes_read_as_zero)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(4));

	quiet_kernel();
	CHECK_EQ(dev_check_zero(fd, addr, MIB(4)), 1);
	CHECK_EQ(dev_check_zero(fd, addr, MIB(4)), 0);
	check_zero(addr, MIB(4));
}

/* The device must not write to the page of zeroes that all share. */
CASE(zero_pages_are_replaced)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(2)), *other = map_anon(MIB(2));

	check_zero(addr, MIB(2));
	check_zero(other, MIB(2));
	dev_check_zero(fd, addr, MIB(2));
	CHECK_GE(dev_fill(fd, addr, MIB(2), 1), 1);
	check_fill(addr, MIB(2), 1);
	check_zero(other, MIB(2));
	dev_check_zero(fd, other, MIB(2));
}

CASE(huge_zero_page_is_replaced)
{
	int fd = open_device(0);
	char *addr = map_aligned(MIB(4));

	madvise(addr, MIB(4), MADV_HUGEPAGE);
	check_zero(addr, MIB(4));
	dev_check_zero(fd, addr, MIB(4));
	dev_set(fd, addr + MIB(1), PAGE, 8, 0x1122334455667788);
	check_zero(addr, MIB(1));
	check_zero(addr + MIB(1) + PAGE, MIB(3) - PAGE);
	CHECK_EQ(*(uint64_t *)(addr + MIB(1)), 0x1122334455667788);
}

CASE(huge_pages_stay_huge)
{
	int fd = open_device(0);
	char *addr = map_thp(MIB(4));

	quiet_kernel();
	CHECK_EQ(dev_fill(fd, addr, MIB(4), 1), 1);
	check_fill(addr, MIB(4), 1);
	CHECK_EQ(dev_check_fill(fd, addr, MIB(4), 1), 0);
	CHECK_EQ(smaps_kib(addr, MIB(4), "AnonHugePages"), 4096);
}

/* Every length and offset around the border of a page and of 2 MiB. */
CASE(borders)
{
	const size_t middles[] = { PAGE, HUGE_PAGE, HUGE_PAGE + PAGE };
	const int off[] = { -4097, -4096, -513, -8, -1, 0, 1, 7, 4095 };
	const size_t lengths[] = { 1, 2, 8, 513, 4096, 4097, 8193 };
	char *addr = map_aligned(MIB(6)), before[16384], back[16384];
	int fd = open_device(0);
	size_t m, o, l;

	fill(addr, MIB(6), 1);
	for (m = 0; m < 3; m++)
		for (o = 0; o < 9; o++)
			for (l = 0; l < 7; l++) {
				char *at = addr + MIB(2) - HUGE_PAGE +
					   middles[m] + off[o];
				size_t n = lengths[l];

				if (at < addr)
					continue;
				memcpy(before, at, n);
				memset(back, 0x77, sizeof(back));
				dev_read(fd, at, n, back);
				CHECK(!memcmp(back, before, n));
				CHECK_EQ(back[n], 0x77);
				memset(back, (int)(m + o + l), n);
				dev_write(fd, at, n, back);
				CHECK(!memcmp(back, at, n));
				dev_write(fd, at, n, before);
			}
	/* Not a byte outside was changed. */
	check_fill(addr, MIB(6), 1);
}

CASE(fill_widths)
{
	int fd = open_device(0);
	unsigned char *addr = map_anon(4 * PAGE);
	const uint64_t data = 0x8877665544332211;
	unsigned int width;
	size_t i;

	for (width = 1; width <= 8; width *= 2) {
		memset(addr, 0, 4 * PAGE);
		/* Of any alignment, across pages; high bits are ignored. */
		dev_set(fd, addr + PAGE - 3, 2 * PAGE, width, data);
		for (i = 0; i < 2 * PAGE; i++)
			CHECK_EQ(addr[PAGE - 3 + i], 0x11 + 0x11 * (i % width));
		CHECK_EQ(addr[PAGE - 4], 0);
		CHECK_EQ(addr[3 * PAGE - 3], 0);
	}
}

CASE(largest_operation)
{
	int fd = open_device(0);
	const size_t length = SVM_ACCESS_MAX_BYTES;
	char *addr = map_aligned(length + PAGE);

	quiet_kernel();
	CHECK_EQ(dev_fill(fd, addr + 100, length, 1), 1);
	CHECK_EQ(dev_check_fill(fd, addr + 100, length, 1), 0);
	CHECK_EQ(addr[99], 0);
	CHECK_EQ(addr[length + 100], 0);
	access_fails(fd, op_fill(addr, length + 1, 1, 0xff), EINVAL);
	CHECK_EQ(addr[0], 0);
}

CASE(copy_apart)
{
	int fd = open_device(0);
	char *from = map_aligned(MIB(4)), *to = map_aligned(MIB(4));

	quiet_kernel();
	fill(from, MIB(4), 1);
	CHECK_LE(dev_copy(fd, to, from, MIB(4)), 2);
	check_fill(to, MIB(4), 1);
	check_fill(from, MIB(4), 1);
	CHECK_EQ(dev_copy(fd, to + 24, from, MIB(4) - 24), 0);
	check_fill(to + 24, MIB(4) - 24, 1);
	/* From holes come zeroes. */
	dev_copy(fd, to, map_anon(MIB(1)), MIB(1));
	check_zero(to, MIB(1));
}

/* As memmove(): whichever way the ranges overlap, by any distance. */
CASE(copy_overlapping)
{
	const long distances[] = { 1,	    -1,		8,    -8,
				   4096,    -4096,	5000, -5000,
				   1 << 20, -(1 << 20), 0 };
	int fd = open_device(0);
	const size_t length = MIB(3);
	char *addr = map_aligned(length), *want = map_anon(length);
	char *at = addr + MIB(1), *want_at = want + MIB(1);
	size_t i;

	for (i = 0; i < 11; i++) {
		long d = distances[i];

		fill(addr, length, i);
		fill(want, length, i);
		memmove(want_at + d, want_at, MIB(1));
		dev_copy(fd, at + d, at, MIB(1));
		CHECK(!memcmp(addr, want, length));
	}
}

CASE(ranges_over_many_mappings)
{
	int fd = open_device(0), i;
	const size_t n = 64;
	char *addr = map_aligned(n * PAGE);

	quiet_kernel();
	fill(addr, n * PAGE, 1);
	/* Neighbours that differ are mappings of their own. */
	for (i = 0; i < (int)n; i += 2)
		CHECK_SYS(mprotect(page_at(addr, i), PAGE, RW | PROT_EXEC));
	CHECK_SYS(mmap(page_at(addr, 9), PAGE, RW,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	fill_part(page_at(addr, 9), PAGE, 1, 9 * PAGE);
	dev_check_fill(fd, addr, n * PAGE, 1);
	CHECK_EQ(dev_fill(fd, addr, n * PAGE, 2), 0);
	check_fill(addr, n * PAGE, 2);
}

#define OPS 600

/* Words all over the place, all kinds of operations, done in order. */
CASE(many_operations_in_order)
{
	static struct svm_access_op ops[OPS];
	static uint64_t back[OPS];
	int fd = open_device(0);
	char *addr = map_aligned(MIB(8));
	struct svm_ioctl_access a = arg_access(ops, OPS);
	size_t i;

	for (i = 0; i < OPS; i += 4) {
		uint64_t *word =
			(uint64_t *)(addr + i * 13001 % MIB(8) / 8 * 8);

		ops[i] = op_fill(word, 8, 8, i);
		ops[i + 1] = op_atomic(SVM_ACCESS_ADD, 8, word, 5);
		ops[i + 2] = op_read(word, 8, &back[i]);
		ops[i + 3] = op_write(word, 8, &back[i + 3]);
		back[i + 3] = ~i;
	}
	CHECK_RET(svm_call(fd, SVM_IOCTL_ACCESS, &a), 0);
	CHECK_EQ(a.done, OPS);
	for (i = 0; i < OPS; i += 4) {
		uint64_t *word =
			(uint64_t *)(addr + i * 13001 % MIB(8) / 8 * 8);

		CHECK_EQ(ops[i].result, 0);
		CHECK_EQ(ops[i].old, 0);
		CHECK_EQ(ops[i + 1].old, i);
		CHECK_EQ(ops[i + 1].result, 0);
		CHECK_EQ(back[i], i + 5);
		CHECK_EQ(*word, ~i);
	}
}

CASE(first_failure_ends_the_call)
{
	int fd = open_device(0);
	char *addr = map_anon(4 * PAGE), *gap = find_gap(PAGE);
	struct svm_access_op ops[4], third, fourth;
	struct svm_ioctl_access a = arg_access(ops, 4);

	ops[0] = op_fill(addr, 8, 8, 1);
	ops[1] = op_fill(addr + PAGE, 8, 8, 2);
	ops[2] = op_fill(gap, 8, 8, 3);
	ops[3] = fourth = op_fill(addr + 3 * PAGE, 8, 8, 4);
	third = ops[2];
	CHECK_RET(svm_call(fd, SVM_IOCTL_ACCESS, &a), 0);
	CHECK_EQ(a.done, 2);
	CHECK_EQ(ops[0].result, 0);
	CHECK_EQ(ops[1].result, 0);
	CHECK_EQ(ops[2].result, -EFAULT);
	CHECK_EQ(ops[2].data, third.data);
	CHECK(!memcmp(&ops[3], &fourth, sizeof(fourth)));
	CHECK_EQ(*(uint64_t *)addr, 1);
	CHECK_EQ(*(uint64_t *)(addr + PAGE), 2);
	check_zero(addr + 2 * PAGE, 2 * PAGE);
}

/* Half of the range is good: not a byte of it is written. */
CASE(bad_second_half)
{
	int fd = open_device(0);
	char *addr = map_aligned(MIB(4)), buffer[64];
	char *big = map_anon(MIB(4));
	int i;

	fill(addr, MIB(4), 1);
	memset(big, 0x77, MIB(4));
	for (i = 0; i < 3; i++) {
		int error = i == 0 ? EPERM : EFAULT;
		char *end = addr + MIB(3);

		if (i == 0)
			CHECK_SYS(mprotect(end, MIB(1), PROT_READ));
		else if (i == 1)
			CHECK_SYS(mprotect(end, MIB(1), PROT_NONE));
		else
			CHECK_SYS(munmap(end, MIB(1)));
		access_fails(fd, op_write(addr, MIB(4), big), error);
		access_fails(fd, op_fill(addr, MIB(4), 8, 3), error);
		access_fails(fd, op_copy(addr + MIB(2), addr, MIB(2)), error);
		access_fails(fd, op_write(end - 4, 8, big), error);
		check_fill(addr, MIB(3), 1);
		if (i == 0)
			continue;
		memset(buffer, 0x77, sizeof(buffer));
		access_fails(fd, op_read(end - 4, 8, buffer), EFAULT);
		access_fails(fd, op_read(addr, MIB(4), big), EFAULT);
		access_fails(fd, op_copy(addr, end - 4, 8), EFAULT);
		CHECK(!memcmp(buffer, big, sizeof(buffer)));
		CHECK(!memcmp(big, big + 1, MIB(4) - 1));
		check_fill(addr, MIB(3), 1);
	}
}

CASE(read_only_memory)
{
	int fd = open_device(0);
	char *addr = map_anon(8 * PAGE), word[8] = "1234567";

	fill(addr, 8 * PAGE, 1);
	/* In the mirror for writing before. */
	dev_fill(fd, addr, 8 * PAGE, 2);
	CHECK_SYS(mprotect(addr, 8 * PAGE, PROT_READ));
	dev_check_fill(fd, addr, 8 * PAGE, 2);
	access_fails(fd, op_write(addr + PAGE, 8, word), EPERM);
	access_fails(fd, op_fill(addr, 8 * PAGE, 1, 7), EPERM);
	access_fails(fd, op_copy(addr, addr + PAGE, 8), EPERM);
	access_fails(fd, op_atomic(SVM_ACCESS_ADD, 8, addr, 1), EPERM);
	check_fill(addr, 8 * PAGE, 2);
	CHECK_SYS(mprotect(addr, 8 * PAGE, RW));
	dev_fill(fd, addr, 8 * PAGE, 3);
	check_fill(addr, 8 * PAGE, 3);
}

CASE(inaccessible_memory)
{
	int fd = open_device(0);
	char *addr = map_anon(8 * PAGE), word[8] = "1234567";

	fill(addr, 8 * PAGE, 1);
	dev_check_fill(fd, addr, 8 * PAGE, 1);
	CHECK_SYS(mprotect(addr, 8 * PAGE, PROT_NONE));
	access_fails(fd, op_read(addr + PAGE, 8, word), EFAULT);
	access_fails(fd, op_write(addr + PAGE, 8, word), EFAULT);
	access_fails(fd, op_atomic(SVM_ACCESS_ADD, 8, addr, 1), EFAULT);
	CHECK(!strcmp(word, "1234567"));
	CHECK_SYS(mprotect(addr, 8 * PAGE, PROT_READ));
	dev_check_fill(fd, addr, 8 * PAGE, 1);
	CHECK_SYS(munmap(addr, 8 * PAGE));
	access_fails(fd, op_read(addr, 8, word), EFAULT);
	access_fails(fd, op_write(addr, 8, word), EFAULT);
	access_fails(fd, op_read(NULL, 8, word), EFAULT);
	CHECK(!strcmp(word, "1234567"));
}

/* Where the bytes come from or go to is no memory of the caller. */
CASE(bad_buffers)
{
	int fd = open_device(0);
	char *addr = map_anon(4 * PAGE), *pages = map_anon(3 * PAGE);
	uint64_t bad[5];
	int i;

	fill(addr, 4 * PAGE, 1);
	memset(pages, 0x77, 3 * PAGE);
	CHECK_SYS(munmap(pages + PAGE, PAGE));
	/* The second half of it is missing. */
	bad[0] = (uintptr_t)pages + PAGE - 100;
	bad[1] = (uintptr_t)find_gap(PAGE);
	bad[2] = 0xffff888000000000;
	bad[3] = 0;
	bad[4] = -100ull;
	for (i = 0; i < 5; i++) {
		access_fails(fd, op_write(addr, 200, (void *)bad[i]), EFAULT);
		access_fails(fd, op_read(addr, 200, (void *)bad[i]), EFAULT);
	}
	check_fill(addr, 4 * PAGE, 1);
	/* "nothing … of the buffer is changed" */
	CHECK(!memcmp(pages, pages + 1, PAGE - 1));
	CHECK_SYS(mprotect(pages + 2 * PAGE, PAGE, PROT_READ));
	access_fails(fd, op_read(addr, 200, pages + 2 * PAGE), EFAULT);
	access_fails(fd, op_read(addr, 200, pages + 2 * PAGE), EFAULT);
	dev_write(fd, addr, 200, pages + 2 * PAGE);
	CHECK(!memcmp(addr, pages + 2 * PAGE, 200));
}

/* The buffer is the memory itself, or overlaps it. */
CASE(buffer_is_the_range)
{
	int fd = open_device(0), place;
	char *addr = map_aligned(MIB(4));
	static char want[1 << 20];

	for (place = 0; place < 2; place++) {
		fill(addr, MIB(4), 1);
		if (place)
			move_all(fd, addr, MIB(4), TO_DEVICE);
		dev_read(fd, addr, MIB(4), addr);
		dev_write(fd, addr, MIB(4), addr);
		check_fill(addr, MIB(4), 1);
		memcpy(want, addr, MIB(1));
		if (place)
			move_all(fd, addr, MIB(4), TO_DEVICE);
		dev_read(fd, addr, MIB(1), addr + 8);
		CHECK(!memcmp(addr + 8, want, MIB(1)));
		fill(addr, MIB(4), 1);
		dev_write(fd, addr + 5000, MIB(1), addr);
		CHECK(!memcmp(addr + 5000, want, MIB(1)));
	}
}

/* The operations themselves lie in memory that they work on. */
CASE(operations_in_the_range)
{
	int fd = open_device(0);
	char *addr = map_anon(16 * PAGE);
	struct svm_access_op *ops = (void *)(addr + 8 * PAGE - 40);
	struct svm_ioctl_access *a = (void *)(addr + 12 * PAGE);
	uint64_t before, after = 0;

	fill(addr, 16 * PAGE, 1);
	move_all(fd, addr, 16 * PAGE, TO_DEVICE);
	before = *(uint64_t *)addr;
	ops[0] = op_atomic(SVM_ACCESS_ADD, 8, addr, 1);
	ops[1] = op_read(addr, 8, &after);
	*a = arg_access(ops, 2);
	CHECK_RET(svm_call(fd, SVM_IOCTL_ACCESS, a), 0);
	CHECK_EQ(a->done, 2);
	CHECK_EQ(ops[0].result, 0);
	CHECK_EQ(ops[0].old, before);
	CHECK_EQ(after, before + 1);
}

/* Long-lived use of ever new memory: what is gone does not stay in the way. */
CASE(many_short_mappings)
{
	int fd = open_device(0), i;

	for (i = 0; i < 400; i++) {
		char *addr = map_aligned(HUGE_PAGE);

		dev_set(fd, addr + i * 8, 8, 8, i);
		CHECK_EQ(*(int *)(addr + i * 8), i);
		dev_check_zero(fd, addr + PAGE, PAGE);
		CHECK_SYS(munmap(addr, HUGE_PAGE));
	}
}

/* And of memory far apart. */
CASE(sparse_addresses)
{
	static struct svm_access_op ops[256];
	int fd = open_device(0);
	struct svm_ioctl_access a = arg_access(ops, 256);
	char *addr = CHECK_SYS(mmap(NULL, 1ull << 40, RW,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				    -1, 0));
	size_t i;

	quiet_kernel();
	CHECK_SYS(madvise(addr, 1ull << 40, MADV_NOHUGEPAGE));
	for (i = 0; i < 256; i++)
		ops[i] = op_fill(addr + (i << 32) + i * PAGE, 8, 8, i + 1);
	CHECK_RET(svm_call(fd, SVM_IOCTL_ACCESS, &a), 0);
	CHECK_EQ(a.done, 256);
	for (i = 0; i < 256; i++) {
		CHECK_EQ(ops[i].rounds, 1);
		CHECK_EQ(*(uint64_t *)(addr + (i << 32) + i * PAGE), i + 1);
	}
}
