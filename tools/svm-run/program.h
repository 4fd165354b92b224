/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program that svm-run was asked to run: start, signals, end.
 */
#ifndef SVM_RUN_PROGRAM_H
#define SVM_RUN_PROGRAM_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Exit statuses of our own, as env(1), timeout(1) and nice(1) have them. */
#define EXIT_OWN_FAILURE 125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

/*
 * struct program - the program
 * @pid: its first process.
 * @running: that one has not ended.
 * @status: what waitpid() said of it.
 */
struct program {
	pid_t pid;
	bool running;
	int status;
};

/*
 * program_block_signals() - take the signals that are passed on as events
 *
 * To be called before program_start(), which undoes it for the program.
 *
 * Returns a signalfd for them and for SIGCHLD, or a negative errno value.
 */
int program_block_signals(void);

/*
 * program_start() - start it
 * @program: filled in.
 * @argv: its arguments, name first; NULL at the end.
 *
 * Returns 0, or what execvp() failed with, or another negative errno value.
 */
int program_start(struct program *program, char *const argv[]);

/*
 * program_signal() - pass a signal on, if it was not sent to the program too
 * @program: to whom.
 * @number: which.
 * @code: where it came from: si_code.
 *
 * What a terminal sends goes to the whole foreground process group, of which the
 * program is a part.
 */
void program_signal(const struct program *program, int number, int code);

/*
 * program_reap() - see what children have ended
 *
 * Returns false when there are no children any more.
 */
bool program_reap(struct program *program);

/* The exit status to end with: the program's own, or 128 and the signal. */
int program_exit_status(const struct program *program);

#endif /* SVM_RUN_PROGRAM_H */
