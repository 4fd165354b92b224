// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is remembered of regions; and the shortlist, against a full sort.
 */
#include <math.h>

#include "shortlist.h"
#include "world.h"

#define S SECOND

static struct svmd_policy policy;

static int setup(void **state)
{
	static struct svmd_config config;

	(void)state;
	svmd_config_init(&config);
	policy = config.policy;
	return 0;
}

static struct svmd_region make(uint64_t start, uint64_t length,
			       svmd_place place)
{
	struct svmd_region region = SVMD_REGION_INIT;

	region.start = start * MIB;
	region.length = length * MIB;
	region.place = place;
	return region;
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-3 * (fabs(b) + 1);
}

/* Heat */

static void test_heat_is_smoothed(void **state)
{
	struct svmd_region region = make(0, 2, svmd_node(0));
	int i;

	(void)state;
	region.heat_cpu = 100;
	svmd_regions_age(&region, 1, &policy);
	assert_true(near((double)region.warm_cpu, 30));
	for (i = 0; i < 30; i++)
		svmd_regions_age(&region, 1, &policy);
	assert_true(near((double)region.warm_cpu, 100));
	region.heat_cpu = 0;
	for (i = 0; i < 3; i++)
		svmd_regions_age(&region, 1, &policy);
	assert_true(near((double)region.warm_cpu, 34.3));
	assert_int_equal(region.seen, 0xf8);
}

static void test_heat_floor(void **state)
{
	struct svmd_region region = make(0, 2, svmd_node(0));

	(void)state;
	region.heat_cpu = 0.006F;
	region.heat_device = 0.006F;
	svmd_regions_age(&region, 1, &policy);
	assert_int_equal(region.seen, 1);
	region.heat_device = 0;
	svmd_regions_age(&region, 1, &policy);
	assert_int_equal(region.seen, 2);
}

static void test_heat_that_is_none(void **state)
{
	static const float strange[] = { NAN, -1, INFINITY, -INFINITY, 1e30F };
	struct svmd_region region = make(0, 2, svmd_node(0));
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(strange) / sizeof(*strange); i++) {
		region.heat_cpu = strange[i];
		region.heat_device = strange[i];
		svmd_regions_age(&region, 1, &policy);
		assert_true(region.warm_cpu == 0);
		assert_true(region.warm_device == 0);
		assert_int_equal(region.seen, 0);
	}
}

/* Moves */

static void test_pingpong_is_counted(void **state)
{
	struct svmd_region region = make(0, 2, svmd_node(2));
	uint64_t now = 100 * S;

	(void)state;
	svmd_region_moved(&region, svmd_node(0), 2 * MIB, 2 * MIB, &policy,
			  now);
	assert_int_equal(region.place, svmd_node(0));
	assert_int_equal(region.from, svmd_node(2));
	assert_int_equal(region.bounces, 0);
	assert_int_equal(region.moves, 1);
	now += 30 * S;
	svmd_region_moved(&region, svmd_node(2), 2 * MIB, 2 * MIB, &policy,
			  now);
	assert_int_equal(region.bounces, 1);
	/* The window is twice as long now. */
	now += 110 * S;
	svmd_region_moved(&region, svmd_node(0), 2 * MIB, 2 * MIB, &policy,
			  now);
	assert_int_equal(region.bounces, 2);
	now += 250 * S;
	svmd_region_moved(&region, svmd_node(2), 2 * MIB, 2 * MIB, &policy,
			  now);
	assert_int_equal(region.bounces, 0);
	assert_int_equal(region.moves, 4);
}

static void test_onward_is_no_pingpong(void **state)
{
	struct svmd_region region = make(0, 2, svmd_node(0));
	int i;

	(void)state;
	for (i = 1; i < 10; i++)
		svmd_region_moved(&region, svmd_node((uint32_t)i), 2 * MIB,
				  2 * MIB, &policy, (uint64_t)i * S);
	assert_int_equal(region.bounces, 0);
	assert_int_equal(region.moves, 9);
}

static void test_counts_do_not_wrap(void **state)
{
	struct svmd_region region = make(0, 2, svmd_node(0));
	uint64_t i;

	(void)state;
	for (i = 1; i < 70000; i++)
		svmd_region_moved(&region, svmd_node(i % 2), 2 * MIB, 2 * MIB,
				  &policy, i * S);
	assert_int_equal(region.bounces, UINT8_MAX);
	assert_int_equal(region.moves, UINT16_MAX);
}

