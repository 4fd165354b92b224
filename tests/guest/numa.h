/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NUMA nodes, by the kernel's own calls.
 */
#ifndef GUEST_NUMA_H
#define GUEST_NUMA_H

#include <stdbool.h>
#include <stddef.h>

/* The highest number of a node that can exist here. */
int nodes_highest(void);
/* Nodes with memory, in ascending order; returns how many (at most max). */
int nodes_with_memory(int *nodes, int max);
/*
 * Two different nodes with memory, of which the page cache leaves some to others;
 * skips the case if there are none.
 */
void need_two_nodes(int nodes[2]);

/* Free memory of a node. */
size_t node_free_kib(int node);

/* What move_pages(2) says about a page: a node, or a negative errno value. */
int node_of(const void *addr);
/* Fails the test unless move_pages(2) finds all pages on the node. */
void check_node(const void *addr, size_t length, int node);

/* mbind(2) to one node, strictly; node -1 takes the policy away. */
void bind_to_node(void *addr, size_t length, int node);

#endif /* GUEST_NUMA_H */
