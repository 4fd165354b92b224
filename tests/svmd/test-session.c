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
#include <netinet/in.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <svm/session.h>

#include "clock.h"
#include "log.h"
#include "closer.h"
#include "sessions.h"
#include "unix_socket.h"

static char dir[] = "/tmp/svmd-test-XXXXXX";
static char path[64];

struct server {
	struct event_base *base;
	struct sessions *all;
	uint32_t most;
	uint32_t per_user;
	unsigned int joined;
	unsigned int again;
	unsigned int left;
};

static void limits(uint32_t *all, uint32_t *per_user, void *arg)
{
	struct server *server = arg;

	*all = server->most;
	*per_user = server->per_user;
}

static void joined(struct session *session, bool again, void *arg)
{
	struct server *server = arg;

	(void)session;
	server->joined++;
	server->again += again;
}

static void left(struct session *session, void *arg)
{
	(void)session;
	((struct server *)arg)->left++;
}

static void start(struct server *server)
{
	struct sessions_ops ops = { limits, joined, left, server };
	int fd;

	memset(server, 0, sizeof(*server));
	server->most = 100;
	server->per_user = 100;
	server->base = event_base_new();
	assert_int_equal(
		sessions_new(&server->all, server->base, "/sys", dir, &ops), 0);
	fd = unix_socket_listen(path, SOCK_SEQPACKET, 0666);
	assert_true(fd >= 0);
	assert_int_equal(sessions_listen(server->all, fd), 0);
}

static void stop(struct server *server)
{
	sessions_free(server->all);
	event_base_free(server->base);
	unlink(path);
}

static int setup(void **state)
{
	struct server *server = malloc(sizeof(*server));

	start(server);
	*state = server;
	return 0;
}

static int teardown(void **state)
{
	stop(*state);
	free(*state);
	return 0;
}

/* Turns the loop until *@what has reached @value, or for 10 s. */
static void until(struct server *server, const unsigned int *what,
		  unsigned int value)
{
	uint64_t end = clock_usec() + 10 * USEC_PER_SEC;
	struct timeval step = { 0, 20000 };

	while (*what < value && clock_usec() < end) {
		event_base_loopexit(server->base, &step);
		event_base_loop(server->base, EVLOOP_ONCE);
	}
	assert_int_equal(*what, value);
}

static void turn(struct server *server)
{
	struct timeval step = { 0, 20000 };
	int i;

	for (i = 0; i < 3; i++) {
		event_base_loopexit(server->base, &step);
		event_base_loop(server->base, EVLOOP_ONCE);
	}
}

/* --- by the library -------------------------------------------------------- */

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
		turn(server);
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
	opts.path = path;
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
	turn(server);
	assert_int_equal(session->nr_holds, 1);
	assert_ptr_equal(session->holds[0].addr, (void *)0x20000);
	go_on(&child);
	until(server, &server->left, 1);
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
	until(server, &server->left, 1);
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

	stop(server);
	child = spawn(client_rejoins);
	/* Not there: detached, and holds are remembered. */
	for (i = 0; i < 4; i++)
		assert_int_equal(read(child.result, &steps[i], sizeof(int)),
				 sizeof(int));
	assert_int_equal(steps[0], 0);
	assert_int_equal(steps[1], -ENOTCONN);
	assert_int_equal(steps[2], 0);
	assert_int_equal(steps[3], 0);
	start(server);
	go_on(&child);
	assert_int_equal(told(server, &child), 1);
	turn(server);
	assert_int_equal(sessions_at(server->all, 0)->nr_holds, 1);
	stop(server);
	assert_int_equal(server->left, 1);
	start(server);
	assert_int_equal(told(server, &child), 0);
	assert_int_equal(told(server, &child), 1);
	turn(server);
	assert_int_equal(sessions_at(server->all, 0)->nr_holds, 1);
	go_on(&child);
	until(server, &server->left, 1);
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
		listener = unix_socket_listen(path, SOCK_SEQPACKET, 0666);

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
	char beside[sizeof(path) + 8];
	int fd;

	snprintf(beside, sizeof(beside), "%s.beside", path);
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
	stop(server);
	go_on(&child);
	for (i = 0; i < 3; i++)
		assert_int_equal(read(child.result, &steps[i], sizeof(int)),
				 sizeof(int));
	assert_int_equal(steps[0], true);
	assert_int_equal(steps[1], true);
	assert_int_equal(steps[2], true);
	start(server);
	assert_int_equal(told(server, &child), true);
	until(server, &server->left, 1);
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
	until(server, &server->left, 1);
}

