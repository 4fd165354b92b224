// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's end of `svm-vm exec`: runs one command and carries its input, its two outputs and
 * its exit status over a single virtio-serial port, byte for byte and in the order they came.
 * tools/vm/relay is the host's end.
 *
 * One framed port and not a port for each stream, because the last frame (the exit status) can
 * then not overtake the data: a plain port says nothing about what the host has already taken.
 *
 * Frame: type (1 byte), length (4 bytes, little endian), payload.
 *   guest to host: H hello   O stdout   E stderr   X exit status   F the guest's own failure
 *   host to guest: C command (NUL-terminated strings: mode, rows, columns, cwd, TERM, argv...)
 *                  I stdin data   Z end of stdin   W window size (4 bytes: rows, columns)
 *
 * It is the guest's PID 1 when it runs the command, so it also reaps whatever is orphaned.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER 5
#define CHUNK 65536
#define COMMAND_MAX (4u << 20)

static int port = -1;

static void die(const char *what)
{
	fprintf(stderr, "svm-vm agent: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* udev, which would make /dev/virtio-ports/, does not run here: sysfs has the names. */
static int open_port(void)
{
	static const char dir[] = "/sys/class/virtio-ports";
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		return -1;
	while ((entry = readdir(d))) {
		char path[512], name[64] = "";
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s/name", dir, entry->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(name, sizeof(name), f))
			name[strcspn(name, "\n")] = 0;
		fclose(f);
		if (strcmp(name, "svm.agent"))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		closedir(d);
		return open(path, O_RDWR | O_CLOEXEC);
	}
	closedir(d);
	errno = ENODEV;
	return -1;
}

static void write_all(const void *data, size_t size)
{
	const char *p = data;

	while (size) {
		ssize_t n = write(port, p, size);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			die("cannot write to the port");
		p += n;
		size -= n;
	}
}

/* Header and payload leave in one write where they fit: each write is an exit from the guest. */
static void send_frame(char type, const void *data, uint32_t size)
{
	char buf[HEADER + CHUNK];

	buf[0] = type;
	for (int i = 0; i < 4; i++)
		buf[1 + i] = size >> (8 * i);
	if (size <= CHUNK) {
		if (size)
			memcpy(buf + HEADER, data, size);
		write_all(buf, HEADER + size);
	} else {
		write_all(buf, HEADER);
		write_all(data, size);
	}
}

/* What the host sent and the agent has not used yet. */
static struct {
	char *data;
	size_t size, room;
} inbox;

/* Reads once from the port; false when there was nothing. */
static int fill_inbox(void)
{
	ssize_t n;

	if (inbox.room - inbox.size < CHUNK) {
		inbox.room += 2 * CHUNK;
		inbox.data = realloc(inbox.data, inbox.room);
		if (!inbox.data)
			die("out of memory");
	}
	n = read(port, inbox.data + inbox.size, inbox.room - inbox.size);
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		die("cannot read from the port");
	if (n <= 0)
		return 0;
	inbox.size += n;
	return 1;
}

/* The first whole frame of the inbox, if there is one. */
static int peek_frame(char *type, char **data, uint32_t *size)
{
	const unsigned char *h = (unsigned char *)inbox.data;

	if (inbox.size < HEADER)
		return 0;
	*size = h[1] | h[2] << 8 | h[3] << 16 | (uint32_t)h[4] << 24;
	if (inbox.size - HEADER < *size)
		return 0;
	*type = inbox.data[0];
	*data = inbox.data + HEADER;
	return 1;
}

static void drop_frame(uint32_t size)
{
	inbox.size -= HEADER + size;
	memmove(inbox.data, inbox.data + HEADER + size, inbox.size);
}

struct command {
	int tty, wants_stdin;
	struct winsize window;
	const char *cwd, *term;
	char **argv;
};

static char *next_string(char **p, const char *end)
{
	char *s = *p;

	if (s >= end) {
		errno = EPROTO;
		die("short command frame");
	}
	*p += strlen(s) + 1;
	return s;
}

static void read_command(struct command *cmd)
{
	char type, *data, *p, *end;
	const char *mode;
	uint32_t size;
	size_t n = 0;

	while (!peek_frame(&type, &data, &size))
		fill_inbox();
	if (type != 'C' || !size || size > COMMAND_MAX || data[size - 1]) {
		errno = EPROTO;
		die("bad command frame");
	}
	p = malloc(size);
	if (!p)
		die("out of memory");
	memcpy(p, data, size);
	drop_frame(size);
	end = p + size;
	mode = next_string(&p, end);
	cmd->tty = mode[0] == 't';
	cmd->wants_stdin = mode[0] == 'i';
	cmd->window.ws_row = atoi(next_string(&p, end));
	cmd->window.ws_col = atoi(next_string(&p, end));
	cmd->cwd = next_string(&p, end);
	cmd->term = next_string(&p, end);
	cmd->argv = calloc(size, sizeof(char *));
	if (!cmd->argv)
		die("out of memory");
	while (p < end)
		cmd->argv[n++] = next_string(&p, end);
	if (!n) {
		errno = EPROTO;
		die("no command");
	}
}

static void set_environment(const struct command *cmd)
{
	clearenv();
	setenv("PATH",
	       "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	       1);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 1);
	setenv("LOGNAME", "root", 1);
	setenv("SHELL", "/bin/bash", 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("TERM", cmd->term, 1);
}

static void __attribute__((noreturn)) run_child(const struct command *cmd,
						int in, int out, int err)
{
	/* what systemd gives: the kernel's own default for init is too small for servers */
	struct rlimit files = { 1024, 524288 };
	sigset_t none;
	int e;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (cmd->tty)
		ioctl(in, TIOCSCTTY, 0);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	setrlimit(RLIMIT_NOFILE, &files);
	set_environment(cmd);
	if (chdir(cmd->cwd)) {
		fprintf(stderr, "svm-vm: cannot enter %s: %s\n", cmd->cwd,
			strerror(errno));
		_exit(125);
	}
	execvp(cmd->argv[0], cmd->argv);
	e = errno;
	fprintf(stderr, "svm-vm: %s: %s\n", cmd->argv[0],
		e == ENOENT ? "command not found in the guest" : strerror(e));
	_exit(e == ENOENT ? 127 : 126);
}

/* The child's descriptors on the agent's side; -1 where there is none. */
struct streams {
	int in, out, err;
};

static pid_t start(const struct command *cmd, struct streams *s)
{
	int in[2] = { -1, -1 }, out[2], err[2];
	pid_t pid;

	if (cmd->tty) {
		int master, slave;

		if (openpty(&master, &slave, NULL, NULL,
			    (struct winsize *)&cmd->window))
			die("cannot open a terminal");
		fcntl(master, F_SETFD, FD_CLOEXEC);
		in[0] = out[1] = err[1] = slave;
		s->in = s->out = master;
		s->err = -1;
	} else {
		if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
			die("cannot make a pipe");
		if (cmd->wants_stdin) {
			if (pipe2(in, O_CLOEXEC))
				die("cannot make a pipe");
		} else {
			in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
			if (in[0] < 0)
				die("/dev/null");
		}
		s->in = in[1];
		s->out = out[0];
		s->err = err[0];
	}
	pid = fork();
	if (pid < 0)
		die("cannot fork");
	if (!pid)
		run_child(cmd, in[0], out[1], err[1]);
	close(in[0]);
	if (!cmd->tty) {
		close(out[1]);
		close(err[1]);
	}
	if (s->in >= 0)
		fcntl(s->in, F_SETFL, O_NONBLOCK);
	fcntl(s->out, F_SETFL, O_NONBLOCK);
	if (s->err >= 0)
		fcntl(s->err, F_SETFL, O_NONBLOCK);
	return pid;
}

/* Carries one buffer; 0 when there is nothing now, -1 at the end of the stream. */
static int carry(int fd, char type)
{
	char buf[CHUNK];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0) {
		send_frame(type, buf, n);
		return 1;
	}
	/* EIO: the last user of a terminal has closed it */
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/*
 * Carries what the command had written when it ended, but not what its left-over children still
 * write: those must not keep the guest alive.
 */
static void drain(int fd, char type)
{
	int left = 0;

	if (fd < 0 || ioctl(fd, FIONREAD, &left))
		return;
	while (left > 0) {
		char buf[CHUNK];
		ssize_t n = read(fd, buf, left < CHUNK ? left : CHUNK);

		if (n <= 0)
			return;
		send_frame(type, buf, n);
		left -= n;
	}
}

/* Hands the host's frames on, as far as the command takes them. */
static void handle_inbox(const struct command *cmd, struct streams *s)
{
	static uint32_t done;
	char type, *data;
	uint32_t size;

	while (peek_frame(&type, &data, &size)) {
		if (type == 'I' && s->in >= 0) {
			ssize_t n = write(s->in, data + done, size - done);

			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				return;
			if (n < 0) {
				close(s->in); /* the command closed its input */
				s->in = -1;
			} else {
				done += n;
				if (done < size)
					return;
			}
		} else if (type == 'Z' && s->in >= 0 && !cmd->tty) {
			close(s->in);
			s->in = -1;
		} else if (type == 'W' && cmd->tty && size == 4) {
			const unsigned char *u = (unsigned char *)data;
			struct winsize w = { .ws_row = u[0] | u[1] << 8,
					     .ws_col = u[2] | u[3] << 8 };

			ioctl(s->out, TIOCSWINSZ, &w);
		}
		drop_frame(size);
		done = 0;
	}
}

/* Reaps everything; the command's own status goes to *status and ends the run. */
static int reap(int sigfd, pid_t pid, int *status)
{
	struct signalfd_siginfo info;
	int w, ended = 0;
	pid_t p;

	while (read(sigfd, &info, sizeof(info)) > 0)
		;
	while ((p = waitpid(-1, &w, WNOHANG)) > 0) {
		if (p != pid)
			continue;
		*status = WIFSIGNALED(w) ? 128 + WTERMSIG(w) : WEXITSTATUS(w);
		ended = 1;
	}
	return ended;
}

static int serve(const struct command *cmd, pid_t pid, struct streams *s,
		 int sigfd)
{
	int status = 125;

	for (;;) {
		struct pollfd p[] = {
			{ .fd = sigfd, .events = POLLIN },
			{ .fd = s->out, .events = POLLIN },
			{ .fd = s->err, .events = POLLIN },
			{ .fd = -1, .events = POLLIN },
			{ .fd = -1, .events = POLLOUT },
		};
		char type, *data;
		uint32_t size;

		/* a frame that waits for the command to read: wait for that, not for more */
		if (peek_frame(&type, &data, &size) && s->in >= 0)
			p[4].fd = s->in;
		else
			p[3].fd = port;
		if (poll(p, 5, -1) < 0 && errno != EINTR)
			die("poll");
		if (p[1].revents && carry(s->out, 'O') < 0)
			s->out = -1;
		if (p[2].revents && carry(s->err, 'E') < 0)
			s->err = -1;
		if (p[3].revents)
			fill_inbox();
		if (p[3].revents || p[4].revents)
			handle_inbox(cmd, s);
		if (p[0].revents && reap(sigfd, pid, &status)) {
			if (cmd->tty)
				while (s->out >= 0 && carry(s->out, 'O') > 0)
					;
			drain(s->out, 'O');
			drain(s->err, 'E');
			return status;
		}
	}
}

static void __attribute__((noreturn)) finish(int status)
{
	int share = open("/mnt/share", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned char code = status;

	/* the host ends the VM on the next frame: what maps of shared files hold must be out */
	if (share >= 0)
		syncfs(share);
	send_frame('X', &code, 1);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct command cmd = { 0 };
	struct streams s;
	sigset_t chld;
	int sigfd;
	pid_t pid;

	port = open_port();
	if (port < 0)
		die("cannot open the port svm.agent");
	if (argc == 3 && !strcmp(argv[1], "--fail")) {
		send_frame('F', argv[2], strlen(argv[2]));
		for (;;)
			pause();
	}
	signal(SIGPIPE, SIG_IGN);
	send_frame('H', "", 0);
	read_command(&cmd);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	sigfd = signalfd(-1, &chld, SFD_NONBLOCK | SFD_CLOEXEC);
	if (sigfd < 0)
		die("signalfd");
	pid = start(&cmd, &s);
	finish(serve(&cmd, pid, &s, sigfd));
}
