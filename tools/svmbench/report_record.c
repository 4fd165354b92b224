// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What --compare needs of our own figures, a line for each, to be kept with the
 * sources: a change shows as a change of its lines.
 */
#include <errno.h>
#include <string.h>

#include "bench.h"

/* Others are measured to compare with, and change with others' versions. */
static bool is_ours(const struct figure *figure)
{
	return figure->samples.nr && !figure->counts_bytes &&
	       strcmp(figure->what, FIGURE_COMPUTE) &&
	       strcmp(figure->what, FIGURE_KERNEL_COPY) &&
	       strcmp(figure->what, FIGURE_MEMCPY) &&
	       strcmp(figure->what, FIGURE_MOVE_PAGES) &&
	       strncmp(figure->from, PEER_NAME, strlen(PEER_NAME)) &&
	       strncmp(figure->to, PEER_NAME, strlen(PEER_NAME));
}

/* All strings are names of ours, without anything to escape. */
static void write_line(const struct figure *figure, FILE *out)
{
	struct summary summary = samples_summary(&figure->samples);

	fprintf(out,
		"{ \"measure\": \"%s\", \"pages\": \"%s\", \"bytes\": %llu, \"what\": \"%s\", \"from\": \"%s\", \"to\": \"%s\", ",
		figure->measure, page_kind_name(figure->kind),
		(unsigned long long)figure->bytes, figure->what, figure->from,
		figure->to);
	fprintf(out,
		"\"team\": \"%s\", \"workers\": %u, \"operations\": %llu, ",
		figure->team, figure->workers,
		(unsigned long long)figure->operations);
	fprintf(out, "\"runs\": %zu, \"median_ns\": %llu, \"mad_ns\": %llu }",
		summary.nr, (unsigned long long)summary.median,
		(unsigned long long)summary.mad);
}

int report_record(const struct bench *bench, FILE *out)
{
	const char *between = "";

	fputs("{ \"results\": [\n", out);
	for (size_t i = 0; i < bench->figures.nr; i++) {
		if (!is_ours(bench->figures.list[i]))
			continue;
		fputs(between, out);
		write_line(bench->figures.list[i], out);
		between = ",\n";
	}
	fputs("\n] }\n", out);
	return ferror(out) || fflush(out) ? -EIO : 0;
}
