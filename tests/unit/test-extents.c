// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module's store of advice (kmod/extents.c): against a plain array with an
 * entry for each page, and at its limit.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "extents.h"

#define PAGES 48
#define PAGE 4096UL
#define BASE 0x10000UL

static struct svm_extents set, next;
static struct svm_advised model[PAGES];

static const struct svm_advised none;

static bool same(const struct svm_advised *a, const struct svm_advised *b)
{
	return a->bits == b->bits && a->dest == b->dest && a->node == b->node;
}

static int change(unsigned long start, unsigned long end, unsigned int clear,
		  struct svm_advised what)
{
	const struct svm_advice_change c = { .clear = clear, .set = what };
	int ret = svm_extents_change(&set, &next, start, end, &c);

	if (!ret)
		set = next;
	return ret;
}

static struct svm_advised bits(unsigned int bits)
{
	return (struct svm_advised){ .bits = bits };
}

/* In order, not empty, not touching what is the same. */
static void check_form(void)
{
	unsigned int i;

	for (i = 0; i < set.nr; i++) {
		assert_true(set.at[i].start < set.at[i].end);
		assert_int_not_equal(set.at[i].what.bits, 0);
		if (!i)
			continue;
		assert_true(set.at[i - 1].end <= set.at[i].start);
		assert_false(set.at[i - 1].end == set.at[i].start &&
			     same(&set.at[i - 1].what, &set.at[i].what));
	}
}

static void check_model(void)
{
	unsigned int page;

	check_form();
	for (page = 0; page < PAGES; page++) {
		unsigned long addr = BASE + page * PAGE;
		unsigned int i = svm_extents_find(&set, addr);
		const struct svm_advised *got = &none;

		if (i < set.nr && set.at[i].start <= addr)
			got = &set.at[i].what;
		assert_true(same(got, &model[page]));
	}
}

static void model_change(unsigned int first, unsigned int end,
			 unsigned int clear, struct svm_advised what)
{
	for (; first < end; first++) {
		struct svm_advised *m = &model[first];

		m->bits &= ~clear;
		m->bits |= what.bits;
		if (clear & SVM_ADVICE_PREFER)
			m->dest = m->node = 0;
		if (what.bits & SVM_ADVICE_PREFER) {
			m->dest = what.dest;
			m->node = what.node;
		}
	}
}

static void like_an_array(void **state)
{
	unsigned int round;

	(void)state;
	srand(1);
	for (round = 0; round < 200000; round++) {
		unsigned int a = rand() % PAGES, b = rand() % PAGES;
		unsigned int first = a < b ? a : b, end = (a < b ? b : a) + 1;
		struct svm_advised what = bits(rand() % 16);
		unsigned int clear = rand() % 16 & ~what.bits;

		if (what.bits & SVM_ADVICE_PREFER) {
			what.dest = 1 + rand() % 2;
			what.node = rand() % 2;
		}
		if (rand() % 4) {
			assert_int_equal(change(BASE + first * PAGE,
						BASE + end * PAGE, clear, what),
					 0);
			model_change(first, end, clear, what);
		} else {
			assert_int_equal(svm_extents_cut(&set,
							 BASE + first * PAGE,
							 BASE + end * PAGE),
					 0);
			model_change(first, end, ~0U, none);
		}
		check_model();
	}
}

static int start_empty(void **state)
{
	(void)state;
	set.nr = 0;
	memset(model, 0, sizeof(model));
	return 0;
}

/* Every second page, so that there are as many as there can be. */
static void fill_up(void)
{
	unsigned long i;

	for (i = 0; i < SVM_EXTENTS_MAX; i++)
		assert_int_equal(change(2 * i * PAGE, (2 * i + 1) * PAGE, 0,
					bits(SVM_ADVICE_KEEP)),
				 0);
	assert_int_equal(set.nr, SVM_EXTENTS_MAX);
}

