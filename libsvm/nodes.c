// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * NUMA nodes by move_pages(2): where pages are, and moving them, for what the
 * kernel module does not do or when it is not there.
 *
 * Each call has scratch memory of its own, at most CHUNK pages' worth (36 bytes
 * each); no locks. Two calls on the same pages race as two move_pages(2) do.
 *
 * move_pages(2) gathers pages into batches and gives up after the first batch
 * of which a page stayed: it then returns a positive number, has written the
 * status of all pages before that batch, and of none in it or after it, but for
 * the page whose failure ended the batch. attempted() makes use of that. A page
 * that can't be looked up or is there already ends a batch, and so does each
 * further page of a huge page; so only pages that are elsewhere are passed, and
 * what did not succeed is asked for again before it is called a failure.
 */
#include <errno.h>
#include <limits.h>
#include <numaif.h>
#include <stdlib.h>
#include <string.h>

#include "aspace.h"
#include "cleanup.h"
#include "nodes.h"

/*
 * Pages in one move_pages(2) call. Each call drains the per-CPU lists of pages
 * on all CPUs, so it must not be small; 8192 make 32 MiB.
 */
#define CHUNK 8192

/* A status that the kernel has not written. */
#define UNTOLD INT_MIN

/**
 * struct svm_chunk - pages that are worked on together
 * @nr: how many.
 * @addr: their addresses.
 * @index: their positions in the caller's array.
 * @code: what move_pages(2) said of them.
 * @node: the destination, for each; kept as long as @nr.
 * @again_addr: those among them that are asked for once more,
 * @again_code: what move_pages(2) said this time,
 * @again_index: and their positions in this chunk.
 */
struct svm_chunk {
	size_t nr;
	void *addr[CHUNK];
	uint32_t index[CHUNK];
	int code[CHUNK];
	int node[CHUNK];
	void *again_addr[CHUNK];
	int again_code[CHUNK];
	uint32_t again_index[CHUNK];
};

/**
 * struct svm_work - a call of svm_nodes_move()
 * @svm: the handle.
 * @as: the address space.
 * @node: the destination, or SVM_NODE_ANY.
 * @status: of each page of the span.
 * @moved: pages moved so far.
 * @refused: pages left so far, by status, as in &struct svm_moved.
 */
struct svm_work {
	struct svm *svm;
	struct svm_aspace as;
	int node;
	uint8_t *status;
	uint64_t moved;
	uint64_t refused[SVM_PAGE_STATUS_MAX];
};

/* What move_pages(2) itself returned, in the words of our contract. */
static int translate(const struct svm *svm, long ret)
{
	switch (ret) {
	case -ENODEV: /* no such node */
		return -EINVAL;
	case -EINVAL: /* the process lives, but its address space is gone */
		return svm->pid ? -ESRCH : -EINVAL;
	case -ENOSYS:
		return -EOPNOTSUPP;
	default:
		return (int)ret;
	}
}

/* Whether it is up to us what becomes of a page with this status. */
static bool is_open(uint8_t status)
{
	switch (status) {
	case SVM_PAGE_NOT_REACHED:
	case SVM_PAGE_FILE:
	case SVM_PAGE_SHMEM:
	case SVM_PAGE_HUGETLB:
	case SVM_PAGE_SWAPPED: /* it may be the swap cache, which can move */
		return true;
	default:
		return false;
	}
}

/* Gives a page its status. What the kernel module has counted is taken back. */
static void conclude(struct svm_work *w, uint32_t at, uint8_t status)
{
	uint8_t before = w->status[at];

	w->status[at] = status;
	if (before != SVM_PAGE_NOT_REACHED)
		w->refused[before]--;
	if (status == SVM_PAGE_MOVED)
		w->moved++;
	else if (status != SVM_PAGE_ALREADY)
		w->refused[status]++;
}

static int query(const struct svm *svm, size_t nr, void **addr, int *code)
{
	long ret = svm->ops->move_pages(svm->pid, nr, addr, NULL, code, 0);

	return ret < 0 ? translate(svm, ret) : 0;
}

/* The status of a page that is @place, and not on a node. */
static uint8_t status_at(int place)
{
	switch (place) {
	case SVM_PLACE_UNMAPPED:
		return SVM_PAGE_UNMAPPED;
	case SVM_PLACE_SWAP:
		return SVM_PAGE_SWAPPED;
	case SVM_PLACE_ZERO: /* on every node, as the module has it too */
		return SVM_PAGE_ALREADY;
	case SVM_PLACE_SPECIAL:
		return SVM_PAGE_SPECIAL;
	default:
		return SVM_PAGE_HOLE;
	}
}

