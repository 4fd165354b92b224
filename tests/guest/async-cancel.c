// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Jobs that are cancelled, too many, or refused.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "jobs.h"
#include "mem.h"
#include "os.h"

#define PAGES 256
#define LENGTH (PAGES * PAGE)

static uint64_t pages_of(const struct svm_job_result *r)
{
	return (r->next - r->addr) / PAGE;
}

CASE(cancel_waiting)
{
	int fd = open_device(0), slow = event_make(), efd = event_make();
	char *endless = map_endless(), *addr = endless + ENDLESS / 2;
	struct svm_job_result r;
	uint64_t first, second;

	CHECK_SYS(mprotect(addr, LENGTH, RW));
	fill(addr, LENGTH, 1);
	first = submit(fd, endless, ENDLESS, TO_SYSTEM, slow);
	second = submit(fd, addr, LENGTH, TO_DEVICE, efd);
	CHECK_EQ(job_cancel(fd, second), 1);
	r = reap_one(fd, efd);
	CHECK_EQ(r.id, second);
	CHECK_EQ(r.error, -ECANCELED);
	CHECK_EQ(r.next, r.addr);
	CHECK_EQ(r.bytes_moved, 0);
	check_home(fd, addr, LENGTH);
	/* The one that it waited for is as it was. */
	CHECK_EQ(job_reap(fd, first, &r, 1), 0);
	CHECK_EQ(job_cancel(fd, first), 1);
	CHECK_EQ(reap_one(fd, slow).error, -ECANCELED);
	check_fill(addr, LENGTH, 1);
}

/* Who waited for one that is cancelled goes on. */
CASE(cancel_lets_others_go)
{
	int fd = open_device(0), slow = event_make(), efd = event_make();
	char *endless = map_endless(), *addr = endless + ENDLESS / 2;
	struct svm_job_result r[3];
	uint64_t ids[4];
	int i;

	CHECK_SYS(mprotect(addr, LENGTH, RW));
	fill(addr, LENGTH, 1);
	ids[0] = submit(fd, endless, ENDLESS, TO_SYSTEM, slow);
	for (i = 1; i < 4; i++)
		ids[i] = submit(fd, addr, LENGTH,
				i == 2 ? TO_SYSTEM : TO_DEVICE, efd);
	CHECK_EQ(job_cancel(fd, ids[2]), 1);
	CHECK_EQ(event_wait(efd), 1);
	CHECK_EQ(job_cancel(fd, ids[0]), 1);
	event_wait(slow);
	CHECK_EQ(job_reap(fd, ids[0], r, 1), 1);
	for (i = 0; i < 2;)
		i += event_wait(efd);
	CHECK_EQ(job_reap(fd, 0, r, 3), 3);
	CHECK_EQ(r[0].id, ids[2]);
	CHECK_EQ(r[0].error, -ECANCELED);
	CHECK_EQ(r[1].id, ids[1]);
	CHECK_EQ(r[1].pages[SVM_PAGE_MOVED], PAGES);
	CHECK_EQ(r[2].id, ids[3]);
	CHECK_EQ(r[2].pages[SVM_PAGE_ALREADY], PAGES);
	check_fill(addr, LENGTH, 1);
}

