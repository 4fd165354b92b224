// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mover (mover.c): when it starts what was decided, and what it counts.
 *
 * The clock, the worker and svm_migrate() are played here, so nothing depends on
 * time: the worker's queue is emptied when a test says so, and each page of a
 * move has the status that the test wants.
 */
#include "../unit-svmd/world.h"

#include <errno.h>
#include <time.h>

#include "clock.h"
#include "daemon.h"
#include "sessions.h"

#define STEP_MAX (4 * MIB)
#define CONTEXT ((struct svm *)0x5100)

/* --- what is played ------------------------------------------------------------ */

static struct {
	uint64_t now_us;
	uint64_t cpu_ns;     /* of the worker */
	uint64_t lost_after; /* bytes, then the session is lost */
	unsigned int lost;
	unsigned int room; /* in the worker's queue */
	unsigned int posted;
	struct job *first;
	struct job **last;
	uint64_t stop_after;  /* bytes, then the worker is to end */
	unsigned int busy;    /* pages of four */
	uint64_t asked[2][3]; /* bytes, by SVM_PLACE_DEVICE or not, and number */
	uint64_t bytes;
	uint64_t largest;
	unsigned int rounds_soon;
} play;

int __real_clock_gettime(clockid_t clock, struct timespec *now);
/* The sanitizers' library asks for the time, too, and the linker wants to know. */
__attribute__((visibility("default"))) int
__wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_worker_post(struct worker *worker, struct job *job);
int __wrap_worker_post_asked(struct worker *worker, struct job *job);
bool __wrap_worker_stopping(const struct worker *worker);
uint64_t __wrap_worker_cpu_ns(struct worker *worker);
int __wrap_session_check(struct session *session);
void __wrap_session_end_lost(struct session *session);
void __wrap_round_soon(struct daemon *daemon);
int __wrap_svm_migrate(struct svm *svm, void *addr, size_t length,
		       struct svm_place to, const struct svm_migrate_opts *opts,
		       struct svm_result *result);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC)
		return __real_clock_gettime(clock, now);
	now->tv_sec = (time_t)(play.now_us / USEC_PER_SEC);
	now->tv_nsec = (long)(play.now_us % USEC_PER_SEC * 1000);
	return 0;
}

int __wrap_worker_post(struct worker *worker, struct job *job)
{
	(void)worker;
	if (!play.room)
		return -EBUSY;
	play.room--;
	play.posted++;
	job->next = NULL;
	*play.last = job;
	play.last = &job->next;
	return 0;
}

int __wrap_worker_post_asked(struct worker *worker, struct job *job)
{
	return __wrap_worker_post(worker, job);
}

bool __wrap_worker_stopping(const struct worker *worker)
{
	(void)worker;
	return play.bytes >= play.stop_after;
}

uint64_t __wrap_worker_cpu_ns(struct worker *worker)
{
	(void)worker;
	return play.cpu_ns;
}

int __wrap_session_check(struct session *session)
{
	session->lost = play.bytes >= play.lost_after ? -ESRCH : 0;
	return session->lost;
}

void __wrap_session_end_lost(struct session *session)
{
	play.lost += !!session->lost;
}

void __wrap_round_soon(struct daemon *daemon)
{
	(void)daemon;
	play.rounds_soon++;
}

int __wrap_svm_migrate(struct svm *svm, void *addr, size_t length,
		       struct svm_place to, const struct svm_migrate_opts *opts,
		       struct svm_result *result)
{
	uint64_t busy = length / 4 * play.busy;

	assert_ptr_equal(svm, CONTEXT);
	assert_non_null(addr);
	assert_int_equal(opts->flags, SVM_MIGRATE_RESIDENT_ONLY);
	assert_in_range(to.id, 0, 2);
	play.asked[to.type == SVM_PLACE_DEVICE][to.id] += length;
	play.bytes += length;
	if (length > play.largest)
		play.largest = length;
	result->bytes_moved = length - busy;
	result->bytes_there = length - busy;
	result->bytes_left = busy;
	result->pages[SVM_PAGE_MOVED] = (length - busy) / 4096;
	result->pages[SVM_PAGE_BUSY] = busy / 4096;
	return 0;
}

