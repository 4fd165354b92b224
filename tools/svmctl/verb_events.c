// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * events and dump. svmd keeps the last moves; --follow asks for new ones once a
 * second, as moves are not worth a signal each. One that is started anew numbers
 * them from the beginning.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "svmctl.h"

#define PERIOD_MS 1000

static const char *const names[] = {
	"number", "when_us", "session",	    "reason",	   "from",
	"to",	  "bytes",   "moved_bytes", "duration_us", "error",
};
#define NR_NAMES (sizeof(names) / sizeof(names[0]))

static json_object *name_fields(json_object *fields)
{
	json_object *event = json_object_new_object();
	size_t i;

	for (i = 0; i < NR_NAMES; i++)
		json_object_object_add(
			event, names[i],
			json_object_get(json_object_array_get_idx(fields, i)));
	return event;
}

static void print_event(json_object *event)
{
	time_t when = (time_t)(get_u64(event, "when_us") / 1000000);
	int error = get_int(event, "error"); /* 0 or a negative errno */
	char clock[16], bytes[32], moved[32];
	struct tm tm;

	localtime_r(&when, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	printf("%" PRIu64 " %s session %" PRIu64
	       " %-8s %s → %s, %s of %s in %.1f ms%s%s\n",
	       get_u64(event, "number"), clock, get_u64(event, "session"),
	       get_string(event, "reason"), get_string(event, "from"),
	       get_string(event, "to"),
	       text_bytes(moved, sizeof(moved), get_u64(event, "moved_bytes")),
	       text_bytes(bytes, sizeof(bytes), get_u64(event, "bytes")),
	       (double)get_u64(event, "duration_us") / 1000, error ? ": " : "",
	       error ? strerror(-error) : "");
}

static int get_events(struct ctl *ctl, json_object **list)
{
	sd_bus_message *reply = NULL;
	int code = ctl_call(ctl, &reply, "GetEvents", "t", ctl->since);

	if (code)
		return code;
	*list = ctl_to_json(ctl, reply);
	sd_bus_message_unref(reply);
	return EXIT_OK;
}

static int print_events(struct ctl *ctl, json_object *list)
{
	size_t i, nr = json_object_array_length(list);

	for (i = 0; i < nr; i++) {
		json_object *event =
			name_fields(json_object_array_get_idx(list, i));

		ctl->since = get_u64(event, "number");
		if (ctl->json) /* one a line */
			puts(json_object_to_json_string_ext(event, 0));
		else
			print_event(event);
		json_object_put(event);
	}
	fflush(stdout);
	return ferror(stdout) ? EXIT_FAILED : EXIT_OK;
}

static int next_events(struct ctl *ctl, size_t *nr)
{
	json_object *list;
	int code = get_events(ctl, &list);

	if (code)
		return code;
	*nr = json_object_array_length(list);
	code = print_events(ctl, list);
	json_object_put(list);
	return code;
}

/* As next_events(); @starts, of &ctl.starts, is whose number &ctl.since is. */
static int next_of_any(struct ctl *ctl, unsigned int *starts, size_t *nr)
{
	json_object *list;
	int code;

	*nr = 0;
	if (ctl->starts != *starts)
		ctl->since = 0;
	*starts = ctl->starts;
	code = get_events(ctl, &list);
	if (code) /* that the bus itself is gone, who waits for it hears */
		return code == EXIT_NO_SVMD ? EXIT_OK : code;
	if (ctl->starts == *starts) {
		*nr = json_object_array_length(list);
		code = print_events(ctl, list);
	}
	json_object_put(list);
	return code;
}

static int follow(struct ctl *ctl)
{
	unsigned int starts;
	size_t nr = 0;
	bool unused;
	int code = ctl_watch(ctl);

	if (!code)
		code = next_events(ctl, &nr);
	/* Whoever stops svmd wants it to be stopped. */
	ctl->no_start = true;
	starts = ctl->starts;
	while (!code) {
		if (!nr || ctl->gone)
			code = ctl_wait(ctl, -1, ctl->gone ? -1 : PERIOD_MS,
					&unused);
		if (!code && !ctl->gone)
			code = next_of_any(ctl, &starts, &nr);
	}
	return code;
}

int verb_events(struct ctl *ctl, int argc, char **argv)
{
	size_t nr = 0;
	int code;

	(void)argc, (void)argv;
	if (ctl->follow)
		return follow(ctl);
	do {
		code = next_events(ctl, &nr);
	} while (!code && nr);
	return code;
}

int verb_dump(struct ctl *ctl, int argc, char **argv)
{
	sd_bus_message *reply = NULL;
	int code = ctl_call(ctl, &reply, "DumpByFileDescriptor", ""), fd = -1;
	char buffer[65536];
	ssize_t got;

	(void)argc, (void)argv;
	if (code)
		return code;
	(void)sd_bus_message_read(reply, "h", &fd);
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		if (fwrite(buffer, 1, (size_t)got, stdout) != (size_t)got)
			break;
	if (got < 0) {
		fprintf(stderr, "svmctl: %s\n", strerror(errno));
		code = EXIT_FAILED;
	}
	sd_bus_message_unref(reply);
	return code;
}
