/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_ATOMIC_H
#define SVM_ATOMIC_H

#include <linux/types.h>

struct svm_access_op;

bool svm_atomic_is_bad(const struct svm_access_op *op);
u64 svm_atomic(void *word, const struct svm_access_op *op);

#endif /* SVM_ATOMIC_H */
