// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands of io_uring and the ends of things: cancelling, and the ends of rings,
 * threads, processes, files and devices.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "jobs.h"
#include "mem.h"
#include "os.h"
#include "ring.h"

#define PAGES 256
#define LENGTH (PAGES * PAGE)

static char *filled(void)
{
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	return addr;
}

static struct svm_ioctl_submit endless(void)
{
	static char *addr;

	if (!addr)
		addr = map_endless();
	return arg_submit(addr, ENDLESS, TO_SYSTEM, -1);
}

/* --- cancelling ------------------------------------------------------------- */

/* By the number that the kernel writes when the job begins. */
CASE(cancel)
{
	struct ring ring = ring_make(4, 0);
	struct svm_ioctl_submit s[2] = { endless(), endless() };
	struct svm_job_result r[2], none;
	int fd = open_device(0), i;
	struct completion cqe;

	for (i = 0; i < 2; i++)
		ring_migrate(&ring, fd, &s[i], &r[i], i);
	ring_submit(&ring);
	/* Neither that waits nor that runs can be reaped. */
	for (i = 0; i < 2; i++)
		CHECK_EQ(job_reap(fd, s[i].id, &none, 1), 0);
	for (i = 1; i >= 0; i--) {
		CHECK_EQ(job_cancel(fd, s[i].id), 1);
		cqe = ring_wait(&ring);
		CHECK_EQ(cqe.user_data, i);
		CHECK_RET(cqe.res, -ECANCELED);
		CHECK_EQ(r[i].id, s[i].id);
		CHECK_EQ(r[i].error, -ECANCELED);
		CHECK_RET(job_reap(fd, s[i].id, &none, 1), -ENOENT);
		CHECK_RET(job_cancel(fd, s[i].id), -ENOENT);
	}
	CHECK_EQ(r[1].next, s[1].addr);
	CHECK_EQ(job_reap(fd, 0, &none, 1), 0);
	ring_end(&ring);
}

/* The kernel's own way does not find it; that loses nothing. */
CASE(async_cancel)
{
	struct ring ring = ring_make(4, 0);
	struct svm_ioctl_submit s = endless();
	struct io_uring_sqe *sqe;
	struct svm_job_result r;
	struct completion cqe;
	int fd = open_device(0);

	ring_migrate(&ring, fd, &s, &r, 7);
	ring_submit(&ring);
	sqe = ring_next(&ring);
	sqe->opcode = IORING_OP_ASYNC_CANCEL;
	sqe->addr = 7;
	sqe->user_data = 8;
	ring_submit(&ring);
	cqe = ring_wait(&ring);
	CHECK_EQ(cqe.user_data, 8);
	CHECK_RET(cqe.res, -ENOENT);
	CHECK(!ring_peek(&ring, &cqe));
	CHECK_EQ(job_cancel(fd, s.id), 1);
	cqe = ring_wait(&ring);
	CHECK_EQ(cqe.user_data, 7);
	CHECK_RET(cqe.res, -ECANCELED);
	CHECK_EQ(r.error, -ECANCELED);
	ring_end(&ring);
}

/* As many as a context can have; the next ones are refused, and are not lost. */
CASE(limit)
{
	struct ring ring = ring_make(2 * SVM_JOBS_MAX, 0);
	struct svm_ioctl_submit s[SVM_JOBS_MAX + 4], by_call = endless();
	struct svm_job_result r[SVM_JOBS_MAX + 4];
	int fd = open_device(0), i, cancelled = 0;
	struct completion cqe;

	for (i = 0; i < SVM_JOBS_MAX + 4; i++) {
		s[i] = endless();
		ring_migrate(&ring, fd, &s[i], &r[i], i);
	}
	ring_submit(&ring);
	for (i = 0; i < 4; i++) {
		cqe = ring_wait(&ring);
		CHECK_EQ(cqe.user_data, SVM_JOBS_MAX + i);
		CHECK_RET(cqe.res, -EBUSY);
	}
	check_refused(fd, SVM_IOCTL_SUBMIT, &by_call, sizeof(by_call), EBUSY);
	CHECK_EQ(job_cancel(fd, 0), SVM_JOBS_MAX);
	for (i = 0; i < SVM_JOBS_MAX; i++)
		cancelled += ring_wait(&ring).res == -ECANCELED;
	CHECK_EQ(cancelled, SVM_JOBS_MAX);
	/* What was told does not count any more. */
	for (i = 0; i < SVM_JOBS_MAX; i++)
		ring_migrate(&ring, fd, &s[i], &r[i], i);
	ring_submit(&ring);
	CHECK(!ring_peek(&ring, &cqe));
	CHECK_EQ(job_cancel(fd, 0), SVM_JOBS_MAX);
	for (i = 0; i < SVM_JOBS_MAX; i++)
		CHECK_RET(ring_wait(&ring).res, -ECANCELED);
	ring_end(&ring);
}

