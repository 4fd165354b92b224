// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each policy decides, and how costs, tiers and choices come about.
 */
#include <errno.h>
#include <math.h>

#include "world.h"

static int setup(void **state)
{
	static struct world w;

	world_init(&w);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	world_free(w);
	return 0;
}

static void expect_to(struct world *w, const struct svmd_region *region,
		      svmd_place to, enum svmd_reason reason)
{
	const struct svmd_decision *d = world_decision(w, region);

	assert_non_null(d);
	assert_int_equal(d->to, to);
	assert_string_equal(svmd_reason_name(d->reason),
			    svmd_reason_name(reason));
}

static void expect_stays(struct world *w, const struct svmd_region *region)
{
	assert_null(world_decision(w, region));
}

static int tier_of(struct world *w, svmd_place place)
{
	struct svmd_place_state state;

	assert_int_equal(svmd_history_place(w->history, place, &state), 0);
	return state.tier;
}

/* Tiers */

static void test_tiers_from_hmat(void **state)
{
	struct world *w = *state;

	world_round(w);
	assert_int_equal(tier_of(w, svmd_node(FAST)), 0);
	assert_int_equal(tier_of(w, svmd_node(OTHER)), 0);
	assert_int_equal(tier_of(w, svmd_node(SLOW)), 1);
	assert_int_equal(tier_of(w, svmd_device(0)), -1);

	/* The number of a node says nothing: now node 2 is the fast one. */
	w->nodes[SLOW].read_latency_ns = 40;
	world_round(w);
	assert_int_equal(tier_of(w, svmd_node(SLOW)), 0);
	assert_int_equal(tier_of(w, svmd_node(FAST)), 1);
}

static void test_tiers_from_bandwidth(void **state)
{
	struct world *w = *state;

	/* Same latency, but 64 bytes take 128 ns at 500 MB/s. */
	w->nodes[SLOW].read_latency_ns = 90;
	w->nodes[SLOW].read_bandwidth_mbs = 500;
	world_round(w);
	assert_int_equal(tier_of(w, svmd_node(SLOW)), 1);
}

static void test_tiers_from_distance(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 100, 0);
	int i;

	for (i = 0; i < 3; i++) {
		w->nodes[i].read_latency_ns = 0;
		w->nodes[i].read_bandwidth_mbs = 0;
	}
	world_round(w);
	assert_int_equal(tier_of(w, svmd_node(FAST)), 0);
	assert_int_equal(tier_of(w, svmd_node(SLOW)), 1);
	expect_to(w, hot, svmd_node(FAST), SVMD_REASON_HOT);
	for (i = 0; i < 3; i++)
		w->nodes[i].distance = NULL;
	world_round(w);
	assert_int_equal(tier_of(w, svmd_node(SLOW)), 1);
}

/* A coherent device is one more tier; a private one is none. */
static void test_tier_of_coherent_device(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 100, 0);

	w->device.coherent = true;
	w->device.latency_ns = 80;
	w->device.link_latency_ns = 60;
	w->nodes[FAST].held = true;
	w->nodes[OTHER].held = true;
	world_round(w);
	assert_int_equal(tier_of(w, svmd_device(0)), 1);
	expect_to(w, hot, svmd_device(0), SVMD_REASON_HOT);
}

/* hot-cold */

static void test_hot_goes_to_own_node(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(OTHER), 100, 0);

	w->sessions[0].node = 1;
	world_round(w);
	expect_stays(w, hot);
	w->sessions[0].node = 0;
	world_round(w);
	expect_to(w, hot, svmd_node(FAST), SVMD_REASON_HOT);
	/* Where the session runs is not known: both are as good. */
	w->sessions[0].node = -1;
	world_round(w);
	expect_stays(w, hot);
}

static void test_hot_spills_to_next_best(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 100, 0);

	w->nodes[FAST].free_bytes = 0;
	world_round(w);
	expect_to(w, hot, svmd_node(OTHER), SVMD_REASON_HOT);
}

/* The hottest come first, whatever their order in memory. */
static void test_hottest_first(void **state)
{
	struct world *w = *state;
	struct svmd_region *warm = world_add(w, svmd_node(SLOW), 10, 0);
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 90, 0);
	struct svmd_region *hotter = world_add(w, svmd_node(SLOW), 100, 0);

	world_set(w, "QuotaBytes", "4M");
	world_round(w);
	assert_int_equal(w->result.nr, 2);
	assert_int_equal(w->result.decisions[0].start, hotter->start);
	assert_int_equal(w->result.decisions[1].start, hot->start);
	assert_int_equal(warm->why, SVMD_WHY_QUOTA_BYTES);
}

