// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DAMON by its sysfs, see damon.h.
 *
 * Heat is a lower bound: DAMON looks at one page of a region every sample
 * interval and sees whether it was accessed since, not how often.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "damon.h"
#include "log.h"
#include "sysfs.h"

/*
 * Statistics of the whole host, which some distributions' kernels keep from boot
 * on. It has DAMON for itself: nobody else's kdamond starts beside it.
 */
#define DAMON_STAT "sys/module/damon_stat/parameters/enabled"
#define ADMIN "sys/kernel/mm/damon/admin/kdamonds"
#define KDAMOND ADMIN "/0"
#define CONTEXT KDAMOND "/contexts/0"

/* 20 samples in a tenth of a second: below 1 % of a core for 2000 regions. */
#define SAMPLE_US "5000"
#define AGGREGATE_US "100000"
#define AGGREGATE_SECONDS 0.1F
#define UPDATE_US "1000000"
#define REGIONS_MIN "100"
#define REGIONS_MAX "2000"

/* --- setting up ------------------------------------------------------------------- */

static int put(const struct damon *damon, const char *value, const char *path)
{
	return sysfs_write(damon->root, value, CONTEXT "/%s", path);
}

static int put_number(const struct damon *damon, long value, const char *path)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	return put(damon, text, path);
}

static int set_target(const struct damon *damon, size_t i, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "targets/%zu/pid_target", i);
	return put_number(damon, pid, path);
}

/* What was accessed at all, of any size and age, of this target. */
static int set_scheme(const struct damon *damon, size_t i)
{
	static const struct {
		const char *file;
		const char *value;
	} lines[] = {
		{ "action", "stat" },
		{ "access_pattern/sz/min", "0" },
		{ "access_pattern/sz/max", "18446744073709551615" },
		{ "access_pattern/nr_accesses/min", "1" },
		{ "access_pattern/nr_accesses/max", "4294967295" },
		{ "access_pattern/age/min", "0" },
		{ "access_pattern/age/max", "4294967295" },
		{ "filters/nr_filters", "1" },
		{ "filters/0/type", "target" },
		{ "filters/0/matching", "N" },
	};
	char path[128];
	size_t line;
	int ret = 0;

	for (line = 0; line < sizeof(lines) / sizeof(lines[0]) && !ret;
	     line++) {
		snprintf(path, sizeof(path), "schemes/%zu/%s", i,
			 lines[line].file);
		ret = put(damon, lines[line].value, path);
	}
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "schemes/%zu/filters/0/damon_target_idx",
		 i);
	return put_number(damon, (long)i, path);
}

static int set_targets(const struct damon *damon, const pid_t *pids, size_t nr)
{
	size_t i;
	int ret = put_number(damon, (long)nr, "targets/nr_targets");

	for (i = 0; i < nr && !ret; i++)
		ret = set_target(damon, i, pids[i]);
	if (!ret)
		ret = put_number(damon, (long)nr, "schemes/nr_schemes");
	for (i = 0; i < nr && !ret; i++)
		ret = set_scheme(damon, i);
	return ret;
}

static int set_context(const struct damon *damon)
{
	static const struct {
		const char *file;
		const char *value;
	} lines[] = {
		{ "operations", "vaddr" },
		{ "monitoring_attrs/intervals/sample_us", SAMPLE_US },
		{ "monitoring_attrs/intervals/aggr_us", AGGREGATE_US },
		{ "monitoring_attrs/intervals/update_us", UPDATE_US },
		{ "monitoring_attrs/nr_regions/max", REGIONS_MAX },
		{ "monitoring_attrs/nr_regions/min", REGIONS_MIN },
	};
	size_t i;
	int ret =
		sysfs_write(damon->root, "1", KDAMOND "/contexts/nr_contexts");

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]) && !ret; i++)
		ret = put(damon, lines[i].value, lines[i].file);
	return ret;
}

static bool is_on(const struct damon *damon)
{
	char text[16];

	return sysfs_text(damon->root, text, sizeof(text), KDAMOND "/state") >
		       0 &&
	       !strcmp(text, "on");
}

static int take_away(struct damon *damon)
{
	int ret;

	if (!damon->ours)
		return 0;
	damon->ours = false;
	damon->nr = 0;
	(void)undo_restore(damon->undo, KDAMOND "/state");
	ret = undo_restore(damon->undo, ADMIN "/nr_kdamonds");
	(void)undo_restore(damon->undo, DAMON_STAT);
	return ret;
}