/* Where the result was to go is gone. */
CASE(result_is_unmapped)
{
	struct ring ring = ring_make(4, 0);
	struct svm_ioctl_submit s = endless();
	struct svm_job_result *r = map_anon(PAGE);
	int fd = open_device(0);

	ring_migrate(&ring, fd, &s, r, 0);
	ring_submit(&ring);
	CHECK_SYS(munmap(r, PAGE));
	CHECK_EQ(job_cancel(fd, s.id), 1);
	CHECK_RET(ring_wait(&ring).res, -EFAULT);
	CHECK_EQ(job_cancel(fd, 0), 0);
	ring_end(&ring);
}

/* --- files ----------------------------------------------------------------------- */

#define HANGING 8

/* Commands that run, wait, and are about to run, and an access. */
static void hang_on(struct ring *ring, int fd, char *addr)
{
	static struct svm_ioctl_submit s[HANGING];
	static struct svm_job_result r[HANGING];
	static struct svm_access_op op;
	static struct svm_ioctl_access a;
	int i;

	s[0] = endless();
	s[1] = endless();
	for (i = 2; i < HANGING; i++)
		s[i] = arg_submit(addr, LENGTH, i % 2 ? TO_SYSTEM : TO_DEVICE,
				  -1);
	for (i = 0; i < HANGING; i++)
		ring_migrate(ring, fd, &s[i], &r[i], i);
	op = op_copy(addr, addr, LENGTH);
	a = arg_access(&op, 1);
	ring_access(ring, fd, &a, HANGING);
	ring_submit(ring);
}

/*
 * Whether all places for jobs are free: ours do not end until they are cancelled,
 * so as many are refused as there are others.
 */
static bool has_no_jobs(int fd)
{
	struct ring ring = ring_make(SVM_JOBS_MAX, 0);
	struct svm_ioctl_submit s[SVM_JOBS_MAX];
	struct svm_job_result r[SVM_JOBS_MAX];
	bool refused[SVM_JOBS_MAX] = { false };
	struct completion c;
	int i, busy = 0;

	for (i = 0; i < SVM_JOBS_MAX; i++) {
		s[i] = endless();
		ring_migrate(&ring, fd, &s[i], &r[i], i);
	}
	ring_submit(&ring);
	while (ring_peek(&ring, &c)) {
		CHECK_RET(c.res, -EBUSY);
		refused[c.user_data] = true;
		busy++;
	}
	for (i = 0; i < SVM_JOBS_MAX; i++) {
		if (refused[i])
			continue;
		CHECK_EQ(job_cancel(fd, s[i].id), 1);
		CHECK_RET(ring_wait(&ring).res, -ECANCELED);
	}
	ring_end(&ring);
	return !busy;
}

CASE(close_of_the_ring)
{
	char *addr = filled();
	int fd = open_device(0), i;

	for (i = 0; i < 10; i++) {
		struct ring ring = ring_make(16, 0);

		hang_on(&ring, fd, addr);
		ring_end(&ring);
		CHECK(EVENTUALLY(has_no_jobs(fd)));
		check_fill(addr, LENGTH, 1);
	}
}

/* The commands keep the context open. */
CASE(close_of_the_context)
{
	struct ring ring = ring_make(16, 0);
	char *addr = filled();
	struct svm_ioctl_submit s[4];
	struct svm_job_result r[4];
	int fd = open_device(0), other = open_device(0), i;

	for (i = 0; i < 4; i++) {
		s[i] = arg_submit(addr + i * LENGTH / 4, LENGTH / 4, TO_DEVICE,
				  -1);
		ring_migrate(&ring, fd, &s[i], &r[i], i);
	}
	ring_submit(&ring);
	CHECK_SYS(close(fd));
	for (i = 0; i < 4; i++)
		CHECK_RET(ring_wait(&ring).res, 0);
	for (i = 0; i < 4; i++)
		CHECK_EQ(r[i].bytes_moved, LENGTH / 4);
	check_on_device(other, addr, LENGTH, 0);
	check_fill(addr, LENGTH, 1);
	/* And those that do not end, until the ring goes. */
	fd = open_device(0);
	hang_on(&ring, fd, addr);
	CHECK_SYS(close(fd));
	ring_end(&ring);
	check_fill(addr, LENGTH, 1);
}

