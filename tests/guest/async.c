// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Jobs: what comes of them, in which order, and how one hears of it.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cgroup.h"
#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "jobs.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 256
#define LENGTH (PAGES * PAGE)

/* --- results -------------------------------------------------------------- */

CASE(moves)
{
	int fd = open_device(0), efd = event_make();
	char *addr = map_anon(LENGTH);
	struct svm_job_result r;
	struct tally t;
	uint64_t id;

	fill(addr, LENGTH, 1);
	id = submit(fd, addr, LENGTH, TO_DEVICE, efd);
	r = reap_one(fd, efd);
	CHECK_EQ(r.id, id);
	CHECK_EQ(r.addr, (uintptr_t)addr);
	CHECK_EQ(r.length, LENGTH);
	CHECK_EQ(r.error, 0);
	t = tally_of(&r);
	check_tally(&t, SVM_PAGE_MOVED, PAGES);
	check_on_device(fd, addr, LENGTH, 0);

	CHECK_GT(submit(fd, addr, LENGTH, TO_SYSTEM, efd), id);
	r = reap_one(fd, efd);
	CHECK_EQ(r.error, 0);
	t = tally_of(&r);
	check_tally(&t, SVM_PAGE_MOVED, PAGES);
	check_home(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
}

/* More than one call works through. */
CASE(long_range)
{
	int fd = open_device(0), efd = event_make();
	uint64_t most = device_info(fd).max_call_bytes, length;
	struct svm_job_result r;
	char *addr;

	length = most + MIB(34);
	addr = map_aligned(length);
	CHECK_SYS(madvise(addr, length, MADV_HUGEPAGE));
	stamp(addr, MIB(1), 1);
	stamp(addr + length - MIB(1), MIB(1), 2);
	submit(fd, addr, length, TO_DEVICE, efd);
	r = reap_one(fd, efd);
	CHECK_EQ(r.error, 0);
	CHECK_EQ(r.pages[SVM_PAGE_MOVED], length / PAGE);
	check_on_device(fd, addr, length, 0);
	check_stamp(addr, MIB(1), 1);
	check_stamp(addr + length - MIB(1), MIB(1), 2);
}

/* Sixteen pages of each kind of memory. */
static char *map_mixture(void)
{
	char *addr = map_anon(8 * 16 * PAGE);
	struct iovec iov = { page_at(addr, 7 * 16), 16 * PAGE };
	int fd = real_file(16 * PAGE), pipefd[2];

	fill(addr, 16 * PAGE, 1);
	CHECK(mmap(page_at(addr, 2 * 16), 16 * PAGE, RW,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) != MAP_FAILED);
	fill(page_at(addr, 2 * 16), 16 * PAGE, 2);
	CHECK(mmap(page_at(addr, 3 * 16), 16 * PAGE, RW,
		   MAP_PRIVATE | MAP_FIXED, fd, 0) != MAP_FAILED);
	fill(page_at(addr, 3 * 16), 8 * PAGE, 3);
	check_zero(page_at(addr, 3 * 16 + 8), 8 * PAGE);
	CHECK_SYS(munmap(page_at(addr, 4 * 16), 16 * PAGE));
	CHECK_SYS(mprotect(page_at(addr, 5 * 16), 16 * PAGE, PROT_READ));
	check_zero(page_at(addr, 5 * 16), 8 * PAGE);
	fill(page_at(addr, 6 * 16), 16 * PAGE, 6);
	fill(page_at(addr, 7 * 16), 16 * PAGE, 7);
	CHECK_SYS(pipe(pipefd));
	CHECK_EQ(vmsplice(pipefd[1], &iov, 1, 0), 16 * PAGE);
	return addr;
}

static void same_as_call(struct dest to, uint32_t flags)
{
	int fd = open_device(0), other = open_device(1), efd = event_make(), i;
	char *by_call = map_mixture(), *by_job = map_mixture();
	struct svm_job_result r;
	struct tally t = { 0 };

	move_all(fd, page_at(by_call, 6 * 16), 8 * PAGE, TO_DEVICE);
	move_all(fd, page_at(by_job, 6 * 16), 8 * PAGE, TO_DEVICE);
	move_all(other, page_at(by_call, 6 * 16 + 8), 8 * PAGE, TO_DEVICE);
	move_all(other, page_at(by_job, 6 * 16 + 8), 8 * PAGE, TO_DEVICE);

	CHECK_RET(migrate(fd, by_call, 8 * 16 * PAGE, to, flags, NULL, &t), 0);
	submit_flags(fd, by_job, 8 * 16 * PAGE, to, flags, efd);
	r = reap_one(fd, efd);
	CHECK_EQ(r.error, 0);
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		if (r.pages[i] != t.pages[i])
			FAIL("%s: %ju by a job, %ju by a call",
			     svm_status_name(i), (uintmax_t)r.pages[i],
			     (uintmax_t)t.pages[i]);
	CHECK_EQ(r.bytes_moved, t.bytes_moved);
	CHECK_EQ(r.pages[SVM_PAGE_UNMAPPED], 16);
	CHECK_EQ(r.pages[SVM_PAGE_SHMEM], 16);
	check_fill(by_job, 16 * PAGE, 1);
	check_fill(page_at(by_job, 6 * 16), 16 * PAGE, 6);
}

CASE(same_as_call_to_device)
{
	same_as_call(TO_DEVICE, 0);
}

CASE(same_as_call_resident_only)
{
	same_as_call(TO_DEVICE, SVM_MIGRATE_RESIDENT_ONLY);
}

CASE(same_as_call_to_system)
{
	same_as_call(TO_SYSTEM, 0);
}

CASE(device_full)
{
	uint32_t id = create_device(MIB(2));
	int fd = open_device(id), efd = event_make();
	char *addr = map_anon(MIB(4));
	struct svm_job_result r;
	struct tally t;

	fill(addr, MIB(4), 1);
	submit(fd, addr, MIB(4), TO_DEVICE, efd);
	r = reap_one(fd, efd);
	CHECK_EQ(r.error, 0);
	t = tally_of(&r);
	check_tally(&t, SVM_PAGE_MOVED, MIB(2) / PAGE, SVM_PAGE_DEVICE_FULL,
		    MIB(2) / PAGE);
	check_fill(addr, MIB(4), 1);
	destroy_device(id);
}

/* Nothing is mapped: that is seen when it is tried. */
CASE(unmapped)
{
	int fd = open_device(0), efd = event_make();
	struct svm_job_result r;

	submit(fd, find_gap(LENGTH), LENGTH, TO_DEVICE, efd);
	r = reap_one(fd, efd);
	CHECK_EQ(r.error, -EFAULT);
	CHECK_EQ(r.next, r.addr);
	CHECK_EQ(r.bytes_moved, 0);
}

/* Unlike for a call, nothing is mapped at the end of a long range is no error. */
CASE(unmapped_tail)
{
	int fd = open_device(0), efd = event_make();
	char *addr = map_anon(LENGTH + MIB(1024));
	struct svm_job_result r;
	struct tally t;

	fill(addr, LENGTH, 1);
	CHECK_SYS(munmap(addr + LENGTH, MIB(1024)));
	submit(fd, addr, LENGTH + MIB(1024), TO_DEVICE, efd);
	r = reap_one(fd, efd);
	CHECK_EQ(r.error, 0);
	t = tally_of(&r);
	check_tally(&t, SVM_PAGE_MOVED, PAGES, SVM_PAGE_UNMAPPED,
		    MIB(1024) / PAGE);
}

CASE(stats_and_events)
{
	int fd = open_device(0), efd = event_make();
	struct svm_ioctl_events on = arg_events(1u << SVM_EVENT_MIGRATED, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_stats before, after;
	struct svm_event e[64];
	uint64_t bytes = 0;
	ssize_t i, got;

	fill(addr, LENGTH, 1);
	before = device_stats(fd, SVM_STATS_CONTEXT);
	submit(fd, addr, LENGTH, TO_DEVICE, efd);
	reap_one(fd, efd);
	after = device_stats(fd, SVM_STATS_CONTEXT);
	CHECK_EQ(after.migrate_calls, before.migrate_calls + 1);
	CHECK_EQ(after.bytes_to_device, before.bytes_to_device + LENGTH);
	/* The context's file tells of events, and of nothing else. */
	CHECK_EQ(CHECK_SYS(poll(&p, 1, 0)), 0);

	CHECK_RET(svm_call(fd, SVM_IOCTL_EVENTS, &on), 0);
	submit(fd, addr, LENGTH, TO_SYSTEM, efd);
	event_wait(efd);
	CHECK_EQ(CHECK_SYS(poll(&p, 1, 0)), 1);
	got = CHECK_SYS(read(fd, e, sizeof(e)));
	for (i = 0; i < got / (ssize_t)sizeof(e[0]); i++) {
		CHECK_EQ(e[i].type, SVM_EVENT_MIGRATED);
		CHECK_EQ(e[i].cause, SVM_CAUSE_CALL);
		bytes += e[i].length;
	}
	CHECK_EQ(bytes, LENGTH);
}

/* --- several -------------------------------------------------------------- */

CASE(several_in_flight)
{
	int fd = open_device(0), efd = event_make();
	struct svm_job_result r[32];
	char *addr = map_anon(32 * LENGTH);
	uint64_t seen = 0;
	unsigned int i, round;

	fill(addr, 32 * LENGTH, 1);
	for (round = 0; round < 2; round++) {
		struct dest to = round ? TO_SYSTEM : TO_DEVICE;

		for (i = 0; i < 32; i++)
			submit(fd, addr + i * LENGTH, LENGTH, to, efd);
		reap_all(fd, efd, r, 32);
		for (i = 0; i < 32; i++) {
			uint64_t nth = (r[i].addr - (uintptr_t)addr) / LENGTH;

			CHECK_EQ(r[i].error, 0);
			CHECK_EQ(r[i].bytes_moved, LENGTH);
			seen ^= 1ull << nth;
		}
		CHECK_EQ(seen, round ? 0 : (1ull << 32) - 1);
		if (!round)
			check_on_device(fd, addr, 32 * LENGTH, 0);
	}
	check_home(fd, addr, 32 * LENGTH);
	check_fill(addr, 32 * LENGTH, 1);
}

CASE(both_devices)
{
	int fds[2] = { open_device(0), open_device(1) }, efd = event_make(), i;
	char *addr = map_anon(2 * LENGTH);
	struct svm_job_result r;
	uint64_t signalled = 0;

	fill(addr, 2 * LENGTH, 1);
	for (i = 0; i < 2; i++)
		submit(fds[i], addr + i * LENGTH, LENGTH, TO_DEVICE, efd);
	while (signalled < 2)
		signalled += event_wait(efd);
	for (i = 0; i < 2; i++) {
		CHECK_EQ(job_reap(fds[i], 0, &r, 1), 1);
		CHECK_EQ(r.bytes_moved, LENGTH);
		check_on_device(fds[i], addr + i * LENGTH, LENGTH, i);
	}
	check_fill(addr, 2 * LENGTH, 1);
}

/* A job that goes on for ever holds up nobody but those it overlaps. */
CASE(at_the_same_time)
{
	int fd = open_device(0), slow = event_make(), efd = event_make();
	char *addr = map_anon(LENGTH), *endless = map_endless();
	struct svm_job_result r;
	uint64_t id;

	fill(addr, LENGTH, 1);
	id = submit(fd, endless, ENDLESS, TO_SYSTEM, slow);
	submit(fd, addr, LENGTH, TO_DEVICE, efd);
	CHECK_EQ(reap_one(fd, efd).bytes_moved, LENGTH);
	/* Nor calls. */
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	CHECK_EQ(move(fd, endless, LENGTH, TO_SYSTEM, 0).pages[SVM_PAGE_HOLE],
		 PAGES);
	CHECK_EQ(job_reap(fd, id, &r, 1), 0);
	CHECK_EQ(event_count(slow), 0);
	CHECK_EQ(job_cancel(fd, id), 1);
	r = reap_one(fd, slow);
	CHECK_EQ(r.error, -ECANCELED);
	CHECK_EQ(r.id, id);
}

CASE(same_range_in_order)
{
	int fd = open_device(0), efd = event_make();
	struct svm_job_result r[SVM_JOBS_MAX];
	char *addr = map_anon(LENGTH);
	unsigned int i, n, seed;

	for (n = SVM_JOBS_MAX - 1; n <= SVM_JOBS_MAX; n++) {
		seed = n;
		fill(addr, LENGTH, seed);
		for (i = 0; i < n; i++)
			submit(fd, addr, LENGTH, i % 2 ? TO_SYSTEM : TO_DEVICE,
			       efd);
		reap_all(fd, efd, r, n);
		for (i = 0; i < n; i++) {
			CHECK_EQ(r[i].error, 0);
			/* Out of order, some would find it there already. */
			CHECK_EQ(r[i].pages[SVM_PAGE_MOVED], PAGES);
			if (i)
				CHECK_EQ(r[i].id, r[i - 1].id + 1);
		}
		if (n % 2)
			check_on_device(fd, addr, LENGTH, 0);
		else
			check_home(fd, addr, LENGTH);
		check_fill(addr, LENGTH, seed);
	}
}

/* A chain: each waits for the one before, and the first for the endless one. */
CASE(overlap_in_order)
{
	int fd = open_device(0), slow = event_make(), efd = event_make();
	char *endless = map_endless(), *addr;
	struct svm_job_result r[3];
	uint64_t id, ids[3];
	int i;

	/* One page of this is the endless one's last. */
	addr = endless + ENDLESS - PAGE;
	CHECK(mmap(addr, 5 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0) == addr);
	fill(addr, 5 * PAGE, 1);
	id = submit(fd, endless, ENDLESS, TO_SYSTEM, slow);
	for (i = 0; i < 3; i++)
		ids[i] = submit(fd, page_at(addr, i), 2 * PAGE,
				i == 1 ? TO_SYSTEM : TO_DEVICE, efd);
	/* Beside them is not on them. */
	submit(fd, page_at(addr, 4), PAGE, TO_DEVICE, efd);
	CHECK_EQ(reap_one(fd, efd).bytes_moved, PAGE);
	check_home(fd, addr, 4 * PAGE);
	for (i = 0; i < 3; i++)
		CHECK_EQ(job_reap(fd, ids[i], r, 1), 0);

	CHECK_EQ(job_cancel(fd, id), 1);
	CHECK_EQ(reap_one(fd, slow).error, -ECANCELED);
	reap_all(fd, efd, r, 3);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(r[i].id, ids[i]);
		CHECK_EQ(r[i].error, 0);
	}
	check_on_device(fd, addr, PAGE, 0);
	check_home(fd, page_at(addr, 1), PAGE);
	check_on_device(fd, page_at(addr, 2), 2 * PAGE, 0);
	check_fill(addr, 5 * PAGE, 1);
}

/* Who touches the range's ends does not overlap it. */
CASE(neighbours_do_not_wait)
{
	int fd = open_device(0), slow = event_make(), efd = event_make();
	char *endless = map_endless(), *last = endless + ENDLESS - LENGTH;
	uint64_t id;

	CHECK_SYS(mprotect(endless, LENGTH, RW));
	CHECK_SYS(mprotect(last, LENGTH, RW));
	fill(endless, LENGTH, 1);
	fill(last, LENGTH, 2);
	id = submit(fd, endless + LENGTH, ENDLESS - 2 * LENGTH, TO_SYSTEM,
		    slow);
	submit(fd, endless, LENGTH, TO_DEVICE, efd);
	CHECK_EQ(reap_one(fd, efd).bytes_moved, LENGTH);
	submit(fd, last, LENGTH, TO_DEVICE, efd);
	CHECK_EQ(reap_one(fd, efd).bytes_moved, LENGTH);
	CHECK_EQ(job_cancel(fd, id), 1);
	CHECK_EQ(reap_one(fd, slow).error, -ECANCELED);
}

/* --- hearing of it -------------------------------------------------------- */

CASE(eventfd_of_each)
{
	int fd = open_device(0), efds[8], i;
	char *addr = map_anon(8 * LENGTH);
	struct svm_job_result r;
	uint64_t ids[8];

	fill(addr, 8 * LENGTH, 1);
	for (i = 0; i < 8; i++) {
		efds[i] = event_make();
		ids[i] = submit(fd, addr + i * LENGTH, LENGTH, TO_DEVICE,
				efds[i]);
	}
	for (i = 7; i >= 0; i--) {
		CHECK_EQ(event_wait(efds[i]), 1);
		CHECK_EQ(job_reap(fd, ids[i], &r, 1), 1);
		CHECK_EQ(r.id, ids[i]);
		CHECK_EQ(r.addr, (uintptr_t)addr + i * LENGTH);
		CHECK_EQ(event_count(efds[i]), 0);
		CHECK_RET(job_reap(fd, ids[i], &r, 1), -ENOENT);
	}
}

CASE(without_eventfd)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_job_result r;
	uint64_t id;

	fill(addr, LENGTH, 1);
	id = submit(fd, addr, LENGTH, TO_DEVICE, -1);
	CHECK(EVENTUALLY(job_reap(fd, id, &r, 1) == 1));
	CHECK_EQ(r.bytes_moved, LENGTH);
	check_on_device(fd, addr, LENGTH, 0);
}

