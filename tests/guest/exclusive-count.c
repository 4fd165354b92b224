// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is counted of exclusive access: that others ended it, and that others were
 * in the way.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

#define PAGES 16
#define LENGTH (PAGES * PAGE)
/* What something happens to: some pages in the middle. */
#define FIRST 4
#define SOME 8
#define MIDDLE(addr) page_at(addr, FIRST)

/* A context, its device, and where their counters stood. */
struct watch {
	int fd;
	struct svm_ioctl_stats context, device;
};

static struct watch watch(unsigned int n)
{
	struct watch w = { .fd = open_device(n) };

	need_exclusive();
	quiet_kernel();
	w.context = device_stats(w.fd, SVM_STATS_CONTEXT);
	w.device = device_stats(w.fd, SVM_STATS_DEVICE);
	return w;
}

/* What the context counted since then, and its device, which nobody else uses. */
#define check_counted(w, ended, contended) \
	check_counted_at(__LINE__, w, ended, contended)
static void check_counted_at(int line, const struct watch *w, uint64_t ended,
			     uint64_t contended)
{
	const struct svm_ioctl_stats *was[] = { &w->context, &w->device };
	const uint32_t scope[] = { SVM_STATS_CONTEXT, SVM_STATS_DEVICE };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct svm_ioctl_stats s = device_stats(w->fd, scope[i]);
		uint64_t e = s.exclusive_ended - was[i]->exclusive_ended;
		uint64_t c =
			s.exclusive_contended - was[i]->exclusive_contended;

		if (e != ended || c != contended)
			fail_at(__FILE__, line,
				"scope %u: %llu ended, not %llu; %llu contended, not %llu",
				scope[i], (long long)e, (long long)ended,
				(long long)c, (long long)contended);
	}
}

/* A context that has filled memory for itself. */
static struct watch make_exclusive(unsigned int n, char *addr, size_t length)
{
	struct watch w = watch(n);

	fill(addr, length, 1);
	acquire_all(w.fd, addr, length);
	check_counted(&w, 0, 0);
	return w;
}

CASE(release_is_not_counted)
{
	char *addr = map_anon(LENGTH);
	struct watch w = make_exclusive(0, addr, LENGTH);

	/* What is had already, and what is had no more, is no matter. */
	acquire_all(w.fd, addr, LENGTH);
	CHECK_EQ(release(w.fd, MIDDLE(addr), SOME * PAGE), SOME);
	CHECK_EQ(release(w.fd, addr, LENGTH), PAGES - SOME);
	CHECK_EQ(release(w.fd, addr, LENGTH), 0);
	check_fill(addr, LENGTH, 1);
	check_counted(&w, 0, 0);
}

CASE(touches_are_counted)
{
	char *addr = map_anon(LENGTH);
	struct watch w = make_exclusive(0, addr, LENGTH);
	struct watch beside = watch(1);

	check_part(MIDDLE(addr), SOME * PAGE, 1, FIRST * PAGE);
	check_counted(&w, SOME, 0);
	/* Once. */
	check_part(MIDDLE(addr), SOME * PAGE, 1, FIRST * PAGE);
	check_counted(&w, SOME, 0);
	CHECK_EQ(release(w.fd, addr, LENGTH), PAGES - SOME);
	check_counted(&w, SOME, 0);
	/* And when the device has taken it back, by an atomic. */
	dev_atomic(w.fd, SVM_ACCESS_ADD, 8, addr, 0);
	check_part(addr, PAGE, 1, 0);
	check_counted(&w, SOME + 1, 0);
	check_counted(&beside, 0, 0);
}

static void child_ends(void *arg)
{
	(void)arg;
}

CASE(other_ends_are_counted)
{
	char *addr = map_anon(LENGTH);
	struct watch w = make_exclusive(0, addr, LENGTH);

	CHECK_SYS(mprotect(MIDDLE(addr), SOME * PAGE, PROT_READ));
	check_counted(&w, SOME, 0);
	CHECK_SYS(mprotect(MIDDLE(addr), SOME * PAGE, RW));
	acquire_all(w.fd, addr, LENGTH);
	child_ok(child(child_ends, NULL));
	check_counted(&w, SOME + PAGES, 0);
	acquire_all(w.fd, addr, LENGTH);
	CHECK_SYS(madvise(addr, FIRST * PAGE, MADV_DONTNEED));
	check_counted(&w, SOME + PAGES + FIRST, 0);
	CHECK_SYS(munmap(MIDDLE(addr), SOME * PAGE));
	check_counted(&w, 2 * SOME + PAGES + FIRST, 0);
}

