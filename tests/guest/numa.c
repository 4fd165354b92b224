// SPDX-License-Identifier: GPL-2.0-or-later
#include "numa.h"

#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"
#include "mem.h"
#include "os.h"

/* What a case takes of a node, many times over. */
#define SPARE_KIB (128 << 10)

/* A list such as "0-1,3" from sysfs. */
static int parse_nodes(const char *path, int *nodes, int max)
{
	char text[256], *at = text;
	int n = 0, first, last;

	if (!read_file(path, text, sizeof(text)))
		FAIL("%s: %s", path, err_name(errno));
	while (*at) {
		first = last = strtol(at, &at, 10);
		if (*at == '-')
			last = strtol(at + 1, &at, 10);
		for (; first <= last && n < max; first++)
			nodes[n++] = first;
		if (*at != ',')
			break;
		at++;
	}
	return n;
}

int nodes_highest(void)
{
	int nodes[1024];
	int n = parse_nodes("/sys/devices/system/node/possible", nodes, 1024);

	CHECK_GT(n, 0);
	return nodes[n - 1];
}

int nodes_with_memory(int *nodes, int max)
{
	return parse_nodes("/sys/devices/system/node/has_memory", nodes, max);
}

size_t node_free_kib(int node)
{
	char path[64], line[128];
	size_t kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo",
		 node);
	f = fopen(path, "re");
	CHECK(f);
	while (!kib && fgets(line, sizeof(line), f))
		if (sscanf(line, "Node %*d MemFree: %zu", &kib) != 1)
			kib = 0;
	fclose(f);
	return kib;
}

void need_two_nodes(int nodes[2])
{
	int i;

	if (nodes_with_memory(nodes, 2) < 2)
		skip("only one NUMA node has memory");
	/* Where a preference or a hint decides, a full node gets nothing. */
	for (i = 0; i < 2; i++)
		if (node_free_kib(nodes[i]) < SPARE_KIB)
			write_file("/proc/sys/vm/drop_caches", "1");
}

int node_of(const void *addr)
{
	const void *pages[1] = { addr };
	int status = -1;

	CHECK_SYS(syscall(SYS_move_pages, 0, 1, pages, NULL, &status, 0));
	return status;
}

void check_node(const void *addr, size_t length, int node)
{
	size_t i, n = length / PAGE;
	const void **pages = malloc(n * sizeof(*pages));
	int *status = malloc(n * sizeof(*status));

	CHECK(pages && status);
	for (i = 0; i < n; i++)
		pages[i] = (const char *)addr + i * PAGE;
	CHECK_SYS(syscall(SYS_move_pages, 0, n, pages, NULL, status, 0));
	for (i = 0; i < n; i++)
		if (status[i] != node)
			FAIL("move_pages: page %zu of %zu: %s, not node %d", i,
			     n, err_name(status[i]), node);
	free(pages);
	free(status);
}

void bind_to_node(void *addr, size_t length, int node)
{
	unsigned long mask[16] = { 0 };

	if (node < 0) {
		CHECK_SYS(syscall(SYS_mbind, addr, length, MPOL_DEFAULT, NULL,
				  0, 0));
		return;
	}
	mask[node / 64] = 1ul << node % 64;
	CHECK_SYS(syscall(SYS_mbind, addr, length, MPOL_BIND, mask, 1024, 0));
}
