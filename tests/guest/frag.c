// SPDX-License-Identifier: GPL-2.0-or-later
#include "frag.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

/* What is left free of small pages, about. */
#define ROOM MIB(64)
/* Left out of the first sweep, so that the kernel does not run dry. */
#define SLACK MIB(48)

/* Free memory of a node, in bytes. */
static size_t node_free(int node)
{
	unsigned long long kib = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo",
		 node);
	file = fopen(path, "re");
	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Node %*d MemFree: %llu", &kib) == 1)
			break;
	fclose(file);
	CHECK_GT(kib, 0);
	return kib << 10;
}

/* Locked small pages all over the node, with a hole of one page after some. */
static void perforate(int node, size_t length)
{
	char *addr = map_anon(length);
	size_t step = length / ROOM, i;

	bind_to_node(addr, length, node);
	CHECK_SYS(mlock(addr, length));
	for (i = 0; i < length / PAGE; i += step)
		CHECK_SYS(
			madvise(page_at(addr, i), PAGE, MADV_DONTNEED_LOCKED));
}

/* Take what is left of huge pages; true if there was none. */
static bool soak_up(int node)
{
	char *addr = map_aligned(SLACK + ROOM);
	size_t i;

	CHECK_SYS(madvise(addr, SLACK + ROOM, MADV_HUGEPAGE));
	bind_to_node(addr, SLACK + ROOM, node);
	for (i = 0; i < SLACK + ROOM; i += HUGE_PAGE)
		*(volatile char *)(addr + i) = 1;
	return !smaps_kib(addr, SLACK + ROOM, "AnonHugePages");
}

int need_fragmented_node(void)
{
	int nodes[64], n = nodes_with_memory(nodes, 64), node, try;
	size_t length;

	if (n < 2)
		skip("one NUMA node only");
	node = nodes[n - 1];
	length = node_free(node);
	if (length > MIB(1024) || length < SLACK + 2 * ROOM)
		skip("node %d has %zu MiB free: too many or too few", node,
		     length >> 20);
	/* Locked pages stay where they are, else compaction makes room again. */
	if (!setting("/proc/sys/vm/compact_unevictable_allowed", "0"))
		skip("no compact_unevictable_allowed");
	perforate(node, (length - SLACK) & ~(HUGE_PAGE - 1));
	for (try = 0; try < 5; try++)
		if (soak_up(node))
			return node;
	skip("node %d still has huge pages", node);
}
