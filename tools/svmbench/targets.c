// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel's own copying (copy_highpage()) reaches can't be measured from
 * user space without a module for it. memcpy() of huge pages that are there
 * stands for it: it touches no page tables either, and on the CPU of the virtual
 * machine, where `rep movsb` is not used, both are loops of plain moves.
 */
#include "targets.h"

#include <string.h>

#include "cleanup.h"
#include "table.h"
#include "units.h"

/* The size that is looked at, where there are several. */
#define TARGET_BYTES ((uint64_t)256 << 20)
/* "Flat within 10 %". */
#define FLAT (1 / 1.1)

/*
 * struct side - names a figure
 * @place: the beginning of the place to or from which it goes; NULL for any.
 */
struct side {
	const char *measure;
	const char *what;
	enum page_kind kind;
	const char *place;
	unsigned int workers;
	const char *team;
};

#define HUGE_COPY { "migrate", FIGURE_MEMCPY, PAGES_HUGE, NULL, 1, "thread" }
#define MOVE(what, kind) { "migrate", what, kind, "svm", 1, "thread" }
#define PEER_MOVE(what, kind) { "migrate", what, kind, "hmm", 1, "thread" }
#define FAULT(what, kind, place) { "fault", what, kind, place, 1, "thread" }
#define TEAM(what, kind, place, nr, team) \
	{ "scale", what, kind, place, nr, team }

static const struct rule {
	const char *name;
	struct side ours;
	/* without one: the same at all sizes */
	struct side reference;
	double want;
} rules[] = {
	{ "huge, to device : copy", MOVE("to device", PAGES_HUGE), HUGE_COPY,
	  0.95 },
	{ "huge, to system : copy", MOVE("to system", PAGES_HUGE), HUGE_COPY,
	  0.95 },
	{ "huge, to device, 2 CPUs : 2 copies",
	  TEAM("to device", PAGES_HUGE, "svm", 2, "threads"),
	  TEAM(FIGURE_MEMCPY, PAGES_HUGE, NULL, 2, "threads"), 0.9 },
	{ "huge, to system, 2 CPUs : 2 copies",
	  TEAM("to system", PAGES_HUGE, "svm", 2, "threads"),
	  TEAM(FIGURE_MEMCPY, PAGES_HUGE, NULL, 2, "threads"), 0.9 },
	{ "4k, to device : copy", MOVE("to device", PAGES_4K), HUGE_COPY, 0.3 },
	{ "4k, to system : copy", MOVE("to system", PAGES_4K), HUGE_COPY, 0.3 },
	{ "4k, to device : test_hmm", MOVE("to device", PAGES_4K),
	  PEER_MOVE("to device", PAGES_4K), 2.3 },
	{ "4k, to system : test_hmm", MOVE("to system", PAGES_4K),
	  PEER_MOVE("to system", PAGES_4K), 1.4 },
	{ "4k, to device, 2 CPUs : copy",
	  TEAM("to device", PAGES_4K, "svm", 2, "threads"), HUGE_COPY, 0.36 },
	{ "4k, to system, 2 CPUs : copy",
	  TEAM("to system", PAGES_4K, "svm", 2, "threads"), HUGE_COPY, 0.33 },
	{ "4k, random fault : test_hmm", FAULT("random", PAGES_4K, "svm"),
	  FAULT("random", PAGES_4K, "hmm"), 1 },
	{ "huge, random fault : test_hmm", FAULT("random", PAGES_HUGE, "svm"),
	  FAULT("random", PAGES_HUGE, "hmm"), 1 },
	{ "4k, touched in order : test_hmm",
	  FAULT("sequential", PAGES_4K, "svm"),
	  FAULT("sequential", PAGES_4K, "hmm"), 5 },
	{ "4k, to device, all sizes alike",
	  TEAM("to device", PAGES_4K, "svm", 1, "thread"),
	  { 0 },
	  FLAT },
	{ "4k, to system, all sizes alike",
	  TEAM("to system", PAGES_4K, "svm", 1, "thread"),
	  { 0 },
	  FLAT },
	{ "huge, to device, all sizes alike",
	  TEAM("to device", PAGES_HUGE, "svm", 1, "thread"),
	  { 0 },
	  FLAT },
	{ "huge, to system, all sizes alike",
	  TEAM("to system", PAGES_HUGE, "svm", 1, "thread"),
	  { 0 },
	  FLAT },
	{ "4k, to device, 2 threads : 1",
	  TEAM("to device", PAGES_4K, "svm", 2, "threads"),
	  TEAM("to device", PAGES_4K, "svm", 1, "thread"), FLAT },
	{ "4k, to device, 4 threads : 1",
	  TEAM("to device", PAGES_4K, "svm", 4, "threads"),
	  TEAM("to device", PAGES_4K, "svm", 1, "thread"), FLAT },
	{ "4k, to device, 2 processes : 1",
	  TEAM("to device", PAGES_4K, "svm", 2, "processes"),
	  TEAM("to device", PAGES_4K, "svm", 1, "thread"), FLAT },
	{ "4k, to system, 2 processes : 1",
	  TEAM("to system", PAGES_4K, "svm", 2, "processes"),
	  TEAM("to system", PAGES_4K, "svm", 1, "thread"), FLAT },
};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool is_it(const struct side *side, const struct figure *figure)
{
	return figure->samples.nr && figure->kind == side->kind &&
	       !strcmp(figure->measure, side->measure) &&
	       !strcmp(figure->what, side->what) &&
	       figure->workers == side->workers &&
	       !strcmp(figure->team, side->team) &&
	       (!side->place || begins(figure->from, side->place) ||
		begins(figure->to, side->place));
}

