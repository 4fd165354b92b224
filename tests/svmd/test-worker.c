// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The worker's queue: what callers ask for leaves room for what svmd does itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "worker.h"

static int begun[2], go[2];
static unsigned int nr_run, nr_cancelled;

static void wait_to_go(struct job *job, struct worker *worker)
{
	char byte = 0;

	(void)job;
	(void)worker;
	(void)!write(begun[1], &byte, 1);
	(void)!read(go[0], &byte, 1);
}

static void do_nothing(struct job *job, struct worker *worker)
{
	(void)job;
	(void)worker;
}

static void done(struct job *job, bool cancelled)
{
	(void)job;
	if (cancelled)
		nr_cancelled++;
	else
		nr_run++;
}

static void half_is_for_those_who_ask(void **state)
{
	static struct job jobs[WORKER_QUEUE_MAX + 1];
	struct job first = { .run = wait_to_go, .done = done };
	struct event_base *base = event_base_new();
	struct worker *worker;
	unsigned int nr = 0;
	char byte;

	(void)state;
	assert_int_equal(pipe2(begun, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(worker_new(&worker, base), 0);
	assert_int_equal(worker_post(worker, &first), 0);
	assert_int_equal(read(begun[0], &byte, 1), 1);
	for (nr = 0; nr <= WORKER_QUEUE_MAX; nr++)
		jobs[nr] = (struct job){ .run = do_nothing, .done = done };
	for (nr = 0; !worker_post_asked(worker, &jobs[nr]); nr++)
		assert_true(nr < WORKER_QUEUE_MAX);
	assert_int_equal(nr, WORKER_QUEUE_MAX / 2);
	for (; !worker_post(worker, &jobs[nr]); nr++)
		assert_true(nr < WORKER_QUEUE_MAX);
	assert_int_equal(nr, WORKER_QUEUE_MAX);
	assert_int_equal(worker_post(worker, &jobs[nr]), -EBUSY);
	close(go[1]);
	worker_free(worker);
	assert_int_equal(nr_run + nr_cancelled, 1 + WORKER_QUEUE_MAX);
	event_base_free(base);
	close(go[0]);
	close(begun[0]);
	close(begun[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_is_for_those_who_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
