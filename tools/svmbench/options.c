// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options of a command, by argp.
 */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "command.h"
#include "samples.h"
#include "units.h"

/* The mirror's job lists huge pages of address space, for which this is enough. */
#define SIZE_MOST ((uint64_t)4 << 40)
#define RUNS_MIN 5
/* Two samples a run are taken of some figures. */
#define RUNS_MAX (SAMPLES_MAX / 2)
#define WARMUP_MAX 100
/* Below this, a run is over so soon that more of them cost nothing. */
#define SMALL_BYTES ((uint64_t)1 << 20)
#define SMALL_RUNS 21

enum {
	OPTION_FULL = 256,
	OPTION_CREATE,
	OPTION_JSON,
	OPTION_LIST,
	OPTION_CHECK,
	OPTION_COMPARE,
	OPTION_GROWTH,
	OPTION_HTML,
	OPTION_RECORD,
	OPTION_WARMUP,
};

static const uint64_t full_sizes[] = { 64 << 10, 256 << 10, 1 << 20,   4 << 20,
				       16 << 20, 64 << 20,  256 << 20, 1 << 30 };

static const struct argp_option argp_options[] = {
	{ "sizes", 's', "SIZE,...", 0,
	  "How much memory; by default what the man page says", 0 },
	{ "full", OPTION_FULL, NULL, 0,
	  "64K to 1G in steps of four: takes minutes", 0 },
	{ "pages", 'p', "KIND,...", 0, "Source pages: 4k, huge; default: both",
	  0 },
	{ "runs", 'r', "N", 0,
	  "Runs that count, at least 5; default: 5, and 21 up to 1M", 0 },
	{ "warmup", OPTION_WARMUP, "N", 0, "Runs before them; default: 1", 0 },
	{ "device", 'd', "svmN", 0,
	  "Use this device; sizes that it has no room for are skipped", 0 },
	{ "create", OPTION_CREATE, NULL, 0,
	  "Use a temporary device, also if there is one with room", 0 },
	{ "json", OPTION_JSON, NULL, 0, "Print JSON instead of a table", 0 },
	{ "html", OPTION_HTML, "FILE", 0,
	  "Write a report with charts as well: one page, complete in itself",
	  0 },
	{ "record", OPTION_RECORD, "FILE", 0,
	  "Write our own figures as well, a line for each, for --compare", 0 },
	{ "compare", OPTION_COMPARE, "OLD.json", 0,
	  "Compare with an earlier run, and tell what differs beyond the spread",
	  0 },
	{ "growth", OPTION_GROWTH, "PERCENT", 0,
	  "Exit with status 3 if anything takes so much longer than then, or is not measured any more",
	  0 },
	{ "check", OPTION_CHECK, NULL, 0,
	  "Exit with status 3 if a target is missed (only for all)", 0 },
	{ "list", OPTION_LIST, NULL, 0, "Tell what would be measured", 0 },
	{ 0 },
};

/* Takes the next word off a list with commas. */
static char *next_word(char **list)
{
	return strsep(list, ",");
}

static void parse_sizes(struct argp_state *state, char *list,
			struct options *options)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), bytes;
	char *word;
	int err;

	options->nr_sizes = 0;
	while ((word = next_word(&list))) {
		err = parse_size(word, &bytes);
		if (err == -EINVAL)
			argp_error(state,
				   "--sizes: '%s' is no size (as in 64K, 1M)",
				   word);
		if (!err && (!bytes || bytes % page))
			argp_error(state,
				   "--sizes: '%s' is no multiple of %lluK",
				   word, (unsigned long long)page / 1024);
		/* What there is no room for is skipped; see is_hopeless(). */
		if (err || bytes > SIZE_MOST)
			argp_error(state, "--sizes: '%s' is more than 4T",
				   word);
		if (options->nr_sizes == SIZES_MAX)
			argp_error(state, "--sizes: more than %d", SIZES_MAX);
		options->sizes[options->nr_sizes++] = bytes;
	}
}

static void parse_kinds(struct argp_state *state, char *list,
			struct options *options)
{
	char *word;

