// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The jobs of the kernel made of arrays: they wait until fake_run_jobs(), or end
 * at once if nobody holds them. Ended ones are in the order of their end.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fake.h"

struct job {
	struct fake_device *dev;
	uint64_t id;
	int eventfd;
	bool ended;
	bool cancelled;
	int error;
	struct svm_ioctl_migrate arg;
};

static struct job jobs[SVM_JOBS_MAX];
static size_t nr_jobs;
static uint64_t last_id;

/* For the start of a test. */
void fake_forget_jobs(void)
{
	nr_jobs = 0;
	last_id = 0;
}

static void end(struct job *job, int error)
{
	job->ended = true;
	job->error = error;
	if (job->eventfd >= 0)
		eventfd_write(job->eventfd, 1);
}

static void run(struct job *job)
{
	struct svm_ioctl_migrate *arg = &job->arg, part = *arg;
	uint64_t stop = arg->addr + arg->length;
	int ret = 0;
	size_t i;

	arg->next = arg->addr;
	while (!ret && arg->next < stop) {
		part = *arg;
		part.addr = arg->next;
		part.length = stop - arg->next;
		memset(part.pages, 0, sizeof(part.pages));
		part.bytes_moved = 0;
		ret = job->cancelled ? -ECANCELED
				     : fake_migrate(job->dev, &part);
		if (ret)
			break;
		arg->next = part.next;
		arg->bytes_moved += part.bytes_moved;
		for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
			arg->pages[i] += part.pages[i];
		if (job->dev->cancel_midway)
			job->cancelled = true;
	}
	end(job, ret);
}

void fake_run_jobs(void)
{
	size_t i;

	for (i = 0; i < nr_jobs; i++)
		if (!jobs[i].ended)
			run(&jobs[i]);
}

static int submit(struct fake_device *dev, struct svm_ioctl_submit *arg)
{
	struct job *job = &jobs[nr_jobs];

	if (arg->size != sizeof(*arg) || arg->reserved)
		return -EINVAL;
	if (nr_jobs == SVM_JOBS_MAX)
		return -EBUSY;
	*job = (struct job){
		.dev = dev,
		.id = ++last_id,
		.eventfd = arg->eventfd,
		.arg = { .size = sizeof(job->arg),
			 .flags = arg->flags,
			 .addr = arg->addr,
			 .length = arg->length,
			 .dest = arg->dest,
			 .node = arg->node },
	};
	nr_jobs++;
	arg->id = job->id;
	if (!dev->hold_jobs)
		run(job);
	return 0;
}

static struct job *find(struct fake_device *dev, uint64_t id)
{
	size_t i;

	for (i = 0; i < nr_jobs; i++)
		if (jobs[i].dev == dev && jobs[i].id == id)
			return &jobs[i];
	return NULL;
}

static int cancel(struct fake_device *dev, struct svm_ioctl_cancel *arg)
{
	struct job *job = find(dev, arg->id);

	if (arg->size != sizeof(*arg) || arg->reserved)
		return -EINVAL;
	if (!job || job->ended)
		return -ENOENT;
	job->cancelled = true;
	arg->cancelled = 1;
	return 0;
}

static int reap(struct fake_device *dev, struct svm_ioctl_reap *arg)
{
	struct svm_job_result *result =
		(struct svm_job_result *)(uintptr_t)arg->results;
	struct job *job = find(dev, arg->id);

	if (arg->size != sizeof(*arg) || !arg->count)
		return -EINVAL;
	if (!job)
		return -ENOENT;
	arg->reaped = job->ended;
	if (!job->ended)
		return 0;
	*result = (struct svm_job_result){
		.id = job->id + dev->wrong_ids,
		.addr = job->arg.addr,
		.length = job->arg.length,
		.next = job->arg.next,
		.bytes_moved = job->arg.bytes_moved,
		.error = job->error,
	};
	memcpy(result->pages, job->arg.pages, sizeof(result->pages));
	memmove(job, job + 1,
		(size_t)(jobs + nr_jobs - job - 1) * sizeof(*job));
	nr_jobs--;
	return 0;
}

int fake_job_ioctl(struct fake_device *dev, unsigned int cmd, void *arg)
{
	switch (cmd) {
	case SVM_IOCTL_SUBMIT:
		return submit(dev, arg);
	case SVM_IOCTL_CANCEL:
		return cancel(dev, arg);
	case SVM_IOCTL_REAP:
		return reap(dev, arg);
	default:
		return -ENOTTY;
	}
}

size_t fake_count_jobs(void)
{
	return nr_jobs;
}
