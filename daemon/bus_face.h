/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * svmd on D-Bus: org.svmd1. What objects and interfaces there are is described
 * in org.svmd1(5).
 *
 * Each interface has a file, which knows how to show the daemon's state and
 * calls its parts to change it; nothing else of the daemon knows the bus.
 * Everything here is of the loop's thread, and only asking the bus driver for
 * the caller's user waits for an answer.
 */
#ifndef SVMD_BUS_FACE_H
#define SVMD_BUS_FACE_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

struct bus_face;
struct daemon;
struct session;
struct svmd_scope_key;

#define BUS_NAME "org.svmd1"
#define BUS_ROOT "/org/svmd1"

/**
 * bus_face_new() - connect and show the daemon
 * @out: the face.
 * @daemon: the daemon.
 * @bus: "system", "user", or an address.
 *
 * The name is requested; it is had once the bus has said so.
 */
int bus_face_new(struct bus_face **out, struct daemon *daemon, const char *bus);

/* Returns NULL. */
struct bus_face *bus_face_free(struct bus_face *face);

/* Before each poll; see bus_loop.h. @face may be NULL, for all below. */
int bus_face_prepare(struct bus_face *face);

/* A round is over: say what came, went or changed its state. */
void bus_face_round(struct bus_face *face);

void bus_face_joined(struct bus_face *face, const struct session *session);
void bus_face_left(struct bus_face *face, const struct session *session);

/* Parameters of a scope have changed. */
void bus_face_scope(struct bus_face *face, const struct svmd_scope_key *key);

/* The configuration as a whole has. */
void bus_face_reloaded(struct bus_face *face);

/**
 * bus_face_introspect() - write the XML of an object to stdout
 * @path: "list" for the paths there are.
 *
 * Returns 0, -ENOENT for no such path, or another error.
 */
int bus_face_introspect(const char *path);

#endif /* SVMD_BUS_FACE_H */
