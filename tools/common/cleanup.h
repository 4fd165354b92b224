/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cleanup at the end of a scope, for the tools.
 */
#ifndef SVM_TOOLS_CLEANUP_H
#define SVM_TOOLS_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define __cleanup(fn) __attribute__((cleanup(fn)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define __free __cleanup(cleanup_free)
#define __close __cleanup(cleanup_close)
#define __fclose __cleanup(cleanup_fclose)
#define __closedir __cleanup(cleanup_closedir)

/* Hands a file descriptor on, so that the cleanup leaves it open. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif /* SVM_TOOLS_CLEANUP_H */
