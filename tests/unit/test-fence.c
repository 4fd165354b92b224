// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moving in the background, and at once where nobody can do that.
 */
#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <svm/fence.h>

#include "fake.h"

static struct fake_device *add_device(unsigned int id)
{
	struct fake_device *dev = fake_add_device(id, 1000);

	dev->capabilities |= SVM_CAP_ASYNC;
	return dev;
}

static struct svm_fence *begin(struct svm *svm, size_t first, size_t nr,
			       struct svm_place to)
{
	struct svm_fence *fence;

	assert_int_equal(svm_migrate_async(svm, fake_addr(first),
					   nr * FAKE_PAGE, to, NULL, &fence),
			 0);
	return fence;
}

static int readable(const struct svm_fence *fence)
{
	struct pollfd p = { .fd = svm_fence_fd(fence), .events = POLLIN };

	return poll(&p, 1, 0);
}

static void ends(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct fake_device *dev = add_device(0);
	struct svm_fence *fence;
	int error = 1, i;
	struct svm *svm;

	(void)state;
	dev->hold_jobs = true;
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	fake_trait(3, 1, FAKE_PINNED);
	svm = fake_open();
	fence = begin(svm, 0, 20, svm_on_device(0));
	assert_int_equal(svm_fence_is_async(fence), 1);
	assert_int_equal(readable(fence), 0);
	assert_int_equal(svm_fence_wait(fence, 0), -ETIMEDOUT);
	assert_int_equal(svm_fence_wait(fence, 1), -ETIMEDOUT);
	assert_int_equal(svm_fence_result(fence, &error, &result), -EAGAIN);
	assert_int_equal(error, 1);
	assert_int_equal(result.bytes_moved, 0);
	fake_run_jobs();
	for (i = 0; i < 2; i++) {
		assert_int_equal(readable(fence), 1);
		assert_int_equal(svm_fence_wait(fence, -1), 0);
		assert_int_equal(svm_fence_result(fence, &error, &result), 0);
		assert_int_equal(error, 0);
		assert_int_equal(result.bytes_moved, 19 * FAKE_PAGE);
		assert_int_equal(result.bytes_there, 19 * FAKE_PAGE);
		assert_int_equal(result.bytes_left, FAKE_PAGE);
		assert_int_equal(result.pages[SVM_PAGE_PINNED], 1);
		assert_int_equal(result.pages[SVM_PAGE_NOT_REACHED], 0);
	}
	assert_int_equal(svm_fence_result(fence, NULL, NULL), 0);
	assert_int_equal(svm_fence_cancel(fence), -ENOENT);
	assert_null(svm_fence_close(fence));
	assert_int_equal(fake_count_jobs(), 0);
	svm_close(svm);
}

static void is_cancelled(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct fake_device *dev = add_device(0);
	struct svm_fence *fence;
	struct svm *svm;
	int error;

	(void)state;
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	dev->hold_jobs = true;
	fence = begin(svm, 0, 20, svm_on_device(0));
	assert_int_equal(svm_fence_cancel(fence), 0);
	fake_run_jobs();
	assert_int_equal(svm_fence_result(fence, &error, &result), 0);
	assert_int_equal(error, -ECANCELED);
	assert_int_equal(result.bytes_left, 20 * FAKE_PAGE);
	assert_int_equal(result.pages[SVM_PAGE_NOT_REACHED], 20);
	svm_fence_close(fence);

	/* Half of it was done. */
	dev->hold_jobs = false;
	dev->cancel_midway = true;
	fake.call_pages = 8;
	fence = begin(svm, 0, 20, svm_on_device(0));
	assert_int_equal(svm_fence_result(fence, &error, &result), 0);
	assert_int_equal(error, -ECANCELED);
	assert_int_equal(result.bytes_moved, 8 * FAKE_PAGE);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 8);
	assert_int_equal(result.pages[SVM_PAGE_NOT_REACHED], 12);
	svm_fence_close(fence);
	svm_close(svm);
}

