/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Charts as inline SVG for an HTML page, that need nothing from elsewhere: their
 * colours are the page's CSS variables --c0 to --c7, --text, --grid.
 */
#ifndef SVMBENCH_CHART_H
#define SVMBENCH_CHART_H

#include <stddef.h>
#include <stdio.h>

#define CHART_LABEL 96
#define CHART_POINTS 32

/*
 * struct bar - a bar, with a whisker
 * @label: what it is.
 * @value: how long it is.
 * @low: where the whisker begins,
 * @high: and ends.
 * @colour: number of its colour.
 */
struct bar {
	char label[CHART_LABEL];
	double value;
	double low;
	double high;
	unsigned int colour;
};

/*
 * struct line - a line through points
 * @label: what it is.
 * @nr: number of points.
 * @x: their places on an axis of powers of two, positive; in ascending order.
 * @y: their values.
 * @colour: number of its colour.
 */
struct line {
	char label[CHART_LABEL];
	size_t nr;
	double x[CHART_POINTS];
	double y[CHART_POINTS];
	unsigned int colour;
};

#define CHART_COLOURS 8

/* Writes text with what HTML wants escaped. */
void chart_text(FILE *out, const char *text);

/* Horizontal bars from 0. @unit is written behind the title. */
void chart_bars(FILE *out, const char *title, const char *unit,
		const struct bar *bars, size_t nr);

/* Lines over sizes in bytes. */
void chart_lines(FILE *out, const char *title, const char *unit,
		 const struct line *lines, size_t nr);

#endif /* SVMBENCH_CHART_H */
