// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many ranges in the background, where there is no io_uring, and at once where
 * nobody works in the background. The guest tests have io_uring.
 */
#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <svm/batch.h>

#include "fake.h"

static struct fake_device *add_device(unsigned int id)
{
	struct fake_device *dev = fake_add_device(id, 1000);

	dev->capabilities |= SVM_CAP_ASYNC;
	return dev;
}

static struct svm_range range(size_t first, size_t nr)
{
	return (struct svm_range){ fake_addr(first), nr * FAKE_PAGE };
}

static int readable(const struct svm_batch *batch)
{
	struct pollfd p = { .fd = svm_batch_fd(batch), .events = POLLIN };

	return poll(&p, 1, 0);
}

/* The next that has ended is this one, and so has it ended. */
static struct svm_result next(struct svm_batch *batch, size_t index, int error)
{
	struct svm_result result = SVM_RESULT_INIT;
	size_t i = 1000;
	int got = 1;

	assert_int_equal(readable(batch), 1);
	assert_int_equal(svm_batch_wait(batch, -1), 0);
	assert_int_equal(svm_batch_next(batch, &i, &got, &result), 0);
	assert_int_equal(i, index);
	assert_int_equal(got, error);
	return result;
}

static void no_more(struct svm_batch *batch)
{
	size_t i;

	assert_int_equal(readable(batch), 0);
	assert_int_equal(svm_batch_wait(batch, -1), -ENODATA);
	assert_int_equal(svm_batch_next(batch, &i, NULL, NULL), -ENODATA);
}

