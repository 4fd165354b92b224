// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two figures are of the same thing if measure, name, size, pages and team are
 * the same, and the places are of the same kind: the numbers of devices and nodes
 * may differ from boot to boot.
 */
#include "compare.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "table.h"
#include "units.h"

/* How many deviations mean something. */
#define DEVIATIONS 3

struct compare {
	struct json_object *root;
	struct json_object *results;
};

void compare_free(struct compare *compare)
{
	if (compare)
		json_object_put(compare->root);
	free(compare);
}

int compare_open(struct compare **out, const char *path)
{
	__fclose FILE *file = fopen(path, "re");
	struct compare *compare;

	if (!file)
		return -errno;
	compare = calloc(1, sizeof(*compare));
	if (!compare)
		return -ENOMEM;
	compare->root = json_object_from_fd(fileno(file));
	if (!json_object_object_get_ex(compare->root, "results",
				       &compare->results) ||
	    !json_object_is_type(compare->results, json_type_array)) {
		compare_free(compare);
		return -EBADMSG;
	}
	*out = compare;
	return 0;
}

/* Both are "" where there is nothing. */
static const char *text_of(struct json_object *object, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, name, &value) || !value)
		return "";
	return json_object_get_string(value);
}

static uint64_t number_of(struct json_object *object, const char *name,
			  uint64_t otherwise)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, name, &value))
		return otherwise;
	return json_object_get_uint64(value);
}

/* "svm0" and "svm1" are of one kind. */
static bool same_kind_of_place(const char *a, const char *b)
{
	size_t length = strcspn(a, "0123456789");

	return length == strcspn(b, "0123456789") && !strncmp(a, b, length);
}

static bool is_same(struct json_object *old, const struct figure *figure)
{
	const char *measure = text_of(old, "measure");
	const char *team = text_of(old, "team");

	/* before there were others, they were not named */
	if (!*measure)
		measure = "migrate";
	if (!*team)
		team = "thread";
	return !strcmp(measure, figure->measure) &&
	       !strcmp(text_of(old, "what"), figure->what) &&
	       !strcmp(text_of(old, "pages"), page_kind_name(figure->kind)) &&
	       !strcmp(team, figure->team) &&
	       number_of(old, "bytes", 0) == figure->bytes &&
	       number_of(old, "workers", 1) == figure->workers &&
	       number_of(old, "operations", 0) == figure->operations &&
	       same_kind_of_place(text_of(old, "from"), figure->from) &&
	       same_kind_of_place(text_of(old, "to"), figure->to);
}

static double relative(const struct summary *summary)
{
	return (double)summary->mad / (double)summary->median;
}

bool compare_figure(const struct compare *compare, const struct figure *figure,
		    struct comparison *comparison)
{
	struct summary now = samples_summary(&figure->samples);
	size_t nr = json_object_array_length(compare->results);

	for (size_t i = 0; now.median && !figure->counts_bytes && i < nr; i++) {
		struct json_object *old =
			json_object_array_get_idx(compare->results, i);
		struct summary then = {
			.nr = number_of(old, "runs", 0),
			.median = number_of(old, "median_ns", 0),
			.mad = number_of(old, "mad_ns", 0),
		};

		if (!then.nr || !then.median || !is_same(old, figure))
			continue;
		comparison->old = then;
		comparison->ratio = (double)then.median / (double)now.median;
		comparison->spread =
			DEVIATIONS * (relative(&then) + relative(&now));
		return true;
	}
	return false;
}

bool comparison_differs(const struct comparison *comparison)
{
	/* as much faster as slower */
	return fabs(log(comparison->ratio)) > log(1 + comparison->spread);
}

unsigned int compare_count_grown(const struct compare *compare,
				 const struct figures *figures, double percent)
{
	struct comparison comparison;
	unsigned int grown = 0;

	for (size_t i = 0; i < figures->nr; i++) {
		if (compare_figure(compare, figures->list[i], &comparison) &&
		    1 / comparison.ratio > 1 + percent / 100)
			grown++;
	}
	return grown;
}

/* Was it a figure of a measure that was taken now, too? */
static bool is_to_be_there(struct json_object *old,
			   const struct figures *figures)
{
	const char *measure = text_of(old, "measure");

	if (!number_of(old, "median_ns", 0))
		return false;
	for (size_t i = 0; i < figures->nr; i++) {
		if (!strcmp(figures->list[i]->measure,
			    *measure ? measure : "migrate"))
			return true;
	}
	return false;
}

unsigned int compare_count_gone(const struct compare *compare,
				const struct figures *figures)
{
	size_t nr = json_object_array_length(compare->results);
	unsigned int gone = 0;

	for (size_t i = 0; i < nr; i++) {
		struct json_object *old =
			json_object_array_get_idx(compare->results, i);
		bool here = !is_to_be_there(old, figures);

		for (size_t j = 0; !here && j < figures->nr; j++)
			here = figures->list[j]->samples.nr &&
			       is_same(old, figures->list[j]);
		gone += !here;
	}
	return gone;
}

enum {
	MEASURE,
	SIZE,
	PAGES,
	TEAM,
	WHAT,
	WAY,
	THEN,
	NOW,
	RATIO,
	SPREAD,
	VERDICT,
	COLUMNS,
};

static void add_row(struct table *table, const struct figure *figure,
		    const struct comparison *comparison)
{
	struct summary now = samples_summary(&figure->samples);
	struct table_row *row = table_row(table);
	char text[UNITS_MAX];

	table_cell(row, MEASURE, "%s", figure->measure);
	table_cell(row, SIZE, "%s", format_size(figure->bytes, text));
	table_cell(row, PAGES, "%s", page_kind_name(figure->kind));
	table_cell(row, TEAM, "%u %s", figure->workers, figure->team);
	table_cell(row, WHAT, "%s", figure->what);
	table_cell(row, WAY, "%s%s%s", figure->from, *figure->to ? " > " : "",
		   figure->to);
	table_cell(row, THEN, "%s", format_ns(comparison->old.median, text));
	table_cell(row, NOW, "%s", format_ns(now.median, text));
	table_cell(row, RATIO, "%.3f", comparison->ratio);
	table_cell(row, SPREAD, "%.3f", comparison->spread);
	if (comparison_differs(comparison))
		table_cell(row, VERDICT, "%s",
			   comparison->ratio > 1 ? "faster" : "SLOWER");
}

void compare_print(const struct compare *compare, const struct figures *figures,
		   FILE *out)
{
	static const char *const heading[COLUMNS] = {
		"",	"size", "pages", "by",	   "what", "way",
		"then", "now",	"ratio", "spread", "",
	};
	struct table table = {
		.nr_columns = COLUMNS,
		.left = 1 << MEASURE | 1 << PAGES | 1 << TEAM | 1 << WHAT |
			1 << WAY | 1 << VERDICT,
	};
	struct table_row *row = table_row(&table);
	struct comparison comparison;

	for (unsigned int i = 0; i < COLUMNS; i++)
		table_cell(row, i, "%s", heading[i]);
	for (size_t i = 0; i < figures->nr; i++) {
		if (compare_figure(compare, figures->list[i], &comparison))
			add_row(&table, figures->list[i], &comparison);
	}
	fputs("\nCompared with the earlier run:\n", out);
	table_print(&table, out);
	fputs("ratio: how many times as fast. Faster and SLOWER are said of what is beyond the spread, which is three\n"
	      "times the median absolute deviations of both runs.\n",
	      out);
	table_free(&table);
}
