/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small files of sysfs and procfs, below a root that tests may move. No state.
 *
 * Paths are printf formats, relative to the root: "sys/class/svm/%s/type".
 */
#ifndef SVMD_SYSFS_H
#define SVMD_SYSFS_H

#include <stddef.h>
#include <stdint.h>

/* Text without the newline at its end: its length or a negative errno. */
__attribute__((format(printf, 4, 5))) int
sysfs_text(const char *root, char *text, size_t size, const char *format, ...);

/* A number, decimal or with 0x: 0 or a negative errno. */
__attribute__((format(printf, 3, 4))) int
sysfs_u64(const char *root, uint64_t *value, const char *format, ...);

/* As sysfs_u64(), but a missing file or nonsense gives @missing. */
__attribute__((format(printf, 3, 4))) int64_t sysfs_number(const char *root,
							   int64_t missing,
							   const char *format,
							   ...);

/* Writes text: 0 or a negative errno. */
__attribute__((format(printf, 3, 4))) int
sysfs_write(const char *root, const char *text, const char *format, ...);

/**
 * sysfs_each() - the entries of a directory
 * @root: the root.
 * @path: below it.
 * @prefix: only names that begin so.
 * @each: called with a name, and the number that follows the prefix, or -1; a
 *	result other than 0 ends it.
 * @arg: for @each.
 *
 * In no order. Returns 0, what @each returned, or a negative errno.
 */
int sysfs_each(const char *root, const char *path, const char *prefix,
	       int (*each)(const char *name, long number, void *arg),
	       void *arg);

/**
 * sysfs_field() - a number in a text of lines "name value" or "name: value"
 * @text: the text.
 * @name: up to the space or colon; may end a longer line's beginning, as
 *	"MemFree" in "Node 0 MemFree:  12 kB".
 * @value: the number.
 *
 * Returns 0 or -ENOENT.
 */
int sysfs_field(const char *text, const char *name, uint64_t *value);

#endif /* SVMD_SYSFS_H */