static void have_results(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct fake_device *dev = add_device(0);
	const struct svm_range ranges[] = {
		range(0, 4),  range(4, 4), range(8, 0),
		range(20, 4), range(8, 8),
	};
	struct svm_batch *batch;
	struct svm *svm;
	size_t i = 7;
	int error = 1;

	(void)state;
	dev->hold_jobs = true;
	fake_map(0, 16, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_trait(5, 1, FAKE_PINNED);
	svm = fake_open();
	assert_int_equal(svm_migrate_batch(svm, ranges, 5, svm_on_device(0),
					   NULL, &batch),
			 0);
	assert_int_equal(svm_batch_way(batch), SVM_BATCH_BY_CALLS);
	/* Of the range without pages nothing is to be done. */
	assert_int_equal(next(batch, 2, 0).bytes_left, 0);
	assert_int_equal(readable(batch), 0);
	assert_int_equal(svm_batch_wait(batch, 0), -ETIMEDOUT);
	assert_int_equal(svm_batch_wait(batch, 1), -ETIMEDOUT);
	assert_int_equal(svm_batch_next(batch, &i, &error, &result), -EAGAIN);
	assert_int_equal(i, 7);
	assert_int_equal(error, 1);
	fake_run_jobs();
	assert_int_equal(next(batch, 0, 0).bytes_moved, 4 * FAKE_PAGE);
	result = next(batch, 1, 0);
	assert_int_equal(result.bytes_moved, 3 * FAKE_PAGE);
	assert_int_equal(result.pages[SVM_PAGE_PINNED], 1);
	assert_int_equal(result.bytes_left, FAKE_PAGE);
	result = next(batch, 3, -EFAULT);
	assert_int_equal(result.pages[SVM_PAGE_UNMAPPED], 4);
	assert_int_equal(readable(batch), 1);
	assert_int_equal(svm_batch_next(batch, NULL, NULL, NULL), 0);
	no_more(batch);
	assert_null(svm_batch_close(batch));
	assert_int_equal(fake_count_jobs(), 0);
	assert_int_equal(fake_count(SVM_PLACE_DEVICE, 0), 15);
	svm_close(svm);
}

static void are_cancelled(void **state)
{
	struct fake_device *dev = add_device(0);
	const struct svm_range ranges[] = { range(0, 4), range(4, 4) };
	struct svm_result result;
	struct svm_batch *batch;
	struct svm *svm;

	(void)state;
	dev->hold_jobs = true;
	fake_map(0, 8, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	assert_int_equal(svm_migrate_batch(svm, ranges, 2, svm_on_device(0),
					   NULL, &batch),
			 0);
	assert_int_equal(svm_batch_cancel(batch), 0);
	fake_run_jobs();
	assert_int_equal(svm_batch_cancel(batch), 0);
	result = next(batch, 0, -ECANCELED);
	assert_int_equal(result.bytes_left, 4 * FAKE_PAGE);
	assert_int_equal(result.pages[SVM_PAGE_NOT_REACHED], 4);
	/* The other's result nobody takes. */
	svm_batch_close(batch);
	assert_int_equal(fake_count_jobs(), 0);
	svm_close(svm);
}

/* By no device, and then by one that does not work in the background. */
static void are_done_at_once(void **state)
{
	const struct svm_range ranges[] = { range(0, 4), range(20, 4),
					    range(4, 4) };
	struct svm_batch *batch;
	struct svm *svm;
	int with;

	(void)state;
	fake_map(0, 8, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	for (with = 0; with < 2; with++) {
		struct svm_place to = svm_on_node(1);

		if (with) {
			fake_add_device(0, 1000);
			to = svm_on_device(0);
		}
		svm = fake_open();
		assert_int_equal(
			svm_migrate_batch(svm, ranges, 3, to, NULL, &batch), 0);
		assert_int_equal(svm_batch_way(batch), SVM_BATCH_AT_ONCE);
		assert_int_equal(svm_batch_cancel(batch), 0);
		assert_int_equal(next(batch, 0, 0).bytes_there, 4 * FAKE_PAGE);
		assert_int_equal(
			next(batch, 1, -EFAULT).pages[SVM_PAGE_UNMAPPED], 4);
		assert_int_equal(next(batch, 2, 0).bytes_there, 4 * FAKE_PAGE);
		no_more(batch);
		svm_batch_close(batch);
		svm_close(svm);
	}
	assert_int_equal(fake_count(SVM_PLACE_DEVICE, 0), 8);
}

static void may_be_nothing(void **state)
{
	const struct svm_range ranges[] = { range(0, 0) };
	struct svm_batch *batch;
	struct svm *svm;

	(void)state;
	add_device(0);
	svm = fake_open();
	assert_int_equal(svm_migrate_batch(svm, NULL, 0, svm_on_device(0), NULL,
					   &batch),
			 0);
	no_more(batch);
	svm_batch_close(batch);
	assert_int_equal(svm_migrate_batch(svm, ranges, 1, svm_on_device(0),
					   NULL, &batch),
			 0);
	assert_int_equal(next(batch, 0, 0).bytes_there, 0);
	no_more(batch);
	svm_batch_close(batch);
	svm_close(svm);
}

/* A kernel that gives us no ring is not asked again and again. */
static void do_without_io_uring(void **state)
{
	const struct svm_range ranges[] = { range(0, 4) };
	struct fake_device *dev = add_device(0);
	struct svm_batch *batch;
	struct svm *svm;
	int i;

	(void)state;
	fake_map(0, 4, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	for (i = 0; i < 2; i++) {
		/* Nor is one that has no use for a ring. */
		assert_int_equal(fake.ring_calls, 0);
		assert_int_equal(svm_migrate_batch(svm, ranges, 1,
						   svm_on_device(0), NULL,
						   &batch),
				 0);
		svm_batch_close(batch);
	}
	svm_close(svm);
	dev->capabilities |= SVM_CAP_URING;
	svm = fake_open();
	for (i = 0; i < 2; i++) {
		assert_int_equal(svm_migrate_batch(svm, ranges, 1,
						   svm_on_device(0), NULL,
						   &batch),
				 0);
		assert_int_equal(fake.ring_calls, 1);
		assert_int_equal(svm_batch_way(batch), SVM_BATCH_BY_CALLS);
		assert_int_equal(next(batch, 0, 0).bytes_there, 4 * FAKE_PAGE);
		svm_batch_close(batch);
	}
	svm_close(svm);
}

static void are_too_many(void **state)
{
	struct svm_range ranges[SVM_JOBS_MAX + 1];
	struct fake_device *dev = add_device(0);
	struct svm_batch *first, *second = NULL;
	struct svm *svm;
	size_t i;

	(void)state;
	dev->hold_jobs = true;
	fake_map(0, SVM_JOBS_MAX + 1, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	for (i = 0; i <= SVM_JOBS_MAX; i++)
		ranges[i] = range(i, 1);
	svm = fake_open();
	assert_int_equal(svm_migrate_batch(svm, ranges, SVM_JOBS_MAX + 1,
					   svm_on_device(0), NULL, &second),
			 -E2BIG);
	assert_null(second);
	assert_int_equal(svm_migrate_batch(svm, ranges, SVM_JOBS_MAX - 1,
					   svm_on_device(0), NULL, &first),
			 0);
	/* One is begun, for the others there is no room. */
	assert_int_equal(svm_migrate_batch(svm, ranges, 3, svm_on_device(0),
					   NULL, &second),
			 0);
	assert_int_equal(next(second, 1, -EBUSY).pages[SVM_PAGE_NOT_REACHED],
			 1);
	assert_int_equal(next(second, 2, -EBUSY).bytes_left, FAKE_PAGE);
	assert_int_equal(svm_batch_next(second, NULL, NULL, NULL), -EAGAIN);
	fake_run_jobs();
	for (i = 0; i < SVM_JOBS_MAX - 1; i++)
		assert_int_equal(next(first, i, 0).bytes_moved, FAKE_PAGE);
	assert_int_equal(next(second, 0, 0).bytes_there, FAKE_PAGE);
	no_more(first);
	no_more(second);
	svm_batch_close(first);
	svm_batch_close(second);
	svm_close(svm);
}

static void refuse(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	const struct svm_range good = range(0, 4);
	const struct svm_range ranges[] = { good, { fake_addr(0), SIZE_MAX } };
	const struct svm_place nowhere = { .type = SVM_PLACE_SWAP };
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_place to = svm_on_device(0);
	struct fake_device *dev = add_device(0);
	struct svm_batch *batch = NULL;
	uint8_t status[4];
	struct svm *svm;

	(void)state;
	fake_map(0, 4, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	assert_int_equal(svm_migrate_batch(NULL, &good, 1, to, NULL, &batch),
			 -EINVAL);
	assert_int_equal(svm_migrate_batch(svm, &good, 1, to, NULL, NULL),
			 -EINVAL);
	assert_int_equal(svm_migrate_batch(svm, NULL, 1, to, NULL, &batch),
			 -EINVAL);
	assert_int_equal(svm_migrate_batch(svm, &good, 1, nowhere, NULL,
					   &batch),
			 -EINVAL);
	assert_int_equal(svm_migrate_batch(svm, ranges, 2, to, NULL, &batch),
			 -EINVAL);
	assert_int_equal(svm_migrate_batch(svm, &good, 1, svm_on_device(1),
					   NULL, &batch),
			 -ENODEV);
	assert_int_equal(svm_migrate_batch(svm, &good, 1, svm_on_node(3), NULL,
					   &batch),
			 -EINVAL);
	opts.status = status;
	opts.status_count = 4;
	assert_int_equal(svm_migrate_batch(svm, &good, 1, to, &opts, &batch),
			 -EINVAL);
	opts = (struct svm_migrate_opts)SVM_MIGRATE_OPTS_INIT;
	opts.flags = 1u << 31;
	assert_int_equal(svm_migrate_batch(svm, &good, 1, to, &opts, &batch),
			 -EINVAL);
	assert_null(batch);
	assert_int_equal(fake_count_jobs(), 0);

	assert_int_equal(svm_batch_way(NULL), -EINVAL);
	assert_int_equal(svm_batch_fd(NULL), -EINVAL);
	assert_int_equal(svm_batch_wait(NULL, 0), -EINVAL);
	assert_int_equal(svm_batch_next(NULL, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(svm_batch_cancel(NULL), -EINVAL);
	assert_null(svm_batch_close(NULL));

	assert_int_equal(svm_migrate_batch(svm, &good, 1, to, NULL, &batch), 0);
	result.size = 8;
	assert_int_equal(svm_batch_next(batch, NULL, NULL, &result), -EINVAL);
	/* A module that tells of what was not asked for. */
	dev->wrong_ids = 1;
	assert_int_equal(next(batch, 0, -EPROTO).bytes_moved, 0);
	svm_batch_close(batch);
	dev->wrong_ids = 0;
	dev->gone = true;
	assert_int_equal(svm_migrate_batch(svm, &good, 1, to, NULL, &batch), 0);
	assert_int_equal(next(batch, 0, -ENODEV).bytes_left, 4 * FAKE_PAGE);
	svm_batch_close(batch);
	svm_close(svm);
}

static void are_not_the_childs(void **state)
{
	const struct svm_range ranges[] = { range(0, 4) };
	struct fake_device *dev = add_device(0);
	struct svm_batch *batch, *other;
	struct svm *svm;
	int status;
	pid_t pid;

	(void)state;
	fake_map(0, 4, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	dev->hold_jobs = true;
	svm = fake_open();
	assert_int_equal(svm_migrate_batch(svm, ranges, 1, svm_on_device(0),
					   NULL, &batch),
			 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		bool ok = svm_migrate_batch(svm, ranges, 1, svm_on_device(0),
					    NULL, &other) == -EXDEV &&
			  svm_batch_wait(batch, 0) == -EXDEV &&
			  svm_batch_next(batch, NULL, NULL, NULL) == -EXDEV &&
			  svm_batch_cancel(batch) == -EXDEV;

		svm_batch_close(batch);
		_exit(ok ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fake_run_jobs();
	assert_int_equal(next(batch, 0, 0).bytes_moved, 4 * FAKE_PAGE);
	svm_batch_close(batch);
	svm_close(svm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(have_results),
		fake_test(are_cancelled),
		fake_test(are_done_at_once),
		fake_test(may_be_nothing),
		fake_test(do_without_io_uring),
		fake_test(are_too_many),
		fake_test(refuse),
		fake_test(are_not_the_childs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
