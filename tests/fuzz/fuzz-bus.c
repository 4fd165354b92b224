// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The D-Bus surface, from outside: calls every method and sets every property
 * that svmd's own introspection tells of, with values of the right types that
 * nobody should send, and with wrong ones. Whatever the answer is, there must be
 * one, in time; and svmd must be there afterwards.
 *
 *	fuzz-bus --bus=ADDRESS [--runs=N] [--seconds=N] [--seed=N]
 *
 * The same seed makes the same calls, if svmd has the same objects. The last one
 * is in the file fuzz-last.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-bus.h>

#define SERVICE "org.svmd1"
#define ROOT "/org/svmd1"
#define TARGETS_MAX 4096
#define DEPTH_MAX 8
#define NAME_BYTES 256
/* No call takes as long, whatever it does. */
#define TIMEOUT_USEC (UINT64_C(20) * 1000 * 1000)

struct target {
	char path[NAME_BYTES];
	char interface[NAME_BYTES];
	char member[NAME_BYTES];
	char signature[NAME_BYTES];
	bool property;
};

static struct target targets[TARGETS_MAX];
static size_t nr_targets;
static sd_bus *bus;
static uint64_t state = 1;

__attribute__((noreturn, format(printf, 1, 2))) static void
fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static uint32_t next(uint32_t below)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return below ? (uint32_t)(z % below) : (uint32_t)z;
}

/* --- what there is ------------------------------------------------------------------ */

/* The value of attribute @name of the tag at @tag; "" without. */
static void attribute(const char *tag, const char *name, char *value)
{
	const char *end = strchr(tag, '>'), *at = tag;
	char key[32];
	size_t n = 0;

	snprintf(key, sizeof(key), " %s=\"", name);
	at = strstr(tag, key);
	if (at && at < end)
		for (at += strlen(key); at[n] != '"' && n < NAME_BYTES - 1; n++)
			value[n] = at[n];
	value[n] = '\0';
}

static bool is_tag(const char *at, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(at, name, length) &&
	       (at[length] == ' ' || at[length] == '>');
}

static void add(const struct target *target)
{
	if (nr_targets == TARGETS_MAX)
		fail("more than %d methods and properties", TARGETS_MAX);
	targets[nr_targets++] = *target;
}

static void explore(const char *path, unsigned int depth);

static void explore_child(const char *path, const char *name,
			  unsigned int depth)
{
	char child[2 * NAME_BYTES];

	snprintf(child, sizeof(child), "%s/%s", path, name);
	if (strlen(child) < NAME_BYTES && depth < DEPTH_MAX)
		explore(child, depth + 1);
}

static void parse(const char *path, const char *xml, unsigned int depth)
{
	struct target target = { .property = false };
	char text[NAME_BYTES], direction[NAME_BYTES];
	bool inside = false;
	const char *at;

	snprintf(target.path, sizeof(target.path), "%s", path);
	for (at = strchr(xml, '<'); at; at = strchr(at + 1, '<')) {
		const char *tag = at + 1;

		if (is_tag(tag, "interface")) {
			attribute(tag, "name", target.interface);
		} else if (is_tag(tag, "method")) {
			attribute(tag, "name", target.member);
			target.signature[0] = '\0';
			target.property = false;
			inside = strchr(tag, '>')[-1] != '/';
			if (!inside)
				add(&target);
		} else if (is_tag(tag, "arg") && inside) {
			attribute(tag, "type", text);
			attribute(tag, "direction", direction);
			if (strcmp(direction, "out") &&
			    strlen(target.signature) + strlen(text) <
				    NAME_BYTES)
				strcat(target.signature, text);
		} else if (is_tag(tag, "/method")) {
			if (inside)
				add(&target);
			inside = false;
		} else if (is_tag(tag, "property")) {
			attribute(tag, "name", target.member);
			attribute(tag, "type", target.signature);
			target.property = true;
			add(&target);
		} else if (is_tag(tag, "node")) {
			attribute(tag, "name", text);
			if (text[0] && text[0] != '/')
				explore_child(path, text, depth);
		}
	}
}

static void explore(const char *path, unsigned int depth)
{
	sd_bus_message *reply = NULL;
	const char *xml;
	int ret = sd_bus_call_method(bus, SERVICE, path,
				     "org.freedesktop.DBus.Introspectable",
				     "Introspect", NULL, &reply, "");

	/* It may have gone meanwhile. */
	if (ret >= 0 && sd_bus_message_read(reply, "s", &xml) >= 0)
		parse(path, xml, depth);
	sd_bus_message_unref(reply);
}

/* --- values --------------------------------------------------------------------------- */

