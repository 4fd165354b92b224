// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

/* Outputs begin as rubbish, so that one that is not written is seen. */
#define RUBBISH(type)                    \
	type arg;                        \
	memset(&arg, 0xa5, sizeof(arg)); \
	arg.size = sizeof(arg);          \
	arg.flags = 0

struct svm_ioctl_access arg_access(struct svm_access_op *ops, uint32_t count)
{
	RUBBISH(struct svm_ioctl_access);
	arg.ops = (uintptr_t)ops;
	arg.count = count;
	arg.timeout_ms = 60000;
	return arg;
}

struct svm_ioctl_exclusive arg_exclusive(uint32_t op, const void *addr,
					 size_t length, uint8_t *status)
{
	RUBBISH(struct svm_ioctl_exclusive);
	arg.op = op;
	arg.hold_ms = 0;
	arg.addr = (uintptr_t)addr;
	arg.length = length;
	arg.status = (uintptr_t)status;
	arg.status_count = status ? length / PAGE : 0;
	arg.reserved = 0;
	return arg;
}

struct svm_ioctl_events arg_events(uint32_t mask, uint32_t entries)
{
	RUBBISH(struct svm_ioctl_events);
	arg.mask = mask;
	arg.entries = entries;
	return arg;
}

static struct svm_access_op op_make(uint32_t type, const void *addr,
				    size_t length, uint64_t data)
{
	return (struct svm_access_op){
		.type = type,
		.addr = (uintptr_t)addr,
		.length = length,
		.data = data,
		/* Outputs. */
		.old = 0xa5a5a5a5a5a5a5a5,
		.result = 0x5a5a5a5a,
		.rounds = 0xa5a5a5a5,
	};
}

struct svm_access_op op_read(const void *addr, size_t length, void *buffer)
{
	return op_make(SVM_ACCESS_READ, addr, length, (uintptr_t)buffer);
}

struct svm_access_op op_write(void *addr, size_t length, const void *buffer)
{
	return op_make(SVM_ACCESS_WRITE, addr, length, (uintptr_t)buffer);
}

struct svm_access_op op_fill(void *addr, size_t length, unsigned int width,
			     uint64_t data)
{
	struct svm_access_op op = op_make(SVM_ACCESS_FILL, addr, length, data);

	op.width = width;
	return op;
}

struct svm_access_op op_copy(void *to, const void *from, size_t length)
{
	return op_make(SVM_ACCESS_COPY, to, length, (uintptr_t)from);
}

struct svm_access_op op_atomic(uint32_t type, unsigned int width, void *addr,
			       uint64_t data)
{
	struct svm_access_op op = op_make(type, addr, 0, data);

	op.width = width;
	return op;
}

struct svm_access_op op_cas(unsigned int width, void *addr, uint64_t compare,
			    uint64_t data)
{
	struct svm_access_op op = op_atomic(SVM_ACCESS_CAS, width, addr, data);

	op.compare = compare;
	return op;
}

int access_flags(int fd, struct svm_access_op *op, uint32_t flags)
{
	struct svm_access_op before = *op;
	struct svm_ioctl_access a = arg_access(op, 1);
	int ret;

	a.flags = flags;
	ret = svm_call(fd, SVM_IOCTL_ACCESS, &a);
	if (ret)
		return ret;
	CHECK_EQ(a.done, op->result == 0);
	CHECK_LE(op->result, 0);
	CHECK_EQ(op->type, before.type);
	CHECK_EQ(op->width, before.width);
	CHECK_EQ(op->addr, before.addr);
	CHECK_EQ(op->length, before.length);
	CHECK_EQ(op->data, before.data);
	CHECK_EQ(op->compare, before.compare);
	return op->result;
}

int access_op(int fd, struct svm_access_op *op)
{
	return access_flags(fd, op, 0);
}

