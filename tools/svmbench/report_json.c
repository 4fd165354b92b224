// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The result for programs. Names are only ever added.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "cleanup.h"
#include "measure.h"
#include "targets.h"

static void put(struct json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static void put_int(struct json_object *to, const char *name, int value)
{
	json_object_object_add(to, name, json_object_new_int(value));
}

static void put_real(struct json_object *to, const char *name, double value)
{
	json_object_object_add(to, name, json_object_new_double(value));
}

static void put_bool(struct json_object *to, const char *name, bool value)
{
	json_object_object_add(to, name, json_object_new_boolean(value));
}

static void put_text(struct json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name,
			       *text ? json_object_new_string(text) : NULL);
}

static struct json_object *devices_array(const struct bench *bench)
{
	struct json_object *list = json_object_new_array(), *object;

	for (unsigned int i = 0; i < bench->nr_used; i++) {
		const struct device *device = &bench->used[i];

		object = json_object_new_object();
		put(object, "id", device->info.id);
		put(object, "type", device->info.type);
		put_int(object, "node", device->info.node);
		put(object, "bytes_total", device->info.bytes_total);
		put(object, "page_orders", device->info.page_orders);
		put_bool(object, "temporary", device->temporary);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *environment_object(const struct bench *bench)
{
	const struct environment *environment = &bench->environment;
	struct json_object *object = json_object_new_object();
	struct json_object *nodes = json_object_new_array();
	char now[32] = "";
	time_t clock = time(NULL);
	struct tm tm;

	if (gmtime_r(&clock, &tm))
		strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &tm);
	put_text(object, "time", now);
	put_text(object, "kernel", environment->uname.release);
	put_text(object, "kernel_version", environment->uname.version);
	put_text(object, "machine", environment->uname.machine);
	json_object_object_add(
		object, "virtual",
		json_object_new_boolean(environment->hypervisor));
	put_int(object, "cpus", environment->cpus);
	put_int(object, "cpu", environment->cpu);
	put(object, "memory_total", environment->memory_total);
	put_text(object, "transparent_huge_pages", environment->huge_pages);
	for (unsigned int i = 0; i < environment->nodes.nr; i++)
		json_object_array_add(
			nodes, json_object_new_int(environment->nodes.ids[i]));
	json_object_object_add(object, "nodes", nodes);
	put_int(object, "home_node", bench->home);
	put_int(object, "away_node", bench->away);
	json_object_object_add(object, "devices", devices_array(bench));
	return object;
}

static struct json_object *parameters_object(const struct bench *bench)
{
	const struct options *options = &bench->options;
	struct json_object *object = json_object_new_object();
	struct json_object *sizes = json_object_new_array();
	struct json_object *kinds = json_object_new_array();

	for (size_t i = 0; i < options->nr_sizes; i++)
		json_object_array_add(
			sizes, json_object_new_uint64(options->sizes[i]));
	json_object_object_add(object, "sizes", sizes);
	for (enum page_kind kind = PAGES_4K; kind <= PAGES_HUGE; kind++) {
		if (options->kinds >> kind & 1)
			json_object_array_add(
				kinds,
				json_object_new_string(page_kind_name(kind)));
	}
	json_object_object_add(object, "pages", kinds);
	put(object, "runs", options->runs);
	put(object, "warmup", options->warmup);
	put_text(object, "device", options->device ? options->device : "");
	put_bool(object, "create", options->create);
	put_bool(object, "peer", bench->peer.here);
	return object;
}

static struct json_object *latencies_object(const struct figure *figure)
{
	static const struct {
		const char *name;
		double percent;
	} list[] = {
		{ "min", 0 },  { "p50", 50 },  { "p90", 90 },
		{ "p99", 99 }, { "max", 100 },
	};
	struct json_object *object = json_object_new_object();

