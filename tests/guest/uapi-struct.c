// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules that all ioctls share: sizes, tails, flags, pointers, numbers.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "jobs.h"
#include "mem.h"
#include "os.h"

const struct group group = { .module_args = "ram=512M,512M" };

/* A device number that nobody has. */
#define NO_DEVICE 0x7ffffff0

struct call {
	const char *name;
	unsigned long cmd;
	size_t size;
	bool control;
};

static const struct call calls[] = {
	{ "info", SVM_IOCTL_INFO, sizeof(struct svm_ioctl_info), false },
	{ "info on control", SVM_IOCTL_INFO, sizeof(struct svm_ioctl_info),
	  true },
	{ "migrate", SVM_IOCTL_MIGRATE, sizeof(struct svm_ioctl_migrate),
	  false },
	{ "residency", SVM_IOCTL_RESIDENCY, sizeof(struct svm_ioctl_residency),
	  false },
	{ "evict", SVM_IOCTL_EVICT, sizeof(struct svm_ioctl_evict), false },
	{ "stats", SVM_IOCTL_STATS, sizeof(struct svm_ioctl_stats), false },
	{ "access", SVM_IOCTL_ACCESS, sizeof(struct svm_ioctl_access), false },
	{ "exclusive", SVM_IOCTL_EXCLUSIVE, sizeof(struct svm_ioctl_exclusive),
	  false },
	{ "events", SVM_IOCTL_EVENTS, sizeof(struct svm_ioctl_events), false },
	{ "quota", SVM_IOCTL_QUOTA, sizeof(struct svm_ioctl_quota), false },
	{ "submit", SVM_IOCTL_SUBMIT, sizeof(struct svm_ioctl_submit), false },
	{ "cancel", SVM_IOCTL_CANCEL, sizeof(struct svm_ioctl_cancel), false },
	{ "reap", SVM_IOCTL_REAP, sizeof(struct svm_ioctl_reap), false },
	{ "advise", SVM_IOCTL_ADVISE, sizeof(struct svm_ioctl_advise), false },
	{ "advice", SVM_IOCTL_ADVICE, sizeof(struct svm_ioctl_advice), false },
	{ "create", SVM_IOCTL_CREATE, sizeof(struct svm_ioctl_create), true },
	{ "destroy", SVM_IOCTL_DESTROY, sizeof(struct svm_ioctl_destroy),
	  true },
};

#define NR_CALLS (sizeof(calls) / sizeof(calls[0]))

static char *memory;
static struct svm_page answer[4];
static struct svm_access_op op;
static struct svm_job_result results[SVM_JOBS_MAX];
static uint64_t word;

/* A request that is right, in a buffer with rubbish for outputs. */
static void make_request(const struct call *c, void *buffer)
{
	const struct svm_ioctl_info info = arg_info();
	const struct svm_ioctl_migrate migrate =
		arg_migrate(memory, 4 * PAGE, TO_SYSTEM);
	const struct svm_ioctl_residency res =
		arg_residency(memory, 4 * PAGE, answer);
	const struct svm_ioctl_evict evict = arg_evict(PAGE);
	const struct svm_ioctl_stats stats = arg_stats(SVM_STATS_DEVICE);
	/* Not an allowed size: nothing is made when a check is missing. */
	const struct svm_ioctl_create create = arg_create(PAGE, SVM_NODE_ANY);
	const struct svm_ioctl_destroy destroy = arg_destroy(NO_DEVICE);
	const struct svm_ioctl_access access = arg_access(&op, 1);
	const struct svm_ioctl_exclusive exclusive =
		arg_exclusive(SVM_EXCLUSIVE_RELEASE, memory, 4 * PAGE, NULL);
	const struct svm_ioctl_events events = arg_events(0, 0);
	const struct svm_ioctl_quota quota = arg_quota(0, 0);
	const struct svm_ioctl_submit submit =
		arg_submit(memory, 4 * PAGE, TO_SYSTEM, -1);
	const struct svm_ioctl_cancel cancel = arg_cancel(0);
	const struct svm_ioctl_reap reap = arg_reap(results, SVM_JOBS_MAX);
	const struct svm_ioctl_advise advise =
		arg_advise(memory, 4 * PAGE, SVM_ADVICE_KEEP, 0);
	const struct svm_ioctl_advice advice =
		arg_advice(memory, 4 * PAGE, NULL, 0);
	const void *from = NULL;

	op = op_read(memory, sizeof(word), &word);
	switch (c->cmd) {
	case SVM_IOCTL_INFO:
		from = &info;
		break;
	case SVM_IOCTL_MIGRATE:
		from = &migrate;
		break;
	case SVM_IOCTL_RESIDENCY:
		from = &res;
		break;
	case SVM_IOCTL_EVICT:
		from = &evict;
		break;
	case SVM_IOCTL_STATS:
		from = &stats;
		break;
	case SVM_IOCTL_CREATE:
		from = &create;
		break;
	case SVM_IOCTL_DESTROY:
		from = &destroy;
		break;
	case SVM_IOCTL_ACCESS:
		from = &access;
		break;
	case SVM_IOCTL_EXCLUSIVE:
		from = &exclusive;
		break;
	case SVM_IOCTL_EVENTS:
		from = &events;
		break;
	case SVM_IOCTL_QUOTA:
		from = &quota;
		break;
	case SVM_IOCTL_SUBMIT:
		from = &submit;
		break;
	case SVM_IOCTL_CANCEL:
		from = &cancel;
		break;
	case SVM_IOCTL_REAP:
		from = &reap;
		break;
	case SVM_IOCTL_ADVISE:
		from = &advise;
		break;
	case SVM_IOCTL_ADVICE:
		from = &advice;
		break;
	}
	CHECK(from);
	memcpy(buffer, from, c->size);
}

