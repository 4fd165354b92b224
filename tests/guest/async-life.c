// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Jobs and the ends of things: of processes, files, memory and devices.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "jobs.h"
#include "mem.h"
#include "os.h"

#define PAGES 256
#define LENGTH (PAGES * PAGE)

/* Jobs that hang_on() submits. */
#define HANGING 8

/*
 * Jobs that are running, waiting and about to run: one that never ends, one
 * that waits for it, and others that move memory to and fro.
 */
static void hang_on(int fd, int efd, char *addr)
{
	static char *endless;
	int i;

	if (!endless)
		endless = map_endless();
	submit(fd, endless, ENDLESS, TO_SYSTEM, efd);
	submit(fd, endless + ENDLESS / 2, LENGTH, TO_SYSTEM, efd);
	for (i = 2; i < HANGING; i++)
		submit(fd, addr, LENGTH, i % 2 ? TO_SYSTEM : TO_DEVICE, efd);
}

static char *filled(void)
{
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	return addr;
}

static void wait_for(int efd, uint64_t n)
{
	uint64_t signalled = 0;

	while (signalled < n)
		signalled += event_wait(efd);
	CHECK_EQ(signalled, n);
}

CASE(close_with_jobs)
{
	int efd = event_make(), i, fd;
	char *addr = filled();

	for (i = 0; i < 10; i++) {
		fd = open_device(0);
		hang_on(fd, efd, addr);
		CHECK_SYS(close(fd));
		/* All end, and say so. */
		wait_for(efd, HANGING);
		check_fill(addr, LENGTH, 1);
	}
}

/* A file that somebody else has open as well stays. */
CASE(close_of_a_copy)
{
	int fd = open_device(0), copy = CHECK_SYS(dup(fd)), efd = event_make();
	struct svm_job_result r;
	uint64_t id;

	id = submit(fd, map_endless(), ENDLESS, TO_SYSTEM, efd);
	CHECK_SYS(close(fd));
	CHECK_EQ(job_reap(copy, id, &r, 1), 0);
	CHECK_EQ(job_cancel(copy, id), 1);
	CHECK_EQ(reap_one(copy, efd).error, -ECANCELED);
}

struct dying {
	int efd;
	struct gate ready;
	int sock;
};

static void exits_with_jobs(void *arg)
{
	struct dying *d = arg;

	hang_on(open_device(0), d->efd, filled());
}

CASE(exit_with_jobs)
{
	struct dying d = { .efd = event_make() };
	int fd = open_device(0), i;

	for (i = 0; i < 10; i++) {
		child_ok(child(exits_with_jobs, &d));
		wait_for(d.efd, HANGING);
		check_all_free(fd);
	}
}

static void victim(void *arg)
{
	struct dying *d = arg;
	int fd = open_device(0), efd = event_make();
	struct svm_job_result r[SVM_JOBS_MAX];
	char *addr = filled();
	bool told = false;
	int i;

	submit(fd, map_endless(), ENDLESS, TO_SYSTEM, -1);
	for (;;) {
		for (i = 0; i < 8; i++)
			submit(fd, addr + i / 4 * (LENGTH / 2), LENGTH / 2,
			       i % 2 ? TO_SYSTEM : TO_DEVICE, efd);
		if (!told)
			gate_open(&d->ready, 1);
		told = true;
		reap_all(fd, efd, r, 8);
	}
}

CASE(killed_two_hundred_times)
{
	struct dying d = { .ready = gate_make() };
	int fd = open_device(0), i;
	double start = seconds();
	uint64_t random = 5;

	for (i = 0; i < 200 && seconds() - start < 100; i++) {
		pid_t pid = child(victim, &d);

		gate_wait(&d.ready);
		child_kill_soon(pid, &random);
		check_all_free(fd);
	}
	note("%d of 200 killed", i);
}

/* The memory goes, the file is still open elsewhere. */
static void hands_over(void *arg)
{
	struct dying *d = arg;
	int fd = open_device(0);

	hang_on(fd, d->efd, filled());
	send_fd(d->sock, fd);
	gate_wait(&d->ready);
}

static void execs(void *arg)
{
	hands_over(arg);
	CHECK_SYS(execl("/bin/sleep", "sleep", "60", (char *)NULL));
}

