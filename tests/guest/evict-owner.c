// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SVM_MIGRATE_EVICT: a full device makes room, with what its owner needs least.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=8M,4M",
	.needs_device_memory = true,
};

#define TOTAL MIB(8)
static void check_free(int fd, size_t bytes)
{
	CHECK_EQ(device_info(fd).bytes_free, bytes);
}

/* All of it gets there, for as much as has to go home. */
static void push(int fd, void *addr, size_t length, size_t evicted)
{
	struct tally t = move_evict(fd, addr, length);

	check_tally(&t, SVM_PAGE_MOVED, length / PAGE);
	CHECK_EQ(t.bytes_evicted, evicted);
}

static void first_come_first_gone(char *addr)
{
	int fd = open_device(0);

	fill(addr, MIB(12), 1);
	/* Not in the order of addresses. */
	push(fd, addr + MIB(4), MIB(4), 0);
	push(fd, addr, MIB(4), 0);
	check_free(fd, 0);
	push(fd, addr + MIB(8), MIB(2), MIB(2));
	check_home(fd, addr + MIB(4), MIB(2));
	check_on_device(fd, addr, MIB(4), 0);
	check_on_device(fd, addr + MIB(6), MIB(4), 0);
	push(fd, addr + MIB(10), MIB(2), MIB(2));
	check_home(fd, addr + MIB(4), MIB(4));
	check_on_device(fd, addr, MIB(4), 0);
	check_on_device(fd, addr + MIB(8), MIB(4), 0);
	check_free(fd, 0);
	check_fill(addr, MIB(12), 1);
	check_all_free(fd);
}

CASE(small_pages)
{
	first_come_first_gone(map_anon(MIB(12)));
}

CASE(huge_pages)
{
	first_come_first_gone(map_thp(MIB(12)));
}

/* Only as much goes as is wanted. */
CASE(part_of_a_window)
{
	char *addr = map_anon(MIB(9));
	int fd = open_device(0);

	fill(addr, MIB(9), 1);
	push(fd, addr, MIB(8) - 10 * PAGE, 0);
	push(fd, addr + MIB(8), 100 * PAGE, 90 * PAGE);
	check_home(fd, addr, 90 * PAGE);
	check_on_device(fd, page_at(addr, 90), MIB(8) - 100 * PAGE, 0);
	check_on_device(fd, addr + MIB(8), 100 * PAGE, 0);
	check_free(fd, 0);
	check_fill(addr, MIB(9), 1);
}

CASE(without_the_flag)
{
	char *addr = map_anon(MIB(10));
	int fd = open_device(0);
	struct tally t;

	fill(addr, MIB(10), 1);
	move_all(fd, addr, MIB(8), TO_DEVICE);
	t = move(fd, addr + MIB(8), MIB(2), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_DEVICE_FULL, MIB(2) / PAGE);
	CHECK_EQ(t.bytes_evicted, 0);
	check_on_device(fd, addr, MIB(8), 0);
	check_fill(addr, MIB(10), 1);
}

static void warm_pages_stay(char *addr)
{
	int fd = open_device(0);
	char byte = 0;

	fill(addr, MIB(12), 1);
	push(fd, addr, MIB(8), 0);
	/* The device works on one byte of each of the first pages. */
	for (char *at = addr; at < addr + MIB(2); at += PAGE)
		dev_read(fd, at, 1, &byte);
	push(fd, addr + MIB(8), MIB(2), MIB(2));
	check_on_device(fd, addr, MIB(2), 0);
	check_home(fd, addr + MIB(2), MIB(2));
	/* Once passed over is enough, without another touch. */
	push(fd, addr + MIB(10), MIB(2), MIB(2));
	check_home(fd, addr + MIB(2), MIB(4));
	move_all(fd, addr + MIB(6), MIB(4), TO_SYSTEM);
	push(fd, addr + MIB(2), MIB(4), 0);
	push(fd, addr + MIB(6), MIB(2), MIB(2));
	check_home(fd, addr, MIB(2));
	check_fill(addr, MIB(12), 1);
}

CASE(warm_small_pages_stay)
{
	warm_pages_stay(map_anon(MIB(12)));
}

