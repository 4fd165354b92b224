// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exclusive access, held or not, and a CPU that touches the pages at once.
 */
#include "stress.h"

#include "engine.h"

#define MOST_PAGES 32
#define MOST_HOLD_MS 20

static struct range pick_few(struct worker *w)
{
	struct range r = pick_range(w);

	if (r.pages > MOST_PAGES)
		r.pages = MOST_PAGES;
	return r;
}

/* True if it was done. */
static bool exclusive_call(struct worker *w, const struct range *r, uint32_t op,
			   unsigned int hold_ms, uint8_t *status)
{
	struct svm_ioctl_exclusive e =
		arg_exclusive(op, range_addr(r), range_bytes(r), status);
	int ret;

	e.hold_ms = hold_ms;
	ret = svm_call(w->fds[below(w, board->nr_devices)], SVM_IOCTL_EXCLUSIVE,
		       &e);
	/* The context holds as many as it may. */
	if (ret == -EBUSY && hold_ms)
		return false;
	CHECK_RET(ret, 0);
	return true;
}

/* The CPU has to wait for what is held, and then finds what was there. */
static void write_one(struct worker *w, const struct range *r)
{
	size_t page = r->first + below(w, r->pages);
	size_t at = page * PAGE + below(w, PAGE);
	struct range one = { r->region, page, 1 };

	if (r->region->state[page] == PAGE_RW) {
		r->region->truth[at]++;
		__atomic_fetch_add((unsigned char *)r->region->addr + at, 1,
				   __ATOMIC_SEQ_CST);
	}
	check_range(&one, w->fds[0]);
}

void do_acquire(struct worker *w)
{
	struct range r = pick_few(w);
	unsigned int hold_ms = below(w, 3) ? 0 : 1 + below(w, MOST_HOLD_MS);
	uint8_t status[MOST_PAGES];
	size_t i;

	if (!w->exclusive ||
	    !exclusive_call(w, &r, SVM_EXCLUSIVE_ACQUIRE, hold_ms, status))
		return;
	for (i = 0; i < r.pages; i++) {
		if (r.region->state[r.first + i] != PAGE_RW &&
		    status[i] != SVM_EXCLUSIVE_REFUSED)
			FAIL("page %zu, in state %u: exclusive access %u",
			     r.first + i, r.region->state[r.first + i],
			     status[i]);
		CHECK_LE(status[i], SVM_EXCLUSIVE_REFUSED);
		add(SUM_EXCLUSIVE_PAGES,
		    status[i] == SVM_EXCLUSIVE_YES ||
			    status[i] == SVM_EXCLUSIVE_HELD);
	}
	if (below(w, 2))
		write_one(w, &r);
}

void do_release(struct worker *w)
{
	struct range r = pick_few(w);
	uint8_t status[MOST_PAGES];

	if (!w->exclusive)
		return;
	exclusive_call(w, &r, SVM_EXCLUSIVE_RELEASE, 0, status);
	exclusive_call(w, &r, SVM_EXCLUSIVE_QUERY, 0, status);
}
