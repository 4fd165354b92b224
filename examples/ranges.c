// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several ranges in one call: a tile of a matrix, which is a piece of each of
 * its rows, moves to where it will be worked on, and home again.
 */
#include "common.h"

#define ROWS 64
#define COLUMNS (64 * 1024) /* of 4 bytes: 256 KiB a row */
#define TILE (COLUMNS / 4)

int main(void)
{
	struct svm_result result = SVM_RESULT_INIT;
	const size_t length = (size_t)ROWS * COLUMNS * sizeof(float);
	struct svm_range ranges[ROWS];
	float *matrix, sum = 0;
	struct svm_place to;
	struct svm *svm;
	size_t i, k;
	void *mem;

	check(svm_open(&svm, NULL), "svm_open");
	check(svm_alloc(length, 0, &mem), "svm_alloc");
	matrix = (float *)mem;
	for (i = 0; i < (size_t)ROWS * COLUMNS; i++)
		matrix[i] = 1;

	for (i = 0; i < ROWS; i++) {
		ranges[i].addr = &matrix[i * COLUMNS + TILE];
		ranges[i].length = TILE * sizeof(float);
	}
	to = somewhere_else(svm);
	check(svm_migrate_ranges(svm, ranges, ROWS, to, NULL, &result),
	      "svm_migrate_ranges");
	printf("tile of %zu KiB: %zu KiB moved, %zu KiB there\n",
	       ROWS * TILE * sizeof(float) >> 10,
	       (size_t)result.bytes_moved >> 10,
	       (size_t)result.bytes_there >> 10);

	check(svm_migrate_ranges(svm, ranges, ROWS, svm_on_node(SVM_NODE_ANY),
				 NULL, &result),
	      "svm_migrate_ranges");
	printf("and home: %zu KiB moved\n", (size_t)result.bytes_moved >> 10);

	for (i = 0; i < ROWS; i++)
		for (k = TILE; k < (size_t)2 * TILE; k++)
			sum += matrix[i * COLUMNS + k];
	svm_free(mem, length);
	svm_close(svm);
	return sum == (float)(ROWS * TILE) ? 0 : 1;
}
