// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svmctl: the command line.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "svmctl.h"

#ifndef SVMCTL_VERSION
#define SVMCTL_VERSION "0"
#endif

const char *argp_program_version = "svmctl " SVMCTL_VERSION;

static const struct verb verbs[] = {
	{ "status", "", "what svmd knows and does", 0, 0, verb_status },
	{ "top", "", "the same all the time; q quits", 0, 0, verb_top },
	{ "session", "[ID]", "sessions, or one of them", 0, 1, verb_session },
	{ "device", "[svm0|node:0|card0|port:1]",
	  "nodes, devices, cards and ports, or one of them", 0, 1,
	  verb_device },
	{ "policy",
	  "show [SCOPE] | set SCOPE POLICY… NAME=VALUE… | reset SCOPE [NAME…]",
	  "policies and parameters; a scope is default, user:1000, cgroup:/a, session:5, node:1 or device:0",
	  1, -1, verb_policy },
	{ "hold", "SCOPE [COMMAND…]",
	  "have svmd move nothing of it, while the command runs or until this ends",
	  1, -1, verb_hold },
	{ "migrate", "SESSION ADDRESS BYTES PLACE",
	  "move a range now; a place is 'node 1' or svm0", 4, 4, verb_migrate },
	{ "evict", "DEVICE [BYTES]", "bring memory home from a device", 1, 2,
	  verb_evict },
	{ "explain", "SESSION ADDRESS",
	  "where an address is, how much it is used, and why it is not elsewhere",
	  2, 2, verb_explain },
	{ "events", "", "the last moves", 0, 0, verb_events },
	{ "statistics", "", "counters", 0, 0, verb_statistics },
	{ "dump", "", "everything, as JSON", 0, 0, verb_dump },
	{ "reload", "", "have svmd read its configuration again", 0, 0,
	  verb_reload },
};
#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

enum long_option {
	OPTION_JSON = 256,
	OPTION_SINCE,
	OPTION_REASON,
	OPTION_COLOR,
};

static const struct argp_option options[] = {
	{ "json", OPTION_JSON, NULL, 0, "Write JSON", 0 },
	{ "color", OPTION_COLOR, "WHEN", 0, "auto, always or never", 0 },
	{ "bus", 'b', "BUS", 0, "system (the default), user, or an address",
	  0 },
	{ "follow", 'f', NULL, 0, "events: go on with new ones", 0 },
	{ "since", OPTION_SINCE, "NUMBER", 0,
	  "events: only those after this one", 0 },
	{ "reason", OPTION_REASON, "TEXT", 0, "hold: what for", 0 },
	{ 0 },
};

struct arguments {
	struct ctl ctl;
	const char *bus;
	const char *color;
	char **words;
	int nr_words;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case OPTION_JSON:
		args->ctl.json = true;
		return 0;
	case OPTION_COLOR:
		if (strcmp(arg, "auto") && strcmp(arg, "always") &&
		    strcmp(arg, "never"))
			argp_error(state, "--color: not '%s'", arg);
		args->color = arg;
		return 0;
	case 'b':
		args->bus = arg;
		return 0;
	case 'f':
		args->ctl.follow = true;
		return 0;
	case OPTION_SINCE:
		if (parse_number(arg, &args->ctl.since))
			argp_error(state, "--since: not a number: '%s'", arg);
		return 0;
	case OPTION_REASON:
		args->ctl.reason = arg;
		return 0;
	case ARGP_KEY_ARG:
		args->words[args->nr_words++] = arg;
		/* A held command's options are its own. */
		if (args->nr_words > 2 && !strcmp(args->words[0], "hold"))
			while (state->next < state->argc)
				args->words[args->nr_words++] =
					state->argv[state->next++];
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *filter(int key, const char *text, void *input)
{
	char *all = NULL;
	size_t size, i;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&all, &size);
	fputs("Verbs:\n", out);
	for (i = 0; i < NR_VERBS; i++)
		fprintf(out, "  %s %s\n      %s\n", verbs[i].name,
			verbs[i].arguments, verbs[i].help);
	fputs("\nExit status: 0; 1 svmd refused or failed; 2 wrong command line; "
	      "3 svmd can't be reached; 4 no permission; 5 no such session, "
	      "place, scope, parameter or hold. hold with a command: the "
	      "command's own.",
	      out);
	fclose(out);
	return all;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "VERB [ARGUMENTS…]",
	.doc = "Shows and steers svmd, which places and moves memory.\v",
	.help_filter = filter,
};

static int open_bus(const char *name, sd_bus **bus)
{
	int ret;

	if (!strcmp(name, "system"))
		return sd_bus_open_system(bus);
	if (!strcmp(name, "user"))
		return sd_bus_open_user(bus);
	ret = sd_bus_new(bus);
	if (ret >= 0)
		ret = sd_bus_set_address(*bus, name);
	if (ret >= 0)
		ret = sd_bus_set_bus_client(*bus, 1);
	return ret < 0 ? ret : sd_bus_start(*bus);
}

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < NR_VERBS; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static int run(struct arguments *args)
{
	const char *name = args->nr_words ? args->words[0] : "status";
	int nr = args->nr_words ? args->nr_words - 1 : 0, ret, code;
	const struct verb *verb = find_verb(name);

	if (!verb)
		return ctl_usage("there is no verb '%s'", name);
	if (nr < verb->least || (verb->most >= 0 && nr > verb->most))
		return ctl_usage("usage: svmctl %s %s", verb->name,
				 verb->arguments);
	ret = open_bus(args->bus, &args->ctl.bus);
	if (ret < 0) {
		fprintf(stderr, "svmctl: can't reach the bus: %s\n",
			strerror(-ret));
		sd_bus_unref(args->ctl.bus);
		return EXIT_NO_SVMD;
	}
	code = verb->run(&args->ctl, nr, args->words + 1);
	sd_bus_flush_close_unref(args->ctl.bus);
	return code;
}

/* What a full disk didn't take was not shown, whatever the verb says. */
static int finish(int code)
{
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	fputs("svmctl: can't write all of it\n", stderr);
	return code ? code : EXIT_FAILED;
}

int main(int argc, char *argv[])
{
	struct arguments args = { .bus = "system", .color = "auto" };
	int code;

	argp_err_exit_status = EXIT_USAGE;
	args.words = calloc((size_t)argc + 2, sizeof(char *));
	if (!args.words)
		return EXIT_FAILED;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &args);
	args.ctl.color = !strcmp(args.color, "always") ||
			 (!strcmp(args.color, "auto") &&
			  isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
	code = finish(run(&args));
	free(args.words);
	return code;
}