static void test_stuck(void **state)
{
	struct svmd_region region = make(0, 2, svmd_node(2));

	(void)state;
	region.flags = SVMD_REGION_MOVING;
	svmd_region_moved(&region, svmd_node(0), 2 * MIB, MIB - SVMD_PAGE,
			  &policy, 5 * S);
	assert_int_equal(region.flags, SVMD_REGION_STUCK);
	assert_int_equal(region.place, svmd_node(2));
	assert_int_equal(region.moved_us, 5 * S);
	assert_int_equal(region.moves, 0);
	svmd_region_moved(&region, svmd_node(0), 2 * MIB, MIB, &policy, 6 * S);
	assert_int_equal(region.flags, 0);
	assert_int_equal(region.place, svmd_node(0));
}

static void test_found_elsewhere(void **state)
{
	struct svmd_region region = make(0, 2, svmd_node(2));

	(void)state;
	svmd_region_moved(&region, svmd_device(0), 2 * MIB, 2 * MIB, &policy,
			  10 * S);
	svmd_region_placed(&region, svmd_node(2), &policy, 12 * S);
	assert_int_equal(region.bounces, 1);
	assert_int_equal(region.moved_us, 12 * S);
	/* Swapping is no move, nor is it one to where it never was. */
	svmd_region_placed(&region, SVMD_PLACE_NONE, &policy, 13 * S);
	svmd_region_placed(&region, svmd_node(1), &policy, 14 * S);
	svmd_region_placed(&region, svmd_node(3), &policy, 15 * S);
	assert_int_equal(region.moved_us, 12 * S);
	assert_int_equal(region.moves, 2);
	assert_int_equal(region.place, svmd_node(3));
	/* Off a device it is. */
	region.place = svmd_device(1);
	svmd_region_placed(&region, svmd_node(3), &policy, 16 * S);
	assert_int_equal(region.moved_us, 16 * S);
	assert_int_equal(region.from, svmd_device(1));
}

/* The report and telemetry may come in either order. */
static void test_report_after_telemetry(void **state)
{
	struct svmd_region region = make(0, 2, svmd_node(2));

	(void)state;
	region.flags = SVMD_REGION_MOVING;
	svmd_region_placed(&region, svmd_node(0), &policy, 10 * S);
	svmd_region_moved(&region, svmd_node(0), 2 * MIB, 2 * MIB, &policy,
			  11 * S);
	assert_int_equal(region.moves, 1);
	assert_int_equal(region.bounces, 0);
	assert_int_equal(region.flags, 0);
}

/* Carrying over */

static void test_carry_same(void **state)
{
	struct svmd_region old[2] = { make(0, 2, svmd_node(0)),
				      make(8, 2, svmd_node(2)) };
	struct svmd_region new[2] = { make(0, 2, svmd_node(0)),
				      make(8, 2, svmd_node(2)) };

	(void)state;
	old[1].warm_cpu = 50;
	old[1].seen = 0x0f;
	old[1].bounces = 1;
	old[1].moved_us = 7 * S;
	old[1].from = svmd_node(0);
	old[1].moves = 3;
	old[1].why = SVMD_WHY_RESIDENCE;
	old[1].flags = SVMD_REGION_MOVING | SVMD_REGION_STUCK |
		       SVMD_REGION_PINNED;
	new[1].heat_cpu = 50;
	svmd_regions_carry(new, 2, old, 2, &policy, 20 * S);
	assert_true(near((double)new[1].warm_cpu, 50));
	assert_int_equal(new[1].seen, 0x1f);
	assert_int_equal(new[1].bounces, 1);
	assert_int_equal(new[1].moved_us, 7 * S);
	assert_int_equal(new[1].from, svmd_node(0));
	assert_int_equal(new[1].moves, 3);
	assert_int_equal(new[1].why, SVMD_WHY_RESIDENCE);
	/* Pinned is what telemetry says, now. */
	assert_int_equal(new[1].flags, SVMD_REGION_MOVING | SVMD_REGION_STUCK);
	assert_true(new[0].warm_cpu == 0);
	assert_int_equal(new[0].moved_us, 0);
}

