/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door: the socket at which address spaces of the program join.
 */
#ifndef SVM_RUN_DOOR_H
#define SVM_RUN_DOOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "hello.h"

struct door;
struct event_base;

/*
 * struct newcomer - an address space that has joined
 * @forked: a forked copy; else a program has started in it.
 * @pid: its process, as this process sees it.
 * @pidfd: the same. Set to -1 to keep it.
 * @nr_contexts: number of entries in @contexts.
 * @contexts: open devices, bound to it. Set @nr_contexts to 0 to keep them.
 */
struct newcomer {
	bool forked;
	pid_t pid;
	int pidfd;
	unsigned int nr_contexts;
	int contexts[HELLO_CONTEXTS_MAX];
};

typedef void (*door_fn)(void *arg, struct newcomer *newcomer);

/*
 * door_open() - listen
 * @out: the door.
 * @base: the loop in which @joined is called.
 * @joined: called for each newcomer; closes nothing.
 * @arg: for @joined.
 *
 * Returns 0 or a negative errno value.
 */
int door_open(struct door **out, struct event_base *base, door_fn joined,
	      void *arg);

/*
 * door_key() - "NAME:SECRET", the beginning of the value of HELLO_ENV
 */
const char *door_key(const struct door *door);

/*
 * door_drain() - take in everybody who has knocked so far, without waiting
 */
void door_drain(struct door *door);

struct door *door_close(struct door *door);

#endif /* SVM_RUN_DOOR_H */
