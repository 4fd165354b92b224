// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ranges, destinations and arrays that make no sense.
 */
#include <stdlib.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

/* Both ioctls that take a range refuse it. */
static void check_range(int fd, uint64_t addr, uint64_t length, int error)
{
	static struct svm_page answer[64];
	const struct dest tos[] = { TO_SYSTEM, TO_DEVICE };
	bool device = device_info(fd).capabilities & SVM_CAP_TO_DEVICE;
	struct svm_ioctl_residency r =
		arg_residency((void *)addr, length, answer);
	struct svm_ioctl_migrate m;
	int i;

	for (i = 0; i < 1 + device; i++) {
		m = arg_migrate((void *)addr, length, tos[i]);
		check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), error);
	}
	/* So that it is not the array that is found too short. */
	r.count = UINT64_MAX / PAGE + 1;
	check_refused(fd, SVM_IOCTL_RESIDENCY, &r, sizeof(r), error);
}

CASE(range_misaligned)
{
	int fd = open_device(0);
	uint64_t addr = (uintptr_t)map_anon(8 * PAGE);
	const uint64_t off[] = { 1, 8, 64, 512, PAGE / 2, PAGE - 1 };
	size_t i;

	fill((void *)addr, 8 * PAGE, 1);
	for (i = 0; i < 6; i++) {
		check_range(fd, addr + off[i], PAGE, EINVAL);
		check_range(fd, addr, PAGE + off[i], EINVAL);
		check_range(fd, addr, off[i], EINVAL);
		check_range(fd, addr + off[i], PAGE - off[i], EINVAL);
	}
	check_home(fd, (void *)addr, 8 * PAGE);
}

CASE(range_empty)
{
	int fd = open_device(0);
	uint64_t addr = (uintptr_t)map_anon(PAGE);

	check_range(fd, addr, 0, EINVAL);
	check_range(fd, 0, 0, EINVAL);
}

CASE(range_wraps)
{
	int fd = open_device(0);
	uint64_t addr = (uintptr_t)map_anon(PAGE);

	check_range(fd, addr, -addr, EINVAL);
	check_range(fd, addr, PAGE - addr, EINVAL);
	check_range(fd, addr, 2 * PAGE - addr, EINVAL);
	check_range(fd, addr, -PAGE, EINVAL);
	check_range(fd, 0, -PAGE, EINVAL);
	check_range(fd, -PAGE, 2 * PAGE, EINVAL);
}

CASE(range_of_kernel)
{
	int fd = open_device(0);
	uint64_t addr = (uintptr_t)map_anon(PAGE);

	/* The direct map, vmalloc, the vsyscall page, the last page. */
	check_range(fd, 0xffff888000000000, PAGE, EINVAL);
	check_range(fd, 0xffffc90000000000, PAGE, EINVAL);
	check_range(fd, 0xffffffffff600000, PAGE, EINVAL);
	check_range(fd, -PAGE, PAGE, EINVAL);
	/* No address at all. */
	check_range(fd, 1ull << 60, PAGE, EINVAL);
	check_range(fd, 1ull << 63, PAGE, EINVAL);
	/* From ours into theirs. */
	check_range(fd, addr, (1ull << 63) - addr, EINVAL);
	check_range(fd, addr, (1ull << 60), EINVAL);
}

CASE(range_unmapped)
{
	int fd = open_device(0);
	char *gap = find_gap(MIB(4));
	struct svm_page pages[8];
	struct svm_ioctl_migrate m;
	int i;

	m = arg_migrate(gap, 8 * PAGE, TO_SYSTEM);
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EFAULT);
	m = arg_migrate(NULL, PAGE, TO_SYSTEM);
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EFAULT);
	if (device_info(fd).capabilities & SVM_CAP_TO_DEVICE) {
		m = arg_migrate(gap, 8 * PAGE, TO_DEVICE);
		check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EFAULT);
	}
	/* For residency that is an answer. */
	CHECK_RET(residency(fd, gap, 8 * PAGE, 0, pages), 0);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(pages[i].place, SVM_PLACE_UNMAPPED);
		CHECK_EQ(pages[i].flags, 0);
		CHECK_EQ(pages[i].id, 0);
		CHECK_EQ(pages[i].offset, 0);
	}
	CHECK_RET(residency(fd, NULL, PAGE, 0, pages), 0);
	CHECK_EQ(pages[0].place, SVM_PLACE_UNMAPPED);
}