/* The job keeps it. */
CASE(eventfd_closed_meanwhile)
{
	int fd = open_device(0), slow = event_make(), twin;
	char *endless = map_endless();
	struct svm_job_result r;
	uint64_t id;

	twin = CHECK_SYS(dup(slow));
	id = submit(fd, endless, ENDLESS, TO_SYSTEM, slow);
	CHECK_SYS(close(slow));
	CHECK_EQ(job_cancel(fd, id), 1);
	CHECK_EQ(event_wait(twin), 1);
	CHECK_EQ(job_reap(fd, id, &r, 1), 1);
	id = submit(fd, endless, ENDLESS, TO_SYSTEM, twin);
	CHECK_SYS(close(twin));
	CHECK_EQ(job_cancel(fd, id), 1);
	CHECK(EVENTUALLY(job_reap(fd, id, &r, 1) == 1));
}

CASE(reaped_in_parts)
{
	int fd = open_device(0), efd = event_make();
	char *addr = map_anon(5 * LENGTH), *edge = map_aligned(PAGE);
	struct svm_job_result r[8], *fits;
	uint64_t ids[5], signalled = 0;
	int i;

	fill(addr, 5 * LENGTH, 1);
	for (i = 0; i < 5; i++)
		ids[i] = submit(fd, addr + i * LENGTH, LENGTH, TO_DEVICE, efd);
	while (signalled < 5)
		signalled += event_wait(efd);

	/* A result that can't be given is not lost. */
	CHECK_RET(job_reap(fd, 0, find_gap(PAGE), 8), -EFAULT);
	CHECK_RET(job_reap(fd, ids[0], find_gap(PAGE), 8), -EFAULT);
	CHECK_RET(job_reap(fd, 0, (void *)0xffff888000000000, 8), -EFAULT);
	fits = (void *)(edge + PAGE - sizeof(r[0]) - 8);
	CHECK_EQ(job_reap(fd, 0, fits, 5), 1);
	/* An id names one, whatever the array has room for. */
	CHECK_EQ(job_reap(fd, ids[fits->id == ids[4] ? 3 : 4], r, 8), 1);
	CHECK_EQ(job_reap(fd, 0, r + 1, 2), 2);
	CHECK_EQ(job_reap(fd, 0, r + 3, 8), 1);
	r[4] = *fits;
	CHECK_EQ(job_reap(fd, 0, r, 8), 0);
	signalled = 0;
	for (i = 0; i < 5; i++)
		signalled |= 1u << (r[i].id - ids[0]);
	CHECK_EQ(signalled, 0x1f);
}

