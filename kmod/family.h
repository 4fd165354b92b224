/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_FAMILY_H
#define SVM_FAMILY_H

struct svm_family;
struct vm_area_struct;

void svm_families_init(void);
struct svm_family *svm_family(struct vm_area_struct *vma);
void svm_family_lock(struct svm_family *family);
int svm_family_lock_killable(struct svm_family *family);
struct svm_family *svm_family_trylock(struct vm_area_struct *vma);
void svm_family_unlock(struct svm_family *family);

#endif /* SVM_FAMILY_H */
