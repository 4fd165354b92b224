// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moving ranges through the kernel module, alone and with move_pages(2) for
 * what the module leaves.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

/* The counters of a result add up, whatever happened. */
static void check_sums(const struct svm_result *result, size_t pages)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		sum += result->pages[i];
	assert_int_equal(sum, pages);
	assert_int_equal(result->bytes_there + result->bytes_left,
			 pages * FAKE_PAGE);
	assert_int_equal(result->bytes_there,
			 (result->pages[SVM_PAGE_MOVED] +
			  result->pages[SVM_PAGE_ALREADY]) *
				 FAKE_PAGE);
}

static void moves_to_a_device(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1000);
	fake_map(0, 100, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_trait(10, 3, FAKE_PINNED);
	svm = fake_open();
	assert_int_equal(svm_migrate(svm, fake_addr(0), 100 * FAKE_PAGE,
				     svm_on_device(0), NULL, &result),
			 0);
	check_sums(&result, 100);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 97);
	assert_int_equal(result.pages[SVM_PAGE_PINNED], 3);
	assert_int_equal(result.bytes_moved, 97 * FAKE_PAGE);
	assert_int_equal(fake_count(SVM_PLACE_DEVICE, 0), 97);
	assert_int_equal(fake.move_calls + fake.query_calls, 0);
	assert_int_equal(fake.device[0].last_flags, 0);

	assert_int_equal(svm_migrate(svm, fake_addr(0), 100 * FAKE_PAGE,
				     svm_on_device(0), NULL, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_ALREADY], 97);
	assert_int_equal(result.bytes_moved, 0);
	assert_int_equal(result.bytes_there, 97 * FAKE_PAGE);
	svm_close(svm);
}

static void widens_to_pages(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1000);
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	/* The last byte of page 1 up to the first of page 3. */
	assert_int_equal(svm_migrate(svm, (char *)fake_addr(2) - 1,
				     FAKE_PAGE + 2, svm_on_device(0), NULL,
				     &result),
			 0);
	check_sums(&result, 3);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 3);
	assert_int_equal(fake.page[0].place, SVM_PLACE_SYSTEM);
	assert_int_equal(fake.page[4].place, SVM_PLACE_SYSTEM);
	svm_close(svm);
}

static void calls_until_done(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	uint8_t status[100];
	struct svm *svm;
	size_t i;

	(void)state;
	fake_add_device(0, 1000);
	fake_map(0, 100, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_trait(40, 1, FAKE_PINNED);
	fake.call_pages = 7;
	svm = fake_open();
	memset(status, 0xee, sizeof(status));
	opts.status = status;
	opts.status_count = 100;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 100 * FAKE_PAGE,
				     svm_on_device(0), &opts, &result),
			 0);
	check_sums(&result, 100);
	assert_int_equal(fake.device[0].calls, 15);
	for (i = 0; i < 100; i++)
		assert_int_equal(status[i],
				 i == 40 ? SVM_PAGE_PINNED : SVM_PAGE_MOVED);
	svm_close(svm);
}

static void gap_at_the_end_is_unmapped(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	uint8_t status[30];
	struct svm *svm;
	size_t i;

	(void)state;
	fake_add_device(0, 1000);
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake.call_pages = 10; /* the second call has nothing but the gap */
	svm = fake_open();
	memset(status, 0xee, sizeof(status));
	opts.status = status;
	opts.status_count = 30;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 30 * FAKE_PAGE,
				     svm_on_device(0), &opts, &result),
			 0);
	check_sums(&result, 30);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 10);
	assert_int_equal(result.pages[SVM_PAGE_UNMAPPED], 20);
	for (i = 0; i < 30; i++)
		assert_int_equal(status[i],
				 i < 10 ? SVM_PAGE_MOVED : SVM_PAGE_UNMAPPED);
	svm_close(svm);
}

static void nothing_mapped_is_an_error(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_result before = result;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1000);
	fake_map(50, 1, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	assert_int_equal(svm_migrate(svm, fake_addr(0), 50 * FAKE_PAGE,
				     svm_on_device(0), NULL, &result),
			 -EFAULT);
	assert_int_equal(svm_migrate(svm, fake_addr(0), 50 * FAKE_PAGE,
				     svm_on_node(0), NULL, &result),
			 -EFAULT);
	assert_memory_equal(&result, &before, sizeof(result));
	svm_close(svm);
}

