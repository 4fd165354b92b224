// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counters, exact for known sequences; and sysfs, which must say the same.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = { .module_args = "ram=512M,512M" };

#define PAGES 64
#define LENGTH (PAGES * PAGE)

/* What a sequence should have added. */
struct sum {
	uint64_t calls, to_device, populated, to_system, between, faults,
		faulted, evicted, sequential, random, ahead, ahead_used;
};

static void check_sum(int line, const struct svm_ioctl_stats *before,
		      const struct svm_ioctl_stats *now, struct sum want)
{
	const struct {
		const char *name;
		uint64_t got, want;
	} lines[] = {
#define LINE(field, sum) { #field, now->field - before->field, want.sum }
		LINE(migrate_calls, calls),
		LINE(bytes_to_device, to_device),
		LINE(bytes_populated, populated),
		LINE(bytes_to_system, to_system),
		LINE(bytes_between_nodes, between),
		LINE(faults, faults),
		LINE(bytes_faulted, faulted),
		LINE(bytes_evicted, evicted),
		LINE(faults_sequential, sequential),
		LINE(faults_random, random),
		LINE(bytes_ahead, ahead),
		LINE(bytes_ahead_used, ahead_used),
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i].got != lines[i].want)
			fail_at(__FILE__, line, "%s: %llu, not %llu",
				lines[i].name, (long long)lines[i].got,
				(long long)lines[i].want);
}

/* One device, its context and where its counters stood. */
struct watch {
	int fd;
	struct svm_ioctl_stats context, device;
};

static struct watch watch(unsigned int n)
{
	struct watch w = { .fd = open_device(n) };

	w.context = device_stats(w.fd, SVM_STATS_CONTEXT);
	w.device = device_stats(w.fd, SVM_STATS_DEVICE);
	return w;
}

/* Nobody else is at work: the context and the device counted the same. */
#define check_both(w, ...)                                     \
	do {                                                   \
		struct svm_ioctl_stats s_;                     \
                                                               \
		s_ = device_stats((w)->fd, SVM_STATS_CONTEXT); \
		check_sum(__LINE__, &(w)->context, &s_,        \
			  (struct sum){ __VA_ARGS__ });        \
		s_ = device_stats((w)->fd, SVM_STATS_DEVICE);  \
		check_sum(__LINE__, &(w)->device, &s_,         \
			  (struct sum){ __VA_ARGS__ });        \
	} while (0)

CASE(new_context_is_at_zero)
{
	struct svm_ioctl_stats s =
		device_stats(open_device(0), SVM_STATS_CONTEXT);
	int i;

	check_sum(__LINE__, &(struct svm_ioctl_stats){ 0 }, &s,
		  (struct sum){ 0 });
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		CHECK_EQ(s.refused[i], 0);
}

CASE(move_there_and_back)
{
	struct watch w = watch(0);
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_migrate m;

	need_device_memory();
	fill(addr, LENGTH, 1);
	/* To settle pages that are still on their way to a list. */
	move_all(w.fd, addr, LENGTH, TO_DEVICE);
	move_all(w.fd, addr, LENGTH, TO_SYSTEM);
	w.context = device_stats(w.fd, SVM_STATS_CONTEXT);
	w.device = device_stats(w.fd, SVM_STATS_DEVICE);

	CHECK_RET(migrate_once(w.fd, addr, LENGTH, TO_DEVICE, 0, NULL, &m), 0);
	check_both(&w, .calls = 1, .to_device = LENGTH);
	CHECK_RET(migrate_once(w.fd, addr, LENGTH, TO_DEVICE, 0, NULL, &m), 0);
	check_both(&w, .calls = 2, .to_device = LENGTH);
	CHECK_RET(migrate_once(w.fd, addr, LENGTH, TO_SYSTEM, 0, NULL, &m), 0);
	check_both(&w, .calls = 3, .to_device = LENGTH, .to_system = LENGTH);
	CHECK_RET(migrate_once(w.fd, addr, LENGTH, TO_SYSTEM, 0, NULL, &m), 0);
	check_both(&w, .calls = 4, .to_device = LENGTH, .to_system = LENGTH);
}

