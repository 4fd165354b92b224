// SPDX-License-Identifier: GPL-2.0-only
/*
 * Atomics of the device, as the module plays it: one integer of 32 or 64 bits,
 * read, changed and written by one compare-and-exchange, so that they are also
 * atomic against the CPU where it may reach the same word.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/processor.h>
#include <linux/svm.h>

#include "atomic.h"

/**
 * svm_atomic_is_bad() - whether the fields of an atomic can't be
 * @op: what a user asks for; its type is not below SVM_ACCESS_ADD.
 */
bool svm_atomic_is_bad(const struct svm_access_op *op)
{
	if (op->type > SVM_ACCESS_SMAX || op->length)
		return true;
	if (op->width != sizeof(u32) && op->width != sizeof(u64))
		return true;
	if (op->compare && op->type != SVM_ACCESS_CAS)
		return true;
	/* High bits of a narrow operand would be lost without a word. */
	if (op->width == sizeof(u32) &&
	    (upper_32_bits(op->data) || upper_32_bits(op->compare)))
		return true;
	return op->addr % op->width;
}

static u64 svm_atomic_result(u64 old, const struct svm_access_op *op)
{
	bool narrow = op->width == sizeof(u32);
	s64 a = narrow ? (s32)old : (s64)old;
	s64 b = narrow ? (s32)op->data : (s64)op->data;

	switch (op->type) {
	case SVM_ACCESS_ADD:
		return old + op->data;
	case SVM_ACCESS_XCHG:
		return op->data;
	case SVM_ACCESS_CAS:
		return old == op->compare ? op->data : old;
	case SVM_ACCESS_AND:
		return old & op->data;
	case SVM_ACCESS_OR:
		return old | op->data;
	case SVM_ACCESS_XOR:
		return old ^ op->data;
	case SVM_ACCESS_MIN:
		return min(old, op->data);
	case SVM_ACCESS_MAX:
		return max(old, op->data);
	case SVM_ACCESS_SMIN:
		return min(a, b);
	case SVM_ACCESS_SMAX:
		return max(a, b);
	default:
		return old;
	}
}

/**
 * svm_atomic() - do an atomic on a word that the CPU can address
 * @word: aligned to its width.
 * @op: what to do; not bad.
 *
 * Return: the value before.
 */
u64 svm_atomic(void *word, const struct svm_access_op *op)
{
	u32 old32;
	u64 old;

	if (op->width == sizeof(u32)) {
		old32 = READ_ONCE(*(u32 *)word);
		while (!try_cmpxchg((u32 *)word, &old32,
				    (u32)svm_atomic_result(old32, op)))
			cpu_relax();
		return old32;
	}

	old = READ_ONCE(*(u64 *)word);
	while (!try_cmpxchg64((u64 *)word, &old, svm_atomic_result(old, op)))
		cpu_relax();
	return old;
}