static void passes_errors_on(void **state)
{
	static const int errors[] = { -ENODEV, -ESRCH,	    -EXDEV,
				      -ENOMEM, -EOPNOTSUPP, -EINTR };
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_result before = result;
	struct svm *svm;
	size_t i;

	(void)state;
	fake_add_device(0, 1000);
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fake.device[0].error = errors[i];
		assert_int_equal(svm_migrate(svm, fake_addr(0), FAKE_PAGE,
					     svm_on_device(0), NULL, &result),
				 errors[i]);
	}
	assert_memory_equal(&result, &before, sizeof(result));
	svm_close(svm);
}

static void error_halfway_says_how_far(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	uint8_t status[30];
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1000);
	fake_map(0, 30, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake.call_pages = 10;
	fake.device[0].error = -ENODEV;
	fake.device[0].error_after = 1;
	svm = fake_open();
	memset(status, 0, sizeof(status));
	opts.status = status;
	opts.status_count = 30;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 30 * FAKE_PAGE,
				     svm_on_device(0), &opts, NULL),
			 -ENODEV);
	assert_int_equal(status[9], SVM_PAGE_MOVED);
	assert_int_equal(status[10], SVM_PAGE_NOT_REACHED);
	svm_close(svm);
}

static void module_that_stands_still_is_no_trap(void **state)
{
	struct svm_page pages[10];
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1000)->stands_still = true;
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_device(0), NULL, NULL),
			 -EPROTO);
	assert_int_equal(svm_residency(svm, fake_addr(0), 10 * FAKE_PAGE, pages,
				       10),
			 -EPROTO);
	svm_close(svm);
}

static void device_full_is_no_error(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 30);
	fake_map(0, 100, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	assert_int_equal(svm_migrate(svm, fake_addr(0), 100 * FAKE_PAGE,
				     svm_on_device(0), NULL, &result),
			 0);
	check_sums(&result, 100);
	assert_int_equal(result.pages[SVM_PAGE_DEVICE_FULL], 70);
	svm_close(svm);
}

/* The flag goes down, and what came of it up; no node makes room. */
static void makes_room(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 30);
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	opts.flags = SVM_MIGRATE_EVICT;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_node(0), &opts, &result),
			 -EINVAL);
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_device(0), &opts, &result),
			 0);
	check_sums(&result, 10);
	assert_int_equal(result.bytes_evicted, 3 * FAKE_PAGE);
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_device(0), NULL, &result),
			 0);
	assert_int_equal(result.bytes_evicted, 0);
	svm_close(svm);
}

static void resident_only_leaves_holes(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 5, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_map(5, 5, FAKE_ANON, SVM_PLACE_NONE, 0);
	svm = fake_open();
	opts.flags = SVM_MIGRATE_RESIDENT_ONLY;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_device(0), &opts, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 5);
	assert_int_equal(result.pages[SVM_PAGE_HOLE], 5);
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_device(0), NULL, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 5);
	assert_int_equal(result.pages[SVM_PAGE_ALREADY], 5);
	svm_close(svm);
}