/* A process that does nothing, until it is killed or who made it ends. */
static pid_t sleeper(uid_t uid)
{
	int ready[2];
	pid_t pid;
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) != 1)
			pid = -1;
		close(ready[0]);
		return pid;
	}
	if (uid != getuid() && setuid(uid))
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(ready[1], "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
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
	opts.path = path;
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
	until(server, &server->left, 1);
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

/* --- by hand: what is not as it should be ----------------------------------- */

static int call(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	return fd;
}

static void send_with(int fd, const void *data, size_t size, const int *fds,
		      size_t nr)
{
	struct iovec iov = { (void *)data, size };
	char control[CMSG_SPACE(sizeof(int) * 80)] = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nr) {
		struct cmsghdr *part;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nr);
		part = CMSG_FIRSTHDR(&msg);
		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN(sizeof(int) * nr);
		memcpy(CMSG_DATA(part), fds, sizeof(int) * nr);
	}
	assert_int_equal(sendmsg(fd, &msg, MSG_NOSIGNAL), size);
}

static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static struct svm_wire_hello good_hello(void)
{
	struct svm_wire_hello hello = {
		.head = SVM_WIRE_HEAD(SVM_WIRE_HELLO, hello),
		.name = "hand",
	};

	return hello;
}

/* What svmd answers: an error, 0 for a welcome, 1 for nothing but hanging up. */
static int answer_of(struct server *server, int fd)
{
	union svm_wire_packet packet;
	ssize_t got = -1;
	int i;

	for (i = 0; i < 100; i++) {
		turn(server);
		got = recv(fd, &packet, sizeof(packet), MSG_DONTWAIT);
		if (got >= 0 || errno != EAGAIN)
			break;
	}
	if (got <= 0)
		return 1;
	if (packet.head.type == SVM_WIRE_WELCOME)
		return 0;
	assert_int_equal(packet.head.type, SVM_WIRE_REFUSED);
	assert_int_equal(got, sizeof(packet.refused));
	return packet.refused.error;
}

static unsigned int open_fds(void)
{
	unsigned int nr = 0;
	int fd;

	for (fd = 0; fd < 1024; fd++)
		nr += fcntl(fd, F_GETFD) >= 0;
	return nr;
}

static int try_hello(struct server *server, const struct svm_wire_hello *hello,
		     size_t size, const int *fds, size_t nr)
{
	int fd = call(), ret;

	send_with(fd, hello, size, fds, nr);
	ret = answer_of(server, fd);
	close(fd);
	return ret;
}

#define NOBODY 65534