	options->kinds = 0;
	while ((word = next_word(&list))) {
		if (!strcasecmp(word, page_kind_name(PAGES_4K)))
			options->kinds |= 1 << PAGES_4K;
		else if (!strcasecmp(word, page_kind_name(PAGES_HUGE)))
			options->kinds |= 1 << PAGES_HUGE;
		else
			argp_error(state,
				   "--pages: '%s' is neither 4k nor huge",
				   word);
	}
}

static unsigned int parse_runs(struct argp_state *state, const char *name,
			       const char *text, uint64_t min, uint64_t max)
{
	uint64_t runs;

	if (parse_number(text, max, &runs) || runs < min)
		argp_error(state, "%s: '%s' is no number from %u to %u", name,
			   text, (unsigned int)min, (unsigned int)max);
	return (unsigned int)runs;
}

static double parse_percent(struct argp_state *state, const char *text)
{
	double percent;
	char *end;

	percent = strtod(text, &end);
	if (end == text || *end || !(percent >= 0 && percent <= 1000))
		argp_error(state, "--growth: '%s' is no percentage", text);
	return percent;
}

static void parse_device(struct argp_state *state, const char *text,
			 struct options *options)
{
	uint64_t id;

	if (!strncmp(text, "/dev/", 5))
		text += 5;
	if (strncmp(text, "svm", 3) || parse_number(text + 3, UINT16_MAX, &id))
		argp_error(state, "--device: '%s' is no device (as in svm0)",
			   text);
	options->device = text;
}

struct input {
	const struct command *command;
	struct options *options;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct input *input = state->input;
	struct options *options = input->options;

	switch (key) {
	case 's':
		parse_sizes(state, arg, options);
		break;
	case OPTION_FULL:
		memcpy(options->sizes, full_sizes, sizeof(full_sizes));
		options->nr_sizes = ARRAY_SIZE(full_sizes);
		break;
	case 'p':
		parse_kinds(state, arg, options);
		break;
	case 'r':
		options->runs =
			parse_runs(state, "--runs", arg, RUNS_MIN, RUNS_MAX);
		options->runs_given = true;
		break;
	case OPTION_WARMUP:
		options->warmup =
			parse_runs(state, "--warmup", arg, 0, WARMUP_MAX);
		break;
	case 'd':
		parse_device(state, arg, options);
		break;
	case OPTION_CREATE:
		options->create = true;
		break;
	case OPTION_JSON:
		options->json = true;
		break;
	case OPTION_HTML:
		options->html = arg;
		break;
	case OPTION_RECORD:
		options->record = arg;
		break;
	case OPTION_COMPARE:
		options->compare = arg;
		break;
	case OPTION_GROWTH:
		options->growth = parse_percent(state, arg);
		break;
	case OPTION_CHECK:
		options->check = true;
		break;
	case OPTION_LIST:
		options->list = true;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "what is '%s'?", arg);
		break;
	case ARGP_KEY_END:
		if (options->device && options->create)
			argp_error(state,
				   "--device and --create exclude each other");
		if (options->check && !input->command->targets)
			argp_error(state, "--check is for the command all");
		if (options->growth >= 0 && !options->compare)
			argp_error(state, "--growth wants --compare");
		if (options->list && (options->check || options->html ||
				      options->record || options->compare))
			argp_error(
				state,
				"--list excludes --check, --html, --record and --compare");
		if (options->json && options->list)
			argp_error(state,
				   "--json and --list exclude each other");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void options_parse(struct options *options, const struct command *command,
		   int argc, char **argv)
{
	const struct argp argp = {
		.options = argp_options,
		.parser = parse,
		.doc = command->doc,
	};
	struct input input = { command, options };

	*options = (struct options){
		.kinds = 1 << PAGES_4K | 1 << PAGES_HUGE,
		.runs = RUNS_MIN,
		.warmup = 1,
		.growth = -1,
	};
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &input);
}

unsigned int options_runs(const struct options *options, uint64_t bytes)
{
	return bytes <= SMALL_BYTES && !options->runs_given ? SMALL_RUNS
							    : options->runs;
}
