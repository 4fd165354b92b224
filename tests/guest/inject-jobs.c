// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sweeps over jobs: how they are submitted, also by io_uring, and reaped. What a worker allocates to
 * do one does not fail here; what the same code does for a call does.
 */
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "inject.h"
#include "jobs.h"
#include "mem.h"
#include "ring.h"

#define LENGTH (16 * PAGE)

static void *filled(size_t length)
{
	void *addr = map_anon(length);

	fill(addr, length, 1);
	return addr;
}

static void prepare_submit(struct scene *s)
{
	s->other_fd = event_make();
}

static int call_submit(struct scene *s)
{
	struct svm_ioctl_submit arg =
		arg_submit(s->addr, s->length, TO_DEVICE, s->other_fd);

	/* What submit() has in it, by which reap_one() knows the result. */
	arg.cookie = arg.addr ^ arg.length;
	return svm_call(s->fd, SVM_IOCTL_SUBMIT, &arg);
}

/* If it says so, there is a job; if not, closing the context is enough. */
static void check_submitted(struct scene *s, int ret)
{
	if (!ret)
		CHECK_EQ(reap_one(s->fd, s->other_fd).error, 0);
	close(s->other_fd);
	check_fill(s->addr, s->length, 1);
}

CASE(submit)
{
	sweep(INJECT_ALL, &(struct operation){ .map = filled,
					       .length = LENGTH,
					       .prepare = prepare_submit,
					       .call = call_submit,
					       .check = check_submitted });
}

static void prepare_reap(struct scene *s)
{
	prepare_submit(s);
	submit(s->fd, s->addr, s->length, TO_DEVICE, s->other_fd);
	event_wait(s->other_fd);
}

static int call_reap(struct scene *s)
{
	struct svm_job_result result;
	struct svm_ioctl_reap arg = arg_reap(&result, 1);

	return svm_call(s->fd, SVM_IOCTL_REAP, &arg);
}

static void check_reaped(struct scene *s, int ret)
{
	(void)ret;
	close(s->other_fd);
	check_fill(s->addr, s->length, 1);
}

CASE(reap)
{
	sweep(INJECT_ALL, &(struct operation){ .map = filled,
					       .length = LENGTH,
					       .prepare = prepare_reap,
					       .call = call_reap,
					       .check = check_reaped });
}

static struct ring ring;
static struct svm_ioctl_submit request;
static struct svm_job_result result;

static void prepare_command(struct scene *s)
{
	ring = ring_make(2, 0);
	request = arg_submit(s->addr, s->length, TO_DEVICE, -1);
	ring_migrate(&ring, s->fd, &request, &result, 0);
}

static int call_command(struct scene *s)
{
	struct completion c;
	int ret = ring_try_submit(&ring);

	s->number = 0;
	if (ret < 0)
		return ret;
	s->number = ring_peek(&ring, &c);
	return s->number ? c.res : 0;
}

/* What was queued is completed; what was not has left no job. */
static void check_command(struct scene *s, int ret)
{
	struct completion c;

	if (!ret && !s->number) {
		c = ring_wait(&ring);
		/* Told late, it may be the telling that failed. */
		CHECK(c.res == 0 || c.res == -EFAULT);
	}
	CHECK_EQ(job_cancel(s->fd, 0), 0);
	ring_end(&ring);
	check_fill(s->addr, s->length, 1);
}

CASE(command)
{
	sweep(INJECT_ALL, &(struct operation){ .map = filled,
					       .length = LENGTH,
					       .prepare = prepare_command,
					       .call = call_command,
					       .check = check_command,
					       .errors = { EAGAIN } });
}
