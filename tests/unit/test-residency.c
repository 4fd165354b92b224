// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where pages are, from the module and without it.
 */
#include <errno.h>
#include <string.h>

#include "fake.h"

static void lay_out(void)
{
	fake_map(0, 1, FAKE_ANON, SVM_PLACE_SYSTEM, 1);
	fake_map(1, 1, FAKE_ANON, SVM_PLACE_NONE, 0);
	fake_map(2, 1, FAKE_ANON, SVM_PLACE_ZERO, 0);
	fake_map(3, 1, FAKE_ANON, SVM_PLACE_SWAP, 0);
	fake_map(4, 1, FAKE_SPECIAL, SVM_PLACE_SPECIAL, 0);
	/* 5 is a gap */
	fake_map(6, 1, FAKE_FILE, SVM_PLACE_SYSTEM, 0);
	fake_map(7, 1, FAKE_ANON, SVM_PLACE_DEVICE, 2);
}

static const uint8_t expected[] = {
	SVM_PLACE_SYSTEM, SVM_PLACE_NONE,    SVM_PLACE_ZERO,
	SVM_PLACE_SWAP,	  SVM_PLACE_SPECIAL, SVM_PLACE_UNMAPPED,
	SVM_PLACE_SYSTEM, SVM_PLACE_DEVICE,
};

static void asks_the_module(void **state)
{
	struct svm_page pages[9];
	struct svm *svm;
	size_t i;

	(void)state;
	lay_out();
	fake_add_device(2, 1);
	fake.call_pages = 3;
	svm = fake_open();
	memset(pages, 0xee, sizeof(pages));
	assert_int_equal(
		svm_residency(svm, fake_addr(0), 8 * FAKE_PAGE, pages, 9), 8);
	for (i = 0; i < 8; i++)
		assert_int_equal(pages[i].place, expected[i]);
	assert_int_equal(pages[0].id, 1);
	assert_int_equal(pages[7].id, 2);
	assert_int_equal(pages[8].place, 0xee);
	assert_int_equal(fake.query_calls, 0);
	assert_int_equal(fake.device[2].calls, 3);
	svm_close(svm);
}

static void asks_move_pages(void **state)
{
	struct svm_page pages[8];
	struct svm *svm;
	size_t i;

	(void)state;
	lay_out();
	svm = fake_open();
	memset(pages, 0xee, sizeof(pages));
	assert_int_equal(
		svm_residency(svm, fake_addr(0), 8 * FAKE_PAGE, pages, 8), 8);
	/* Without the module its pages can't be told from swap. */
	for (i = 0; i < 7; i++)
		assert_int_equal(pages[i].place, expected[i]);
	assert_int_equal(pages[7].place, SVM_PLACE_SWAP);
	assert_int_equal(pages[0].id, 1);
	assert_int_equal(pages[0].flags, 0);
	assert_int_equal(pages[1].id, 0);
	svm_close(svm);
}

/* Device memory that the CPU can reach is present, and yet not found. */
static void coherent_device_memory_is_special(void **state)
{
	struct svm_page page;
	struct svm *svm;

	(void)state;
	fake_map(0, 1, FAKE_ANON, SVM_PLACE_OTHER_DEVICE, 0);
	svm = fake_open();
	assert_int_equal(svm_residency(svm, fake_addr(0), 1, &page, 1), 1);
	assert_int_equal(page.place, SVM_PLACE_SPECIAL);
	svm_close(svm);
}

/* More absent pages than are read of the page map at a time. */
static void many_absent_pages(void **state)
{
	static struct svm_page pages[3000];
	struct svm *svm;
	size_t i;

	(void)state;
	fake_map(0, 3000, FAKE_ANON, SVM_PLACE_NONE, 0);
	for (i = 0; i < 3000; i += 3)
		fake_map(i, 1, FAKE_ANON, SVM_PLACE_SWAP, 0);
	fake_map(700, 1000, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	assert_int_equal(svm_residency(svm, fake_addr(0), 3000 * FAKE_PAGE,
				       pages, 3000),
			 3000);
	for (i = 0; i < 3000; i++)
		assert_int_equal(pages[i].place, fake.page[i].place);
	svm_close(svm);
}

static void steps_over_gone_devices(void **state)
{
	struct svm_page pages[10];
	struct svm *svm;

	(void)state;
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 1);
	fake_add_device(0, 1);
	fake_add_device(1, 1);
	fake.call_pages = 4;
	svm = fake_open();
	/* The first goes after it has answered in part. */
	fake.device[0].error = -ENODEV;
	fake.device[0].error_after = 1;
	memset(pages, 0xee, sizeof(pages));
	assert_int_equal(svm_residency(svm, fake_addr(0), 10 * FAKE_PAGE, pages,
				       10),
			 10);
	assert_int_equal(fake.device[1].calls, 2);
	assert_int_equal(fake.query_calls, 0);
	assert_int_equal(pages[9].place, SVM_PLACE_SYSTEM);

	fake.device[0].error_after = 1;
	fake.device[1].gone = true;
	memset(pages, 0xee, sizeof(pages));
	assert_int_equal(svm_residency(svm, fake_addr(0), 10 * FAKE_PAGE, pages,
				       10),
			 10);
	assert_int_equal(fake.query_calls, 1);
	assert_int_equal(pages[3].flags, SVM_PAGE_F_READ); /* the module's */
	assert_int_equal(pages[4].flags, 0);
	assert_int_equal(pages[9].place, SVM_PLACE_SYSTEM);
	svm_close(svm);
}

