// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving a window of a VMA, in runs of neighbours.
 *
 * There are two kinds of runs, so that each is simple. A run of huge pages
 * consists of whole 2 MiB that one entry maps, or that nothing maps; each has its
 * 2 MiB on the device before the core is asked. What then does not go as a huge
 * page, for want of memory, or because it is none any more, is left in place and
 * goes through a run of single pages, in which the core splits huge pages on
 * the way. So no run ever offers single pages for a huge hole, of which the core
 * wants all 512 at once (it does not check).
 *
 * Between setup and replacement the content of a run is copied, by several CPUs if
 * it is large (crew.c), piece by piece, while the destinations of the next pieces
 * are allocated.
 *
 * Single pages are more work for who maps than for who copies. So where others copy,
 * a long run of them to the device goes through the core in batches, of which two
 * are under way: the next is set up, and the one before replaced and finished, while
 * one is copied. On the way home the caller has pages to clear instead.
 * To set up a batch with another one locked is no more than a long batch does by
 * itself: it too waits for huge folios to be split with single pages locked.
 *
 * Locking: mmap_lock is held, for writing if huge pages leave a device (see
 * svm_lock_mm()), and the VMA's family lock if it has one, see family.c. Who helps to
 * copy takes svm_scratch.bounce_lock at most.
 *
 * Limits: the window's. In each of SVM_MIGRATE_TRIES passes a huge page is tried at
 * most twice as such, then once as single pages.
 */
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/timekeeping.h>

#include "advise.h"
#include "compat.h"
#include "context.h"
#include "copy.h"
#include "crew.h"
#include "device.h"
#include "exclusive.h"
#include "home.h"
#include "migration.h"
#include "pool.h"
#include "quota.h"
#include "setup.h"
#include "walk.h"

/* How often to try for a page that is busy. */
#define SVM_MIGRATE_TRIES 3

/* What one CPU copies at once: 256 KiB, a part of a huge page or a whole one. */
#define SVM_PIECE_PAGES 64UL

/*
 * What the core is asked for at once when others copy: 2 MiB, or all there is to a
 * page table. Also a multiple of a piece.
 */
#define SVM_BATCH_PAGES SVM_BLOCK_PAGES

/* The first batch may be a part, and the last piece of each. */
static_assert(SVM_WINDOW_PAGES_MAX / SVM_PIECE_PAGES +
	      SVM_WINDOW_PAGES_MAX / SVM_BATCH_PAGES + 1 <= SVM_CREW_PIECES);

/**
 * struct svm_run - a run of which the content is copied
 * @mig: the call; source and destination are in its scratch.
 * @vma: where it is.
 * @addr: of its first page.
 * @status: of the pages; SVM_PAGE_POISONED is put there for what is broken, with a
 *	huge page for its first page.
 * @nr: how many pages.
 * @moved: how many of them have moved.
 * @huge: they are huge pages, all of them.
 */
struct svm_run {
	struct svm_migration *mig;
	struct vm_area_struct *vma;
	unsigned long addr;
	u8 *status;
	unsigned long nr;
	unsigned long moved;
	bool huge;
};

/**
 * struct svm_batch - a part of a run of single pages that goes through the core
 * @args: for the core; its arrays are parts of those in the scratch.
 * @first: its first page in the run.
 */
struct svm_batch {
	struct migrate_vma args;
	unsigned long first;
};

static struct page *svm_alloc_system_page(struct svm_migration *mig,
					  struct vm_area_struct *vma,
					  unsigned long addr,
					  unsigned int order)
{
	gfp_t gfp = GFP_HIGHUSER_MOVABLE | __GFP_NOWARN;
	struct folio *folio;

	/* As a page fault would, where the administrator wants huge pages. */
	if (order)
		gfp = GFP_TRANSHUGE |
		      (vma->vm_flags & VM_HUGEPAGE ? 0 : __GFP_NORETRY);
	/* To find for each page anew that nothing is left takes ages. */
	if (mig->starved)
		gfp &= ~__GFP_DIRECT_RECLAIM;
	if (mig->node != NUMA_NO_NODE)
		folio = __folio_alloc_node(gfp | __GFP_THISNODE, order,
					   mig->node);
	else if (mig->home)
		folio = svm_home_alloc(mig->home, gfp, order, vma, addr);
	else
		folio = svm_vma_alloc_folio(gfp, order, vma, addr);
	if (!folio)
		return NULL;
	__folio_set_locked(folio);
	return folio_page(folio, 0);
}

