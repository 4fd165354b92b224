// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exclusive access: widening, pieces, holds, and who can't.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <svm/exclusive.h>

#include "fake.h"

#define MAX SVM_EXCLUSIVE_MAX_PAGES

static struct svm *open_one(void)
{
	fake_add_device(0, 1);
	return fake_open();
}

static void there_and_back(void **state)
{
	struct svm_exclusive_opts opts = SVM_EXCLUSIVE_OPTS_INIT;
	struct svm *svm = open_one();
	uint8_t status[4];

	(void)state;
	memset(status, 0xee, sizeof(status));
	opts.status = status;
	opts.status_count = 4;
	/* One byte of the first, and one of the third. */
	assert_int_equal(svm_exclusive_acquire(svm, 0, (char *)fake_addr(4) - 1,
					       FAKE_PAGE + 2, &opts),
			 3);
	assert_int_equal(status[0], SVM_EXCLUSIVE_YES);
	assert_int_equal(status[2], SVM_EXCLUSIVE_YES);
	assert_int_equal(status[3], 0xee);
	assert_int_equal(fake.device[0].exclusive[2], 0);
	assert_int_equal(fake.device[0].exclusive[6], 0);
	assert_int_equal(svm_exclusive_query(svm, 0, fake_addr(2),
					     4 * FAKE_PAGE, status, 4),
			 3);
	assert_int_equal(status[0], SVM_EXCLUSIVE_NO);
	assert_int_equal(status[1], SVM_EXCLUSIVE_YES);
	assert_int_equal(
		svm_exclusive_release(svm, 0, fake_addr(5), 10 * FAKE_PAGE), 1);
	assert_int_equal(svm_exclusive_query(svm, 0, fake_addr(0),
					     10 * FAKE_PAGE, NULL, 0),
			 2);
	svm_close(svm);
}

static void any_length(void **state)
{
	const size_t nr = 2 * MAX + 3;
	struct svm_exclusive_opts opts = SVM_EXCLUSIVE_OPTS_INIT;
	struct svm *svm = open_one();
	uint8_t status[2 * MAX + 3] = { 0 };

	(void)state;
	opts.status = status;
	opts.status_count = nr;
	assert_int_equal(svm_exclusive_acquire(svm, 0, fake_addr(1),
					       nr * FAKE_PAGE, &opts),
			 nr);
	assert_int_equal(fake.device[0].calls, 3);
	assert_int_equal(status[0], SVM_EXCLUSIVE_YES);
	assert_int_equal(status[nr - 1], SVM_EXCLUSIVE_YES);
	assert_int_equal(fake.device[0].exclusive[1 + nr], 0);
	assert_int_equal(svm_exclusive_query(svm, 0, fake_addr(0),
					     (nr + 5) * FAKE_PAGE, NULL, 0),
			 nr);
	assert_int_equal(svm_exclusive_release(svm, 0, fake_addr(0),
					       (nr + 5) * FAKE_PAGE),
			 nr);
	/* No page. */
	fake.device[0].calls = 0;
	assert_int_equal(svm_exclusive_acquire(svm, 0, fake_addr(1), 0, NULL),
			 0);
	assert_int_equal(svm_exclusive_release(svm, 0, fake_addr(1), 0), 0);
	assert_int_equal(fake.device[0].calls, 0);
	svm_close(svm);
}

static void a_piece_fails(void **state)
{
	struct svm *svm = open_one();

	(void)state;
	fake.device[0].error = -ENOMEM;
	fake.device[0].error_after = 1;
	assert_int_equal(svm_exclusive_acquire(svm, 0, fake_addr(0),
					       (MAX + 1) * FAKE_PAGE, NULL),
			 -ENOMEM);
	assert_int_equal(fake.device[0].exclusive[0], SVM_EXCLUSIVE_YES);
	assert_int_equal(fake.device[0].exclusive[MAX], SVM_EXCLUSIVE_NO);
	svm_close(svm);
}

