// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ioctls by io_uring: IORING_OP_URING_CMD on a context, so that one system call
 * submits many. The contract is at struct svm_uring_cmd in the uapi header.
 *
 * SVM_IOCTL_SUBMIT becomes a job (jobs.c) at once, in the order of the entries.
 * Its end is told by the completion: the worker that has ended it hands the command
 * to the submitter (task work), who copies the result to his memory and completes
 * it. SVM_IOCTL_ACCESS sleeps for others, so it is left to io_uring's threads,
 * and does there what it does as an ioctl. These have the submitter's address
 * space, so all checks are the ioctl's.
 *
 * A command that was not completed holds the context's file open, and by it this
 * module. When the ring or the submitter goes they may be completed by a kernel thread,
 * or by whoever has the ring open last, with the file still held. What a worker does after it has
 * handed a command over is waited for by svm_workers_exit().
 *
 * Locking: from when it is marked cancelable until it is completed a command can be
 * cancelled, with the ring's lock held. Completions run with that lock too, so
 * the job is there when it is cancelled. The lock may be held at submission,
 * and svm_jobs.lock is taken below it.
 *
 * Limits: those of jobs and of io_uring. All there is for a command besides is in
 * its own room (pdu).
 */
#include <linux/io_uring/cmd.h>
#include <linux/kernel.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/svm.h>
#include <linux/uaccess.h>

#include "access.h"
#include "context.h"
#include "ioctl.h"
#include "jobs.h"
#include "uring.h"

/**
 * struct svm_uring_job - what a command has that became a job
 * @job: the job.
 * @mm: the submitter's address space, only to be compared with; the struct is
 *	held (mmgrab), so that no other is in its place.
 * @result: where in it the submitter wants what came of the job.
 */
struct svm_uring_job {
	struct svm_job *job;
	struct mm_struct *mm;
	struct svm_job_result __user *result;
};

/**
 * struct svm_uring_call - a command that is being submitted
 * @ctx: the context.
 * @job: what it becomes, or NULL.
 */
struct svm_uring_call {
	struct svm_context *ctx;
	struct svm_job *job;
};

static int svm_uring_submit(void *owner, void *arg)
{
	struct svm_uring_call *call = owner;
	struct svm_ioctl_submit *submit = arg;
	struct svm_job *job;

	/* The completion tells of its end. */
	if (submit->eventfd != -1)
		return -EINVAL;
	job = svm_job_prepare(call->ctx, submit);
	if (IS_ERR(job))
		return PTR_ERR(job);
	call->job = job;
	return 0;
}

static int svm_uring_access(void *owner, void *arg)
{
	struct svm_uring_call *call = owner;

	return svm_access(call->ctx, arg);
}

static const struct svm_ioctl svm_uring_ioctls[] = {
	SVM_IOCTL_ENTRY(SVM_IOCTL_SUBMIT, struct svm_ioctl_submit, id,
			svm_uring_submit),
	SVM_IOCTL_ENTRY(SVM_IOCTL_ACCESS, struct svm_ioctl_access, done,
			svm_uring_access),
};

static int svm_uring_dispatch(struct svm_uring_call *call,
			      struct io_uring_cmd *cmd, u64 arg)
{
	return svm_ioctl_dispatch(svm_uring_ioctls,
				  ARRAY_SIZE(svm_uring_ioctls), call,
				  cmd->cmd_op, u64_to_user_ptr(arg));
}

static struct svm_uring_job *svm_uring_pdu(struct io_uring_cmd *cmd)
{
	return io_uring_cmd_to_pdu(cmd, struct svm_uring_job);
}

static void svm_uring_done(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct svm_uring_job *pdu = svm_uring_pdu(cmd);
	struct svm_job_result result;
	int ret;

	svm_job_take(pdu->job, &result);
	ret = result.error;
	/* Not so when a ring or thread has gone: then somebody else is here. */
	if (current->mm != pdu->mm)
		ret = ret ?: -ECANCELED;
	else if (copy_to_user(pdu->result, &result, sizeof(result)))
		ret = -EFAULT;
	mmdrop(pdu->mm);
#ifdef SVM_HAVE_URING_DONE_3
	io_uring_cmd_done(cmd, ret, issue_flags);
#else
	io_uring_cmd_done(cmd, ret, 0, issue_flags);
#endif
}

#ifdef SVM_HAVE_URING_TW
static void svm_uring_task_work(struct io_tw_req tw_req, io_tw_token_t tw)
{
	svm_uring_done(io_uring_cmd_from_tw(tw_req),
		       IO_URING_CMD_TASK_WORK_ISSUE_FLAGS);
}
#else
#define svm_uring_task_work svm_uring_done
#endif

/**
 * svm_uring_complete() - tell that the job of a command has ended
 * @cmd: the command, which may be gone when this returns.
 *
 * Context: the worker that has ended it.
 */
void svm_uring_complete(struct io_uring_cmd *cmd)
{
	io_uring_cmd_complete_in_task(cmd, svm_uring_task_work);
}

static int svm_uring_migrate(struct svm_uring_call *call,
			     struct io_uring_cmd *cmd, u64 arg, u64 result,
			     unsigned int issue_flags)
{
	struct svm_uring_job *pdu = svm_uring_pdu(cmd);
	int ret;

	/* What can't be told is not done. */
	pdu->result = u64_to_user_ptr(result);
	if (fault_in_safe_writeable((char __user *)pdu->result,
				    sizeof(*pdu->result)))
		return -EFAULT;
	ret = svm_uring_dispatch(call, cmd, arg);
	if (ret)
		goto drop_job;
	pdu->job = call->job;
	pdu->mm = current->mm;
	mmgrab(pdu->mm);
	/* First: it may be completed before svm_job_queue() returns. */
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
	svm_job_queue(call->job, cmd);
	return -EIOCBQUEUED;

drop_job:
	if (call->job)
		svm_job_drop(call->job);
	return ret;
}

/**
 * svm_uring_cmd() - IORING_OP_URING_CMD on a context, or the end of one
 * @cmd: the command.
 * @issue_flags: io_uring's.
 *
 * Return: -EIOCBQUEUED if it will be completed, -EAGAIN to be called again where
 * sleeping for others is fine; else what the completion shall say.
 */
int svm_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct svm_uring_call call = { .ctx = cmd->file->private_data };
	const struct svm_uring_cmd *sqe;
	u64 arg, result;

	/* Only jobs were marked; the worker that ends it completes it. */
	if (issue_flags & IO_URING_F_CANCEL) {
		svm_job_cancel(svm_uring_pdu(cmd)->job);
		return 0;
	}

	BUILD_BUG_ON(sizeof(*sqe) > sizeof(struct io_uring_sqe) -
				    offsetof(struct io_uring_sqe, cmd));
	/* It may be in memory that the submitter can write to. */
	sqe = (const struct svm_uring_cmd *)cmd->sqe->cmd;
	arg = READ_ONCE(sqe->arg);
	result = READ_ONCE(sqe->result);
	if (cmd->flags & IORING_URING_CMD_MASK)
		return -EINVAL;

	switch (cmd->cmd_op) {
	case SVM_IOCTL_SUBMIT:
		return svm_uring_migrate(&call, cmd, arg, result, issue_flags);
	case SVM_IOCTL_ACCESS:
		if (result)
			return -EINVAL;
		if (issue_flags & IO_URING_F_NONBLOCK)
			return -EAGAIN;
		return svm_uring_dispatch(&call, cmd, arg);
	default:
		return -ENOTTY;
	}
}
