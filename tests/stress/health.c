// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether the kernel has complained: a warning, an oops, KASAN and bad pages taint
 * it, and lockdep switches itself off.
 */
#include "stress.h"

#include <stdio.h>
#include <stdlib.h>

static long long lockdep_is_on(void)
{
	FILE *file = fopen("/proc/lockdep_stats", "re");
	char line[128];
	long long on = 0;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " debug_locks: %lld", &on) == 1)
			break;
	fclose(file);
	return on;
}

struct health health_now(void)
{
	return (struct health){
		.tainted = read_number("/proc/sys/kernel/tainted"),
		.lockdep = lockdep_is_on(),
	};
}

bool health_got_worse(const struct health *before)
{
	struct health now = health_now();

	if (now.tainted == before->tainted && now.lockdep == before->lockdep)
		return false;
	note("the kernel complained: tainted %#llx, was %#llx; lockdep %lld, was %lld; dmesg tells more",
	     now.tainted, before->tainted, now.lockdep, before->lockdep);
	return true;
}
