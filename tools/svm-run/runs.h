/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs: where in an address space there are pages. A bounded list that loses
 * precision, never coverage: when it is full, runs that lie close together
 * become one, with the holes between them.
 */
#ifndef SVM_RUN_RUNS_H
#define SVM_RUN_RUNS_H

#include <stddef.h>
#include <stdint.h>

struct run {
	uint64_t start;
	uint64_t end;
};

struct runs {
	size_t nr;
	size_t room;
	/* runs no further apart than this are made one */
	uint64_t gap;
	uint64_t bytes;
	struct run *list;
};

/* Forgets all runs, keeps the room. */
void runs_reset(struct runs *runs);

/*
 * runs_add() - add a run behind the last one
 *
 * Returns 0 or -ENOMEM.
 */
int runs_add(struct runs *runs, uint64_t start, uint64_t end);

/*
 * struct runs_cursor - how far one is with cutting; zeroed at first
 * @run: the run that is next.
 * @at: where in it; 0 for its beginning.
 */
struct runs_cursor {
	size_t run;
	uint64_t at;
};

/*
 * runs_cut() - cut off the next piece: what lies in one block of addresses
 * @runs: the runs.
 * @cursor: moves on.
 * @block: size of a block; they begin at its multiples.
 * @piece: runs, or parts of them, that all lie in one block.
 * @max: room there; a block with more runs gives several pieces.
 *
 * Returns their number, 0 at the end.
 */
size_t runs_cut(const struct runs *runs, struct runs_cursor *cursor,
		uint64_t block, struct run *piece, size_t max);

void runs_free(struct runs *runs);

#endif /* SVM_RUN_RUNS_H */
