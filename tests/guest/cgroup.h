/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One cgroup (version 2) for a case and the children that it puts there.
 */
#ifndef GUEST_CGROUP_H
#define GUEST_CGROUP_H

#include <stddef.h>
#include <sys/types.h>

/* Make the group with a controller; skips the case where that can't be. */
void need_cgroup(const char *controller);
void cgroup_remove(void);

void cgroup_set(const char *file, const char *value);
/* The number in a file of the group. */
long long cgroup_number(const char *file);
/* The number after a word in a file such as memory.events. */
long long cgroup_field(const char *file, const char *word);

/* As child(), in the group. */
pid_t cgroup_child(void (*run)(void *), void *arg);

#endif /* GUEST_CGROUP_H */
