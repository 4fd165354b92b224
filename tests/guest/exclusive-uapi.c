// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exclusive access: requests that make no sense.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

#define PAGES 8
#define LENGTH (PAGES * PAGE)

static const uint32_t ops[] = { SVM_EXCLUSIVE_ACQUIRE, SVM_EXCLUSIVE_RELEASE,
				SVM_EXCLUSIVE_QUERY };

static void refused(int fd, struct svm_ioctl_exclusive e, int error)
{
	check_refused(fd, SVM_IOCTL_EXCLUSIVE, &e, sizeof(e), error);
}

CASE(bad_struct)
{
	int fd = open_device(0), control = open_control();
	char *addr = map_anon(LENGTH);
	char big[sizeof(struct svm_ioctl_exclusive) + 64] = { 0 };
	struct svm_ioctl_exclusive *arg = (void *)big, e;
	uint32_t size;

	e = arg_exclusive(SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, NULL);
	CHECK_RET(svm_call(control, SVM_IOCTL_EXCLUSIVE, &e), -ENOTTY);
	for (size = 0; size < sizeof(e); size++) {
		e.size = size;
		refused(fd, e, EINVAL);
	}
	e.size = 4097;
	refused(fd, e, E2BIG);
	*arg = arg_exclusive(SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, NULL);
	arg->size = sizeof(big);
	big[sizeof(big) - 1] = 1;
	check_refused(fd, SVM_IOCTL_EXCLUSIVE, arg, sizeof(big), E2BIG);
	CHECK_EQ(query(fd, addr, LENGTH), 0);
	big[sizeof(big) - 1] = 0;
	CHECK_RET(svm_call(fd, SVM_IOCTL_EXCLUSIVE, arg), 0);
}

CASE(bad_fields)
{
	const uint32_t bad_ops[] = { 0, 4, 5, 0x80000001, UINT32_MAX };
	int fd = open_device(0), i, k;
	char *addr = map_anon(LENGTH);
	uint8_t status[PAGES] = { 0 };
	struct svm_ioctl_exclusive e;

	for (i = 0; i < 5; i++)
		refused(fd, arg_exclusive(bad_ops[i], addr, LENGTH, status),
			EINVAL);
	for (k = 0; k < 3; k++) {
		for (i = 1; i < 32; i++) {
			e = arg_exclusive(ops[k], addr, LENGTH, status);
			e.flags = 1u << i;
			refused(fd, e, EINVAL);
		}
		e = arg_exclusive(ops[k], addr, LENGTH, status);
		e.reserved = 1;
		refused(fd, e, EINVAL);
		e = arg_exclusive(ops[k], addr, LENGTH, status);
		e.hold_ms = ops[k] == SVM_EXCLUSIVE_ACQUIRE
				    ? SVM_EXCLUSIVE_MAX_HOLD_MS + 1
				    : 1;
		refused(fd, e, EINVAL);
		e.hold_ms = UINT32_MAX;
		refused(fd, e, EINVAL);
		/* A count for an array that is not there. */
		e = arg_exclusive(ops[k], addr, LENGTH, NULL);
		e.status_count = PAGES;
		refused(fd, e, EINVAL);
	}
	refused(fd, arg_exclusive(SVM_EXCLUSIVE_QUERY, addr, LENGTH, NULL),
		EINVAL);
	CHECK_EQ(query(fd, addr, LENGTH), 0);
}

CASE(bad_ranges)
{
	int fd = open_device(0), k;
	uint64_t addr = (uintptr_t)map_anon(LENGTH);
	static uint8_t status[4096];
	const struct {
		uint64_t addr, length;
	} bad[] = {
		{ addr + 1, PAGE },
		{ addr + 8, PAGE },
		{ addr, PAGE + 8 },
		{ addr, 1 },
		{ addr, 0 },
		{ 0, 0 },
		{ addr, -addr },
		{ -PAGE, PAGE },
		{ -PAGE, 2 * PAGE },
		{ 1ull << 63, PAGE },
		{ 0xffff888000000000, PAGE },
		{ 0xffffffffff600000, PAGE },
	};
	struct svm_ioctl_exclusive e;
	size_t i;

	for (k = 0; k < 3; k++)
		for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			e = arg_exclusive(ops[k], (void *)bad[i].addr,
					  bad[i].length, status);
			e.status_count = UINT64_MAX / PAGE + 1;
			refused(fd, e, EINVAL);
		}
	CHECK_EQ(query(fd, (void *)addr, LENGTH), 0);
}

