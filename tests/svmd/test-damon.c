// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DAMON's sysfs, made up: what is written there, and read, and put back. The
 * kernel would make the directories; here they all are there from the beginning.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "damon.h"
#include "log.h"
#include "madeup.h"
#include "sysfs.h"
#include "undo.h"

static char state_dir[96];
static struct undo *undo;
static struct damon damon;

#define ADMIN "sys/kernel/mm/damon/admin/kdamonds"
#define CONTEXT ADMIN "/0/contexts/0"
#define STAT "sys/module/damon_stat/parameters/enabled"

static void expect(const char *path, const char *value)
{
	char text[64];

	assert_true(sysfs_text(root, text, sizeof(text), "%s", path) >= 0);
	assert_string_equal(text, value);
}

static int setup(void **state)
{
	static const char *const files[] = {
		"operations",
		"monitoring_attrs/intervals/sample_us",
		"monitoring_attrs/intervals/aggr_us",
		"monitoring_attrs/intervals/update_us",
		"monitoring_attrs/nr_regions/min",
		"monitoring_attrs/nr_regions/max",
		"targets/nr_targets",
		"schemes/nr_schemes",
	};
	static const char *const each[] = {
		"targets/%d/pid_target",
		"schemes/%d/action",
		"schemes/%d/access_pattern/sz/min",
		"schemes/%d/access_pattern/sz/max",
		"schemes/%d/access_pattern/nr_accesses/min",
		"schemes/%d/access_pattern/nr_accesses/max",
		"schemes/%d/access_pattern/age/min",
		"schemes/%d/access_pattern/age/max",
		"schemes/%d/filters/nr_filters",
		"schemes/%d/filters/0/type",
		"schemes/%d/filters/0/matching",
		"schemes/%d/filters/0/damon_target_idx",
	};
	char path[256], name[128];
	size_t i;
	int k;

	(void)state;
	strcpy(root, "/tmp/svmd-test-XXXXXX");
	assert_non_null(mkdtemp(root));
	put(ADMIN "/nr_kdamonds", "0");
	put(ADMIN "/0/state", "off");
	put(ADMIN "/0/contexts/nr_contexts", "0");
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), CONTEXT "/%s", files[i]);
		put(path, "0");
	}
	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		for (k = 0; k < 2; k++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(name, sizeof(name), each[i], k);
#pragma GCC diagnostic pop
			snprintf(path, sizeof(path), CONTEXT "/%s", name);
			put(path, "0");
		}
	}
	snprintf(state_dir, sizeof(state_dir), "%s/state", root);
	mkdir(state_dir, 0700);
	assert_int_equal(undo_new(&undo, root, state_dir), 0);
	memset(&damon, 0, sizeof(damon));
	damon.root = root;
	damon.undo = undo;
	damon.pause_stat = true;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	undo = undo_free(undo);
	run("rm -rf %s", root);
	return 0;
}

static void watches(void **state)
{
	const pid_t pids[] = { 17, 42 };

	(void)state;
	assert_int_equal(damon_watch(&damon, NULL, 0), 0);
	assert_int_equal(damon_watch(&damon, pids, 2), -EAGAIN);
	expect(ADMIN "/nr_kdamonds", "1");
	expect(ADMIN "/0/state", "on");
	expect(CONTEXT "/operations", "vaddr");
	expect(CONTEXT "/targets/nr_targets", "2");
	expect(CONTEXT "/targets/1/pid_target", "42");
	expect(CONTEXT "/schemes/1/action", "stat");
	expect(CONTEXT "/schemes/1/filters/0/damon_target_idx", "1");
	assert_int_equal(damon_watch(&damon, pids, 2), 0);
	/* Another set is committed to what runs. */
	assert_int_equal(damon_watch(&damon, pids, 1), -EAGAIN);
	expect(ADMIN "/0/state", "commit");
	expect(CONTEXT "/targets/nr_targets", "1");
	assert_int_equal(damon_watch(&damon, NULL, 0), 0);
	expect(ADMIN "/nr_kdamonds", "0");
	expect(ADMIN "/0/state", "off");
}

static void ended_targets(void **state)
{
	const pid_t pids[] = { 17 };

	(void)state;
	assert_int_equal(damon_watch(&damon, pids, 1), -EAGAIN);
	/* It ended with its last target. */
	put(ADMIN "/0/state", "off");
	assert_int_equal(damon_watch(&damon, pids, 1), -EAGAIN);
	expect(ADMIN "/0/state", "on");
	assert_int_equal(damon_watch(&damon, NULL, 0), 0);
	expect(ADMIN "/nr_kdamonds", "0");
}