/* What the request of make_request() gets, when its form is right. */
static int wanted(const struct call *c, int fd)
{
	uint64_t caps = device_info(fd).capabilities;

	if (c->cmd == SVM_IOCTL_DESTROY)
		return -ENOENT;
	if (c->cmd == SVM_IOCTL_CREATE)
		return caps & SVM_CAP_CREATE ? -EINVAL : -EOPNOTSUPP;
	if ((c->cmd == SVM_IOCTL_QUOTA || c->cmd == SVM_IOCTL_EVICT) &&
	    !(caps & SVM_CAP_TO_DEVICE))
		return -EOPNOTSUPP;
	if (c->cmd == SVM_IOCTL_EXCLUSIVE && !(caps & SVM_CAP_EXCLUSIVE))
		return -EOPNOTSUPP;
	return 0;
}

static int fd_for(const struct call *c)
{
	static int device = -1, control = -1;

	if (device < 0) {
		device = open_device(0);
		control = open_control();
		memory = map_anon(4 * PAGE);
		fill(memory, 4 * PAGE, 1);
	}
	return c->control ? control : device;
}

#define FOR_CALLS(c, fd) \
	for (c = calls; c < calls + NR_CALLS && (fd = fd_for(c)) >= 0; c++)

static void want(const struct call *c, const char *what, int got, int error)
{
	if (got != -error)
		FAIL("%s: %s: %s, not %s", c->name, what, err_name(got),
		     err_name(error));
}

static void want_refused(const struct call *c, int fd, const char *what,
			 void *buffer, size_t size, int error)
{
	char before[PAGE];

	memcpy(before, buffer, size);
	want(c, what, svm_call(fd, c->cmd, buffer), error);
	if (memcmp(before, buffer, size))
		FAIL("%s: %s: refused, but the struct was written to", c->name,
		     what);
}

CASE(plain_requests_work)
{
	char buffer[PAGE] __attribute__((aligned(8)));
	const struct call *c;
	int fd;

	FOR_CALLS(c, fd)
	{
		make_request(c, buffer);
		want(c, "plain", svm_call(fd, c->cmd, buffer), -wanted(c, fd));
	}
}

#define UP_TO(type, last) (offsetof(type, last) + sizeof(((type *)0)->last))

/* Its size when it was first published. */
static size_t first_size(const struct call *c)
{
	switch (c->cmd) {
	case SVM_IOCTL_MIGRATE:
		return UP_TO(struct svm_ioctl_migrate, pages);
	case SVM_IOCTL_EVICT:
		return UP_TO(struct svm_ioctl_evict, bytes_evicted);
	case SVM_IOCTL_STATS:
		return UP_TO(struct svm_ioctl_stats, refused);
	default:
		return c->size;
	}
}

CASE(size_too_small)
{
	char buffer[PAGE] __attribute__((aligned(8)));
	const struct call *c;
	uint32_t size;
	int fd;

	FOR_CALLS(c, fd)
	{
		const uint32_t first = first_size(c);
		const uint32_t sizes[] = { 0,	      1,	 3,
					   4,	      8,	 first / 2,
					   first - 8, first - 4, first - 1 };
		size_t i;

		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			size = sizes[i];
			make_request(c, buffer);
			memcpy(buffer, &size, sizeof(size));
			want_refused(c, fd, "size too small", buffer, c->size,
				     EINVAL);
		}
	}
}

/* The struct as it was once works as it did, and nothing behind it is written. */
CASE(first_size_is_accepted)
{
	char buffer[PAGE] __attribute__((aligned(8)));
	const struct call *c;
	uint32_t size;
	size_t i;
	int fd;

	FOR_CALLS(c, fd)
	{
		size = first_size(c);
		make_request(c, buffer);
		memset(buffer + size, 0x5a, sizeof(buffer) - size);
		memcpy(buffer, &size, sizeof(size));
		want(c, "first size", svm_call(fd, c->cmd, buffer),
		     -wanted(c, fd));
		for (i = size; i < sizeof(buffer); i++)
			CHECK_EQ(buffer[i], 0x5a);
	}
}

