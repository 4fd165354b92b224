/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_RMAP_H
#define SVM_RMAP_H

#include <linux/types.h>

struct mm_struct;

struct mm_struct *svm_rmap_mm(unsigned long pfn, unsigned int nth,
			      unsigned long *start, unsigned long *end);
bool svm_rmap_is_whole(unsigned long pfn);

#endif /* SVM_RMAP_H */
