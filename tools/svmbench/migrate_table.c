// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The result of the migrate command for people: a heading about the machine,
 * the table, and what it leaves out.
 */
#include <inttypes.h>
#include <string.h>

#include "migrate.h"
#include "table.h"
#include "units.h"

enum {
	COLUMN_SIZE,
	COLUMN_PAGES,
	COLUMN_WHAT,
	COLUMN_WAY,
	COLUMN_MEDIAN,
	COLUMN_MIN,
	COLUMN_MAX,
	COLUMN_MAD,
	COLUMN_RATE,
	COLUMN_4K,
	COLUMN_2M,
	COLUMN_RATIO,
	COLUMNS,
};

static void print_device(const struct device *device, FILE *out)
{
	char bytes[UNITS_MAX];

	fprintf(out, "device   svm%u, %s%s\n", device->info.id,
		format_bytes(device->info.bytes_total, bytes),
		device->temporary ? ", temporary" : "");
}

static void print_heading(const struct migrate *migrate, FILE *out)
{
	const struct environment *environment = &migrate->environment;
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
			migrate->home);
	fputc('\n', out);
	for (unsigned int i = 0; i < migrate->nr_used; i++)
		print_device(&migrate->used[i], out);
	fputc('\n', out);
}

static void add_numbers(struct table_row *row, const struct migrate *migrate,
			const struct figure *figure)
{
	struct summary summary = samples_summary(&figure->samples);
	const struct figure *yardstick =
		figures_memcpy(&migrate->figures, figure);
	double us = (double)summary.median / 1000;
	char text[UNITS_MAX];

	table_cell(row, COLUMN_MEDIAN, "%s", format_ns(summary.median, text));
	table_cell(row, COLUMN_MIN, "%s", format_ns(summary.min, text));
	table_cell(row, COLUMN_MAX, "%s", format_ns(summary.max, text));
	table_cell(row, COLUMN_MAD, "%.1f%%",
		   summary.median ? 100.0 * (double)summary.mad /
					    (double)summary.median
				  : 0);
	table_cell(row, COLUMN_RATE, "%.2f",
		   figure_rate(figure, summary.median));
	table_cell(row, COLUMN_4K, "%.2f", us * 4096 / (double)figure->bytes);
	table_cell(row, COLUMN_2M, "%.1f",
		   us * (double)HUGE_BYTES / (double)figure->bytes);
	if (yardstick && summary.median)
		table_cell(row, COLUMN_RATIO, "%.2f",
			   (double)samples_summary(&yardstick->samples).median /
				   (double)summary.median);
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
		table_cell(row, COLUMN_WAY, "%s > %s", figure->from,
			   figure->to);
}

static void print_figures(const struct migrate *migrate, bool numbers,
			  FILE *out)
{
	static const char *const heading[COLUMNS] = {
		"size", "pages", "what", "way",	  "median", "min",
		"max",	"mad",	 "GB/s", "us/4K", "us/2M",  "x memcpy",
	};
	struct table table = {
		.nr_columns = COLUMNS,
		.left = 1 << COLUMN_PAGES | 1 << COLUMN_WHAT | 1 << COLUMN_WAY,
	};
	struct table_row *row = table_row(&table);

	for (unsigned int i = 0; i < (numbers ? COLUMNS : COLUMN_MEDIAN); i++)
		table_cell(row, i, "%s", heading[i]);
	for (size_t i = 0; i < migrate->figures.nr; i++) {
		const struct figure *figure = migrate->figures.list[i];

		row = table_row(&table);
		if (!row)
			break;
		add_names(row, figure);
		if (figure->samples.nr)
			add_numbers(row, migrate, figure);
		add_notes(row, figure);
	}
	table_print(&table, out);
	table_free(&table);
}

void migrate_print_table(const struct migrate *migrate, FILE *out)
{
	print_heading(migrate, out);
	print_figures(migrate, true, out);
	fputs("\nGB/s: 10^9 bytes a second. x memcpy: rate as a multiple of memcpy's. mad: half of the runs\n"
	      "are no further from the median. Every move was checked for its size, place and content.\n",
	      out);
}

void migrate_print_list(const struct migrate *migrate, FILE *out)
{
	print_figures(migrate, false, out);
}