/* What it did is done, what it did not come to is as it was. */
CASE(cancel_running)
{
	const size_t length = MIB(16);
	int fd = open_device(0), efd = event_make(), i;
	struct svm_ioctl_events on = arg_events(1u << SVM_EVENT_MIGRATED, 0);
	char *addr = map_endless(), *last = addr + ENDLESS - length;
	struct svm_job_result r;
	struct svm_event e;
	size_t moved;
	uint64_t id;

	CHECK_SYS(mprotect(addr, length, RW));
	CHECK_SYS(mprotect(last, length, RW));
	stamp(addr, length, 1);
	stamp(last, length, 2);
	for (i = 0; i < 5; i++) {
		CHECK_RET(svm_call(fd, SVM_IOCTL_EVENTS, &on), 0);
		id = submit(fd, addr, ENDLESS, TO_DEVICE, efd);
		/* It is at work. */
		CHECK_EQ(read(fd, &e, sizeof(e)), sizeof(e));
		CHECK_EQ(job_cancel(fd, id), 1);
		r = reap_one(fd, efd);
		CHECK_EQ(r.error, -ECANCELED);
		moved = r.next - r.addr < length ? r.next - r.addr : length;
		CHECK_GT(moved, 0);
		CHECK_EQ(r.bytes_moved, moved);
		CHECK_EQ(r.pages[SVM_PAGE_HOLE], pages_of(&r) - moved / PAGE);
		check_on_device(fd, addr, moved, 0);
		if (moved < length)
			check_home(fd, addr + moved, length - moved);
		check_home(fd, last, length);
		check_stamp(addr, length, 1);
		move_all(fd, addr, length, TO_SYSTEM);
	}
	check_stamp(last, length, 2);
}

CASE(cancel_ended)
{
	int fd = open_device(0), efd = event_make();
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_cancel c;
	struct svm_job_result r;
	uint64_t id;

	fill(addr, LENGTH, 1);
	id = submit(fd, addr, LENGTH, TO_DEVICE, efd);
	event_wait(efd);
	c = arg_cancel(id);
	check_refused(fd, SVM_IOCTL_CANCEL, &c, sizeof(c), ENOENT);
	CHECK_EQ(job_cancel(fd, 0), 0);
	CHECK_EQ(job_reap(fd, id, &r, 1), 1);
	CHECK_EQ(r.error, 0);
	check_refused(fd, SVM_IOCTL_CANCEL, &c, sizeof(c), ENOENT);
	/* Cancelled, and then ended. */
	id = submit(fd, map_endless(), ENDLESS, TO_SYSTEM, efd);
	CHECK_EQ(job_cancel(fd, id), 1);
	event_wait(efd);
	c = arg_cancel(id);
	check_refused(fd, SVM_IOCTL_CANCEL, &c, sizeof(c), ENOENT);
}

CASE(cancel_unknown)
{
	const uint64_t bad[] = { 1, 2, 12345, 1ull << 32, UINT64_MAX };
	int fd = open_device(0), second = open_device(0), efd = event_make();
	struct svm_ioctl_cancel c;
	struct svm_job_result r;
	uint64_t id;
	size_t i;

	for (i = 0; i < 5; i++) {
		c = arg_cancel(bad[i]);
		check_refused(fd, SVM_IOCTL_CANCEL, &c, sizeof(c), ENOENT);
		CHECK_RET(job_reap(fd, bad[i], &r, 1), -ENOENT);
	}
	CHECK_EQ(job_cancel(fd, 0), 0);
	/* Another context's. */
	id = submit(fd, map_endless(), ENDLESS, TO_SYSTEM, efd);
	c = arg_cancel(id);
	check_refused(second, SVM_IOCTL_CANCEL, &c, sizeof(c), ENOENT);
	CHECK_EQ(job_cancel(second, 0), 0);
	CHECK_RET(job_reap(second, id, &r, 1), -ENOENT);
	CHECK_EQ(job_reap(second, 0, &r, 1), 0);
	CHECK_EQ(job_cancel(fd, id), 1);
	CHECK_EQ(reap_one(fd, efd).error, -ECANCELED);
}

/* All that a context can have, running and waiting. */
CASE(cancel_all)
{
	int fd = open_device(0), efd = event_make(), i;
	const size_t part = ENDLESS / (SVM_JOBS_MAX / 2);
	struct svm_job_result r[SVM_JOBS_MAX];
	char *endless = map_endless();

	for (i = 0; i < SVM_JOBS_MAX; i++)
		submit(fd, endless + i / 2 * part, part, TO_SYSTEM, efd);
	CHECK_EQ(job_cancel(fd, 0), SVM_JOBS_MAX);
	reap_all(fd, efd, r, SVM_JOBS_MAX);
	for (i = 0; i < SVM_JOBS_MAX; i++)
		CHECK_EQ(r[i].error, -ECANCELED);
	CHECK_EQ(job_cancel(fd, 0), 0);
}

