// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls, and messages as JSON.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "svmctl.h"

#define NAME CTL_NAME
#define PATH "/org/svmd1"

/* Moving and evicting take their time, and so does a password. */
#define TIMEOUT_US (UINT64_C(3600) * 1000000)

static bool is_one_of(const char *name, const char *const *names)
{
	for (; name && *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

static bool begins_with(const char *name, const char *prefix)
{
	return name && !strncmp(name, prefix, strlen(prefix));
}

/*
 * Errors come from svmd, which has a name of its own, or from those who would
 * have started it or passed the call on: the bus, and systemd by the bus.
 */
static bool is_from_svmd(sd_bus_message *answer)
{
	const char *sender = sd_bus_message_get_sender(answer);

	return sender && sender[0] == ':';
}

/* The text may be of others. */
static void say(const char *text)
{
	char *clean = strdup(text);

	if (clean)
		text_clean(clean);
	fprintf(stderr, "svmctl: %s\n", clean ? clean : "out of memory");
	free(clean);
}

static int failed(sd_bus_message *answer, int ret)
{
	static const char *const denied[] = {
		SD_BUS_ERROR_ACCESS_DENIED,
		SD_BUS_ERROR_AUTH_FAILED,
		SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
		NULL,
	};
	const sd_bus_error *error = answer ? sd_bus_message_get_error(answer)
					   : NULL;
	const char *name = error ? error->name : NULL;
	const char *text = error && error->message ? error->message
						   : strerror(-ret);

	say(text);
	if (is_one_of(name, denied))
		return EXIT_DENIED;
	if (ret == -ENOTCONN || ret == -ECONNRESET ||
	    (answer && !is_from_svmd(answer)))
		return EXIT_NO_SVMD;
	if (begins_with(name, NAME ".Error.NoSuch"))
		return EXIT_NOT_FOUND;
	return EXIT_FAILED;
}

int ctl_usage(const char *format, ...)
{
	va_list args;

	fputs("svmctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs(" (svmctl --help)\n", stderr);
	return EXIT_USAGE;
}

static int on_answer(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	(void)error;
	*(sd_bus_message **)arg = sd_bus_message_ref(m);
	return 1;
}

/* Not by sd_bus_call(), which does not tell who an error is from. */
static int send_call(struct ctl *ctl, sd_bus_message *call,
		     sd_bus_message **reply)
{
	sd_bus_message *answer = NULL;
	int ret, code = EXIT_OK;

	(void)sd_bus_message_set_allow_interactive_authorization(call, 1);
	(void)sd_bus_message_set_auto_start(call, !ctl->no_start);
	ret = sd_bus_call_async(ctl->bus, NULL, call, on_answer, &answer,
				TIMEOUT_US);
	while (ret >= 0 && !answer) {
		ret = sd_bus_process(ctl->bus, NULL);
		if (!ret)
			ret = sd_bus_wait(ctl->bus, UINT64_MAX);
	}
	if (!answer || sd_bus_message_is_method_error(answer, NULL))
		code = failed(answer, ret);
	else if (reply)
		*reply = sd_bus_message_ref(answer);
	sd_bus_message_unref(answer);
	return code;
}

int ctl_call(struct ctl *ctl, sd_bus_message **reply, const char *method,
	     const char *types, ...)
{
	sd_bus_message *call = NULL;
	va_list args;
	int ret, code;

	ret = sd_bus_message_new_method_call(ctl->bus, &call, NAME, PATH,
					     NAME ".Manager", method);
	if (ret >= 0) {
		va_start(args, types);
		ret = sd_bus_message_appendv(call, types, args);
		va_end(args);
	}
	code = ret < 0 ? failed(NULL, ret) : send_call(ctl, call, reply);
	sd_bus_message_unref(call);
	return code;
}

int ctl_objects(struct ctl *ctl, json_object **out)
{
	sd_bus_message *call = NULL, *reply = NULL;
	int ret, code;

	ret = sd_bus_message_new_method_call(
		ctl->bus, &call, NAME, PATH,
		"org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
	code = ret < 0 ? failed(NULL, ret) : send_call(ctl, call, &reply);
	sd_bus_message_unref(call);
	if (code)
		return code;
	*out = ctl_to_json(ctl, reply);
	sd_bus_message_unref(reply);
	/* The manager is not below itself. */
	ret = sd_bus_call_method(ctl->bus, NAME, PATH,
				 "org.freedesktop.DBus.Properties", "GetAll",
				 NULL, &reply, "s", NAME ".Manager");
	if (ret >= 0) {
		json_object *manager = json_object_new_object();

		json_object_object_add(manager, NAME ".Manager",
				       ctl_to_json(ctl, reply));
		json_object_object_add(*out, PATH, manager);
		sd_bus_message_unref(reply);
	}
	return EXIT_OK;
}

json_object *ctl_properties(json_object *objects, const char *path,
			    const char *interface)
{
	json_object *object, *properties;

	if (!json_object_object_get_ex(objects, path, &object) ||
	    !json_object_object_get_ex(object, interface, &properties))
		return NULL;
	return properties;
}

/* --- messages as JSON ------------------------------------------------------- */

static json_object *read_one(sd_bus_message *m);

static json_object *read_basic(sd_bus_message *m, char type)
{
	union {
		uint8_t y;
		int b;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int64_t x;
		uint64_t t;
		double d;
		const char *s;
	} value;

	if (sd_bus_message_read_basic(m, type, &value) < 0)
		return NULL;
	switch (type) {
	case 'y':
		return json_object_new_int(value.y);
	case 'b':
		return json_object_new_boolean(value.b);
	case 'n':
		return json_object_new_int(value.n);
	case 'q':
		return json_object_new_int(value.q);
	case 'i':
		return json_object_new_int(value.i);
	case 'u':
		return json_object_new_int64(value.u);
	case 'x':
		return json_object_new_int64(value.x);
	case 't':
		return json_object_new_uint64(value.t);
	case 'd':
		return json_object_new_double(value.d);
	case 'h':
		return json_object_new_int(value.i);
	default:
		return json_object_new_string(value.s);
	}
}

/* All that is left in the present container, as an array. */
static json_object *read_rest(sd_bus_message *m)
{
	json_object *array = json_object_new_array(), *one;

	while (sd_bus_message_at_end(m, 0) == 0 && (one = read_one(m)))
		json_object_array_add(array, one);
	return array;
}

static json_object *read_dict(sd_bus_message *m, const char *entry)
{
	json_object *object = json_object_new_object();

	while (sd_bus_message_enter_container(m, 'e', entry) > 0) {
		json_object *key = read_one(m), *value = read_one(m);

		json_object_object_add(object, json_object_get_string(key),
				       value);
		json_object_put(key);
		(void)sd_bus_message_exit_container(m);
	}
	return object;
}

static json_object *read_array(sd_bus_message *m, const char *contents)
{
	char entry[256];
	size_t length = strlen(contents);

	if (contents[0] != '{')
		return read_rest(m);
	if (length < 3 || length - 2 >= sizeof(entry))
		return NULL;
	memcpy(entry, contents + 1, length - 2);
	entry[length - 2] = '\0';
	return read_dict(m, entry);
}

static json_object *read_one(sd_bus_message *m)
{
	json_object *value;
	const char *contents;
	char type;

	if (sd_bus_message_peek_type(m, &type, &contents) <= 0)
		return NULL;
	if (type != 'a' && type != 'v' && type != 'r')
		return read_basic(m, type);
	if (sd_bus_message_enter_container(m, type, contents) <= 0)
		return NULL;
	if (type == 'a')
		value = read_array(m, contents);
	else if (type == 'v')
		value = read_one(m);
	else
		value = read_rest(m);
	(void)sd_bus_message_exit_container(m);
	return value;
}

/* What does not fit into memory is not shown at all. */
static int clean_one(json_object *object, int flags, json_object *parent,
		     const char *key, size_t *index, void *arg)
{
	char *text;

	(void)flags, (void)parent, (void)key, (void)index, (void)arg;
	if (!json_object_is_type(object, json_type_string))
		return JSON_C_VISIT_RETURN_CONTINUE;
	text = strdup(json_object_get_string(object));
	if (text)
		text_clean(text);
	json_object_set_string(object, text ? text : "");
	free(text);
	return JSON_C_VISIT_RETURN_CONTINUE;
}

json_object *ctl_to_json(const struct ctl *ctl, sd_bus_message *m)
{
	json_object *all = read_rest(m), *one;

	if (!ctl->json)
		json_c_visit(all, 0, clean_one, NULL);
	if (json_object_array_length(all) != 1)
		return all;
	one = json_object_get(json_object_array_get_idx(all, 0));
	json_object_put(all);
	return one;
}