/*
 * The status of a page that is on another node still, after move_pages(2) said
 * @code of it; or a negative errno.
 */
static int reason(struct svm_aspace *as, uintptr_t addr, int code)
{
	enum svm_vma_kind kind;
	int ret;

	switch (code) {
	case -EACCES: /* other processes have it mapped too */
	case -EFAULT: /* this kind of mapping does not migrate */
	case -EINVAL: /* nor does this file system */
		break;
	case -ENOMEM:
		return SVM_PAGE_NO_MEMORY;
	default:
		return SVM_PAGE_BUSY;
	}
	ret = svm_aspace_kind(as, addr, &kind);
	if (ret == -ENOENT)
		return SVM_PAGE_UNMAPPED;
	if (ret)
		return ret;
	switch (kind) {
	case VMA_FILE:
		return SVM_PAGE_FILE;
	case VMA_SHMEM:
		return SVM_PAGE_SHMEM;
	case VMA_HUGETLB:
		return SVM_PAGE_HUGETLB;
	case VMA_SPECIAL:
		return SVM_PAGE_SPECIAL;
	case VMA_ANON:
	default:
		return code == -EFAULT ? SVM_PAGE_SPECIAL : SVM_PAGE_BUSY;
	}
}

/* Drops the first @gone pages. */
static void drop(struct svm_chunk *c, size_t gone)
{
	c->nr -= gone;
	memmove(c->addr, c->addr + gone, c->nr * sizeof(c->addr[0]));
	memmove(c->index, c->index + gone, c->nr * sizeof(c->index[0]));
}

/*
 * How many of the pages the kernel has tried, after a call that gave up. All,
 * if the failed batch was the last: no page before it is untold. Else those up
 * to the page that ended it, the last one told of.
 */
static size_t attempted(const struct svm_chunk *c)
{
	size_t first, last = c->nr;

	while (last && c->code[last - 1] == UNTOLD)
		last--;
	for (first = 0; first < last; first++)
		if (c->code[first] == UNTOLD)
			return last;
	return c->nr;
}

/*
 * Concludes the first @nr pages of a chunk, which were tried. Those of which
 * the kernel has not told failed for the reason @untold, if they failed.
 */
static int settle(struct svm_work *w, struct svm_chunk *c, size_t nr,
		  int untold)
{
	size_t i, again = 0;
	int ret;

	for (i = 0; i < nr; i++) {
		if (c->code[i] == w->node) {
			conclude(w, c->index[i], SVM_PAGE_MOVED);
			continue;
		}
		c->again_addr[again] = c->addr[i];
		c->again_index[again++] = (uint32_t)i;
	}
	if (!again)
		return 0;
	ret = query(w->svm, again, c->again_addr, c->again_code);
	if (ret)
		return ret;
	while (again--) {
		int code;

		i = c->again_index[again];
		code = c->code[i] == UNTOLD ? untold : c->code[i];
		if (c->again_code[again] == w->node)
			ret = SVM_PAGE_MOVED;
		else if (c->again_code[again] < 0) /* gone under our hands */
			ret = SVM_PAGE_BUSY;
		else
			ret = reason(&w->as, (uintptr_t)c->addr[i], code);
		if (ret < 0)
			return ret;
		conclude(w, c->index[i], (uint8_t)ret);
	}
	return 0;
}

/* Moves the pages of a chunk, all of which are on another node. */
static int move_chunk(struct svm_work *w, struct svm_chunk *c)
{
	const struct svm *svm = w->svm;
	size_t i;

	for (i = 0; i < c->nr; i++)
		c->node[i] = w->node;
	while (c->nr) {
		size_t tried;
		long ret;
		int err;

		for (i = 0; i < c->nr; i++)
			c->code[i] = UNTOLD;
		ret = svm->ops->move_pages(svm->pid, c->nr, c->addr, c->node,
					   c->code, MPOL_MF_MOVE);
		/* No room on the node: what is left would not fit either. */
		if (ret < 0 && ret != -ENOMEM)
			return translate(svm, ret);
		tried = ret > 0 ? attempted(c) : c->nr;
		err = settle(w, c, tried, ret < 0 ? -ENOMEM : -EBUSY);
		if (err)
			return err;
		drop(c, tried);
	}
	return 0;
}

