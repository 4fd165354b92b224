// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fences of libsvm on the real module.
 */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <svm/fence.h>

#include "jobs.h"
#include "lib.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define LENGTH MIB(1)

static struct svm_fence *begin(struct svm *svm, void *addr, size_t length,
			       struct svm_place to)
{
	struct svm_fence *fence;

	CHECK_RET(svm_migrate_async(svm, addr, length, to, NULL, &fence), 0);
	CHECK_EQ(svm_fence_is_async(fence), 1);
	return fence;
}

/* Waits for the end, which must have come about so, and closes it. */
static struct svm_result end(struct svm_fence *fence, int error)
{
	struct svm_result result = SVM_RESULT_INIT;
	int got;

	CHECK_RET(svm_fence_wait(fence, 60000), 0);
	CHECK_RET(svm_fence_result(fence, &got, &result), 0);
	CHECK_RET(got, error);
	CHECK(!svm_fence_close(fence));
	return result;
}

CASE(there_and_back)
{
	struct svm *svm = lib_open(NULL);
	struct svm_fence *fences[6];
	char *addr = map_anon(LENGTH);
	int i;

	fill(addr, LENGTH, 1);
	/* In the order in which they are begun, since they overlap. */
	for (i = 0; i < 6; i++)
		fences[i] = begin(svm, addr, LENGTH,
				  i % 2 ? svm_on_node(SVM_NODE_ANY)
					: svm_on_device(0));
	for (i = 5; i >= 0; i--)
		CHECK_EQ(end(fences[i], 0).bytes_moved, LENGTH);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(end(begin(svm, addr + 10, LENGTH - 20, svm_on_device(1)), 0)
			 .bytes_there,
		 LENGTH);
	CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, 1), LENGTH);
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}

CASE(cancelled)
{
	struct svm *svm = lib_open("svm0");
	char *endless = map_endless(), *addr = map_anon(LENGTH);
	struct svm_fence *slow, *fence;
	struct svm_result r = SVM_RESULT_INIT;
	struct pollfd p = { .events = POLLIN };

	fill(addr, LENGTH, 1);
	slow = begin(svm, endless, ENDLESS, svm_on_node(SVM_NODE_ANY));
	fence = begin(svm, addr, LENGTH, svm_on_device(0));
	p.fd = svm_fence_fd(fence);
	CHECK_EQ(CHECK_SYS(poll(&p, 1, 60000)), 1);
	CHECK_EQ(end(fence, 0).bytes_moved, LENGTH);
	CHECK_RET(svm_fence_wait(slow, 0), -ETIMEDOUT);
	CHECK_RET(svm_fence_result(slow, NULL, &r), -EAGAIN);
	CHECK_RET(svm_fence_cancel(slow), 0);
	r = end(slow, -ECANCELED);
	CHECK_EQ(r.bytes_moved, 0);
	CHECK_EQ(r.bytes_left, ENDLESS);
	CHECK_GT(r.pages[SVM_PAGE_NOT_REACHED], 0);
	svm_close(svm);
}

/* Many that nobody waits for don't use up what there is. */
CASE(closed_early)
{
	struct svm *svm = lib_open("svm0");
	char *addr = map_anon(LENGTH);
	struct svm_fence *fence;
	int i, ret, begun = 0;

	fill(addr, LENGTH, 1);
	for (i = 0; i < 3 * SVM_JOBS_MAX; i++) {
		ret = svm_migrate_async(svm, addr, LENGTH,
					i % 2 ? svm_on_node(SVM_NODE_ANY)
					      : svm_on_device(0),
					NULL, &fence);
		if (ret) {
			CHECK_RET(ret, -EBUSY);
			continue;
		}
		svm_fence_close(fence);
		begun++;
	}
	CHECK_GE(begun, SVM_JOBS_MAX);
	/* When those have ended there is room again. */
	CHECK(EVENTUALLY(!svm_migrate_async(svm, addr, LENGTH, svm_on_device(0),
					    NULL, &fence)));
	end(fence, 0);
	CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, 0), LENGTH);
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}

/* The handle goes, and with it what it had begun. */
CASE(closed_with_the_handle)
{
	struct svm *svm = lib_open("svm0");

	svm_fence_close(
		begin(svm, map_endless(), ENDLESS, svm_on_node(SVM_NODE_ANY)));
	svm_close(svm);
}

CASE(reports_as_a_call)
{
	struct svm *svm = lib_open("svm0");
	char *addr = map_anon(4 * PAGE);
	struct svm_result r;

	fill(addr, 2 * PAGE, 1);
	CHECK_SYS(munmap(page_at(addr, 3), PAGE));
	CHECK(mmap(page_at(addr, 1), PAGE, RW,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) != MAP_FAILED);
	fill(page_at(addr, 1), PAGE, 2);
	r = end(begin(svm, addr, 4 * PAGE, svm_on_device(0)), 0);
	CHECK_EQ(r.pages[SVM_PAGE_MOVED], 2);
	CHECK_EQ(r.pages[SVM_PAGE_SHMEM], 1);
	CHECK_EQ(r.pages[SVM_PAGE_UNMAPPED], 1);
	CHECK_EQ(r.bytes_left, 2 * PAGE);
	end(begin(svm, find_gap(PAGE), PAGE, svm_on_device(0)), -EFAULT);
	svm_close(svm);
}
