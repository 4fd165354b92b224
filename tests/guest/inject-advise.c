// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sweeps over advice and quotas: giving it, asking for it, pinning by it, and a
 * move that evicts to stay within a quota.
 */
#include "advice.h"
#include "dev.h"
#include "harness.h"
#include "inject.h"
#include "mem.h"

#define LENGTH (16 * PAGE)

static void *filled(size_t length)
{
	void *addr = map_anon(length);

	fill(addr, length, 1);
	return addr;
}

static void prepare_kept(struct scene *s)
{
	advise(s->fd, s->addr, s->length, KEEP, 0);
}

/* The middle gets more: what was one range becomes three. */
static int call_advise(struct scene *s)
{
	return try_advise(s->fd, page_at(s->addr, 4), 8 * PAGE, READ_MOSTLY, 0,
			  0);
}

/* A call whose last copy fails has done its work. */
static bool is_done(struct scene *s, int ret, unsigned int parts)
{
	return !ret || (ret == -EFAULT &&
			advice_of(s->fd, s->addr, s->length).found == parts);
}

static void check_advised(struct scene *s, int ret)
{
	if (!is_done(s, ret, 3))
		check_advice(s->fd, s->addr, s->length, { 0, 16, KEEP });
	else
		check_advice(s->fd, s->addr, s->length, { 0, 4, KEEP },
			     { 4, 8, KEEP | READ_MOSTLY }, { 12, 4, KEEP });
	check_fill(s->addr, s->length, 1);
}

CASE(advise)
{
	sweep(INJECT_ALL, &(struct operation){ .map = filled,
					       .length = LENGTH,
					       .prepare = prepare_kept,
					       .call = call_advise,
					       .check = check_advised });
}

/* The first advice that a context gets. */
static int call_pin(struct scene *s)
{
	return try_advise(s->fd, s->addr, s->length, PIN, 0, 0);
}

static void check_pinned(struct scene *s, int ret)
{
	if (!is_done(s, ret, 1))
		check_no_advice(s->fd, s->addr, s->length);
	else
		check_advice(s->fd, s->addr, s->length, { 0, 16, PIN });
	check_fill(s->addr, s->length, 1);
}

CASE(pin)
{
	sweep(INJECT_ALL, &(struct operation){ .map = filled,
					       .length = LENGTH,
					       .call = call_pin,
					       .check = check_pinned });
}

static int call_advice(struct scene *s)
{
	struct svm_advice_range ranges[2];
	struct svm_ioctl_advice arg = arg_advice(s->addr, s->length, ranges, 2);

	return svm_call(s->fd, SVM_IOCTL_ADVICE, &arg);
}

static void check_kept(struct scene *s, int ret)
{
	(void)ret;
	check_advice(s->fd, s->addr, s->length, { 0, 16, KEEP });
}

CASE(advice)
{
	sweep(INJECT_ALL, &(struct operation){ .map = filled,
					       .length = LENGTH,
					       .prepare = prepare_kept,
					       .call = call_advice,
					       .check = check_kept });
}

static int call_quota(struct scene *s)
{
	struct svm_ioctl_quota arg = arg_quota(SVM_QUOTA_SET, MIB(1));

	return svm_call(s->fd, SVM_IOCTL_QUOTA, &arg);
}

static void check_quota(struct scene *s, int ret)
{
	uint64_t bytes = device_quota(s->fd).bytes;

	/* As above. */
	if (!ret || bytes != device_info(s->fd).bytes_total)
		CHECK_EQ(bytes, MIB(1));
	set_quota(s->fd, SVM_QUOTA_DEFAULT);
}

CASE(quota)
{
	sweep(INJECT_ALL,
	      &(struct operation){ .call = call_quota, .check = check_quota });
}

/* One half of the memory fills the quota. */
static void prepare_full(struct scene *s)
{
	set_quota(s->fd, LENGTH);
	move_all(s->fd, s->addr, LENGTH, TO_DEVICE);
}

static int call_make_room(struct scene *s)
{
	struct svm_ioctl_migrate arg =
		arg_migrate(s->addr + LENGTH, LENGTH, TO_DEVICE);

	arg.flags |= SVM_MIGRATE_EVICT;
	return svm_call(s->fd, SVM_IOCTL_MIGRATE, &arg);
}

static void check_within_quota(struct scene *s, int ret)
{
	(void)ret;
	CHECK_LE(device_quota(s->fd).bytes_used, LENGTH);
	check_fill(s->addr, s->length, 1);
	set_quota(s->fd, SVM_QUOTA_DEFAULT);
}

CASE(make_room)
{
	sweep(INJECT_ALL, &(struct operation){ .map = filled,
					       .length = 2 * LENGTH,
					       .prepare = prepare_full,
					       .call = call_make_room,
					       .check = check_within_quota });
}