CASE(populate)
{
	struct watch w = watch(0);
	char *addr = map_anon(LENGTH);
	struct tally t = { 0 };

	need_device_memory();
	fill(addr, 16 * PAGE, 1);
	/* The rest is holes, but for one page of zeroes. */
	CHECK_EQ(*(volatile char *)page_at(addr, 40), 0);
	t = move(w.fd, addr, LENGTH, TO_DEVICE, 0);
	CHECK_EQ(t.bytes_moved, LENGTH);
	check_both(&w, .calls = t.calls, .to_device = 16 * PAGE,
		   .populated = LENGTH - 16 * PAGE);
}

CASE(faults)
{
	struct watch w = watch(0);
	char *addr[16];
	int i;

	need_device_memory();
	for (i = 0; i < 16; i++) {
		addr[i] = map_aligned(PAGE);
		fill(addr[i], PAGE, 1);
		move_all(w.fd, addr[i], PAGE, TO_DEVICE);
	}
	w.context = device_stats(w.fd, SVM_STATS_CONTEXT);
	w.device = device_stats(w.fd, SVM_STATS_DEVICE);
	for (i = 0; i < 16; i++)
		check_fill(addr[i], PAGE, 1);
	check_both(&w, .faults = 16, .faulted = 16 * PAGE, .random = 16);
}

/* Faults count with the context of the memory's owner, not with who moved. */
static void others_faults(void *arg)
{
	struct watch *w = arg;
	struct watch own = watch(0);
	char *addr = map_anon(PAGE);

	fill(addr, PAGE, 1);
	move_all(own.fd, addr, PAGE, TO_DEVICE);
	check_fill(addr, PAGE, 1);
	CHECK_EQ(device_stats(own.fd, SVM_STATS_CONTEXT).faults, 1);
	CHECK_EQ(device_stats(w->fd, SVM_STATS_CONTEXT).faults, 0);
}

CASE(faults_of_another_process)
{
	struct watch w = watch(0);

	need_device_memory();
	child_ok(child(others_faults, &w));
	CHECK_EQ(device_stats(w.fd, SVM_STATS_CONTEXT).faults, 0);
	CHECK_EQ(device_stats(w.fd, SVM_STATS_CONTEXT).bytes_to_device, 0);
	CHECK_EQ(device_stats(w.fd, SVM_STATS_DEVICE).faults - w.device.faults,
		 1);
}

CASE(between_nodes)
{
	struct watch w = watch(0);
	char *addr = map_anon(LENGTH);
	int nodes[2];

	need_two_nodes(nodes);
	bind_to_node(addr, LENGTH, nodes[0]);
	fill(addr, LENGTH, 1);
	move_all(w.fd, addr, LENGTH, TO_NODE(nodes[1]));
	move_all(w.fd, addr, LENGTH, TO_NODE(nodes[0]));
	CHECK_EQ(device_stats(w.fd, SVM_STATS_CONTEXT).bytes_between_nodes,
		 2 * LENGTH);
	CHECK_EQ(device_stats(w.fd, SVM_STATS_CONTEXT).bytes_to_system, 0);
	CHECK_EQ(device_stats(w.fd, SVM_STATS_DEVICE).bytes_between_nodes -
			 w.device.bytes_between_nodes,
		 2 * LENGTH);
}

/* From device to device counts as moved to the second. */
CASE(between_devices)
{
	struct watch a = watch(0), b = watch(1);
	char *addr = map_anon(LENGTH);

	need_device_memory();
	fill(addr, LENGTH, 1);
	move_all(a.fd, addr, LENGTH, TO_DEVICE);
	move_all(b.fd, addr, LENGTH, TO_DEVICE);
	move_all(b.fd, addr, LENGTH, TO_SYSTEM);
	CHECK_EQ(device_stats(a.fd, SVM_STATS_CONTEXT).bytes_to_device, LENGTH);
	CHECK_EQ(device_stats(a.fd, SVM_STATS_CONTEXT).bytes_to_system, 0);
	CHECK_EQ(device_stats(b.fd, SVM_STATS_CONTEXT).bytes_to_device, LENGTH);
	CHECK_EQ(device_stats(b.fd, SVM_STATS_CONTEXT).bytes_to_system, LENGTH);
}

