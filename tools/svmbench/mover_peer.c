// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's test_hmm, checked by what the kernel shows of the page tables: to
 * /proc/self/pagemap, memory on a device looks swapped out.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "peer.h"
#include "units.h"

static int begin(struct job *job)
{
	int err;

	err = job_make_copy(job);
	if (err)
		return err;
	job->peer = peer_open();
	if (job->peer < 0)
		return job_problem(job, job->peer, "%s: %s", PEER_PATH,
				   strerror(-job->peer));
	return 0;
}

static void end(struct job *job)
{
	if (job->peer >= 0)
		close(job->peer);
	job->peer = -1;
}

static int move(struct job *job, bool to_device, uint64_t *ns)
{
	uint64_t start, away;
	char text[UNITS_MAX];
	int err;

	start = clock_ns();
	err = peer_move(job->peer, job->source.addr, job->bytes,
			to_device ? job->copy.addr : NULL);
	*ns = clock_ns() - start;
	/* so it says, too late to undo it, if any page stayed */
	if (err == -ENOENT)
		return job_problem(job, -EAGAIN, "%s: not all moved",
				   PEER_PATH);
	if (err)
		return job_problem(job, err, "%s: %s", PEER_PATH,
				   strerror(-err));
	away = memory_away_bytes(&job->source);
	if (away != (to_device ? job->bytes : 0))
		return job_problem(job, -EAGAIN, "%s is on the device",
				   format_bytes(away, text));
	return 0;
}

static int there(struct job *job, uint64_t *ns)
{
	return move(job, true, ns);
}

static int back(struct job *job, uint64_t *ns)
{
	return move(job, false, ns);
}

const struct mover mover_peer = {
	.begin = begin,
	.there = there,
	.back = back,
	.end = end,
};