/* A full node: the coldest goes first, then the hot one comes. */
static void test_exchange(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 100, 0);
	struct svmd_region *cool = world_add(w, svmd_node(FAST), 1, 0);
	struct svmd_region *cold = world_add(w, svmd_node(FAST), 0, 0);

	w->nodes[OTHER].held = true;
	w->nodes[FAST].free_bytes = 1024 * MIB * 6 / 100;
	world_round(w);
	assert_int_equal(w->result.nr, 2);
	assert_int_equal(w->result.decisions[0].start, cold->start);
	assert_int_equal(w->result.decisions[0].reason, SVMD_REASON_COLD);
	assert_int_equal(w->result.decisions[0].to, svmd_node(SLOW));
	assert_int_equal(w->result.decisions[1].start, hot->start);
	assert_int_equal(w->result.decisions[1].to, svmd_node(FAST));
	expect_stays(w, cool);
}

/* No exchange of what is about as hot. */
static void test_no_exchange_of_equals(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 100, 0);
	struct svmd_region *too = world_add(w, svmd_node(FAST), 90, 0);

	w->nodes[OTHER].held = true;
	w->nodes[FAST].free_bytes = 1024 * MIB * 6 / 100;
	world_round(w);
	assert_int_equal(w->result.nr, 0);
	assert_int_equal(hot->why, SVMD_WHY_NO_ROOM);
	assert_int_equal(too->why, SVMD_WHY_SETTLED);
	too->warm_cpu = 70;
	world_round(w);
	assert_int_equal(w->result.nr, 2);
}

/* Nobody has to go who may not. */
static void test_exchange_spares(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 100, 0);
	struct svmd_region *pinned = world_add(w, svmd_node(FAST), 0, 0);
	struct svmd_region *recent = world_add(w, svmd_node(FAST), 0, 0);
	struct svmd_region *mine = world_add(w, svmd_node(FAST), 0, 0);
	struct svmd_scope_key key = { .type = SVMD_SCOPE_USER, .id = 5 };

	w->nodes[OTHER].held = true;
	w->nodes[FAST].free_bytes = 1024 * MIB * 6 / 100;
	pinned->flags |= SVMD_REGION_PINNED;
	recent->moved_us = w->snapshot.now_us;
	svmd_config_set(&w->config, key, svmd_param_find("Policies"), "off",
			false, NULL);
	w->sessions[0].nr_regions = 3;
	w->sessions[1] = w->sessions[0];
	w->sessions[1].id = 8;
	w->sessions[1].uid = 5;
	w->sessions[1].regions = mine;
	w->sessions[1].nr_regions = 1;
	w->snapshot.nr_sessions = 2;
	world_round(w);
	assert_int_equal(w->result.nr, 0);
	assert_int_equal(hot->why, SVMD_WHY_NO_ROOM);
	assert_int_equal(pinned->why, SVMD_WHY_PINNED);
	assert_int_equal(recent->why, SVMD_WHY_RESIDENCE);
	assert_int_equal(mine->why, SVMD_WHY_OFF);
}

/* Much pinned cold memory does not hide the cold memory that can go. */
static void test_exchange_finds_what_can_go(void **state)
{
	struct world *w = *state;
	struct svmd_region *cold, *hot = world_add(w, svmd_node(SLOW), 100, 0);
	int i;

	for (i = 0; i < 200; i++)
		world_add(w, svmd_node(FAST), 0, 0)->flags = SVMD_REGION_PINNED;
	cold = world_add(w, svmd_node(FAST), 1, 0);
	w->nodes[OTHER].held = true;
	w->nodes[FAST].free_bytes = 1024 * MIB * 6 / 100;
	world_round(w);
	expect_to(w, cold, svmd_node(SLOW), SVMD_REASON_COLD);
	expect_to(w, hot, svmd_node(FAST), SVMD_REASON_HOT);
}

static void test_device_users_count(void **state)
{
	struct world *w = *state;
	struct svmd_region *shared = world_add(w, svmd_node(OTHER), 10, 100);

	/* The CPU would gain, but the NIC on the other node would lose more. */
	world_set(w, "Policies", "hot-cold");
	shared->affinity = svmd_port(0);
	world_round(w);
	expect_stays(w, shared);
	shared->warm_device = 1;
	world_round(w);
	expect_to(w, shared, svmd_node(FAST), SVMD_REASON_HOT);
}

