/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_WALK_H
#define SVM_WALK_H

#include <linux/bits.h>
#include <linux/types.h>
#include <linux/svm.h>

struct folio;
struct vm_area_struct;

/*
 * What the walk tells besides the published flags of a page; the answer to a
 * user does not have them.
 */
#define SVM_WALK_F_SHARED	BIT(4)	/* a huge device page that others map, too */
#define SVM_WALK_F_BARE	BIT(5)	/* a hole, and no page table there either */
#define SVM_WALK_F_ANON	BIT(6)	/* private anonymous memory */
#define SVM_WALK_F_KSM	BIT(7)	/* merged by KSM */
#define SVM_WALK_F_MASK	(SVM_WALK_F_SHARED | SVM_WALK_F_BARE |	\
			 SVM_WALK_F_ANON | SVM_WALK_F_KSM)

void svm_walk(struct vm_area_struct *vma, unsigned long start,
	      unsigned long nr, struct svm_page *pages);
bool svm_walk_finds(struct vm_area_struct *vma, unsigned long addr,
		    unsigned long pfn);
struct folio *svm_walk_get_folio(struct vm_area_struct *vma,
				 unsigned long addr);

#endif /* SVM_WALK_H */
