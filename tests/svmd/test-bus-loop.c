// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sd-bus on libevent: two ends of a socket pair, both without a bus daemon; one
 * on the loop, the other driven by hand.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus_loop.h"
#include "clock.h"

#define OBJECT "/org/svmd1/test"
#define INTERFACE "org.svmd1.Test"

struct ends {
	struct event_base *base;
	sd_bus *near; /* on the loop */
	sd_bus *far;  /* by hand */
	struct bus_loop *loop;
	int gone;
	unsigned int heard;
	int answer;
};

static void on_gone(int error, void *arg)
{
	((struct ends *)arg)->gone = error;
}

static int on_signal(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	(void)m;
	(void)error;
	((struct ends *)arg)->heard++;
	return 0;
}

static int on_answer(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct ends *ends = arg;

	(void)error;
	ends->answer = sd_bus_message_is_method_error(m, NULL)
			       ? -sd_bus_message_get_errno(m)
			       : 1;
	return 0;
}

static sd_bus *end_of(int fd, bool server)
{
	sd_id128_t id = { .qwords = { 1, 2 } };
	sd_bus *bus = NULL;

	assert_int_equal(sd_bus_new(&bus), 0);
	assert_int_equal(sd_bus_set_fd(bus, fd, fd), 0);
	if (server)
		assert_int_equal(sd_bus_set_server(bus, 1, id), 0);
	assert_int_equal(sd_bus_set_anonymous(bus, 1), 0);
	assert_true(sd_bus_start(bus) >= 0);
	return bus;
}

static void step_far(struct ends *ends)
{
	while (sd_bus_process(ends->far, NULL) > 0)
		;
}

/* Turns the loop once; with nothing to do, for no longer than @ms. */
static void turn(struct ends *ends, unsigned int ms)
{
	struct timeval limit = timeval_of(ms * 1000);

	if (bus_loop_prepare(ends->loop) < 0)
		return;
	event_base_loopexit(ends->base, &limit);
	event_base_loop(ends->base, EVLOOP_ONCE);
}

static int setup(void **state)
{
	struct event_config *config = event_config_new();
	struct ends *ends = calloc(1, sizeof(*ends));
	int fds[2], i;

	assert_non_null(ends);
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	ends->base = event_base_new_with_config(config);
	event_config_free(config);
	assert_int_equal(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, fds),
			 0);
	ends->far = end_of(fds[0], true);
	ends->near = end_of(fds[1], false);
	assert_int_equal(bus_loop_new(&ends->loop, ends->base, ends->near,
				      on_gone, ends),
			 0);
	/* The loop also does the authentication. */
	for (i = 0; i < 100 && sd_bus_is_ready(ends->near) <= 0; i++) {
		step_far(ends);
		turn(ends, 10);
	}
	step_far(ends);
	assert_true(sd_bus_is_ready(ends->near) > 0);
	*state = ends;
	return 0;
}

static int teardown(void **state)
{
	struct ends *ends = *state;

	bus_loop_free(ends->loop);
	sd_bus_close_unref(ends->near);
	sd_bus_close_unref(ends->far);
	event_base_free(ends->base);
	free(ends);
	return 0;
}

static void listen_near(struct ends *ends)
{
	assert_true(sd_bus_match_signal(ends->near, NULL, NULL, OBJECT,
					INTERFACE, NULL, on_signal, ends) >= 0);
}

static void emit_far(struct ends *ends)
{
	assert_true(sd_bus_emit_signal(ends->far, OBJECT, INTERFACE, "Ping",
				       "s", "x") >= 0);
	assert_true(sd_bus_flush(ends->far) >= 0);
}

static void hears_what_comes(void **state)
{
	struct ends *ends = *state;
	int i;

	listen_near(ends);
	emit_far(ends);
	for (i = 0; i < 10 && !ends->heard; i++)
		turn(ends, 100);
	assert_int_equal(ends->heard, 1);
	/* Nothing left: only reading is of interest. */
	assert_int_equal(bus_loop_prepare(ends->loop), 0);
	assert_int_equal(bus_loop_mask(ends->loop), EV_READ);
}