/* pressure */

static void test_pressure_evicts_coldest_until_stop(void **state)
{
	struct world *w = *state;
	struct svmd_region *r[40];
	uint64_t gone = 0;
	uint32_t i;

	world_set(w, "Policies", "pressure");
	/* 2 % of 1 GiB are free; 6 % shall be: 41 MiB, 21 regions. */
	w->nodes[FAST].free_bytes = 1024 * MIB * 2 / 100;
	for (i = 0; i < 40; i++)
		r[i] = world_add(w, svmd_node(FAST), 100 - i, 0);
	world_round(w);
	for (i = 0; i < w->result.nr; i++) {
		const struct svmd_decision *d = &w->result.decisions[i];

		assert_int_equal(d->reason, SVMD_REASON_PRESSURE);
		assert_int_equal(d->policy, SVMD_POLICY_PRESSURE);
		assert_int_equal(d->start, r[39 - i]->start);
		gone += d->length;
	}
	assert_true(gone >= 1024 * MIB * 4 / 100);
	assert_true(gone <= 1024 * MIB * 4 / 100 + REGION_BYTES);
	/* To the next more expensive node. */
	assert_int_equal(w->result.decisions[0].to, svmd_node(OTHER));
}

static void test_pressure_waits_for_start(void **state)
{
	struct world *w = *state;

	world_set(w, "Policies", "pressure");
	world_add(w, svmd_node(FAST), 0, 0);
	w->nodes[FAST].free_bytes = 1024 * MIB * 31 / 1000;
	world_round(w);
	assert_int_equal(w->result.nr, 0);
	w->nodes[FAST].free_bytes = 1024 * MIB * 29 / 1000;
	world_round(w);
	assert_int_equal(w->result.nr, 1);
}

static void test_pressure_on_device(void **state)
{
	struct world *w = *state;
	struct svmd_region *used = world_add(w, svmd_device(0), 0, 100);
	struct svmd_region *idle = world_add(w, svmd_device(0), 0, 0);

	world_set(w, "Policies", "pressure");
	used->affinity = svmd_device(0);
	idle->affinity = svmd_device(0);
	w->device.free_bytes = w->device.total_bytes * 29 / 1000;
	world_set(w, "EvictStart", "3%");
	world_set(w, "EvictStop", "3%");
	world_round(w);
	expect_to(w, idle, svmd_node(FAST), SVMD_REASON_PRESSURE);
	expect_stays(w, used);
}

/* Only those whose policy it is. */
static void test_pressure_of_others(void **state)
{
	struct world *w = *state;
	struct svmd_region *mine = world_add(w, svmd_node(FAST), 0, 0);

	world_set(w, "Policies", "hot-cold locality");
	w->nodes[FAST].free_bytes = 0;
	world_round(w);
	expect_stays(w, mine);
}

/* thrash */

static void test_thrash_brings_home(void **state)
{
	struct world *w = *state;
	struct svmd_region *both = world_add(w, svmd_device(0), 0.2, 2);
	struct svmd_region *used = world_add(w, svmd_device(0), 0.001, 100);

	world_set(w, "Policies", "thrash");
	both->affinity = svmd_device(0);
	used->affinity = svmd_device(0);
	world_round(w);
	expect_to(w, both, svmd_node(FAST), SVMD_REASON_THRASH);
	expect_stays(w, used);
}

static void test_thrash_keeps_home(void **state)
{
	struct world *w = *state;
	struct svmd_region *both = world_add(w, svmd_node(FAST), 0.2, 2);

	world_set(w, "Policies", "locality thrash");
	both->affinity = svmd_device(0);
	world_round(w);
	expect_stays(w, both);
}

/* locality */

static void test_near_nic(void **state)
{
	struct world *w = *state;
	struct svmd_region *buffer = world_add(w, svmd_node(FAST), 1, 100);

	world_set(w, "Policies", "locality");
	buffer->affinity = svmd_port(0);
	world_round(w);
	expect_to(w, buffer, svmd_node(OTHER), SVMD_REASON_NEAR);
	/* A port that is down uses nothing. */
	w->port.active = false;
	world_round(w);
	expect_stays(w, buffer);
}

static void test_near_gpu(void **state)
{
	struct world *w = *state;
	struct svmd_region *buffer = world_add(w, svmd_node(FAST), 0, 100);

	world_set(w, "Policies", "locality");
	buffer->affinity = svmd_drm(0);
	world_round(w);
	expect_to(w, buffer, svmd_device(0), SVMD_REASON_NEAR);
	/* Without memory of ours, to its node. */
	w->card.svm = -1;
	w->card.node = 1;
	world_round(w);
	expect_to(w, buffer, svmd_node(OTHER), SVMD_REASON_NEAR);
}

