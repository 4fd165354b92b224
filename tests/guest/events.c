// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events: what is told, in which order, and how they are read.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 16
#define LENGTH (PAGES * PAGE)
#define ALL                                                          \
	(EVENT(MIGRATED) | EVENT(REFUSED) | EVENT(EXCLUSIVE_ENDED) | \
	 EVENT(UNMAPPED))

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static struct svm_ioctl_events configure(int fd, uint32_t mask,
					 uint32_t entries)
{
	struct svm_ioctl_events e = arg_events(mask, entries);

	CHECK_RET(svm_call(fd, SVM_IOCTL_EVENTS, &e), 0);
	return e;
}

static void check_sane(const struct svm_event *e, uint64_t after)
{
	CHECK(e->type >= SVM_EVENT_MIGRATED && e->type <= SVM_EVENT_UNMAPPED);
	CHECK(e->cause >= SVM_CAUSE_CALL && e->cause <= SVM_CAUSE_OTHER);
	CHECK_EQ(e->addr % PAGE, 0);
	CHECK_EQ(e->length % PAGE, 0);
	CHECK_GT(e->length, 0);
	CHECK_EQ(e->reserved, 0);
	CHECK_GE(e->time_ns, after);
	CHECK_LE(e->time_ns, now_ns());
	CHECK_LE(e->duration_ns, e->time_ns - after);
	if (e->type == SVM_EVENT_MIGRATED)
		return;
	if (e->type != SVM_EVENT_REFUSED) {
		CHECK_EQ(e->duration_ns, 0);
		CHECK_EQ(e->from, 0);
		CHECK_EQ(e->to, 0);
	}
}

/* Exactly one event is there, and it is sane. */
static struct svm_event one_event(int fd, uint64_t after)
{
	struct svm_event e[8];
	size_t n = events_read(fd, e, 8);

	if (n != 1)
		FAIL("%zu events, not 1; the first: type %u, cause %u, addr %#llx, length %llu",
		     n, n ? e[0].type : 0, n ? e[0].cause : 0,
		     n ? e[0].addr : 0, n ? e[0].length : 0);
	check_sane(&e[0], after);
	return e[0];
}

/* Pages of a run that moved in one go, or in several when some were busy. */
static size_t migrated_bytes(int fd, uint32_t cause, uint64_t after,
			     uint8_t from, uint8_t to, struct svm_event *last)
{
	struct svm_event e[64];
	size_t i, n, bytes = 0;

	while ((n = events_read(fd, e, 64)))
		for (i = 0; i < n; i++) {
			check_sane(&e[i], after);
			if (e[i].type != SVM_EVENT_MIGRATED)
				continue;
			CHECK_EQ(e[i].cause, cause);
			CHECK_EQ(e[i].from, from);
			CHECK_EQ(e[i].to, to);
			bytes += e[i].length;
			*last = e[i];
		}
	return bytes;
}

CASE(migration_by_call)
{
	int fd = open_device(0), other = open_device(1);
	char *addr = map_anon(LENGTH);
	struct svm_event e;
	uint64_t start;

	fill(addr, LENGTH, 1);
	events_on(fd, ALL, 0);
	start = now_ns();
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_EQ(migrated_bytes(fd, SVM_CAUSE_CALL, start, SVM_PLACE_SYSTEM,
				SVM_PLACE_DEVICE, &e),
		 LENGTH);
	CHECK_EQ(e.to_id, 0);
	CHECK_GT(e.duration_ns, 0);
	CHECK_GE(e.addr, (uintptr_t)addr);
	CHECK_LE(e.addr + e.length, (uintptr_t)addr + LENGTH);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	CHECK_EQ(migrated_bytes(fd, SVM_CAUSE_CALL, start, SVM_PLACE_DEVICE,
				SVM_PLACE_SYSTEM, &e),
		 LENGTH);
	CHECK_EQ(e.from_id, 0);
	/* From the other device: told to the context that was called. */
	move_all(other, addr, LENGTH, TO_DEVICE);
	CHECK_EQ(migrated_bytes(fd, SVM_CAUSE_CALL, start, 0, 0, &e), 0);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_EQ(migrated_bytes(fd, SVM_CAUSE_CALL, start, SVM_PLACE_DEVICE,
				SVM_PLACE_DEVICE, &e),
		 LENGTH);
	CHECK_EQ(e.from_id, 1);
	CHECK_EQ(e.to_id, 0);
	check_fill(addr, LENGTH, 1);
}

/*
 * Move a range that is laid out first, and tell where the pages had been: in one
 * run, which is tried for again when a page was busy.
 */
