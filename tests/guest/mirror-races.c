// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * No write of the device is lost, and none goes astray, whatever others do to
 * the address space meanwhile. The main thread writes by the device and keeps
 * the truth; others disturb.
 */
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

/*
 * Races last for so many rounds, and not longer than so many seconds; but at
 * least for so few, and until each who disturbs has done so so often.
 */
#define ROUNDS 4000
#define SECONDS 4
#define LEAST_ROUNDS 20
#define LEAST_TURNS 5
#define PAGES 128
#define LENGTH (PAGES * PAGE)

struct race {
	char *addr;
	int fd;
	uint64_t truth[PAGES], random;
	atomic_bool stop;
};

/* One who disturbs, and how often he did. */
struct disturber {
	struct race *race;
	atomic_ulong turns;
};

/* The device's word, at another place in each page; the CPU's is the next. */
static uint64_t *word_of(struct race *r, size_t page)
{
	return (uint64_t *)page_at(r->addr, page) + page * 37 % 510;
}

static void device_round(struct race *r)
{
	size_t page = random_next(&r->random) % PAGES;
	uint64_t *word = word_of(r, page), value = 0;

	switch (random_next(&r->random) % 4) {
	case 0:
		value = r->truth[page] + 1;
		dev_write(r->fd, word, 8, &value);
		break;
	case 1:
		CHECK_EQ(dev_atomic(r->fd, SVM_ACCESS_ADD, 8, word, 1),
			 r->truth[page]);
		break;
	case 2:
		CHECK_EQ(dev_cas(r->fd, 8, word, r->truth[page],
				 r->truth[page] + 1),
			 r->truth[page]);
		break;
	default:
		dev_set(r->fd, word, 8, 8, r->truth[page] + 1);
	}
	r->truth[page]++;
	if (random_next(&r->random) % 2) {
		page = random_next(&r->random) % PAGES;
		dev_read(r->fd, word_of(r, page), 8, &value);
		CHECK_EQ(value, r->truth[page]);
	} else if (random_next(&r->random) % 4 == 0) {
		page = random_next(&r->random) % PAGES;
		CHECK_EQ(*(volatile uint64_t *)word_of(r, page),
			 r->truth[page]);
	}
}

static struct race *race_make(char *addr)
{
	struct race *r = calloc(1, sizeof(*r));

	CHECK(r);
	r->addr = addr;
	r->fd = open_device(0);
	r->random = 4711;
	return r;
}

/* @met: the race has met all that it is about. */
static bool goes_on(double start, unsigned int rounds, bool met)
{
	double ran = seconds() - start;

	if (!met)
		return ran < patience(20);
	return rounds < LEAST_ROUNDS || (rounds < ROUNDS && ran < SECONDS);
}

static bool all_disturbed(const struct disturber *d, unsigned int nr)
{
	while (nr--)
		if (d[nr].turns < LEAST_TURNS)
			return false;
	return true;
}

static void race_run(struct race *r, unsigned int nr,
		     void *(*const disturb[])(void *))
{
	struct disturber d[4] = { 0 };
	double start = seconds();
	pthread_t threads[4];
	unsigned int i, k;

	for (k = 0; k < nr; k++) {
		d[k].race = r;
		threads[k] = thread_start(disturb[k], &d[k]);
	}
	for (i = 0; goes_on(start, i, all_disturbed(d, nr)); i++)
		device_round(r);
	r->stop = true;
	for (k = 0; k < nr; k++)
		thread_join(threads[k]);
	for (k = 0; k < PAGES; k++)
		CHECK_EQ(*word_of(r, k), r->truth[k]);
	for (k = 0; k < nr; k++) {
		note("%u rounds, disturbed %lu times", i, d[k].turns);
		CHECK_GE(d[k].turns, LEAST_TURNS);
	}
}

