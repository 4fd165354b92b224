// SPDX-License-Identifier: GPL-2.0-or-later
/* PAGEMAP_SCAN on memory whose state is known. Skips on kernels without it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "pagescan.h"

#define PAGES 16

static void test_holes(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	__close int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	struct pagescan_region regions[4];
	volatile char *mem;
	uint64_t start, next;
	int nr;

	(void)state;
	assert_true(fd >= 0);
	mem = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(mem != MAP_FAILED);
	assert_int_equal(madvise((void *)mem, PAGES * page, MADV_NOHUGEPAGE),
			 0);
	start = (uintptr_t)mem;
	mem[3 * page] = 1;
	mem[4 * page] = 1;
	mem[9 * page] = 1;
	/* reading a hole maps the page of zeroes */
	assert_int_equal(mem[12 * page], 0);

	nr = pagescan(fd, start, start + PAGES * page, PAGESCAN_PRESENT,
		      PAGESCAN_FILE | PAGESCAN_ZERO, PAGESCAN_PRESENT, regions,
		      ARRAY_SIZE(regions), &next);
	if (nr == -ENOTTY)
		skip();
	assert_int_equal(nr, 2);
	assert_int_equal(next, start + PAGES * page);
	assert_int_equal(regions[0].start, start + 3 * page);
	assert_int_equal(regions[0].end, start + 5 * page);
	assert_int_equal(regions[1].start, start + 9 * page);
	assert_int_equal(regions[1].end, start + 10 * page);

	/* with little room it says where to go on */
	nr = pagescan(fd, start, start + PAGES * page, PAGESCAN_PRESENT,
		      PAGESCAN_FILE | PAGESCAN_ZERO, PAGESCAN_PRESENT, regions,
		      1, &next);
	assert_int_equal(nr, 1);
	assert_true(next >= start + 5 * page && next <= start + 9 * page);
	munmap((void *)mem, PAGES * page);
}

static void test_bad_fd(void **state)
{
	__close int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct pagescan_region region;
	uint64_t next;

	(void)state;
	assert_int_equal(pagescan(fd, 0, 4096, PAGESCAN_PRESENT, 0, 0, &region,
				  1, &next),
			 -ENOTTY);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_bad_fd),
	};

	return cmocka_run_group_tests_name("pagescan", tests, NULL, NULL);
}