/* What happened to the jobs of hang_on(), told to who holds the file. */
static void check_gone(int fd, int efd)
{
	struct svm_job_result r[HANGING];
	struct svm_ioctl_reap p = arg_reap(r, HANGING);
	struct svm_ioctl_cancel c = arg_cancel(0);
	char *addr = filled();
	struct svm_ioctl_submit s;
	unsigned int i, gone = 0;

	wait_for(efd, HANGING);
	check_refused(fd, SVM_IOCTL_REAP, &p, sizeof(p), EXDEV);
	p.flags = SVM_F_OWNER_MM;
	CHECK_RET(svm_call(fd, SVM_IOCTL_REAP, &p), 0);
	CHECK_EQ(p.reaped, HANGING);
	for (i = 0; i < HANGING; i++) {
		CHECK(r[i].error == 0 || r[i].error == -ESRCH);
		gone += r[i].error == -ESRCH;
	}
	CHECK_GE(gone, 2);
	c.flags = SVM_F_OWNER_MM;
	CHECK_RET(svm_call(fd, SVM_IOCTL_CANCEL, &c), 0);
	CHECK_EQ(c.cancelled, 0);
	s = arg_submit(addr, LENGTH, TO_DEVICE, efd);
	check_refused(fd, SVM_IOCTL_SUBMIT, &s, sizeof(s), EXDEV);
	s.flags = SVM_F_OWNER_MM;
	check_refused(fd, SVM_IOCTL_SUBMIT, &s, sizeof(s), ESRCH);
	check_all_free(fd);
}

static void check_owner_ends(bool killed)
{
	struct dying d = { .efd = event_make(), .ready = gate_make() };
	int sv[2], fd, i;
	pid_t pid;

	make_sockets(sv);
	d.sock = sv[1];
	for (i = 0; i < 5; i++) {
		pid = child(hands_over, &d);
		fd = receive_fd(sv[0]);
		if (killed) {
			child_kill(pid);
		} else {
			gate_open(&d.ready, 1);
			child_ok(pid);
		}
		check_gone(fd, d.efd);
		CHECK_SYS(close(fd));
	}
}

CASE(owner_exits)
{
	check_owner_ends(false);
}

CASE(owner_is_killed)
{
	check_owner_ends(true);
}

CASE(owner_execs)
{
	struct dying d = { .efd = event_make(), .ready = gate_make() };
	int sv[2], fd;
	pid_t pid;

	make_sockets(sv);
	d.sock = sv[1];
	pid = child(execs, &d);
	fd = receive_fd(sv[0]);
	gate_open(&d.ready, 1);
	check_gone(fd, d.efd);
	/* It is alive, and was not waited for. */
	CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
	child_kill(pid);
}

/* --- fork, and helpers -------------------------------------------------------- */

struct family {
	int fd;
	char *addr;
	uint64_t running;
};

static void child_meddles(void *arg)
{
	struct family *f = arg;
	struct svm_job_result r;
	struct svm_ioctl_submit s = arg_submit(f->addr, LENGTH, TO_DEVICE, -1);
	struct svm_ioctl_cancel c = arg_cancel(f->running), all = arg_cancel(0);
	struct svm_ioctl_reap p = arg_reap(&r, 1);

	check_refused(f->fd, SVM_IOCTL_SUBMIT, &s, sizeof(s), EXDEV);
	check_refused(f->fd, SVM_IOCTL_CANCEL, &c, sizeof(c), EXDEV);
	check_refused(f->fd, SVM_IOCTL_CANCEL, &all, sizeof(all), EXDEV);
	check_refused(f->fd, SVM_IOCTL_REAP, &p, sizeof(p), EXDEV);
}

static void child_helps(void *arg)
{
	struct family *f = arg;
	struct svm_ioctl_cancel c = arg_cancel(f->running);
	int efd = event_make();

	/* Of our own copy nothing moves. */
	fill(f->addr, LENGTH, 2);
	submit_flags(f->fd, f->addr, LENGTH, TO_DEVICE, SVM_F_OWNER_MM, efd);
	event_wait(efd);
	c.flags = SVM_F_OWNER_MM;
	CHECK_RET(svm_call(f->fd, SVM_IOCTL_CANCEL, &c), 0);
	check_fill(f->addr, LENGTH, 2);
}

