// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options by argp. The first word that is no option is the program: what
 * follows is its own.
 */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "program.h"
#include "units.h"

#define CHURN_MIN (100 * NS_PER_US)
#define CHURN_MAX (3600 * NS_PER_S)
#define MAX_BYTES_DEFAULT ((uint64_t)4 << 20)
#define MAX_BYTES_MAX ((uint64_t)1 << 30)

enum {
	OPTION_SEED = 256,
	OPTION_MAX_BYTES,
	OPTION_REPORT_JSON,
};

/* argp in the C library looks for it */
__attribute__((visibility("default")))
const char *argp_program_version = "svm-run " SVM_VERSION;

static const struct argp_option argp_options[] = {
	{ "device", 'd', "svmN", 0,
	  "Use this device (may be repeated); default: all of them, or none if a node is named",
	  0 },
	{ "node", 'n', "N", 0,
	  "Use this NUMA node (may be repeated); default: all of them for --churn, none otherwise",
	  0 },
	{ "churn", 'c', "INTERVAL", 0,
	  "Every INTERVAL (as in 10ms) move a random piece of memory to a random place",
	  0 },
	{ "max-bytes", OPTION_MAX_BYTES, "SIZE", 0,
	  "Largest piece that --churn moves; default: 4M", 0 },
	{ "seed", OPTION_SEED, "NUMBER", 0,
	  "Seed of the random choices; default: a new one, told by the report",
	  0 },
	{ "report", 'r', "FILE", OPTION_ARG_OPTIONAL,
	  "At the end, tell on stderr or in FILE what was moved", 0 },
	{ "report-json", OPTION_REPORT_JSON, "FILE", 0,
	  "The same as JSON, in FILE", 0 },
	{ "join", 'j', "SOCKET", OPTION_ARG_OPTIONAL,
	  "Have svmd place the memory: join it for each process of PROGRAM",
	  0 },
	{ "wait", 'w', NULL, 0,
	  "Stay until all processes of PROGRAM have ended, not only the first",
	  0 },
	{ 0 },
};

static void parse_churn(struct argp_state *state, const char *text,
			struct options *options)
{
	if (parse_duration(text, &options->churn_ns))
		argp_error(
			state,
			"--churn: '%s' is no duration (as in 500us, 10ms, 1s)",
			text);
	if (options->churn_ns < CHURN_MIN || options->churn_ns > CHURN_MAX)
		argp_error(state, "--churn: '%s' is not from 100us to 60m",
			   text);
}

static void parse_max_bytes(struct argp_state *state, const char *text,
			    struct options *options)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (parse_size(text, &options->max_bytes))
		argp_error(state,
			   "--max-bytes: '%s' is no size (as in 64K, 4M)",
			   text);
	if (options->max_bytes < page || options->max_bytes > MAX_BYTES_MAX)
		argp_error(state, "--max-bytes: '%s' is not from a page to 1G",
			   text);
}

static void parse_node(struct argp_state *state, const char *text,
		       struct options *options)
{
	uint64_t node;

	if (parse_number(text, INT32_MAX, &node))
		argp_error(state, "--node: '%s' is no node number", text);
	if (nodes_have(&options->nodes, (int)node))
		return;
	if (options->nodes.nr == NODES_MAX)
		argp_error(state, "--node: too many");
	options->nodes.ids[options->nodes.nr++] = (int)node;
}

static void parse_device(struct argp_state *state, const char *text,
			 struct options *options)
{
	const char *number;
	uint64_t id;

	if (!strncmp(text, "/dev/", 5))
		text += 5;
	number = text + 3;
	if (strncmp(text, "svm", 3) ||
	    parse_number(number, HELLO_CONTEXTS_MAX - 1, &id))
		argp_error(state, "--device: '%s' is no device (as in svm0)",
			   text);
	for (unsigned int i = 0; i < options->nr_devices; i++) {
		if (!strcmp(options->devices[i], text))
			return;
	}
	if (options->nr_devices == HELLO_CONTEXTS_MAX)
		argp_error(state, "--device: too many");
	options->devices[options->nr_devices++] = text;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'd':
		parse_device(state, arg, options);
		break;
	case 'n':
		parse_node(state, arg, options);
		break;
	case 'c':
		parse_churn(state, arg, options);
		break;
	case OPTION_MAX_BYTES:
		parse_max_bytes(state, arg, options);
		break;
	case OPTION_SEED:
		if (parse_number(arg, UINT64_MAX, &options->seed))
			argp_error(state, "--seed: '%s' is no number", arg);
		options->seeded = true;
		break;
	case 'r':
		options->report = true;
		options->report_file = arg;
		break;
	case OPTION_REPORT_JSON:
		options->json_file = arg;
		break;
	case 'j':
		options->join = true;
		options->join_path = arg;
		break;
	case 'w':
		options->wait = true;
		break;
	case ARGP_KEY_END:
		if (options->join && (options->churn_ns || options->nodes.nr))
			argp_error(
				state,
				"with --join it is svmd that moves: no --churn, no --node");
		break;
	case ARGP_KEY_ARGS:
		options->argv = state->argv + state->next;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "what shall be run?");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void options_parse(struct options *options, int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse,
		.args_doc = "[--] PROGRAM [ARGUMENT...]",
		.doc = "Run PROGRAM, unmodified, with its memory under the SVM runtime: on the devices, or with --churn moved about all the time."
		       "\vWithout a device the memory moves between NUMA nodes. "
		       "The exit status is the program's own, 128+N if signal N ended it; "
		       "125 if svm-run itself fails, 126 if PROGRAM can't be executed, 127 if it is not found. "
		       "See svm-run(1).",
	};

	*options = (struct options){ .max_bytes = MAX_BYTES_DEFAULT };
	argp_err_exit_status = EXIT_OWN_FAILURE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, options);
}
