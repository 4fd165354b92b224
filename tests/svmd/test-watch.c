// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When sessions' memory is looked at: watch.c and idle.c. Looks are counted here
 * instead of made; the process of the session is a child that sleeps until it is
 * asked to run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "daemon.h"
#include "sessions.h"

static unsigned int looks;

void __wrap_memory_scan(struct daemon *daemon, struct session *session);

void __wrap_memory_scan(struct daemon *daemon, struct session *session)
{
	(void)daemon;
	(void)session;
	looks++;
}

/**
 * struct fixture - a daemon with a session that sleeps
 */
struct fixture {
	pid_t pid;
	int ask;
	int answer;
	struct daemon daemon;
	struct sessions sessions;
	struct session *list[1];
	struct session session;
	struct svmd_region region;
};

__attribute__((noreturn)) static void child(int ask, int answer)
{
	char byte;

	while (read(ask, &byte, 1) == 1)
		if (write(answer, &byte, 1) != 1)
			break;
	_exit(0);
}

static void run_child(const struct fixture *f)
{
	char byte = 0;

	assert_int_equal(write(f->ask, &byte, 1), 1);
	assert_int_equal(read(f->answer, &byte, 1), 1);
}

static bool is_asleep(pid_t pid)
{
	char path[32], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
	fclose(file);
	return state == 'S';
}

/*
 * It has answered, and is on its way to sleep, which nothing ends but us. Its
 * clock goes on a little after its state is told, so that has to stand as well.
 */
