// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report for people. Counters that are zero and say nothing are left out.
 */
#include "report.h"

#include <inttypes.h>
#include <string.h>

#include <svm/events.h>

#include "units.h"

bool report_nothing_lost(const struct places *places)
{
	for (unsigned int i = 0; i < places->nr_devices; i++) {
		if (places->list[i].free_after < places->list[i].free_before)
			return false;
	}
	return true;
}

static void print_processes(const struct tally *tally, unsigned int devices,
			    FILE *out)
{
	fprintf(out, "  processes       %" PRIu64, tally->processes);
	if (tally->programs > tally->processes)
		fprintf(out, ", and %" PRIu64 " programs that they went on to",
			tally->programs - tally->processes);
	fputc('\n', out);
	if (tally->untracked)
		fprintf(out,
			"    left alone: too many at a time  %" PRIu64 "\n",
			tally->untracked);
	if (tally->unreadable)
		fprintf(out,
			"    left alone: no permission       %" PRIu64 "\n",
			tally->unreadable);
	if (devices && tally->contextless)
		fprintf(out,
			"    could open no device            %" PRIu64 "\n",
			tally->contextless);
	for (unsigned int i = 0; i < tally->nr_listed; i++)
		fprintf(out, "    out of reach: %s%s%s\n",
			tally->strays[i].program,
			tally->strays[i].why ? " " : "",
			tally->strays[i].why ? tally->strays[i].why : "");
	if (tally->nr_strays > tally->nr_listed)
		fprintf(out, "    out of reach: %" PRIu64 " more\n",
			tally->nr_strays - tally->nr_listed);
}

static void print_refusals(const struct svm_stats *stats, FILE *out)
{
	const char *separator = "  stayed (pages)  ";

	for (unsigned int i = 0; i < SVM_PAGE_STATUS_MAX; i++) {
		if (!stats->refused[i])
			continue;
		fprintf(out, "%s%s %" PRIu64, separator, svm_status_name(i),
			stats->refused[i]);
		separator = ", ";
	}
	if (*separator == ',')
		fputc('\n', out);
}

static void print_events(const struct engine_tally *engine, FILE *out)
{
	for (unsigned int type = 0; type < TALLY_TYPES; type++) {
		const char *separator = NULL;

		for (unsigned int cause = 0; cause < TALLY_CAUSES; cause++) {
			if (!engine->events[type][cause])
				continue;
			if (!separator)
				fprintf(out, "    %-15s ",
					svm_event_name(type));
			fprintf(out, "%s%s %" PRIu64,
				separator ? separator : "",
				svm_cause_name(cause),
				engine->events[type][cause]);
			separator = ", ";
		}
		if (separator)
			fputc('\n', out);
	}
}

/* What devices did in place, under churn. */
static void print_engine(const struct engine_tally *engine, FILE *out)
{
	uint64_t events = engine->events_dropped;
	char text[UNITS_MAX];

	for (unsigned int i = 0; i < TALLY_TYPES * TALLY_CAUSES; i++)
		events += engine->events[i / TALLY_CAUSES][i % TALLY_CAUSES];
	fprintf(out,
		"  device atomics  %" PRIu64 " done, %" PRIu64 " refused\n",
		engine->atomics, engine->atomics_refused);
	fprintf(out,
		"  device reads    %s in %" PRIu64 ", %" PRIu64 " refused\n",
		format_bytes(engine->bytes_read, text), engine->reads,
		engine->reads_refused);
	fprintf(out,
		"  exclusive       %" PRIu64 " pages, %" PRIu64
		" ended by a CPU's touch, %" PRIu64 " released, %" PRIu64
		" refused\n",
		engine->exclusive_pages, tally_touched(engine),
		engine->exclusive_released, engine->exclusive_refused);
	fprintf(out, "  events          %" PRIu64 ", %" PRIu64 " dropped\n",
		events, engine->events_dropped);
	print_events(engine, out);
}

/* What was chosen by where the pages are. */
static void print_herds(const struct tally *tally, FILE *out)
{
	fprintf(out,
		"  batches         %" PRIu64 ", of %" PRIu64 " ranges\n"
		"  pages found     %" PRIu64 " on devices, %" PRIu64
		" in system memory, %" PRIu64 " elsewhere\n",
		tally->batches, tally->batch_ranges, tally->seen_on_device,
		tally->seen_in_system, tally->seen_elsewhere);
}

