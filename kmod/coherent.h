/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_COHERENT_H
#define SVM_COHERENT_H

int svm_coherent_create(const char *spec);
void svm_coherent_exit(void);

#endif /* SVM_COHERENT_H */