/* --- threads and processes --------------------------------------------------------- */

struct submitter {
	struct ring *ring;
	int fd;
	struct svm_ioctl_submit s;
	struct svm_job_result r;
};

static void *submits_and_ends(void *arg)
{
	struct submitter *sub = arg;

	ring_migrate(sub->ring, sub->fd, &sub->s, &sub->r, 5);
	ring_submit(sub->ring);
	return NULL;
}

/* Who shares the ring hears of the end, but not of what came of it. */
CASE(end_of_the_thread)
{
	struct ring ring = ring_make(4, 0);
	struct submitter sub = {
		.ring = &ring,
		.fd = open_device(0),
		.s = endless(),
	};
	struct completion cqe;

	thread_join(thread_start(submits_and_ends, &sub));
	CHECK_EQ(job_cancel(sub.fd, sub.s.id), 1);
	cqe = ring_wait(&ring);
	CHECK_EQ(cqe.user_data, 5);
	CHECK_RET(cqe.res, -ECANCELED);
	CHECK(has_no_jobs(sub.fd));
	ring_end(&ring);
}

struct dying {
	unsigned int flags;
	struct gate ready;
};

static void exits(void *arg)
{
	struct dying *d = arg;
	struct ring ring = ring_make(16, d->flags);

	hang_on(&ring, open_device(0), filled());
}

static void victim(void *arg)
{
	struct dying *d = arg;

	exits(arg);
	gate_open(&d->ready, 1);
	for (;;)
		pause();
}

static const unsigned int kinds[] = {
	0,
	IORING_SETUP_SQPOLL,
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

CASE(exit_with_commands)
{
	struct dying d = { 0 };
	int fd = open_device(0), i;

	need_uring();
	for (i = 0; i < 12; i++) {
		d.flags = kinds[i % 3];
		child_ok(child(exits, &d));
		check_all_free(fd);
	}
}

CASE(killed_with_commands)
{
	struct dying d = { .ready = gate_make() };
	int fd = open_device(0), i;
	uint64_t random = 5;

	need_uring();
	for (i = 0; i < 30; i++) {
		pid_t pid;

		d.flags = kinds[i % 3];
		pid = child(victim, &d);
		gate_wait(&d.ready);
		child_kill_soon(pid, &random);
		check_all_free(fd);
	}
}

/* --- fork -------------------------------------------------------------------------- */

struct family {
	int fd;
	char *addr;
	struct ring *ring;
	struct svm_job_result *result;
	struct gate closed, ended;
};

static void child_submits(void *arg)
{
	struct family *f = arg;
	struct ring ring = ring_make(4, 0);
	struct svm_ioctl_submit s = arg_submit(f->addr, LENGTH, TO_DEVICE, -1);
	char *buffer = map_anon(LENGTH);
	struct svm_access_op op = op_read(f->addr, LENGTH, buffer);
	struct svm_ioctl_access a = arg_access(&op, 1);
	struct svm_job_result r;
	int res[2];

	/* Our own memory is not the context's. */
	fill(f->addr, LENGTH, 2);
	ring_migrate(&ring, f->fd, &s, &r, 0);
	ring_access(&ring, f->fd, &a, 1);
	ring_run(&ring, 2, res);
	CHECK_RET(res[0], -EXDEV);
	CHECK_RET(res[1], -EXDEV);
	/* If that is what we want, the parent's moves, and we hear of it. */
	s.flags = a.flags = SVM_F_OWNER_MM;
	ring_migrate(&ring, f->fd, &s, &r, 0);
	ring_run(&ring, 1, res);
	CHECK_RET(res[0], 0);
	CHECK_EQ(r.bytes_moved, LENGTH);
	ring_access(&ring, f->fd, &a, 0);
	ring_run(&ring, 1, res);
	CHECK_RET(res[0], 0);
	check_fill(buffer, LENGTH, 1);
	check_fill(f->addr, LENGTH, 2);
	ring_end(&ring);
}

CASE(ring_of_a_child)
{
	struct family f = { .fd = open_device(0), .addr = filled() };

	need_uring();
	child_ok(child(child_submits, &f));
	check_on_device(f.fd, f.addr, LENGTH, 0);
	check_fill(f.addr, LENGTH, 1);
}

static void child_closes(void *arg)
{
	struct family *f = arg;
	struct svm_job_result was = *f->result;

	gate_wait(&f->closed);
	ring_end(f->ring);
	gate_wait(&f->ended);
	/* What came of the parent's jobs is not for our memory. */
	CHECK(!memcmp(f->result, &was, sizeof(was)));
}

/* The last to close a ring may be somebody else. */
CASE(ring_closed_by_a_child)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct ring ring = ring_make(4, kinds[i]);
		struct svm_ioctl_submit s = endless();
		struct svm_job_result r;
		struct family f = {
			.fd = open_device(0),
			.ring = &ring,
			.result = &r,
			.closed = gate_make(),
			.ended = gate_make(),
		};
		pid_t pid;

		memset(&r, 0xa5, sizeof(r));
		ring_migrate(&ring, f.fd, &s, &r, 0);
		ring_submit(&ring);
		pid = child(child_closes, &f);
		ring_end(&ring);
		gate_open(&f.closed, 1);
		CHECK(EVENTUALLY(has_no_jobs(f.fd)));
		gate_open(&f.ended, 1);
		child_ok(pid);
		CHECK_SYS(close(f.fd));
	}
}

