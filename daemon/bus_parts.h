/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The insides of the face, for the files bus_*.c. See bus_face.h. */
#ifndef SVMD_BUS_PARTS_H
#define SVMD_BUS_PARTS_H

#include <sys/types.h>

#include "bus_face.h"
#include "bus_loop.h"
#include "cleanup.h"
#include "daemon.h"
#include "holds.h"
#include "scope.h"

#define BUS_MANAGER "org.svmd1.Manager"
#define BUS_NODE "org.svmd1.Node"
#define BUS_DEVICE "org.svmd1.Device"
#define BUS_CARD "org.svmd1.Card"
#define BUS_PORT "org.svmd1.Port"
#define BUS_SESSION "org.svmd1.Session"
#define BUS_POLICY "org.svmd1.Policy"

#define BUS_ERROR(name) ("org.svmd1.Error." name)

/* What polkit is asked, by effect. */
#define BUS_ACT_SESSIONS "org.svmd1.manage-sessions"
#define BUS_ACT_NODE "org.svmd1.manage-node"
#define BUS_ACT_INSPECT "org.svmd1.inspect"

/* Calls of one sender that wait for polkit or the worker. */
#define BUS_PENDING_PER_SENDER 16
/* And of one user, by however many connections; root may have more. */
#define BUS_PENDING_PER_USER 64

/* No user in particular owns what the call is about. */
#define BUS_NOBODY ((uid_t)UINT32_MAX)

/**
 * struct known - an object that was announced
 */
struct known {
	struct known *next;
	const char *interface;
	bool seen;
	bool active;
	char path[];
};

/**
 * struct bus_face - see bus_face.h
 * @daemon: the daemon.
 * @bus: the connection.
 * @loop: of it.
 * @generation: of telemetry when @known was made.
 * @known: nodes, devices, cards and ports that were announced.
 * @pending: calls that wait.
 * @holds: of callers.
 * @introspecting: every object is there.
 * @scope: of the policy object that is being looked at; its path is in
 *	@scope_text.
 * @scope_text: the same.
 */
struct bus_face {
	struct daemon *daemon;
	sd_bus *bus;
	struct bus_loop *loop;
	uint64_t generation;
	struct known *known;
	struct pending *pending;
	struct holds *holds;
	bool introspecting;
	struct svmd_scope_key scope;
	char *scope_text;
};

typedef int (*bus_perform)(struct bus_face *face, sd_bus_message *call,
			   sd_bus_error *error);

/**
 * bus_authorize() - do what is asked if the caller may
 * @face: the face.
 * @call: the call.
 * @owner: the user who may in any case; root and svmd's own user may as well.
 * @action: what polkit is asked for others.
 * @perform: does it, perhaps later, and answers, or returns an error; reads the
 *	call's arguments from the beginning.
 * @error: receives what is wrong.
 *
 * For method handlers: return what this returns.
 */
int bus_authorize(struct bus_face *face, sd_bus_message *call, uid_t owner,
		  const char *action, bus_perform perform, sd_bus_error *error);

/* The user who called: 0 or a negative errno. */
int bus_caller(sd_bus_message *call, uid_t *uid);

/**
 * bus_pending_begin() - a call will be answered later
 *
 * The call is referenced until bus_pending_end(). Returns 0, or an error in
 * @error if the sender, or the sender's user, has too many.
 */
struct pending;
int bus_pending_begin(struct bus_face *face, sd_bus_message *call,
		      struct pending **out, sd_bus_error *error);
sd_bus_message *bus_pending_call(const struct pending *pending);
/* The face, or NULL if it is gone and nobody can be answered. */
struct bus_face *bus_pending_face(const struct pending *pending);
void bus_pending_end(struct pending *pending);
/* The face goes: those that still come will find none. */
void bus_pending_orphan(struct bus_face *face);

/* Finding what a call is about; the error says if there is none. */
int bus_find_session(struct bus_face *face, uint64_t id, struct session **out,
		     sd_bus_error *error);
int bus_find_place(struct bus_face *face, const char *name, svmd_place *out,
		   sd_bus_error *error);

/* Of what callers call things, an answer has so many bytes: see text_cut(). */
#define BUS_NAME_MAX 64

/* Paths. Buffers hold BUS_PATH_MAX. */
#define BUS_PATH_MAX 600
void bus_path_session(char *path, uint64_t id);
void bus_path_scope(char *path, enum svmd_scope_type type, uint64_t id,
		    const char *cgroup);

/* Each file registers its interfaces. */
int bus_manager_add(struct bus_face *face);
int bus_host_add(struct bus_face *face);
int bus_session_add(struct bus_face *face);
int bus_policy_add(struct bus_face *face);
int bus_log_add(struct bus_face *face);

/* bus_host.c: the path of a node or device; announce what came and went. */
void bus_host_path(enum svmd_scope_type type, uint32_t id, char *path);
void bus_host_announce(struct bus_face *face);
void bus_host_forget(struct bus_face *face);

/* bus_policy.c: a session ends, and with it its scope; methods of the manager. */
void bus_policy_left(struct bus_face *face, uint64_t session);
int bus_set_policy(sd_bus_message *call, void *arg, sd_bus_error *error);
int bus_reset_policy(sd_bus_message *call, void *arg, sd_bus_error *error);
int bus_set_parameter(sd_bus_message *call, void *arg, sd_bus_error *error);
int bus_reset_parameter(sd_bus_message *call, void *arg, sd_bus_error *error);

/* bus_act.c */
int bus_migrate(sd_bus_message *call, void *arg, sd_bus_error *error);
int bus_evict(sd_bus_message *call, void *arg, sd_bus_error *error);
int bus_explain(sd_bus_message *call, void *arg, sd_bus_error *error);

/* bus_refuse.c: 0, or why what is asked for is not done, in @error */
int bus_refuse_move(struct bus_face *face, struct session *session,
		    uint64_t start, uint64_t length, svmd_place to,
		    sd_bus_error *error);
int bus_refuse_evict(struct bus_face *face, uint32_t device,
		     sd_bus_error *error);

/* bus_dump.c */
int bus_dump(sd_bus_message *call, void *arg, sd_bus_error *error);
int bus_get_statistics(sd_bus_message *call, void *arg, sd_bus_error *error);
int bus_get_events(sd_bus_message *call, void *arg, sd_bus_error *error);

/* Appends one entry of a{sv}. */
int bus_append_entry(sd_bus_message *m, const char *name, const char *type,
		     ...);

static inline void bus_cleanup_message(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}
#define __message __cleanup(bus_cleanup_message)

#endif /* SVMD_BUS_PARTS_H */
