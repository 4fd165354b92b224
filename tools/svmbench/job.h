/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job: memory of one size and kind of page, and what is done with it and timed.
 * Each of these is in a file of its own (job_*.c), checks that everything came
 * where it should and that the content is right, and times nothing but the
 * operation itself.
 */
#ifndef SVMBENCH_JOB_H
#define SVMBENCH_JOB_H

#include <stdint.h>

#include "clock.h"
#include "device.h"
#include "latencies.h"
#include "memory.h"
#include "phases.h"

/*
 * struct job - what to move
 * @bytes: how much.
 * @kind: in what pages.
 * @home: the node where it lives.
 * @away: another node, or -1.
 * @device: a device with room for it, or NULL.
 * @source: the memory.
 * @copy: as much memory, for memcpy and as a buffer.
 * @seed: of the content of @source; another one each time.
 * @huge_bytes: how much of @source was in huge pages when it was last filled.
 * @steps: of computing, that take about as long as a move; 0 if unknown yet.
 * @started: when the last operation that was timed began; not set by all.
 * @peer: descriptor of the peer's device, while it moves.
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
	uint64_t steps;
	uint64_t started;
	int peer;
	char problem[192];
};

/*
 * The functions below return 0, -EAGAIN if not everything moved (worth another
 * try), -EBADMSG if the content was wrong, or another negative errno value;
 * @problem then says it in words.
 */

/*
 * struct mover - somebody who moves memory to a device and back
 * @begin: gets ready; NULL if there is nothing to do.
 * @there: moves all of the source there, and checks that it is.
 * @back: moves what is there back, and checks that all is.
 * @end: leaves, so as not to stand by while others are timed; may be NULL.
 */
struct mover {
	int (*begin)(struct job *job);
	int (*there)(struct job *job, uint64_t *ns);
	int (*back)(struct job *job, uint64_t *ns);
	void (*end)(struct job *job);
};

/* Our own: svm_migrate() with @device. */
extern const struct mover mover_svm;
/* The kernel's test_hmm. */
extern const struct mover mover_peer;

/* Makes the source what it should be: pages of the kind, a new content. */
int job_refresh(struct job *job);

/* Is the content still what it was? */
int job_check(struct job *job, const char *after);

/*
 * To the device or back by svm_migrate(), without looking whether it is true.
 */
int job_move(struct job *job, bool to_device, uint64_t *ns);

/*
 * Is all of the source on the device, and nothing in system memory? Or the
 * reverse? As the module sees it.
 */
int job_check_place(struct job *job, bool on_device);

/* Makes @copy, with pages. */
int job_make_copy(struct job *job);

/* memcpy() of the source to memory of the same kind. */
int job_memcpy(struct job *job, uint64_t *ns);

/* The kernel's copy of as much, by so many CPUs (kernel_copy.h). */
int job_kernel_copy(struct job *job, unsigned int cpus, uint64_t *ns);

/* By move_pages(2) to the other node and back. */
int job_move_pages(struct job *job, uint64_t *ns_away, uint64_t *ns_home);

/* To the device, and back by the same. */
int job_migrate(struct job *job, const struct mover *mover, uint64_t *ns_there,
		uint64_t *ns_back);

/* The same by our own and so many CPUs; of one it is checked that it was alone. */
int job_migrate_by_cpus(struct job *job, unsigned int cpus, uint64_t *ns_there,
			uint64_t *ns_back);

/*
 * job_in_phases() - do something, and tell what the phases took of it (phases.h)
 * @operation: does it, and says how long all of it took.
 * @phases: each of them; the rest is what they leave.
 *
 * For this and what is built on it, the caller has called phases_open().
 */
int job_in_phases(struct job *job,
		  int (*operation)(struct job *job, uint64_t *ns),
		  struct phases *phases);

/* To the device and back by our own: phases of two. */
int job_migrate_in_phases(struct job *job, struct phases *phases);

/* To the device, and back by the CPU's touching each page in order. */
int job_sequential(struct job *job, const struct mover *mover,
		   uint64_t *ns_there, uint64_t *ns_back, uint64_t *faults);

/* The way back of that by our own. */
int job_sequential_in_phases(struct job *job, struct phases *phases);

/* How many places job_random() touches. */
uint64_t job_random_faults(const struct job *job);

/*
 * To the device; then the CPU touches pages, none near another, in a random
 * order. @ns_there and @ns are sums, @latencies gets each; it may be NULL.
 */
int job_random(struct job *job, const struct mover *mover, uint64_t *ns_there,
	       uint64_t *ns, struct latencies *latencies);

/* The faults of that by our own. */
int job_random_in_phases(struct job *job, struct phases *phases);

/*
 * To the device, and back by svm_evict(): all at once if @step is 0, else in
 * steps of so many bytes.
 */
int job_evict(struct job *job, uint64_t step, uint64_t *ns);

/* The eviction of that: all at once, and in steps of a huge page. */
int job_evict_in_phases(struct job *job, struct phases *phases);
int job_evict_by_huge_page_in_phases(struct job *job, struct phases *phases);

/*
 * struct access_times - what job_access() took
 * @read: of all memory by the device's mirror,
 * @write: of all memory,
 * @read_word: of JOB_ACCESS_WORDS words in random places,
 * @add: of as many atomic additions, twice.
 */
struct access_times {
	uint64_t read;
	uint64_t write;
	uint64_t read_word;
	uint64_t add[2];
};

#define JOB_ACCESS_WORDS 4096

/* The device accesses the memory, which is in system memory or on the device. */
int job_access(struct job *job, bool on_device, struct access_times *times);

/*
 * The device maps as much memory as the job has, though not the job's. @bytes is
 * what the kernel keeps for that.
 */
int job_mirror(struct job *job, uint64_t *bytes);

void job_free(struct job *job);

/* Notes a problem and returns @err. */
__attribute__((format(printf, 3, 4))) int job_problem(struct job *job, int err,
						      const char *format, ...);

#endif /* SVMBENCH_JOB_H */