static void *migrates(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;
	uint64_t random = 99;
	int fds[2] = { open_device(0), open_device(1) }, nodes[2] = { 0, 0 };

	if (nodes_with_memory(nodes, 2) < 2)
		nodes[1] = nodes[0];
	while (!r->stop) {
		size_t first = random_next(&random) % PAGES;
		size_t n = 1 + random_next(&random) % (PAGES - first);
		unsigned int where = random_next(&random) % 4;
		struct tally t = { 0 };

		CHECK_RET(migrate(fds[where % 2], page_at(r->addr, first),
				  n * PAGE,
				  where < 2 ? TO_DEVICE
				  : where == 2
					  ? TO_SYSTEM
					  : TO_NODE(nodes[random_next(&random) %
							  2]),
				  0, NULL, &t),
			  0);
		d->turns += !!t.pages[SVM_PAGE_MOVED];
	}
	return NULL;
}

static void *evicts(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;
	int fd = open_device(0);

	while (!r->stop) {
		struct svm_ioctl_evict e = arg_evict(0);

		CHECK_RET(svm_call(fd, SVM_IOCTL_EVICT, &e), 0);
		d->turns += !!e.bytes_evicted;
		sched_yield();
	}
	return NULL;
}

static void *forks(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;

	while (!r->stop) {
		pid_t pid = fork();

		CHECK_SYS(pid);
		if (!pid) {
			/* Its copies are its own affair. */
			memset(r->addr, 0xff, LENGTH);
			_exit(0);
		}
		CHECK_EQ(child_wait(pid), 0);
		d->turns++;
	}
	return NULL;
}

/* Neighbour words in the same pages. */
static void *writes_beside(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;
	uint64_t count = 0;
	size_t page;

	while (!r->stop) {
		for (page = 0; page < PAGES; page++) {
			volatile uint64_t *word = word_of(r, page) + 1;

			CHECK_EQ(*word, count);
			*word = count + 1;
		}
		count++;
		d->turns++;
		sched_yield();
	}
	return NULL;
}

static void *protects(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;
	uint64_t random = 77;

	while (!r->stop) {
		size_t first = random_next(&random) % PAGES;
		size_t n = 1 + random_next(&random) % (PAGES - first);

		/* May be written all the time; the entries change all the same. */
		CHECK_SYS(mprotect(page_at(r->addr, first), n * PAGE,
				   RW | PROT_EXEC));
		CHECK_SYS(mprotect(page_at(r->addr, first), n * PAGE, RW));
		d->turns++;
		sched_yield();
	}
	return NULL;
}

static void *pages_out(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;

	while (!r->stop) {
		CHECK_SYS(madvise(r->addr, LENGTH, MADV_PAGEOUT));
		d->turns++;
		sched_yield();
	}
	return NULL;
}

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static void *collapses(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;
	char *huge = (char *)((uintptr_t)r->addr & ~(HUGE_PAGE - 1));

	while (!r->stop) {
		/* Fails when pages are elsewhere; that is fine. */
		if (!madvise(huge, HUGE_PAGE, MADV_COLLAPSE))
			d->turns++;
		sched_yield();
	}
	return NULL;
}

static void *other_device_writes(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;
	int fd = open_device(1);
	uint64_t count = 0;
	size_t page;

	while (!r->stop) {
		for (page = 0; page < PAGES; page += 5)
			CHECK_EQ(dev_atomic(fd, SVM_ACCESS_ADD, 8,
					    word_of(r, page) + 1, 1),
				 count);
		count++;
		d->turns++;
	}
	return NULL;
}

static void *acquires(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;
	uint64_t random = 55;
	int fd = open_device(1);

	while (!r->stop) {
		size_t first = random_next(&random) % (PAGES - 8);

		exclusive(fd,
			  random_next(&random) % 3 ? SVM_EXCLUSIVE_ACQUIRE
						   : SVM_EXCLUSIVE_RELEASE,
			  page_at(r->addr, first), 8 * PAGE, 0, NULL);
		d->turns++;
	}
	return NULL;
}