/* --- devices ------------------------------------------------------------------- */

CASE(destroy_with_commands)
{
	struct ring ring = ring_make(16, 0);
	uint32_t id = create_device(MIB(16));
	int fd = open_device(id), i, gone = 0;
	char *addr = filled();

	hang_on(&ring, fd, addr);
	destroy_device(id);
	for (i = 0; i <= HANGING; i++) {
		struct completion cqe = ring_wait(&ring);

		CHECK(cqe.res == 0 || cqe.res == -ENODEV);
		gone += cqe.user_data < 2 && cqe.res == -ENODEV;
	}
	CHECK_EQ(gone, 2);
	hang_on(&ring, fd, addr);
	for (i = 0; i <= HANGING; i++)
		CHECK_RET(ring_wait(&ring).res, -ENODEV);
	check_fill(addr, LENGTH, 1);
	ring_end(&ring);
}

/* --- many threads ------------------------------------------------------------------ */

#define PARTS 8
#define PART (16 * PAGE)
#define AT_ONCE 8

struct many {
	int fd;
	char *addr;
	atomic_uint submitted, completed;
	atomic_int turn;
};

/* Each with a ring of its own, and all on the same memory. */
static void *meddles(void *arg)
{
	struct many *m = arg;
	uint64_t random = 1 + ++m->turn;
	struct ring ring = ring_make(AT_ONCE, 0);
	struct svm_ioctl_submit s[AT_ONCE];
	struct svm_job_result r[AT_ONCE];
	int round, i, res[AT_ONCE];

	for (round = 0; round < 60; round++) {
		for (i = 0; i < AT_ONCE; i++) {
			uint32_t x = random_next(&random);

			s[i] = arg_submit(m->addr + x % (PARTS - 1) * PART,
					  PART + x / 8 % 2 * PART,
					  x / 16 % 2 ? TO_DEVICE : TO_SYSTEM,
					  -1);
			ring_migrate(&ring, m->fd, &s[i], &r[i], i)->flags =
				x / 32 % 4 ? 0 : IOSQE_ASYNC;
		}
		if (random_next(&random) % 4 == 0)
			CHECK_GE(job_cancel(m->fd, 0), 0);
		ring_run(&ring, AT_ONCE, res);
		for (i = 0; i < AT_ONCE; i++)
			CHECK(res[i] == 0 || res[i] == -EBUSY ||
			      res[i] == -ECANCELED);
		m->completed += AT_ONCE;
		(*(volatile char *)(m->addr + round % PARTS * PART));
	}
	ring_end(&ring);
	return NULL;
}

CASE(many_threads)
{
	struct many m = { .fd = open_device(0),
			  .addr = map_anon(PARTS * PART) };

	fill(m.addr, PARTS * PART, 1);
	threads_run(4, meddles, &m);
	CHECK_EQ(m.completed, 4 * 60 * AT_ONCE);
	CHECK(has_no_jobs(m.fd));
	check_fill(m.addr, PARTS * PART, 1);
}
