// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon says, see log.h. Locking: the level is atomic, the rest is
 * set before threads start. A line is at most LINE_MAX_BYTES long.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define LINE_MAX_BYTES 1024

static _Atomic int max_level = LOG_INFO;
static bool to_journal;

static const char *const names[] = {
	[LOG_EMERG] = "emerg",	   [LOG_ALERT] = "alert",
	[LOG_CRIT] = "crit",	   [LOG_ERR] = "err",
	[LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",	   [LOG_DEBUG] = "debug",
};

void log_open(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	to_journal = stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
		     !fstat(STDERR_FILENO, &st) && st.st_dev == dev &&
		     st.st_ino == ino;
}

void log_set_level(int level)
{
	atomic_store(&max_level, level);
}

int log_level(void)
{
	return atomic_load(&max_level);
}

int log_level_parse(const char *name)
{
	int level;

	if (name[0] >= '0' && name[0] <= '7' && !name[1])
		return name[0] - '0';
	for (level = LOG_EMERG; level <= LOG_DEBUG; level++)
		if (!strcmp(name, names[level]))
			return level;
	return -EINVAL;
}

const char *log_level_name(int level)
{
	return names[level];
}

const char *log_target(void)
{
	return to_journal ? "journal" : "console";
}

static void write_line(int level, int error, const char *format, va_list args)
{
	char line[LINE_MAX_BYTES];
	size_t used = 0;
	const char *reason;
	int ret;

	if (to_journal)
		used = (size_t)snprintf(line, sizeof(line), "<%d>", level);
	ret = vsnprintf(line + used, sizeof(line) - used, format, args);
	if (ret < 0)
		return;
	used += (size_t)ret;
	reason = strerrordesc_np(-error); /* no locale, no static buffer */
	if (error && used < sizeof(line))
		used += (size_t)snprintf(line + used, sizeof(line) - used,
					 ": %s", reason ? reason : "?");
	if (used > sizeof(line) - 1)
		used = sizeof(line) - 1;
	line[used++] = '\n';
	(void)!write(STDERR_FILENO, line, used);
}

void log_line(int level, const char *format, ...)
{
	va_list args;

	if (level > log_level())
		return;
	va_start(args, format);
	write_line(level, 0, format, args);
	va_end(args);
}

int log_errno(int level, int error, const char *format, ...)
{
	va_list args;

	if (level <= log_level()) {
		va_start(args, format);
		write_line(level, error, format, args);
		va_end(args);
	}
	return error;
}