/* A hold is one call: what does not fit is refused before anything is held. */
static void holds(void **state)
{
	struct svm_exclusive_opts opts = SVM_EXCLUSIVE_OPTS_INIT;
	struct svm *svm = open_one();
	uint8_t status[MAX];

	(void)state;
	opts.hold_ms = 5;
	opts.status = status;
	opts.status_count = MAX;
	assert_int_equal(svm_exclusive_acquire(svm, 0, fake_addr(0),
					       MAX * FAKE_PAGE, &opts),
			 MAX);
	assert_int_equal(fake.device[0].last_hold, 5);
	assert_int_equal(status[MAX - 1], SVM_EXCLUSIVE_HELD);
	opts.status = NULL;
	opts.status_count = 0;
	fake.device[0].calls = 0;
	assert_int_equal(svm_exclusive_acquire(svm, 0, fake_addr(0),
					       (MAX + 1) * FAKE_PAGE, &opts),
			 -EMSGSIZE);
	assert_int_equal(fake.device[0].calls, 0);
	opts.hold_ms = SVM_EXCLUSIVE_MAX_HOLD_MS + 1;
	assert_int_equal(svm_exclusive_acquire(svm, 0, fake_addr(0), 1, &opts),
			 -EINVAL);
	fake.device[0].error = -EBUSY;
	opts.hold_ms = 1;
	assert_int_equal(svm_exclusive_acquire(svm, 0, fake_addr(0), 1, &opts),
			 -EBUSY);
	svm_close(svm);
}

static void bad_arguments(void **state)
{
	struct svm_exclusive_opts opts = SVM_EXCLUSIVE_OPTS_INIT;
	struct svm *svm = open_one();
	uint8_t status[2];
	void *a = fake_addr(0);

	(void)state;
	assert_int_equal(svm_exclusive_acquire(NULL, 0, a, 1, NULL), -EINVAL);
	assert_int_equal(svm_exclusive_release(NULL, 0, a, 1), -EINVAL);
	assert_int_equal(svm_exclusive_query(NULL, 0, a, 1, status, 2),
			 -EINVAL);
	assert_int_equal(svm_exclusive_release(svm, 0, a, SIZE_MAX), -EINVAL);
	assert_int_equal(svm_exclusive_query(svm, 0, a, 1, NULL, 2), -EINVAL);
	assert_int_equal(svm_exclusive_query(svm, 0, a, 2 * FAKE_PAGE + 1,
					     status, 2),
			 -EMSGSIZE);
	opts.status_count = 1;
	assert_int_equal(svm_exclusive_acquire(svm, 0, a, 1, &opts), -EINVAL);
	opts.status = status;
	assert_int_equal(svm_exclusive_acquire(svm, 0, a, FAKE_PAGE + 1, &opts),
			 -EMSGSIZE);
	opts = (struct svm_exclusive_opts)SVM_EXCLUSIVE_OPTS_INIT;
	opts.flags = 1;
	assert_int_equal(svm_exclusive_acquire(svm, 0, a, 1, &opts), -EINVAL);
	opts = (struct svm_exclusive_opts)SVM_EXCLUSIVE_OPTS_INIT;
	opts.reserved = 1;
	assert_int_equal(svm_exclusive_acquire(svm, 0, a, 1, &opts), -EINVAL);
	opts = (struct svm_exclusive_opts)SVM_EXCLUSIVE_OPTS_INIT;
	opts.size--;
	assert_int_equal(svm_exclusive_acquire(svm, 0, a, 1, &opts), -EINVAL);
	assert_int_equal(fake.device[0].calls, 0);
	svm_close(svm);
}

static void who_can_not(void **state)
{
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1)->capabilities &= ~(uint64_t)SVM_CAP_EXCLUSIVE;
	svm = fake_open();
	assert_int_equal(svm_exclusive_acquire(svm, 0, fake_addr(0), 1, NULL),
			 -EOPNOTSUPP);
	assert_int_equal(svm_exclusive_release(svm, 0, fake_addr(0), 1),
			 -EOPNOTSUPP);
	assert_int_equal(svm_exclusive_query(svm, 1, fake_addr(0), 1, NULL, 0),
			 -ENODEV);
	svm_close(svm);
}

static void no_module(void **state)
{
	struct svm *svm = fake_open();

	(void)state;
	assert_int_equal(svm_exclusive_acquire(svm, 0, fake_addr(0), 1, NULL),
			 -ENODEV);
	svm_close(svm);
}

static void for_another(void **state)
{
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open_for(getppid());
	assert_int_equal(svm_exclusive_acquire(svm, 0, fake_addr(0), 1, NULL),
			 1);
	assert_int_equal(fake.device[0].last_flags, SVM_F_OWNER_MM);
	svm_close(svm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(there_and_back), fake_test(any_length),
		fake_test(a_piece_fails),  fake_test(holds),
		fake_test(bad_arguments),  fake_test(who_can_not),
		fake_test(no_module),	   fake_test(for_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