/* Takes the first job out of the worker's queue. */
static struct job *take_job(void)
{
	struct job *job = play.first;

	if (job)
		play.first = job->next;
	if (!play.first)
		play.last = &play.first;
	return job;
}

/* The worker does all that waits; returns how many jobs that were. */
static unsigned int work(void)
{
	unsigned int nr = 0;
	struct job *job;

	while ((job = take_job())) {
		job->run(job, NULL);
		job->done(job, false);
		play.room++;
		nr++;
	}
	return nr;
}

/* --- a daemon with a session ------------------------------------------------------ */

#define REGIONS_MAX 16

struct fixture {
	struct daemon daemon;
	struct sessions sessions;
	struct session *list[1];
	struct session session;
	struct svmd_region regions[REGIONS_MAX];
	struct world world;
	struct svmd_decision decision;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	memset(&play, 0, sizeof(play));
	play.now_us = 1000 * USEC_PER_SEC;
	play.lost_after = UINT64_MAX;
	play.room = 1000;
	play.last = &play.first;
	play.stop_after = UINT64_MAX;
	world_init(&f->world);
	f->daemon.sessions = &f->sessions;
	f->daemon.history = f->world.history;
	svmd_config_init(&f->daemon.config);
	f->sessions.list = f->list;
	f->sessions.nr = 1;
	f->list[0] = &f->session;
	f->session.id = f->world.sessions[0].id;
	f->session.refs = 1;
	f->session.svm = CONTEXT;
	f->session.policy_generation = f->daemon.config.generation;
	f->session.policy.residence_us = USEC_PER_SEC;
	f->regions[0] = SVMD_REGION_INIT;
	f->regions[0].start = BASE;
	f->regions[0].length = 10 * MIB;
	f->regions[0].place = svmd_node(SLOW);
	f->session.regions = f->regions;
	f->session.nr_regions = 1;
	f->session.max_regions = REGIONS_MAX;
	f->decision = (struct svmd_decision){
		.session = f->session.id,
		.start = BASE,
		.length = 10 * MIB,
		.from = svmd_node(SLOW),
		.to = svmd_node(FAST),
		.reason = SVMD_REASON_HOT,
	};
	*state = f;
	return 0;
}

/* Whatever became of moves, nothing of them is left. */
static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_null(play.first);
	assert_int_equal(f->daemon.mover.batches, 0);
	assert_int_equal(f->session.moving, 0);
	assert_int_equal(f->session.refs, 1);
	world_free(&f->world);
	free(f);
	return 0;
}

/* A round that decided the same move @nr times; returns how many were begun. */
static unsigned int take(struct fixture *f, unsigned int nr)
{
	struct svmd_decision decisions[300];
	struct svmd_result result = { .decisions = decisions, .nr = nr };
	unsigned int i, before = play.posted;

	for (i = 0; i < nr; i++)
		decisions[i] = f->decision;
	mover_take(&f->daemon, &result);
	return play.posted - before;
}

static const struct daemon_event *last_event(const struct fixture *f)
{
	const struct daemon *daemon = &f->daemon;

	return &daemon->events[daemon->last_event % DAEMON_EVENTS];
}

/* --- moves ------------------------------------------------------------------------- */

static void test_moves(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(take(f, 1), 1);
	assert_int_equal(f->daemon.mover.batches, 1);
	assert_int_equal(f->session.moving, 1);
	assert_true(f->regions[0].flags & SVMD_REGION_MOVING);
	assert_int_equal(work(), 1);
	assert_int_equal(play.asked[0][FAST], 10 * MIB);
	assert_int_equal(play.bytes, 10 * MIB);
	assert_int_equal(play.largest, STEP_MAX);
	assert_int_equal(f->session.moved_bytes, 10 * MIB);
	assert_int_equal(f->session.moves, 1);
	assert_int_equal(f->regions[0].place, svmd_node(FAST));
	assert_false(f->regions[0].flags & SVMD_REGION_MOVING);
	assert_int_equal(f->daemon.last_event, 1);
	assert_int_equal(last_event(f)->bytes_moved, 10 * MIB);
	assert_int_equal(last_event(f)->error, 0);
	assert_int_equal(f->daemon.mover.deferred, 0);
}

