// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose memory a context is about, and who may do what with it.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

#define PAGES 16
#define LENGTH (PAGES * PAGE)

struct shared {
	int fd;
	char *addr;
	int sock;
	struct gate ready, done;
};

static int try_migrate(int fd, void *addr, uint32_t flags)
{
	struct svm_ioctl_migrate m;

	return migrate_once(fd, addr, LENGTH, TO_SYSTEM, flags, NULL, &m);
}

static int try_residency(int fd, void *addr, uint32_t flags)
{
	struct svm_page pages[PAGES];

	return residency(fd, addr, LENGTH, flags, pages);
}

static void forked(void *arg)
{
	struct shared *s = arg;
	struct svm_page pages[PAGES];

	CHECK_RET(try_migrate(s->fd, s->addr, 0), -EXDEV);
	CHECK_RET(try_residency(s->fd, s->addr, 0), -EXDEV);
	/* These say nothing about anybody's memory. */
	device_info(s->fd);
	device_stats(s->fd, SVM_STATS_CONTEXT);
	device_stats(s->fd, SVM_STATS_DEVICE);

	CHECK_RET(try_migrate(s->fd, s->addr, SVM_F_OWNER_MM), 0);
	CHECK_RET(residency(s->fd, s->addr, LENGTH, SVM_F_OWNER_MM, pages), 0);
	CHECK_EQ(pages[0].place, SVM_PLACE_SYSTEM);
}

CASE(fork_needs_owner_mm)
{
	struct shared s = { .fd = open_device(0), .addr = map_anon(LENGTH) };

	fill(s.addr, LENGTH, 1);
	child_ok(child(forked, &s));
	/* The flag is fine for the owner itself too. */
	CHECK_RET(try_migrate(s.fd, s.addr, SVM_F_OWNER_MM), 0);
	CHECK_RET(try_residency(s.fd, s.addr, SVM_F_OWNER_MM), 0);
	check_fill(s.addr, LENGTH, 1);
}

static void move_parents(void *arg)
{
	struct shared *s = arg;
	struct tally t = { 0 };

	CHECK_RET(migrate(s->fd, s->addr, LENGTH, TO_DEVICE, SVM_F_OWNER_MM,
			  NULL, &t),
		  0);
	CHECK_EQ(t.pages[SVM_PAGE_MOVED], PAGES);
}

/* With the flag it is the owner's memory that moves, not the caller's. */
CASE(owner_mm_moves_owners_memory)
{
	struct shared s = { .fd = open_device(0) };
	pid_t pid;

	need_device_memory();
	s.ready = gate_make();
	s.addr = map_anon(LENGTH);
	/* Not in the child's page tables: mapped there and empty. */
	CHECK_SYS(madvise(s.addr, LENGTH, MADV_DONTFORK));
	fill(s.addr, LENGTH, 1);
	pid = child(move_parents, &s);
	child_ok(pid);
	check_on_device(s.fd, s.addr, LENGTH, 0);
	check_fill(s.addr, LENGTH, 1);
}

static void passed_on(void *arg)
{
	struct shared *s = arg;
	int fd = receive_fd(s->sock);
	uint8_t status[PAGES];
	struct svm_page pages[PAGES];
	struct svm_ioctl_migrate m;
	char *addr;
	int i;

	CHECK_EQ(read(s->sock, &addr, sizeof(addr)), sizeof(addr));
	CHECK_RET(try_migrate(fd, addr, 0), -EXDEV);
	CHECK_RET(try_residency(fd, addr, 0), -EXDEV);
	CHECK_EQ(device_info(fd).id, 0);
	/* Arrays and structs are the caller's, the range is the owner's. */
	CHECK_RET(migrate_once(fd, addr, LENGTH, TO_DEVICE, SVM_F_OWNER_MM,
			       status, &m),
		  0);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(status[i], SVM_PAGE_MOVED);
	CHECK_RET(residency(fd, addr, LENGTH, SVM_F_OWNER_MM, pages), 0);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(pages[i].place, SVM_PLACE_DEVICE);
}

