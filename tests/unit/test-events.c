// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event streams: opening, taking, waiting, counting.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <svm/events.h>

#include "fake.h"

static struct svm_events *open_stream(struct svm *svm)
{
	struct svm_events *events = NULL;

	assert_int_equal(svm_events_open(&events, svm, 0, NULL), 0);
	assert_non_null(events);
	return events;
}

static void put_events(size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		fake.device[0].events[i] = (struct svm_event){
			.type = SVM_EVENT_MIGRATED,
			.cause = SVM_CAUSE_CPU,
			.addr = i * FAKE_PAGE,
		};
	fake.device[0].nr_events = nr;
}

static void asks_for_events(void **state)
{
	struct svm_events_opts opts = SVM_EVENTS_OPTS_INIT;
	struct svm_events *events;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	events = open_stream(svm);
	assert_int_equal(fake.device[0].event_mask,
			 SVM_EVENT_BIT(SVM_EVENT_MIGRATED) |
				 SVM_EVENT_BIT(SVM_EVENT_REFUSED) |
				 SVM_EVENT_BIT(SVM_EVENT_EXCLUSIVE_ENDED) |
				 SVM_EVENT_BIT(SVM_EVENT_UNMAPPED));
	assert_int_equal(fake.device[0].event_entries, 0);
	/* A reader that lost a race must not be caught in read(2). */
	assert_true(fcntl(svm_events_fd(events), F_GETFL) & O_NONBLOCK);
	assert_null(svm_events_close(events));
	assert_int_equal(fake.device[0].event_mask, 0);
	opts.mask = SVM_EVENT_BIT(SVM_EVENT_UNMAPPED);
	opts.entries = 64;
	assert_int_equal(svm_events_open(&events, svm, 0, &opts), 0);
	assert_int_equal(fake.device[0].event_mask, opts.mask);
	assert_int_equal(fake.device[0].event_entries, 64);
	svm_events_close(events);
	svm_close(svm);
}

static void one_at_a_time(void **state)
{
	struct svm_events *events, *other = (struct svm_events *)&events;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	fake_add_device(1, 1);
	svm = fake_open();
	events = open_stream(svm);
	assert_int_equal(svm_events_open(&other, svm, 0, NULL), -EBUSY);
	assert_ptr_equal(other, &events);
	assert_int_equal(svm_events_open(&other, svm, 1, NULL), 0);
	svm_events_close(other);
	svm_events_close(events);
	/* Nor does one that failed to open keep others out. */
	fake.device[0].error = -ENOMEM;
	assert_int_equal(svm_events_open(&other, svm, 0, NULL), -ENOMEM);
	fake.device[0].error = 0;
	svm_events_close(open_stream(svm));
	svm_close(svm);
}

static void takes_them_in_order(void **state)
{
	struct svm_event list[4];
	struct svm_events *events;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	events = open_stream(svm);
	put_events(6);
	assert_int_equal(svm_events_next(events, list, 4, -1), 4);
	assert_int_equal(list[3].addr, 3 * FAKE_PAGE);
	assert_int_equal(svm_events_next(events, list, 4, 1000), 2);
	assert_int_equal(list[0].addr, 4 * FAKE_PAGE);
	assert_int_equal(svm_events_next(events, list, 4, 0), 0);
	assert_int_equal(fake.device[0].waits, 0);
	svm_events_close(events);
	svm_close(svm);
}

static void waits_for_them(void **state)
{
	struct svm_event list[4];
	struct svm_events *events;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	events = open_stream(svm);
	fake.device[0].wait_brings = 2;
	assert_int_equal(svm_events_next(events, list, 4, -1), 2);
	assert_int_equal(fake.device[0].waits, 1);
	/* Time runs out, though the fake's runs fast. */
	fake.device[0].wait_brings = 0;
	assert_int_equal(svm_events_next(events, list, 4, 20), 0);
	assert_true(fake.device[0].waits > 1);
	fake.device[0].wait_error = -EINTR;
	assert_int_equal(svm_events_next(events, list, 4, -1), -EINTR);
	svm_events_close(events);
	svm_close(svm);
}

static void counts_from_its_beginning(void **state)
{
	uint64_t total = 7, dropped = 7;
	struct svm_events *events;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	fake.device[0].events_total = 100;
	fake.device[0].events_dropped = 10;
	svm = fake_open();
	events = open_stream(svm);
	assert_int_equal(svm_events_count(events, &total, &dropped), 0);
	assert_int_equal(total, 0);
	assert_int_equal(dropped, 0);
	fake.device[0].events_total = 130;
	fake.device[0].events_dropped = 15;
	assert_int_equal(svm_events_count(events, &total, NULL), 0);
	assert_int_equal(svm_events_count(events, NULL, &dropped), 0);
	assert_int_equal(total, 30);
	assert_int_equal(dropped, 5);
	/* Asking changes nothing. */
	assert_int_not_equal(fake.device[0].event_mask, 0);
	fake.device[0].gone = true;
	assert_int_equal(svm_events_count(events, &total, &dropped), -ENODEV);
	assert_int_equal(total, 30);
	svm_events_close(events);
	svm_close(svm);
}

