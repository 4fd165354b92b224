// SPDX-License-Identifier: GPL-2.0-only
/*
 * Crews: CPUs that copy side by side.
 *
 * Who moves a run of pages offers its content piece by piece, while he allocates the
 * destination of the next. Whoever is free takes the next piece: workers on other
 * CPUs, the nearest first, and he himself when they don't keep up. Pieces belong to
 * batches, of which two can be open: so he goes on to the next while the last is
 * copied. In the end he does what is left of a batch, and then waits for pieces that
 * others have begun. He never waits for a worker to come: one that is late, since
 * its CPU has something else to do, is called off.
 *
 * Helpers copy and nothing else. What goes by the task, such as memory policy,
 * cpuset, memory cgroup and signals, stays with the caller, and so do the
 * locks.
 *
 * An unbound workqueue alone would not spread: it starts work among the CPUs that
 * share a cache with the caller, and that may be just one. So each helper is
 * called to a CPU by name, which for such a workqueue is a wish.
 *
 * Locking: none; a piece is taken by compare and exchange. Who does the last one of a
 * batch that is waited for completes it, which orders what helpers did before what
 * comes after svm_crew_close().
 *
 * Limits: SVM_CREW_HELPERS, SVM_CREW_PIECES, SVM_CREW_BATCHES. The administrator
 * has the parameter copy_cpus, and /sys/devices/virtual/workqueue/svm_copy for where
 * and how nicely.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/topology.h>

#include "crew.h"

/* How many pieces the caller is ahead of each helper before he works himself. */
#define SVM_CREW_AHEAD 8

static unsigned int copy_cpus = SVM_CREW_HELPERS + 1;
module_param(copy_cpus, uint, 0644);
MODULE_PARM_DESC(copy_cpus,
		 "CPUs that copy one large range at the same time, 1 to 4");

static struct workqueue_struct *svm_crew_wq;

int svm_crews_init(void)
{
	svm_crew_wq = alloc_workqueue("svm_copy", WQ_UNBOUND | WQ_SYSFS, 0);
	return svm_crew_wq ? 0 : -ENOMEM;
}

void svm_crews_exit(void)
{
	destroy_workqueue(svm_crew_wq);
}

/*
 * Work on the next piece, if its number is less than @end.
 *
 * Return: whether there was one.
 */
static bool svm_crew_work(struct svm_crew *crew, int end, bool helping)
{
	int nr = atomic_read(&crew->taken);
	struct svm_crew_batch *batch;
	struct svm_piece *piece;

	do {
		/* Pairs with svm_crew_offer(): what it is about is written. */
		if (nr >= min(smp_load_acquire(&crew->ready), end))
			return false;
	} while (!atomic_try_cmpxchg(&crew->taken, &nr, nr + 1));

	piece = &crew->pieces[nr];
	batch = &crew->batches[piece->batch];
	crew->work(crew->arg, piece, helping);
	if (atomic_dec_and_test(&batch->left))
		complete(&batch->done);
	return true;
}

static void svm_crew_help(struct work_struct *work)
{
	struct svm_helper *helper = container_of(work, struct svm_helper, work);

	while (svm_crew_work(helper->crew, SVM_CREW_PIECES, true))
		cond_resched();
	WRITE_ONCE(helper->awake, false);
}

/**
 * svm_crew_init() - make a crew
 * @crew: the crew.
 */
void svm_crew_init(struct svm_crew *crew)
{
	unsigned int i;

	crew->nr_helpers = 0;
	for (i = 0; i < SVM_CREW_BATCHES; i++)
		init_completion(&crew->batches[i].done);
	for (i = 0; i < SVM_CREW_HELPERS; i++) {
		INIT_WORK(&crew->helpers[i].work, svm_crew_help);
		crew->helpers[i].crew = crew;
	}
}

/**
 * svm_crew_begin() - begin a run
 * @crew: the crew; nothing is under way in it.
 * @alone: nobody shall help.
 * @work: works on a piece.
 * @arg: passed to it.
 */
