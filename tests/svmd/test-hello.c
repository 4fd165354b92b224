// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Peers that do not keep to the session protocol, or are too many: what a
 * library would not send is sent by hand. See server.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "closer.h"
#include "server.h"

static int call(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, server_path);
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
		server_turn(server);
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
	server_until(server, &server->left, 1);
	/* The closer's threads may be at it yet. */
	for (i = 0; i < 100 && open_fds() > before; i++)
		server_turn(server);
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
	server_turn(server);
	assert_int_equal(server->left, 0);
	assert_int_equal(sessions_at(server->all, 0)->nr_holds, 1);
	close(self);
	bad = hold;
	bad.length = 0;
	send_with(fd, &bad, sizeof(bad), NULL, 0);
	server_until(server, &server->left, 1);
	close(fd);

	fd = hand_session(server);
	bad = hold;
	bad.addr = UINT64_MAX - 10;
	send_with(fd, &bad, sizeof(bad), NULL, 0);
	server_until(server, &server->left, 2);
	close(fd);

	fd = hand_session(server);
	bad = hold;
	bad.head.type = SVM_WIRE_RELEASE;
	send_with(fd, &bad, sizeof(bad), NULL, 0);
	server_until(server, &server->left, 3);
	close(fd);

	fd = hand_session(server);
	send_with(fd, &hold, sizeof(hold) - 1, NULL, 0);
	server_until(server, &server->left, 4);
	close(fd);

	fd = hand_session(server);
	for (i = 0; i <= SVM_WIRE_HOLDS_MAX; i++) {
		hold.addr += 0x1000;
		if (send(fd, &hold, sizeof(hold), MSG_NOSIGNAL) < 0)
			break;
		event_base_loop(server->base, EVLOOP_NONBLOCK);
	}
	server_until(server, &server->left, 5);
	close(fd);
}

