// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extents: which advice holds for which part of an address space.
 *
 * A sorted array with a fixed number of places. A tree would need memory to split
 * an extent, and extents are split by munmap(), in a notifier that must not
 * allocate; here that moves entries up by one. A change by a call builds the
 * new set beside the old one, so that it happens as a whole or not at all.
 *
 * Locking: the caller's. Nothing here sleeps, allocates or knows the kernel: the
 * unit tests run it on the host.
 *
 * Limits: SVM_EXTENTS_MAX. Finding takes log2 of the number of extents, all else
 * that number of steps.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "extents.h"

static bool svm_advised_same(const struct svm_advised *a,
			     const struct svm_advised *b)
{
	return a->bits == b->bits && a->dest == b->dest && a->node == b->node;
}

/**
 * svm_extents_find() - the first extent that ends after an address
 * @set: the extents.
 * @addr: the address.
 *
 * Return: its index; the number of extents if there is none.
 */
unsigned int svm_extents_find(const struct svm_extents *set, unsigned long addr)
{
	unsigned int low = 0, high = set->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (set->at[mid].end > addr)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* Add a piece behind all others; it grows the last one if that is the same. */
static int svm_extents_append(struct svm_extents *set, unsigned long start,
			      unsigned long end, struct svm_advised what)
{
	struct svm_extent *last = set->nr ? &set->at[set->nr - 1] : NULL;

	if (start >= end || !what.bits)
		return 0;
	if (last && last->end == start && svm_advised_same(&last->what, &what)) {
		last->end = end;
		return 0;
	}
	if (set->nr == SVM_EXTENTS_MAX)
		return -ENOSPC;
	set->at[set->nr++] = (struct svm_extent){ start, end, what };
	return 0;
}

static void svm_advised_alter(struct svm_advised *what,
			      const struct svm_advice_change *change)
{
	if ((change->clear | change->set.bits) & SVM_ADVICE_PREFER) {
		what->dest = change->set.dest;
		what->node = change->set.node;
	}
	what->bits &= ~change->clear;
	what->bits |= change->set.bits;
}

/**
 * svm_extents_change() - what a set becomes by a change of a range
 * @old: the set.
 * @new: out: the new set, unfinished on an error.
 * @start: where the range begins.
 * @end: where it ends.
 * @change: what to do.
 *
 * Return: 0, or -ENOSPC if that were more than SVM_EXTENTS_MAX extents.
 */
int svm_extents_change(const struct svm_extents *old, struct svm_extents *new,
		       unsigned long start, unsigned long end,
		       const struct svm_advice_change *change)
{
	unsigned long at, stop;
	unsigned int i;
	int ret = 0;

	new->nr = 0;
	for (i = 0; i < old->nr && old->at[i].start < start && !ret; i++)
		ret = svm_extents_append(new, old->at[i].start,
					 min(old->at[i].end, start),
					 old->at[i].what);

	/* In the range: piece by piece, with advice until now and without. */
	i = svm_extents_find(old, start);
	for (at = start; at < end && !ret; at = stop) {
		struct svm_advised what = {};

		stop = end;
		if (i < old->nr && old->at[i].start <= at) {
			stop = min(old->at[i].end, end);
			what = old->at[i++].what;
		} else if (i < old->nr) {
			stop = min(old->at[i].start, end);
		}
		svm_advised_alter(&what, change);
		ret = svm_extents_append(new, at, stop, what);
	}

	for (i = svm_extents_find(old, end); i < old->nr && !ret; i++)
		ret = svm_extents_append(new, max(old->at[i].start, end),
					 old->at[i].end, old->at[i].what);
	return ret;
}

/* Remove @nr entries from index @i on. */
static void svm_extents_drop(struct svm_extents *set, unsigned int i,
			     unsigned int nr)
{
	memmove(&set->at[i], &set->at[i + nr],
		(set->nr - i - nr) * sizeof(set->at[0]));
	set->nr -= nr;
}

/**
 * svm_extents_cut() - take all advice of a range away
 * @set: the extents; changed in place.
 * @start: where the range begins.
 * @end: where it ends.
 *
 * A hole in an extent makes two of one. When there is no place for another, the
 * smaller of the two goes as well.
 *
 * Return: the size of what went without being in the range.
 */
unsigned long svm_extents_cut(struct svm_extents *set, unsigned long start,
			      unsigned long end)
{
	unsigned int i = svm_extents_find(set, start), last;
	struct svm_extent *e = &set->at[i];
	unsigned long before, behind;

	if (i == set->nr || e->start >= end)
		return 0;

	if (e->start < start && e->end > end) {
		before = start - e->start;
		behind = e->end - end;
		if (set->nr < SVM_EXTENTS_MAX) {
			memmove(e + 1, e, (set->nr - i) * sizeof(*e));
			set->nr++;
			e[0].end = start;
			e[1].start = end;
			return 0;
		}
		if (before < behind)
			e->start = end;
		else
			e->end = start;
		return min(before, behind);
	}

	if (e->start < start) {
		e->end = start;
		i++;
	}
	for (last = i; last < set->nr && set->at[last].end <= end; last++)
		;
	svm_extents_drop(set, i, last - i);
	if (i < set->nr && set->at[i].start < end)
		set->at[i].start = end;
	return 0;
}

/**
 * svm_extents_bytes() - how much memory some advice is for
 * @set: the extents.
 * @bits: mask of enum svm_advice; one of them is enough.
 */
u64 svm_extents_bytes(const struct svm_extents *set, u16 bits)
{
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		if (set->at[i].what.bits & bits)
			bytes += set->at[i].end - set->at[i].start;
	return bytes;
}