/* A longer struct from the future, which uses nothing of what is new. */
CASE(zero_tail_is_accepted)
{
	const size_t tails[] = { 1, 4, 8, 100, 1024 };
	char buffer[PAGE] __attribute__((aligned(8)));
	const struct call *c;
	uint32_t size;
	size_t i;
	int fd;

	FOR_CALLS(c, fd)
	{
		for (i = 0; i < 5; i++) {
			memset(buffer, 0, sizeof(buffer));
			make_request(c, buffer);
			size = c->size + tails[i];
			memcpy(buffer, &size, sizeof(size));
			want(c, "zero tail", svm_call(fd, c->cmd, buffer),
			     -wanted(c, fd));
			check_zero(buffer + (c->size + 7) / 8 * 8, 1024);
			memcpy(&size, buffer, sizeof(size));
			CHECK_EQ(size, c->size + tails[i]);
		}
	}
}

CASE(non_zero_tail)
{
	const size_t where[] = { 0, 1, 7, 100, 1023 };
	char buffer[PAGE] __attribute__((aligned(8)));
	const struct call *c;
	uint32_t size;
	size_t i;
	int fd;

	FOR_CALLS(c, fd)
	{
		for (i = 0; i < 5; i++) {
			memset(buffer, 0, sizeof(buffer));
			make_request(c, buffer);
			size = c->size + 1024;
			memcpy(buffer, &size, sizeof(size));
			buffer[c->size + where[i]] = 1;
			want_refused(c, fd, "non-zero tail", buffer, size,
				     E2BIG);
		}
	}
}

/* A struct that says it reaches beyond what is mapped, or beyond all sense. */
CASE(size_beyond_memory)
{
	char *pages = map_anon(4 * PAGE);
	const struct call *c;
	int fd, ret;

	CHECK_SYS(munmap(pages + 2 * PAGE, 2 * PAGE));
	FOR_CALLS(c, fd)
	{
		const uint32_t sizes[] = { 3 * PAGE, 1u << 20, 0x7fffffff,
					   0x80000000, 0xffffffff };
		size_t i;

		for (i = 0; i < 5; i++) {
			memset(pages, 0, 2 * PAGE);
			make_request(c, pages);
			memcpy(pages, &sizes[i], sizeof(uint32_t));
			ret = svm_call(fd, c->cmd, pages);
			if (ret != -EFAULT && ret != -E2BIG && ret != -EINVAL)
				FAIL("%s: size %#x: %s", c->name, sizes[i],
				     err_name(ret));
		}
	}
}

CASE(bad_struct_pointer)
{
	char *pages = map_anon(2 * PAGE);
	char *gap = find_gap(PAGE);
	const struct call *c;
	int fd;

	CHECK_SYS(munmap(pages + PAGE, PAGE));
	FOR_CALLS(c, fd)
	{
		want(c, "NULL", svm_call(fd, c->cmd, NULL), EFAULT);
		want(c, "unmapped", svm_call(fd, c->cmd, gap), EFAULT);
		want(c, "kernel address",
		     svm_call(fd, c->cmd, (void *)0xffff888000000000ul),
		     EFAULT);
		want(c, "last byte of the address space",
		     svm_call(fd, c->cmd, (void *)-1ul), EFAULT);
		/* The size can be read, the rest can't. */
		make_request(c, pages);
		memcpy(pages + PAGE - 8, pages, 8);
		want(c, "half of it unmapped",
		     svm_call(fd, c->cmd, pages + PAGE - 8), EFAULT);
	}
}

CASE(unknown_flags)
{
	char buffer[PAGE] __attribute__((aligned(8)));
	const struct call *c;
	int fd, bit;

	FOR_CALLS(c, fd)
	{
		for (bit = 0; bit < 32; bit++) {
			uint32_t flags = 1u << bit;

			if ((c->cmd == SVM_IOCTL_MIGRATE ||
			     c->cmd == SVM_IOCTL_SUBMIT) &&
			    flags & (SVM_F_OWNER_MM |
				     SVM_MIGRATE_RESIDENT_ONLY))
				continue;
			if (c->cmd == SVM_IOCTL_EVENTS &&
			    flags == SVM_EVENTS_COUNT)
				continue;
			if (c->cmd == SVM_IOCTL_QUOTA &&
			    flags & (SVM_F_OWNER_MM | SVM_QUOTA_SET))
				continue;
			if ((c->cmd == SVM_IOCTL_RESIDENCY ||
			     c->cmd == SVM_IOCTL_ACCESS ||
			     c->cmd == SVM_IOCTL_EXCLUSIVE ||
			     c->cmd == SVM_IOCTL_ADVISE ||
			     c->cmd == SVM_IOCTL_ADVICE ||
			     c->cmd == SVM_IOCTL_CANCEL ||
			     c->cmd == SVM_IOCTL_REAP) &&
			    flags & SVM_F_OWNER_MM)
				continue;
			make_request(c, buffer);
			memcpy(buffer + 4, &flags, sizeof(flags));
			want_refused(c, fd, "unknown flag", buffer, c->size,
				     EINVAL);
		}
	}
}