CASE(limit)
{
	int fd = open_device(0), efd = event_make(), second = open_device(0), i;
	char *endless = map_endless(), *addr = map_anon(LENGTH);
	struct svm_job_result r[SVM_JOBS_MAX];
	struct svm_ioctl_submit s;
	uint64_t signalled = 0;

	fill(addr, LENGTH, 1);
	for (i = 0; i < SVM_JOBS_MAX; i++)
		submit(fd, endless, ENDLESS, TO_SYSTEM, efd);
	s = arg_submit(addr, LENGTH, TO_DEVICE, efd);
	check_refused(fd, SVM_IOCTL_SUBMIT, &s, sizeof(s), EBUSY);
	/* Each context has its own. */
	submit(second, addr, LENGTH, TO_DEVICE, -1);
	/* Those that have ended count until they are reaped. */
	CHECK_EQ(job_cancel(fd, 0), SVM_JOBS_MAX);
	while (signalled < SVM_JOBS_MAX)
		signalled += event_wait(efd);
	check_refused(fd, SVM_IOCTL_SUBMIT, &s, sizeof(s), EBUSY);
	CHECK_EQ(job_reap(fd, 0, r, 2), 2);
	for (i = 0; i < 2; i++)
		submit(fd, addr, LENGTH, TO_DEVICE, efd);
	check_refused(fd, SVM_IOCTL_SUBMIT, &s, sizeof(s), EBUSY);
	while (signalled < SVM_JOBS_MAX + 2)
		signalled += event_wait(efd);
	CHECK_EQ(job_reap(fd, 0, r, SVM_JOBS_MAX), SVM_JOBS_MAX);
	CHECK_EQ(r[SVM_JOBS_MAX - 1].error, 0);
	CHECK_EQ(job_reap(fd, 0, r, SVM_JOBS_MAX), 0);
}

/* --- requests that make no sense ------------------------------------------- */

static void refused(int fd, struct svm_ioctl_submit s, int error)
{
	check_refused(fd, SVM_IOCTL_SUBMIT, &s, sizeof(s), error);
}

CASE(bad_requests)
{
	int fd = open_device(0), control = open_control(), efd = event_make();
	char *addr = map_anon(LENGTH);
	const struct svm_ioctl_submit good =
		arg_submit(addr, LENGTH, TO_DEVICE, efd);
	struct svm_job_result r[2];
	struct svm_ioctl_submit s;
	struct svm_ioctl_cancel c = arg_cancel(0);
	struct svm_ioctl_reap p = arg_reap(r, 2);
	int i;

	fill(addr, LENGTH, 1);
	s = good;
	CHECK_RET(svm_call(control, SVM_IOCTL_SUBMIT, &s), -ENOTTY);
	CHECK_RET(svm_call(control, SVM_IOCTL_CANCEL, &c), -ENOTTY);
	CHECK_RET(svm_call(control, SVM_IOCTL_REAP, &p), -ENOTTY);

	s.addr++;
	refused(fd, s, EINVAL);
	s = good;
	s.length = 0;
	refused(fd, s, EINVAL);
	s.length = PAGE - 1;
	refused(fd, s, EINVAL);
	s.length = -PAGE;
	refused(fd, s, EINVAL);
	s = good;
	s.dest = 0;
	refused(fd, s, EINVAL);
	s.dest = SVM_DEST_PREFERRED + 1;
	refused(fd, s, EINVAL);
	s = good;
	s.node = 0;
	refused(fd, s, EINVAL);
	s.dest = SVM_DEST_SYSTEM;
	s.node = 1023;
	refused(fd, s, EINVAL);
	s.node = -2;
	refused(fd, s, EINVAL);
	for (i = 0; i < 32; i++) {
		s = good;
		s.flags = 1u << i;
		if (i >= 16)
			refused(fd, s, EINVAL);
		s = good;
		s.reserved = 1u << i;
		refused(fd, s, EINVAL);
		c = arg_cancel(0);
		c.flags = 1u << i;
		if (c.flags != SVM_F_OWNER_MM)
			check_refused(fd, SVM_IOCTL_CANCEL, &c, sizeof(c),
				      EINVAL);
		c = arg_cancel(0);
		c.reserved = 1u << i;
		check_refused(fd, SVM_IOCTL_CANCEL, &c, sizeof(c), EINVAL);
		p = arg_reap(r, 2);
		p.flags = 1u << i;
		if (p.flags != SVM_F_OWNER_MM)
			check_refused(fd, SVM_IOCTL_REAP, &p, sizeof(p),
				      EINVAL);
	}
	p = arg_reap(r, 0);
	check_refused(fd, SVM_IOCTL_REAP, &p, sizeof(p), EINVAL);
	/* None of them has become a job. */
	CHECK_EQ(job_reap(fd, 0, r, 2), 0);
	CHECK_EQ(job_cancel(fd, 0), 0);
	CHECK_EQ(event_count(efd), 0);
	check_home(fd, addr, LENGTH);
}