	put(object, "count", figure->latencies.nr);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		put(object, list[i].name,
		    latencies_percentile(&figure->latencies, list[i].percent));
	return object;
}

static void put_numbers(struct json_object *object, const struct bench *bench,
			const struct figure *figure)
{
	struct summary summary = samples_summary(&figure->samples);
	const struct figure *yardstick =
		figures_memcpy(&bench->figures, figure);
	struct json_object *samples = json_object_new_array();
	double us = (double)summary.median / 1000;

	for (size_t i = 0; i < figure->samples.nr; i++)
		json_object_array_add(
			samples, json_object_new_uint64(figure->samples.ns[i]));
	if (figure->counts_bytes) {
		json_object_object_add(object, "sample_bytes", samples);
		put(object, "median_bytes", summary.median);
		put_real(object, "bytes_per_4k",
			 figure_per_page(figure, summary.median));
		return;
	}
	json_object_object_add(object, "ns", samples);
	put(object, "median_ns", summary.median);
	put(object, "min_ns", summary.min);
	put(object, "max_ns", summary.max);
	put(object, "mad_ns", summary.mad);
	if (figure->latencies.nr)
		json_object_object_add(object, "latencies_ns",
				       latencies_object(figure));
	if (figure->operations && summary.median) {
		put_real(object, "us_per_operation",
			 us / (double)figure->operations);
		put_real(object, "operations_per_s",
			 1e6 * (double)figure->operations / us);
		return;
	}
	if (!figure->part)
		put_real(object, "gb_per_s",
			 figure_rate(figure, summary.median));
	put_real(object, "us_per_4k", us * 4096 / (double)figure->bytes);
	put_real(object, "us_per_2m",
		 us * (double)HUGE_BYTES / (double)figure->bytes);
	if (yardstick && summary.median && !figure->part)
		put_real(object, "times_memcpy",
			 (double)samples_summary(&yardstick->samples).median /
				 (double)summary.median);
}

/* Beside the earlier run's, if it has the same. */
static void put_comparison(struct json_object *object,
			   const struct bench *bench,
			   const struct figure *figure)
{
	struct json_object *then;
	struct comparison comparison;

	if (!bench->earlier ||
	    !compare_figure(bench->earlier, figure, &comparison))
		return;
	then = json_object_new_object();
	put(then, "median_ns", comparison.old.median);
	put(then, "mad_ns", comparison.old.mad);
	put_real(then, "ratio", comparison.ratio);
	put_real(then, "spread", comparison.spread);
	put_bool(then, "differs", comparison_differs(&comparison));
	json_object_object_add(object, "then", then);
}

static struct json_object *targets_array(const struct bench *bench)
{
	struct json_object *list = json_object_new_array(), *object;

	for (size_t i = 0; i < targets_count(); i++) {
		struct target target = target_of(&bench->figures, i);

		object = json_object_new_object();
		put_text(object, "name", target.name);
		put(object, target.bytes ? "bytes" : "ns", target.ours);
		put(object, target.bytes ? "reference_bytes" : "reference_ns",
		    target.reference);
		put_real(object, "ratio", target.ratio);
		put_real(object, "at_least", target.want);
		put_bool(object, "measured", !target.missing);
		put_bool(object, "reached", target_reached(&target));
		put_text(object, "lacks", target.lacks);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *figure_object(const struct bench *bench,
					 const struct figure *figure)
{
	struct json_object *object = json_object_new_object();

	put_text(object, "measure", figure->measure);
	put_text(object, "what", figure->what);
	put(object, "bytes", figure->bytes);
	put_text(object, "pages", page_kind_name(figure->kind));
	put_text(object, "from", figure->from);
	put_text(object, "to", figure->to);
	put(object, "workers", figure->workers);
	put_text(object, "team", figure->team);
	put_text(object, "skipped", figure->skipped);
	put_text(object, "failed", figure->failed);
	put(object, "runs", figure->samples.nr);
	if (*figure->skipped)
		return object;
	put_real(object, "huge_fraction",
		 (double)figure->huge_bytes / (double)figure->bytes);
	if (figure->operations)
		put(object, "operations", figure->operations);
	put(object, "retries", figure->retries);
	put(object, "faults", figure->faults);
	if (figure->samples.nr)
		put_numbers(object, bench, figure);
	put_comparison(object, bench, figure);
	return object;
}

int report_json(const struct bench *bench, FILE *out)
{
	struct json_object *root = json_object_new_object();
	struct json_object *results = json_object_new_array();
	int err = 0;

	put_text(root, "svmbench", SVM_VERSION);
	put_text(root, "command", bench->command->name);
	json_object_object_add(root, "environment", environment_object(bench));
	json_object_object_add(root, "parameters", parameters_object(bench));
	for (size_t i = 0; i < bench->figures.nr; i++)
		json_object_array_add(
			results, figure_object(bench, bench->figures.list[i]));
	json_object_object_add(root, "results", results);
	if (bench->command->targets)
		json_object_object_add(root, "targets", targets_array(bench));
	json_object_object_add(
		root, "ok",
		json_object_new_boolean(!figures_failed(&bench->figures)));
	if (fprintf(out, "%s\n",
		    json_object_to_json_string_ext(
			    root, JSON_C_TO_STRING_PRETTY |
					  JSON_C_TO_STRING_NOSLASHESCAPE)) < 0)
		err = -EIO;
	json_object_put(root);
	return err;
}