static void test_near_full_device_exchanges(void **state)
{
	struct world *w = *state;
	struct svmd_region *buffer = world_add(w, svmd_node(FAST), 0, 100);
	struct svmd_region *idle = world_add(w, svmd_device(0), 0, 0);
	struct svmd_region *used = world_add(w, svmd_device(0), 0, 100);

	world_set(w, "Policies", "locality");
	buffer->affinity = svmd_device(0);
	used->affinity = svmd_device(0);
	w->device.free_bytes = w->device.total_bytes * 6 / 100;
	world_round(w);
	expect_to(w, idle, svmd_node(FAST), SVMD_REASON_COLD);
	expect_to(w, buffer, svmd_device(0), SVMD_REASON_NEAR);
	expect_stays(w, used);
}

static void test_cpu_heat_keeps_off_device(void **state)
{
	struct world *w = *state;
	struct svmd_region *buffer = world_add(w, svmd_node(FAST), 100, 100);

	world_set(w, "Policies", "locality");
	buffer->affinity = svmd_device(0);
	world_round(w);
	expect_stays(w, buffer);
}

static void test_unknown_user(void **state)
{
	struct world *w = *state;
	struct svmd_region *buffer = world_add(w, svmd_node(FAST), 0, 100);

	world_set(w, "Policies", "locality");
	buffer->affinity = svmd_drm(9);
	world_round(w);
	expect_stays(w, buffer);
	buffer->affinity = svmd_device(9);
	world_round(w);
	expect_stays(w, buffer);
}

/* interleave */

static void test_interleave_by_bandwidth(void **state)
{
	struct world *w = *state;
	uint64_t to[3] = { 0 };
	uint32_t i;

	world_set(w, "Policies", "interleave");
	for (i = 0; i < 92; i++)
		world_add(w, svmd_node(FAST), 10000, 0);
	world_round(w);
	for (i = 0; i < w->result.nr; i++) {
		const struct svmd_decision *d = &w->result.decisions[i];

		assert_int_equal(d->reason, SVMD_REASON_SPREAD);
		to[svmd_place_id(d->to)] += d->length;
	}
	/* 40:40:12 of 184 MiB, as near as is left alone. */
	assert_true(to[OTHER] >= 70 * MIB && to[OTHER] <= 80 * MIB);
	assert_true(to[SLOW] >= 18 * MIB && to[SLOW] <= 24 * MIB);
	assert_int_equal(to[FAST], 0);

	/* And then that is all. */
	for (i = 0; i < w->result.nr; i++)
		w->regions[w->result.decisions[i].region].place =
			w->result.decisions[i].to;
	world_round(w);
	assert_int_equal(w->result.nr, 0);
}

static void test_interleave_leaves_idle_alone(void **state)
{
	struct world *w = *state;
	int i;

	world_set(w, "Policies", "interleave");
	for (i = 0; i < 92; i++)
		world_add(w, svmd_node(FAST), 0, 0);
	world_round(w);
	assert_int_equal(w->result.nr, 0);
}

/* off, manual, requests */

static void test_off_and_manual(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 100, 0);
	struct svmd_counters counters;

	world_set(w, "Policies", "off");
	world_round(w);
	assert_int_equal(hot->why, SVMD_WHY_OFF);
	world_set(w, "Policies", "manual");
	world_round(w);
	assert_int_equal(hot->why, SVMD_WHY_OFF);
	assert_int_equal(w->result.nr, 0);
	svmd_history_counters(w->history, &counters);
	assert_int_equal(counters.refused[SVMD_WHY_OFF], 0);
	assert_int_equal(counters.rounds, 2);
}

