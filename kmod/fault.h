/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_FAULT_H
#define SVM_FAULT_H

#include <linux/mm_types.h>

struct migrate_vma;
struct svm_event;
struct vm_fault;

vm_fault_t svm_migrate_to_ram(struct vm_fault *vmf);

/* Between fault.c and fault_huge.c. */
vm_fault_t svm_fault_run(struct vm_fault *vmf, struct migrate_vma *args,
			 struct svm_event *event);
vm_fault_t svm_fault_huge_entry(struct vm_fault *vmf, struct migrate_vma *args,
				struct svm_event *event);

#endif /* SVM_FAULT_H */