static void moves_to_a_node_and_completes(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	uint8_t status[70];
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_DEVICE, 0);
	fake_map(10, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_map(20, 10, FAKE_FILE, SVM_PLACE_SYSTEM, 0);
	fake_map(30, 10, FAKE_SHMEM, SVM_PLACE_SYSTEM, 0);
	fake_map(40, 10, FAKE_SHMEM, SVM_PLACE_SYSTEM, 1);
	fake_map(50, 10, FAKE_FILE, SVM_PLACE_NONE, 0);
	fake_map(60, 5, FAKE_SPECIAL, SVM_PLACE_SPECIAL, 0);
	fake_trait(20, 1, FAKE_SHARED);
	fake_trait(30, 1, FAKE_PINNED);
	svm = fake_open();
	opts.status = status;
	opts.status_count = 70;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 70 * FAKE_PAGE,
				     svm_on_node(1), &opts, &result),
			 0);
	check_sums(&result, 70);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 38);
	assert_int_equal(result.bytes_moved, 38 * FAKE_PAGE);
	assert_int_equal(result.pages[SVM_PAGE_ALREADY], 10);
	assert_int_equal(result.pages[SVM_PAGE_FILE], 1);
	assert_int_equal(result.pages[SVM_PAGE_BUSY], 1);
	assert_int_equal(result.pages[SVM_PAGE_HOLE], 10);
	assert_int_equal(result.pages[SVM_PAGE_SPECIAL], 5);
	assert_int_equal(result.pages[SVM_PAGE_UNMAPPED], 5);
	assert_int_equal(status[0], SVM_PAGE_MOVED);
	assert_int_equal(status[20], SVM_PAGE_FILE);
	assert_int_equal(status[21], SVM_PAGE_MOVED);
	assert_int_equal(status[30], SVM_PAGE_BUSY);
	assert_int_equal(status[69], SVM_PAGE_UNMAPPED);
	assert_int_equal(fake_count(SVM_PLACE_SYSTEM, 1), 48);
	svm_close(svm);
}

static void any_node_calls_present_pages_there(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_DEVICE, 0);
	fake_map(10, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 1);
	fake_map(20, 10, FAKE_FILE, SVM_PLACE_SYSTEM, 1);
	svm = fake_open();
	assert_int_equal(svm_migrate(svm, fake_addr(0), 30 * FAKE_PAGE,
				     svm_on_node(SVM_NODE_ANY), NULL, &result),
			 0);
	check_sums(&result, 30);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 10);
	assert_int_equal(result.pages[SVM_PAGE_ALREADY], 20);
	assert_int_equal(fake.move_calls, 0);
	svm_close(svm);
}

static void swap_cache_moves_by_move_pages(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 4, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_map(4, 4, FAKE_ANON, SVM_PLACE_SWAP, 0);
	fake_trait(0, 2, FAKE_SWAPCACHE);
	svm = fake_open();
	assert_int_equal(svm_migrate(svm, fake_addr(0), 8 * FAKE_PAGE,
				     svm_on_node(1), NULL, &result),
			 0);
	check_sums(&result, 8);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 4);
	assert_int_equal(result.pages[SVM_PAGE_SWAPPED], 4);
	svm_close(svm);
}

static void long_range_to_a_node(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, FAKE_PAGES);
	fake_map(0, 20000, FAKE_ANON, SVM_PLACE_DEVICE, 0);
	fake_map(20000, 15000, FAKE_FILE, SVM_PLACE_SYSTEM, 0);
	fake.call_pages = 1000;
	svm = fake_open();
	/* It ends in a gap that has slices of its own. */
	assert_int_equal(svm_migrate(svm, fake_addr(0), FAKE_PAGES * FAKE_PAGE,
				     svm_on_node(1), NULL, &result),
			 0);
	check_sums(&result, FAKE_PAGES);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 35000);
	assert_int_equal(result.pages[SVM_PAGE_UNMAPPED], FAKE_PAGES - 35000);
	svm_close(svm);
}

static void gap_in_front_is_no_error(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, FAKE_PAGES);
	/* The first slices of the range have nothing mapped. */
	fake_map(FAKE_PAGES - 1, 1, FAKE_ANON, SVM_PLACE_DEVICE, 0);
	svm = fake_open();
	assert_int_equal(svm_migrate(svm, fake_addr(0), FAKE_PAGES * FAKE_PAGE,
				     svm_on_node(1), NULL, &result),
			 0);
	check_sums(&result, FAKE_PAGES);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 1);
	svm_close(svm);
}

static void another_context_steps_in(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_add_device(1, 100);
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_DEVICE, 1);
	svm = fake_open();
	fake.device[0].gone = true;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_node(1), NULL, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 10);
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_device(0), NULL, &result),
			 -ENODEV);
	/* And move_pages() when none is left. */
	fake.device[1].gone = true;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_node(0), NULL, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 10);
	assert_int_equal(fake_count(SVM_PLACE_SYSTEM, 0), 10);
	svm_close(svm);
}

