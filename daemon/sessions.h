/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of sessions, for the files session*.c. See session.h. */
#ifndef SVMD_SESSIONS_H
#define SVMD_SESSIONS_H

#include "session.h"

/**
 * struct sessions - the list
 * @base: the loop.
 * @sysfs: see sessions_new().
 * @state_dir: the same.
 * @ops: the same.
 * @nr: sessions.
 * @max: room in @list.
 * @list: in the order of their numbers.
 * @last_id: the greatest number given so far.
 * @listener: the socket, or -1.
 * @on_caller: hears new connections.
 * @on_resume: listens again, when there was no room.
 * @no_room: there was none, and that is said.
 * @callers: connections that have not said hello yet.
 * @nr_callers: how many.
 */
struct sessions {
	struct event_base *base;
	const char *sysfs;
	const char *state_dir;
	struct sessions_ops ops;
	size_t nr;
	size_t max;
	struct session **list;
	uint64_t last_id;
	int listener;
	struct event *on_caller;
	struct event *on_resume;
	bool no_room;
	struct caller *callers;
	unsigned int nr_callers;
};

/**
 * struct session_parts - what a session is made of
 * @id: its number.
 * @peer: its process.
 * @name: what to call it.
 * @socket: the connection.
 * @pidfd: the process.
 * @nr_contexts: entries in @contexts.
 * @contexts: open devices.
 */
struct session_parts {
	uint64_t id;
	struct peer peer;
	char name[SVM_WIRE_NAME_MAX];
	int socket;
	int pidfd;
	unsigned int nr_contexts;
	int *contexts;
};

/* Takes the descriptors over on success; they are -1 then. */
int session_new(struct sessions *all, struct session_parts *parts,
		struct session **out);

/* Counts a hold in or out: 0, -ENOSPC, -ENOENT. */
int session_hold(struct session *session, const struct svm_range *range);
int session_release(struct session *session, const struct svm_range *range);

/* Removes the callers and the listener. */
void sessions_deafen(struct sessions *all);

/* session_keep.c: what a restart needs. No errors: it is a convenience. */
void session_store(const struct session *session);
void session_keep(const struct session *session);
void session_forget(const struct session *session);

#endif /* SVMD_SESSIONS_H */
