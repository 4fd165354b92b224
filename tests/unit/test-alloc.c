// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Allocating memory.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"

#define MIB ((size_t)1 << 20)

static bool is_mapped(char *addr)
{
	unsigned char vec;

	return mincore(addr, 1, &vec) == 0;
}

static void zeroed_aligned_and_whole(void **state)
{
	static const size_t sizes[] = { 1, 4096, 2 * MIB, 2 * MIB + 1,
					9 * MIB };
	size_t i, k;
	void *mem;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t whole = (sizes[i] + 2 * MIB - 1) & ~(2 * MIB - 1);
		char *p;

		mem = NULL;
		assert_int_equal(svm_alloc(sizes[i], 0, &mem), 0);
		p = mem;
		assert_int_equal((uintptr_t)p % (2 * MIB), 0);
		for (k = 0; k < whole; k += 4096)
			assert_int_equal(p[k], 0);
		memset(p, 0x5a, whole);
		assert_int_equal(svm_free(p, sizes[i]), 0);
		assert_false(is_mapped(p));
		assert_false(is_mapped(p + whole - 4096));
	}
}

static unsigned long mapped_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu", &pages), 1);
	fclose(file);
	return pages;
}

/* What was mapped for the sake of alignment goes back. */
static void maps_no_more_than_it_gives(void **state)
{
	unsigned long before, between, after;
	void *mem;

	(void)state;
	before = mapped_pages(); /* the first one allocates for stdio */
	before = mapped_pages();
	assert_int_equal(svm_alloc(5 * MIB, 0, &mem), 0);
	between = mapped_pages();
	assert_int_equal(svm_free(mem, 5 * MIB), 0);
	after = mapped_pages();
	assert_int_equal((between - before) * (size_t)sysconf(_SC_PAGESIZE),
			 6 * MIB);
	assert_int_equal(after, before);
}

static void bad_arguments(void **state)
{
	void *mem = (void *)1;

	(void)state;
	assert_int_equal(svm_alloc(0, 0, &mem), -EINVAL);
	assert_int_equal(svm_alloc(1, 1, &mem), -EINVAL);
	assert_int_equal(svm_alloc(1, 0, NULL), -EINVAL);
	assert_int_equal(svm_alloc(SIZE_MAX, 0, &mem), -ENOMEM);
	assert_int_equal(svm_alloc(SIZE_MAX - 2 * MIB, 0, &mem), -ENOMEM);
	assert_int_equal(svm_alloc((size_t)1 << 62, 0, &mem), -ENOMEM);
	assert_ptr_equal(mem, (void *)1);
	assert_int_equal(svm_free(NULL, 0), 0);
	assert_int_equal(svm_free(NULL, 5), 0);
	assert_int_equal(svm_alloc(1, 0, &mem), 0);
	assert_int_equal(svm_free(mem, 0), -EINVAL);
	assert_int_equal(svm_free((char *)mem + 4096, 1), -EINVAL);
	assert_int_equal(svm_free(mem, SIZE_MAX), -EINVAL);
	assert_true(is_mapped(mem));
	assert_int_equal(svm_free(mem, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_aligned_and_whole),
		cmocka_unit_test(maps_no_more_than_it_gives),
		cmocka_unit_test(bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
