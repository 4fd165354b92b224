/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's end of the socket for tests with cmocka: its list of sessions,
 * whose loop the test turns, and whom it serves. One at a time.
 */
#ifndef SVMD_TEST_SERVER_H
#define SVMD_TEST_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sessions.h"

/**
 * struct server - a list of sessions that others can join
 * @base: its loop.
 * @all: the list.
 * @most: sessions that may be, and
 * @per_user: those of a user; 100 at first.
 * @joined: how often somebody did, and
 * @again: how many of them had been there before.
 * @left: how often somebody did.
 */
struct server {
	struct event_base *base;
	struct sessions *all;
	uint32_t most;
	uint32_t per_user;
	unsigned int joined;
	unsigned int again;
	unsigned int left;
};

/* Where it listens. */
extern char server_path[64];

/* For the group: a directory for the socket. */
int server_group_setup(void **state);
int server_group_teardown(void **state);

/* A test's fixture, *@state being the server, and what that is made of. */
int server_setup(void **state);
int server_teardown(void **state);
void server_start(struct server *server);
void server_stop(struct server *server);

/* Turns the loop a few times. */
void server_turn(struct server *server);

/* Turns the loop until *@what has reached @value, or for 10 s. */
void server_until(struct server *server, const unsigned int *what,
		  unsigned int value);

/* A process that does nothing, until it is killed or who made it ends. */
pid_t sleeper(uid_t uid);

int open_pidfd(pid_t pid);

#define SERVER_CASE(name) \
	cmocka_unit_test_setup_teardown(name, server_setup, server_teardown)

#endif /* SVMD_TEST_SERVER_H */
