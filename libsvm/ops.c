// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The real system behind struct svm_ops. No state, no locks.
 */
#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ops.h"

static int system_ioctl(int fd, unsigned int cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

static ssize_t system_read(int fd, void *buffer, size_t size)
{
	ssize_t ret = read(fd, buffer, size);

	return ret < 0 ? -errno : ret;
}

static int system_wait(int fd, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int ret = poll(&poll_fd, 1, timeout_ms);

	return ret < 0 ? -errno : ret;
}

static long system_move_pages(pid_t pid, unsigned long count, void **pages,
			      const int *nodes, int *status, int flags)
{
	long ret = move_pages(pid, count, pages, nodes, status, flags);

	return ret < 0 ? -errno : ret;
}

static int system_ring_setup(unsigned int entries,
			     struct io_uring_params *params)
{
	long ret = syscall(SYS_io_uring_setup, entries, params);

	return ret < 0 ? -errno : (int)ret;
}

static int system_ring_enter(int fd, unsigned int submit, unsigned int wait,
			     unsigned int flags)
{
	long ret = syscall(SYS_io_uring_enter, fd, submit, wait, flags, NULL,
			   (size_t)0);

	return ret < 0 ? -errno : (int)ret;
}

static bool system_node_has_memory(int node)
{
	if (numa_node_size64(node, NULL) > 0)
		return true;
	/* A kernel without NUMA has no nodes in sysfs, but is node 0. */
	return node == 0 && access("/sys/devices/system/node/node0", F_OK) < 0;
}

const struct svm_ops svm_system_ops = {
	.dev = "/dev",
	.proc = "/proc",
	.ioctl = system_ioctl,
	.read = system_read,
	.wait = system_wait,
	.move_pages = system_move_pages,
	.ring_setup = system_ring_setup,
	.ring_enter = system_ring_enter,
	.node_has_memory = system_node_has_memory,
};
