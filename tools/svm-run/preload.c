// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libsvm-run-preload.so: brings the address spaces of a program to svm-run.
 *
 * The dynamic linker loads it into every program under svm-run. When a program
 * starts, and in each forked child, it opens the devices, so that the contexts
 * are bound to this address space, sends them to svm-run and closes them here
 * again: afterwards the program has no descriptor, thread, handler or memory of
 * ours.
 *
 * It never fails the program and says nothing: without svm-run, or without
 * permission for a device, the process just goes on unattended. It runs in a
 * forked child of a threaded program, so it makes plain system calls only
 * (which are no cancellation points either) and leaves errno alone.
 *
 * Out of reach: static programs, programs that gain privileges by exec (the
 * dynamic linker ignores preloads there), children made by clone() without the C
 * library until they call exec, programs started with an empty environment.
 */
#include "hello.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* How long a fork may be held up by an svm-run that has stopped. */
#define PATIENCE_SECONDS 1

/* Copied at start: the program may change its environment. */
static struct {
	char text[HELLO_ENV_MAX];
	struct sockaddr_un address;
	socklen_t address_length;
	const char *secret;
	unsigned int nr_devices;
	const char *devices[HELLO_CONTEXTS_MAX];
} door;

/* Cuts @text at the first @separator and returns what follows, or NULL. */
static char *cut(char *text, char separator)
{
	char *end = strchr(text, separator);

	if (end)
		*end++ = '\0';
	return end;
}

static int parse_door(void)
{
	const char *value = getenv(HELLO_ENV);
	char *secret, *device;
	size_t length;

	if (!value || strlen(value) >= sizeof(door.text))
		return -EINVAL;
	strcpy(door.text, value);
	secret = cut(door.text, ':');
	device = secret ? cut(secret, ':') : NULL;
	length = strlen(door.text);
	if (!device || strlen(secret) != HELLO_SECRET_DIGITS ||
	    length + 1 > sizeof(door.address.sun_path))
		return -EINVAL;
	door.secret = secret;
	door.address.sun_family = AF_UNIX;
	memcpy(door.address.sun_path + 1, door.text, length);
	door.address_length =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			    length);
	while (device && *device && door.nr_devices < HELLO_CONTEXTS_MAX) {
		door.devices[door.nr_devices++] = device;
		device = cut(device, ',');
	}
	return 0;
}

static void send_hello(int sock, const int *fds, unsigned int nr, bool forked)
{
	struct hello hello = {
		.magic = HELLO_MAGIC,
		.nr_contexts = nr - 1,
		.forked = forked,
	};
	union {
		char bytes[CMSG_SPACE((HELLO_CONTEXTS_MAX + 1) * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = &hello, .iov_len = sizeof(hello) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(nr * sizeof(int)),
	};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	memcpy(hello.secret, door.secret, sizeof(hello.secret));
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(nr * sizeof(int));
	memcpy(CMSG_DATA(rights), fds, nr * sizeof(int));
	syscall(SYS_sendmsg, sock, &message, MSG_NOSIGNAL);
}

static void join(bool forked)
{
	static const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int fds[HELLO_CONTEXTS_MAX + 1];
	unsigned int nr = 0;
	long sock, fd;
	int saved = errno;

	/*
	 * First the socket: without svm-run at its other end there is nothing
	 * to open devices for.
	 */
	sock = syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		goto out;
	syscall(SYS_setsockopt, sock, SOL_SOCKET, SO_SNDTIMEO, &patience,
		sizeof(patience));
	if (syscall(SYS_connect, sock, &door.address, door.address_length) < 0)
		goto close_socket;
	fd = syscall(SYS_pidfd_open, syscall(SYS_getpid), 0);
	if (fd < 0)
		goto close_socket;
	fds[nr++] = (int)fd;
	for (unsigned int i = 0; i < door.nr_devices; i++) {
		fd = syscall(SYS_openat, AT_FDCWD, door.devices[i],
			     O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (fd >= 0)
			fds[nr++] = (int)fd;
	}
	send_hello((int)sock, fds, nr, forked);
	while (nr)
		syscall(SYS_close, fds[--nr]);
close_socket:
	syscall(SYS_close, sock);
out:
	errno = saved;
}

static void join_forked(void)
{
	join(true);
}

static __attribute__((constructor)) void start(void)
{
	int saved = errno;

	if (!parse_door()) {
		pthread_atfork(NULL, NULL, join_forked);
		join(false);
	}
	errno = saved;
}
