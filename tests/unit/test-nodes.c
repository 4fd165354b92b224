// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moving between NUMA nodes without the kernel module.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

static struct svm_result result;

static int move(struct svm *svm, size_t first, size_t nr, int node)
{
	result = (struct svm_result)SVM_RESULT_INIT;
	return svm_migrate(svm, fake_addr(first), nr * FAKE_PAGE,
			   svm_on_node(node), NULL, &result);
}

static void moves_and_knows_what_was_there(void **state)
{
	struct svm *svm;

	(void)state;
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_map(10, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 1);
	svm = fake_open();
	assert_int_equal(move(svm, 0, 20, 1), 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 10);
	assert_int_equal(result.pages[SVM_PAGE_ALREADY], 10);
	assert_int_equal(result.bytes_moved, 10 * FAKE_PAGE);
	assert_int_equal(result.bytes_there, 20 * FAKE_PAGE);
	assert_int_equal(fake_count(SVM_PLACE_SYSTEM, 1), 20);
	svm_close(svm);
}

static void any_node_moves_nothing(void **state)
{
	struct svm *svm;

	(void)state;
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_map(10, 10, FAKE_FILE, SVM_PLACE_SYSTEM, 1);
	fake_map(20, 1, FAKE_ANON, SVM_PLACE_NONE, 0);
	svm = fake_open();
	assert_int_equal(move(svm, 0, 21, SVM_NODE_ANY), 0);
	assert_int_equal(result.pages[SVM_PAGE_ALREADY], 20);
	assert_int_equal(result.pages[SVM_PAGE_HOLE], 1);
	assert_int_equal(fake.move_calls, 0);
	svm_close(svm);
}

static void tells_absent_pages_apart(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	uint8_t status[6];
	struct svm *svm;

	(void)state;
	fake_map(0, 1, FAKE_ANON, SVM_PLACE_NONE, 0);
	fake_map(1, 1, FAKE_ANON, SVM_PLACE_ZERO, 0);
	fake_map(2, 1, FAKE_ANON, SVM_PLACE_SWAP, 0);
	fake_map(3, 1, FAKE_SPECIAL, SVM_PLACE_SPECIAL, 0);
	/* 4 is a gap */
	fake_map(5, 1, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	opts.status = status;
	opts.status_count = 6;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 6 * FAKE_PAGE,
				     svm_on_node(1), &opts, NULL),
			 0);
	assert_int_equal(status[0], SVM_PAGE_HOLE);
	assert_int_equal(status[1], SVM_PAGE_ALREADY);
	assert_int_equal(status[2], SVM_PAGE_SWAPPED);
	assert_int_equal(status[3], SVM_PAGE_SPECIAL);
	assert_int_equal(status[4], SVM_PAGE_UNMAPPED);
	assert_int_equal(status[5], SVM_PAGE_MOVED);
	svm_close(svm);
}

/* What stays in one batch does not keep the pages after it from moving. */
static void goes_on_after_failed_batches(void **state)
{
	struct svm *svm;
	size_t i;

	(void)state;
	fake_map(0, 300, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	for (i = 0; i < 300; i += 10) {
		fake_trait(i + 3, 1, FAKE_PINNED);
		fake_trait(i + 7, 1, FAKE_SHARED); /* ends a batch */
	}
	svm = fake_open();
	assert_int_equal(move(svm, 0, 300, 1), 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 240);
	assert_int_equal(result.pages[SVM_PAGE_BUSY], 60);
	assert_int_equal(fake_count(SVM_PLACE_SYSTEM, 1), 240);
	svm_close(svm);
}

/* The same where all pages of the last batch were told of, or none was. */
static void failed_batch_at_the_ends(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	uint8_t status[20];
	struct svm *svm;
	size_t i;

	(void)state;
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_trait(0, 1, FAKE_SHARED);
	fake_trait(19, 1, FAKE_PINNED);
	svm = fake_open();
	opts.status = status;
	opts.status_count = 20;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 20 * FAKE_PAGE,
				     svm_on_node(1), &opts, NULL),
			 0);
	for (i = 0; i < 20; i++)
		assert_int_equal(status[i], i == 0 || i == 19 ? SVM_PAGE_BUSY
							      : SVM_PAGE_MOVED);
	svm_close(svm);
}

