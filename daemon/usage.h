/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who uses a session's memory, apart from what DAMON sees: the CPU that takes
 * pages back from a device, the device that they are put on, and the node whose
 * CPUs the process runs on. No state, but for struct usage_cpus.
 *
 * A page in the memory of a device has no entry in the page tables that DAMON
 * could look at. But the module counts what comes home by faults, and two looks
 * at the memory tell which regions it was.
 */
#ifndef SVMD_USAGE_H
#define SVMD_USAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "region.h"

/* A node is believed after so many looks in a row, and forgotten likewise. */
#define USAGE_LOOKS 5
/* Threads of a process that are looked at. */
#define USAGE_THREADS_MAX 256

/**
 * struct usage_cpus - on which node a process runs, from look to look
 * @node: what is believed; -1 for no node in particular.
 * @seen: what the last look said.
 * @looks: how many in a row said so.
 */
struct usage_cpus {
	int node;
	int seen;
	unsigned int looks;
};

#define USAGE_CPUS_INIT ((struct usage_cpus){ .node = -1, .seen = -1 })

/**
 * usage_by_faults() - add to regions' use what two looks at them tell
 * @regions: of this look, ordered; @heat_cpu, @heat_device and @affinity are
 *	written. Places are telemetry's: before svmd_regions_carry().
 * @nr: how many.
 * @old: of the look before, ordered.
 * @nr_old: how many.
 * @bytes: that came home by CPU faults in between.
 * @seconds: between the two.
 *
 * Regions that were on a device and are not any more have been taken back, by as
 * many of the bytes as they have; what is left over are those on devices of which
 * but a part came home. What has come to a device without svmd, its process
 * moved there, for the device to use it: each page once.
 */
void usage_by_faults(struct svmd_region *regions, size_t nr,
		     const struct svmd_region *old, size_t nr_old,
		     uint64_t bytes, double seconds);

/**
 * usage_by_accesses() - add to regions' use what devices did in place
 * @regions: of this look; @heat_device is written, after usage_by_faults().
 * @nr: how many.
 * @bytes: of device memory, that devices read and wrote in between.
 * @seconds: how long that was.
 *
 * Nobody tells which bytes it were: those that are on devices, all alike.
 */
void usage_by_accesses(struct svmd_region *regions, size_t nr, uint64_t bytes,
		       double seconds);

/**
 * usage_look() - on which node most of a process' threads are now
 * @root: "/", or where a test has its own proc.
 * @pid: the process.
 * @node_of_cpu: node of a CPU, or negative.
 *
 * Of threads that want to run, or of all if none does. Returns the node of two
 * thirds of them at least, or -1.
 */
int usage_look(const char *root, pid_t pid, int (*node_of_cpu)(int cpu));

/**
 * usage_note() - take a look into account
 */
void usage_note(struct usage_cpus *cpus, int node);

#endif /* SVMD_USAGE_H */
