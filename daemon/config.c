// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration: values in force, and for whom they differ.
 *
 * A scope is an entry of a fixed array, found by walking it: there are few, and
 * what is in force for a session is looked up once and kept until the
 * generation changes. An entry is free again when nothing is set in it.
 *
 * No lock; see config.h.
 */
#include <errno.h>
#include <string.h>

#include "config.h"
#include "value.h"

static unsigned int index_of(const struct svmd_param *param)
{
	return (unsigned int)(param - svmd_params);
}

static uint64_t bit_of(const struct svmd_param *param)
{
	return 1ULL << index_of(param);
}

static enum svmd_class class_of(enum svmd_scope_type type)
{
	return type == SVMD_SCOPE_NODE || type == SVMD_SCOPE_DEVICE
		       ? SVMD_CLASS_PLACE
		       : SVMD_CLASS_POLICY;
}

static bool fits(struct svmd_scope_key key, const struct svmd_param *param)
{
	if (key.type == SVMD_SCOPE_DEFAULT)
		return true;
	return key.type <= SVMD_SCOPE_DEVICE &&
	       class_of(key.type) == param->class &&
	       (key.type != SVMD_SCOPE_CGROUP || key.path);
}

static const void *scope_base_const(const struct svmd_scope *scope)
{
	if (class_of(scope->type) == SVMD_CLASS_PLACE)
		return &scope->limits;
	return &scope->policy;
}

/* Of one that may be changed. */
static void *scope_base(struct svmd_scope *scope)
{
	return (void *)scope_base_const(scope);
}

static const void *default_base_const(const struct svmd_config *config,
				      const struct svmd_param *param)
{
	switch (param->class) {
	case SVMD_CLASS_DAEMON:
		return &config->settings;
	case SVMD_CLASS_POLICY:
		return &config->policy;
	case SVMD_CLASS_PLACE:
		break;
	}
	return &config->limits;
}

static void *default_base(struct svmd_config *config,
			  const struct svmd_param *param)
{
	return (void *)default_base_const(config, param);
}

/* Length of a cgroup's path without slashes at its end; 0 for the root. */
static size_t path_length(const char *path)
{
	size_t n = strlen(path);

	while (n && path[n - 1] == '/')
		n--;
	return n;
}

static bool matches(const struct svmd_scope *scope, struct svmd_scope_key key)
{
	size_t n;

	if (scope->type != key.type)
		return false;
	if (key.type != SVMD_SCOPE_CGROUP)
		return scope->id == key.id;
	n = path_length(key.path);
	return strlen(scope->path) == n && !memcmp(scope->path, key.path, n);
}

const struct svmd_scope *svmd_config_scope(const struct svmd_config *config,
					   struct svmd_scope_key key)
{
	uint32_t i;

	for (i = 0; i < config->nr_scopes; i++)
		if (matches(&config->scopes[i], key))
			return &config->scopes[i];
	return NULL;
}

static struct svmd_scope *find_scope_mut(struct svmd_config *config,
					 struct svmd_scope_key key)
{
	const struct svmd_scope *scope = svmd_config_scope(config, key);

	return scope ? &config->scopes[scope - config->scopes] : NULL;
}

static bool too_many_sessions(const struct svmd_config *config)
{
	uint32_t i, nr = 0;

	for (i = 0; i < config->nr_scopes; i++)
		nr += config->scopes[i].type == SVMD_SCOPE_SESSION;
	return nr >= SVMD_SESSION_SCOPES_MAX;
}

static int make_scope(struct svmd_config *config, struct svmd_scope_key key,
		      struct svmd_scope **out)
{
	struct svmd_scope *scope;
	size_t n = 0;
	uint32_t i;

	if (key.type == SVMD_SCOPE_CGROUP) {
		n = path_length(key.path);
		if (n >= sizeof(scope->path))
			return -ENAMETOOLONG;
	}
	scope = find_scope_mut(config, key);
	if (scope) {
		*out = scope;
		return 0;
	}
	for (i = 0; i < config->nr_scopes; i++)
		if (config->scopes[i].type == SVMD_SCOPE_DEFAULT)
			break;
	if (i == SVMD_SCOPES_MAX ||
	    (key.type == SVMD_SCOPE_SESSION && too_many_sessions(config)))
		return -ENOSPC;
	if (i == config->nr_scopes)
		config->nr_scopes++;
	scope = &config->scopes[i];
	memset(scope, 0, sizeof(*scope));
	scope->type = key.type;
	if (key.type == SVMD_SCOPE_CGROUP)
		memcpy(scope->path, key.path, n);
	else
		scope->id = key.id;
	*out = scope;
	return 0;
}

static void free_if_empty(struct svmd_config *config, struct svmd_scope *scope)
{
	if (scope->set)
		return;
	memset(scope, 0, sizeof(*scope));
	while (config->nr_scopes &&
	       config->scopes[config->nr_scopes - 1].type == SVMD_SCOPE_DEFAULT)
		config->nr_scopes--;
}

