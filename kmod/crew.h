/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_CREW_H
#define SVM_CREW_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/* The most CPUs that help with one run. */
#define SVM_CREW_HELPERS 3

/* The most pieces of one run. */
#define SVM_CREW_PIECES 160

/* How many batches of a run may be open at the same time. */
#define SVM_CREW_BATCHES 2

struct svm_crew;

/**
 * struct svm_helper - another CPU
 * @work: what it does.
 * @crew: of whom.
 * @cpu: near which; -1 if it was not called.
 * @awake: it was called, and has not found yet that nothing is left.
 */
struct svm_helper {
	struct work_struct work;
	struct svm_crew *crew;
	int cpu;
	bool awake;
};

/**
 * struct svm_piece - what one CPU does at once
 * @first: its first page in the run.
 * @nr: how many pages.
 * @batch: the batch that it is of.
 */
struct svm_piece {
	u32 first;
	u16 nr;
	u16 batch;
};

/**
 * struct svm_crew_batch - pieces that are waited for together
 * @left: how many of them are not done, and one while more can come.
 * @end: number of the piece after its last so far.
 * @done: none is left.
 */
struct svm_crew_batch {
	atomic_t left;
	int end;
	struct completion done;
};

/**
 * struct svm_crew - CPUs that work on the pieces of a run
 * @work: works on a piece; @helping if by another CPU than the caller's.
 * @arg: passed to it.
 * @ready: how many pieces there are.
 * @taken: how many of them somebody has begun.
 * @newest: the batch that was opened last.
 * @nr_helpers: how many are to be called.
 * @pieces: in the order in which they are taken.
 * @batches: which pieces belong together.
 * @helpers: the helpers.
 */
struct svm_crew {
	void (*work)(void *arg, const struct svm_piece *piece, bool helping);
	void *arg;
	int ready;
	atomic_t taken;
	unsigned int newest;
	unsigned int nr_helpers;
	struct svm_piece pieces[SVM_CREW_PIECES];
	struct svm_crew_batch batches[SVM_CREW_BATCHES];
	struct svm_helper helpers[SVM_CREW_HELPERS];
};

/**
 * svm_crew_has_helpers() - whether others may work on a run
 * @crew: the crew; the run has begun.
 */
static inline bool svm_crew_has_helpers(const struct svm_crew *crew)
{
	return crew->nr_helpers;
}

/**
 * svm_crew_is_ahead() - whether the caller has gone on since a piece was offered
 * @crew: the crew.
 * @piece: one of its pieces, of a batch that is open.
 *
 * Return: whether a later batch was opened.
 */
static inline bool svm_crew_is_ahead(const struct svm_crew *crew,
				     const struct svm_piece *piece)
{
	return READ_ONCE(crew->newest) != piece->batch;
}

int svm_crews_init(void);
void svm_crews_exit(void);

void svm_crew_init(struct svm_crew *crew);
void svm_crew_begin(struct svm_crew *crew, bool alone,
		    void (*work)(void *arg, const struct svm_piece *piece,
				 bool helping),
		    void *arg);
void svm_crew_open(struct svm_crew *crew, unsigned int nr);
void svm_crew_offer(struct svm_crew *crew, unsigned long first,
		    unsigned long nr);
void svm_crew_close(struct svm_crew *crew, unsigned int nr);
void svm_crew_end(struct svm_crew *crew);

#endif /* SVM_CREW_H */