static struct svm_event origin_of(int fd, struct dest to,
				  void (*lay_out)(char *addr, void *arg),
				  void *arg)
{
	struct svm_event e[8] = { 0 };
	int i;

	for (i = 0; i < 20; i++) {
		char *addr = map_aligned(LENGTH);

		lay_out(addr, arg);
		events_on(fd, EVENT(MIGRATED), 0);
		move_all(fd, addr, LENGTH, to);
		if (events_read(fd, e, 8) == 1 && e[0].length == LENGTH) {
			CHECK_EQ(e[0].addr, (uintptr_t)addr);
			CHECK_SYS(munmap(addr, LENGTH));
			return e[0];
		}
		CHECK_SYS(munmap(addr, LENGTH));
	}
	FAIL("%d pages don't move in one run", PAGES);
}

/* Who has which quarters of a range: device 1, another, or nobody yet. */
struct layout {
	int quarter[4];
};

#define HOLE -1
#define SYSTEM -2

static void lay_out(char *addr, void *arg)
{
	const struct layout *l = arg;
	unsigned int i;

	/* With an anon_vma: without, the first page of all goes alone. */
	fill(addr, PAGE, 1);
	CHECK_SYS(madvise(addr, PAGE, MADV_DONTNEED));
	for (i = 0; i < 4; i++, addr += LENGTH / 4) {
		if (l->quarter[i] == HOLE)
			continue;
		fill(addr, LENGTH / 4, 1);
		if (l->quarter[i] >= 0)
			move_all(l->quarter[i], addr, LENGTH / 4, TO_DEVICE);
	}
}

#define check_origin(e, place_, id_)              \
	do {                                      \
		struct svm_event e_ = (e);        \
                                                  \
		CHECK_EQ(e_.from, place_);        \
		CHECK_EQ(e_.from_id, (int)(id_)); \
	} while (0)
#define quarters(a, b, c, d) (&(struct layout){ { a, b, c, d } })

CASE(origin_of_a_mixed_run)
{
	uint32_t id = create_device(MIB(16));
	int fd = open_device(0), one = open_device(1), other = open_device(id);

	check_origin(origin_of(fd, TO_DEVICE, lay_out,
			       quarters(one, other, SYSTEM, HOLE)),
		     SVM_PLACE_NONE, -1);
	/* What is the same at the end does not make it one again. */
	check_origin(origin_of(fd, TO_DEVICE, lay_out,
			       quarters(one, SYSTEM, one, one)),
		     SVM_PLACE_NONE, -1);
	check_origin(origin_of(fd, TO_DEVICE, lay_out,
			       quarters(one, other, one, one)),
		     SVM_PLACE_DEVICE, -1);
	check_origin(origin_of(fd, TO_DEVICE, lay_out,
			       quarters(one, one, one, one)),
		     SVM_PLACE_DEVICE, 1);
	close(other);
	destroy_device(id);
}

CASE(origin_of_a_run_that_begins_with_a_hole)
{
	int fd = open_device(0), one = open_device(1);

	check_origin(origin_of(fd, TO_DEVICE, lay_out,
			       quarters(HOLE, one, one, HOLE)),
		     SVM_PLACE_DEVICE, 1);
	check_origin(origin_of(fd, TO_DEVICE, lay_out,
			       quarters(HOLE, SYSTEM, one, HOLE)),
		     SVM_PLACE_NONE, -1);
	CHECK_EQ(origin_of(fd, TO_DEVICE, lay_out,
			   quarters(HOLE, SYSTEM, HOLE, SYSTEM))
			 .from,
		 SVM_PLACE_SYSTEM);
	check_origin(origin_of(fd, TO_DEVICE, lay_out,
			       quarters(HOLE, HOLE, HOLE, HOLE)),
		     SVM_PLACE_NONE, 0);
}

CASE(migration_by_cpu_fault)
{
	int fd = open_device(0);
	char *addr = map_aligned(PAGE);
	struct svm_event e;
	uint64_t start = now_ns();

	fill(addr, PAGE, 1);
	move_all(fd, addr, PAGE, TO_DEVICE);
	events_on(fd, ALL, 0);
	check_fill(addr, PAGE, 1);
	e = one_event(fd, start);
	CHECK_EQ(e.type, SVM_EVENT_MIGRATED);
	CHECK_EQ(e.cause, SVM_CAUSE_CPU);
	CHECK_EQ(e.addr, (uintptr_t)addr);
	CHECK_EQ(e.length, PAGE);
	CHECK_EQ(e.from, SVM_PLACE_DEVICE);
	CHECK_EQ(e.to, SVM_PLACE_SYSTEM);
	CHECK_EQ(e.from_id, 0);
	CHECK_GT(e.duration_ns, 0);
}

