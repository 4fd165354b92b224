// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The result for people: a heading about the machine, a table for each measure,
 * and what they leave out.
 */
#include <inttypes.h>
#include <string.h>

#include "bench.h"
#include "measure.h"
#include "cleanup.h"
#include "kernel_copy.h"
#include "table.h"
#include "targets.h"
#include "units.h"

#define GIB ((double)(1 << 30))

static void print_device(const struct device *device, FILE *out)
{
	char bytes[UNITS_MAX];

	fprintf(out, "device   svm%u, %s%s\n", device->info.id,
		format_bytes(device->info.bytes_total, bytes),
		device->temporary ? ", temporary" : "");
}

static void print_heading(const struct bench *bench, FILE *out)
{
	const struct environment *environment = &bench->environment;
	char bytes[UNITS_MAX];

	fprintf(out, "kernel   %s, %s%s\n", environment->uname.release,
		environment->uname.machine,
		environment->hypervisor ? ", virtual" : "");
	fprintf(out, "memory   %s in %u node%s, %d CPUs",
		format_bytes(environment->memory_total, bytes),
		environment->nodes.nr, environment->nodes.nr == 1 ? "" : "s",
		environment->cpus);
	if (environment->cpu >= 0)
		fprintf(out, "; running on CPU %d, node%d", environment->cpu,
			bench->home);
	fputc('\n', out);
	for (unsigned int i = 0; i < bench->nr_used; i++)
		print_device(&bench->used[i], out);
	fputc('\n', out);
}

static void put(struct table_row *row, enum column column, double value,
		int digits)
{
	table_cell(row, column, "%.*f", digits, value);
}

static void put_sample(struct table_row *row, enum column column,
		       const struct figure *figure, uint64_t sample)
{
	char text[UNITS_MAX];

	table_cell(row, column, "%s",
		   figure->counts_bytes ? format_bytes(sample, text)
					: format_ns(sample, text));
}

static void add_latencies(struct table_row *row, const struct figure *figure)
{
	static const struct {
		enum column column;
		double percent;
	} list[] = {
		{ COLUMN_P50, 50 },
		{ COLUMN_P90, 90 },
		{ COLUMN_P99, 99 },
		{ COLUMN_P100, 100 },
	};

	for (size_t i = 0; figure->latencies.nr && i < ARRAY_SIZE(list); i++)
		put(row, list[i].column,
		    (double)latencies_percentile(&figure->latencies,
						 list[i].percent) /
			    1000,
		    2);
}

static void add_rates(struct table_row *row, const struct figure *figure,
		      uint64_t median)
{
	double us = (double)median / 1000, bytes = (double)figure->bytes;
	double operations = (double)figure->operations;

	if (figure->operations) {
		put(row, COLUMN_OPERATION, us / operations, 2);
		put(row, COLUMN_OPERATIONS, operations / us * 1e6, 0);
		return;
	}
	if (!figure->part)
		put(row, COLUMN_RATE, figure_rate(figure, median), 2);
	put(row, COLUMN_4K, us * 4096 / bytes, 2);
	put(row, COLUMN_2M, us * (double)HUGE_BYTES / bytes, 1);
	put(row, COLUMN_GIB, us / 1000 * GIB / bytes, 1);
}

static void add_numbers(struct table_row *row, const struct bench *bench,
			const struct figure *figure)
{
	struct summary summary = samples_summary(&figure->samples);
	const struct figure *yardstick =
		figures_memcpy(&bench->figures, figure);

	put_sample(row, COLUMN_MEDIAN, figure, summary.median);
	put_sample(row, COLUMN_MIN, figure, summary.min);
	put_sample(row, COLUMN_MAX, figure, summary.max);
	if (!summary.median)
		return;
	put(row, COLUMN_MAD,
	    100.0 * (double)summary.mad / (double)summary.median, 1);
	if (figure->counts_bytes) {
		put(row, COLUMN_PER_PAGE,
		    figure_per_page(figure, summary.median), 2);
		return;
	}
	add_rates(row, figure, summary.median);
	add_latencies(row, figure);
	if (yardstick && !figure->operations && !figure->part)
		put(row, COLUMN_RATIO,
		    (double)samples_summary(&yardstick->samples).median /
			    (double)summary.median,
		    2);
}

