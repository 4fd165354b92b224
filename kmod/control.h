/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_CONTROL_H
#define SVM_CONTROL_H

int svm_control_init(void);
void svm_control_exit(void);

#endif /* SVM_CONTROL_H */
