// SPDX-License-Identifier: GPL-2.0-or-later
#include "jobs.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness.h"
#include "mem.h"

#define RUBBISH(type)                    \
	type arg;                        \
	memset(&arg, 0xa5, sizeof(arg)); \
	arg.size = sizeof(arg);          \
	arg.flags = 0

struct svm_ioctl_submit arg_submit(const void *addr, size_t length,
				   struct dest to, int eventfd)
{
	RUBBISH(struct svm_ioctl_submit);
	arg.addr = (uintptr_t)addr;
	arg.length = length;
	arg.dest = to.dest;
	arg.node = to.node;
	arg.eventfd = eventfd;
	arg.reserved = 0;
	return arg;
}

struct svm_ioctl_cancel arg_cancel(uint64_t id)
{
	RUBBISH(struct svm_ioctl_cancel);
	arg.id = id;
	arg.reserved = 0;
	return arg;
}

struct svm_ioctl_reap arg_reap(struct svm_job_result *results, uint32_t count)
{
	RUBBISH(struct svm_ioctl_reap);
	arg.id = 0;
	arg.results = (uintptr_t)results;
	arg.count = count;
	return arg;
}

uint64_t submit_at(const char *file, int line, int fd, const void *addr,
		   size_t length, struct dest to, uint32_t flags, int eventfd)
{
	struct svm_ioctl_submit arg = arg_submit(addr, length, to, eventfd);
	int ret;

	arg.flags = flags;
	/* So that a result can be told to be of this submission. */
	arg.cookie = (uintptr_t)addr ^ length;
	ret = svm_call(fd, SVM_IOCTL_SUBMIT, &arg);
	if (ret)
		fail_at(file, line, "submit: %s", err_name(ret));
	if (!arg.id)
		fail_at(file, line, "submit: the id is 0");
	return arg.id;
}

int job_cancel(int fd, uint64_t id)
{
	struct svm_ioctl_cancel arg = arg_cancel(id);
	int ret = svm_call(fd, SVM_IOCTL_CANCEL, &arg);

	return ret ? ret : (int)arg.cancelled;
}

static void check_result(const struct svm_job_result *r)
{
	uint64_t sum = 0, end = r->addr + r->length;
	size_t i;

	CHECK(r->id);
	CHECK_EQ(r->cookie, r->addr ^ r->length);
	CHECK_LE(r->error, 0);
	CHECK_EQ(r->reserved, 0);
	CHECK_GE(r->next, r->addr);
	CHECK_LE(r->next, end);
	if (!r->error)
		CHECK_EQ(r->next, end);
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		sum += r->pages[i];
	CHECK_EQ(sum, (r->next - r->addr) / PAGE);
	CHECK_EQ(r->pages[SVM_PAGE_NOT_REACHED], 0);
	CHECK_EQ(r->bytes_moved, r->pages[SVM_PAGE_MOVED] * PAGE);
}

int job_reap(int fd, uint64_t id, struct svm_job_result *results,
	     uint32_t count)
{
	struct svm_ioctl_reap arg = arg_reap(results, count);
	uint32_t i;
	int ret;

	arg.id = id;
	ret = svm_call(fd, SVM_IOCTL_REAP, &arg);
	if (ret)
		return ret;
	CHECK_LE(arg.reaped, count);
	for (i = 0; i < arg.reaped; i++)
		check_result(&results[i]);
	return (int)arg.reaped;
}

int event_make(void)
{
	return CHECK_SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

uint64_t event_count(int eventfd)
{
	uint64_t n;

	if (read(eventfd, &n, sizeof(n)) == sizeof(n))
		return n;
	CHECK_EQ(errno, EAGAIN);
	return 0;
}

uint64_t event_wait_at(const char *file, int line, int eventfd)
{
	struct pollfd p = { .fd = eventfd, .events = POLLIN };

	if (CHECK_SYS(poll(&p, 1, 60000)) != 1)
		fail_at(file, line, "the eventfd is never signalled");
	CHECK_EQ(p.revents, POLLIN);
	return event_count(eventfd);
}

void reap_all_at(const char *file, int line, int fd, int eventfd,
		 struct svm_job_result *results, uint32_t n)
{
	uint64_t signalled = 0;

	while (signalled < n)
		signalled += event_wait_at(file, line, eventfd);
	if (signalled > n)
		fail_at(file, line, "%u jobs have signalled %ju times", n,
			(uintmax_t)signalled);
	/* Who is told that a job has ended finds its result. */
	CHECK_EQ(job_reap(fd, 0, results, n), n);
}

struct svm_job_result reap_one_at(const char *file, int line, int fd,
				  int eventfd)
{
	struct svm_job_result result;

	reap_all_at(file, line, fd, eventfd, &result, 1);
	return result;
}

struct tally tally_of(const struct svm_job_result *result)
{
	struct tally t = { .calls = 1, .bytes_moved = result->bytes_moved };

	memcpy(t.pages, result->pages, sizeof(t.pages));
	return t;
}

void *map_endless(void)
{
	void *addr = mmap(NULL, ENDLESS, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(addr != MAP_FAILED);
	return addr;
}