static void module_without_device_memory(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 0)->capabilities = SVM_CAP_RESIDENCY;
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	fake.device[0].error = -EOPNOTSUPP;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_node(1), NULL, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 10);
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_device(0), NULL, &result),
			 -EOPNOTSUPP);
	svm_close(svm);
}

static void context_without_right_to_move_pages(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_DEVICE, 0);
	fake_map(10, 10, FAKE_FILE, SVM_PLACE_SYSTEM, 0);
	fake.move_error = -EPERM;
	svm = fake_open();
	assert_int_equal(svm_migrate(svm, fake_addr(0), 20 * FAKE_PAGE,
				     svm_on_node(1), NULL, &result),
			 0);
	check_sums(&result, 20);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 10);
	assert_int_equal(result.pages[SVM_PAGE_FILE], 10);
	svm_close(svm);
}

static void ranges_add_up(void **state)
{
	struct svm_range ranges[4];
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	uint8_t status[9];
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_trait(10, 1, FAKE_PINNED);
	ranges[0] = (struct svm_range){ fake_addr(0), 3 * FAKE_PAGE };
	ranges[1] = (struct svm_range){ fake_addr(5), 0 };
	ranges[2] = (struct svm_range){ (char *)fake_addr(9) + 5, FAKE_PAGE };
	ranges[3] = (struct svm_range){ fake_addr(15), 3 * FAKE_PAGE };
	svm = fake_open();
	opts.status = status;
	opts.status_count = 7;
	assert_int_equal(svm_migrate_ranges(svm, ranges, 4, svm_on_device(0),
					    &opts, &result),
			 -EMSGSIZE);
	assert_int_equal(fake_count(SVM_PLACE_DEVICE, 0), 0);
	opts.status_count = 9;
	memset(status, 0xee, sizeof(status));
	assert_int_equal(svm_migrate_ranges(svm, ranges, 4, svm_on_device(0),
					    &opts, &result),
			 0);
	check_sums(&result, 8);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 7);
	assert_int_equal(status[3], SVM_PAGE_MOVED);
	assert_int_equal(status[4], SVM_PAGE_PINNED);
	assert_int_equal(status[7], SVM_PAGE_MOVED);
	assert_int_equal(status[8], 0xee);
	svm_close(svm);
}

static void first_bad_range_ends_it(void **state)
{
	struct svm_range ranges[3];
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_result before = result;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	ranges[0] = (struct svm_range){ fake_addr(0), FAKE_PAGE };
	ranges[1] = (struct svm_range){ fake_addr(30), FAKE_PAGE };
	ranges[2] = (struct svm_range){ fake_addr(1), FAKE_PAGE };
	svm = fake_open();
	assert_int_equal(svm_migrate_ranges(svm, ranges, 3, svm_on_device(0),
					    NULL, &result),
			 -EFAULT);
	assert_int_equal(fake_count(SVM_PLACE_DEVICE, 0), 1);
	assert_memory_equal(&result, &before, sizeof(result));

	/* A range that can't be is found before anything moves. */
	ranges[1].addr = (void *)-1;
	assert_int_equal(svm_migrate_ranges(svm, ranges + 1, 2,
					    svm_on_device(0), NULL, &result),
			 -EINVAL);
	assert_int_equal(fake_count(SVM_PLACE_DEVICE, 0), 1);
	svm_close(svm);
}

