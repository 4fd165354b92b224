/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_FAULT_H
#define SVM_FAULT_H

#include <linux/mm_types.h>

struct vm_fault;

vm_fault_t svm_migrate_to_ram(struct vm_fault *vmf);

#endif /* SVM_FAULT_H */
