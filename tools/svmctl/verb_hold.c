// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hold: until a command ends, or a signal comes. svmd forgets holds when it
 * ends, so one that is started anew meanwhile is asked again.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "svmctl.h"

/**
 * struct holding - a hold that is to last
 * @ctl: the bus.
 * @what: is held.
 * @quiet: a command writes here, not we.
 * @starts: of svmd, as of &ctl.starts, when it was asked last.
 */
struct holding {
	struct ctl *ctl;
	const char *what;
	bool quiet;
	unsigned int starts;
};

static int take(struct holding *holding)
{
	struct ctl *ctl = holding->ctl;
	sd_bus_message *reply = NULL;
	uint32_t cookie = 0;
	int code = ctl_call(ctl, &reply, "Hold", "ss", holding->what,
			    ctl->reason ? ctl->reason : "svmctl hold");

	holding->starts = ctl->starts;
	/* Whoever stops svmd wants it to be stopped. */
	ctl->no_start = true;
	if (code)
		return code;
	(void)sd_bus_message_read(reply, "u", &cookie);
	sd_bus_message_unref(reply);
	if (holding->quiet)
		return EXIT_OK;
	if (ctl->json)
		printf("{\"cookie\":%" PRIu32 "}\n", cookie);
	else
		printf("%s is held (%" PRIu32 ") until this ends\n",
		       holding->what, cookie);
	return fflush(stdout) ? EXIT_FAILED : EXIT_OK;
}

/* Until @fd can be read. */
static int keep(struct holding *holding, int fd)
{
	struct ctl *ctl = holding->ctl;
	int code = EXIT_OK;
	bool ready;

	while (!code) {
		code = ctl_wait(ctl, fd, -1, &ready);
		if (code || ready)
			break;
		if (!ctl->gone && ctl->starts != holding->starts)
			code = take(holding);
	}
	return code;
}

static int wait_for_signal(struct holding *holding)
{
	sigset_t mask;
	int fd, code;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	fd = signalfd(-1, &mask, SFD_CLOEXEC);
	if (fd < 0)
		return EXIT_FAILED;
	code = keep(holding, fd);
	close(fd);
	return code;
}

static pid_t start_command(char **argv, const sigset_t *mask)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	fprintf(stderr, "svmctl: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int run_command(struct holding *holding, char **argv)
{
	sigset_t child, before;
	int fd, status;
	pid_t pid;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	fd = signalfd(-1, &child, SFD_CLOEXEC);
	pid = fd < 0 ? -1 : start_command(argv, &before);
	if (pid < 0) {
		fprintf(stderr, "svmctl: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	/* The command goes on in any case; what went wrong was said. */
	(void)keep(holding, fd);
	close(fd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int verb_hold(struct ctl *ctl, int argc, char **argv)
{
	struct holding holding = {
		.ctl = ctl,
		.what = argv[0],
		.quiet = argc > 1,
	};
	int code = ctl_watch(ctl);

	if (!code)
		code = take(&holding);
	if (code)
		return code;
	return argc > 1 ? run_command(&holding, argv + 1)
			: wait_for_signal(&holding);
}
