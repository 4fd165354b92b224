// SPDX-License-Identifier: GPL-2.0-or-later
/* What churn picks: within the runs, within the size, everywhere, repeatably. */
#include "unit.h"

#include "churn.h"

#define PAGE 4096ull
#define PICKS 20000

static struct run list[] = {
	{ 0x10000, 0x11000 },
	{ 0x7f0000000000, 0x7f0000000000 + 64 * PAGE },
	{ 0x7fff00000000, 0x7fff00000000 + 3 * 1024 * PAGE },
};

static const struct runs runs = {
	.nr = 3,
	.bytes = (1 + 64 + 3 * 1024) * PAGE,
	.list = list,
};

static size_t run_of(const struct run *piece)
{
	for (size_t i = 0; i < runs.nr; i++) {
		if (piece->start >= list[i].start && piece->end <= list[i].end)
			return i;
	}
	fail();
	return 0;
}

static void test_pieces(void **state)
{
	const uint64_t max = 256 * PAGE;
	struct rng rng = { 1 };
	uint64_t hits[3] = { 0 }, single = 0, full = 0;
	struct run piece;

	(void)state;
	for (int i = 0; i < PICKS; i++) {
		uint64_t bytes;

		churn_pick(&rng, &runs, max, &piece);
		bytes = piece.end - piece.start;
		assert_true(piece.end > piece.start && bytes <= max);
		assert_int_equal(piece.start % PAGE, 0);
		assert_int_equal(piece.end % PAGE, 0);
		hits[run_of(&piece)]++;
		single += bytes == PAGE;
		full += bytes > max / 2;
	}
	/* by size: the large run gets nearly all, the small ones some */
	assert_true(hits[2] > PICKS * 9 / 10);
	assert_true(hits[1] > PICKS / 100 && hits[1] < PICKS / 25);
	assert_true(hits[0] > 0);
	/* small pieces and large ones */
	assert_true(single > PICKS / 20 && full > PICKS / 20);
}

static void test_one_page(void **state)
{
	struct rng rng = { 2 };
	struct run piece;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		churn_pick(&rng, &runs, PAGE, &piece);
		assert_int_equal(piece.end - piece.start, PAGE);
	}
}

static void test_same_seed(void **state)
{
	struct rng a = { 3 }, b = { 3 }, c = { 4 };
	struct run first, second;
	int same = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		churn_pick(&a, &runs, 1 << 20, &first);
		churn_pick(&b, &runs, 1 << 20, &second);
		assert_memory_equal(&first, &second, sizeof(first));
		churn_pick(&c, &runs, 1 << 20, &second);
		same += first.start == second.start;
	}
	assert_true(same < 50);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_one_page),
		cmocka_unit_test(test_same_seed),
	};

	return cmocka_run_group_tests_name("churn", tests, NULL, NULL);
}
