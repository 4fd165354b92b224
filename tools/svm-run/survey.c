// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Surveys: the mappings from /proc/PID/maps, the pages by PAGEMAP_SCAN. Where
 * the kernel has no PAGEMAP_SCAN, a mapping counts as full of pages.
 */
#include "survey.h"

#include <errno.h>

#include "cleanup.h"
#include "clock.h"
#include "pagescan.h"

/* Address space for one call, so that a call with many pages ends soon. */
#define SPAN_MAX ((uint64_t)4 << 30)

/*
 * Looks that a step makes whatever the clock says: on a machine so busy that the
 * deadline has always passed, surveys come to an end all the same.
 */
#define LOOKS_MIN 32

static int begin(struct survey *survey, int maps)
{
	int err;

	survey->cost = 0;
	err = maps_read(maps, survey->scope == SURVEY_SYSTEM, &survey->vmas);
	if (err)
		return err;
	runs_reset(&survey->building);
	survey->active = true;
	survey->vma = 0;
	survey->at = 0;
	return 0;
}

/* Looks at the next piece of one mapping. */
static int look(struct survey *survey, int pagemap)
{
	const struct vma *vma = &survey->vmas.list[survey->vma];
	struct pagescan_region regions[256];
	uint64_t start = survey->at ? survey->at : vma->start, end, next;
	unsigned int any = PAGESCAN_PRESENT;
	int nr, err;

	if (survey->scope == SURVEY_ALL)
		any |= PAGESCAN_AWAY;
	end = vma->end - start > SPAN_MAX ? start + SPAN_MAX : vma->end;
	nr = pagescan(pagemap, start, end, any, PAGESCAN_FILE | PAGESCAN_ZERO,
		      0, regions, ARRAY_SIZE(regions), &next);
	if (nr == -ENOTTY) {
		regions[0] = (struct pagescan_region){ start, end, 0 };
		next = end;
		nr = 1;
	}
	if (nr < 0)
		return nr;
	for (int i = 0; i < nr; i++) {
		err = runs_add(&survey->building, regions[i].start,
			       regions[i].end);
		if (err)
			return err;
	}
	survey->at = next;
	if (next >= vma->end) {
		survey->vma++;
		survey->at = 0;
	}
	return 0;
}

static void finish(struct survey *survey)
{
	struct runs old = survey->runs;

	survey->runs = survey->building;
	survey->building = old;
	survey->active = false;
}

int survey_step(struct survey *survey, int maps, int pagemap, uint64_t deadline)
{
	uint64_t started = clock_ns();
	unsigned int looks = 0;
	int err = 0;

	if (!survey->active)
		err = begin(survey, maps);
	while (!err && survey->vma < survey->vmas.nr &&
	       (looks++ < LOOKS_MIN || clock_ns() < deadline))
		err = look(survey, pagemap);
	survey->finished = clock_ns();
	survey->cost += survey->finished - started;
	if (err) {
		survey->active = false;
		return err;
	}
	if (survey->vma < survey->vmas.nr)
		return 0;
	finish(survey);
	return 1;
}

void survey_free(struct survey *survey)
{
	vmas_free(&survey->vmas);
	runs_free(&survey->building);
	runs_free(&survey->runs);
}