/*
 * Get the destination of a page or a huge page, as migrate_vma wants it. A page
 * frame that was used is taken out of @frame.
 */
static enum svm_page_status svm_take_dst(struct svm_migration *mig,
					 struct vm_area_struct *vma,
					 unsigned long addr, unsigned int order,
					 unsigned long *frame,
					 unsigned long *dst)
{
	struct page *page;

	if (mig->to_device) {
		page = svm_device_page_init(mig->sdev, *frame, order);
		*frame = 0;
	} else {
		page = svm_alloc_system_page(mig, vma, addr, order);
		if (!page) {
			/* Of 2 MiB in one piece there may be none all the same. */
			mig->starved |= !order;
			return SVM_PAGE_NO_MEMORY;
		}
	}
	*dst = migrate_pfn(page_to_pfn(page));
	return SVM_PAGE_CANDIDATE;
}

/* Copy, or clear what there is no source for. */
static int svm_fill_pages(struct svm_migration *mig, struct page *dst,
			  struct page *src, unsigned long nr)
{
	struct svm_scratch *s = mig->scratch;
	int ret;

	if (!src)
		return svm_clear_device_pages(dst, nr);
	if (!mig->to_device || !is_zone_device_page(src))
		return svm_copy_pages(dst, src, nr, NULL);
	mutex_lock(&s->bounce_lock);
	ret = svm_copy_pages(dst, src, nr, s->bounce);
	mutex_unlock(&s->bounce_lock);
	return ret;
}

/* Fill the destinations of a piece of a run: by whoever has the time. */
static void svm_fill_piece(void *arg, const struct svm_piece *piece,
			   bool helping)
{
	struct svm_run *run = arg;
	struct svm_counters *counters = &run->mig->sdev->counters;
	struct svm_scratch *s = run->mig->scratch;
	unsigned long step = run->huge ? SVM_PIECE_PAGES : 1;
	unsigned long i, end = piece->first + piece->nr, nr = 0;

	for (i = piece->first; i < end; i += step) {
		unsigned long head = run->huge ? ALIGN_DOWN(i, SVM_BLOCK_PAGES)
					       : i;
		struct page *dst = migrate_pfn_to_page(s->dst[head]);
		struct page *src = migrate_pfn_to_page(s->src[head]);

		if (!dst)
			continue;
		if (src)
			src += i - head;
		dst += i - head;
		if (svm_fill_pages(run->mig, dst, src, step))
			WRITE_ONCE(run->status[head], SVM_PAGE_POISONED);
		nr += step;
	}
	if (!helping)
		return;
	svm_count(counters, SVM_CTR_BYTES_HELPED, nr * PAGE_SIZE);
	if (svm_crew_is_ahead(&s->crew, piece))
		svm_count(counters, SVM_CTR_BYTES_BESIDE, nr * PAGE_SIZE);
}

/* Whether a run is copied by the caller alone. */
static bool svm_fills_alone(const struct svm_run *run,
			    const struct svm_page *first)
{
	const struct svm_migration *mig = run->mig;

	if (run->nr < SVM_BLOCK_PAGES)
		return true;
	/* The other CPUs have other work, and help with small pages gains little. */
	if (mig->background && !run->huge)
		return true;
	/* From device to device all goes through one bounce page. */
	return mig->to_device && first->place == SVM_PLACE_DEVICE;
}

/* Begin to fill a run: with help if it is worth it. */
static void svm_fill_begin(struct svm_run *run, const struct svm_page *first)
{
	svm_crew_begin(&run->mig->scratch->crew, svm_fills_alone(run, first),
		       svm_fill_piece, run);
}

