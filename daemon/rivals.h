/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Others on this host that place memory as well, and with whom svmd would be at
 * odds: numad, memtierd, and the kernel's NUMA balancing.
 */
#ifndef SVMD_RIVALS_H
#define SVMD_RIVALS_H

#define RIVALS_MAX 3

/* Their names, ending with a NULL; constants. @root as in struct sense. */
void rivals_list(const char *root, const char *names[RIVALS_MAX + 1]);

#endif /* SVMD_RIVALS_H */
