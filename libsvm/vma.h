/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSVM_VMA_H
#define LIBSVM_VMA_H

#include <stddef.h>
#include <stdint.h>

#include "range.h"

/**
 * enum svm_vma_kind - what a mapping is of
 * @VMA_ANON: private anonymous memory.
 * @VMA_FILE: a file.
 * @VMA_SHMEM: tmpfs, memfd, System V or shared anonymous memory.
 * @VMA_HUGETLB: hugetlbfs.
 * @VMA_SPECIAL: a device node, vDSO and its like.
 */
enum svm_vma_kind {
	VMA_ANON,
	VMA_FILE,
	VMA_SHMEM,
	VMA_HUGETLB,
	VMA_SPECIAL,
};

/**
 * struct svm_vma - a mapping
 * @start: its first byte.
 * @end: the byte after its last.
 * @kind: what it is of.
 */
struct svm_vma {
	uintptr_t start;
	uintptr_t end;
	enum svm_vma_kind kind;
};

/**
 * struct svm_vmas - the mappings of a range
 * @vma: in ascending order.
 * @nr: how many.
 */
struct svm_vmas {
	struct svm_vma *vma;
	size_t nr;
};

int svm_vmas_parse(const char *line, struct svm_vma *vma);
int svm_vmas_load(struct svm_vmas *vmas, const struct svm *svm,
		  struct svm_span span);
const struct svm_vma *svm_vmas_find(const struct svm_vmas *vmas,
				    uintptr_t addr);

#endif /* LIBSVM_VMA_H */