#define RACE(...)                                               \
	do {                                                    \
		void *(*const who[])(void *) = { __VA_ARGS__ }; \
                                                                \
		race_run(race_make(map_anon(LENGTH)),           \
			 sizeof(who) / sizeof(who[0]), who);    \
	} while (0)

CASE(while_pages_migrate)
{
	RACE(migrates);
}

CASE(while_pages_migrate_and_cpu_writes)
{
	RACE(migrates, writes_beside);
}

CASE(while_pages_are_evicted)
{
	RACE(migrates, evicts);
}

CASE(while_it_forks)
{
	RACE(forks);
}

CASE(while_it_forks_and_migrates)
{
	RACE(forks, migrates);
}

CASE(while_mprotect_runs)
{
	RACE(protects, writes_beside);
}

CASE(while_mprotect_and_migration_run)
{
	RACE(protects, migrates);
}

CASE(while_another_device_writes)
{
	RACE(other_device_writes, migrates);
}

CASE(while_others_take_exclusive_access)
{
	need_exclusive();
	RACE(acquires, writes_beside);
}

CASE(while_others_take_exclusive_access_and_migrate)
{
	need_exclusive();
	RACE(acquires, migrates);
}

CASE(while_others_take_exclusive_access_and_fork)
{
	need_exclusive();
	RACE(acquires, forks);
}

CASE(while_pages_are_swapped)
{
	need_swap(MIB(16));
	RACE(pages_out, writes_beside);
}

CASE(while_pages_are_swapped_and_migrate)
{
	need_swap(MIB(16));
	RACE(pages_out, migrates);
}

CASE(while_huge_pages_come_and_go)
{
	void *(*const who[])(void *) = { collapses, migrates };
	char *addr = map_aligned(HUGE_PAGE);

	CHECK_SYS(madvise(addr, HUGE_PAGE, MADV_HUGEPAGE));
	fill(addr, HUGE_PAGE, 0);
	memset(addr + MIB(1), 0, LENGTH);
	race_run(race_make(addr + MIB(1)), 2, who);
}

/* --- memory that is not always there ------------------------------------------ */

static void *remaps(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;
	char *there = r->addr + HUGE_PAGE, *from = r->addr, *to = there, *swap;

	while (!r->stop) {
		CHECK_SYS(mremap(from, LENGTH, LENGTH,
				 MREMAP_MAYMOVE | MREMAP_FIXED, to));
		swap = from;
		from = to;
		to = swap;
		d->turns++;
		sched_yield();
	}
	if (from != r->addr)
		CHECK_SYS(mremap(from, LENGTH, LENGTH,
				 MREMAP_MAYMOVE | MREMAP_FIXED, r->addr));
	return NULL;
}

/* Each success counts once, at whichever of two places the memory was. */
CASE(while_mremap_runs)
{
	struct race *r = race_make(map_aligned(2 * HUGE_PAGE));
	struct disturber d = { .race = r };
	double start = seconds();
	pthread_t thread;
	unsigned int i, done = 0, missed = 0;

	/* The other place is a hole. */
	CHECK_SYS(munmap(r->addr + LENGTH, 2 * HUGE_PAGE - LENGTH));
	thread = thread_start(remaps, &d);
	for (i = 0; goes_on(start, i, all_disturbed(&d, 1) && done && missed);
	     i++) {
		size_t page = random_next(&r->random) % PAGES;
		char *word = (char *)word_of(r, page) +
			     (random_next(&r->random) % 2 ? HUGE_PAGE : 0);
		struct svm_access_op op = op_atomic(SVM_ACCESS_ADD, 8, word, 1);
		int ret = access_op(r->fd, &op);

		if (!ret) {
			CHECK_EQ(op.old, r->truth[page]);
			r->truth[page]++;
			done++;
		} else {
			CHECK_RET(ret, -EFAULT);
			missed++;
		}
	}
	r->stop = true;
	thread_join(thread);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(*word_of(r, i), r->truth[i]);
	note("%u there, %u not, moved %lu times", done, missed, d.turns);
	CHECK_GE(d.turns, LEAST_TURNS);
	CHECK_GT(done, 0);
	CHECK_GT(missed, 0);
}

