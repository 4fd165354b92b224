// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Joining: connections until they have said a good hello and are sessions.
 *
 * Nothing is allocated for a caller but its entry, of which there is a bounded
 * number, and one of a user can't use up all; nor can what comes along with wrong
 * hellos, as long as that is not closed. Who does not say hello soon is hung up on. What is wrong with a hello is answered, without waiting for
 * anybody to read that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "closer.h"
#include "log.h"
#include "sessions.h"
#include "text.h"

/* libsvm says hello at once; a swapping machine may take its time. */
#define HELLO_USEC (5 * USEC_PER_SEC)
/* Until room for another one is looked for again. */
#define PAUSE_USEC (USEC_PER_SEC / 10)
#define CALLERS_MAX 256
#define CALLERS_PER_USER 32
#define ACCEPTS_PER_TURN 16
#define FDS_MAX (1 + SVM_WIRE_CONTEXTS_MAX)
/* What a control buffer for so many can hold: its padding is room as well. */
#define CONTROL_BYTES CMSG_SPACE(sizeof(int) * FDS_MAX)
#define CONTROL_FDS ((CONTROL_BYTES - CMSG_LEN(0)) / sizeof(int))

/**
 * struct caller - a connection without a session yet
 * @all: the list.
 * @next: in the list of callers.
 * @peer: who it is.
 * @socket: the connection.
 * @event: hears the hello, or that it took too long.
 */
struct caller {
	struct sessions *all;
	struct caller *next;
	struct peer peer;
	int socket;
	struct event *event;
};

/* --- callers --------------------------------------------------------------- */

static void caller_free(struct caller *caller)
{
	struct caller **link = &caller->all->callers;

	while (*link && *link != caller)
		link = &(*link)->next;
	if (*link) {
		*link = caller->next;
		caller->all->nr_callers--;
	}
	if (caller->event)
		event_free(caller->event);
	if (caller->socket >= 0)
		close(caller->socket);
	free(caller);
}

static void cleanup_caller(struct caller **caller)
{
	if (*caller)
		caller_free(*caller);
}

