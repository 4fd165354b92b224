// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sweeps over what the device does by itself: access through its mirror, exclusive
 * access, and events.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "inject.h"
#include "mem.h"
#include "os.h"

#define LENGTH (16 * PAGE)
/* The mirror's chunks are of 2 MiB: half of it in one, half in the next. */
#define HALF (LENGTH / 2)

/* For the caller's side of an operation; touched, so that it costs nothing. */
static char buffer[LENGTH] __attribute__((aligned(PAGE)));

/* Across the border of two chunks. */
static void *across(size_t length)
{
	char *addr = map_aligned(2 * HUGE_PAGE);

	CHECK_SYS(madvise(addr, 2 * HUGE_PAGE, MADV_NOHUGEPAGE));
	CHECK_SYS(munmap(addr, HUGE_PAGE - length / 2));
	addr += HUGE_PAGE - length / 2;
	CHECK_SYS(munmap(addr + length, HUGE_PAGE - length / 2));
	return addr;
}

static void *across_filled(size_t length)
{
	void *addr = across(length);

	fill(addr, length, 1);
	return addr;
}

static void *shared_memory(size_t length)
{
	void *addr = CHECK_SYS(
		mmap(NULL, length, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));

	fill(addr, length, 1);
	return addr;
}

static void to_device(struct scene *s)
{
	move_all(s->fd, s->addr, s->length, TO_DEVICE);
}

static void touch_buffer(struct scene *s)
{
	(void)s;
	memset(buffer, 0x77, sizeof(buffer));
}

static int call_read(struct scene *s)
{
	struct svm_access_op op = op_read(s->addr, s->length, buffer);

	return access_op(s->fd, &op);
}

static void check_read(struct scene *s, int ret)
{
	size_t i;

	if (!ret)
		check_fill(buffer, sizeof(buffer), 1);
	/* It may have worked, and only the answer was lost. */
	else if (buffer[0] != 0x77)
		check_fill(buffer, sizeof(buffer), 1);
	else
		for (i = 0; i < sizeof(buffer); i++)
			CHECK_EQ(buffer[i], 0x77);
	check_fill(s->addr, s->length, 1);
}

CASE(read)
{
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .prepare = touch_buffer,
					       .call = call_read,
					       .check = check_read });
}

static void read_prepare_device(struct scene *s)
{
	touch_buffer(s);
	to_device(s);
}

CASE(read_device)
{
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .prepare = read_prepare_device,
					       .call = call_read,
					       .check = check_read });
}

static void fill_buffer(struct scene *s)
{
	(void)s;
	fill(buffer, sizeof(buffer), 2);
}

static int call_write(struct scene *s)
{
	struct svm_access_op op = op_write(s->addr, s->length, buffer);

	return access_op(s->fd, &op);
}

/* All of it was written or nothing; with an error it may be either. */
static bool was_written(struct scene *s, int ret, uint64_t seed)
{
	if (ret && *(uint64_t *)s->addr != pattern(seed, 0))
		return false;
	check_fill(s->addr, s->length, seed);
	return true;
}

static void check_written(struct scene *s, int ret)
{
	if (!was_written(s, ret, 2))
		check_fill(s->addr, s->length, 1);
}

static void check_populated(struct scene *s, int ret)
{
	if (!was_written(s, ret, 2))
		check_zero(s->addr, s->length);
}

CASE(write)
{
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .prepare = fill_buffer,
					       .call = call_write,
					       .check = check_written });
}

CASE(write_holes)
{
	sweep(INJECT_ALL, &(struct operation){ .map = across,
					       .length = LENGTH,
					       .prepare = fill_buffer,
					       .call = call_write,
					       .check = check_populated });
}

CASE(write_shared)
{
	sweep(INJECT_ALL, &(struct operation){ .map = shared_memory,
					       .length = LENGTH,
					       .prepare = fill_buffer,
					       .call = call_write,
					       .check = check_written });
}

static void write_prepare_device(struct scene *s)
{
	fill_buffer(s);
	to_device(s);
}

CASE(write_device)
{
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .prepare = write_prepare_device,
					       .call = call_write,
					       .check = check_written });
}

static int call_set(struct scene *s)
{
	struct svm_access_op op = op_fill(s->addr, s->length, 8, 0);

	return access_op(s->fd, &op);
}

static void check_set(struct scene *s, int ret)
{
	if (ret && *(uint64_t *)s->addr)
		check_fill(s->addr, s->length, 1);
	else
		check_zero(s->addr, s->length);
}

CASE(fill)
{
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .call = call_set,
					       .check = check_set });
}

