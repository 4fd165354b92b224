// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moving in the background: a buffer is worked on part by part, and while the CPU
 * is at one part the next ones come home.
 *
 * usage: async [PARTS]
 */
#include <svm/fence.h>

#include "common.h"

#define PART ((size_t)1 << 20)
#define MAX_PARTS SVM_JOBS_MAX

int main(int argc, char **argv)
{
	size_t i, nr = argc > 1 ? strtoul(argv[1], NULL, 0) : 8;
	struct svm_fence *fences[MAX_PARTS];
	unsigned long sum = 0;
	struct svm_place to;
	struct svm *svm;
	void *mem;

	if (!nr || nr > MAX_PARTS)
		return 1;
	check(svm_open(&svm, NULL), "svm_open");
	check(svm_alloc(nr * PART, 0, &mem), "svm_alloc");
	memset(mem, 1, nr * PART);
	to = somewhere_else(svm);
	check(svm_migrate(svm, mem, nr * PART, to, NULL, NULL), "svm_migrate");

	for (i = 0; i < nr; i++)
		check(svm_migrate_async(svm, (char *)mem + i * PART, PART,
					svm_on_node(SVM_NODE_ANY), NULL,
					&fences[i]),
		      "svm_migrate_async");
	printf("%zu parts, %s\n", nr,
	       svm_fence_is_async(fences[0]) ? "in the background" : "at once");
	/* One that nobody needs; it may have come too far to be stopped. */
	if (svm_fence_cancel(fences[nr - 1]) == 0)
		printf("the last one is told to stay\n");

	for (i = 0; i < nr; i++) {
		struct svm_result result = SVM_RESULT_INIT;
		int error;

		check(svm_fence_wait(fences[i], -1), "svm_fence_wait");
		check(svm_fence_result(fences[i], &error, &result),
		      "svm_fence_result");
		printf("part %zu: %ju KiB moved: %s\n", i,
		       (uintmax_t)result.bytes_moved >> 10, strerror(-error));
		fences[i] = svm_fence_close(fences[i]);
		sum += ((unsigned char *)mem)[i * PART];
	}
	printf("%lu parts read as they were written\n", sum);

	check(svm_free(mem, nr * PART), "svm_free");
	svm_close(svm);
	return sum == nr ? 0 : 1;
}
