// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The listening socket, and callers that have connected but not spoken yet.
 *
 * Bounds: CALLERS_MAX callers at a time, each with PATIENCE to say its hello;
 * further ones wait in the socket's queue. A caller without the secret is hung
 * up on.
 */
#include "door.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"

#define CALLERS_MAX 128
/* In one go, before other events get their turn. */
#define ACCEPTS_MAX 64

static const struct timeval patience = { .tv_sec = 5 };
/* Until descriptors may be there again. */
static const struct timeval pause_time = { .tv_usec = 100 * 1000 };

struct caller {
	LIST_ENTRY(caller) link;
	struct door *door;
	int fd;
	struct event *event;
};

struct door {
	int fd;
	struct event_base *base;
	struct event *event;
	struct event *resume;
	door_fn joined;
	void *arg;
	unsigned int nr_callers;
	LIST_HEAD(, caller) callers;
	char key[64 + 1 + HELLO_SECRET_DIGITS + 1];
	const char *secret;
};

static void caller_free(struct caller *caller)
{
	LIST_REMOVE(caller, link);
	/* there is room for callers again */
	if (caller->door->nr_callers-- == CALLERS_MAX)
		event_add(caller->door->event, NULL);
	if (caller->event)
		event_free(caller->event);
	close(caller->fd);
	free(caller);
}

static void newcomer_release(struct newcomer *newcomer)
{
	if (newcomer->pidfd >= 0)
		close(newcomer->pidfd);
	for (unsigned int i = 0; i < newcomer->nr_contexts; i++)
		close(newcomer->contexts[i]);
}

/* Takes the descriptors of a message over into @newcomer. */
static void take_rights(struct msghdr *message, struct newcomer *newcomer)
{
	struct cmsghdr *c;
	size_t nr;
	int fd;

	for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		nr = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < nr; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			       sizeof(int));
			if (newcomer->pidfd < 0)
				newcomer->pidfd = fd;
			else if (newcomer->nr_contexts < HELLO_CONTEXTS_MAX)
				newcomer->contexts[newcomer->nr_contexts++] =
					fd;
			else
				close(fd);
		}
	}
}

/*
 * Reads the hello of a caller. Returns 0 with @newcomer filled, -EAGAIN if it
 * has said nothing yet, or another error if it is none of ours.
 */
static int receive(struct caller *caller, struct newcomer *newcomer)
{
	struct hello hello = { 0 };
	union {
		char bytes[CMSG_SPACE((HELLO_CONTEXTS_MAX + 1) * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = &hello, .iov_len = sizeof(hello) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct ucred peer;
	socklen_t length = sizeof(peer);
	ssize_t got;

	*newcomer = (struct newcomer){ .pidfd = -1 };
	got = recvmsg(caller->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0)
		return -errno;
	take_rights(&message, newcomer);
	if (got != (ssize_t)sizeof(hello) || hello.magic != HELLO_MAGIC ||
	    memcmp(hello.secret, caller->door->secret, sizeof(hello.secret)) ||
	    newcomer->pidfd < 0)
		return -EPROTO;
	/* the pid as the kernel saw it when it connected */
	if (getsockopt(caller->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length))
		return -errno;
	newcomer->pid = peer.pid;
	newcomer->forked = hello.forked;
	return 0;
}

/* Returns false while the caller has not spoken. */
static bool serve(struct caller *caller)
{
	struct door *door = caller->door;
	struct newcomer newcomer;
	int err;

	err = receive(caller, &newcomer);
	if (err == -EAGAIN)
		return false;
	caller_free(caller);
	if (!err)
		door->joined(door->arg, &newcomer);
	newcomer_release(&newcomer);
	return true;
}

static void on_caller(evutil_socket_t fd, short what, void *arg)
{
	struct caller *caller = arg;

	(void)fd;
	if (!serve(caller) && (what & EV_TIMEOUT))
		caller_free(caller);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct door *door = arg;

	(void)fd;
	(void)what;
	event_add(door->event, NULL);
}

/* Lets one in. Returns 0, or -EAGAIN when nobody is waiting. */
static int admit(struct door *door)
{
	struct caller *caller;
	int fd;

	fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return errno == ECONNABORTED || errno == EINTR ? 0 : -errno;
	caller = calloc(1, sizeof(*caller));
	if (!caller) {
		close(fd);
		return -ENOMEM;
	}
	caller->fd = fd;
	caller->door = door;
	LIST_INSERT_HEAD(&door->callers, caller, link);
	door->nr_callers++;
	if (serve(caller))
		return 0;
	caller->event = event_new(door->base, fd, EV_READ | EV_PERSIST,
				  on_caller, caller);
	if (!caller->event || event_add(caller->event, &patience))
		caller_free(caller);
	return 0;
}

static void on_knock(evutil_socket_t fd, short what, void *arg)
{
	struct door *door = arg;
	int err = 0;

	(void)fd;
	(void)what;
	for (int i = 0; i < ACCEPTS_MAX && !err; i++) {
		if (door->nr_callers == CALLERS_MAX) {
			event_del(door->event);
			return;
		}
		err = admit(door);
	}
	/* out of descriptors or memory: the queue would stay readable */
	if (err && err != -EAGAIN) {
		event_del(door->event);
		event_add(door->resume, &pause_time);
	}
}

void door_drain(struct door *door)
{
	struct caller *caller, *next;

	for (caller = LIST_FIRST(&door->callers); caller; caller = next) {
		next = LIST_NEXT(caller, link);
		serve(caller);
	}
	while (door->nr_callers < CALLERS_MAX && !admit(door))
		;
}

const char *door_key(const struct door *door)
{
	return door->key;
}

/* Makes up a name and a secret, and listens. */
static int listen_at(struct door *door)
{
	uint8_t bytes[8 + HELLO_SECRET_BYTES];
	char name[64], digits[2 * sizeof(bytes) + 1];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
	snprintf(name, sizeof(name), "svm-run-%d-%.16s", (int)getpid(), digits);
	snprintf(door->key, sizeof(door->key), "%s:%s", name, digits + 16);
	door->secret = door->key + strlen(name) + 1;

	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			     strlen(name));
	memcpy(address.sun_path + 1, name, strlen(name));
	door->fd = socket(AF_UNIX,
			  SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (door->fd < 0 ||
	    bind(door->fd, (struct sockaddr *)&address, length) ||
	    listen(door->fd, SOMAXCONN))
		return -errno;
	return 0;
}

int door_open(struct door **out, struct event_base *base, door_fn joined,
	      void *arg)
{
	struct door *door = calloc(1, sizeof(*door));
	int err;

	if (!door)
		return -ENOMEM;
	door->fd = -1;
	door->base = base;
	door->joined = joined;
	door->arg = arg;
	LIST_INIT(&door->callers);
	err = listen_at(door);
	if (err)
		goto close;
	err = -ENOMEM;
	door->event =
		event_new(base, door->fd, EV_READ | EV_PERSIST, on_knock, door);
	door->resume = event_new(base, -1, 0, on_resume, door);
	if (!door->event || !door->resume || event_add(door->event, NULL))
		goto close;
	*out = door;
	return 0;
close:
	door_close(door);
	return err;
}

struct door *door_close(struct door *door)
{
	if (!door)
		return NULL;
	while (!LIST_EMPTY(&door->callers))
		caller_free(LIST_FIRST(&door->callers));
	if (door->event)
		event_free(door->event);
	if (door->resume)
		event_free(door->resume);
	if (door->fd >= 0)
		close(door->fd);
	free(door);
	return NULL;
}
