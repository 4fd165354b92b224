/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kind of executable a file is: can the dynamic linker preload into it?
 */
#ifndef SVM_RUN_IMAGE_H
#define SVM_RUN_IMAGE_H

#include <stddef.h>

enum image_kind {
	/* starts the dynamic linker: can be preloaded */
	IMAGE_DYNAMIC,
	/* no dynamic linker runs */
	IMAGE_STATIC,
	/* for another kind of CPU or word size than the preloaded object */
	IMAGE_FOREIGN,
	/* gains privileges by exec: the dynamic linker ignores preloads */
	IMAGE_PRIVILEGED,
	/* no ELF file, and no script either: left to execve() */
	IMAGE_UNKNOWN,
};

/*
 * image_kind() - look at an executable
 * @path: the file; a script stands for its interpreter.
 * @kind: the answer.
 *
 * Returns 0 or a negative errno value: the file can't be read (it may still be
 * executable) or is damaged (-ENOEXEC).
 */
int image_kind(const char *path, enum image_kind *kind);

/* Why nothing can be preloaded: "is statically linked"; NULL if it can. */
const char *image_obstacle(enum image_kind kind);

/*
 * image_find() - find a program as execvp() does
 * @name: name or path.
 * @path: the file that execvp() would take.
 * @size: room there.
 *
 * Returns 0, -ENOENT, -EACCES if what was found is not executable,
 * -ENAMETOOLONG.
 */
int image_find(const char *name, char *path, size_t size);

#endif /* SVM_RUN_IMAGE_H */
