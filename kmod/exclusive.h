/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_EXCLUSIVE_H
#define SVM_EXCLUSIVE_H

#include <linux/kconfig.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct svm_context;
struct svm_ioctl_exclusive;
struct svm_mirror;
struct vm_area_struct;

/**
 * struct svm_holds - what a context keeps the CPU waiting for
 * @lock: protects the rest. Outside of nothing but leaves.
 * @list: of struct svm_hold.
 * @pages: in all of them.
 */
struct svm_holds {
	struct mutex lock; /* see above */
	struct list_head list;
	unsigned int pages;
};

static inline bool svm_exclusive_supported(void)
{
#ifdef SVM_HAVE_EXCLUSIVE
	return true;
#else
	return false;
#endif
}

int svm_exclusives_init(void);
void svm_exclusives_exit(void);
void svm_holds_init(struct svm_holds *holds);
void svm_holds_destroy(struct svm_holds *holds);
void svm_holds_let_go(struct svm_holds *holds, unsigned long start,
		      unsigned long end);
bool svm_holds_have(struct svm_holds *holds, unsigned long addr);
void svm_exclusive_look(struct svm_mirror *mirror, unsigned long addr);
void svm_exclusive_fault(struct vm_area_struct *vma, unsigned long addr);
int svm_exclusive_take(struct svm_mirror *mirror, unsigned long addr);
int svm_exclusive(struct svm_context *ctx, struct svm_ioctl_exclusive *arg);

#endif /* SVM_EXCLUSIVE_H */
