// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Migration against migration.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

#define PAGES 256
#define LENGTH (PAGES * PAGE)
/* A duel lasts for so long. */
#define SECONDS 2

struct duel {
	char *addr;
	size_t length;
	struct dest to;
	unsigned int device;
	atomic_ulong *moved;
	pthread_barrier_t *barrier;
};

static void *duellist(void *arg)
{
	struct duel *d = arg;
	int fd = open_device(d->device);
	struct tally t = { 0 };
	double start;

	pthread_barrier_wait(d->barrier);
	start = seconds();
	do {
		CHECK_RET(migrate(fd, d->addr, d->length, d->to, 0, NULL, &t),
			  0);
		/* The lock on the way is not a fair one. */
		sched_yield();
	} while (seconds() - start < SECONDS);
	*d->moved += t.pages[SVM_PAGE_MOVED];
	return NULL;
}

/* Two threads for each of the two. */
static void duellists_run(struct duel d[2])
{
	pthread_barrier_t barrier;
	pthread_t threads[4];
	int i;

	pthread_barrier_init(&barrier, NULL, 4);
	d[0].barrier = d[1].barrier = &barrier;
	for (i = 0; i < 4; i++)
		threads[i] = thread_start(duellist, &d[i % 2]);
	for (i = 0; i < 4; i++)
		thread_join(threads[i]);
	d[0].barrier = d[1].barrier = NULL;
	pthread_barrier_destroy(&barrier);
}

static void duel(char *addr, size_t length, struct dest to_a,
		 unsigned int device_a, struct dest to_b, unsigned int device_b)
{
	atomic_ulong moved = 0;
	struct duel d[2] = {
		{ addr, length, to_a, device_a, &moved, NULL },
		{ addr, length, to_b, device_b, &moved, NULL },
	};

	fill(addr, length, 1);
	duellists_run(d);
	note("moved %zu times", moved / (length / PAGE));
	CHECK_GT(moved, 0);
	check_fill(addr, length, 1);
	move_all(open_device(0), addr, length, TO_DEVICE);
	check_on_device(open_device(0), addr, length, 0);
	check_fill(addr, length, 1);
}

CASE(opposite_directions)
{
	duel(map_anon(LENGTH), LENGTH, TO_DEVICE, 0, TO_SYSTEM, 0);
}

CASE(opposite_directions_huge)
{
	duel(map_thp(MIB(4)), MIB(4), TO_DEVICE, 0, TO_SYSTEM, 0);
}

CASE(two_devices)
{
	duel(map_anon(LENGTH), LENGTH, TO_DEVICE, 0, TO_DEVICE, 1);
}

CASE(two_nodes)
{
	int nodes[2];

	need_two_nodes(nodes);
	duel(map_anon(LENGTH), LENGTH, TO_NODE(nodes[0]), 0, TO_NODE(nodes[1]),
	     1);
}

CASE(device_and_node)
{
	int nodes[2];

	need_two_nodes(nodes);
	duel(map_anon(LENGTH), LENGTH, TO_NODE(nodes[1]), 0, TO_DEVICE, 1);
}

CASE(same_direction)
{
	duel(map_anon(LENGTH), LENGTH, TO_DEVICE, 0, TO_DEVICE, 0);
}

/* Holes: many want to be the first to make the page. */
CASE(populating_the_same_holes)
{
	atomic_ulong moved = 0;
	struct duel d[2] = {
		{ map_anon(LENGTH), LENGTH, TO_DEVICE, 0, &moved, NULL },
	};

	d[1] = d[0];
	duellists_run(d);
	CHECK_EQ(moved, PAGES);
	check_on_device(open_device(0), d->addr, LENGTH, 0);
	check_zero(d->addr, LENGTH);
}

/* Holes that a CPU fills while they are made on the device. */
static void *toucher(void *arg)
{
	stamp(arg, LENGTH, 3);
	return NULL;
}

CASE(populating_while_written)
{
	int fd = open_device(0), i;
	pthread_t thread;
	char *addr;

	for (i = 0; i < 30; i++) {
		addr = map_anon(LENGTH);
		thread = thread_start(toucher, addr);
		CHECK_RET(migrate(fd, addr, LENGTH, TO_DEVICE, 0, NULL, NULL),
			  0);
		thread_join(thread);
		check_stamp(addr, LENGTH, 3);
		CHECK_SYS(munmap(addr, LENGTH));
	}
}

struct cow {
	char *addr;
	size_t length;
	uint64_t seed;
};

