/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions: the processes that have joined.
 *
 * A session ends when its process does, when it hangs up, or when it breaks the
 * rules of the wire (session-wire.h). It is counted by references: jobs of the
 * worker hold one, so its handle and pidfd stay valid while they run.
 *
 * It is a session of one address space: it ends as well when its process has that
 * no more, since exec may have made the process one that its user may not look
 * into.
 *
 * Everything here is of the loop's thread. A job may use the const members,
 * @svm and @pidfd, read @ended, and call session_check(), which @maps and @lost
 * are for.
 */
#ifndef SVMD_SESSION_H
#define SVMD_SESSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <svm/svm.h>

#include "card_client.h"
#include "config.h"
#include "idle.h"
#include "peer.h"
#include "region.h"
#include "session-wire.h"
#include "usage.h"

struct sessions;

/**
 * struct session - a process that has joined
 * @id: its number, never used again.
 * @peer: its process and user.
 * @name: what it wants to be called.
 * @cgroup: path of its cgroup, or NULL. Any bytes: a directory's name is free.
 * @svm: handle on its memory.
 * @nr_contexts: devices of @svm.
 * @contexts: their descriptors, which are @svm's.
 * @pidfd: its process.
 * @maps: of its address space; -1 until a job has looked. The worker's.
 * @lost: why it is a session no more, as session_check() found; else 0.
 * @ended: nothing more is to be done for it.
 * @joined_us: when it joined.
 *
 * @all: where it is listed.
 * @refs: references.
 * @socket: the connection.
 * @on_socket: hears what it says.
 * @on_exit: hears that the process has ended.
 * @said: packets in the present second.
 * @said_us: when that second began.
 * @nr_holds: entries in @holds.
 * @holds: ranges that the process wants left alone.
 * @bus_held: an operator wants all of it left alone.
 *
 * @regions: what telemetry knows of its memory, ordered; see region.h.
 * @nr_regions: how many.
 * @max_regions: room.
 * @sampled_us: when they were sampled; 0 never.
 * @scanning: a job looks at its memory now.
 * @scan_due_us: when it is looked at next; 0 in any case.
 * @scan_wait_us: how long after the last time; doubles while nothing is used.
 * @looked_us: when it really was looked at, or was to be.
 * @traffic: of all devices at that time.
 * @idle: since when its process has not run.
 * @moving: batches with the mover.
 * @policy: in force.
 * @policy_generation: of the configuration that it was taken from.
 * @moved_bytes: by svmd, so far.
 * @moves: batches that moved something.
 * @cpus: node that it mostly runs on.
 * @bytes_faulted: that had come home by CPU faults, when it was sampled.
 * @bytes_accessed: of device memory, that devices had read and written by then.
 * @nr_clients: entries in @clients.
 * @clients: DRM devices that it has open, when its memory was looked at last.
 */
struct session {
	uint64_t id;
	struct peer peer;
	char name[SVM_WIRE_NAME_MAX];
	char *cgroup;
	struct svm *svm;
	unsigned int nr_contexts;
	int *contexts;
	int pidfd;
	int maps;
	_Atomic int lost;
	_Atomic bool ended;
	uint64_t joined_us;

	struct sessions *all;
	unsigned int refs;
	int socket;
	struct event *on_socket;
	struct event *on_exit;
	unsigned int said;
	uint64_t said_us;
	size_t nr_holds;
	struct svm_range *holds;
	bool bus_held;

	struct svmd_region *regions;
	size_t nr_regions;
	size_t max_regions;
	uint64_t sampled_us;
	bool scanning;
	uint64_t scan_due_us;
	uint64_t scan_wait_us;
	uint64_t looked_us;
	uint64_t traffic;
	struct idle idle;
	unsigned int moving;
	struct svmd_policy policy;
	uint64_t policy_generation;
	uint64_t moved_bytes;
	uint64_t moves;
	struct usage_cpus cpus;
	uint64_t bytes_faulted;
	uint64_t bytes_accessed;
	int nr_clients;
	struct card_client clients[CARD_CLIENTS_MAX];
};

/**
 * struct sessions_ops - what the rest of the daemon wants to know and is asked
 * @limits: how many sessions there may be, in all and of a user.
 * @joined: there is a new one. @again if it was there before a restart.
 * @left: it has ended; not yet freed.
 * @arg: for each.
 */
struct sessions_ops {
	void (*limits)(uint32_t *all, uint32_t *per_user, void *arg);
	void (*joined)(struct session *session, bool again, void *arg);
	void (*left)(struct session *session, void *arg);
	void *arg;
};

/**
 * sessions_new() - an empty list of sessions
 * @out: the list.
 * @base: the loop.
 * @sysfs: "/sys", or a mock of it.
 * @state_dir: where what sessions said is kept for a restart, or NULL.
 * @ops: see above; copied.
 */
int sessions_new(struct sessions **out, struct event_base *base,
		 const char *sysfs, const char *state_dir,
		 const struct sessions_ops *ops);

/*
 * Lets go of all sessions, but leaves what brings them back after a restart.
 * Returns NULL.
 */
struct sessions *sessions_free(struct sessions *all);

/**
 * sessions_listen() - let processes join over a socket
 * @all: the list.
 * @fd: listening socket, which is taken over also on failure.
 */
int sessions_listen(struct sessions *all, int fd);

/**
 * sessions_restore() - take over a session from before a restart
 * @all: the list.
 * @id: its number.
 * @fds: its descriptors, in any order; taken over also on failure.
 * @nr: how many.
 *
 * Returns 0, -ESRCH if it has ended meanwhile, or another error.
 */
int sessions_restore(struct sessions *all, uint64_t id, int *fds, size_t nr);

/* In the order of their numbers. */
size_t sessions_count(const struct sessions *all);
struct session *sessions_at(const struct sessions *all, size_t index);
struct session *sessions_find(const struct sessions *all, uint64_t id);
/* Of a user. */
size_t sessions_of(const struct sessions *all, uid_t uid);

struct session *session_ref(struct session *session);
struct session *session_unref(struct session *session);

/**
 * session_check() - whether the process may still be looked into
 * @session: the session.
 *
 * For jobs, before they do something by the process' number, and again before
 * they tell what came of it. May wait for the process' locks.
 *
 * Returns 0; -ESRCH if the process, or the address space that it joined with, is
 * gone; -EPERM if it has become one that its user may not join for; or another
 * error if that can't be told. After the first two the session is to be ended:
 * session_end_lost().
 */
int session_check(struct session *session);

/* Ends it if a job has found that it is to be ended. */
void session_end_lost(struct session *session);

/* Ends it; a reason of 0 is the session's own wish, else a negative errno. */
void session_end(struct session *session, int reason);

#endif /* SVMD_SESSION_H */
