// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Widening a range of bytes to whole pages.
 */
#include <errno.h>

#include "range.h"

/**
 * svm_widen() - the pages that a range touches
 * @svm: the handle.
 * @addr: where the range begins.
 * @length: bytes; 0 gives a span without pages.
 * @span: the pages.
 *
 * Returns 0, or -EINVAL if it wraps, with the last page's end counting: that
 * page is never user memory.
 */
int svm_widen(const struct svm *svm, const void *addr, size_t length,
	      struct svm_span *span)
{
	uintptr_t mask = svm->page_size - 1;
	uintptr_t start = (uintptr_t)addr;
	uintptr_t end;

	if (__builtin_add_overflow(start, length, &end))
		return -EINVAL;
	if (__builtin_add_overflow(end, mask, &end))
		return -EINVAL;
	span->start = start & ~mask;
	span->end = length ? end & ~mask : span->start;
	return 0;
}