static void test_request(void **state)
{
	struct world *w = *state;
	struct svmd_region *r[4];
	const struct svmd_decision *d;
	int i;

	world_set(w, "Policies", "manual");
	for (i = 0; i < 4; i++)
		r[i] = world_add(w, svmd_node(FAST), 0, 0);
	/* From the middle of the second into the third; not long settled. */
	r[1]->moved_us = w->snapshot.now_us;
	r[1]->bounces = 9;
	w->request = (struct svmd_request){
		.cookie = 77,
		.session = 7,
		.start = r[1]->start + MIB,
		.length = MIB + 1,
		.from = SVMD_PLACE_NONE,
		.to = svmd_device(0),
	};
	w->snapshot.nr_requests = 1;
	world_round(w);
	assert_int_equal(w->result.nr, 2);
	d = world_decision(w, r[1]);
	assert_int_equal(d->start, r[1]->start + MIB);
	assert_int_equal(d->length, MIB);
	assert_int_equal(d->cookie, 77);
	assert_int_equal(d->policy, 0);
	assert_int_equal(d->reason, SVMD_REASON_REQUEST);
	d = world_decision(w, r[2]);
	assert_int_equal(d->start, r[2]->start);
	assert_int_equal(d->length, SVMD_PAGE);
	assert_int_equal(w->result.request_left, 0);
}

static void test_request_passes_gates(void **state)
{
	struct world *w = *state;
	struct svmd_region *held = world_add(w, svmd_node(FAST), 0, 0);
	struct svmd_region *pinned = world_add(w, svmd_node(FAST), 0, 0);
	struct svmd_region *free_one = world_add(w, svmd_node(FAST), 0, 0);
	struct svmd_region *too_much = world_add(w, svmd_node(FAST), 0, 0);

	world_set(w, "Policies", "off");
	world_set(w, "QuotaBytes", "2M");
	held->flags |= SVMD_REGION_HELD;
	pinned->flags |= SVMD_REGION_PINNED;
	w->request = (struct svmd_request){
		.session = 7,
		.start = BASE,
		.length = 4 * REGION_BYTES,
		.from = SVMD_PLACE_NONE,
		.to = svmd_node(SLOW),
	};
	w->snapshot.nr_requests = 1;
	world_round(w);
	assert_int_equal(held->why, SVMD_WHY_HELD);
	assert_int_equal(pinned->why, SVMD_WHY_PINNED);
	assert_int_equal(free_one->why, SVMD_WHY_DECIDED);
	assert_int_equal(too_much->why, SVMD_WHY_QUOTA_BYTES);
	assert_int_equal(w->result.request_left, 1);

	free_one->place = svmd_node(SLOW);
	world_round(w);
	assert_int_equal(too_much->why, SVMD_WHY_DECIDED);
	assert_int_equal(w->result.request_left, 0);
}

static void test_request_dry_run(void **state)
{
	struct world *w = *state;
	struct svmd_region *region = world_add(w, svmd_node(FAST), 0, 0);

	world_set(w, "Policies", "dry-run");
	w->request = (struct svmd_request){
		.session = 7,
		.start = BASE,
		.length = REGION_BYTES,
		.from = SVMD_PLACE_NONE,
		.to = svmd_node(SLOW),
	};
	w->snapshot.nr_requests = 1;
	world_round(w);
	assert_int_equal(w->result.nr, 1);
	assert_true(w->result.decisions[0].dry_run);
	assert_int_equal(region->why, SVMD_WHY_DRY_RUN);
}

/* An eviction takes the coldest of whomever, also of those with no policy. */
static void test_request_evict(void **state)
{
	struct world *w = *state;
	struct svmd_region *used = world_add(w, svmd_device(0), 0, 100);
	struct svmd_region *idle = world_add(w, svmd_device(0), 0, 1);

	world_set(w, "Policies", "off");
	used->affinity = svmd_device(0);
	idle->affinity = svmd_device(0);
	idle->moved_us = w->snapshot.now_us;
	w->device.free_bytes = w->device.total_bytes - 2 * REGION_BYTES;
	w->request = (struct svmd_request){
		.cookie = 5,
		.from = svmd_device(0),
		.to = SVMD_PLACE_NONE,
		.bytes = MIB,
	};
	w->snapshot.nr_requests = 1;
	world_round(w);
	assert_int_equal(w->result.nr, 1);
	expect_to(w, idle, svmd_node(FAST), SVMD_REASON_REQUEST);
	assert_int_equal(w->result.decisions[0].cookie, 5);
	assert_int_equal(w->result.request_left, 0);

	/* All of it, at 2 MiB a second. */
	world_set(w, "QuotaBytes", "2M");
	w->request.bytes = 0;
	w->request.to = svmd_node(SLOW);
	world_round(w);
	expect_to(w, idle, svmd_node(SLOW), SVMD_REASON_REQUEST);
	assert_int_equal(w->result.nr, 1);
	assert_int_equal(w->result.request_left, 1);
}

/* What the history learns */

