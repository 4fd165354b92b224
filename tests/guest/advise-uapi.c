// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice that makes no sense, or that is not the caller's to give.
 */
#include <stdlib.h>
#include <unistd.h>

#include "advice.h"
#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

#define LENGTH (4 * PAGE)

CASE(bad_advice)
{
	const struct {
		uint32_t set, clear, dest;
		int32_t node;
	} bad[] = {
		{ 0, 0, 0, SVM_NODE_ANY },
		{ 1 << 4, 0, 0, SVM_NODE_ANY },
		{ 0, 1u << 31, 0, SVM_NODE_ANY },
		{ KEEP, KEEP | PIN, 0, SVM_NODE_ANY },
		/* A place without a preference, and the other way round. */
		{ KEEP, 0, SVM_DEST_DEVICE, SVM_NODE_ANY },
		{ 0, PREFER, SVM_DEST_DEVICE, SVM_NODE_ANY },
		{ PREFER, 0, 0, SVM_NODE_ANY },
		{ PREFER, 0, SVM_DEST_PREFERRED, SVM_NODE_ANY },
		{ PREFER, 0, SVM_DEST_DEVICE, 0 },
		{ KEEP, 0, 0, 0 },
		{ PREFER, 0, SVM_DEST_SYSTEM, 1023 },
		{ PREFER, 0, SVM_DEST_SYSTEM, -2 },
	};
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct svm_ioctl_advise a =
			arg_advise(addr, LENGTH, bad[i].set, bad[i].clear);

		a.dest = bad[i].dest;
		a.node = bad[i].node;
		check_refused(fd, SVM_IOCTL_ADVISE, &a, sizeof(a), EINVAL);
	}
	check_no_advice(fd, addr, LENGTH);
}

CASE(bad_ranges)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	const struct {
		const void *addr;
		size_t length;
		int error;
	} bad[] = {
		{ addr + 1, PAGE, EINVAL },
		{ addr, PAGE + 1, EINVAL },
		{ addr, 0, EINVAL },
		{ addr, (size_t)-PAGE, EINVAL },
		{ (void *)-PAGE, PAGE, EINVAL },
		{ find_gap(LENGTH), LENGTH, EFAULT },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct svm_ioctl_advise a =
			arg_advise(bad[i].addr, bad[i].length, KEEP, 0);
		struct svm_ioctl_advice q =
			arg_advice(bad[i].addr, bad[i].length, NULL, 0);

		check_refused(fd, SVM_IOCTL_ADVISE, &a, sizeof(a),
			      bad[i].error);
		if (bad[i].error == EFAULT)
			CHECK_RET(svm_call(fd, SVM_IOCTL_ADVICE, &q), 0);
		else
			check_refused(fd, SVM_IOCTL_ADVICE, &q, sizeof(q),
				      bad[i].error);
	}
}

CASE(bad_query)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_advice_range range;
	struct svm_ioctl_advice q;

	advise(fd, addr, LENGTH, KEEP, 0);
	q = arg_advice(addr, LENGTH, NULL, 1);
	check_refused(fd, SVM_IOCTL_ADVICE, &q, sizeof(q), EINVAL);
	q = arg_advice(addr, LENGTH, &range, 1);
	q.reserved = 1;
	check_refused(fd, SVM_IOCTL_ADVICE, &q, sizeof(q), EINVAL);
	q = arg_advice(addr, LENGTH, find_gap(PAGE), 1);
	check_refused(fd, SVM_IOCTL_ADVICE, &q, sizeof(q), EFAULT);
	/* Nothing to write: the pointer is not looked at. */
	advise(fd, addr, LENGTH, 0, KEEP);
	CHECK_RET(svm_call(fd, SVM_IOCTL_ADVICE, &q), 0);
}

struct other {
	int fd;
	char *addr;
	int sock;
	struct gate done;
};

static void not_the_owner(void *arg)
{
	struct other *o = arg;
	struct svm_ioctl_advice q = arg_advice(o->addr, LENGTH, NULL, 0);
	uint32_t flag = SVM_F_OWNER_MM;

	CHECK_RET(try_advise(o->fd, o->addr, LENGTH, KEEP, 0, 0), -EXDEV);
	CHECK_RET(svm_call(o->fd, SVM_IOCTL_ADVICE, &q), -EXDEV);
	q.flags = flag;
	CHECK_RET(svm_call(o->fd, SVM_IOCTL_ADVICE, &q), 0);
	CHECK_EQ(q.found, 1);
	/* More advice is welcome; what binds others is not theirs to lift. */
	CHECK_RET(try_advise(o->fd, o->addr, LENGTH, PIN | READ_MOSTLY, 0,
			     flag),
		  0);
	CHECK_RET(try_advise(o->fd, o->addr, PAGE, 0, KEEP, flag), -EPERM);
	CHECK_RET(try_advise(o->fd, o->addr, PAGE, 0, PIN, flag), -EPERM);
	CHECK_RET(try_advise(o->fd, o->addr, PAGE, KEEP, PIN | PREFER, flag),
		  -EPERM);
	CHECK_RET(try_advise(o->fd, o->addr, PAGE, 0, READ_MOSTLY, flag), 0);
}

CASE(by_another_process)
{
	struct other o = { .fd = open_device(0), .addr = map_anon(LENGTH) };

	advise(o.fd, o.addr, LENGTH, KEEP, 0);
	child_ok(child(not_the_owner, &o));
	check_advice(o.fd, o.addr, LENGTH, { 0, 1, KEEP | PIN },
		     { 1, 3, KEEP | PIN | READ_MOSTLY });
}

static void leaves_its_context(void *arg)
{
	struct other *o = arg;
	int fd = open_device(0);

	advise(fd, o->addr, LENGTH, KEEP | PIN, 0);
	send_fd(o->sock, fd);
	gate_wait(&o->done);
}

CASE(owner_gone)
{
	struct other o = { .addr = map_anon(LENGTH), .done = gate_make() };
	struct svm_ioctl_advise a;
	struct svm_ioctl_advice q;
	int sv[2], fd;
	pid_t pid;

	make_sockets(sv);
	o.sock = sv[1];
	pid = child(leaves_its_context, &o);
	fd = receive_fd(sv[0]);
	CHECK_EQ(read_number("/sys/class/svm/svm0/bytes_pinned"), LENGTH);
	gate_open(&o.done, 1);
	child_ok(pid);
	a = arg_advise(o.addr, LENGTH, KEEP, 0);
	a.flags = SVM_F_OWNER_MM;
	check_refused(fd, SVM_IOCTL_ADVISE, &a, sizeof(a), ESRCH);
	q = arg_advice(o.addr, LENGTH, NULL, 0);
	q.flags = SVM_F_OWNER_MM;
	check_refused(fd, SVM_IOCTL_ADVICE, &q, sizeof(q), ESRCH);
	/* The memory is gone, and the promise with it. */
	CHECK(EVENTUALLY(!read_number("/sys/class/svm/svm0/bytes_pinned")));
}
