// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svmbench: measures how fast memory moves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "measure.h"
#include "say.h"

#define DOC_DEVICE                                                               \
	"\vWithout --device, the first device with room for a size is used, or " \
	"else a temporary one that is made of system memory, where that is "     \
	"permitted. See svmbench(1)."

static const struct command commands[] = {
	{
		.name = "migrate",
		.summary = "moves to a device, back, and back by CPU faults",
		.doc = "Measure how fast memory moves to a device, back, and "
		       "back by CPU faults, beside memcpy and move_pages(2)." DOC_DEVICE,
		.measures = { &measure_migrate },
	},
	{
		.name = "fault",
		.summary =
			"CPU faults on device memory: latencies, and in order",
		.doc = "Measure what it costs the CPU to touch memory on a "
		       "device: one page here and there, and all in order." DOC_DEVICE,
		.measures = { &measure_fault },
	},
	{
		.name = "access",
		.summary = "reads, writes and atomics by the device itself",
		.doc = "Measure how fast the device reads, writes and adds to "
		       "memory through its own mirror of the page tables." DOC_DEVICE,
		.measures = { &measure_access },
	},
	{
		.name = "evict",
		.summary = "emptying a device",
		.doc = "Measure how fast a device's memory is freed by bringing "
		       "pages home. It takes the privilege to do so."
		       "\vWhat others have on the device comes home too: without "
		       "--device, a temporary one is made. See svmbench(1).",
		.measures = { &measure_evict },
	},
	{
		.name = "scale",
		.summary = "moves of more memory, and by several at once",
		.doc = "Measure how the cost of moves grows with the size, and "
		       "with threads, contexts and processes that move at the "
		       "same time." DOC_DEVICE,
		.measures = { &measure_scale },
	},
	{
		.name = "async",
		.summary = "moves in the background, beside computing",
		.doc = "Measure whether a move in the background and computing "
		       "take as long together as the longer of the two." DOC_DEVICE,
		.measures = { &measure_async },
	},
	{
		.name = "mirror",
		.summary = "the memory that mirrors of page tables take",
		.doc = "Measure how much memory the kernel keeps for memory "
		       "that a device has mapped." DOC_DEVICE,
		.measures = { &measure_mirror },
	},
	{
		.name = "single",
		.summary = "times of what one thread does alone",
		.doc = "Measure what one thread does alone: moves, faults, "
		       "accesses and evictions." DOC_DEVICE,
		.measures = { &measure_migrate, &measure_fault, &measure_access,
			      &measure_evict },
	},
	{
		.name = "all",
		.summary = "everything",
		.doc = "Measure everything, one after the other, and tell which "
		       "targets are reached." DOC_DEVICE,
		.targets = true,
		.measures = { &measure_migrate, &measure_fault, &measure_access,
			      &measure_evict, &measure_scale, &measure_async,
			      &measure_mirror },
	},
};

static void print_help(void)
{
	puts("Usage: svmbench COMMAND [OPTION...]\n"
	     "Measure the SVM runtime on this machine.\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-12s %s\n", commands[i].name, commands[i].summary);
	puts("\n"
	     "  --help       Give this help list; after a COMMAND, its options\n"
	     "  --version    Print program version\n"
	     "\n"
	     "The exit status is 0 if everything was measured, 1 if a measurement failed,\n"
	     "2 for bad arguments, 3 if --check or --growth found something. See svmbench(1).");
}

static int run_command(const struct command *command, int argc, char **argv)
{
	char name[64];

	/* messages and usage lines name both */
	snprintf(name, sizeof(name), "%s %s", program_invocation_short_name,
		 command->name);
	argv[0] = name;
	program_invocation_short_name = name;
	return command_run(command, argc, argv);
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
		if (!strcmp(word, commands[i].name))
			return run_command(&commands[i], argc - 1, argv + 1);
	}
	if (*word)
		say("there is no command '%s'", word);
	else
		say("which command?");
	fprintf(stderr, "Try `%s --help' for more information.\n",
		program_invocation_short_name);
	return EXIT_USAGE;
}