static void test_learns_copy_cost(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 1, 0);
	struct svmd_report report = {
		.from = svmd_node(SLOW),
		.to = svmd_node(FAST),
		.bytes = 4 * MIB,
		.bytes_moved = 4 * MIB,
		.duration_us = 4000,
	};
	struct svmd_pair pair;
	int i;

	world_round(w);
	assert_true(fabs(w->result.decisions[0].copy_ns - 1953125) < 1);
	svmd_history_moved(w->history, &report);
	assert_int_equal(svmd_history_pair(w->history, svmd_node(SLOW),
					   svmd_node(FAST), &pair),
			 0);
	assert_true(fabs(pair.bandwidth_bytes - 1e9 * 1.048576) < 1e4);
	assert_int_equal(pair.moves, 1);
	assert_int_equal(pair.bytes, 4 * MIB);

	/* Slower and slower: at last it is not worth it any more. */
	report.duration_us = 4000000;
	for (i = 0; i < 20; i++)
		svmd_history_moved(w->history, &report);
	svmd_history_pair(w->history, svmd_node(SLOW), svmd_node(FAST), &pair);
	assert_true(pair.bandwidth_bytes < 1.1e6);
	world_round(w);
	assert_int_equal(hot->why, SVMD_WHY_NO_GAIN);

	/* A page says less than 4 MiB. */
	report.bytes = SVMD_PAGE;
	report.bytes_moved = SVMD_PAGE;
	report.duration_us = 1;
	svmd_history_moved(w->history, &report);
	svmd_history_pair(w->history, svmd_node(SLOW), svmd_node(FAST), &pair);
	assert_true(pair.bandwidth_bytes < 1.2e6);
}

/* One copy that was held up does not end all moving, nor do many for ever. */
static void test_forgives_slow_copies(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 1, 0);
	struct svmd_report report = {
		.from = svmd_node(SLOW),
		.to = svmd_node(FAST),
		.bytes = 2 * MIB,
		.bytes_moved = 2 * MIB,
		.duration_us = 2000,
	};
	struct svmd_pair before, after;
	int i;

	world_round(w);
	svmd_history_moved(w->history, &report);
	svmd_history_pair(w->history, svmd_node(SLOW), svmd_node(FAST),
			  &before);
	report.duration_us = 2000000;
	svmd_history_moved(w->history, &report);
	svmd_history_pair(w->history, svmd_node(SLOW), svmd_node(FAST), &after);
	assert_true(after.bandwidth_bytes > before.bandwidth_bytes / 2);

	for (i = 0; i < 20; i++)
		svmd_history_moved(w->history, &report);
	world_round(w);
	assert_int_equal(hot->why, SVMD_WHY_NO_GAIN);
	/* Ten times too dear: it takes some half-lives of ten seconds. */
	for (i = 0; i < 120 && hot->why == SVMD_WHY_NO_GAIN; i++)
		world_round(w);
	assert_int_equal(hot->why, SVMD_WHY_DECIDED);
	assert_in_range(i, 10, 119);
}

static void test_survives_strange_reports(void **state)
{
	struct world *w = *state;
	struct svmd_report report = {
		.from = svmd_node(SLOW),
		.to = svmd_node(FAST),
	};
	struct svmd_pair pair;

	world_round(w);
	svmd_history_moved(w->history, &report);
	report.bytes_moved = UINT64_MAX;
	svmd_history_moved(w->history, &report);
	report.bytes = UINT64_MAX;
	report.duration_us = UINT64_MAX;
	svmd_history_moved(w->history, &report);
	svmd_history_pair(w->history, svmd_node(SLOW), svmd_node(FAST), &pair);
	assert_true(isfinite(pair.bandwidth_bytes));
	assert_true(pair.bandwidth_bytes > 0);
	report.to = svmd_node(99);
	svmd_history_moved(w->history, &report);
	assert_int_equal(svmd_history_pair(w->history, svmd_node(99),
					   svmd_node(0), &pair),
			 -ENOENT);
}

/* Places come and go; what was learnt of a place stays with its name. */
static void test_places_come_and_go(void **state)
{
	struct world *w = *state;
	struct svmd_report report = {
		.from = svmd_node(FAST),
		.to = svmd_device(0),
		.bytes = MIB,
		.bytes_moved = MIB,
		.duration_us = 1000,
	};
	struct svmd_region *there = world_add(w, svmd_device(0), 0, 100);
	struct svmd_place_state place;
	struct svmd_pair pair;

	world_round(w);
	svmd_history_moved(w->history, &report);
	w->snapshot.nr_devices = 0;
	world_round(w);
	assert_int_equal(svmd_history_place(w->history, svmd_device(0), &place),
			 -ENOENT);
	assert_int_equal(there->why, SVMD_WHY_SETTLED);
	w->snapshot.nr_devices = 1;
	world_round(w);
	assert_int_equal(svmd_history_place(w->history, svmd_device(0), &place),
			 0);
	svmd_history_pair(w->history, svmd_node(FAST), svmd_device(0), &pair);
	assert_int_equal(pair.moves, 1);
}

