/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A made-up host: a directory with sys and proc below it. For tests with cmocka,
 * which fail where a command does. One at a time, and no threads.
 */
#ifndef SVMD_MADEUP_H
#define SVMD_MADEUP_H

/* The directory; the test makes it. */
extern char root[64];

/* Runs a shell command. */
__attribute__((format(printf, 1, 2))) void run(const char *format, ...);

/* Writes a line to a file below the directory, which it makes if need be. */
void put(const char *path, const char *text);

#endif /* SVMD_MADEUP_H */
