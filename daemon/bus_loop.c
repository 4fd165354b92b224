// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sd-bus on libevent's loop, see bus_loop.h.
 *
 * Two events stand for the bus: one for its descriptor, added again only when
 * the descriptor or the mask changed, and a timer for its next deadline. Both
 * dispatch. Messages that were read already and wait in sd-bus' queue make no
 * descriptor readable; they show as a deadline in the past.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "bus_loop.h"
#include "cleanup.h"

/* Messages dispatched in a turn of the loop. */
#define TURN_MESSAGES 64

/**
 * struct bus_loop - see bus_loop.h
 * @base: the loop.
 * @bus: referenced; NULL once the connection broke.
 * @io: for the descriptor, or NULL before the first prepare.
 * @timer: for the deadline.
 * @fd: what @io watches.
 * @mask: for what.
 * @deadline: what @timer is set to, in µs of CLOCK_MONOTONIC; UINT64_MAX: off.
 * @gone: see bus_loop_new().
 * @arg: for @gone.
 */
struct bus_loop {
	struct event_base *base;
	sd_bus *bus;
	struct event *io;
	struct event *timer;
	int fd;
	short mask;
	uint64_t deadline;
	void (*gone)(int error, void *arg);
	void *arg;
};

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void forget_events(struct bus_loop *loop)
{
	if (loop->io)
		event_free(loop->io);
	if (loop->timer)
		event_free(loop->timer);
	loop->io = NULL;
	loop->timer = NULL;
	loop->fd = -1;
	loop->mask = 0;
	loop->deadline = UINT64_MAX;
}

static int broke(struct bus_loop *loop, int error)
{
	forget_events(loop);
	loop->bus = sd_bus_unref(loop->bus);
	loop->gone(error, loop->arg);
	return error;
}

static void dispatch(struct bus_loop *loop)
{
	unsigned int i;
	int ret = 1;

	for (i = 0; i < TURN_MESSAGES && ret > 0; i++)
		ret = sd_bus_process(loop->bus, NULL);
	if (ret < 0)
		(void)broke(loop, ret);
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dispatch(arg);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct bus_loop *loop = arg;

	(void)fd;
	(void)what;
	loop->deadline = UINT64_MAX;
	dispatch(loop);
}

static int watch_fd(struct bus_loop *loop)
{
	int fd = sd_bus_get_fd(loop->bus);
	int events = sd_bus_get_events(loop->bus);
	short mask = 0;

	if (fd < 0)
		return fd;
	if (events < 0)
		return events;
	if (events & POLLIN)
		mask |= EV_READ;
	if (events & POLLOUT)
		mask |= EV_WRITE;
	if (loop->io && loop->fd == fd && loop->mask == mask)
		return 0;
	if (loop->io)
		event_free(loop->io);
	loop->io = event_new(loop->base, fd, mask | EV_PERSIST, on_io, loop);
	if (!loop->io)
		return -ENOMEM;
	loop->fd = fd;
	loop->mask = mask;
	return mask && event_add(loop->io, NULL) < 0 ? -ENOMEM : 0;
}

static int watch_deadline(struct bus_loop *loop)
{
	struct timeval wait = { 0, 0 };
	uint64_t deadline, now;
	int ret = sd_bus_get_timeout(loop->bus, &deadline);

	if (ret < 0)
		return ret;
	if (deadline == loop->deadline)
		return 0;
	loop->deadline = deadline;
	if (deadline == UINT64_MAX) {
		event_del(loop->timer);
		return 0;
	}
	now = now_usec();
	if (deadline > now) {
		wait.tv_sec = (time_t)((deadline - now) / 1000000);
		wait.tv_usec = (suseconds_t)((deadline - now) % 1000000);
	}
	return event_add(loop->timer, &wait) < 0 ? -ENOMEM : 0;
}

int bus_loop_prepare(struct bus_loop *loop)
{
	int ret;

	if (!loop)
		return 0;
	if (!loop->bus)
		return -ENOTCONN;
	ret = watch_fd(loop);
	if (!ret)
		ret = watch_deadline(loop);
	return ret < 0 ? broke(loop, ret) : 0;
}

int bus_loop_new(struct bus_loop **out, struct event_base *base, sd_bus *bus,
		 void (*gone)(int error, void *arg), void *arg)
{
	__free_mem struct bus_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	loop->base = base;
	loop->fd = -1;
	loop->deadline = UINT64_MAX;
	loop->gone = gone;
	loop->arg = arg;
	loop->timer = evtimer_new(base, on_deadline, loop);
	if (!loop->timer)
		return -ENOMEM;
	loop->bus = sd_bus_ref(bus);
	*out = TAKE_PTR(loop);
	return 0;
}

struct bus_loop *bus_loop_free(struct bus_loop *loop)
{
	if (!loop)
		return NULL;
	forget_events(loop);
	sd_bus_unref(loop->bus);
	free(loop);
	return NULL;
}

short bus_loop_mask(const struct bus_loop *loop)
{
	return loop->mask;
}