CASE(fd_passed_over_a_socket)
{
	struct shared s;
	int sv[2], fd;
	char *addr;
	pid_t pid;

	need_device_memory();
	make_sockets(sv);
	s.sock = sv[1];
	/* Forked before there is anything to inherit. */
	pid = child(passed_on, &s);
	fd = open_device(0);
	addr = map_anon(LENGTH);
	fill(addr, LENGTH, 1);
	send_fd(sv[0], fd);
	CHECK_EQ(write(sv[0], &addr, sizeof(addr)), sizeof(addr));
	child_ok(pid);
	check_on_device(fd, addr, LENGTH, 0);
	check_fill(addr, LENGTH, 1);
}

/* Opens a device, hands it over and waits to be ended. */
static void owner(void *arg)
{
	struct shared *s = arg;
	int fd = open_device(0);

	s->addr = map_anon(LENGTH);
	fill(s->addr, LENGTH, 1);
	if (device_info(fd).capabilities & SVM_CAP_TO_DEVICE)
		move_all(fd, s->addr, LENGTH, TO_DEVICE);
	send_fd(s->sock, fd);
	CHECK_EQ(write(s->sock, &s->addr, sizeof(s->addr)), sizeof(s->addr));
	gate_wait(&s->done);
}

static void check_owner_gone(int fd, char *addr)
{
	uint64_t caps = device_info(fd).capabilities;
	int ret;

	CHECK_RET(try_migrate(fd, addr, SVM_F_OWNER_MM), -ESRCH);
	CHECK_RET(try_residency(fd, addr, SVM_F_OWNER_MM), -ESRCH);
	/* Both are true, and the contract does not say which comes first. */
	ret = try_migrate(fd, addr, 0);
	CHECK(ret == -ESRCH || ret == -EXDEV);
	ret = try_residency(fd, addr, 0);
	CHECK(ret == -ESRCH || ret == -EXDEV);
	/* A supervisor reads the last figures. */
	if (caps & SVM_CAP_TO_DEVICE)
		CHECK_EQ(device_stats(fd, SVM_STATS_CONTEXT).bytes_to_device,
			 LENGTH);
	else
		device_stats(fd, SVM_STATS_CONTEXT);
	check_all_free(fd);
}

CASE(owner_exited)
{
	struct shared s = { .done = gate_make() };
	int sv[2], fd;
	pid_t pid;

	make_sockets(sv);
	s.sock = sv[1];
	pid = child(owner, &s);
	fd = receive_fd(sv[0]);
	CHECK_EQ(read(sv[0], &s.addr, sizeof(s.addr)), sizeof(s.addr));
	CHECK_RET(try_residency(fd, s.addr, SVM_F_OWNER_MM), 0);
	gate_open(&s.done, 1);
	child_ok(pid);
	check_owner_gone(fd, s.addr);
}

/* Ended but not waited for: the address space is gone all the same. */
CASE(owner_is_a_zombie)
{
	struct shared s = { .done = gate_make() };
	siginfo_t info;
	int sv[2], fd;
	pid_t pid;

	make_sockets(sv);
	s.sock = sv[1];
	pid = child(owner, &s);
	fd = receive_fd(sv[0]);
	CHECK_EQ(read(sv[0], &s.addr, sizeof(s.addr)), sizeof(s.addr));
	gate_open(&s.done, 1);
	CHECK_SYS(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	check_owner_gone(fd, s.addr);
	child_ok(pid);
}

static void owner_that_execs(void *arg)
{
	struct shared *s = arg;

	owner(arg);
	/* s->ready closes when exec is past the old address space. */
	execlp("sleep", "sleep", "60", NULL);
	FAIL("exec: %s", err_name(errno));
	(void)s;
}

CASE(owner_called_exec)
{
	struct shared s = { .done = gate_make(), .ready = gate_make() };
	int sv[2], fd;
	pid_t pid;
	char c;

	make_sockets(sv);
	s.sock = sv[1];
	pid = child(owner_that_execs, &s);
	close(s.ready.fd[1]);
	close(sv[1]);
	fd = receive_fd(sv[0]);
	CHECK_EQ(read(sv[0], &s.addr, sizeof(s.addr)), sizeof(s.addr));
	gate_open(&s.done, 1);
	CHECK_EQ(read(s.ready.fd[0], &c, 1), 0);
	check_owner_gone(fd, s.addr);
	child_kill(pid);
}

static int in_same_space(void *arg)
{
	struct shared *s = arg;

	return try_migrate(s->fd, s->addr, 0) ||
	       try_residency(s->fd, s->addr, 0);
}

/* Another process, but the same address space: what counts is the latter. */
CASE(process_that_shares_memory)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct shared s = { .fd = open_device(0), .addr = map_anon(LENGTH) };
	pid_t pid;

	fill(s.addr, LENGTH, 1);
	pid = CHECK_SYS(clone(in_same_space, stack + sizeof(stack),
			      CLONE_VM | CLONE_VFORK | SIGCHLD, &s));
	child_ok(pid);
}