static void bad_arguments(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_place nowhere = { SVM_PLACE_SWAP, 0 };
	struct svm_place zero = { 0, 0 };
	void *addr = fake_addr(0);
	uint8_t status[2];
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
#define refused(error, length, to, opts, result)                           \
	assert_int_equal(svm_migrate(svm, addr, length, to, opts, result), \
			 error)
	assert_int_equal(svm_migrate(NULL, addr, 1, svm_on_device(0), NULL,
				     NULL),
			 -EINVAL);
	assert_int_equal(svm_migrate_ranges(svm, NULL, 1, svm_on_device(0),
					    NULL, NULL),
			 -EINVAL);
	refused(-EINVAL, 1, nowhere, NULL, NULL);
	refused(-EINVAL, 1, zero, NULL, NULL);
	refused(-EINVAL, 1, svm_on_node(-2), NULL, NULL);
	refused(-EINVAL, 1, svm_on_node(2), NULL, NULL);
	refused(-EINVAL, 1, svm_on_node(1 << 20), NULL, NULL);
	refused(-EINVAL, 1, svm_on_device(UINT32_MAX), NULL, NULL);
	refused(-ENODEV, 1, svm_on_device(1), NULL, NULL);
	refused(-ENODEV, 0, svm_on_device(1), NULL, NULL);
	refused(-EINVAL, SIZE_MAX, svm_on_device(0), NULL, NULL);
	addr = (void *)(UINTPTR_MAX - 10);
	refused(-EINVAL, 5, svm_on_device(0), NULL, NULL);
	addr = fake_addr(0);

	opts.flags = SVM_F_OWNER_MM; /* not the caller's to say */
	refused(-EINVAL, 1, svm_on_device(0), &opts, NULL);
	opts.flags = 0;
	opts.size = 4;
	refused(-EINVAL, 1, svm_on_device(0), &opts, NULL);
	opts.size = sizeof(opts);
	opts.status_count = 1;
	refused(-EINVAL, 1, svm_on_device(0), &opts, NULL);
	opts.status = status;
	refused(-EMSGSIZE, 2 * FAKE_PAGE, svm_on_device(0), &opts, NULL);
	opts.status_count = 0;
	refused(-EMSGSIZE, 1, svm_on_node(0), &opts, NULL);

	result.size = 8;
	refused(-EINVAL, 1, svm_on_device(0), NULL, &result);
	result.size = UINT32_MAX;
	refused(-EINVAL, 1, svm_on_device(0), NULL, &result);
#undef refused
	assert_int_equal(fake.device[0].calls, 0);
	assert_int_equal(fake.move_calls + fake.query_calls, 0);
	svm_close(svm);
}

static void nothing_is_a_range_too(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	svm = fake_open();
	result.bytes_moved = 5;
	assert_int_equal(svm_migrate(svm, fake_addr(0), 0, svm_on_device(0),
				     NULL, &result),
			 0);
	check_sums(&result, 0);
	assert_int_equal(result.bytes_moved, 0);
	assert_int_equal(svm_migrate_ranges(svm, NULL, 0, svm_on_node(0), NULL,
					    &result),
			 0);
	assert_int_equal(fake.device[0].calls, 0);
	svm_close(svm);
}

static void acts_for_another_process(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_page pages[20];
	struct svm *svm, *none;
	int fd;

	(void)state;
	fake.pid = getppid();
	fake_add_device(0, 100);
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_map(10, 10, FAKE_FILE, SVM_PLACE_SYSTEM, 0);
	none = fake_open(); /* of the caller's own memory */
	fd = dup(none->devices[0].fd);
	opts.pid = fake.pid;
	opts.fds = &fd;
	opts.nr_fds = 1;
	assert_int_equal(svm_open_on(&svm, &opts, &fake.ops), 0);
	assert_int_equal(svm_migrate(svm, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_device(0), NULL, &result),
			 0);
	assert_int_equal(fake.device[0].last_flags, SVM_F_OWNER_MM);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 10);
	assert_int_equal(svm_migrate(svm, fake_addr(0), 20 * FAKE_PAGE,
				     svm_on_node(1), NULL, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 20);
	assert_int_equal(svm_residency(svm, fake_addr(0), 20 * FAKE_PAGE, pages,
				       20),
			 20);
	assert_int_equal(pages[5].id, 1);
	/* The library's flags are what makes the difference. */
	assert_int_equal(svm_migrate(none, fake_addr(0), 10 * FAKE_PAGE,
				     svm_on_device(0), NULL, &result),
			 -EXDEV);
	svm_close(svm);
	svm_close(none);
}

