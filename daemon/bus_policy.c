// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies and parameters on the bus: an object for the default and for each
 * scope that differs from it, and the manager's methods that change them.
 *
 * Changes are live: they last until svmd ends or they are reset. Owners may
 * change their own sessions, but for what limits them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus_get.h"
#include "bus_parts.h"
#include "log.h"
#include "text.h"
#include "value.h"

#define PREFIX BUS_ROOT "/policy"

/* --- objects ------------------------------------------------------------------------- */

static int append_value(sd_bus_message *m, const struct svmd_param *param,
			const struct svmd_value *value)
{
	const char *name = param->bus_name;

	switch (svmd_param_signature(param)[0]) {
	case 'b':
		return bus_append_entry(m, name, "b", (int)value->b);
	case 't':
		return bus_append_entry(m, name, "t", value->t);
	case 'd':
		return bus_append_entry(m, name, "d", value->d);
	default:
		return bus_append_entry(m, name, "s", value->s);
	}
}

BUS_GET_WITH(get_scope, struct bus_face, {
	char text[SVMD_TEXT_MAX + 16];

	scope_format(self->scope.type, self->scope.id, self->scope.path, text,
		     sizeof(text));
	return sd_bus_message_append(reply, "s", text);
})

/* The policy in force for the scope that is looked at: of a session, its own. */
static void find_policy(struct bus_face *face, struct svmd_policy *policy)
{
	struct session *session = NULL;

	if (face->scope.type == SVMD_SCOPE_SESSION)
		session = sessions_find(face->daemon->sessions, face->scope.id);
	if (session)
		*policy = *round_policy(face->daemon, session);
	else
		svmd_config_policy_of(&face->daemon->config, face->scope,
				      policy);
}

BUS_GET_WITH(get_parameters, struct bus_face, {
	const struct svmd_config *config = &self->daemon->config;
	const struct svmd_param *param = svmd_params;
	const struct svmd_param *end = param + svmd_nr_params;
	struct svmd_policy policy;
	struct svmd_value value;
	int ret = sd_bus_message_open_container(reply, 'a', "{sv}");

	find_policy(self, &policy);
	for (; param < end && ret >= 0; param++) {
		if (svmd_config_get_value(config, self->scope, param, &value) <
		    0)
			continue;
		if (param->class == SVMD_CLASS_POLICY)
			svmd_value_fetch(param, &policy, &value);
		ret = append_value(reply, param, &value);
	}
	return ret < 0 ? ret : sd_bus_message_close_container(reply);
})

static uint64_t mask_of(const struct bus_face *face, bool live)
{
	const struct svmd_config *config = &face->daemon->config;
	const struct svmd_scope *scope;

	if (face->scope.type == SVMD_SCOPE_DEFAULT)
		return live ? config->live : config->set;
	scope = svmd_config_scope(config, face->scope);
	if (!scope)
		return 0;
	return live ? scope->live : scope->set;
}

static int append_mask(sd_bus_message *reply, uint64_t mask)
{
	unsigned int i;
	int ret = sd_bus_message_open_container(reply, 'a', "s");

	for (i = 0; i < svmd_nr_params && ret >= 0; i++)
		if (mask & (UINT64_C(1) << i))
			ret = sd_bus_message_append(reply, "s",
						    svmd_params[i].bus_name);
	return ret < 0 ? ret : sd_bus_message_close_container(reply);
}

BUS_GET_WITH(get_own, struct bus_face,
	     return append_mask(reply, mask_of(self, false));)
BUS_GET_WITH(get_live, struct bus_face,
	     return append_mask(reply, mask_of(self, true));)

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Scope", "s", get_scope, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Parameters", "a{sv}", get_parameters, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Own", "as", get_own, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Live", "as", get_live, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

/* Whether the text is how this scope is written, so that it has one object. */
static bool is_its_name(const struct svmd_scope_key *key, const char *text)
{
	char name[SVMD_TEXT_MAX + 16];

	scope_format(key->type, key->id, key->path, name, sizeof(name));
	return !strcmp(name, text);
}

