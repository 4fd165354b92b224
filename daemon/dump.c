// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything that svmd knows, see dump.h.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "daemon.h"
#include "dump.h"
#include "heat.h"

/* Regions of a session that are written; the summary has all. */
#define REGIONS_MAX 4096

static void string(FILE *file, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	putc('"', file);
	for (; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(file, "\\%c", *c);
		else if (*c < ' ' || *c > '~')
			fprintf(file, "\\u%04x", *c);
		else
			putc(*c, file);
	}
	putc('"', file);
}

static void named(FILE *file, const char *name, const char *text)
{
	fprintf(file, ",\"%s\":", name);
	string(file, text);
}

static void sources(const struct daemon *daemon, FILE *file)
{
	unsigned int i;

	fputs("\"sources\":[", file);
	for (i = 0; i < SENSE_SOURCES; i++) {
		const struct sense_source *source = &daemon->sense.sources[i];

		fprintf(file,
			"%s{\"name\":\"%s\",\"error\":%d,\"reads\":%" PRIu64
			",\"cost_ns\":%" PRIu64 ",\"period_us\":%" PRIu64
			",\"sampled_us\":%" PRIu64 "}",
			i ? "," : "", source->name, source->error,
			source->reads, source->cost_ns, source->period_us,
			source->sampled_us);
	}
	fputs("],\"heat\":", file);
	string(file, heat_state(daemon->heat));
}

static void nodes(const struct sense *sense, FILE *file)
{
	uint32_t i;

	fputs(",\"nodes\":[", file);
	for (i = 0; i < sense->nr_nodes; i++) {
		const struct svmd_node *node = &sense->nodes[i];

		fprintf(file,
			"%s{\"id\":%u,\"has_cpu\":%s,\"held\":%s,"
			"\"total_bytes\":%" PRIu64
			",\"available_bytes\":%" PRIu64
			",\"free_bytes\":%" PRIu64 "}",
			i ? "," : "", node->id,
			node->has_cpu ? "true" : "false",
			node->held ? "true" : "false", node->total_bytes,
			node->free_bytes, sense->node_more[i].free_bytes);
	}
	putc(']', file);
}

static void devices(const struct sense *sense, FILE *file)
{
	uint32_t i;

	fputs(",\"devices\":[", file);
	for (i = 0; i < sense->nr_devices; i++) {
		const struct svmd_svm *device = &sense->devices[i];

		fprintf(file,
			"%s{\"id\":%u,\"node\":%d,\"held\":%s,"
			"\"total_bytes\":%" PRIu64 ",\"free_bytes\":%" PRIu64
			",\"faults\":%" PRIu64 ",\"evicted_bytes\":%" PRIu64,
			i ? "," : "", device->id, device->node,
			device->held ? "true" : "false", device->total_bytes,
			device->free_bytes, device->faults, device->evictions);
		named(file, "type", sense->device_more[i].type);
		putc('}', file);
	}
	putc(']', file);
}

static void cards(const struct sense *sense, FILE *file)
{
	uint32_t i;

	fputs(",\"cards\":[", file);
	for (i = 0; i < sense->nr_cards; i++) {
		const struct svmd_card *card = &sense->cards[i];

		fprintf(file,
			"%s{\"id\":%u,\"node\":%d,\"vram_total_bytes\":%" PRIu64
			",\"vram_used_bytes\":%" PRIu64 ",\"busy\":%g",
			i ? "," : "", card->id, card->node,
			card->vram_total_bytes, card->vram_used_bytes,
			(double)card->busy);
		named(file, "driver", sense->card_more[i].driver);
		putc('}', file);
	}
	putc(']', file);
}

static void ports(const struct sense *sense, FILE *file)
{
	uint32_t i;

	fputs(",\"ports\":[", file);
	for (i = 0; i < sense->nr_ports; i++) {
		const struct svmd_rdma *port = &sense->ports[i];
		const struct sense_port *more = &sense->port_more[i];

		fprintf(file,
			"%s{\"id\":%u,\"node\":%d,\"number\":%u,"
			"\"active\":%s,\"rate_mbs\":%u,\"sent_bytes\":%" PRIu64
			",\"received_bytes\":%" PRIu64,
			i ? "," : "", port->id, port->node, more->number,
			port->active ? "true" : "false", port->rate_mbs,
			more->sent_bytes, more->received_bytes);
		named(file, "device", more->device);
		named(file, "state", more->state);
		putc('}', file);
	}
	putc(']', file);
}

