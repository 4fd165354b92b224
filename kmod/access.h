/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_ACCESS_H
#define SVM_ACCESS_H

struct svm_context;
struct svm_ioctl_access;

int svm_access(struct svm_context *ctx, struct svm_ioctl_access *arg);

#endif /* SVM_ACCESS_H */
