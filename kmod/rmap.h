/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_RMAP_H
#define SVM_RMAP_H

#include <linux/types.h>

struct mm_struct;
struct vm_area_struct;

typedef bool (*svm_rmap_visitor)(struct vm_area_struct *vma,
				 unsigned long start, unsigned long end,
				 unsigned long pfn, void *arg);

bool svm_rmap_visit(unsigned long pfn, svm_rmap_visitor visit, void *arg);
struct mm_struct *svm_rmap_mm(unsigned long pfn, unsigned int nth,
			      unsigned long *addr);

#endif /* SVM_RMAP_H */
