/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of svmbench: `svmbench COMMAND OPTIONS`.
 */
#ifndef SVMBENCH_COMMAND_H
#define SVMBENCH_COMMAND_H

#include <stdbool.h>

/* Exit statuses. */
enum {
	/* a measurement failed: something did not move, or came back wrong */
	EXIT_FAILED = 1,
	/* bad arguments */
	EXIT_USAGE = 2,
	/* a target was missed or a figure has grown, and that was asked */
	EXIT_MISSED = 3,
};

#define COMMAND_MEASURES 8

struct measure;

/*
 * struct command - a command
 * @name: as it is typed.
 * @summary: a line about it.
 * @doc: what it does, for --help.
 * @targets: it measures what the targets are about.
 * @measures: what it measures, one after the other; ends with NULL.
 */
struct command {
	const char *name;
	const char *summary;
	const char *doc;
	bool targets;
	const struct measure *measures[COMMAND_MEASURES];
};

/* Does it; @argv begins with "svmbench NAME". Returns an exit status. */
int command_run(const struct command *command, int argc, char **argv);

#endif /* SVMBENCH_COMMAND_H */