/* Moves what it shares with others, writes in between, and checks. */
static void cow_process(void *arg)
{
	struct cow *c = arg;
	int fd = open_device(c->seed % 2), i;
	size_t n = c->length / PAGE;
	uint64_t random = c->seed + 1;

	for (i = 0; i < 15; i++) {
		size_t half = random_next(&random) % n;

		check_stamp(c->addr, c->length, 1);
		CHECK_RET(migrate(fd, c->addr, c->length,
				  i % 2 ? TO_DEVICE : TO_SYSTEM, 0, NULL, NULL),
			  0);
		/* The same values, but each write makes a copy. */
		stamp(c->addr, half * PAGE, 1);
	}
	stamp(c->addr, c->length, c->seed + 2);
	CHECK_RET(migrate(fd, c->addr, c->length, TO_DEVICE, 0, NULL, NULL), 0);
	check_stamp(c->addr, c->length, c->seed + 2);
}

static void share(char *addr, size_t length)
{
	struct cow c = { addr, length, 0 };
	pid_t pids[4];
	int i;

	stamp(addr, length, 1);
	move_all(open_device(0), addr, length, TO_DEVICE);
	for (i = 0; i < 4; i++) {
		c.seed = i;
		pids[i] = child(cow_process, &c);
	}
	c.seed = 0;
	check_stamp(addr, length, 1);
	for (i = 0; i < 4; i++)
		child_ok(pids[i]);
	check_stamp(addr, length, 1);
}

CASE(processes_move_shared_pages)
{
	share(map_anon(LENGTH), LENGTH);
}

/* Large folios that are mapped page by page in several processes: the core of
 * the kernel waits for their locks when it splits them, so the order in which
 * processes go through them must not matter.
 */
static void split_process(void *arg)
{
	struct cow *c = arg;
	int fd = open_device(c->seed % 2), i;
	size_t n = c->length / HUGE_PAGE;

	for (i = 0; i < 4; i++) {
		size_t at = (c->seed + i) % n * HUGE_PAGE;

		/* Maps what is left of the huge page by single entries. */
		madvise(c->addr + at + 5 * PAGE, PAGE, MADV_DONTNEED);
		if (c->seed % 2)
			CHECK_RET(migrate(fd, c->addr, c->length, TO_DEVICE, 0,
					  NULL, NULL),
				  0);
		else
			CHECK_RET(migrate(fd,
					  c->addr + c->length - at - HUGE_PAGE,
					  HUGE_PAGE, TO_DEVICE, 0, NULL, NULL),
				  0);
	}
}

CASE(processes_split_shared_huge_pages)
{
	struct cow c = { .length = 4 * HUGE_PAGE };
	pid_t pids[4];
	int i, round;

	for (round = 0; round < 3; round++) {
		c.addr = map_thp(c.length);
		stamp(c.addr, c.length, 1);
		for (i = 0; i < 4; i++) {
			c.seed = i;
			pids[i] = child(split_process, &c);
		}
		for (i = 0; i < 4; i++)
			child_ok(pids[i]);
		check_stamp(c.addr, c.length, 1);
		CHECK_SYS(munmap(c.addr, c.length));
	}
}

/* mremap() gives the same folios in another order of addresses. */
static void *reversed(void *arg)
{
	struct duel *d = arg;
	int fd = open_device(0), i;

	for (i = 0; i < 4; i++)
		CHECK_RET(migrate(fd, d->addr, d->length, d->to, 0, NULL, NULL),
			  0);
	return NULL;
}

static void reverse_child(void *arg)
{
	struct duel *d = arg;
	char *aside = find_gap(HUGE_PAGE);
	char *b = d->addr + HUGE_PAGE;

	CHECK(mremap(d->addr, HUGE_PAGE, HUGE_PAGE,
		     MREMAP_MAYMOVE | MREMAP_FIXED, aside) == aside);
	CHECK(mremap(b, HUGE_PAGE, HUGE_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     d->addr) == d->addr);
	CHECK(mremap(aside, HUGE_PAGE, HUGE_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     b) == b);
	threads_run(2, reversed, d);
}

