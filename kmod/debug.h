/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_DEBUG_H
#define SVM_DEBUG_H

#ifdef SVM_DEBUG
void svm_debug_init(void);
void svm_debug_exit(void);
#else
static inline void svm_debug_init(void)
{
}

static inline void svm_debug_exit(void)
{
}
#endif

#endif /* SVM_DEBUG_H */
