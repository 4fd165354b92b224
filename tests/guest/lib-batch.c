// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Batches of libsvm on the real module: by io_uring, and where the kernel does not
 * give us any.
 */
#include <linux/perf_event.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <svm/batch.h>
#include <svm/fence.h>

#include "jobs.h"
#include "lib.h"
#include "mem.h"
#include "os.h"
#include "ring.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define RANGES SVM_JOBS_MAX
#define PIECE (8 * PAGE)
#define LENGTH (2 * RANGES * PIECE)

static bool readable(const struct svm_batch *batch)
{
	struct pollfd p = { .fd = svm_batch_fd(batch), .events = POLLIN };

	return CHECK_SYS(poll(&p, 1, 0));
}

/* Each must end so; their results are added up. */
static struct svm_result end_all(struct svm_batch *batch, size_t nr, int error)
{
	struct svm_result sum = SVM_RESULT_INIT, result = SVM_RESULT_INIT;
	bool seen[SVM_JOBS_MAX] = { false };
	size_t i, index;
	int got;

	for (i = 0; i < nr; i++) {
		CHECK_RET(svm_batch_wait(batch, 60000), 0);
		CHECK(readable(batch));
		CHECK_RET(svm_batch_next(batch, &index, &got, &result), 0);
		CHECK_RET(got, error);
		CHECK_GT(nr, index);
		CHECK(!seen[index]);
		seen[index] = true;
		sum.bytes_moved += result.bytes_moved;
		sum.bytes_there += result.bytes_there;
		sum.bytes_left += result.bytes_left;
	}
	CHECK(!readable(batch));
	CHECK_RET(svm_batch_next(batch, &index, &got, &result), -ENODATA);
	return sum;
}

static struct svm_batch *begin(struct svm *svm, const struct svm_range *ranges,
			       size_t nr, struct svm_place to, int way)
{
	struct svm_batch *batch;

	CHECK_RET(svm_migrate_batch(svm, ranges, nr, to, NULL, &batch), 0);
	CHECK_EQ(svm_batch_way(batch), way);
	return batch;
}

/* What there is to see, whichever way it goes. */
static void all_of_it(int way)
{
	struct svm *svm = lib_open(NULL);
	char *addr = map_anon(LENGTH), *gap = find_gap(PIECE);
	struct svm_range ranges[RANGES], three[3];
	struct svm_result result = SVM_RESULT_INIT;
	int errors[3] = { 1, 1, 1 }, i, error;
	struct svm_batch *batch;
	size_t index;

	fill(addr, LENGTH, 1);
	for (i = 0; i < RANGES; i++)
		ranges[i] = (struct svm_range){ addr + 2 * i * PIECE, PIECE };
	batch = begin(svm, ranges, RANGES, svm_on_device(0), way);
	CHECK_EQ(end_all(batch, RANGES, 0).bytes_moved, LENGTH / 2);
	CHECK(!svm_batch_close(batch));
	CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, 0), LENGTH / 2);
	/* Another, and one whose results nobody takes. */
	batch = begin(svm, ranges, RANGES, svm_on_device(1), way);
	CHECK_EQ(end_all(batch, RANGES, 0).bytes_there, LENGTH / 2);
	CHECK(!svm_batch_close(batch));
	CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, 1), LENGTH / 2);
	batch = begin(svm, ranges, RANGES, svm_on_node(SVM_NODE_ANY), way);
	CHECK(!svm_batch_close(batch));
	check_fill(addr, LENGTH, 1);

	/* Nothing is there, nothing is asked, and all is well. */
	three[0] = (struct svm_range){ gap, PIECE };
	three[1] = (struct svm_range){ addr, 0 };
	three[2] = (struct svm_range){ addr, PIECE };
	batch = begin(svm, three, 3, svm_on_device(0), way);
	for (i = 0; i < 3; i++) {
		CHECK_RET(svm_batch_wait(batch, 60000), 0);
		CHECK_RET(svm_batch_next(batch, &index, &error, &result), 0);
		CHECK_GT(3, index);
		errors[index] = error;
		if (index == 0)
			CHECK_EQ(result.pages[SVM_PAGE_UNMAPPED], 8);
		if (index == 2)
			CHECK_EQ(result.bytes_there, PIECE);
	}
	CHECK_RET(errors[0], -EFAULT);
	CHECK_RET(errors[1], 0);
	CHECK_RET(errors[2], 0);
	svm_batch_close(batch);
	svm_close(svm);
}

CASE(by_uring)
{
	need_uring();
	all_of_it(SVM_BATCH_BY_URING);
}

