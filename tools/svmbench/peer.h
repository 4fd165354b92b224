/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The peer: the kernel's own test of device memory, lib/test_hmm, through
 * /dev/hmm_dmirror0. It moves memory to a device that is system memory, like a
 * ram device of ours.
 *
 * Limits: it is no benchmark. After a move to the device it copies the memory
 * out again, to a buffer of the caller's, within the same call; and closing it
 * brings everything home.
 */
#ifndef SVMBENCH_PEER_H
#define SVMBENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_NAME "hmm0"
#define PEER_PATH "/dev/hmm_dmirror0"

/*
 * struct peer - it
 * @here: the device is there and may be opened.
 */
struct peer {
	bool here;
};

/* Looks for it. */
void peer_find(struct peer *peer);

/*
 * Opens it for this address space, of which it then hears everything: to be
 * closed before anything else is timed. Returns a descriptor or a negative errno
 * value.
 */
int peer_open(void);

/*
 * peer_move() - move memory there or back
 * @fd: from peer_open().
 * @addr: where it begins.
 * @bytes: how much.
 * @buffer: for the way there: as much memory, to which it is copied out; NULL for
 *	the way back.
 *
 * Returns 0 or a negative errno value. What moved is for the caller to find out.
 */
int peer_move(int fd, void *addr, size_t bytes, void *buffer);

#endif /* SVMBENCH_PEER_H */
