// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Access requests that make no sense, and whose memory a request is about.
 */
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

static void refused(int fd, struct svm_ioctl_access a, int error)
{
	check_refused(fd, SVM_IOCTL_ACCESS, &a, sizeof(a), error);
}

CASE(bad_struct)
{
	char big[sizeof(struct svm_ioctl_access) + 64] = { 0 };
	struct svm_ioctl_access *arg = (void *)big, a;
	int fd = open_device(0), control = open_control();
	uint64_t word = 1;
	struct svm_access_op op;
	uint32_t size;

	op = op_fill(&word, 8, 8, 2);
	a = arg_access(&op, 1);
	CHECK_RET(svm_call(control, SVM_IOCTL_ACCESS, &a), -ENOTTY);
	for (size = 0; size < sizeof(a); size++) {
		a.size = size;
		refused(fd, a, EINVAL);
	}
	a = arg_access(&op, 1);
	a.size = 4097;
	refused(fd, a, E2BIG);
	*arg = arg_access(&op, 1);
	arg->size = sizeof(big);
	big[sizeof(big) - 1] = 1;
	check_refused(fd, SVM_IOCTL_ACCESS, arg, sizeof(big), E2BIG);
	CHECK_EQ(word, 1);
	/* A longer struct is fine when what nobody knows is zero. */
	big[sizeof(big) - 1] = 0;
	CHECK_RET(svm_call(fd, SVM_IOCTL_ACCESS, arg), 0);
	CHECK_EQ(arg->done, 1);
	CHECK_EQ(word, 2);
}

CASE(bad_call)
{
	static struct svm_access_op ops[SVM_ACCESS_MAX_OPS + 1];
	int fd = open_device(0), i;
	uint64_t word = 1;
	struct svm_ioctl_access a;

	for (i = 0; i <= SVM_ACCESS_MAX_OPS; i++)
		ops[i] = op_fill(&word, 8, 8, 2);
	for (i = 1; i < 32; i++) {
		a = arg_access(ops, 1);
		a.flags = 1u << i;
		refused(fd, a, EINVAL);
	}
	refused(fd, arg_access(ops, 0), EINVAL);
	refused(fd, arg_access(ops, SVM_ACCESS_MAX_OPS + 1), EINVAL);
	refused(fd, arg_access(ops, UINT32_MAX), EINVAL);
	a = arg_access(ops, 1);
	a.timeout_ms = 60001;
	refused(fd, a, EINVAL);
	a.timeout_ms = UINT32_MAX;
	refused(fd, a, EINVAL);
	CHECK_EQ(word, 1);
	a = arg_access(ops, SVM_ACCESS_MAX_OPS);
	a.timeout_ms = 60000;
	CHECK_RET(svm_call(fd, SVM_IOCTL_ACCESS, &a), 0);
	CHECK_EQ(a.done, SVM_ACCESS_MAX_OPS);
	CHECK_EQ(word, 2);
	/* 0 means a default, not: at once. */
	a.timeout_ms = 0;
	CHECK_RET(svm_call(fd, SVM_IOCTL_ACCESS, &a), 0);
	CHECK_EQ(a.done, SVM_ACCESS_MAX_OPS);
}

CASE(bad_pointer_to_operations)
{
	int fd = open_device(0);
	struct svm_access_op *page = map_anon(3 * PAGE), *last;
	uint64_t word = 1;

	CHECK_SYS(munmap((char *)page + 2 * PAGE, PAGE));
	refused(fd, arg_access(NULL, 1), EFAULT);
	refused(fd, arg_access((void *)find_gap(PAGE), 1), EFAULT);
	refused(fd, arg_access((void *)0xffff888000000000, 1), EFAULT);
	/* No room to say what came of it: then nothing is done. */
	page[0] = op_fill(&word, 8, 8, 2);
	CHECK_SYS(mprotect(page, PAGE, PROT_READ));
	refused(fd, arg_access(page, 1), EFAULT);
	CHECK_EQ(word, 1);
	/* Half of an operation is there. */
	last = (void *)((char *)page + 2 * PAGE - sizeof(*last) / 2);
	CHECK_SYS(mprotect(page, PAGE, RW));
	refused(fd, arg_access(last, 1), EFAULT);
}

/* An operation with a field that can't be: EINVAL in its result, nothing done. */
static void bad_op(int fd, struct svm_access_op op)
{
	access_fails(fd, op, EINVAL);
}

