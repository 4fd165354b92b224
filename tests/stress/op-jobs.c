// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moves in the background, under whatever the thread does next to its memory.
 */
#include "stress.h"

#include "jobs.h"

#define MOST_RESULTS 16

void do_submit(struct worker *w)
{
	struct range r = pick_range(w), run;
	struct dest to = below(w, 3) ? TO_DEVICE
				     : TO_NODE(w->nodes[below(w, w->nr_nodes)]);
	struct svm_ioctl_submit s =
		arg_submit(range_addr(&r), range_bytes(&r), to, -1);
	int fd = pick_fd(w), ret;
	size_t at = 0;

	/* What job_reap() wants to find. */
	s.cookie = s.addr ^ s.length;
	ret = svm_call(fd, SVM_IOCTL_SUBMIT, &s);
	if (is_gone(w, fd, ret))
		return;
	/* Nothing there at all, or many jobs that nobody has reaped yet. */
	if (ret == -EBUSY || (ret == -EFAULT && !next_mapped(&r, &at, &run))) {
		add(SUM_ERRORS_EXPECTED, 1);
		return;
	}
	CHECK_RET(ret, 0);
	CHECK_NE(s.id, 0);
}

/* The process's threads reap each other's. */
void do_reap(struct worker *w)
{
	struct svm_job_result results[MOST_RESULTS];
	int fd = w->fds[below(w, board->nr_devices)], i, n;

	n = job_reap(fd, 0, results, MOST_RESULTS);
	CHECK_GE(n, 0);
	for (i = 0; i < n; i++) {
		int error = results[i].error;

		/* All of it may have been unmapped since. */
		if (error && error != -ECANCELED && error != -EFAULT)
			FAIL("a job ended with %s", err_name(error));
		add(SUM_PAGES_BY_JOBS, results[i].pages[SVM_PAGE_MOVED]);
	}
	add(SUM_JOBS, n);
}

void do_cancel(struct worker *w)
{
	int n = job_cancel(w->fds[below(w, board->nr_devices)], 0);

	CHECK_GE(n, 0);
	add(SUM_JOBS_CANCELLED, n);
}
