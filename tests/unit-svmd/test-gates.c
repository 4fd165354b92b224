// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each gate: closed, it refuses by its name and counts; open, it lets pass.
 *
 * All begin with one region that is hot on the slow node, which hot-cold wants
 * on the fast one.
 */
#include "world.h"

struct state {
	struct world w;
	struct svmd_region *hot;
};

static int setup(void **state)
{
	static struct state s;

	world_init(&s.w);
	world_set(&s.w, "Policies", "hot-cold");
	s.hot = world_add(&s.w, svmd_node(SLOW), 100, 0);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct state *s = *state;

	world_free(&s->w);
	return 0;
}

static void expect_refused(struct state *s, enum svmd_why why)
{
	struct svmd_counters before, after;

	svmd_history_counters(s->w.history, &before);
	world_round(&s->w);
	svmd_history_counters(s->w.history, &after);
	assert_string_equal(svmd_why_name(s->hot->why), svmd_why_name(why));
	assert_int_equal(s->w.result.refused[why], 1);
	assert_int_equal(s->w.result.refused_bytes[why], REGION_BYTES);
	assert_int_equal(after.refused[why], before.refused[why] + 1);
	if (why != SVMD_WHY_DRY_RUN)
		assert_null(world_decision(&s->w, s->hot));
}

static void expect_moved(struct state *s)
{
	const struct svmd_decision *d;

	world_round(&s->w);
	assert_string_equal(svmd_why_name(s->hot->why), "decided");
	d = world_decision(&s->w, s->hot);
	assert_non_null(d);
	assert_int_equal(d->from, svmd_node(SLOW));
	assert_int_equal(d->to, svmd_node(FAST));
	assert_int_equal(d->length, REGION_BYTES);
	assert_false(d->dry_run);
}

static void test_open(void **state)
{
	struct state *s = *state;
	const struct svmd_decision *d;

	expect_moved(s);
	d = world_decision(&s->w, s->hot);
	assert_int_equal(d->session, 7);
	assert_int_equal(d->reason, SVMD_REASON_HOT);
	assert_int_equal(d->policy, SVMD_POLICY_HOT_COLD);
	assert_true(d->score > 0);
	assert_true(d->benefit_ns - d->cost_ns == d->score);
	/* 512 pages, 100/s each, a minute, some 160 ns less each. */
	assert_true(d->benefit_ns > 512 * 100 * 60 * 150.0);
	assert_true(d->benefit_ns < 512 * 100 * 60 * 180.0);
	assert_int_equal(s->w.result.bytes, REGION_BYTES);
}

static void test_stale_session(void **state)
{
	struct state *s = *state;

	world_round(&s->w);
	s->w.snapshot.now_us += 11 * SECOND;
	s->w.nodes[FAST].sampled_us = s->w.snapshot.now_us;
	svmd_decide(s->w.history, &s->w.snapshot, &s->w.config, &s->w.result);
	assert_int_equal(s->hot->why, SVMD_WHY_STALE);
	assert_int_equal(s->w.result.nr, 0);
	expect_moved(s);
}

static void test_stale_place(void **state)
{
	struct state *s = *state;

	/* It must not go where nobody knows what is free; nor elsewhere. */
	s->w.snapshot.now_us += 11 * SECOND;
	s->w.sessions[0].sampled_us = s->w.snapshot.now_us;
	svmd_decide(s->w.history, &s->w.snapshot, &s->w.config, &s->w.result);
	assert_int_equal(s->hot->why, SVMD_WHY_STALE);
	assert_int_equal(s->w.result.refused[SVMD_WHY_STALE], 1);
}

static void test_moving(void **state)
{
	struct state *s = *state;

	s->hot->flags |= SVMD_REGION_MOVING;
	expect_refused(s, SVMD_WHY_MOVING);
	s->hot->flags = 0;
	expect_moved(s);
}

static void test_no_gain(void **state)
{
	struct state *s = *state;

	/* A copy of 2 MiB at 1 GiB/s is 1.95 ms: 512 pages, 60 s, 160 ns. */
	s->hot->warm_cpu = 0.38F;
	expect_refused(s, SVMD_WHY_NO_GAIN);
	s->hot->warm_cpu = 0.50F;
	expect_moved(s);
}

static void test_margin(void **state)
{
	struct state *s = *state;

	s->hot->warm_cpu = 0.50F;
	world_set(&s->w, "Margin", "100%");
	expect_refused(s, SVMD_WHY_NO_GAIN);
	s->hot->warm_cpu = 0.90F;
	expect_moved(s);
}