static void bad_arguments(void **state)
{
	struct svm_events_opts opts = SVM_EVENTS_OPTS_INIT;
	struct svm_events *events, *other;
	struct svm_event event;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	assert_int_equal(svm_events_open(NULL, svm, 0, NULL), -EINVAL);
	assert_int_equal(svm_events_open(&other, NULL, 0, NULL), -EINVAL);
	opts.flags = 1;
	assert_int_equal(svm_events_open(&other, svm, 0, &opts), -EINVAL);
	opts = (struct svm_events_opts)SVM_EVENTS_OPTS_INIT;
	opts.mask = 1u << 31;
	assert_int_equal(svm_events_open(&other, svm, 0, &opts), -EINVAL);
	opts = (struct svm_events_opts)SVM_EVENTS_OPTS_INIT;
	opts.entries = 2 * SVM_EVENTS_MAX;
	assert_int_equal(svm_events_open(&other, svm, 0, &opts), -EINVAL);
	opts = (struct svm_events_opts)SVM_EVENTS_OPTS_INIT;
	opts.size = 8;
	assert_int_equal(svm_events_open(&other, svm, 0, &opts), -EINVAL);
	events = open_stream(svm);
	assert_int_equal(svm_events_next(NULL, &event, 1, 0), -EINVAL);
	assert_int_equal(svm_events_next(events, NULL, 1, 0), -EINVAL);
	assert_int_equal(svm_events_next(events, &event, 0, 0), -EINVAL);
	assert_int_equal(svm_events_next(events, &event, SIZE_MAX, 0), -EINVAL);
	assert_int_equal(svm_events_count(NULL, NULL, NULL), -EINVAL);
	assert_int_equal(svm_events_fd(NULL), -EINVAL);
	assert_null(svm_events_close(NULL));
	svm_events_close(events);
	svm_close(svm);
}

static void who_tells_none(void **state)
{
	struct svm_events *events;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1)->capabilities &= ~(uint64_t)SVM_CAP_EVENTS;
	svm = fake_open();
	assert_int_equal(svm_events_open(&events, svm, 0, NULL), -EOPNOTSUPP);
	assert_int_equal(svm_events_open(&events, svm, 1, NULL), -ENODEV);
	svm_close(svm);
}

static void no_module(void **state)
{
	struct svm_events *events;
	struct svm *svm = fake_open();

	(void)state;
	assert_int_equal(svm_events_open(&events, svm, 0, NULL), -ENODEV);
	svm_close(svm);
}

static void in_a_forked_child(void **state)
{
	struct svm_events *events, *other;
	struct svm_event event;
	struct svm *svm;
	int status, bad = 0;
	pid_t pid;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	events = open_stream(svm);
	pid = fork();
	if (!pid) {
		bad |= svm_events_next(events, &event, 1, 0) != -EXDEV;
		bad |= svm_events_count(events, NULL, NULL) != -EXDEV;
		bad |= svm_events_open(&other, svm, 0, NULL) != -EXDEV;
		svm_events_close(events);
		/* The parent's stream goes on. */
		bad |= !fake.device[0].event_mask;
		_exit(bad);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	svm_events_close(events);
	svm_close(svm);
}

static void names(void **state)
{
	unsigned int i, k;

	(void)state;
	for (i = SVM_EVENT_MIGRATED; i <= SVM_EVENT_UNMAPPED; i++)
		for (k = SVM_EVENT_MIGRATED; k < i; k++)
			assert_string_not_equal(svm_event_name(i),
						svm_event_name(k));
	for (i = SVM_CAUSE_CALL; i <= SVM_CAUSE_OTHER; i++)
		for (k = SVM_CAUSE_CALL; k < i; k++)
			assert_string_not_equal(svm_cause_name(i),
						svm_cause_name(k));
	assert_string_equal(svm_event_name(SVM_EVENT_EXCLUSIVE_ENDED),
			    "exclusive-ended");
	assert_string_equal(svm_cause_name(SVM_CAUSE_CPU), "cpu");
	assert_string_equal(svm_event_name(0), "unknown");
	assert_string_equal(svm_event_name(0xffffffff), "unknown");
	assert_string_equal(svm_cause_name(0), "unknown");
	assert_string_equal(svm_cause_name(0xffffffff), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(asks_for_events),
		fake_test(one_at_a_time),
		fake_test(takes_them_in_order),
		fake_test(waits_for_them),
		fake_test(counts_from_its_beginning),
		fake_test(bad_arguments),
		fake_test(who_tells_none),
		fake_test(no_module),
		fake_test(in_a_forked_child),
		fake_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