static void test_dry_run(void **state)
{
	struct fixture *f = *state;

	f->decision.dry_run = true;
	assert_int_equal(take(f, 3), 0);
	assert_int_equal(f->daemon.mover.deferred, 0);
}

/* What a round decides beyond that, the next one can decide better. */
static void test_batches_are_bounded(void **state)
{
	struct fixture *f = *state;

	f->decision.length = 4096;
	assert_int_equal(take(f, 300), 256);
	assert_int_equal(f->daemon.mover.deferred, 44);
	assert_int_equal(work(), 256);
	play.room = 5;
	assert_int_equal(take(f, 7), 5);
	assert_int_equal(f->daemon.mover.deferred, 46);
	assert_int_equal(work(), 5);
	f->decision.session++;
	assert_int_equal(take(f, 1), 0);
	assert_int_equal(f->daemon.mover.deferred, 47);
}

/* --- contention ---------------------------------------------------------------------- */

/* Moves a busy range, and expects the next not before @pause_us. */
static void expect_pause(struct fixture *f, uint64_t pause_us)
{
	uint64_t deferred = f->daemon.mover.deferred;

	play.busy = 4;
	assert_int_equal(take(f, 1), 1);
	assert_int_equal(work(), 1);
	assert_int_equal(take(f, 2), 0);
	assert_int_equal(f->daemon.mover.deferred, deferred + 2);
	play.now_us += pause_us - 1;
	assert_int_equal(take(f, 1), 0);
	play.now_us++;
}

static void expect_no_pause(struct fixture *f)
{
	assert_int_equal(take(f, 1), 1);
	assert_int_equal(work(), 1);
}

static void test_backs_off(void **state)
{
	struct fixture *f = *state;
	uint64_t pause_us = USEC_PER_SEC / 2;
	unsigned int i;

	for (i = 0; i < 12; i++) {
		expect_pause(f, pause_us);
		if (pause_us < 16 * USEC_PER_SEC)
			pause_us *= 2;
	}
	assert_int_equal(pause_us, 16 * USEC_PER_SEC);
	assert_int_equal(f->session.moves, 0);
	assert_true(f->regions[0].flags & SVMD_REGION_STUCK);
	/* One that goes well, and all is as it was. */
	play.busy = 2;
	expect_no_pause(f);
	expect_no_pause(f);
	expect_pause(f, USEC_PER_SEC / 2);
	play.busy = 0;
	expect_no_pause(f);
	assert_int_equal(f->daemon.mover.busy_pages,
			 (12 * 4 + 2 * 2 + 4) * 10 * MIB / 4 / 4096);
}

/* Batches that were on their way together met the same. */
static void test_one_pause_for_many(void **state)
{
	struct fixture *f = *state;

	play.busy = 4;
	assert_int_equal(take(f, 20), 20);
	assert_int_equal(work(), 20);
	play.now_us += USEC_PER_SEC / 2 - 1;
	assert_int_equal(take(f, 1), 0);
	play.now_us++;
	expect_pause(f, USEC_PER_SEC);
	expect_no_pause(f);
}

/* A move that touched no page says nothing of who else is there. */
static void test_pause_outlasts_the_dead(void **state)
{
	struct fixture *f = *state;

	expect_pause(f, USEC_PER_SEC / 2);
	play.lost_after = 0;
	expect_no_pause(f);
	play.lost_after = UINT64_MAX;
	expect_pause(f, USEC_PER_SEC);
	expect_no_pause(f);
}

/* --- the budget of CPU time ---------------------------------------------------------- */

