// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What outlives a restart of svmd: the descriptors of each session go to the
 * service manager's store, under the name "session-N", and what it said into a
 * small file "session-N" in the runtime directory:
 *
 *	name=NAME
 *	hold=ADDRESS LENGTH	(hexadecimal; any number of lines)
 *
 * The service manager gives the descriptors back when it starts svmd again.
 * Without one, libsvm joins again by itself.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "cleanup.h"
#include "log.h"
#include "sessions.h"
#include "text.h"

#define FDS_MAX (2 + SVM_WIRE_CONTEXTS_MAX)

static int file_of(const struct sessions *all, uint64_t id, char *path,
		   size_t size, const char *suffix)
{
	int ret;

	if (!all->state_dir)
		return -ENOENT;
	ret = snprintf(path, size, "%s/session-%" PRIu64 "%s", all->state_dir,
		       id, suffix);
	return ret < 0 || (size_t)ret >= size ? -ENAMETOOLONG : 0;
}

static int write_file(const struct session *session)
{
	char path[PATH_MAX], temp[PATH_MAX];
	__close_file FILE *file = NULL;
	size_t i;
	int ret = file_of(session->all, session->id, path, sizeof(path), "");

	if (!ret)
		ret = file_of(session->all, session->id, temp, sizeof(temp),
			      ".new");
	if (ret)
		return ret;
	file = fopen(temp, "we");
	if (!file)
		return -errno;
	fprintf(file, "name=%s\n", session->name);
	for (i = 0; i < session->nr_holds; i++)
		fprintf(file, "hold=%" PRIxPTR " %zx\n",
			(uintptr_t)session->holds[i].addr,
			session->holds[i].length);
	if (fflush(file) || ferror(file))
		return -EIO;
	return rename(temp, path) < 0 ? -errno : 0;
}

void session_store(const struct session *session)
{
	int fds[FDS_MAX] = { session->socket, session->pidfd };
	unsigned int i;
	char text[64];

	if (!session->all->state_dir)
		return;
	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=session-%" PRIu64,
		 session->id);
	for (i = 0; i < session->nr_contexts; i++)
		fds[2 + i] = session->contexts[i];
	(void)sd_pid_notify_with_fds(0, 0, text, fds, 2 + session->nr_contexts);
}

void session_keep(const struct session *session)
{
	int ret = write_file(session);

	if (ret && ret != -ENOENT)
		log_errno(LOG_WARNING, ret, "can't keep session %" PRIu64,
			  session->id);
}

void session_forget(const struct session *session)
{
	char path[PATH_MAX];

	if (file_of(session->all, session->id, path, sizeof(path), ""))
		return;
	unlink(path);
	(void)sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=session-%" PRIu64,
			 session->id);
}

/* --- coming back ----------------------------------------------------------- */

static void recall_line(struct session *session, char *line)
{
	struct svm_range range;
	uint64_t addr, length;

	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, "name=", 5)) {
		if (strlen(line + 5) < sizeof(session->name))
			strcpy(session->name, line + 5);
	} else if (sscanf(line, "hold=%" SCNx64 " %" SCNx64, &addr, &length) ==
		   2) {
		range.addr = (void *)(uintptr_t)addr;
		range.length = length;
		(void)session_hold(session, &range);
	}
}

static void recall(struct session *session)
{
	__close_file FILE *file = NULL;
	char path[PATH_MAX], line[128];

	if (file_of(session->all, session->id, path, sizeof(path), ""))
		return;
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		recall_line(session, line);
}

static bool is_socket(int fd)
{
	return sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 0) > 0;
}

static int sort_out(struct session_parts *parts, int *fds, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (is_socket(fds[i]) && parts->socket < 0)
			parts->socket = fds[i];
		else if (pidfd_pid(fds[i]) != -EBADF && parts->pidfd < 0)
			parts->pidfd = fds[i];
		else if (parts->nr_contexts < SVM_WIRE_CONTEXTS_MAX)
			parts->contexts[parts->nr_contexts++] = fds[i];
		else
			return -EINVAL;
		fds[i] = -1;
	}
	return parts->socket < 0 || parts->pidfd < 0 ? -EINVAL : 0;
}

static void close_parts(struct session_parts *parts)
{
	unsigned int i;

	if (parts->socket >= 0)
		close(parts->socket);
	if (parts->pidfd >= 0)
		close(parts->pidfd);
	for (i = 0; i < parts->nr_contexts; i++)
		if (parts->contexts[i] >= 0)
			close(parts->contexts[i]);
}

static int restore(struct sessions *all, struct session_parts *parts)
{
	struct session *session;
	pid_t pid;
	int ret = peer_of(parts->socket, &parts->peer);

	if (ret)
		return ret;
	pid = pidfd_pid(parts->pidfd);
	if (pid < 0)
		return pid;
	if (!peer_may_join(&parts->peer, pid))
		return -EPERM;
	parts->peer.pid = pid;
	ret = session_new(all, parts, &session);
	if (ret)
		return ret;
	peer_name(pid, session->name, sizeof(session->name));
	recall(session);
	text_clean(session->name);
	all->ops.joined(session, true, all->ops.arg);
	return 0;
}

int sessions_restore(struct sessions *all, uint64_t id, int *fds, size_t nr)
{
	int contexts[SVM_WIRE_CONTEXTS_MAX], ret;
	struct session_parts parts = {
		.id = id,
		.socket = -1,
		.pidfd = -1,
		.contexts = contexts,
	};
	size_t i;

	ret = sort_out(&parts, fds, nr);
	if (!ret)
		ret = restore(all, &parts);
	close_parts(&parts);
	for (i = 0; i < nr; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (ret)
		(void)sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=session-%" PRIu64,
				 id);
	return ret;
}
