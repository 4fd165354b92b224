/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_EDU_H
#define SVM_EDU_H

#include <linux/kconfig.h>

#if IS_ENABLED(CONFIG_PCI)
int svm_edu_init(void);
void svm_edu_exit(void);
#else
static inline int svm_edu_init(void)
{
	return 0;
}

static inline void svm_edu_exit(void)
{
}
#endif

#endif /* SVM_EDU_H */