CASE(bad_operation)
{
	const uint32_t types[] = { 0,  5,  6,	15,	  26,	     27,
				   31, 32, 255, 1u << 31, UINT32_MAX };
	uint64_t *word = map_anon(PAGE), buffer = 3;
	int fd = open_device(0);
	struct svm_access_op op;
	size_t i;

	*word = 1;
	for (i = 0; i < 11; i++) {
		op = op_fill(word, 8, 8, 2);
		op.type = types[i];
		bad_op(fd, op);
		op.length = 0;
		bad_op(fd, op);
	}
	bad_op(fd, op_read(word, 0, &buffer));
	bad_op(fd, op_write(word, 0, &buffer));
	bad_op(fd, op_fill(word, 0, 8, 2));
	bad_op(fd, op_copy(word, word + 1, 0));
	bad_op(fd, op_read(word, SVM_ACCESS_MAX_BYTES + 1, &buffer));
	bad_op(fd, op_read(word, SIZE_MAX, &buffer));
	bad_op(fd, op_write(word, (size_t)1 << 63, &buffer));
	for (i = 1; i < 5; i++) {
		op = op_read(word, 8, &buffer);
		op.type = i;
		op.width = i == SVM_ACCESS_FILL ? 8 : 0;
		op.compare = 1;
		bad_op(fd, op);
	}
	CHECK_EQ(*word, 1);
	CHECK_EQ(buffer, 3);
}

CASE(bad_width)
{
	const uint32_t widths[] = { 0, 1, 2, 3,	 4,	   5,	      6,
				    7, 8, 9, 16, 1u << 31, UINT32_MAX };
	uint64_t *word = map_anon(PAGE), buffer = 3;
	int fd = open_device(0);
	struct svm_access_op op;
	uint32_t type;
	size_t i;

	*word = 1;
	for (i = 0; i < 13; i++) {
		uint32_t w = widths[i];
		bool fills = w == 1 || w == 2 || w == 4 || w == 8;

		if (w) {
			op = op_read(word, 8, &buffer);
			op.width = w;
			bad_op(fd, op);
			op.type = SVM_ACCESS_WRITE;
			bad_op(fd, op);
			op.type = SVM_ACCESS_COPY;
			op.data = (uintptr_t)(word + 1);
			bad_op(fd, op);
		}
		if (!fills)
			bad_op(fd, op_fill(word, 720720, w, 2));
		else if (w > 1)
			bad_op(fd, op_fill(word, 8 * w + 1, w, 2));
		if (w == 4 || w == 8)
			continue;
		for (type = SVM_ACCESS_ADD; type <= SVM_ACCESS_SMAX; type++)
			bad_op(fd, op_atomic(type, w, word, 2));
	}
	CHECK_EQ(*word, 1);
	CHECK_EQ(buffer, 3);
}

CASE(bad_atomic)
{
	uint64_t *word = map_anon(PAGE);
	char *bytes = (char *)word;
	int fd = open_device(0), off;
	struct svm_access_op op;
	uint32_t type;

	*word = 1;
	for (type = SVM_ACCESS_ADD; type <= SVM_ACCESS_SMAX; type++) {
		for (off = 1; off < 8; off++) {
			bad_op(fd, op_atomic(type, 8, bytes + off, 2));
			if (off % 4)
				bad_op(fd, op_atomic(type, 4, bytes + off, 2));
		}
		op = op_atomic(type, 8, word, 2);
		op.length = 8;
		bad_op(fd, op);
		op = op_atomic(type, 8, word, 2);
		op.compare = 1;
		if (type != SVM_ACCESS_CAS)
			bad_op(fd, op);
	}
	CHECK_EQ(*word, 1);
}

CASE(bad_range)
{
	int fd = open_device(0);
	uint64_t word = 1, *own = map_anon(PAGE);
	const uint64_t bad[] = { 0xffff888000000000,
				 0xffffc90000000000,
				 0xffffffffff600000,
				 -PAGE,
				 -8ull,
				 -1ull,
				 1ull << 60,
				 1ull << 63 };
	size_t i;

	*own = 5;
	for (i = 0; i < 8; i++) {
		void *addr = (void *)bad[i];

		bad_op(fd, op_read(addr, 16, &word));
		bad_op(fd, op_write(addr, 16, &word));
		bad_op(fd, op_fill(addr, 16, 8, 1));
		bad_op(fd, op_copy(addr, own, 16));
		bad_op(fd, op_copy(own, addr, 16));
		if (bad[i] % 8 == 0 && bad[i] >> 47)
			bad_op(fd, op_atomic(SVM_ACCESS_ADD, 8, addr, 1));
	}
	CHECK_EQ(word, 1);
	CHECK_EQ(*own, 5);
}

/* --- whose memory ------------------------------------------------------ */

struct shared {
	int fd, sock;
	char *addr;
	struct gate ready, done;
};