/* The figure of that size, or else of the largest size below. */
static const struct figure *find(const struct figures *figures,
				 const struct side *side)
{
	const struct figure *best = NULL;

	for (size_t i = 0; i < figures->nr; i++) {
		const struct figure *figure = figures->list[i];

		if (is_it(side, figure) && figure->bytes <= TARGET_BYTES &&
		    (!best || figure->bytes > best->bytes))
			best = figure;
	}
	return best;
}

static uint64_t median_of(const struct figure *figure)
{
	return figure ? samples_summary(&figure->samples).median : 0;
}

/* The least time for the same at any size, compared with the greatest. */
static void compare_sizes(const struct figures *figures,
			  const struct side *side, struct target *target)
{
	double least = 0, most = 0, each;
	unsigned int sizes = 0;

	for (size_t i = 0; i < figures->nr; i++) {
		if (!is_it(side, figures->list[i]))
			continue;
		each = (double)median_of(figures->list[i]) /
		       (double)figures->list[i]->bytes;
		if (!sizes || each < least)
			least = each;
		if (each > most)
			most = each;
		sizes++;
	}
	target->missing = sizes < 2 || !(most > 0);
	if (!target->missing)
		target->ratio = least / most;
}

size_t targets_count(void)
{
	return ARRAY_SIZE(rules);
}

struct target target_of(const struct figures *figures, size_t index)
{
	const struct rule *rule = &rules[index];
	const struct figure *ours = find(figures, &rule->ours), *reference;
	struct target target = { .name = rule->name, .want = rule->want };

	target.ours = median_of(ours);
	if (!rule->reference.measure) {
		compare_sizes(figures, &rule->ours, &target);
		return target;
	}
	reference = find(figures, &rule->reference);
	target.reference = median_of(reference);
	target.missing = !target.ours || !target.reference ||
			 ours->bytes != reference->bytes;
	if (!target.missing)
		target.ratio = (double)target.reference / (double)target.ours;
	return target;
}

bool target_reached(const struct target *target)
{
	return !target->missing && target->ratio >= target->want;
}

enum {
	NAME,
	OURS,
	REFERENCE,
	RATIO,
	WANT,
	VERDICT,
	COLUMNS,
};

static void add_row(struct table *table, const struct target *target)
{
	struct table_row *row = table_row(table);
	char text[UNITS_MAX];

	table_cell(row, NAME, "%s", target->name);
	if (target->ours)
		table_cell(row, OURS, "%s", format_ns(target->ours, text));
	if (target->reference)
		table_cell(row, REFERENCE, "%s",
			   format_ns(target->reference, text));
	if (!target->missing)
		table_cell(row, RATIO, "%.2f", target->ratio);
	table_cell(row, WANT, "%.2f", target->want);
	table_cell(row, VERDICT, "%s",
		   target->missing	    ? "NOT MEASURED"
		   : target_reached(target) ? "reached"
					    : "MISSED");
}

unsigned int targets_print(const struct figures *figures, FILE *out)
{
	static const char *const heading[COLUMNS] = {
		"target", "ours", "reference", "ratio", "at least", "",
	};
	struct table table = {
		.nr_columns = COLUMNS,
		.left = 1 << NAME | 1 << VERDICT,
	};
	struct table_row *row = table_row(&table);
	unsigned int missed = 0;

	for (unsigned int i = 0; i < COLUMNS; i++)
		table_cell(row, i, "%s", heading[i]);
	for (size_t i = 0; i < targets_count(); i++) {
		struct target target = target_of(figures, i);

		missed += !target_reached(&target);
		add_row(&table, &target);
	}
	fputs("\nTargets (256M, or the largest size below):\n", out);
	table_print(&table, out);
	fprintf(out, "ratio: how many times as fast. %u of %zu reached.\n",
		(unsigned int)targets_count() - missed, targets_count());
	table_free(&table);
	return missed;
}