static void finds_nothing_mapped(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_fence *fence;
	struct svm *svm;
	int error, with;

	(void)state;
	for (with = 0; with < 2; with++) {
		if (with)
			add_device(0);
		svm = fake_open();
		fence = begin(svm, 0, 4, svm_on_node(1));
		assert_int_equal(svm_fence_is_async(fence), with);
		assert_int_equal(svm_fence_result(fence, &error, &result), 0);
		assert_int_equal(error, -EFAULT);
		assert_int_equal(result.pages[SVM_PAGE_UNMAPPED], 4);
		svm_fence_close(fence);
		svm_close(svm);
	}
}

/* Without a device, and with one of a module that has no jobs. */
static void is_done_at_once(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_fence *fence;
	struct svm *svm;
	int error, with;

	(void)state;
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	for (with = 0; with < 2; with++) {
		if (with)
			fake_add_device(0, 1000);
		svm = fake_open();
		fence = begin(svm, 0, 20, svm_on_node(!with));
		assert_int_equal(svm_fence_is_async(fence), 0);
		assert_int_equal(readable(fence), 1);
		assert_int_equal(svm_fence_wait(fence, 0), 0);
		assert_int_equal(svm_fence_result(fence, &error, &result), 0);
		assert_int_equal(error, 0);
		assert_int_equal(result.bytes_moved, 20 * FAKE_PAGE);
		assert_int_equal(fake_count(SVM_PLACE_SYSTEM, !with), 20);
		assert_int_equal(svm_fence_cancel(fence), -ENOENT);
		svm_fence_close(fence);
		svm_close(svm);
	}
}

static void has_no_pages(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_fence *fence;
	struct svm *svm;

	(void)state;
	add_device(0);
	svm = fake_open();
	fence = begin(svm, 0, 0, svm_on_device(0));
	assert_int_equal(readable(fence), 1);
	assert_int_equal(svm_fence_result(fence, NULL, &result), 0);
	assert_int_equal(result.bytes_left, 0);
	svm_fence_close(fence);
	svm_close(svm);
}

/* Closed before their end: their results are taken when room is wanted. */
static void are_closed_early(void **state)
{
	struct fake_device *dev = add_device(0);
	struct svm_fence *fence;
	struct svm *svm;
	unsigned int i;

	(void)state;
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	dev->hold_jobs = true;
	for (i = 0; i < SVM_JOBS_MAX; i++)
		svm_fence_close(begin(svm, 0, 20, svm_on_device(0)));
	assert_int_equal(svm_migrate_async(svm, fake_addr(0), FAKE_PAGE,
					   svm_on_device(0), NULL, &fence),
			 -EBUSY);
	fake_run_jobs();
	assert_int_equal(fake_count_jobs(), SVM_JOBS_MAX);
	for (i = 0; i < 3; i++) {
		fence = begin(svm, 0, 20, svm_on_device(0));
		assert_int_equal(fake_count_jobs(), i + 1);
		svm_fence_close(fence);
	}
	svm_close(svm);
}