/* Advice that comes and goes. */
static void print_advice(const struct tally *tally, FILE *out)
{
	char text[UNITS_MAX];

	fprintf(out,
		"  advice          given %" PRIu64 " times, taken back %" PRIu64
		", followed by %s\n",
		tally->hints, tally->hints_withdrawn,
		format_bytes(tally->hints_followed, text));
	fprintf(out,
		"  kept            %" PRIu64 " pieces, of which %" PRIu64
		" pages stayed; taken back %" PRIu64 ", and %" PRIu64
		" moved after that\n",
		tally->keeps, tally->kept_pages, tally->keeps_withdrawn,
		tally->keeps_moved);
}

static void print_evictions(const struct tally *tally, FILE *out)
{
	char text[UNITS_MAX];

	if (tally->evictions || !tally->eviction_error)
		fprintf(out, "  evicted         %s in %" PRIu64 " calls\n",
			format_bytes(tally->bytes_evicted, text),
			tally->evictions);
	if (tally->eviction_error)
		fprintf(out, "  evictions       left out: %s\n",
			strerror(-tally->eviction_error));
}

static void print_errors(const struct tally *tally, FILE *out)
{
	for (int i = 0; i < TALLY_ERRORS_MAX; i++) {
		if (tally->errors[i])
			fprintf(out, "  errors          %" PRIu64 " x %s\n",
				tally->errors[i], i ? strerror(i) : "unknown");
	}
}

static void print_device(const struct place *device, size_t running, FILE *out)
{
	char total[UNITS_MAX], used[UNITS_MAX];

	fprintf(out, "  %-15s %s, ", device->name,
		format_bytes(device->bytes_total, total));
	if (device->free_after == device->bytes_total) {
		fputs("all of it free again: no page lost\n", out);
		return;
	}
	fprintf(out, "%s in use",
		format_bytes(device->bytes_total - device->free_after, used));
	if (device->free_after >= device->free_before)
		fputs(", by others, as before: no page lost\n", out);
	else if (running)
		fprintf(out, ", while %zu processes of the program go on\n",
			running);
	else
		fputs(", more than before: by others, or by processes of the program that are not known\n",
		      out);
}

void report_text(const struct report *report, FILE *out)
{
	const struct places *places = report->places;
	const struct tally *tally = report->tally;
	const struct svm_stats *stats = &tally->stats;
	char text[UNITS_MAX];

	fprintf(out, "svm-run: %s: exit status %d after %s\n",
		report->options->argv[0], report->exit_status,
		format_ns(report->elapsed_ns, text));
	if (!places->nr && !report->options->join) {
		fputs("  there was nothing to move memory to\n", out);
		return;
	}
	print_processes(tally, places->nr_devices, out);
	if (report->options->join)
		fprintf(out,
			"  svmd            took %" PRIu64 ", refused %" PRIu64
			"\n",
			tally->sessions, tally->sessions_refused);
	fprintf(out, "  moves           %" PRIu64 " passes, %" PRIu64 " calls",
		tally->passes, (uint64_t)stats->migrate_calls);
	if (report->options->churn_ns)
		fprintf(out,
			", %" PRIu64 " in the background, %" PRIu64
			" of them cancelled, seed %" PRIu64,
			tally->flights, tally->flights_cancelled, report->seed);
	fputc('\n', out);
	for (unsigned int i = 0; i < places->nr; i++)
		fprintf(out, "    to %-10s %s in %" PRIu64 " moves\n",
			places->list[i].name,
			format_bytes(places->list[i].bytes_moved, text),
			places->list[i].moves);
	if (report->options->churn_ns)
		print_herds(tally, out);
	if (places->nr_devices) {
		if (report->options->churn_ns) {
			print_advice(tally, out);
			print_evictions(tally, out);
		}
		fprintf(out, "  populated       %s\n",
			format_bytes(stats->bytes_populated, text));
		fprintf(out, "  faulted back    %s in %" PRIu64 " faults\n",
			format_bytes(stats->bytes_faulted, text),
			(uint64_t)stats->faults);
		if (report->options->churn_ns)
			print_engine(&tally->engine, out);
	}
	print_refusals(stats, out);
	if (tally->vanished)
		fprintf(out, "  gone by then    %" PRIu64 " moves\n",
			tally->vanished);
	print_errors(tally, out);
	for (unsigned int i = 0; i < places->nr_devices; i++)
		print_device(&places->list[i], report->running, out);
	if (report->running)
		fprintf(out, "  still running   %zu\n", report->running);
}
