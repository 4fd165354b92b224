// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who uses memory: faults back from devices, and where a process runs.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "madeup.h"
#include "usage.h"

#define MIB ((uint64_t)1 << 20)

static struct svmd_region at(uint64_t start, uint64_t length, svmd_place place)
{
	struct svmd_region region = SVMD_REGION_INIT;

	region.start = start;
	region.length = length;
	region.place = place;
	return region;
}

static void check_heat(double heat, double want)
{
	if (fabs(heat - want) > 1e-4)
		fail_msg("%g is not %g", heat, want);
}

static void taken_back(void **state)
{
	struct svmd_region old[] = {
		at(0, MIB, svmd_device(0)),
		at(MIB, MIB, svmd_device(0)),
		at(2 * MIB, MIB, svmd_node(0)),
		at(3 * MIB, MIB, svmd_device(1)),
	};
	struct svmd_region now[] = {
		at(0, MIB, svmd_node(1)),
		at(MIB, MIB, svmd_device(0)),
		at(2 * MIB, MIB, svmd_node(0)),
		at(3 * MIB, MIB, SVMD_PLACE_NONE),
	};

	(void)state;
	/* As many bytes as two regions have: those that are gone from there. */
	old[3].flags |= SVMD_REGION_MOVING;
	usage_by_faults(now, 4, old, 4, MIB, 2);
	check_heat((double)now[0].heat_cpu, 0.5);
	check_heat((double)now[1].heat_cpu, 0);
	check_heat((double)now[2].heat_cpu, 0);
	check_heat((double)now[3].heat_cpu, 0);
	assert_int_equal(now[1].affinity, svmd_device(0));
	assert_int_equal(now[0].affinity, SVMD_PLACE_NONE);
	check_heat((double)now[1].heat_device, 0);
}

/* More than what is gone: of those that are still there a part came home. */
static void taken_back_in_part(void **state)
{
	struct svmd_region old[] = {
		at(0, MIB, svmd_device(0)),
		at(MIB, 4 * MIB, svmd_device(0)),
	};
	struct svmd_region now[] = {
		at(0, MIB, svmd_node(0)),
		at(MIB, 3 * MIB, svmd_device(0)),
		at(4 * MIB, MIB, svmd_device(0)),
	};

	(void)state;
	usage_by_faults(now, 3, old, 2, 2 * MIB, 1);
	check_heat((double)now[0].heat_cpu, 1);
	check_heat((double)now[1].heat_cpu, 0.25);
	check_heat((double)now[2].heat_cpu, 0.25);
	/* Less than what is gone: the rest went some other way. */
	now[0].heat_cpu = 0;
	now[1].heat_cpu = 0;
	usage_by_faults(now, 2, old, 2, MIB / 2, 1);
	check_heat((double)now[0].heat_cpu, 0.5);
	check_heat((double)now[1].heat_cpu, 0);
}

static void put_on_device(void **state)
{
	struct svmd_region old[] = {
		at(0, MIB, svmd_node(0)),
		at(MIB, MIB, svmd_node(0)),
		at(2 * MIB, MIB, SVMD_PLACE_NONE),
	};
	struct svmd_region now[] = {
		at(0, MIB, svmd_device(3)),
		at(MIB, MIB, svmd_device(3)),
		at(2 * MIB, MIB, svmd_device(3)),
	};

	(void)state;
	old[1].flags |= SVMD_REGION_MOVING;
	usage_by_faults(now, 3, old, 3, 0, 2);
	check_heat((double)now[0].heat_device, 0.5);
	assert_int_equal(now[0].affinity, svmd_device(3));
	/* svmd's own moves say nothing of anybody's use. */
	check_heat((double)now[1].heat_device, 0);
	check_heat((double)now[2].heat_device, 0);
}

