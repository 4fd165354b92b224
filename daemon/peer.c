// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is at the other end of a socket, see peer.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "peer.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

int peer_of(int socket, struct peer *peer)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	if (cred.pid <= 0)
		return -ESRCH;
	peer->pid = cred.pid;
	peer->uid = cred.uid;
	peer->gid = cred.gid;
	return 0;
}

/* fdinfo asks nobody but the kernel, and only a pidfd has a line "Pid:". */
pid_t pidfd_pid(int pidfd)
{
	__close_file FILE *file = NULL;
	char path[64], line[256];
	int pid;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	file = fopen(path, "re");
	if (!file)
		return -EBADF;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Pid: %d", &pid) == 1)
			return pid > 0 ? pid : -ESRCH;
	return -EBADF;
}

/**
 * struct ids - of a process: real, effective, saved, of files
 * @uids: users.
 * @gids: groups.
 * @caps: capabilities that it may have.
 */
struct ids {
	unsigned int uids[4];
	unsigned int gids[4];
	unsigned long long caps;
};

static bool read_ids(pid_t pid, struct ids *ids)
{
	__close_file FILE *file = NULL;
	unsigned int *u = ids->uids, *g = ids->gids, found = 0;
	char path[64], line[256];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && found < 3 && fgets(line, sizeof(line), file)) {
		found += sscanf(line, "Uid: %u %u %u %u", &u[0], &u[1], &u[2],
				&u[3]) == 4;
		found += sscanf(line, "Gid: %u %u %u %u", &g[0], &g[1], &g[2],
				&g[3]) == 4;
		found += sscanf(line, "CapPrm: %llx", &ids->caps) == 1;
	}
	return found == 3;
}

static bool all_are(const unsigned int ids[4], unsigned int id)
{
	return ids[0] == id && ids[1] == id && ids[2] == id && ids[3] == id;
}

bool peer_may_join(const struct peer *peer, pid_t pid)
{
	struct stat st;
	struct ids ids;
	char path[64];

	if (pid == peer->pid && !peer->uid)
		return true;
	if (!read_ids(pid, &ids) || !all_are(ids.uids, peer->uid) ||
	    !all_are(ids.gids, ids.gids[0]))
		return false;
	/* The files of one that may not be looked into are root's. */
	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &st))
		return false;
	return st.st_uid == peer->uid || (pid == peer->pid && !ids.caps);
}

static int pidfd_of_other(struct peer *peer, pid_t pid, int sent)
{
	__close_fd int own = fcntl(sent, F_DUPFD_CLOEXEC, 3);

	if (own < 0)
		return -errno;
	if (!peer_may_join(peer, pid))
		return -EPERM;
	if (pidfd_pid(own) != pid)
		return -ESRCH;
	peer->pid = pid;
	return TAKE_FD(own);
}

int peer_pidfd(int socket, struct peer *peer, int sent)
{
	__close_fd int own = -1;
	socklen_t size = sizeof(own);
	pid_t pid = pidfd_pid(sent);

	if (pid < 0)
		return pid;
	if (pid != peer->pid)
		return pidfd_of_other(peer, pid, sent);
	if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &own, &size) < 0) {
		own = -1;
		if (errno != ENOPROTOOPT)
			return -errno;
		/* An older kernel: what was sent is the same process. */
		own = fcntl(sent, F_DUPFD_CLOEXEC, 3);
		if (own < 0)
			return -errno;
	}
	pid = pidfd_pid(own);
	if (pid < 0)
		return pid;
	if (pid != peer->pid)
		return -ESRCH;
	return peer_may_join(peer, pid) ? TAKE_FD(own) : -EPERM;
}

/* Type and device without asking the file system's server. */
static bool cached_stat(int fd, struct statx *st)
{
	return !statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE,
		      st);
}

static bool is_of_class(const struct statx *st, const char *sysfs,
			const char *class)
{
	char path[PATH_MAX], link[PATH_MAX];
	const char *base;
	ssize_t length;

	snprintf(path, sizeof(path), "%s/dev/char/%u:%u/subsystem", sysfs,
		 st->stx_rdev_major, st->stx_rdev_minor);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return false;
	link[length] = '\0';
	base = strrchr(link, '/');
	return base && !strcmp(base + 1, class);
}

bool fd_is_context(int fd, const char *sysfs)
{
	struct statx st;

	return cached_stat(fd, &st) && S_ISCHR(st.stx_mode) &&
	       is_of_class(&st, sysfs, "svm");
}

bool fd_is_harmless(int fd, const char *sysfs)
{
	return pidfd_pid(fd) != -EBADF || fd_is_context(fd, sysfs);
}

/* A file of /proc/PID, without newline at its end. */
static char *read_proc(pid_t pid, const char *name)
{
	__close_fd int fd = -1;
	char path[64], text[4096];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	length = read(fd, text, sizeof(text) - 1);
	if (length < 0)
		return NULL;
	while (length && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return strdup(text);
}

void peer_name(pid_t pid, char *name, size_t size)
{
	__free_mem char *comm = read_proc(pid, "comm");

	snprintf(name, size, "%s", comm ? comm : "");
}

char *peer_cgroup(pid_t pid)
{
	__free_mem char *text = read_proc(pid, "cgroup");
	char *line, *save = NULL;

	if (!text)
		return NULL;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, "0::/", 4))
			return strdup(line + 3);
	return NULL;
}
