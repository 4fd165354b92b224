// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counters of the module and of the library, and their sum.
 */
#include <errno.h>
#include <stddef.h>

#include "fake.h"

static void move(struct svm *svm, size_t first, size_t nr, struct svm_place to)
{
	assert_int_equal(svm_migrate(svm, fake_addr(first), nr * FAKE_PAGE, to,
				     NULL, NULL),
			 0);
}

static void sums_contexts(void **state)
{
	struct svm_stats stats = SVM_STATS_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_add_device(1, 100);
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_trait(3, 1, FAKE_PINNED);
	svm = fake_open();
	move(svm, 0, 10, svm_on_device(0));
	move(svm, 10, 10, svm_on_device(1));
	fake.device[1].stats.faults = 5;
	fake.device[1].stats.bytes_faulted = 6;
	fake.device[0].stats.bytes_populated = 7;
	fake.device[0].stats.faults_sequential = 8;
	fake.device[1].stats.faults_sequential = 9;
	fake.device[1].stats.faults_random = 10;
	fake.device[0].stats.bytes_ahead = 11;
	fake.device[1].stats.bytes_ahead_used = 12;
	fake.device[0].stats.bytes_accessed = 13;
	fake.device[1].stats.bytes_accessed = 14;
	fake.device[0].stats.bytes_accessed_device = 15;
	fake.device[1].stats.bytes_accessed_device = 16;
	fake.device[0].stats.exclusive_ended = 17;
	fake.device[1].stats.exclusive_ended = 18;
	fake.device[0].stats.exclusive_contended = 19;
	fake.device[1].stats.exclusive_contended = 20;
	assert_int_equal(svm_get_stats(svm, &stats), 0);
	assert_int_equal(stats.size, sizeof(stats));
	assert_int_equal(stats.migrate_calls, 2);
	assert_int_equal(stats.bytes_to_device, 19 * FAKE_PAGE);
	assert_int_equal(stats.refused[SVM_PAGE_PINNED], 1);
	assert_int_equal(stats.faults, 5);
	assert_int_equal(stats.bytes_faulted, 6);
	assert_int_equal(stats.bytes_populated, 7);
	assert_int_equal(stats.faults_sequential, 17);
	assert_int_equal(stats.faults_random, 10);
	assert_int_equal(stats.bytes_ahead, 11);
	assert_int_equal(stats.bytes_ahead_used, 12);
	assert_int_equal(stats.bytes_accessed, 27);
	assert_int_equal(stats.bytes_accessed_device, 31);
	assert_int_equal(stats.exclusive_ended, 35);
	assert_int_equal(stats.exclusive_contended, 39);
	svm_close(svm);
}

static void counts_what_the_library_moves(void **state)
{
	struct svm_stats stats = SVM_STATS_INIT;
	struct svm *svm;

	(void)state;
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_trait(3, 2, FAKE_PINNED);
	svm = fake_open();
	move(svm, 0, 20, svm_on_node(1));
	move(svm, 0, 20, svm_on_node(1));
	assert_int_equal(svm_get_stats(svm, &stats), 0);
	assert_int_equal(stats.migrate_calls, 2);
	assert_int_equal(stats.bytes_between_nodes, 18 * FAKE_PAGE);
	assert_int_equal(stats.refused[SVM_PAGE_BUSY], 4);
	assert_int_equal(stats.refused[SVM_PAGE_ALREADY], 0);
	assert_int_equal(stats.bytes_to_device, 0);
	svm_close(svm);
}

/* A page that the module refuses and move_pages(2) moves was not refused. */
static void takes_back_refusals(void **state)
{
	struct svm_stats stats = SVM_STATS_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 20, FAKE_FILE, SVM_PLACE_SYSTEM, 0);
	fake_trait(3, 1, FAKE_SHARED);
	fake_trait(5, 2, FAKE_PINNED);
	svm = fake_open();
	move(svm, 0, 20, svm_on_node(1));
	assert_int_equal(svm_get_stats(svm, &stats), 0);
	assert_int_equal(stats.bytes_between_nodes, 17 * FAKE_PAGE);
	assert_int_equal(stats.refused[SVM_PAGE_FILE], 1);
	assert_int_equal(stats.refused[SVM_PAGE_BUSY], 2);
	assert_int_equal(stats.migrate_calls, 1);
	svm_close(svm);
}

