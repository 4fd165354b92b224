// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One loop (libevent) for the door, the signals, the exits of processes and the
 * ticks of the policy. Everything happens in it, one thing at a time, each of
 * bounded length; so nothing needs a lock.
 */
#include "supervisor.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "churn.h"
#include "cleanup.h"
#include "clock.h"
#include "door.h"
#include "preload_path.h"
#include "program.h"
#include "roster.h"
#include "say.h"
#include "settle.h"

/* Where that is permitted. */
#define CHURN_NICE (-10)

/* After the end, how often and how many times to look for memory come free. */
#define LINGER_INTERVAL_MS 50
#define LINGER_ROUNDS 20

struct session {
	struct supervisor *supervisor;
	struct event_base *base;
	struct event *signals;
	struct event *tick;
	struct door *door;
	struct program program;
	struct roster roster;
	struct settle settle;
	struct churn churn;
	unsigned int rounds;
};

static void on_join(void *arg, struct newcomer *newcomer)
{
	struct session *session = arg;

	roster_join(&session->roster, newcomer);
	/* the first comes to a loop at rest */
	if (session->roster.nr == 1 && session->tick)
		event_active(session->tick, EV_TIMEOUT, 1);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct session *session = arg;

	(void)fd;
	(void)what;
	if (session->supervisor->options->churn_ns)
		churn_tick(&session->churn);
	else
		settle_tick(&session->settle);
}

/* Children have ended: the program, or with --wait any descendant. */
static void on_child(struct session *session)
{
	bool wait = session->supervisor->options->wait;
	bool children = program_reap(&session->program);

	if (!session->program.running && (!wait || !children))
		event_base_loopbreak(session->base);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct signalfd_siginfo info;
	struct session *session = arg;

	(void)what;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			on_child(session);
			continue;
		}
		program_signal(&session->program, (int)info.ssi_signo,
			       info.ssi_code);
		/* nothing is left but to wait, and somebody is tired of it */
		if (!session->program.running &&
		    (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM ||
		     info.ssi_signo == SIGHUP))
			event_base_loopbreak(session->base);
	}
}

static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (!config)
		return NULL;
	/* for --churn of less than a millisecond */
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static int add_timer(struct session *session, uint64_t interval_ns,
		     event_callback_fn fn)
{
	struct timeval interval = {
		.tv_sec = (time_t)(interval_ns / NS_PER_S),
		.tv_usec = (suseconds_t)(interval_ns % NS_PER_S / NS_PER_US),
	};

	session->tick = event_new(session->base, -1, EV_PERSIST, fn, session);
	if (!session->tick || event_add(session->tick, &interval))
		return -ENOMEM;
	return 0;
}

static void set_policies(struct session *session)
{
	struct supervisor *supervisor = session->supervisor;

	roster_init(&session->roster, session->base, &supervisor->tally,
		    supervisor->places->nr_devices +
			    supervisor->places->nr_spares);
	session->roster.join = supervisor->options->join;
	session->roster.join_path = supervisor->options->join_path;
	session->settle = (struct settle){
		.roster = &session->roster,
		.places = supervisor->places,
		.svm = supervisor->svm,
		.tally = &supervisor->tally,
	};
	session->churn = (struct churn){
		.roster = &session->roster,
		.places = supervisor->places,
		.tally = &supervisor->tally,
		.rng = { supervisor->seed },
		.max_bytes = supervisor->options->max_bytes,
	};
}

/* Everything that must be there before the program starts. */
static int prepare(struct session *session)
{
	struct supervisor *supervisor = session->supervisor;
	int fd, err;

	session->base = new_base();
	if (!session->base)
		return -ENOMEM;
	fd = program_block_signals();
	if (fd < 0)
		return fd;
	session->signals = event_new(session->base, fd, EV_READ | EV_PERSIST,
				     on_signal, session);
	if (!session->signals || event_add(session->signals, NULL))
		return -ENOMEM;
	if (supervisor->options->wait &&
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		return -errno;
	if (!supervisor->svm)
		return 0;
	err = door_open(&session->door, session->base, on_join, session);
	if (err)
		return err;
	err = preload_environment(door_key(session->door), supervisor->places);
	if (err == -ENOENT)
		say("libsvm-run-preload.so is not where it was installed");
	else if (err == -EINVAL)
		say("the path of libsvm-run-preload.so has a blank or colon in it, which LD_PRELOAD can't have");
	if (err)
		return err;
	if (supervisor->options->join)
		return 0;
	return add_timer(session,
			 supervisor->options->churn_ns
				 ? supervisor->options->churn_ns
				 : SETTLE_INTERVAL_MS * NS_PER_MS,
			 on_tick);
}

static void on_linger(evutil_socket_t fd, short what, void *arg)
{
	struct session *session = arg;

	(void)fd;
	(void)what;
	places_refresh(session->supervisor->places, session->supervisor->svm);
	if (report_nothing_lost(session->supervisor->places) ||
	    ++session->rounds >= LINGER_ROUNDS)
		event_base_loopbreak(session->base);
}

/*
 * What the devices have free when all is over. Descendants of the program that
 * nobody waits for may be ending still: give them a moment.
 */
static void settle_accounts(struct session *session)
{
	struct supervisor *supervisor = session->supervisor;

	if (session->tick)
		event_free(session->tick);
	session->tick = NULL;
	door_drain(session->door);
	session->door = door_close(session->door);
	for (size_t i = 0; i < session->roster.nr; i++)
		supervisor->running +=
			!process_has_exited(session->roster.list[i]);
	if (!supervisor->running && supervisor->places->nr_devices &&
	    !add_timer(session, LINGER_INTERVAL_MS * NS_PER_MS, on_linger)) {
		event_active(session->tick, EV_TIMEOUT, 1);
		event_base_dispatch(session->base);
	}
	roster_free(&session->roster);
	places_refresh(supervisor->places, supervisor->svm);
}

static int attend(struct session *session)
{
	struct supervisor *supervisor = session->supervisor;
	uint64_t started;
	int err;

	err = prepare(session);
	if (err) {
		say("%s", strerror(-err));
		return EXIT_OWN_FAILURE;
	}
	started = clock_ns();
	err = program_start(&session->program, supervisor->options->argv);
	if (err) {
		say("%s: %s", supervisor->options->argv[0], strerror(-err));
		return err == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	}
	/* from here on nothing may end svm-run before the program ends */
	signal(SIGPIPE, SIG_IGN);
	/* churn shall keep its pace beside a program that takes all CPUs */
	if (supervisor->options->churn_ns)
		setpriority(PRIO_PROCESS, 0, CHURN_NICE);
	set_policies(session);
	event_base_dispatch(session->base);
	supervisor->elapsed_ns = clock_ns() - started;
	if (session->door)
		settle_accounts(session);
	return program_exit_status(&session->program);
}

int supervisor_run(struct supervisor *supervisor)
{
	struct session session = { .supervisor = supervisor };
	int status, fd;

	status = attend(&session);
	door_close(session.door);
	roster_free(&session.roster);
	if (session.tick)
		event_free(session.tick);
	if (session.signals) {
		fd = event_get_fd(session.signals);
		event_free(session.signals);
		close(fd);
	}
	if (session.base)
		event_base_free(session.base);
	return status;
}