/* Neighbours that come along with a fault are in its bytes. */
CASE(fault_around_is_in_the_bytes)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(1));
	struct svm_event e;
	uint64_t start = now_ns();

	fill(addr, MIB(1), 1);
	move_all(fd, addr, MIB(1), TO_DEVICE);
	events_on(fd, ALL, 0);
	check_fill(addr, MIB(1), 1);
	CHECK_EQ(migrated_bytes(fd, SVM_CAUSE_CPU, start, SVM_PLACE_DEVICE,
				SVM_PLACE_SYSTEM, &e),
		 MIB(1));
}

/* The range [addr, addr + length) of an event is what came home. */
CASE(fault_in_the_middle_tells_where)
{
	int fd = open_device(0), i;
	char *addr = map_aligned(16 * PAGE);
	struct svm_event e;
	uint64_t start = now_ns();
	unsigned int home = 0;

	fill(addr, 16 * PAGE, 1);
	move_all(fd, addr, 16 * PAGE, TO_DEVICE);
	events_on(fd, ALL, 0);
	check_part(page_at(addr, 9), PAGE, 1, 9 * PAGE);
	e = one_event(fd, start);
	home = count_place(fd, addr, 16 * PAGE, SVM_PLACE_SYSTEM);
	CHECK_EQ(e.length, home * PAGE);
	CHECK_LE((uintptr_t)e.addr, (uintptr_t)page_at(addr, 9));
	CHECK_GE(e.addr, (uintptr_t)addr);
	CHECK_LE(e.addr + e.length, (uintptr_t)addr + 16 * PAGE);
	for (i = 0; i < 16; i++)
		CHECK_EQ(place_of(fd, page_at(addr, i)).place ==
				 SVM_PLACE_SYSTEM,
			 (uintptr_t)page_at(addr, i) >= e.addr &&
				 (uintptr_t)page_at(addr, i) <
					 e.addr + e.length);
}

/* The events say that the range went home from device @id, and nothing else did. */
static void check_went(int fd, uint32_t cause, uint64_t after, uint32_t id,
		       const char *addr, size_t length)
{
	struct svm_event e[64];
	size_t i, n, bytes = 0;

	while ((n = events_read(fd, e, 64)))
		for (i = 0; i < n; i++) {
			check_sane(&e[i], after);
			CHECK_EQ(e[i].type, SVM_EVENT_MIGRATED);
			CHECK_EQ(e[i].cause, cause);
			CHECK_EQ(e[i].from, SVM_PLACE_DEVICE);
			CHECK_EQ(e[i].to, SVM_PLACE_SYSTEM);
			CHECK_EQ(e[i].from_id, (int)id);
			CHECK_EQ(e[i].to_id, -1);
			CHECK_GT(e[i].duration_ns, 0);
			bytes += e[i].length;
			if (!addr) {
				CHECK_EQ(e[i].addr, 0);
				continue;
			}
			CHECK_GE(e[i].addr, (uintptr_t)addr);
			CHECK_LE(e[i].addr + e[i].length,
				 (uintptr_t)addr + length);
		}
	CHECK_EQ(bytes, length);
}

CASE(migration_by_eviction)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_evict evict = arg_evict(0);
	uint64_t start = now_ns();

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	events_on(fd, ALL, 0);
	CHECK_RET(svm_call(fd, SVM_IOCTL_EVICT, &evict), 0);
	CHECK_EQ(evict.bytes_evicted, LENGTH);
	check_went(fd, SVM_CAUSE_EVICT, start, 0, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
}

/* What lies between is in no event, and a huge page is in one. */
CASE(eviction_tells_each_run)
{
	int fd = open_device(0);
	char *small = map_anon(LENGTH), *huge = map_thp(HUGE_PAGE);
	struct svm_event e[64];
	size_t i, n, bytes = 0;
	uint64_t start = now_ns();

	fill(small, LENGTH, 1);
	fill(huge, HUGE_PAGE, 2);
	move_all(fd, small, 4 * PAGE, TO_DEVICE);
	move_all(fd, page_at(small, 8), 4 * PAGE, TO_DEVICE);
	move_all(fd, huge, HUGE_PAGE, TO_DEVICE);
	events_on(fd, ALL, 0);
	CHECK_EQ(device_evict(fd, 0).bytes_evicted, HUGE_PAGE + 8 * PAGE);
	n = events_read(fd, e, 64);
	for (i = 0; i < n; i++) {
		uint64_t at = (e[i].addr - (uintptr_t)small) / PAGE;

		check_sane(&e[i], start);
		bytes += e[i].length;
		if (e[i].addr >= (uintptr_t)huge &&
		    e[i].addr < (uintptr_t)huge + HUGE_PAGE) {
			CHECK_LE(e[i].addr + e[i].length,
				 (uintptr_t)huge + HUGE_PAGE);
			continue;
		}
		CHECK(at < 4 || (at >= 8 && at < 12));
		CHECK_LE(at % 4 + e[i].length / PAGE, 4);
	}
	CHECK_EQ(bytes, HUGE_PAGE + 8 * PAGE);
}