static void *maps_anew(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;

	while (!r->stop) {
		CHECK_SYS(mmap(r->addr, LENGTH, RW,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		d->turns++;
		sched_yield();
		CHECK_SYS(munmap(r->addr, LENGTH));
		sched_yield();
	}
	return NULL;
}

/*
 * Memory that comes, goes and is reused: what the device writes to it must never
 * show up in memory of somebody else.
 */
CASE(while_memory_is_unmapped)
{
	struct race *r = race_make(map_aligned(HUGE_PAGE));
	char *bystander = map_anon(MIB(4)), *check;
	struct disturber d = { .race = r };
	double start = seconds();
	pthread_t thread;
	unsigned int i, done = 0, missed = 0;

	CHECK_SYS(munmap(r->addr, HUGE_PAGE));
	thread = thread_start(maps_anew, &d);
	for (i = 0; goes_on(start, i, all_disturbed(&d, 1) && done && missed);
	     i++) {
		struct svm_access_op op =
			op_fill(r->addr, LENGTH, 8, 0x6666666666666666);
		int ret = access_op(r->fd, &op);

		if (ret) {
			CHECK(ret == -EFAULT || ret == -ETIMEDOUT);
			missed++;
		} else {
			done++;
		}
		/* Take up what was given back. */
		check = page_at(bystander, i % 64 * 16);
		fill(check, 16 * PAGE, i);
		check_fill(check, 16 * PAGE, i);
		CHECK_SYS(madvise(check, 16 * PAGE, MADV_DONTNEED));
		check_zero(check, 16 * PAGE);
		CHECK_SYS(madvise(check, 16 * PAGE, MADV_DONTNEED));
	}
	r->stop = true;
	thread_join(thread);
	note("%u there, %u not, mapped %lu times", done, missed, d.turns);
	CHECK_GE(d.turns, LEAST_TURNS);
	CHECK_GT(done, 0);
	CHECK_GT(missed, 0);
}

static void *toggles(void *arg)
{
	struct disturber *d = arg;
	struct race *r = d->race;

	while (!r->stop) {
		CHECK_SYS(mprotect(r->addr, LENGTH, PROT_READ));
		CHECK_SYS(mprotect(r->addr, LENGTH, RW));
		d->turns++;
	}
	return NULL;
}

/* With a short deadline: any of three answers, and never half a word. */
CASE(deadline_while_mprotect_toggles)
{
	struct race *r = race_make(map_anon(LENGTH));
	struct disturber d = { .race = r };
	double start = seconds();
	unsigned int i, done = 0, denied = 0, late = 0;
	pthread_t thread = thread_start(toggles, &d);

	for (i = 0; goes_on(start, i, all_disturbed(&d, 1) && done); i++) {
		struct svm_access_op op = op_fill(r->addr, 8, 8, i);
		struct svm_ioctl_access a = arg_access(&op, 1);
		uint64_t value;

		a.timeout_ms = 1;
		CHECK_RET(svm_call(r->fd, SVM_IOCTL_ACCESS, &a), 0);
		CHECK_EQ(a.done, op.result == 0);
		if (!op.result) {
			dev_read(r->fd, r->addr, 8, &value);
			CHECK_EQ(value, i);
			done++;
		} else if (op.result == -EPERM) {
			denied++;
		} else {
			CHECK_RET(op.result, -ETIMEDOUT);
			late++;
		}
	}
	r->stop = true;
	thread_join(thread);
	note("%u done, %u denied, %u too late", done, denied, late);
	CHECK_GE(d.turns, LEAST_TURNS);
	CHECK_GT(done, 0);
}

/* Threads of one context meet in new chunks of the mirror. */
static void *fills_new_chunks(void *arg)
{
	static atomic_uint turn;
	struct race *r = arg;
	unsigned int me = turn++, i;

	for (i = 0; i < 24; i++) {
		char *at = r->addr + i * HUGE_PAGE + me * 16;

		dev_set(r->fd, at, 16, 8, me * 1000 + i);
		if (i % 3 == 0)
			dev_atomic(r->fd, SVM_ACCESS_ADD, 8, at, 0);
	}
	return NULL;
}

CASE(threads_meet_in_new_chunks)
{
	struct race *r = race_make(map_aligned(24 * HUGE_PAGE));
	unsigned int i, me;

	madvise(r->addr, 24 * HUGE_PAGE, MADV_NOHUGEPAGE);
	threads_run(6, fills_new_chunks, r);
	for (i = 0; i < 24; i++)
		for (me = 0; me < 6; me++)
			CHECK_EQ(*(uint64_t *)(r->addr + i * HUGE_PAGE +
					       me * 16 + 8),
				 me * 1000 + i);
}

/* --- what the device got just when it went away --------------------------------- */

struct meeting {
	struct race *r;
	pthread_barrier_t barrier;
};

/* Throws it all away once a round, somewhere in the middle of what the other does. */
static void *discards_once(void *arg)
{
	struct meeting *m = arg;
	uint64_t random = 31;
	volatile unsigned int delay;

	for (;;) {
		pthread_barrier_wait(&m->barrier);
		if (m->r->stop)
			return NULL;
		delay = random_next(&random) % 8000;
		while (delay)
			delay--;
		CHECK_SYS(madvise(m->r->addr, LENGTH, MADV_DONTNEED));
		pthread_barrier_wait(&m->barrier);
	}
}

/* After that the CPU writes, to new pages: the device has to see it. */
static void discarded_while(void (*gets)(struct race *r))
{
	struct meeting m = { .r = race_make(map_anon(LENGTH)) };
	double start = seconds();
	uint64_t value;
	pthread_t thread;
	unsigned int i;
	size_t page;

	pthread_barrier_init(&m.barrier, NULL, 2);
	thread = thread_start(discards_once, &m);
	for (i = 1; i < ROUNDS && seconds() - start < SECONDS; i++) {
		/* The pages are there, but the device has to ask for them. */
		CHECK_SYS(mprotect(m.r->addr, LENGTH, RW | PROT_EXEC));
		CHECK_SYS(mprotect(m.r->addr, LENGTH, RW));
		pthread_barrier_wait(&m.barrier);
		gets(m.r);
		pthread_barrier_wait(&m.barrier);
		/* Every 16th page is enough, and makes for many rounds. */
		CHECK_SYS(madvise(m.r->addr, LENGTH, MADV_POPULATE_WRITE));
		for (page = 0; page < PAGES; page += 16)
			*(volatile uint64_t *)word_of(m.r, page) = i;
		for (page = 0; page < PAGES; page += 16) {
			dev_read(m.r->fd, word_of(m.r, page), 8, &value);
			CHECK_EQ(value, i);
		}
	}
	m.r->stop = true;
	pthread_barrier_wait(&m.barrier);
	thread_join(thread);
	note("%u rounds", i);
}

static void reads_all(struct race *r)
{
	static char buffer[LENGTH];

	dev_read(r->fd, r->addr, LENGTH, buffer);
}

CASE(discarded_while_it_is_read)
{
	discarded_while(reads_all);
}

static void takes_all(struct race *r)
{
	exclusive(r->fd, SVM_EXCLUSIVE_ACQUIRE, r->addr, LENGTH, 0, NULL);
}

CASE(discarded_while_it_is_taken)
{
	need_exclusive();
	discarded_while(takes_all);
}
