// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sweeps over what moves pages: calls, faults, eviction, and what cuts device
 * pages or has them twice.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "inject.h"
#include "mem.h"
#include "os.h"

#define SMALL (16 * PAGE)

static void *small(size_t length)
{
	void *addr = map_anon(length);

	fill(addr, length, 1);
	return addr;
}

static void *huge(size_t length)
{
	void *addr = map_thp(length);

	fill(addr, length, 1);
	return addr;
}

/* Nothing is there, and huge pages are welcome. */
static void *holes(size_t length)
{
	void *addr = map_aligned(length);

	CHECK_SYS(madvise(addr, length, MADV_HUGEPAGE));
	return addr;
}

static void to_device(struct scene *s)
{
	move_all(s->fd, s->addr, s->length, TO_DEVICE);
}

static int call_migrate(struct scene *s, struct dest to)
{
	struct svm_ioctl_migrate m;

	return migrate_once(s->fd, s->addr, s->length, to, 0, NULL, &m);
}

static int call_to_device(struct scene *s)
{
	return call_migrate(s, TO_DEVICE);
}

static int call_to_system(struct scene *s)
{
	return call_migrate(s, TO_SYSTEM);
}

static int call_to_node(struct scene *s)
{
	return call_migrate(s, TO_NODE(1));
}

static void check_data(struct scene *s, int ret)
{
	(void)ret;
	check_fill(s->addr, s->length, 1);
}

static void check_empty(struct scene *s, int ret)
{
	(void)ret;
	check_zero(s->addr, s->length);
}

CASE(to_device)
{
	sweep(INJECT_ALL, &(struct operation){ .map = small,
					       .length = SMALL,
					       .call = call_to_device,
					       .check = check_data });
}

CASE(to_device_huge)
{
	sweep(INJECT_ALL, &(struct operation){ .map = huge,
					       .length = 2 * HUGE_PAGE,
					       .call = call_to_device,
					       .check = check_data });
}

static int call_with_status(struct scene *s)
{
	uint8_t status[SMALL / PAGE];
	struct svm_ioctl_migrate m;

	return migrate_once(s->fd, s->addr, s->length, TO_DEVICE, 0, status,
			    &m);
}

CASE(to_device_with_status)
{
	sweep(INJECT_ALL, &(struct operation){ .map = small,
					       .length = SMALL,
					       .call = call_with_status,
					       .check = check_data });
}

CASE(populate)
{
	sweep(INJECT_ALL, &(struct operation){ .map = map_anon,
					       .length = SMALL,
					       .call = call_to_device,
					       .check = check_empty });
}

CASE(populate_huge)
{
	sweep(INJECT_ALL, &(struct operation){ .map = holes,
					       .length = 2 * HUGE_PAGE,
					       .call = call_to_device,
					       .check = check_empty });
}

CASE(to_system)
{
	sweep(INJECT_ALL, &(struct operation){ .map = small,
					       .length = SMALL,
					       .prepare = to_device,
					       .call = call_to_system,
					       .check = check_data });
}

CASE(to_system_huge)
{
	sweep(INJECT_ALL, &(struct operation){ .map = huge,
					       .length = 2 * HUGE_PAGE,
					       .prepare = to_device,
					       .call = call_to_system,
					       .check = check_data });
}

/* Only 2 MiB are not to be had: pages come home one by one. */
CASE(to_system_without_huge_pages)
{
	sweep(INJECT_HUGE, &(struct operation){ .map = huge,
						.length = 2 * HUGE_PAGE,
						.prepare = to_device,
						.call = call_to_system,
						.check = check_data });
}

CASE(between_nodes)
{
	sweep(INJECT_ALL, &(struct operation){ .map = small,
					       .length = SMALL,
					       .call = call_to_node,
					       .check = check_data });
}

CASE(between_nodes_huge)
{
	sweep(INJECT_ALL, &(struct operation){ .map = huge,
					       .length = HUGE_PAGE,
					       .call = call_to_node,
					       .check = check_data });
}

static int call_other_device(struct scene *s)
{
	struct svm_ioctl_migrate m;

	return migrate_once(s->other_fd, s->addr, s->length, TO_DEVICE, 0, NULL,
			    &m);
}

static void to_device_of_two(struct scene *s)
{
	s->other_fd = open_device(1);
	to_device(s);
}

static void check_other_device(struct scene *s, int ret)
{
	check_data(s, ret);
	check_all_free(s->other_fd);
	close(s->other_fd);
}

CASE(between_devices)
{
	sweep(INJECT_ALL, &(struct operation){ .map = huge,
					       .length = HUGE_PAGE,
					       .prepare = to_device_of_two,
					       .call = call_other_device,
					       .check = check_other_device });
}

/* The kernel tries again by itself: the CPU can't be told of an error. */
static int call_touch(struct scene *s)
{
	*(volatile char *)page_at(s->addr, 3);
	return 0;
}

