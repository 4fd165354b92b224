/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs of the kernel module: moves in the background, as fences and batches want
 * them.
 */
#ifndef LIBSVM_JOB_H
#define LIBSVM_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "handle.h"
#include "migrate.h"
#include "range.h"

struct svm_device *svm_find_worker(struct svm *svm, struct svm_place to);
int svm_read_job_opts(struct svm_migrate_opts *known,
		      const struct svm_migrate_opts *opts, struct svm_place to);
struct svm_ioctl_submit svm_job_request(const struct svm *svm,
					struct svm_span span,
					struct svm_place to, uint32_t flags,
					int eventfd);
int svm_job_reap(const struct svm *svm, const struct svm_device *dev,
		 uint64_t id, struct svm_job_result *result);
int svm_job_cancel(const struct svm *svm, const struct svm_device *dev,
		   uint64_t id);
int svm_job_wait(int fd, int timeout_ms);
void svm_job_count(const struct svm_job_result *result,
		   struct svm_tally *tally);
void svm_job_disown(struct svm *svm, struct svm_device *dev, uint64_t id);
bool svm_reap_orphans(struct svm *svm, struct svm_device *dev);

#endif /* LIBSVM_JOB_H */
