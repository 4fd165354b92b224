// SPDX-License-Identifier: GPL-2.0-or-later
#include "os.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif

double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

double patience(double time)
{
	const char *slowness = getenv("SVM_TEST_SLOWNESS");

	return slowness ? time * atof(slowness) : time;
}

bool read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return false;
	length = read(fd, text, size - 1);
	close(fd);
	if (length < 0)
		return false;
	text[length] = 0;
	text[strcspn(text, "\n")] = 0;
	return true;
}

bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return false;
	length = write(fd, text, strlen(text));
	close(fd);
	return length == (ssize_t)strlen(text);
}

long long read_number(const char *path)
{
	char text[64], *end;
	long long value;

	if (!read_file(path, text, sizeof(text)))
		FAIL("%s: %s", path, err_name(errno));
	value = strtoll(text, &end, 0);
	if (end == text)
		FAIL("%s: no number: %s", path, text);
	return value;
}

pid_t child(void (*run)(void *), void *arg)
{
	pid_t self = getpid(), pid;

	fflush(NULL);
	pid = CHECK_SYS(fork());
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != self)
		_exit(EXIT_FAILURE);
	run(arg);
	_exit(EXIT_SUCCESS);
}

int child_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			FAIL("waitpid(%d): %s", pid, err_name(errno));
	return status;
}

void child_ok(pid_t pid)
{
	int status = child_wait(pid);

	if (WIFSIGNALED(status))
		FAIL("child ended by signal %d (%s)", WTERMSIG(status),
		     sigabbrev_np(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		FAIL("child failed with exit status %d", WEXITSTATUS(status));
}

void child_kill(pid_t pid)
{
	CHECK_SYS(kill(pid, SIGKILL));
	child_wait(pid);
}

void child_kill_soon(pid_t pid, uint64_t *random)
{
	int status;

	usleep(random_next(random) % 4000);
	CHECK_SYS(kill(pid, SIGKILL));
	status = child_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int child_kill_and_catch(pid_t pid)
{
	int status, pidfd = CHECK_SYS(syscall(SYS_pidfd_open, pid, 0));

	CHECK_SYS(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT));
	CHECK_SYS(kill(pid, SIGKILL));
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	if (!WIFSTOPPED(status) || status >> 16 != PTRACE_EVENT_EXIT)
		skip("the process can't be stopped on its way out (%#x)",
		     status);
	return pidfd;
}

void child_let_end(pid_t pid)
{
	CHECK_SYS(ptrace(PTRACE_DETACH, pid, 0, 0));
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

unsigned int process_mrelease_all(int pidfd)
{
	unsigned int again = 0;

	while (syscall(SYS_process_mrelease, pidfd, 0)) {
		if (errno == ENOSYS)
			skip("no process_mrelease(2)");
		if (errno != EAGAIN)
			FAIL("process_mrelease: %s", err_name(errno));
		again++;
	}
	return again;
}

struct gate gate_make(void)
{
	struct gate g;

	CHECK_SYS(pipe2(g.fd, O_CLOEXEC));
	return g;
}

void gate_open(const struct gate *g, unsigned int n)
{
	while (n--)
		CHECK_EQ(write(g->fd[1], "", 1), 1);
}

void gate_wait(const struct gate *g)
{
	char c;
	ssize_t got;

	do {
		got = read(g->fd[0], &c, 1);
	} while (got < 0 && errno == EINTR);
	CHECK_EQ(got, 1);
}

void make_sockets(int sv[2])
{
	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv));
}

struct fd_message {
	char byte;
	struct iovec iov;
	char control[CMSG_SPACE(sizeof(int))]
		__attribute__((aligned(sizeof(size_t))));
	struct msghdr header;
};

static void fd_message_init(struct fd_message *m)
{
	memset(m, 0, sizeof(*m));
	m->iov.iov_base = &m->byte;
	m->iov.iov_len = 1;
	m->header.msg_iov = &m->iov;
	m->header.msg_iovlen = 1;
	m->header.msg_control = m->control;
	m->header.msg_controllen = sizeof(m->control);
}

void send_fd(int sock, int fd)
{
	struct fd_message m;
	struct cmsghdr *c;

	fd_message_init(&m);
	c = CMSG_FIRSTHDR(&m.header);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	CHECK_EQ(sendmsg(sock, &m.header, 0), 1);
}

int receive_fd(int sock)
{
	struct fd_message m;
	struct cmsghdr *c;
	int fd;

	fd_message_init(&m);
	CHECK_EQ(recvmsg(sock, &m.header, MSG_CMSG_CLOEXEC), 1);
	c = CMSG_FIRSTHDR(&m.header);
	CHECK(c && c->cmsg_type == SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

pthread_t thread_start(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, run, arg), 0);
	return thread;
}

void thread_join(pthread_t thread)
{
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

void stay_on_cpu(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CHECK_SYS(sched_setaffinity(0, sizeof(one), &one));
}

bool sleeps_in(pid_t thread, long call)
{
	char path[64], text[128], *end;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", thread);
	/* "running", or the number of the call and its arguments. */
	return read_file(path, text, sizeof(text)) &&
	       strtol(text, &end, 10) == call && end != text;
}

void threads_run(unsigned int n, void *(*run)(void *), void *arg)
{
	pthread_t threads[64];
	unsigned int i;

	CHECK_LE(n, 64);
	for (i = 0; i < n; i++)
		threads[i] = thread_start(run, arg);
	for (i = 0; i < n; i++)
		thread_join(threads[i]);
}

void *map_shared(size_t length)
{
	return CHECK_SYS(mmap(NULL, length, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

void drop_cap(unsigned int cap)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
						 0 };
	struct __user_cap_data_struct data[2];

	CHECK_SYS(syscall(SYS_capget, &head, data));
	data[cap / 32].effective &= ~(1u << cap % 32);
	data[cap / 32].permitted &= ~(1u << cap % 32);
	CHECK_SYS(syscall(SYS_capset, &head, data));
}

void drop_cap_sys_admin(void)
{
	drop_cap(CAP_SYS_ADMIN);
}

int real_file(size_t length)
{
	char path[] = "/var/tmp/svm-test-XXXXXX";
	int fd = CHECK_SYS(mkostemp(path, O_CLOEXEC));
	struct statfs fs;

	CHECK_SYS(unlink(path));
	CHECK_SYS(fstatfs(fd, &fs));
	if ((unsigned long)fs.f_type == TMPFS_MAGIC)
		skip("/var/tmp is a tmpfs here");
	CHECK_SYS(ftruncate(fd, length));
	return fd;
}

int run_program(const char *const argv[])
{
	int status;
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	status = child_wait(pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static void print_task(const char *dir, const char *task, const char *what)
{
	char path[300], text[4096];
	int fd;
	ssize_t length;

	snprintf(path, sizeof(path), "%s/%s/%s", dir, task, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	length = read(fd, text, sizeof(text));
	if (length > 0)
		dprintf(STDERR_FILENO, "# %s:\n%.*s\n", path, (int)length,
			text);
	close(fd);
}

void print_stacks(pid_t pid)
{
	char dir[64];
	struct dirent *entry;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%d/task", pid);
	d = opendir(dir);
	if (!d)
		return;
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		print_task(dir, entry->d_name, "stack");
		print_task(dir, entry->d_name, "syscall");
	}
	closedir(d);
}
