// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The quota of pinned memory.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "advice.h"
#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

#define SYS "/sys/class/svm/svm0/"
#define LIMIT SYS "pin_limit"
#define LIMIT_USER SYS "pin_limit_user"

static size_t pinned(void)
{
	return read_number(SYS "bytes_pinned");
}

static void limits(const char *all, const char *user)
{
	CHECK(setting(LIMIT, all));
	CHECK(setting(LIMIT_USER, user));
}

CASE(limits_by_default)
{
	long long total = read_number(SYS "bytes_total");

	CHECK_EQ(read_number(LIMIT), total / 2);
	CHECK_EQ(read_number(LIMIT_USER), total / 4);
	CHECK_EQ(pinned(), 0);
	CHECK(!write_file(LIMIT, "many"));
	CHECK(!write_file(LIMIT, "-1"));
	CHECK_EQ(read_number(LIMIT), total / 2);
}

CASE(quota_of_a_user)
{
	int a = open_device(0), b = open_device(0);
	char *addr = map_anon(MIB(4));
	struct svm_ioctl_advise arg;

	limits("0x1000000", "0x200000");
	drop_cap(CAP_SYS_RESOURCE);
	/* What counts is what is advised, whether it is there or not. */
	advise(a, addr, MIB(1), PIN, 0);
	CHECK_EQ(pinned(), MIB(1));
	/* Again is no more. */
	advise(a, addr, MIB(1), PIN | KEEP, 0);
	CHECK_EQ(pinned(), MIB(1));
	/* Both contexts are of one user. */
	advise(b, addr, MIB(1), PIN, 0);
	CHECK_EQ(pinned(), MIB(2));
	arg = arg_advise(addr + MIB(2), PAGE, PIN, 0);
	check_refused(a, SVM_IOCTL_ADVISE, &arg, sizeof(arg), EDQUOT);
	check_refused(b, SVM_IOCTL_ADVISE, &arg, sizeof(arg), EDQUOT);
	check_no_advice(a, addr + MIB(2), PAGE);
	CHECK_EQ(pinned(), MIB(2));
	/* A call is done as a whole or not at all. */
	arg = arg_advise(addr, MIB(2), PIN, 0);
	check_refused(a, SVM_IOCTL_ADVISE, &arg, sizeof(arg), EDQUOT);
	check_advice(a, addr, MIB(4), { 0, 256, PIN | KEEP });
	/* Advice without a pin is free. */
	advise(a, addr + MIB(2), MIB(2), KEEP, 0);
	/* Given back by taking it back, by munmap, and by the last close. */
	advise(a, addr, MIB(1) / 2, 0, PIN);
	CHECK_EQ(pinned(), MIB(1) + MIB(1) / 2);
	CHECK_SYS(munmap(addr, MIB(1)));
	CHECK_EQ(pinned(), 0);
	advise(a, addr + MIB(2), MIB(2), PIN, 0);
	CHECK_EQ(pinned(), MIB(2));
	close(a);
	CHECK_EQ(pinned(), 0);
	advise(b, addr + MIB(2), MIB(2), PIN, 0);
}

CASE(beyond_the_quota_with_a_capability)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(4));

	limits("0", "0");
	advise(fd, addr, MIB(1), PIN, 0);
	CHECK_EQ(pinned(), MIB(1));
	drop_cap(CAP_SYS_RESOURCE);
	CHECK_RET(try_advise(fd, addr + MIB(1), PAGE, PIN, 0, 0), -EDQUOT);
	/* What is pinned stays, and may be taken back or split. */
	advise(fd, addr + PAGE, PAGE, KEEP, 0);
	advise(fd, addr, PAGE, 0, PIN);
	CHECK_EQ(pinned(), MIB(1) - PAGE);
	CHECK_RET(try_advise(fd, addr, PAGE, PIN, 0, 0), -EDQUOT);
}

struct user {
	uid_t uid;
	int want;
	struct gate ready, done;
};

/* Pins 1 MiB as somebody else, without the capability. */
static void user(void *arg)
{
	struct user *u = arg;
	char *addr = map_anon(MIB(1));
	int fd;

	/* Effectively root still, to open the device. */
	CHECK_SYS(setresuid(u->uid, -1, -1));
	fd = open_device(0);
	drop_cap(CAP_SYS_RESOURCE);
	CHECK_RET(try_advise(fd, addr, MIB(1), PIN, 0, 0), u->want);
	gate_open(&u->ready, 1);
	gate_wait(&u->done);
}

CASE(quota_of_all)
{
	struct user u = { .uid = 4001,
			  .ready = gate_make(),
			  .done = gate_make() };
	pid_t pids[3];
	int i;

	limits("0x280000", "0x100000");
	for (i = 0; i < 3; i++) {
		/* Two fit, of two users; the third does not. */
		u.uid = 4001 + i;
		u.want = i < 2 ? 0 : -EDQUOT;
		pids[i] = child(user, &u);
		gate_wait(&u.ready);
	}
	CHECK_EQ(pinned(), MIB(2));
	gate_open(&u.done, 3);
	for (i = 0; i < 3; i++)
		child_ok(pids[i]);
	CHECK_EQ(pinned(), 0);
}

CASE(quota_by_user)
{
	struct user u = { .uid = 4001,
			  .ready = gate_make(),
			  .done = gate_make() };
	pid_t pids[3];
	int i;

	limits("0x1000000", "0x180000");
	for (i = 0; i < 3; i++) {
		/* The same user twice is once too much. */
		u.uid = i < 2 ? 4001 : 4002;
		u.want = i == 1 ? -EDQUOT : 0;
		pids[i] = child(user, &u);
		gate_wait(&u.ready);
	}
	CHECK_EQ(pinned(), MIB(2));
	/* A kill gives it back like an exit. */
	for (i = 0; i < 3; i++)
		child_kill(pids[i]);
	CHECK(EVENTUALLY(!pinned()));
}

static void pins_and_execs(void *arg)
{
	char *addr = map_anon(MIB(1));
	int fd = open_device(0);

	advise(fd, addr, MIB(1), PIN, 0);
	CHECK_EQ(pinned(), MIB(1));
	send_fd(*(int *)arg, fd);
	execlp("sleep", "sleep", "60", NULL);
	FAIL("exec: %s", err_name(errno));
}

/* The context lives on in the parent's hands, and so does the process. */
CASE(exec_gives_it_back)
{
	int sv[2], fd;
	pid_t pid;

	make_sockets(sv);
	pid = child(pins_and_execs, &sv[1]);
	fd = receive_fd(sv[0]);
	CHECK(EVENTUALLY(!pinned()));
	child_kill(pid);
	close(fd);
}
