/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_SETUP_H
#define SVM_SETUP_H

#include <linux/migrate.h>

/* Memory of our devices, of both kinds; whose it is the core asks the page's owner. */
#define SVM_SELECT_DEVICE	(MIGRATE_VMA_SELECT_DEVICE_PRIVATE |	\
				 MIGRATE_VMA_SELECT_DEVICE_COHERENT)

/* What its arrays have room for, as a multiple of the pages of the range. */
#define SVM_SETUP_SLACK 2

int svm_migrate_setup(struct migrate_vma *args);
void svm_migrate_put_back(struct migrate_vma *args);

#endif /* SVM_SETUP_H */
