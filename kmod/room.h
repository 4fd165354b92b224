/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_ROOM_H
#define SVM_ROOM_H

#include <linux/types.h>

struct svm_migration;
struct svm_ioctl_migrate;

bool svm_make_room(struct svm_migration *mig,
		   const struct svm_ioctl_migrate *arg, unsigned long want);
void svm_room_end(struct svm_migration *mig);

#endif /* SVM_ROOM_H */
