// SPDX-License-Identifier: GPL-2.0-or-later
/* Percentiles. */
#include "unit.h"

#include "latencies.h"

static void test_none(void **state)
{
	struct latencies latencies = { 0 };

	(void)state;
	latencies_sort(&latencies);
	assert_int_equal(latencies_percentile(&latencies, 50), 0);
	latencies_free(&latencies);
}

/* 1000 down to 1: more than there is room for at first, and not in order. */
static void test_many(void **state)
{
	struct latencies latencies = { 0 };

	(void)state;
	for (uint64_t i = 1000; i; i--)
		latencies_add(&latencies, i);
	latencies_sort(&latencies);
	assert_int_equal(latencies.nr, 1000);
	assert_int_equal(latencies_percentile(&latencies, 0), 1);
	assert_int_equal(latencies_percentile(&latencies, 50), 500);
	assert_int_equal(latencies_percentile(&latencies, 90), 900);
	assert_int_equal(latencies_percentile(&latencies, 99), 990);
	assert_int_equal(latencies_percentile(&latencies, 99.95), 1000);
	assert_int_equal(latencies_percentile(&latencies, 100), 1000);
	latencies_free(&latencies);
	assert_int_equal(latencies.nr, 0);
}

/* Each is a time that was measured: of two, half is not above the first. */
static void test_few(void **state)
{
	struct latencies latencies = { 0 };

	(void)state;
	latencies_add(&latencies, 30);
	latencies_add(&latencies, 10);
	latencies_sort(&latencies);
	assert_int_equal(latencies_percentile(&latencies, 50), 10);
	assert_int_equal(latencies_percentile(&latencies, 51), 30);
	latencies_free(&latencies);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_few),
	};

	return cmocka_run_group_tests_name("latencies", tests, NULL, NULL);
}
