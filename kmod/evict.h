/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_EVICT_H
#define SVM_EVICT_H

#include <linux/svm.h>
#include <linux/types.h>

struct svm_device;
struct svm_ioctl_evict;

unsigned long svm_evict(struct svm_device *sdev, unsigned long nr,
			enum svm_event_cause cause, bool killable);
int svm_evict_ioctl(struct svm_device *sdev, struct svm_ioctl_evict *arg);

#endif /* SVM_EVICT_H */