static void test_carry_split_and_merge(void **state)
{
	struct svmd_region old[3] = { make(0, 8, svmd_node(0)),
				      make(8, 2, svmd_node(0)),
				      make(10, 6, svmd_node(0)) };
	struct svmd_region new[4] = { make(0, 2, svmd_node(0)),
				      make(2, 6, svmd_node(0)),
				      make(8, 8, svmd_node(0)),
				      make(20, 4, svmd_node(0)) };

	(void)state;
	old[0].warm_cpu = 40;
	old[1].warm_cpu = 100;
	old[1].moved_us = 9 * S;
	old[1].bounces = 2;
	old[2].warm_cpu = 20;
	old[2].moved_us = 3 * S;
	old[2].seen = 0x70;
	new[0].heat_cpu = 40;
	new[1].heat_cpu = 40;
	new[2].heat_cpu = 40;
	svmd_regions_carry(new, 4, old, 3, &policy, 20 * S);
	assert_true(near((double)new[0].warm_cpu, 40));
	assert_true(near((double)new[1].warm_cpu, 40));
	/* 2 of 100 and 6 of 20 are 8 of 40. */
	assert_true(near((double)new[2].warm_cpu, 40));
	assert_int_equal(new[2].moved_us, 9 * S);
	assert_int_equal(new[2].bounces, 2);
	assert_int_equal(new[2].seen, 0xe1);
	assert_int_equal(new[3].moved_us, 0);
	assert_int_equal(new[3].from, SVMD_PLACE_NONE);
}

static void test_carry_finds_moves(void **state)
{
	struct svmd_region old[2] = { make(0, 8, svmd_device(0)),
				      make(8, 8, svmd_node(0)) };
	struct svmd_region new[2] = { make(0, 7, svmd_node(1)),
				      make(7, 9, svmd_node(1)) };

	(void)state;
	old[0].from = svmd_node(1);
	old[0].moved_us = 10 * S;
	old[1].from = svmd_node(1);
	old[1].moved_us = 10 * S;
	svmd_regions_carry(new, 2, old, 2, &policy, 15 * S);
	assert_int_equal(new[0].place, svmd_node(1));
	assert_int_equal(new[0].from, svmd_device(0));
	assert_int_equal(new[0].bounces, 1);
	assert_int_equal(new[0].moved_us, 15 * S);
	assert_int_equal(new[1].place, svmd_node(1));
	assert_int_equal(new[1].bounces, 1);
}

/* A part that is elsewhere may have been there all the time. */
static void test_carry_closer_look(void **state)
{
	struct svmd_region old = make(0, 8, svmd_node(0));
	struct svmd_region new[2] = { make(0, 4, svmd_node(1)),
				      make(4, 4, svmd_node(0)) };

	(void)state;
	old.from = svmd_node(1);
	old.moved_us = 10 * S;
	svmd_regions_carry(new, 2, &old, 1, &policy, 15 * S);
	assert_int_equal(new[0].place, svmd_node(1));
	assert_int_equal(new[0].bounces, 0);
	assert_int_equal(new[0].moved_us, 10 * S);
}

static void test_carry_leaves_moving_to_mover(void **state)
{
	struct svmd_region old = make(0, 8, svmd_device(0));
	struct svmd_region new = make(0, 8, svmd_node(1));

	(void)state;
	old.flags = SVMD_REGION_MOVING;
	svmd_regions_carry(&new, 1, &old, 1, &policy, 15 * S);
	assert_int_equal(new.moves, 0);
	assert_int_equal(new.flags, SVMD_REGION_MOVING);
	assert_int_equal(new.place, svmd_device(0));
	svmd_region_moved(&new, svmd_node(1), 8 * MIB, 8 * MIB, &policy,
			  16 * S);
	assert_int_equal(new.moves, 1);
	assert_int_equal(new.moved_us, 16 * S);
	assert_int_equal(new.from, svmd_device(0));
}

static void test_carry_from_nothing(void **state)
{
	struct svmd_region new = make(0, 8, svmd_node(1));

	(void)state;
	new.heat_cpu = 10;
	svmd_regions_carry(&new, 1, NULL, 0, &policy, 15 * S);
	assert_true(near((double)new.warm_cpu, 3));
	assert_int_equal(new.seen, 1);
	svmd_regions_carry(NULL, 0, &new, 1, &policy, 15 * S);
}

/* Finding and splitting */

