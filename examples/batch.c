// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moving many ranges in the background: every second piece of a buffer
 * goes away by one call, and what comes of each is told as it ends.
 *
 * usage: batch [RANGES]
 */
#include <svm/batch.h>

#include "common.h"

#define PIECE ((size_t)64 << 10)
#define MAX_RANGES SVM_JOBS_MAX

static const char *const ways[] = {
	[SVM_BATCH_AT_ONCE] = "at once",
	[SVM_BATCH_BY_CALLS] = "in the background, a call for each",
	[SVM_BATCH_BY_URING] = "in the background, one call for all",
};

int main(int argc, char **argv)
{
	size_t i, index, nr = argc > 1 ? strtoul(argv[1], NULL, 0) : 16;
	struct svm_range ranges[MAX_RANGES];
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_batch *batch;
	uint64_t there = 0;
	struct svm *svm;
	void *mem;
	int error;

	if (!nr || nr > MAX_RANGES)
		return 1;
	check(svm_open(&svm, NULL), "svm_open");
	check(svm_alloc(2 * nr * PIECE, 0, &mem), "svm_alloc");
	memset(mem, 1, 2 * nr * PIECE);
	for (i = 0; i < nr; i++)
		ranges[i] = (struct svm_range){ (char *)mem + 2 * i * PIECE,
						PIECE };

	check(svm_migrate_batch(svm, ranges, nr, somewhere_else(svm), NULL,
				&batch),
	      "svm_migrate_batch");
	printf("%zu ranges: %s\n", nr, ways[svm_batch_way(batch)]);
	while (svm_batch_wait(batch, -1) == 0) {
		check(svm_batch_next(batch, &index, &error, &result),
		      "svm_batch_next");
		printf("range %zu: %ju KiB are there: %s\n", index,
		       (uintmax_t)result.bytes_there >> 10, strerror(-error));
		there += result.bytes_there;
	}
	printf("%ju of %zu KiB are there\n", (uintmax_t)there >> 10,
	       nr * PIECE >> 10);

	batch = svm_batch_close(batch);
	check(svm_free(mem, 2 * nr * PIECE), "svm_free");
	svm_close(svm);
	return 0;
}