CASE(forked_child)
{
	struct family f = { .fd = open_device(0), .addr = filled() };
	int efd = event_make(), done = event_make();
	struct svm_job_result r;

	/* One is running, the result of one is there. */
	f.running = submit(f.fd, map_endless(), ENDLESS, TO_SYSTEM, efd);
	submit(f.fd, f.addr, LENGTH, TO_SYSTEM, done);
	event_wait(done);
	child_ok(child(child_meddles, &f));
	CHECK_EQ(job_reap(f.fd, f.running, &r, 1), 0);
	CHECK_EQ(event_count(efd), 0);
	CHECK_EQ(job_reap(f.fd, 0, &r, 1), 1);
	check_home(f.fd, f.addr, LENGTH);

	child_ok(child(child_helps, &f));
	event_wait(efd);
	CHECK_EQ(job_reap(f.fd, f.running, &r, 1), 1);
	CHECK_EQ(r.error, -ECANCELED);
	CHECK_EQ(job_reap(f.fd, 0, &r, 1), 1);
	CHECK_EQ(r.bytes_moved, LENGTH);
	check_on_device(f.fd, f.addr, LENGTH, 0);
	check_fill(f.addr, LENGTH, 1);
}

/* --- devices ------------------------------------------------------------------- */

CASE(destroy_with_jobs)
{
	int efd = event_make(), round, fd;
	char *addr = filled();

	for (round = 0; round < 5; round++) {
		uint32_t id = create_device(MIB(16));
		struct svm_job_result r[HANGING];
		unsigned int i, gone = 0;
		struct svm_ioctl_submit s;

		fd = open_device(id);
		hang_on(fd, efd, addr);
		destroy_device(id);
		reap_all(fd, efd, r, HANGING);
		for (i = 0; i < HANGING; i++) {
			CHECK(r[i].error == 0 || r[i].error == -ENODEV);
			gone += r[i].error == -ENODEV;
		}
		CHECK_GE(gone, 2);
		s = arg_submit(addr, LENGTH, TO_SYSTEM, efd);
		check_refused(fd, SVM_IOCTL_SUBMIT, &s, sizeof(s), ENODEV);
		CHECK_EQ(job_cancel(fd, 0), 0);
		check_fill(addr, LENGTH, 1);
		CHECK_SYS(close(fd));
	}
}

/* --- memory that changes meanwhile --------------------------------------------- */

struct shifting {
	char *addr;
	atomic_bool stop;
};

#define PIECE (32 * PAGE)
#define PIECES 16

static void *shifts(void *arg)
{
	struct shifting *s = arg;
	uint64_t random = 9;

	while (!s->stop) {
		uint32_t x = random_next(&random);
		char *piece = s->addr + x % PIECES * PIECE;

		switch (x / PIECES % 4) {
		case 0:
			CHECK_SYS(munmap(piece, PIECE));
			sched_yield();
			CHECK_EQ(mmap(piece, PIECE, RW,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				      -1, 0),
				 piece);
			fill(piece, PIECE, 1);
			break;
		case 1:
			CHECK_SYS(madvise(piece, PIECE, MADV_DONTNEED));
			check_zero(piece, PIECE);
			fill(piece, PIECE, 1);
			break;
		case 2:
			CHECK_SYS(mprotect(piece, PIECE, PROT_READ));
			check_fill(piece, PIECE, 1);
			CHECK_SYS(mprotect(piece, PIECE, RW));
			break;
		default:
			check_fill(piece, PIECE, 1);
			break;
		}
	}
	return NULL;
}

CASE(memory_changes_meanwhile)
{
	struct shifting s = { .addr = map_anon(PIECES * PIECE) };
	int fd = open_device(0), efd = event_make(), i, k;
	struct svm_job_result r[8];
	pthread_t thread;

	for (i = 0; i < PIECES; i++)
		fill(s.addr + i * PIECE, PIECE, 1);
	thread = thread_start(shifts, &s);
	for (i = 0; i < 40; i++) {
		for (k = 0; k < 8; k++)
			submit(fd, s.addr + k % 4 * (PIECES * PIECE / 4),
			       PIECES * PIECE / 4,
			       k / 4 ? TO_SYSTEM : TO_DEVICE, efd);
		reap_all(fd, efd, r, 8);
		for (k = 0; k < 8; k++)
			CHECK_EQ(r[k].error, 0);
	}
	s.stop = true;
	thread_join(thread);
	for (i = 0; i < PIECES; i++)
		check_fill(s.addr + i * PIECE, PIECE, 1);
}