static void test_not_in_use(void **state)
{
	struct state *s = *state;

	s->hot->warm_cpu = 0.005F;
	world_round(&s->w);
	assert_int_equal(s->hot->why, SVMD_WHY_SETTLED);
	assert_int_equal(s->w.result.nr, 0);
}

static void test_unconfirmed(void **state)
{
	struct state *s = *state;

	s->hot->seen = 0x09;
	expect_refused(s, SVMD_WHY_UNCONFIRMED);
	s->hot->seen = 0x49;
	expect_moved(s);
}

static void test_held_region(void **state)
{
	struct state *s = *state;

	s->hot->flags |= SVMD_REGION_HELD;
	expect_refused(s, SVMD_WHY_HELD);
	s->hot->flags = 0;
	expect_moved(s);
}

static void test_held_session(void **state)
{
	struct state *s = *state;

	s->w.sessions[0].held = true;
	expect_refused(s, SVMD_WHY_HELD);
	s->w.sessions[0].held = false;
	expect_moved(s);
}

static void test_held_source(void **state)
{
	struct state *s = *state;

	s->w.nodes[SLOW].held = true;
	expect_refused(s, SVMD_WHY_HELD);
	s->w.nodes[SLOW].held = false;
	expect_moved(s);
}

/* A held place is passed over for the next best one. */
static void test_held_destination(void **state)
{
	struct state *s = *state;
	const struct svmd_decision *d;

	s->w.nodes[FAST].held = true;
	world_round(&s->w);
	d = world_decision(&s->w, s->hot);
	assert_non_null(d);
	assert_int_equal(d->to, svmd_node(OTHER));
	s->w.nodes[OTHER].held = true;
	expect_refused(s, SVMD_WHY_HELD);
}

static void test_pinned(void **state)
{
	struct state *s = *state;

	s->hot->flags |= SVMD_REGION_PINNED;
	expect_refused(s, SVMD_WHY_PINNED);
	s->hot->flags = 0;
	expect_moved(s);
}

static void test_odp(void **state)
{
	struct state *s = *state;

	s->hot->flags |= SVMD_REGION_ODP;
	expect_refused(s, SVMD_WHY_ODP);
	world_set(&s->w, "MoveODP", "yes");
	expect_moved(s);
}

static void test_stuck(void **state)
{
	struct state *s = *state;

	svmd_region_moved(s->hot, svmd_node(FAST), REGION_BYTES,
			  REGION_BYTES / 4, &s->w.config.policy,
			  s->w.snapshot.now_us);
	assert_int_equal(s->hot->place, svmd_node(SLOW));
	expect_refused(s, SVMD_WHY_STUCK);
	s->w.snapshot.now_us += 7 * SECOND;
	expect_refused(s, SVMD_WHY_STUCK);
	expect_moved(s);
}

static void test_residence(void **state)
{
	struct state *s = *state;

	s->hot->moved_us = s->w.snapshot.now_us;
	s->hot->from = svmd_node(OTHER);
	s->w.snapshot.now_us += 8 * SECOND;
	expect_refused(s, SVMD_WHY_RESIDENCE);
	expect_moved(s);
}

static void test_residence_doubles(void **state)
{
	struct state *s = *state;

	world_set(&s->w, "PingPongLimit", "0");
	s->hot->moved_us = s->w.snapshot.now_us;
	s->hot->bounces = 2;
	s->w.snapshot.now_us += 38 * SECOND;
	expect_refused(s, SVMD_WHY_RESIDENCE);
	expect_moved(s);
}

static void test_pingpong(void **state)
{
	struct state *s = *state;

	s->hot->moved_us = s->w.snapshot.now_us;
	s->hot->bounces = 2;
	s->w.snapshot.now_us += 598 * SECOND;
	expect_refused(s, SVMD_WHY_PINGPONG);
	expect_moved(s);
}

/* Start and stop are apart: what is between depends on where it came from. */
static void test_watermarks(void **state)
{
	struct state *s = *state;
	struct svmd_place_state place;

	s->w.nodes[OTHER].held = true;
	s->w.nodes[FAST].free_bytes = 1024 * MIB * 29 / 1000;
	expect_refused(s, SVMD_WHY_WATERMARK);
	s->w.nodes[FAST].free_bytes = 1024 * MIB * 59 / 1000;
	expect_refused(s, SVMD_WHY_WATERMARK);
	svmd_history_place(s->w.history, svmd_node(FAST), &place);
	assert_true(place.evicting);

	s->w.nodes[FAST].free_bytes = 1024 * MIB * 70 / 1000;
	expect_moved(s);
	svmd_history_place(s->w.history, svmd_node(FAST), &place);
	assert_false(place.evicting);

	/* From above, it is only full, and not to be evicted from. */
	s->w.nodes[FAST].free_bytes = 1024 * MIB * 59 / 1000;
	expect_refused(s, SVMD_WHY_NO_ROOM);
	svmd_history_place(s->w.history, svmd_node(FAST), &place);
	assert_false(place.evicting);
}

