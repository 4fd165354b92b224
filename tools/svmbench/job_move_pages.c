// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The peer: move_pages(2) between two NUMA nodes. The lists that it wants are
 * made before the clock starts. A huge page moves as a whole when its first page
 * is named, so no more are named where the source is all huge.
 */
#include "job.h"

#include <errno.h>
#include <numaif.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

/*
 * struct lists - what move_pages() is given
 * @nr: entries.
 * @pages: addresses.
 * @nodes: where each shall go.
 * @status: where each is.
 */
struct lists {
	size_t nr;
	void **pages;
	int *nodes;
	int *status;
};

static void lists_free(struct lists *lists)
{
	free(lists->pages);
	free(lists->nodes);
	free(lists->status);
}

static int lists_make(struct lists *lists, const struct memory *memory,
		      size_t step)
{
	lists->nr = memory->bytes / step;
	lists->pages = calloc(lists->nr, sizeof(*lists->pages));
	lists->nodes = calloc(lists->nr, sizeof(*lists->nodes));
	lists->status = calloc(lists->nr, sizeof(*lists->status));
	if (!lists->pages || !lists->nodes || !lists->status)
		return -ENOMEM;
	for (size_t i = 0; i < lists->nr; i++)
		lists->pages[i] = (char *)memory->addr + i * step;
	return 0;
}

/* How many pages are not on this node? Or an error. */
static long count_elsewhere(struct lists *lists, int node)
{
	long elsewhere = 0;

	if (move_pages(0, lists->nr, lists->pages, NULL, lists->status, 0))
		return -errno;
	for (size_t i = 0; i < lists->nr; i++)
		elsewhere += lists->status[i] != node;
	return elsewhere;
}

static int move_all(struct lists *lists, int node, uint64_t *ns)
{
	uint64_t start;
	long left;

	for (size_t i = 0; i < lists->nr; i++)
		lists->nodes[i] = node;
	start = clock_ns();
	left = move_pages(0, lists->nr, lists->pages, lists->nodes,
			  lists->status, MPOL_MF_MOVE);
	*ns = clock_ns() - start;
	return left < 0 ? -errno : 0;
}

static int move_and_check(struct job *job, struct lists *move,
			  struct lists *query, int node, uint64_t *ns)
{
	long elsewhere;
	int err;

	err = move_all(move, node, ns);
	if (err)
		return job_problem(job, err, "move_pages to node%d: %s", node,
				   strerror(-err));
	elsewhere = count_elsewhere(query, node);
	if (elsewhere < 0)
		return job_problem(job, (int)elsewhere, "move_pages: %s",
				   strerror((int)-elsewhere));
	if (elsewhere)
		return job_problem(job, -EAGAIN,
				   "%ld of %zu pages did not come to node%d",
				   elsewhere, query->nr, node);
	return 0;
}

int job_move_pages(struct job *job, uint64_t *ns_away, uint64_t *ns_home)
{
	__cleanup(lists_free) struct lists huge = { 0 }, all = { 0 };
	struct lists *move = &all;
	uint64_t unused;
	int err;

	err = job_refresh(job);
	if (err)
		return err;
	err = lists_make(&all, &job->source, (size_t)sysconf(_SC_PAGESIZE));
	if (!err && job->huge_bytes == job->bytes) {
		err = lists_make(&huge, &job->source, HUGE_BYTES);
		move = &huge;
	}
	if (err)
		return job_problem(job, err, "no memory for the lists");
	/* some may have found no room at home when they were made */
	err = move_and_check(job, move, &all, job->home, &unused);
	if (!err)
		err = move_and_check(job, move, &all, job->away, ns_away);
	if (!err)
		err = move_and_check(job, move, &all, job->home, ns_home);
	if (!err)
		err = job_check(job, "move_pages");
	return err;
}
