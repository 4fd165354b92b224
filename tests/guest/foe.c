// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process that does not speak to svmd as it should, for tests.
 *
 * usage: foe malformed		each kind of bad hello; says what svmd answers
 *	  foe silent NUMBER	so many connections that say nothing, until killed
 *	  foe vanishing NUMBER	so many that hang up at once, with a hello or not
 *	  foe garbage		joins, then sends what is no packet
 *	  foe another PROGRAM	joins for a process, which then becomes `PROGRAM
 *				1000`; writes session and process, until killed
 *	  foe keeper PROGRAM	the same, but another process keeps its memory
 *	  foe itself PROGRAM	connects, becomes that, and is joined for over that
 *				connection; writes what svmd answers
 *
 * Exit status 0 if svmd did what it should.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "session-wire.h"

#define FDS_MAX 80
/* What svmd answered, when it was no error. */
#define HUNG_UP 1
#define WELCOME 0

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static int call(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX,
				    .sun_path = SVM_WIRE_PATH };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die("connect");
	return fd;
}

/* A packet with @nr times the descriptor @sent. */
static void say(int fd, const void *data, size_t size, int sent, size_t nr)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} control = { 0 };
	struct iovec iov = { (void *)data, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *part;
	size_t i;

	if (nr) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nr);
		part = CMSG_FIRSTHDR(&msg);
		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN(sizeof(int) * nr);
		for (i = 0; i < nr; i++)
			memcpy(CMSG_DATA(part) + i * sizeof(int), &sent,
			       sizeof(int));
	}
	/* who was hung up on finds out by the answer */
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		die("send");
}

static int answer(int fd)
{
	union svm_wire_packet packet;
	ssize_t got = recv(fd, &packet, sizeof(packet), 0);

	if (got < (ssize_t)sizeof(packet.head))
		return HUNG_UP;
	return packet.head.type == SVM_WIRE_WELCOME ? WELCOME
						    : packet.refused.error;
}

static struct svm_wire_hello good_hello(void)
{
	struct svm_wire_hello hello = {
		.head = SVM_WIRE_HEAD(SVM_WIRE_HELLO, hello),
		.name = "foe",
	};

	return hello;
}

static int pidfd_of(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		die("pidfd_open");
	return fd;
}

static int wrong;

static void expect(const char *what, int expected,
		   const struct svm_wire_hello *hello, size_t size, int sent,
		   size_t nr)
{
	int fd = call(), got;

	say(fd, hello, size, sent, nr);
	got = answer(fd);
	close(fd);
	if (got == expected)
		return;
	wrong = 1;
	printf("%s: %d, not %d\n", what, got, expected);
}

static int malformed(void)
{
	struct svm_wire_hello hello = good_hello();
	int self = pidfd_of(getpid()), parent = pidfd_of(getppid());
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char huge[1024] = { 0 };
	size_t size = sizeof(hello);

	expect("no descriptor", -EINVAL, &hello, size, 0, 0);
	expect("no pidfd", -EBADF, &hello, size, null, 1);
	expect("another's pidfd", -EPERM, &hello, size, parent, 1);
	expect("short", -EPROTO, &hello, size - 1, self, 1);
	expect("one byte", -EPROTO, &hello, 1, self, 1);
	memcpy(huge, &hello, size);
	expect("long", -EPROTO, (void *)huge, sizeof(huge), self, 1);
	hello.nr_contexts = 1;
	expect("a context less", -EINVAL, &hello, size, self, 1);
	expect("no context", -EBADF, &hello, size, self, 2);
	hello.nr_contexts = UINT32_MAX;
	expect("too many", -EINVAL, &hello, size, self, 1);
	hello.nr_contexts = FDS_MAX - 1;
	expect("descriptors without end", -EPROTO, &hello, size, self, FDS_MAX);
	hello = good_hello();
	hello.head.version++;
	expect("version", -EPROTO, &hello, size, self, 1);
	hello = good_hello();
	hello.head.type = SVM_WIRE_HOLD;
	expect("type", -EPROTO, &hello, size, self, 1);
	hello = good_hello();
	hello.head.length++;
	expect("length", -EPROTO, &hello, size, self, 1);
	hello = good_hello();
	hello.reserved = 1;
	expect("reserved", -EINVAL, &hello, size, self, 1);
	hello = good_hello();
	memset(hello.name, 'x', sizeof(hello.name));
	expect("name without an end", -EINVAL, &hello, size, self, 1);
	hello = good_hello();
	expect("a good one", WELCOME, &hello, size, self, 1);
	return wrong;
}

