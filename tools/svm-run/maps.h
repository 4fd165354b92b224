/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mappings of a process that hold memory of its own.
 */
#ifndef SVM_RUN_MAPS_H
#define SVM_RUN_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vma {
	uint64_t start;
	uint64_t end;
};

struct vmas {
	size_t nr;
	size_t room;
	struct vma *list;
};

/*
 * maps_parse() - find the private mappings in the text of /proc/PID/maps
 * @text: the text, NUL-terminated.
 * @writable_only: leave out what the process can't write to at the moment.
 * @vmas: replaced by the mappings, in ascending order: private ones that are
 *	anonymous or writable. What the kernel maps for its own ends (vDSO and
 *	the like) is not among them.
 *
 * Returns 0, -EINVAL if the text is not understood, -ENOMEM.
 */
int maps_parse(const char *text, bool writable_only, struct vmas *vmas);

/*
 * maps_read() - the same from an open /proc/PID/maps
 *
 * Returns 0, -ESRCH when the address space is gone, -EFBIG for a process with
 * more mappings than can be read in reasonable time, or another error.
 */
int maps_read(int fd, bool writable_only, struct vmas *vmas);

void vmas_free(struct vmas *vmas);

#endif /* SVM_RUN_MAPS_H */
