// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Speaking to svm_copy_rate: a line is written, a number is read.
 */
#include "kernel_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cleanup.h"
#include "memory.h"

/* What the module takes at once. */
#define BYTES_MAX ((uint64_t)1 << 30)

bool kernel_copy_here(void)
{
	return !access(KERNEL_COPY_PATH, R_OK | W_OK);
}

bool kernel_copy_takes(uint64_t bytes)
{
	return bytes && bytes % HUGE_BYTES == 0 && bytes <= BYTES_MAX;
}

int kernel_copy(uint64_t bytes, unsigned int cpus, uint64_t *ns)
{
	__close int fd = open(KERNEL_COPY_PATH, O_RDWR | O_CLOEXEC);
	char text[48];
	ssize_t got;
	int length;

	if (fd < 0)
		return -errno;
	length = snprintf(text, sizeof(text), "%llu %u",
			  (unsigned long long)bytes, cpus);
	if (write(fd, text, (size_t)length) != length)
		return -errno;
	got = pread(fd, text, sizeof(text) - 1, 0);
	if (got <= 0)
		return got ? -errno : -ENODATA;
	text[got] = '\0';
	*ns = strtoull(text, NULL, 10);
	return *ns ? 0 : -ENODATA;
}