CASE(warm_huge_pages_stay)
{
	warm_pages_stay(map_thp(MIB(12)));
}

/* Writes and atomics count as reads do, also once a huge page was split. */
CASE(touched_by_writes_and_atomics)
{
	char *addr = map_thp(MIB(10));
	int fd = open_device(0);
	uint64_t word = 7;

	fill(addr, MIB(10), 1);
	push(fd, addr, MIB(8), 0);
	dev_write(fd, addr, 8, &word);
	dev_atomic(fd, SVM_ACCESS_ADD, 8, addr + MIB(2), 1);
	/*
	 * A partial move splits the first: all that is left of it is warm. It
	 * leaves room for half of what comes; the rest takes a huge page.
	 */
	move_all(fd, addr + MIB(1), MIB(1), TO_SYSTEM);
	push(fd, addr + MIB(8), MIB(2), MIB(2));
	check_on_device(fd, addr, MIB(1), 0);
	check_on_device(fd, addr + MIB(2), MIB(2), 0);
	check_free(fd, MIB(1));
	CHECK_EQ(*(uint64_t *)addr, 7);
}

/* When all are warm, the first come goes first again. */
CASE(all_are_warm)
{
	char *addr = map_anon(MIB(9)), *buffer = malloc(MIB(8));
	int fd = open_device(0);

	fill(addr, MIB(9), 1);
	push(fd, addr, MIB(8), 0);
	dev_read(fd, addr, MIB(8), buffer);
	push(fd, addr + MIB(8), MIB(1), MIB(1));
	check_home(fd, addr, MIB(1));
	check_on_device(fd, addr + MIB(1), MIB(8), 0);
	check_fill(addr, MIB(9), 1);
	free(buffer);
}

/* What the call is about stays, however cold, before and behind its place. */
static void range_stays(char *addr)
{
	int fd = open_device(0);
	struct tally t;

	fill(addr, MIB(12), 1);
	push(fd, addr + MIB(6), MIB(4), 0);
	push(fd, addr, MIB(4), 0);
	t = move_evict(fd, addr, MIB(12));
	check_tally(&t, SVM_PAGE_ALREADY, MIB(8) / PAGE, SVM_PAGE_DEVICE_FULL,
		    MIB(4) / PAGE);
	CHECK_EQ(t.bytes_evicted, 0);
	check_on_device(fd, addr, MIB(4), 0);
	check_on_device(fd, addr + MIB(6), MIB(4), 0);
	/* What is beside the range goes instead, although it came later. */
	t = move_evict(fd, addr + MIB(4), MIB(8));
	check_tally(&t, SVM_PAGE_ALREADY, MIB(4) / PAGE, SVM_PAGE_MOVED,
		    MIB(4) / PAGE);
	CHECK_EQ(t.bytes_evicted, MIB(4));
	check_home(fd, addr, MIB(4));
	check_on_device(fd, addr + MIB(4), MIB(8), 0);
	check_fill(addr, MIB(12), 1);
}

CASE(range_stays_in_small_pages)
{
	range_stays(map_anon(MIB(12)));
}

CASE(range_stays_in_huge_pages)
{
	range_stays(map_thp(MIB(12)));
}

CASE(range_is_larger_than_the_device)
{
	char *addr = map_anon(MIB(16));
	int fd = open_device(0);
	struct tally t;

	fill(addr, MIB(16), 1);
	push(fd, addr + MIB(13), MIB(3), 0);
	t = move_evict(fd, addr, MIB(12));
	check_tally(&t, SVM_PAGE_MOVED, MIB(8) / PAGE, SVM_PAGE_DEVICE_FULL,
		    MIB(4) / PAGE);
	CHECK_EQ(t.bytes_evicted, MIB(3));
	check_on_device(fd, addr, MIB(8), 0);
	check_fill(addr, MIB(16), 1);
}

