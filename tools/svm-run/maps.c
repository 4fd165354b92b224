// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading /proc/PID/maps. The file is held open: it stays with the address
 * space that the process had when it was opened, and reads as empty when that
 * is gone by exit or exec, whoever has the pid by then.
 */
#include "maps.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

/* 64 Ki mappings, the kernel's default limit, are about 6 MiB of text. */
#define TEXT_MAX ((size_t)64 << 20)
#define TEXT_FIRST ((size_t)64 << 10)

static int vmas_add(struct vmas *vmas, uint64_t start, uint64_t end)
{
	struct vma *last = vmas->nr ? &vmas->list[vmas->nr - 1] : NULL;

	if (last && last->end == start) {
		last->end = end;
		return 0;
	}
	if (vmas->nr == vmas->room) {
		size_t room = vmas->room ? 2 * vmas->room : 64;
		struct vma *list =
			reallocarray(vmas->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		vmas->list = list;
		vmas->room = room;
	}
	vmas->list[vmas->nr++] = (struct vma){ start, end };
	return 0;
}

void vmas_free(struct vmas *vmas)
{
	free(vmas->list);
	*vmas = (struct vmas){ 0 };
}

struct line {
	uint64_t start;
	uint64_t end;
	bool writable;
	bool private;
	bool file;
	bool special;
};

/* [vdso], [vvar], [vvar_vclock], [vsyscall], [uprobes] and such. */
static bool is_special(const char *name)
{
	return !strncmp(name, "[v", 2) || !strncmp(name, "[u", 2);
}

/* Takes a number and the character that must follow it off the text. */
static bool take_number(const char **text, int base, char after, uint64_t *n)
{
	char *end;

	if (!isxdigit((unsigned char)**text))
		return false;
	*n = strtoull(*text, &end, base);
	if (*end != after)
		return false;
	*text = end + 1;
	return true;
}

/* start-end perms offset major:minor inode [spaces name] */
static int parse_line(const char *line, const char *end, struct line *out)
{
	uint64_t number;

	if (!take_number(&line, 16, '-', &out->start) ||
	    !take_number(&line, 16, ' ', &out->end) || out->start >= out->end ||
	    end - line < 5 || line[4] != ' ')
		return -EINVAL;
	out->writable = line[1] == 'w';
	out->private = line[3] == 'p';
	line += 5;
	if (!take_number(&line, 16, ' ', &number) ||
	    !take_number(&line, 16, ':', &number) ||
	    !take_number(&line, 16, ' ', &number) ||
	    !isdigit((unsigned char)*line))
		return -EINVAL;
	out->file = strtoull(line, (char **)&line, 10) != 0;
	out->special = is_special(line + strspn(line, " "));
	return 0;
}

int maps_parse(const char *text, bool writable_only, struct vmas *vmas)
{
	const char *next;
	struct line line;
	int err;

	vmas->nr = 0;
	for (; *text; text = *next ? next + 1 : next) {
		next = strchrnul(text, '\n');
		err = parse_line(text, next, &line);
		if (err)
			return err;
		if (!line.private || line.special)
			continue;
		if (!line.writable && (writable_only || line.file))
			continue;
		err = vmas_add(vmas, line.start, line.end);
		if (err)
			return err;
	}
	return 0;
}

int maps_read(int fd, bool writable_only, struct vmas *vmas)
{
	size_t length = 0, room = TEXT_FIRST;
	__free char *text = malloc(room);
	ssize_t got;

	for (;;) {
		if (!text)
			return -ENOMEM;
		got = pread(fd, text + length, room - length - 1,
			    (off_t)length);
		if (got < 0)
			return -errno;
		length += (size_t)got;
		if (!got)
			break;
		if (length == room - 1) {
			char *more;

			if (room == TEXT_MAX)
				return -EFBIG;
			room *= 2;
			more = realloc(text, room);
			if (!more)
				return -ENOMEM;
			text = more;
		}
	}
	text[length] = '\0';
	return length ? maps_parse(text, writable_only, vmas) : -ESRCH;
}