/* --- on whose account ------------------------------------------------------ */

static void charges(void *arg)
{
	int fd = open_device(0), efd = event_make();
	char *addr = map_aligned(MIB(16));
	long long before = cgroup_number("memory.current"), now;

	(void)arg;
	/* Created by the job. */
	submit(fd, addr, MIB(16), TO_DEVICE, efd);
	CHECK_EQ(reap_one(fd, efd).bytes_moved, MIB(16));
	now = cgroup_number("memory.current");
	note("%lld KiB charged for 16 MiB", (now - before) >> 10);
	CHECK_GE(now - before, (long long)MIB(16));
	submit(fd, addr, MIB(16), TO_SYSTEM, efd);
	CHECK_EQ(reap_one(fd, efd).bytes_moved, MIB(16));
	now = cgroup_number("memory.current");
	CHECK_GE(now - before, (long long)MIB(16));
	CHECK_LE(now - before, (long long)MIB(20));
	CHECK_SYS(munmap(addr, MIB(16)));
	CHECK(EVENTUALLY(cgroup_number("memory.current") - before <
			 (long long)MIB(4)));
}

CASE(charged_to_the_process)
{
	need_cgroup("memory");
	cgroup_set("memory.max", "64M");
	child_ok(cgroup_child(charges, NULL));
	cgroup_remove();
}