/* Holes and gaps in the range, and fresh memory on a device that is full. */
CASE(fresh_memory)
{
	char *old = map_anon(MIB(8)), *addr = map_aligned(MIB(6));
	int fd = open_device(0);
	struct svm_page page;
	struct tally t;

	fill(old, MIB(8), 1);
	push(fd, old, MIB(8), 0);
	t = move_evict(fd, addr, MIB(4));
	check_tally(&t, SVM_PAGE_MOVED, MIB(4) / PAGE);
	CHECK_EQ(t.bytes_evicted, MIB(4));
	check_on_device(fd, addr, MIB(4), 0);
	page = place_of(fd, addr);
	note("fresh memory came as %s pages",
	     page.flags & SVM_PAGE_F_HUGE ? "huge" : "small");
	CHECK_SYS(munmap(addr + MIB(4), MIB(1)));
	t = move_evict(fd, addr, MIB(6));
	check_tally(&t, SVM_PAGE_ALREADY, MIB(4) / PAGE, SVM_PAGE_UNMAPPED,
		    MIB(1) / PAGE, SVM_PAGE_MOVED, MIB(1) / PAGE);
	check_zero(addr, MIB(4));
	check_zero(addr + MIB(5), MIB(1));
	check_fill(old, MIB(8), 1);
}

struct neighbour {
	struct gate ready, go_on;
};

static void has_six(void *arg)
{
	struct neighbour *n = arg;
	char *addr = map_anon(MIB(6));
	int fd = open_device(0);

	fill(addr, MIB(6), 1);
	move_all(fd, addr, MIB(6), TO_DEVICE);
	events_on(fd, EVENT(MIGRATED), 0);
	gate_open(&n->ready, 1);
	gate_wait(&n->go_on);
	check_on_device(fd, addr, MIB(6), 0);
	CHECK_EQ(device_stats(fd, SVM_STATS_CONTEXT).bytes_evicted, 0);
	CHECK_EQ(device_quota(fd).bytes_used, MIB(6));
	/* Nor was it told. */
	check_fill(addr, MIB(6), 1);
}

/* Nobody's memory gives way to another's. */
CASE(others_stay)
{
	struct neighbour n = { gate_make(), gate_make() };
	char *addr = map_anon(MIB(5));
	int fd = open_device(0);
	struct tally t;
	pid_t pid;

	fill(addr, MIB(5), 1);
	pid = child(has_six, &n);
	gate_wait(&n.ready);
	push(fd, addr, MIB(2), 0);
	t = move_evict(fd, addr + MIB(2), MIB(3));
	check_tally(&t, SVM_PAGE_MOVED, MIB(2) / PAGE, SVM_PAGE_DEVICE_FULL,
		    MIB(1) / PAGE);
	CHECK_EQ(t.bytes_evicted, MIB(2));
	check_home(fd, addr, MIB(2));
	gate_open(&n.go_on, 1);
	child_ok(pid);
	check_fill(addr, MIB(5), 1);
}

static void child_wants_room(void *arg)
{
	char *theirs = arg, *addr = map_anon(MIB(2));
	int fd = open_device(0);
	struct tally t;

	fill(addr, MIB(2), 2);
	t = move_evict(fd, addr, MIB(2));
	check_tally(&t, SVM_PAGE_DEVICE_FULL, MIB(2) / PAGE);
	check_on_device(fd, theirs, MIB(8), 0);
	check_fill(theirs, MIB(8), 1);
}

/* What is shared after fork() is the parent's to evict, for both. */
CASE(shared_by_fork)
{
	char *addr = map_anon(MIB(10));
	int fd = open_device(0);

	fill(addr, MIB(10), 1);
	push(fd, addr, MIB(8), 0);
	child_ok(child(child_wants_room, addr));
	/* The child brought all home for itself; the parent's copy stayed. */
	move_all(fd, addr, MIB(8), TO_DEVICE);
	push(fd, addr + MIB(8), MIB(2), MIB(2));
	check_fill(addr, MIB(10), 1);
}

CASE(mlocked_pages_go)
{
	char *addr = map_anon(MIB(9));
	int fd = open_device(0);

	CHECK_SYS(mlock(addr, MIB(4)));
	fill(addr, MIB(9), 1);
	push(fd, addr, MIB(8), 0);
	push(fd, addr + MIB(8), MIB(1), MIB(1));
	check_home(fd, addr, MIB(1));
	CHECK_EQ(smaps_kib(addr, MIB(4), "Locked"), MIB(4) >> 10);
	check_fill(addr, MIB(9), 1);
	CHECK_SYS(munmap(addr, MIB(9)));
}