/* Something is mapped, but beyond what one call works through. */
CASE(range_mapped_far_ahead)
{
	int fd = open_device(0);
	size_t share = device_info(fd).max_call_bytes;
	char *gap, *addr;
	struct svm_ioctl_migrate m;

	if (share > MIB(4096))
		skip("one call works through %zu MiB", share >> 20);
	gap = find_gap(2 * share + PAGE);
	addr = CHECK_SYS(mmap(gap + 2 * share, PAGE, RW,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			      -1, 0));
	*addr = 1;
	CHECK_RET(migrate_once(fd, gap, 2 * share + PAGE, TO_SYSTEM, 0, NULL,
			       &m),
		  0);
	CHECK_GT(m.pages[SVM_PAGE_UNMAPPED], 0);
	CHECK_EQ(m.pages[SVM_PAGE_UNMAPPED] + m.pages[SVM_PAGE_ALREADY],
		 (m.next - m.addr) / PAGE);
}

CASE(migrate_bad_destination)
{
	const uint32_t bad[] = { 0, 4, 5, 0x80000000, 0xffffffff };
	int fd = open_device(0);
	char *addr = map_anon(PAGE);
	struct svm_ioctl_migrate m;
	size_t i;

	*addr = 1;
	for (i = 0; i < 5; i++) {
		m = arg_migrate(addr, PAGE,
				((struct dest){ bad[i], SVM_NODE_ANY }));
		check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EINVAL);
	}
}

CASE(migrate_bad_node)
{
	const int bad[] = { -2,	  -1000, 64,	     1023,
			    1024, 4096,	 0x7fffffff, (int)0x80000000 };
	int fd = open_device(0);
	char *addr = map_anon(PAGE);
	struct svm_ioctl_migrate m;
	size_t i;

	*addr = 1;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m = arg_migrate(addr, PAGE, TO_NODE(bad[i]));
		check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EINVAL);
	}
	/* The first number after those that exist. */
	m = arg_migrate(addr, PAGE, TO_NODE(nodes_highest() + 1));
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EINVAL);
	check_home(fd, addr, PAGE);
}

CASE(migrate_node_for_device)
{
	int fd = open_device(0), node;
	char *addr = map_anon(PAGE);
	struct svm_ioctl_migrate m;

	need_device_memory();
	*addr = 1;
	for (node = -3; node < 3; node++) {
		if (node == SVM_NODE_ANY)
			continue;
		m = arg_migrate(addr, PAGE,
				((struct dest){ SVM_DEST_DEVICE, node }));
		check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EINVAL);
	}
	check_home(fd, addr, PAGE);
}

CASE(status_too_short)
{
	int fd = open_device(0);
	char *addr = map_anon(8 * PAGE);
	uint8_t status[9], before[9];
	struct svm_ioctl_migrate m;
	int n;

	fill(addr, 8 * PAGE, 1);
	memset(status, 0xee, sizeof(status));
	memcpy(before, status, sizeof(status));
	for (n = 0; n < 8; n++) {
		m = arg_migrate(addr, 8 * PAGE, TO_SYSTEM);
		m.status = (uintptr_t)status;
		m.status_count = n;
		check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EMSGSIZE);
	}
	CHECK(!memcmp(status, before, sizeof(status)));
	/* Longer is fine, and is not written beyond the range. */
	m.status_count = 9;
	CHECK_RET(svm_call(fd, SVM_IOCTL_MIGRATE, &m), 0);
	CHECK_EQ(status[7], SVM_PAGE_ALREADY);
	CHECK_EQ(status[8], 0xee);
	m.status_count = UINT64_MAX;
	CHECK_RET(svm_call(fd, SVM_IOCTL_MIGRATE, &m), 0);
	CHECK_EQ(status[8], 0xee);
}

