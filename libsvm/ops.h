/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the library wants from the system, as a table, so that the unit tests
 * can stand in for the kernel. Each handle holds a pointer to its table; tables
 * are constant.
 */
#ifndef LIBSVM_OPS_H
#define LIBSVM_OPS_H

#include <stdbool.h>
#include <sys/types.h>

struct io_uring_params;

/**
 * struct svm_ops - the system
 * @dev: the directory of the device nodes: "/dev".
 * @proc: the directory of processes: "/proc".
 * @ioctl: ioctl(2); returns 0 or a negative errno.
 * @read: read(2) of a descriptor that does not block; returns bytes or a negative
 *	errno.
 * @wait: poll(2) one descriptor for input; returns 1 if there is some, 0 when the
 *	time is over, or a negative errno.
 * @move_pages: move_pages(2); returns 0, the number of pages not moved, or a
 *	negative errno.
 * @ring_setup: io_uring_setup(2); returns a descriptor or a negative errno.
 * @ring_enter: io_uring_enter(2); returns entries taken or a negative errno.
 * @node_has_memory: whether there is such a NUMA node and it has memory.
 */
struct svm_ops {
	const char *dev;
	const char *proc;
	int (*ioctl)(int fd, unsigned int cmd, void *arg);
	ssize_t (*read)(int fd, void *buffer, size_t size);
	int (*wait)(int fd, int timeout_ms);
	long (*move_pages)(pid_t pid, unsigned long count, void **pages,
			   const int *nodes, int *status, int flags);
	int (*ring_setup)(unsigned int entries, struct io_uring_params *params);
	int (*ring_enter)(int fd, unsigned int submit, unsigned int wait,
			  unsigned int flags);
	bool (*node_has_memory)(int node);
};

extern const struct svm_ops svm_system_ops;

#endif /* LIBSVM_OPS_H */
