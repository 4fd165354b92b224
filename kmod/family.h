/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_FAMILY_H
#define SVM_FAMILY_H

struct mutex;
struct vm_area_struct;

void svm_families_init(void);
struct mutex *svm_family(struct vm_area_struct *vma);
struct mutex *svm_family_trylock(struct vm_area_struct *vma);

#endif /* SVM_FAMILY_H */