/* A child that becomes another program when *@go is closed; *@done then is, too. */
static pid_t becomes_another(int *go, int *done)
{
	int before[2], after[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe2(before, O_CLOEXEC), 0);
	assert_int_equal(pipe2(after, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(before[1]);
		(void)!read(before[0], &byte, 1);
		execlp("sleep", "sleep", "1000", NULL);
		_exit(1);
	}
	close(before[0]);
	close(after[1]);
	*go = before[1];
	*done = after[0];
	return pid;
}

/* Nothing hangs up: the one that joined for it has the connection. */
static void ends_when_its_process_execs(void **state)
{
	struct server *server = *state;
	struct svm_wire_hello hello = good_hello();
	struct session *session;
	int go, done, fd, pidfd;
	pid_t pid = becomes_another(&go, &done);
	char byte;

	fd = call();
	pidfd = open_pidfd(pid);
	send_with(fd, &hello, sizeof(hello), &pidfd, 1);
	assert_int_equal(answer_of(server, fd), 0);
	session = sessions_at(server->all, 0);
	assert_int_equal(session_check(session), 0);
	session_end_lost(session);
	assert_int_equal(server->left, 0);

	close(go);
	assert_int_equal(read(done, &byte, 1), 0);
	assert_int_equal(session_check(session), -ESRCH);
	assert_int_equal(server->left, 0);
	session_end_lost(session);
	assert_int_equal(server->left, 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(done);
	close(pidfd);
	close(fd);
}

static void silent_callers_are_bounded(void **state)
{
	struct server *server = *state;
	int fds[40], i, refused = 0;

	for (i = 0; i < 40; i++)
		fds[i] = call();
	server_turn(server);
	server_turn(server);
	for (i = 0; i < 40; i++) {
		union svm_wire_packet packet;

		refused += recv(fds[i], &packet, sizeof(packet),
				MSG_DONTWAIT) == sizeof(packet.refused);
	}
	assert_int_equal(refused, 8);
	assert_int_equal(server->all->nr_callers, 32);
	/* Time runs out for the others. */
	for (i = 0; i < 400 && server->all->nr_callers; i++)
		server_turn(server);
	assert_int_equal(server->all->nr_callers, 0);
	for (i = 0; i < 40; i++)
		close(fds[i]);
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
		assert_int_equal(close_strangers(getuid(), &fd, 1), 0);
		assert_int_equal(fd, -1);
	}
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(close_strangers(getuid(), &ends[1], 1), 0);
	assert_int_equal(ends[1], -1);
	pollfd.fd = ends[0];
	assert_int_equal(poll(&pollfd, 1, 0), 0);
	for (i = 0; i < CLOSERS_MAX; i++)
		close(others[i]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

static void fill_descriptors(int *fds, size_t *nr, size_t most)
{
	for (*nr = 0; *nr < most; ++*nr) {
		fds[*nr] = fcntl(1, F_DUPFD_CLOEXEC, 0);
		if (fds[*nr] < 0)
			break;
	}
	assert_true(*nr < most);
}

/* Without a descriptor for it, a caller is left waiting, and costs nothing. */
static void callers_wait_for_descriptors(void **state)
{
	struct server *server = *state;
	struct svm_wire_hello hello = good_hello();
	int fd = call(), self = open_pidfd(getpid()), fds[64];
	struct rlimit limit, few;
	size_t nr;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = limit;
	few.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	fill_descriptors(fds, &nr, 64);
	event_base_loop(server->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	assert_int_equal(server->all->nr_callers, 0);
	assert_true(server->all->no_room);
	assert_false(event_pending(server->all->on_caller, EV_READ, NULL));
	while (nr)
		close(fds[--nr]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	send_with(fd, &hello, sizeof(hello), &self, 1);
	assert_int_equal(answer_of(server, fd), 0);
	assert_false(server->all->no_room);
	close(self);
	close(fd);
	server_until(server, &server->left, 1);
}

/* What one user sent and can't be closed keeps that user out, and nobody else. */
static void strangers_are_bounded(void **state)
{
	struct server *server = *state;
	struct svm_wire_hello hello = good_hello();
	int self = open_pidfd(getpid()), others[CLOSERS_MAX], many[64], fd, i,
	    k;
	uid_t uid = getuid();

	assert_false(strangers_too_many(uid));
	for (i = 0; i < CLOSERS_MAX; i++) {
		fd = stubborn(&others[i]);
		assert_int_equal(close_strangers(uid, &fd, 1), 0);
	}
	for (i = 0; i < STRANGERS_PER_USER / 64; i++) {
		assert_false(strangers_too_many(uid));
		for (k = 0; k < 64; k++)
			many[k] = fcntl(self, F_DUPFD_CLOEXEC, 3);
		assert_int_equal(close_strangers(uid, many, 64), 0);
	}
	assert_true(strangers_too_many(uid));
	assert_false(strangers_too_many(uid + 1));
	fd = call();
	assert_int_equal(answer_of(server, fd), -EUSERS);
	close(fd);
	for (i = 0; i < CLOSERS_MAX; i++)
		close(others[i]);
	for (i = 0; i < 500 && strangers_too_many(uid); i++)
		server_turn(server);
	assert_int_equal(try_hello(server, &hello, sizeof(hello), &self, 1), 0);
	server_until(server, &server->left, 1);
	close(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_CASE(bad_hellos_are_refused),
		SERVER_CASE(breaking_the_rules_ends_it),
		SERVER_CASE(ends_when_its_process_execs),
		cmocka_unit_test(strangers_wait_their_turn),
		SERVER_CASE(strangers_are_bounded),
		SERVER_CASE(callers_wait_for_descriptors),
		SERVER_CASE(silent_callers_are_bounded),
		SERVER_CASE(joins_ten_thousand_times),
	};

	return cmocka_run_group_tests(tests, server_group_setup,
				      server_group_teardown);
}
