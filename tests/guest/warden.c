// SPDX-License-Identifier: GPL-2.0-or-later
#include "warden.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dev.h"
#include "os.h"

/* A case that takes longer hangs: below the patience of the runner. */
#define HANG_SECONDS 100
/* The kernel may take an address space down a little after the process. */
#define LEAK_SECONDS 20
/* A case that takes longer should be made quicker. */
#define SLOW_SECONDS 8

/* What the case tells the warden, in memory that both see. */
struct board {
	char reason[256];
	unsigned int nr_settings;
	struct {
		char path[128];
		char value[64];
	} settings[16];
};

static struct board *board;

void skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(board->reason, sizeof(board->reason), format, args);
	va_end(args);
	_exit(EXIT_SKIP);
}

/* Files that show a choice have what is chosen in brackets. */
static void keep_chosen(char *text)
{
	char *first = strchr(text, '['), *last = strchr(text, ']');

	if (!first || !last || last < first)
		return;
	*last = 0;
	memmove(text, first + 1, last - first);
}

bool setting(const char *path, const char *value)
{
	unsigned int i, nr = board->nr_settings;
	char old[sizeof(board->settings[0].value)];

	for (i = 0; i < nr; i++)
		if (!strcmp(board->settings[i].path, path))
			return write_file(path, value);
	CHECK(nr < sizeof(board->settings) / sizeof(board->settings[0]));
	CHECK(strlen(path) < sizeof(board->settings[0].path));
	if (!read_file(path, old, sizeof(old)) || !write_file(path, value))
		return false;
	keep_chosen(old);
	strcpy(board->settings[nr].path, path);
	strcpy(board->settings[nr].value, old);
	board->nr_settings = nr + 1;
	return true;
}

static void put_settings_back(void)
{
	while (board->nr_settings) {
		unsigned int i = --board->nr_settings;

		if (!write_file(board->settings[i].path,
				board->settings[i].value))
			note("cannot put %s back to %s",
			     board->settings[i].path, board->settings[i].value);
	}
}

static void remove_swap(void)
{
	glob_t found;
	size_t i;

	if (glob(SWAP_FILE_PREFIX "*", 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		swapoff(found.gl_pathv[i]);
		unlink(found.gl_pathv[i]);
	}
	globfree(&found);
}

/* Every byte of every device must be free when nobody is left. */
static bool device_leaks(const char *path)
{
	struct svm_ioctl_info info = { .size = sizeof(info) };
	double start = seconds();
	int fd, ret;

	do {
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return false;
		ret = svm_call(fd, SVM_IOCTL_INFO, &info);
		close(fd);
		if (ret == -ENODEV)
			return false;
		if (ret) {
			note("%s: info: %s", path, err_name(ret));
			return true;
		}
		if (info.bytes_free == info.bytes_total)
			return false;
		sleep_ms(20);
	} while (seconds() - start < patience(LEAK_SECONDS));
	note("%s: leak: %llu of %llu bytes free after all processes have ended",
	     path, info.bytes_free, info.bytes_total);
	return true;
}

static bool devices_leak(void)
{
	bool leak = false;
	glob_t found;
	size_t i;

	if (glob("/dev/svm[0-9]*", 0, NULL, &found))
		return false;
	for (i = 0; i < found.gl_pathc; i++)
		leak |= device_leaks(found.gl_pathv[i]);
	globfree(&found);
	return leak;
}

static void wait_device_node(void)
{
	int i;

	/* The node comes with the device; udev may still be at its mode. */
	for (i = 0; i < 100 && access("/dev/svm0", F_OK); i++)
		sleep_ms(10);
	if (access("/dev/svm0", F_OK))
		FAIL("no /dev/svm0: is the module loaded?");
}

static void __attribute__((noreturn)) run_case(const struct test_case *c,
					       pid_t parent)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	if (strcmp(group.module_args, "none") && !group.loads_module) {
		wait_device_node();
		if (group.needs_device_memory)
			need_device_memory();
	}
	c->run();
	fflush(NULL);
	_exit(EXIT_SUCCESS);
}

/* Wait for the case; returns its wait status. */
static int wait_case(pid_t pid, const struct test_case *c)
{
	double start = seconds();
	int status;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return status;
		if (got < 0)
			FAIL("waitpid: %s", err_name(errno));
		if (seconds() - start > patience(HANG_SECONDS)) {
			note("%s: hangs", c->name);
			print_stacks(pid);
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			/* If it can't be killed, let the runner see that. */
			waitpid(pid, &status, 0);
			return status;
		}
		sleep_ms(2);
	}
}

int warden_run(const struct test_case *c, const char **reason)
{
	pid_t pid, self = getpid();
	double start;
	int status;

	if (!board) {
		board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (board == MAP_FAILED)
			FAIL("mmap: %s", err_name(errno));
	}
	memset(board, 0, sizeof(*board));
	/* Children of the case that lose their parent come to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid < 0)
		FAIL("fork: %s", err_name(errno));
	if (!pid)
		run_case(c, self);
	setpgid(pid, pid);
	start = seconds();
	status = wait_case(pid, c);
	if (seconds() - start > patience(SLOW_SECONDS))
		note("%s: took %.0f s", c->name, seconds() - start);
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	put_settings_back();
	remove_swap();
	*reason = board->reason;

	if (WIFSIGNALED(status)) {
		note("%s: ended by signal %d (%s)", c->name, WTERMSIG(status),
		     sigabbrev_np(WTERMSIG(status)));
		devices_leak();
		return EXIT_FAILURE;
	}
	if (devices_leak())
		return EXIT_FAILURE;
	return WEXITSTATUS(status);
}
