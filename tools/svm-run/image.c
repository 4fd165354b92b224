// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading the head of executables: ELF program headers, #! lines, set-id bits
 * and file capabilities.
 *
 * It answers for the usual case and is no security check; a file that changes
 * between the look and execve() merely is not attended to.
 */
#include "image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cleanup.h"

/* As many interpreters of interpreters as the kernel follows. */
#define SCRIPT_DEPTH 5
/* The kernel's limit for a #! line. */
#define SCRIPT_LINE 256
/* Program headers that are looked at; real programs have about a dozen. */
#define HEADERS_MAX 256

/* The machine that this program, and with it the preloaded object, is for. */
static int own_machine(void)
{
	static int machine = -1;
	__close int fd = -1;
	ElfW(Ehdr) header;

	if (machine < 0) {
		fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		machine = EM_NONE;
		if (pread(fd, &header, sizeof(header), 0) ==
		    (ssize_t)sizeof(header))
			machine = header.e_machine;
	}
	return machine;
}

/* The dynamic linker itself may be run as a program; it then preloads. */
static bool is_linker(const char *path)
{
	const char *base = strrchr(path, '/');

	return !strncmp(base ? base + 1 : path, "ld-", 3);
}

static int elf_kind(int fd, const char *path, enum image_kind *kind)
{
	__free ElfW(Phdr) *headers = NULL;
	ElfW(Ehdr) elf;
	size_t bytes;

	if (pread(fd, &elf, sizeof(elf), 0) != (ssize_t)sizeof(elf))
		return -ENOEXEC;
	if (elf.e_ident[EI_CLASS] !=
		    (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    elf.e_machine != own_machine()) {
		*kind = IMAGE_FOREIGN;
		return 0;
	}
	if (elf.e_phentsize != sizeof(*headers) || elf.e_phnum > HEADERS_MAX)
		return -ENOEXEC;
	bytes = elf.e_phnum * sizeof(*headers);
	headers = malloc(bytes + 1);
	if (!headers)
		return -ENOMEM;
	if (pread(fd, headers, bytes, (off_t)elf.e_phoff) != (ssize_t)bytes)
		return -ENOEXEC;
	*kind = is_linker(path) ? IMAGE_DYNAMIC : IMAGE_STATIC;
	for (unsigned int i = 0; i < elf.e_phnum; i++) {
		if (headers[i].p_type == PT_INTERP)
			*kind = IMAGE_DYNAMIC;
	}
	return 0;
}

/* Does execve() of this file change credentials? */
static bool gains_privileges(int fd)
{
	struct statvfs fs;
	struct stat st;

	if (fstat(fd, &st) || (!fstatvfs(fd, &fs) && (fs.f_flag & ST_NOSUID)))
		return false;
	if ((st.st_mode & S_ISUID) && st.st_uid != geteuid())
		return true;
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    st.st_gid != getegid())
		return true;
	return geteuid() && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

/* Cuts the interpreter out of a #! line; false if there is none. */
static bool script_interpreter(char *head, char path[static SCRIPT_LINE])
{
	head += 2;
	head[strcspn(head, "\n")] = '\0';
	head += strspn(head, " \t");
	head[strcspn(head, " \t")] = '\0';
	strcpy(path, head);
	return *path;
}

int image_kind(const char *path, enum image_kind *kind)
{
	char interpreter[SCRIPT_LINE];

	for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
		__close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		char head[SCRIPT_LINE] = { 0 };
		ssize_t got;

		if (fd < 0)
			return -errno;
		got = pread(fd, head, sizeof(head) - 1, 0);
		if (got < 0)
			return -errno;
		if (got >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG)) {
			if (gains_privileges(fd)) {
				*kind = IMAGE_PRIVILEGED;
				return 0;
			}
			return elf_kind(fd, path, kind);
		}
		if (strncmp(head, "#!", 2) ||
		    !script_interpreter(head, interpreter)) {
			*kind = IMAGE_UNKNOWN;
			return 0;
		}
		path = interpreter;
	}
	return -ELOOP;
}

const char *image_obstacle(enum image_kind kind)
{
	switch (kind) {
	case IMAGE_STATIC:
		return "is statically linked";
	case IMAGE_FOREIGN:
		return "is for another kind of CPU or word size";
	case IMAGE_PRIVILEGED:
		return "gains privileges when it is run (set-user-ID, set-group-ID or file capabilities)";
	case IMAGE_DYNAMIC:
	case IMAGE_UNKNOWN:
		break;
	}
	return NULL;
}

static int check_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	return S_ISREG(st.st_mode) && !access(path, X_OK) ? 0 : -EACCES;
}

int image_find(const char *name, char *path, size_t size)
{
	const char *search = getenv("PATH"), *end;
	int result = -ENOENT, err;

	if (strchr(name, '/')) {
		if (strlen(name) >= size)
			return -ENAMETOOLONG;
		strcpy(path, name);
		return check_executable(path);
	}
	if (!*name)
		return -ENOENT;
	if (!search)
		search = "/bin:/usr/bin";
	for (; search; search = *end ? end + 1 : NULL) {
		int length;

		end = strchrnul(search, ':');
		length = (int)(end - search);
		/* an empty entry is the current directory */
		if (snprintf(path, size, "%.*s/%s", length ? length : 1,
			     length ? search : ".", name) >= (int)size)
			continue;
		err = check_executable(path);
		if (!err)
			return 0;
		if (err == -EACCES)
			result = err;
	}
	return result;
}
