// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ioctls by io_uring: what comes of them, in which order, and what is refused.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "jobs.h"
#include "mem.h"
#include "os.h"
#include "ring.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 256
#define LENGTH (PAGES * PAGE)

/* As jobs.c has it: by this a result can be told to be of a submission. */
static struct svm_ioctl_submit request(const void *addr, size_t length,
				       struct dest to)
{
	struct svm_ioctl_submit s = arg_submit(addr, length, to, -1);

	s.cookie = s.addr ^ s.length;
	return s;
}

static char *filled(size_t length)
{
	char *addr = map_anon(length);

	fill(addr, length, 1);
	return addr;
}

static void check_moved(const struct svm_job_result *r,
			const struct svm_ioctl_submit *s)
{
	struct tally t = tally_of(r);

	CHECK_EQ(r->id, s->id);
	CHECK_EQ(r->cookie, s->cookie);
	CHECK_EQ(r->addr, s->addr);
	CHECK_EQ(r->length, s->length);
	CHECK_EQ(r->next, s->addr + s->length);
	CHECK_EQ(r->error, 0);
	CHECK_EQ(r->reserved, 0);
	CHECK_EQ(r->bytes_moved, s->length);
	CHECK_EQ(r->bytes_evicted, 0);
	check_tally(&t, SVM_PAGE_MOVED, s->length / PAGE);
}

/* --- migration ------------------------------------------------------------ */

#define RANGES SVM_JOBS_MAX
/* Every second piece of the memory is a range. */
#define PIECE (8 * PAGE)

static void many_ranges(struct ring *ring, int fd, char *addr, struct dest to)
{
	struct svm_ioctl_submit s[RANGES];
	struct svm_job_result r[RANGES];
	int res[RANGES], i;

	memset(r, 0xa5, sizeof(r));
	for (i = 0; i < RANGES; i++) {
		s[i] = request(addr + 2 * i * PIECE, PIECE, to);
		ring_migrate(ring, fd, &s[i], &r[i], i);
	}
	ring_run(ring, RANGES, res);
	for (i = 0; i < RANGES; i++) {
		CHECK_RET(res[i], 0);
		check_moved(&r[i], &s[i]);
	}
}

/* By one system call each. */
CASE(there_and_back)
{
	struct ring ring = ring_make(RANGES, 0);
	char *addr = filled(2 * RANGES * PIECE);
	int fd = open_device(0), i;

	many_ranges(&ring, fd, addr, TO_DEVICE);
	for (i = 0; i < RANGES; i++) {
		check_on_device(fd, addr + 2 * i * PIECE, PIECE, 0);
		check_home(fd, addr + (2 * i + 1) * PIECE, PIECE);
	}
	many_ranges(&ring, fd, addr, TO_SYSTEM);
	check_home(fd, addr, 2 * RANGES * PIECE);
	check_fill(addr, 2 * RANGES * PIECE, 1);
	ring_end(&ring);
}

