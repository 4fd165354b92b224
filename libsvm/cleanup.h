/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cleanup by scope: a variable marked so is released when its scope ends, and
 * TAKE() moves it out on success.
 */
#ifndef LIBSVM_CLEANUP_H
#define LIBSVM_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define __cleanup(func) __attribute__((cleanup(func)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}
#define __free_mem __cleanup(cleanup_free)

static inline void cleanup_close(int *fd)
{
	int err = errno;

	if (*fd >= 0)
		close(*fd);
	errno = err;
}
#define __close_fd __cleanup(cleanup_close)

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}
#define __close_file __cleanup(cleanup_fclose)

static inline void cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}
#define __close_dir __cleanup(cleanup_closedir)

/* Yields @p and leaves @empty in its place. */
#define TAKE_AS(p, empty)                    \
	({                                   \
		__typeof__(p) __taken = (p); \
		(p) = (empty);               \
		__taken;                     \
	})
#define TAKE_PTR(p) TAKE_AS(p, NULL)
#define TAKE_FD(fd) TAKE_AS(fd, -1)

#endif /* LIBSVM_CLEANUP_H */
