// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One handle, many threads. Says most under SVM_SANITIZE=thread.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "fake.h"

#define THREADS 8
#define ROUNDS 50
#define PAGES 64

static struct svm *svm;
static atomic_int failures;

/* Each has pages of its own and moves them around, and asks about them. */
static void *work(void *arg)
{
	size_t first = (size_t)arg * PAGES;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct svm_result result = SVM_RESULT_INIT;
		struct svm_stats stats = SVM_STATS_INIT;
		struct svm_page pages[PAGES];
		struct svm_place to = i % 2 ? svm_on_node(i / 2 % 2)
					    : svm_on_device(0);

		if (svm_migrate(svm, fake_addr(first), PAGES * FAKE_PAGE, to,
				NULL, &result) ||
		    result.bytes_there != PAGES * FAKE_PAGE)
			failures++;
		if (svm_residency(svm, fake_addr(first), PAGES * FAKE_PAGE,
				  pages, PAGES) != PAGES ||
		    pages[PAGES - 1].place != to.type)
			failures++;
		if (svm_get_stats(svm, &stats) ||
		    stats.refused[SVM_PAGE_FILE] > THREADS * PAGES)
			failures++;
	}
	return NULL;
}

static void share_a_handle(void **state)
{
	struct svm_stats stats = SVM_STATS_INIT;
	pthread_t threads[THREADS];
	size_t i;

	(void)state;
	fake_add_device(0, THREADS * PAGES);
	fake_map(0, THREADS * PAGES, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, work, (void *)i), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(failures, 0);
	assert_int_equal(svm_get_stats(svm, &stats), 0);
	assert_int_equal(stats.bytes_to_device,
			 THREADS * PAGES * (ROUNDS / 2) * FAKE_PAGE);
	svm_close(svm);
}

int main(void)
{
	const struct CMUnitTest tests[] = { fake_test(share_a_handle) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
