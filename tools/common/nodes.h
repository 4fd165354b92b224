/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NUMA nodes that have memory and that this process may use.
 */
#ifndef SVM_TOOLS_NODES_H
#define SVM_TOOLS_NODES_H

#include <stdbool.h>
#include <stdint.h>

/* More nodes than this are left out; machines have up to a few dozen. */
#define NODES_MAX 64

struct nodes {
	unsigned int nr;
	int ids[NODES_MAX];
};

/*
 * nodes_read() - the nodes, in ascending order; node 0 alone where the kernel
 * knows no NUMA.
 */
void nodes_read(struct nodes *nodes);

bool nodes_have(const struct nodes *nodes, int id);

/* Has the node CPUs of its own? */
bool node_has_cpus(int id);

/* The node's free memory in bytes, 0 if unknown. */
uint64_t node_free_bytes(int id);

/* The node of the CPU that the caller is running on. */
int node_here(void);

#endif /* SVM_TOOLS_NODES_H */
