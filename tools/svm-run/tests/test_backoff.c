// SPDX-License-Identifier: GPL-2.0-or-later
/* Back-off: waits grow fourfold, hot blocks wait long, cold ones are forgotten. */
#include "unit.h"

#include "backoff.h"
#include "clock.h"

static uint64_t at_ms(uint64_t ms)
{
	return ms * NS_PER_MS;
}

static uint64_t block(uint64_t n)
{
	return n * BACKOFF_BLOCK;
}

static void test_waits_grow(void **state)
{
	static const uint64_t waits[] = { 250, 1000, 4000, 16000, 60000, 60000 };
	struct backoff backoff = { 0 };
	uint64_t now = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		assert_true(backoff_ready(&backoff, block(7), at_ms(now)));
		assert_int_equal(backoff_pushed(&backoff, block(7), at_ms(now)),
				 0);
		assert_false(backoff_ready(&backoff, block(7),
					   at_ms(now + waits[i] - 1)));
		/* any address in the block */
		assert_false(backoff_ready(&backoff, block(8) - 1, at_ms(now)));
		/* and none outside of it */
		assert_true(backoff_ready(&backoff, block(8), at_ms(now)));
		assert_true(backoff_ready(&backoff, block(7) - 1, at_ms(now)));
		now += waits[i];
	}
	assert_int_equal(backoff.nr, 1);
	backoff_free(&backoff);
}

static void test_cold_is_forgotten(void **state)
{
	struct backoff backoff = { 0 };

	(void)state;
	assert_int_equal(backoff_pushed(&backoff, block(1), at_ms(0)), 0);
	assert_int_equal(backoff_pushed(&backoff, block(2), at_ms(375)), 0);
	backoff_expire(&backoff, at_ms(499));
	assert_int_equal(backoff.nr, 2);
	/* it could have been pushed again for as long as it had to wait */
	backoff_expire(&backoff, at_ms(500));
	assert_int_equal(backoff.nr, 1);
	assert_false(backoff_ready(&backoff, block(2), at_ms(500)));
	/* the forgotten one starts anew */
	assert_int_equal(backoff_pushed(&backoff, block(1), at_ms(500)), 0);
	assert_true(backoff_ready(&backoff, block(1), at_ms(750)));
	backoff_free(&backoff);
	backoff_free(&backoff);
}

static void test_many_blocks(void **state)
{
	struct backoff backoff = { 0 };
	const uint64_t many = 100000;

	(void)state;
	for (uint64_t i = 0; i < many; i++)
		assert_int_equal(
			backoff_pushed(&backoff, block(3 * i), at_ms(1)), 0);
	assert_int_equal(backoff.nr, many);
	for (uint64_t i = 0; i < many; i++) {
		assert_false(backoff_ready(&backoff, block(3 * i), at_ms(2)));
		assert_true(
			backoff_ready(&backoff, block(3 * i + 1), at_ms(2)));
	}
	backoff_expire(&backoff, at_ms(10000));
	assert_int_equal(backoff.nr, 0);
	assert_true(backoff.room <= 256);
	backoff_free(&backoff);
}

static void test_full_table(void **state)
{
	struct backoff backoff = { 0 };
	uint64_t i = 0;

	(void)state;
	while (!backoff_pushed(&backoff, block(i), at_ms(1)))
		i++;
	/* bounded, and what is in it is still known */
	assert_true(i >= 1 << 19);
	assert_false(backoff_ready(&backoff, block(0), at_ms(2)));
	backoff_free(&backoff);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_grow),
		cmocka_unit_test(test_cold_is_forgotten),
		cmocka_unit_test(test_many_blocks),
		cmocka_unit_test(test_full_table),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
