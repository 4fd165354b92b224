// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a case says: also in programs that have a main() of their own.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"

const char *err_name(long long error)
{
	static _Thread_local char number[2][24];
	static _Thread_local int turn;
	const char *name;

	if (error > -4096 && error < 4096 && error) {
		name = strerrorname_np(error < 0 ? -error : error);
		if (name)
			return name;
	}
	turn = !turn;
	snprintf(number[turn], sizeof(number[turn]), "%lld", error);
	return number[turn];
}

void fail_at(const char *file, int line, const char *format, ...)
{
	char text[1024];
	const char *base = strrchr(file, '/');
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* One write, so that threads and children don't mix their lines. */
	dprintf(STDERR_FILENO, "# %s:%d: %s\n", base ? base + 1 : file, line,
		text);
	_exit(EXIT_FAILURE);
}

void note(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "# %s\n", text);
}
