// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The yardstick of copies is what the kernel's own copying (copy_highpage()) reaches in
 * the same rounds, by one CPU or by two at once (kernel_copy.h). A target that says how
 * many CPUs is about moves by that many, with one caller; the others leave that to the
 * module.
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
/* "Both together take at most 1.15 times as long as the longer of the two." */
#define OVERLAP (1 / 1.15)

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

#define COPY_BY_1(kind) { "migrate", FIGURE_KERNEL_COPY, kind, NULL, 1, "CPU" }
#define COPY_BY_2(kind) { "migrate", FIGURE_KERNEL_COPY, kind, NULL, 2, "CPUs" }
#define MOVE_BY_1(what, kind) { "migrate", what, kind, "svm", 1, "CPU" }
#define MOVE_BY_2(what, kind) { "migrate", what, kind, "svm", 2, "CPUs" }
#define PEER_MOVE(what, kind) { "migrate", what, kind, "hmm", 1, "thread" }
#define FAULT(what, kind, place) { "fault", what, kind, place, 1, "thread" }
#define ASYNC(what, kind) { "async", what, kind, NULL, 1, "thread" }
#define TEAM(what, kind, place, nr, team) \
	{ "scale", what, kind, place, nr, team }

static const struct rule {
	const char *name;
	struct side ours;
	/* without one: the same at all sizes */
	struct side reference;
	/* if there is one: of both references the longer one counts */
	struct side other;
	/* the reference is so many bytes for 4 KiB of memory */
	unsigned int per_page;
	double want;
} rules[] = {
	{
		.name = "huge, to device, 1 CPU : copy",
		.ours = MOVE_BY_1("to device", PAGES_HUGE),
		.reference = COPY_BY_1(PAGES_HUGE),
		.want = 0.95,
	},
	{
		.name = "huge, to system, 1 CPU : copy",
		.ours = MOVE_BY_1("to system", PAGES_HUGE),
		.reference = COPY_BY_1(PAGES_HUGE),
		.want = 0.95,
	},
	{
		.name = "huge, to device, 2 CPUs : 2 copies",
		.ours = MOVE_BY_2("to device", PAGES_HUGE),
		.reference = COPY_BY_2(PAGES_HUGE),
		.want = 0.9,
	},
	{
		.name = "huge, to system, 2 CPUs : 2 copies",
		.ours = MOVE_BY_2("to system", PAGES_HUGE),
		.reference = COPY_BY_2(PAGES_HUGE),
		.want = 0.9,
	},
	{
		.name = "4k, to device, 1 CPU : copy",
		.ours = MOVE_BY_1("to device", PAGES_4K),
		.reference = COPY_BY_1(PAGES_4K),
		.want = 0.3,
	},
	{
		.name = "4k, to system, 1 CPU : copy",
		.ours = MOVE_BY_1("to system", PAGES_4K),
		.reference = COPY_BY_1(PAGES_4K),
		.want = 0.3,
	},
	{
		.name = "4k, to device, 1 CPU : test_hmm",
		.ours = MOVE_BY_1("to device", PAGES_4K),
		.reference = PEER_MOVE("to device", PAGES_4K),
		.want = 2.3,
	},
	{
		.name = "4k, to system, 1 CPU : test_hmm",
		.ours = MOVE_BY_1("to system", PAGES_4K),
		.reference = PEER_MOVE("to system", PAGES_4K),
		.want = 1.4,
	},
	{
		.name = "4k, to device, 2 CPUs : copy",
		.ours = MOVE_BY_2("to device", PAGES_4K),
		.reference = COPY_BY_1(PAGES_4K),
		.want = 0.36,
	},
	{
		.name = "4k, to system, 2 CPUs : copy",
		.ours = MOVE_BY_2("to system", PAGES_4K),
		.reference = COPY_BY_1(PAGES_4K),
		.want = 0.33,
	},
	{
		.name = "4k, random fault : test_hmm",
		.ours = FAULT("random", PAGES_4K, "svm"),
		.reference = FAULT("random", PAGES_4K, "hmm"),
		.want = 1,
	},
	{
		.name = "huge, random fault : test_hmm",
		.ours = FAULT("random", PAGES_HUGE, "svm"),
		.reference = FAULT("random", PAGES_HUGE, "hmm"),
		.want = 1,
	},
	{
		.name = "4k, touched in order : test_hmm",
		.ours = FAULT("sequential", PAGES_4K, "svm"),
		.reference = FAULT("sequential", PAGES_4K, "hmm"),
		.want = 5,
	},
	{
		.name = "4k, to device, all sizes alike",
		.ours = TEAM("to device", PAGES_4K, "svm", 1, "thread"),
		.want = FLAT,
	},
	{
		.name = "4k, to system, all sizes alike",
		.ours = TEAM("to system", PAGES_4K, "svm", 1, "thread"),
		.want = FLAT,
	},
	{
		.name = "huge, to device, all sizes alike",
		.ours = TEAM("to device", PAGES_HUGE, "svm", 1, "thread"),
		.want = FLAT,
	},
	{
		.name = "huge, to system, all sizes alike",
		.ours = TEAM("to system", PAGES_HUGE, "svm", 1, "thread"),
		.want = FLAT,
	},
	{
		.name = "4k, to device, 2 threads : 1",
		.ours = TEAM("to device", PAGES_4K, "svm", 2, "threads"),
		.reference = TEAM("to device", PAGES_4K, "svm", 1, "thread"),
		.want = FLAT,
	},
	{
		.name = "4k, to device, 4 threads : 1",
		.ours = TEAM("to device", PAGES_4K, "svm", 4, "threads"),
		.reference = TEAM("to device", PAGES_4K, "svm", 1, "thread"),
		.want = FLAT,
	},
	{
		.name = "4k, to device, 2 processes : 1",
		.ours = TEAM("to device", PAGES_4K, "svm", 2, "processes"),
		.reference = TEAM("to device", PAGES_4K, "svm", 1, "thread"),
		.want = FLAT,
	},
	{
		.name = "4k, to system, 2 processes : 1",
		.ours = TEAM("to system", PAGES_4K, "svm", 2, "processes"),
		.reference = TEAM("to system", PAGES_4K, "svm", 1, "thread"),
		.want = FLAT,
	},
	{
		.name = "4k, to device, computing : longer",
		.ours = ASYNC("to device, computing", PAGES_4K),
		.reference = ASYNC("to device", PAGES_4K),
		.other = ASYNC(FIGURE_COMPUTE, PAGES_4K),
		.want = OVERLAP,
	},
	{
		.name = "4k, to system, computing : longer",
		.ours = ASYNC("to system, computing", PAGES_4K),
		.reference = ASYNC("to system", PAGES_4K),
		.other = ASYNC(FIGURE_COMPUTE, PAGES_4K),
		.want = OVERLAP,
	},
	{
		.name = "huge, to device, computing : longer",
		.ours = ASYNC("to device, computing", PAGES_HUGE),
		.reference = ASYNC("to device", PAGES_HUGE),
		.other = ASYNC(FIGURE_COMPUTE, PAGES_HUGE),
		.want = OVERLAP,
	},
	{
		.name = "huge, to system, computing : longer",
		.ours = ASYNC("to system, computing", PAGES_HUGE),
		.reference = ASYNC("to system", PAGES_HUGE),
		.other = ASYNC(FIGURE_COMPUTE, PAGES_HUGE),
		.want = OVERLAP,
	},
	{
		.name = "mirror, 16 bytes for 4 KiB : taken",
		.ours = { "mirror", FIGURE_MIRROR, PAGES_4K, "svm", 1,
			  "thread" },
		.per_page = 16,
		.want = 1,
	},
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

		if (is_it(side, figure) &&
		    (figure->bytes <= TARGET_BYTES || figure->counts_bytes) &&
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

/* The time that is compared with, for figures of a size; 0 if it is not known. */
static uint64_t reference_of(const struct figures *figures,
			     const struct rule *rule, uint64_t bytes)
{
	const struct figure *reference = find(figures, &rule->reference);
	const struct figure *other = reference;

	if (rule->other.measure)
		other = find(figures, &rule->other);
	if (!reference || !other || reference->bytes != bytes ||
	    other->bytes != bytes)
		return 0;
	return median_of(other) > median_of(reference) ? median_of(other)
						       : median_of(reference);
}

/* Says which of the figures is not there, if it is one. */
static bool is_lacking(const struct figures *figures, const struct side *side,
		       struct target *target)
{
	if (!side->measure || find(figures, side))
		return false;
	snprintf(target->lacks, sizeof(target->lacks), "%s %s, %s, %u %s%s%s",
		 side->measure, page_kind_name(side->kind), side->what,
		 side->workers, side->team, side->place ? ", " : "",
		 side->place ? side->place : "");
	return true;
}

static void explain(const struct figures *figures, const struct rule *rule,
		    struct target *target)
{
	if (target->missing && !is_lacking(figures, &rule->ours, target) &&
	    !is_lacking(figures, &rule->reference, target) &&
	    !is_lacking(figures, &rule->other, target))
		snprintf(target->lacks, sizeof(target->lacks), "%s",
			 rule->reference.measure || rule->per_page
				 ? "figures of one size"
				 : "other sizes");
}

static void compare(const struct figures *figures, const struct rule *rule,
		    const struct figure *ours, struct target *target)
{
	if (ours && rule->per_page)
		target->reference = ours->bytes / 4096 * rule->per_page;
	else if (ours)
		target->reference = reference_of(figures, rule, ours->bytes);
	target->missing = !target->ours || !target->reference;
	if (!target->missing)
		target->ratio =
			(double)target->reference / (double)target->ours;
}

struct target target_of(const struct figures *figures, size_t index)
{
	const struct rule *rule = &rules[index];
	const struct figure *ours = find(figures, &rule->ours);
	struct target target = {
		.name = rule->name,
		.want = rule->want,
		.ours = median_of(ours),
		.bytes = rule->per_page,
	};

	if (!rule->reference.measure && !rule->per_page)
		compare_sizes(figures, &rule->ours, &target);
	else
		compare(figures, rule, ours, &target);
	explain(figures, rule, &target);
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
	const char *(*format)(uint64_t, char *) = target->bytes ? format_bytes
								: format_ns;
	char text[UNITS_MAX], lacks[sizeof(target->lacks) + 4];

	table_cell(row, NAME, "%s", target->name);
	if (target->ours)
		table_cell(row, OURS, "%s", format(target->ours, text));
	if (target->reference)
		table_cell(row, REFERENCE, "%s",
			   format(target->reference, text));
	if (!target->missing)
		table_cell(row, RATIO, "%.2f", target->ratio);
	table_cell(row, WANT, "%.2f", target->want);
	table_cell(row, VERDICT, "%s",
		   target->missing	    ? "NOT MEASURED"
		   : target_reached(target) ? "reached"
					    : "MISSED");
	if (!target->missing)
		return;
	snprintf(lacks, sizeof(lacks), "no %s", target->lacks);
	table_note(row, lacks);
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
	fprintf(out,
		"ratio: how many times as fast. %u of %zu reached; what was not measured is missed.\n",
		(unsigned int)targets_count() - missed, targets_count());
	table_free(&table);
	return missed;
}