static const char *some_string(void)
{
	static char text[65536];
	static const char *const odd[] = {
		"",
		"default",
		"session:1",
		"session:18446744073709551615",
		"node:0",
		"node:4294967296",
		"device:0",
		"user:-1",
		"cgroup:/",
		"cgroup:/../..",
		"hot-cold",
		"off dry-run manual",
		"ResidenceUSec",
		"Policies",
		"%s%n%s%n",
		"nan",
		"1e999",
		"-0",
		"9999999999999999999999T",
		"\n",
		"\x1b[2J",
		"\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9",
		"node 0",
		"svm0",
		"debug",
	};
	size_t length, chars;

	switch (next(8)) {
	case 0:
		length = next(sizeof(text) - 1);
		memset(text, 'a' + (int)next(26), length);
		text[length] = '\0';
		return text;
	case 1:
		snprintf(text, sizeof(text), "%s",
			 targets[next((uint32_t)nr_targets)].member);
		return text;
	case 2:
		snprintf(text, sizeof(text), "%" PRIu32, next(0));
		return text;
	case 3:
		/* Wherever somebody cuts it, that may be within a character. */
		length = next(2);
		memset(text, 'a', length);
		for (chars = 16 + next(20); chars; chars--, length += 2)
			memcpy(text + length, "\xc3\xa9", 3);
		return text;
	default:
		return odd[next(sizeof(odd) / sizeof(odd[0]))];
	}
}

static uint64_t some_number(void)
{
	static const uint64_t odd[] = {
		0,	    1,		2,	    4095,      4096,
		INT32_MAX,  UINT32_MAX, 0x80000000, INT64_MAX, UINT64_MAX,
		1ULL << 47, 1ULL << 63, 1000000,
	};

	if (next(3))
		return odd[next(sizeof(odd) / sizeof(odd[0]))];
	return (uint64_t)next(0) << 32 | next(0);
}

static double some_double(void)
{
	static const double odd[] = {
		0, -0.0, 1, -1, 100, 1e308, -1e308, 1e-320,
	};

	switch (next(4)) {
	case 0:
		return (double)__builtin_nan("");
	case 1:
		return next(2) ? __builtin_inf() : -__builtin_inf();
	default:
		return odd[next(sizeof(odd) / sizeof(odd[0]))];
	}
}

/* The length of the complete type that @signature begins with. */
static size_t type_length(const char *signature)
{
	size_t n = 0, depth = 0;

	while (signature[n] == 'a')
		n++;
	do {
		if (signature[n] == '(' || signature[n] == '{')
			depth++;
		else if (signature[n] == ')' || signature[n] == '}')
			depth--;
		n++;
	} while (depth && signature[n]);
	return n;
}

static const char *some_type(void)
{
	static const char *const types[] = {
		"b", "y", "n", "q", "i", "u",  "x",	"t",	"d",
		"s", "o", "g", "v", "h", "as", "a{sv}", "(st)", "aay",
	};

	return types[next(sizeof(types) / sizeof(types[0]))];
}

static int append(sd_bus_message *call, const char *signature,
		  unsigned int depth);

static int append_container(sd_bus_message *call, char kind,
			    const char *contents, unsigned int depth)
{
	uint32_t nr = kind == SD_BUS_TYPE_ARRAY ? next(4) : 1;
	int ret = sd_bus_message_open_container(call, kind, contents);

	while (ret >= 0 && nr--)
		ret = append(call, contents, depth + 1);
	return ret < 0 ? ret : sd_bus_message_close_container(call);
}

static int append_one(sd_bus_message *call, const char *type,
		      unsigned int depth)
{
	size_t length = strlen(type);
	char inner[NAME_BYTES];
	uint64_t number = some_number();
	double real = some_double();
	int flag = (int)next(2), fd = 0;

	switch (type[0]) {
	case 's':
		return sd_bus_message_append_basic(call, 's', some_string());
	case 'o':
		return sd_bus_message_append_basic(
			call, 'o',
			next(2) ? targets[next((uint32_t)nr_targets)].path
				: "/");
	case 'g':
		return sd_bus_message_append_basic(call, 'g', some_type());
	case 'd':
		return sd_bus_message_append_basic(call, 'd', &real);
	case 'b':
		return sd_bus_message_append_basic(call, 'b', &flag);
	case 'h':
		return sd_bus_message_append_basic(call, 'h', &fd);
	case 'v':
		return append_container(call, 'v',
					depth < DEPTH_MAX ? some_type() : "s",
					depth);
	case 'a':
		return append_container(call, 'a', type + 1, depth);
	case '(':
	case '{':
		memcpy(inner, type + 1, length - 2);
		inner[length - 2] = '\0';
		return append_container(call, type[0] == '(' ? 'r' : 'e', inner,
					depth);
	default:
		return sd_bus_message_append_basic(call, type[0], &number);
	}
}

