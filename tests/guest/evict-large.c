// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Eviction of huge pages: whole, in parts, without 2 MiB in the system, and when
 * the device goes.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cgroup.h"
#include "dev.h"
#include "frag.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=64M",
	.needs_device_memory = true,
};

static uint64_t evict(int fd, uint64_t bytes)
{
	struct svm_ioctl_evict e = arg_evict(bytes);

	CHECK_RET(svm_call(fd, SVM_IOCTL_EVICT, &e), 0);
	return e.bytes_evicted;
}

/* Until nothing is left: pages may be looked at by somebody for a moment. */
static void evict_everything(int fd)
{
	CHECK(EVENTUALLY((evict(fd, 0), device_info(fd).bytes_free ==
						device_info(fd).bytes_total)));
}

static char *huge_on_device(int fd, size_t length)
{
	char *addr = map_thp(length);

	need_huge_pages(fd);
	fill(addr, length, 1);
	move_all(fd, addr, length, TO_DEVICE);
	CHECK(place_of(fd, addr).flags & SVM_PAGE_F_HUGE);
	return addr;
}

CASE(whole)
{
	int fd = open_device(0);
	char *addr = huge_on_device(fd, MIB(16));

	CHECK_EQ(evict(fd, MIB(4)), MIB(4));
	/* A part is the whole. */
	CHECK_EQ(evict(fd, PAGE), HUGE_PAGE);
	CHECK_EQ(evict(fd, MIB(3)), MIB(4));
	CHECK_EQ(evict(fd, 0), MIB(6));
	check_home(fd, addr, MIB(16));
	CHECK_EQ(smaps_kib(addr, MIB(16), "AnonHugePages"), MIB(16) >> 10);
	check_all_free(fd);
	check_fill(addr, MIB(16), 1);
}

/* Huge and small ones in turn, so that blocks of both kinds are side by side. */
CASE(mixed)
{
	int fd = open_device(0);
	char *addr = huge_on_device(fd, MIB(4)), *small = map_anon(MIB(3));
	char *more;

	fill(small, MIB(3), 2);
	move_all(fd, small, MIB(3), TO_DEVICE);
	more = huge_on_device(fd, MIB(4));
	CHECK_EQ(evict(fd, 0), MIB(11));
	check_all_free(fd);
	check_fill(addr, MIB(4), 1);
	check_fill(small, MIB(3), 2);
	check_fill(more, MIB(4), 1);
}

CASE(parts)
{
	int fd = open_device(0);
	char *addr = huge_on_device(fd, 3 * HUGE_PAGE);

	/* One cut, one with a hole, one of which half is gone. */
	CHECK_SYS(mprotect(page_at(addr, 100), PAGE, PROT_READ));
	CHECK_SYS(madvise(page_at(addr, 600), PAGE, MADV_DONTNEED));
	CHECK_SYS(munmap(page_at(addr, 1024 + 256), 256 * PAGE));
	evict_everything(fd);
	CHECK_EQ(count_place(fd, addr, 3 * HUGE_PAGE, SVM_PLACE_DEVICE), 0);
	check_fill(addr, 600 * PAGE, 1);
	check_zero(page_at(addr, 600), PAGE);
	check_part(page_at(addr, 601), (1024 + 256 - 601) * PAGE, 1,
		   601 * PAGE);
}

struct kin {
	char *addr;
	struct gate to_child, to_parent;
};

static void child_waits(void *arg)
{
	struct kin *k = arg;

	/* From here on it is mapped by small entries. */
	CHECK_SYS(munmap(k->addr, 64 * PAGE));
	gate_open(&k->to_parent, 1);
	gate_wait(&k->to_child);
	check_part(page_at(k->addr, 64), HUGE_PAGE - 64 * PAGE, 1, 64 * PAGE);
}

static void shared(bool parent_unmaps)
{
	struct kin k = { .to_child = gate_make(), .to_parent = gate_make() };
	int fd = open_device(0);
	pid_t pid;

	k.addr = huge_on_device(fd, HUGE_PAGE);
	pid = child(child_waits, &k);
	gate_wait(&k.to_parent);
	if (parent_unmaps)
		CHECK_SYS(munmap(k.addr, HUGE_PAGE));
	evict_everything(fd);
	if (!parent_unmaps)
		check_fill(k.addr, HUGE_PAGE, 1);
	gate_open(&k.to_child, 1);
	child_ok(pid);
}

