// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What /proc and /sys say about the machine.
 */
#include "environment.h"

#include <numa.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"

uint64_t environment_meminfo(const char *name)
{
	__fclose FILE *file = fopen("/proc/meminfo", "re");
	size_t length = strlen(name);
	unsigned long long kib;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, length) && line[length] == ':' &&
		    sscanf(line + length + 1, "%llu", &kib) == 1)
			return kib * 1024;
	}
	return 0;
}

uint64_t environment_available(void)
{
	return environment_meminfo("MemAvailable");
}

/* The file has "always [madvise] never". */
static void read_huge_pages(char out[static 16])
{
	__fclose FILE *file =
		fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
	char line[64] = "", *chosen;

	*out = '\0';
	if (!file || !fgets(line, sizeof(line), file))
		return;
	chosen = strchr(line, '[');
	if (chosen)
		sscanf(chosen, "[%15[a-z]", out);
}

static bool is_virtual(void)
{
	__fclose FILE *file = fopen("/proc/cpuinfo", "re");
	char line[8192];

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "flags", 5))
			return strstr(line, " hypervisor");
	}
	return false;
}

void environment_read(struct environment *environment)
{
	*environment = (struct environment){ .cpu = -1 };
	uname(&environment->uname);
	CPU_ZERO(&environment->allowed);
	if (!sched_getaffinity(0, sizeof(environment->allowed),
			       &environment->allowed))
		environment->cpus = CPU_COUNT(&environment->allowed);
	environment->memory_total = environment_meminfo("MemTotal");
	nodes_read(&environment->nodes);
	read_huge_pages(environment->huge_pages);
	environment->hypervisor = is_virtual();
}

void environment_pin(struct environment *environment, int node)
{
	cpu_set_t one;

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &environment->allowed) ||
		    (numa_available() >= 0 && numa_node_of_cpu(cpu) != node))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (!sched_setaffinity(0, sizeof(one), &one))
			environment->cpu = cpu;
		return;
	}
}
