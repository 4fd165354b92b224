/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of svmbench: `svmbench COMMAND OPTIONS`.
 */
#ifndef SVMBENCH_COMMAND_H
#define SVMBENCH_COMMAND_H

/* Exit statuses. */
enum {
	/* a measurement failed: something did not move, or came back wrong */
	EXIT_FAILED = 1,
	/* bad arguments */
	EXIT_USAGE = 2,
};

/*
 * struct command - a command
 * @name: as it is typed.
 * @summary: a line about it.
 * @run: does it; @argv begins with "svmbench NAME". Returns an exit status.
 */
struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

extern const struct command command_migrate;

#endif /* SVMBENCH_COMMAND_H */