static void *in_thread(void *arg)
{
	struct shared *s = arg;

	CHECK_RET(try_migrate(s->fd, s->addr, 0), 0);
	CHECK_RET(try_residency(s->fd, s->addr, 0), 0);
	return NULL;
}

CASE(threads_share_a_context)
{
	struct shared s = { .fd = open_device(0), .addr = map_anon(LENGTH) };

	fill(s.addr, LENGTH, 1);
	threads_run(4, in_thread, &s);
}

static void without_capability(void *arg)
{
	int device = open_device(0), control = open_control();
	struct svm_ioctl_evict evict = arg_evict(0);
	struct svm_ioctl_create create = arg_create(HUGE_PAGE, SVM_NODE_ANY);
	struct svm_ioctl_destroy destroy = arg_destroy(0);
	char *addr = map_anon(LENGTH);

	(void)arg;
	fill(addr, LENGTH, 1);
	drop_cap(CAP_SYS_ADMIN);
	check_refused(device, SVM_IOCTL_EVICT, &evict, sizeof(evict), EPERM);
	check_refused(control, SVM_IOCTL_CREATE, &create, sizeof(create),
		      EPERM);
	check_refused(control, SVM_IOCTL_DESTROY, &destroy, sizeof(destroy),
		      EPERM);
	destroy = arg_destroy(12345);
	check_refused(control, SVM_IOCTL_DESTROY, &destroy, sizeof(destroy),
		      EPERM);
	/* Everything else is for everybody who may open the device. */
	device_info(device);
	device_info(control);
	device_stats(device, SVM_STATS_DEVICE);
	CHECK_RET(try_migrate(device, addr, 0), 0);
	CHECK_RET(try_residency(device, addr, 0), 0);
}

CASE(privileged_calls)
{
	child_ok(child(without_capability, NULL));
	/* And nothing of that happened. */
	device_info(open_device(0));
	CHECK_RET(try_open_device(2), -ENOENT);
}

static void in_cpuset(void *arg)
{
	int *nodes = arg;
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_migrate m;

	fill(addr, LENGTH, 1);
	CHECK_RET(try_migrate(fd, addr, 0), 0);
	m = arg_migrate(addr, LENGTH, TO_NODE(nodes[1]));
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EACCES);
	check_on_node(fd, addr, LENGTH, nodes[0]);
	CHECK_RET(migrate_once(fd, addr, LENGTH, TO_NODE(nodes[0]), 0, NULL,
			       &m),
		  0);
	check_fill(addr, LENGTH, 1);
}

CASE(cpuset_forbids_a_node)
{
	char mems[16];
	int nodes[2];

	need_two_nodes(nodes);
	need_cgroup("cpuset");
	snprintf(mems, sizeof(mems), "%d", nodes[0]);
	cgroup_set("cpuset.mems", mems);
	child_ok(cgroup_child(in_cpuset, nodes));
	cgroup_remove();
}
