// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables as they are printed. */
#include "unit.h"

#include <stdlib.h>

#include "table.h"

static void test_print(void **state)
{
	struct table table = { .nr_columns = 3, .left = 1 << 1 };
	struct table_row *row;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	row = table_row(&table);
	table_cell(row, 0, "n");
	table_cell(row, 1, "what");
	table_cell(row, 2, "rate");
	row = table_row(&table);
	table_cell(row, 0, "%d", 100);
	table_cell(row, 1, "a");
	table_cell(row, 2, "1.5");
	table_note(row, "first");
	table_note(row, "second");
	row = table_row(&table);
	table_cell(row, 0, "7");
	table_cell(row, 1, "b");
	table_note(row, "skipped");
	table_row(&table);
	/* beyond the last column, and without a row */
	table_cell(row, TABLE_COLUMNS, "x");
	table_cell(NULL, 0, "x");
	table_print(&table, out);
	fclose(out);
	assert_string_equal(text, "  n  what  rate\n"
				  "100  a      1.5  first; second\n"
				  "  7  b  skipped\n"
				  "\n");
	free(text);
	table_free(&table);
	table_free(&table);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
