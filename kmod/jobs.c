// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs: migrations that go on while their submitter does something else.
 *
 * A job waits until no earlier job of its context has a range that overlaps its
 * own, and until the context has a worker to spare. A worker then goes through the
 * whole range, in shares, and looks between them whether the job was
 * cancelled. Each share takes device and memory as a call does (context.c), so
 * a job neither keeps the memory of a process that exits nor a device from
 * being destroyed: it ends, with the error that a call would have had.
 *
 * There is one way for a job to end, svm_job_end(), by a worker; a job that is
 * cancelled while it waits is given to one at once. Then its result is there to
 * be reaped, and its eventfd is signalled, once. A job that was submitted by
 * io_uring goes to its completion instead (uring.c), and is never reaped.
 *
 * A job that has not ended holds a reference on its context. Closing the file
 * cancels the jobs, and waits for none: a share may wait for mmap_lock, and who
 * has that may be waiting for whoever closes the file. Unloading the module does
 * wait, for the last shares to end.
 *
 * What a worker does, it does for the submitter:
 *  - The memory cgroup of the address space is charged. For pages the core does
 *    that anyway: one that moves takes its charge along (mem_cgroup_migrate()),
 *    one that is created charges vma->vm_mm. But page tables, and the reclaim
 *    and throttling by memory.high, go by the current task, so a share makes
 *    the cgroup its own. A share that is throttled ends late: by some seconds
 *    for each MiB that it creates. The job itself is charged to the submitter.
 *  - Pages come from the nodes that the submitter had (home.c).
 *  - The time of the CPU is the kernel's.
 *
 * Locking: svm_jobs.lock, a leaf but for the workqueue's own. svm_jobs.reaping is
 * held over page faults. Shares run with neither.
 *
 * Limits: SVM_JOBS_MAX jobs a context that were not reaped, or have not ended if
 * they are io_uring's; SVM_JOBS_RUNNING of them at the same time, each with a
 * svm_scratch.
 */
#include <linux/eventfd.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/svm.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "context.h"
#include "device.h"
#include "home.h"
#include "ioctl.h"
#include "jobs.h"
#include "migrate.h"
#include "migration.h"
#include "trace.h"
#include "uring.h"

/* Jobs of a context that run at the same time. */
#define SVM_JOBS_RUNNING 4

/* Worked through before a worker looks whether the job was cancelled. */
#define SVM_JOB_SHARE (SVM_WINDOW_PAGES * PAGE_SIZE)

/**
 * struct svm_job - a migration that was submitted
 * @node: in svm_jobs.todo, then in svm_jobs.done.
 * @work: for the workqueue.
 * @ctx: the context; a reference is held from when it is queued until it has
 *	ended.
 * @cmd: io_uring's command, to be completed, or NULL.
 * @eventfd: to be signalled, or NULL.
 * @id: of the job in its context.
 * @cookie: the submitter's.
 * @running: a worker has it.
 * @cancelled: to be ended before the next share. Set under svm_jobs.lock.
 * @foreign: the submitter is not the owner of the memory.
 * @error: how it ended.
 * @home: where the submitter gets memory.
 * @migrate: request and result. The worker's until the job has ended.
 */
struct svm_job {
	struct list_head node;
	struct work_struct work;
	struct svm_context *ctx;
	struct io_uring_cmd *cmd;
	struct eventfd_ctx *eventfd;
	u64 id;
	u64 cookie;
	bool running;
	bool cancelled;
	bool foreign;
	int error;
	struct svm_home home;
	struct svm_ioctl_migrate migrate;
};

static struct workqueue_struct *svm_workqueue;

void svm_jobs_init(struct svm_jobs *jobs)
{
	spin_lock_init(&jobs->lock);
	mutex_init(&jobs->reaping);
	INIT_LIST_HEAD(&jobs->todo);
	INIT_LIST_HEAD(&jobs->done);
}

static bool svm_jobs_overlap(const struct svm_job *a, const struct svm_job *b)
{
	return a->migrate.addr < b->migrate.addr + b->migrate.length &&
	       b->migrate.addr < a->migrate.addr + a->migrate.length;
}

static bool svm_job_may_start(struct svm_jobs *jobs, struct svm_job *job)
{
	struct svm_job *earlier = job;

	lockdep_assert_held(&jobs->lock);

	/* It only has to end, which takes no time. */
	if (job->cancelled)
		return true;
	if (jobs->nr_running >= SVM_JOBS_RUNNING)
		return false;
	list_for_each_entry_continue_reverse(earlier, &jobs->todo, node)
		if (svm_jobs_overlap(earlier, job))
			return false;
	return true;
}