static void add_notes(struct table_row *row, const struct figure *figure)
{
	char text[256];

	if (figure->kind == PAGES_HUGE && figure->huge_bytes < figure->bytes) {
		snprintf(text, sizeof(text), "source only %.0f%% huge",
			 100.0 * (double)figure->huge_bytes /
				 (double)figure->bytes);
		table_note(row, text);
	}
	if (figure->kind == PAGES_4K && figure->huge_bytes &&
	    figure->samples.nr) {
		snprintf(text, sizeof(text), "source %.0f%% huge",
			 100.0 * (double)figure->huge_bytes /
				 (double)figure->bytes);
		table_note(row, text);
	}
	if (figure->faults) {
		snprintf(text, sizeof(text), "%.0f faults a run",
			 (double)figure->faults / (double)figure->samples.nr);
		table_note(row, text);
	}
	if (figure->retries) {
		snprintf(text, sizeof(text), "%u tried again", figure->retries);
		table_note(row, text);
	}
	if (*figure->failed) {
		snprintf(text, sizeof(text), "FAILED: %s", figure->failed);
		table_note(row, text);
	}
	if (*figure->skipped) {
		snprintf(text, sizeof(text), "skipped: %s", figure->skipped);
		table_note(row, text);
	}
}

static void add_names(struct table_row *row, const struct figure *figure)
{
	char text[UNITS_MAX];

	table_cell(row, COLUMN_SIZE, "%s", format_size(figure->bytes, text));
	table_cell(row, COLUMN_PAGES, "%s", page_kind_name(figure->kind));
	table_cell(row, COLUMN_WHAT, "%s", figure->what);
	if (*figure->from)
		table_cell(row, COLUMN_WAY, "%s%s%s", figure->from,
			   *figure->to ? " > " : "", figure->to);
	if (!*figure->skipped)
		table_cell(row, COLUMN_TEAM, "%u %s", figure->workers,
			   figure->team);
}

_Static_assert(COLUMNS <= TABLE_COLUMNS, "room for all columns");

static void print_measure(const struct bench *bench,
			  const struct measure *measure, bool numbers,
			  FILE *out)
{
	static const char *const heading[COLUMNS] = {
		"size",	  "pages",    "by",	  "what", "way",   "median",
		"min",	  "max",      "mad %",	  "GB/s", "us/4K", "us/2M",
		"ms/GiB", "us",	      "p50",	  "p90",  "p99",   "max",
		"ops/s",  "x memcpy", "bytes/4K",
	};
	struct table table = {
		.nr_columns = COLUMNS,
		.left = 1 << COLUMN_PAGES | 1 << COLUMN_TEAM |
			1 << COLUMN_WHAT | 1 << COLUMN_WAY,
		.hidden = ~measure->columns,
	};
	struct table_row *row = table_row(&table);

	for (unsigned int i = 0; i < (numbers ? COLUMNS : COLUMN_MEDIAN); i++)
		table_cell(row, i, "%s", heading[i]);
	for (size_t i = 0; i < bench->figures.nr; i++) {
		const struct figure *figure = bench->figures.list[i];

		if (strcmp(figure->measure, measure->name))
			continue;
		row = table_row(&table);
		if (!row)
			break;
		add_names(row, figure);
		if (figure->samples.nr)
			add_numbers(row, bench, figure);
		add_notes(row, figure);
	}
	table_print(&table, out);
	table_free(&table);
}

static void print_figures(const struct bench *bench, bool numbers, FILE *out)
{
	const struct measure *const *measure = bench->command->measures;

	for (; *measure; measure++) {
		if (bench->command->measures[1])
			fprintf(out, "%s%s:\n",
				measure == bench->command->measures ? "" : "\n",
				(*measure)->name);
		print_measure(bench, *measure, numbers, out);
	}
}

void report_table(const struct bench *bench, FILE *out)
{
	print_heading(bench, out);
	print_figures(bench, true, out);
	fputs("\nGB/s: 10^9 bytes a second. x memcpy: rate as a multiple of memcpy's. mad: half of the runs are no\n"
	      "further from the median. us, p50 ...: microseconds of one operation. Everything was checked for its size,\n"
	      "place and content.\n",
	      out);
	if (bench->peer.here)
		fputs(PEER_NAME
		      " is the kernel's test_hmm; what it takes to device has a copy to user space in it.\n",
		      out);
	if (kernel_copy_here())
		fputs(FIGURE_KERNEL_COPY
		      " is between blocks of 2 MiB, whatever the pages.\n",
		      out);
	if (bench->earlier)
		compare_print(bench->earlier, &bench->figures, out);
	if (bench->command->targets)
		targets_print(&bench->figures, out);
}

void report_list(const struct bench *bench, FILE *out)
{
	print_figures(bench, false, out);
}
