// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Migration against everything else that changes an address space at the same
 * time. One thread owns the truth: it changes the region and knows what must be
 * in each page; others do nothing but move.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

/*
 * A race lasts for so many rounds, and not longer than so many seconds; but until
 * something has moved.
 */
#define ROUNDS 3000
#define SECONDS 3
/* Nor less, however slow the machine. */
#define LEAST_ROUNDS 5

struct race {
	char *addr;
	size_t pages;
	/* What was written to each page last: its seed; 0 for zeroes. */
	uint64_t *truth;
	uint64_t random, seed;
	atomic_bool stop;
	atomic_ulong moved;
};

/* Where movers send pages: chosen at random. */
static void random_move(struct race *r, int fds[2], const int nodes[2],
			uint64_t *random)
{
	size_t first = random_next(random) % r->pages;
	size_t n = 1 + random_next(random) % (r->pages - first);
	struct tally t = { 0 };
	struct dest to;
	int ret;

	switch (random_next(random) % 5) {
	case 0:
	case 1:
		to = TO_DEVICE;
		break;
	case 2:
		to = TO_SYSTEM;
		break;
	default:
		to = TO_NODE(nodes[random_next(random) % 2]);
	}
	ret = migrate(fds[random_next(random) % 2], page_at(r->addr, first),
		      n * PAGE, to,
		      random_next(random) % 4 ? SVM_MIGRATE_RESIDENT_ONLY : 0,
		      NULL, &t);
	/* The piece may be unmapped at the moment. */
	if (ret && ret != -EFAULT)
		FAIL("migrate: %s", err_name(ret));
	r->moved += t.pages[SVM_PAGE_MOVED];
}

static void *mover(void *arg)
{
	static atomic_ulong turn;
	struct race *r = arg;
	uint64_t random = 12345 + turn++;
	int fds[2] = { open_device(0), open_device(1) };
	int nodes[2] = { 0, 0 };

	if (nodes_with_memory(nodes, 2) < 2)
		nodes[1] = nodes[0];
	while (!r->stop) {
		random_move(r, fds, nodes, &random);
		/* Let the other have its turn, so that more different things meet. */
		usleep(random_next(&random) % 1000);
	}
	return NULL;
}

#define LAST_WORD (PAGE / sizeof(uint64_t) - 1)

/* The first word, the last, and one between; 0 is all zeroes. */
static void mark_page(char *addr, uint64_t seed)
{
	uint64_t *word = (uint64_t *)addr;

	word[0] = seed;
	word[1 + seed % (LAST_WORD - 1)] = ~seed;
	word[LAST_WORD] = seed;
}

static void write_page(struct race *r, size_t n)
{
	r->truth[n] = ++r->seed;
	mark_page(page_at(r->addr, n), r->truth[n]);
}

static void check_page(struct race *r, size_t n)
{
	uint64_t seed = r->truth[n], want = seed ? ~seed : 0;
	uint64_t *word = (uint64_t *)page_at(r->addr, n);
	uint64_t middle = word[1 + seed % (LAST_WORD - 1)];

	if (word[0] != seed || middle != want || word[LAST_WORD] != seed)
		FAIL("content lost: %p, page %zu of %zu: %#llx %#llx %#llx, not %#llx %#llx %#llx",
		     r->addr, n, r->pages, (long long)word[0],
		     (long long)middle, (long long)word[LAST_WORD],
		     (long long)seed, (long long)want, (long long)seed);
}

/* A random piece of at most max pages. */
static size_t piece(struct race *r, size_t max, size_t *n)
{
	size_t first = random_next(&r->random) % r->pages;

	*n = 1 + random_next(&r->random) % max;
	if (*n > r->pages - first)
		*n = r->pages - first;
	return first;
}

static void forget(struct race *r, size_t first, size_t n)
{
	size_t i;

	for (i = first; i < first + n; i++)
		r->truth[i] = 0;
}

/*
 * Run: movers in threads, and @change in this one, with some pages checked and
 * some written after each. @huge: begin with huge pages.
 */