static void test_cpu_budget(void **state)
{
	struct fixture *f = *state;

	f->daemon.config.settings.cpu_budget = 25;
	assert_int_equal(take(f, 1), 1);
	assert_int_equal(work(), 1);
	/* A second of a CPU in a second: three more have to pass. */
	play.now_us += USEC_PER_SEC;
	play.cpu_ns += 1000000000;
	assert_int_equal(take(f, 1), 0);
	play.now_us += 3 * USEC_PER_SEC - 1;
	assert_int_equal(take(f, 2), 0);
	assert_int_equal(f->daemon.mover.deferred, 3);
	play.now_us++;
	assert_int_equal(take(f, 1), 1);
	assert_int_equal(work(), 1);
}

/* Doing nothing for an hour saves up for a second. */
static void test_cpu_credit_is_bounded(void **state)
{
	struct fixture *f = *state;

	f->daemon.config.settings.cpu_budget = 25;
	assert_int_equal(take(f, 0), 0);
	play.now_us += 3600 * USEC_PER_SEC;
	assert_int_equal(take(f, 1), 1);
	assert_int_equal(work(), 1);
	play.cpu_ns += 250000000;
	assert_int_equal(take(f, 1), 1);
	assert_int_equal(work(), 1);
	play.cpu_ns += 250000000;
	assert_int_equal(take(f, 1), 0);
	play.now_us += USEC_PER_SEC;
	assert_int_equal(take(f, 1), 1);
	assert_int_equal(work(), 1);
}

/* --- moves that don't happen ---------------------------------------------------------- */

static void test_cancelled(void **state)
{
	struct fixture *f = *state;
	struct job *job;

	assert_int_equal(take(f, 1), 1);
	job = take_job();
	job->done(job, true);
	assert_int_equal(play.bytes, 0);
	assert_int_equal(f->session.moved_bytes, 0);
	assert_int_equal(f->session.moves, 0);
	assert_int_equal(f->daemon.last_event, 0);
	assert_int_equal(f->regions[0].place, svmd_node(SLOW));
}

/* Of a move that is broken off counts what has moved, and no more. */
static void test_broken_off(void **state)
{
	struct fixture *f = *state;

	play.stop_after = STEP_MAX;
	assert_int_equal(take(f, 1), 1);
	assert_int_equal(work(), 1);
	assert_int_equal(play.bytes, STEP_MAX);
	assert_int_equal(f->session.moved_bytes, STEP_MAX);
	assert_int_equal(last_event(f)->error, -ECANCELED);
	assert_int_equal(last_event(f)->bytes_moved, STEP_MAX);
	assert_int_equal(f->regions[0].place, svmd_node(SLOW));
	play.stop_after = 0;
	assert_int_equal(take(f, 1), 1);
	assert_int_equal(work(), 1);
	assert_int_equal(f->session.moved_bytes, STEP_MAX);
	assert_int_equal(f->session.moves, 1);
}

static void test_session_ended(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(take(f, 1), 1);
	play.lost_after = 0;
	assert_int_equal(work(), 1);
	assert_int_equal(last_event(f)->error, -ESRCH);
	assert_int_equal(play.lost, 1);
	play.lost_after = UINT64_MAX;
	assert_int_equal(take(f, 1), 1);
	f->session.ended = true;
	assert_int_equal(work(), 1);
	assert_int_equal(last_event(f)->error, -ESRCH);
	assert_int_equal(play.bytes, 0);
	f->session.ended = false;
	/* Lost meanwhile: what has moved is not told of. */
	play.lost_after = 1;
	assert_int_equal(take(f, 1), 1);
	assert_int_equal(work(), 1);
	assert_int_equal(last_event(f)->error, -ESRCH);
	assert_int_equal(play.bytes, STEP_MAX);
	assert_int_equal(f->session.moves, 0);
}

/* --- requests --------------------------------------------------------------------------- */

struct answer {
	unsigned int nr;
	int error;
	uint64_t moved;
};

static void on_done(int error, const struct svm_result *result, void *arg)
{
	struct answer *answer = arg;

	answer->nr++;
	answer->error = error;
	answer->moved = result->bytes_moved;
}

static int ask(struct fixture *f, uint64_t length, struct answer *answer)
{
	struct svm_range range = { (void *)(uintptr_t)BASE, length };

	*answer = (struct answer){ 0 };
	return mover_request(&f->daemon, &f->session, &range, svmd_device(0),
			     on_done, answer);
}