static void test_psi(void **state)
{
	struct state *s = *state;

	s->w.nodes[OTHER].held = true;
	s->w.nodes[FAST].psi_some = 21;
	expect_refused(s, SVMD_WHY_PSI);
	s->w.nodes[FAST].psi_some = 19;
	expect_moved(s);
}

static void test_no_room(void **state)
{
	struct state *s = *state;

	s->w.nodes[OTHER].held = true;
	world_set(&s->w, "EvictStart", "0%");
	world_set(&s->w, "EvictStop", "0%");
	s->w.nodes[FAST].free_bytes = REGION_BYTES - SVMD_PAGE;
	expect_refused(s, SVMD_WHY_NO_ROOM);
	s->w.nodes[FAST].free_bytes = REGION_BYTES;
	expect_moved(s);
}

static void test_quota_bytes(void **state)
{
	struct state *s = *state;

	world_set(&s->w, "QuotaBytes", "0");
	expect_refused(s, SVMD_WHY_QUOTA_BYTES);
	world_set(&s->w, "QuotaBytes", "2M");
	expect_moved(s);
}

/* Of the source as well as of the destination. */
static void test_quota_of_one_place(void **state)
{
	struct state *s = *state;
	struct svmd_scope_key slow = { .type = SVMD_SCOPE_NODE, .id = SLOW };
	struct svmd_scope_key fast = { .type = SVMD_SCOPE_NODE, .id = FAST };
	const struct svmd_param *quota = svmd_param_find("QuotaBytes");

	svmd_config_set(&s->w.config, slow, quota, "1M", false, NULL);
	world_round(&s->w);
	assert_int_equal(s->w.result.bytes, MIB);
	svmd_config_set(&s->w.config, slow, quota, "0", false, NULL);
	expect_refused(s, SVMD_WHY_QUOTA_BYTES);
	svmd_config_set(&s->w.config, slow, quota, "1G", false, NULL);
	svmd_config_set(&s->w.config, fast, quota, "0", false, NULL);
	expect_refused(s, SVMD_WHY_QUOTA_BYTES);
}

static void test_quota_time(void **state)
{
	struct state *s = *state;

	/* 2 MiB at 1 GiB/s are 1.95 ms. */
	world_set(&s->w, "QuotaTime", "0");
	expect_refused(s, SVMD_WHY_QUOTA_TIME);
	world_set(&s->w, "QuotaTime", "2ms");
	expect_moved(s);
}

/* What took longer than expected is missing in the rounds after. */
static void test_quota_time_debt(void **state)
{
	struct state *s = *state;
	struct svmd_report report = {
		.from = svmd_node(SLOW),
		.to = svmd_node(FAST),
		.bytes = REGION_BYTES,
		.bytes_moved = REGION_BYTES,
		.duration_us = 2000,
	};

	world_set(&s->w, "QuotaTime", "200ms");
	expect_moved(s);
	svmd_history_moved(s->w.history, &report);
	report.duration_us = 402000;
	svmd_history_moved(s->w.history, &report);
	expect_refused(s, SVMD_WHY_QUOTA_TIME);
	expect_refused(s, SVMD_WHY_QUOTA_TIME);
	expect_moved(s);
}

static void test_session_limit(void **state)
{
	struct state *s = *state;

	world_set(&s->w, "Policies", "locality");
	s->hot->affinity = svmd_device(0);
	s->hot->warm_cpu = 0;
	s->hot->warm_device = 100;
	world_add(&s->w, svmd_device(0), 0, 0);
	world_set(&s->w, "DeviceLimit", "3M");
	expect_refused(s, SVMD_WHY_SESSION_LIMIT);
	world_set(&s->w, "DeviceLimit", "4M");
	s->w.sessions[0].device_limit_bytes = 2 * MIB;
	expect_refused(s, SVMD_WHY_SESSION_LIMIT);
	s->w.sessions[0].device_limit_bytes = 0;
	world_round(&s->w);
	assert_int_equal(s->hot->why, SVMD_WHY_DECIDED);
}

static void test_session_rate(void **state)
{
	struct state *s = *state;
	struct svmd_region *second = world_add(&s->w, svmd_node(SLOW), 50, 0);

	world_set(&s->w, "Rate", "2M");
	world_round(&s->w);
	assert_int_equal(s->hot->why, SVMD_WHY_DECIDED);
	assert_int_equal(second->why, SVMD_WHY_SESSION_RATE);
	assert_int_equal(s->w.result.refused[SVMD_WHY_SESSION_RATE], 1);
	s->w.sessions[0].rate_bytes = 64 << 10;
	world_round(&s->w);
	assert_int_equal(s->w.result.bytes, 64 << 10);
}

