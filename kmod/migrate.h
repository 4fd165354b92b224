/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_MIGRATE_H
#define SVM_MIGRATE_H

struct svm_context;
struct svm_ioctl_migrate;
struct svm_scratch;

int svm_migrate(struct svm_context *ctx, struct svm_ioctl_migrate *arg);
void svm_scratch_free(struct svm_scratch *scratch);

#endif /* SVM_MIGRATE_H */