static void test_too_many_places(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 100, 0);
	static struct svmd_svm devices[SVMD_PLACES_MAX + 10];
	uint32_t i;

	for (i = 0; i < SVMD_PLACES_MAX + 10; i++) {
		devices[i] = w->device;
		devices[i].id = i;
		devices[i].sampled_us = UINT64_MAX;
	}
	w->snapshot.devices = devices;
	w->snapshot.nr_devices = SVMD_PLACES_MAX + 10;
	world_round(w);
	expect_to(w, hot, svmd_node(FAST), SVMD_REASON_HOT);
	/* Others take the slots of those that are gone. */
	for (i = 0; i < SVMD_PLACES_MAX + 10; i++)
		devices[i].id = 1000 + i;
	world_round(w);
	expect_to(w, hot, svmd_node(FAST), SVMD_REASON_HOT);
}

/* An empty world, and one without nodes. */
static void test_nothing(void **state)
{
	struct world *w = *state;
	struct svmd_region *region = world_add(w, svmd_node(SLOW), 100, 100);

	region->affinity = svmd_device(0);
	w->snapshot.nr_nodes = 0;
	world_round(w);
	assert_int_equal(w->result.nr, 0);
	w->snapshot.nr_devices = 0;
	world_round(w);
	w->snapshot.nr_sessions = 0;
	world_round(w);
	assert_int_equal(w->result.nr, 0);
}

static void test_same_input_same_output(void **state)
{
	struct world *w = *state;
	struct svmd_decision first[NR_REGIONS];
	uint32_t nr, i;

	for (i = 0; i < 600; i++)
		world_add(w, svmd_node(i % 3), (i * 7919) % 101, 0);
	world_round(w);
	nr = w->result.nr;
	assert_true(nr > 20);
	memcpy(first, w->result.decisions, nr * sizeof(*first));
	svmd_history_init(w->history, w->config.settings.max_decisions);
	svmd_decide(w->history, &w->snapshot, &w->config, &w->result);
	assert_int_equal(w->result.nr, nr);
	for (i = 0; i < nr; i++) {
		assert_int_equal(w->result.decisions[i].start, first[i].start);
		assert_int_equal(w->result.decisions[i].to, first[i].to);
		assert_true(w->result.decisions[i].score == first[i].score);
	}
}

/* Batches and cuts */

static void test_batches(void **state)
{
	struct world *w = *state;
	struct svmd_region *big = world_add(w, svmd_node(SLOW), 100, 0);
	uint64_t at;
	uint32_t i;

	big->length = 100 * MIB;
	world_round(w);
	at = big->start;
	assert_int_equal(w->result.nr, 4);
	for (i = 0; i < w->result.nr; i++) {
		assert_int_equal(w->result.decisions[i].start, at);
		assert_true(w->result.decisions[i].length <= 32 * MIB);
		at += w->result.decisions[i].length;
	}
	assert_int_equal(at, big->start + big->length);
}

static void test_cut_at_huge_pages(void **state)
{
	struct world *w = *state;
	struct svmd_region *big = world_add(w, svmd_node(SLOW), 100, 0);

	big->start += 64 << 10;
	big->length = 100 * MIB;
	world_set(w, "QuotaBytes", "11M");
	world_round(w);
	assert_int_equal(w->result.nr, 1);
	assert_int_equal(w->result.decisions[0].start, big->start);
	assert_int_equal((big->start + w->result.bytes) % (2 * MIB), 0);
	assert_true(w->result.bytes > 8 * MIB && w->result.bytes <= 11 * MIB);
}

/* Explaining */

