// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Others that place memory, see rivals.h. No state.
 */
#include <stdbool.h>
#include <string.h>

#include "rivals.h"
#include "sysfs.h"

struct search {
	const char *root;
	bool numad;
	bool memtierd;
};

static int look_at(const char *name, long pid, void *arg)
{
	struct search *search = arg;
	char comm[32];

	(void)name;
	if (pid <= 0 || sysfs_text(search->root, comm, sizeof(comm),
				   "proc/%ld/comm", pid) < 0)
		return 0;
	search->numad |= !strcmp(comm, "numad");
	search->memtierd |= !strcmp(comm, "memtierd");
	return 0;
}

void rivals_list(const char *root, const char *names[RIVALS_MAX + 1])
{
	struct search search = { .root = root };
	unsigned int nr = 0;

	(void)sysfs_each(root, "proc", "", look_at, &search);
	if (search.numad)
		names[nr++] = "numad";
	if (search.memtierd)
		names[nr++] = "memtierd";
	if (sysfs_number(root, 0, "proc/sys/kernel/numa_balancing") > 0)
		names[nr++] = "numa_balancing";
	names[nr] = NULL;
}
