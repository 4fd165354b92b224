// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program stays in svm-run's process group and session, so that terminals
 * and shells treat both as one job. It gets the signal mask and dispositions
 * that svm-run was started with.
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

static const int passed_on[] = {
	SIGHUP,	 SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
	SIGUSR2, SIGALRM, SIGTSTP, SIGCONT, SIGWINCH,
};

/* As svm-run found them. */
static sigset_t old_mask;
static struct sigaction old_sigchld;

int program_block_signals(void)
{
	/* with SIGCHLD ignored, exit statuses would be lost */
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t mask;
	int fd;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		sigaddset(&mask, passed_on[i]);
	if (sigaction(SIGCHLD, &by_default, &old_sigchld) ||
	    sigprocmask(SIG_BLOCK, &mask, &old_mask))
		return -errno;
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static void run_program(char *const argv[], int report)
{
	int err;

	sigaction(SIGCHLD, &old_sigchld, NULL);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	execvp(argv[0], argv);
	err = errno;
	if (write(report, &err, sizeof(err)) < 0)
		_exit(EXIT_OWN_FAILURE);
	_exit(EXIT_NOT_FOUND);
}

int program_start(struct program *program, char *const argv[])
{
	__close int from_child = -1;
	__close int to_parent = -1;
	int ends[2], err = 0;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	from_child = ends[0];
	to_parent = ends[1];
	program->pid = fork();
	if (program->pid < 0)
		return -errno;
	if (!program->pid)
		run_program(argv, to_parent);
	close(take_fd(&to_parent));
	/* ends with nothing to read when exec has closed the other end */
	while (read(from_child, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	if (err) {
		waitpid(program->pid, NULL, 0);
		return -err;
	}
	program->running = true;
	return 0;
}

void program_signal(const struct program *program, int number, int code)
{
	if (program->running && code != SI_KERNEL)
		kill(program->pid, number);
	/* the program's job stops as a whole; SIGCONT wakes us up again */
	if (number == SIGTSTP)
		raise(SIGSTOP);
}

bool program_reap(struct program *program)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != program->pid)
			continue;
		program->running = false;
		program->status = status;
	}
	return pid == 0;
}

int program_exit_status(const struct program *program)
{
	if (WIFSIGNALED(program->status))
		return 128 + WTERMSIG(program->status);
	return WEXITSTATUS(program->status);
}