static void residency_errors(void **state)
{
	struct svm_page pages[2];
	struct svm *svm;

	(void)state;
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 1);
	fake_add_device(0, 1);
	svm = fake_open();
	assert_int_equal(svm_residency(NULL, fake_addr(0), 1, pages, 1),
			 -EINVAL);
	assert_int_equal(svm_residency(svm, fake_addr(0), 1, NULL, 1), -EINVAL);
	assert_int_equal(svm_residency(svm, fake_addr(0), FAKE_PAGE + 1, pages,
				       1),
			 -EMSGSIZE);
	assert_int_equal(svm_residency(svm, fake_addr(0), 1, NULL, 0),
			 -EMSGSIZE);
	assert_int_equal(svm_residency(svm, (void *)-2, 3, pages, 2), -EINVAL);
	assert_int_equal(svm_residency(svm, fake_addr(0), 0, NULL, 0), 0);
	fake.device[0].error = -ESRCH;
	assert_int_equal(svm_residency(svm, fake_addr(0), 1, pages, 1), -ESRCH);
	svm_close(svm);
}

static void residency_errors_without_module(void **state)
{
	struct svm_page pages[1];
	struct svm *svm;

	(void)state;
	fake_map(0, 1, FAKE_ANON, SVM_PLACE_SYSTEM, 1);
	svm = fake_open();
	fake.move_error = -EPERM;
	assert_int_equal(svm_residency(svm, fake_addr(0), 1, pages, 1), -EPERM);
	fake.move_error = -ENOSYS;
	assert_int_equal(svm_residency(svm, fake_addr(0), 1, pages, 1),
			 -EOPNOTSUPP);
	svm_close(svm);
}

static void sums_up(void **state)
{
	struct svm_summary summary = SVM_SUMMARY_INIT;
	struct svm *svm;
	uint64_t sum = 0;
	size_t i;

	(void)state;
	lay_out();
	fake_map(100, 9000, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_map(9100, 3, FAKE_ANON, SVM_PLACE_DEVICE, 2);
	fake_map(9103, 2, FAKE_ANON, SVM_PLACE_SYSTEM, 700); /* a big machine */
	fake_add_device(2, 1);
	svm = fake_open();
	memset(summary.bytes, 0xee, sizeof(summary.bytes));
	assert_int_equal(svm_summarize(svm, fake_addr(0), 10000 * FAKE_PAGE,
				       &summary),
			 0);
	assert_int_equal(summary.bytes[SVM_PLACE_SYSTEM], 9004 * FAKE_PAGE);
	assert_int_equal(summary.bytes_on_node[0], 9001 * FAKE_PAGE);
	assert_int_equal(summary.bytes_on_node[1], FAKE_PAGE);
	assert_int_equal(summary.bytes_on_node[SVM_SUMMARY_MAX - 1],
			 2 * FAKE_PAGE);
	assert_int_equal(summary.bytes[SVM_PLACE_DEVICE], 4 * FAKE_PAGE);
	assert_int_equal(summary.bytes_on_device[2], 4 * FAKE_PAGE);
	for (i = 0; i < 16; i++)
		sum += summary.bytes[i];
	assert_int_equal(sum, 10000 * FAKE_PAGE);
	svm_close(svm);
}

static void summary_errors(void **state)
{
	struct svm_summary summary = SVM_SUMMARY_INIT;
	struct svm *svm;

	(void)state;
	fake_map(0, 1, FAKE_ANON, SVM_PLACE_SYSTEM, 1);
	fake_add_device(0, 1);
	svm = fake_open();
	assert_int_equal(svm_summarize(NULL, fake_addr(0), 1, &summary),
			 -EINVAL);
	assert_int_equal(svm_summarize(svm, fake_addr(0), 1, NULL), -EINVAL);
	assert_int_equal(svm_summarize(svm, (void *)-1, 1, &summary), -EINVAL);
	summary.size--;
	assert_int_equal(svm_summarize(svm, fake_addr(0), 1, &summary),
			 -EINVAL);
	summary.size++;
	fake.device[0].error = -ESRCH;
	assert_int_equal(svm_summarize(svm, fake_addr(0), 1, &summary), -ESRCH);
	assert_int_equal(summary.bytes[SVM_PLACE_SYSTEM], 0);
	assert_int_equal(svm_summarize(svm, fake_addr(0), 0, &summary), 0);
	svm_close(svm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(asks_the_module),
		fake_test(asks_move_pages),
		fake_test(coherent_device_memory_is_special),
		fake_test(many_absent_pages),
		fake_test(steps_over_gone_devices),
		fake_test(residency_errors),
		fake_test(residency_errors_without_module),
		fake_test(sums_up),
		fake_test(summary_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