static int find(sd_bus *bus, const char *path, const char *interface, void *arg,
		void **found, sd_bus_error *error)
{
	struct bus_face *face = arg;
	__free_mem char *text = NULL;

	(void)bus, (void)interface, (void)error;
	*found = face;
	if (face->introspecting)
		return 1;
	if (sd_bus_path_decode(path, PREFIX, &text) <= 0 ||
	    scope_parse(text, &face->scope) || !is_its_name(&face->scope, text))
		return 0;
	free(face->scope_text);
	face->scope_text = TAKE_PTR(text);
	return face->scope.type == SVMD_SCOPE_DEFAULT ||
	       svmd_config_scope(&face->daemon->config, face->scope);
}

static int enumerate(sd_bus *bus, const char *prefix, void *arg, char ***nodes,
		     sd_bus_error *error)
{
	struct bus_face *face = arg;
	const struct svmd_config *config;
	char path[BUS_PATH_MAX];
	uint32_t i, nr = 0;
	char **list;

	(void)bus, (void)prefix, (void)error;
	if (face->introspecting)
		return 0;
	config = &face->daemon->config;
	list = calloc(config->nr_scopes + 2, sizeof(list[0]));
	if (!list)
		return -ENOMEM;
	list[nr++] = strdup(PREFIX "/default");
	for (i = 0; i < config->nr_scopes && list[nr - 1]; i++) {
		const struct svmd_scope *scope = &config->scopes[i];

		if (scope->type == SVMD_SCOPE_DEFAULT)
			continue;
		bus_path_scope(path, scope->type, scope->id, scope->path);
		list[nr++] = strdup(path);
	}
	*nodes = list;
	return 1;
}

int bus_policy_add(struct bus_face *face)
{
	int ret = sd_bus_add_fallback_vtable(face->bus, NULL, PREFIX,
					     BUS_POLICY, vtable, find, face);

	if (ret < 0)
		return ret;
	return sd_bus_add_node_enumerator(face->bus, NULL, PREFIX, enumerate,
					  face);
}

void bus_policy_left(struct bus_face *face, uint64_t session)
{
	const struct svmd_scope_key key = { SVMD_SCOPE_SESSION, session, NULL };
	char path[BUS_PATH_MAX];

	if (!svmd_config_scope(&face->daemon->config, key))
		return;
	bus_path_scope(path, key.type, key.id, NULL);
	(void)sd_bus_emit_interfaces_removed(face->bus, path, BUS_POLICY, NULL);
}

/* --- changing -------------------------------------------------------------------------- */

static int find_key(struct bus_face *face, const char *text,
		    struct svmd_scope_key *key, sd_bus_error *error)
{
	struct session *session;

	if (scope_parse(text, key))
		return sd_bus_error_setf(
			error, BUS_ERROR("NoSuchScope"),
			"'%.*s' is no scope: 'default', 'user:1000', 'cgroup:/a', 'session:5', 'node:1' and 'device:0' are such",
			text_cut(text, BUS_NAME_MAX), text);
	if (key->type == SVMD_SCOPE_SESSION)
		return bus_find_session(face, key->id, &session, error);
	return 0;
}

static int find_param(const char *name, const struct svmd_param **param,
		      sd_bus_error *error)
{
	*param = svmd_param_find(name);
	if (*param)
		return 0;
	return sd_bus_error_setf(error, BUS_ERROR("NoSuchParameter"),
				 "There is no parameter '%.*s'",
				 text_cut(name, BUS_NAME_MAX), name);
}

/* What an owner may change without being asked: not what limits him. */
static bool owner_may(const struct svmd_param *param)
{
	return strcmp(param->name, "DeviceLimit") &&
	       strcmp(param->name, "Rate");
}

static int authorize(struct bus_face *face, sd_bus_message *call,
		     const struct svmd_scope_key *key, bool for_owner,
		     bus_perform perform, sd_bus_error *error)
{
	const char *action = BUS_ACT_NODE;
	uid_t owner = BUS_NOBODY;
	struct session *session;

	if (key->type == SVMD_SCOPE_SESSION || key->type == SVMD_SCOPE_USER)
		action = BUS_ACT_SESSIONS;
	if (key->type == SVMD_SCOPE_SESSION && for_owner) {
		session = sessions_find(face->daemon->sessions, key->id);
		owner = session ? session->peer.uid : BUS_NOBODY;
	}
	return bus_authorize(face, call, owner, action, perform, error);
}

