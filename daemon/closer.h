/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closing descriptors that somebody sent us and that are not what they should
 * be. close(2) of a file on a FUSE mount waits for its server, for ever if that
 * wants so; so strangers' files are closed by threads that nobody waits for.
 */
#ifndef SVMD_CLOSER_H
#define SVMD_CLOSER_H

#include <stddef.h>

/**
 * close_strangers() - close descriptors, without waiting for it
 * @fds: the descriptors; all are set to -1.
 * @nr: how many.
 *
 * At most CLOSERS_MAX threads are at it; what comes while all of them have
 * something to close waits for one of them, for ever if all of them hang.
 *
 * Returns 0, or -ENOMEM or -EAGAIN if the descriptors may be left open: the caller
 * should say so.
 */
#define CLOSERS_MAX 16
int close_strangers(int *fds, size_t nr);

/* Threads that close, or have not yet freed what they closed by. */
unsigned int closers_at_work(void);

#endif /* SVMD_CLOSER_H */
