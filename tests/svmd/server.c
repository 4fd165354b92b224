// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's end of the socket, see server.h.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "log.h"
#include "server.h"
#include "unix_socket.h"

static char dir[] = "/tmp/svmd-test-XXXXXX";
char server_path[64];

int server_group_setup(void **state)
{
	(void)state;
	log_set_level(LOG_CRIT);
	if (!mkdtemp(dir))
		return -1;
	snprintf(server_path, sizeof(server_path), "%s/session", dir);
	return 0;
}

int server_group_teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

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

void server_start(struct server *server)
{
	struct sessions_ops ops = { limits, joined, left, server };
	int fd;

	memset(server, 0, sizeof(*server));
	server->most = 100;
	server->per_user = 100;
	server->base = event_base_new();
	assert_int_equal(
		sessions_new(&server->all, server->base, "/sys", dir, &ops), 0);
	fd = unix_socket_listen(server_path, SOCK_SEQPACKET, 0666);
	assert_true(fd >= 0);
	assert_int_equal(sessions_listen(server->all, fd), 0);
}

void server_stop(struct server *server)
{
	sessions_free(server->all);
	event_base_free(server->base);
	unlink(server_path);
}

int server_setup(void **state)
{
	struct server *server = malloc(sizeof(*server));

	server_start(server);
	*state = server;
	return 0;
}

int server_teardown(void **state)
{
	server_stop(*state);
	free(*state);
	return 0;
}

void server_until(struct server *server, const unsigned int *what,
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

void server_turn(struct server *server)
{
	struct timeval step = { 0, 20000 };
	int i;

	for (i = 0; i < 3; i++) {
		event_base_loopexit(server->base, &step);
		event_base_loop(server->base, EVLOOP_ONCE);
	}
}

pid_t sleeper(uid_t uid)
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

int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}