/* The administrator has switched it off. */
CASE(by_calls)
{
	need_uring();
	if (!setting("/proc/sys/kernel/io_uring_disabled", "2"))
		skip("io_uring can't be switched off");
	all_of_it(SVM_BATCH_BY_CALLS);
}

static void cancelled(int way)
{
	struct svm *svm = lib_open("svm0");
	char *endless = map_endless();
	const struct svm_range ranges[] = { { endless, ENDLESS },
					    { endless, ENDLESS } };
	struct svm_place to = svm_on_node(SVM_NODE_ANY);
	struct svm_batch *batch;

	batch = begin(svm, ranges, 2, to, way);
	CHECK(!readable(batch));
	CHECK_RET(svm_batch_wait(batch, 0), -ETIMEDOUT);
	CHECK_RET(svm_batch_next(batch, NULL, NULL, NULL), -EAGAIN);
	CHECK_RET(svm_batch_cancel(batch), 0);
	end_all(batch, 2, -ECANCELED);
	CHECK_RET(svm_batch_cancel(batch), 0);
	svm_batch_close(batch);
	/* Closing cancels, and what comes after it has all the room. */
	batch = begin(svm, ranges, 2, to, way);
	svm_batch_close(batch);
	batch = begin(svm, ranges, 2, to, way);
	svm_batch_cancel(batch);
	svm_batch_close(batch);
	CHECK_EQ(job_cancel(open_device(0), 0), 0);
	svm_close(svm);
}

CASE(cancelled_by_uring)
{
	need_uring();
	cancelled(SVM_BATCH_BY_URING);
}

CASE(cancelled_by_calls)
{
	need_uring();
	if (!setting("/proc/sys/kernel/io_uring_disabled", "2"))
		skip("io_uring can't be switched off");
	cancelled(SVM_BATCH_BY_CALLS);
}

/* Several at the same time, and a fence that holds a place. */
CASE(no_room)
{
	struct svm *svm = lib_open("svm0");
	char *endless = map_endless();
	const struct svm_range one = { endless, ENDLESS };
	struct svm_place to = svm_on_node(SVM_NODE_ANY);
	struct svm_range ranges[RANGES];
	struct svm_batch *first, *second;
	struct svm_fence *fence;
	int error, i;
	size_t index;

	need_uring();
	for (i = 0; i < RANGES; i++)
		ranges[i] = one;
	CHECK_RET(svm_migrate_async(svm, endless, ENDLESS, to, NULL, &fence),
		  0);
	first = begin(svm, ranges, RANGES - 2, to, SVM_BATCH_BY_URING);
	second = begin(svm, ranges, 2, to, SVM_BATCH_BY_URING);
	CHECK_RET(svm_batch_wait(second, 60000), 0);
	CHECK_RET(svm_batch_next(second, &index, &error, NULL), 0);
	CHECK_EQ(index, 1);
	CHECK_RET(error, -EBUSY);
	CHECK_RET(svm_batch_next(second, &index, &error, NULL), -EAGAIN);
	CHECK(!readable(first));
	CHECK_RET(svm_fence_cancel(fence), 0);
	CHECK_RET(svm_fence_wait(fence, 60000), 0);
	svm_fence_close(fence);
	svm_batch_close(second);
	svm_batch_close(first);
	first = begin(svm, ranges, RANGES, to, SVM_BATCH_BY_URING);
	CHECK(!readable(first));
	svm_batch_close(first);
	svm_close(svm);
}

/* --- system calls -------------------------------------------------------------- */

/* A counter of this thread's system calls, that stands still. */
static int count_calls(void)
{
	const char *id = "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id";
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.disabled = 1,
	};
	char text[32];
	int fd;

	if (!read_file(id, text, sizeof(text)))
		skip("no tracepoint of system calls");
	attr.config = strtoul(text, NULL, 0);
	fd = (int)syscall(__NR_perf_event_open, &attr, 0, -1, -1, 0);
	if (fd < 0)
		skip("no counter of system calls: %s", err_name(errno));
	return fd;
}

/* What was counted, but for the call that ends it. */
static uint64_t counted(int counter)
{
	uint64_t n;

	CHECK_SYS(ioctl(counter, PERF_EVENT_IOC_DISABLE, 0));
	CHECK_EQ(read(counter, &n, sizeof(n)), sizeof(n));
	CHECK_SYS(ioctl(counter, PERF_EVENT_IOC_RESET, 0));
	return n - 1;
}