static void reads(void **state)
{
	const pid_t pids[] = { 17 };
	struct memory_heat *list;
	size_t nr;

	(void)state;
	assert_int_equal(damon_watch(&damon, pids, 1), -EAGAIN);
	put(CONTEXT "/schemes/0/tried_regions/12/start", "8192");
	put(CONTEXT "/schemes/0/tried_regions/12/end", "12288");
	put(CONTEXT "/schemes/0/tried_regions/12/nr_accesses", "3");
	put(CONTEXT "/schemes/0/tried_regions/13/start", "4096");
	put(CONTEXT "/schemes/0/tried_regions/13/end", "8192");
	put(CONTEXT "/schemes/0/tried_regions/13/nr_accesses", "20");
	/* Neither a region, nor one that can be. */
	put(CONTEXT "/schemes/0/tried_regions/total_bytes", "8192");
	put(CONTEXT "/schemes/0/tried_regions/14/start", "4096");
	put(CONTEXT "/schemes/0/tried_regions/15/start", "4096");
	put(CONTEXT "/schemes/0/tried_regions/15/end", "4096");
	put(CONTEXT "/schemes/0/tried_regions/15/nr_accesses", "1");
	assert_int_equal(damon_update(&damon), 0);
	expect(ADMIN "/0/state", "update_schemes_tried_regions");
	assert_int_equal(damon_read(&damon, 0, &list, &nr), 0);
	assert_int_equal(nr, 2);
	assert_int_equal(list[0].start, 4096);
	assert_int_equal(list[0].end, 8192);
	assert_true(list[0].heat > 199 && list[0].heat < 201);
	assert_int_equal(list[1].start, 8192);
	free(list);
}

/* DAMON_STAT has it for itself: it is off meanwhile, or it is left alone. */
static void damon_stat(void **state)
{
	const pid_t pids[] = { 17 };

	(void)state;
	put(STAT, "Y");
	damon.pause_stat = false;
	assert_int_equal(damon_watch(&damon, pids, 1), -EBUSY);
	expect(STAT, "Y");
	expect(ADMIN "/nr_kdamonds", "0");
	damon.pause_stat = true;
	assert_int_equal(damon_watch(&damon, pids, 1), -EAGAIN);
	expect(STAT, "N");
	assert_int_equal(damon_watch(&damon, NULL, 0), 0);
	expect(STAT, "Y");
	expect(ADMIN "/nr_kdamonds", "0");
	/* What is off already is nobody's to turn on. */
	put(STAT, "N");
	assert_int_equal(damon_watch(&damon, pids, 1), -EAGAIN);
	assert_int_equal(damon_watch(&damon, NULL, 0), 0);
	expect(STAT, "N");
}

/* Whatever is missing half-way, nothing is left behind. */
static void fails_half_way(void **state)
{
	const pid_t pids[] = { 17 };

	(void)state;
	put(STAT, "Y");
	run("rm %s/" CONTEXT "/schemes/0/action", root);
	assert_int_equal(damon_watch(&damon, pids, 1), -ENOENT);
	expect(ADMIN "/nr_kdamonds", "0");
	expect(STAT, "Y");
	run("rm -r %s/" ADMIN, root);
	assert_int_equal(damon_watch(&damon, pids, 1), -ENOENT);
	expect(STAT, "Y");
}

static void foreign(void **state)
{
	const pid_t pids[] = { 17 };

	(void)state;
	put(ADMIN "/nr_kdamonds", "2");
	put(STAT, "Y");
	assert_int_equal(damon_watch(&damon, pids, 1), -EBUSY);
	assert_int_equal(damon_watch(&damon, NULL, 0), 0);
	expect(ADMIN "/nr_kdamonds", "2");
	expect(STAT, "Y");
}

static void after_a_crash(void **state)
{
	const pid_t pids[] = { 17 };

	(void)state;
	put(STAT, "Y");
	assert_int_equal(damon_watch(&damon, pids, 1), -EAGAIN);
	free(undo);
	assert_int_equal(undo_new(&undo, root, state_dir), 0);
	expect(ADMIN "/0/state", "off");
	expect(ADMIN "/nr_kdamonds", "0");
	expect(STAT, "Y");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(watches),	     CASE(ended_targets),  CASE(reads),
		CASE(damon_stat),    CASE(fails_half_way), CASE(foreign),
		CASE(after_a_crash),
	};

	log_set_level(LOG_CRIT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
