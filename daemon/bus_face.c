// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svmd on D-Bus: the connection, and what files bus_*.c share. See bus_face.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bus_parts.h"
#include "log.h"
#include "text.h"

/* A stuck bus must not keep the watchdog from biting. */
#define CALL_TIMEOUT_US (UINT64_C(5) * 1000000)

/* --- names ---------------------------------------------------------------------- */

void bus_path_session(char *path, uint64_t id)
{
	snprintf(path, BUS_PATH_MAX, BUS_ROOT "/session/%" PRIu64, id);
}

void bus_path_scope(char *path, enum svmd_scope_type type, uint64_t id,
		    const char *cgroup)
{
	char scope[SVMD_TEXT_MAX + 16];
	__free_mem char *encoded = NULL;

	scope_format(type, id, cgroup, scope, sizeof(scope));
	if (sd_bus_path_encode(BUS_ROOT "/policy", scope, &encoded) < 0 ||
	    strlen(encoded) >= BUS_PATH_MAX)
		path[0] = '\0';
	else
		strcpy(path, encoded);
}

int bus_find_session(struct bus_face *face, uint64_t id, struct session **out,
		     sd_bus_error *error)
{
	*out = sessions_find(face->daemon->sessions, id);
	if (*out)
		return 0;
	return sd_bus_error_setf(error, BUS_ERROR("NoSuchSession"),
				 "There is no session %" PRIu64, id);
}

/* UINT32_MAX, which no place has, for what is no number of one. */
static uint32_t parse_place_id(const char *text)
{
	unsigned long id;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return UINT32_MAX;
	errno = 0;
	id = strtoul(text, &end, 10);
	return errno || *end || id > SVMD_PLACE_ID_MAX ? UINT32_MAX
						       : (uint32_t)id;
}

/* "node 1", "node:1" or "svm0" */
static svmd_place parse_place(const char *name)
{
	if (!strncmp(name, "node ", 5) || !strncmp(name, "node:", 5))
		return svmd_node(parse_place_id(name + 5));
	if (!strncmp(name, "svm", 3))
		return svmd_device(parse_place_id(name + 3));
	return SVMD_PLACE_NONE;
}

int bus_find_place(struct bus_face *face, const char *name, svmd_place *out,
		   sd_bus_error *error)
{
	const struct sense *sense = &face->daemon->sense;
	svmd_place place = parse_place(name);
	uint32_t i;

	for (i = 0; i < sense->nr_nodes; i++)
		if (svmd_node(sense->nodes[i].id) == place)
			goto found;
	for (i = 0; i < sense->nr_devices; i++)
		if (svmd_device(sense->devices[i].id) == place)
			goto found;
	return sd_bus_error_setf(
		error, BUS_ERROR("NoSuchPlace"),
		"There is no place '%.*s': 'node 1' or 'svm0' are such",
		text_cut(name, BUS_NAME_MAX), name);
found:
	*out = place;
	return 0;
}

int bus_append_entry(sd_bus_message *m, const char *name, const char *type, ...)
{
	va_list args;
	int ret = sd_bus_message_open_container(m, 'e', "sv");

	if (ret >= 0)
		ret = sd_bus_message_append(m, "s", name);
	if (ret >= 0)
		ret = sd_bus_message_open_container(m, 'v', type);
	if (ret >= 0) {
		va_start(args, type);
		ret = sd_bus_message_appendv(m, type, args);
		va_end(args);
	}
	if (ret >= 0)
		ret = sd_bus_message_close_container(m);
	return ret < 0 ? ret : sd_bus_message_close_container(m);
}

/* --- what happens ----------------------------------------------------------------- */

static void on_gone(int error, void *arg)
{
	struct bus_face *face = arg;

	log_errno(LOG_ERR, error, "the connection to the bus broke");
	face->daemon->exit_status = EXIT_FAILURE;
	face->daemon->stop = true;
}

static int on_name(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const sd_bus_error *failed = sd_bus_message_get_error(m);
	struct bus_face *face = arg;
	uint32_t answer = 0;

	(void)error;
	if (!failed)
		(void)sd_bus_message_read(m, "u", &answer);
	if (answer == 1 || answer == 4) { /* owner now, or already */
		daemon_begin(face->daemon);
		return 1;
	}
	log_line(LOG_ERR, "can't have the name " BUS_NAME " on the bus: %s",
		 failed && failed->message ? failed->message
					   : "somebody else has it");
	face->daemon->exit_status = EXIT_FAILURE;
	face->daemon->stop = true;
	return 1;
}

static void on_holds(void *arg)
{
	struct bus_face *face = arg;

	(void)sd_bus_emit_properties_changed(face->bus, BUS_ROOT, BUS_MANAGER,
					     "Holds", NULL);
}