static int append(sd_bus_message *call, const char *signature,
		  unsigned int depth)
{
	char type[NAME_BYTES];
	int ret = 0;

	while (*signature && ret >= 0) {
		size_t length = type_length(signature);

		memcpy(type, signature, length);
		type[length] = '\0';
		ret = append_one(call, type, depth);
		signature += length;
	}
	return ret;
}

/* --- calls ------------------------------------------------------------------------------ */

static void some_signature(char *signature)
{
	uint32_t nr = next(4);

	signature[0] = '\0';
	while (nr--)
		strcat(signature, some_type());
}

static void keep(const struct target *target, unsigned long run)
{
	FILE *file = fopen("fuzz-last", "w");

	if (!file)
		return;
	fprintf(file, "%lu: %s %s.%s %s\n", run, target->path,
		target->interface, target->member, target->signature);
	fclose(file);
}

static int make_call(const struct target *target, sd_bus_message **call)
{
	char signature[NAME_BYTES];
	int ret;

	if (!target->property) {
		ret = sd_bus_message_new_method_call(bus, call, SERVICE,
						     target->path,
						     target->interface,
						     target->member);
		if (next(4))
			strcpy(signature, target->signature);
		else
			some_signature(signature);
		return ret < 0 ? ret : append(*call, signature, 0);
	}
	ret = sd_bus_message_new_method_call(bus, call, SERVICE, target->path,
					     "org.freedesktop.DBus.Properties",
					     next(3) ? "Set" : "Get");
	if (ret >= 0)
		ret = sd_bus_message_append(*call, "ss", target->interface,
					    next(8) ? target->member
						    : some_string());
	if (ret >= 0 && !strcmp(sd_bus_message_get_member(*call), "Set"))
		ret = append_container(
			*call, 'v', next(4) ? target->signature : some_type(),
			0);
	return ret;
}

static void try(unsigned long run)
{
	const struct target *target = &targets[next((uint32_t)nr_targets)];
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	int ret;

	keep(target, run);
	if (make_call(target, &call) >= 0) {
		ret = sd_bus_call(bus, call, TIMEOUT_USEC, &error, &reply);
		if (ret == -ETIMEDOUT || ret == -ENOTCONN ||
		    ret == -ECONNRESET ||
		    sd_bus_error_has_name(&error, SD_BUS_ERROR_NO_REPLY) ||
		    sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN))
			fail("%s %s.%s: %s", target->path, target->interface,
			     target->member, strerror(-ret));
	}
	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(call);
}

int main(int argc, char **argv)
{
	unsigned long runs = 1000, seconds = 0, run;
	const char *address = NULL;
	time_t begin = time(NULL);
	int i, ret;

	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--runs=", 7))
			runs = strtoul(argv[i] + 7, NULL, 10);
		else if (!strncmp(argv[i], "--seconds=", 10))
			seconds = strtoul(argv[i] + 10, NULL, 10);
		else if (!strncmp(argv[i], "--seed=", 7))
			state = strtoull(argv[i] + 7, NULL, 10);
		else if (!strncmp(argv[i], "--bus=", 6))
			address = argv[i] + 6;
	}
	if (!address)
		fail("usage: fuzz-bus --bus=ADDRESS [--runs=N] [--seconds=N] [--seed=N]");
	ret = sd_bus_new(&bus);
	if (ret >= 0)
		ret = sd_bus_set_address(bus, address);
	if (ret >= 0)
		ret = sd_bus_set_bus_client(bus, true);
	if (ret >= 0)
		ret = sd_bus_start(bus);
	if (ret < 0)
		fail("%s: %s", address, strerror(-ret));
	explore(ROOT, 0);
	if (!nr_targets)
		fail("svmd tells of nothing at %s", ROOT);
	for (run = 0; seconds || run < runs; run++) {
		if (seconds && time(NULL) >= begin + (time_t)seconds)
			break;
		try(run);
	}
	ret = sd_bus_call_method(bus, SERVICE, ROOT,
				 "org.freedesktop.DBus.Peer", "Ping", NULL,
				 NULL, "");
	if (ret < 0)
		fail("svmd is gone: %s", strerror(-ret));
	sd_bus_flush_close_unref(bus);
	remove("fuzz-last");
	printf("%zu methods and properties, %lu calls\n", nr_targets, run);
	return 0;
}
