// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon from beginning to end: its parts are made in an order in which each
 * finds what it needs, and unmade in the reverse; in between the loop turns.
 *
 * The service manager is told that svmd is ready when the configuration, the
 * sessions of before and the name on the bus are there: see daemon_begin().
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "bus_face.h"
#include "cleanup.h"
#include "clock.h"
#include "heat.h"
#include "log.h"
#include "metrics.h"
#include "program.h"
#include "replay.h"
#include "rivals.h"
#include "undo.h"
#include "unix_socket.h"

#define NUMA_BALANCING "proc/sys/kernel/numa_balancing"

/* --- configuration --------------------------------------------------------------------- */

static void on_message(void *data, int level, const char *file,
		       unsigned int line, const char *text)
{
	(void)data;
	if (line)
		log_line(level, "%s:%u: %s", file, line, text);
	else
		log_line(level, "%s: %s", file, text);
}

static void balance(struct daemon *daemon)
{
	int ret;

	if (daemon->config.settings.numa_balancing !=
		    SVMD_NUMA_BALANCING_DISABLE ||
	    daemon->options.dry_run) {
		(void)undo_restore(daemon->undo, NUMA_BALANCING);
		return;
	}
	ret = undo_change(daemon->undo, NUMA_BALANCING, "0");
	if (ret && ret != -ENOENT)
		log_errno(LOG_WARNING, ret,
			  "can't disable the kernel's NUMA balancing");
}

static void serve_metrics(struct daemon *daemon)
{
	static char served[SVMD_TEXT_MAX];
	const char *where = daemon->config.settings.metrics;
	int ret;

	if (!strcmp(served, where))
		return;
	daemon->metrics = metrics_free(daemon->metrics);
	/* Unless it fails, so that the next reload tries again. */
	served[0] = '\0';
	if (!where[0])
		return;
	ret = metrics_new(&daemon->metrics, daemon, where);
	if (ret)
		log_errno(LOG_ERR, ret, "can't serve metrics at %s", where);
	else
		strcpy(served, where);
}

void daemon_apply(struct daemon *daemon)
{
	static uint32_t level = UINT32_MAX;

	sense_configure(&daemon->sense, &daemon->config.settings);
	/* What LogControl1 has set stays, unless the setting changes. */
	if (level != daemon->config.settings.log_level)
		log_set_level((int)daemon->config.settings.log_level);
	level = daemon->config.settings.log_level;
	balance(daemon);
	serve_metrics(daemon);
	round_soon(daemon);
}

static void notify_reloading(void)
{
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
			 clock_usec());
}

/* On the side: what the files said counts until all of them can be read. */
static int load_files(struct daemon *daemon)
{
	__free_mem struct svmd_config *files = malloc(sizeof(*files));
	int ret;

	if (!files)
		return -ENOMEM;
	ret = svmd_config_load(files, daemon->options.config, on_message, NULL);
	if (ret < 0)
		return ret;
	daemon->files = *files;
	return 0;
}

int daemon_reload(struct daemon *daemon)
{
	int ret, lost;

	notify_reloading();
	ret = load_files(daemon);
	if (ret < 0) {
		log_errno(LOG_ERR, ret, "%s stays as it was",
			  daemon->options.config);
	} else {
		lost = svmd_config_reload(&daemon->config, &daemon->files);
		if (lost)
			log_line(
				LOG_WARNING,
				"too many scopes differ: %d of the files count for nothing",
				lost);
		daemon_apply(daemon);
		bus_face_reloaded(daemon->face);
		log_line(LOG_INFO, "configuration read again");
	}
	(void)sd_notify(0, "READY=1");
	return ret;
}