static void race(size_t pages, bool huge, unsigned int movers,
		 void (*change)(struct race *))
{
	struct race r = { .pages = pages, .random = 99 };
	double start = seconds();
	pthread_t threads[4];
	unsigned int i, k;
	size_t n;

	r.addr = huge ? map_thp(pages * PAGE) : map_aligned(pages * PAGE);
	r.truth = calloc(pages, sizeof(*r.truth));
	CHECK(r.truth);
	for (n = 0; n < pages; n++)
		write_page(&r, n);
	for (i = 0; i < movers; i++)
		threads[i] = thread_start(mover, &r);
	for (i = 0; i < ROUNDS || !r.moved; i++) {
		double limit = r.moved ? SECONDS : patience(20);

		if (i >= LEAST_ROUNDS && seconds() - start > limit)
			break;
		change(&r);
		for (k = 0; k < 8; k++) {
			n = random_next(&r.random) % pages;
			check_page(&r, n);
			if (k % 2)
				write_page(&r, n);
		}
	}
	r.stop = true;
	for (k = 0; k < movers; k++)
		thread_join(threads[k]);
	for (n = 0; n < pages; n++)
		check_page(&r, n);
	note("%u rounds, %lu pages moved", i, (unsigned long)r.moved);
	CHECK_GT(r.moved, 0);
	CHECK_SYS(munmap(r.addr, pages * PAGE));
	free(r.truth);
}

static void change_nothing(struct race *r)
{
	(void)r;
}

CASE(touch)
{
	race(256, false, 2, change_nothing);
}

CASE(touch_huge)
{
	race(1024, true, 2, change_nothing);
}

