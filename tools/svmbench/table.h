/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of text: columns as wide as their widest cell.
 */
#ifndef SVMBENCH_TABLE_H
#define SVMBENCH_TABLE_H

#include <stdio.h>

#define TABLE_COLUMNS 24
#define TABLE_CELL 40

/*
 * struct table - rows of cells
 * @nr_columns: columns.
 * @left: mask of columns that are flush left; others are flush right.
 * @hidden: mask of columns that are not printed.
 * @nr_rows: rows so far, the heading among them.
 * @rows: them.
 */
struct table {
	unsigned int nr_columns;
	unsigned int left;
	unsigned int hidden;
	size_t nr_rows;
	size_t room;
	struct table_row *rows;
};

struct table_row {
	char cells[TABLE_COLUMNS][TABLE_CELL];
	/* printed behind the cells, however long; to be freed */
	char *note;
};

/*
 * table_row() - add a row of empty cells
 *
 * Returns it, good until the next one is added; NULL without memory.
 */
struct table_row *table_row(struct table *table);

__attribute__((format(printf, 3, 4))) void
table_cell(struct table_row *row, unsigned int column, const char *format, ...);

/* Takes a copy of the note; further ones are strung together. */
void table_note(struct table_row *row, const char *note);

void table_print(const struct table *table, FILE *out);

void table_free(struct table *table);

#endif /* SVMBENCH_TABLE_H */