static void test_explain(void **state)
{
	struct world *w = *state;
	struct svmd_region *hot = world_add(w, svmd_node(SLOW), 100, 0);
	struct svmd_region *idle = world_add(w, svmd_node(SLOW), 0, 0);
	struct svmd_explanation e;

	world_set(w, "Policies", "hot-cold");
	world_round(w);
	assert_int_equal(svmd_explain(w->history, &w->snapshot, &w->config, 0,
				      0, &e),
			 0);
	assert_int_equal(e.why, SVMD_WHY_DECIDED);
	assert_int_equal(e.reason, SVMD_REASON_HOT);
	assert_int_equal(e.to, svmd_node(FAST));
	assert_true(e.score == w->result.decisions[0].score);
	assert_true(e.benefit_ns > e.threshold_ns);
	assert_true(e.cost_here_ns > 250 && e.cost_here_ns < 260);
	assert_true(e.cost_there_ns > 90 && e.cost_there_ns < 95);

	hot->moved_us = w->snapshot.now_us - SECOND;
	svmd_explain(w->history, &w->snapshot, &w->config, 0, 0, &e);
	assert_int_equal(e.wait_us, 9 * SECOND);

	svmd_explain(w->history, &w->snapshot, &w->config, 0, 1, &e);
	assert_int_equal(e.why, SVMD_WHY_SETTLED);
	assert_int_equal(e.to, SVMD_PLACE_NONE);
	assert_int_equal(idle->why, SVMD_WHY_SETTLED);

	hot->moved_us = 0;
	world_set(w, "QuotaBytes", "0");
	world_round(w);
	svmd_explain(w->history, &w->snapshot, &w->config, 0, 0, &e);
	assert_int_equal(e.why, SVMD_WHY_QUOTA_BYTES);

	world_set(w, "Policies", "manual");
	svmd_explain(w->history, &w->snapshot, &w->config, 0, 0, &e);
	assert_int_equal(e.why, SVMD_WHY_OFF);
	assert_int_equal(e.policies, SVMD_POLICY_MANUAL);

	assert_int_equal(svmd_explain(w->history, &w->snapshot, &w->config, 0,
				      2, &e),
			 -ENOENT);
	assert_int_equal(svmd_explain(w->history, &w->snapshot, &w->config, 1,
				      0, &e),
			 -ENOENT);
}

/* Each value has a name that is its own. */
static void test_names(void **state)
{
	char text[32];
	unsigned int i, k;

	(void)state;
	for (i = 0; i < SVMD_WHY_NR; i++) {
		assert_non_null(svmd_why_name(i));
		assert_true(strlen(svmd_why_text(i)) > 0);
		for (k = 0; k < i; k++)
			assert_string_not_equal(svmd_why_name(i),
						svmd_why_name(k));
	}
	for (i = 0; i < SVMD_REASON_NR; i++)
		assert_non_null(svmd_reason_name(i));
	assert_string_equal(svmd_why_name(SVMD_WHY_NR), "unknown");
	assert_string_equal(svmd_reason_name(SVMD_REASON_NR), "unknown");
	svmd_place_format(svmd_node(3), text, sizeof(text));
	assert_string_equal(text, "node 3");
	svmd_place_format(svmd_device(4), text, sizeof(text));
	assert_string_equal(text, "svm4");
	svmd_place_format(SVMD_PLACE_NONE, text, sizeof(text));
	assert_string_equal(text, "nowhere");
	assert_int_equal(svmd_node(4096), SVMD_PLACE_NONE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_tiers_from_hmat),
		T(test_tiers_from_bandwidth),
		T(test_tiers_from_distance),
		T(test_tier_of_coherent_device),
		T(test_hot_goes_to_own_node),
		T(test_hot_spills_to_next_best),
		T(test_hottest_first),
		T(test_exchange),
		T(test_no_exchange_of_equals),
		T(test_exchange_spares),
		T(test_exchange_finds_what_can_go),
		T(test_device_users_count),
		T(test_pressure_evicts_coldest_until_stop),
		T(test_pressure_waits_for_start),
		T(test_pressure_on_device),
		T(test_pressure_of_others),
		T(test_thrash_brings_home),
		T(test_thrash_keeps_home),
		T(test_near_nic),
		T(test_near_gpu),
		T(test_near_full_device_exchanges),
		T(test_cpu_heat_keeps_off_device),
		T(test_unknown_user),
		T(test_interleave_by_bandwidth),
		T(test_interleave_leaves_idle_alone),
		T(test_off_and_manual),
		T(test_request),
		T(test_request_passes_gates),
		T(test_request_dry_run),
		T(test_request_evict),
		T(test_learns_copy_cost),
		T(test_forgives_slow_copies),
		T(test_survives_strange_reports),
		T(test_places_come_and_go),
		T(test_too_many_places),
		T(test_nothing),
		T(test_same_input_same_output),
		T(test_batches),
		T(test_cut_at_huge_pages),
		T(test_explain),
		T(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