static void change_mapping(struct race *r)
{
	size_t n, first = piece(r, 64, &n);
	char *addr = page_at(r->addr, first);

	CHECK_SYS(munmap(addr, n * PAGE));
	CHECK_SYS(mmap(addr, n * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	forget(r, first, n);
}

CASE(munmap_and_mmap)
{
	race(512, false, 2, change_mapping);
}

static void change_dontneed(struct race *r)
{
	size_t n, first = piece(r, 32, &n);

	CHECK_SYS(madvise(page_at(r->addr, first), n * PAGE, MADV_DONTNEED));
	forget(r, first, n);
}

CASE(dontneed)
{
	race(512, false, 2, change_dontneed);
}

CASE(dontneed_huge)
{
	race(1024, true, 2, change_dontneed);
}

static void change_protection(struct race *r)
{
	size_t i, n, first = piece(r, 64, &n);
	char *addr = page_at(r->addr, first);

	CHECK_SYS(mprotect(addr, n * PAGE, PROT_READ));
	for (i = first; i < first + n; i += 7)
		check_page(r, i);
	if (random_next(&r->random) % 2)
		CHECK_SYS(mprotect(addr, n * PAGE, PROT_NONE));
	CHECK_SYS(mprotect(addr, n * PAGE, RW));
	for (i = first; i < first + n; i += 5)
		write_page(r, i);
}

CASE(mprotect)
{
	race(512, false, 2, change_protection);
}

CASE(mprotect_huge)
{
	race(1024, true, 2, change_protection);
}

/* Two pieces of the region change places, through a third. */
static void change_places(struct race *r)
{
	static char *aside;
	size_t i, n, half = r->pages / 2, first = piece(r, 32, &n);
	char *a, *b;

	if (!aside)
		aside = find_gap(64 * PAGE) + 3 * PAGE;
	first %= half;
	if (n > half - first)
		n = half - first;
	a = page_at(r->addr, first);
	b = page_at(r->addr, half + first);
	CHECK(mremap(a, n * PAGE, n * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     aside) == aside);
	CHECK(mremap(b, n * PAGE, n * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, a) ==
	      a);
	CHECK(mremap(aside, n * PAGE, n * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     b) == b);
	for (i = first; i < first + n; i++) {
		uint64_t seed = r->truth[i];

		r->truth[i] = r->truth[half + i];
		r->truth[half + i] = seed;
	}
}

CASE(mremap)
{
	race(512, false, 2, change_places);
}

CASE(mremap_huge)
{
	race(1024, true, 2, change_places);
}

static void change_huge(struct race *r)
{
	size_t huge = r->pages * PAGE / HUGE_PAGE;
	char *addr = r->addr + random_next(&r->random) % huge * HUGE_PAGE;

	switch (random_next(&r->random) % 3) {
	case 0:
		madvise(addr, HUGE_PAGE, MADV_NOHUGEPAGE);
		break;
	case 1:
		madvise(addr, HUGE_PAGE, MADV_HUGEPAGE);
		break;
	default:
		/* It may fail while pages are elsewhere. */
		madvise(addr, HUGE_PAGE, 25 /* MADV_COLLAPSE */);
	}
}

CASE(collapse_and_split)
{
	setting("/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs",
		"10");
	setting("/sys/kernel/mm/transparent_hugepage/khugepaged/alloc_sleep_millisecs",
		"10");
	race(1024, true, 2, change_huge);
}

static void change_lock(struct race *r)
{
	size_t n, first = piece(r, 64, &n);
	char *addr = page_at(r->addr, first);

	CHECK_SYS(mlock(addr, n * PAGE));
	check_page(r, first);
	CHECK_SYS(munlock(addr, n * PAGE));
}

CASE(mlock)
{
	race(512, false, 2, change_lock);
}

static void change_pageout(struct race *r)
{
	size_t n, first = piece(r, 64, &n);

	CHECK_SYS(madvise(page_at(r->addr, first), n * PAGE,
			  random_next(&r->random) % 2 ? MADV_PAGEOUT
						      : MADV_COLD));
}

CASE(pageout)
{
	need_swap(MIB(32));
	race(512, false, 2, change_pageout);
}

CASE(pageout_huge)
{
	need_swap(MIB(32));
	race(1024, true, 2, change_pageout);
}

/* Pages held for a moment by a pipe, and looked at again when they come out. */
static void change_pin(struct race *r)
{
	static int pipefd[2] = { -1, -1 };
	size_t i, n, first = piece(r, 8, &n);
	struct iovec iov = { page_at(r->addr, first), n * PAGE };
	char buffer[PAGE];

	if (pipefd[0] < 0)
		CHECK_SYS(pipe(pipefd));
	CHECK_EQ(vmsplice(pipefd[1], &iov, 1, 0), n * PAGE);
	for (i = 0; i < n; i++) {
		CHECK_EQ(read(pipefd[0], buffer, PAGE), PAGE);
		CHECK(!memcmp(buffer, page_at(r->addr, first + i), PAGE));
	}
}

CASE(pin_and_unpin)
{
	race(256, false, 2, change_pin);
}

static void change_ksm(struct race *r)
{
	size_t i, n, first = piece(r, 64, &n);
	char *addr = page_at(r->addr, first);

	madvise(addr, n * PAGE,
		random_next(&r->random) % 4 ? MADV_MERGEABLE
					    : MADV_UNMERGEABLE);
	/* Something to merge. */
	for (i = first; i < first + n; i++) {
		memset(page_at(r->addr, i), 0, PAGE);
		r->truth[i] = 7;
		mark_page(page_at(r->addr, i), 7);
	}
}

CASE(ksm)
{
	if (!setting("/sys/kernel/mm/ksm/sleep_millisecs", "1") ||
	    !setting("/sys/kernel/mm/ksm/run", "1"))
		skip("no KSM on this kernel");
	race(512, false, 2, change_ksm);
	CHECK(setting("/sys/kernel/mm/ksm/run", "2"));
}

static void change_fork(struct race *r)
{
	size_t n;
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		alarm(patience(60));
		for (n = 0; n < r->pages; n += 3)
			check_page(r, n);
		for (n = 1; n < r->pages; n += 5)
			write_page(r, n);
		for (n = 1; n < r->pages; n += 5)
			check_page(r, n);
		_exit(0);
	}
	/* Copied on write here as well. */
	for (n = 0; n < r->pages; n += 11)
		write_page(r, n);
	child_ok(pid);
}

CASE(fork)
{
	race(256, false, 2, change_fork);
}

CASE(fork_huge)
{
	race(1024, true, 1, change_fork);
}

static void change_policy(struct race *r)
{
	size_t n, first = piece(r, 64, &n);
	unsigned long mask = 1;

	/* MPOL_BIND to node 0, moving what is elsewhere; then no policy. */
	CHECK_SYS(syscall(SYS_mbind, page_at(r->addr, first), n * PAGE, 2,
			  &mask, 64, 2 /* MPOL_MF_MOVE */));
	CHECK_SYS(syscall(SYS_mbind, page_at(r->addr, first), n * PAGE, 0, NULL,
			  0, 0));
}

CASE(mbind)
{
	race(512, false, 2, change_policy);
}

/* All at once. */
static void change_anything(struct race *r)
{
	static void (*const changes[])(struct race *) = {
		change_mapping, change_dontneed, change_protection,
		change_places,	change_huge,	 change_lock,
		change_pin,	change_policy,	 change_nothing,
		change_pageout,
	};

	changes[random_next(&r->random) %
		(sizeof(changes) / sizeof(changes[0]))](r);
}

CASE(everything)
{
	need_swap(MIB(32));
	race(1024, true, 3, change_anything);
}