static int silent(unsigned int number)
{
	unsigned int i;

	for (i = 0; i < number; i++)
		(void)call();
	puts("silent");
	fflush(stdout);
	return pause();
}

static int vanishing(unsigned int number)
{
	struct svm_wire_hello hello = good_hello();
	int self = pidfd_of(getpid()), fd;
	unsigned int i;

	for (i = 0; i < number; i++) {
		fd = call();
		if (i % 2)
			say(fd, &hello, sizeof(hello), self, 1);
		close(fd);
	}
	return 0;
}

static int garbage(void)
{
	struct svm_wire_hello hello = good_hello();
	int fd = call(), got;

	say(fd, &hello, sizeof(hello), pidfd_of(getpid()), 1);
	got = answer(fd);
	if (got != WELCOME) {
		printf("can't join: %d\n", got);
		return 1;
	}
	say(fd, "what is no packet", 17, 0, 0);
	/* svmd may say why, and hangs up */
	while ((got = answer(fd)) != HUNG_UP)
		if (got == WELCOME)
			return 1;
	return 0;
}

/* Shares the memory of the process that begins it, and ends with that. */
static int keep_memory(void *done)
{
	close(*(int *)done);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pause();
}

/* Returns when @fd, which is closed by exec, is closed at its other end. */
static void await_exec(int fd)
{
	char byte;

	if (read(fd, &byte, 1))
		die("exec");
}

__attribute__((noreturn)) static void become(const char *program)
{
	execl(program, program, "1000", NULL);
	die(program);
	_exit(1);
}

static int another(const char *program, bool keeper)
{
	struct svm_wire_hello hello = good_hello();
	static char stack[65536] __attribute__((aligned(16)));
	int go[2], done[2], fd, got;
	union svm_wire_packet packet;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(done, O_CLOEXEC) < 0)
		die("pipe2");
	pid = fork();
	if (!pid) {
		close(go[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (keeper && clone(keep_memory, stack + sizeof(stack),
				    CLONE_VM | SIGCHLD, &done[1]) < 0)
			die("clone");
		(void)!read(go[0], &got, 1);
		become(program);
	}
	close(done[1]);
	fd = call();
	say(fd, &hello, sizeof(hello), pidfd_of(pid), 1);
	if (recv(fd, &packet, sizeof(packet), 0) <
		    (ssize_t)sizeof(packet.head) ||
	    packet.head.type != SVM_WIRE_WELCOME)
		die("join");
	close(go[1]);
	await_exec(done[0]);
	printf("%llu %d\n", (unsigned long long)packet.welcome.session, pid);
	fflush(stdout);
	return pause();
}

static int itself(const char *program)
{
	struct svm_wire_hello hello = good_hello();
	int done[2], fd = call(), self = pidfd_of(getpid());

	if (pipe2(done, O_CLOEXEC) < 0)
		die("pipe2");
	if (fork())
		become(program);
	close(done[1]);
	await_exec(done[0]);
	say(fd, &hello, sizeof(hello), self, 1);
	printf("%d\n", answer(fd));
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned int number = argc > 2 ? (unsigned int)atoi(argv[2]) : 0;

	if (!strcmp(what, "malformed"))
		return malformed();
	if (!strcmp(what, "silent"))
		return silent(number);
	if (!strcmp(what, "vanishing"))
		return vanishing(number);
	if (!strcmp(what, "garbage"))
		return garbage();
	if (!strcmp(what, "another") && argc > 2)
		return another(argv[2], false);
	if (!strcmp(what, "keeper") && argc > 2)
		return another(argv[2], true);
	if (!strcmp(what, "itself") && argc > 2)
		return itself(argv[2]);
	return 2;
}
