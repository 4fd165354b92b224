// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Printing tables.
 */
#include "table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct table_row *table_row(struct table *table)
{
	if (table->nr_rows == table->room) {
		size_t room = table->room ? 2 * table->room : 32;
		struct table_row *rows =
			reallocarray(table->rows, room, sizeof(*rows));

		if (!rows)
			return NULL;
		table->rows = rows;
		table->room = room;
	}
	memset(&table->rows[table->nr_rows], 0, sizeof(table->rows[0]));
	return &table->rows[table->nr_rows++];
}

void table_cell(struct table_row *row, unsigned int column, const char *format,
		...)
{
	va_list args;

	if (!row || column >= TABLE_COLUMNS)
		return;
	va_start(args, format);
	vsnprintf(row->cells[column], TABLE_CELL, format, args);
	va_end(args);
}

void table_note(struct table_row *row, const char *note)
{
	char *all;

	if (!row || asprintf(&all, "%s%s%s", row->note ? row->note : "",
			     row->note ? "; " : "", note) < 0)
		return;
	free(row->note);
	row->note = all;
}

static bool is_hidden(const struct table *table, unsigned int column)
{
	return table->hidden >> column & 1;
}

/* The note, and the end of the line, come behind the last cell that is used. */
static void print_row(const struct table *table, const struct table_row *row,
		      const int *widths, FILE *out)
{
	unsigned int used = table->nr_columns;

	while (used && (is_hidden(table, used - 1) || !*row->cells[used - 1]))
		used--;
	for (unsigned int c = 0; c < used; c++) {
		bool left = table->left >> c & 1, last = c + 1 == used;

		if (is_hidden(table, c))
			continue;
		fprintf(out, "%*s%s",
			!left  ? widths[c]
			: last ? 0
			       : -widths[c],
			row->cells[c], last ? "" : "  ");
	}
	fprintf(out, "%s%s\n", row->note && used ? "  " : "",
		row->note ? row->note : "");
}

void table_print(const struct table *table, FILE *out)
{
	int widths[TABLE_COLUMNS] = { 0 };

	for (size_t r = 0; r < table->nr_rows; r++) {
		for (unsigned int c = 0; c < table->nr_columns; c++) {
			int length = (int)strlen(table->rows[r].cells[c]);

			if (length > widths[c])
				widths[c] = length;
		}
	}
	for (size_t r = 0; r < table->nr_rows; r++)
		print_row(table, &table->rows[r], widths, out);
}

void table_free(struct table *table)
{
	for (size_t r = 0; r < table->nr_rows; r++)
		free(table->rows[r].note);
	free(table->rows);
	table->rows = NULL;
	table->nr_rows = 0;
	table->room = 0;
}