static void bad_hellos_are_refused(void **state)
{
	struct server *server = *state;
	struct svm_wire_hello hello = good_hello();
	/* Only root can be somebody else; to others process 1 is. */
	pid_t stranger = getuid() ? 1 : sleeper(NOBODY);
	int self = open_pidfd(getpid()), other = open_pidfd(stranger);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int two[2] = { self, null }, many[80], i;
	unsigned int before = open_fds();
	size_t size = sizeof(hello);

	assert_int_equal(try_hello(server, &hello, size, NULL, 0), -EINVAL);
	assert_int_equal(try_hello(server, &hello, size, two, 2), -EINVAL);
	assert_int_equal(try_hello(server, &hello, size, &null, 1), -EBADF);
	assert_int_equal(try_hello(server, &hello, size, &other, 1), -EPERM);
	assert_int_equal(try_hello(server, &hello, size - 1, &self, 1),
			 -EPROTO);
	assert_int_equal(try_hello(server, &hello, 1, &self, 1), -EPROTO);
	for (i = 0; i < 80; i++)
		many[i] = self;
	hello.nr_contexts = 65;
	assert_int_equal(try_hello(server, &hello, size, many, 66), -EINVAL);
	hello.nr_contexts = 79;
	assert_int_equal(try_hello(server, &hello, size, many, 80), -EPROTO);
	/* /dev/null is a character device, and yet no context. */
	hello.nr_contexts = 1;
	assert_int_equal(try_hello(server, &hello, size, two, 2), -EBADF);
	hello = good_hello();
	hello.head.version++;
	assert_int_equal(try_hello(server, &hello, size, &self, 1), -EPROTO);
	hello = good_hello();
	hello.head.type = SVM_WIRE_HOLD;
	assert_int_equal(try_hello(server, &hello, size, &self, 1), -EPROTO);
	hello = good_hello();
	memset(hello.name, 'x', sizeof(hello.name));
	assert_int_equal(try_hello(server, &hello, size, &self, 1), -EINVAL);
	hello = good_hello();
	hello.reserved = 1;
	assert_int_equal(try_hello(server, &hello, size, &self, 1), -EINVAL);

	hello = good_hello();
	assert_int_equal(try_hello(server, &hello, size, &self, 1), 0);
	until(server, &server->left, 1);
	/* The closer's threads may be at it yet. */
	for (i = 0; i < 100 && open_fds() > before; i++)
		turn(server);
	assert_int_equal(open_fds(), before);
	if (stranger != 1) {
		kill(stranger, SIGKILL);
		waitpid(stranger, NULL, 0);
	}
	close(self);
	close(other);
	close(null);
}

static int hand_session(struct server *server)
{
	struct svm_wire_hello hello = good_hello();
	int fd = call(), self = open_pidfd(getpid());

	send_with(fd, &hello, sizeof(hello), &self, 1);
	assert_int_equal(answer_of(server, fd), 0);
	close(self);
	return fd;
}

static void breaking_the_rules_ends_it(void **state)
{
	struct server *server = *state;
	struct svm_wire_hold hold = {
		.head = SVM_WIRE_HEAD(SVM_WIRE_HOLD, hold),
		.addr = 0x1000,
		.length = 0x1000,
	};
	struct svm_wire_hold bad;
	int fd, self, i;

	/* Descriptors that come with a hold are nobody's. */
	fd = hand_session(server);
	self = open_pidfd(getpid());
	send_with(fd, &hold, sizeof(hold), &self, 1);
	turn(server);
	assert_int_equal(server->left, 0);
	assert_int_equal(sessions_at(server->all, 0)->nr_holds, 1);
	close(self);
	bad = hold;
	bad.length = 0;
	send_with(fd, &bad, sizeof(bad), NULL, 0);
	until(server, &server->left, 1);
	close(fd);

	fd = hand_session(server);
	bad = hold;
	bad.addr = UINT64_MAX - 10;
	send_with(fd, &bad, sizeof(bad), NULL, 0);
	until(server, &server->left, 2);
	close(fd);

	fd = hand_session(server);
	bad = hold;
	bad.head.type = SVM_WIRE_RELEASE;
	send_with(fd, &bad, sizeof(bad), NULL, 0);
	until(server, &server->left, 3);
	close(fd);

	fd = hand_session(server);
	send_with(fd, &hold, sizeof(hold) - 1, NULL, 0);
	until(server, &server->left, 4);
	close(fd);

	fd = hand_session(server);
	for (i = 0; i <= SVM_WIRE_HOLDS_MAX; i++) {
		hold.addr += 0x1000;
		if (send(fd, &hold, sizeof(hold), MSG_NOSIGNAL) < 0)
			break;
		event_base_loop(server->base, EVLOOP_NONBLOCK);
	}
	until(server, &server->left, 5);
	close(fd);
}

