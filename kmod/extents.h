/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_EXTENTS_H
#define SVM_EXTENTS_H

#include <linux/svm.h>
#include <linux/types.h>

/* The most extents of a set, see extents.c. */
#define SVM_EXTENTS_MAX SVM_ADVISE_MAX_RANGES

/**
 * struct svm_advised - what is advised for memory
 * @bits: mask of enum svm_advice.
 * @dest: with %SVM_ADVICE_PREFER: enum svm_migrate_dest, else 0.
 * @node: with %SVM_DEST_SYSTEM: the node, or NUMA_NO_NODE; else 0.
 */
struct svm_advised {
	u16 bits;
	u16 dest;
	s32 node;
};

/**
 * struct svm_extent - memory with the same advice
 * @start: first byte.
 * @end: the byte after the last.
 * @what: the advice; never none.
 */
struct svm_extent {
	unsigned long start;
	unsigned long end;
	struct svm_advised what;
};

/**
 * struct svm_extents - advice for an address space
 * @nr: entries in @at.
 * @at: in ascending order, apart from each other, or different.
 */
struct svm_extents {
	unsigned int nr;
	struct svm_extent at[SVM_EXTENTS_MAX];
};

/**
 * struct svm_advice_change - what to do to the advice of a range
 * @clear: mask of enum svm_advice to take away.
 * @set: what to put there; what has no bit in it is left as it is.
 */
struct svm_advice_change {
	u16 clear;
	struct svm_advised set;
};

unsigned int svm_extents_find(const struct svm_extents *set,
			      unsigned long addr);
int svm_extents_change(const struct svm_extents *old, struct svm_extents *new,
		       unsigned long start, unsigned long end,
		       const struct svm_advice_change *change);
unsigned long svm_extents_cut(struct svm_extents *set, unsigned long start,
			      unsigned long end);
u64 svm_extents_bytes(const struct svm_extents *set, u16 bits);

#endif /* SVM_EXTENTS_H */
