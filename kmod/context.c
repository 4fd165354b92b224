// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts: what opening /dev/svmN gives. A context is a device bound to the
 * opener's address space; the file descriptor is the capability to move that
 * address space's pages, so it may be handed to a helper.
 *
 * A context holds the mm_struct but not the memory in it: a process that exits
 * is torn down although somebody still has its context open. Each operation
 * takes the memory for its own time, and finds it gone (-ESRCH) or there.
 *
 * Closing the file cancels what goes on in the background. Who works there keeps a
 * reference, and the last one to let go frees the context.
 *
 * Locking: the table of contexts is changed under svm_contexts_lock and read
 * under RCU. Operations on one context may run at the same time.
 */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "access.h"
#include "advise.h"
#include "context.h"
#include "device.h"
#include "dma.h"
#include "evict.h"
#include "ioctl.h"
#include "jobs.h"
#include "migrate.h"
#include "owner.h"
#include "quota.h"
#include "residency.h"
#include "uring.h"

static DEFINE_SPINLOCK(svm_contexts_lock);
static DEFINE_HASHTABLE(svm_contexts, 8);

static int svm_context_open(struct inode *inode, struct file *file)
{
	struct svm_device *sdev =
		container_of(inode->i_cdev, struct svm_device, cdev);
	struct svm_context *ctx;
	int ret;

	/* A kernel thread has no address space to bind to. */
	if (!current->mm)
		return -EINVAL;

	ctx = kzalloc_obj(*ctx, GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return -ENOMEM;

	ret = svm_device_enter(sdev);
	if (ret)
		goto err_free_ctx;
	get_device(&sdev->dev);
	ctx->owner = svm_owner_get(sdev, current->mm);
	if (IS_ERR(ctx->owner)) {
		ret = PTR_ERR(ctx->owner);
		goto err_exit_device;
	}
	mmgrab(current->mm);
	ctx->mm = current->mm;
	ctx->sdev = sdev;
	refcount_set(&ctx->refs, 1);
	svm_jobs_init(&ctx->jobs);
	ctx->uid = current_uid();
	svm_events_init(&ctx->events);
	svm_holds_init(&ctx->holds);
	svm_mirror_init(&ctx->mirror, ctx);
	/* Before the device can go: then all that is attached is detached. */
	if (sdev->dma)
		svm_dma_attach(sdev->dma, &ctx->mirror);
	svm_device_exit(sdev);

	spin_lock(&svm_contexts_lock);
	hash_add_rcu(svm_contexts, &ctx->hash, (unsigned long)ctx->mm);
	spin_unlock(&svm_contexts_lock);

	file->private_data = ctx;
	return nonseekable_open(inode, file);

err_exit_device:
	svm_device_exit(sdev);
	put_device(&sdev->dev);
err_free_ctx:
	kfree(ctx);
	return ret;
}

/**
 * svm_context_get() - keep a context
 * @ctx: the context; the caller has a reference, or an open file.
 */
void svm_context_get(struct svm_context *ctx)
{
	refcount_inc(&ctx->refs);
}

/**
 * svm_context_put() - let go of a context
 * @ctx: the context. The last reference frees it.
 *
 * Context: may sleep; nothing of the context is in use.
 */
void svm_context_put(struct svm_context *ctx)
{
	unsigned int i;

	if (!refcount_dec_and_test(&ctx->refs))
		return;
	svm_jobs_destroy(&ctx->jobs);
	svm_advisory_destroy(ctx);
	/* Not before: a job, which outlives the file, reaps chunks. */
	svm_dma_detach(&ctx->mirror);
	svm_mirror_destroy(&ctx->mirror);
	svm_events_destroy(&ctx->events);
	for (i = 0; i < SVM_CONTEXT_SCRATCHES; i++)
		svm_scratch_free(ctx->scratch[i]);
	svm_owner_put(ctx->owner);
	mmdrop(ctx->mm);
	put_device(&ctx->sdev->dev);
	kfree_rcu(ctx, rcu);
}

static int svm_context_release(struct inode *inode, struct file *file)
{
	struct svm_context *ctx = file->private_data;

	spin_lock(&svm_contexts_lock);
	hash_del_rcu(&ctx->hash);
	spin_unlock(&svm_contexts_lock);

	svm_jobs_cancel_all(&ctx->jobs);
	svm_holds_destroy(&ctx->holds);
	svm_context_put(ctx);
	return 0;
}

/**
 * svm_context_enter() - begin an operation on a context's memory
 * @ctx: the context.
 * @flags: of the call; %SVM_F_OWNER_MM matters.
 *
 * Return: 0, then svm_context_exit() must follow; -ENODEV, -EXDEV, -ESRCH or
 * -EINTR as the ioctl contract says.
 */
int svm_context_enter(struct svm_context *ctx, u32 flags)
{
	int ret;

	ret = svm_device_enter(ctx->sdev);
	if (ret)
		return ret;

	ret = -EXDEV;
	if (current->mm != ctx->mm && !(flags & SVM_F_OWNER_MM))
		goto err_exit_device;

	ret = -ESRCH;
	if (!mmget_not_zero(ctx->mm))
		goto err_exit_device;
	return 0;

err_exit_device:
	svm_device_exit(ctx->sdev);
	return ret;
}

/**
 * svm_context_exit() - end what svm_context_enter() began
 * @ctx: the context.
 */
void svm_context_exit(struct svm_context *ctx)
{
	/* First, because the last user's mmput() frees a whole address space. */
	svm_device_exit(ctx->sdev);
	mmput(ctx->mm);
}

/**
 * svm_context_tell() - tell the contexts of an address space on a device
 * @sdev: the device that had the pages.
 * @mm: whose they were: who touched them, or had them evicted.
 * @event: what came home.
 * @count: what to add to their counters, by enum svm_counter; or NULL.
 */
void svm_context_tell(struct svm_device *sdev, struct mm_struct *mm,
		      const struct svm_event *event, const u64 *count)
{
	struct svm_context *ctx;

	rcu_read_lock();
	hash_for_each_possible_rcu(svm_contexts, ctx, hash, (unsigned long)mm) {
		if (ctx->mm != mm || ctx->sdev != sdev)
			continue;
		if (count)
			svm_counters_add(&ctx->counters, count);
		svm_events_emit(&ctx->events, *event);
	}
	rcu_read_unlock();
}

/**
 * svm_context_tell_owner() - tell the contexts of an owner
 * @owner: the owner.
 * @event: what happened to its pages.
 */
void svm_context_tell_owner(struct svm_owner *owner,
			    const struct svm_event *event)
{
	struct svm_context *ctx;

	rcu_read_lock();
	hash_for_each_possible_rcu(svm_contexts, ctx, hash,
				   (unsigned long)owner->mm)
		if (ctx->owner == owner)
			svm_events_emit(&ctx->events, *event);
	rcu_read_unlock();
}

/**
 * svm_contexts_visit() - do something for each context of an address space
 * @mm: the address space.
 * @visit: what; under RCU.
 * @arg: passed to it.
 */
void svm_contexts_visit(struct mm_struct *mm,
			void (*visit)(struct svm_context *ctx, void *arg),
			void *arg)
{
	struct svm_context *ctx;

	rcu_read_lock();
	hash_for_each_possible_rcu(svm_contexts, ctx, hash, (unsigned long)mm)
		if (ctx->mm == mm)
			visit(ctx, arg);
	rcu_read_unlock();
}

static int svm_context_info(void *owner, void *arg)
{
	struct svm_context *ctx = owner;
	struct svm_device *sdev = ctx->sdev;
	struct svm_ioctl_info *info = arg;
	int ret;

	if (info->flags)
		return -EINVAL;
	ret = svm_device_enter(sdev);
	if (ret)
		return ret;
	info->uapi_version = SVM_UAPI_VERSION;
	info->type = sdev->backend->type;
	info->id = sdev->id;
	info->node = sdev->node;
	info->capabilities = svm_device_capabilities(sdev);
	info->bytes_total = sdev->bytes;
	info->bytes_free = svm_device_bytes_free(sdev);
	info->page_orders = svm_device_page_orders(sdev);
	info->max_call_bytes = SVM_MAX_CALL_BYTES;
	svm_device_exit(sdev);
	return 0;
}

static int svm_context_stats(void *owner, void *arg)
{
	struct svm_context *ctx = owner;
	struct svm_ioctl_stats *stats = arg;
	int ret;

	if (stats->flags || stats->reserved)
		return -EINVAL;
	if (stats->scope != SVM_STATS_CONTEXT &&
	    stats->scope != SVM_STATS_DEVICE)
		return -EINVAL;

	ret = svm_device_enter(ctx->sdev);
	if (ret)
		return ret;
	svm_counters_report(stats->scope == SVM_STATS_CONTEXT ?
			    &ctx->counters : &ctx->sdev->counters, stats);
	svm_device_exit(ctx->sdev);
	return 0;
}

static int svm_context_migrate(void *owner, void *arg)
{
	return svm_migrate(owner, arg);
}

static int svm_context_submit(void *owner, void *arg)
{
	return svm_submit(owner, arg);
}

static int svm_context_cancel(void *owner, void *arg)
{
	return svm_cancel(owner, arg);
}

static int svm_context_reap(void *owner, void *arg)
{
	return svm_reap(owner, arg);
}

static int svm_context_residency(void *owner, void *arg)
{
	return svm_residency(owner, arg);
}

static int svm_context_evict(void *owner, void *arg)
{
	struct svm_context *ctx = owner;

	return svm_evict_ioctl(ctx->sdev, arg);
}

static int svm_context_access(void *owner, void *arg)
{
	return svm_access(owner, arg);
}

static int svm_context_exclusive(void *owner, void *arg)
{
	return svm_exclusive(owner, arg);
}

static int svm_context_advise(void *owner, void *arg)
{
	return svm_advise(owner, arg);
}

static int svm_context_advice(void *owner, void *arg)
{
	return svm_advice(owner, arg);
}

static int svm_context_events(void *owner, void *arg)
{
	struct svm_context *ctx = owner;
	int ret;

	ret = svm_device_enter(ctx->sdev);
	if (ret)
		return ret;
	ret = svm_events_configure(&ctx->events, arg);
	svm_device_exit(ctx->sdev);
	return ret;
}

static int svm_context_quota(void *owner, void *arg)
{
	return svm_quota_ioctl(owner, arg);
}

static const struct svm_ioctl svm_context_ioctls[] = {
	SVM_IOCTL_ENTRY(SVM_IOCTL_INFO, struct svm_ioctl_info, max_call_bytes,
			svm_context_info),
	SVM_IOCTL_ENTRY(SVM_IOCTL_MIGRATE, struct svm_ioctl_migrate, pages,
			svm_context_migrate),
	SVM_IOCTL_ENTRY(SVM_IOCTL_RESIDENCY, struct svm_ioctl_residency, next,
			svm_context_residency),
	SVM_IOCTL_ENTRY(SVM_IOCTL_EVICT, struct svm_ioctl_evict, bytes_evicted,
			svm_context_evict),
	SVM_IOCTL_ENTRY(SVM_IOCTL_STATS, struct svm_ioctl_stats, refused,
			svm_context_stats),
	SVM_IOCTL_ENTRY(SVM_IOCTL_ACCESS, struct svm_ioctl_access, done,
			svm_context_access),
	SVM_IOCTL_ENTRY(SVM_IOCTL_EXCLUSIVE, struct svm_ioctl_exclusive,
			reserved, svm_context_exclusive),
	SVM_IOCTL_ENTRY(SVM_IOCTL_EVENTS, struct svm_ioctl_events, dropped,
			svm_context_events),
	SVM_IOCTL_ENTRY(SVM_IOCTL_QUOTA, struct svm_ioctl_quota, bytes_default,
			svm_context_quota),
	SVM_IOCTL_ENTRY(SVM_IOCTL_SUBMIT, struct svm_ioctl_submit, id,
			svm_context_submit),
	SVM_IOCTL_ENTRY(SVM_IOCTL_CANCEL, struct svm_ioctl_cancel, reserved,
			svm_context_cancel),
	SVM_IOCTL_ENTRY(SVM_IOCTL_REAP, struct svm_ioctl_reap, reaped,
			svm_context_reap),
	SVM_IOCTL_ENTRY(SVM_IOCTL_ADVISE, struct svm_ioctl_advise, bytes,
			svm_context_advise),
	SVM_IOCTL_ENTRY(SVM_IOCTL_ADVICE, struct svm_ioctl_advice, bytes_lost,
			svm_context_advice),
};

static long svm_context_ioctl(struct file *file, unsigned int cmd,
			      unsigned long arg)
{
	return svm_ioctl_dispatch(svm_context_ioctls,
				  ARRAY_SIZE(svm_context_ioctls),
				  file->private_data, cmd,
				  (void __user *)arg);
}

static ssize_t svm_context_read(struct file *file, char __user *buf,
				size_t size, loff_t *pos)
{
	struct svm_context *ctx = file->private_data;

	return svm_events_read(&ctx->events, buf, size,
			       file->f_flags & O_NONBLOCK);
}

static __poll_t svm_context_poll(struct file *file, poll_table *wait)
{
	struct svm_context *ctx = file->private_data;

	return svm_events_poll(&ctx->events, file, wait);
}

const struct file_operations svm_context_fops = {
	.owner = THIS_MODULE,
	.open = svm_context_open,
	.release = svm_context_release,
	.read = svm_context_read,
	.poll = svm_context_poll,
	.unlocked_ioctl = svm_context_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
#ifdef SVM_HAVE_URING
	.uring_cmd = svm_uring_cmd,
#endif
};
