// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sessions from end to end: libsvm on one side of the socket, the daemon's list
 * of sessions on the other, its loop turned by hand. Clients that must block
 * are children.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <svm/session.h>

#include "server.h"
#include "unix_socket.h"

struct child {
	pid_t pid;
	int say;    /* close to let it go on */
	int result; /* it writes an int for each step */
};

/* A child that runs @body(fd to wait on, fd to write results to). */
static struct child spawn(int (*body)(int wait, int tell))
{
	struct child child;
	int say[2], result[2];

	assert_int_equal(pipe2(say, O_CLOEXEC), 0);
	assert_int_equal(pipe2(result, O_CLOEXEC), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (!child.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(say[1]);
		close(result[0]);
		_exit(body(say[0], result[1]));
	}
	close(say[0]);
	close(result[1]);
	child.say = say[1];
	child.result = result[0];
	return child;
}

static void step(int wait)
{
	char c;

	if (read(wait, &c, 1) < 0)
		_exit(3);
}

static void go_on(struct child *child)
{
	assert_int_equal(write(child->say, "x", 1), 1);
}

static void tell(int fd, int value)
{
	if (write(fd, &value, sizeof(value)) != sizeof(value))
		_exit(4);
}

static int told(struct server *server, struct child *child)
{
	struct pollfd pollfd = { .fd = child->result, .events = POLLIN };
	int value = -999, i;

	for (i = 0; i < 500 && poll(&pollfd, 1, 0) <= 0; i++)
		server_turn(server);
	assert_int_equal(read(child->result, &value, sizeof(value)),
			 sizeof(value));
	return value;
}

static void reap(struct child *child, int status)
{
	int got;

	close(child->say);
	close(child->result);
	assert_int_equal(waitpid(child->pid, &got, 0), child->pid);
	assert_int_equal(got, status);
}

static int join_as(struct svm **svm, struct svm_session **session,
		   uint32_t flags, const char *name)
{
	struct svm_join_opts opts = SVM_JOIN_OPTS_INIT;
	int ret = svm_open(svm, NULL);

	opts.flags = flags;
	opts.path = server_path;
	opts.name = name;
	return ret ? ret : svm_join(*svm, &opts, session);
}

static int client_life(int wait, int result)
{
	struct svm_session *session;
	struct svm *svm;
	int ret = join_as(&svm, &session, 0, "life\n");

	tell(result, ret);
	if (ret)
		return 1;
	tell(result, svm_session_process(session));
	tell(result, svm_session_hold(session, (void *)0x10000, 0x2000));
	tell(result, svm_session_hold(session, (void *)0x20000, 0x2000));
	tell(result, svm_session_release(session, (void *)0x10000, 0x2000));
	tell(result, svm_session_release(session, (void *)0x10000, 0x2000));
	tell(result, svm_session_hold(session, NULL, 0));
	step(wait);
	svm_leave(session);
	svm_close(svm);
	return 0;
}

static void joins_holds_and_leaves(void **state)
{
	struct server *server = *state;
	struct child child = spawn(client_life);
	struct session *session;

	assert_int_equal(told(server, &child), 0);
	assert_int_equal(server->joined, 1);
	session = sessions_at(server->all, 0);
	assert_ptr_equal(sessions_find(server->all, 1), session);
	assert_null(sessions_find(server->all, 2));
	assert_int_equal(session->peer.pid, child.pid);
	assert_int_equal(session->peer.uid, getuid());
	assert_string_equal(session->name, "life?");
	assert_int_equal(told(server, &child), 0);
	assert_int_equal(told(server, &child), 0);
	assert_int_equal(told(server, &child), 0);
	assert_int_equal(told(server, &child), 0);
	assert_int_equal(told(server, &child), -ENOENT);
	assert_int_equal(told(server, &child), -EINVAL);
	server_turn(server);
	assert_int_equal(session->nr_holds, 1);
	assert_ptr_equal(session->holds[0].addr, (void *)0x20000);
	go_on(&child);
	server_until(server, &server->left, 1);
	assert_int_equal(sessions_count(server->all), 0);
	reap(&child, 0);
}

/* Killed, it ends with its process though a child of it has the socket. */
static int client_forks(int wait, int result)
{
	struct svm_session *session;
	struct svm *svm;
	int ret = join_as(&svm, &session, 0, NULL);

	tell(result, ret);
	if (!fork()) {
		tell(result, svm_session_process(session));
		tell(result, svm_session_hold(session, session, 1));
		svm_leave(session);
		tell(result, (int)getpid());
		pause();
		_exit(0);
	}
	step(wait);
	return 0;
}

static void ends_with_its_process(void **state)
{
	struct server *server = *state;
	struct child child = spawn(client_forks);
	pid_t grandchild;

	assert_int_equal(told(server, &child), 0);
	assert_int_equal(told(server, &child), -EXDEV);
	assert_int_equal(told(server, &child), -EXDEV);
	grandchild = told(server, &child);
	assert_int_equal(sessions_count(server->all), 1);
	assert_int_equal(server->left, 0);
	kill(child.pid, SIGKILL);
	server_until(server, &server->left, 1);
	kill(grandchild, SIGKILL);
	reap(&child, SIGKILL);
}

/* By the caller's loop: waits for work, and stops when it is @value. */
static void loop_until(struct svm_session *session, int value)
{
	struct pollfd pollfd = { .fd = svm_session_fd(session),
				 .events = POLLIN };

	while (svm_session_process(session) != value)
		if (poll(&pollfd, 1, 10000) <= 0)
			_exit(5);
}

static int client_rejoins(int wait, int result)
{
	struct svm_session *session;
	struct svm *svm;
	int fd;

	tell(result, join_as(&svm, &session, SVM_JOIN_LATER, "later"));
	fd = svm_session_fd(session);
	tell(result, svm_session_process(session));
	tell(result, svm_session_hold(session, (void *)0x1000, 0x1000));
	tell(result, (int)svm_session_id(session));
	step(wait);
	loop_until(session, 0);
	tell(result, (int)svm_session_id(session));
	loop_until(session, -ENOTCONN);
	tell(result, (int)svm_session_id(session));
	loop_until(session, 0);
	tell(result, fd == svm_session_fd(session));
	step(wait);
	svm_leave(session);
	svm_close(svm);
	return 0;
}

static void rejoins(void **state)
{
	struct server *server = *state;
	struct child child;
	int steps[4], i;

	server_stop(server);
	child = spawn(client_rejoins);
	/* Not there: detached, and holds are remembered. */
	for (i = 0; i < 4; i++)
		assert_int_equal(read(child.result, &steps[i], sizeof(int)),
				 sizeof(int));
	assert_int_equal(steps[0], 0);
	assert_int_equal(steps[1], -ENOTCONN);
	assert_int_equal(steps[2], 0);
	assert_int_equal(steps[3], 0);
	server_start(server);
	go_on(&child);
	assert_int_equal(told(server, &child), 1);
	server_turn(server);
	assert_int_equal(sessions_at(server->all, 0)->nr_holds, 1);
	server_stop(server);
	assert_int_equal(server->left, 1);
	server_start(server);
	assert_int_equal(told(server, &child), 0);
	assert_int_equal(told(server, &child), 1);
	server_turn(server);
	assert_int_equal(sessions_at(server->all, 0)->nr_holds, 1);
	go_on(&child);
	server_until(server, &server->left, 1);
	reap(&child, 0);
}

/*
 * What there is to do for who polls, until there is nothing: a session that
 * never comes to rest would keep its loop busy.
 */
static bool comes_to_rest(struct svm_session *session)
{
	struct pollfd pollfd = { .fd = svm_session_fd(session),
				 .events = POLLIN };
	int turns;

	for (turns = 0; turns < 1000 && poll(&pollfd, 1, 100) > 0; turns++)
		(void)svm_session_process(session);
	return turns < 1000;
}

/* Once svmd's socket is made there is something to do at once: it calls. */
static bool calls_a_new_socket(struct svm_session *session)
{
	struct pollfd pollfd = { .fd = svm_session_fd(session),
				 .events = POLLIN };
	int ready, caller,
		listener =
			unix_socket_listen(server_path, SOCK_SEQPACKET, 0666);

	ready = poll(&pollfd, 1, 0);
	(void)svm_session_process(session);
	caller = accept(listener, NULL, NULL);
	/* Nobody listens any more. */
	close(listener);
	close(caller);
	return ready == 1 && caller >= 0;
}

/* What else is made in the directory is no reason to. */
static bool minds_its_own(struct svm_session *session)
{
	char beside[sizeof(server_path) + 8];
	int fd;

	snprintf(beside, sizeof(beside), "%s.beside", server_path);
	fd = open(beside, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	return fd >= 0 && !close(fd) && !unlink(beside) &&
	       svm_session_process(session) == -ENOTCONN &&
	       comes_to_rest(session);
}

static int client_watches(int wait, int result)
{
	struct svm_session *session;
	struct svm *svm;
	pid_t child;

	tell(result, join_as(&svm, &session, 0, "watcher"));
	/* It has copies of all, and keeps them. */
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	step(wait);
	loop_until(session, -ENOTCONN);
	tell(result, comes_to_rest(session));
	tell(result, minds_its_own(session));
	tell(result, calls_a_new_socket(session));
	loop_until(session, 0);
	tell(result, comes_to_rest(session));
	kill(child, SIGKILL);
	svm_leave(session);
	svm_close(svm);
	return 0;
}

static void is_called_when_svmd_is_back(void **state)
{
	struct server *server = *state;
	int steps[3], i, watch = inotify_init1(IN_CLOEXEC);
	struct child child;

	/* This user may have too many already. */
	if (watch < 0)
		skip();
	close(watch);
	child = spawn(client_watches);
	assert_int_equal(told(server, &child), 0);
	server_stop(server);
	go_on(&child);
	for (i = 0; i < 3; i++)
		assert_int_equal(read(child.result, &steps[i], sizeof(int)),
				 sizeof(int));
	assert_int_equal(steps[0], true);
	assert_int_equal(steps[1], true);
	assert_int_equal(steps[2], true);
	server_start(server);
	assert_int_equal(told(server, &child), true);
	server_until(server, &server->left, 1);
	reap(&child, 0);
}

static bool no_inotify;

/* In place of the C library's: a user may have too many already. */
__attribute__((visibility("default"))) int inotify_init1(int flags)
{
	if (!no_inotify)
		return (int)syscall(SYS_inotify_init1, flags);
	errno = EMFILE;
	return -1;
}

/* There is a timer for that. */
static void rejoins_without_a_watch(void **state)
{
	no_inotify = true;
	rejoins(state);
	no_inotify = false;
}

static int client_once(int wait, int result)
{
	struct svm_session *session;
	struct svm *svm;

	tell(result, join_as(&svm, &session, 0, NULL));
	step(wait);
	return 0;
}

static void limits_are_kept(void **state)
{
	struct server *server = *state;
	struct child first, second;

	server->per_user = 1;
	first = spawn(client_once);
	assert_int_equal(told(server, &first), 0);
	second = spawn(client_once);
	assert_int_equal(told(server, &second), -EUSERS);
	go_on(&second);
	reap(&second, 0);
	server->per_user = 100;
	server->most = 1;
	second = spawn(client_once);
	assert_int_equal(told(server, &second), -EUSERS);
	go_on(&second);
	reap(&second, 0);
	go_on(&first);
	reap(&first, 0);
	server_until(server, &server->left, 1);
}

static int client_of_another(int wait, int result)
{
	struct svm_open_opts to = SVM_OPEN_OPTS_INIT;
	struct svm_join_opts opts = SVM_JOIN_OPTS_INIT;
	struct svm_session *session = NULL;
	struct svm *svm = NULL;
	pid_t pid = sleeper(getuid());
	int ret;

	to.pid = pid;
	opts.path = server_path;
	ret = svm_open(&svm, &to);
	if (!ret)
		ret = svm_join(svm, &opts, &session);
	tell(result, ret);
	tell(result, pid);
	step(wait);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	step(wait);
	svm_leave(session);
	svm_close(svm);
	return 0;
}

static void joins_for_another(void **state)
{
	struct server *server = *state;
	struct child child = spawn(client_of_another);
	struct session *session;

	assert_int_equal(told(server, &child), 0);
	assert_int_equal(server->joined, 1);
	session = sessions_at(server->all, 0);
	assert_int_equal(session->peer.pid, told(server, &child));
	assert_int_not_equal(session->peer.pid, child.pid);
	assert_int_equal(session->peer.uid, getuid());
	/* It ends with that process, although the one that joined goes on. */
	go_on(&child);
	server_until(server, &server->left, 1);
	go_on(&child);
	reap(&child, 0);
}

static void nobody_there(void **state)
{
	struct svm_session *session = NULL;
	struct svm_join_opts opts = SVM_JOIN_OPTS_INIT;
	struct svm *svm;

	(void)state;
	assert_int_equal(svm_open(&svm, NULL), 0);
	opts.path = "/nonexistent/session";
	assert_int_equal(svm_join(svm, &opts, &session), -ENOENT);
	assert_null(session);
	opts.flags = SVM_JOIN_LATER;
	assert_int_equal(svm_join(svm, &opts, &session), 0);
	assert_int_equal(svm_session_process(session), -ENOTCONN);
	assert_int_equal(svm_session_id(session), 0);
	session = svm_leave(session);
	opts.flags = 8;
	assert_int_equal(svm_join(svm, &opts, &session), -EINVAL);
	opts.flags = 0;
	opts.name =
		"a name that is much longer than the sixty-three bytes that a name may have";
	assert_int_equal(svm_join(svm, &opts, &session), -EINVAL);
	assert_int_equal(svm_join(NULL, NULL, &session), -EINVAL);
	assert_int_equal(svm_session_process(NULL), -EINVAL);
	assert_int_equal(svm_session_fd(NULL), -EINVAL);
	assert_int_equal(svm_session_release(NULL, NULL, 1), -EINVAL);
	assert_null(svm_leave(NULL));
	svm_close(svm);
}

static void survives_a_restart(void **state)
{
	struct server *server = *state;
	struct child child = spawn(client_life);
	struct session *session;
	int fds[2], i;

	assert_int_equal(told(server, &child), 0);
	for (i = 0; i < 6; i++)
		(void)told(server, &child);
	server_turn(server);
	session = sessions_at(server->all, 0);
	/* As the service manager's store has them, in some order. */
	fds[1] = fcntl(session->socket, F_DUPFD_CLOEXEC, 3);
	fds[0] = fcntl(session->pidfd, F_DUPFD_CLOEXEC, 3);
	server_stop(server);
	server_start(server);
	assert_int_equal(sessions_restore(server->all, 1, fds, 2), 0);
	session = sessions_at(server->all, 0);
	assert_int_equal(server->again, 1);
	assert_int_equal(session->id, 1);
	assert_int_equal(server->all->last_id, 1);
	assert_string_equal(session->name, "life?");
	assert_int_equal(session->nr_holds, 1);
	go_on(&child);
	server_until(server, &server->left, 1);
	reap(&child, 0);
	/* Half a session is none. */
	fds[0] = open_pidfd(getpid());
	assert_int_equal(sessions_restore(server->all, 8, fds, 1), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_CASE(joins_holds_and_leaves),
		SERVER_CASE(ends_with_its_process),
		SERVER_CASE(rejoins),
		SERVER_CASE(is_called_when_svmd_is_back),
		SERVER_CASE(rejoins_without_a_watch),
		SERVER_CASE(limits_are_kept),
		SERVER_CASE(joins_for_another),
		SERVER_CASE(nobody_there),
		SERVER_CASE(survives_a_restart),
	};

	return cmocka_run_group_tests(tests, server_group_setup,
				      server_group_teardown);
}