static int pause_stat(struct damon *damon)
{
	char text[16];
	int ret;

	if (sysfs_text(damon->root, text, sizeof(text), DAMON_STAT) <= 0 ||
	    strcmp(text, "Y"))
		return 0;
	if (!damon->pause_stat)
		return -EBUSY;
	ret = undo_change(damon->undo, DAMON_STAT, "N");
	/* Once: sessions may come and go many times a second. */
	if (!ret && !damon->said_stat)
		log_line(LOG_INFO,
			 "DAMON_STAT is off as long as sessions are watched");
	damon->said_stat = true;
	return ret;
}

static int begin(struct damon *damon)
{
	uint64_t others;
	int ret = sysfs_u64(damon->root, &others, ADMIN "/nr_kdamonds");

	if (ret)
		return ret;
	if (others)
		return -EBUSY;
	ret = pause_stat(damon);
	if (ret)
		return ret;
	damon->ours = true;
	ret = undo_change(damon->undo, ADMIN "/nr_kdamonds", "1");
	return ret ? ret : set_context(damon);
}

static int set_up(struct damon *damon, const pid_t *pids, size_t nr)
{
	int ret = damon->ours ? 0 : begin(damon);

	if (!ret)
		ret = set_targets(damon, pids, nr);
	if (ret)
		return ret;
	if (is_on(damon))
		ret = sysfs_write(damon->root, "commit", KDAMOND "/state");
	else
		ret = undo_change(damon->undo, KDAMOND "/state", "on");
	if (ret)
		return ret;
	memcpy(damon->pids, pids, nr * sizeof(pids[0]));
	damon->nr = nr;
	return -EAGAIN;
}

int damon_watch(struct damon *damon, const pid_t *pids, size_t nr)
{
	int ret;

	if (nr > DAMON_TARGETS_MAX)
		nr = DAMON_TARGETS_MAX;
	if (!nr)
		return take_away(damon);
	/* It ends by itself when all of its targets have. */
	if (damon->ours && nr == damon->nr && is_on(damon) &&
	    !memcmp(pids, damon->pids, nr * sizeof(pids[0])))
		return 0;
	ret = set_up(damon, pids, nr);
	if (ret && ret != -EAGAIN)
		(void)take_away(damon);
	return ret;
}

/* --- reading ------------------------------------------------------------------------ */

int damon_update(struct damon *damon)
{
	return sysfs_write(damon->root, "update_schemes_tried_regions",
			   KDAMOND "/state");
}

struct reading {
	const struct damon *damon;
	size_t target;
	size_t nr;
	size_t max;
	struct memory_heat *list;
};

static int read_region(const char *name, long number, void *arg)
{
	struct reading *reading = arg;
	const char *root = reading->damon->root;
	uint64_t start, end, accesses;
	struct memory_heat *grown;

	(void)name;
	if (number < 0)
		return 0;
#define REGION CONTEXT "/schemes/%zu/tried_regions/%ld"
	if (sysfs_u64(root, &start, REGION "/start", reading->target, number) ||
	    sysfs_u64(root, &end, REGION "/end", reading->target, number) ||
	    sysfs_u64(root, &accesses, REGION "/nr_accesses", reading->target,
		      number) ||
	    end <= start)
		return 0;
	if (reading->nr == reading->max) {
		size_t max = reading->max ? reading->max * 2 : 64;

		grown = realloc(reading->list, max * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		reading->list = grown;
		reading->max = max;
	}
	reading->list[reading->nr++] = (struct memory_heat){
		.start = start,
		.end = end,
		.heat = (float)accesses / AGGREGATE_SECONDS,
	};
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct memory_heat *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

int damon_read(struct damon *damon, size_t target, struct memory_heat **out,
	       size_t *nr)
{
	struct reading reading = { .damon = damon, .target = target };
	char path[128];
	int ret;

	snprintf(path, sizeof(path), CONTEXT "/schemes/%zu/tried_regions",
		 target);
	ret = sysfs_each(damon->root, path, "", read_region, &reading);
	if (ret) {
		free(reading.list);
		return ret;
	}
	if (reading.nr)
		qsort(reading.list, reading.nr, sizeof(reading.list[0]),
		      by_start);
	*out = reading.list;
	*nr = reading.nr;
	return 0;
}
