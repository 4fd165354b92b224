/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_SETUP_H
#define SVM_SETUP_H

struct migrate_vma;

/* What its arrays have room for, as a multiple of the pages of the range. */
#define SVM_SETUP_SLACK 2

int svm_migrate_setup(struct migrate_vma *args);

#endif /* SVM_SETUP_H */