static void silent_callers_are_bounded(void **state)
{
	struct server *server = *state;
	int fds[40], i, refused = 0;

	for (i = 0; i < 40; i++)
		fds[i] = call();
	turn(server);
	turn(server);
	for (i = 0; i < 40; i++) {
		union svm_wire_packet packet;

		refused += recv(fds[i], &packet, sizeof(packet),
				MSG_DONTWAIT) == sizeof(packet.refused);
	}
	assert_int_equal(refused, 8);
	assert_int_equal(server->all->nr_callers, 32);
	/* Time runs out for the others. */
	for (i = 0; i < 400 && server->all->nr_callers; i++)
		turn(server);
	assert_int_equal(server->all->nr_callers, 0);
	for (i = 0; i < 40; i++)
		close(fds[i]);
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
	turn(server);
	session = sessions_at(server->all, 0);
	/* As the service manager's store has them, in some order. */
	fds[1] = fcntl(session->socket, F_DUPFD_CLOEXEC, 3);
	fds[0] = fcntl(session->pidfd, F_DUPFD_CLOEXEC, 3);
	stop(server);
	start(server);
	assert_int_equal(sessions_restore(server->all, 1, fds, 2), 0);
	session = sessions_at(server->all, 0);
	assert_int_equal(server->again, 1);
	assert_int_equal(session->id, 1);
	assert_int_equal(server->all->last_id, 1);
	assert_string_equal(session->name, "life?");
	assert_int_equal(session->nr_holds, 1);
	go_on(&child);
	until(server, &server->left, 1);
	reap(&child, 0);
	/* Half a session is none. */
	fds[0] = open_pidfd(getpid());
	assert_int_equal(sessions_restore(server->all, 8, fds, 1), -EINVAL);
}

static void joins_ten_thousand_times(void **state)
{
	struct server *server = *state;
	struct svm_wire_hello hello = good_hello();
	int self = open_pidfd(getpid()), i;
	unsigned int before = open_fds();

	for (i = 0; i < 10000; i++) {
		union svm_wire_packet packet;
		int fd = call();

		send_with(fd, &hello, sizeof(hello), &self, 1);
		while (recv(fd, &packet, sizeof(packet), MSG_DONTWAIT) < 0)
			event_base_loop(server->base, EVLOOP_ONCE);
		assert_int_equal(packet.head.type, SVM_WIRE_WELCOME);
		close(fd);
		while (sessions_count(server->all))
			event_base_loop(server->base, EVLOOP_ONCE);
	}
	assert_int_equal(server->left, 10000);
	assert_int_equal(open_fds(), before);
	close(self);
}

/* A socket whose close(2) waits until its peer @other is closed. */
static int stubborn(int *other)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct linger linger = { 1, 1000 };
	static const char data[65536];
	socklen_t size = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(listener, (struct sockaddr *)&addr, size) < 0 ||
	    listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&addr, &size) < 0 ||
	    connect(fd, (struct sockaddr *)&addr, size) < 0)
		skip();
	*other = accept(listener, NULL, NULL);
	assert_true(*other >= 0);
	close(listener);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
				    sizeof(linger)),
			 0);
	while (send(fd, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	return fd;
}

/* What comes while all threads have something to close is closed later. */
static void strangers_wait_their_turn(void **state)
{
	struct pollfd pollfd = { .events = POLLIN };
	int others[CLOSERS_MAX], fd, ends[2], i;
	char byte;

	(void)state;
	for (i = 0; i < CLOSERS_MAX; i++) {
		fd = stubborn(&others[i]);
		assert_int_equal(close_strangers(&fd, 1), 0);
		assert_int_equal(fd, -1);
	}
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(close_strangers(&ends[1], 1), 0);
	assert_int_equal(ends[1], -1);
	pollfd.fd = ends[0];
	assert_int_equal(poll(&pollfd, 1, 0), 0);
	for (i = 0; i < CLOSERS_MAX; i++)
		close(others[i]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(joins_holds_and_leaves),
		CASE(ends_with_its_process),
		CASE(rejoins),
		CASE(is_called_when_svmd_is_back),
		CASE(rejoins_without_a_watch),
		CASE(limits_are_kept),
		CASE(joins_for_another),
		CASE(nobody_there),
		CASE(bad_hellos_are_refused),
		CASE(breaking_the_rules_ends_it),
		cmocka_unit_test(strangers_wait_their_turn),
		CASE(silent_callers_are_bounded),
		CASE(survives_a_restart),
		CASE(joins_ten_thousand_times),
	};
	int ret;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/session", dir);
	log_set_level(LOG_CRIT);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return ret;
}