CASE(shared_with_child)
{
	shared(false);
}

/* The only one who has it did not put it there, and has only a part. */
CASE(left_to_child)
{
	shared(true);
}

struct pressed {
	char *addr;
	int fd;
};

static void evict_there(void *arg)
{
	(void)arg;
	evict_everything(open_device(0));
}

/* Who evicts may only use a node that has no 2 MiB: it goes in small pages. */
CASE(without_huge_memory)
{
	struct pressed p = { .fd = open_device(0) };
	char mems[16];

	need_cgroup("cpuset");
	p.addr = huge_on_device(p.fd, MIB(8));
	/* What a child has as well goes in small pages anyway. */
	CHECK_SYS(madvise(p.addr, MIB(8), MADV_DONTFORK));
	snprintf(mems, sizeof(mems), "%d", need_fragmented_node());
	cgroup_set("cpuset.mems", mems);
	child_ok(cgroup_child(evict_there, NULL));
	check_home(p.fd, p.addr, MIB(8));
	CHECK_EQ(smaps_kib(p.addr, MIB(8), "AnonHugePages"), 0);
	check_fill(p.addr, MIB(8), 1);
	cgroup_remove();
}

static void destroy_there(void *arg)
{
	destroy_device(*(uint32_t *)arg);
}

CASE(destroy_without_huge_memory)
{
	uint32_t id = create_device(MIB(8));
	int fd = open_device(id);
	char *addr = map_thp(MIB(8));
	char mems[16];

	need_cgroup("cpuset");
	fill(addr, MIB(8), 1);
	move_all(fd, addr, MIB(8), TO_DEVICE);
	close(fd);
	CHECK_SYS(madvise(addr, MIB(8), MADV_DONTFORK));
	snprintf(mems, sizeof(mems), "%d", need_fragmented_node());
	cgroup_set("cpuset.mems", mems);
	child_ok(cgroup_child(destroy_there, &id));
	check_fill(addr, MIB(8), 1);
	cgroup_remove();
}

static void *touch(void *arg)
{
	struct pressed *p = arg;
	int i;

	for (i = 0; i < 60; i++) {
		move(p->fd, p->addr, MIB(8), TO_DEVICE, 0);
		if (i % 3)
			CHECK_SYS(madvise(page_at(p->addr, 7 * i), PAGE,
					  MADV_DONTNEED));
		*(volatile char *)page_at(p->addr, 30 * i) = 1;
	}
	return NULL;
}

/* While they are moved, cut and touched. */
CASE(while_used)
{
	struct pressed p = { .fd = open_device(0) };
	uint64_t sum = 0;
	pthread_t thread;
	int i;

	p.addr = huge_on_device(p.fd, MIB(8));
	thread = thread_start(touch, &p);
	for (i = 0; i < 200; i++)
		sum += evict(p.fd, i % 2 ? HUGE_PAGE : 0);
	thread_join(thread);
	note("evicted %llu KiB", (long long)sum >> 10);
	evict_everything(p.fd);
	/* The last pages were not touched by anybody. */
	check_part(p.addr + MIB(7) + MIB(1) / 2, MIB(1) / 2, 1,
		   MIB(7) + MIB(1) / 2);
}

/* The device goes while huge pages, whole and in parts, are on it. */
CASE(destroy_with_huge_pages)
{
	uint32_t id = create_device(MIB(16));
	int fd = open_device(id);
	char *addr = map_thp(MIB(12));

	fill(addr, MIB(12), 1);
	move_all(fd, addr, MIB(12), TO_DEVICE);
	CHECK_SYS(munmap(addr + MIB(1), MIB(2)));
	close(fd);
	destroy_device(id);
	check_fill(addr, MIB(1), 1);
	check_part(addr + MIB(3), MIB(9), 1, MIB(3));
}