struct guest {
	struct gate ready, evicted;
	uint64_t start;
};

static void has_its_own(void *arg)
{
	struct guest *g = arg;
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	fill(addr, 2 * PAGE, 2);
	move_all(fd, addr, 2 * PAGE, TO_DEVICE);
	events_on(fd, ALL, 0);
	gate_open(&g->ready, 1);
	gate_wait(&g->evicted);
	check_went(fd, SVM_CAUSE_EVICT, g->start, 0, addr, 2 * PAGE);
}

/* Also when all of the device is evicted, each is told of its own pages only. */
CASE(eviction_of_others_is_not_told)
{
	struct guest g = { .ready = gate_make(),
			   .evicted = gate_make(),
			   .start = now_ns() };
	pid_t pid = child(has_its_own, &g);
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	gate_wait(&g.ready);
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	events_on(fd, ALL, 0);
	CHECK_EQ(device_evict(fd, 0).bytes_evicted, LENGTH + 2 * PAGE);
	gate_open(&g.evicted, 1);
	check_went(fd, SVM_CAUSE_EVICT, g.start, 0, addr, LENGTH);
	child_ok(pid);
}

static void shares(void *arg)
{
	struct guest *g = arg;

	gate_open(&g->ready, 1);
	gate_wait(&g->evicted);
}

/* They are the parent's, which has them no more: where, nobody can say. */
CASE(eviction_of_pages_that_only_a_child_has)
{
	struct guest g = { .ready = gate_make(),
			   .evicted = gate_make(),
			   .start = now_ns() };
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	pid_t pid;

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	pid = child(shares, &g);
	gate_wait(&g.ready);
	CHECK_SYS(munmap(addr, LENGTH));
	events_on(fd, ALL, 0);
	CHECK_EQ(device_evict(fd, 0).bytes_evicted, LENGTH);
	gate_open(&g.evicted, 1);
	check_went(fd, SVM_CAUSE_EVICT, g.start, 0, NULL, LENGTH);
	child_ok(pid);
}

CASE(migration_by_unplug)
{
	uint32_t id = create_device(MIB(16));
	int fd = open_device(id);
	char *addr = map_anon(LENGTH);
	uint64_t start = now_ns();

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	events_on(fd, ALL, 0);
	destroy_device(id);
	/* What was told before can still be read. */
	check_went(fd, SVM_CAUSE_UNPLUG, start, id, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
}

CASE(refused)
{
	int fd = open_device(0), pipefd[2];
	char *addr = map_anon(LENGTH);
	struct iovec iov = { page_at(addr, 4), 3 * PAGE };
	struct told t;

	fill(addr, LENGTH, 1);
	CHECK_SYS(pipe(pipefd));
	CHECK_EQ(vmsplice(pipefd[1], &iov, 1, 0), 3 * PAGE);
	events_on(fd, EVENT(REFUSED), 0);
	CHECK_EQ(move(fd, addr, LENGTH, TO_DEVICE, 0).pages[SVM_PAGE_PINNED],
		 3);
	t = events_told(fd, SVM_EVENT_REFUSED, SVM_CAUSE_CALL, addr, LENGTH);
	CHECK_GE(t.events, 1);
	CHECK_GE(t.bytes, 3 * PAGE);
	CHECK_EQ(t.other_bytes, 0);
	/* Nothing to tell about pages that are there already. */
	move(fd, addr, 4 * PAGE, TO_DEVICE, 0);
	CHECK_EQ(events_told(fd, SVM_EVENT_REFUSED, SVM_CAUSE_CALL, addr,
			     LENGTH)
			 .events,
		 0);
}

/* Within 2 MiB: at their border an event is cut. */
CASE(unmapped)
{
	int fd = open_device(0);
	char *addr = map_aligned(LENGTH), *other = map_anon(LENGTH);
	struct svm_event e;
	uint64_t start = now_ns();

	dev_fill(fd, addr, LENGTH, 1);
	fill(other, LENGTH, 1);
	events_on(fd, ALL, 0);
	/* The device never had this one in its mirror. */
	CHECK_SYS(munmap(other, LENGTH));
	CHECK_SYS(munmap(page_at(addr, 4), 2 * PAGE));
	e = one_event(fd, start);
	CHECK_EQ(e.type, SVM_EVENT_UNMAPPED);
	CHECK_EQ(e.cause, SVM_CAUSE_UNMAP);
	CHECK_EQ(e.addr, (uintptr_t)page_at(addr, 4));
	CHECK_EQ(e.length, 2 * PAGE);
	CHECK_SYS(mremap(addr, 4 * PAGE, 4 * PAGE,
			 MREMAP_MAYMOVE | MREMAP_FIXED, find_gap(LENGTH)));
	e = one_event(fd, start);
	CHECK_EQ(e.type, SVM_EVENT_UNMAPPED);
	CHECK_EQ(e.addr, (uintptr_t)addr);
	CHECK_EQ(e.length, 4 * PAGE);
}

CASE(exclusive_ended)
{
	int fd = open_device(0);
	char *addr = map_aligned(LENGTH);
	struct svm_event e;
	uint64_t start = now_ns();

	need_exclusive();
	fill(addr, LENGTH, 1);
	acquire_all(fd, addr, LENGTH);
	events_on(fd, ALL, 0);
	check_part(page_at(addr, 5), PAGE, 1, 5 * PAGE);
	e = one_event(fd, start);
	CHECK_EQ(e.type, SVM_EVENT_EXCLUSIVE_ENDED);
	CHECK_EQ(e.cause, SVM_CAUSE_CPU);
	CHECK_EQ(e.addr, (uintptr_t)page_at(addr, 5));
	CHECK_EQ(e.length, PAGE);
	CHECK_SYS(mprotect(page_at(addr, 6), 4 * PAGE, PROT_READ));
	e = one_event(fd, start);
	CHECK_EQ(e.cause, SVM_CAUSE_PROTECT);
	CHECK_EQ(e.addr, (uintptr_t)page_at(addr, 6));
	CHECK_EQ(e.length, 4 * PAGE);
}

/* --- which, how many ------------------------------------------------------ */

/* Make n events of one kind: pages that come home by touch, one by one. */
static void make_faults(int fd, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		char *addr = map_aligned(PAGE);

		fill(addr, PAGE, i);
		move_all(fd, addr, PAGE, TO_DEVICE);
		check_fill(addr, PAGE, i);
		CHECK_SYS(munmap(addr, PAGE));
	}
}

