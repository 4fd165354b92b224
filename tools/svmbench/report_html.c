// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The result as one page with charts, that needs nothing from elsewhere: no
 * scripts, fonts or images. For each measure and kind of page: lines over sizes,
 * bars at the largest size, bars of single operations; and the tables as text.
 */
#include <errno.h>
#include <string.h>

#include "bench.h"
#include "chart.h"
#include "cleanup.h"
#include "measure.h"
#include "units.h"

#define CHART_MAX 48

static const char style[] =
	":root{color-scheme:light dark;--text:#1c1f24;--back:#fff;--grid:#d8dce2;"
	"--c0:#7b8794;--c1:#2f6fde;--c2:#d9822b;--c3:#2a9d6f;--c4:#b5446e;"
	"--c5:#6f5bd0;--c6:#1d9bb2;--c7:#9a7b1f}\n"
	"@media(prefers-color-scheme:dark){:root{--text:#e4e7eb;--back:#15181d;"
	"--grid:#3a4049}}\n"
	"body{font:15px/1.5 system-ui,sans-serif;color:var(--text);"
	"background:var(--back);max-width:900px;margin:2em auto;padding:0 1em}\n"
	"h1{font-size:1.6em}h2{margin-top:2em;border-bottom:1px solid var(--grid)}\n"
	"figure{margin:1.2em 0}figcaption{font-weight:600}small{font-weight:400;opacity:.7}\n"
	"svg{width:100%;height:auto}svg text{font-size:12px;fill:var(--text)}\n"
	".g{stroke:var(--grid)}.w{stroke:var(--text);opacity:.6}polyline{stroke-width:2}\n"
	"pre{overflow-x:auto;font-size:12px;line-height:1.35}\n";

/* --- what is drawn --- */

static double value_of(const struct figure *figure, uint64_t ns)
{
	if (figure->operations)
		return (double)ns / 1000 / (double)figure->operations;
	return figure_rate(figure, ns);
}

static void label_of(const struct figure *figure, char label[CHART_LABEL])
{
	char team[32] = "";

	if (figure->workers > 1 || strcmp(figure->team, "thread"))
		snprintf(team, sizeof(team), ", %u %s", figure->workers,
			 figure->team);
	snprintf(label, CHART_LABEL, "%s %s%s%s%s", figure->what, figure->from,
		 *figure->to ? " > " : "", figure->to, team);
}

/* A colour for each label, the same in all charts of a measure. */
static unsigned int colour_of(const struct bench *bench,
			      const struct figure *figure)
{
	char label[CHART_LABEL], other[CHART_LABEL];
	unsigned int colour = 0;

	label_of(figure, label);
	for (size_t i = 0; i < bench->figures.nr; i++) {
		const struct figure *earlier = bench->figures.list[i];
		bool known = false;

		if (strcmp(earlier->measure, figure->measure))
			continue;
		label_of(earlier, other);
		if (!strcmp(label, other))
			break;
		for (size_t j = 0; j < i && !known; j++) {
			char before[CHART_LABEL];

			label_of(bench->figures.list[j], before);
			known = !strcmp(bench->figures.list[j]->measure,
					figure->measure) &&
				!strcmp(before, other);
		}
		colour += !known;
	}
	return colour;
}

static bool is_drawn(const struct figure *figure, const struct measure *measure,
		     enum page_kind kind, bool operations)
{
	return figure->samples.nr && !figure->counts_bytes && !figure->part &&
	       figure->kind == kind && !figure->operations == !operations &&
	       !strcmp(figure->measure, measure->name);
}

static struct bar bar_of(const struct bench *bench, const struct figure *figure)
{
	struct summary summary = samples_summary(&figure->samples);
	struct bar bar = {
		.value = value_of(figure, summary.median),
		.low = value_of(figure, summary.max),
		.high = value_of(figure, summary.min),
		.colour = colour_of(bench, figure),
	};

	label_of(figure, bar.label);
	if (figure->operations) {
		bar.low = value_of(figure, summary.min);
		bar.high = value_of(figure, summary.max);
	}
	if (figure->latencies.nr) {
		bar.value =
			(double)latencies_percentile(&figure->latencies, 50) /
			1000;
		bar.low = (double)latencies_percentile(&figure->latencies, 0) /
			  1000;
		bar.high =
			(double)latencies_percentile(&figure->latencies, 99) /
			1000;
	}
	return bar;
}

static uint64_t largest(const struct bench *bench,
			const struct measure *measure, enum page_kind kind,
			bool operations)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < bench->figures.nr; i++) {
		const struct figure *figure = bench->figures.list[i];

		if (is_drawn(figure, measure, kind, operations) &&
		    figure->bytes > bytes)
			bytes = figure->bytes;
	}
	return bytes;
}