static uint64_t refused(int fd, unsigned int why)
{
	return device_stats(fd, SVM_STATS_CONTEXT).refused[why];
}

CASE(refused_by_reason)
{
	struct watch w = watch(0);
	char *addr = map_anon(LENGTH), *shared = map_shared(LENGTH);
	struct iovec iov = { addr, 4 * PAGE };
	struct svm_ioctl_stats s;
	int pipefd[2], i;

	need_device_memory();
	fill(addr, LENGTH / 2, 1);
	fill(shared, LENGTH, 1);
	CHECK_SYS(pipe(pipefd));
	CHECK_EQ(vmsplice(pipefd[1], &iov, 1, 0), 4 * PAGE);
	move(w.fd, addr, LENGTH, TO_DEVICE, SVM_MIGRATE_RESIDENT_ONLY);
	CHECK_EQ(refused(w.fd, SVM_PAGE_PINNED), 4);
	CHECK_EQ(refused(w.fd, SVM_PAGE_HOLE), PAGES / 2);
	move(w.fd, shared, LENGTH, TO_DEVICE, 0);
	CHECK_EQ(refused(w.fd, SVM_PAGE_SHMEM), PAGES);
	move(w.fd, shared, LENGTH, TO_DEVICE, 0);
	CHECK_EQ(refused(w.fd, SVM_PAGE_SHMEM), 2 * PAGES);
	/* What moved or was there was not refused. */
	move(w.fd, addr, LENGTH, TO_DEVICE, SVM_MIGRATE_RESIDENT_ONLY);
	CHECK_EQ(refused(w.fd, SVM_PAGE_MOVED), 0);
	CHECK_EQ(refused(w.fd, SVM_PAGE_ALREADY), 0);
	CHECK_EQ(refused(w.fd, SVM_PAGE_NOT_REACHED), 0);
	s = device_stats(w.fd, SVM_STATS_DEVICE);
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		CHECK_EQ(s.refused[i] - w.device.refused[i], refused(w.fd, i));
}

CASE(failed_calls_do_not_count)
{
	struct watch w = watch(0);
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_migrate m;

	CHECK_RET(migrate_once(w.fd, addr + 1, LENGTH, TO_SYSTEM, 0, NULL, &m),
		  -EINVAL);
	CHECK_RET(migrate_once(w.fd, find_gap(PAGE), PAGE, TO_SYSTEM, 0, NULL,
			       &m),
		  -EFAULT);
	check_both(&w, 0);
	CHECK_RET(migrate_once(w.fd, addr, LENGTH, TO_SYSTEM, 0, NULL, &m), 0);
	check_both(&w, .calls = 1);
}

CASE(eviction)
{
	struct watch w = watch(0);
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_evict e = arg_evict(0);

	need_device_memory();
	fill(addr, LENGTH, 1);
	move_all(w.fd, addr, LENGTH, TO_DEVICE);
	w.context = device_stats(w.fd, SVM_STATS_CONTEXT);
	w.device = device_stats(w.fd, SVM_STATS_DEVICE);
	CHECK_RET(svm_call(w.fd, SVM_IOCTL_EVICT, &e), 0);
	CHECK_EQ(e.bytes_evicted, LENGTH);
	CHECK_EQ(device_stats(w.fd, SVM_STATS_DEVICE).bytes_evicted -
			 w.device.bytes_evicted,
		 LENGTH);
	CHECK_EQ(device_stats(w.fd, SVM_STATS_CONTEXT).bytes_evicted, 0);
	CHECK_EQ(device_stats(w.fd, SVM_STATS_CONTEXT).bytes_to_system, 0);
	check_fill(addr, LENGTH, 1);
}

