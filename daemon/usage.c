// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who uses a session's memory, see usage.h.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysfs.h"
#include "usage.h"

/* --- devices ---------------------------------------------------------------- */

static uint64_t end_of(const struct svmd_region *region)
{
	return region->start + region->length;
}

/* Where most of @region was, of the old regions from *@old on; moves it along. */
static const struct svmd_region *before(const struct svmd_region *region,
					const struct svmd_region **old,
					const struct svmd_region *old_end)
{
	const struct svmd_region *at, *best = NULL;
	uint64_t most = 0;

	while (*old < old_end && end_of(*old) <= region->start)
		(*old)++;
	for (at = *old; at < old_end && at->start < end_of(region); at++) {
		uint64_t start = at->start > region->start ? at->start
							   : region->start;
		uint64_t end = end_of(at) < end_of(region) ? end_of(at)
							   : end_of(region);

		if (end - start > most) {
			most = end - start;
			best = at;
		}
	}
	return best;
}

static bool on_device(svmd_place place)
{
	return svmd_place_is(place, SVMD_DEVICE);
}

/* It was on a device, and the mover has not been asked to take it away. */
static bool was_taken_back(const struct svmd_region *region,
			   const struct svmd_region *was)
{
	return was && on_device(was->place) && !on_device(region->place) &&
	       !(was->flags & SVMD_REGION_MOVING);
}

static void add_faults(struct svmd_region *region, double bytes, double seconds)
{
	if (bytes > (double)region->length)
		bytes = (double)region->length;
	region->heat_cpu += (float)(bytes / (double)region->length / seconds);
}

void usage_by_faults(struct svmd_region *regions, size_t nr,
		     const struct svmd_region *old, size_t nr_old,
		     uint64_t bytes, double seconds)
{
	const struct svmd_region *old_end = old ? old + nr_old : NULL, *at;
	double back = 0, there = 0, rest, share;
	size_t i;

	if (!(seconds > 0))
		return;
	for (i = 0, at = old; i < nr; i++) {
		struct svmd_region *region = &regions[i];
		const struct svmd_region *was = before(region, &at, old_end);

		if (was_taken_back(region, was))
			back += (double)region->length;
		if (!on_device(region->place))
			continue;
		there += (double)region->length;
		region->affinity = region->place;
		if (was && !on_device(was->place) &&
		    was->place != SVMD_PLACE_NONE &&
		    !(was->flags & SVMD_REGION_MOVING))
			region->heat_device += (float)(1 / seconds);
	}
	if (!bytes)
		return;
	share = back > (double)bytes ? (double)bytes / back : 1;
	rest = (double)bytes - back;
	for (i = 0, at = old; i < nr; i++) {
		struct svmd_region *region = &regions[i];
		double length = (double)region->length;

		if (was_taken_back(region, before(region, &at, old_end)))
			add_faults(region, length * share, seconds);
		else if (on_device(region->place) && rest > 0)
			add_faults(region, rest * length / there, seconds);
	}
}

void usage_by_accesses(struct svmd_region *regions, size_t nr, uint64_t bytes,
		       double seconds)
{
	double there = 0;
	size_t i;

	if (!bytes || !(seconds > 0))
		return;
	for (i = 0; i < nr; i++)
		if (on_device(regions[i].place))
			there += (double)regions[i].length;
	for (i = 0; i < nr; i++)
		if (on_device(regions[i].place))
			regions[i].heat_device +=
				(float)((double)bytes / there / seconds);
}

/* --- CPUs ------------------------------------------------------------------- */

#define NODES_MAX 64

struct votes {
	const char *root;
	pid_t pid;
	int (*node_of_cpu)(int cpu);
	unsigned int threads;
	unsigned int running[NODES_MAX];
	unsigned int all[NODES_MAX];
};

/* "1 (name) S …": the name may have anything in it; field 39 is the CPU. */
static bool parse_stat(const char *text, char *state, int *cpu)
{
	const char *at = strrchr(text, ')');
	unsigned int field;

	if (!at || at[1] != ' ' || !at[2])
		return false;
	at += 2;
	*state = *at;
	for (field = 3; field < 39; field++) {
		at = strchr(at, ' ');
		if (!at)
			return false;
		at++;
	}
	if (!isdigit((unsigned char)*at))
		return false;
	*cpu = (int)strtol(at, NULL, 10);
	return true;
}

static int note_thread(const char *name, long number, void *arg)
{
	struct votes *votes = arg;
	char text[1024], state;
	int cpu, node;

	(void)name;
	if (number < 0)
		return 0;
	if (votes->threads++ == USAGE_THREADS_MAX)
		return 1;
	if (sysfs_text(votes->root, text, sizeof(text), "proc/%d/task/%ld/stat",
		       votes->pid, number) <= 0 ||
	    !parse_stat(text, &state, &cpu))
		return 0;
	node = votes->node_of_cpu(cpu);
	if (node < 0 || node >= NODES_MAX)
		return 0;
	votes->all[node]++;
	votes->running[node] += state == 'R';
	return 0;
}

static int winner(const unsigned int *votes, unsigned int *sum)
{
	int i, best = 0;

	*sum = 0;
	for (i = 0; i < NODES_MAX; i++) {
		*sum += votes[i];
		if (votes[i] > votes[best])
			best = i;
	}
	return votes[best] * 3 >= *sum * 2 ? best : -1;
}

int usage_look(const char *root, pid_t pid, int (*node_of_cpu)(int cpu))
{
	struct votes votes = {
		.root = root,
		.pid = pid,
		.node_of_cpu = node_of_cpu,
	};
	unsigned int sum;
	char path[64];
	int node;

	snprintf(path, sizeof(path), "proc/%d/task", pid);
	if (sysfs_each(root, path, "", note_thread, &votes) < 0)
		return -1;
	node = winner(votes.running, &sum);
	if (!sum)
		node = winner(votes.all, &sum);
	return sum ? node : -1;
}

void usage_note(struct usage_cpus *cpus, int node)
{
	if (node != cpus->seen) {
		cpus->seen = node;
		cpus->looks = 0;
	}
	if (cpus->looks < USAGE_LOOKS)
		cpus->looks++;
	if (cpus->looks == USAGE_LOOKS)
		cpus->node = node;
}
