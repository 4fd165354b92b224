// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams: CPUs that touch device memory in order, and how much a touch shall
 * bring home.
 *
 * A touch leaves a note of which page is expected next. A touch where none is
 * expected brings one page, and expects the neighbours of it: it may be the first
 * of a stream, up or down. One that was expected brings 64 KiB, the next twice as
 * much, up to 2 MiB, and expects what lies behind. So a stream is told by where it
 * goes on, not by who it is: threads that share an address space, and each read a
 * part of it, are so many streams, and a touch elsewhere ends none.
 *
 * Pages that are at home already are no faults. So a stream also goes on where they
 * make it begin late, within 64 KiB; a first guess has to be right.
 *
 * What a touch brings ends where a multiple of its size does. From wherever a
 * stream begins, it soon goes by whole aligned pieces, and never from one
 * page table page into the next.
 *
 * Notes are kept in sets of a hash table for all address spaces. They are hints:
 * when a set is full, the oldest goes, and its stream begins anew with one page.
 * First guesses have places of their own in each set, so that touches here and
 * there can't drive out streams; and there are few of these places, since a guess
 * that lies around comes true by chance: with n pages that are touched at random,
 * one touch of n / 64.
 *
 * Locking: a spinlock for each set, a leaf. None is held for longer than it takes to
 * look through a set.
 *
 * Limits: 12 KiB for the machine: 448 streams, and 32 that just begin.
 */
#include <linux/align.h>
#include <linux/hash.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/spinlock.h>

#include "pool.h"
#include "stream.h"

#define SVM_STREAM_BITS		5
#define SVM_STREAM_WAYS		16
#define SVM_STREAM_GUESSES	2 /* of each set: one up, one down */

/* What the second touch of a stream brings: 64 KiB. */
#define SVM_STREAM_ORDER	4
#define SVM_STREAM_BYTES	(PAGE_SIZE << SVM_STREAM_ORDER)

/**
 * struct svm_stream_set - notes with the same hash
 * @lock: protects the others.
 * @clock: counts notes.
 * @at: the notes; guesses come first.
 */
struct svm_stream_set {
	spinlock_t lock; /* see above */
	u32 clock;
	struct svm_stream at[SVM_STREAM_WAYS];
};

static struct svm_stream_set svm_streams[1 << SVM_STREAM_BITS];

void svm_streams_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(svm_streams); i++)
		spin_lock_init(&svm_streams[i].lock);
}

static struct svm_stream_set *svm_stream_set_of(const struct mm_struct *mm,
						unsigned long addr)
{
	addr = ALIGN_DOWN(addr, SVM_STREAM_BYTES);
	return &svm_streams[hash_long((unsigned long)mm + addr,
				      SVM_STREAM_BITS)];
}

static bool svm_stream_expects(const struct svm_stream *stream,
			       const struct mm_struct *mm, unsigned long addr)
{
	if (stream->mm != mm)
		return false;
	if (!stream->order)
		return stream->at == addr;
	if (ALIGN_DOWN(stream->at, SVM_STREAM_BYTES) !=
	    ALIGN_DOWN(addr, SVM_STREAM_BYTES))
		return false;
	return stream->down ? addr <= stream->at : addr >= stream->at;
}

/* The note that expects a page: of several, the longest stream's. */
static struct svm_stream *svm_stream_find(struct svm_stream_set *set,
					  const struct mm_struct *mm,
					  unsigned long addr)
{
	struct svm_stream *found = NULL;
	unsigned int i;

	lockdep_assert_held(&set->lock);

	for (i = 0; i < SVM_STREAM_WAYS; i++) {
		struct svm_stream *stream = &set->at[i];

		if (svm_stream_expects(stream, mm, addr) &&
		    (!found || stream->order > found->order))
			found = stream;
	}
	return found;
}

/* Where to keep a note: a stream's, in the place of the oldest. */
static struct svm_stream *svm_stream_place(struct svm_stream_set *set,
					   const struct svm_stream *stream)
{
	struct svm_stream *oldest = &set->at[SVM_STREAM_GUESSES];
	unsigned int i;

	lockdep_assert_held(&set->lock);

	if (!stream->order)
		return &set->at[stream->down];
	for (i = SVM_STREAM_GUESSES; i < SVM_STREAM_WAYS; i++) {
		if (!set->at[i].mm)
			return &set->at[i];
		if (set->clock - set->at[i].age > set->clock - oldest->age)
			oldest = &set->at[i];
	}
	return oldest;
}

static void svm_stream_put(struct svm_stream stream)
{
	struct svm_stream_set *set = svm_stream_set_of(stream.mm, stream.at);

	spin_lock(&set->lock);
	stream.age = ++set->clock;
	*svm_stream_place(set, &stream) = stream;
	spin_unlock(&set->lock);
}

static void svm_stream_forget(const struct mm_struct *mm, unsigned long addr)
{
	struct svm_stream_set *set = svm_stream_set_of(mm, addr);
	struct svm_stream *stream;

	spin_lock(&set->lock);
	stream = svm_stream_find(set, mm, addr);
	if (stream)
		stream->mm = NULL;
	spin_unlock(&set->lock);
}

/**
 * svm_stream_reach() - how much a touch shall bring home
 * @mm: whose touch it is.
 * @addr: the page that was touched.
 * @reach: the answer; it may lie beyond the mapping.
 */
void svm_stream_reach(const struct mm_struct *mm, unsigned long addr,
		      struct svm_reach *reach)
{
	struct svm_stream_set *set = svm_stream_set_of(mm, addr);
	const struct svm_stream *found;
	struct svm_stream stream = { .mm = mm, .at = addr };
	unsigned long size = PAGE_SIZE;

	spin_lock(&set->lock);
	found = svm_stream_find(set, mm, addr);
	if (found)
		stream = *found;
	spin_unlock(&set->lock);

	if (found) {
		stream.order = clamp_t(u8, stream.order + 1, SVM_STREAM_ORDER,
				       SVM_BLOCK_ORDER);
		size <<= stream.order;
	}
	*reach = (struct svm_reach){
		.start = stream.down ? ALIGN_DOWN(addr, size) : addr,
		.end = stream.down ? addr + PAGE_SIZE :
				     ALIGN_DOWN(addr, size) + size,
		.stream = stream,
		.expected = found,
	};
}

/**
 * svm_stream_note() - note what to expect after a touch
 * @reach: the answer of svm_stream_reach(), as far as it could be used.
 * @moved: how many pages came home.
 */
void svm_stream_note(const struct svm_reach *reach, unsigned long moved)
{
	struct svm_stream next = reach->stream;

	next.unasked = moved ? moved - 1 : 0;
	if (!reach->expected) {
		next.at = reach->end;
		svm_stream_put(next);
		next.at = reach->start - PAGE_SIZE;
		next.down = true;
		svm_stream_put(next);
		return;
	}
	svm_stream_forget(next.mm, next.at);
	next.at = next.down ? reach->start - PAGE_SIZE : reach->end;
	svm_stream_put(next);
}