static void on_held(enum svmd_scope_type type, uint64_t id, void *arg)
{
	struct bus_face *face = arg;
	const char *interface = BUS_SESSION;
	char path[BUS_PATH_MAX];

	if (type == SVMD_SCOPE_SESSION) {
		bus_path_session(path, id);
	} else {
		interface = type == SVMD_SCOPE_NODE ? BUS_NODE : BUS_DEVICE;
		bus_host_path(type, (uint32_t)id, path);
	}
	(void)sd_bus_emit_properties_changed(face->bus, path, interface, "Held",
					     NULL);
}

void bus_face_joined(struct bus_face *face, const struct session *session)
{
	char path[BUS_PATH_MAX];

	if (!face)
		return;
	bus_path_session(path, session->id);
	(void)sd_bus_emit_interfaces_added(face->bus, path, BUS_SESSION, NULL);
}

void bus_face_left(struct bus_face *face, const struct session *session)
{
	char path[BUS_PATH_MAX];

	if (!face)
		return;
	bus_path_session(path, session->id);
	(void)sd_bus_emit_interfaces_removed(face->bus, path, BUS_SESSION,
					     NULL);
	bus_policy_left(face, session->id);
}

static void sessions_changed(struct bus_face *face)
{
	size_t i, nr = sessions_count(face->daemon->sessions);
	char path[BUS_PATH_MAX];

	for (i = 0; i < nr; i++) {
		bus_path_session(path,
				 sessions_at(face->daemon->sessions, i)->id);
		(void)sd_bus_emit_properties_changed(
			face->bus, path, BUS_SESSION, "Policies", NULL);
	}
}

static void scope_changed(struct bus_face *face,
			  const struct svmd_scope_key *key)
{
	char path[BUS_PATH_MAX];

	bus_path_scope(path, key->type, key->id, key->path);
	(void)sd_bus_emit_properties_changed(face->bus, path, BUS_POLICY,
					     "Parameters", "Own", "Live", NULL);
}

/* Every scope of these types; what is in force for it may be another's. */
static void scopes_changed(struct bus_face *face, enum svmd_scope_type first,
			   enum svmd_scope_type last)
{
	const struct svmd_config *config = &face->daemon->config;
	uint32_t i;

	for (i = 0; i < config->nr_scopes; i++) {
		const struct svmd_scope *scope = &config->scopes[i];
		struct svmd_scope_key key = { scope->type, scope->id,
					      scope->path };

		if (scope->type >= first && scope->type <= last)
			scope_changed(face, &key);
	}
}

void bus_face_scope(struct bus_face *face, const struct svmd_scope_key *key)
{
	if (!face)
		return;
	switch (key->type) {
	case SVMD_SCOPE_DEFAULT:
		scopes_changed(face, SVMD_SCOPE_USER, SVMD_SCOPE_DEVICE);
		break;
	case SVMD_SCOPE_CGROUP:
		scopes_changed(face, SVMD_SCOPE_CGROUP, SVMD_SCOPE_SESSION);
		break;
	case SVMD_SCOPE_USER:
		scopes_changed(face, SVMD_SCOPE_SESSION, SVMD_SCOPE_SESSION);
		break;
	default:
		break;
	}
	if (key->type != SVMD_SCOPE_CGROUP ||
	    !svmd_config_scope(&face->daemon->config, *key))
		scope_changed(face, key);
	if (key->type != SVMD_SCOPE_NODE && key->type != SVMD_SCOPE_DEVICE)
		sessions_changed(face);
}

void bus_face_reloaded(struct bus_face *face)
{
	if (face)
		bus_face_scope(face, &SVMD_SCOPE_KEY_DEFAULT);
}

void bus_face_round(struct bus_face *face)
{
	if (!face)
		return;
	holds_apply(face->holds);
	bus_host_announce(face);
}

/* --- the connection ------------------------------------------------------------------ */

static int open_bus(const char *name, sd_bus **out)
{
	sd_bus *bus = NULL;
	int ret;

	if (!strcmp(name, "system"))
		return sd_bus_open_system(out);
	if (!strcmp(name, "user"))
		return sd_bus_open_user(out);
	ret = sd_bus_new(&bus);
	if (ret >= 0)
		ret = sd_bus_set_address(bus, name);
	if (ret >= 0)
		ret = sd_bus_set_bus_client(bus, 1);
	if (ret >= 0)
		ret = sd_bus_start(bus);
	if (ret < 0) {
		sd_bus_unref(bus);
		return ret;
	}
	*out = bus;
	return 0;
}