/* Each range has a result of its own. */
CASE(results)
{
	struct ring ring = ring_make(8, 0);
	char *addr = filled(LENGTH), *shared, *gap = find_gap(LENGTH);
	struct svm_ioctl_submit s[4];
	struct svm_job_result r[4];
	int fd = open_device(0), res[4], i;
	struct tally t;

	shared = mmap(NULL, LENGTH, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	fill(shared, LENGTH, 2);
	move_all(fd, addr, LENGTH / 2, TO_DEVICE);
	s[0] = request(addr, LENGTH, TO_DEVICE);
	s[1] = request(shared, LENGTH, TO_DEVICE);
	s[2] = request(gap, LENGTH, TO_DEVICE);
	s[3] = request(map_anon(LENGTH), LENGTH, TO_DEVICE);
	s[3].flags = SVM_MIGRATE_RESIDENT_ONLY;
	for (i = 0; i < 4; i++)
		ring_migrate(&ring, fd, &s[i], &r[i], i);
	ring_run(&ring, 4, res);
	CHECK_RET(res[0], 0);
	t = tally_of(&r[0]);
	check_tally(&t, SVM_PAGE_MOVED, PAGES / 2, SVM_PAGE_ALREADY, PAGES / 2);
	CHECK_RET(res[1], 0);
	t = tally_of(&r[1]);
	check_tally(&t, SVM_PAGE_SHMEM, PAGES);
	/* A job that comes to nothing has a result, too. */
	CHECK_RET(res[2], -EFAULT);
	CHECK_EQ(r[2].id, s[2].id);
	CHECK_EQ(r[2].error, -EFAULT);
	CHECK_EQ(r[2].next, s[2].addr);
	CHECK_RET(res[3], 0);
	t = tally_of(&r[3]);
	check_tally(&t, SVM_PAGE_HOLE, PAGES);
	check_fill(shared, LENGTH, 2);
	check_fill(addr, LENGTH, 1);
	ring_end(&ring);
}

/* The last that was asked for is where it ends up. */
CASE(overlapping_ranges)
{
	struct ring ring = ring_make(32, 0);
	char *addr = filled(LENGTH + LENGTH / 2);
	struct svm_ioctl_submit s[15];
	struct svm_job_result r[15];
	int fd = open_device(0), res[15], i;

	for (i = 0; i < 15; i++) {
		s[i] = request(addr + i % 3 * (LENGTH / 4), LENGTH,
			       i % 2 ? TO_SYSTEM : TO_DEVICE);
		ring_migrate(&ring, fd, &s[i], &r[i], i);
	}
	ring_run(&ring, 15, res);
	for (i = 0; i < 15; i++)
		CHECK_RET(res[i], 0);
	/* 12, 13 and 14 were the last of each. */
	check_on_device(fd, addr, LENGTH / 4, 0);
	check_home(fd, addr + LENGTH / 4, LENGTH / 4);
	check_on_device(fd, addr + LENGTH / 2, LENGTH, 0);
	check_fill(addr, LENGTH + LENGTH / 2, 1);
	ring_end(&ring);
}

/* A range of any length is one command. */
CASE(long_range)
{
	struct ring ring = ring_make(2, 0);
	int fd = open_device(0), res;
	size_t length = device_info(fd).max_call_bytes + MIB(34);
	char *addr = map_aligned(length);
	struct svm_ioctl_submit s = request(addr, length, TO_DEVICE);
	struct svm_job_result r;

	CHECK_SYS(madvise(addr, length, MADV_HUGEPAGE));
	stamp(addr, MIB(1), 1);
	stamp(addr + length - MIB(1), MIB(1), 2);
	ring_migrate(&ring, fd, &s, &r, 0);
	ring_run(&ring, 1, &res);
	CHECK_RET(res, 0);
	check_moved(&r, &s);
	check_on_device(fd, addr, length, 0);
	check_stamp(addr, MIB(1), 1);
	check_stamp(addr + length - MIB(1), MIB(1), 2);
	ring_end(&ring);
}

/* --- access ------------------------------------------------------------------ */

CASE(access)
{
	struct ring ring = ring_make(8, 0);
	char *addr = filled(LENGTH), *out = map_anon(LENGTH), *in;
	uint64_t *word = map_anon(PAGE);
	struct svm_access_op op[4];
	struct svm_ioctl_access a;
	int fd = open_device(0), res, i;

	in = map_anon(LENGTH);
	fill(out, LENGTH, 2);
	*word = 5;
	move_all(fd, addr, LENGTH, TO_DEVICE);
	op[0] = op_read(addr, LENGTH, in);
	op[1] = op_write(addr, LENGTH, out);
	op[2] = op_atomic(SVM_ACCESS_ADD, 8, word, 7);
	op[3] = op_atomic(SVM_ACCESS_ADD, 8, word, 30);
	a = arg_access(op, 4);
	ring_access(&ring, fd, &a, 0);
	ring_run(&ring, 1, &res);
	CHECK_RET(res, 0);
	CHECK_EQ(a.done, 4);
	for (i = 0; i < 4; i++)
		CHECK_RET(op[i].result, 0);
	CHECK_EQ(op[2].old, 5);
	CHECK_EQ(op[3].old, 12);
	CHECK_EQ(*word, 42);
	check_fill(in, LENGTH, 1);
	check_on_device(fd, addr, LENGTH, 0);
	check_fill(addr, LENGTH, 2);
	ring_end(&ring);
}

/* An operation that fails is no error of the command. */
CASE(access_fails)
{
	struct ring ring = ring_make(4, 0);
	char *addr = filled(LENGTH), *gap = find_gap(LENGTH);
	struct svm_access_op op[3];
	struct svm_ioctl_access a;
	int fd = open_device(0), res;

	op[0] = op_fill(addr, PAGE, 8, 0);
	op[1] = op_fill(gap, PAGE, 8, 0);
	op[2] = op_fill(addr + PAGE, PAGE, 8, 0);
	a = arg_access(op, 3);
	ring_access(&ring, fd, &a, 0);
	ring_run(&ring, 1, &res);
	CHECK_RET(res, 0);
	CHECK_EQ(a.done, 1);
	CHECK_RET(op[0].result, 0);
	CHECK_RET(op[1].result, -EFAULT);
	check_zero(addr, PAGE);
	check_part(addr + PAGE, LENGTH - PAGE, 1, PAGE);
	ring_end(&ring);
}

/* First there, then written to, then back: one submission. */
CASE(linked)
{
	struct ring ring = ring_make(4, 0);
	char *addr = filled(LENGTH), *out = map_anon(LENGTH);
	struct svm_ioctl_submit there = request(addr, LENGTH, TO_DEVICE);
	struct svm_ioctl_submit back = request(addr, LENGTH, TO_SYSTEM);
	struct svm_access_op op = op_write(addr, LENGTH, out);
	struct svm_ioctl_access a = arg_access(&op, 1);
	struct svm_job_result r[2];
	int fd = open_device(0), res[3];

	fill(out, LENGTH, 2);
	ring_migrate(&ring, fd, &there, &r[0], 0)->flags = IOSQE_IO_LINK;
	ring_access(&ring, fd, &a, 1)->flags = IOSQE_IO_LINK;
	ring_migrate(&ring, fd, &back, &r[1], 2);
	ring_run(&ring, 3, res);
	CHECK_RET(res[0], 0);
	CHECK_RET(res[1], 0);
	CHECK_RET(res[2], 0);
	check_moved(&r[0], &there);
	check_moved(&r[1], &back);
	check_home(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 2);

	/* What follows a failure does not happen. */
	there.addr++;
	ring_migrate(&ring, fd, &there, &r[0], 0)->flags = IOSQE_IO_LINK;
	ring_access(&ring, fd, &a, 1);
	ring_run(&ring, 2, res);
	CHECK_RET(res[0], -EINVAL);
	CHECK_RET(res[1], -ECANCELED);
	ring_end(&ring);
}

/* --- rings of other kinds ----------------------------------------------------- */

/* The access second: beside the move its faults may take pages home again. */
static void one_of_each(unsigned int ring_flags, unsigned int sqe_flags)
{
	struct ring ring = ring_make(4, ring_flags);
	char *addr = filled(LENGTH), *in = map_anon(LENGTH);
	struct svm_ioctl_submit s = request(addr, LENGTH, TO_DEVICE);
	struct svm_access_op op = op_read(addr, LENGTH, in);
	struct svm_ioctl_access a = arg_access(&op, 1);
	struct svm_job_result r;
	int fd = open_device(0), res[2];

	ring_migrate(&ring, fd, &s, &r, 0)->flags = sqe_flags | IOSQE_IO_LINK;
	ring_access(&ring, fd, &a, 1)->flags = sqe_flags;
	ring_run(&ring, 2, res);
	CHECK_RET(res[0], 0);
	CHECK_RET(res[1], 0);
	check_moved(&r, &s);
	CHECK_EQ(a.done, 1);
	check_fill(in, LENGTH, 1);
	check_on_device(fd, addr, LENGTH, 0);
	check_fill(addr, LENGTH, 1);
	ring_end(&ring);
}

CASE(polled_by_the_kernel)
{
	one_of_each(IORING_SETUP_SQPOLL, 0);
}

CASE(completed_when_waited_for)
{
	one_of_each(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, 0);
}

/* By a thread of io_uring's from the beginning. */
CASE(asked_to_be_async)
{
	int i;

	for (i = 0; i < 20; i++)
		one_of_each(0, IOSQE_ASYNC);
}

/* Entries and completions twice as long. */
CASE(large_entries)
{
	one_of_each(IORING_SETUP_SQE128 | IORING_SETUP_CQE32, 0);
}

CASE(registered_file)
{
	struct ring ring = ring_make(2, 0);
	char *addr = filled(LENGTH);
	struct svm_ioctl_submit s = request(addr, LENGTH, TO_DEVICE);
	struct svm_job_result r;
	int fd = open_device(0), second = open_device(0), res;

	CHECK_SYS(syscall(__NR_io_uring_register, ring.fd,
			  IORING_REGISTER_FILES, &fd, 1));
	CHECK_SYS(close(fd));
	ring_migrate(&ring, 0, &s, &r, 0)->flags = IOSQE_FIXED_FILE;
	ring_run(&ring, 1, &res);
	CHECK_RET(res, 0);
	check_moved(&r, &s);
	check_on_device(second, addr, LENGTH, 0);
	ring_end(&ring);
}

/* --- requests that make no sense ------------------------------------------------ */

static void refused_as(struct ring *ring, int fd, uint32_t op, const void *arg,
		       const void *result, uint32_t flags, int error)
{
	int res;

	ring_command(ring, fd, op, arg, result, 0)->uring_cmd_flags = flags;
	ring_run(ring, 1, &res);
	CHECK_RET(res, -error);
}

/* It leaves the request as it was, and the result. */
static void refused(struct ring *ring, int fd, struct svm_ioctl_submit s,
		    int error)
{
	struct svm_ioctl_submit was = s;
	struct svm_job_result r, rubbish;

	memset(&r, 0xa5, sizeof(r));
	rubbish = r;
	refused_as(ring, fd, SVM_IOCTL_SUBMIT, &s, &r, 0, error);
	CHECK(!memcmp(&s, &was, sizeof(s)));
	CHECK(!memcmp(&r, &rubbish, sizeof(r)));
}

CASE(bad_requests)
{
	struct ring ring = ring_make(4, 0);
	char *addr = filled(LENGTH);
	const struct svm_ioctl_submit good = request(addr, LENGTH, TO_DEVICE);
	struct svm_ioctl_submit s;
	int fd = open_device(0), i;

	s = good;
	s.addr++;
	refused(&ring, fd, s, EINVAL);
	s = good;
	s.length = 0;
	refused(&ring, fd, s, EINVAL);
	s.length = PAGE - 1;
	refused(&ring, fd, s, EINVAL);
	s.length = -PAGE;
	refused(&ring, fd, s, EINVAL);
	s = good;
	s.dest = 0;
	refused(&ring, fd, s, EINVAL);
	s = good;
	s.node = 0;
	refused(&ring, fd, s, EINVAL);
	s = good;
	s.eventfd = event_make();
	refused(&ring, fd, s, EINVAL);
	s = good;
	s.size = offsetof(struct svm_ioctl_submit, id);
	refused(&ring, fd, s, EINVAL);
	s.size = 65536;
	refused(&ring, fd, s, E2BIG);
	for (i = 0; i < 32; i++) {
		s = good;
		s.reserved = 1u << i;
		refused(&ring, fd, s, EINVAL);
		s = good;
		s.flags = 1u << i;
		if (i >= 16)
			refused(&ring, fd, s, EINVAL);
	}
	/* None of them has become a job. */
	CHECK_EQ(job_cancel(fd, 0), 0);
	check_home(fd, addr, LENGTH);
	ring_end(&ring);
}

CASE(bad_commands)
{
	static const uint32_t other[] = {
		0,
		1,
		SVM_CMD_SUBMIT,
		SVM_IOCTL_MIGRATE,
		SVM_IOCTL_CANCEL,
		SVM_IOCTL_INFO,
		UINT32_MAX,
	};
	struct ring ring = ring_make(4, 0);
	char *addr = filled(LENGTH);
	struct svm_ioctl_submit s = request(addr, LENGTH, TO_DEVICE);
	struct svm_access_op op = op_fill(addr, PAGE, 8, 0);
	struct svm_ioctl_access a = arg_access(&op, 1);
	struct svm_job_result r;
	int fd = open_device(0), control = open_control();
	size_t i;

	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		refused_as(&ring, fd, other[i], &s, &r, 0, ENOTTY);
	refused_as(&ring, fd, SVM_IOCTL_SUBMIT, &s, &r, 1, EINVAL);
	refused_as(&ring, fd, SVM_IOCTL_ACCESS, &a, NULL, 1, EINVAL);
	refused_as(&ring, fd, SVM_IOCTL_ACCESS, &a, &r, 0, EINVAL);
	a.flags = 2;
	refused_as(&ring, fd, SVM_IOCTL_ACCESS, &a, NULL, 0, EINVAL);
	a = arg_access(&op, 0);
	refused_as(&ring, fd, SVM_IOCTL_ACCESS, &a, NULL, 0, EINVAL);
	a = arg_access(&op, SVM_ACCESS_MAX_OPS + 1);
	refused_as(&ring, fd, SVM_IOCTL_ACCESS, &a, NULL, 0, EINVAL);
	/* Devices are made and destroyed by ioctl only. */
	refused_as(&ring, control, SVM_IOCTL_INFO, &s, NULL, 0, EOPNOTSUPP);
	CHECK_EQ(job_cancel(fd, 0), 0);
	check_home(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
	ring_end(&ring);
}

CASE(bad_pointers)
{
	struct ring ring = ring_make(4, 0);
	char *addr = filled(LENGTH);
	struct svm_ioctl_submit *s = map_anon(PAGE);
	struct svm_job_result *r = map_anon(2 * PAGE);
	struct svm_ioctl_access a = arg_access(find_gap(PAGE), 1);
	char *gap = find_gap(PAGE), *end = (char *)r + PAGE;
	int fd = open_device(0);

	*s = request(addr, LENGTH, TO_DEVICE);
	refused_as(&ring, fd, SVM_IOCTL_SUBMIT, NULL, r, 0, EFAULT);
	refused_as(&ring, fd, SVM_IOCTL_SUBMIT, gap, r, 0, EFAULT);
	refused_as(&ring, fd, SVM_IOCTL_SUBMIT, (void *)-PAGE, r, 0, EFAULT);
	refused_as(&ring, fd, SVM_IOCTL_SUBMIT, s, NULL, 0, EFAULT);
	refused_as(&ring, fd, SVM_IOCTL_SUBMIT, s, gap, 0, EFAULT);
	refused_as(&ring, fd, SVM_IOCTL_SUBMIT, s, (void *)-PAGE, 0, EFAULT);
	refused_as(&ring, fd, SVM_IOCTL_ACCESS, NULL, NULL, 0, EFAULT);
	refused_as(&ring, fd, SVM_IOCTL_ACCESS, gap, NULL, 0, EFAULT);
	refused_as(&ring, fd, SVM_IOCTL_ACCESS, &a, NULL, 0, EFAULT);
	/* A result of which only the beginning can be written. */
	CHECK_SYS(munmap(end, PAGE));
	refused_as(&ring, fd, SVM_IOCTL_SUBMIT, s, end - sizeof(*r) + 8, 0,
		   EFAULT);
	CHECK_SYS(mprotect(r, PAGE, PROT_READ));
	refused_as(&ring, fd, SVM_IOCTL_SUBMIT, s, r, 0, EFAULT);
	CHECK_SYS(mprotect(s, PAGE, PROT_READ));
	CHECK_SYS(mprotect(r, PAGE, RW));
	refused_as(&ring, fd, SVM_IOCTL_SUBMIT, s, r, 0, EFAULT);
	CHECK_EQ(job_cancel(fd, 0), 0);
	check_home(fd, addr, LENGTH);
	ring_end(&ring);
}
