/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the run came to: the counters that the report shows.
 */
#ifndef SVM_RUN_TALLY_H
#define SVM_RUN_TALLY_H

#include <limits.h>
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
	char program[PATH_MAX];
};

/* Types and causes of events that are told apart; 0 for others. */
#define TALLY_TYPES 8
#define TALLY_CAUSES 16

/*
 * struct engine_tally - what devices did, other than moving, under churn
 * @atomics: atomics that were done.
 * @atomics_refused: those that failed: of memory that is gone or protected by
 *	then, or that others kept.
 * @reads: reads that were done.
 * @reads_refused: those that failed.
 * @bytes_read: by these.
 * @exclusive_pages: pages that a device had to itself.
 * @exclusive_refused: those that it did not get.
 * @exclusive_released: of those that it got, given back by request.
 * @events: by type and cause.
 * @event_bytes: likewise.
 * @events_dropped: events that came when there was no room.
 */
struct engine_tally {
	uint64_t atomics;
	uint64_t atomics_refused;
	uint64_t reads;
	uint64_t reads_refused;
	uint64_t bytes_read;
	uint64_t exclusive_pages;
	uint64_t exclusive_refused;
	uint64_t exclusive_released;
	uint64_t events[TALLY_TYPES][TALLY_CAUSES];
	uint64_t event_bytes[TALLY_TYPES][TALLY_CAUSES];
	uint64_t events_dropped;
};

/*
 * struct tally - sums over all processes
 * @processes: processes that joined.
 * @programs: address spaces that joined: processes, and the programs that they
 *	went on to by exec.
 * @untracked: joined, but more than can be tracked at a time.
 * @unreadable: joined, but their mappings may not be read.
 * @contextless: joined, but could open no device.
 * @sessions: address spaces that svmd has taken.
 * @sessions_refused: those that it has not.
 * @passes: rounds over a process's memory that moved or tried to.
 * @flights: of the moves, those that the kernel did in the background.
 * @flights_cancelled: of these, those that were cancelled in time.
 * @hints: pieces that were advised something that is in effect.
 * @hints_withdrawn: pieces whose advice was taken back.
 * @hints_followed: bytes that moved to the place that they preferred.
 * @batches: of the moves, those of several ranges by one call.
 * @batch_ranges: the ranges of these.
 * @seen_on_device: pages that were found on a device.
 * @seen_in_system: pages that were found in system memory.
 * @seen_elsewhere: pages that were found neither here nor there.
 * @keeps: pieces that were to be kept from svm-run's own moves.
 * @kept_pages: pages that stayed for that.
 * @keeps_withdrawn: pieces that were kept no more after that.
 * @keeps_moved: of these, those that were seen to move then.
 * @evictions: calls for room on a device.
 * @bytes_evicted: that went home by these.
 * @eviction_error: why there are no more of them: a negative errno, or 0.
 * @vanished: moves of memory that had been unmapped by then.
 * @errors: errno values that calls returned, by value; 0 for odd ones.
 * @engine: what devices did to the memory in place.
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
	uint64_t sessions;
	uint64_t sessions_refused;
	uint64_t passes;
	uint64_t flights;
	uint64_t flights_cancelled;
	uint64_t hints;
	uint64_t hints_withdrawn;
	uint64_t hints_followed;
	uint64_t batches;
	uint64_t batch_ranges;
	uint64_t seen_on_device;
	uint64_t seen_in_system;
	uint64_t seen_elsewhere;
	uint64_t keeps;
	uint64_t kept_pages;
	uint64_t keeps_withdrawn;
	uint64_t keeps_moved;
	uint64_t evictions;
	uint64_t bytes_evicted;
	int eviction_error;
	uint64_t vanished;
	uint64_t errors[TALLY_ERRORS_MAX];
	struct engine_tally engine;
	struct svm_stats stats;
	uint64_t nr_strays;
	unsigned int nr_listed;
	struct stray strays[TALLY_STRAYS_MAX];
};

void tally_error(struct tally *tally, int err);

/*
 * What a call came to that worked on a process's memory: an error is counted, and
 * memory that is gone as vanished. Returns 0, or -ESRCH when the process is gone.
 */
int tally_outcome(struct tally *tally, int err);

void tally_event(struct engine_tally *tally, const struct svm_event *event);

/* Pages whose exclusive access a CPU's touch ended. */
uint64_t tally_touched(const struct engine_tally *tally);

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