void svm_crew_begin(struct svm_crew *crew, bool alone,
		    void (*work)(void *arg, const struct svm_piece *piece,
				 bool helping),
		    void *arg)
{
	unsigned int nr = min(READ_ONCE(copy_cpus), num_online_cpus());
	unsigned int i;

	crew->work = work;
	crew->arg = arg;
	crew->ready = 0;
	atomic_set(&crew->taken, 0);
	crew->nr_helpers = 0;
	if (!alone && nr > 1)
		crew->nr_helpers = min(nr - 1, SVM_CREW_HELPERS);
	for (i = 0; i < crew->nr_helpers; i++) {
		crew->helpers[i].cpu = -1;
		crew->helpers[i].awake = false;
	}
}

/* Call a helper: the n-th CPU from here, but not this one. */
static void svm_crew_call(struct svm_crew *crew, unsigned int n)
{
	struct svm_helper *helper = &crew->helpers[n];
	int node = numa_node_id(), here = raw_smp_processor_id();

	if (helper->cpu < 0) {
		helper->cpu = cpumask_local_spread(n, node);
		/* Whose turn that was comes to the end of the row. */
		if (helper->cpu == here)
			helper->cpu = cpumask_local_spread(crew->nr_helpers,
							   node);
	}
	WRITE_ONCE(helper->awake, true);
	queue_work_on(helper->cpu, svm_crew_wq, &helper->work);
}

/**
 * svm_crew_open() - begin a batch, to which the pieces belong that are offered next
 * @crew: the crew.
 * @nr: its number; it is not open.
 */
void svm_crew_open(struct svm_crew *crew, unsigned int nr)
{
	struct svm_crew_batch *batch = &crew->batches[nr];

	batch->end = crew->ready;
	atomic_set(&batch->left, 1);
	WRITE_ONCE(crew->newest, nr);
}

/**
 * svm_crew_offer() - another piece of the newest batch can be worked on
 * @crew: the crew, with less than SVM_CREW_PIECES pieces.
 * @first: its first page.
 * @nr: how many pages.
 */
void svm_crew_offer(struct svm_crew *crew, unsigned long first,
		    unsigned long nr)
{
	struct svm_crew_batch *batch = &crew->batches[crew->newest];
	unsigned int i, left;

	crew->pieces[crew->ready] = (struct svm_piece){
		.first = first,
		.nr = nr,
		.batch = crew->newest,
	};
	batch->end = crew->ready + 1;
	atomic_inc(&batch->left);
	/* With all that the caller has written for it. */
	smp_store_release(&crew->ready, crew->ready + 1);
	left = crew->ready - atomic_read(&crew->taken);
	for (i = 0; i < min(crew->nr_helpers, left); i++)
		if (!READ_ONCE(crew->helpers[i].awake))
			svm_crew_call(crew, i);
	if (left > crew->nr_helpers * SVM_CREW_AHEAD)
		svm_crew_work(crew, crew->ready, false);
}

/**
 * svm_crew_close() - end a batch: all its pieces are done
 * @crew: the crew.
 * @nr: its number; no batch that was opened before it is open.
 */
void svm_crew_close(struct svm_crew *crew, unsigned int nr)
{
	struct svm_crew_batch *batch = &crew->batches[nr];

	while (svm_crew_work(crew, batch->end, false))
		cond_resched();
	if (!atomic_dec_and_test(&batch->left))
		wait_for_completion(&batch->done);
}

/**
 * svm_crew_end() - end a run: nobody works for it any more
 * @crew: the crew; all batches are closed.
 */
void svm_crew_end(struct svm_crew *crew)
{
	unsigned int i;

	for (i = 0; i < crew->nr_helpers; i++)
		if (crew->helpers[i].cpu >= 0)
			cancel_work_sync(&crew->helpers[i].work);
}
