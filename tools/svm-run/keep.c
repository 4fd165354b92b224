// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To keep a piece, see keep.h. The program is not held up by it: its own touches
 * bring memory home as ever, and of svm-run's moves only those of this piece are
 * refused, page by page, while it is kept.
 *
 * The spare context ends when its last descriptor is closed. The program has closed
 * its own right after it had sent it, unless it did not get to run since, or forked
 * in between: then the piece stays kept for longer, which harms nobody.
 */
#include "keep.h"

#include <errno.h>
#include <unistd.h>

#include "process.h"

/* One turn in so many begins to keep, for so many turns of the process. */
#define KEEP_SHARE 16
#define KEEP_TURNS 16
#define KEEP_PAGES 64

void keep_init(struct keep *keep, const int *contexts, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (keep->nr_spares < KEEP_SPARES)
			keep->spares[keep->nr_spares++] = contexts[i];
		else
			close(contexts[i]);
	}
}

/* Takes a spare context. Returns 0 or a negative errno value. */
static int take_spare(struct process *process)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct keep *keep = &process->keep;
	int spare = keep->spares[--keep->nr_spares], err;

	opts.pid = process->pid;
	opts.nr_fds = 1;
	opts.fds = &spare;
	err = svm_open(&keep->svm, &opts);
	if (err)
		close(spare);
	return err;
}

/* In vain, unless it is there already: then another place will do next time. */
static int try_move(struct process *process, struct place *place,
		    struct tally *tally)
{
	struct keep *keep = &process->keep;
	struct svm_result result;
	int err;

	err = process_move(process, &keep->piece, 1, place, tally, &result);
	if (result.pages[SVM_PAGE_KEPT]) {
		tally->kept_pages += result.pages[SVM_PAGE_KEPT];
		keep->place = place;
	}
	return err == -ESRCH ? err : 0;
}

static int begin(struct process *process, const struct run *piece,
		 struct place *place, struct tally *tally)
{
	uint64_t most = KEEP_PAGES * (uint64_t)sysconf(_SC_PAGESIZE);
	struct svm_advise_opts opts = SVM_ADVISE_OPTS_INIT;
	struct keep *keep = &process->keep;
	int ret;

	ret = keep->svm ? 0 : take_spare(process);
	if (ret)
		return tally_outcome(tally, ret);
	keep->piece = *piece;
	if (piece->end - piece->start > most)
		keep->piece.end = piece->start + most;
	opts.set = SVM_ADVICE_KEEP;
	ret = svm_advise(keep->svm, (void *)(uintptr_t)keep->piece.start,
			 keep->piece.end - keep->piece.start, &opts);
	/* 0: nobody is there to keep it */
	if (ret <= 0)
		return tally_outcome(tally, ret);
	keep->turns = KEEP_TURNS;
	keep->place = NULL;
	tally->keeps++;
	return try_move(process, place, tally);
}

/* What stayed where it was can go now. */
static int end(struct process *process, struct tally *tally)
{
	struct keep *keep = &process->keep;
	struct svm_result result;
	int err;

	keep->svm = svm_close(keep->svm);
	tally->keeps_withdrawn++;
	if (!keep->place)
		return 0;
	err = process_move(process, &keep->piece, 1, keep->place, tally,
			   &result);
	if (result.pages[SVM_PAGE_MOVED] && !result.pages[SVM_PAGE_KEPT])
		tally->keeps_moved++;
	return err == -ESRCH ? err : 0;
}

int keep_turn(struct process *process, const struct run *piece,
	      struct place *place, struct rng *rng, struct tally *tally)
{
	struct keep *keep = &process->keep;

	if (keep->turns) {
		if (!--keep->turns)
			return end(process, tally);
		return keep->place ? 0 : try_move(process, place, tally);
	}
	if ((!keep->svm && !keep->nr_spares) || rng_below(rng, KEEP_SHARE))
		return 0;
	return begin(process, piece, place, tally);
}

void keep_end(struct process *process, struct tally *tally)
{
	struct keep *keep = &process->keep;

	keep->svm = svm_close(keep->svm);
	tally->keeps_withdrawn += !!keep->turns;
	while (keep->nr_spares)
		close(keep->spares[--keep->nr_spares]);
}