static void test_bounded(void **state)
{
	struct state *s = *state;
	struct svmd_region *second = world_add(&s->w, svmd_node(SLOW), 50, 0);

	world_set(&s->w, "MaxDecisions", "1");
	world_round(&s->w);
	assert_int_equal(s->w.result.nr, 1);
	assert_int_equal(s->hot->why, SVMD_WHY_DECIDED);
	assert_int_equal(second->why, SVMD_WHY_BOUNDED);
	assert_int_equal(s->w.result.refused[SVMD_WHY_BOUNDED], 1);
}

static void test_dry_run(void **state)
{
	struct state *s = *state;
	const struct svmd_decision *d;
	struct svmd_counters counters;

	world_set(&s->w, "Policies", "hot-cold dry-run");
	expect_refused(s, SVMD_WHY_DRY_RUN);
	d = world_decision(&s->w, s->hot);
	assert_non_null(d);
	assert_true(d->dry_run);
	assert_int_equal(d->to, svmd_node(FAST));
	assert_int_equal(s->w.result.bytes, 0);
	svmd_history_counters(s->w.history, &counters);
	assert_int_equal(counters.decisions[SVMD_REASON_HOT], 0);
}

/* A dry-run session takes nothing away from others. */
static void test_dry_run_takes_no_quota(void **state)
{
	struct state *s = *state;
	struct svmd_region other = *s->hot;
	struct svmd_scope_key key = { .type = SVMD_SCOPE_SESSION, .id = 7 };

	world_set(&s->w, "QuotaBytes", "2M");
	svmd_config_set(&s->w.config, key, svmd_param_find("Policies"),
			"hot-cold dry-run", true, NULL);
	s->w.sessions[1] = s->w.sessions[0];
	s->w.sessions[1].id = 8;
	s->w.sessions[1].regions = &other;
	s->w.snapshot.nr_sessions = 2;
	world_round(&s->w);
	assert_int_equal(s->w.result.nr, 2);
	assert_int_equal(s->hot->why, SVMD_WHY_DRY_RUN);
	assert_int_equal(other.why, SVMD_WHY_DECIDED);
	assert_int_equal(s->w.result.bytes, REGION_BYTES);
}

/* The first gate that is closed is the one that counts. */
static void test_order(void **state)
{
	struct state *s = *state;

	s->w.nodes[OTHER].held = true;
	world_set(&s->w, "Policies", "hot-cold dry-run");
	expect_refused(s, SVMD_WHY_DRY_RUN);
	world_set(&s->w, "QuotaTime", "0");
	expect_refused(s, SVMD_WHY_QUOTA_TIME);
	s->w.nodes[FAST].free_bytes = 0;
	s->w.nodes[FAST].psi_some = 50;
	expect_refused(s, SVMD_WHY_PSI);
	s->hot->moved_us = s->w.snapshot.now_us;
	expect_refused(s, SVMD_WHY_RESIDENCE);
	s->hot->flags |= SVMD_REGION_ODP;
	expect_refused(s, SVMD_WHY_ODP);
	s->hot->flags |= SVMD_REGION_PINNED;
	expect_refused(s, SVMD_WHY_PINNED);
	s->hot->flags |= SVMD_REGION_HELD;
	expect_refused(s, SVMD_WHY_HELD);
	s->hot->seen = 1;
	expect_refused(s, SVMD_WHY_UNCONFIRMED);
	s->hot->warm_cpu = 0.1F;
	expect_refused(s, SVMD_WHY_NO_GAIN);
	s->hot->flags |= SVMD_REGION_MOVING;
	expect_refused(s, SVMD_WHY_MOVING);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_open),
		T(test_stale_session),
		T(test_stale_place),
		T(test_moving),
		T(test_no_gain),
		T(test_margin),
		T(test_not_in_use),
		T(test_unconfirmed),
		T(test_held_region),
		T(test_held_session),
		T(test_held_source),
		T(test_held_destination),
		T(test_pinned),
		T(test_odp),
		T(test_stuck),
		T(test_residence),
		T(test_residence_doubles),
		T(test_pingpong),
		T(test_watermarks),
		T(test_psi),
		T(test_no_room),
		T(test_quota_bytes),
		T(test_quota_of_one_place),
		T(test_quota_time),
		T(test_quota_time_debt),
		T(test_session_limit),
		T(test_session_rate),
		T(test_bounded),
		T(test_dry_run),
		T(test_dry_run_takes_no_quota),
		T(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