void svmd_config_init(struct svmd_config *config)
{
	struct svmd_value value;
	unsigned int i;

	memset(config, 0, sizeof(*config));
	for (i = 0; i < svmd_nr_params; i++) {
		const struct svmd_param *param = &svmd_params[i];

		/* The table's own defaults are tested to be good. */
		if (!svmd_value_parse(param, param->initial, &value, NULL))
			svmd_value_store(param, &value,
					 default_base(config, param));
	}
}

static int fail(int error, const char *text, const char **why)
{
	if (why)
		*why = text;
	return error;
}

int svmd_config_set_value(struct svmd_config *config, struct svmd_scope_key key,
			  const struct svmd_param *param,
			  const struct svmd_value *value, bool live,
			  const char **why)
{
	struct svmd_scope *scope;
	uint64_t *set, *is_live;
	void *base;
	int ret;

	if (!fits(key, param))
		return fail(-ENOTSUP, "does not belong here", why);
	ret = svmd_value_check(param, value, why);
	if (ret)
		return ret;
	if (key.type == SVMD_SCOPE_DEFAULT) {
		base = default_base(config, param);
		set = &config->set;
		is_live = &config->live;
	} else {
		ret = make_scope(config, key, &scope);
		if (ret)
			return fail(
				ret,
				ret == -ENOSPC
					? "too many users, cgroups, sessions, "
					  "nodes and devices differ"
					: "path of the cgroup is too long",
				why);
		base = scope_base(scope);
		set = &scope->set;
		is_live = &scope->live;
	}
	svmd_value_store(param, value, base);
	*set |= bit_of(param);
	if (live)
		*is_live |= bit_of(param);
	else
		*is_live &= ~bit_of(param);
	config->generation++;
	return 0;
}

int svmd_config_set(struct svmd_config *config, struct svmd_scope_key key,
		    const struct svmd_param *param, const char *text, bool live,
		    const char **why)
{
	struct svmd_value value;
	int ret;

	if (!fits(key, param))
		return fail(-ENOTSUP, "does not belong here", why);
	ret = svmd_value_parse(param, text, &value, why);
	if (ret)
		return ret;
	return svmd_config_set_value(config, key, param, &value, live, why);
}

int svmd_config_get_value(const struct svmd_config *config,
			  struct svmd_scope_key key,
			  const struct svmd_param *param,
			  struct svmd_value *value)
{
	const struct svmd_scope *scope;

	if (!fits(key, param))
		return -ENOTSUP;
	if (key.type == SVMD_SCOPE_DEFAULT) {
		svmd_value_fetch(param, default_base_const(config, param),
				 value);
		return !!(config->set & bit_of(param));
	}
	scope = svmd_config_scope(config, key);
	if (scope && (scope->set & bit_of(param))) {
		svmd_value_fetch(param, scope_base_const(scope), value);
		return 1;
	}
	svmd_value_fetch(param, default_base_const(config, param), value);
	return 0;
}

int svmd_config_format(const struct svmd_config *config,
		       struct svmd_scope_key key,
		       const struct svmd_param *param, char *buf, size_t size)
{
	struct svmd_value value;
	int ret;

	ret = svmd_config_get_value(config, key, param, &value);
	if (ret < 0)
		return ret;
	return svmd_value_format(param, &value, buf, size);
}

int svmd_config_reset(struct svmd_config *config,
		      const struct svmd_config *files,
		      struct svmd_scope_key key, const struct svmd_param *param)
{
	struct svmd_scope *scope = NULL;
	const struct svmd_scope *old = NULL;
	int done = 0;
	unsigned int i;

	if (param && !fits(key, param))
		return -ENOTSUP;
	if (key.type == SVMD_SCOPE_CGROUP && !key.path)
		return -ENOTSUP;
	if (key.type != SVMD_SCOPE_DEFAULT) {
		scope = find_scope_mut(config, key);
		if (!scope)
			return 0;
		old = svmd_config_scope(files, key);
	}
	for (i = 0; i < svmd_nr_params; i++) {
		const struct svmd_param *p = &svmd_params[i];
		uint64_t bit = bit_of(p);

		if ((param && p != param) ||
		    !((scope ? scope->live : config->live) & bit))
			continue;
		done++;
		if (!scope) {
			svmd_value_copy(p, default_base(config, p),
					default_base_const(files, p));
			config->live &= ~bit;
			config->set = (config->set & ~bit) | (files->set & bit);
			continue;
		}
		scope->live &= ~bit;
		scope->set &= ~bit;
		if (old && (old->set & bit)) {
			svmd_value_copy(p, scope_base(scope),
					scope_base_const(old));
			scope->set |= bit;
		}
	}
	if (scope)
		free_if_empty(config, scope);
	if (done)
		config->generation++;
	return done;
}

