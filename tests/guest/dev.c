// SPDX-License-Identifier: GPL-2.0-or-later
#include "dev.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness.h"
#include "mem.h"
#include "os.h"

int svm_call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

int try_open_device(unsigned int n)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/svm%u", n);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int open_device(unsigned int n)
{
	int fd = try_open_device(n);

	if (fd < 0)
		FAIL("no /dev/svm%u: %s: is the module loaded, with %s?", n,
		     err_name(fd), group.module_args);
	return fd;
}

int open_control(void)
{
	int fd = open("/dev/svm-control", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		FAIL("no /dev/svm-control: %s: is the module loaded?",
		     err_name(errno));
	return fd;
}

struct svm_ioctl_info device_info(int fd)
{
	struct svm_ioctl_info info = arg_info();

	CHECK_RET(svm_call(fd, SVM_IOCTL_INFO, &info), 0);
	return info;
}

void need_device_memory(void)
{
	int fd = open_device(0);
	struct svm_ioctl_info info = device_info(fd);

	close(fd);
	if (!(info.capabilities & SVM_CAP_TO_DEVICE))
		skip("this kernel has no device private memory");
}

void need_huge_pages(int fd)
{
	if (!(device_info(fd).page_orders & 1 << 9))
		skip("no huge pages on devices with this kernel");
}

void check_all_free(int fd)
{
	struct svm_ioctl_info info;

	if (EVENTUALLY((info = device_info(fd),
			info.bytes_free == info.bytes_total)))
		return;
	FAIL("svm%u: %llu of %llu bytes are free and nobody uses it", info.id,
	     info.bytes_free, info.bytes_total);
}

struct svm_ioctl_stats device_stats(int fd, uint32_t scope)
{
	struct svm_ioctl_stats stats = arg_stats(scope);

	CHECK_RET(svm_call(fd, SVM_IOCTL_STATS, &stats), 0);
	return stats;
}

void check_refused_at(const char *file, int line, const char *name, int fd,
		      unsigned long cmd, void *arg, size_t size, int want)
{
	char before[PAGE];
	int got;
	size_t i;

	CHECK_LE(size, sizeof(before));
	memcpy(before, arg, size);
	got = svm_call(fd, cmd, arg);
	if (got != -want)
		fail_at(file, line, "%s: %s, not %s", name, err_name(got),
			err_name(want));
	for (i = 0; i < size; i++)
		if (before[i] != ((char *)arg)[i])
			fail_at(file, line,
				"%s: refused with %s, but byte %zu of the struct was changed",
				name, err_name(want), i);
}

/* Outputs begin as rubbish, so that one that is not written is seen. */
#define RUBBISH(type)                    \
	type arg;                        \
	memset(&arg, 0xa5, sizeof(arg)); \
	arg.size = sizeof(arg);          \
	arg.flags = 0

struct svm_ioctl_info arg_info(void)
{
	RUBBISH(struct svm_ioctl_info);
	return arg;
}

struct svm_ioctl_migrate arg_migrate(const void *addr, size_t length,
				     struct dest to)
{
	RUBBISH(struct svm_ioctl_migrate);
	arg.addr = (uintptr_t)addr;
	arg.length = length;
	arg.dest = to.dest;
	arg.node = to.node;
	arg.status = 0;
	arg.status_count = 0;
	return arg;
}

struct svm_ioctl_residency arg_residency(const void *addr, size_t length,
					 struct svm_page *pages)
{
	RUBBISH(struct svm_ioctl_residency);
	arg.addr = (uintptr_t)addr;
	arg.length = length;
	arg.pages = (uintptr_t)pages;
	arg.count = length / PAGE;
	return arg;
}

struct svm_ioctl_evict arg_evict(uint64_t bytes)
{
	RUBBISH(struct svm_ioctl_evict);
	arg.bytes = bytes;
	return arg;
}

struct svm_ioctl_stats arg_stats(uint32_t scope)
{
	RUBBISH(struct svm_ioctl_stats);
	arg.scope = scope;
	arg.reserved = 0;
	return arg;
}

struct svm_ioctl_quota arg_quota(uint32_t flags, uint64_t bytes)
{
	RUBBISH(struct svm_ioctl_quota);
	arg.flags = flags;
	arg.bytes = bytes;
	return arg;
}

struct svm_ioctl_evict device_evict(int fd, uint64_t bytes)
{
	struct svm_ioctl_evict arg = arg_evict(bytes);
	size_t i;

	CHECK_RET(svm_call(fd, SVM_IOCTL_EVICT, &arg), 0);
	CHECK_EQ(arg.bytes, bytes);
	CHECK_EQ(arg.bytes_evicted, arg.pages[SVM_PAGE_MOVED] * PAGE);
	for (i = SVM_PAGE_STATUS_NR; i < SVM_PAGE_STATUS_MAX; i++)
		CHECK_EQ(arg.pages[i], 0);
	return arg;
}

struct svm_ioctl_quota device_quota(int fd)
{
	struct svm_ioctl_quota arg = arg_quota(0, 0);

	CHECK_RET(svm_call(fd, SVM_IOCTL_QUOTA, &arg), 0);
	return arg;
}

void set_quota(int fd, uint64_t bytes)
{
	struct svm_ioctl_quota arg = arg_quota(SVM_QUOTA_SET, bytes);

	CHECK_RET(svm_call(fd, SVM_IOCTL_QUOTA, &arg), 0);
}

struct svm_ioctl_create arg_create(uint64_t bytes, int node)
{
	RUBBISH(struct svm_ioctl_create);
	arg.type = SVM_DEVICE_RAM;
	arg.node = node;
	arg.bytes = bytes;
	arg.reserved = 0;
	return arg;
}

struct svm_ioctl_destroy arg_destroy(uint32_t id)
{
	RUBBISH(struct svm_ioctl_destroy);
	arg.id = id;
	arg.reserved = 0;
	return arg;
}

struct svm_ioctl_advise arg_advise(const void *addr, size_t length,
				   uint32_t set, uint32_t clear)
{
	RUBBISH(struct svm_ioctl_advise);
	arg.addr = (uintptr_t)addr;
	arg.length = length;
	arg.set = set;
	arg.clear = clear;
	arg.dest = 0;
	arg.node = SVM_NODE_ANY;
	return arg;
}

struct svm_ioctl_advice arg_advice(const void *addr, size_t length,
				   struct svm_advice_range *ranges,
				   uint32_t count)
{
	RUBBISH(struct svm_ioctl_advice);
	arg.addr = (uintptr_t)addr;
	arg.length = length;
	arg.ranges = (uintptr_t)ranges;
	arg.count = count;
	arg.reserved = 0;
	return arg;
}

uint32_t create_device(uint64_t bytes)
{
	return create_device_of(SVM_DEVICE_RAM, bytes);
}

uint32_t create_device_of(uint32_t type, uint64_t bytes)
{
	struct svm_ioctl_create c = arg_create(bytes, SVM_NODE_ANY);
	int fd = open_control();
	char path[32];

	if (!(device_info(fd).capabilities & SVM_CAP_CREATE))
		skip("devices can't be created on this kernel");
	c.type = type;
	CHECK_RET(svm_call(fd, SVM_IOCTL_CREATE, &c), 0);
	close(fd);
	snprintf(path, sizeof(path), "/dev/svm%u", c.id);
	if (!EVENTUALLY(!access(path, R_OK | W_OK)))
		FAIL("%s was created and has no node", path);
	return c.id;
}

void destroy_device(uint32_t id)
{
	struct svm_ioctl_destroy d = arg_destroy(id);
	int fd = open_control();

	CHECK_RET(svm_call(fd, SVM_IOCTL_DESTROY, &d), 0);
	close(fd);
}