static void in_child(void *arg)
{
	struct shared *s = arg;
	char buffer[64], mine[64];
	struct svm_access_op op;

	/* The child's own copy of the page is another now. */
	memset(s->addr, 'c', 64);
	memset(mine, 'm', sizeof(mine));
	op = op_read(s->addr, 64, buffer);
	CHECK_RET(access_op(s->fd, &op), -EXDEV);
	CHECK_RET(access_flags(s->fd, &op, SVM_F_OWNER_MM), 0);
	CHECK_EQ(buffer[0], 'p');
	CHECK_EQ(buffer[63], 'p');
	op = op_write(s->addr, 64, mine);
	CHECK_RET(access_flags(s->fd, &op, SVM_F_OWNER_MM), 0);
	op = op_atomic(SVM_ACCESS_ADD, 8, s->addr + 64, 7);
	CHECK_RET(access_flags(s->fd, &op, SVM_F_OWNER_MM), 0);
	CHECK_EQ(op.old, 3);
	op = op_copy(s->addr + 128, s->addr, 64);
	CHECK_RET(access_flags(s->fd, &op, SVM_F_OWNER_MM), 0);
	CHECK_EQ(s->addr[0], 'c');
	CHECK_EQ(s->addr[128], 0);
}

CASE(owner_mm_from_a_child)
{
	struct shared s = { .fd = open_device(0), .addr = map_anon(PAGE) };

	memset(s.addr, 'p', 64);
	s.addr[64] = 3;
	child_ok(child(in_child, &s));
	CHECK_EQ(s.addr[0], 'm');
	CHECK_EQ(s.addr[63], 'm');
	CHECK_EQ(s.addr[64], 10);
	CHECK_EQ(s.addr[128], 'm');
	CHECK_EQ(s.addr[191], 'm');
	CHECK_EQ(s.addr[192], 0);
}

static void owner(void *arg)
{
	struct shared *s = arg;
	int fd = open_device(0);
	uint64_t word = 42, dummy;

	s->addr = map_anon(MIB(4));
	memcpy(s->addr, &word, 8);
	/* In the mirror, on the device, and exclusive. */
	dev_read(fd, s->addr, MIB(4), map_anon(MIB(4)));
	move_all(fd, s->addr, MIB(1), TO_DEVICE);
	dev_read(fd, s->addr, 8, &dummy);
	acquire(fd, s->addr + MIB(2), 16 * PAGE);
	send_fd(s->sock, fd);
	CHECK_EQ(write(s->sock, &s->addr, sizeof(s->addr)), sizeof(s->addr));
	gate_wait(&s->done);
}

static void check_gone(int fd, char *addr)
{
	uint64_t word = 1;
	struct svm_access_op op = op_read(addr, 8, &word);
	struct svm_ioctl_exclusive e =
		arg_exclusive(SVM_EXCLUSIVE_RELEASE, addr, PAGE, NULL);
	int ret;

	CHECK(EVENTUALLY(access_flags(fd, &op, SVM_F_OWNER_MM) == -ESRCH));
	word = 1;
	ret = access_op(fd, &op);
	CHECK(ret == -ESRCH || ret == -EXDEV);
	e.flags = SVM_F_OWNER_MM;
	CHECK_RET(svm_call(fd, SVM_IOCTL_EXCLUSIVE, &e), -ESRCH);
	CHECK_EQ(word, 1);
	check_all_free(fd);
}

static pid_t start_owner(struct shared *s, void (*run)(void *), int *fd)
{
	int sv[2];
	pid_t pid;

	make_sockets(sv);
	s->sock = sv[1];
	s->done = gate_make();
	pid = child(run, s);
	*fd = receive_fd(sv[0]);
	CHECK_EQ(read(sv[0], &s->addr, sizeof(s->addr)), sizeof(s->addr));
	return pid;
}

CASE(owner_exited)
{
	struct shared s;
	int fd;
	uint64_t word;
	struct svm_access_op op;
	pid_t pid;

	quiet_kernel();
	pid = start_owner(&s, owner, &fd);
	op = op_read(s.addr, 8, &word);
	CHECK_RET(access_flags(fd, &op, SVM_F_OWNER_MM), 0);
	CHECK_EQ(word, 42);
	CHECK_EQ(op.rounds, 0);
	gate_open(&s.done, 1);
	child_ok(pid);
	check_gone(fd, s.addr);
}

static void owner_that_execs(void *arg)
{
	owner(arg);
	execlp("sleep", "sleep", "60", NULL);
	FAIL("exec: %s", err_name(errno));
}

CASE(owner_called_exec)
{
	struct shared s;
	int fd;
	pid_t pid = start_owner(&s, owner_that_execs, &fd);

	gate_open(&s.done, 1);
	check_gone(fd, s.addr);
	child_kill(pid);
}