static const char *op_name(uint32_t type)
{
	static const char *const names[] = {
		[SVM_ACCESS_READ] = "read", [SVM_ACCESS_WRITE] = "write",
		[SVM_ACCESS_FILL] = "fill", [SVM_ACCESS_COPY] = "copy",
		[SVM_ACCESS_ADD] = "add",   [SVM_ACCESS_XCHG] = "xchg",
		[SVM_ACCESS_CAS] = "cas",   [SVM_ACCESS_AND] = "and",
		[SVM_ACCESS_OR] = "or",	    [SVM_ACCESS_XOR] = "xor",
		[SVM_ACCESS_MIN] = "min",   [SVM_ACCESS_MAX] = "max",
		[SVM_ACCESS_SMIN] = "smin", [SVM_ACCESS_SMAX] = "smax",
	};

	return type < sizeof(names) / sizeof(names[0]) && names[type]
		       ? names[type]
		       : "?";
}

static void access_must(const char *file, int line, int fd,
			struct svm_access_op *op, int want)
{
	int got = access_op(fd, op);

	if (got != want)
		fail_at(file, line,
			"device's %s of %llu bytes (width %u) at %#llx: %s, not %s",
			op_name(op->type), op->length, op->width, op->addr,
			err_name(got), err_name(want));
}

void quiet_kernel(void)
{
	setting("/proc/sys/kernel/numa_balancing", "0");
}

unsigned int access_ok_at(const char *file, int line, int fd,
			  struct svm_access_op op)
{
	access_must(file, line, fd, &op, 0);
	return op.rounds;
}

uint64_t atomic_ok_at(const char *file, int line, int fd,
		      struct svm_access_op op)
{
	access_must(file, line, fd, &op, 0);
	return op.old;
}

/* Address and length need not be aligned: only whole words of the buffer. */
unsigned int dev_fill_at(const char *file, int line, int fd, void *addr,
			 size_t length, uint64_t seed)
{
	unsigned int rounds = 0;
	size_t step, done;
	char *buffer = malloc(length);

	CHECK(buffer);
	fill(buffer, length, seed);
	for (done = 0; done < length; done += step) {
		step = length - done;
		if (step > SVM_ACCESS_MAX_BYTES)
			step = SVM_ACCESS_MAX_BYTES;
		rounds += access_ok_at(file, line, fd,
				       op_write((char *)addr + done, step,
						buffer + done));
	}
	free(buffer);
	return rounds;
}

unsigned int dev_check_at(const char *file, int line, int fd, const void *addr,
			  size_t length, uint64_t seed, bool filled)
{
	unsigned int rounds = 0;
	size_t step, done;
	char *buffer = malloc(length);

	CHECK(buffer);
	memset(buffer, 0x77, length);
	for (done = 0; done < length; done += step) {
		step = length - done;
		if (step > SVM_ACCESS_MAX_BYTES)
			step = SVM_ACCESS_MAX_BYTES;
		rounds += access_ok_at(file, line, fd,
				       op_read((char *)addr + done, step,
					       buffer + done));
	}
	if (filled)
		check_part_at(file, line, buffer, length, seed, 0);
	else
		check_zero_at(file, line, buffer, length);
	free(buffer);
	return rounds;
}

void access_fails_at(const char *file, int line, int fd,
		     struct svm_access_op op, int error)
{
	access_must(file, line, fd, &op, -error);
}

/* --- exclusive access -------------------------------------------------- */

static unsigned int count_exclusive(const uint8_t *status, size_t pages)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < pages; i++)
		n += status[i] == SVM_EXCLUSIVE_YES ||
		     status[i] == SVM_EXCLUSIVE_HELD;
	return n;
}