struct throttled {
	int efd;
	struct gate go, begun, end;
};

/* Over memory.high by a little, in single pages, by a job and nobody else. */
static void fills_up(void *arg)
{
	struct throttled *t = arg;
	int fd = open_device(0);
	char *addr = map_aligned(MIB(18));

	CHECK_SYS(madvise(addr, MIB(18), MADV_NOHUGEPAGE));
	gate_open(&t->begun, 1);
	gate_wait(&t->go);
	submit(fd, addr, MIB(18), TO_DEVICE, t->efd);
	gate_wait(&t->end);
}

CASE(throttled_as_the_process)
{
	struct throttled t = { .efd = event_make(),
			       .go = gate_make(),
			       .begun = gate_make(),
			       .end = gate_make() };
	long long tables;
	pid_t pid;

	need_cgroup("memory");
	cgroup_set("memory.high", "16M");
	pid = cgroup_child(fills_up, &t);
	gate_wait(&t.begun);
	tables = cgroup_field("memory.stat", "pagetables");
	CHECK_EQ(cgroup_field("memory.events", "high"), 0);
	gate_open(&t.go, 1);
	event_wait(t.efd);
	CHECK_GT(cgroup_field("memory.events", "high"), 0);
	/* Nine of them have entries for 18 MiB. */
	CHECK_GE(cgroup_field("memory.stat", "pagetables"), tables + 9 * PAGE);
	gate_open(&t.end, 1);
	child_ok(pid);
	cgroup_remove();
}

