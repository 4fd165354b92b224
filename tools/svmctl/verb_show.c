// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What there is: status, session, device, statistics.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "svmctl.h"

#define ROOT "/org/svmd1"

struct kind {
	const char *title;
	const char *interface;
	void (*head)(FILE *out);
	void (*row)(FILE *out, json_object *p);
};

static const char *bytes(json_object *p, const char *name)
{
	static char texts[8][32];
	static unsigned int at;

	at = (at + 1) % 8;
	return text_bytes(texts[at], sizeof(texts[at]), get_u64(p, name));
}

static void node_head(FILE *out)
{
	fputs("NODE\tCPU\tTOTAL\tFREE\tAVAILABLE\tPRESSURE\tHELD\n", out);
}

static void node_row(FILE *out, json_object *p)
{
	fprintf(out, "node %" PRIu64 "\t%s\t%s\t%s\t%s\t%.1f%%\t%s\n",
		get_u64(p, "Node"), get_u64(p, "HasCPU") ? "yes" : "no",
		bytes(p, "TotalBytes"), bytes(p, "FreeBytes"),
		bytes(p, "AvailableBytes"),
		get_double(p, "PressureSomePercent"),
		get_u64(p, "Held") ? "yes" : "no");
}

static void device_head(FILE *out)
{
	fputs("DEVICE\tTYPE\tNODE\tTOTAL\tFREE\tFAULTS\tEVICTED\tHELD\n", out);
}

static void device_row(FILE *out, json_object *p)
{
	fprintf(out, "svm%" PRIu64 "\t%s\t%s\t%s\t%s\t%" PRIu64 "\t%s\t%s\n",
		get_u64(p, "Device"), get_string(p, "Type"),
		get_string(p, "Node"), bytes(p, "TotalBytes"),
		bytes(p, "FreeBytes"), get_u64(p, "Faults"),
		bytes(p, "EvictedBytes"), get_u64(p, "Held") ? "yes" : "no");
}

static void card_head(FILE *out)
{
	fputs("CARD\tDRIVER\tSLOT\tNODE\tVRAM\tUSED\tBUSY\n", out);
}

static void card_row(FILE *out, json_object *p)
{
	fprintf(out, "card%" PRIu64 "\t%s\t%s\t%s\t%s\t%s\t%.0f%%\n",
		get_u64(p, "Card"), get_string(p, "Driver"),
		get_string(p, "Slot"), get_string(p, "Node"),
		bytes(p, "TotalBytes"), bytes(p, "UsedBytes"),
		get_double(p, "BusyPercent"));
}

static void port_head(FILE *out)
{
	fputs("PORT\tDEVICE\tNODE\tSTATE\tRATE MB/S\tSENT\tRECEIVED\n", out);
}

static void port_row(FILE *out, json_object *p)
{
	fprintf(out,
		"%" PRIu64 "\t%s/%" PRIu64 "\t%s\t%s\t%" PRIu64 "\t%s\t%s\n",
		get_u64(p, "Port"), get_string(p, "Device"),
		get_u64(p, "Number"), get_string(p, "Node"),
		get_string(p, "State"), get_u64(p, "RateMBPerSecond"),
		bytes(p, "SentBytes"), bytes(p, "ReceivedBytes"));
}

static void session_head(FILE *out)
{
	fputs("SESSION\tPID\tUSER\tNAME\tSYSTEM\tDEVICE\tIN USE\tMOVED\tPOLICIES\n",
	      out);
}

static void session_row(FILE *out, json_object *p)
{
	fprintf(out,
		"%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		"\t%s\t%s\t%s\t%s\t%s\t%s%s\n",
		get_u64(p, "Session"), get_u64(p, "ProcessID"),
		get_u64(p, "UserID"), get_string(p, "Name"),
		bytes(p, "SystemBytes"), bytes(p, "DeviceBytes"),
		bytes(p, "InUseBytes"), bytes(p, "MovedBytes"),
		get_string(p, "Policies"), get_u64(p, "Held") ? " (held)" : "");
}