struct helped {
	struct watch w;
	char *addr;
};

static void *thread_moves(void *arg)
{
	struct helped *h = arg;
	struct svm_ioctl_migrate m;
	int i;

	for (i = 0; i < 100; i++)
		CHECK_RET(migrate_once(h->w.fd, h->addr, PAGE, TO_SYSTEM, 0,
				       NULL, &m),
			  0);
	return NULL;
}

/* No call is lost when threads count at the same time. */
CASE(threads_count_together)
{
	struct helped h = { watch(0), map_anon(LENGTH) };

	fill(h.addr, LENGTH, 1);
	threads_run(4, thread_moves, &h);
	check_both(&h.w, .calls = 400);
}

static void helper_moves(void *arg)
{
	struct helped *h = arg;
	struct svm_ioctl_migrate m;

	CHECK_RET(migrate_once(h->w.fd, h->addr, LENGTH, TO_SYSTEM,
			       SVM_F_OWNER_MM, NULL, &m),
		  0);
}

/* Calls by a helper count with the context that it uses. */
CASE(helpers_calls_count)
{
	struct helped h = { watch(0), map_anon(LENGTH) };

	fill(h.addr, LENGTH, 1);
	child_ok(child(helper_moves, &h));
	check_both(&h.w, .calls = 1);
}

static long long sysfs(unsigned int n, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/svm/svm%u/%s", n, file);
	return read_number(path);
}

static void check_sysfs(unsigned int n)
{
	struct svm_ioctl_info info = device_info(open_device(n));
	char path[128], text[64];

	snprintf(path, sizeof(path), "/sys/class/svm/svm%u/type", n);
	CHECK(read_file(path, text, sizeof(text)));
	CHECK(!strcmp(text, "ram"));
	CHECK_EQ(sysfs(n, "bytes_total"), info.bytes_total);
	CHECK_EQ(sysfs(n, "bytes_free"), info.bytes_free);
	CHECK_EQ(sysfs(n, "numa_node"), info.node);
	CHECK_EQ(sysfs(n, "capabilities"), info.capabilities);
}

CASE(sysfs_agrees_with_info)
{
	char *addr = map_anon(LENGTH);
	int fd = open_device(0);

	check_sysfs(0);
	check_sysfs(1);
	need_device_memory();
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_sysfs(0);
	CHECK_EQ(sysfs(0, "bytes_total") - sysfs(0, "bytes_free"), LENGTH);
	check_sysfs(1);
}

CASE(sysfs_agrees_with_stats)
{
	char *addr = map_anon(LENGTH);
	int fd = open_device(0);
	struct svm_ioctl_stats s;

	fill(addr, LENGTH, 1);
	if (device_info(fd).capabilities & SVM_CAP_TO_DEVICE) {
		move_all(fd, addr, LENGTH, TO_DEVICE);
		check_fill(addr, LENGTH, 1);
		move_all(fd, addr, LENGTH, TO_DEVICE);
		move_all(fd, addr, LENGTH, TO_SYSTEM);
	}
	s = device_stats(fd, SVM_STATS_DEVICE);
	CHECK_EQ(sysfs(0, "stats/migrate_calls"), s.migrate_calls);
	CHECK_EQ(sysfs(0, "stats/bytes_to_device"), s.bytes_to_device);
	CHECK_EQ(sysfs(0, "stats/bytes_populated"), s.bytes_populated);
	CHECK_EQ(sysfs(0, "stats/bytes_to_system"), s.bytes_to_system);
	CHECK_EQ(sysfs(0, "stats/bytes_between_nodes"), s.bytes_between_nodes);
	CHECK_EQ(sysfs(0, "stats/faults"), s.faults);
	CHECK_EQ(sysfs(0, "stats/bytes_faulted"), s.bytes_faulted);
	CHECK_EQ(sysfs(0, "stats/bytes_evicted"), s.bytes_evicted);
	CHECK_EQ(sysfs(0, "stats/faults_sequential"), s.faults_sequential);
	CHECK_EQ(sysfs(0, "stats/faults_random"), s.faults_random);
	CHECK_EQ(sysfs(0, "stats/bytes_ahead"), s.bytes_ahead);
	CHECK_EQ(sysfs(0, "stats/bytes_ahead_used"), s.bytes_ahead_used);
	CHECK_EQ(sysfs(0, "stats/bytes_accessed"), s.bytes_accessed);
	CHECK_EQ(sysfs(0, "stats/bytes_accessed_device"),
		 s.bytes_accessed_device);
	CHECK_EQ(sysfs(0, "stats/exclusive_ended"), s.exclusive_ended);
	CHECK_EQ(sysfs(0, "stats/exclusive_contended"), s.exclusive_contended);
}

