/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_MIGRATE_H
#define SVM_MIGRATE_H

#include <linux/types.h>

struct svm_context;
struct svm_ioctl_migrate;
struct svm_migration;
struct svm_scratch;

int svm_migrate_check(struct svm_context *ctx,
		      const struct svm_ioctl_migrate *arg);
int svm_migrate_begin(struct svm_migration *mig, struct svm_context *ctx,
		      struct svm_ioctl_migrate *arg, bool foreign,
		      unsigned long share);
int svm_migrate_share(struct svm_migration *mig, struct svm_ioctl_migrate *arg,
		      u32 flags, unsigned long limit);
void svm_migrate_report(struct svm_migration *mig,
			struct svm_ioctl_migrate *arg);
void svm_migrate_end(struct svm_migration *mig);
int svm_migrate(struct svm_context *ctx, struct svm_ioctl_migrate *arg);
void svm_scratch_free(struct svm_scratch *scratch);

#endif /* SVM_MIGRATE_H */
