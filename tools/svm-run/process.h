/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One address space of the program, from its hello until it is gone.
 */
#ifndef SVM_RUN_PROCESS_H
#define SVM_RUN_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <svm/svm.h>

#include "door.h"
#include "flight.h"
#include "herd.h"
#include "keep.h"
#include "places.h"
#include "survey.h"
#include "tally.h"

struct settling;
struct engine;
struct joining;

/*
 * struct process - an address space
 * @pid: its process.
 * @pidfd: the same; readable when the process has exited.
 * @maps: /proc/PID/maps of this address space.
 * @pagemap: /proc/PID/pagemap of it.
 * @svm: acts on it.
 * @devices: ids of the devices for which there are contexts, as a mask.
 * @survey: where it has pages.
 * @settling: state of the settling policy, or NULL.
 * @engine: what devices do to it under churn, or NULL.
 * @joining: its session with svmd, or NULL.
 * @flights: its moves in the background, under churn.
 * @herd: a batch of moves, likewise.
 * @keep: a piece that is kept where it is, likewise.
 * @index: its position in the roster.
 * @exit: the event on @pidfd.
 * @roster: where it is.
 */
struct process {
	pid_t pid;
	int pidfd;
	int maps;
	int pagemap;
	struct svm *svm;
	uint64_t devices;
	struct survey survey;
	struct settling *settling;
	struct engine *engine;
	struct joining *joining;
	struct flight flights[FLIGHTS_MAX];
	struct herd herd;
	struct keep keep;
	size_t index;
	struct event *exit;
	struct roster *roster;
};

/*
 * process_open() - take up an address space that has joined
 * @out: the process.
 * @newcomer: who; its descriptors are taken over on success.
 *
 * Returns 0, -ESRCH if it is gone already, -EACCES if its mappings may not be
 * read, or an error of svm_open().
 */
int process_open(struct process **out, struct newcomer *newcomer);

/* Adds its counters to @tally and lets go of it. The process itself goes on. */
void process_close(struct process *process, struct tally *tally);

bool process_has_exited(const struct process *process);

/* Can its memory go to this place? */
static inline bool process_reaches(const struct process *process,
				   const struct place *place)
{
	return !place_is_device(place) ||
	       (process->devices >> place->where.id & 1);
}

/* All that there can be in a huge page's worth of memory: every other page. */
#define MOVE_RUNS_MAX 256

/*
 * process_move() - move pages that are there
 * @process: whose.
 * @runs: where they are.
 * @nr: number of runs, at most MOVE_RUNS_MAX.
 * @place: where to; its counters are kept.
 * @tally: where errors are counted.
 * @result: what came of it.
 *
 * Returns 0 or an error of svm_migrate_ranges(); all but -ESRCH are passing.
 */
int process_move(struct process *process, const struct run *runs, size_t nr,
		 struct place *place, struct tally *tally,
		 struct svm_result *result);

#endif /* SVM_RUN_PROCESS_H */
