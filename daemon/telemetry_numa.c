// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NUMA nodes: memory, distances, rated performance (HMAT, of the initiators of
 * class 0, the nearest of any kind; class 1, the nearest CPUs, where there is
 * one) and allocations, from sysfs; stalls for memory (PSI) from procfs, for
 * the host as a whole, since the kernel does not count them by node.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "sense.h"
#include "sysfs.h"

#define NODE_DIR "sys/devices/system/node"

/* What the firmware says and where CPUs are is read anew after so long. */
#define RATED_US (60 * USEC_PER_SEC)

struct list {
	uint32_t nr;
	uint32_t ids[SENSE_NODES_MAX];
};

static int note_node(const char *name, long number, void *arg)
{
	struct list *list = arg;

	(void)name;
	sense_note(list->ids, &list->nr, SENSE_NODES_MAX, number);
	return 0;
}

static uint32_t rated(const struct sense *sense, uint32_t id, const char *what)
{
	int64_t value = sysfs_number(sense->root, 0,
				     NODE_DIR "/node%u/access1/initiators/%s",
				     id, what);

	if (value <= 0)
		value = sysfs_number(sense->root, 0,
				     NODE_DIR "/node%u/access0/initiators/%s",
				     id, what);
	return value > 0 ? (uint32_t)value : 0;
}

/* "10 20 40", one for each node that is online, in their order. */
static void read_distances(struct sense *sense, uint32_t index,
			   const struct list *list)
{
	uint8_t *distances = sense->distances[index];
	char text[1024], *at = text;
	uint32_t i;

	sense->nodes[index].distance = NULL;
	if (sysfs_text(sense->root, text, sizeof(text),
		       NODE_DIR "/node%u/distance", list->ids[index]) < 0)
		return;
	for (i = 0; i < list->nr; i++) {
		char *end;
		long value = strtol(at, &end, 10);

		if (end == at || value < 0)
			return;
		distances[i] = value > UINT8_MAX ? UINT8_MAX : (uint8_t)value;
		at = end;
	}
	sense->nodes[index].distance = distances;
}

static int read_memory(const struct sense *sense, struct svmd_node *node,
		       struct sense_node *more)
{
	uint64_t total = 0, free = 0, inactive = 0;
	char text[4096];
	int ret = sysfs_text(sense->root, text, sizeof(text),
			     NODE_DIR "/node%u/meminfo", node->id);

	if (ret < 0)
		return ret;
	(void)sysfs_field(text, "MemTotal", &total);
	(void)sysfs_field(text, "MemFree", &free);
	(void)sysfs_field(text, "Inactive(file)", &inactive);
	node->total_bytes = total * 1024;
	node->free_bytes = (free + inactive) * 1024;
	if (node->free_bytes > node->total_bytes)
		node->free_bytes = node->total_bytes;
	more->free_bytes = free * 1024;
	return 0;
}

static void read_numastat(const struct sense *sense, uint32_t id,
			  struct sense_node *more)
{
	char text[512];

	if (sysfs_text(sense->root, text, sizeof(text),
		       NODE_DIR "/node%u/numastat", id) < 0)
		return;
	(void)sysfs_field(text, "numa_hit", &more->hit);
	(void)sysfs_field(text, "numa_miss", &more->miss);
	(void)sysfs_field(text, "numa_foreign", &more->foreign);
}

static float psi_of(const char *text, const char *kind)
{
	const char *line = strstr(text, kind), *at;

	at = line ? strstr(line, "avg10=") : NULL;
	return at ? strtof(at + strlen("avg10="), NULL) : 0;
}

/* What hardly ever changes. */
static void read_rated(struct sense *sense, uint32_t index,
		       const struct list *list)
{
	struct svmd_node *node = &sense->nodes[index];
	char cpus[64];

	node->has_cpu = sysfs_text(sense->root, cpus, sizeof(cpus),
				   NODE_DIR "/node%u/cpulist", node->id) > 0;
	read_distances(sense, index, list);
	node->read_latency_ns = rated(sense, node->id, "read_latency");
	node->write_latency_ns = rated(sense, node->id, "write_latency");
	node->read_bandwidth_mbs = rated(sense, node->id, "read_bandwidth");
	node->write_bandwidth_mbs = rated(sense, node->id, "write_bandwidth");
}

static int read_node(struct sense *sense, uint32_t index,
		     const struct list *list, bool all, uint64_t now_us)
{
	struct sense_node *more = &sense->node_more[index];
	struct svmd_node *node = &sense->nodes[index];
	bool held = index < sense->nr_nodes && node->id == list->ids[index] &&
		    node->held;
	int ret;

	if (all)
		memset(node, 0, sizeof(*node));
	memset(more, 0, sizeof(*more));
	node->id = list->ids[index];
	node->held = held;
	more->node = node;
	more->nr_nodes = list->nr;
	ret = read_memory(sense, node, more);
	if (ret)
		return ret;
	if (all)
		read_rated(sense, index, list);
	read_numastat(sense, node->id, more);
	node->sampled_us = now_us;
	return 0;
}

static bool same_nodes(const struct sense *sense, const struct list *list)
{
	uint32_t i;

	if (list->nr != sense->nr_nodes)
		return false;
	for (i = 0; i < list->nr; i++)
		if (sense->nodes[i].id != list->ids[i])
			return false;
	return true;
}

int telemetry_numa(struct sense *sense, uint64_t now_us)
{
	struct list list = { 0 };
	char psi[256] = "";
	bool same, all;
	uint32_t i;
	int ret = sysfs_each(sense->root, NODE_DIR, "node", note_node, &list);

	if (ret)
		return ret;
	if (!list.nr)
		return -ENODEV;
	(void)sysfs_text(sense->root, psi, sizeof(psi), "proc/pressure/memory");
	same = same_nodes(sense, &list);
	all = !same || !sense->rated_us || now_us >= sense->rated_us + RATED_US;
	if (all)
		sense->rated_us = 0;
	for (i = 0; i < list.nr; i++) {
		ret = read_node(sense, i, &list, all, now_us);
		if (ret)
			return ret;
		sense->nodes[i].psi_some = psi_of(psi, "some");
		sense->nodes[i].psi_full = psi_of(psi, "full");
	}
	if (all)
		sense->rated_us = now_us;
	if (!same)
		sense->generation++;
	sense->nr_nodes = list.nr;
	return 0;
}