int program_check_config(const char *path)
{
	struct svmd_config *config = calloc(1, sizeof(*config));
	int ret;

	if (!config)
		return EXIT_FAILURE;
	ret = svmd_config_load(config, path, on_message, NULL);
	free(config);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

int program_replay(const char *path, const char *trace)
{
	struct svmd_config *config = calloc(1, sizeof(*config));
	int ret;

	if (!config)
		return EXIT_FAILURE;
	ret = svmd_config_load(config, path, on_message, NULL);
	if (ret >= 0)
		ret = svmd_replay_file(trace, config, stdout, on_message, NULL);
	free(config);
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- sessions ----------------------------------------------------------------------------- */

static void session_limits(uint32_t *all, uint32_t *per_user, void *arg)
{
	const struct daemon *daemon = arg;

	*all = daemon->config.settings.max_sessions;
	*per_user = daemon->config.settings.max_sessions_per_user;
}

static void session_joined(struct session *session, bool again, void *arg)
{
	struct daemon *daemon = arg;

	if (!again)
		bus_face_joined(daemon->face, session);
	round_soon(daemon);
}

static void session_left(struct session *session, void *arg)
{
	struct daemon *daemon = arg;

	bus_face_left(daemon->face, session);
	svmd_config_drop_session(&daemon->config, session->id);
}

/* One session's descriptors have one name, and come one after the other. */
static void restore_sessions(struct daemon *daemon, int nr, char **names)
{
	int fds[2 + SVM_WIRE_CONTEXTS_MAX], first = SD_LISTEN_FDS_START;
	unsigned int restored = 0, lost = 0;
	bool *taken = calloc((size_t)nr + 1, sizeof(bool));
	int i, j;

	for (i = 0; taken && i < nr; i++) {
		size_t count = 0;
		uint64_t id;

		if (taken[i] || sscanf(names[i], "session-%" SCNu64, &id) != 1)
			continue;
		for (j = i; j < nr; j++) {
			if (strcmp(names[i], names[j]))
				continue;
			taken[j] = true;
			if (count < sizeof(fds) / sizeof(fds[0]))
				fds[count++] = first + j;
		}
		if (sessions_restore(daemon->sessions, id, fds, count))
			lost++;
		else
			restored++;
	}
	free(taken);
	if (restored || lost)
		log_line(LOG_INFO, "%u sessions are back%s", restored,
			 lost ? ", others have ended meanwhile" : "");
}

static int find_listener(int nr, char **names)
{
	int i, fd;

	for (i = 0; i < nr; i++) {
		fd = SD_LISTEN_FDS_START + i;
		if (strncmp(names[i], "session-", 8) &&
		    sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 1) > 0)
			return fd;
	}
	return -ENOENT;
}

static int open_sessions(struct daemon *daemon)
{
	struct sessions_ops ops = {
		.limits = session_limits,
		.joined = session_joined,
		.left = session_left,
		.arg = daemon,
	};
	char **names = NULL, **name;
	int nr, fd, ret;

	ret = sessions_new(&daemon->sessions, daemon->base, "/sys",
			   daemon->options.runtime_dir, &ops);
	if (ret)
		return ret;
	nr = sd_listen_fds_with_names(1, &names);
	if (nr < 0)
		return nr;
	restore_sessions(daemon, nr, names);
	fd = find_listener(nr, names);
	for (name = names; name && *name; name++)
		free(*name);
	free(names);
	if (fd < 0) {
		/* Whoever may join is decided by who it is, not by the file. */
		fd = unix_socket_listen(daemon->options.socket, SOCK_SEQPACKET,
					0666);
		if (fd < 0)
			return log_errno(LOG_ERR, fd, "can't listen at %s",
					 daemon->options.socket);
		daemon->made_socket = true;
	}
	return sessions_listen(daemon->sessions, fd);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)what;
	if (number == SIGHUP)
		(void)daemon_reload(daemon);
	else
		daemon->stop = true;
}

static int make_base(struct daemon *daemon)
{
	/* No precise timers: they cost a system call for each turn of the loop. */
	daemon->base = event_base_new();
	return daemon->base ? 0 : -ENOMEM;
}

