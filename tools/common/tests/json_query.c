// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks a JSON file, for the tests' scripts.
 *
 *	json-query FILE a.0.b		prints the value
 *	json-query FILE a KEY=VALUE…	prints how many objects of the array a have
 *					all of these values
 *
 * Strings are printed as they are; an empty VALUE stands for null.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(struct json_object *value)
{
	if (!value)
		return "";
	if (json_object_is_type(value, json_type_string))
		return json_object_get_string(value);
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
}

/* Goes down one step of a path. */
static struct json_object *child(struct json_object *object, const char *key)
{
	if (json_object_is_type(object, json_type_array))
		return json_object_array_get_idx(object,
						 strtoul(key, NULL, 10));
	return json_object_object_get(object, key);
}

static int matches(struct json_object *object, char **conditions)
{
	for (; *conditions; conditions++) {
		char *key = strdup(*conditions), *value = strchr(key, '=');
		int equal;

		if (!value)
			exit(2);
		*value++ = '\0';
		equal = !strcmp(text_of(child(object, key)), value);
		free(key);
		if (!equal)
			return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct json_object *root, *at;
	char *key, *rest;
	size_t nr = 0;

	if (argc < 3)
		return 2;
	root = json_object_from_file(argv[1]);
	if (!root) {
		fprintf(stderr, "%s\n", json_util_get_last_err());
		return 2;
	}
	at = root;
	rest = argv[2];
	while (at && (key = strsep(&rest, ".")))
		at = child(at, key);
	if (argc == 3) {
		puts(text_of(at));
	} else if (!json_object_is_type(at, json_type_array)) {
		return 2;
	} else {
		for (size_t i = 0; i < json_object_array_length(at); i++)
			nr += (size_t)matches(json_object_array_get_idx(at, i),
					      argv + 3);
		printf("%zu\n", nr);
	}
	json_object_put(root);
	return 0;
}
