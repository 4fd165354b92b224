// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether a process has run, see idle.h. State is the caller's.
 */
#include "idle.h"

void idle_init(struct idle *idle, pid_t pid, uint64_t now_us)
{
	*idle = (struct idle){ .since_us = now_us };
	idle->known = !clock_getcpuclockid(pid, &idle->clock);
}

bool idle_note(struct idle *idle, uint64_t now_us)
{
	struct timespec now;
	uint64_t cpu_ns;

	/* It ends, and its session with it. */
	if (idle->known && clock_gettime(idle->clock, &now) < 0)
		idle->known = false;
	if (!idle->known)
		return true;
	cpu_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (cpu_ns == idle->cpu_ns)
		return false;
	idle->cpu_ns = cpu_ns;
	idle->since_us = now_us;
	return true;
}

uint64_t idle_wait(uint64_t usual_us, uint64_t last_us, bool all_idle)
{
	uint64_t most = IDLE_WAITS * usual_us;

	if (!all_idle || last_us < usual_us)
		return usual_us;
	return last_us < most / 2 ? last_us * 2 : most;
}
