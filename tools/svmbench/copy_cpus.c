// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parameter's file, and the counter that tells whether it was heeded.
 */
#include "copy_cpus.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cleanup.h"

#define PARAMETER "/sys/module/svm/parameters/copy_cpus"

unsigned int copy_cpus_online(void)
{
	long nr = sysconf(_SC_NPROCESSORS_ONLN);

	return nr > 0 ? (unsigned int)nr : 1;
}

int copy_cpus_check(void)
{
	return access(PARAMETER, R_OK | W_OK) ? -errno : 0;
}

static int read_number(const char *path, unsigned long long *number)
{
	__fclose FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	return fscanf(file, "%llu", number) == 1 ? 0 : -ENODATA;
}

/* A single write, whose error is the kernel's. */
static int write_number(const char *path, unsigned int number)
{
	__fclose FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	return fprintf(file, "%u\n", number) < 0 || fflush(file) ? -errno : 0;
}

int copy_cpus_set(unsigned int nr, unsigned int *before)
{
	unsigned long long old = 0;
	int err = 0;

	if (before)
		err = read_number(PARAMETER, &old);
	if (!err)
		err = write_number(PARAMETER, nr);
	if (!err && before)
		*before = (unsigned int)old;
	return err;
}

int copy_cpus_helped(uint32_t id, uint64_t *bytes)
{
	unsigned long long number;
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/sys/class/svm/svm%u/stats/bytes_helped",
		 id);
	err = read_number(path, &number);
	if (!err)
		*bytes = number;
	return err;
}