/* Give to workers what may be given to them by now. */
static void svm_jobs_start(struct svm_jobs *jobs)
{
	struct svm_job *job;

	lockdep_assert_held(&jobs->lock);

	list_for_each_entry(job, &jobs->todo, node) {
		if (job->running || !svm_job_may_start(jobs, job))
			continue;
		job->running = true;
		jobs->nr_running++;
		queue_work_node(job->home.node, svm_workqueue, &job->work);
	}
}

/* What came of a job can be seen, and it can be freed, from here on. */
static void svm_job_end(struct svm_job *job, int error)
{
	struct eventfd_ctx *eventfd = job->eventfd;
	struct svm_context *ctx = job->ctx;
	struct io_uring_cmd *cmd = job->cmd;
	struct svm_jobs *jobs = &ctx->jobs;

	trace_svm_job_end(ctx->sdev->id, job->id, error,
			  job->migrate.bytes_moved);
	spin_lock(&jobs->lock);
	job->error = error;
	job->eventfd = NULL;
	if (cmd) {
		list_del(&job->node);
		jobs->nr--;
	} else {
		list_move_tail(&job->node, &jobs->done);
	}
	jobs->nr_running--;
	svm_jobs_start(jobs);
	spin_unlock(&jobs->lock);

	if (cmd)
		svm_uring_complete(cmd);
	if (eventfd) {
		eventfd_signal(eventfd);
		eventfd_ctx_put(eventfd);
	}
	svm_context_put(ctx);
}

/* What a job allocates, until svm_job_uncharge(), is its process's. */
static struct mem_cgroup *svm_job_charge(struct svm_job *job,
					 struct mem_cgroup **old)
{
	struct mem_cgroup *memcg = get_mem_cgroup_from_mm(job->ctx->mm);

	*old = set_active_memcg(memcg);
	return memcg;
}

static void svm_job_uncharge(struct mem_cgroup *memcg, struct mem_cgroup *old)
{
	set_active_memcg(old);
	mem_cgroup_put(memcg);
}

static int svm_job_begin(struct svm_job *job, struct svm_migration *mig)
{
	struct mem_cgroup *memcg, *old;
	int ret;

	memcg = svm_job_charge(job, &old);
	ret = svm_migrate_begin(mig, job->ctx, &job->migrate, job->foreign,
				SVM_JOB_SHARE);
	svm_job_uncharge(memcg, old);
	return ret;
}

static int svm_job_share(struct svm_job *job, struct svm_migration *mig)
{
	u32 flags = job->migrate.flags | SVM_F_OWNER_MM;
	struct mem_cgroup *memcg, *old;
	int ret;

	memcg = svm_job_charge(job, &old);
	ret = svm_migrate_share(mig, &job->migrate, flags, SVM_JOB_SHARE);
	svm_job_uncharge(memcg, old);
	return ret;
}

static void svm_job_work(struct work_struct *work)
{
	struct svm_job *job = container_of(work, struct svm_job, work);
	struct svm_ioctl_migrate *arg = &job->migrate;
	struct svm_migration mig;
	int error;

	error = svm_job_begin(job, &mig);
	if (error)
		goto end_job;
	mig.home = &job->home;
	mig.background = true;

	while (!error && arg->next < arg->addr + arg->length) {
		if (READ_ONCE(job->cancelled))
			error = -ECANCELED;
		else
			error = svm_job_share(job, &mig);
		cond_resched();
	}
	svm_migrate_report(&mig, arg);
	svm_migrate_end(&mig);
end_job:
	svm_job_end(job, error);
}

static void svm_job_free(struct svm_job *job)
{
	if (job->eventfd)
		eventfd_ctx_put(job->eventfd);
	kfree(job);
}

/* Take one of the places that a context has for jobs. */
static int svm_job_reserve(struct svm_job *job)
{
	struct svm_jobs *jobs = &job->ctx->jobs;
	int ret = -EBUSY;

	spin_lock(&jobs->lock);
	if (jobs->nr < SVM_JOBS_MAX) {
		jobs->nr++;
		job->id = ++jobs->last_id;
		ret = 0;
	}
	spin_unlock(&jobs->lock);
	return ret;
}

static struct svm_job *svm_job_create(struct svm_context *ctx,
				      const struct svm_ioctl_submit *arg)
{
	struct eventfd_ctx *eventfd;
	struct svm_job *job;

	job = kzalloc_obj(*job, GFP_KERNEL_ACCOUNT);
	if (!job)
		return ERR_PTR(-ENOMEM);
	if (arg->eventfd != -1) {
		eventfd = eventfd_ctx_fdget(arg->eventfd);
		if (IS_ERR(eventfd)) {
			kfree(job);
			return ERR_CAST(eventfd);
		}
		job->eventfd = eventfd;
	}
	INIT_WORK(&job->work, svm_job_work);
	job->ctx = ctx;
	job->foreign = current->mm != ctx->mm;
	job->cookie = arg->cookie;
	job->migrate.flags = arg->flags;
	job->migrate.addr = arg->addr;
	job->migrate.length = arg->length;
	job->migrate.next = arg->addr;
	job->migrate.dest = arg->dest;
	job->migrate.node = arg->node;
	svm_home_of_current(&job->home);
	return job;
}