unsigned int exclusive_at(const char *file, int line, int fd, uint32_t op,
			  const void *addr, size_t length, unsigned int hold_ms,
			  uint8_t *status)
{
	uint8_t own[SVM_EXCLUSIVE_MAX_PAGES + 1];
	struct svm_ioctl_exclusive e;
	size_t i, pages = length / PAGE;
	int ret;

	memset(own, 0xee, sizeof(own));
	e = arg_exclusive(op, addr, length, own);
	e.hold_ms = hold_ms;
	ret = svm_call(fd, SVM_IOCTL_EXCLUSIVE, &e);
	if (ret)
		fail_at(file, line, "exclusive op %u on %zu pages at %p: %s",
			op, pages, addr, err_name(ret));
	for (i = 0; i < pages; i++)
		if (own[i] > SVM_EXCLUSIVE_REFUSED)
			fail_at(file, line, "page %zu: status %u", i, own[i]);
	if (own[pages] != 0xee)
		fail_at(file, line, "status written beyond the range");
	if (op != SVM_EXCLUSIVE_RELEASE)
		CHECK_EQ(e.pages, count_exclusive(own, pages));
	else
		CHECK_EQ(count_exclusive(own, pages), 0);
	if (status)
		memcpy(status, own, pages);
	return e.pages;
}

unsigned int query(int fd, const void *addr, size_t length)
{
	return exclusive(fd, SVM_EXCLUSIVE_QUERY, addr, length, 0, NULL);
}

unsigned int query_page(int fd, const void *addr)
{
	uint8_t status;

	exclusive(fd, SVM_EXCLUSIVE_QUERY, addr, PAGE, 0, &status);
	return status;
}

void acquire_all(int fd, const void *addr, size_t length)
{
	size_t i;

	if (EVENTUALLY(acquire(fd, addr, length) == length / PAGE))
		return;
	for (i = 0; i < length / PAGE; i++)
		if (query_page(fd, (const char *)addr + i * PAGE) !=
		    SVM_EXCLUSIVE_YES)
			FAIL("page %zu of %zu is not to be had", i,
			     length / PAGE);
	FAIL("not all of %zu pages are to be had at once", length / PAGE);
}

void need_exclusive(void)
{
	int fd = open_device(0);

	if (!(device_info(fd).capabilities & SVM_CAP_EXCLUSIVE))
		skip("this kernel has no device-exclusive access");
	close(fd);
}

/* --- events ------------------------------------------------------------ */

void events_on(int fd, uint32_t mask, uint32_t entries)
{
	struct svm_ioctl_events e = arg_events(mask, entries);
	int flags = CHECK_SYS(fcntl(fd, F_GETFL));

	CHECK_RET(svm_call(fd, SVM_IOCTL_EVENTS, &e), 0);
	CHECK_SYS(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

size_t events_read(int fd, struct svm_event *events, size_t max)
{
	ssize_t got = read(fd, events, max * sizeof(*events));

	if (got < 0 && errno == EAGAIN)
		return 0;
	CHECK_SYS(got);
	CHECK_EQ(got % sizeof(*events), 0);
	return got / sizeof(*events);
}

static size_t overlap(const struct svm_event *e, uint64_t start, uint64_t end)
{
	uint64_t first = e->addr > start ? e->addr : start;
	uint64_t last = e->addr + e->length < end ? e->addr + e->length : end;

	return last > first ? last - first : 0;
}

struct told events_told(int fd, uint32_t type, uint32_t cause, const void *addr,
			size_t length)
{
	uint64_t start = (uintptr_t)addr, end = start + length;
	struct told told = { 0 };
	struct svm_event events[32];
	size_t i, n;

	while ((n = events_read(fd, events, 32)))
		for (i = 0; i < n; i++) {
			size_t bytes = overlap(&events[i], start, end);

			if (events[i].type != type || !bytes)
				continue;
			told.events++;
			if (events[i].cause == cause) {
				told.bytes += bytes;
			} else {
				told.other_bytes += bytes;
				told.other_cause = events[i].cause;
			}
		}
	return told;
}

void check_ended_at(const char *file, int line, int fd, const void *addr,
		    size_t length, uint32_t cause)
{
	struct told t =
		events_told(fd, SVM_EVENT_EXCLUSIVE_ENDED, cause, addr, length);

	if (t.bytes != length || t.other_bytes)
		fail_at(file, line,
			"of %zu bytes, the events say that exclusive access to %zu ended by cause %u, and to %zu by others such as %u",
			length, t.bytes, cause, t.other_bytes, t.other_cause);
}
