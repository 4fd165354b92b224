// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NUMA nodes, by libnuma.
 */
#include "nodes.h"

#include <numa.h>
#include <sched.h>

void nodes_read(struct nodes *nodes)
{
	struct bitmask *allowed;

	nodes->nr = 0;
	if (numa_available() >= 0) {
		allowed = numa_get_mems_allowed();
		for (int id = 0; id <= numa_max_node(); id++) {
			if (nodes->nr == NODES_MAX)
				break;
			if (numa_bitmask_isbitset(allowed, (unsigned int)id) &&
			    numa_node_size64(id, NULL) > 0)
				nodes->ids[nodes->nr++] = id;
		}
		numa_bitmask_free(allowed);
	}
	if (!nodes->nr)
		nodes->ids[nodes->nr++] = 0;
}

bool nodes_have(const struct nodes *nodes, int id)
{
	for (unsigned int i = 0; i < nodes->nr; i++) {
		if (nodes->ids[i] == id)
			return true;
	}
	return false;
}

bool node_has_cpus(int id)
{
	struct bitmask *cpus;
	bool has;

	if (numa_available() < 0)
		return true;
	cpus = numa_allocate_cpumask();
	has = !numa_node_to_cpus(id, cpus) && numa_bitmask_weight(cpus);
	numa_free_cpumask(cpus);
	return has;
}

uint64_t node_free_bytes(int id)
{
	long long free_bytes = 0;

	if (numa_available() < 0 || numa_node_size64(id, &free_bytes) < 0)
		return 0;
	return (uint64_t)free_bytes;
}

int node_here(void)
{
	unsigned int cpu, node;

	return getcpu(&cpu, &node) ? 0 : (int)node;
}
