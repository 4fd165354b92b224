/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that is measured, for the record.
 */
#ifndef SVMBENCH_ENVIRONMENT_H
#define SVMBENCH_ENVIRONMENT_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/utsname.h>

#include "nodes.h"

/*
 * struct environment - the machine
 * @uname: the kernel.
 * @cpus: CPUs that this process may use.
 * @allowed: them.
 * @cpu: the one that it runs on, after environment_pin(); else -1.
 * @memory_total: all memory.
 * @nodes: nodes with memory.
 * @huge_pages: the setting of transparent huge pages: "always", "madvise" or
 *	"never"; empty where the kernel has none.
 * @hypervisor: the CPU says that it is virtual.
 */
struct environment {
	struct utsname uname;
	int cpus;
	cpu_set_t allowed;
	int cpu;
	uint64_t memory_total;
	struct nodes nodes;
	char huge_pages[16];
	bool hypervisor;
};

void environment_read(struct environment *environment);

/* Runs on one CPU of this node from now on, if that is allowed. */
void environment_pin(struct environment *environment, int node);

/* The line "NAME: 123 kB" of /proc/meminfo, in bytes; 0 if there is none. */
uint64_t environment_meminfo(const char *name);

/* Memory that could be had now without swapping, in bytes. */
uint64_t environment_available(void);

#endif /* SVMBENCH_ENVIRONMENT_H */