static void prefetch_is_a_hint(void **state)
{
	static const int harmless[] = { -ENODEV, -ENOMEM, -EOPNOTSUPP };
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;
	size_t i;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_map(10, 10, FAKE_ANON, SVM_PLACE_NONE, 0);
	svm = fake_open();
	assert_int_equal(svm_prefetch(svm, fake_addr(0), 20 * FAKE_PAGE,
				      svm_on_device(0), &result),
			 0);
	check_sums(&result, 20);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 10);
	assert_int_equal(result.pages[SVM_PAGE_HOLE], 10);

	/* No such device, no such node, nothing mapped. */
	assert_int_equal(svm_prefetch(svm, fake_addr(0), 20 * FAKE_PAGE,
				      svm_on_device(3), &result),
			 0);
	check_sums(&result, 20);
	assert_int_equal(result.bytes_left, 20 * FAKE_PAGE);
	assert_int_equal(result.pages[SVM_PAGE_NOT_REACHED], 20);
	assert_int_equal(svm_prefetch(svm, fake_addr(0), 20 * FAKE_PAGE,
				      svm_on_node(3), &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_NOT_REACHED], 20);
	assert_int_equal(svm_prefetch(svm, fake_addr(100), 20 * FAKE_PAGE,
				      svm_on_device(0), &result),
			 0);
	assert_int_equal(result.bytes_left, 20 * FAKE_PAGE);
	assert_int_equal(svm_prefetch(svm, fake_addr(100), 20 * FAKE_PAGE,
				      svm_on_device(0), NULL),
			 0);

	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		fake.device[0].error = harmless[i];
		assert_int_equal(svm_prefetch(svm, fake_addr(0), 20 * FAKE_PAGE,
					      svm_on_device(0), &result),
				 0);
		check_sums(&result, 20);
		assert_int_equal(result.bytes_left, 20 * FAKE_PAGE);
	}
	svm_close(svm);
}

static void prefetch_keeps_what_was_reached(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake.call_pages = 5;
	fake.device[0].error = -ENODEV;
	fake.device[0].error_after = 2;
	svm = fake_open();
	assert_int_equal(svm_prefetch(svm, fake_addr(0), 20 * FAKE_PAGE,
				      svm_on_device(0), &result),
			 0);
	check_sums(&result, 20);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 10);
	assert_int_equal(result.pages[SVM_PAGE_NOT_REACHED], 10);
	assert_int_equal(result.bytes_moved, 10 * FAKE_PAGE);
	svm_close(svm);
}

static void prefetch_errors(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_place nowhere = { SVM_PLACE_NONE, 0 };
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	assert_int_equal(svm_prefetch(NULL, fake_addr(0), 1, svm_on_device(0),
				      NULL),
			 -EINVAL);
	assert_int_equal(svm_prefetch(svm, fake_addr(0), 1, nowhere, NULL),
			 -EINVAL);
	assert_int_equal(svm_prefetch(svm, fake_addr(0), 1, svm_on_node(-5),
				      NULL),
			 -EINVAL);
	assert_int_equal(svm_prefetch(svm, (void *)-5, 10, svm_on_device(0),
				      NULL),
			 -EINVAL);
	result.size = 3;
	assert_int_equal(svm_prefetch(svm, fake_addr(0), 1, svm_on_device(0),
				      &result),
			 -EINVAL);
	fake.device[0].error = -ESRCH;
	assert_int_equal(svm_prefetch(svm, fake_addr(0), 1, svm_on_device(0),
				      NULL),
			 -ESRCH);
	svm_close(svm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(moves_to_a_device),
		fake_test(widens_to_pages),
		fake_test(calls_until_done),
		fake_test(gap_at_the_end_is_unmapped),
		fake_test(nothing_mapped_is_an_error),
		fake_test(passes_errors_on),
		fake_test(error_halfway_says_how_far),
		fake_test(module_that_stands_still_is_no_trap),
		fake_test(device_full_is_no_error),
		fake_test(makes_room),
		fake_test(resident_only_leaves_holes),
		fake_test(moves_to_a_node_and_completes),
		fake_test(any_node_calls_present_pages_there),
		fake_test(swap_cache_moves_by_move_pages),
		fake_test(long_range_to_a_node),
		fake_test(gap_in_front_is_no_error),
		fake_test(another_context_steps_in),
		fake_test(module_without_device_memory),
		fake_test(context_without_right_to_move_pages),
		fake_test(ranges_add_up),
		fake_test(first_bad_range_ends_it),
		fake_test(bad_arguments),
		fake_test(nothing_is_a_range_too),
		fake_test(acts_for_another_process),
		fake_test(prefetch_is_a_hint),
		fake_test(prefetch_keeps_what_was_reached),
		fake_test(prefetch_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
