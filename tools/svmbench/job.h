/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job: memory of one size and kind of page, and the ways to move it that are
 * timed. Each of them is in a file of its own (job_*.c), checks that everything
 * came where it should and that the content is right, and times nothing but the
 * move itself.
 */
#ifndef SVMBENCH_JOB_H
#define SVMBENCH_JOB_H

#include <stdint.h>

#include "clock.h"
#include "device.h"
#include "memory.h"

/*
 * struct job - what to move
 * @bytes: how much.
 * @kind: in what pages.
 * @home: the node where it lives.
 * @away: another node, or -1.
 * @device: a device with room for it, or NULL.
 * @source: the memory.
 * @copy: as much memory for memcpy.
 * @seed: of the content of @source; another one each time.
 * @huge_bytes: how much of @source was in huge pages when it was last filled.
 * @problem: what went wrong, if a function returned an error.
 */
struct job {
	uint64_t bytes;
	enum page_kind kind;
	int home;
	int away;
	struct device *device;
	struct memory source;
	struct memory copy;
	uint64_t seed;
	uint64_t huge_bytes;
	char problem[192];
};

/*
 * The functions below return 0, -EAGAIN if not everything moved (worth another
 * try), -EBADMSG if the content was wrong, or another negative errno value;
 * @problem then says it in words.
 */

/* Makes the source what it should be: pages of the kind, a new content. */
int job_refresh(struct job *job);

/* Is the content still what it was? */
int job_check(struct job *job, const char *after);

/* memcpy() of the source to memory of the same kind. */
int job_memcpy(struct job *job, uint64_t *ns);

/* By move_pages(2) to the other node and back. */
int job_move_pages(struct job *job, uint64_t *ns_away, uint64_t *ns_home);

/* To the device by svm_migrate(), and back by the same. */
int job_migrate(struct job *job, uint64_t *ns_there, uint64_t *ns_back);

/* To the device by svm_migrate(), and back by the CPU's touching each page. */
int job_fault(struct job *job, uint64_t *ns_there, uint64_t *ns_back,
	      uint64_t *faults);

void job_free(struct job *job);

/* Notes a problem and returns @err. */
__attribute__((format(printf, 3, 4))) int job_problem(struct job *job, int err,
						      const char *format, ...);

#endif /* SVMBENCH_JOB_H */