static void calls_of(struct svm *svm, int way, uint64_t *to_begin,
		     uint64_t *in_all)
{
	char *addr = map_anon(LENGTH);
	struct svm_range ranges[RANGES];
	int counter = count_calls(), i;
	struct svm_batch *batch;

	fill(addr, LENGTH, 1);
	for (i = 0; i < RANGES; i++)
		ranges[i] = (struct svm_range){ addr + 2 * i * PIECE, PIECE };
	/* What is made once is there. */
	svm_batch_close(begin(svm, ranges, RANGES, svm_on_device(0), way));
	CHECK_SYS(ioctl(counter, PERF_EVENT_IOC_ENABLE, 0));
	batch = begin(svm, ranges, RANGES, svm_on_node(SVM_NODE_ANY), way);
	*to_begin = counted(counter);
	CHECK_SYS(ioctl(counter, PERF_EVENT_IOC_ENABLE, 0));
	for (i = 0; i < RANGES; i++) {
		CHECK_RET(svm_batch_wait(batch, 60000), 0);
		CHECK_RET(svm_batch_next(batch, NULL, NULL, NULL), 0);
	}
	*in_all = *to_begin + counted(counter);
	svm_batch_close(batch);
}

/* One system call carries all ranges. */
CASE(system_calls)
{
	struct svm *svm = lib_open("svm0");
	uint64_t to_begin, in_all;

	need_uring();
	calls_of(svm, SVM_BATCH_BY_URING, &to_begin, &in_all);
	note("%d ranges by io_uring: %ju system calls to begin, %ju in all",
	     RANGES, (uintmax_t)to_begin, (uintmax_t)in_all);
	/* To submit, and to ask which process this is. */
	CHECK_EQ(to_begin, 2);
	svm_close(svm);
	if (!setting("/proc/sys/kernel/io_uring_disabled", "2"))
		return;
	svm = lib_open("svm0");
	calls_of(svm, SVM_BATCH_BY_CALLS, &to_begin, &in_all);
	note("%d ranges by calls: %ju system calls to begin, %ju in all",
	     RANGES, (uintmax_t)to_begin, (uintmax_t)in_all);
	CHECK_GT(to_begin, RANGES);
	svm_close(svm);
}

static void child_has_it(void *arg)
{
	struct svm_batch *batch = arg;

	CHECK_RET(svm_batch_next(batch, NULL, NULL, NULL), -EXDEV);
	CHECK_RET(svm_batch_wait(batch, 0), -EXDEV);
	CHECK_RET(svm_batch_cancel(batch), -EXDEV);
	CHECK(!svm_batch_close(batch));
}

CASE(forked_child)
{
	struct svm *svm = lib_open("svm0");
	char *addr = map_anon(PIECE);
	const struct svm_range range = { addr, PIECE };
	struct svm_batch *batch;

	need_uring();
	fill(addr, PIECE, 1);
	batch = begin(svm, &range, 1, svm_on_device(0), SVM_BATCH_BY_URING);
	CHECK_RET(svm_batch_wait(batch, 60000), 0);
	child_ok(child(child_has_it, batch));
	CHECK_EQ(end_all(batch, 1, 0).bytes_moved, PIECE);
	svm_batch_close(batch);
	check_fill(addr, PIECE, 1);
	svm_close(svm);
}

struct round {
	struct svm *svm;
	char *addr;
	atomic_int turn;
};

/* Each with memory of its own, by one handle. */
static void *goes_round(void *arg)
{
	struct round *r = arg;
	char *addr = r->addr + r->turn++ * 16 * PIECE;
	struct svm_range ranges[16];
	int i, round;

	for (i = 0; i < 16; i++)
		ranges[i] = (struct svm_range){ addr + i * PIECE, PIECE };
	for (round = 0; round < 40; round++) {
		struct svm_batch *batch =
			begin(r->svm, ranges, 16,
			      round % 2 ? svm_on_node(SVM_NODE_ANY)
					: svm_on_device(round % 4 / 2),
			      SVM_BATCH_BY_URING);

		CHECK_EQ(end_all(batch, 16, 0).bytes_there, 16 * PIECE);
		svm_batch_close(batch);
	}
	return NULL;
}

CASE(many_threads)
{
	struct round r = { .svm = lib_open(NULL),
			   .addr = map_anon(4 * 16 * PIECE) };

	need_uring();
	fill(r.addr, 4 * 16 * PIECE, 1);
	threads_run(4, goes_round, &r);
	check_fill(r.addr, 4 * 16 * PIECE, 1);
	svm_close(r.svm);
}
