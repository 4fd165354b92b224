/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is at the other end of a socket, and whether what it sent is what it
 * should be. Nothing here trusts the peer, and nothing waits for it: a
 * descriptor from a peer may be a file on a file system of the peer's own, whose
 * every operation may block. No state.
 */
#ifndef SVMD_PEER_H
#define SVMD_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct peer - a process that has connected
 * @pid: the process, as it was when it connected.
 * @uid: its user then.
 * @gid: its group then.
 */
struct peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/* Returns 0, -ESRCH for a peer outside of our PID namespace, or an error. */
int peer_of(int socket, struct peer *peer);

/**
 * peer_pidfd() - a pidfd of the process that joins
 * @socket: the connection.
 * @peer: its peer_of(); becomes the process that joins.
 * @sent: the pidfd that the peer sent. Not taken over.
 *
 * The peer itself: then from the kernel where it has SO_PEERPIDFD (Linux 6.5),
 * else a copy of @sent. Or another for which it joins, see peer_may_join().
 *
 * Returns a descriptor; -EBADF if @sent is no pidfd; -EPERM if the process is not
 * the peer's to join; -ESRCH if it has ended.
 */
int peer_pidfd(int socket, struct peer *peer, int sent);

/**
 * peer_may_join() - whether a peer may join for a process
 * @peer: the peer.
 * @pid: the process. Its number may be another's meanwhile: look at its pidfd
 *	afterwards.
 *
 * One of the same user that has not gained or kept anything beyond that user,
 * and that may be looked into: with such a one it could do by ptrace(2) what it
 * likes. Itself also if it may not be looked into, as one that was root before;
 * but not what it has become since it connected, by exec of a set-user-ID
 * program. Root may join for itself whatever it is.
 *
 * What is true now need not be so later: see session_check().
 */
bool peer_may_join(const struct peer *peer, pid_t pid);

/* The process of a pidfd: -ESRCH if it has ended, -EBADF if it is no pidfd. */
pid_t pidfd_pid(int pidfd);

/* Whether @fd is an open /dev/svmN. @sysfs is "/sys", or a mock of it. */
bool fd_is_context(int fd, const char *sysfs);

/* Whether @fd is something whose close(2) can't block. */
bool fd_is_harmless(int fd, const char *sysfs);

/* "name" of a process, @size bytes with the NUL; "" if it can't be read. */
void peer_name(pid_t pid, char *name, size_t size);

/* The cgroup of a process (version 2), to be freed, or NULL. */
char *peer_cgroup(pid_t pid);

#endif /* SVMD_PEER_H */
