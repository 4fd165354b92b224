// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waiting for a file to be made: a descriptor that becomes readable when
 * somebody made something in its directory.
 *
 * Locking: none; the caller's.
 * Limits: a user has so many of inotify's descriptors (128 by default), and the
 * directory must be there. Who has no watch has to look now and then.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cleanup.h"
#include "watch.h"

/* Returns a descriptor or a negative errno. */
int svm_watch_open(void)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	return watch < 0 ? -errno : watch;
}

/*
 * Whether @watch tells from now on when @path is made. To be said again when it
 * was not there, since its directory may be another one by now.
 */
bool svm_watch_arm(int watch, const char *path)
{
	const char *slash = strrchr(path, '/');
	__free_mem char *dir = slash ? strndup(path, (size_t)(slash - path) + 1)
				     : strdup(".");

	return watch >= 0 && dir &&
	       inotify_add_watch(watch, dir,
				 IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) >= 0;
}

static bool is_about(const struct inotify_event *event, const char *path)
{
	const char *slash = strrchr(path, '/');

	/* What did not fit in may have been. */
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	return event->len && !strcmp(event->name, slash ? slash + 1 : path);
}

/* Whether @path was made, by as many events as one read gives. */
bool svm_watch_fired(int watch, const char *path)
{
	union {
		struct inotify_event event;
		char bytes[4096];
	} buffer;
	const struct inotify_event *event = &buffer.event;
	ssize_t left = read(watch, &buffer, sizeof(buffer));
	bool made = false;

	while (left > 0) {
		size_t length = sizeof(*event) + event->len;

		made |= is_about(event, path);
		event = (const void *)((const char *)event + length);
		left -= (ssize_t)length;
	}
	return made;
}