/* Three descriptors or more for a session. */
static void raise_limits(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int make_history(struct daemon *daemon)
{
	uint32_t most = daemon->config.settings.max_decisions;

	daemon->memory = calloc(1, svmd_history_size(most));
	if (!daemon->memory)
		return -ENOMEM;
	daemon->history = svmd_history_init(daemon->memory, most);
	return 0;
}

/* No file keeps svmd from starting: what can't be read is left out. */
static void load_config(struct daemon *daemon)
{
	int ret = svmd_config_load(&daemon->files, daemon->options.config,
				   on_message, NULL);

	if (ret < 0)
		log_errno(LOG_ERR, ret,
			  "%s counts without what can't be read of it",
			  daemon->options.config);
	daemon->config = daemon->files;
	/* Not 0, which is what sessions have that never looked theirs up. */
	daemon->config.generation++;
}

static void warn_of_rivals(const struct daemon *daemon)
{
	const char *names[RIVALS_MAX + 1];
	unsigned int i;

	rivals_list(daemon->options.root, names);
	if (daemon->config.settings.numa_balancing == SVMD_NUMA_BALANCING_LEAVE)
		return;
	for (i = 0; names[i]; i++)
		log_line(
			LOG_WARNING,
			"%s places memory on this host as well; the two will undo each other's moves",
			names[i]);
}

static int begin(struct daemon *daemon)
{
	int ret = make_base(daemon);

	load_config(daemon);
	if (!ret)
		ret = make_history(daemon);
	if (!ret)
		ret = undo_new(&daemon->undo, daemon->options.root,
			       daemon->options.state_dir);
	if (!ret)
		ret = worker_new(&daemon->worker, daemon->base);
	if (!ret)
		ret = heat_new(&daemon->heat, daemon);
	if (ret)
		return log_errno(LOG_ERR, ret, "can't start");
	sense_init(&daemon->sense, daemon->options.root);
	daemon_apply(daemon);
	ret = open_sessions(daemon);
	if (ret)
		return log_errno(LOG_ERR, ret, "can't have sessions");
	if (strcmp(daemon->options.bus, "none"))
		ret = bus_face_new(&daemon->face, daemon, daemon->options.bus);
	if (ret)
		return log_errno(LOG_ERR, ret, "can't use the bus");
	return 0;
}

void daemon_begin(struct daemon *daemon)
{
	int ret;

	(void)sd_notify(0, "READY=1");
	warn_of_rivals(daemon);
	ret = round_start(daemon);
	if (!ret)
		return;
	log_errno(LOG_ERR, ret, "can't begin");
	daemon->exit_status = EXIT_FAILURE;
	daemon->stop = true;
}

/* What jobs refer to outlives the worker, and the worker what they change. */
static void end(struct daemon *daemon)
{
	round_stop(daemon);
	daemon->metrics = metrics_free(daemon->metrics);
	if (daemon->worker)
		daemon->worker = worker_free(daemon->worker);
	daemon->face = bus_face_free(daemon->face);
	daemon->sessions = sessions_free(daemon->sessions);
	if (daemon->made_socket)
		unlink(daemon->options.socket);
	daemon->heat = heat_free(daemon->heat);
	daemon->undo = undo_free(daemon->undo);
	free(daemon->memory);
	if (daemon->base)
		event_base_free(daemon->base);
}

static void turn(struct daemon *daemon)
{
	while (!daemon->stop) {
		if (bus_face_prepare(daemon->face) < 0)
			break;
		event_base_loop(daemon->base, EVLOOP_ONCE);
	}
}

int program_run(const struct daemon_options *options)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	struct event *signals[3] = { NULL };
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int status;
	size_t i;

	if (!daemon)
		return EXIT_FAILURE;
	daemon->options = *options;
	signal(SIGPIPE, SIG_IGN);
	raise_limits();
	daemon->exit_status = begin(daemon) ? EXIT_FAILURE : EXIT_SUCCESS;
	if (!daemon->exit_status) {
		for (i = 0; i < 3; i++) {
			signals[i] = evsignal_new(daemon->base, numbers[i],
						  on_signal, daemon);
			if (signals[i])
				evsignal_add(signals[i], NULL);
		}
		/* else once the name on the bus is had, without which nobody finds us */
		if (!daemon->face)
			daemon_begin(daemon);
		turn(daemon);
		(void)sd_notify(0, "STOPPING=1");
		for (i = 0; i < 3; i++)
			if (signals[i])
				event_free(signals[i]);
	}
	end(daemon);
	status = daemon->exit_status;
	free(daemon);
	return status;
}