/* Concludes the pages of a chunk that need no move, and keeps the others. */
static int sort_out(struct svm_work *w, struct svm_chunk *c)
{
	size_t i, kept = 0;
	int ret = query(w->svm, c->nr, c->addr, c->code);

	if (ret)
		return ret;
	for (i = 0; i < c->nr; i++) {
		uint32_t at = c->index[i];

		if (c->code[i] < 0) {
			ret = svm_aspace_place(&w->as, (uintptr_t)c->addr[i],
					       c->code[i]);
			if (ret < 0)
				return ret;
			conclude(w, at, status_at(ret));
		} else if (w->node == SVM_NODE_ANY || c->code[i] == w->node) {
			conclude(w, at, SVM_PAGE_ALREADY);
		} else {
			c->addr[kept] = c->addr[i];
			c->index[kept++] = at;
		}
	}
	c->nr = kept;
	return 0;
}

static int move_span(struct svm_work *w, struct svm_span span)
{
	size_t nr = svm_span_pages(w->svm, span);
	__free_mem struct svm_chunk *c = NULL;
	size_t i = 0;
	int ret = 0;

	while (!ret) {
		while (i < nr && !is_open(w->status[i]))
			i++;
		if (i == nr)
			return 0;
		if (!c)
			c = malloc(sizeof(*c));
		if (!c)
			return -ENOMEM;
		for (c->nr = 0; i < nr && c->nr < CHUNK; i++) {
			if (!is_open(w->status[i]))
				continue;
			c->addr[c->nr] =
				(void *)(span.start + i * w->svm->page_size);
			c->index[c->nr++] = (uint32_t)i;
		}
		ret = sort_out(w, c);
		if (!ret)
			ret = move_chunk(w, c);
	}
	return ret;
}

/* Adds what was done to the handle's counters. */
static void count(const struct svm_work *w)
{
	struct svm_moved *sum = &w->svm->moved;
	size_t i;

	atomic_fetch_add_explicit(&sum->bytes, w->moved * w->svm->page_size,
				  memory_order_relaxed);
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		if (w->refused[i])
			atomic_fetch_add_explicit(&sum->refused[i],
						  w->refused[i],
						  memory_order_relaxed);
}

/**
 * svm_nodes_move() - move pages to a node by move_pages(2)
 * @svm: the handle.
 * @span: the pages; fewer than 2^32.
 * @node: a node that has memory; or SVM_NODE_ANY: nothing moves, pages on any
 *	node are there already.
 * @status: for each page of the span. Pages that are NOT_REACHED or that the
 *	kernel module leaves to us (files, shared memory, hugetlbfs, the swap
 *	cache) are worked on, the others are passed over.
 * @moved: the number of pages moved; set on error too.
 *
 * Returns 0, or an error of move_pages(2), or one of svm_vmas_load().
 */
int svm_nodes_move(struct svm *svm, struct svm_span span, int node,
		   uint8_t *status, uint64_t *moved)
{
	struct svm_work w = { .svm = svm, .node = node, .status = status };
	int ret;

	svm_aspace_init(&w.as, svm, span);
	ret = move_span(&w, span);
	svm_aspace_release(&w.as);
	count(&w);
	*moved = w.moved;
	return ret;
}

static void release_aspace(struct svm_aspace *as)
{
	svm_aspace_release(as);
}

/**
 * svm_nodes_where() - where pages are, by move_pages(2)
 * @svm: the handle.
 * @span: the pages.
 * @pages: an entry for each.
 *
 * Returns 0, or an error of move_pages(2), or one of svm_vmas_load().
 */
int svm_nodes_where(struct svm *svm, struct svm_span span,
		    struct svm_page *pages)
{
	size_t nr = svm_span_pages(svm, span);
	__cleanup(release_aspace) struct svm_aspace as;
	__free_mem struct svm_chunk *c = NULL;
	size_t i, done;
	int ret;

	svm_aspace_init(&as, svm, span);
	c = malloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	for (done = 0; done < nr; done += c->nr) {
		c->nr = nr - done < CHUNK ? nr - done : CHUNK;
		for (i = 0; i < c->nr; i++)
			c->addr[i] = (void *)(span.start +
					      (done + i) * svm->page_size);
		ret = query(svm, c->nr, c->addr, c->code);
		if (ret)
			return ret;
		for (i = 0; i < c->nr; i++) {
			struct svm_page *page = &pages[done + i];

			*page = (struct svm_page){ 0 };
			if (c->code[i] >= 0) {
				page->place = SVM_PLACE_SYSTEM;
				page->id = (uint16_t)c->code[i];
				continue;
			}
			ret = svm_aspace_place(&as, (uintptr_t)c->addr[i],
					       c->code[i]);
			if (ret < 0)
				return ret;
			page->place = (uint8_t)ret;
		}
	}
	return 0;
}