/* The socket is full and the rest waits in sd-bus: it goes out by the loop. */
static void writes_what_waits(void **state)
{
	struct ends *ends = *state;
	size_t size = 2 << 20, sent = 0, got = 0;
	char *big = malloc(size + 1);
	int i;

	memset(big, 'x', size);
	big[size] = '\0';
	for (i = 0; i < 16; i++) {
		sd_bus_message *m = NULL;

		assert_true(sd_bus_message_new_signal(ends->near, &m, OBJECT,
						      INTERFACE, "Big") >= 0);
		assert_true(sd_bus_message_append(m, "s", big) >= 0);
		assert_true(sd_bus_send(ends->near, m, NULL) >= 0);
		sd_bus_message_unref(m);
		sent++;
	}
	assert_int_equal(bus_loop_prepare(ends->loop), 0);
	assert_true(bus_loop_mask(ends->loop) & EV_WRITE);
	for (i = 0; i < 1000 && got < sent; i++) {
		sd_bus_message *m = NULL;

		turn(ends, 20);
		while (sd_bus_process(ends->far, &m) > 0) {
			if (m && sd_bus_message_is_signal(m, INTERFACE, "Big"))
				got++;
			m = sd_bus_message_unref(m);
		}
	}
	assert_int_equal(got, sent);
	assert_int_equal(bus_loop_prepare(ends->loop), 0);
	assert_false(bus_loop_mask(ends->loop) & EV_WRITE);
	free(big);
}

/*
 * What a blocking call read past is in sd-bus' queue, and the descriptor is not
 * readable: only the timeout of zero tells.
 */
static void dispatches_what_was_read(void **state)
{
	struct ends *ends = *state;
	struct pollfd pollfd = { .events = POLLIN };
	sd_bus_message *m = NULL;
	int i;

	listen_near(ends);
	for (i = 0; i < 5; i++)
		emit_far(ends);
	/* Runs into its timeout, and queues the signals meanwhile. */
	assert_true(sd_bus_message_new_method_call(ends->near, &m, NULL, OBJECT,
						   INTERFACE, "Nobody") >= 0);
	assert_int_equal(sd_bus_call(ends->near, m, 50000, NULL, NULL),
			 -ETIMEDOUT);
	sd_bus_message_unref(m);
	pollfd.fd = sd_bus_get_fd(ends->near);
	assert_int_equal(poll(&pollfd, 1, 0), 0);
	assert_int_equal(ends->heard, 0);
	for (i = 0; i < 5 && ends->heard < 5; i++)
		turn(ends, 1000);
	assert_int_equal(ends->heard, 5);
}

static void times_out(void **state)
{
	struct ends *ends = *state;
	sd_bus_message *m = NULL;
	uint64_t begin = clock_usec();
	int i;

	assert_true(sd_bus_message_new_method_call(ends->near, &m, NULL, OBJECT,
						   INTERFACE, "Wait") >= 0);
	assert_true(sd_bus_call_async(ends->near, NULL, m, on_answer, ends,
				      50000) >= 0);
	sd_bus_message_unref(m);
	for (i = 0; i < 20 && !ends->answer; i++)
		turn(ends, 1000);
	assert_int_equal(ends->answer, -ETIMEDOUT);
	assert_in_range(clock_usec() - begin, 50000, 5000000);
	/* Neither early wake-ups nor a busy loop. */
	assert_true(i <= 4);
}

static void tells_that_it_broke(void **state)
{
	struct ends *ends = *state;
	int i;

	sd_bus_close(ends->far);
	for (i = 0; i < 10 && !ends->gone; i++)
		turn(ends, 100);
	assert_true(ends->gone < 0);
	assert_int_equal(bus_loop_prepare(ends->loop), -ENOTCONN);
}

/* A flood does not keep others from their turn. */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(*(unsigned int *)arg)++;
}

static void turns_are_bounded(void **state)
{
	struct ends *ends = *state;
	unsigned int ticks = 0, i;
	struct event *tick = evtimer_new(ends->base, on_tick, &ticks);
	struct timeval now = { 0, 0 };

	listen_near(ends);
	for (i = 0; i < 300; i++)
		emit_far(ends);
	evtimer_add(tick, &now);
	turn(ends, 1000);
	assert_true(ends->heard < 300);
	for (i = 0; i < 50 && ends->heard < 300; i++)
		turn(ends, 1000);
	assert_int_equal(ends->heard, 300);
	assert_int_equal(ticks, 1);
	event_free(tick);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(hears_what_comes),		CASE(writes_what_waits),
		CASE(dispatches_what_was_read), CASE(times_out),
		CASE(tells_that_it_broke),	CASE(turns_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
