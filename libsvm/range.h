/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A range of whole pages.
 */
#ifndef LIBSVM_RANGE_H
#define LIBSVM_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "handle.h"

/**
 * struct svm_span - whole pages of an address space
 * @start: first byte.
 * @end: the byte after the last; equal to @start for no pages.
 */
struct svm_span {
	uintptr_t start;
	uintptr_t end;
};

int svm_widen(const struct svm *svm, const void *addr, size_t length,
	      struct svm_span *span);

static inline size_t svm_span_pages(const struct svm *svm, struct svm_span span)
{
	return (span.end - span.start) / svm->page_size;
}

#endif /* LIBSVM_RANGE_H */
