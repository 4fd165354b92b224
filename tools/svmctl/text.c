// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines for people.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "svmctl.h"

#define COLUMNS_MAX 16

void text_json(json_object *object)
{
	puts(json_object_to_json_string_ext(
		object,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
}

void text_clean(char *text)
{
	unsigned char *from = (unsigned char *)text, *to = from;

	for (; *from; from++) {
		/* U+0080 to U+009F, in UTF-8 */
		if (from[0] == 0xc2 && from[1] >= 0x80 && from[1] < 0xa0) {
			from++;
			*to++ = '?';
		} else {
			*to++ = *from < ' ' || *from == 0x7f ? '?' : *from;
		}
	}
	*to = '\0';
}

const char *text_bold(const struct ctl *ctl)
{
	return ctl->color ? "\033[1m" : "";
}

const char *text_plain(const struct ctl *ctl)
{
	return ctl->color ? "\033[0m" : "";
}

static void measure(const char *cells, size_t widths[COLUMNS_MAX])
{
	size_t column = 0, width = 0;

	memset(widths, 0, COLUMNS_MAX * sizeof(widths[0]));
	for (; *cells; cells++) {
		if (*cells != '\t' && *cells != '\n') {
			width++;
			continue;
		}
		if (column < COLUMNS_MAX && width > widths[column])
			widths[column] = width;
		width = 0;
		column = *cells == '\t' ? column + 1 : 0;
	}
}

void text_table(const struct ctl *ctl, const char *cells)
{
	size_t widths[COLUMNS_MAX], column = 0, length;
	bool head = true;

	measure(cells, widths);
	fputs(text_bold(ctl), stdout);
	while (*cells) {
		bool last;

		length = strcspn(cells, "\t\n");
		last = cells[length] != '\t';
		printf("%-*.*s",
		       last || column >= COLUMNS_MAX ? 0
						     : (int)widths[column] + 2,
		       (int)length, cells);
		cells += length;
		column++;
		if (last) {
			if (head)
				fputs(text_plain(ctl), stdout);
			head = false;
			putchar('\n');
			column = 0;
		}
		if (*cells)
			cells++;
	}
}

void text_properties(const struct ctl *ctl, json_object *object)
{
	size_t width = 0;

	json_object_object_foreach(object, name, unused)
	{
		(void)unused;
		if (strlen(name) > width)
			width = strlen(name);
	}
	json_object_object_foreach(object, key, value)
	{
		char bytes[32] = "";
		size_t length = strlen(key);

		if (length > 5 && !strcmp(key + length - 5, "Bytes") &&
		    json_object_get_uint64(value) >= 1024)
			text_bytes(bytes, sizeof(bytes),
				   json_object_get_uint64(value));
		printf("%s%*s%s: %s", text_bold(ctl), (int)width, key,
		       text_plain(ctl),
		       json_object_is_type(value, json_type_string)
			       ? json_object_get_string(value)
			       : json_object_to_json_string_ext(value, 0));
		if (bytes[0])
			printf(" (%s)", bytes);
		putchar('\n');
	}
}

char *text_bytes(char *text, size_t size, uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit < sizeof(units) - 2) {
		value /= 1024;
		unit++;
	}
	if (!unit)
		snprintf(text, size, "%" PRIu64 "B", bytes);
	else
		snprintf(text, size, "%.1f%c", value, units[unit]);
	return text;
}

/* Decimal or with 0x: a zero in front makes nothing octal. */
static int read_digits(const char *text, uint64_t *number, char **end)
{
	int base = 10;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		base = 16;
	errno = 0;
	*number = strtoull(text, end, base);
	return errno ? -EINVAL : 0;
}

int parse_number(const char *text, uint64_t *number)
{
	char *end;
	int ret = read_digits(text, number, &end);

	return ret || *end ? -EINVAL : 0;
}

int parse_bytes(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGTPE";
	uint64_t value;
	const char *unit;
	char *end;

	if (read_digits(text, &value, &end))
		return -EINVAL;
	if (*end) {
		unsigned int shift;

		unit = strchr(units, *end);
		if (!unit || end[1])
			return -EINVAL;
		shift = 10 * (unsigned int)(unit - units + 1);
		if (value > UINT64_MAX >> shift)
			return -EINVAL;
		value <<= shift;
	}
	*bytes = value;
	return 0;
}

uint64_t get_u64(json_object *object, const char *name)
{
	json_object *value;

	return object && json_object_object_get_ex(object, name, &value)
		       ? json_object_get_uint64(value)
		       : 0;
}

int get_int(json_object *object, const char *name)
{
	json_object *value;

	return object && json_object_object_get_ex(object, name, &value)
		       ? json_object_get_int(value)
		       : 0;
}

double get_double(json_object *object, const char *name)
{
	json_object *value;

	return object && json_object_object_get_ex(object, name, &value)
		       ? json_object_get_double(value)
		       : 0;
}

const char *get_string(json_object *object, const char *name)
{
	json_object *value;

	return object && json_object_object_get_ex(object, name, &value)
		       ? json_object_get_string(value)
		       : "";
}
