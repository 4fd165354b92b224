/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A NUMA node that has memory, but no 2 MiB of it in one piece.
 */
#ifndef GUEST_FRAG_H
#define GUEST_FRAG_H

/*
 * Make the highest node with memory such a one, until the case ends; skips the
 * case where there is only one node, or a large one. Returns the node.
 */
int need_fragmented_node(void);

#endif /* GUEST_FRAG_H */
