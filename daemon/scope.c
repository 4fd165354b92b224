// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scopes as text, see scope.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scope.h"

static const char *const names[] = {
	[SVMD_SCOPE_DEFAULT] = "default", [SVMD_SCOPE_USER] = "user",
	[SVMD_SCOPE_CGROUP] = "cgroup",	  [SVMD_SCOPE_SESSION] = "session",
	[SVMD_SCOPE_NODE] = "node",	  [SVMD_SCOPE_DEVICE] = "device",
};

static int parse_id(const char *text, uint64_t *id)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	*id = strtoull(text, &end, 10);
	return errno || *end ? -EINVAL : 0;
}

int scope_parse(const char *text, struct svmd_scope_key *key)
{
	const char *colon = strchr(text, ':');
	size_t type, length;

	*key = SVMD_SCOPE_KEY_DEFAULT;
	if (!strcmp(text, names[SVMD_SCOPE_DEFAULT]))
		return 0;
	if (!colon)
		return -EINVAL;
	length = (size_t)(colon - text);
	for (type = SVMD_SCOPE_USER; type <= SVMD_SCOPE_DEVICE; type++)
		if (strlen(names[type]) == length &&
		    !strncmp(text, names[type], length))
			break;
	if (type > SVMD_SCOPE_DEVICE)
		return -EINVAL;
	key->type = (enum svmd_scope_type)type;
	if (key->type != SVMD_SCOPE_CGROUP)
		return parse_id(colon + 1, &key->id);
	key->path = colon + 1;
	return key->path[0] == '/' ? 0 : -EINVAL;
}

int scope_format(enum svmd_scope_type type, uint64_t id, const char *path,
		 char *text, size_t size)
{
	size_t n = path ? strlen(path) : 0;

	if (type == SVMD_SCOPE_DEFAULT)
		return snprintf(text, size, "%s", names[type]);
	if (type == SVMD_SCOPE_CGROUP) {
		while (n && path[n - 1] == '/')
			n--;
		return snprintf(text, size, "%s:%.*s", names[type],
				n ? (int)n : 1, n ? path : "/");
	}
	return snprintf(text, size, "%s:%" PRIu64, names[type], id);
}
