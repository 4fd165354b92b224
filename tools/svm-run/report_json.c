// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report for programs. Every counter is there, also when it is zero; sizes
 * are bytes. Names are only ever added.
 */
#include "report.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include <svm/events.h>

#include "cleanup.h"
#include "utf8.h"

static void put(struct json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

/* JSON is UTF-8; arguments and names of files are any bytes. */
static struct json_object *new_text(const char *text)
{
	__free char *valid = malloc(3 * strlen(text) + 1);
	char *to = valid;
	uint32_t code;

	if (!valid)
		return NULL;
	while (*text) {
		size_t length = utf8_character(text, &code);

		if (length)
			to = mempcpy(to, text, length);
		else
			to = stpcpy(to, UTF8_REPLACEMENT);
		text += length ? length : 1;
	}
	return json_object_new_string_len(valid, (int)(to - valid));
}

static void put_text(struct json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, text ? new_text(text) : NULL);
}

static struct json_object *command(char **argv)
{
	struct json_object *list = json_object_new_array();

	for (; *argv; argv++)
		json_object_array_add(list, new_text(*argv));
	return list;
}

static struct json_object *processes(const struct report *report)
{
	const struct tally *tally = report->tally;
	struct json_object *object = json_object_new_object(), *strays;

	put(object, "seen", tally->processes);
	put(object, "programs", tally->programs);
	put(object, "untracked", tally->untracked);
	put(object, "unreadable", tally->unreadable);
	put(object, "without_device", tally->contextless);
	put(object, "sessions", tally->sessions);
	put(object, "sessions_refused", tally->sessions_refused);
	put(object, "out_of_reach", tally->nr_strays);
	put(object, "still_running", report->running);
	strays = json_object_new_array();
	for (unsigned int i = 0; i < tally->nr_listed; i++) {
		struct json_object *stray = json_object_new_object();

		put(stray, "pid", (uint64_t)tally->strays[i].pid);
		put_text(stray, "program", tally->strays[i].program);
		put_text(stray, "why", tally->strays[i].why);
		json_object_array_add(strays, stray);
	}
	json_object_object_add(object, "out_of_reach_list", strays);
	return object;
}

static struct json_object *places(const struct places *places)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < places->nr; i++) {
		const struct place *place = &places->list[i];
		struct json_object *object = json_object_new_object();

		put_text(object, "name", place->name);
		put_text(object, "type", svm_place_name(place->where.type));
		put(object, "moves", place->moves);
		put(object, "bytes_moved", place->bytes_moved);
		if (place_is_device(place)) {
			put(object, "bytes_total", place->bytes_total);
			put(object, "bytes_free_before", place->free_before);
			put(object, "bytes_free_after", place->free_after);
		}
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *counters(const struct svm_stats *stats)
{
	struct json_object *object = json_object_new_object(), *refused;

	put(object, "migrate_calls", stats->migrate_calls);
	put(object, "bytes_to_device", stats->bytes_to_device);
	put(object, "bytes_populated", stats->bytes_populated);
	put(object, "bytes_to_system", stats->bytes_to_system);
	put(object, "bytes_between_nodes", stats->bytes_between_nodes);
	put(object, "faults", stats->faults);
	put(object, "bytes_faulted", stats->bytes_faulted);
	put(object, "bytes_evicted", stats->bytes_evicted);
	refused = json_object_new_object();
	for (unsigned int i = 0; i < SVM_PAGE_STATUS_MAX; i++) {
		if (i < SVM_PAGE_STATUS_NR || stats->refused[i])
			put(refused, svm_status_name(i), stats->refused[i]);
	}
	json_object_object_add(object, "refused_pages", refused);
	return object;
}

static struct json_object *events(const struct engine_tally *tally)
{
	struct json_object *object = json_object_new_object();
	unsigned int type, cause;

	for (type = SVM_EVENT_MIGRATED; type < TALLY_TYPES; type++) {
		struct json_object *causes = json_object_new_object();

		for (cause = 0; cause < TALLY_CAUSES; cause++) {
			if (tally->events[type][cause])
				put(causes, svm_cause_name(cause),
				    tally->events[type][cause]);
		}
		if (json_object_object_length(causes))
			json_object_object_add(object, svm_event_name(type),
					       causes);
		else
			json_object_put(causes);
	}
	return object;
}

static struct json_object *engine(const struct engine_tally *tally)
{
	struct json_object *object = json_object_new_object();