/* Others have their turn in between. */
static void test_request_in_turns(void **state)
{
	struct fixture *f = *state;
	struct answer answer;
	struct job *job;

	assert_int_equal(ask(f, 100 * MIB, &answer), 0);
	assert_int_equal(take(f, 1), 1);
	job = take_job();
	job->run(job, NULL);
	job->done(job, false);
	assert_int_equal(play.asked[1][0], 64 * MIB);
	assert_int_equal(answer.nr, 0);
	assert_int_equal(work(), 2);
	assert_int_equal(play.asked[1][0], 100 * MIB);
	assert_int_equal(play.asked[0][FAST], 10 * MIB);
	assert_int_equal(answer.nr, 1);
	assert_int_equal(answer.error, 0);
	assert_int_equal(answer.moved, 100 * MIB);
	assert_int_equal(last_event(f)->decision.length, 100 * MIB);
	assert_int_equal(play.rounds_soon, 1);
}

static void test_request_cancelled(void **state)
{
	struct fixture *f = *state;
	struct answer answer;
	struct job *job;

	assert_int_equal(ask(f, 100 * MIB, &answer), 0);
	job = take_job();
	job->done(job, true);
	assert_int_equal(answer.nr, 1);
	assert_int_equal(answer.error, -ECANCELED);
	assert_int_equal(answer.moved, 0);
	assert_int_equal(f->session.moves, 0);
	assert_int_equal(last_event(f)->error, -ECANCELED);
	/* No room for its second turn. */
	assert_int_equal(ask(f, 100 * MIB, &answer), 0);
	play.room = 0;
	assert_int_equal(work(), 1);
	assert_int_equal(answer.nr, 1);
	assert_int_equal(answer.error, -ECANCELED);
	assert_int_equal(answer.moved, 64 * MIB);
	play.room = 0;
	assert_int_equal(ask(f, MIB, &answer), -EBUSY);
	assert_int_equal(answer.nr, 0);
}

/* --- quotas -------------------------------------------------------------------------------- */

static void set_quota(struct world *w, enum svmd_scope_type type, uint64_t id,
		      const char *value)
{
	struct svmd_scope_key key = { .type = type, .id = id };

	assert_int_equal(svmd_config_set(&w->config, key,
					 svmd_param_find("QuotaBytes"), value,
					 false, NULL),
			 0);
}

/* What the worker is told to move keeps to the quota of either place. */
static void test_quotas(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->world;
	uint64_t round, *fast = &play.asked[0][FAST], *svm0 = &play.asked[1][0];
	int i;

	f->session.nr_regions = 0;
	world_set(w, "Policies", "hot-cold locality");
	set_quota(w, SVMD_SCOPE_NODE, FAST, "3M");
	set_quota(w, SVMD_SCOPE_DEVICE, 0, "5M");
	for (i = 0; i < 40; i++) {
		world_add(w, svmd_node(SLOW), 100, 0);
		world_add(w, svmd_node(OTHER), 0, 100)->affinity =
			svmd_device(0);
	}
	for (round = 1; round <= 5; round++) {
		world_round(w);
		mover_take(&f->daemon, &w->result);
		work();
		assert_in_range(*fast, 1, round * 3 * MIB);
		assert_in_range(*svm0, 1, round * 5 * MIB);
		assert_int_equal(play.bytes, *fast + *svm0);
	}
	assert_int_equal(f->daemon.mover.deferred, 0);
	assert_int_equal(f->session.moved_bytes, play.bytes);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_moves),
		T(test_dry_run),
		T(test_batches_are_bounded),
		T(test_backs_off),
		T(test_one_pause_for_many),
		T(test_pause_outlasts_the_dead),
		T(test_cpu_budget),
		T(test_cpu_credit_is_bounded),
		T(test_cancelled),
		T(test_broken_off),
		T(test_session_ended),
		T(test_request_in_turns),
		T(test_request_cancelled),
		T(test_quotas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
