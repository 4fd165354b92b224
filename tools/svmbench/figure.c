// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The list of figures.
 */
#include "figure.h"

#include <stdlib.h>
#include <string.h>

struct figure *figures_add(struct figures *figures)
{
	struct figure **list = reallocarray(figures->list, figures->nr + 1,
					    sizeof(struct figure *));
	struct figure *figure;

	if (!list)
		return NULL;
	figures->list = list;
	figure = calloc(1, sizeof(*figure));
	if (figure)
		figures->list[figures->nr++] = figure;
	return figure;
}

bool figures_failed(const struct figures *figures)
{
	for (size_t i = 0; i < figures->nr; i++) {
		if (*figures->list[i]->failed)
			return true;
	}
	return false;
}

const struct figure *figures_memcpy(const struct figures *figures,
				    const struct figure *figure)
{
	for (size_t i = 0; i < figures->nr; i++) {
		const struct figure *other = figures->list[i];

		if (!strcmp(other->what, FIGURE_MEMCPY) &&
		    other->workers == figure->workers &&
		    other->bytes == figure->bytes &&
		    other->kind == figure->kind && other->samples.nr)
			return other;
	}
	return NULL;
}

void figures_free(struct figures *figures)
{
	for (size_t i = 0; i < figures->nr; i++) {
		latencies_free(&figures->list[i]->latencies);
		free(figures->list[i]);
	}
	free(figures->list);
	*figures = (struct figures){ 0 };
}

double figure_rate(const struct figure *figure, uint64_t ns)
{
	/* bytes per nanosecond */
	return ns ? (double)figure->bytes / (double)ns : 0;
}

double figure_per_page(const struct figure *figure, uint64_t bytes)
{
	return (double)bytes * 4096 / (double)figure->bytes;
}
