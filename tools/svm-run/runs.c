// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bounded list of runs in ascending order.
 */
#include "runs.h"

#include <errno.h>
#include <stdlib.h>

#define RUNS_MAX 16384
#define GAP_FIRST ((uint64_t)64 << 10)

void runs_reset(struct runs *runs)
{
	runs->nr = 0;
	runs->gap = 0;
	runs->bytes = 0;
}

void runs_free(struct runs *runs)
{
	free(runs->list);
	*runs = (struct runs){ 0 };
}

/* Makes room by merging; each round bridges gaps twice as wide. */
static void runs_merge(struct runs *runs)
{
	size_t out;

	while (runs->nr > RUNS_MAX / 2) {
		runs->gap = runs->gap ? 2 * runs->gap : GAP_FIRST;
		out = 0;
		for (size_t i = 1; i < runs->nr; i++) {
			struct run *last = &runs->list[out];
			const struct run *run = &runs->list[i];

			if (run->start - last->end <= runs->gap) {
				runs->bytes += run->start - last->end;
				last->end = run->end;
			} else {
				runs->list[++out] = *run;
			}
		}
		runs->nr = out + 1;
	}
}

static int runs_grow(struct runs *runs)
{
	size_t room = runs->room ? 2 * runs->room : 64;
	struct run *list;

	if (runs->room == RUNS_MAX) {
		runs_merge(runs);
		return 0;
	}
	list = reallocarray(runs->list, room, sizeof(*list));
	if (!list)
		return -ENOMEM;
	runs->list = list;
	runs->room = room;
	return 0;
}

int runs_add(struct runs *runs, uint64_t start, uint64_t end)
{
	struct run *last = runs->nr ? &runs->list[runs->nr - 1] : NULL;
	int err;

	if (last && start - last->end <= runs->gap) {
		runs->bytes += end - last->end;
		last->end = end;
		return 0;
	}
	if (runs->nr == runs->room) {
		err = runs_grow(runs);
		if (err)
			return err;
	}
	runs->list[runs->nr++] = (struct run){ start, end };
	runs->bytes += end - start;
	return 0;
}

size_t runs_cut(const struct runs *runs, struct runs_cursor *cursor,
		uint64_t block, struct run *piece, size_t max)
{
	uint64_t limit = 0;
	size_t nr = 0;

	while (cursor->run < runs->nr && nr < max) {
		const struct run *run = &runs->list[cursor->run];
		uint64_t at = cursor->at ? cursor->at : run->start;

		if (!nr)
			limit = (at / block + 1) * block;
		if (at >= limit)
			break;
		piece[nr].start = at;
		if (run->end > limit) {
			piece[nr++].end = limit;
			cursor->at = limit;
			break;
		}
		piece[nr++].end = run->end;
		cursor->at = 0;
		cursor->run++;
	}
	return nr;
}