CASE(status_count_without_array)
{
	int fd = open_device(0);
	char *addr = map_anon(PAGE);
	struct svm_ioctl_migrate m = arg_migrate(addr, PAGE, TO_SYSTEM);

	*addr = 1;
	m.status_count = 1;
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EINVAL);
}

CASE(residency_too_short)
{
	int fd = open_device(0);
	char *addr = map_anon(8 * PAGE);
	struct svm_page pages[9], before[9];
	struct svm_ioctl_residency r;
	int n;

	fill(addr, 8 * PAGE, 1);
	memset(pages, 0xee, sizeof(pages));
	memcpy(before, pages, sizeof(pages));
	for (n = 0; n < 8; n++) {
		r = arg_residency(addr, 8 * PAGE, pages);
		r.count = n;
		check_refused(fd, SVM_IOCTL_RESIDENCY, &r, sizeof(r), EMSGSIZE);
	}
	CHECK(!memcmp(pages, before, sizeof(pages)));
	r.count = 9;
	CHECK_RET(svm_call(fd, SVM_IOCTL_RESIDENCY, &r), 0);
	CHECK_EQ(pages[7].place, SVM_PLACE_SYSTEM);
	CHECK(!memcmp(&pages[8], &before[8], sizeof(pages[8])));
	r.count = UINT64_MAX;
	CHECK_RET(svm_call(fd, SVM_IOCTL_RESIDENCY, &r), 0);
	CHECK(!memcmp(&pages[8], &before[8], sizeof(pages[8])));
}

/* Addresses where 16 bytes (or entries of @size) can't be written. */
static void bad_arrays(size_t size, uint64_t *bad)
{
	char *pages = map_anon(3 * PAGE);

	/* The second half of the array is not there. */
	CHECK_SYS(munmap(pages + PAGE, PAGE));
	CHECK_SYS(mprotect(pages + 2 * PAGE, PAGE, PROT_READ));
	bad[0] = (uintptr_t)pages + PAGE - 8 * size;
	bad[1] = (uintptr_t)find_gap(PAGE);
	bad[2] = (uintptr_t)pages + 2 * PAGE;
	bad[3] = 0xffff888000000000;
	bad[4] = 1ull << 62;
	bad[5] = -size;
}

#define NR_BAD_ARRAYS 6

/* The array is looked at before anything moves. */
CASE(bad_status_pointer)
{
	int fd = open_device(0);
	char *addr = map_anon(16 * PAGE);
	uint64_t bad[NR_BAD_ARRAYS];
	struct svm_ioctl_migrate m;
	int i;

	need_device_memory();
	fill(addr, 16 * PAGE, 1);
	bad_arrays(1, bad);
	for (i = 0; i < NR_BAD_ARRAYS; i++) {
		m = arg_migrate(addr, 16 * PAGE, TO_DEVICE);
		m.status = bad[i];
		m.status_count = 16;
		check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EFAULT);
		check_home(fd, addr, 16 * PAGE);
	}
	CHECK_EQ(device_stats(fd, SVM_STATS_CONTEXT).bytes_to_device, 0);
	check_fill(addr, 16 * PAGE, 1);
}

CASE(bad_residency_pointer)
{
	int fd = open_device(0);
	char *addr = map_anon(16 * PAGE);
	uint64_t bad[NR_BAD_ARRAYS];
	struct svm_ioctl_residency r;
	int i;

	fill(addr, 16 * PAGE, 1);
	bad_arrays(sizeof(struct svm_page), bad);
	for (i = 0; i < NR_BAD_ARRAYS; i++) {
		r = arg_residency(addr, 16 * PAGE, (void *)bad[i]);
		check_refused(fd, SVM_IOCTL_RESIDENCY, &r, sizeof(r), EFAULT);
	}
	/* NULL is no array either. */
	r = arg_residency(addr, 16 * PAGE, NULL);
	check_refused(fd, SVM_IOCTL_RESIDENCY, &r, sizeof(r), EFAULT);
}

