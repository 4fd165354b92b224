// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libsvm's event streams, over real devices.
 */
#include <poll.h>
#include <unistd.h>

#include <svm/access.h>
#include <svm/events.h>
#include <svm/exclusive.h>

#include "client.h"
#include "engine.h"
#include "harness.h"
#include "lib.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=64M,64M",
	.needs_device_memory = true,
};

#define PAGES 16
#define LENGTH (PAGES * PAGE)

static struct svm_events *stream(struct svm *svm, uint32_t id, uint32_t mask,
				 uint32_t entries)
{
	struct svm_events_opts opts = SVM_EVENTS_OPTS_INIT;
	struct svm_events *events;

	opts.mask = mask;
	opts.entries = entries;
	CHECK_RET(svm_events_open(&events, svm, id, &opts), 0);
	return events;
}

static bool readable(struct svm_events *events)
{
	struct pollfd poll_fd = { .fd = svm_events_fd(events),
				  .events = POLLIN };

	return CHECK_SYS(poll(&poll_fd, 1, 0)) == 1;
}

static void to_device(struct svm *svm, char *addr, size_t length)
{
	CHECK_RET(svm_migrate(svm, addr, length, svm_on_device(0), NULL, NULL),
		  0);
}

/* Bytes that events of a type and cause tell of; all are taken. */
static uint64_t told_of(struct svm_events *events, uint32_t type,
			uint32_t cause)
{
	struct svm_event list[3];
	uint64_t bytes = 0;
	ssize_t i, nr;

	while ((nr = svm_events_next(events, list, 3, 0)) > 0)
		for (i = 0; i < nr; i++)
			if (list[i].type == type && list[i].cause == cause)
				bytes += list[i].length;
	CHECK_RET(nr, 0);
	return bytes;
}

CASE(events_of_a_move)
{
	struct svm *svm = lib_open(NULL);
	struct svm_events *events = stream(svm, 0, 0, 0);
	char *addr = map_aligned(LENGTH);
	uint64_t total, dropped;
	struct svm_event event;

	fill(addr, LENGTH, 1);
	CHECK(!readable(events));
	to_device(svm, addr, LENGTH);
	CHECK(readable(events));
	CHECK_EQ(svm_events_next(events, &event, 1, -1), 1);
	CHECK_EQ(event.type, SVM_EVENT_MIGRATED);
	CHECK_EQ(event.cause, SVM_CAUSE_CALL);
	CHECK_EQ(event.to, SVM_PLACE_DEVICE);
	CHECK_EQ(event.to_id, 0);
	told_of(events, 0, 0);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(told_of(events, SVM_EVENT_MIGRATED, SVM_CAUSE_CPU), LENGTH);
	CHECK(!readable(events));
	CHECK_RET(svm_events_next(events, &event, 1, 0), 0);
	CHECK_RET(svm_events_next(events, &event, 1, 10), 0);
	CHECK_RET(svm_events_count(events, &total, &dropped), 0);
	CHECK_GE(total, 2);
	CHECK_EQ(dropped, 0);
	CHECK(!svm_events_close(events));
	svm_close(svm);
}

