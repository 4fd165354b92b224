// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A listening socket in the file system, see unix_socket.h. Two that begin at
 * the same moment may both find a socket that nobody listens to; the later one
 * has the path then.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "unix_socket.h"

static int open_socket(int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

/* Removes the socket of a process that was killed. */
static int remove_abandoned(const struct sockaddr_un *addr, int type)
{
	__close_fd int fd = open_socket(type);
	struct stat status;

	if (fd < 0)
		return fd;
	if (lstat(addr->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EADDRINUSE;
	/* One with a full backlog, or of another type, is in use as well. */
	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ||
	    errno != ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(addr->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

int unix_socket_listen(const char *path, int type, mode_t mode)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	__close_fd int fd = -1;
	int ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	ret = remove_abandoned(&addr, type);
	if (ret)
		return ret;
	fd = open_socket(type);
	if (fd < 0)
		return fd;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	if (chmod(path, mode) < 0 || listen(fd, SOMAXCONN) < 0) {
		ret = -errno;
		unlink(path);
		return ret;
	}
	return TAKE_FD(fd);
}
