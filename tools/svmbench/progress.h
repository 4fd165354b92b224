/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Progress on stderr: in place on a terminal, else a line every few seconds.
 */
#ifndef SVMBENCH_PROGRESS_H
#define SVMBENCH_PROGRESS_H

/* Tells what is being done, at most PROGRESS_INTERVAL_S apart if no terminal. */
#define PROGRESS_INTERVAL_S 5

__attribute__((format(printf, 1, 2))) void progress(const char *format, ...);

/* Wipes the line; to be called before anything else is printed. */
void progress_end(void);

#endif /* SVMBENCH_PROGRESS_H */