static int add_objects(struct bus_face *face)
{
	int ret = sd_bus_add_object_manager(face->bus, NULL, BUS_ROOT);

	if (ret >= 0)
		ret = bus_manager_add(face);
	if (ret >= 0)
		ret = bus_host_add(face);
	if (ret >= 0)
		ret = bus_session_add(face);
	if (ret >= 0)
		ret = bus_policy_add(face);
	if (ret >= 0)
		ret = bus_log_add(face);
	return ret;
}

int bus_face_new(struct bus_face **out, struct daemon *daemon, const char *bus)
{
	struct bus_face *face = calloc(1, sizeof(*face));
	struct holds_ops ops = { on_holds, on_held, face };
	int ret;

	if (!face)
		return -ENOMEM;
	face->daemon = daemon;
	ret = open_bus(bus, &face->bus);
	if (ret < 0)
		goto free_face;
	(void)sd_bus_set_method_call_timeout(face->bus, CALL_TIMEOUT_US);
	ret = holds_new(&face->holds, daemon, face->bus, &ops);
	if (ret < 0)
		goto free_face;
	ret = add_objects(face);
	if (ret < 0)
		goto free_face;
	ret = bus_loop_new(&face->loop, daemon->base, face->bus, on_gone, face);
	if (ret < 0)
		goto free_face;
	ret = sd_bus_request_name_async(face->bus, NULL, BUS_NAME, 0, on_name,
					face);
	if (ret < 0)
		goto free_face;
	*out = face;
	return 0;

free_face:
	bus_face_free(face);
	return ret;
}

struct bus_face *bus_face_free(struct bus_face *face)
{
	if (!face)
		return NULL;
	bus_pending_orphan(face);
	bus_host_forget(face);
	holds_free(face->holds);
	bus_loop_free(face->loop);
	sd_bus_flush_close_unref(face->bus);
	free(face->scope_text);
	free(face);
	return NULL;
}

int bus_face_prepare(struct bus_face *face)
{
	return face ? bus_loop_prepare(face->loop) : 0;
}

/* --- introspection --------------------------------------------------------------------- */

static const char *const examples[] = {
	BUS_ROOT,
	BUS_ROOT "/node/0",
	BUS_ROOT "/device/svm0",
	BUS_ROOT "/card/card0",
	BUS_ROOT "/port/1",
	BUS_ROOT "/session/1",
	BUS_ROOT "/policy/default",
	NULL,
};

static int on_xml(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const char *xml;

	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) ||
	    sd_bus_message_read(m, "s", &xml) < 0) {
		*(int *)arg = -ENOENT;
		return 1;
	}
	fputs(xml, stdout);
	*(int *)arg = 1;
	return 1;
}

static int introspect(struct bus_face *face, sd_bus *client, const char *path)
{
	int answer = 0, ret;

	ret = sd_bus_call_method_async(client, NULL, NULL, path,
				       "org.freedesktop.DBus.Introspectable",
				       "Introspect", on_xml, &answer, NULL);
	while (ret >= 0 && !answer) {
		ret = sd_bus_process(face->bus, NULL);
		if (ret >= 0)
			ret = sd_bus_process(client, NULL);
	}
	if (ret < 0)
		return ret;
	return answer < 0 ? answer : 0;
}

static int end_of_pair(sd_bus **out, int fd, bool server)
{
	sd_bus *bus = NULL;
	int ret = sd_bus_new(&bus);

	if (ret >= 0)
		ret = sd_bus_set_fd(bus, fd, fd);
	if (ret >= 0 && server)
		ret = sd_bus_set_server(bus, 1,
					SD_ID128_MAKE(01, 02, 03, 04, 05, 06,
						      07, 08, 09, 0a, 0b, 0c,
						      0d, 0e, 0f, 10));
	if (ret >= 0)
		ret = sd_bus_set_anonymous(bus, 1);
	if (ret >= 0)
		ret = sd_bus_start(bus);
	if (ret < 0)
		sd_bus_unref(bus);
	else
		*out = bus;
	return ret;
}

int bus_face_introspect(const char *path)
{
	struct bus_face face = { .introspecting = true };
	sd_bus *client = NULL;
	const char *const *at = examples;
	int fds[2], ret;

	if (!strcmp(path, "list")) {
		for (; *at; at++)
			puts(*at);
		return 0;
	}
	while (*at && strcmp(*at, path))
		at++;
	if (!*at)
		return -ENOENT;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		       fds) < 0)
		return -errno;
	ret = end_of_pair(&face.bus, fds[0], true);
	if (ret >= 0)
		ret = end_of_pair(&client, fds[1], false);
	if (ret >= 0)
		ret = add_objects(&face);
	if (ret >= 0)
		ret = introspect(&face, client, path);
	sd_bus_close_unref(client);
	sd_bus_close_unref(face.bus);
	return ret;
}