CASE(events_of_chosen_types)
{
	struct svm *svm = lib_open(NULL);
	struct svm_events *events =
		stream(svm, 0, SVM_EVENT_BIT(SVM_EVENT_EXCLUSIVE_ENDED), 16);
	char *addr = map_aligned(LENGTH);
	struct svm_event event;

	quiet_kernel();
	fill(addr, LENGTH, 1);
	to_device(svm, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
	CHECK(!readable(events));
	CHECK(EVENTUALLY(svm_exclusive_acquire(svm, 0, addr, PAGE, NULL) == 1));
	told_of(events, 0, 0);
	CHECK_EQ(svm_exclusive_release(svm, 0, addr, PAGE), 1);
	CHECK_EQ(svm_events_next(events, &event, 1, -1), 1);
	CHECK_EQ(event.type, SVM_EVENT_EXCLUSIVE_ENDED);
	CHECK_EQ(event.cause, SVM_CAUSE_CALL);
	CHECK_EQ(event.addr, (uintptr_t)addr);
	CHECK_EQ(event.length, PAGE);
	svm_events_close(events);
	svm_close(svm);
}

/* Two are kept of many; asking for the count takes none. */
CASE(events_that_are_lost)
{
	struct svm *svm = lib_open(NULL);
	struct svm_events *events = stream(svm, 0, 0, 2);
	char *addr = map_aligned(LENGTH);
	struct svm_event list[16];
	uint64_t total, dropped;
	int i;

	for (i = 0; i < 4; i++) {
		fill(addr, LENGTH, i);
		to_device(svm, addr, LENGTH);
	}
	CHECK_RET(svm_events_count(events, &total, &dropped), 0);
	CHECK_GE(total, 7);
	CHECK_EQ(dropped, total - 2);
	CHECK_EQ(svm_events_next(events, list, 16, -1), 2);
	CHECK_EQ(list[0].dropped, 0);
	CHECK_EQ(list[1].dropped, 0);
	fill(addr, LENGTH, i);
	CHECK_EQ(svm_events_next(events, list, 1, -1), 1);
	CHECK_EQ(list[0].dropped, dropped);
	/* A new stream counts from its own beginning. */
	svm_events_close(events);
	events = stream(svm, 0, 0, 2);
	CHECK_RET(svm_events_count(events, &total, &dropped), 0);
	CHECK_EQ(total, 0);
	CHECK_EQ(dropped, 0);
	svm_events_close(events);
	svm_close(svm);
}

static void *takes_one(void *arg)
{
	struct svm_event event;

	CHECK_EQ(svm_events_next(arg, &event, 1, -1), 1);
	return NULL;
}

/* Those that lost the race go on waiting. */
CASE(events_for_many_readers)
{
	struct svm *svm = lib_open(NULL);
	struct svm_events *events =
		stream(svm, 0, SVM_EVENT_BIT(SVM_EVENT_MIGRATED), 0);
	char *addr = map_aligned(PAGE);
	pthread_t threads[3];
	uint64_t total;
	int i;

	for (i = 0; i < 3; i++)
		threads[i] = thread_start(takes_one, events);
	for (i = 0; i < 3; i++) {
		*(volatile char *)addr = (char)i;
		to_device(svm, addr, PAGE);
	}
	for (i = 0; i < 3; i++)
		thread_join(threads[i]);
	CHECK_RET(svm_events_count(events, &total, NULL), 0);
	/* Three moves there, and two back by the touches between them. */
	CHECK_EQ(total, 5);
	svm_events_close(events);
	svm_close(svm);
}

CASE(events_of_two_devices)
{
	struct svm *svm = lib_open(NULL);
	struct svm_events *a = stream(svm, 0, 0, 0), *b = stream(svm, 1, 0, 0);
	struct svm_events *again = NULL;
	char *addr = map_aligned(LENGTH);

	fill(addr, LENGTH, 1);
	to_device(svm, addr, LENGTH);
	CHECK(readable(a));
	CHECK(!readable(b));
	CHECK_RET(svm_events_open(&again, svm, 0, NULL), -EBUSY);
	CHECK_RET(svm_events_open(&again, svm, 7, NULL), -ENODEV);
	CHECK(!again);
	svm_events_close(a);
	svm_events_close(stream(svm, 0, 0, 0));
	svm_events_close(b);
	svm_close(svm);
}

/* What its end brought can be read when it is gone. */
CASE(events_of_another_process)
{
	struct client c = client_start(LENGTH, 1, 1);
	struct svm_events *events = stream(c.svm, 0, 0, 0);

	to_device(c.svm, c.addr, LENGTH);
	client_end(&c);
	CHECK_EQ(told_of(events, SVM_EVENT_MIGRATED, SVM_CAUSE_CPU), LENGTH);
	svm_events_close(events);
	svm_close(c.svm);
}