CASE(mask_chooses)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_event e[8];
	size_t i, n;

	events_on(fd, EVENT(UNMAPPED), 0);
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	dev_fill(fd, addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
	CHECK_EQ(events_read(fd, e, 8), 0);
	dev_fill(fd, addr, LENGTH, 2);
	CHECK_SYS(munmap(addr, LENGTH));
	n = events_read(fd, e, 8);
	CHECK_GE(n, 1);
	for (i = 0; i < n; i++)
		CHECK_EQ(e[i].type, SVM_EVENT_UNMAPPED);
	CHECK_EQ(configure(fd, 0, 0).total, n);
}

CASE(nothing_without_asking)
{
	int fd = open_device(0);
	struct svm_event e[8];
	struct svm_ioctl_events c;

	make_faults(fd, 3);
	CHECK_EQ(read(fd, e, sizeof(e)), -1);
	CHECK_EQ(errno, EINVAL);
	c = configure(fd, ALL, 0);
	CHECK_EQ(c.total, 0);
	CHECK_EQ(c.dropped, 0);
}

CASE(overflow_is_counted)
{
	int fd = open_device(0);
	struct svm_event e[16];
	struct svm_ioctl_events c;
	uint64_t lost;
	size_t i, n;

	events_on(fd, EVENT(MIGRATED), 4);
	make_faults(fd, 20);
	n = events_read(fd, e, 16);
	CHECK_EQ(n, 4);
	for (i = 0; i < 4; i++)
		CHECK_EQ(e[i].dropped, 0);
	/* The next that has room says how many were lost before it. */
	make_faults(fd, 1);
	n = events_read(fd, e, 16);
	CHECK_GE(n, 1);
	lost = e[0].dropped;
	CHECK_GT(lost, 0);
	for (i = 1; i < n; i++)
		CHECK_EQ(e[i].dropped, 0);
	c = configure(fd, EVENT(MIGRATED), 4);
	CHECK_EQ(c.dropped, lost);
	CHECK_EQ(c.total, 4 + lost + n);
}

CASE(reconfigure_drops_and_counts)
{
	int fd = open_device(0);
	struct svm_event e[64];
	struct svm_ioctl_events c;
	size_t n;

	events_on(fd, EVENT(MIGRATED), 0);
	make_faults(fd, 5);
	n = 2;
	CHECK_EQ(events_read(fd, e, n), n);
	/* Another size: what was kept is gone, and counted. */
	c = configure(fd, EVENT(MIGRATED), 16);
	CHECK_EQ(c.total, 10);
	CHECK_EQ(c.dropped, 8);
	CHECK_EQ(events_read(fd, e, 64), 0);
	make_faults(fd, 1);
	n = events_read(fd, e, 64);
	CHECK_EQ(n, 2);
	/* Those were dropped by request, and are not missing here. */
	CHECK_EQ(e[0].dropped, 0);
	c = configure(fd, 0, 0);
	CHECK_EQ(c.total, 12);
	CHECK_EQ(c.dropped, 8);
	make_faults(fd, 1);
	CHECK_EQ(configure(fd, EVENT(MIGRATED), 0).total, 12);
}