/* Of the context that did it and of its device, and of nobody else. */
CASE(accesses_are_counted)
{
	int fd = open_device(0), beside = open_device(0);
	char *addr = map_anon(LENGTH), bytes[100] = { 0 };
	uint64_t before = device_stats(fd, SVM_STATS_DEVICE).bytes_accessed;
	uint64_t want = 3 * PAGE + 2 * sizeof(bytes) + 2 * PAGE + 4 + 8;

	dev_set(fd, addr, 3 * PAGE, 8, 1);
	dev_read(fd, addr + 1, sizeof(bytes), bytes);
	dev_write(fd, addr + PAGE - 1, sizeof(bytes), bytes);
	dev_copy(fd, addr + 8 * PAGE, addr, PAGE);
	dev_atomic(fd, SVM_ACCESS_ADD, 4, addr, 1);
	dev_cas(fd, 8, addr, 7, 8);
	/* What fails counts for nothing. */
	access_fails(fd, op_read(NULL, 8, bytes), EFAULT);
	access_fails(fd, op_fill(addr, 4, 3, 0), EINVAL);
	CHECK_EQ(device_stats(fd, SVM_STATS_CONTEXT).bytes_accessed, want);
	CHECK_EQ(device_stats(fd, SVM_STATS_DEVICE).bytes_accessed - before,
		 want);
	CHECK_EQ(device_stats(fd, SVM_STATS_CONTEXT).bytes_accessed_device, 0);
	CHECK_EQ(device_stats(beside, SVM_STATS_CONTEXT).bytes_accessed, 0);
	CHECK_EQ(sysfs(0, "stats/bytes_accessed") - before, want);
}

/* Of the other device too, and each byte by itself. */
CASE(accesses_of_device_memory_are_counted)
{
	int fd = open_device(0), other = open_device(1);
	char *addr = map_anon(3 * PAGE), bytes[PAGE];
	struct svm_ioctl_stats s;

	need_device_memory();
	fill(addr, 3 * PAGE, 1);
	move_all(fd, addr, PAGE, TO_DEVICE);
	move_all(other, addr + PAGE, PAGE, TO_DEVICE);
	/* Half on this one, half on the other; then a page on none. */
	dev_read(fd, addr + PAGE / 2, PAGE, bytes);
	dev_copy(fd, addr + 2 * PAGE, addr, PAGE);
	dev_atomic(fd, SVM_ACCESS_ADD, 4, addr, 0);
	dev_atomic(fd, SVM_ACCESS_ADD, 4, addr + 2 * PAGE, 0);
	access_fails(fd, op_read(addr, PAGE, NULL), EFAULT);
	s = device_stats(fd, SVM_STATS_CONTEXT);
	CHECK_EQ(s.bytes_accessed, 3 * PAGE + 4 + 4);
	CHECK_EQ(s.bytes_accessed_device, 2 * PAGE + 4);
	s = device_stats(other, SVM_STATS_CONTEXT);
	CHECK_EQ(s.bytes_accessed_device, 0);
}
