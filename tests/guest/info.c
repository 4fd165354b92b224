// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the devices and the control file say about themselves.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = { .module_args = "ram=512M,512M" };

#define CAPS_KNOWN                                                   \
	(SVM_CAP_TO_DEVICE | SVM_CAP_TO_SYSTEM | SVM_CAP_RESIDENCY | \
	 SVM_CAP_CREATE | SVM_CAP_ACCESS | SVM_CAP_EXCLUSIVE |       \
	 SVM_CAP_EVENTS | SVM_CAP_ASYNC | SVM_CAP_ADVISE | SVM_CAP_URING)

static void check_device_info(unsigned int n)
{
	int fd = open_device(n);
	struct svm_ioctl_info info = device_info(fd);

	CHECK_EQ(info.size, sizeof(info));
	CHECK_EQ(info.flags, 0);
	CHECK_EQ(info.uapi_version, SVM_UAPI_VERSION);
	CHECK_EQ(info.type, SVM_DEVICE_RAM);
	CHECK_EQ(info.id, n);
	CHECK_GE(info.node, SVM_NODE_ANY);
	CHECK_EQ(info.capabilities & ~(uint64_t)CAPS_KNOWN, 0);
	CHECK(info.capabilities & SVM_CAP_TO_SYSTEM);
	CHECK(info.capabilities & SVM_CAP_RESIDENCY);
	CHECK(info.capabilities & SVM_CAP_ADVISE);
	CHECK_GT(info.max_call_bytes, 0);
	CHECK_EQ(info.max_call_bytes % PAGE, 0);
	if (info.capabilities & SVM_CAP_TO_DEVICE) {
		CHECK_EQ(info.bytes_total, MIB(512));
		CHECK(info.page_orders & 1);
	} else {
		CHECK_EQ(info.bytes_total, 0);
	}
	check_all_free(fd);
}

CASE(device0)
{
	check_device_info(0);
}

CASE(device1)
{
	check_device_info(1);
}

CASE(no_third_device)
{
	CHECK_RET(try_open_device(2), -ENOENT);
}

CASE(control)
{
	struct svm_ioctl_info device = device_info(open_device(0));
	struct svm_ioctl_info info = device_info(open_control());

	CHECK_EQ(info.uapi_version, SVM_UAPI_VERSION);
	CHECK_EQ(info.type, SVM_DEVICE_NONE);
	CHECK_EQ(info.id, 0xffffffff);
	CHECK_EQ(info.node, SVM_NODE_ANY);
	CHECK_EQ(info.capabilities & ~(uint64_t)CAPS_KNOWN, 0);
	CHECK_EQ(info.bytes_total, 0);
	CHECK_EQ(info.bytes_free, 0);
	/* A device can't do what the module can't do on this kernel. */
	CHECK_EQ(device.capabilities & ~info.capabilities &
			 (SVM_CAP_TO_DEVICE | SVM_CAP_TO_SYSTEM |
			  SVM_CAP_RESIDENCY),
		 0);
	if (device.capabilities & SVM_CAP_TO_DEVICE)
		CHECK(info.capabilities & SVM_CAP_CREATE);
}

/* Whatever the caller left in the outputs does not matter. */
CASE(outputs_are_not_read)
{
	int fd = open_device(0);
	struct svm_ioctl_info a, b;

	memset(&a, 0, sizeof(a));
	memset(&b, 0xff, sizeof(b));
	a.size = b.size = sizeof(a);
	b.flags = 0;
	CHECK_RET(svm_call(fd, SVM_IOCTL_INFO, &a), 0);
	CHECK_RET(svm_call(fd, SVM_IOCTL_INFO, &b), 0);
	CHECK(!memcmp(&a, &b, sizeof(a)));
}

CASE(bytes_free_follows_use)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(4));
	uint64_t before;

	need_device_memory();
	check_all_free(fd);
	before = device_info(fd).bytes_free;
	fill(addr, MIB(4), 1);
	move_all(fd, addr, MIB(4), TO_DEVICE);
	CHECK_EQ(before - device_info(fd).bytes_free, MIB(4));
	move_all(fd, addr, MIB(1), TO_SYSTEM);
	CHECK_EQ(before - device_info(fd).bytes_free, MIB(3));
	CHECK_SYS(munmap(addr, MIB(4)));
	check_all_free(fd);
}

/* The files are for ioctls and nothing else. */
static void check_file(int fd)
{
	char byte = 0;

	CHECK_EQ(read(fd, &byte, 1), -1);
	CHECK_EQ(write(fd, &byte, 1), -1);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	CHECK(mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0) == MAP_FAILED);
}

CASE(no_read_write_mmap)
{
	check_file(open_device(0));
	check_file(open_control());
}

CASE(nodes_are_character_devices)
{
	const char *const paths[] = { "/dev/svm0", "/dev/svm1",
				      "/dev/svm-control" };
	struct stat st;
	size_t i;

	for (i = 0; i < 3; i++) {
		CHECK_SYS(stat(paths[i], &st));
		CHECK(S_ISCHR(st.st_mode));
	}
}

CASE(many_contexts)
{
	int fds[200], i;
	char *addr = map_anon(PAGE);

	for (i = 0; i < 200; i++)
		fds[i] = open_device(i % 2);
	*addr = 7;
	for (i = 0; i < 200; i++)
		check_home(fds[i], addr, PAGE);
	for (i = 0; i < 200; i++)
		CHECK_SYS(close(fds[i]));
}

CASE(duplicated_descriptor)
{
	int fd = open_device(0), copy = CHECK_SYS(dup(fd));
	char *addr = map_anon(PAGE);

	*addr = 7;
	CHECK_SYS(close(fd));
	check_home(copy, addr, PAGE);
}