/* Asking how many there were takes none and drops none. */
CASE(count_changes_nothing)
{
	int fd = open_device(0);
	struct svm_event e[64];
	struct svm_ioctl_events a;
	int i;

	events_on(fd, EVENT(MIGRATED), 4);
	make_faults(fd, 3);
	for (i = 0; i < 2; i++) {
		a = arg_events(0, 0);
		a.flags = SVM_EVENTS_COUNT;
		CHECK_RET(svm_call(fd, SVM_IOCTL_EVENTS, &a), 0);
		CHECK_EQ(a.total, 6);
		CHECK_EQ(a.dropped, 2);
	}
	/* Nothing is configured by it, not even by mistake. */
	for (i = 0; i < 2; i++) {
		a = arg_events(i ? 0 : ALL, i ? 16 : 0);
		a.flags = SVM_EVENTS_COUNT;
		check_refused(fd, SVM_IOCTL_EVENTS, &a, sizeof(a), EINVAL);
	}
	CHECK_EQ(events_read(fd, e, 64), 4);
	/* Also of who never asked for any. */
	a = arg_events(0, 0);
	a.flags = SVM_EVENTS_COUNT;
	CHECK_RET(svm_call(open_device(1), SVM_IOCTL_EVENTS, &a), 0);
	CHECK_EQ(a.total, 0);
	CHECK_EQ(a.dropped, 0);
}

CASE(ring_sizes)
{
	const uint32_t bad[] = { 3,	   5,	     6,		7,
				 9,	   1000,     65535,	65537,
				 1u << 17, 1u << 31, UINT32_MAX };
	int fd = open_device(0);
	struct svm_event e[4];
	uint32_t entries;
	size_t i;

	for (i = 0; i < 11; i++) {
		struct svm_ioctl_events a = arg_events(ALL, bad[i]);

		check_refused(fd, SVM_IOCTL_EVENTS, &a, sizeof(a), EINVAL);
	}
	for (entries = 1; entries <= SVM_EVENTS_MAX; entries *= 2)
		configure(fd, ALL, entries);
	events_on(fd, EVENT(MIGRATED), 1);
	make_faults(fd, 3);
	CHECK_EQ(events_read(fd, e, 4), 1);
	CHECK_EQ(e[0].cause, SVM_CAUSE_CALL);
	CHECK_EQ(configure(fd, 0, 0).dropped, 5);
}

CASE(bad_requests)
{
	const uint32_t bad[] = {
		1, 1u << 5, 1u << 6, 1u << 31, 0xffffffff, 0x3e
	};
	int fd = open_device(0), control = open_control();
	struct svm_event e[2];
	struct svm_ioctl_events a;
	uint32_t i;

	a = arg_events(ALL, 0);
	CHECK_RET(svm_call(control, SVM_IOCTL_EVENTS, &a), -ENOTTY);
	for (i = 0; i < 6; i++) {
		a = arg_events(bad[i], 0);
		check_refused(fd, SVM_IOCTL_EVENTS, &a, sizeof(a), EINVAL);
	}
	for (i = 0; i < 32; i++) {
		a = arg_events(ALL, 0);
		/* With a mask SVM_EVENTS_COUNT does not go either. */
		a.flags = 1u << i;
		check_refused(fd, SVM_IOCTL_EVENTS, &a, sizeof(a), EINVAL);
	}
	for (i = 0; i < sizeof(a); i++) {
		a = arg_events(ALL, 0);
		a.size = i;
		check_refused(fd, SVM_IOCTL_EVENTS, &a, sizeof(a), EINVAL);
	}
	/* A refused request changes nothing: what is kept stays. */
	events_on(fd, EVENT(MIGRATED), 0);
	make_faults(fd, 1);
	a = arg_events(ALL, 3);
	check_refused(fd, SVM_IOCTL_EVENTS, &a, sizeof(a), EINVAL);
	CHECK_EQ(events_read(fd, e, 2), 2);
}

/* --- reading -------------------------------------------------------------- */

CASE(whole_events_only)
{
	const size_t size = sizeof(struct svm_event);
	char buffer[4 * sizeof(struct svm_event)];
	int fd = open_device(0);
	size_t i;

	events_on(fd, EVENT(MIGRATED), 0);
	make_faults(fd, 4);
	for (i = 0; i < size; i++) {
		CHECK_EQ(read(fd, buffer, i), -1);
		CHECK_EQ(errno, EINVAL);
	}
	memset(buffer, 0x77, sizeof(buffer));
	CHECK_EQ(read(fd, buffer, size + 1), size);
	CHECK_EQ(buffer[size], 0x77);
	CHECK_EQ(read(fd, buffer, 3 * size - 1), 2 * size);
	CHECK_EQ(buffer[2 * size], 0x77);
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), 4 * size);
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), size);
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), -1);
	CHECK_EQ(errno, EAGAIN);
}