static void no_more_than_fit(void **state)
{
	static struct svm_extents before;
	unsigned long past = 2 * SVM_EXTENTS_MAX * PAGE;

	(void)state;
	fill_up();
	before = set;
	assert_int_equal(change(past, past + PAGE, 0, bits(SVM_ADVICE_PIN)),
			 -ENOSPC);
	/* In the first, in the last, and across some. */
	assert_int_equal(change(0, PAGE / 2, 0, bits(SVM_ADVICE_PIN)), -ENOSPC);
	assert_int_equal(change(past - 2 * PAGE, past - 3 * PAGE / 2, 0,
				bits(SVM_ADVICE_PIN)),
			 -ENOSPC);
	assert_memory_equal(&before, &set, sizeof(set));

	/* What needs no more is done, though it would on the way. */
	assert_int_equal(change(0, past, 0, bits(SVM_ADVICE_KEEP)), 0);
	assert_int_equal(set.nr, 1);
	check_form();
}

static void fills_gaps_when_full(void **state)
{
	(void)state;
	fill_up();
	assert_int_equal(change(PAGE, 2 * PAGE, 0, bits(SVM_ADVICE_KEEP)), 0);
	assert_int_equal(set.nr, SVM_EXTENTS_MAX - 1);
	assert_int_equal(set.at[0].end, 3 * PAGE);
	check_form();
}

static void cut_takes_the_smaller_when_full(void **state)
{
	unsigned long past = 2 * SVM_EXTENTS_MAX * PAGE;
	u64 bytes;

	(void)state;
	fill_up();
	/* The last one becomes eight pages long. */
	assert_int_equal(change(past - PAGE, past + 6 * PAGE, 0,
				bits(SVM_ADVICE_KEEP)),
			 0);
	assert_int_equal(set.nr, SVM_EXTENTS_MAX);
	bytes = svm_extents_bytes(&set, SVM_ADVICE_KEEP);

	/* Behind the hole there is less. */
	assert_int_equal(svm_extents_cut(&set, past + 3 * PAGE,
					 past + 4 * PAGE),
			 2 * PAGE);
	assert_int_equal(svm_extents_bytes(&set, SVM_ADVICE_KEEP),
			 bytes - 3 * PAGE);
	assert_int_equal(set.at[set.nr - 1].end, past + 3 * PAGE);
	/* Before it. */
	assert_int_equal(svm_extents_cut(&set, past - PAGE, past), PAGE);
	assert_int_equal(set.at[set.nr - 1].start, past);
	check_form();

	/* At an edge nothing more is lost, and a place becomes free. */
	assert_int_equal(svm_extents_cut(&set, past, past + PAGE), 0);
	assert_int_equal(svm_extents_cut(&set, 0, PAGE), 0);
	assert_int_equal(set.nr, SVM_EXTENTS_MAX - 1);
	assert_int_equal(svm_extents_cut(&set, past + PAGE + PAGE / 4,
					 past + PAGE + PAGE / 2),
			 0);
	assert_int_equal(set.nr, SVM_EXTENTS_MAX);
	check_form();
}

static void cut_of_everything(void **state)
{
	(void)state;
	fill_up();
	assert_int_equal(svm_extents_cut(&set, 0, ~0UL), 0);
	assert_int_equal(set.nr, 0);
	assert_int_equal(svm_extents_cut(&set, 0, ~0UL), 0);
	assert_int_equal(svm_extents_find(&set, 0), 0);
}

static void bytes_by_advice(void **state)
{
	(void)state;
	assert_int_equal(svm_extents_bytes(&set, ~0), 0);
	assert_int_equal(change(0, 4 * PAGE, 0, bits(SVM_ADVICE_PIN)), 0);
	assert_int_equal(change(2 * PAGE, 8 * PAGE, 0, bits(SVM_ADVICE_KEEP)),
			 0);
	assert_int_equal(svm_extents_bytes(&set, SVM_ADVICE_PIN), 4 * PAGE);
	assert_int_equal(svm_extents_bytes(&set, SVM_ADVICE_KEEP), 6 * PAGE);
	assert_int_equal(svm_extents_bytes(&set,
					   SVM_ADVICE_PIN | SVM_ADVICE_KEEP),
			 8 * PAGE);
	assert_int_equal(svm_extents_bytes(&set, SVM_ADVICE_PREFER), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(like_an_array, start_empty),
		cmocka_unit_test_setup(no_more_than_fit, start_empty),
		cmocka_unit_test_setup(fills_gaps_when_full, start_empty),
		cmocka_unit_test_setup(cut_takes_the_smaller_when_full,
				       start_empty),
		cmocka_unit_test_setup(cut_of_everything, start_empty),
		cmocka_unit_test_setup(bytes_by_advice, start_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