static void within_limit(void *arg)
{
	char *addr = map_anon(MIB(20));
	int fd = open_device(0), i;

	(void)arg;
	fill(addr, MIB(20), 1);
	for (i = 0; i < 10; i++)
		move_evict(fd, addr + i % 5 * MIB(4), MIB(4));
	check_fill(addr, MIB(20), 1);
	CHECK_EQ(cgroup_field("memory.events", "oom_kill"), 0);
}

/* What comes home was charged all the time: a limit does not stop it. */
CASE(under_a_memory_limit)
{
	need_cgroup("memory");
	cgroup_set("memory.max", "26M");
	child_ok(cgroup_child(within_limit, NULL));
	cgroup_remove();
}

CASE(counted_and_told)
{
	char *addr = map_anon(MIB(10));
	int fd = open_device(0), other = open_device(0);
	struct svm_event e[64];
	size_t i, n, bytes = 0;
	uint64_t before;

	fill(addr, MIB(10), 1);
	before = device_stats(fd, SVM_STATS_DEVICE).bytes_evicted;
	push(fd, addr, MIB(8), 0);
	events_on(fd, EVENT(MIGRATED), 0);
	events_on(other, EVENT(MIGRATED), 0);
	push(fd, addr + MIB(8), MIB(2), MIB(2));
	CHECK_EQ(device_stats(fd, SVM_STATS_CONTEXT).bytes_evicted, MIB(2));
	CHECK_EQ(device_stats(other, SVM_STATS_CONTEXT).bytes_evicted, 0);
	CHECK_EQ(device_stats(fd, SVM_STATS_DEVICE).bytes_evicted - before,
		 MIB(2));
	/* The other context is of the same owner: its pages went, too. */
	while ((n = events_read(other, e, 64)))
		for (i = 0; i < n; i++) {
			CHECK_EQ(e[i].cause, SVM_CAUSE_EVICT);
			CHECK_GE(e[i].addr, (uintptr_t)addr);
			CHECK_LE(e[i].addr + e[i].length,
				 (uintptr_t)addr + MIB(10));
			CHECK_EQ(e[i].from, SVM_PLACE_DEVICE);
			CHECK_EQ(e[i].to, SVM_PLACE_SYSTEM);
			bytes += e[i].length;
		}
	CHECK_EQ(bytes, MIB(2));
	for (bytes = 0; (n = events_read(fd, e, 64));)
		for (i = 0; i < n; i++)
			bytes += e[i].cause == SVM_CAUSE_CALL ? e[i].length : 0;
	CHECK_EQ(bytes, MIB(2));
	check_fill(addr, MIB(10), 1);
}

CASE(only_for_the_device)
{
	char *addr = map_anon(PAGE);
	struct svm_ioctl_migrate m = arg_migrate(addr, PAGE, TO_SYSTEM);
	int fd = open_device(0);

	m.flags = SVM_MIGRATE_EVICT;
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EINVAL);
	m = arg_migrate(addr, PAGE, TO_NODE(0));
	m.flags = SVM_MIGRATE_EVICT;
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EINVAL);
}

/* From one full device to another. */
CASE(from_another_device)
{
	int a = open_device(0), b = open_device(1);
	char *addr = map_anon(MIB(12));

	fill(addr, MIB(12), 1);
	push(a, addr, MIB(8), 0);
	push(b, addr + MIB(8), MIB(4), 0);
	push(b, addr, MIB(3), MIB(3));
	check_home(a, addr + MIB(8), MIB(3));
	check_on_device(a, addr, MIB(3), 1);
	check_on_device(a, addr + MIB(3), MIB(5), 0);
	check_on_device(a, addr + MIB(11), MIB(1), 1);
	check_free(a, MIB(3));
	check_free(b, 0);
	check_fill(addr, MIB(12), 1);
}

/* Memory of 24 MiB in use by the CPU and through a device of 8. */
struct mill {
	int fd;
	char *addr;
	atomic_bool stop;
	_Atomic uint64_t evicted;
};

#define MILL MIB(24)

