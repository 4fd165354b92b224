// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The device nodes svm0, svm1, … in a directory. No state, no locks. A node
 * that comes or goes while the directory is read may be missed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "enumerate.h"

/**
 * svm_parse_device_name() - the N of "svmN"
 * @name: name without directory.
 * @id: N.
 *
 * Returns 0, or -EINVAL for any other name.
 */
int svm_parse_device_name(const char *name, uint32_t *id)
{
	const char *p = name + 3;
	uint64_t value = 0;

	if (strncmp(name, "svm", 3) || !*p || (*p == '0' && p[1]))
		return -EINVAL;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(*p - '0');
		if (value >= UINT32_MAX)
			return -EINVAL;
	}
	*id = (uint32_t)value;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/**
 * svm_list_devices() - the ids of all device nodes in a directory
 * @dir: the directory; one that does not exist has no devices.
 * @out: the ids in ascending order, to be freed.
 * @nr: how many.
 */
int svm_list_devices(const char *dir, uint32_t **out, size_t *nr)
{
	__close_dir DIR *d = opendir(dir);
	__free_mem uint32_t *ids = NULL;
	struct dirent *entry;
	size_t n = 0;

	if (!d && errno != ENOENT)
		return -errno;
	while (d && (entry = readdir(d))) {
		uint32_t id, *grown;

		if (svm_parse_device_name(entry->d_name, &id))
			continue;
		grown = realloc(ids, (n + 1) * sizeof(*ids));
		if (!grown)
			return -ENOMEM;
		ids = grown;
		ids[n++] = id;
	}
	if (n)
		qsort(ids, n, sizeof(*ids), compare_ids);
	*out = TAKE_PTR(ids);
	*nr = n;
	return 0;
}