static void draw_bars(const struct bench *bench, const struct measure *measure,
		      enum page_kind kind, bool operations, uint64_t bytes,
		      FILE *out)
{
	struct bar bars[CHART_MAX];
	char title[96], size[UNITS_MAX];
	size_t nr = 0;

	for (size_t i = 0; i < bench->figures.nr && nr < CHART_MAX; i++) {
		const struct figure *figure = bench->figures.list[i];

		if (is_drawn(figure, measure, kind, operations) &&
		    figure->bytes == bytes)
			bars[nr++] = bar_of(bench, figure);
	}
	snprintf(title, sizeof(title), "%s, %s pages, %s", measure->name,
		 page_kind_name(kind), format_size(bytes, size));
	chart_bars(
		out, title,
		!operations ? "GB/s; whiskers: all runs"
		: bars[0].value > 0
			? "microseconds an operation; whiskers: all runs, or to the 99th percentile"
			: "",
		bars, nr);
}

/* Adds a point to the line of that label. */
static void add_point(const struct bench *bench, const struct figure *figure,
		      struct line *lines, size_t *nr)
{
	struct summary summary = samples_summary(&figure->samples);
	char label[CHART_LABEL];
	struct line *line;
	size_t i;

	label_of(figure, label);
	for (i = 0; i < *nr && strcmp(lines[i].label, label); i++)
		;
	if (i == CHART_MAX)
		return;
	line = &lines[i];
	if (i == *nr) {
		*line = (struct line){ .colour = colour_of(bench, figure) };
		snprintf(line->label, sizeof(line->label), "%s", label);
		(*nr)++;
	}
	/* sizes may be asked for in any order, but a line goes on */
	if (line->nr == CHART_POINTS ||
	    (line->nr && line->x[line->nr - 1] >= (double)figure->bytes))
		return;
	line->x[line->nr] = (double)figure->bytes;
	line->y[line->nr++] = value_of(figure, summary.median);
}

static void draw_lines(const struct bench *bench, const struct measure *measure,
		       enum page_kind kind, FILE *out)
{
	static struct line lines[CHART_MAX];
	char title[96];
	size_t nr = 0;

	for (size_t i = 0; i < bench->figures.nr; i++) {
		const struct figure *figure = bench->figures.list[i];

		/* those of many would hide the others */
		if (is_drawn(figure, measure, kind, false) &&
		    figure->workers == 1)
			add_point(bench, figure, lines, &nr);
	}
	snprintf(title, sizeof(title), "%s, %s pages, by size", measure->name,
		 page_kind_name(kind));
	chart_lines(out, title, "GB/s", lines, nr);
}

static void draw(const struct bench *bench, const struct measure *measure,
		 FILE *out)
{
	for (enum page_kind kind = PAGES_4K; kind <= PAGES_HUGE; kind++) {
		draw_lines(bench, measure, kind, out);
		for (int operations = 0; operations < 2; operations++) {
			uint64_t bytes =
				largest(bench, measure, kind, operations);

			if (bytes)
				draw_bars(bench, measure, kind, operations,
					  bytes, out);
		}
	}
}

/* --- the page --- */

static int print_as_text(const struct bench *bench, FILE *out)
{
	__free char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return -errno;
	report_table(bench, memory);
	if (fclose(memory))
		return -errno;
	fputs("<h2>All figures</h2><pre>", out);
	chart_text(out, text);
	fputs("</pre>\n", out);
	return 0;
}

int report_html(const struct bench *bench, FILE *out)
{
	const struct environment *environment = &bench->environment;
	char bytes[UNITS_MAX];
	int err;

	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>svmbench</title><style>\n",
	      out);
	fputs(style, out);
	fputs("</style></head><body>\n<h1>svmbench ", out);
	chart_text(out, bench->command->name);
	fputs("</h1>\n<p>Kernel ", out);
	chart_text(out, environment->uname.release);
	fprintf(out, ", %s, %d CPUs, %s of memory in %u node%s%s.</p>\n",
		environment->uname.machine, environment->cpus,
		format_bytes(environment->memory_total, bytes),
		environment->nodes.nr, environment->nodes.nr == 1 ? "" : "s",
		environment->hypervisor
			? "; a virtual machine: only ratios of figures of one run mean anything"
			: "");
	if (figures_failed(&bench->figures))
		fputs("<p><strong>Some measurements FAILED: see the end.</strong></p>\n",
		      out);
	for (const struct measure *const *measure = bench->command->measures;
	     *measure; measure++) {
		fprintf(out, "<h2>%s</h2>\n", (*measure)->name);
		draw(bench, *measure, out);
	}
	err = print_as_text(bench, out);
	fputs("</body></html>\n", out);
	return err;
}