static void all_pages_stay(void **state)
{
	struct svm *svm;

	(void)state;
	fake_map(0, 10000, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_trait(0, 10000, FAKE_PINNED);
	svm = fake_open();
	assert_int_equal(move(svm, 0, 10000, 1), 0);
	assert_int_equal(result.pages[SVM_PAGE_BUSY], 10000);
	assert_int_equal(result.bytes_left, 10000 * FAKE_PAGE);
	assert_true(fake.move_calls <= 2);
	svm_close(svm);
}

/* Each page of a huge page but the first is refused as busy, yet it moves. */
static void huge_pages_move_whole(void **state)
{
	struct svm *svm;
	size_t i;

	(void)state;
	fake_map(0, 1024, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_trait(0, 1024, FAKE_TAIL);
	for (i = 0; i < 1024; i += 512)
		fake_trait(i, 1, 0);
	svm = fake_open();
	assert_int_equal(move(svm, 0, 1024, 1), 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 1024);
	assert_int_equal(fake_count(SVM_PLACE_SYSTEM, 1), 1024);
	svm_close(svm);
}

static void names_the_reasons(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	uint8_t status[9];
	struct svm *svm;

	(void)state;
	fake_map(0, 2, FAKE_FILE, SVM_PLACE_SYSTEM, 0);
	fake_map(2, 1, FAKE_SHMEM, SVM_PLACE_SYSTEM, 0);
	fake_map(3, 1, FAKE_HUGETLB, SVM_PLACE_SYSTEM, 0);
	fake_map(4, 1, FAKE_SPECIAL, SVM_PLACE_SYSTEM, 0);
	fake_map(5, 4, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_trait(0, 4, FAKE_SHARED);
	fake_trait(4, 2, FAKE_STUCK);
	fake_trait(6, 1, FAKE_SHARED);
	fake_trait(7, 1, FAKE_VANISHES);
	svm = fake_open();
	opts.status = status;
	opts.status_count = 9;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 9 * FAKE_PAGE,
				     svm_on_node(1), &opts, NULL),
			 0);
	assert_int_equal(status[0], SVM_PAGE_FILE);
	assert_int_equal(status[1], SVM_PAGE_FILE);
	assert_int_equal(status[2], SVM_PAGE_SHMEM);
	assert_int_equal(status[3], SVM_PAGE_HUGETLB);
	assert_int_equal(status[4], SVM_PAGE_SPECIAL);
	assert_int_equal(status[5], SVM_PAGE_SPECIAL);
	assert_int_equal(status[6], SVM_PAGE_BUSY);
	assert_int_equal(status[7], SVM_PAGE_BUSY);
	assert_int_equal(status[8], SVM_PAGE_MOVED);
	svm_close(svm);
}

static void full_node_is_no_error(void **state)
{
	struct svm *svm;

	(void)state;
	fake_map(0, 100, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake.node_room[1] = 30;
	svm = fake_open();
	assert_int_equal(move(svm, 0, 100, 1), 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 30);
	assert_int_equal(result.pages[SVM_PAGE_NO_MEMORY], 70);
	assert_int_equal(fake_count(SVM_PLACE_SYSTEM, 1), 30);
	svm_close(svm);
}

static void long_ranges_go_in_chunks(void **state)
{
	struct svm *svm;

	(void)state;
	fake_map(0, FAKE_PAGES, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_map(20000, 5, FAKE_ANON, SVM_PLACE_NONE, 0);
	svm = fake_open();
	assert_int_equal(move(svm, 0, FAKE_PAGES, 1), 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], FAKE_PAGES - 5);
	assert_int_equal(result.pages[SVM_PAGE_HOLE], 5);
	assert_true(fake.move_calls >= FAKE_PAGES / 8192);
	svm_close(svm);
}

static void statuses_of_long_ranges(void **state)
{
	static uint8_t status[FAKE_PAGES];
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm *svm;
	size_t i;

	(void)state;
	fake_map(0, FAKE_PAGES, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	for (i = 0; i < FAKE_PAGES; i += 777)
		fake_map(i, 1, FAKE_ANON, SVM_PLACE_SYSTEM, 1);
	svm = fake_open();
	opts.status = status;
	opts.status_count = FAKE_PAGES;
	assert_int_equal(svm_migrate(svm, fake_addr(0), FAKE_PAGES * FAKE_PAGE,
				     svm_on_node(1), &opts, NULL),
			 0);
	for (i = 0; i < FAKE_PAGES; i++)
		assert_int_equal(status[i],
				 i % 777 ? SVM_PAGE_MOVED : SVM_PAGE_ALREADY);
	svm_close(svm);
}

static void translates_errors(void **state)
{
	static const struct {
		long from;
		int to;
	} errors[] = {
		{ -ENODEV, -EINVAL },	  { -EACCES, -EACCES },
		{ -EPERM, -EPERM },	  { -ESRCH, -ESRCH },
		{ -ENOSYS, -EOPNOTSUPP },
	};
	struct svm *svm;
	size_t i, after;

	(void)state;
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		for (after = 0; after < 2; after++) { /* query, then move */
			fake.move_error = errors[i].from;
			fake.move_error_after = (unsigned int)after;
			assert_int_equal(move(svm, 0, 10, 1), errors[i].to);
			assert_int_equal(result.bytes_left, 0);
		}
	}
	svm_close(svm);
}

static void gone_address_space(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm *svm;

	(void)state;
	fake.pid = opts.pid = getppid();
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_publish();
	assert_int_equal(svm_open_on(&svm, &opts, &fake.ops), 0);
	assert_int_equal(svm_device_count(svm), 0);
	assert_int_equal(move(svm, 0, 10, 1), 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 10);
	fake.move_error = -EINVAL; /* what it says of a zombie */
	assert_int_equal(move(svm, 0, 10, 1), -ESRCH);
	svm_close(svm);
}

static void needs_procfs_for_absent_pages(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm *svm;

	(void)state;
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	fake.ops.proc = "/nonexistent";
	assert_int_equal(move(svm, 0, 10, 1), 0);
	assert_int_equal(move(svm, 0, 11, 1), -EOPNOTSUPP);
	svm_close(svm);

	fake.pid = opts.pid = getppid();
	assert_int_equal(svm_open_on(&svm, &opts, &fake.ops), 0);
	assert_int_equal(move(svm, 0, 11, 1), -ESRCH);
	svm_close(svm);
}

static void nodes_must_exist(void **state)
{
	struct svm *svm;

	(void)state;
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_NONE, 0);
	svm = fake_open();
	assert_int_equal(move(svm, 0, 10, 2), -EINVAL);
	assert_int_equal(move(svm, 0, 10, -2), -EINVAL);
	assert_int_equal(move(svm, 0, 10, 100000), -EINVAL);
	fake.nodes[2] = true; /* brought online */
	assert_int_equal(move(svm, 0, 10, 2), 0);
	svm_close(svm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(moves_and_knows_what_was_there),
		fake_test(any_node_moves_nothing),
		fake_test(tells_absent_pages_apart),
		fake_test(goes_on_after_failed_batches),
		fake_test(failed_batch_at_the_ends),
		fake_test(all_pages_stay),
		fake_test(huge_pages_move_whole),
		fake_test(names_the_reasons),
		fake_test(full_node_is_no_error),
		fake_test(long_ranges_go_in_chunks),
		fake_test(statuses_of_long_ranges),
		fake_test(translates_errors),
		fake_test(gone_address_space),
		fake_test(needs_procfs_for_absent_pages),
		fake_test(nodes_must_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
