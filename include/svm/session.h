/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Joining svmd: the daemon then places this process' memory.
 *
 * A process that joins hands its contexts to svmd, which from then on watches
 * how its memory is used and moves it, by the node's policy. It may hold ranges
 * that shall stay where they are. Everything goes on without svmd as well: the
 * session is then detached, and nobody moves memory but the process itself.
 *
 * A session ends with svm_leave() or with its process. If svmd is restarted by
 * the service manager, the session goes on. If it was stopped and comes back,
 * the process has to join again; the library has no thread of its own, so the
 * caller's loop does it:
 *
 *	fd = svm_session_fd(session);	// stays the same
 *	poll for POLLIN on fd		// wakes when there is something to do
 *	svm_session_process(session);	// never blocks
 *
 * A program without a loop may call svm_session_process() now and then, or
 * never: then it is detached once svmd was stopped.
 *
 * The conventions of <svm/svm.h> hold. One session may be used by many threads;
 * leaving is for one. A process may have several sessions. After fork() the
 * child's use of the parent's session gives -EXDEV; svm_leave() in the child
 * frees its copy and does not end the parent's session.
 */
#ifndef SVM_SESSION_H
#define SVM_SESSION_H

#include <svm/svm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct svm_session;

/**
 * enum svm_join_flags - flags of svm_join()
 * @SVM_JOIN_LATER: if svmd can't be reached, make a detached session that joins
 *	by svm_session_process() once it can.
 */
enum svm_join_flags {
	SVM_JOIN_LATER = 1 << 0,
};

/**
 * struct svm_join_opts - how to join
 * @size: sizeof(struct svm_join_opts).
 * @flags: mask of enum svm_join_flags.
 * @name: what operators see, up to 63 bytes; NULL for the program's name.
 * @path: svmd's socket; NULL for the usual one.
 * @timeout_ms: how long to wait for svmd's answer; 0 for 5 seconds.
 * @reserved: must be 0.
 */
struct svm_join_opts {
	uint32_t size;
	uint32_t flags;
	const char *name;
	const char *path;
	uint32_t timeout_ms;
	uint32_t reserved;
};
#define SVM_JOIN_OPTS_INIT { sizeof(struct svm_join_opts), 0, NULL, NULL, 0, 0 }

/**
 * svm_join() - join svmd
 * @svm: the handle; must stay open until svm_leave().
 * @opts: how, or NULL.
 * @out: the session, to be ended by svm_leave().
 *
 * A handle on another process joins for that one, if it is of the caller's user
 * and has no more privileges: the session ends with either of the two.
 *
 * Returns 0; -ENOENT or -ECONNREFUSED if there is no svmd; -ETIMEDOUT if it
 * does not answer; -EACCES if the caller may not join; -EUSERS if the user or
 * svmd has too many sessions; -EPERM if the process is not the caller's to join;
 * -ESRCH if it has ended; -EPROTO if svmd speaks another version; -EXDEV in a
 * forked child; -EINVAL for a name or path that is too long, or an unknown flag;
 * -EMFILE, -ENFILE, -ENOMEM.
 */
int svm_join(struct svm *svm, const struct svm_join_opts *opts,
	     struct svm_session **out);

/**
 * svm_leave() - end a session
 * @session: the session, or NULL.
 *
 * Memory stays where it is; holds end. Returns NULL.
 */
struct svm_session *svm_leave(struct svm_session *session);

/**
 * svm_session_fd() - what to poll
 * @session: the session.
 *
 * Returns a descriptor that becomes readable when svm_session_process() has
 * something to do. It stays the same and belongs to the session. -EINVAL
 * without a session.
 */
int svm_session_fd(const struct svm_session *session);

/**
 * svm_session_process() - keep the session joined
 * @session: the session.
 *
 * Notices that svmd is gone, and joins it again when its socket is back. Where
 * that can't be watched it is tried ever less often, down to once in 5 seconds.
 * Never blocks.
 *
 * Returns 0 when the session is joined; -ENOTCONN when it is detached and will
 * try again; the reason when svmd refused it: then it stays detached for good.
 * -EXDEV in a forked child.
 */
int svm_session_process(struct svm_session *session);

/**
 * svm_session_id() - the number that svmd knows the session by
 * @session: the session.
 *
 * Returns the number, 0 while detached. It may change when the session joins
 * again.
 */
uint64_t svm_session_id(const struct svm_session *session);

/**
 * svm_session_hold() - have svmd leave a range where it is
 * @session: the session.
 * @addr: where the range begins.
 * @length: bytes, not 0.
 *
 * For svmd only: svm_migrate() moves it all the same. Survives rejoining.
 * Holding the same range twice needs two releases.
 *
 * Returns 0, -ENOSPC beyond 256 holds, -EINVAL, -EXDEV, -ENOMEM.
 */
int svm_session_hold(struct svm_session *session, const void *addr,
		     size_t length);

/**
 * svm_session_release() - end a hold
 * @session: the session.
 * @addr: as it was held.
 * @length: as it was held.
 *
 * Returns 0, -ENOENT if there is no such hold, -EXDEV.
 */
int svm_session_release(struct svm_session *session, const void *addr,
			size_t length);

#ifdef __cplusplus
}
#endif

#endif /* SVM_SESSION_H */
