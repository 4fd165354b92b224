/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closing descriptors that somebody sent us and that are not what they should
 * be. close(2) of a file on a FUSE mount waits for its server, for ever if that
 * wants so; so strangers' files are closed by threads that nobody waits for.
 */
#ifndef SVMD_CLOSER_H
#define SVMD_CLOSER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * close_strangers() - close descriptors, without waiting for it
 * @uid: who sent them.
 * @fds: the descriptors; all are set to -1.
 * @nr: how many.
 *
 * At most CLOSERS_MAX threads are at it; what comes while all of them have
 * something to close waits for one of them, for ever if all of them hang. So take
 * no more from one who has too many of them: see strangers_too_many().
 *
 * Returns 0, or -ENOMEM or -EAGAIN if the descriptors may be left open: the caller
 * should say so.
 */
#define CLOSERS_MAX 16
int close_strangers(uid_t uid, int *fds, size_t nr);

/**
 * strangers_too_many() - whether to take descriptors of a user
 * @uid: the user.
 *
 * Not while STRANGERS_PER_USER of that user's, or STRANGERS_MAX of all, are not
 * closed yet: each of them may be open for ever, and we can have but so many.
 */
#define STRANGERS_PER_USER 256
#define STRANGERS_MAX 65536
bool strangers_too_many(uid_t uid);

/* Threads that close, or have not yet freed what they closed by. */
unsigned int closers_at_work(void);

#endif /* SVMD_CLOSER_H */