static const struct kind kinds[] = {
	{ "nodes", "org.svmd1.Node", node_head, node_row },
	{ "devices", "org.svmd1.Device", device_head, device_row },
	{ "cards", "org.svmd1.Card", card_head, card_row },
	{ "ports", "org.svmd1.Port", port_head, port_row },
	{ "sessions", "org.svmd1.Session", session_head, session_row },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define SESSIONS 4

/* A table of all objects of a kind; none makes no table. */
static void show_kind(const struct ctl *ctl, const struct kind *kind,
		      json_object *objects)
{
	char *text = NULL;
	size_t size, rows = 0;
	FILE *out = open_memstream(&text, &size);

	kind->head(out);
	EACH_OBJECT(objects, path, object)
	{
		json_object *properties;

		(void)path;
		if (json_object_object_get_ex(object, kind->interface,
					      &properties)) {
			kind->row(out, properties);
			rows++;
		}
	}
	fclose(out);
	if (rows) {
		putchar('\n');
		text_table(ctl, text);
	}
	free(text);
}

static json_object *collect(json_object *objects, const char *interface)
{
	json_object *array = json_object_new_array(), *properties;

	EACH_OBJECT(objects, path, object)
	{
		(void)path;
		if (json_object_object_get_ex(object, interface, &properties))
			json_object_array_add(array,
					      json_object_get(properties));
	}
	return array;
}

static void show_manager(const struct ctl *ctl, json_object *manager)
{
	json_object *list;
	size_t i;

	printf("%ssvmd%s %s%s, %" PRIu64 " sessions, %" PRIu64
	       " rounds, heat: %s\n",
	       text_bold(ctl), text_plain(ctl), get_string(manager, "Version"),
	       get_u64(manager, "DryRun") ? " (dry-run)" : "",
	       get_u64(manager, "Sessions"), get_u64(manager, "Rounds"),
	       get_string(manager, "Heat"));
	if (json_object_object_get_ex(manager, "Rivals", &list))
		for (i = 0; i < json_object_array_length(list); i++)
			printf("rival: %s\n",
			       json_object_get_string(
				       json_object_array_get_idx(list, i)));
	if (!json_object_object_get_ex(manager, "Holds", &list))
		return;
	for (i = 0; i < json_object_array_length(list); i++) {
		json_object *hold = json_object_array_get_idx(list, i);

		printf("hold %s: %s by user %s: %s\n",
		       json_object_get_string(
			       json_object_array_get_idx(hold, 0)),
		       json_object_get_string(
			       json_object_array_get_idx(hold, 1)),
		       json_object_get_string(
			       json_object_array_get_idx(hold, 2)),
		       json_object_get_string(
			       json_object_array_get_idx(hold, 3)));
	}
}

static json_object *summary(json_object *objects, json_object *manager,
			    size_t from, size_t to)
{
	json_object *all = json_object_new_object();
	size_t i;

	if (manager)
		json_object_object_add(all, "manager",
				       json_object_get(manager));
	for (i = from; i < to; i++)
		json_object_object_add(all, kinds[i].title,
				       collect(objects, kinds[i].interface));
	return all;
}

static int show(struct ctl *ctl, bool with_manager, size_t from, size_t to)
{
	json_object *objects, *all, *manager = NULL;
	int code = ctl_objects(ctl, &objects);
	size_t i;

	if (code)
		return code;
	if (with_manager)
		manager = ctl_properties(objects, ROOT, "org.svmd1.Manager");
	if (ctl->json) {
		all = summary(objects, manager, from, to);
		text_json(all);
		json_object_put(all);
	} else {
		if (manager)
			show_manager(ctl, manager);
		for (i = from; i < to; i++)
			show_kind(ctl, &kinds[i], objects);
	}
	json_object_put(objects);
	return EXIT_OK;
}

static int show_one(struct ctl *ctl, const char *path, const char *interface,
		    const char *what)
{
	json_object *objects, *properties;
	int code = ctl_objects(ctl, &objects);

	if (code)
		return code;
	properties = ctl_properties(objects, path, interface);
	if (!properties) {
		fprintf(stderr, "svmctl: there is no %s\n", what);
		code = EXIT_NOT_FOUND;
	} else if (ctl->json) {
		text_json(properties);
	} else {
		text_properties(ctl, properties);
	}
	json_object_put(objects);
	return code;
}

int verb_status(struct ctl *ctl, int argc, char **argv)
{
	(void)argc, (void)argv;
	return show(ctl, true, 0, NR_KINDS);
}

int verb_session(struct ctl *ctl, int argc, char **argv)
{
	char path[128], what[64];
	uint64_t id;

	if (!argc)
		return show(ctl, false, SESSIONS, NR_KINDS);
	if (parse_number(argv[0], &id))
		return ctl_usage("not the number of a session: '%s'", argv[0]);
	snprintf(path, sizeof(path), ROOT "/session/%" PRIu64, id);
	snprintf(what, sizeof(what), "session %" PRIu64, id);
	return show_one(ctl, path, "org.svmd1.Session", what);
}

/* "svm0", "node:1", "card0", "port:1" */
int verb_device(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *prefix;
		const char *path;
		const char *interface;
	} forms[] = {
		{ "svm", ROOT "/device/svm", "org.svmd1.Device" },
		{ "node:", ROOT "/node/", "org.svmd1.Node" },
		{ "card", ROOT "/card/card", "org.svmd1.Card" },
		{ "port:", ROOT "/port/", "org.svmd1.Port" },
	};
	char path[128];
	uint64_t id;
	size_t i;

	if (!argc)
		return show(ctl, false, 0, SESSIONS);
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t length = strlen(forms[i].prefix);

		if (strncmp(argv[0], forms[i].prefix, length) ||
		    parse_number(argv[0] + length, &id))
			continue;
		snprintf(path, sizeof(path), "%s%" PRIu64, forms[i].path, id);
		return show_one(ctl, path, forms[i].interface, argv[0]);
	}
	return ctl_usage(
		"no name of a device: '%s'; 'svm0', 'node:1', 'card0' and 'port:1' are such",
		argv[0]);
}

int verb_statistics(struct ctl *ctl, int argc, char **argv)
{
	sd_bus_message *reply = NULL;
	json_object *all;
	int code = ctl_call(ctl, &reply, "GetStatistics", "");

	(void)argc, (void)argv;
	if (code)
		return code;
	all = ctl_to_json(ctl, reply);
	if (ctl->json)
		text_json(all);
	else
		text_properties(ctl, all);
	json_object_put(all);
	sd_bus_message_unref(reply);
	return EXIT_OK;
}