/* The second half over the first. */
static int call_copy(struct scene *s)
{
	struct svm_access_op op = op_copy(s->addr, s->addr + HALF, HALF);

	return access_op(s->fd, &op);
}

static void check_copied(struct scene *s, int ret)
{
	check_part(s->addr + HALF, HALF, 1, HALF);
	if (ret && *(uint64_t *)s->addr == pattern(1, 0))
		check_fill(s->addr, HALF, 1);
	else
		check_part(s->addr, HALF, 1, HALF);
}

CASE(copy)
{
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .call = call_copy,
					       .check = check_copied });
}

static int call_add(struct scene *s)
{
	struct svm_access_op op = op_atomic(SVM_ACCESS_ADD, 8, s->addr, 1);

	return access_op(s->fd, &op);
}

static void check_added(struct scene *s, int ret)
{
	uint64_t added = *(uint64_t *)s->addr - pattern(1, 0);

	if (ret)
		CHECK_LE(added, 1);
	else
		CHECK_EQ(added, 1);
	*(uint64_t *)s->addr -= added;
	check_fill(s->addr, s->length, 1);
}

CASE(atomic)
{
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .call = call_add,
					       .check = check_added });
}

static int call_exclusive(struct scene *s, uint32_t op)
{
	uint8_t status[LENGTH / PAGE];
	struct svm_ioctl_exclusive e =
		arg_exclusive(op, s->addr, s->length, status);

	/* Longer than the sweep's round. */
	if (op == SVM_EXCLUSIVE_ACQUIRE)
		e.hold_ms = SVM_EXCLUSIVE_MAX_HOLD_MS;
	return svm_call(s->fd, SVM_IOCTL_EXCLUSIVE, &e);
}

static int call_acquire(struct scene *s)
{
	return call_exclusive(s, SVM_EXCLUSIVE_ACQUIRE);
}

static int call_release(struct scene *s)
{
	return call_exclusive(s, SVM_EXCLUSIVE_RELEASE);
}

static int call_query(struct scene *s)
{
	return call_exclusive(s, SVM_EXCLUSIVE_QUERY);
}

/* Whatever it has, it can be given back. */
static void check_exclusive(struct scene *s, int ret)
{
	(void)ret;
	CHECK_RET(call_release(s), 0);
	CHECK_EQ(query(s->fd, s->addr, s->length), 0);
	check_fill(s->addr, s->length, 1);
}

CASE(exclusive_acquire)
{
	need_exclusive();
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .call = call_acquire,
					       .check = check_exclusive });
}

static void prepare_exclusive(struct scene *s)
{
	CHECK_RET(call_acquire(s), 0);
}

CASE(exclusive_release)
{
	need_exclusive();
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .prepare = prepare_exclusive,
					       .call = call_release,
					       .check = check_exclusive });
}

CASE(exclusive_query)
{
	need_exclusive();
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .prepare = prepare_exclusive,
					       .call = call_query,
					       .check = check_exclusive });
}

static int call_events(struct scene *s)
{
	struct svm_ioctl_events e = arg_events(EVENT(MIGRATED), 64);

	return svm_call(s->fd, SVM_IOCTL_EVENTS, &e);
}

/* Whether it said so or not, it is asked again, and then tells. */
static void check_events(struct scene *s, int ret)
{
	struct svm_event events[64];

	(void)ret;
	events_on(s->fd, EVENT(MIGRATED), 64);
	to_device(s);
	CHECK_GT(events_read(s->fd, events, 64), 0);
	check_fill(s->addr, s->length, 1);
}

CASE(events)
{
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .call = call_events,
					       .check = check_events });
}

static void prepare_events(struct scene *s)
{
	events_on(s->fd, EVENT(MIGRATED), 64);
	to_device(s);
}

static int call_read_events(struct scene *s)
{
	struct svm_event events[64];
	ssize_t got = read(s->fd, events, sizeof(events));

	if (got < 0)
		return -errno;
	s->number = got / sizeof(events[0]);
	CHECK_GT(s->number, 0);
	return 0;
}

/* Those that could not be given are still there. */
static void check_events_read(struct scene *s, int ret)
{
	struct svm_event events[64];

	if (ret)
		CHECK_GT(events_read(s->fd, events, 64), 0);
	check_fill(s->addr, s->length, 1);
}

CASE(events_read)
{
	sweep(INJECT_ALL, &(struct operation){ .map = across_filled,
					       .length = LENGTH,
					       .prepare = prepare_events,
					       .call = call_read_events,
					       .check = check_events_read });
}
