// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verbs that do something: migrate, evict, explain, reload. For hold see
 * verb_hold.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "svmctl.h"

/* --- migrate, evict ---------------------------------------------------------------- */

static const char *const moved_names[] = {
	"moved_bytes",
	"there_bytes",
	"left_bytes",
	"pages",
};

int verb_migrate(struct ctl *ctl, int argc, char **argv)
{
	sd_bus_message *reply = NULL;
	json_object *values, *named;
	uint64_t id, address, bytes;
	size_t i;
	int code;

	(void)argc;
	if (parse_number(argv[0], &id))
		return ctl_usage("not the number of a session: '%s'", argv[0]);
	if (parse_number(argv[1], &address))
		return ctl_usage("not an address: '%s'", argv[1]);
	if (parse_bytes(argv[2], &bytes))
		return ctl_usage("not a number of bytes: '%s'", argv[2]);
	code = ctl_call(ctl, &reply, "Migrate", "ttts", id, address, bytes,
			argv[3]);
	if (code)
		return code;
	values = ctl_to_json(ctl, reply);
	named = json_object_new_object();
	for (i = 0; i < 4; i++)
		json_object_object_add(
			named, moved_names[i],
			json_object_get(json_object_array_get_idx(values, i)));
	if (ctl->json)
		text_json(named);
	else
		text_properties(ctl, named);
	json_object_put(named);
	json_object_put(values);
	sd_bus_message_unref(reply);
	return EXIT_OK;
}

int verb_evict(struct ctl *ctl, int argc, char **argv)
{
	sd_bus_message *reply = NULL;
	uint64_t bytes = 0;
	char text[32];
	int code;

	if (argc > 1 && parse_bytes(argv[1], &bytes))
		return ctl_usage("not a number of bytes: '%s'", argv[1]);
	code = ctl_call(ctl, &reply, "Evict", "st", argv[0], bytes);
	if (code)
		return code;
	bytes = 0;
	(void)sd_bus_message_read(reply, "t", &bytes);
	if (ctl->json)
		printf("{\"evicted_bytes\":%" PRIu64 "}\n", bytes);
	else
		printf("%s evicted from %s\n",
		       text_bytes(text, sizeof(text), bytes), argv[0]);
	sd_bus_message_unref(reply);
	return EXIT_OK;
}

/* --- explain ------------------------------------------------------------------------ */

static void explain(const struct ctl *ctl, json_object *e)
{
	const char *place = get_string(e, "PagePlace");

	printf("%sWhere%s: ", text_bold(ctl), text_plain(ctl));
	if (!strcmp(place, "system"))
		printf("node %" PRIu64, get_u64(e, "PageNode"));
	else if (!strcmp(place, "device"))
		printf("svm%" PRIu64, get_u64(e, "PageDevice"));
	else
		printf("%s", place);
	if (get_u64(e, "RegionBytes"))
		printf(", in a region of %" PRIu64 " KiB at 0x%" PRIx64
		       ", most of which is on %s",
		       get_u64(e, "RegionBytes") / 1024,
		       get_u64(e, "RegionStart"), get_string(e, "RegionPlace"));
	printf("\n%sUse%s: %.3g accesses/s and page by CPUs, %.3g by a device\n",
	       text_bold(ctl), text_plain(ctl), get_double(e, "HeatCPU"),
	       get_double(e, "HeatDevice"));
	if (get_string(e, "RegionFlags")[0])
		printf("%sMarked%s: %s\n", text_bold(ctl), text_plain(ctl),
		       get_string(e, "RegionFlags"));
	if (get_string(e, "LastMoveTo")[0])
		printf("%sLast move%s: to %s, %s, %" PRIu64 " KiB\n",
		       text_bold(ctl), text_plain(ctl),
		       get_string(e, "LastMoveTo"),
		       get_string(e, "LastMoveReason"),
		       get_u64(e, "LastMoveBytes") / 1024);
	printf("%sWhy%s: %s: %s\n", text_bold(ctl), text_plain(ctl),
	       get_string(e, "Why"), get_string(e, "WhyText"));
	if (get_string(e, "ProposedTo")[0])
		printf("%sProposed%s: by %s to %s (%s): benefit %.3g ms, cost %.3g ms, needed %.3g ms\n",
		       text_bold(ctl), text_plain(ctl),
		       get_string(e, "ProposedBy"), get_string(e, "ProposedTo"),
		       get_string(e, "ProposedReason"),
		       get_double(e, "BenefitNSec") / 1e6,
		       get_double(e, "CostNSec") / 1e6,
		       get_double(e, "ThresholdNSec") / 1e6);
	if (get_u64(e, "WaitUSec"))
		printf("%sStays yet%s: %.1f s\n", text_bold(ctl),
		       text_plain(ctl), (double)get_u64(e, "WaitUSec") / 1e6);
}

int verb_explain(struct ctl *ctl, int argc, char **argv)
{
	sd_bus_message *reply = NULL;
	json_object *explanation;
	uint64_t id, address;
	int code;

	(void)argc;
	if (parse_number(argv[0], &id))
		return ctl_usage("not the number of a session: '%s'", argv[0]);
	if (parse_number(argv[1], &address))
		return ctl_usage("not an address: '%s'", argv[1]);
	code = ctl_call(ctl, &reply, "Explain", "tt", id, address);
	if (code)
		return code;
	explanation = ctl_to_json(ctl, reply);
	if (ctl->json)
		text_json(explanation);
	else
		explain(ctl, explanation);
	json_object_put(explanation);
	sd_bus_message_unref(reply);
	return EXIT_OK;
}

int verb_reload(struct ctl *ctl, int argc, char **argv)
{
	(void)argc, (void)argv;
	return ctl_call(ctl, NULL, "Reload", "");
}
