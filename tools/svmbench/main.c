// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svmbench: measures how fast memory moves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "say.h"

static const struct command *const commands[] = {
	&command_migrate,
};

static void print_help(void)
{
	puts("Usage: svmbench COMMAND [OPTION...]\n"
	     "Measure the SVM runtime on this machine.\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
	puts("\n"
	     "  --help       Give this help list; after a COMMAND, its options\n"
	     "  --version    Print program version\n"
	     "\n"
	     "The exit status is 0 if everything was measured, 1 if a measurement failed,\n"
	     "2 for bad arguments. See svmbench(1).");
}

static int run_command(const struct command *command, int argc, char **argv)
{
	char name[64];

	/* messages and usage lines name both */
	snprintf(name, sizeof(name), "%s %s", program_invocation_short_name,
		 command->name);
	argv[0] = name;
	program_invocation_short_name = name;
	return command->run(argc, argv);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (!strcmp(word, "--help") || !strcmp(word, "-?") ||
	    !strcmp(word, "-h") || !strcmp(word, "help")) {
		print_help();
		return 0;
	}
	if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
		puts("svmbench " SVM_VERSION);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(word, commands[i]->name))
			return run_command(commands[i], argc - 1, argv + 1);
	}
	if (*word)
		say("there is no command '%s'", word);
	else
		say("which command?");
	fprintf(stderr, "Try `%s --help' for more information.\n",
		program_invocation_short_name);
	return EXIT_USAGE;
}