/* Those that are open count, until their results were asked for. */
static void are_too_many(void **state)
{
	struct svm_fence *fences[SVM_JOBS_MAX], *more = NULL;
	struct svm *svm;
	unsigned int i;

	(void)state;
	add_device(0);
	fake_map(0, 20, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	for (i = 0; i < SVM_JOBS_MAX; i++)
		fences[i] = begin(svm, 0, 20, svm_on_device(0));
	assert_int_equal(svm_migrate_async(svm, fake_addr(0), FAKE_PAGE,
					   svm_on_device(0), NULL, &more),
			 -EBUSY);
	assert_null(more);
	assert_int_equal(svm_fence_result(fences[5], NULL, NULL), 0);
	more = begin(svm, 0, 20, svm_on_device(0));
	svm_fence_close(more);
	for (i = 0; i < SVM_JOBS_MAX; i++)
		svm_fence_close(fences[i]);
	assert_int_equal(fake_count_jobs(), 0);
	svm_close(svm);
}

static void refuses(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	const struct svm_place nowhere = { 99, 0 };
	struct svm_fence *fence = NULL;
	struct fake_device *dev;
	uint8_t status[4];
	struct svm *svm;
	void *addr;

	(void)state;
	dev = add_device(0);
	fake_map(0, 4, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	addr = fake_addr(0);
#define ASYNC(svm, length, to, opts, out) \
	svm_migrate_async(svm, addr, length, to, opts, out)
	assert_int_equal(ASYNC(NULL, 1, svm_on_device(0), NULL, &fence),
			 -EINVAL);
	assert_int_equal(ASYNC(svm, 1, svm_on_device(0), NULL, NULL), -EINVAL);
	assert_int_equal(ASYNC(svm, 1, nowhere, NULL, &fence), -EINVAL);
	assert_int_equal(ASYNC(svm, SIZE_MAX, svm_on_device(0), NULL, &fence),
			 -EINVAL);
	assert_int_equal(ASYNC(svm, 1, svm_on_device(1), NULL, &fence),
			 -ENODEV);
	assert_int_equal(ASYNC(svm, 1, svm_on_node(3), NULL, &fence), -EINVAL);
	opts.status = status;
	opts.status_count = 4;
	assert_int_equal(ASYNC(svm, 1, svm_on_device(0), &opts, &fence),
			 -EINVAL);
	opts = (struct svm_migrate_opts)SVM_MIGRATE_OPTS_INIT;
	opts.flags = 1u << 31;
	assert_int_equal(ASYNC(svm, 1, svm_on_device(0), &opts, &fence),
			 -EINVAL);
	dev->gone = true;
	assert_int_equal(ASYNC(svm, 1, svm_on_device(0), NULL, &fence),
			 -ENODEV);
	dev->gone = false;
	assert_null(fence);
	assert_int_equal(fake_count_jobs(), 0);

	assert_int_equal(svm_fence_is_async(NULL), -EINVAL);
	assert_int_equal(svm_fence_fd(NULL), -EINVAL);
	assert_int_equal(svm_fence_wait(NULL, 0), -EINVAL);
	assert_int_equal(svm_fence_result(NULL, NULL, NULL), -EINVAL);
	assert_int_equal(svm_fence_cancel(NULL), -EINVAL);
	assert_null(svm_fence_close(NULL));

	fence = begin(svm, 0, 4, svm_on_device(0));
	result.size = 8;
	assert_int_equal(svm_fence_result(fence, NULL, &result), -EINVAL);
	dev->wrong_ids = 1;
	result.size = sizeof(result);
	assert_int_equal(svm_fence_result(fence, NULL, &result), -EPROTO);
	svm_fence_close(fence);
	svm_close(svm);
}

static void are_not_the_childs(void **state)
{
	struct fake_device *dev = add_device(0);
	struct svm_fence *fence, *other;
	struct svm *svm;
	int status;
	pid_t pid;

	(void)state;
	fake_map(0, 4, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	dev->hold_jobs = true;
	svm = fake_open();
	fence = begin(svm, 0, 4, svm_on_device(0));
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		bool ok = svm_migrate_async(svm, fake_addr(0), FAKE_PAGE,
					    svm_on_device(0), NULL,
					    &other) == -EXDEV &&
			  svm_fence_wait(fence, 0) == -EXDEV &&
			  svm_fence_result(fence, NULL, NULL) == -EXDEV &&
			  svm_fence_cancel(fence) == -EXDEV;

		svm_fence_close(fence);
		_exit(ok ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fake_run_jobs();
	assert_int_equal(svm_fence_wait(fence, -1), 0);
	assert_int_equal(svm_fence_result(fence, NULL, NULL), 0);
	svm_fence_close(fence);
	svm_close(svm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(ends),
		fake_test(is_cancelled),
		fake_test(finds_nothing_mapped),
		fake_test(is_done_at_once),
		fake_test(has_no_pages),
		fake_test(are_closed_early),
		fake_test(are_too_many),
		fake_test(refuses),
		fake_test(are_not_the_childs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
