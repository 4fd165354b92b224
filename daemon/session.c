// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sessions: how they begin and end, and what they say in between. See
 * session.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "log.h"
#include "sessions.h"

/* More than an application that holds and releases ranges ever says. */
#define PACKETS_PER_SECOND 1000

/* --- the list ------------------------------------------------------------- */

size_t sessions_count(const struct sessions *all)
{
	return all->nr;
}

struct session *sessions_at(const struct sessions *all, size_t index)
{
	return index < all->nr ? all->list[index] : NULL;
}

/* Index of the first session whose number is not less. */
static size_t lower_bound(const struct sessions *all, uint64_t id)
{
	size_t low = 0, high = all->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all->list[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct session *sessions_find(const struct sessions *all, uint64_t id)
{
	size_t index = lower_bound(all, id);

	if (index == all->nr || all->list[index]->id != id)
		return NULL;
	return all->list[index];
}

size_t sessions_of(const struct sessions *all, uid_t uid)
{
	size_t i, nr = 0;

	for (i = 0; i < all->nr; i++)
		nr += all->list[i]->peer.uid == uid;
	return nr;
}

static int list_add(struct sessions *all, struct session *session)
{
	size_t index = lower_bound(all, session->id);

	if (all->nr == all->max) {
		size_t max = all->max ? all->max * 2 : 16;
		struct session **list;

		list = realloc(all->list, max * sizeof(list[0]));
		if (!list)
			return -ENOMEM;
		all->list = list;
		all->max = max;
	}
	memmove(&all->list[index + 1], &all->list[index],
		(all->nr - index) * sizeof(all->list[0]));
	all->list[index] = session;
	all->nr++;
	return 0;
}

static void list_remove(struct sessions *all, const struct session *session)
{
	size_t index = lower_bound(all, session->id);

	if (index == all->nr || all->list[index] != session)
		return;
	all->nr--;
	memmove(&all->list[index], &all->list[index + 1],
		(all->nr - index) * sizeof(all->list[0]));
}

/* --- holds ---------------------------------------------------------------- */

int session_hold(struct session *session, const struct svm_range *range)
{
	struct svm_range *holds;

	if (session->nr_holds == SVM_WIRE_HOLDS_MAX)
		return -ENOSPC;
	holds = realloc(session->holds,
			(session->nr_holds + 1) * sizeof(holds[0]));
	if (!holds)
		return -ENOMEM;
	session->holds = holds;
	holds[session->nr_holds++] = *range;
	return 0;
}

int session_release(struct session *session, const struct svm_range *range)
{
	size_t i;

	for (i = 0; i < session->nr_holds; i++)
		if (session->holds[i].addr == range->addr &&
		    session->holds[i].length == range->length) {
			session->holds[i] = session->holds[--session->nr_holds];
			return 0;
		}
	return -ENOENT;
}

/* --- what a session says --------------------------------------------------- */

static int heard_hold(struct session *session, const union svm_wire_packet *p)
{
	struct svm_range range = {
		.addr = (void *)(uintptr_t)p->hold.addr,
		.length = p->hold.length,
	};
	int ret;

	if (!p->hold.length || p->hold.addr + p->hold.length < p->hold.addr)
		return -EINVAL;
	if (p->head.type == SVM_WIRE_HOLD)
		ret = session_hold(session, &range);
	else
		ret = session_release(session, &range);
	if (!ret)
		session_keep(session);
	return ret;
}

static int heard(struct session *session, const union svm_wire_packet *packet,
		 size_t length)
{
	uint64_t now = clock_usec();

	if (now - session->said_us >= USEC_PER_SEC) {
		session->said_us = now;
		session->said = 0;
	}
	if (++session->said > PACKETS_PER_SECOND)
		return -EBUSY;
	if (length < sizeof(packet->head) || packet->head.length != length ||
	    packet->head.version != SVM_WIRE_VERSION)
		return -EPROTO;
	switch (packet->head.type) {
	case SVM_WIRE_HOLD:
	case SVM_WIRE_RELEASE:
		if (length != sizeof(packet->hold))
			return -EPROTO;
		return heard_hold(session, packet);
	default:
		return -EPROTO;
	}
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct session *session = arg;
	union svm_wire_packet packet;
	ssize_t got;
	int ret;

	(void)what;
	/* One packet a turn; descriptors that come with it are dropped. */
	got = recv(fd, &packet, sizeof(packet), MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		session_end(session, 0);
		return;
	}
	ret = heard(session, &packet, (size_t)got);
	if (ret)
		session_end(session, ret);
}

static void on_exit_of(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	session_end(arg, 0);
}

/* --- beginning and end ----------------------------------------------------- */

static void session_free(struct session *session)
{
	if (session->on_socket)
		event_free(session->on_socket);
	if (session->on_exit)
		event_free(session->on_exit);
	if (session->socket >= 0)
		close(session->socket);
	if (session->pidfd >= 0)
		close(session->pidfd);
	if (session->maps >= 0)
		close(session->maps);
	svm_close(session->svm);
	free(session->contexts);
	free(session->cgroup);
	free(session->holds);
	free(session->regions);
	free(session);
}

struct session *session_ref(struct session *session)
{
	session->refs++;
	return session;
}

struct session *session_unref(struct session *session)
{
	if (session && !--session->refs)
		session_free(session);
	return NULL;
}

static void cleanup_session(struct session **session)
{
	*session = session_unref(*session);
}

static int open_handle(struct session *session,
		       const struct session_parts *parts)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;

	if (parts->nr_contexts) {
		session->contexts = calloc(parts->nr_contexts, sizeof(int));
		if (!session->contexts)
			return -ENOMEM;
		memcpy(session->contexts, parts->contexts,
		       parts->nr_contexts * sizeof(int));
	}
	opts.pid = parts->peer.pid;
	opts.nr_fds = parts->nr_contexts;
	opts.fds = parts->nr_contexts ? parts->contexts : NULL;
	return svm_open(&session->svm, &opts);
}

static int watch(struct session *session, struct event_base *base)
{
	session->on_socket = event_new(base, session->socket,
				       EV_READ | EV_PERSIST, on_socket,
				       session);
	session->on_exit =
		event_new(base, session->pidfd, EV_READ, on_exit_of, session);
	if (!session->on_socket || !session->on_exit ||
	    event_add(session->on_socket, NULL) < 0 ||
	    event_add(session->on_exit, NULL) < 0)
		return -ENOMEM;
	return 0;
}

static void forget_fds(struct session_parts *parts)
{
	unsigned int i;

	parts->socket = -1;
	parts->pidfd = -1;
	for (i = 0; i < parts->nr_contexts; i++)
		parts->contexts[i] = -1;
}

int session_new(struct sessions *all, struct session_parts *parts,
		struct session **out)
{
	__cleanup(cleanup_session) struct session *session = NULL;
	int ret;

	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->refs = 1;
	session->socket = -1;
	session->pidfd = -1;
	session->maps = -1;
	session->cpus = USAGE_CPUS_INIT;
	session->all = all;
	session->id = parts->id;
	session->peer = parts->peer;
	session->nr_contexts = parts->nr_contexts;
	session->joined_us = clock_usec();
	idle_init(&session->idle, parts->peer.pid, session->joined_us);
	memcpy(session->name, parts->name, sizeof(session->name));
	session->cgroup = peer_cgroup(parts->peer.pid);
	ret = list_add(all, session);
	if (ret)
		return ret;
	ret = open_handle(session, parts);
	if (ret) {
		list_remove(all, session);
		return ret;
	}
	session->socket = parts->socket;
	session->pidfd = parts->pidfd;
	forget_fds(parts);
	ret = watch(session, all->base);
	if (ret) {
		list_remove(all, session);
		return ret;
	}
	if (session->id > all->last_id)
		all->last_id = session->id;
	*out = TAKE_PTR(session);
	return 0;
}

static void let_go(struct session *session)
{
	struct sessions *all = session->all;

	session->ended = true;
	event_del(session->on_socket);
	event_del(session->on_exit);
	close(session->socket);
	session->socket = -1;
	list_remove(all, session);
	all->ops.left(session, all->ops.arg);
	session_unref(session);
}

void session_end(struct session *session, int reason)
{
	if (session->ended)
		return;
	if (reason)
		log_errno(LOG_WARNING, reason,
			  "session %llu (%s, pid %d, uid %u) is ended",
			  (unsigned long long)session->id, session->name,
			  session->peer.pid, session->peer.uid);
	else
		log_line(LOG_DEBUG, "session %llu (%s) has left",
			 (unsigned long long)session->id, session->name);
	/* Neither a job's reference nor the store may keep the peer waiting. */
	shutdown(session->socket, SHUT_RDWR);
	session_forget(session);
	let_go(session);
}

/*
 * The file stays with the address space that it was opened for. Opening it waits
 * for an exec of the process, and reading it for whoever maps something there.
 */
static int open_maps(struct session *session)
{
	char path[64];

	if (session->maps >= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", session->peer.pid);
	session->maps = open(path, O_RDONLY | O_CLOEXEC);
	if (session->maps >= 0)
		return 0;
	return errno == ENOENT ? -ESRCH : -errno;
}

/* It reads as empty when the address space is gone. */
static int check_maps(const struct session *session)
{
	char byte;
	ssize_t got = pread(session->maps, &byte, 1, 0);

	if (got < 0)
		return -errno;
	return got ? 0 : -ESRCH;
}

int session_check(struct session *session)
{
	pid_t pid = session->peer.pid;
	int ret = open_maps(session);

	if (!ret)
		ret = check_maps(session);
	/*
	 * Afterwards, so that it was of our process; and each time, since another
	 * process may keep the address space.
	 */
	if (!ret && pidfd_pid(session->pidfd) != pid)
		ret = -ESRCH;
	if (!ret && !peer_may_join(&session->peer, pid))
		ret = -EPERM;
	if (ret == -ESRCH || ret == -EPERM)
		session->lost = ret;
	return ret;
}

void session_end_lost(struct session *session)
{
	int lost = session->lost;

	/* Exec of something else is no offence. */
	if (lost)
		session_end(session, lost == -ESRCH ? 0 : lost);
}

int sessions_new(struct sessions **out, struct event_base *base,
		 const char *sysfs, const char *state_dir,
		 const struct sessions_ops *ops)
{
	struct sessions *all = calloc(1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	all->base = base;
	all->sysfs = sysfs;
	all->state_dir = state_dir;
	all->ops = *ops;
	all->listener = -1;
	*out = all;
	return 0;
}

struct sessions *sessions_free(struct sessions *all)
{
	if (!all)
		return NULL;
	sessions_deafen(all);
	while (all->nr)
		let_go(all->list[all->nr - 1]);
	free(all->list);
	free(all);
	return NULL;
}
