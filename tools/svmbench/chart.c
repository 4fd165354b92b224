// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drawing.
 */
#include "chart.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "units.h"

#define BARS 500
#define LABELS 262
#define LINES 598
#define VALUES 90
#define BAR 20
#define PLOT_HEIGHT 260
#define LEGEND 172
#define LEGEND_GAP 24
#define LEGEND_MARK 18
#define AXIS 52
#define TICKS 5
/* What a character takes at most, on the average, in sans-serif fonts of 12 px. */
#define LETTER 8

void chart_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

/* A round number of at least @value / TICKS: 1, 2 or 5 times a power of ten. */
static double tick_step(double value)
{
	static const double round[] = { 1, 2, 5, 10 };
	double step = value / TICKS, power;
	size_t i = 0;

	if (!(step > 0))
		return 1;
	power = pow(10, floor(log10(step)));
	while (i < 3 && round[i] * power < step)
		i++;
	return round[i] * power;
}

/* The room that a label takes, or @room if that is more. */
static int room_for(int room, const char *label)
{
	int length = (int)strlen(label) * LETTER;

	return length > room ? length : room;
}

static void open_chart(FILE *out, const char *title, const char *unit,
		       int width, int height)
{
	fputs("<figure><figcaption>", out);
	chart_text(out, title);
	fputs(" <small>", out);
	chart_text(out, unit);
	fprintf(out,
		"</small></figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
		width, height);
	chart_text(out, title);
	fputs("\">\n", out);
}

static void close_chart(FILE *out)
{
	fputs("</svg></figure>\n", out);
}

static void text_at(FILE *out, double x, double y, const char *anchor,
		    const char *text)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y,
		anchor);
	chart_text(out, text);
	fputs("</text>\n", out);
}

static void line_at(FILE *out, const char *class, double x1, double y1,
		    double x2, double y2)
{
	fprintf(out,
		"<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
		class, x1, y1, x2, y2);
}

/* --- bars --- */

static double longest(const struct bar *bars, size_t nr)
{
	double most = 0;

	for (size_t i = 0; i < nr; i++)
		most = fmax(most, fmax(bars[i].value, bars[i].high));
	return most;
}

static void draw_bar(FILE *out, const struct bar *bar, double left,
		     double scale, double y)
{
	double middle = y + BAR / 2.0;
	char value[32];

	text_at(out, left - 8, middle + 4, "end", bar->label);
	fprintf(out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"var(--c%u)\"><title>",
		left, y + 3, bar->value * scale, BAR - 6,
		bar->colour % CHART_COLOURS);
	chart_text(out, bar->label);
	fprintf(out, ": %.4g (%.4g to %.4g)</title></rect>\n", bar->value,
		bar->low, bar->high);
	line_at(out, "w", left + bar->low * scale, middle,
		left + bar->high * scale, middle);
	snprintf(value, sizeof(value), "%.4g", bar->value);
	text_at(out, left + fmax(bar->value, bar->high) * scale + 6, middle + 4,
		"start", value);
}

void chart_bars(FILE *out, const char *title, const char *unit,
		const struct bar *bars, size_t nr)
{
	double most = longest(bars, nr), step = tick_step(most), scale;
	int bottom = (int)nr * BAR + 6, left = LABELS;
	char text[32];

	if (!(most > 0))
		return;
	for (size_t i = 0; i < nr; i++)
		left = room_for(left, bars[i].label);
	left += 8;
	scale = BARS / most;
	open_chart(out, title, unit, left + BARS + VALUES, bottom + 20);
	for (int i = 0; i * step <= most; i++) {
		double x = left + i * step * scale;

		line_at(out, "g", x, 0, x, bottom);
		snprintf(text, sizeof(text), "%g", i * step);
		text_at(out, x, bottom + 14, "middle", text);
	}
	for (size_t i = 0; i < nr; i++)
		draw_bar(out, &bars[i], left, scale, (double)i * BAR + 2);
	close_chart(out);
}

