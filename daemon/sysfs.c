// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small files of sysfs and procfs, see sysfs.h.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "sysfs.h"

static int make_path(char *path, size_t size, const char *root,
		     const char *format, va_list args)
{
	int used = snprintf(path, size, "%s/", root), ret;

	if (used < 0 || (size_t)used >= size)
		return -ENAMETOOLONG;
	ret = vsnprintf(path + used, size - (size_t)used, format, args);
	return ret < 0 || (size_t)ret >= size - (size_t)used ? -ENAMETOOLONG
							     : 0;
}

static int read_text(const char *path, char *text, size_t size)
{
	__close_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while (length < size - 1) {
		got = read(fd, text + length, size - 1 - length);
		if (got < 0)
			return -errno;
		if (!got)
			break;
		length += (size_t)got;
	}
	while (length && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return (int)length;
}

int sysfs_text(const char *root, char *text, size_t size, const char *format,
	       ...)
{
	char path[PATH_MAX];
	va_list args;
	int ret;

	va_start(args, format);
	ret = make_path(path, sizeof(path), root, format, args);
	va_end(args);
	return ret ? ret : read_text(path, text, size);
}

static int parse_number(const char *text, int64_t *value)
{
	char *end;

	errno = 0;
	*value = text[0] == '-' ? strtoll(text, &end, 0)
				: (int64_t)strtoull(text, &end, 0);
	if (errno || end == text)
		return -EINVAL;
	return 0;
}

static int read_number(const char *path, int64_t *value)
{
	char text[64];
	int ret = read_text(path, text, sizeof(text));

	return ret < 0 ? ret : parse_number(text, value);
}

int sysfs_u64(const char *root, uint64_t *value, const char *format, ...)
{
	char path[PATH_MAX];
	int64_t number = 0;
	va_list args;
	int ret;

	va_start(args, format);
	ret = make_path(path, sizeof(path), root, format, args);
	va_end(args);
	if (!ret)
		ret = read_number(path, &number);
	if (!ret)
		*value = (uint64_t)number;
	return ret;
}

int64_t sysfs_number(const char *root, int64_t missing, const char *format, ...)
{
	char path[PATH_MAX];
	int64_t number;
	va_list args;
	int ret;

	va_start(args, format);
	ret = make_path(path, sizeof(path), root, format, args);
	va_end(args);
	return ret || read_number(path, &number) ? missing : number;
}

int sysfs_write(const char *root, const char *text, const char *format, ...)
{
	__close_fd int fd = -1;
	char path[PATH_MAX];
	va_list args;
	ssize_t put;
	int ret;

	va_start(args, format);
	ret = make_path(path, sizeof(path), root, format, args);
	va_end(args);
	if (ret)
		return ret;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC);
	if (fd < 0)
		return -errno;
	put = write(fd, text, strlen(text));
	if (put < 0)
		return -errno;
	return (size_t)put == strlen(text) ? 0 : -EIO;
}

int sysfs_each(const char *root, const char *path, const char *prefix,
	       int (*each)(const char *name, long number, void *arg), void *arg)
{
	__close_dir DIR *dir = NULL;
	size_t length = strlen(prefix);
	struct dirent *entry;
	char full[PATH_MAX];
	int ret = 0;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	dir = opendir(full);
	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		const char *rest = entry->d_name + length;
		char *end;
		long number;

		if (entry->d_name[0] == '.' ||
		    strncmp(entry->d_name, prefix, length))
			continue;
		number = strtol(rest, &end, 10);
		if (!isdigit((unsigned char)rest[0]) || *end || number < 0)
			number = -1;
		ret = each(entry->d_name, number, arg);
	}
	return ret;
}

int sysfs_field(const char *text, const char *name, uint64_t *value)
{
	size_t length = strlen(name);
	const char *at = text;

	while ((at = strstr(at, name))) {
		const char *after = at + length;

		if ((at == text || isspace((unsigned char)at[-1])) &&
		    (*after == ':' || *after == ' ' || *after == '=')) {
			after += strspn(after, ": =\t");
			if (isdigit((unsigned char)*after)) {
				*value = strtoull(after, NULL, 0);
				return 0;
			}
		}
		at += length;
	}
	return -ENOENT;
}
