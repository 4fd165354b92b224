// SPDX-License-Identifier: GPL-2.0-or-later
/* Medians and spreads. */
#include "unit.h"

#include "samples.h"

static struct summary summary_of(const uint64_t *ns, size_t nr)
{
	static struct samples samples;

	samples.nr = 0;
	for (size_t i = 0; i < nr; i++)
		samples_add(&samples, ns[i]);
	return samples_summary(&samples);
}

static void test_none(void **state)
{
	struct summary summary = summary_of(NULL, 0);

	(void)state;
	assert_int_equal(summary.nr, 0);
	assert_int_equal(summary.median, 0);
}

static void test_odd(void **state)
{
	static const uint64_t ns[] = { 30, 10, 20, 1000, 25 };
	struct summary summary = summary_of(ns, 5);

	(void)state;
	assert_int_equal(summary.nr, 5);
	assert_int_equal(summary.min, 10);
	assert_int_equal(summary.max, 1000);
	assert_int_equal(summary.median, 25);
	/* deviations 0 5 5 15 975 */
	assert_int_equal(summary.mad, 5);
}

static void test_even(void **state)
{
	static const uint64_t ns[] = { 40, 10, 20, 30 };
	struct summary summary = summary_of(ns, 4);

	(void)state;
	assert_int_equal(summary.median, 25);
	assert_int_equal(summary.mad, 10);
}

static void test_large(void **state)
{
	static const uint64_t ns[] = { UINT64_MAX, UINT64_MAX - 2 };
	struct summary summary = summary_of(ns, 2);

	(void)state;
	assert_int_equal(summary.median, UINT64_MAX - 1);
	assert_int_equal(summary.mad, 1);
}

static void test_too_many(void **state)
{
	static struct samples samples;

	(void)state;
	for (uint64_t i = 0; i < 2 * SAMPLES_MAX; i++)
		samples_add(&samples, i);
	assert_int_equal(samples.nr, SAMPLES_MAX);
	assert_int_equal(samples_summary(&samples).max, SAMPLES_MAX - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),	 cmocka_unit_test(test_odd),
		cmocka_unit_test(test_even),	 cmocka_unit_test(test_large),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