/* --- lines --- */

struct frame {
	double left, bottom, x_min, x_max, y_max, width, height;
};

static struct frame frame_of(const struct line *lines, size_t nr)
{
	struct frame frame = {
		.left = AXIS,
		.bottom = PLOT_HEIGHT - 30,
		.x_min = INFINITY,
		.width = LINES,
		.height = PLOT_HEIGHT - 42,
	};

	for (size_t i = 0; i < nr; i++) {
		for (size_t j = 0; j < lines[i].nr; j++) {
			frame.x_min = fmin(frame.x_min, log2(lines[i].x[j]));
			frame.x_max = fmax(frame.x_max, log2(lines[i].x[j]));
			frame.y_max = fmax(frame.y_max, lines[i].y[j]);
		}
	}
	return frame;
}

static double place_x(const struct frame *frame, double x)
{
	return frame->left + (log2(x) - frame->x_min) /
				     (frame->x_max - frame->x_min) *
				     frame->width;
}

static double place_y(const struct frame *frame, double y)
{
	return frame->bottom - y / frame->y_max * frame->height;
}

static void draw_axes(FILE *out, const struct frame *frame)
{
	double step = tick_step(frame->y_max);
	char text[UNITS_MAX];

	for (int i = 0; i * step <= frame->y_max; i++) {
		double y = place_y(frame, i * step);

		line_at(out, "g", frame->left, y, frame->left + frame->width,
			y);
		snprintf(text, sizeof(text), "%g", i * step);
		text_at(out, frame->left - 6, y + 4, "end", text);
	}
	for (double x = ceil(frame->x_min); x <= frame->x_max; x += 2) {
		double at = place_x(frame, exp2(x));

		line_at(out, "g", at, frame->bottom, at, frame->bottom + 4);
		text_at(out, at, frame->bottom + 18, "middle",
			format_size((uint64_t)exp2(x), text));
	}
}

static void draw_line(FILE *out, const struct frame *frame,
		      const struct line *line, size_t place)
{
	unsigned int colour = line->colour % CHART_COLOURS;
	double legend = frame->left + frame->width + LEGEND_GAP;
	double y = 18.0 * (double)place + 14;

	fprintf(out, "<polyline fill=\"none\" stroke=\"var(--c%u)\" points=\"",
		colour);
	for (size_t i = 0; i < line->nr; i++)
		fprintf(out, "%.1f,%.1f ", place_x(frame, line->x[i]),
			place_y(frame, line->y[i]));
	fputs("\"/>\n", out);
	for (size_t i = 0; i < line->nr; i++) {
		fprintf(out,
			"<circle r=\"3\" fill=\"var(--c%u)\" cx=\"%.1f\" cy=\"%.1f\"><title>",
			colour, place_x(frame, line->x[i]),
			place_y(frame, line->y[i]));
		chart_text(out, line->label);
		fprintf(out, ": %.4g</title></circle>\n", line->y[i]);
	}
	fprintf(out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"4\" fill=\"var(--c%u)\"/>\n",
		legend, y - 6, colour);
	text_at(out, legend + LEGEND_MARK, y, "start", line->label);
}

void chart_lines(FILE *out, const char *title, const char *unit,
		 const struct line *lines, size_t nr)
{
	struct frame frame = frame_of(lines, nr);
	int legend = (int)nr * 18 + 8, labels = LEGEND;

	if (!(frame.y_max > 0) || !(frame.x_max > frame.x_min))
		return;
	for (size_t i = 0; i < nr; i++)
		labels = room_for(labels, lines[i].label);
	open_chart(out, title, unit,
		   AXIS + LINES + LEGEND_GAP + LEGEND_MARK + labels,
		   legend > PLOT_HEIGHT ? legend : PLOT_HEIGHT);
	draw_axes(out, &frame);
	for (size_t i = 0; i < nr; i++)
		draw_line(out, &frame, &lines[i], i);
	close_chart(out);
}