CASE(bad_eventfd)
{
	int fd = open_device(0), closed = event_make(), file = real_file(PAGE);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	CHECK_SYS(close(closed));
	refused(fd, arg_submit(addr, LENGTH, TO_DEVICE, closed), EBADF);
	refused(fd, arg_submit(addr, LENGTH, TO_DEVICE, -2), EBADF);
	refused(fd, arg_submit(addr, LENGTH, TO_DEVICE, 1 << 20), EBADF);
	refused(fd, arg_submit(addr, LENGTH, TO_DEVICE, fd), EINVAL);
	refused(fd, arg_submit(addr, LENGTH, TO_DEVICE, file), EINVAL);
	check_home(fd, addr, LENGTH);
}

/* --- many threads ------------------------------------------------------------ */

#define PARTS 8
#define PART (16 * PAGE)

struct many {
	int fd;
	char *addr;
	atomic_uint submitted, reaped;
	atomic_int turn;
};

static void take(struct many *m)
{
	struct svm_job_result r[8];
	int n = job_reap(m->fd, 0, r, 8);

	CHECK_GE(n, 0);
	m->reaped += n;
}

/* Submits, cancels and reaps what others have submitted as well. */
static void *meddles(void *arg)
{
	struct many *m = arg;
	uint64_t random = 1 + ++m->turn;
	int i, ret;

	for (i = 0; i < 300; i++) {
		uint32_t x = random_next(&random);
		struct svm_ioctl_submit s =
			arg_submit(m->addr + x % (PARTS - 1) * PART,
				   PART + x / 8 % 2 * PART,
				   x / 16 % 2 ? TO_DEVICE : TO_SYSTEM, -1);

		s.cookie = s.addr ^ s.length;
		ret = svm_call(m->fd, SVM_IOCTL_SUBMIT, &s);
		if (!ret)
			m->submitted++;
		else
			CHECK_RET(ret, -EBUSY);
		if (x % 5 == 0 && !ret) {
			ret = job_cancel(m->fd, s.id);
			CHECK(ret == 1 || ret == -ENOENT);
		}
		if (x % 64 == 0)
			CHECK_GE(job_cancel(m->fd, 0), 0);
		if (x % 3 == 0)
			take(m);
		(*(volatile char *)(m->addr + x % PARTS * PART));
	}
	return NULL;
}

CASE(many_threads)
{
	struct many m = { .fd = open_device(0),
			  .addr = map_anon(PARTS * PART) };

	fill(m.addr, PARTS * PART, 1);
	threads_run(4, meddles, &m);
	CHECK(EVENTUALLY((take(&m), m.reaped == m.submitted)));
	note("%u jobs", m.reaped);
	/* So many find room, however slowly they are worked through. */
	CHECK_GE(m.reaped, SVM_JOBS_MAX);
	check_fill(m.addr, PARTS * PART, 1);
}
