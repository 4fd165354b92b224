// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast svmd answers on the bus, beside what the bus takes by itself: the
 * daemon of the bus says what it has at hand, its ID, and svmd's library answers a
 * Ping without svmd. One after the other, several in flight, and at the rate that
 * is asked for.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-bus.h>

#include "load-bus.h"

#define PEER "org.freedesktop.DBus.Peer"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define NODE "/org/svmd1/node/0"
/* In flight, where calls come by the clock and answers do not keep up. */
#define DEPTH_MAX 64
/* Of two kinds that are compared. */
#define TURNS 20

/**
 * struct series - calls of one kind
 * @what: for people.
 * @name: whom.
 * @path: what, and so on.
 * @interface: NULL: of the node.
 * @property: for Get.
 * @depth: in flight at the same time.
 * @rate: a second, or 0: as fast as can be.
 * @properties: that an answer has.
 */
struct series {
	const char *what;
	const char *name;
	const char *path;
	const char *interface;
	const char *member;
	bool of_node;
	const char *property;
	unsigned int depth;
	double rate;
	unsigned int properties;
};

struct run {
	const struct series *series;
	sd_bus *bus;
	unsigned int nr;
	unsigned int sent;
	unsigned int got;
	double begin;
	double *times;
};

struct call {
	struct run *run;
	double at;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

__attribute__((noreturn)) static void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static int on_answer(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const sd_bus_error *failed = sd_bus_message_get_error(m);
	struct call *call = arg;
	struct run *run = call->run;

	(void)error;
	if (failed)
		fail(run->series->what, failed->message);
	run->times[run->got++] = (now() - call->at) * 1000;
	free(call);
	return 1;
}

static void send_call(struct run *run, double at)
{
	const struct series *series = run->series;
	struct call *call = malloc(sizeof(*call));
	sd_bus_message *m = NULL;
	int ret;

	if (!call)
		fail(series->what, "no memory");
	*call = (struct call){ run, at };
	ret = sd_bus_message_new_method_call(run->bus, &m, series->name,
					     series->path, series->interface,
					     series->member);
	if (ret >= 0 && series->of_node)
		ret = sd_bus_message_append(m, "s", "org.svmd1.Node");
	if (ret >= 0 && series->property)
		ret = sd_bus_message_append(m, "s", series->property);
	if (ret >= 0)
		ret = sd_bus_call_async(run->bus, NULL, m, on_answer, call, 0);
	if (ret < 0)
		fail(series->what, strerror(-ret));
	sd_bus_message_unref(m);
	run->sent++;
}

/* When the next call is due; what comes by the clock counts from then. */
static double due(const struct run *run)
{
	return run->series->rate > 0
		       ? run->begin + run->sent / run->series->rate
		       : now();
}

static void send_due(struct run *run)
{
	while (run->sent < run->nr &&
	       run->sent - run->got < run->series->depth && due(run) <= now())
		send_call(run, due(run));
}

static void await(struct run *run)
{
	double left = due(run) - now();
	uint64_t usec = UINT64_MAX;
	int ret;

	if (run->sent < run->nr && run->sent - run->got < run->series->depth)
		usec = left > 0 ? (uint64_t)(left * 1e6) : 0;
	ret = sd_bus_process(run->bus, NULL);
	if (!ret)
		ret = sd_bus_wait(run->bus, usec);
	if (ret < 0)
		fail(run->series->what, strerror(-ret));
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Returns how long it took; the times of answers are in @run, ordered. */
static double run_series(struct run *run, sd_bus *bus,
			 const struct series *series, unsigned int nr)
{
	double seconds;

	*run = (struct run){ .series = series, .bus = bus, .nr = nr };
	run->times = calloc(nr, sizeof(run->times[0]));
	if (!run->times)
		fail(series->what, "no memory");
	run->begin = now();
	while (run->got < nr) {
		send_due(run);
		await(run);
	}
	seconds = now() - run->begin;
	qsort(run->times, nr, sizeof(run->times[0]), by_size);
	return seconds;
}

static void tell(sd_bus *bus, const struct series *series, unsigned int nr)
{
	struct run run;
	double seconds = run_series(&run, bus, series, nr);

	printf("%s: %.0f a second, half within %.2f ms, 99 %% within %.2f ms\n",
	       series->what, nr * series->properties / seconds,
	       run.times[nr / 2], run.times[nr - 1 - nr / 100]);
	free(run.times);
}

static double middle(sd_bus *bus, const struct series *series, unsigned int nr)
{
	struct run run;
	double time;

	(void)run_series(&run, bus, series, nr);
	time = run.times[nr / 2];
	free(run.times);
	return time;
}

/* By turns, as the machine's mood changes. */
static void compare(sd_bus *bus, const struct series *series,
		    const struct series *floor, unsigned int nr)
{
	double time = 0, least = 0;
	unsigned int i;

	for (i = 0; i < TURNS; i++) {
		least += middle(bus, floor, nr / TURNS + 1);
		time += middle(bus, series, nr / TURNS + 1);
	}
	printf("a property takes %.2f times as long as an answer without svmd\n",
	       time / least);
}

static unsigned int count_properties(sd_bus *bus)
{
	sd_bus_message *reply = NULL;
	unsigned int nr = 0;
	int ret;

	ret = sd_bus_call_method(bus, "org.svmd1", NODE, PROPERTIES, "GetAll",
				 NULL, &reply, "s", "org.svmd1.Node");
	if (ret >= 0)
		ret = sd_bus_message_enter_container(reply, 'a', "{sv}");
	while (ret > 0) {
		ret = sd_bus_message_skip(reply, "{sv}");
		nr += ret > 0;
	}
	if (ret < 0 && !nr)
		fail("GetAll", strerror(-ret));
	sd_bus_message_unref(reply);
	return nr;
}

static sd_bus *open_bus(const char *address)
{
	sd_bus *bus = NULL;
	int ret = sd_bus_new(&bus);

	if (ret >= 0)
		ret = sd_bus_set_address(bus, address);
	if (ret >= 0)
		ret = sd_bus_set_bus_client(bus, true);
	if (ret >= 0)
		ret = sd_bus_start(bus);
	if (ret < 0)
		fail("no bus", strerror(-ret));
	return bus;
}

void load_bus(const char *address, unsigned int calls)
{
	sd_bus *bus = open_bus(address);
	unsigned int all = count_properties(bus);
	struct series series[] = {
		{ "the bus' own answers", "org.freedesktop.DBus",
		  "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId",
		  false, NULL, 1, 0, 1 },
		{ "svmd's library's answers", "org.svmd1", NODE, PEER, "Ping",
		  false, NULL, 1, 0, 1 },
		{ "properties, one by one", "org.svmd1", NODE, PROPERTIES,
		  "Get", true, "FreeBytes", 1, 0, 1 },
		{ "properties, 4 asked for at once", "org.svmd1", NODE,
		  PROPERTIES, "Get", true, "FreeBytes", 4, 0, 1 },
		{ "properties, 8 asked for at once", "org.svmd1", NODE,
		  PROPERTIES, "Get", true, "FreeBytes", 8, 0, 1 },
		{ "properties, 16 asked for at once", "org.svmd1", NODE,
		  PROPERTIES, "Get", true, "FreeBytes", 16, 0, 1 },
		{ "properties, by object", "org.svmd1", NODE, PROPERTIES,
		  "GetAll", true, NULL, 1, 0, all },
		{ "1000 properties a second, each by a call", "org.svmd1", NODE,
		  PROPERTIES, "Get", true, "FreeBytes", DEPTH_MAX, 1000, 1 },
		{ "1000 properties a second, by object", "org.svmd1", NODE,
		  PROPERTIES, "GetAll", true, NULL, DEPTH_MAX, 1000.0 / all,
		  all },
	};
	size_t i;

	for (i = 0; i < sizeof(series) / sizeof(series[0]); i++)
		tell(bus, &series[i], calls / series[i].properties + 1);
	compare(bus, &series[2], &series[1], calls);
	sd_bus_flush_close_unref(bus);
}