/* Many at once, more than the kernel copies in one go. */
CASE(large_read)
{
	static struct svm_event e[600];
	int fd = open_device(0);
	char *addr = map_anon(300 * PAGE);
	size_t i;

	need_exclusive();
	fill(addr, 300 * PAGE, 1);
	for (i = 0; i < 300; i += 2)
		acquire_all(fd, page_at(addr, i), PAGE);
	events_on(fd, EVENT(EXCLUSIVE_ENDED), 0);
	check_fill(addr, 300 * PAGE, 1);
	CHECK_EQ(events_read(fd, e, 600), 150);
	for (i = 0; i < 150; i++) {
		CHECK_EQ(e[i].addr, (uintptr_t)page_at(addr, 2 * i));
		CHECK_EQ(e[i].length, PAGE);
		if (i)
			CHECK_GE(e[i].time_ns, e[i - 1].time_ns);
	}
}

/* A buffer that can't be written loses no event. */
CASE(bad_buffer)
{
	const size_t size = sizeof(struct svm_event);
	int fd = open_device(0);
	char *pages = map_anon(2 * PAGE);
	ssize_t got;

	CHECK_SYS(munmap(pages + PAGE, PAGE));
	events_on(fd, EVENT(MIGRATED), 0);
	make_faults(fd, 2);
	CHECK_EQ(read(fd, find_gap(PAGE), 10 * size), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(read(fd, (void *)0xffff888000000000, 10 * size), -1);
	CHECK_EQ(errno, EFAULT);
	/* Four are there; one fits, or none if they are copied by the batch. */
	got = read(fd, pages + PAGE - size - 8, 10 * size);
	if (got < 0) {
		CHECK_EQ(errno, EFAULT);
		got = 0;
	}
	CHECK_EQ(got + read(fd, pages, 10 * size), 4 * size);
	CHECK_EQ(configure(fd, 0, 0).dropped, 0);
}

struct reader {
	int fd;
	atomic_int thread;
	ssize_t got;
	int error;
	struct svm_event e[4];
};

static void *reads(void *arg)
{
	struct reader *r = arg;

	r->thread = gettid();
	r->got = read(r->fd, r->e, sizeof(r->e));
	r->error = errno;
	return NULL;
}

/* Returns when it sleeps and waits for an event. */
static pthread_t start_reader(struct reader *r)
{
	pthread_t thread;

	r->thread = 0;
	thread = thread_start(reads, r);
	CHECK(EVENTUALLY(sleeps_in(r->thread, SYS_read)));
	return thread;
}

CASE(blocking_read_is_woken)
{
	struct reader r = { .fd = open_device(0) };
	char *addr = map_aligned(PAGE);
	pthread_t thread;
	int i;

	configure(r.fd, EVENT(MIGRATED), 0);
	fill(addr, PAGE, 1);
	for (i = 0; i < 20; i++) {
		struct dest to = i % 2 ? TO_SYSTEM : TO_DEVICE;

		thread = start_reader(&r);
		move_all(r.fd, addr, PAGE, to);
		thread_join(thread);
		CHECK_EQ(r.got, sizeof(r.e[0]));
		CHECK_EQ(r.e[0].cause, SVM_CAUSE_CALL);
		CHECK_EQ(r.e[0].addr, (uintptr_t)addr);
	}
}

/* Nobody will ever wake a reader of nothing. */
CASE(blocking_read_ends_with_the_mask)
{
	struct reader r = { .fd = open_device(0) };
	pthread_t thread;

	configure(r.fd, EVENT(MIGRATED), 0);
	thread = start_reader(&r);
	configure(r.fd, 0, 0);
	thread_join(thread);
	CHECK_EQ(r.got, -1);
	CHECK_EQ(r.error, EINVAL);
}

static void on_signal(int number)
{
	(void)number;
}

CASE(blocking_read_is_interrupted)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct reader r = { .fd = open_device(0) };
	pthread_t thread;

	CHECK_SYS(sigaction(SIGUSR1, &act, NULL));
	configure(r.fd, EVENT(MIGRATED), 0);
	thread = start_reader(&r);
	pthread_kill(thread, SIGUSR1);
	thread_join(thread);
	CHECK_EQ(r.got, -1);
	CHECK_EQ(r.error, EINTR);
}

static short ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	CHECK_SYS(poll(&p, 1, 0));
	return p.revents;
}

static void *polls(void *arg)
{
	struct reader *r = arg;
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	r->thread = gettid();
	r->got = poll(&p, 1, 60000);
	r->error = p.revents;
	return NULL;
}

