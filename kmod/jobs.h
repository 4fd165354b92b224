/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_JOBS_H
#define SVM_JOBS_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct io_uring_cmd;
struct svm_context;
struct svm_ioctl_cancel;
struct svm_ioctl_reap;
struct svm_ioctl_submit;
struct svm_job;
struct svm_job_result;

/**
 * struct svm_jobs - the jobs of a context
 * @lock: protects what follows, and the state of each job.
 * @reaping: held by who takes results out.
 * @todo: jobs that have not ended, in the order of their submission.
 * @done: jobs that have ended and were not reaped, in the order of their end.
 * @nr: jobs in both, and those that were prepared.
 * @nr_running: of @todo, how many a worker has.
 * @last_id: of the last job that was submitted.
 */
struct svm_jobs {
	spinlock_t lock; /* see above */
	struct mutex reaping; /* see above */
	struct list_head todo;
	struct list_head done;
	unsigned int nr;
	unsigned int nr_running;
	u64 last_id;
};

void svm_jobs_init(struct svm_jobs *jobs);
void svm_jobs_cancel_all(struct svm_jobs *jobs);
void svm_jobs_destroy(struct svm_jobs *jobs);

struct svm_job *svm_job_prepare(struct svm_context *ctx,
				struct svm_ioctl_submit *arg);
void svm_job_queue(struct svm_job *job, struct io_uring_cmd *cmd);
void svm_job_drop(struct svm_job *job);
void svm_job_cancel(struct svm_job *job);
void svm_job_take(struct svm_job *job, struct svm_job_result *result);

int svm_submit(struct svm_context *ctx, struct svm_ioctl_submit *arg);
int svm_cancel(struct svm_context *ctx, struct svm_ioctl_cancel *arg);
int svm_reap(struct svm_context *ctx, struct svm_ioctl_reap *arg);

int svm_workers_init(void);
void svm_workers_exit(void);

#endif /* SVM_JOBS_H */