static void keeps_the_figures_of_gone_devices(void **state)
{
	struct svm_stats stats = SVM_STATS_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	move(svm, 0, 10, svm_on_device(0));
	assert_int_equal(svm_get_stats(svm, &stats), 0);
	fake.device[0].gone = true;
	stats = (struct svm_stats)SVM_STATS_INIT;
	assert_int_equal(svm_get_stats(svm, &stats), 0);
	assert_int_equal(stats.bytes_to_device, 10 * FAKE_PAGE);
	svm_close(svm);
}

static void counts_of_a_device(void **state)
{
	struct svm_stats stats = SVM_STATS_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(1, 100);
	svm = fake_open();
	assert_int_equal(svm_get_device_stats(svm, 1, &stats), 0);
	assert_int_equal(stats.faults, 77);
	assert_int_equal(svm_get_device_stats(svm, 0, &stats), -ENODEV);
	fake.device[1].gone = true;
	assert_int_equal(svm_get_device_stats(svm, 1, &stats), -ENODEV);
	svm_close(svm);
}

static void bad_arguments(void **state)
{
	struct svm_stats stats = SVM_STATS_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	svm = fake_open();
	assert_int_equal(svm_get_stats(NULL, &stats), -EINVAL);
	assert_int_equal(svm_get_stats(svm, NULL), -EINVAL);
	assert_int_equal(svm_get_device_stats(NULL, 0, &stats), -EINVAL);
	assert_int_equal(svm_get_device_stats(svm, 0, NULL), -EINVAL);
	/* Smaller than it ever was. */
	stats.size = offsetof(struct svm_stats, faults_sequential) - 8;
	assert_int_equal(svm_get_stats(svm, &stats), -EINVAL);
	assert_int_equal(svm_get_device_stats(svm, 0, &stats), -EINVAL);
	svm_close(svm);
}

/* Of a program that was built when the struct ended there. */
static void a_shorter_struct(void **state)
{
	struct svm_stats stats = SVM_STATS_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	svm = fake_open();
	stats.size = offsetof(struct svm_stats, faults_sequential);
	stats.faults_sequential = 12345;
	assert_int_equal(svm_get_stats(svm, &stats), 0);
	assert_int_equal(stats.size,
			 offsetof(struct svm_stats, faults_sequential));
	assert_int_equal(stats.faults_sequential, 12345);
	assert_int_equal(svm_get_device_stats(svm, 0, &stats), 0);
	assert_int_equal(stats.faults_sequential, 12345);
	svm_close(svm);
}

static void a_failed_move_still_counts(void **state)
{
	struct svm_stats stats = SVM_STATS_INIT;
	struct svm *svm;

	(void)state;
	fake_map(0, 20000, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	fake.move_error = -EPERM;
	fake.move_error_after = 2; /* one chunk is queried and moved */
	assert_int_equal(svm_migrate(svm, fake_addr(0), 20000 * FAKE_PAGE,
				     svm_on_node(1), NULL, NULL),
			 -EPERM);
	assert_int_equal(svm_get_stats(svm, &stats), 0);
	assert_int_equal(stats.bytes_between_nodes,
			 fake_count(SVM_PLACE_SYSTEM, 1) * FAKE_PAGE);
	assert_true(stats.bytes_between_nodes > 0);
	svm_close(svm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(sums_contexts),
		fake_test(counts_what_the_library_moves),
		fake_test(takes_back_refusals),
		fake_test(keeps_the_figures_of_gone_devices),
		fake_test(counts_of_a_device),
		fake_test(bad_arguments),
		fake_test(a_shorter_struct),
		fake_test(a_failed_move_still_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