static void test_find(void **state)
{
	struct svmd_region r[3] = { make(2, 2, 0), make(4, 2, 0),
				    make(8, 1, 0) };

	(void)state;
	assert_int_equal(svmd_regions_find(r, 3, 0), -1);
	assert_int_equal(svmd_regions_find(r, 3, 2 * MIB), 0);
	assert_int_equal(svmd_regions_find(r, 3, 4 * MIB - 1), 0);
	assert_int_equal(svmd_regions_find(r, 3, 4 * MIB), 1);
	assert_int_equal(svmd_regions_find(r, 3, 7 * MIB), -1);
	assert_int_equal(svmd_regions_find(r, 3, 8 * MIB), 2);
	assert_int_equal(svmd_regions_find(r, 3, 9 * MIB), -1);
	assert_int_equal(svmd_regions_find(r, 0, 2 * MIB), -1);
}

static void test_split(void **state)
{
	struct svmd_region r[4] = { make(0, 8, svmd_node(0)),
				    make(8, 2, svmd_node(0)) };
	size_t nr = 2;

	(void)state;
	r[0].warm_cpu = 5;
	r[0].moved_us = 3;
	assert_int_equal(svmd_regions_split(r, &nr, 3, 2 * MIB, 2 * MIB), -1);
	assert_int_equal(nr, 2);
	assert_int_equal(svmd_regions_split(r, &nr, 4, 2 * MIB, 2 * MIB), 1);
	assert_int_equal(nr, 4);
	assert_int_equal(r[0].length, 2 * MIB);
	assert_int_equal(r[1].start, 2 * MIB);
	assert_int_equal(r[1].length, 2 * MIB);
	assert_int_equal(r[2].start, 4 * MIB);
	assert_int_equal(r[2].length, 4 * MIB);
	assert_int_equal(r[3].start, 8 * MIB);
	assert_true(r[2].warm_cpu == 5);
	assert_int_equal(r[2].moved_us, 3);
	/* Where there are boundaries already, nothing is needed. */
	assert_int_equal(svmd_regions_split(r, &nr, 4, 2 * MIB, 6 * MIB), 1);
	assert_int_equal(nr, 4);
}

/* The shortlist */

#define MANY 5000
#define WANTED 100

static int dropped;

static void count_dropped(void *data, const struct svmd_entry *entry)
{
	(void)data;
	(void)entry;
	dropped++;
}

static int descending(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x < y) - (x > y);
}

static float key_of(int kind, uint32_t i)
{
	switch (kind) {
	case 0:
		return (float)i;
	case 1:
		return (float)(MANY - i);
	case 2:
		return (float)(i * 2654435761U % 1000);
	case 3:
		return 1;
	default:
		return (float)(i % 2);
	}
}

static void test_shortlist(void **state)
{
	static struct svmd_entry entries[2 * WANTED];
	static float keys[MANY];
	struct svmd_shortlist list = { .entries = entries, .max = WANTED };
	uint32_t kind, i, nr;

	(void)state;
	for (kind = 0; kind < 5; kind++) {
		for (nr = 0; nr <= MANY; nr += nr < 210 ? 7 : 1597) {
			dropped = 0;
			svmd_shortlist_reset(&list, count_dropped, NULL);
			for (i = 0; i < nr; i++) {
				keys[i] = key_of((int)kind, i);
				svmd_shortlist_offer(&list,
						     (struct svmd_entry){
							     .key = keys[i],
							     .region = i,
						     });
			}
			svmd_shortlist_sort(&list);
			qsort(keys, nr, sizeof(*keys), descending);
			assert_int_equal(list.nr, nr < WANTED ? nr : WANTED);
			assert_int_equal(dropped, nr - list.nr);
			for (i = 0; i < list.nr; i++)
				assert_true(entries[i].key == keys[i]);
			/* Of equals, those that came first, in their order. */
			for (i = 1; i < list.nr; i++)
				if (entries[i].key == entries[i - 1].key)
					assert_true(entries[i].region >
						    entries[i - 1].region);
			if (kind == 3 && list.nr)
				assert_int_equal(entries[list.nr - 1].region,
						 list.nr - 1);
		}
	}
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_heat_is_smoothed),
		T(test_heat_floor),
		T(test_heat_that_is_none),
		T(test_pingpong_is_counted),
		T(test_onward_is_no_pingpong),
		T(test_counts_do_not_wrap),
		T(test_stuck),
		T(test_found_elsewhere),
		T(test_report_after_telemetry),
		T(test_carry_same),
		T(test_carry_split_and_merge),
		T(test_carry_finds_moves),
		T(test_carry_closer_look),
		T(test_carry_leaves_moving_to_mover),
		T(test_carry_from_nothing),
		T(test_find),
		T(test_split),
		T(test_shortlist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
