/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_CREW_H
#define SVM_CREW_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/* The most CPUs that help with one run. */
#define SVM_CREW_HELPERS 3

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
 * struct svm_crew - CPUs that work on the pieces of a run
 * @work: works on a piece; @helping if by another CPU than the caller's.
 * @arg: passed to it.
 * @ready: how many pieces there are.
 * @taken: how many of them somebody has begun.
 * @nr_helpers: how many are to be called.
 * @helpers: the helpers.
 */
struct svm_crew {
	void (*work)(void *arg, unsigned int piece, bool helping);
	void *arg;
	unsigned int ready;
	atomic_t taken;
	unsigned int nr_helpers;
	struct svm_helper helpers[SVM_CREW_HELPERS];
};

int svm_crews_init(void);
void svm_crews_exit(void);

void svm_crew_init(struct svm_crew *crew);
void svm_crew_begin(struct svm_crew *crew, bool alone,
		    void (*work)(void *arg, unsigned int piece, bool helping),
		    void *arg);
void svm_crew_offer(struct svm_crew *crew);
void svm_crew_end(struct svm_crew *crew);

#endif /* SVM_CREW_H */
