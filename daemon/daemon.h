/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon as a whole: what its parts find each other by. One there is; all
 * of it is of the loop's thread.
 */
#ifndef SVMD_DAEMON_H
#define SVMD_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <systemd/sd-bus.h>

#include "config.h"
#include "decide.h"
#include "sense.h"
#include "session.h"
#include "worker.h"

struct bus_face;
struct heat;
struct metrics;
struct undo;

/* Moves and refusals to be looked up afterwards. */
#define DAEMON_EVENTS 1024

/**
 * struct daemon_event - a move that was decided, and what came of it
 * @number: grows by one for each; 0 in an empty entry.
 * @when_us: wall clock, when it was done.
 * @decision: what was decided. @decision.region means nothing any more.
 * @bytes_moved: that moved.
 * @bytes_there: that are at the destination now.
 * @duration_us: how long it took.
 * @error: negative errno if it could not be tried.
 */
struct daemon_event {
	uint64_t number;
	uint64_t when_us;
	struct svmd_decision decision;
	uint64_t bytes_moved;
	uint64_t bytes_there;
	uint64_t duration_us;
	int error;
};

/**
 * struct daemon_options - from the command line
 */
struct daemon_options {
	const char *config;
	const char *bus;
	const char *socket;
	const char *root;
	const char *runtime_dir;
	const char *state_dir;
	bool dry_run;
};

/**
 * struct mover_state - how the mover is doing
 * @batches: with the worker.
 * @cpu_ns: of the worker, when it was last looked at.
 * @cpu_us: when that was.
 * @cpu_credit_ns: CPU time that it may use yet; negative: it has to wait.
 * @pause_us: until when nothing is moved, since pages were busy.
 * @backoff_us: how long the next pause is.
 * @deferred: decisions left out for either reason, so far.
 * @busy_pages: pages that were busy, so far.
 */
struct mover_state {
	unsigned int batches;
	uint64_t cpu_ns;
	uint64_t cpu_us;
	int64_t cpu_credit_ns;
	uint64_t pause_us;
	uint64_t backoff_us;
	uint64_t deferred;
	uint64_t busy_pages;
};

/**
 * struct daemon - see above
 * @options: from the command line.
 * @base: the loop.
 * @face: on the bus, or NULL.
 * @worker: what may wait.
 * @sessions: who has joined.
 * @made_socket: where they join is ours to remove, and not the service manager's.
 * @sense: what is known of the host.
 * @heat: what is known of the use of sessions' memory.
 * @undo: what was changed in the system.
 * @metrics: or NULL.
 * @config: in force.
 * @files: what the files say.
 * @history: of decisions.
 * @memory: of the history.
 * @snapshot_sessions: room for the snapshot.
 * @snapshot_max: entries of that.
 * @snapshot: of the last round; valid until sessions change.
 * @result: of the last round; valid until the next.
 * @mover: how it is doing.
 * @events: a ring: number N is at N % DAEMON_EVENTS.
 * @last_event: the newest number.
 * @round: the timer.
 * @round_wait_us: what it is set to.
 * @rounds: how many there were.
 * @round_ns: CPU time of a round, smoothed.
 * @naps: looks at sessions' memory that were spared, as their processes slept.
 * @stop: the loop shall end.
 * @exit_status: with this.
 */
struct daemon {
	struct daemon_options options;
	struct event_base *base;
	struct bus_face *face;
	struct worker *worker;
	struct sessions *sessions;
	bool made_socket;
	struct sense sense;
	struct heat *heat;
	struct undo *undo;
	struct metrics *metrics;
	struct svmd_config config;
	struct svmd_config files;
	struct svmd_history *history;
	void *memory;
	struct svmd_session *snapshot_sessions;
	size_t snapshot_max;
	struct svmd_snapshot snapshot;
	struct svmd_result result;
	struct mover_state mover;
	struct daemon_event events[DAEMON_EVENTS];
	uint64_t last_event;
	struct event *round;
	uint64_t round_wait_us;
	uint64_t rounds;
	uint64_t round_ns;
	uint64_t naps;
	bool stop;
	int exit_status;
};

/* round.c: the decision loop */
int round_start(struct daemon *daemon);
void round_stop(struct daemon *daemon);
/* While nobody does anything rounds are rare: not now, as something has changed. */
void round_soon(struct daemon *daemon);
/* A snapshot of this moment, into @daemon->snapshot. */
int round_snapshot(struct daemon *daemon);
/* The policy in force for a session. */
const struct svmd_policy *round_policy(struct daemon *daemon,
				       struct session *session);

/* mover.c: acting on decisions */
void mover_take(struct daemon *daemon, const struct svmd_result *result);

/**
 * mover_request() - move a session's range because somebody asks for it
 * @daemon: the daemon.
 * @session: whose.
 * @range: what.
 * @to: where to.
 * @done: hears what came of it, with a negative errno or 0; also when the
 *	session ends meanwhile (-ESRCH) or svmd stops (-ECANCELED).
 * @arg: for @done.
 *
 * Returns 0, or an error: then @done is not called.
 */
int mover_request(struct daemon *daemon, struct session *session,
		  const struct svm_range *range, svmd_place to,
		  void (*done)(int error, const struct svm_result *result,
			       void *arg),
		  void *arg);

/* The same for evicting a device. */
int mover_evict(struct daemon *daemon, uint32_t device, uint64_t bytes,
		void (*done)(int error, uint64_t evicted, void *arg),
		void *arg);

/* watch.c: who has run? Whether any has of late; each that wakes has its turn. */
bool watch_any_awake(struct daemon *daemon);
/* Looks at the sessions whose turn it is. */
void watch_sessions(struct daemon *daemon);
/* Whether it has run of late, and so may use its memory. */
bool watch_needs_heat(const struct session *session, uint64_t now_us);

/* memory.c: looking at a session's memory, by the worker; at once is fine. */
void memory_scan(struct daemon *daemon, struct session *session);

/**
 * daemon_begin() - svmd has all that others need of it
 * @daemon: the daemon.
 *
 * Who waits for it need not any more. The first round comes after that, as it
 * takes longest, but before anybody is answered on the bus.
 */
void daemon_begin(struct daemon *daemon);
/* settings have changed */
void daemon_apply(struct daemon *daemon);

/**
 * daemon_reload() - read the configuration again
 * @daemon: the daemon.
 *
 * Returns 0, or a negative errno value if a file can't be read: then all stays
 * as it was.
 */
int daemon_reload(struct daemon *daemon);

#endif /* SVMD_DAEMON_H */
