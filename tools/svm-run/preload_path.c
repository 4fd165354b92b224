// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The object lies beside svm-run in a build tree, and else where it was
 * installed to.
 */
#include "preload_path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

#define OBJECT "libsvm-run-preload.so"

#ifndef SVM_RUN_DEVICE_DIR
#define SVM_RUN_DEVICE_DIR "/dev"
#endif

static int find_object(char path[static PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *base;

	if (length > 0) {
		path[length] = '\0';
		base = strrchr(path, '/') + 1;
		if ((size_t)(base - path) + sizeof(OBJECT) <= PATH_MAX) {
			strcpy(base, OBJECT);
			if (!access(path, R_OK))
				return 0;
		}
	}
	strcpy(path, SVM_RUN_LIBDIR "/" OBJECT);
	return access(path, R_OK) ? -ENOENT : 0;
}

static int set_preload(void)
{
	const char *old = getenv("LD_PRELOAD");
	__free char *value = NULL;
	char path[PATH_MAX];
	int err;

	err = find_object(path);
	if (err)
		return err;
	if (strpbrk(path, " :"))
		return -EINVAL;
	if (asprintf(&value, "%s%s%s", old ? old : "", old && *old ? ":" : "",
		     path) < 0) {
		value = NULL;
		return -ENOMEM;
	}
	return setenv("LD_PRELOAD", value, 1) ? -errno : 0;
}

int preload_environment(const char *key, const struct places *places)
{
	char value[HELLO_ENV_MAX];
	size_t used;
	int err;

	err = set_preload();
	if (err)
		return err;
	used = (size_t)snprintf(value, sizeof(value), "%s:", key);
	for (unsigned int i = 0; i < places->nr_devices + places->nr_spares;
	     i++) {
		/* one device has as many spare contexts as another */
		const struct place *place =
			&places->list[i % places->nr_devices];

		used += (size_t)snprintf(value + used, sizeof(value) - used,
					 "%s" SVM_RUN_DEVICE_DIR "/%s",
					 i ? "," : "", place->name);
		if (used >= sizeof(value))
			return -E2BIG;
	}
	return setenv(HELLO_ENV, value, 1) ? -errno : 0;
}
