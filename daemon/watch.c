// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which sessions' memory is looked at when: one that is used, each period; one
 * that is not, ever less often; one whose process sleeps, hardly at all, until it
 * wakes. State is the sessions', of the loop's thread.
 *
 * To see whether a process has run is one system call, to look at its memory
 * some sixty.
 */
#include "clock.h"
#include "daemon.h"

/* Less often than that, and what is known would be too old to decide by. */
#define SLOWEST_US (8 * USEC_PER_SEC)
/*
 * Asleep, all is as it was; but the kernel may have moved or taken some of it. Not
 * before this, and then each time that it has slept twice as long.
 */
#define ASLEEP_US (64 * USEC_PER_SEC)
/* One that sleeps so long is not one that just waits for a moment. */
#define NAP_US (10 * USEC_PER_SEC)
/* To change what DAMON watches costs as well. */
#define UNWATCHED_US (30 * USEC_PER_SEC)

static bool in_use(const struct session *session)
{
	size_t i;

	if (session->moving)
		return true;
	for (i = 0; i < session->nr_regions; i++)
		if (session->regions[i].heat_cpu > session->policy.heat_floor)
			return true;
	return false;
}

static bool is_warm(const struct session *session)
{
	size_t i;

	for (i = 0; i < session->nr_regions; i++)
		if (session->regions[i].warm_cpu >=
			    session->policy.heat_floor ||
		    session->regions[i].warm_device >=
			    session->policy.heat_floor)
			return true;
	return false;
}

/* Grows with all that comes to devices or leaves them, whoever does it. */
static uint64_t device_traffic(const struct sense *sense)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < sense->nr_devices; i++)
		sum += sense->device_more[i].bytes_in +
		       sense->device_more[i].bytes_out +
		       sense->device_more[i].bytes_faulted +
		       sense->devices[i].evictions;
	return sum;
}

/* How long the last look at one that sleeps is good for. */
static uint64_t good_for(const struct session *session)
{
	uint64_t slept = session->looked_us - session->idle.since_us;

	return session->looked_us > session->idle.since_us && slept > ASLEEP_US
		       ? slept
		       : ASLEEP_US;
}

/* Nothing can be there that the last look has not seen. */
static bool is_unchanged(const struct session *session, uint64_t traffic,
			 uint64_t now)
{
	return session->scan_due_us && session->sampled_us &&
	       session->scan_wait_us >= SLOWEST_US &&
	       now < session->looked_us + good_for(session) &&
	       idle_for(&session->idle, now, NAP_US) && !in_use(session) &&
	       !is_warm(session) &&
	       (!session->nr_contexts || session->traffic == traffic);
}

static void look(struct daemon *daemon, struct session *session,
		 uint64_t traffic, uint64_t now)
{
	uint64_t period = daemon->config.settings.heat_period_us;

	if (is_unchanged(session, traffic, now)) {
		session->sampled_us = now;
		session->scan_due_us = now + session->scan_wait_us;
		daemon->naps++;
		return;
	}
	if (in_use(session) || session->scan_wait_us < period)
		session->scan_wait_us = period;
	else if (session->scan_wait_us < SLOWEST_US)
		session->scan_wait_us *= 2;
	session->scan_due_us = now + session->scan_wait_us;
	session->looked_us = now;
	session->traffic = traffic;
	memory_scan(daemon, session);
}

bool watch_any_awake(struct daemon *daemon)
{
	size_t i, nr = sessions_count(daemon->sessions);
	uint64_t now = clock_usec();
	bool any = false;

	for (i = 0; i < nr; i++) {
		struct session *session = sessions_at(daemon->sessions, i);
		bool slept = idle_for(&session->idle, now, NAP_US);

		if (idle_note(&session->idle, now) && slept) {
			session->scan_due_us = 0;
			session->scan_wait_us = 0;
		}
		any |= session->moving ||
		       !idle_for(&session->idle, now, NAP_US);
	}
	return any;
}

void watch_sessions(struct daemon *daemon)
{
	uint64_t traffic = device_traffic(&daemon->sense), now = clock_usec();
	size_t i, nr = sessions_count(daemon->sessions);

	for (i = 0; i < nr; i++) {
		struct session *session = sessions_at(daemon->sessions, i);

		if (session->scan_due_us <= now && !session->scanning)
			look(daemon, session, traffic, now);
	}
}

bool watch_needs_heat(const struct session *session, uint64_t now_us)
{
	return !idle_for(&session->idle, now_us, UNWATCHED_US) ||
	       in_use(session);
}
