// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The session socket, on anything: processes that connect, say what they like
 * with whatever descriptors, in pieces or not at all, and go. The input is a list
 * of steps. Afterwards nobody may be left, and no descriptor.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "closer.h"
#include "fuzz.h"
#include "log.h"
#include "sessions.h"
#include "unix_socket.h"

#define CLIENTS 4
#define STEPS_MAX 64
#define FDS_MAX 8
/* Room for what no packet may be as long as. */
#define BYTES_MAX 512
/* Until all is closed; it takes some milliseconds. */
#define PATIENCE_SECONDS 60

static struct event_base *base;
static struct sessions *all;
static struct sockaddr_un addr = { .sun_family = AF_UNIX };
static int clients[CLIENTS] = { -1, -1, -1, -1 };
static int left, joined;

/* --- the input ------------------------------------------------------------------- */

static const uint8_t *input;
static size_t rest;

static uint8_t byte(void)
{
	if (!rest)
		return 0;
	rest--;
	return *input++;
}

static uint64_t number(unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | byte();
	return value;
}

/* --- the daemon's side -------------------------------------------------------------- */

static void limits(uint32_t *most, uint32_t *per_user, void *arg)
{
	(void)arg;
	*most = 3;
	*per_user = 2;
}

static void on_join(struct session *session, bool again, void *arg)
{
	(void)arg;
	CHECK(!again);
	CHECK(session->id);
	CHECK(memchr(session->name, 0, sizeof(session->name)));
	joined++;
}

static void on_leave(struct session *session, void *arg)
{
	(void)arg;
	CHECK(session->nr_holds <= SVM_WIRE_HOLDS_MAX);
	left++;
}

static void cleanup_dir(void)
{
	char *slash = strrchr(addr.sun_path, '/');

	unlink(addr.sun_path);
	*slash = '\0';
	rmdir(addr.sun_path);
}

static void start(void)
{
	struct sessions_ops ops = { limits, on_join, on_leave, NULL };
	char dir[] = "/tmp/svmd-fuzz-XXXXXX";
	int fd;

	log_set_level(LOG_EMERG);
	CHECK(mkdtemp(dir));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/session", dir);
	base = event_base_new();
	CHECK(base);
	CHECK(!sessions_new(&all, base, "/sys", NULL, &ops));
	fd = unix_socket_listen(addr.sun_path, SOCK_SEQPACKET, 0666);
	CHECK(fd >= 0);
	CHECK(!sessions_listen(all, fd));
	atexit(cleanup_dir);
}

static void turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static size_t open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t nr = 0;

	CHECK(dir);
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

/* --- the clients' ---------------------------------------------------------------------- */

static void hang_up(int i)
{
	if (clients[i] >= 0)
		close(clients[i]);
	clients[i] = -1;
}

static void call(int i)
{
	hang_up(i);
	clients[i] = socket(AF_UNIX,
			    SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	CHECK(clients[i] >= 0);
	if (connect(clients[i], (struct sockaddr *)&addr, sizeof(addr)) < 0)
		hang_up(i);
}

static int some_fd(unsigned int kind)
{
	int pipes[2];

	switch (kind % 5) {
	case 0:
		return (int)syscall(SYS_pidfd_open, getpid(), 0);
	case 1:
		return (int)syscall(SYS_pidfd_open, getppid(), 0);
	case 2:
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	case 3:
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	default:
		CHECK(!pipe2(pipes, O_CLOEXEC));
		close(pipes[1]);
		return pipes[0];
	}
}

static void send_packet(int i, const void *packet, size_t length,
			unsigned int nr_fds, unsigned int kinds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} control = { .bytes = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)packet, length };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *rights;
	int fds[FDS_MAX];
	unsigned int k;

	if (nr_fds > FDS_MAX)
		nr_fds = FDS_MAX;
	for (k = 0; k < nr_fds; k++) {
		fds[k] = some_fd(kinds);
		kinds /= 5;
	}
	if (nr_fds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nr_fds);
		rights = CMSG_FIRSTHDR(&msg);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int) * nr_fds);
		memcpy(CMSG_DATA(rights), fds, sizeof(int) * nr_fds);
	}
	(void)sendmsg(clients[i], &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	for (k = 0; k < nr_fds; k++)
		close(fds[k]);
}

static void say_anything(int i)
{
	unsigned int nr_fds = byte() % (FDS_MAX + 1), kinds = byte();
	uint8_t bytes[BYTES_MAX];
	size_t length = number(2) % sizeof(bytes), k;

	for (k = 0; k < length; k++)
		bytes[k] = byte();
	send_packet(i, bytes, length, nr_fds, kinds);
}

/* One that is right, but perhaps for a byte. */
static void say_hello(int i)
{
	struct svm_wire_hello hello = {
		.head = SVM_WIRE_HEAD(SVM_WIRE_HELLO, hello),
	};
	uint8_t flags = byte();
	unsigned int nr_fds = 1, kinds = 0;

	memset(hello.name, flags & 4 ? 'x' : 0, sizeof(hello.name) - 1);
	if (flags & 1) {
		size_t at = byte() % sizeof(hello);

		((uint8_t *)&hello)[at] = byte();
	}
	if (flags & 2) {
		hello.nr_contexts = byte() % 4;
		nr_fds = byte() % 6;
		kinds = byte();
	}
	send_packet(i, &hello, sizeof(hello) - (flags & 8 ? byte() % 9 : 0),
		    nr_fds, kinds);
}

static void say_hold(int i)
{
	struct svm_wire_hold hold = {
		.head = SVM_WIRE_HEAD(SVM_WIRE_HOLD, hold),
	};
	uint8_t flags = byte();
	unsigned int again = flags & 2 ? 4 * SVM_WIRE_HOLDS_MAX / 64 : 1;

	if (flags & 1)
		hold.head.type = SVM_WIRE_RELEASE;
	hold.addr = number(flags & 4 ? 8 : 2) << (flags & 8 ? 12 : 0);
	hold.length = number(flags & 4 ? 8 : 2);
	while (again--) {
		send_packet(i, &hold, sizeof(hold), flags & 16 ? 1 : 0,
			    flags & 32 ? 0 : 2);
		hold.addr += 4096;
	}
}

static void step(void)
{
	int i = byte() % CLIENTS;

	switch (byte() % 8) {
	case 0:
		hang_up(i);
		break;
	case 1:
		say_anything(i);
		break;
	case 2:
	case 3:
		say_hold(i);
		break;
	case 4:
		call(i);
		break;
	case 5:
		call(i);
		say_hello(i);
		break;
	case 6:
		say_hello(i);
		break;
	default:
		turn();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	time_t end = time(NULL) + PATIENCE_SECONDS;
	unsigned int steps = 0;
	size_t before;
	int i;

	if (!base)
		start();
	before = open_fds();
	joined = left = 0;
	input = data;
	rest = size;
	while (rest && steps++ < STEPS_MAX) {
		step();
		CHECK(sessions_count(all) <= 2);
	}
	for (i = 0; i < CLIENTS; i++)
		hang_up(i);
	/*
	 * What strangers sent is closed by threads: that takes a moment. One that has
	 * closed its last may not have freed it yet, which would look like a leak.
	 */
	do {
		turn();
		if (!sessions_count(all) && !all->nr_callers &&
		    !closers_at_work() && open_fds() == before)
			break;
		usleep(200);
	} while (time(NULL) < end);
	CHECK(!sessions_count(all));
	CHECK(!all->nr_callers);
	CHECK(!closers_at_work());
	CHECK(open_fds() == before);
	CHECK(joined == left);
	return 0;
}
