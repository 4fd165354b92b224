/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sd-bus on libevent's loop.
 *
 * sd-bus wants its descriptor, its events and its timeout asked for again
 * before every poll, since each message that comes or goes may change them;
 * libevent watches a fixed mask. So the main program turns the loop by hand:
 *
 *	while (!stop) {
 *		ret = bus_loop_prepare(loop);
 *		if (ret < 0)
 *			break;
 *		event_base_loop(base, EVLOOP_ONCE);
 *	}
 *
 * Whatever a callback sent is then looked after by the next bus_loop_prepare().
 * A turn dispatches a bounded number of messages, so that a busy peer can't keep
 * timers and sessions from their turn; the rest is due in the next one.
 *
 * The base should be made with EVENT_BASE_FLAG_PRECISE_TIMER: the coarse clock
 * lags, and timeouts would be looked at too early. One thread.
 */
#ifndef SVMD_BUS_LOOP_H
#define SVMD_BUS_LOOP_H

#include <event2/event.h>
#include <systemd/sd-bus.h>

struct bus_loop;

/**
 * bus_loop_new() - put a bus on a loop
 * @out: the new thing.
 * @base: the loop.
 * @bus: a started connection; a reference is kept.
 * @gone: called once from the loop when the connection broke, with the negative
 *	errno. After that the bus is no longer watched.
 * @arg: for @gone.
 *
 * Returns 0 or a negative errno.
 */
int bus_loop_new(struct bus_loop **out, struct event_base *base, sd_bus *bus,
		 void (*gone)(int error, void *arg), void *arg);

/* Takes the bus off the loop. Returns NULL. */
struct bus_loop *bus_loop_free(struct bus_loop *loop);

/**
 * bus_loop_prepare() - set up what to wait for
 * @loop: the loop, or NULL when there is no bus.
 *
 * Returns 0, or a negative errno if the connection broke; @gone was told.
 */
int bus_loop_prepare(struct bus_loop *loop);

/* What is watched now: mask of EV_READ and EV_WRITE. For tests. */
short bus_loop_mask(const struct bus_loop *loop);

#endif /* SVMD_BUS_LOOP_H */
