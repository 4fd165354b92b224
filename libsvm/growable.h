/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Structs that begin with their own size and may grow.
 *
 * Input: a caller that was built with an older header passes a shorter struct,
 * and the missing tail counts as zero. One built with a newer header passes a
 * longer struct, whose unknown tail must be zero. Output: as much as both know
 * is written, and what only the caller knows is zeroed. A size below that of
 * the first release, or above what any struct will need, is a mistake.
 */
#ifndef LIBSVM_GROWABLE_H
#define LIBSVM_GROWABLE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Beyond this a size is garbage; the kernel draws the line here as well. */
#define GROWABLE_MAX 4096

/* Size of @type as it was when @last was its last member. */
#define SIZE_UP_TO(type, last) \
	(offsetof(type, last) + sizeof(((type *)NULL)->last))

/**
 * growable_read() - take in a caller's options
 * @dst: zeroed here, then filled.
 * @known: sizeof(*dst).
 * @first: its size in the first release.
 * @src: the caller's struct, or NULL for all defaults.
 */
static inline int growable_read(void *dst, size_t known, size_t first,
				const void *src)
{
	const uint8_t *bytes = src;
	uint32_t size;
	size_t i;

	memset(dst, 0, known);
	if (!src)
		return 0;
	memcpy(&size, src, sizeof(size));
	if (size < first || size > GROWABLE_MAX)
		return -EINVAL;
	for (i = known; i < size; i++)
		if (bytes[i])
			return -EINVAL;
	memcpy(dst, src, size < known ? size : known);
	return 0;
}

/**
 * growable_check() - see that a caller's struct for an answer has a fit size
 * @dst: the caller's struct.
 * @first: its size in the first release.
 */
static inline int growable_check(const void *dst, size_t first)
{
	uint32_t size;

	if (!dst)
		return -EINVAL;
	memcpy(&size, dst, sizeof(size));
	return size < first || size > GROWABLE_MAX ? -EINVAL : 0;
}

/**
 * growable_write() - give out an answer
 * @dst: the caller's struct, already checked; its size member stays.
 * @src: the answer.
 * @known: sizeof(*src).
 */
static inline void growable_write(void *dst, const void *src, size_t known)
{
	const size_t head = sizeof(uint32_t);
	uint8_t *to = dst;
	const uint8_t *from = src;
	uint32_t size;

	memcpy(&size, dst, sizeof(size));
	if (size > known)
		memset(to + known, 0, size - known);
	memcpy(to + head, from + head, (size < known ? size : known) - head);
}

#endif /* LIBSVM_GROWABLE_H */
