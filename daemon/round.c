// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decision loop: read telemetry, look at sessions' memory, decide, act, and
 * feed the watchdog. The watchdog is fed here and nowhere else, so svmd is
 * restarted also when only this stopped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "bus_face.h"
#include "clock.h"
#include "daemon.h"
#include "heat.h"
#include "log.h"

/* The loop's clock is a coarse one: a round must not come before what it is for. */
#define JIFFY_US 10000

const struct svmd_policy *round_policy(struct daemon *daemon,
				       struct session *session)
{
	if (session->policy_generation != daemon->config.generation) {
		svmd_config_policy(&daemon->config, session->id,
				   session->cgroup, session->peer.uid,
				   &session->policy);
		if (daemon->options.dry_run)
			session->policy.policies |= SVMD_POLICY_DRY_RUN;
		session->policy_generation = daemon->config.generation;
	}
	return &session->policy;
}

/* "renderD128" or "card0" of the card. */
static bool is_node_of(const char *node, const struct sense_card *card)
{
	const char *render = strrchr(card->render, '/');
	char name[32];

	snprintf(name, sizeof(name), "card%u", card->card->id);
	return !strcmp(node, name) || (render && !strcmp(node, render + 1));
}

static void count_clients(struct daemon *daemon)
{
	struct sense *sense = &daemon->sense;
	size_t i, nr = sessions_count(daemon->sessions);
	uint32_t k;
	int c;

	for (k = 0; k < sense->nr_cards; k++) {
		struct sense_card *card = &sense->card_more[k];

		card->clients = 0;
		card->client_bytes = 0;
		for (i = 0; i < nr; i++) {
			const struct session *session =
				sessions_at(daemon->sessions, i);
			bool uses = false;

			for (c = 0; c < session->nr_clients; c++) {
				if (!is_node_of(session->clients[c].node, card))
					continue;
				uses = true;
				card->client_bytes += session->clients[c].bytes;
			}
			card->clients += uses;
		}
	}
}

static void describe(struct daemon *daemon, struct session *session,
		     struct svmd_session *out)
{
	*out = (struct svmd_session){
		.id = session->id,
		.uid = session->peer.uid,
		.pid = session->peer.pid,
		.cgroup = session->cgroup,
		.node = session->cpus.node,
		.held = session->bus_held,
		.sampled_us = session->sampled_us,
		.policy = round_policy(daemon, session),
		.regions = session->regions,
		.nr_regions = (uint32_t)session->nr_regions,
	};
}

int round_snapshot(struct daemon *daemon)
{
	size_t i, nr = sessions_count(daemon->sessions);
	struct svmd_session *grown;

	if (nr > daemon->snapshot_max) {
		grown = realloc(daemon->snapshot_sessions,
				nr * 2 * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		daemon->snapshot_sessions = grown;
		daemon->snapshot_max = nr * 2;
	}
	for (i = 0; i < nr; i++)
		describe(daemon, sessions_at(daemon->sessions, i),
			 &daemon->snapshot_sessions[i]);
	memset(&daemon->snapshot, 0, sizeof(daemon->snapshot));
	sense_snapshot(&daemon->sense, &daemon->snapshot);
	daemon->snapshot.now_us = clock_usec();
	daemon->snapshot.sessions = daemon->snapshot_sessions;
	daemon->snapshot.nr_sessions = (uint32_t)nr;
	return 0;
}

static void decide(struct daemon *daemon)
{
	int ret = round_snapshot(daemon);

	if (ret) {
		log_errno(LOG_ERR, ret, "no decisions in this round");
		return;
	}
	svmd_decide(daemon->history, &daemon->snapshot, &daemon->config,
		    &daemon->result);
	mover_take(daemon, &daemon->result);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void again(struct daemon *daemon, uint64_t usec)
{
	struct timeval wait;
	uint64_t watchdog = 0;

	daemon->round_wait_us = usec;
	/* The watchdog may want to be fed more often than decisions are made. */
	if (sd_watchdog_enabled(0, &watchdog) > 0 && watchdog / 2 < usec)
		usec = watchdog / 2;
	wait = timeval_of(usec + JIFFY_US);
	evtimer_add(daemon->round, &wait);
}

void round_soon(struct daemon *daemon)
{
	uint64_t usual = daemon->config.settings.round_us;

	/* Once, so that it is not put off by being asked for again. */
	if (daemon->round && daemon->round_wait_us > usual)
		again(daemon, usual);
}

static void on_round(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	uint64_t begin = cpu_ns(), cost;

	(void)fd;
	(void)what;
	daemon->sense.quiet = !watch_any_awake(daemon);
	sense_read(&daemon->sense, clock_usec());
	watch_sessions(daemon);
	heat_read(daemon->heat);
	count_clients(daemon);
	decide(daemon);
	bus_face_round(daemon->face);
	daemon->rounds++;
	cost = cpu_ns() - begin;
	daemon->round_ns =
		daemon->rounds > 1 ? (daemon->round_ns * 7 + cost) / 8 : cost;
	(void)sd_notify(0, "WATCHDOG=1");
	again(daemon, idle_wait(daemon->config.settings.round_us,
				daemon->round_wait_us, daemon->sense.quiet));
}

int round_start(struct daemon *daemon)
{
	daemon->round = evtimer_new(daemon->base, on_round, daemon);
	if (!daemon->round)
		return -ENOMEM;
	on_round(-1, 0, daemon);
	return 0;
}

void round_stop(struct daemon *daemon)
{
	if (daemon->round)
		event_free(daemon->round);
	daemon->round = NULL;
	free(daemon->snapshot_sessions);
	daemon->snapshot_sessions = NULL;
}