static void await_sleep(struct fixture *f)
{
	uint64_t end = clock_usec() + 60 * USEC_PER_SEC;

	while (!is_asleep(f->pid) ||
	       idle_note(&f->session.idle, clock_usec())) {
		assert_true(clock_usec() < end);
		usleep(1000);
	}
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint64_t now = clock_usec();
	int ask[2], answer[2];

	assert_non_null(f);
	assert_int_equal(pipe(ask), 0);
	assert_int_equal(pipe(answer), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (!f->pid) {
		close(ask[1]);
		child(ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	f->ask = ask[1];
	f->answer = answer[0];
	f->daemon.sessions = &f->sessions;
	f->daemon.config.settings.heat_period_us = USEC_PER_SEC;
	f->sessions.list = f->list;
	f->sessions.nr = 1;
	f->list[0] = &f->session;
	f->region = SVMD_REGION_INIT;
	f->session.regions = &f->region;
	f->session.nr_regions = 1;
	f->session.policy.heat_floor = 1;
	/* As after some looks that found nothing. */
	f->session.sampled_us = 1;
	f->session.scan_due_us = 1;
	f->session.scan_wait_us = 8 * USEC_PER_SEC;
	f->session.looked_us = now;
	idle_init(&f->session.idle, f->pid, now);
	run_child(f);
	await_sleep(f);
	f->session.idle.since_us = 0;
	looks = 0;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->ask);
	close(f->answer);
	waitpid(f->pid, NULL, 0);
	free(f);
	return 0;
}

static void test_runs(void **state)
{
	struct fixture *f = *state;
	uint64_t now = clock_usec();

	assert_false(idle_note(&f->session.idle, now));
	assert_true(idle_for(&f->session.idle, now, now));
	run_child(f);
	assert_true(idle_note(&f->session.idle, now));
	assert_true(idle_for(&f->session.idle, now, 0));
	assert_false(idle_for(&f->session.idle, now, 1));
}

/* Greater than any that the kernel gives. */
#define NO_PID 4194305

/* Without a clock it counts as one that runs. */
static void test_no_such_process(void **state)
{
	struct fixture *f = *state;

	idle_init(&f->session.idle, NO_PID, 0);
	assert_true(idle_note(&f->session.idle, 1));
	assert_false(idle_for(&f->session.idle, UINT64_MAX / 2, 1));
}

static void test_asleep(void **state)
{
	struct fixture *f = *state;

	watch_sessions(&f->daemon);
	assert_int_equal(looks, 0);
	assert_int_equal(f->daemon.naps, 1);
	/* It counts as looked at: decisions may be based on it. */
	assert_true(f->session.sampled_us > 1);
	assert_true(f->session.scan_due_us > clock_usec());
	/* The next round has nothing to do. */
	watch_sessions(&f->daemon);
	assert_int_equal(f->daemon.naps, 1);
}

static void test_wakes(void **state)
{
	struct fixture *f = *state;

	f->session.scan_due_us = UINT64_MAX;
	watch_sessions(&f->daemon);
	assert_int_equal(looks, 0);
	assert_false(watch_any_awake(&f->daemon));
	run_child(f);
	assert_true(watch_any_awake(&f->daemon));
	watch_sessions(&f->daemon);
	assert_int_equal(looks, 1);
	assert_int_equal(f->session.scan_wait_us, USEC_PER_SEC);
}

static void test_asked_for(void **state)
{
	struct fixture *f = *state;

	f->session.scan_due_us = 0;
	watch_sessions(&f->daemon);
	assert_int_equal(looks, 1);
}

/* The clock begins with the machine, and nothing was before it. */
static void need_uptime(const struct fixture *f)
{
	if (f->session.looked_us < 300 * USEC_PER_SEC)
		skip();
}

static void test_long_ago(void **state)
{
	struct fixture *f = *state;

	need_uptime(f);
	f->session.idle.since_us = f->session.looked_us - 100 * USEC_PER_SEC;
	f->session.looked_us -= 65 * USEC_PER_SEC;
	watch_sessions(&f->daemon);
	assert_int_equal(looks, 1);
}

/* The longer it sleeps the longer it may. */
static void test_sound_asleep(void **state)
{
	struct fixture *f = *state;

	need_uptime(f);
	f->session.idle.since_us = f->session.looked_us - 280 * USEC_PER_SEC;
	f->session.looked_us -= 80 * USEC_PER_SEC;
	watch_sessions(&f->daemon);
	assert_int_equal(looks, 0);
	f->session.idle.since_us += 150 * USEC_PER_SEC;
	f->session.scan_due_us = 1;
	watch_sessions(&f->daemon);
	assert_int_equal(looks, 1);
}

static void test_still_warm(void **state)
{
	struct fixture *f = *state;

	f->region.warm_device = 2;
	watch_sessions(&f->daemon);
	assert_int_equal(looks, 1);
}

static void test_in_use(void **state)
{
	struct fixture *f = *state;

	f->session.moving = 1;
	watch_sessions(&f->daemon);
	assert_int_equal(looks, 1);
	assert_int_equal(f->session.scan_wait_us, USEC_PER_SEC);
}

/* Others may have put its memory elsewhere. */
static void test_device_traffic(void **state)
{
	struct fixture *f = *state;

	f->daemon.sense.nr_devices = 1;
	f->daemon.sense.device_more[0].bytes_out = 4096;
	watch_sessions(&f->daemon);
	assert_int_equal(looks, 0);
	f->session.nr_contexts = 1;
	f->session.scan_due_us = 1;
	watch_sessions(&f->daemon);
	assert_int_equal(looks, 1);
	f->session.scan_due_us = 1;
	f->session.scan_wait_us = 8 * USEC_PER_SEC;
	watch_sessions(&f->daemon);
	assert_int_equal(looks, 1);
}

static void test_heat(void **state)
{
	struct fixture *f = *state;
	uint64_t now = clock_usec();

	f->session.idle.since_us = now;
	assert_true(watch_needs_heat(&f->session, now + 29 * USEC_PER_SEC));
	assert_false(watch_needs_heat(&f->session, now + 31 * USEC_PER_SEC));
	f->region.heat_cpu = 2;
	assert_true(watch_needs_heat(&f->session, now + 31 * USEC_PER_SEC));
}

static void test_wait(void **state)
{
	uint64_t usual = 1000, wait = 0;

	(void)state;
	assert_int_equal(wait = idle_wait(usual, wait, true), usual);
	assert_int_equal(wait = idle_wait(usual, wait, true), 2 * usual);
	assert_int_equal(wait = idle_wait(usual, wait, true), 4 * usual);
	assert_int_equal(wait = idle_wait(usual, wait, true), 4 * usual);
	assert_int_equal(idle_wait(usual, wait, false), usual);
	/* Configured anew. */
	assert_int_equal(idle_wait(usual / 10, wait, true), 4 * usual / 10);
	assert_int_equal(idle_wait(10 * usual, wait, true), 10 * usual);
}

static void on_round(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* Who asks again and again must not put it off for ever. */
static void test_soon(void **state)
{
	struct fixture *f = *state;
	struct event_base *base = event_base_new();

	assert_non_null(base);
	round_soon(&f->daemon);
	f->daemon.round = evtimer_new(base, on_round, NULL);
	f->daemon.config.settings.round_us = USEC_PER_SEC;
	f->daemon.round_wait_us = 4 * USEC_PER_SEC;
	round_soon(&f->daemon);
	assert_true(evtimer_pending(f->daemon.round, NULL));
	assert_int_equal(f->daemon.round_wait_us, USEC_PER_SEC);
	evtimer_del(f->daemon.round);
	round_soon(&f->daemon);
	assert_false(evtimer_pending(f->daemon.round, NULL));
	event_free(f->daemon.round);
	event_base_free(base);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_runs),	 CASE(test_no_such_process),
		CASE(test_asleep),	 CASE(test_wakes),
		CASE(test_asked_for),	 CASE(test_long_ago),
		CASE(test_sound_asleep), CASE(test_still_warm),
		CASE(test_in_use),	 CASE(test_device_traffic),
		CASE(test_heat),	 CASE(test_wait),
		CASE(test_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
