// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kill -9 at any instant: nothing leaks.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define LENGTH MIB(2)

struct victim {
	struct gate started;
	bool huge;
	/* Both devices and back, or all that there is. */
	bool faults;
	bool forks;
};

static char *victim_addr;

static void *toucher(void *arg)
{
	size_t i;

	(void)arg;
	for (;;)
		for (i = 0; i < LENGTH / PAGE; i++)
			(*(volatile long *)page_at(victim_addr, i))++;
	return NULL;
}

static void *forker(void *arg)
{
	(void)arg;
	for (;;) {
		pid_t pid = fork();

		if (!pid) {
			stamp(victim_addr, LENGTH, 2);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	return NULL;
}

/* Moves for ever. */
static void victim(void *arg)
{
	struct victim *v = arg;
	int fds[2] = { open_device(0), open_device(1) };
	uint64_t random = 1 + getpid();
	bool started = false;

	victim_addr = v->huge ? map_thp(LENGTH) : map_anon(LENGTH);
	stamp(victim_addr, LENGTH, 1);
	if (v->faults)
		thread_start(toucher, NULL);
	if (v->forks)
		thread_start(forker, NULL);
	for (;;) {
		struct dest to = random_next(&random) % 3 ? TO_DEVICE
							  : TO_SYSTEM;

		migrate(fds[random_next(&random) % 2], victim_addr, LENGTH, to,
			0, NULL, NULL);
		if (!started)
			gate_open(&v->started, 1);
		started = true;
	}
}

static void kill_victims(struct victim v, int rounds, double limit)
{
	int fds[2] = { open_device(0), open_device(1) }, i;
	double start = seconds();
	uint64_t random = 7;

	v.started = gate_make();
	for (i = 0; i < rounds && seconds() - start < limit; i++) {
		pid_t pid = child(victim, &v);

		gate_wait(&v.started);
		child_kill_soon(pid, &random);
		check_all_free(fds[0]);
		check_all_free(fds[1]);
	}
	note("%d of %d killed", i, rounds);
}

CASE(two_hundred_times)
{
	kill_victims((struct victim){ 0 }, 200, 120);
}

CASE(with_huge_pages)
{
	kill_victims((struct victim){ .huge = true }, 60, 20);
}

CASE(while_faulting)
{
	kill_victims((struct victim){ .faults = true }, 60, 20);
}

/* The forked children lose their parent and go on for a moment. */
CASE(while_forking)
{
	kill_victims((struct victim){ .forks = true }, 40, 20);
}

/* Killed by another's hand in mid-call: the mover is not the owner. */
static void owner(void *arg)
{
	int sock = *(int *)arg;
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	stamp(addr, LENGTH, 1);
	send_fd(sock, fd);
	CHECK_EQ(write(sock, &addr, sizeof(addr)), sizeof(addr));
	for (;;)
		check_stamp(addr, LENGTH, 1);
}

struct helper {
	int fd;
	char *addr;
	struct gate started;
};

static void helper(void *arg)
{
	struct helper *h = arg;

	gate_open(&h->started, 1);
	for (;;) {
		migrate(h->fd, h->addr, LENGTH, TO_DEVICE, SVM_F_OWNER_MM, NULL,
			NULL);
		migrate(h->fd, h->addr, LENGTH, TO_SYSTEM, SVM_F_OWNER_MM, NULL,
			NULL);
	}
}

CASE(helper_is_killed)
{
	struct helper h = { .started = gate_make() };
	uint64_t random = 3;
	int sv[2], i;
	pid_t pid, mover;

	make_sockets(sv);
	pid = child(owner, &sv[1]);
	h.fd = receive_fd(sv[0]);
	CHECK_EQ(read(sv[0], &h.addr, sizeof(h.addr)), sizeof(h.addr));
	for (i = 0; i < 40; i++) {
		mover = child(helper, &h);
		gate_wait(&h.started);
		usleep(random_next(&random) % 4000);
		child_kill(mover);
		/* Owners go on and lose nothing. */
		CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
	}
	child_kill(pid);
	check_all_free(h.fd);
}

CASE(owner_is_killed)
{
	struct helper h = { .started = gate_make() };
	uint64_t random = 5;
	int sv[2], i;
	pid_t pid, mover;

	make_sockets(sv);
	for (i = 0; i < 30; i++) {
		pid = child(owner, &sv[1]);
		h.fd = receive_fd(sv[0]);
		CHECK_EQ(read(sv[0], &h.addr, sizeof(h.addr)), sizeof(h.addr));
		mover = child(helper, &h);
		gate_wait(&h.started);
		usleep(random_next(&random) % 4000);
		child_kill(pid);
		check_all_free(h.fd);
		child_kill(mover);
		CHECK_SYS(close(h.fd));
	}
}

/* The memory of a killed process is taken before its own threads have ended. */
CASE(reaped_by_process_mrelease)
{
	int fds[2] = { open_device(0), open_device(1) }, i, pidfd, reaped = 0;
	struct victim v = { .started = gate_make(), .faults = true };
	uint64_t random = 11;
	pid_t pid;

	for (i = 0; i < 20; i++) {
		pid = child(victim, &v);
		gate_wait(&v.started);
		usleep(random_next(&random) % 4000);
		pidfd = CHECK_SYS(syscall(SYS_pidfd_open, pid, 0));
		CHECK_SYS(kill(pid, SIGKILL));
		/* ESRCH: it was quicker. EAGAIN: something was in use. */
		reaped += !syscall(SYS_process_mrelease, pidfd, 0);
		child_wait(pid);
		CHECK_SYS(close(pidfd));
		check_all_free(fds[0]);
		check_all_free(fds[1]);
	}
	note("%d of 20 reaped", reaped);
}

/* A fatal signal ends a long call: it does not go through the whole range. */
CASE(in_a_long_call)
{
	int fd = open_device(0), i;
	struct gate g = gate_make();

	for (i = 0; i < 20; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			char *addr = map_anon(MIB(64));

			fd = open_device(0);
			gate_open(&g, 1);
			for (;;)
				migrate(fd, addr, MIB(64), TO_DEVICE, 0, NULL,
					NULL);
		}
		gate_wait(&g);
		usleep(i * 2000);
		child_kill(pid);
		check_all_free(fd);
	}
}