static void set_policy(int mode, unsigned long nodes)
{
	CHECK_SYS(syscall(SYS_set_mempolicy, mode, &nodes,
			  nodes ? 8 * sizeof(nodes) : 0));
}

/*
 * Two nodes, the second without CPUs where there is such a one: a worker can't be
 * there by chance, and so allocate there for being local.
 */
static void need_far_node(int nodes[2])
{
	int all[8], n = nodes_with_memory(all, 8);

	need_two_nodes(nodes);
	nodes[0] = all[0];
	nodes[1] = all[n - 1];
}

/* To the device and home again, home as the policy is at the time. */
static void come_home(int fd, int efd, char *addr, size_t length)
{
	submit(fd, addr, length, TO_DEVICE, efd);
	CHECK_EQ(reap_one(fd, efd).bytes_moved, length);
	submit(fd, addr, length, TO_SYSTEM, efd);
	CHECK_EQ(reap_one(fd, efd).bytes_moved, length);
}

CASE(memory_policy_of_the_submitter)
{
	int fd = open_device(0), efd = event_make(), nodes[2], i;
	size_t on[2] = { 0 }, k;
	char *addr = map_anon(LENGTH);

	need_far_node(nodes);
	fill(addr, LENGTH, 1);
	for (i = 0; i < 4; i++) {
		set_policy(i / 2 ? 1 /* preferred */ : 2 /* bind */,
			   1ul << nodes[i % 2]);
		come_home(fd, efd, addr, LENGTH);
		check_node(addr, LENGTH, nodes[i % 2]);
	}
	set_policy(3 /* interleave */, 1ul << nodes[0] | 1ul << nodes[1]);
	come_home(fd, efd, addr, LENGTH);
	for (k = 0; k < PAGES; k++)
		for (i = 0; i < 2; i++)
			on[i] += node_of(page_at(addr, k)) == nodes[i];
	CHECK_EQ(on[0], PAGES / 2);
	CHECK_EQ(on[1], PAGES / 2);
	/* The mapping's own goes first. */
	set_policy(2, 1ul << nodes[0]);
	bind_to_node(addr, LENGTH, nodes[1]);
	come_home(fd, efd, addr, LENGTH);
	check_node(addr, LENGTH, nodes[1]);
	check_fill(addr, LENGTH, 1);
}

static void in_cpuset(void *arg)
{
	const int *nodes = arg;
	int fd = open_device(0), efd = event_make();
	struct svm_ioctl_submit s;
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	come_home(fd, efd, addr, LENGTH);
	check_node(addr, LENGTH, nodes[1]);
	s = arg_submit(addr, LENGTH, TO_NODE(nodes[0]), -1);
	check_refused(fd, SVM_IOCTL_SUBMIT, &s, sizeof(s), EACCES);
	submit(fd, addr, LENGTH, TO_NODE(nodes[1]), efd);
	CHECK_EQ(reap_one(fd, efd).pages[SVM_PAGE_ALREADY], PAGES);
	check_fill(addr, LENGTH, 1);
}

CASE(cpuset_of_the_submitter)
{
	int nodes[2];
	char mems[16];

	need_far_node(nodes);
	need_cgroup("cpuset");
	snprintf(mems, sizeof(mems), "%d", nodes[1]);
	cgroup_set("cpuset.mems", mems);
	child_ok(cgroup_child(in_cpuset, nodes));
	cgroup_remove();
}