/**
 * svm_job_prepare() - make a job that can be queued without fail
 * @ctx: the context.
 * @arg: the request, of the current process; its id is filled in.
 *
 * Return: the job, for svm_job_queue() or svm_job_drop(); or ERR_PTR() of a
 * negative errno value, as the uapi header says.
 */
struct svm_job *svm_job_prepare(struct svm_context *ctx,
				struct svm_ioctl_submit *arg)
{
	struct svm_job *job;
	int ret;

	if (arg->reserved)
		return ERR_PTR(-EINVAL);
	job = svm_job_create(ctx, arg);
	if (IS_ERR(job))
		return job;
	ret = svm_migrate_check(ctx, &job->migrate);
	if (ret)
		goto free_job;
	/* What a call would say at once is said at once. */
	ret = svm_context_enter(ctx, arg->flags);
	if (ret)
		goto free_job;
	svm_context_exit(ctx);
	ret = svm_job_reserve(job);
	if (ret)
		goto free_job;
	arg->id = job->id;
	return job;

free_job:
	svm_job_free(job);
	return ERR_PTR(ret);
}

/**
 * svm_job_queue() - let a job begin
 * @job: that was prepared. It may have ended, and be gone, when this returns.
 * @cmd: io_uring's command that svm_uring_complete() is to be told of, or NULL
 *	for a job that is reaped.
 */
void svm_job_queue(struct svm_job *job, struct io_uring_cmd *cmd)
{
	struct svm_jobs *jobs = &job->ctx->jobs;

	job->cmd = cmd;
	spin_lock(&jobs->lock);
	svm_context_get(job->ctx);
	list_add_tail(&job->node, &jobs->todo);
	svm_jobs_start(jobs);
	spin_unlock(&jobs->lock);
}

/**
 * svm_job_drop() - forget a job that was prepared and shall not be
 * @job: the job.
 */
void svm_job_drop(struct svm_job *job)
{
	struct svm_jobs *jobs = &job->ctx->jobs;

	spin_lock(&jobs->lock);
	jobs->nr--;
	spin_unlock(&jobs->lock);
	svm_job_free(job);
}

/**
 * svm_submit() - SVM_IOCTL_SUBMIT
 * @ctx: the context.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_submit(struct svm_context *ctx, struct svm_ioctl_submit *arg)
{
	struct svm_job *job = svm_job_prepare(ctx, arg);

	if (IS_ERR(job))
		return PTR_ERR(job);
	svm_job_queue(job, NULL);
	return 0;
}

/**
 * svm_job_cancel() - tell one job to end
 * @job: of a command that was not completed; the caller sees to it that it is not
 *	taken meanwhile.
 */
void svm_job_cancel(struct svm_job *job)
{
	struct svm_jobs *jobs = &job->ctx->jobs;

	spin_lock(&jobs->lock);
	WRITE_ONCE(job->cancelled, true);
	svm_jobs_start(jobs);
	spin_unlock(&jobs->lock);
}

/* Cancel the job with an id, or all with 0. Returns how many. */
static unsigned int svm_jobs_cancel(struct svm_jobs *jobs, u64 id)
{
	unsigned int nr = 0;
	struct svm_job *job;

	spin_lock(&jobs->lock);
	list_for_each_entry(job, &jobs->todo, node) {
		if (id && job->id != id)
			continue;
		WRITE_ONCE(job->cancelled, true);
		nr++;
	}
	svm_jobs_start(jobs);
	spin_unlock(&jobs->lock);
	return nr;
}

/* Results are there for whoever the memory belongs to, also when it is gone. */
static int svm_jobs_check(struct svm_context *ctx, u32 flags)
{
	if (flags & ~SVM_F_OWNER_MM)
		return -EINVAL;
	if (current->mm != ctx->mm && !(flags & SVM_F_OWNER_MM))
		return -EXDEV;
	return 0;
}

/**
 * svm_cancel() - SVM_IOCTL_CANCEL
 * @ctx: the context.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_cancel(struct svm_context *ctx, struct svm_ioctl_cancel *arg)
{
	unsigned int nr;
	int ret;

	if (arg->reserved)
		return -EINVAL;
	ret = svm_jobs_check(ctx, arg->flags);
	if (ret)
		return ret;
	nr = svm_jobs_cancel(&ctx->jobs, arg->id);
	if (arg->id && !nr)
		return -ENOENT;
	arg->cancelled = nr;
	return 0;
}

/*
 * The job to be reaped: the one with an id, or with 0 the one that ended first.
 * NULL if it has not ended; -ENOENT if there is none with this id.
 */