/* Arrays on memory that moves with the call. */
CASE(status_inside_range)
{
	int fd = open_device(0), round;
	const size_t n = 512;
	uint8_t *addr = map_anon(n * PAGE), *status = addr + 100 * PAGE + 1900;

	need_device_memory();
	for (round = 0; round < 4; round++) {
		struct dest to = round % 2 ? TO_SYSTEM : TO_DEVICE;
		struct svm_ioctl_migrate m;
		size_t i, moved = 0;

		fill(addr, n * PAGE, round);
		memset(status, 0xee, n);
		/* Leaves the page with the array where it was. */
		if (round % 2)
			move_all(fd, addr, n * PAGE, TO_DEVICE);
		m = arg_migrate(addr, n * PAGE, to);
		m.status = (uintptr_t)status;
		m.status_count = n;
		CHECK_RET(svm_call(fd, SVM_IOCTL_MIGRATE, &m), 0);
		CHECK_EQ(m.next, m.addr + m.length);
		for (i = 0; i < n; i++) {
			if (status[i] != SVM_PAGE_MOVED &&
			    status[i] != SVM_PAGE_ALREADY)
				FAIL("page %zu: %s", i,
				     svm_status_name(status[i]));
			moved += status[i] == SVM_PAGE_MOVED;
		}
		/* On the way home, writing the array brings some home too. */
		CHECK_EQ(moved, m.pages[SVM_PAGE_MOVED]);
		if (to.dest == SVM_DEST_DEVICE)
			CHECK_EQ(moved, n);
		else
			CHECK_GT(moved, 0);
		check_fill(addr, 100 * PAGE, round);
		check_part(addr + 101 * PAGE, (n - 101) * PAGE, round,
			   101 * PAGE);
		check_part(addr + 100 * PAGE, 1896, round, 100 * PAGE);
		move_all(fd, addr, n * PAGE, TO_SYSTEM);
	}
}

CASE(residency_inside_range)
{
	int fd = open_device(0);
	const size_t n = 512;
	char *addr = map_anon(n * PAGE);
	struct svm_page *pages = (struct svm_page *)(addr + 100 * PAGE);
	struct svm_ioctl_residency r;
	size_t i;

	need_device_memory();
	fill(addr, n * PAGE, 1);
	move_all(fd, addr, n * PAGE, TO_DEVICE);
	r = arg_residency(addr, n * PAGE, pages);
	CHECK_RET(svm_call(fd, SVM_IOCTL_RESIDENCY, &r), 0);
	for (i = 0; i < n; i++)
		CHECK(pages[i].place == SVM_PLACE_DEVICE ||
		      pages[i].place == SVM_PLACE_SYSTEM);
	check_fill(addr, 100 * PAGE, 1);
	check_part(addr + 101 * PAGE, (n - 101) * PAGE, 1, 101 * PAGE);
}

/* The struct itself lies in the range that it tells to move. */
CASE(struct_inside_range)
{
	int fd = open_device(0);
	char *addr = map_anon(16 * PAGE);
	struct svm_ioctl_migrate *m = (void *)(addr + 8 * PAGE + 128);

	need_device_memory();
	fill(addr, 16 * PAGE, 1);
	*m = arg_migrate(addr, 16 * PAGE, TO_DEVICE);
	CHECK_RET(svm_call(fd, SVM_IOCTL_MIGRATE, m), 0);
	CHECK_EQ(m->next, m->addr + m->length);
	CHECK_EQ(m->pages[SVM_PAGE_MOVED], 16);
	check_fill(addr, 8 * PAGE, 1);
	check_part(addr + 9 * PAGE, 7 * PAGE, 1, 9 * PAGE);
}
