// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy show, set and reset.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "svmctl.h"

#define PREFIX "/org/svmd1/policy"

static void add_policy(json_object *all, json_object *properties)
{
	json_object_object_add(all, get_string(properties, "Scope"),
			       json_object_get(properties));
}

/* svmd writes no slash after a cgroup, but for the root's, which is one. */
static size_t without_slashes(const char *scope)
{
	size_t length = strlen(scope);

	while (length && scope[length - 1] == '/')
		length--;
	return length;
}

static bool same_scope(const char *a, const char *b)
{
	size_t length = without_slashes(a);

	return length == without_slashes(b) && !strncmp(a, b, length);
}

static json_object *find_policies(json_object *objects, const char *scope)
{
	json_object *all = json_object_new_object(), *properties;

	EACH_OBJECT(objects, path, object)
	{
		(void)path;
		if (json_object_object_get_ex(object, "org.svmd1.Policy",
					      &properties) &&
		    (!scope ||
		     same_scope(get_string(properties, "Scope"), scope)))
			add_policy(all, properties);
	}
	return all;
}

static bool has(json_object *properties, const char *list, const char *name)
{
	json_object *names;
	size_t i;

	if (!json_object_object_get_ex(properties, list, &names))
		return false;
	for (i = 0; i < json_object_array_length(names); i++)
		if (!strcmp(json_object_get_string(
				    json_object_array_get_idx(names, i)),
			    name))
			return true;
	return false;
}

/* What is not the scope's own is of a scope around it, the default at last. */
static const char *origin(json_object *properties, json_object *defaults,
			  const char *name, json_object *value)
{
	json_object *initial;

	if (has(properties, "Live", name))
		return "live";
	if (has(properties, "Own", name))
		return "file";
	return !json_object_object_get_ex(defaults, name, &initial) ||
			       json_object_equal(value, initial)
		       ? "default"
		       : "outer";
}

static void print_policy(const struct ctl *ctl, const char *scope,
			 json_object *properties, json_object *objects)
{
	json_object *parameters, *defaults = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)json_object_object_get_ex(
		ctl_properties(objects, PREFIX "/default", "org.svmd1.Policy"),
		"Parameters", &defaults);
	fprintf(out, "%s\tVALUE\tFROM\n", scope);
	if (json_object_object_get_ex(properties, "Parameters", &parameters)) {
		json_object_object_foreach(parameters, name, value)
		{
			fprintf(out, "%s\t%s\t%s\n", name,
				json_object_get_string(value),
				origin(properties, defaults, name, value));
		}
	}
	fclose(out);
	text_table(ctl, text);
	putchar('\n');
	free(text);
}

static int show(struct ctl *ctl, const char *scope)
{
	json_object *objects, *all;
	int code = ctl_objects(ctl, &objects);

	if (code)
		return code;
	all = find_policies(objects, scope);
	if (scope && !json_object_object_length(all)) {
		fprintf(stderr,
			"svmctl: nothing differs from the default for %s\n",
			scope);
		code = EXIT_NOT_FOUND;
	} else if (ctl->json) {
		text_json(all);
	} else {
		json_object_object_foreach(all, name, properties)
		{
			print_policy(ctl, name, properties, objects);
		}
	}
	json_object_put(all);
	json_object_put(objects);
	return code;
}

static int set_parameter(struct ctl *ctl, const char *scope, char *assignment)
{
	char *value = strchr(assignment, '=');

	*value++ = '\0';
	/* As text: svmd reads it as it would in the file. */
	return ctl_call(ctl, NULL, "SetParameter", "ssv", scope, assignment,
			"s", value);
}

/* Words that are no NAME=VALUE, which are policies. */
static int join_policies(int argc, char **argv, char *policies, size_t size)
{
	size_t length = 0;
	int i;

	policies[0] = '\0';
	for (i = 0; i < argc; i++) {
		if (strchr(argv[i], '='))
			continue;
		if (!argv[i][0])
			return ctl_usage("'' is no policy");
		length += (size_t)snprintf(policies + length, size - length,
					   "%s%s", length ? " " : "", argv[i]);
		if (length >= size)
			return ctl_usage("too many policies");
	}
	return EXIT_OK;
}

static int set(struct ctl *ctl, const char *scope, int argc, char **argv)
{
	char policies[256];
	int i, code = join_policies(argc, argv, policies, sizeof(policies));

	for (i = 0; i < argc && !code; i++)
		if (strchr(argv[i], '='))
			code = set_parameter(ctl, scope, argv[i]);
	if (!code && policies[0])
		code = ctl_call(ctl, NULL, "SetPolicy", "ss", scope, policies);
	return code;
}

static int reset(struct ctl *ctl, const char *scope, int argc, char **argv)
{
	int i, code = EXIT_OK;

	if (!argc)
		return ctl_call(ctl, NULL, "ResetPolicy", "s", scope);
	for (i = 0; i < argc && !code; i++)
		code = ctl_call(ctl, NULL, "ResetParameter", "ss", scope,
				argv[i]);
	return code;
}

int verb_policy(struct ctl *ctl, int argc, char **argv)
{
	if (!strcmp(argv[0], "show") && argc <= 2)
		return show(ctl, argc == 2 ? argv[1] : NULL);
	if (!strcmp(argv[0], "set") && argc >= 3)
		return set(ctl, argv[1], argc - 2, argv + 2);
	if (!strcmp(argv[0], "reset") && argc >= 2)
		return reset(ctl, argv[1], argc - 2, argv + 2);
	return ctl_usage(
		"policy: show [SCOPE], set SCOPE POLICY… NAME=VALUE…, or reset SCOPE [NAME…]");
}
