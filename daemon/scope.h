/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scopes as text, for the bus: "default", "user:1000", "cgroup:/hpc.slice",
 * "session:5", "node:1", "device:0". No state.
 */
#ifndef SVMD_SCOPE_H
#define SVMD_SCOPE_H

#include <stddef.h>

#include "config.h"

/* 0 or -EINVAL. @key->path points into @text. */
int scope_parse(const char *text, struct svmd_scope_key *key);

/*
 * The length that snprintf() would return. One text for each scope: a cgroup has
 * no slash at its end, and is "/" if nothing is left.
 */
int scope_format(enum svmd_scope_type type, uint64_t id, const char *path,
		 char *text, size_t size);

#endif /* SVMD_SCOPE_H */