static int explain_refusal(int ret, const struct svmd_param *param,
			   const char *why, sd_bus_error *error)
{
	switch (ret) {
	case -EINVAL:
	case -ERANGE:
	case -ENAMETOOLONG:
		return sd_bus_error_setf(error, BUS_ERROR("InvalidValue"),
					 "%s: %s", param->bus_name,
					 why ? why : "not such a value");
	case -ENOTSUP:
		return sd_bus_error_setf(error, BUS_ERROR("NoSuchParameter"),
					 "%s is no parameter of such a scope",
					 param->bus_name);
	case -ENOSPC:
		return sd_bus_error_set(error, BUS_ERROR("TooMany"),
					"Too many scopes differ");
	default:
		return ret;
	}
}

static void changed(struct bus_face *face, const struct svmd_scope_key *key,
		    bool is_new)
{
	char path[BUS_PATH_MAX];

	daemon_apply(face->daemon);
	bus_path_scope(path, key->type, key->id, key->path);
	if (is_new)
		(void)sd_bus_emit_interfaces_added(face->bus, path, BUS_POLICY,
						   NULL);
	bus_face_scope(face, key);
}

static int set_text(struct bus_face *face, const struct svmd_scope_key *key,
		    const struct svmd_param *param, const char *text,
		    sd_bus_error *error)
{
	bool is_new = key->type != SVMD_SCOPE_DEFAULT &&
		      !svmd_config_scope(&face->daemon->config, *key);
	const char *why = NULL;
	int ret = svmd_config_set(&face->daemon->config, *key, param, text,
				  true, &why);

	if (ret < 0)
		return explain_refusal(ret, param, why, error);
	changed(face, key, is_new);
	return 0;
}

static int set_value(struct bus_face *face, const struct svmd_scope_key *key,
		     const struct svmd_param *param,
		     const struct svmd_value *value, sd_bus_error *error)
{
	bool is_new = key->type != SVMD_SCOPE_DEFAULT &&
		      !svmd_config_scope(&face->daemon->config, *key);
	const char *why = NULL;
	int ret = svmd_config_set_value(&face->daemon->config, *key, param,
					value, true, &why);

	if (ret < 0)
		return explain_refusal(ret, param, why, error);
	changed(face, key, is_new);
	return 0;
}

static int do_set_policy(struct bus_face *face, sd_bus_message *call,
			 sd_bus_error *error)
{
	const struct svmd_param *param = svmd_param_find("Policies");
	const char *scope, *policies;
	struct svmd_scope_key key;
	int ret = sd_bus_message_read(call, "ss", &scope, &policies);

	if (ret >= 0)
		ret = find_key(face, scope, &key, error);
	if (ret >= 0)
		ret = set_text(face, &key, param, policies, error);
	if (ret < 0)
		return ret;
	log_line(LOG_INFO, "policies of %s are now: %s", scope, policies);
	return sd_bus_reply_method_return(call, NULL);
}

int bus_set_policy(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	struct bus_face *face = arg;
	const char *scope, *policies;
	struct svmd_scope_key key;
	int ret = sd_bus_message_read(call, "ss", &scope, &policies);

	if (ret >= 0)
		ret = find_key(face, scope, &key, error);
	if (ret < 0)
		return ret;
	return authorize(face, call, &key, true, do_set_policy, error);
}

static int reset(struct bus_face *face, const struct svmd_scope_key *key,
		 const struct svmd_param *param, sd_bus_error *error)
{
	struct daemon *daemon = face->daemon;
	char path[BUS_PATH_MAX];
	int ret =
		svmd_config_reset(&daemon->config, &daemon->files, *key, param);

	if (ret < 0)
		return param ? explain_refusal(ret, param, NULL, error) : ret;
	daemon_apply(daemon);
	bus_face_scope(face, key);
	if (key->type != SVMD_SCOPE_DEFAULT &&
	    !svmd_config_scope(&daemon->config, *key) && ret) {
		bus_path_scope(path, key->type, key->id, key->path);
		(void)sd_bus_emit_interfaces_removed(face->bus, path,
						     BUS_POLICY, NULL);
	}
	return ret;
}

static int do_reset_policy(struct bus_face *face, sd_bus_message *call,
			   sd_bus_error *error)
{
	struct svmd_scope_key key;
	const char *scope;
	int ret = sd_bus_message_read(call, "s", &scope);

	if (ret >= 0)
		ret = find_key(face, scope, &key, error);
	if (ret >= 0)
		ret = reset(face, &key, NULL, error);
	return ret < 0 ? ret
		       : sd_bus_reply_method_return(call, "u", (uint32_t)ret);
}

