// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Children that have the memory as it was, and do to it what they like.
 */
#include "stress.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void child_life(void *arg)
{
	struct worker *w = arg;
	struct region *r = &w->regions[below(w, REGIONS)];
	struct range all = { r, 0, REGION_PAGES }, some;
	size_t at = 0;
	int fd;

	/* The parent's contexts are not the child's. */
	fd = open_device(below(w, board->nr_devices));
	w->fds[0] = fd;
	check_range(&all, fd);
	if (below(w, 2) && next_mapped(&all, &at, &some)) {
		CHECK_RET(migrate(fd, range_addr(&some), range_bytes(&some),
				  below(w, 2) ? TO_DEVICE : TO_SYSTEM, 0, NULL,
				  NULL),
			  0);
		check_range(&some, fd);
	}
	/* That nobody sees. */
	for (at = 0; at < REGION_PAGES; at += 1 + below(w, 50))
		if (r->state[at] == PAGE_RW)
			memset(page_at(r->addr, at), 0xcc, 64);
	if (below(w, 2))
		check_all_others(w, r);
	if (w->child_kills_itself)
		kill(getpid(), SIGKILL);
}

void reap_child(struct worker *w, bool wait)
{
	int status;
	pid_t pid;

	if (!w->child)
		return;
	pid = CHECK_SYS(waitpid(w->child, &status, wait ? 0 : WNOHANG));
	if (!pid)
		return;
	w->child = 0;
	if (w->child_kills_itself) {
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		add(SUM_CHILDREN_KILLED, 1);
		return;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		FAIL("a child ended with wait status %#x", status);
}

/* One at a time for each thread. */
void do_fork(struct worker *w)
{
	reap_child(w, true);
	w->child_kills_itself = !below(w, 4);
	w->child = child(child_life, w);
}
