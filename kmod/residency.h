/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_RESIDENCY_H
#define SVM_RESIDENCY_H

struct svm_context;
struct svm_ioctl_residency;

int svm_residency(struct svm_context *ctx, struct svm_ioctl_residency *arg);

#endif /* SVM_RESIDENCY_H */