CASE(poll_tells)
{
	struct reader r = { .fd = open_device(0) };
	struct svm_event e[8];
	char *addr = map_aligned(PAGE);
	pthread_t thread;

	fill(addr, PAGE, 1);
	CHECK(!(ready(r.fd) & POLLIN));
	events_on(r.fd, EVENT(MIGRATED), 0);
	CHECK(!(ready(r.fd) & POLLIN));
	thread = thread_start(polls, &r);
	CHECK(EVENTUALLY(sleeps_in(r.thread, SYS_poll)));
	move_all(r.fd, addr, PAGE, TO_DEVICE);
	thread_join(thread);
	CHECK_EQ(r.got, 1);
	CHECK(r.error & POLLIN);
	CHECK(ready(r.fd) & POLLIN);
	CHECK_EQ(events_read(r.fd, e, 8), 1);
	CHECK(!(ready(r.fd) & POLLIN));
	check_fill(addr, PAGE, 1);
	CHECK(ready(r.fd) & POLLIN);
	configure(r.fd, EVENT(MIGRATED), 0);
	CHECK(!(ready(r.fd) & POLLIN));
}

/* --- order, sums ------------------------------------------------------------ */

CASE(order_and_times)
{
	static struct svm_event e[1024];
	int fd = open_device(0), i;
	char *addr = map_anon(LENGTH);
	uint64_t start = now_ns(), last = 0;
	size_t k, n;

	events_on(fd, ALL, 1024);
	for (i = 0; i < 20; i++) {
		fill(addr, LENGTH, i);
		move_all(fd, addr, LENGTH, TO_DEVICE);
		dev_fill(fd, addr, LENGTH, i + 1);
		check_fill(addr, LENGTH, i + 1);
		dev_fill(fd, addr, LENGTH, 0);
		CHECK_SYS(munmap(addr, LENGTH));
		CHECK_SYS(mmap(addr, LENGTH, RW,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	}
	n = events_read(fd, e, 1024);
	CHECK_GE(n, 60);
	for (k = 0; k < n; k++) {
		check_sane(&e[k], start);
		CHECK_GE(e[k].time_ns, last);
		CHECK_EQ(e[k].dropped, 0);
		last = e[k].time_ns;
	}
	CHECK_EQ(configure(fd, 0, 0).total, n);
}

struct party {
	int fd;
	atomic_bool stop;
	uint64_t read, dropped;
};

static void *drains(void *arg)
{
	struct party *p = arg;
	struct svm_event e[16];
	size_t i, n;
	bool stopping;

	do {
		stopping = p->stop;
		while ((n = events_read(p->fd, e, 16)))
			for (i = 0; i < n; i++) {
				p->read++;
				p->dropped += e[i].dropped;
				CHECK(e[i].type &&
				      e[i].type <= SVM_EVENT_UNMAPPED);
			}
		sched_yield();
	} while (!stopping);
	return NULL;
}

static void *makes(void *arg)
{
	struct party *p = arg;
	char *addr = map_anon(PAGE);
	int i;

	for (i = 0; i < 60; i++) {
		fill(addr, PAGE, i);
		move_all(p->fd, addr, PAGE, TO_DEVICE);
		check_fill(addr, PAGE, i);
	}
	return NULL;
}

/* Many write, one reads, the ring is small: the books agree. */
CASE(sums_agree)
{
	struct party p = { .fd = open_device(0) };
	struct svm_ioctl_events c;
	pthread_t reader;

	events_on(p.fd, EVENT(MIGRATED), 8);
	reader = thread_start(drains, &p);
	threads_run(3, makes, &p);
	p.stop = true;
	thread_join(reader);
	c = configure(p.fd, 0, 0);
	CHECK_EQ(c.total, p.read + c.dropped);
	CHECK_GE(c.dropped, p.dropped);
	CHECK_GE(c.total, 3 * 60);
}

/* Each context has its own; a child's faults are not the parent's. */
static void child_faults(void *arg)
{
	check_fill(arg, LENGTH, 1);
}

CASE(contexts_are_apart)
{
	int fd = open_device(0), second = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_event e[8];

	fill(addr, LENGTH, 1);
	events_on(fd, EVENT(MIGRATED), 0);
	events_on(second, EVENT(MIGRATED), 0);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_GE(events_read(fd, e, 8), 1);
	/* A call tells the context that it was made on. */
	CHECK_EQ(events_read(second, e, 8), 0);
	child_ok(child(child_faults, addr));
	CHECK_EQ(events_read(fd, e, 8), 0);
	check_fill(addr, LENGTH, 1);
	/* A CPU fault belongs to the address space: all its contexts. */
	move_all(fd, addr, LENGTH, TO_DEVICE);
	events_on(fd, EVENT(MIGRATED), 0);
	check_fill(addr, LENGTH, 1);
	CHECK_GE(events_read(fd, e, 8), 1);
	CHECK_GE(events_read(second, e, 8), 1);
}