static void answer(int socket, const void *packet, size_t size)
{
	(void)!send(socket, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void refuse(int socket, int error)
{
	struct svm_wire_refused packet = {
		.head = SVM_WIRE_HEAD(SVM_WIRE_REFUSED, packet),
		.error = error,
	};

	answer(socket, &packet, sizeof(packet));
}

/* --- the hello ------------------------------------------------------------- */

/**
 * struct letter - a packet with what came along
 * @packet: the packet.
 * @length: its bytes.
 * @nr_fds: entries in @fds.
 * @fds: descriptors; what is not taken out is closed with the letter.
 */
struct letter {
	union svm_wire_packet packet;
	size_t length;
	size_t nr_fds;
	int fds[CONTROL_FDS];
};

/* Most are harmless; the others are for the closer. */
static void letter_close(struct letter *letter, uid_t uid, const char *sysfs)
{
	size_t i, nr = 0;

	for (i = 0; i < letter->nr_fds; i++) {
		int fd = letter->fds[i];

		if (fd < 0)
			continue;
		if (fd_is_harmless(fd, sysfs))
			close(fd);
		else
			letter->fds[nr++] = fd;
	}
	if (close_strangers(uid, letter->fds, nr))
		log_line(LOG_WARNING,
			 "%zu files that a process sent may be left open", nr);
	letter->nr_fds = 0;
}

static void take_fds(struct letter *letter, struct msghdr *msg)
{
	struct cmsghdr *part;

	for (part = CMSG_FIRSTHDR(msg); part; part = CMSG_NXTHDR(msg, part)) {
		size_t bytes = part->cmsg_len - CMSG_LEN(0);

		if (part->cmsg_level != SOL_SOCKET ||
		    part->cmsg_type != SCM_RIGHTS)
			continue;
		/* The kernel makes one such part, and it fits. */
		memcpy(letter->fds + letter->nr_fds, CMSG_DATA(part), bytes);
		letter->nr_fds += bytes / sizeof(int);
	}
}

static int letter_read(int socket, struct letter *letter)
{
	struct iovec iov = { &letter->packet, sizeof(letter->packet) };
	union {
		struct cmsghdr align;
		char bytes[CONTROL_BYTES];
	} control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;

	letter->nr_fds = 0;
	got = recvmsg(socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0)
		return -errno;
	take_fds(letter, &msg);
	letter->length = (size_t)got;
	if (!got)
		return -ECONNRESET;
	return msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? -EPROTO : 0;
}

static int check_hello(const struct letter *letter)
{
	const struct svm_wire_hello *hello = &letter->packet.hello;

	if (letter->length < sizeof(hello->head) ||
	    hello->head.version != SVM_WIRE_VERSION ||
	    hello->head.type != SVM_WIRE_HELLO ||
	    letter->length != sizeof(*hello) ||
	    hello->head.length != sizeof(*hello))
		return -EPROTO;
	if (hello->reserved || !memchr(hello->name, 0, sizeof(hello->name)))
		return -EINVAL;
	if (hello->nr_contexts > SVM_WIRE_CONTEXTS_MAX ||
	    letter->nr_fds != 1 + hello->nr_contexts)
		return -EINVAL;
	return 0;
}

static int check_contexts(const struct letter *letter, const char *sysfs)
{
	size_t i;

	for (i = 1; i < letter->nr_fds; i++)
		if (!fd_is_context(letter->fds[i], sysfs))
			return -EBADF;
	return 0;
}

static int check_limits(const struct sessions *all, uid_t uid)
{
	uint32_t most, per_user;

	all->ops.limits(&most, &per_user, all->ops.arg);
	return all->nr >= most || sessions_of(all, uid) >= per_user ? -EUSERS
								    : 0;
}

/* A name goes to logs, terminals and the bus: plain characters only. */
static void set_name(char *name, const char *wanted, const struct peer *peer)
{
	memcpy(name, wanted, SVM_WIRE_NAME_MAX);
	if (!name[0])
		peer_name(peer->pid, name, SVM_WIRE_NAME_MAX);
	text_clean(name);
}

static int join(struct caller *caller, struct letter *letter,
		struct session **out)
{
	struct sessions *all = caller->all;
	struct session_parts parts = {
		.id = all->last_id + 1,
		.peer = caller->peer,
		.socket = caller->socket,
		.nr_contexts = (unsigned int)(letter->nr_fds - 1),
		.contexts = letter->fds + 1,
	};
	int ret = check_hello(letter);

	if (!ret)
		ret = check_contexts(letter, all->sysfs);
	if (!ret)
		ret = check_limits(all, caller->peer.uid);
	if (ret)
		return ret;
	parts.pidfd = peer_pidfd(caller->socket, &parts.peer, letter->fds[0]);
	if (parts.pidfd < 0)
		return parts.pidfd;
	set_name(parts.name, letter->packet.hello.name, &parts.peer);
	event_free(caller->event);
	caller->event = NULL;
	ret = session_new(all, &parts, out);
	if (parts.pidfd >= 0)
		close(parts.pidfd);
	caller->socket = parts.socket;
	return ret;
}

static void welcome(struct session *session)
{
	struct svm_wire_welcome packet = {
		.head = SVM_WIRE_HEAD(SVM_WIRE_WELCOME, packet),
		.session = session->id,
	};

	log_line(LOG_DEBUG, "session %llu: %s, pid %d, uid %u, %u devices",
		 (unsigned long long)session->id, session->name,
		 session->peer.pid, session->peer.uid, session->nr_contexts);
	session_store(session);
	session_keep(session);
	session->all->ops.joined(session, false, session->all->ops.arg);
	answer(session->socket, &packet, sizeof(packet));
}

static void on_hello(evutil_socket_t fd, short what, void *arg)
{
	__cleanup(cleanup_caller) struct caller *caller = arg;
	struct session *session = NULL;
	struct letter letter;
	uid_t uid = caller->peer.uid;
	int ret;

	if (what & EV_TIMEOUT) {
		refuse(fd, -ETIMEDOUT);
		return;
	}
	ret = letter_read(fd, &letter);
	if (ret == -EAGAIN || ret == -EINTR) {
		(void)TAKE_PTR(caller);
		return;
	}
	if (!ret)
		ret = join(caller, &letter, &session);
	letter_close(&letter, uid, caller->all->sysfs);
	if (!ret) {
		welcome(session);
		return;
	}
	if (ret != -ECONNRESET)
		log_errno(LOG_INFO, ret, "pid %d of user %u may not join",
			  caller->peer.pid, caller->peer.uid);
	if (caller->socket >= 0)
		refuse(caller->socket, ret);
}

/* --- the listener ---------------------------------------------------------- */

static unsigned int callers_of(const struct sessions *all, uid_t uid)
{
	const struct caller *caller;
	unsigned int nr = 0;

	for (caller = all->callers; caller; caller = caller->next)
		nr += caller->peer.uid == uid;
	return nr;
}

static int new_caller(struct sessions *all, int *socket)
{
	const struct timeval patience = timeval_of(HELLO_USEC);
	struct caller *caller;
	struct peer peer;
	int ret = peer_of(*socket, &peer);

	if (ret)
		return ret;
	if (all->nr_callers >= CALLERS_MAX ||
	    callers_of(all, peer.uid) >= CALLERS_PER_USER ||
	    strangers_too_many(peer.uid))
		return -EUSERS;
	caller = calloc(1, sizeof(*caller));
	if (!caller)
		return -ENOMEM;
	caller->all = all;
	caller->peer = peer;
	caller->socket = *socket;
	caller->event = event_new(all->base, *socket, EV_READ | EV_PERSIST,
				  on_hello, caller);
	if (!caller->event || event_add(caller->event, &patience) < 0) {
		caller->socket = -1;
		caller_free(caller);
		return -ENOMEM;
	}
	caller->next = all->callers;
	all->callers = caller;
	all->nr_callers++;
	*socket = -1;
	return 0;
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct sessions *all = arg;

	(void)fd;
	(void)what;
	event_add(all->on_caller, NULL);
}

/* There is room when something is closed, and nothing tells us when. */
static void pause_listening(struct sessions *all, int error)
{
	const struct timeval pause_time = timeval_of(PAUSE_USEC);

	if (!all->no_room)
		log_errno(LOG_ERR, error, "can't accept");
	all->no_room = true;
	event_del(all->on_caller);
	event_add(all->on_resume, &pause_time);
}

static bool is_out_of_room(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	       error == ENOMEM;
}

static void on_caller(evutil_socket_t fd, short what, void *arg)
{
	struct sessions *all = arg;
	unsigned int i;

	(void)what;
	for (i = 0; i < ACCEPTS_PER_TURN; i++) {
		__close_fd int socket = -1;
		int ret;

		socket = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (socket < 0) {
			/* It would be readable for ever. */
			if (is_out_of_room(errno))
				pause_listening(all, -errno);
			return;
		}
		all->no_room = false;
		ret = new_caller(all, &socket);
		if (ret && socket >= 0)
			refuse(socket, ret);
	}
}

int sessions_listen(struct sessions *all, int fd)
{
	__close_fd int owned = fd;
	int flags = fcntl(fd, F_GETFL);

	if (all->listener >= 0)
		return -EBUSY;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	all->on_caller =
		event_new(all->base, fd, EV_READ | EV_PERSIST, on_caller, all);
	all->on_resume = evtimer_new(all->base, on_resume, all);
	if (!all->on_caller || !all->on_resume ||
	    event_add(all->on_caller, NULL) < 0)
		return -ENOMEM;
	all->listener = TAKE_FD(owned);
	return 0;
}

void sessions_deafen(struct sessions *all)
{
	while (all->callers)
		caller_free(all->callers);
	if (all->on_caller)
		event_free(all->on_caller);
	all->on_caller = NULL;
	if (all->on_resume)
		event_free(all->on_resume);
	all->on_resume = NULL;
	if (all->listener >= 0)
		close(all->listener);
	all->listener = -1;
}