static struct svm_job *svm_jobs_next_done(struct svm_jobs *jobs, u64 id)
{
	struct svm_job *job, *found = NULL;

	lockdep_assert_held(&jobs->reaping);

	spin_lock(&jobs->lock);
	list_for_each_entry(job, &jobs->done, node) {
		if (!id || job->id == id) {
			found = job;
			goto unlock;
		}
	}
	if (!id)
		goto unlock;
	found = ERR_PTR(-ENOENT);
	list_for_each_entry(job, &jobs->todo, node)
		if (job->id == id)
			found = NULL;
unlock:
	spin_unlock(&jobs->lock);
	return found;
}

static void svm_job_result(const struct svm_job *job,
			   struct svm_job_result *result)
{
	*result = (struct svm_job_result){
		.id = job->id,
		.cookie = job->cookie,
		.addr = job->migrate.addr,
		.length = job->migrate.length,
		.next = job->migrate.next,
		.bytes_moved = job->migrate.bytes_moved,
		.bytes_evicted = job->migrate.bytes_evicted,
		.error = job->error,
	};
	BUILD_BUG_ON(sizeof(result->pages) != sizeof(job->migrate.pages));
	memcpy(result->pages, job->migrate.pages, sizeof(result->pages));
}

/**
 * svm_job_take() - what came of a job that was a command, which is then forgotten
 * @job: the job; svm_uring_complete() was told of it.
 * @result: the answer.
 */
void svm_job_take(struct svm_job *job, struct svm_job_result *result)
{
	svm_job_result(job, result);
	svm_job_free(job);
}

/* Give a result, then forget the job; so none is lost to a bad address. */
static int svm_job_reap(struct svm_jobs *jobs, struct svm_job *job,
			struct svm_job_result __user *uresult)
{
	struct svm_job_result result;

	lockdep_assert_held(&jobs->reaping);

	svm_job_result(job, &result);
	if (copy_to_user(uresult, &result, sizeof(result)))
		return -EFAULT;
	spin_lock(&jobs->lock);
	list_del(&job->node);
	jobs->nr--;
	spin_unlock(&jobs->lock);
	svm_job_free(job);
	return 0;
}

/**
 * svm_reap() - SVM_IOCTL_REAP
 * @ctx: the context.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_reap(struct svm_context *ctx, struct svm_ioctl_reap *arg)
{
	struct svm_job_result __user *uresults = u64_to_user_ptr(arg->results);
	u32 most = arg->id ? 1 : min_t(u32, arg->count, SVM_JOBS_MAX);
	struct svm_jobs *jobs = &ctx->jobs;
	struct svm_job *job;
	u32 nr;
	int ret;

	if (!arg->count)
		return -EINVAL;
	ret = svm_jobs_check(ctx, arg->flags);
	if (ret)
		return ret;
	if (mutex_lock_killable(&jobs->reaping))
		return -EINTR;
	for (nr = 0; nr < most; nr++) {
		job = svm_jobs_next_done(jobs, arg->id);
		ret = PTR_ERR_OR_ZERO(job);
		if (ret || !job)
			break;
		ret = svm_job_reap(jobs, job, uresults + nr);
		if (ret)
			break;
	}
	mutex_unlock(&jobs->reaping);
	if (!nr && ret)
		return ret;
	arg->reaped = nr;
	return 0;
}

/**
 * svm_jobs_cancel_all() - tell all jobs of a context to end
 * @jobs: of the context.
 */
void svm_jobs_cancel_all(struct svm_jobs *jobs)
{
	svm_jobs_cancel(jobs, 0);
}

/**
 * svm_jobs_destroy() - forget the results that nobody reaped
 * @jobs: of a context that goes away; all have ended.
 */
void svm_jobs_destroy(struct svm_jobs *jobs)
{
	struct svm_job *job, *tmp;

	list_for_each_entry_safe(job, tmp, &jobs->done, node)
		svm_job_free(job);
}

int svm_workers_init(void)
{
	/* Nothing that reclaim waits for; the administrator may confine it. */
	svm_workqueue = alloc_workqueue("svm-jobs", WQ_UNBOUND | WQ_SYSFS, 0);
	return svm_workqueue ? 0 : -ENOMEM;
}

/**
 * svm_workers_exit() - wait for the last shares, when the module goes
 *
 * No file of ours is open any more, so all jobs were cancelled.
 */
void svm_workers_exit(void)
{
	destroy_workqueue(svm_workqueue);
}