int bus_reset_policy(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	struct bus_face *face = arg;
	struct svmd_scope_key key;
	const char *scope;
	int ret = sd_bus_message_read(call, "s", &scope);

	if (ret >= 0)
		ret = find_key(face, scope, &key, error);
	if (ret < 0)
		return ret;
	/* It may take back what limits the owner. */
	return authorize(face, call, &key, false, do_reset_policy, error);
}

static int read_value(sd_bus_message *call, const struct svmd_param *param,
		      const char *type, struct svmd_value *value,
		      sd_bus_error *error)
{
	const char *text;
	int flag, ret;

	if (strcmp(type, svmd_param_signature(param)))
		return sd_bus_error_setf(
			error, SD_BUS_ERROR_INVALID_ARGS,
			"%s has type '%s', or 's' for text as in the file, not '%.16s'",
			param->bus_name, svmd_param_signature(param), type);
	memset(value, 0, sizeof(*value));
	switch (type[0]) {
	case 'b':
		ret = sd_bus_message_read(call, "v", "b", &flag);
		value->b = ret >= 0 && flag;
		return ret;
	case 't':
		return sd_bus_message_read(call, "v", "t", &value->t);
	case 'd':
		return sd_bus_message_read(call, "v", "d", &value->d);
	default:
		ret = sd_bus_message_read(call, "v", "s", &text);
		if (ret >= 0 && strlen(text) >= sizeof(value->s))
			return -ENAMETOOLONG;
		if (ret >= 0)
			strcpy(value->s, text);
		return ret;
	}
}

/* What the first two arguments of the methods for parameters name. */
static int read_target(struct bus_face *face, sd_bus_message *call,
		       const char **scope, struct svmd_scope_key *key,
		       const struct svmd_param **param, sd_bus_error *error)
{
	const char *name;
	int ret = sd_bus_message_read(call, "ss", scope, &name);

	if (ret >= 0)
		ret = find_key(face, *scope, key, error);
	if (ret >= 0)
		ret = find_param(name, param, error);
	return ret;
}

static int do_set_parameter(struct bus_face *face, sd_bus_message *call,
			    sd_bus_error *error)
{
	const char *scope, *type, *text;
	const struct svmd_param *param;
	struct svmd_scope_key key;
	struct svmd_value value;
	int ret = read_target(face, call, &scope, &key, &param, error);

	if (ret >= 0)
		ret = sd_bus_message_peek_type(call, NULL, &type);
	if (ret < 0)
		return ret;
	if (!strcmp(type, "s")) {
		ret = sd_bus_message_read(call, "v", "s", &text);
		if (ret >= 0)
			ret = set_text(face, &key, param, text, error);
	} else {
		ret = read_value(call, param, type, &value, error);
		if (ret >= 0)
			ret = set_value(face, &key, param, &value, error);
	}
	if (ret < 0)
		return ret;
	log_line(LOG_INFO, "%s of %s was changed", param->bus_name, scope);
	return sd_bus_reply_method_return(call, NULL);
}

static int authorize_target(struct bus_face *face, sd_bus_message *call,
			    bus_perform perform, sd_bus_error *error)
{
	const struct svmd_param *param;
	struct svmd_scope_key key;
	const char *scope;
	int ret = read_target(face, call, &scope, &key, &param, error);

	if (ret < 0)
		return ret;
	return authorize(face, call, &key, owner_may(param), perform, error);
}

int bus_set_parameter(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	return authorize_target(arg, call, do_set_parameter, error);
}

static int do_reset_parameter(struct bus_face *face, sd_bus_message *call,
			      sd_bus_error *error)
{
	const struct svmd_param *param;
	struct svmd_scope_key key;
	const char *scope;
	int ret = read_target(face, call, &scope, &key, &param, error);

	if (ret >= 0)
		ret = reset(face, &key, param, error);
	return ret < 0 ? ret
		       : sd_bus_reply_method_return(call, "u", (uint32_t)ret);
}

int bus_reset_parameter(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	return authorize_target(arg, call, do_reset_parameter, error);
}
