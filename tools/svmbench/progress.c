// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Progress lines.
 */
#include "progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "say.h"

static bool shown;

void progress(const char *format, ...)
{
	static uint64_t last;
	bool terminal = isatty(STDERR_FILENO);
	uint64_t now = clock_ns();
	va_list args;

	if (!last)
		last = now;
	if (!terminal && now - last < PROGRESS_INTERVAL_S * NS_PER_S)
		return;
	last = now;
	fprintf(stderr, "%s%s: ", terminal ? "\r\033[K" : "",
		program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (terminal)
		fflush(stderr);
	else
		fputc('\n', stderr);
	shown = terminal;
}

void progress_end(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}