static void accessed_in_place(void **state)
{
	struct svmd_region now[] = {
		at(0, MIB, svmd_device(0)),
		at(MIB, 3 * MIB, svmd_device(1)),
		at(4 * MIB, MIB, svmd_node(0)),
	};

	(void)state;
	now[0].heat_device = 1;
	usage_by_accesses(now, 3, 2 * MIB, 0.5);
	check_heat((double)now[0].heat_device, 2);
	check_heat((double)now[1].heat_device, 1);
	/* Maybe it was there; nobody knows. */
	check_heat((double)now[2].heat_device, 0);
	check_heat((double)now[0].heat_cpu, 0);
	usage_by_accesses(now, 3, 0, 1);
	usage_by_accesses(now, 3, MIB, 0);
	usage_by_accesses(&now[2], 1, MIB, 1);
	usage_by_accesses(NULL, 0, MIB, 1);
	check_heat((double)now[0].heat_device, 2);
	check_heat((double)now[2].heat_device, 0);
}

static void strange_numbers(void **state)
{
	struct svmd_region old = at(0, MIB, svmd_device(0));
	struct svmd_region now = at(0, MIB, svmd_node(0));

	(void)state;
	usage_by_faults(&now, 1, &old, 1, MIB, 0);
	check_heat((double)now.heat_cpu, 0);
	usage_by_faults(&now, 1, NULL, 0, MIB, 1);
	check_heat((double)now.heat_cpu, 0);
	usage_by_faults(NULL, 0, &old, 1, MIB, 1);
	usage_by_faults(&now, 1, &old, 1, UINT64_MAX, 1);
	check_heat((double)now.heat_cpu, 1);
}

/* --- CPUs ------------------------------------------------------------------------- */

static void thread(unsigned int tid, const char *name, char state, int cpu)
{
	run("mkdir -p %s/proc/5/task/%u && printf '%%s' '%u (%s) %c 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 %d 40 41' > %s/proc/5/task/%u/stat",
	    root, tid, tid, name, state, cpu, root, tid);
}

/* Two CPUs a node; CPU 9 is of none. */
static int node_of(int cpu)
{
	return cpu == 9 ? -1 : cpu / 2;
}

static void where_it_runs(void **state)
{
	(void)state;
	strcpy(root, "/tmp/svmd-test-XXXXXX");
	assert_non_null(mkdtemp(root));
	assert_int_equal(usage_look(root, 5, node_of), -1);
	thread(5, "a) R (b", 'S', 2);
	assert_int_equal(usage_look(root, 5, node_of), 1);
	/* Those that run count, as long as there are any. */
	thread(6, "x", 'R', 4);
	assert_int_equal(usage_look(root, 5, node_of), 2);
	thread(7, "x", 'R', 5);
	thread(8, "x", 'R', 0);
	assert_int_equal(usage_look(root, 5, node_of), 2);
	thread(9, "x", 'R', 1);
	assert_int_equal(usage_look(root, 5, node_of), -1);
	thread(9, "x", 'R', 9);
	assert_int_equal(usage_look(root, 5, node_of), 2);
	run("printf 'nonsense' > %s/proc/5/task/6/stat", root);
	run("printf '7 (x) R 1 2' > %s/proc/5/task/7/stat", root);
	assert_int_equal(usage_look(root, 5, node_of), 0);
	run("rm -r %s", root);
}

static void believes_slowly(void **state)
{
	struct usage_cpus cpus = USAGE_CPUS_INIT;
	unsigned int i;

	(void)state;
	for (i = 0; i + 1 < USAGE_LOOKS; i++)
		usage_note(&cpus, 3);
	assert_int_equal(cpus.node, -1);
	usage_note(&cpus, 3);
	assert_int_equal(cpus.node, 3);
	/* Back and forth changes nothing. */
	for (i = 0; i < 4 * USAGE_LOOKS; i++)
		usage_note(&cpus, (int)(i % 2));
	assert_int_equal(cpus.node, 3);
	for (i = 0; i < USAGE_LOOKS; i++)
		usage_note(&cpus, -1);
	assert_int_equal(cpus.node, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_back),
		cmocka_unit_test(taken_back_in_part),
		cmocka_unit_test(put_on_device),
		cmocka_unit_test(accessed_in_place),
		cmocka_unit_test(strange_numbers),
		cmocka_unit_test(where_it_runs),
		cmocka_unit_test(believes_slowly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