static void regions(const struct session *session, FILE *file)
{
	size_t i;

	fputs(",\"regions\":[", file);
	for (i = 0; i < session->nr_regions && i < REGIONS_MAX; i++) {
		const struct svmd_region *region = &session->regions[i];
		char place[32];

		svmd_place_format(region->place, place, sizeof(place));
		fprintf(file,
			"%s{\"start\":\"0x%" PRIx64 "\",\"bytes\":%" PRIu64
			",\"place\":\"%s\",\"heat\":%g,\"warm\":%g,\"flags\":%u,"
			"\"moves\":%u,\"returns\":%u,\"why\":\"%s\"}",
			i ? "," : "", region->start, region->length, place,
			(double)region->heat_cpu, (double)region->warm_cpu,
			region->flags, region->moves, region->bounces,
			svmd_why_name(region->why));
	}
	putc(']', file);
}

static void sessions(struct daemon *daemon, FILE *file)
{
	size_t i, nr = sessions_count(daemon->sessions);
	char policies[SVMD_TEXT_MAX];

	fputs(",\"sessions\":[", file);
	for (i = 0; i < nr; i++) {
		struct session *session = sessions_at(daemon->sessions, i);

		svmd_policies_format(round_policy(daemon, session)->policies,
				     policies, sizeof(policies));
		fprintf(file,
			"%s{\"id\":%" PRIu64 ",\"pid\":%d,\"uid\":%u,"
			"\"held_ranges\":%zu,\"held\":%s,\"moved_bytes\":%" PRIu64
			",\"moves\":%" PRIu64,
			i ? "," : "", session->id, session->peer.pid,
			session->peer.uid, session->nr_holds,
			session->bus_held ? "true" : "false",
			session->moved_bytes, session->moves);
		named(file, "name", session->name);
		named(file, "cgroup", session->cgroup ? session->cgroup : "");
		named(file, "policies", policies);
		regions(session, file);
		putc('}', file);
	}
	putc(']', file);
}

static int write_counter(const char *name, uint64_t value, void *arg)
{
	fprintf(arg, ",\"%s\":%" PRIu64, name, value);
	return 0;
}

void dump_write(struct daemon *daemon, FILE *file)
{
	putc('{', file);
	sources(daemon, file);
	nodes(&daemon->sense, file);
	devices(&daemon->sense, file);
	cards(&daemon->sense, file);
	ports(&daemon->sense, file);
	sessions(daemon, file);
	fputs(",\"counters\":{\"version\":1", file);
	(void)dump_counters(daemon, write_counter, file);
	fputs("}}\n", file);
}

/* "quota-bytes" → "refused_quota_bytes" */
static int each_named(const char *prefix, const char *name, uint64_t value,
		      int (*each)(const char *name, uint64_t value, void *arg),
		      void *arg)
{
	char text[64], *c;

	snprintf(text, sizeof(text), "%s_%s", prefix, name);
	for (c = text; *c; c++)
		if (*c == '-')
			*c = '_';
	return each(text, value, arg);
}

int dump_counters(struct daemon *daemon,
		  int (*each)(const char *name, uint64_t value, void *arg),
		  void *arg)
{
	struct svmd_counters counters;
	unsigned int i;
	int ret;

	svmd_history_counters(daemon->history, &counters);
	ret = each("rounds", counters.rounds, arg);
	if (ret >= 0)
		ret = each("moved_bytes", counters.moved_bytes, arg);
	if (ret >= 0)
		ret = each("moved_us", counters.moved_us, arg);
	if (ret >= 0)
		ret = each("deferred", daemon->mover.deferred, arg);
	if (ret >= 0)
		ret = each("busy_pages", daemon->mover.busy_pages, arg);
	if (ret >= 0)
		ret = each("sessions", sessions_count(daemon->sessions), arg);
	if (ret >= 0)
		ret = each("batches", daemon->mover.batches, arg);
	if (ret >= 0)
		ret = each("round_ns", daemon->round_ns, arg);
	if (ret >= 0)
		ret = each("naps", daemon->naps, arg);
	if (ret >= 0)
		ret = each("mover_cpu_ns", worker_cpu_ns(daemon->worker), arg);
	if (ret >= 0)
		ret = each("heat_cost_ns", heat_cost_ns(daemon->heat), arg);
	for (i = 1; i < SVMD_REASON_NR && ret >= 0; i++) {
		ret = each_named("decisions", svmd_reason_name(i),
				 counters.decisions[i], each, arg);
		if (ret >= 0)
			ret = each_named("bytes", svmd_reason_name(i),
					 counters.bytes[i], each, arg);
	}
	for (i = SVMD_WHY_STALE; i < SVMD_WHY_NR && ret >= 0; i++)
		ret = each_named("refused", svmd_why_name(i),
				 counters.refused[i], each, arg);
	return ret < 0 ? ret : 0;
}
