/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_QUOTA_H
#define SVM_QUOTA_H

#include <linux/types.h>

struct svm_claim;
struct svm_context;
struct svm_device;
struct svm_ioctl_quota;
struct svm_owner;

unsigned long svm_quota_pages(struct svm_owner *owner);
bool svm_quota_is_used_up(struct svm_device *sdev,
			  const struct svm_claim *claim);
int svm_quota_ioctl(struct svm_context *ctx, struct svm_ioctl_quota *arg);

#endif /* SVM_QUOTA_H */
