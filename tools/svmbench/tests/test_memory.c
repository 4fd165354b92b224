// SPDX-License-Identifier: GPL-2.0-or-later
/* The memory that is moved: its alignment, its content, its kind. */
#include "unit.h"

#include "memory.h"

#define BYTES ((size_t)6 << 20)

static void test_content(void **state)
{
	__memory struct memory memory = MEMORY_NONE;
	uint64_t *words;

	(void)state;
	assert_int_equal(memory_map(&memory, BYTES, PAGES_4K, 0), 0);
	assert_int_equal((uintptr_t)memory.addr % HUGE_BYTES, 0);
	memory_fill(&memory, 1);
	assert_true(memory_check(&memory, 1));
	assert_false(memory_check(&memory, 2));
	words = memory.addr;
	/* any word, any bit, also two that got exchanged */
	for (size_t i = 0; i < BYTES / 8; i += 4099) {
		words[i] ^= (uint64_t)1 << i % 64;
		assert_false(memory_check(&memory, 1));
		words[i] ^= (uint64_t)1 << i % 64;
	}
	words[BYTES / 8 - 1] ^= 1;
	assert_false(memory_check(&memory, 1));
	words[BYTES / 8 - 1] ^= 1;
	assert_true(memory_check(&memory, 1));
	for (size_t i = 0; i < 512; i++) {
		uint64_t word = words[i];

		words[i] = words[512 + i];
		words[512 + i] = word;
	}
	assert_false(memory_check(&memory, 1));
}

static void test_kinds(void **state)
{
	__memory struct memory small = MEMORY_NONE, huge = MEMORY_NONE;

	(void)state;
	assert_int_equal(memory_map(&small, BYTES, PAGES_4K, -1), 0);
	memory_fill(&small, 1);
	assert_int_equal(memory_huge_bytes(&small), 0);
	assert_int_equal(memory_map(&huge, BYTES, PAGES_HUGE, -1), 0);
	memory_fill(&huge, 1);
	/* the kernel may have none to give, but never gives more */
	assert_true(memory_huge_bytes(&huge) <= BYTES);
	assert_int_equal(memory_huge_bytes(&huge) % HUGE_BYTES, 0);
	memory_touch(&small);
	assert_true(memory_check(&small, 1));
}

static void test_bad(void **state)
{
	struct memory memory = MEMORY_NONE;

	(void)state;
	assert_true(memory_map(&memory, 4096, PAGES_4K, 100000) < 0);
	assert_null(memory.addr);
	assert_true(memory_map(&memory, (size_t)1 << 60, PAGES_4K, 0) < 0);
	memory_unmap(&memory);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
