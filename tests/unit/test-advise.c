// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice through libsvm: which context is told what, and what the caller learns.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

#define PREFER SVM_ADVICE_PREFER
#define KEEP SVM_ADVICE_KEEP
#define PIN SVM_ADVICE_PIN
#define READ_MOSTLY SVM_ADVICE_READ_MOSTLY

static int give(struct svm *svm, size_t first, size_t pages, uint32_t set,
		uint32_t clear, struct svm_place place)
{
	struct svm_advise_opts opts = SVM_ADVISE_OPTS_INIT;

	opts.set = set;
	opts.clear = clear;
	opts.place = place;
	return svm_advise(svm, fake_addr(first), pages * FAKE_PAGE, &opts);
}

static const struct svm_place nowhere;

static struct svm *two_devices(void)
{
	fake_add_device(0, 1000);
	fake_add_device(2, 1000);
	fake_map(0, 200, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	return fake_open();
}

static void told_to_all(void **state)
{
	struct svm *svm = two_devices();
	int i;

	(void)state;
	assert_int_equal(give(svm, 0, 10, KEEP | READ_MOSTLY, 0, nowhere),
			 KEEP | READ_MOSTLY);
	for (i = 0; i < 3; i += 2) {
		assert_int_equal(fake.device[i].advice[9].bits,
				 KEEP | READ_MOSTLY);
		assert_int_equal(fake.device[i].advice[10].bits, 0);
	}
	assert_int_equal(give(svm, 5, 5, 0, KEEP, nowhere), 0);
	for (i = 0; i < 3; i += 2) {
		assert_int_equal(fake.device[i].advice[4].bits,
				 KEEP | READ_MOSTLY);
		assert_int_equal(fake.device[i].advice[5].bits, READ_MOSTLY);
	}
	svm_close(svm);
}

/* Of several preferred places the last one counts. */
static void one_preferred_place(void **state)
{
	struct svm *svm = two_devices();
	struct fake_advice *a = fake.device[0].advice;
	struct fake_advice *b = fake.device[2].advice;

	(void)state;
	assert_int_equal(give(svm, 0, 1, PREFER, 0, svm_on_device(0)), PREFER);
	assert_int_equal(a[0].bits, PREFER);
	assert_int_equal(a[0].dest, SVM_DEST_DEVICE);
	assert_int_equal(b[0].bits, 0);
	assert_int_equal(give(svm, 0, 1, PREFER, 0, svm_on_device(2)), PREFER);
	assert_int_equal(a[0].bits, 0);
	assert_int_equal(b[0].bits, PREFER);
	assert_int_equal(give(svm, 0, 1, PREFER | KEEP, 0, svm_on_node(1)),
			 PREFER | KEEP);
	assert_int_equal(a[0].bits, PREFER | KEEP);
	assert_int_equal(b[0].dest, SVM_DEST_SYSTEM);
	assert_int_equal(b[0].node, 1);
	assert_int_equal(give(svm, 0, 1, 0, PREFER, nowhere), 0);
	assert_int_equal(a[0].bits, KEEP);
	assert_int_equal(b[0].bits, KEEP);
	svm_close(svm);
}

static void pinned_on_one_device(void **state)
{
	struct svm *svm = two_devices();

	(void)state;
	assert_int_equal(give(svm, 0, 1, PIN | PREFER, 0, svm_on_device(2)),
			 PIN | PREFER);
	assert_int_equal(fake.device[2].advice[0].bits, PIN | PREFER);
	assert_int_equal(fake.device[0].advice[0].bits, 0);
	/* A device that is not there can't follow. */
	assert_int_equal(give(svm, 1, 1, PIN | KEEP, 0, svm_on_device(1)),
			 KEEP);
	assert_int_equal(fake.device[2].advice[1].bits, KEEP);
	svm_close(svm);
}

static void drops_what_no_one_follows(void **state)
{
	struct svm *svm;

	(void)state;
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	assert_int_equal(give(svm, 0, 10, KEEP | PIN | READ_MOSTLY, 0,
			      svm_on_device(0)),
			 0);
	assert_int_equal(svm_advice(svm, fake_addr(0), FAKE_PAGE, NULL, 0), 0);
	svm_close(svm);

	/* As on a kernel without device private memory. */
	fake_add_device(0, 0)->capabilities &= ~(uint64_t)SVM_CAP_TO_DEVICE;
	svm = fake_open();
	assert_int_equal(give(svm, 0, 10, KEEP | READ_MOSTLY | PREFER, 0,
			      svm_on_device(0)),
			 KEEP);
	assert_int_equal(give(svm, 0, 10, READ_MOSTLY, 0, nowhere), 0);
	assert_int_equal(give(svm, 0, 10, PREFER, 0, svm_on_node(1)), PREFER);
	/* An older module does not know advice. */
	svm_close(svm);
	fake.device[0].capabilities &= ~(uint64_t)SVM_CAP_ADVISE;
	svm = fake_open();
	assert_int_equal(give(svm, 0, 10, KEEP, 0, nowhere), 0);
	svm_close(svm);
}

static void call_by_call(void **state)
{
	struct svm *svm = two_devices();

	(void)state;
	fake.call_pages = 7;
	assert_int_equal(give(svm, 0, 200, KEEP, 0, nowhere), KEEP);
	assert_int_equal(fake.device[0].advice[199].bits, KEEP);
	/* It ends in a gap, where a call of its own finds nothing. */
	assert_int_equal(give(svm, 186, 40, READ_MOSTLY, 0, nowhere),
			 READ_MOSTLY);
	assert_int_equal(fake.device[2].advice[199].bits, KEEP | READ_MOSTLY);
	fake.device[0].stands_still = true;
	assert_int_equal(give(svm, 0, 1, KEEP, 0, nowhere), -EPROTO);
	svm_close(svm);
}

static void errors(void **state)
{
	struct svm *svm = two_devices();
	struct svm_advise_opts opts = SVM_ADVISE_OPTS_INIT;
	struct svm_advised one;

	(void)state;
	assert_int_equal(give(NULL, 0, 1, KEEP, 0, nowhere), -EINVAL);
	assert_int_equal(svm_advise(svm, fake_addr(0), 1, NULL), -EINVAL);
	assert_int_equal(give(svm, 0, 1, 0, 0, nowhere), -EINVAL);
	assert_int_equal(give(svm, 0, 1, 1 << 4, 0, nowhere), -EINVAL);
	assert_int_equal(give(svm, 0, 1, KEEP, KEEP, nowhere), -EINVAL);
	assert_int_equal(give(svm, 0, 1, KEEP, 0, svm_on_device(0)), -EINVAL);
	assert_int_equal(give(svm, 0, 1, PREFER, 0, nowhere), -EINVAL);
	assert_int_equal(give(svm, 0, 1, PREFER, 0, svm_on_node(-2)), -EINVAL);
	assert_int_equal(give(svm, 0, 1, PREFER, 0, svm_on_node(3)), -EINVAL);
	assert_int_equal(give(svm, 0, 1, PIN, 0, svm_on_node(0)), -EINVAL);
	opts.set = KEEP;
	opts.flags = 1;
	assert_int_equal(svm_advise(svm, fake_addr(0), 1, &opts), -EINVAL);
	opts.flags = 0;
	opts.size = 8;
	assert_int_equal(svm_advise(svm, fake_addr(0), 1, &opts), -EINVAL);
	opts.size = sizeof(opts);
	assert_int_equal(svm_advise(svm, (void *)-1L, 2, &opts), -EINVAL);
	assert_int_equal(svm_advise(svm, fake_addr(0), 0, &opts), 0);
	assert_int_equal(give(svm, 1000, 1, KEEP, 0, nowhere), -EFAULT);
	fake.device[2].error = -EDQUOT;
	assert_int_equal(give(svm, 0, 1, PIN, 0, svm_on_device(2)), -EDQUOT);
	assert_int_equal(svm_advice(svm, fake_addr(0), 1, NULL, 0), -EDQUOT);
	fake.device[2].error = 0;
	/* A device that went away follows no advice any more. */
	fake.device[2].gone = true;
	assert_int_equal(give(svm, 0, 1, KEEP | PIN, 0, svm_on_device(2)),
			 KEEP);
	assert_int_equal(svm_advice(svm, fake_addr(0), 1, &one, 1), 1);
	assert_int_equal(one.device, 0);

	assert_int_equal(svm_advice(NULL, fake_addr(0), 1, NULL, 0), -EINVAL);
	assert_int_equal(svm_advice(svm, fake_addr(0), 1, NULL, 1), -EINVAL);
	assert_int_equal(svm_advice(svm, (void *)-1L, 2, NULL, 0), -EINVAL);
	svm_close(svm);
}

static void listed_by_device(void **state)
{
	struct svm *svm = two_devices();
	struct svm_advised list[4];

	(void)state;
	memset(list, 0xa5, sizeof(list));
	assert_int_equal(svm_advice(svm, fake_addr(0), 1, list, 4), 0);
	give(svm, 2, 3, PREFER | PIN, 0, svm_on_device(2));
	give(svm, 8, 1, PREFER, 0, svm_on_node(1));
	assert_int_equal(
		svm_advice(svm, fake_addr(0), 100 * FAKE_PAGE, list, 3), 3);
	assert_ptr_equal(list[0].addr, fake_addr(8));
	assert_int_equal(list[0].length, FAKE_PAGE);
	assert_int_equal(list[0].device, 0);
	assert_int_equal(list[0].place.type, SVM_PLACE_SYSTEM);
	assert_int_equal(list[0].place.id, 1);
	assert_ptr_equal(list[1].addr, fake_addr(2));
	assert_int_equal(list[1].length, 3 * FAKE_PAGE);
	assert_int_equal(list[1].advice, PREFER | PIN);
	assert_int_equal(list[1].device, 2);
	assert_int_equal(list[1].place.type, SVM_PLACE_DEVICE);
	assert_int_equal(list[1].place.id, 2);
	/* More than there is room for: counted, not written. */
	memset(list, 0xa5, sizeof(list));
	assert_int_equal(
		svm_advice(svm, fake_addr(0), 100 * FAKE_PAGE, list, 1), 3);
	assert_int_equal(list[1].advice, 0xa5a5a5a5);
	svm_close(svm);
}

static void settles(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm = two_devices();

	(void)state;
	fake.call_pages = 7;
	give(svm, 0, 10, PREFER, 0, svm_on_device(0));
	give(svm, 20, 10, PREFER, 0, svm_on_device(2));
	give(svm, 40, 10, PREFER, 0, svm_on_node(1));
	give(svm, 60, 10, PREFER, 0, svm_on_node(0));
	assert_int_equal(
		svm_settle(svm, fake_addr(0), 200 * FAKE_PAGE, &result), 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 30);
	assert_int_equal(result.pages[SVM_PAGE_ALREADY], 10);
	assert_int_equal(result.pages[SVM_PAGE_INDIFFERENT], 160);
	assert_int_equal(result.bytes_moved, 30 * FAKE_PAGE);
	assert_int_equal(fake_count(SVM_PLACE_DEVICE, 0), 10);
	assert_int_equal(fake_count(SVM_PLACE_DEVICE, 2), 10);
	assert_int_equal(fake_count(SVM_PLACE_SYSTEM, 1), 10);
	assert_true(fake.device[0].last_flags & SVM_MIGRATE_RESIDENT_ONLY);
	/* Ending in a gap; without pages; nothing but a gap. */
	assert_int_equal(
		svm_settle(svm, fake_addr(190), 20 * FAKE_PAGE, &result), 0);
	assert_int_equal(result.pages[SVM_PAGE_UNMAPPED], 10);
	assert_int_equal(svm_settle(svm, fake_addr(0), 0, &result), 0);
	assert_int_equal(svm_settle(svm, fake_addr(300), 1, NULL), -EFAULT);
	/* A device went away, and what it held is not its business any more. */
	fake.device[2].gone = true;
	assert_int_equal(svm_settle(svm, fake_addr(0), 200 * FAKE_PAGE, NULL),
			 0);
	fake.device[0].error = -ESRCH;
	assert_int_equal(svm_settle(svm, fake_addr(0), FAKE_PAGE, NULL),
			 -ESRCH);
	fake.device[0].error = 0;
	fake.device[0].stands_still = true;
	assert_int_equal(svm_settle(svm, fake_addr(0), FAKE_PAGE, NULL),
			 -EPROTO);
	assert_int_equal(svm_settle(NULL, fake_addr(0), 1, NULL), -EINVAL);
	assert_int_equal(svm_settle(svm, (void *)-1L, 2, NULL), -EINVAL);
	result.size = 4;
	assert_int_equal(svm_settle(svm, fake_addr(0), 1, &result), -EINVAL);
	svm_close(svm);
}

static void settles_nothing_without_a_device(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm;

	(void)state;
	fake_map(0, 10, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	assert_int_equal(svm_settle(svm, fake_addr(0), 10 * FAKE_PAGE, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_INDIFFERENT], 10);
	svm_close(svm);
}

/* More than the library asks for at once. */
static void long_lists(void **state)
{
	struct svm *svm = two_devices();
	struct svm_advised list[200];
	size_t i;

	(void)state;
	for (i = 0; i < 99; i++)
		give(svm, 2 * i, 1, KEEP, 0, nowhere);
	assert_int_equal(
		svm_advice(svm, fake_addr(0), 200 * FAKE_PAGE, list, 200), 198);
	for (i = 0; i < 198; i++) {
		assert_int_equal(list[i].device, i < 99 ? 0 : 2);
		assert_ptr_equal(list[i].addr, fake_addr(2 * (i % 99)));
	}
	svm_close(svm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(told_to_all),
		fake_test(one_preferred_place),
		fake_test(pinned_on_one_device),
		fake_test(drops_what_no_one_follows),
		fake_test(call_by_call),
		fake_test(errors),
		fake_test(listed_by_device),
		fake_test(settles),
		fake_test(settles_nothing_without_a_device),
		fake_test(long_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