CASE(reserved_fields)
{
	int device = open_device(0), control = open_control();
	struct svm_ioctl_stats stats = arg_stats(SVM_STATS_CONTEXT);
	struct svm_ioctl_create create = arg_create(HUGE_PAGE, SVM_NODE_ANY);
	struct svm_ioctl_destroy destroy = arg_destroy(NO_DEVICE);

	stats.reserved = 1;
	check_refused(device, SVM_IOCTL_STATS, &stats, sizeof(stats), EINVAL);
	stats.reserved = 1u << 31;
	check_refused(device, SVM_IOCTL_STATS, &stats, sizeof(stats), EINVAL);
	create.reserved = 1;
	if (device_info(control).capabilities & SVM_CAP_CREATE)
		check_refused(control, SVM_IOCTL_CREATE, &create,
			      sizeof(create), EINVAL);
	destroy.reserved = 1;
	check_refused(control, SVM_IOCTL_DESTROY, &destroy, sizeof(destroy),
		      EINVAL);
}

CASE(stats_scope)
{
	const uint32_t bad[] = { 0, 3, 4, 0x80000000, 0xffffffff };
	int fd = open_device(0);
	size_t i;

	for (i = 0; i < 5; i++) {
		struct svm_ioctl_stats s = arg_stats(bad[i]);

		check_refused(fd, SVM_IOCTL_STATS, &s, sizeof(s), EINVAL);
	}
}

static bool is_known(unsigned long cmd)
{
	size_t i;

	for (i = 0; i < NR_CALLS; i++)
		if (calls[i].cmd == cmd)
			return true;
	return false;
}

CASE(unknown_ioctl)
{
	int device = open_device(0), control = open_control();
	char buffer[PAGE] = { 0 };
	int nr;

	*(uint32_t *)buffer = 512;
	for (nr = 0; nr < 256; nr++) {
		if (is_known(_IO(SVM_TYPE, nr)))
			continue;
		CHECK_RET(svm_call(device, _IO(SVM_TYPE, nr), buffer), -ENOTTY);
		CHECK_RET(svm_call(control, _IO(SVM_TYPE, nr), buffer),
			  -ENOTTY);
	}
	/* The right number under another letter, or with a size coded in. */
	CHECK_RET(svm_call(device, _IO('t', SVM_CMD_INFO), buffer), -ENOTTY);
	CHECK_RET(svm_call(device, _IOWR(SVM_TYPE, SVM_CMD_INFO, uint64_t),
			   buffer),
		  -ENOTTY);
}

CASE(wrong_kind_of_file)
{
	char buffer[PAGE] __attribute__((aligned(8)));
	int device = open_device(0), control = open_control();
	const struct call *c;
	int fd;

	FOR_CALLS(c, fd)
	{
		if (c->cmd == SVM_IOCTL_INFO)
			continue;
		make_request(c, buffer);
		want_refused(c, c->control ? device : control,
			     "on the wrong file", buffer, c->size, ENOTTY);
	}
}

/* A struct that can be read but not written: nothing may have moved. */
CASE(read_only_struct)
{
	char *page = map_anon(PAGE);
	const struct call *c;
	char *target;
	int fd;

	FOR_CALLS(c, fd)
	{
		if (c->cmd == SVM_IOCTL_DESTROY || c->cmd == SVM_IOCTL_CREATE)
			continue;
		make_request(c, page);
		CHECK_SYS(mprotect(page, PAGE, PROT_READ));
		want(c, "read-only struct", svm_call(fd, c->cmd, page), EFAULT);
		CHECK_SYS(mprotect(page, PAGE, RW));
	}
	need_device_memory();
	fd = open_device(0);
	target = map_anon(8 * PAGE);
	fill(target, 8 * PAGE, 5);
	*(struct svm_ioctl_migrate *)page =
		arg_migrate(target, 8 * PAGE, TO_DEVICE);
	CHECK_SYS(mprotect(page, PAGE, PROT_READ));
	CHECK_RET(svm_call(fd, SVM_IOCTL_MIGRATE, page), -EFAULT);
	check_home(fd, target, 8 * PAGE);
	check_fill(target, 8 * PAGE, 5);
}