CASE(too_many_pages_or_too_short)
{
	static uint8_t status[SVM_EXCLUSIVE_MAX_PAGES + 1];
	const size_t pages = SVM_EXCLUSIVE_MAX_PAGES + 1;
	int fd = open_device(0), k;
	char *addr = map_anon(pages * PAGE);
	struct svm_ioctl_exclusive e;
	size_t i;

	need_exclusive();
	for (k = 0; k < 3; k++) {
		refused(fd, arg_exclusive(ops[k], addr, pages * PAGE, status),
			EMSGSIZE);
		refused(fd, arg_exclusive(ops[k], addr, 1ull << 40, status),
			EMSGSIZE);
		for (i = 0; i < PAGES; i++) {
			e = arg_exclusive(ops[k], addr, LENGTH, status);
			e.status_count = i;
			refused(fd, e, EMSGSIZE);
		}
	}
	for (i = 0; i < pages; i++)
		CHECK_EQ(status[i], 0);
	/* As much as is allowed, and a longer array. */
	e = arg_exclusive(SVM_EXCLUSIVE_ACQUIRE, addr, (pages - 1) * PAGE,
			  status);
	e.status_count = UINT64_MAX;
	status[pages - 1] = 0xee;
	CHECK_RET(svm_call(fd, SVM_IOCTL_EXCLUSIVE, &e), 0);
	CHECK_EQ(status[pages - 1], 0xee);
	CHECK_EQ(status[pages - 2], SVM_EXCLUSIVE_YES);
}

/* An array that can't be written: then nothing is taken. */
CASE(bad_status_pointer)
{
	int fd = open_device(0), i, k;
	char *addr = map_anon(LENGTH), *pages = map_anon(3 * PAGE);
	uint64_t bad[5];

	need_exclusive();
	fill(addr, LENGTH, 1);
	CHECK_SYS(munmap(pages + PAGE, PAGE));
	CHECK_SYS(mprotect(pages + 2 * PAGE, PAGE, PROT_READ));
	bad[0] = (uintptr_t)pages + PAGE - PAGES / 2;
	bad[1] = (uintptr_t)find_gap(PAGE);
	bad[2] = (uintptr_t)pages + 2 * PAGE;
	bad[3] = 0xffff888000000000;
	bad[4] = -4ull;
	for (i = 0; i < 5; i++)
		for (k = 0; k < 3; k++) {
			refused(fd,
				arg_exclusive(ops[k], addr, LENGTH,
					      (void *)bad[i]),
				EFAULT);
			CHECK_EQ(query(fd, addr, LENGTH), 0);
		}
	check_zero(pages, PAGE);
}

/* The array lies in the range itself. */
CASE(status_inside_range)
{
	int fd = open_device(0), i;
	uint8_t *addr = map_anon(LENGTH), *status = addr + 3 * PAGE - 4;

	need_exclusive();
	for (i = 0; i < 3; i++) {
		struct svm_ioctl_exclusive e = arg_exclusive(
			SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, status);

		fill(addr, LENGTH, 1);
		CHECK_RET(svm_call(fd, SVM_IOCTL_EXCLUSIVE, &e), 0);
		CHECK_EQ(e.pages, PAGES);
		CHECK_EQ(status[0], SVM_EXCLUSIVE_YES);
		CHECK_EQ(status[PAGES - 1], SVM_EXCLUSIVE_YES);
		check_fill(addr, 2 * PAGE, 1);
		check_part(addr + 4 * PAGE, 4 * PAGE, 1, 4 * PAGE);
	}
}

/* The contract has two words for it. */
CASE(unmapped_range)
{
	int fd = open_device(0);
	char *gap = find_gap(LENGTH);
	uint8_t status[PAGES];
	struct svm_ioctl_exclusive e =
		arg_exclusive(SVM_EXCLUSIVE_ACQUIRE, gap, LENGTH, status);
	int ret = svm_call(fd, SVM_IOCTL_EXCLUSIVE, &e);

	need_exclusive();
	if (ret) {
		CHECK_RET(ret, -EFAULT);
		return;
	}
	CHECK_EQ(e.pages, 0);
	CHECK_EQ(status[0], SVM_EXCLUSIVE_REFUSED);
	CHECK_EQ(status[PAGES - 1], SVM_EXCLUSIVE_REFUSED);
}