CASE(migration_is_counted)
{
	char *addr = map_anon(LENGTH);
	struct watch w = make_exclusive(0, addr, LENGTH);

	move_all(w.fd, MIDDLE(addr), SOME * PAGE, TO_DEVICE);
	check_counted(&w, SOME, 0);
	CHECK_EQ(query(w.fd, addr, LENGTH), PAGES - SOME);
}

/* What is not held is simply taken, by another device or the same. */
CASE(taken_by_another_context)
{
	char *addr = map_anon(LENGTH);
	struct watch w = make_exclusive(0, addr, LENGTH), other = watch(1);
	int same = open_device(0);

	acquire_all(other.fd, MIDDLE(addr), SOME * PAGE);
	check_counted(&w, SOME, 0);
	check_counted(&other, 0, 0);
	acquire_all(same, addr, PAGE);
	check_counted(&other, 0, 0);
	CHECK_EQ(device_stats(w.fd, SVM_STATS_CONTEXT).exclusive_ended,
		 SOME + 1);
	CHECK_EQ(device_stats(same, SVM_STATS_CONTEXT).exclusive_ended, 0);
}

/* To be split on the way is nobody else's doing. */
CASE(huge_page_is_not_contended)
{
	char *addr = map_thp(HUGE_PAGE);
	struct watch w = make_exclusive(0, MIDDLE(addr), SOME * PAGE);

	check_part(MIDDLE(addr), SOME * PAGE, 1, 0);
	check_counted(&w, SOME, 0);
}

static uint64_t contended(int fd)
{
	return device_stats(fd, SVM_STATS_CONTEXT).exclusive_contended;
}

/*
 * The CPU has to wait for one page of a folio, so another of it can't be held
 * until then. False if the hold had expired before, which proves nothing.
 */
static bool try_shared_folio(struct watch *w, int holder, char *addr)
{
	uint8_t first, last, still;
	uint64_t was;

	acquire_all(w->fd, addr, PAGE);
	was = contended(w->fd);
	exclusive(holder, SVM_EXCLUSIVE_ACQUIRE, addr + PAGE, PAGE,
		  SVM_EXCLUSIVE_MAX_HOLD_MS, &first);
	exclusive(w->fd, SVM_EXCLUSIVE_ACQUIRE, addr, PAGE, 1, &last);
	still = query_page(holder, addr + PAGE);
	release(holder, addr, 2 * PAGE);
	if (first != SVM_EXCLUSIVE_HELD || still != SVM_EXCLUSIVE_HELD)
		return false;
	CHECK_EQ(last, SVM_EXCLUSIVE_YES);
	CHECK_EQ(contended(w->fd), was + 1);
	return true;
}

CASE(locked_by_another_holder)
{
	char *addr = map_thp(HUGE_PAGE);
	struct watch w = watch(0);
	int holder = open_device(1), i;

	fill(addr, HUGE_PAGE, 1);
	for (i = 0; i < 10; i++)
		if (try_shared_folio(&w, holder, addr))
			break;
	if (i == 10)
		skip("this machine is too busy: every hold expired first");
	release(w.fd, addr, PAGE);
	check_fill(addr, HUGE_PAGE, 1);
}

/* Who wants what another context holds, and waits for it. */
struct waiter {
	int fd;
	char *addr;
	bool atomic;
};

static void *waits(void *arg)
{
	const struct waiter *w = arg;

	if (w->atomic)
		dev_atomic(w->fd, SVM_ACCESS_ADD, 8, w->addr, 0);
	else
		acquire(w->fd, w->addr, PAGE);
	return NULL;
}

/* True if it was counted while the page was still held. */
static bool try_waiter(struct waiter *w, int holder)
{
	uint64_t was = contended(w->fd);
	pthread_t thread;
	bool held;

	exclusive(holder, SVM_EXCLUSIVE_ACQUIRE, w->addr, PAGE,
		  SVM_EXCLUSIVE_MAX_HOLD_MS, NULL);
	thread = thread_start(waits, w);
	do
		held = query_page(holder, w->addr) == SVM_EXCLUSIVE_HELD;
	while (held && contended(w->fd) == was);
	release(holder, w->addr, PAGE);
	thread_join(thread);
	return held;
}

/* A hold may be over before the waiter comes, but not ten times. */
static void waiter_is_counted(bool atomic)
{
	struct waiter w = { .fd = open_device(0),
			    .addr = map_anon(LENGTH),
			    .atomic = atomic };
	int holder = open_device(1), i;

	need_exclusive();
	quiet_kernel();
	fill(w.addr, LENGTH, 1);
	for (i = 0; i < 10; i++)
		if (try_waiter(&w, holder))
			break;
	CHECK(i < 10);
	check_fill(w.addr, LENGTH, 1);
}

CASE(acquire_waits_for_another_holder)
{
	waiter_is_counted(false);
}

CASE(atomic_waits_for_another_holder)
{
	waiter_is_counted(true);
}