	put(object, "atomics", tally->atomics);
	put(object, "atomics_refused", tally->atomics_refused);
	put(object, "reads", tally->reads);
	put(object, "reads_refused", tally->reads_refused);
	put(object, "bytes_read", tally->bytes_read);
	put(object, "exclusive_pages", tally->exclusive_pages);
	put(object, "exclusive_ended_by_cpu", tally_touched(tally));
	put(object, "exclusive_released", tally->exclusive_released);
	put(object, "exclusive_refused", tally->exclusive_refused);
	json_object_object_add(object, "events", events(tally));
	put(object, "events_dropped", tally->events_dropped);
	return object;
}

/* Kept pieces, by what came of them. */
static struct json_object *kept(const struct tally *tally)
{
	struct json_object *object = json_object_new_object();

	put(object, "pieces", tally->keeps);
	put(object, "pages_that_stayed", tally->kept_pages);
	put(object, "taken_back", tally->keeps_withdrawn);
	put(object, "moved_after_that", tally->keeps_moved);
	return object;
}

/* Pages that residency told of, by where they were. */
static struct json_object *found(const struct tally *tally)
{
	struct json_object *object = json_object_new_object();

	put(object, "on_devices", tally->seen_on_device);
	put(object, "in_system_memory", tally->seen_in_system);
	put(object, "elsewhere", tally->seen_elsewhere);
	return object;
}

static struct json_object *evictions(const struct tally *tally)
{
	struct json_object *object = json_object_new_object();

	put(object, "calls", tally->evictions);
	put(object, "bytes", tally->bytes_evicted);
	put_text(object, "left_out",
		 tally->eviction_error ? strerrorname_np(-tally->eviction_error)
				       : NULL);
	return object;
}

static struct json_object *errors(const struct tally *tally)
{
	struct json_object *object = json_object_new_object();

	for (int i = 0; i < TALLY_ERRORS_MAX; i++) {
		const char *name = i ? strerrorname_np(i) : NULL;

		if (tally->errors[i])
			put(object, name ? name : "unknown", tally->errors[i]);
	}
	return object;
}

int report_json(const struct report *report, FILE *out)
{
	struct json_object *root = json_object_new_object();
	int err = 0;

	json_object_object_add(root, "command", command(report->options->argv));
	put(root, "exit_status", (uint64_t)report->exit_status);
	put(root, "elapsed_ns", report->elapsed_ns);
	put_text(root, "policy",
		 report->options->churn_ns ? "churn" : "settle");
	put(root, "interval_ns", report->options->churn_ns);
	put(root, "seed", report->seed);
	put(root, "passes", report->tally->passes);
	put(root, "background_moves", report->tally->flights);
	put(root, "background_cancelled", report->tally->flights_cancelled);
	put(root, "advice_given", report->tally->hints);
	put(root, "advice_taken_back", report->tally->hints_withdrawn);
	put(root, "advice_followed_bytes", report->tally->hints_followed);
	put(root, "batches", report->tally->batches);
	put(root, "batch_ranges", report->tally->batch_ranges);
	json_object_object_add(root, "pages_found", found(report->tally));
	json_object_object_add(root, "kept", kept(report->tally));
	json_object_object_add(root, "evictions", evictions(report->tally));
	put(root, "vanished", report->tally->vanished);
	json_object_object_add(root, "processes", processes(report));
	json_object_object_add(root, "places", places(report->places));
	json_object_object_add(root, "counters",
			       counters(&report->tally->stats));
	json_object_object_add(root, "devices_in_place",
			       engine(&report->tally->engine));
	json_object_object_add(root, "errors", errors(report->tally));
	json_object_object_add(
		root, "no_page_lost",
		report->places->nr_devices
			? json_object_new_boolean(
				  report_nothing_lost(report->places))
			: NULL);
	if (fprintf(out, "%s\n",
		    json_object_to_json_string_ext(
			    root, JSON_C_TO_STRING_PRETTY |
					  JSON_C_TO_STRING_NOSLASHESCAPE)) < 0)
		err = -EIO;
	json_object_put(root);
	return err;
}