/* The destination of what was found broken is thrown away. */
static void svm_drop_broken(struct svm_run *run, unsigned long i)
{
	struct svm_scratch *s = run->mig->scratch;

	if (!s->dst[i] || run->status[i] != SVM_PAGE_POISONED)
		return;
	svm_fresh_page_put(migrate_pfn_to_page(s->dst[i]));
	s->dst[i] = 0;
}

static void svm_count_moved(struct svm_migration *mig, struct page *src,
			    unsigned long nr)
{
	if (!src)
		mig->populated += nr;
	else if (mig->to_device)
		mig->to_device_pages += nr;
	else if (is_zone_device_page(src))
		mig->to_system_pages += nr;
	else
		mig->between_nodes += nr;
}

/* For what did not move: why, asked when it is back in the page tables. */
static void svm_explain(struct svm_migration *mig, struct vm_area_struct *vma,
			unsigned long start, unsigned long first,
			unsigned long nr)
{
	struct svm_scratch *s = mig->scratch;
	unsigned long i;

	for (i = first; i < first + nr; i++)
		if (s->status[i] == SVM_PAGE_CANDIDATE)
			s->status[i] = svm_why_stayed(mig, vma,
						      start + i * PAGE_SIZE,
						      &s->pages[i]);
}

static void svm_return_frames(struct svm_migration *mig, unsigned long nr)
{
	struct svm_scratch *s = mig->scratch;
	unsigned long i;

	for (i = 0; i < nr; i++)
		if (s->frames[i])
			svm_pool_free(mig->sdev->pool, s->frames[i]);
}

/* Another error than that is not for a VMA that svm_vma_status() lets through. */
static enum svm_page_status svm_setup_failed(int error)
{
	return error == -EAGAIN ? SVM_PAGE_BUSY : SVM_PAGE_SPECIAL;
}

/* Get the destination of a page of a run of single pages that is locked now. */
static enum svm_page_status svm_prepare_page(struct svm_migration *mig,
					     struct vm_area_struct *vma,
					     unsigned long start,
					     unsigned long i)
{
	struct svm_scratch *s = mig->scratch;
	enum svm_page_status status;

	status = svm_locked_page_plan(mig, vma, migrate_pfn_to_page(s->src[i]));
	if (status != SVM_PAGE_CANDIDATE)
		return status;
	return svm_take_dst(mig, vma, start + i * PAGE_SIZE, 0, &s->frames[i],
			    &s->dst[i]);
}

/*
 * Begin a batch: where the run goes on at page @first. Its pages are locked and
 * unmapped then, their destinations are there, and can be filled.
 */
static void svm_begin_batch(struct svm_run *run, struct svm_batch *batch,
			    unsigned int turn, unsigned long first,
			    unsigned long nr)
{
	struct svm_migration *mig = run->mig;
	struct svm_scratch *s = mig->scratch;
	unsigned long i, offered = first, end = first + nr;
	int ret;

	*batch = (struct svm_batch){
		.args = {
			.vma = run->vma,
			.src = s->src + first,
			.dst = s->dst + first,
			.start = run->addr + first * PAGE_SIZE,
			.end = run->addr + end * PAGE_SIZE,
			.pgmap_owner = SVM_PGMAP_OWNER,
			.flags = MIGRATE_VMA_SELECT_SYSTEM | SVM_SELECT_DEVICE,
		},
		.first = first,
	};
	svm_crew_open(&s->crew, turn);
	/* If it overruns, then into what no batch was set up for yet. */
	ret = svm_migrate_setup(&batch->args);
	if (ret) {
		memset(run->status + first, svm_setup_failed(ret), nr);
		return;
	}

	for (i = first; i < end; i++) {
		if (s->src[i] & MIGRATE_PFN_MIGRATE)
			run->status[i] = svm_prepare_page(mig, run->vma,
							  run->addr, i);
		if (i + 1 - offered == SVM_PIECE_PAGES || i + 1 == end) {
			svm_crew_offer(&s->crew, offered, i + 1 - offered);
			offered = i + 1;
		}
	}
}