CASE(opposite_order_of_shared_huge_pages)
{
	struct duel d = { .length = 2 * HUGE_PAGE, .to = TO_DEVICE };
	int round, i;
	pid_t pid;

	for (round = 0; round < 5; round++) {
		d.addr = map_thp(d.length);
		stamp(d.addr, d.length, 1);
		/* No huge entries any more, so the folios have to be split. */
		for (i = 0; i < 2; i++)
			CHECK_SYS(mprotect(d.addr + i * HUGE_PAGE + 9 * PAGE,
					   PAGE, PROT_READ));
		pid = child(reverse_child, &d);
		threads_run(2, reversed, &d);
		child_ok(pid);
		check_stamp(d.addr, d.length, 1);
		CHECK_SYS(munmap(d.addr, d.length));
	}
}

/* Somebody else moves the memory of a process that exits. */
static void short_life(void *arg)
{
	int sock = *(int *)arg;
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	stamp(addr, LENGTH, 1);
	send_fd(sock, fd);
	CHECK_EQ(write(sock, &addr, sizeof(addr)), sizeof(addr));
	/* No waiting: exit in the middle of what the other does. */
}

CASE(owner_exits_during_migration)
{
	int sv[2], fd, i, ret;
	char *addr;
	pid_t pid;

	make_sockets(sv);
	for (i = 0; i < 40; i++) {
		pid = child(short_life, &sv[1]);
		fd = receive_fd(sv[0]);
		CHECK_EQ(read(sv[0], &addr, sizeof(addr)), sizeof(addr));
		do {
			ret = migrate(fd, addr, LENGTH, TO_DEVICE,
				      SVM_F_OWNER_MM, NULL, NULL);
			/* Unmapped already, but not yet gone. */
		} while (!ret || ret == -EFAULT);
		CHECK_RET(ret, -ESRCH);
		child_ok(pid);
		check_all_free(fd);
		CHECK_SYS(close(fd));
	}
}

static atomic_bool answered;

static void *residency_loop(void *arg)
{
	struct duel *d = arg;
	int fd = open_device(0);
	struct svm_page *pages = calloc(PAGES, sizeof(*pages));
	size_t i, seen[16] = { 0 };

	CHECK(pages);
	while (!answered) {
		CHECK_RET(residency(fd, d->addr, LENGTH, 0, pages), 0);
		for (i = 0; i < PAGES; i++) {
			seen[pages[i].place % 16]++;
			if (pages[i].place != SVM_PLACE_SYSTEM &&
			    pages[i].place != SVM_PLACE_DEVICE &&
			    pages[i].place != SVM_PLACE_MOVING)
				FAIL("page %zu is at place %u", i,
				     pages[i].place);
		}
	}
	free(pages);
	note("seen: system %zu, device %zu, moving %zu", seen[SVM_PLACE_SYSTEM],
	     seen[SVM_PLACE_DEVICE], seen[SVM_PLACE_MOVING]);
	return NULL;
}

/* Each answer is one of the places where the page has been. */
CASE(residency_during_migration)
{
	atomic_ulong moved = 0;
	char *addr = map_anon(LENGTH);
	struct duel d[2] = {
		{ addr, LENGTH, TO_DEVICE, 0, &moved, NULL },
		{ addr, LENGTH, TO_SYSTEM, 1, &moved, NULL },
	};
	pthread_t thread;

	fill(addr, LENGTH, 1);
	thread = thread_start(residency_loop, d);
	duellists_run(d);
	answered = true;
	thread_join(thread);
	check_fill(addr, LENGTH, 1);
}

/* What is there is never reported as a hole. */
static void *resident_mover(void *arg)
{
	struct duel *d = arg;
	int fd = open_device(0);
	struct tally t = { 0 };

	while (!answered)
		CHECK_RET(migrate(fd, d->addr, LENGTH, TO_DEVICE,
				  SVM_MIGRATE_RESIDENT_ONLY, NULL, &t),
			  0);
	note("%s", tally_text(&t));
	CHECK_EQ(t.pages[SVM_PAGE_MOVED] + t.pages[SVM_PAGE_ALREADY] +
			 t.pages[SVM_PAGE_BUSY] + t.pages[SVM_PAGE_PINNED],
		 t.calls * PAGES);
	return NULL;
}

CASE(status_during_migration)
{
	atomic_ulong moved = 0;
	char *addr = map_anon(LENGTH);
	struct duel d[2] = {
		{ addr, LENGTH, TO_DEVICE, 0, &moved, NULL },
		{ addr, LENGTH, TO_SYSTEM, 1, &moved, NULL },
	};
	pthread_t thread;

	fill(addr, LENGTH, 1);
	thread = thread_start(resident_mover, d);
	duellists_run(d);
	answered = true;
	thread_join(thread);
	check_fill(addr, LENGTH, 1);
}