/* Values of @from in @set go to @to. */
static void copy_set(const struct svmd_scope *from, uint64_t set,
		     struct svmd_scope *to)
{
	unsigned int i;

	for (i = 0; i < svmd_nr_params; i++)
		if (set & (1ULL << i))
			svmd_value_copy(&svmd_params[i], scope_base(to),
					scope_base_const(from));
	to->set |= set;
}

int svmd_config_reload(struct svmd_config *config,
		       const struct svmd_config *files)
{
	struct svmd_scope *scope;
	int lost = 0;
	uint32_t i;

	for (i = 0; i < svmd_nr_params; i++) {
		const struct svmd_param *p = &svmd_params[i];

		if (!(config->live & bit_of(p)))
			svmd_value_copy(p, default_base(config, p),
					default_base_const(files, p));
	}
	config->set = config->live | files->set;
	for (i = config->nr_scopes; i-- > 0;) {
		scope = &config->scopes[i];
		scope->set = scope->live;
		free_if_empty(config, scope);
	}
	for (i = 0; i < files->nr_scopes; i++) {
		const struct svmd_scope *from = &files->scopes[i];
		struct svmd_scope_key key = {
			.type = from->type,
			.id = from->id,
			.path = from->path,
		};

		if (from->type == SVMD_SCOPE_DEFAULT)
			continue;
		if (make_scope(config, key, &scope)) {
			lost++;
			continue;
		}
		copy_set(from, from->set & ~scope->live, scope);
	}
	config->generation++;
	return lost;
}

void svmd_config_drop_session(struct svmd_config *config, uint64_t id)
{
	struct svmd_scope_key key = { .type = SVMD_SCOPE_SESSION, .id = id };
	struct svmd_scope *scope = find_scope_mut(config, key);

	if (!scope)
		return;
	scope->set = 0;
	free_if_empty(config, scope);
	config->generation++;
}

static void lay_over(const struct svmd_scope *scope, void *base)
{
	unsigned int i;

	for (i = 0; i < svmd_nr_params; i++)
		if (scope->set & (1ULL << i))
			svmd_value_copy(&svmd_params[i], base,
					scope_base_const(scope));
}

/* The root, whose path is empty here, contains every cgroup. */
static bool contains(const char *path, size_t n, const char *cgroup)
{
	return !strncmp(path, cgroup, n) &&
	       (cgroup[n] == '/' || cgroup[n] == '\0' || !n);
}

/* From the outermost cgroup that has values inwards. */
static void lay_over_cgroups(const struct svmd_config *config,
			     const char *cgroup, struct svmd_policy *policy)
{
	const struct svmd_scope *next;
	size_t from = 0, best, n;
	uint32_t i;

	do {
		next = NULL;
		best = 0;
		for (i = 0; i < config->nr_scopes; i++) {
			const struct svmd_scope *scope = &config->scopes[i];

			if (scope->type != SVMD_SCOPE_CGROUP)
				continue;
			n = strlen(scope->path);
			if (n < from || (next && n >= best) ||
			    !contains(scope->path, n, cgroup))
				continue;
			next = scope;
			best = n;
		}
		if (next)
			lay_over(next, policy);
		from = best + 1;
	} while (next);
}

void svmd_config_policy(const struct svmd_config *config, uint64_t session,
			const char *cgroup, uint32_t uid,
			struct svmd_policy *policy)
{
	struct svmd_scope_key user = { .type = SVMD_SCOPE_USER, .id = uid };
	struct svmd_scope_key own = { .type = SVMD_SCOPE_SESSION,
				      .id = session };
	const struct svmd_scope *scope;

	*policy = config->policy;
	if (!config->nr_scopes)
		return;
	scope = svmd_config_scope(config, user);
	if (scope)
		lay_over(scope, policy);
	if (cgroup)
		lay_over_cgroups(config, cgroup, policy);
	scope = svmd_config_scope(config, own);
	if (scope)
		lay_over(scope, policy);
}

void svmd_config_policy_of(const struct svmd_config *config,
			   struct svmd_scope_key key,
			   struct svmd_policy *policy)
{
	const struct svmd_scope *scope;

	*policy = config->policy;
	if (key.type == SVMD_SCOPE_CGROUP) {
		lay_over_cgroups(config, key.path, policy);
		return;
	}
	scope = svmd_config_scope(config, key);
	if (scope && class_of(key.type) == SVMD_CLASS_POLICY)
		lay_over(scope, policy);
}

void svmd_config_limits(const struct svmd_config *config,
			enum svmd_scope_type type, uint64_t id,
			struct svmd_limits *limits)
{
	struct svmd_scope_key key = { .type = type, .id = id };
	const struct svmd_scope *scope;

	*limits = config->limits;
	scope = svmd_config_scope(config, key);
	if (scope)
		lay_over(scope, limits);
	if (limits->evict_stop < limits->evict_start)
		limits->evict_stop = limits->evict_start;
}
