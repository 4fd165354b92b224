// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svmd: the command line.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_face.h"
#include "log.h"
#include "program.h"
#include "session-wire.h"

#ifndef SVMD_VERSION
#define SVMD_VERSION "0"
#endif
#ifndef SVMD_CONFIG_PATH
#define SVMD_CONFIG_PATH "/etc/svmd.conf"
#endif

const char *argp_program_version = "svmd " SVMD_VERSION;

enum long_option {
	OPTION_CHECK_CONFIG = 256,
	OPTION_REPLAY,
	OPTION_BUS_INTROSPECT,
	OPTION_ROOT,
	OPTION_STATE_DIR,
	OPTION_RUNTIME_DIR,
};

static const struct argp_option options[] = {
	{ "config", 'c', "FILE", 0,
	  "Read FILE and the files in FILE.d (" SVMD_CONFIG_PATH ")", 0 },
	{ "dry-run", 'n', NULL, 0, "Decide, but move nothing", 0 },
	{ "bus", 'b', "BUS", 0,
	  "Be on this bus: system (the default), user, none, or an address",
	  0 },
	{ "socket", 's', "PATH", 0,
	  "Let processes join here, unless the service manager listens already (" SVM_WIRE_PATH
	  ")",
	  0 },
	{ "log-level", 'l', "LEVEL", 0,
	  "Until the configuration is read: emerg to debug, or 0 to 7", 0 },
	{ "state-directory", OPTION_STATE_DIR, "DIR", 0,
	  "Keep here what is to be put back after a crash", 0 },
	{ "runtime-directory", OPTION_RUNTIME_DIR, "DIR", 0,
	  "Keep here what a restart needs", 0 },
	{ "root", OPTION_ROOT, "DIR", 0,
	  "Read telemetry below DIR/sys and DIR/proc, for tests", 0 },
	{ "check-config", OPTION_CHECK_CONFIG, NULL, 0,
	  "Say what is wrong with the configuration, and end", 1 },
	{ "replay", OPTION_REPLAY, "TRACE", 0,
	  "Say what each policy would have made of recorded telemetry, and end",
	  1 },
	{ "bus-introspect", OPTION_BUS_INTROSPECT, "PATH", 0,
	  "Write the XML of the object at PATH, or the paths for 'list', and end",
	  1 },
	{ 0 },
};

struct arguments {
	struct daemon_options daemon;
	bool check_config;
	const char *introspect;
	const char *replay;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;
	int level;

	switch (key) {
	case 'c':
		args->daemon.config = arg;
		return 0;
	case 'n':
		args->daemon.dry_run = true;
		return 0;
	case 'b':
		args->daemon.bus = arg;
		return 0;
	case 's':
		args->daemon.socket = arg;
		return 0;
	case 'l':
		level = log_level_parse(arg);
		if (level < 0)
			argp_error(state, "'%s' is no level", arg);
		log_set_level(level);
		return 0;
	case OPTION_STATE_DIR:
		args->daemon.state_dir = arg;
		return 0;
	case OPTION_RUNTIME_DIR:
		args->daemon.runtime_dir = arg;
		return 0;
	case OPTION_ROOT:
		args->daemon.root = arg;
		return 0;
	case OPTION_CHECK_CONFIG:
		args->check_config = true;
		return 0;
	case OPTION_REPLAY:
		args->replay = arg;
		return 0;
	case OPTION_BUS_INTROSPECT:
		args->introspect = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Places and moves the memory of the processes that have joined it, over "
	       "NUMA nodes and svm devices, as it is used.\v"
	       "Exit status: 0; 1 if it could not start or lost the bus, or the "
	       "configuration has faults; 64 for a wrong command line.",
};

int main(int argc, char *argv[])
{
	struct arguments args = {
		.daemon = {
			.config = SVMD_CONFIG_PATH,
			.bus = "system",
			.socket = SVM_WIRE_PATH,
			.root = "/",
			/* systemd sets these */
			.state_dir = getenv("STATE_DIRECTORY"),
			.runtime_dir = getenv("RUNTIME_DIRECTORY"),
		},
	};
	int ret;

	log_open();
	argp_parse(&argp, argc, argv, ARGP_NO_ARGS, NULL, &args);
	if (args.introspect) {
		ret = bus_face_introspect(args.introspect);
		if (ret)
			log_errno(LOG_ERR, ret, "%s", args.introspect);
		return ret ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	if (args.replay)
		return program_replay(args.daemon.config, args.replay);
	if (args.check_config)
		return program_check_config(args.daemon.config);
	return program_run(&args.daemon);
}