/* Finish it: its content is copied, what can be replaced is, the rest is put back. */
static void svm_finish_batch(struct svm_run *run, struct svm_batch *batch,
			     unsigned int turn)
{
	struct svm_scratch *s = run->mig->scratch;
	unsigned long i, end = batch->first + batch->args.npages;

	svm_crew_close(&s->crew, turn);
	for (i = batch->first; i < end; i++)
		svm_drop_broken(run, i);

	migrate_vma_pages(&batch->args);
	for (i = batch->first; i < end; i++) {
		if (!s->dst[i] || !(s->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		svm_count_moved(run->mig, migrate_pfn_to_page(s->src[i]), 1);
		run->status[i] = SVM_PAGE_MOVED;
		run->moved++;
	}
	migrate_vma_finalize(&batch->args);
}

/* How many pages the batch has that begins at page @first of a run. */
static unsigned long svm_batch_pages(struct svm_run *run, unsigned long first)
{
	unsigned long page = (run->addr >> PAGE_SHIFT) + first;
	unsigned long nr = run->nr - first;

	if (!run->mig->to_device ||
	    !svm_crew_has_helpers(&run->mig->scratch->crew))
		return nr;
	return min(nr, SVM_BATCH_PAGES - page % SVM_BATCH_PAGES);
}

/*
 * Move neighbours as single pages: the @nr pages from number @first of the window
 * that begins at @start. For a move to the device there are as many page frames
 * in the scratch; those that were not used are left there.
 */
static void svm_migrate_singles(struct svm_migration *mig,
				struct vm_area_struct *vma,
				unsigned long start, unsigned long first,
				unsigned long nr)
{
	struct svm_scratch *s = mig->scratch;
	struct svm_run run = {
		.mig = mig,
		.vma = vma,
		.addr = start + first * PAGE_SIZE,
		.status = s->status + first,
		.nr = nr,
	};
	struct svm_batch batches[SVM_CREW_BATCHES];
	u64 began = ktime_get_ns();
	unsigned int turn = 0;
	unsigned long i, pages;

	svm_fill_begin(&run, &s->pages[first]);
	for (i = 0; i < nr; i += pages, turn = !turn) {
		pages = svm_batch_pages(&run, i);
		svm_begin_batch(&run, &batches[turn], turn, i, pages);
		if (i)
			svm_finish_batch(&run, &batches[!turn], !turn);
	}
	svm_finish_batch(&run, &batches[!turn], !turn);
	svm_crew_end(&s->crew);

	svm_explain(mig, vma, start, first, nr);
	svm_tell(mig, start, first, nr, run.moved, true, began);
}

/*
 * Take page frames of the device, as many as there are; not all at once, since the
 * pool's lock keeps interrupts off.
 */
static unsigned long svm_take_frames(struct svm_migration *mig,
				     unsigned long nr)
{
	unsigned long got = 0, more;

	do {
		more = svm_pool_alloc(mig->sdev->pool, &mig->claim,
				      mig->scratch->frames + got,
				      min(nr - got, SVM_BLOCK_PAGES));
		got += more;
	} while (more && got < nr);
	return got;
}

/*
 * Move a run of candidates as single pages. On a device that is nearly full it
 * takes several turns: pages that can't move give their page frames to others.
 */
static void svm_migrate_run(struct svm_migration *mig,
			    struct vm_area_struct *vma, unsigned long start,
			    unsigned long first, unsigned long nr)
{
	struct svm_scratch *s = mig->scratch;
	unsigned long got = nr;

	for (; nr; first += got, nr -= got) {
		if (mig->to_device)
			got = svm_take_frames(mig, nr);
		if (!got) {
			mig->no_room = svm_quota_is_used_up(mig->sdev,
							    &mig->claim) ?
				       SVM_PAGE_OVER_QUOTA :
				       SVM_PAGE_DEVICE_FULL;
			memset(s->status + first, mig->no_room, nr);
			return;
		}
		svm_migrate_singles(mig, vma, start, first, got);
		if (mig->to_device)
			svm_return_frames(mig, got);
	}
}

/* Whether the 2 MiB from a page of the window on shall move as a huge page. */
static bool svm_goes_whole(struct svm_migration *mig,
			   struct vm_area_struct *vma, unsigned long i)
{
	struct svm_scratch *s = mig->scratch;
	unsigned long end = i + SVM_BLOCK_PAGES;

	if (mig->foreign && find_next_bit(s->kept, end, i) < end)
		return false;
	return svm_plan_huge(mig, vma, &s->pages[i]);
}

#ifdef SVM_HAVE_LARGE_FOLIOS

/**
 * struct svm_again - huge pages of a run that it could not move as such
 * @single: try them as single pages, by number in the run.
 * @huge: the core passed over them: try them as huge pages once more.
 */
struct svm_again {
	unsigned long single;
	unsigned long huge;
};

/*
 * What is to be done with an entry that migrate_vma_setup() gave for a block: get
 * its destination, or note to try again.
 */
static void svm_prepare_block(struct svm_migration *mig,
			      struct vm_area_struct *vma, unsigned long start,
			      unsigned long first, unsigned int block,
			      struct svm_again *again)
{
	struct svm_scratch *s = mig->scratch;
	unsigned long at = block * SVM_BLOCK_PAGES;
	unsigned long *src = s->src + at;
	u8 *status = s->status + first + at;
	struct page *from;

	if (!(src[0] & MIGRATE_PFN_COMPOUND)) {
		/* Single pages, or a hole that holds some, meanwhile. */
		if (memchr_inv(src, 0, SVM_BLOCK_PAGES * sizeof(*src)))
			again->single |= BIT(block);
		/* Where page tables are missing the core takes one block. */
		else if (s->pages[first + at].place == SVM_PLACE_NONE ||
			 s->pages[first + at].place == SVM_PLACE_ZERO)
			again->huge |= BIT(block);
		return;
	}
	if (!(src[0] & MIGRATE_PFN_MIGRATE))
		return;

	from = migrate_pfn_to_page(src[0]);
	memset(status, svm_locked_page_plan(mig, vma, from), SVM_BLOCK_PAGES);
	if (status[0] == SVM_PAGE_CANDIDATE)
		status[0] = svm_take_dst(mig, vma,
					 start + (first + at) * PAGE_SIZE,
					 SVM_BLOCK_ORDER, &s->blocks[block],
					 &s->dst[at]);
	if (s->dst[at])
		s->dst[at] |= MIGRATE_PFN_COMPOUND;
}

/* When it is filled, or not: what can't go as a huge page goes singly. */
static void svm_check_block(struct svm_run *run, unsigned int block,
			    struct svm_again *again)
{
	u8 *status = run->status + block * SVM_BLOCK_PAGES;

	svm_drop_broken(run, block * SVM_BLOCK_PAGES);
	/* No 2 MiB to be had, or a part is broken: single pages can tell. */
	if (status[0] == SVM_PAGE_NO_MEMORY || status[0] == SVM_PAGE_POISONED) {
		memset(status, SVM_PAGE_CANDIDATE, SVM_BLOCK_PAGES);
		again->single |= BIT(block);
	}
}

/* Whether it moved, after migrate_vma_pages(). */
static bool svm_block_moved(struct svm_migration *mig, unsigned long first,
			    unsigned int block, struct svm_again *again)
{
	struct svm_scratch *s = mig->scratch;
	unsigned long at = block * SVM_BLOCK_PAGES;
	struct page *from = migrate_pfn_to_page(s->src[at]);

	if (!s->dst[at])
		return false;
	if (!(s->src[at] & MIGRATE_PFN_MIGRATE)) {
		/* Too much at once for the memory cgroup, or not empty now. */
		if (!from)
			again->single |= BIT(block);
		return false;
	}
	svm_count_moved(mig, from, SVM_BLOCK_PAGES);
	memset(s->status + first + at, SVM_PAGE_MOVED, SVM_BLOCK_PAGES);
	return true;
}

/*
 * Move a run of huge pages: @nr blocks of 2 MiB from page number @first of the
 * window. Without @family only holes are taken.
 */
static struct svm_again svm_migrate_blocks(struct svm_migration *mig,
					   struct vm_area_struct *vma,
					   unsigned long start,
					   unsigned long first, unsigned int nr,
					   struct svm_family *family)
{
	struct svm_scratch *s = mig->scratch;
	struct migrate_vma args = {
		.vma = vma,
		.src = s->src,
		.dst = s->dst,
		.start = start + first * PAGE_SIZE,
		.end = start + first * PAGE_SIZE + nr * SVM_BLOCK_BYTES,
		.pgmap_owner = SVM_PGMAP_OWNER,
		.flags = MIGRATE_VMA_SELECT_COMPOUND,
	};
	struct svm_run run = {
		.mig = mig,
		.status = s->status + first,
		.nr = nr * SVM_BLOCK_PAGES,
		.huge = true,
	};
	struct svm_again again = {};
	u64 began = ktime_get_ns();
	unsigned long i, moved = 0;
	unsigned int block;
	int ret;

	/* Who takes holes only locks no folio, and so can't block on one. */
	if (family)
		args.flags |= MIGRATE_VMA_SELECT_SYSTEM;
	if (family && mig->alone)
		args.flags |= SVM_SELECT_DEVICE;

	ret = svm_migrate_setup(&args);
	if (ret) {
		memset(s->status + first, svm_setup_failed(ret),
		       nr * SVM_BLOCK_PAGES);
		return again;
	}
	svm_fill_begin(&run, &s->pages[first]);
	svm_crew_open(&s->crew, 0);
	for (block = 0; block < nr; block++) {
		svm_prepare_block(mig, vma, start, first, block, &again);
		for (i = 0; i < SVM_BLOCK_PAGES; i += SVM_PIECE_PAGES)
			svm_crew_offer(&s->crew, block * SVM_BLOCK_PAGES + i,
				       SVM_PIECE_PAGES);
	}
	svm_crew_close(&s->crew, 0);
	svm_crew_end(&s->crew);
	for (block = 0; block < nr; block++)
		svm_check_block(&run, block, &again);

	migrate_vma_pages(&args);
	for (block = 0; block < nr; block++)
		if (svm_block_moved(mig, first, block, &again))
			moved += SVM_BLOCK_PAGES;
	migrate_vma_finalize(&args);

	svm_tell(mig, start, first, nr * SVM_BLOCK_PAGES, moved, false, began);
	return again;
}

/* Take whole blocks of the device; fewer than @nr if there are not as many. */
static unsigned int svm_take_blocks(struct svm_migration *mig, unsigned int nr)
{
	struct svm_scratch *s = mig->scratch;
	unsigned int got;

	for (got = 0; got < nr; got++) {
		s->blocks[got] = svm_pool_alloc_huge(mig->sdev->pool,
						     &mig->claim);
		if (!s->blocks[got])
			break;
	}
	return got;
}

static void svm_return_blocks(struct svm_migration *mig, unsigned int nr)
{
	struct svm_scratch *s = mig->scratch;
	unsigned int block;

	for (block = 0; block < nr; block++)
		if (s->blocks[block])
			svm_pool_free_huge(mig->sdev->pool, s->blocks[block]);
}

/*
 * Move candidates from page number @first of the window as huge pages, as many
 * as there are in a row. @nr is the length of the window.
 *
 * Return: how many pages were worked through; 0 if the first is not to be moved
 * so.
 */
static unsigned long svm_migrate_huge(struct svm_migration *mig,
				      struct vm_area_struct *vma,
				      unsigned long start, unsigned long first,
				      unsigned long nr,
				      struct svm_family *family)
{
	struct svm_scratch *s = mig->scratch;
	struct svm_again again, more = {};
	unsigned int block, blocks;
	unsigned long at = first;

	if (!IS_ALIGNED(start + first * PAGE_SIZE, SVM_BLOCK_BYTES))
		return 0;
	while (nr - at >= SVM_BLOCK_PAGES && at - first < SVM_WINDOW_PAGES &&
	       s->status[at] == SVM_PAGE_CANDIDATE &&
	       svm_goes_whole(mig, vma, at))
		at += SVM_BLOCK_PAGES;
	blocks = (at - first) / SVM_BLOCK_PAGES;
	if (!family)
		blocks = min(blocks, 1U);
	if (mig->to_device)
		blocks = svm_take_blocks(mig, blocks);
	if (!blocks)
		return 0;

	again = svm_migrate_blocks(mig, vma, start, first, blocks, family);
	if (mig->to_device)
		svm_return_blocks(mig, blocks);
	if (!family)
		return again.single | again.huge ? 0 : SVM_BLOCK_PAGES;

	for (block = 0; block < blocks; block++) {
		at = first + block * SVM_BLOCK_PAGES;
		more.single = again.single & BIT(block);
		if ((again.huge & BIT(block)) && mig->to_device &&
		    !svm_take_blocks(mig, 1)) {
			/* Single pages go there, or can tell. */
			more.single = BIT(block);
		} else if (again.huge & BIT(block)) {
			more = svm_migrate_blocks(mig, vma, start, at, 1,
						  family);
			if (mig->to_device)
				svm_return_blocks(mig, 1);
			more.single |= more.huge;
		}
		if (more.single)
			svm_migrate_run(mig, vma, start, at, SVM_BLOCK_PAGES);
		else
			svm_explain(mig, vma, start, at, SVM_BLOCK_PAGES);
	}
	return blocks * SVM_BLOCK_PAGES;
}
#else
static unsigned long svm_migrate_huge(struct svm_migration *mig,
				      struct vm_area_struct *vma,
				      unsigned long start, unsigned long first,
				      unsigned long nr,
				      struct svm_family *family)
{
	return 0;
}
#endif

/* Whether a run of single pages shall end before a page: a huge one begins. */
static bool svm_run_ends(struct svm_migration *mig, struct vm_area_struct *vma,
			 unsigned long start, unsigned long i, unsigned long nr)
{
	return IS_ALIGNED(start + i * PAGE_SIZE, SVM_BLOCK_BYTES) &&
	       nr - i >= SVM_BLOCK_PAGES && svm_goes_whole(mig, vma, i);
}

/* Whether what begins at a page of a window is only to be moved alone, and is not. */
static bool svm_run_waits(struct svm_migration *mig, struct vm_area_struct *vma,
			  unsigned long start, unsigned long i, unsigned long nr)
{
	return !mig->alone && mig->scratch->pages[i].place == SVM_PLACE_DEVICE &&
	       svm_run_ends(mig, vma, start, i, nr);
}

/*
 * Try for each page of a window that is busy.
 *
 * Return: number of pages that were worked through, see svm_migrate_window().
 */
static unsigned long svm_migrate_pass(struct svm_migration *mig,
				      struct vm_area_struct *vma,
				      unsigned long start, unsigned long nr,
				      struct svm_family *family)
{
	struct svm_scratch *s = mig->scratch;
	unsigned long i, first;

	for (i = 0; i < nr; i++) {
		if (s->status[i] != SVM_PAGE_BUSY)
			continue;
		s->status[i] = svm_page_plan(mig, vma, &s->pages[i]);
		if (s->status[i] == SVM_PAGE_CANDIDATE && mig->foreign &&
		    test_bit(i, s->kept))
			s->status[i] = SVM_PAGE_KEPT;
	}

	for (first = 0; first < nr; first = i) {
		i = first + 1;
		if (s->status[first] != SVM_PAGE_CANDIDATE)
			continue;
		if (svm_run_waits(mig, vma, start, first, nr))
			return first;

		i = first + svm_migrate_huge(mig, vma, start, first, nr,
					     family);
		if (i == first) {
			i++;
			while (family && i < nr &&
			       s->status[i] == SVM_PAGE_CANDIDATE &&
			       !svm_run_ends(mig, vma, start, i, nr))
				i++;
			svm_migrate_run(mig, vma, start, first, i - first);
		}
		if (!family)
			return i;
	}
	return nr;
}

/*
 * End exclusive access to pages of a window that shall move, unless the CPU has to
 * wait for them.
 *
 * Return: whether there were any.
 */
static bool svm_migrate_end_exclusive(struct svm_migration *mig,
				      struct vm_area_struct *vma,
				      unsigned long start, unsigned long nr)
{
	struct svm_scratch *s = mig->scratch;
	bool ended = false;
	unsigned long i;

	for (i = 0; i < nr; i++) {
		unsigned long addr = start + i * PAGE_SIZE;

		if (s->status[i] != SVM_PAGE_BUSY ||
		    !(s->pages[i].flags & SVM_PAGE_F_EXCLUSIVE) ||
		    svm_page_plan(mig, vma, &s->pages[i]) != SVM_PAGE_BUSY ||
		    (mig->foreign && test_bit(i, s->kept)) ||
		    svm_holds_have(&mig->ctx->holds, addr))
			continue;
		svm_mirror_end_exclusive(&mig->ctx->mirror, addr,
					 SVM_CAUSE_MIGRATE);
		svm_exclusive_fault(vma, addr);
		ended = true;
		cond_resched();
	}
	return ended;
}

/*
 * Whether a window begins with what is only to be moved alone, asked before all of it
 * is looked at.
 */
static bool svm_window_waits(struct svm_migration *mig,
			     struct vm_area_struct *vma, unsigned long start,
			     unsigned long nr)
{
	struct svm_page *first = mig->scratch->pages;

	if (mig->alone || !IS_ALIGNED(start, SVM_BLOCK_BYTES) ||
	    nr < SVM_BLOCK_PAGES)
		return false;
	svm_walk(vma, start, 1, first);
	return first->place == SVM_PLACE_DEVICE &&
	       svm_plan_huge(mig, vma, first) &&
	       svm_page_plan(mig, vma, first) == SVM_PAGE_CANDIDATE;
}

/**
 * svm_migrate_window() - work through a window of a VMA from which pages can move
 * @mig: the call.
 * @vma: the VMA.
 * @start: where the window begins.
 * @nr: its length in pages, up to what the scratch has room for.
 * @family: whose lock is held; NULL if the VMA has none yet, see
 *	svm_family().
 *
 * What is busy is mostly so for a moment: on its way to the LRU by another CPU,
 * or being looked at. So it is tried for again.
 *
 * Return: number of pages that were worked through; without @family it stops at
 * the first that was tried, and before the first huge page for which nobody else may
 * be at the address space, else it is @nr. Their status is in the scratch, where
 * those to try are busy before.
 */
unsigned long svm_migrate_window(struct svm_migration *mig,
				 struct vm_area_struct *vma,
				 unsigned long start, unsigned long nr,
				 struct svm_family *family)
{
	struct svm_scratch *s = mig->scratch;
	unsigned int tries;

	if (svm_window_waits(mig, vma, start, nr))
		return 0;
	mig->starved = false;
	for (tries = 0; tries < SVM_MIGRATE_TRIES; tries++) {
		svm_walk(vma, start, nr, s->pages);
		if (mig->foreign)
			svm_advice_kept(vma->vm_mm, start, nr, s->pages,
					s->kept);
		if (svm_migrate_end_exclusive(mig, vma, start, nr))
			svm_walk(vma, start, nr, s->pages);
		nr = svm_migrate_pass(mig, vma, start, nr, family);
		cond_resched();
		if (!memchr(s->status, SVM_PAGE_BUSY, nr))
			break;
	}
	return nr;
}
