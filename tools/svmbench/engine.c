// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ioctl.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>

int engine_open(uint32_t id)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/svm%u", id);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int engine_run(int fd, struct svm_access_op *ops, size_t nr)
{
	struct svm_ioctl_access arg = { .size = sizeof(arg) };

	for (size_t first = 0; first < nr; first += arg.count) {
		arg.ops = (uintptr_t)(ops + first);
		arg.count = nr - first < SVM_ACCESS_MAX_OPS
				    ? (uint32_t)(nr - first)
				    : SVM_ACCESS_MAX_OPS;
		if (ioctl(fd, SVM_IOCTL_ACCESS, &arg))
			return -errno;
		if (arg.done < arg.count)
			return ops[first + arg.done].result;
	}
	return 0;
}
