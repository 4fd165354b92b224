/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon says: lines on stderr, with the priority in front when the
 * journal reads them. Only main programs log; libsvm and the decide side don't.
 *
 * The level may change at run time (LogControl1). Calls from any thread: a line
 * is one write.
 */
#ifndef SVMD_LOG_H
#define SVMD_LOG_H

#include <syslog.h>

/**
 * log_open() - find out who reads stderr
 *
 * The journal's priorities are written when $JOURNAL_STREAM names our stderr.
 */
void log_open(void);

/* LOG_EMERG … LOG_DEBUG: what is more verbose is dropped. */
void log_set_level(int level);
int log_level(void);

/* "debug" or "7": returns the level, or -EINVAL. */
int log_level_parse(const char *name);
const char *log_level_name(int level);

/* "journal" or "console". */
const char *log_target(void);

__attribute__((format(printf, 2, 3))) void log_line(int level,
						    const char *format, ...);

/* Logs "text: reason of @error", and returns @error. */
__attribute__((format(printf, 3, 4))) int log_errno(int level, int error,
						    const char *format, ...);

#endif /* SVMD_LOG_H */