static void *pushes(void *arg)
{
	struct mill *m = arg;
	uint64_t random = 1 + (uintptr_t)pthread_self();
	struct tally t = { 0 };
	int i;

	for (i = 0; i < 20; i++) {
		size_t at = random_next(&random) % (MILL / MIB(1) - 2);

		CHECK_RET(migrate(m->fd, m->addr + at * MIB(1), MIB(2),
				  TO_DEVICE, SVM_MIGRATE_EVICT, NULL, &t),
			  0);
		CHECK_EQ(t.pages[SVM_PAGE_UNMAPPED], 0);
	}
	m->evicted += t.bytes_evicted;
	m->stop = true;
	return NULL;
}

/* Adds nothing, so that the stamps stay. */
static void *touches(void *arg)
{
	struct mill *m = arg;
	uint64_t random = 99 + (uintptr_t)pthread_self();

	while (!m->stop) {
		char *at =
			page_at(m->addr, random_next(&random) % (MILL / PAGE));

		atomic_fetch_add((_Atomic uint32_t *)(at + 64), 0);
	}
	return NULL;
}

static void *forks(void *arg)
{
	struct mill *m = arg;

	while (!m->stop) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			stamp(m->addr, MIB(1), 77);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	return NULL;
}

static void *unmaps(void *arg)
{
	struct mill *m = arg;

	while (!m->stop) {
		char *own = map_anon(MIB(2));

		stamp(own, MIB(2), 5);
		migrate(m->fd, own, MIB(2), TO_DEVICE, SVM_MIGRATE_EVICT, NULL,
			NULL);
		check_stamp(own, MIB(1), 5);
		migrate(m->fd, own, MIB(2), TO_DEVICE, SVM_MIGRATE_EVICT, NULL,
			NULL);
		CHECK_SYS(munmap(own + MIB(1), MIB(1)));
		CHECK_SYS(munmap(own, MIB(1)));
	}
	return NULL;
}

static void *evicts(void *arg)
{
	struct mill *m = arg;
	int i;

	for (i = 0; !m->stop; i++)
		device_evict(m->fd, i % 3 ? MIB(1) : 0);
	return NULL;
}

static void grind(char *addr, void *(*with)(void *))
{
	struct mill m = { .fd = open_device(0), .addr = addr };
	pthread_t threads[3];

	stamp(addr, MILL, 3);
	threads[0] = thread_start(pushes, &m);
	threads[1] = thread_start(pushes, &m);
	threads[2] = thread_start(with, &m);
	thread_join(threads[0]);
	thread_join(threads[1]);
	thread_join(threads[2]);
	check_stamp(addr, MILL, 3);
	note("evicted %llu MiB", (unsigned long long)m.evicted >> 20);
	/* Unless others make room all the time, it has to be made. */
	if (with != evicts)
		CHECK_GT(m.evicted, 0);
	CHECK_SYS(munmap(addr, MILL));
	check_all_free(m.fd);
}

CASE(while_the_cpu_touches)
{
	grind(map_anon(MILL), touches);
}

CASE(while_the_cpu_touches_huge_pages)
{
	grind(map_thp(MILL), touches);
}

CASE(while_it_forks)
{
	grind(map_anon(MILL), forks);
}

CASE(while_it_unmaps)
{
	grind(map_anon(MILL), unmaps);
}

CASE(while_others_evict)
{
	grind(map_thp(MILL), evicts);
}

static void pushes_for_ever(void *arg)
{
	struct gate *started = arg;
	char *addr = map_thp(MIB(12));
	int fd = open_device(0), i;

	stamp(addr, MIB(12), 1);
	for (i = 0;; i++) {
		migrate(fd, addr + i % 5 * MIB(2), MIB(4), TO_DEVICE,
			SVM_MIGRATE_EVICT, NULL, NULL);
		if (i == 2)
			gate_open(started, 1);
	}
}

CASE(killed_meanwhile)
{
	struct gate started = gate_make();
	int fd = open_device(0), i;
	uint64_t random = 5;

	for (i = 0; i < 30; i++) {
		pid_t pid = child(pushes_for_ever, &started);

		gate_wait(&started);
		usleep(random_next(&random) % 8000);
		child_kill(pid);
		check_all_free(fd);
	}
}