CASE(cpu_fault)
{
	sweep(INJECT_ALL, &(struct operation){ .map = small,
					       .length = SMALL,
					       .prepare = to_device,
					       .call = call_touch,
					       .check = check_data });
}

CASE(cpu_fault_huge)
{
	sweep(INJECT_ALL, &(struct operation){ .map = huge,
					       .length = HUGE_PAGE,
					       .prepare = to_device,
					       .call = call_touch,
					       .check = check_data });
}

CASE(cpu_fault_without_huge_pages)
{
	sweep(INJECT_HUGE, &(struct operation){ .map = huge,
						.length = HUGE_PAGE,
						.prepare = to_device,
						.call = call_touch,
						.check = check_data });
}

static void to_device_for_kernel(struct scene *s)
{
	to_device(s);
	s->other_fd = CHECK_SYS(open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
}

static int call_kernel_reads(struct scene *s)
{
	char byte[8];
	ssize_t got =
		pread(s->other_fd, byte, sizeof(byte), (uintptr_t)s->addr);

	if (got < 0)
		return -errno;
	/* What it could not get it leaves out. */
	return got ? 0 : -EIO;
}

static void check_kernel_read(struct scene *s, int ret)
{
	close(s->other_fd);
	check_data(s, ret);
}

CASE(kernel_fault)
{
	sweep(INJECT_ALL, &(struct operation){ .map = huge,
					       .length = HUGE_PAGE,
					       .prepare = to_device_for_kernel,
					       .call = call_kernel_reads,
					       .check = check_kernel_read,
					       .errors = { EIO } });
}

static int call_residency(struct scene *s)
{
	struct svm_page pages[SMALL / PAGE];

	return residency(s->fd, s->addr, s->length, 0, pages);
}

CASE(residency)
{
	sweep(INJECT_ALL, &(struct operation){ .map = small,
					       .length = SMALL,
					       .prepare = to_device,
					       .call = call_residency,
					       .check = check_data });
}

static int call_evict(struct scene *s)
{
	struct svm_ioctl_evict e = arg_evict(0);

	return svm_call(s->fd, SVM_IOCTL_EVICT, &e);
}

CASE(evict)
{
	sweep(INJECT_ALL, &(struct operation){ .map = small,
					       .length = SMALL,
					       .prepare = to_device,
					       .call = call_evict,
					       .check = check_data });
}

CASE(evict_huge)
{
	sweep(INJECT_ALL, &(struct operation){ .map = huge,
					       .length = 2 * HUGE_PAGE,
					       .prepare = to_device,
					       .call = call_evict,
					       .check = check_data });
}

CASE(evict_without_huge_pages)
{
	sweep(INJECT_HUGE, &(struct operation){ .map = huge,
						.length = 2 * HUGE_PAGE,
						.prepare = to_device,
						.call = call_evict,
						.check = check_data });
}

/* A huge page on the device is cut. */
static int call_unmap_part(struct scene *s)
{
	return munmap(page_at(s->addr, 500), 2 * PAGE) ? -errno : 0;
}

static void check_unmapped_part(struct scene *s, int ret)
{
	check_fill(s->addr, 500 * PAGE, 1);
	if (ret)
		check_part(page_at(s->addr, 500), 2 * PAGE, 1, 500 * PAGE);
	check_part(page_at(s->addr, 502), 10 * PAGE, 1, 502 * PAGE);
}

CASE(unmap_part_of_huge)
{
	sweep(INJECT_ALL, &(struct operation){ .map = huge,
					       .length = HUGE_PAGE,
					       .prepare = to_device,
					       .call = call_unmap_part,
					       .check = check_unmapped_part });
}

static int call_protect_part(struct scene *s)
{
	return mprotect(page_at(s->addr, 100), PAGE, PROT_READ) ? -errno : 0;
}

CASE(protect_part_of_huge)
{
	sweep(INJECT_ALL, &(struct operation){ .map = huge,
					       .length = HUGE_PAGE,
					       .prepare = to_device,
					       .call = call_protect_part,
					       .check = check_data });
}

/* The child sees the pages as well, wherever they are. */
static int call_fork(struct scene *s)
{
	pid_t pid = fork();

	if (!pid) {
		check_fill(s->addr, s->length, 1);
		_exit(0);
	}
	s->number = pid;
	return pid < 0 ? -errno : 0;
}

static void check_forked(struct scene *s, int ret)
{
	if (!ret)
		child_ok(s->number);
	check_data(s, ret);
}

CASE(fork)
{
	sweep(INJECT_ALL, &(struct operation){ .map = huge,
					       .length = HUGE_PAGE,
					       .prepare = to_device,
					       .call = call_fork,
					       .check = check_forked,
					       .errors = { EAGAIN } });
}
