// SPDX-License-Identifier: GPL-2.0-or-later
/* The bounded list of runs: never more than it may hold, and nothing lost. */
#include "unit.h"

#include "runs.h"

#define MIB ((uint64_t)1 << 20)

static void test_neighbours(void **state)
{
	struct runs runs = { 0 };

	(void)state;
	assert_int_equal(runs_add(&runs, 1 * MIB, 2 * MIB), 0);
	assert_int_equal(runs_add(&runs, 2 * MIB, 3 * MIB), 0);
	assert_int_equal(runs_add(&runs, 4 * MIB, 5 * MIB), 0);
	assert_int_equal(runs.nr, 2);
	assert_int_equal(runs.bytes, 3 * MIB);
	assert_int_equal(runs.list[0].end, 3 * MIB);
	runs_reset(&runs);
	assert_int_equal(runs.nr, 0);
	assert_int_equal(runs.bytes, 0);
	runs_free(&runs);
}

static void test_bound(void **state)
{
	struct runs runs = { 0 };
	uint64_t sum = 0, last = 0;
	const size_t many = 200000;

	(void)state;
	for (size_t i = 0; i < many; i++)
		assert_int_equal(
			runs_add(&runs, 2 * i * MIB, (2 * i + 1) * MIB), 0);
	assert_true(runs.nr <= 16384);
	assert_int_equal(runs.list[0].start, 0);
	assert_int_equal(runs.list[runs.nr - 1].end, (2 * many - 1) * MIB);
	for (size_t i = 0; i < runs.nr; i++) {
		assert_true(runs.list[i].start < runs.list[i].end);
		assert_true(!i || runs.list[i].start > last);
		last = runs.list[i].end;
		sum += runs.list[i].end - runs.list[i].start;
	}
	assert_int_equal(sum, runs.bytes);
	/* every run that was added lies in one of them */
	for (size_t i = 0, r = 0; i < many; i++) {
		while (runs.list[r].end < (2 * i + 1) * MIB)
			r++;
		assert_true(runs.list[r].start <= 2 * i * MIB);
	}
	runs_free(&runs);
}

static void test_cut(void **state)
{
	/* in blocks of 2: [1,2) [2,4) [4,5) with 3 runs, nothing, [20,21) */
	static struct run list[] = {
		{ 1 * MIB, 4 * MIB + 4096 },
		{ 4 * MIB + 8192, 4 * MIB + 12288 },
		{ 5 * MIB, 6 * MIB },
		{ 20 * MIB, 21 * MIB },
	};
	static const struct run want[] = {
		{ 1 * MIB, 2 * MIB },
		{ 2 * MIB, 4 * MIB },
		{ 4 * MIB, 4 * MIB + 4096 },
		{ 4 * MIB + 8192, 4 * MIB + 12288 },
		{ 5 * MIB, 6 * MIB },
		{ 20 * MIB, 21 * MIB },
	};
	static const size_t pieces[] = { 1, 1, 3, 1, 0, 0 };
	static const size_t small_pieces[] = { 1, 1, 2, 1, 1, 0 };
	const struct runs runs = { .nr = 4, .list = list };
	struct runs_cursor cursor = { 0 }, small = { 0 };
	struct run piece[16];
	size_t nr, seen = 0;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		nr = runs_cut(&runs, &cursor, 2 * MIB, piece, 16);
		assert_int_equal(nr, pieces[i]);
		assert_memory_equal(piece, want + seen, nr * sizeof(*piece));
		seen += nr;
	}
	assert_int_equal(seen, 6);
	seen = 0;
	for (size_t i = 0; i < 6; i++) {
		nr = runs_cut(&runs, &small, 2 * MIB, piece, 2);
		assert_int_equal(nr, small_pieces[i]);
		assert_memory_equal(piece, want + seen, nr * sizeof(*piece));
		seen += nr;
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}
