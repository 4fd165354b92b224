// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sessions: being joined to svmd, and becoming so again.
 *
 * A session is a small state machine that svm_session_process() turns:
 *
 *	detached --connect, send hello--> waiting --welcome--> joined
 *	    ^-- hang-up -------------------+----------------------+
 *
 * Connecting is tried soon after a hang-up, and when svmd's socket is made. Only
 * for what no event tells (it is not listened on yet, its queue is full, a watch
 * can't be had) there is a timer, that takes ever longer.
 *
 * The descriptor for the caller's loop is an epoll that has the socket while
 * there is one, the watch while there is none, and the timer. Holds are
 * remembered, to be said again.
 *
 * Locking: @lock guards everything that changes; nothing blocks under it.
 * svm_join() waits outside of it, on the epoll. No thread, no signal handler.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <svm/session.h>

#include "cleanup.h"
#include "growable.h"
#include "handle.h"
#include "session-wire.h"
#include "watch.h"

#define JOIN_TIMEOUT_MS 5000
/* Soon at first, then ever later: away for as long again as svmd was, at most. */
#define RETRY_FIRST_MS 10
#define RETRY_LAST_MS 5000

enum state {
	DETACHED,
	WAITING,
	JOINED,
	REFUSED,
};

struct hold {
	uint64_t addr;
	uint64_t length;
};

/**
 * struct svm_session - a session
 * @svm: the caller's handle: its contexts are handed over.
 * @path: svmd's socket.
 * @name: what operators see.
 * @epoll: what the caller polls; has @timer, @socket and @watch.
 * @timer: when to try again.
 * @lock: guards what follows.
 * @socket: the connection, or -1.
 * @watch: tells when there is a socket to connect to, or -1.
 * @state: see above.
 * @error: why it is not joined.
 * @retry_ms: how long to wait before the next try.
 * @id: svmd's number for it, 0 while not joined.
 * @nr_holds: entries in @holds.
 * @holds: what is held.
 */
struct svm_session {
	struct svm *svm;
	struct sockaddr_un path;
	char name[SVM_WIRE_NAME_MAX];
	int epoll;
	int timer;
	pthread_mutex_t lock;
	int socket;
	int watch;
	enum state state;
	int error;
	unsigned int retry_ms;
	uint64_t id;
	size_t nr_holds;
	struct hold holds[SVM_WIRE_HOLDS_MAX];
};

/* --- talking; under the lock --------------------------------------------- */

static void set_timer(struct svm_session *session, unsigned int ms)
{
	struct itimerspec when = {
		.it_value.tv_sec = ms / 1000,
		.it_value.tv_nsec = (long)(ms % 1000) * 1000000,
	};

	timerfd_settime(session->timer, 0, &when, NULL);
}

static int listen_to(struct svm_session *session, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(session->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno
									: 0;
}

/* Closing alone does not end it for the epoll while a child has a copy. */
static void stop_listening(struct svm_session *session, int *fd)
{
	if (*fd < 0)
		return;
	(void)epoll_ctl(session->epoll, EPOLL_CTL_DEL, *fd, NULL);
	close(*fd);
	*fd = -1;
}

static void hang_up(struct svm_session *session)
{
	stop_listening(session, &session->socket);
	session->id = 0;
}

/* Before it is looked whether svmd is there, so that nothing gets lost. */
static bool watch_out(struct svm_session *session)
{
	if (session->watch < 0) {
		session->watch = svm_watch_open();
		if (session->watch < 0)
			return false;
		if (listen_to(session, session->watch)) {
			stop_listening(session, &session->watch);
			return false;
		}
	}
	return svm_watch_arm(session->watch, session->path.sun_path);
}

static int detach(struct svm_session *session, int error)
{
	hang_up(session);
	session->state = DETACHED;
	session->error = error;
	set_timer(session, session->retry_ms);
	session->retry_ms *= 2;
	if (session->retry_ms > RETRY_LAST_MS)
		session->retry_ms = RETRY_LAST_MS;
	return error;
}

static int say(struct svm_session *session, const void *packet, size_t length)
{
	ssize_t sent = send(session->socket, packet, length,
			    MSG_DONTWAIT | MSG_NOSIGNAL);

	return sent < 0 ? -errno : 0;
}

static int say_hold(struct svm_session *session, const struct hold *hold,
		    uint16_t type)
{
	struct svm_wire_hold packet = {
		.head = SVM_WIRE_HEAD(type, packet),
		.addr = hold->addr,
		.length = hold->length,
	};

	return say(session, &packet, sizeof(packet));
}

static int say_hello(struct svm_session *session)
{
	struct svm_wire_hello hello = {
		.head = SVM_WIRE_HEAD(SVM_WIRE_HELLO, hello),
		.nr_contexts = session->svm->nr_devices,
	};
	size_t nr_fds = 1 + session->svm->nr_devices, i;
	struct iovec iov = { &hello, sizeof(hello) };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) *
				      (1 + SVM_WIRE_CONTEXTS_MAX))];
	} control = { .bytes = { 0 } };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(int) * nr_fds),
	};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&msg);
	int fds[1 + SVM_WIRE_CONTEXTS_MAX];
	__close_fd int pidfd = -1;

	pidfd = (int)syscall(SYS_pidfd_open,
			     session->svm->pid ? session->svm->pid
					       : session->svm->opener,
			     0);
	if (pidfd < 0)
		return -errno;
	fds[0] = pidfd;
	for (i = 1; i < nr_fds; i++)
		fds[i] = session->svm->devices[i - 1].fd;
	memcpy(hello.name, session->name, sizeof(hello.name));
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int) * nr_fds);
	memcpy(CMSG_DATA(rights), fds, sizeof(int) * nr_fds);
	if (sendmsg(session->socket, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

static int call(struct svm_session *session)
{
	bool watching = watch_out(session);
	int ret;

	session->socket = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (session->socket < 0)
		return detach(session, -errno);
	if (connect(session->socket, (struct sockaddr *)&session->path,
		    sizeof(session->path)) < 0) {
		ret = -errno;
		/* When it is there is told; then it may take some tries. */
		if (ret == -ENOENT && watching)
			session->retry_ms = RETRY_LAST_MS;
		return detach(session, ret);
	}
	ret = listen_to(session, session->socket);
	if (!ret)
		ret = say_hello(session);
	if (ret)
		return detach(session, ret);
	session->state = WAITING;
	session->error = -ENOTCONN;
	/* An svmd that never answers is left, and tried again. */
	set_timer(session, JOIN_TIMEOUT_MS);
	return 0;
}

static int welcomed(struct svm_session *session,
		    const struct svm_wire_welcome *welcome)
{
	size_t i;
	int ret;

	session->state = JOINED;
	session->error = 0;
	session->id = welcome->session;
	session->retry_ms = RETRY_FIRST_MS;
	stop_listening(session, &session->watch);
	set_timer(session, 0);
	for (i = 0; i < session->nr_holds; i++) {
		ret = say_hold(session, &session->holds[i], SVM_WIRE_HOLD);
		if (ret)
			return detach(session, ret);
	}
	return 0;
}

static int refused(struct svm_session *session, int error)
{
	hang_up(session);
	stop_listening(session, &session->watch);
	set_timer(session, 0);
	session->state = REFUSED;
	session->error = error < 0 ? error : -EPROTO;
	return session->error;
}

static int take_packet(struct svm_session *session,
		       const union svm_wire_packet *packet, size_t length)
{
	if (length < sizeof(packet->head))
		return refused(session, -EPROTO);
	if (packet->head.type == SVM_WIRE_REFUSED &&
	    length == sizeof(packet->refused))
		return refused(session, packet->refused.error);
	if (packet->head.version != SVM_WIRE_VERSION)
		return refused(session, -EPROTO);
	if (packet->head.type == SVM_WIRE_WELCOME &&
	    length == sizeof(packet->welcome) && packet->welcome.session &&
	    session->state == WAITING)
		return welcomed(session, &packet->welcome);
	return refused(session, -EPROTO);
}

/* Takes in what svmd said. */
static int listen_up(struct svm_session *session)
{
	union svm_wire_packet packet;
	ssize_t got;

	while (session->socket >= 0) {
		got = recv(session->socket, &packet, sizeof(packet),
			   MSG_DONTWAIT);
		if (got > 0)
			(void)take_packet(session, &packet, (size_t)got);
		else if (!got)
			return detach(session, -ENOTCONN);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			return detach(session, -errno);
	}
	return session->error;
}

static bool timer_fired(struct svm_session *session)
{
	uint64_t times;

	return read(session->timer, &times, sizeof(times)) == sizeof(times);
}

static int turn(struct svm_session *session)
{
	bool fired = timer_fired(session);

	if (session->watch >= 0 &&
	    svm_watch_fired(session->watch, session->path.sun_path)) {
		session->retry_ms = RETRY_FIRST_MS;
		fired |= session->state == DETACHED;
	}
	if (session->socket >= 0)
		(void)listen_up(session);
	if (session->state == WAITING && fired)
		return detach(session, -ETIMEDOUT);
	if (session->state == DETACHED && fired) {
		(void)call(session);
		if (session->state == WAITING)
			(void)listen_up(session);
	}
	return session->error;
}

/* --- the interface -------------------------------------------------------- */

/* Shields callers from why exactly svmd can't be had just now. */
static int told(const struct svm_session *session, int error)
{
	return error && session->state != REFUSED ? -ENOTCONN : error;
}

SVM_PUBLIC int svm_session_process(struct svm_session *session)
{
	int ret;

	if (!session)
		return -EINVAL;
	ret = svm_check_opener(session->svm);
	if (ret)
		return ret;
	pthread_mutex_lock(&session->lock);
	ret = told(session, turn(session));
	pthread_mutex_unlock(&session->lock);
	return ret;
}

SVM_PUBLIC int svm_session_fd(const struct svm_session *session)
{
	return session ? session->epoll : -EINVAL;
}

SVM_PUBLIC uint64_t svm_session_id(const struct svm_session *session)
{
	struct svm_session *mutable = (struct svm_session *)session;
	uint64_t id;

	if (!session || svm_check_opener(session->svm))
		return 0;
	pthread_mutex_lock(&mutable->lock);
	id = session->id;
	pthread_mutex_unlock(&mutable->lock);
	return id;
}

SVM_PUBLIC int svm_session_hold(struct svm_session *session, const void *addr,
				size_t length)
{
	struct hold hold = { (uintptr_t)addr, length };
	int ret;

	if (!session || !length || hold.addr + hold.length < hold.addr)
		return -EINVAL;
	ret = svm_check_opener(session->svm);
	if (ret)
		return ret;
	pthread_mutex_lock(&session->lock);
	if (session->nr_holds == SVM_WIRE_HOLDS_MAX) {
		ret = -ENOSPC;
	} else {
		session->holds[session->nr_holds++] = hold;
		/* Unheard, it is said when the session is joined again. */
		if (session->state == JOINED) {
			int err = say_hold(session, &hold, SVM_WIRE_HOLD);

			if (err)
				(void)detach(session, err);
		}
	}
	pthread_mutex_unlock(&session->lock);
	return ret;
}

SVM_PUBLIC int svm_session_release(struct svm_session *session,
				   const void *addr, size_t length)
{
	struct hold hold = { (uintptr_t)addr, length };
	size_t i;
	int ret;

	if (!session)
		return -EINVAL;
	ret = svm_check_opener(session->svm);
	if (ret)
		return ret;
	ret = -ENOENT;
	pthread_mutex_lock(&session->lock);
	for (i = 0; i < session->nr_holds && ret; i++)
		if (!memcmp(&session->holds[i], &hold, sizeof(hold))) {
			session->holds[i] = session->holds[--session->nr_holds];
			ret = 0;
		}
	if (!ret && session->state == JOINED) {
		int err = say_hold(session, &hold, SVM_WIRE_RELEASE);

		if (err)
			(void)detach(session, err);
	}
	pthread_mutex_unlock(&session->lock);
	return ret;
}

static void close_all(struct svm_session *session)
{
	const int fds[] = { session->socket, session->watch, session->timer,
			    session->epoll };
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

SVM_PUBLIC struct svm_session *svm_leave(struct svm_session *session)
{
	if (!session)
		return NULL;
	/* A child that has a copy of the socket must not keep the session. */
	if (session->socket >= 0 && !svm_check_opener(session->svm))
		shutdown(session->socket, SHUT_RDWR);
	/* Not by hang_up(): in a child the epoll is the parent's as well. */
	close_all(session);
	pthread_mutex_destroy(&session->lock);
	free(session);
	return NULL;
}

static void leave(struct svm_session **session)
{
	*session = svm_leave(*session);
}

static int copy_names(struct svm_session *session,
		      const struct svm_join_opts *opts)
{
	const char *path = opts->path ? opts->path : SVM_WIRE_PATH;
	const char *name = opts->name ? opts->name : "";

	if (strlen(path) >= sizeof(session->path.sun_path) ||
	    strlen(name) >= sizeof(session->name))
		return -EINVAL;
	session->path.sun_family = AF_UNIX;
	strcpy(session->path.sun_path, path);
	strcpy(session->name, name);
	return 0;
}

static int open_fds(struct svm_session *session)
{
	session->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (session->epoll < 0)
		return -errno;
	session->timer =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (session->timer < 0)
		return -errno;
	return listen_to(session, session->timer);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The first time around: waits for the answer. */
static int join_now(struct svm_session *session, unsigned int timeout_ms)
{
	int64_t left, end = now_ms() + timeout_ms;
	struct pollfd wait = { .fd = session->epoll, .events = POLLIN };
	int ret;

	pthread_mutex_lock(&session->lock);
	ret = call(session);
	pthread_mutex_unlock(&session->lock);
	if (ret && ret != -EAGAIN)
		return ret;
	do {
		left = end - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&wait, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
		pthread_mutex_lock(&session->lock);
		ret = turn(session);
		pthread_mutex_unlock(&session->lock);
		/* -EAGAIN: too many are calling; the timer tries again. */
	} while (ret == -EAGAIN || (ret && session->state == WAITING));
	return ret;
}

SVM_PUBLIC int svm_join(struct svm *svm, const struct svm_join_opts *opts,
			struct svm_session **out)
{
	__cleanup(leave) struct svm_session *session = NULL;
	struct svm_join_opts known;
	int ret;

	if (!svm || !out)
		return -EINVAL;
	ret = growable_read(&known, sizeof(known),
			    SIZE_UP_TO(struct svm_join_opts, reserved), opts);
	if (ret)
		return ret;
	if ((known.flags & ~(uint32_t)SVM_JOIN_LATER) || known.reserved ||
	    known.timeout_ms > INT32_MAX)
		return -EINVAL;
	if (svm->nr_devices > SVM_WIRE_CONTEXTS_MAX)
		return -EINVAL;
	ret = svm_check_opener(svm);
	if (ret)
		return ret;
	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	pthread_mutex_init(&session->lock, NULL);
	session->svm = svm;
	session->epoll = -1;
	session->timer = -1;
	session->socket = -1;
	session->watch = -1;
	session->error = -ENOTCONN;
	session->retry_ms = RETRY_FIRST_MS;
	ret = copy_names(session, &known);
	if (!ret)
		ret = open_fds(session);
	if (ret)
		return ret;
	ret = join_now(session,
		       known.timeout_ms ? known.timeout_ms : JOIN_TIMEOUT_MS);
	if (ret &&
	    (session->state == REFUSED || !(known.flags & SVM_JOIN_LATER)))
		return ret;
	*out = TAKE_PTR(session);
	return 0;
}
