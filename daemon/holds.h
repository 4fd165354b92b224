/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds of callers on the bus: while one lasts, nothing of a session, or
 * nothing into or out of a node or device, is moved by svmd's own decisions. A
 * hold has a cookie, and dies with the connection that took it.
 *
 * At most HOLDS_PER_SENDER of a connection, and HOLDS_PER_USER of a user other
 * than root. Of the loop's thread.
 */
#ifndef SVMD_HOLDS_H
#define SVMD_HOLDS_H

#include <stdint.h>
#include <sys/types.h>

#include <systemd/sd-bus.h>

#include "config.h"

#define HOLDS_PER_SENDER 64
#define HOLDS_PER_USER 256

struct daemon;
struct holds;

/**
 * struct hold - a hold
 * @next: in the list.
 * @all: the list.
 * @cookie: its number.
 * @type: SVMD_SCOPE_SESSION, SVMD_SCOPE_NODE or SVMD_SCOPE_DEVICE.
 * @id: of that.
 * @uid: who took it.
 * @sender: the connection.
 * @reason: what the caller said.
 * @track: of the connection.
 */
struct hold {
	struct hold *next;
	struct holds *all;
	uint32_t cookie;
	enum svmd_scope_type type;
	uint64_t id;
	uid_t uid;
	char *sender;
	char *reason;
	sd_bus_track *track;
};

/**
 * struct holds_ops - who is told of what
 * @changed: the list has changed.
 * @held: this session, node or device is held now, or is no longer.
 * @arg: for both.
 */
struct holds_ops {
	void (*changed)(void *arg);
	void (*held)(enum svmd_scope_type type, uint64_t id, void *arg);
	void *arg;
};

int holds_new(struct holds **out, struct daemon *daemon, sd_bus *bus,
	      const struct holds_ops *ops);
struct holds *holds_free(struct holds *holds);

/* 0; -EUSERS if the sender has too many; -ENOENT for no such thing. */
int holds_take(struct holds *holds, const struct svmd_scope_key *key, uid_t uid,
	       const char *sender, const char *reason, uint32_t *cookie);

/* NULL if there is none. */
struct hold *holds_find(struct holds *holds, uint32_t cookie);
void holds_release(struct hold *hold);

/* The first of the list. */
const struct hold *holds_first(const struct holds *holds);

/* After telemetry: nodes and devices may be new ones. */
void holds_apply(struct holds *holds);

#endif /* SVMD_HOLDS_H */
