/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_STREAM_H
#define SVM_STREAM_H

#include <linux/types.h>

struct mm_struct;

/**
 * struct svm_stream - what somebody is expected to touch next
 * @mm: the address space; only compared, it may be gone.
 * @at: the page, by address.
 * @down: the one after that is expected below it, not above.
 * @order: how much the last touch brought home, in pages: 0 if it was one.
 * @unasked: pages of that which nobody had touched.
 * @age: when it was noted, by the set's clock.
 */
struct svm_stream {
	const struct mm_struct *mm;
	unsigned long at;
	bool down;
	u8 order;
	u16 unasked;
	u32 age;
};

/**
 * struct svm_reach - what a touch shall bring home
 * @start: the first byte.
 * @end: the byte after the last.
 * @stream: the stream of which the touch is part, if @expected.
 * @expected: whether it was expected there.
 */
struct svm_reach {
	unsigned long start;
	unsigned long end;
	struct svm_stream stream;
	bool expected;
};

void svm_streams_init(void);
void svm_stream_reach(const struct mm_struct *mm, unsigned long addr,
		      struct svm_reach *reach);
void svm_stream_note(const struct svm_reach *reach, unsigned long moved);

#endif /* SVM_STREAM_H */
