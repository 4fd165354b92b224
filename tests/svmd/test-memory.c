// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a process has mapped, cut into regions.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory.h"
#include "pagemap.h"

static void map(void **state)
{
	char text[] =
		"10000-20000 rw-p 00000000 00:00 0 \n"
		"20000-30000 rw-p 00000000 00:00 0       [heap]\n"
		"40000-50000 r--p 00000000 00:00 0 \n"
		"50000-60000 rw-s 00000000 00:01 7       /dev/zero (deleted)\n"
		"60000-70000 rw-p 00000000 08:01 9       /lib/x.so\n"
		"70000-80000 rw-p 00000000 00:00 0       [anon:pool]\n"
		"80000-90000 rw-p 00000000 00:00 0       [vvar]\n"
		"nonsense\n"
		"90000-80000 rw-p 00000000 00:00 0 \n"
		"a0000-b0000 rw-p 00000000 00:00 0       [stack]\n";
	FILE *file = fmemopen(text, strlen(text), "r");
	struct svm_range *ranges;
	size_t nr;

	(void)state;
	assert_int_equal(memory_map(file, &ranges, &nr), 0);
	assert_int_equal(nr, 3);
	assert_ptr_equal(ranges[0].addr, (void *)0x10000);
	assert_int_equal(ranges[0].length, 0x20000);
	assert_ptr_equal(ranges[1].addr, (void *)0x70000);
	assert_ptr_equal(ranges[2].addr, (void *)0xa0000);
	free(ranges);
	fclose(file);
}

#define MIB ((uint64_t)1 << 20)

/* Ordered, whole pages, all of the ranges and nothing else. */
static void check(const struct svmd_region *regions, size_t nr,
		  const struct svm_range *ranges, size_t nr_ranges)
{
	uint64_t at = 0;
	size_t i, j = 0;

	for (i = 0; i < nr; i++) {
		assert_int_equal(regions[i].start % SVMD_PAGE, 0);
		assert_int_equal(regions[i].length % SVMD_PAGE, 0);
		assert_true(regions[i].length > 0);
		if (at != regions[i].start) {
			assert_true(j < nr_ranges);
			assert_int_equal((uintptr_t)ranges[j].addr,
					 regions[i].start);
			at = (uintptr_t)ranges[j].addr + ranges[j].length;
			j++;
		}
		if (i + 1 < nr && regions[i + 1].start ==
					  regions[i].start + regions[i].length)
			at = regions[i + 1].start;
		else
			at = 0;
	}
	assert_int_equal(j, nr_ranges);
}

static void cut(void **state)
{
	struct svm_range ranges[] = {
		{ (void *)(uintptr_t)(5 * MIB + 4096), 4 * MIB },
		{ (void *)(uintptr_t)(100 * MIB), 8192 },
	};
	struct memory_heat heat[] = {
		{ 0, 4096, 9 },
		{ 6 * MIB, 6 * MIB + 8192, 50 },
		{ 50 * MIB, 60 * MIB, 7 },
		{ 100 * MIB + 4096, 200 * MIB, 3 },
	};
	struct svmd_region *regions;
	size_t nr, i;
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(memory_cut(ranges, 2, heat, 4, 1000, &regions, &nr),
			 0);
	check(regions, nr, ranges, 2);
	for (i = 0; i < nr; i++) {
		bytes += regions[i].length;
		assert_int_equal(regions[i].place, SVMD_PLACE_NONE);
		if (regions[i].start == 6 * MIB) {
			assert_int_equal(regions[i].length, 8192);
			assert_true(regions[i].heat_cpu > 49);
		}
	}
	assert_int_equal(bytes, 4 * MIB + 8192);
	assert_true(regions[nr - 1].heat_cpu > 2.9F);
	free(regions);

	/* A bound on regions makes them greater, and never more. */
	ranges[0].length = 1000 * MIB;
	ranges[1].addr = (void *)(uintptr_t)(2000 * MIB);
	assert_int_equal(memory_cut(ranges, 2, NULL, 0, 16, &regions, &nr), 0);
	assert_in_range(nr, 3, 16);
	check(regions, nr, ranges, 2);
	free(regions);
	assert_int_equal(memory_cut(ranges, 0, heat, 4, 16, &regions, &nr), 0);
	assert_int_equal(nr, 0);
	free(regions);
}

static void populated(void **state)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), ret;
	size_t length = (size_t)1 << 40, nr;
	struct svm_range range = { NULL, length }, *parts;
	char *memory;

	(void)state;
	memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		skip();
	madvise(memory, length, MADV_NOHUGEPAGE);
	range.addr = memory;
	memory[4096] = 1;
	memory[3 * 4096] = 1;
	memory[length / 2] = 1;
	ret = pagemap_populated(fd, &range, 1, 100, &parts, &nr);
	if (ret == -ENOTTY)
		skip();
	assert_int_equal(ret, 0);
	assert_int_equal(nr, 2);
	assert_ptr_equal(parts[0].addr, memory + 4096);
	assert_int_equal(parts[0].length, 3 * 4096);
	assert_ptr_equal(parts[1].addr, memory + length / 2);
	free(parts);
	assert_int_equal(pagemap_populated(fd, &range, 1, 1, &parts, &nr), 0);
	assert_int_equal(nr, 1);
	free(parts);
	munmap(memory, length);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map),
		cmocka_unit_test(cut),
		cmocka_unit_test(populated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
