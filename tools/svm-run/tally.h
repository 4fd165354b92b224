/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the run came to: the counters that the report shows.
 */
#ifndef SVM_RUN_TALLY_H
#define SVM_RUN_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include <svm/svm.h>

/* Names of programs out of reach that the report lists. */
#define TALLY_STRAYS_MAX 16
#define TALLY_ERRORS_MAX 134

/*
 * struct stray - a process that ran on where nothing could be preloaded
 * @pid: which.
 * @why: constant text, or NULL if that is not known.
 * @program: what it runs.
 */
struct stray {
	int pid;
	const char *why;
	char program[128];
};

/*
 * struct tally - sums over all processes
 * @processes: processes that joined.
 * @programs: address spaces that joined: processes, and the programs that they
 *	went on to by exec.
 * @untracked: joined, but more than can be tracked at a time.
 * @unreadable: joined, but their mappings may not be read.
 * @contextless: joined, but could open no device.
 * @passes: rounds over a process's memory that moved or tried to.
 * @vanished: moves of memory that had been unmapped by then.
 * @errors: errno values that calls returned, by value; 0 for odd ones.
 * @stats: the handles' counters, read when each was closed.
 * @nr_strays: how many ran out of reach; may be more than are listed.
 * @nr_listed: entries in @strays.
 */
struct tally {
	uint64_t processes;
	uint64_t programs;
	uint64_t untracked;
	uint64_t unreadable;
	uint64_t contextless;
	uint64_t passes;
	uint64_t vanished;
	uint64_t errors[TALLY_ERRORS_MAX];
	struct svm_stats stats;
	uint64_t nr_strays;
	unsigned int nr_listed;
	struct stray strays[TALLY_STRAYS_MAX];
};

void tally_error(struct tally *tally, int err);

/* Adds a handle's counters; call it once, right before closing the handle. */
void tally_stats(struct tally *tally, struct svm *svm);

/*
 * A process is out of reach; and one may be back by exec of another program:
 * was it a stray?
 */
void tally_stray(struct tally *tally, int pid, const char *program,
		 const char *why);
bool tally_return(struct tally *tally, int pid);

#endif /* SVM_RUN_TALLY_H */
