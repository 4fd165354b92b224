// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPU threads and a device count in the same words: no addition is lost. Then
 * the device has a page to itself for a moment, and changes two words as one.
 */
#include <pthread.h>

#include <svm/access.h>
#include <svm/exclusive.h>

#include "common.h"

#define THREADS 2
#define ROUNDS 1000
#define BATCH 50 /* of the device's additions in one call */

struct counters {
	uint64_t sum;
	uint64_t largest;
	uint64_t debit;
	uint64_t credit;
};

static struct counters *shared;

static void *count(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++)
		__atomic_fetch_add(&shared->sum, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* The device's part: in each call, BATCH additions and a maximum. */
static void device_counts(struct svm *svm, uint32_t id)
{
	struct svm_access_op ops[BATCH + 1];
	uint64_t i, k;

	for (i = 0; i < ROUNDS / BATCH; i++) {
		for (k = 0; k < BATCH; k++)
			ops[k] = svm_op_atomic(SVM_ACCESS_ADD, 8, &shared->sum,
					       1);
		ops[BATCH] =
			svm_op_atomic(SVM_ACCESS_MAX, 8, &shared->largest, i);
		check(svm_access(svm, id, ops, BATCH + 1, NULL), "svm_access");
		/* In order, so the first that was not done would be the last. */
		check(ops[BATCH].result, "device's atomic");
	}
}

/* While it is held, no CPU sees one word without the other. */
static void device_transfers(struct svm *svm, uint32_t id, uint64_t amount)
{
	struct svm_exclusive_opts opts = SVM_EXCLUSIVE_OPTS_INIT;
	struct svm_access_op ops[2];
	ssize_t pages;

	opts.hold_ms = 100;
	pages = svm_exclusive_acquire(svm, id, shared, sizeof(*shared), &opts);
	check(pages, "svm_exclusive_acquire");
	printf("%zd page held\n", pages);
	ops[0] = svm_op_atomic(SVM_ACCESS_ADD, 8, &shared->debit, -amount);
	ops[1] = svm_op_atomic(SVM_ACCESS_ADD, 8, &shared->credit, amount);
	check(svm_access(svm, id, ops, 2, NULL), "svm_access");
	check(ops[1].result, "device's atomic");
	check(svm_exclusive_release(svm, id, shared, sizeof(*shared)),
	      "svm_exclusive_release");
}

int main(void)
{
	pthread_t threads[THREADS];
	struct svm *svm;
	int i, id;
	void *mem;

	check(svm_open(&svm, NULL), "svm_open");
	check(svm_alloc(1, 0, &mem), "svm_alloc");
	shared = mem;
	shared->debit = 1000;
	id = able_device(svm, SVM_CAP_ACCESS);
	if (id < 0)
		puts("there is no device that could take part");

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, count, NULL))
			return 1;
	if (id >= 0)
		device_counts(svm, (uint32_t)id);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%llu counted, the device's largest is %llu\n",
	       (unsigned long long)shared->sum,
	       (unsigned long long)shared->largest);
	if (shared->sum != ROUNDS * (THREADS + (id >= 0)))
		return 1;

	id = able_device(svm, SVM_CAP_EXCLUSIVE);
	if (id >= 0)
		device_transfers(svm, (uint32_t)id, 300);
	printf("%llu and %llu\n", (unsigned long long)shared->debit,
	       (unsigned long long)shared->credit);
	if (shared->debit + shared->credit != 1000)
		return 1;
	svm_free(mem, 1);
	svm_close(svm);
	return 0;
}
