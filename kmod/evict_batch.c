// SPDX-License-Identifier: GPL-2.0-only
/*
 * A batch of page frames on its way home.
 *
 * It goes by the address spaces that have the pages mapped, with mmap_lock held.
 * The core can also move device pages by page frame alone, but then nothing keeps
 * the anon_vma that it walks in the end: the last process that has the page may
 * exit meanwhile, and the reference that would help is not exported. With
 * mmap_lock held the VMA keeps it; and where there is a VMA, the core can split
 * a huge folio.
 *
 * A page frame may change hands before it is locked. So it is looked up once
 * more in what the core has collected, and so is its owner. Whether advice
 * keeps a page was asked before: who advises at this moment may find that it was
 * too late.
 *
 * Locking: none from outside. As for all migrations, mmap_lock, for writing where a
 * huge page goes (see svm_lock_mm() in migrate.c), and the VMA's family lock. Whoever
 * has them holds up the eviction of his pages, killably if the eviction is. While
 * mappings are looked for, folios and anon_vmas are only tried.
 *
 * Limits: SVM_BLOCK_PAGES. Each page is tried once; until then, each of those who
 * have it mapped is looked at once.
 */
#include <linux/bsearch.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sort.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "context.h"
#include "copy.h"
#include "device.h"
#include "evict.h"
#include "evict_batch.h"
#include "exclusive.h"
#include "family.h"
#include "owner.h"
#include "pool.h"
#include "rmap.h"
#include "setup.h"
#include "walk.h"

#ifdef SVM_HAVE_DEVICE_PRIVATE

static int svm_frame_cmp(const void *a, const void *b)
{
	const struct svm_evict_frame *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* NULL if a page frame is not of the batch, or is at home already. */
static struct svm_evict_frame *svm_evict_find(struct svm_evict_batch *batch,
					      unsigned long pfn)
{
	const struct svm_evict_frame key = { .pfn = pfn };
	struct svm_evict_frame *frame;

	frame = bsearch(&key, batch->frames, batch->nr, sizeof(key),
			svm_frame_cmp);
	return frame && frame->status != SVM_PAGE_MOVED ? frame : NULL;
}

/* The frame of a page of the snapshot; NULL if it is not to be tried. */
static struct svm_evict_frame *svm_evict_wants(struct svm_eviction *ev,
					       struct svm_evict_batch *batch,
					       const struct svm_page *page)
{
	unsigned long pfn = PHYS_PFN(ev->sdev->pagemap.range.start);
	struct svm_evict_frame *frame;

	if (page->place != SVM_PLACE_DEVICE || page->id != ev->sdev->id)
		return NULL;
	frame = svm_evict_find(batch, pfn + page->offset);
	return frame && !frame->tried ? frame : NULL;
}

/*
 * Get the destination for what migrate_vma_setup() has locked, filled: 0 in
 * @dst if it stays, and why.
 */
static enum svm_page_status svm_evict_fill(struct svm_eviction *ev,
					   const struct svm_evict_frame *frame,
					   unsigned long src,
					   unsigned long *dst)
{
	struct page *from = migrate_pfn_to_page(src);
	/* Who only wants room on a device must not have others killed for it. */
	gfp_t gfp = GFP_HIGHUSER_MOVABLE |
		    (ev->owner ? __GFP_RETRY_MAYFAIL | __GFP_NOWARN : 0);
	unsigned long compound = 0;
	unsigned int order = 0;
	struct folio *to;

	/* Freed, and taken by somebody else, since it was listed. */
	if (ev->owner &&
	    svm_pool_owner(ev->sdev->pool, page_to_pfn(from)) != ev->owner)
		return SVM_PAGE_BUSY;
#ifdef SVM_HAVE_LARGE_FOLIOS
	compound = src & MIGRATE_PFN_COMPOUND;
	if (compound) {
		/* If that takes an effort, single pages are easier to get. */
		gfp = GFP_TRANSHUGE | __GFP_NORETRY;
		order = SVM_BLOCK_ORDER;
	}
#endif
	to = __folio_alloc_node(gfp, order, frame->node);
	if (!to)
		return SVM_PAGE_NO_MEMORY;
	__folio_set_locked(to);
	if (svm_copy_pages(folio_page(to, 0), from, 1UL << order, NULL)) {
		svm_fresh_page_put(folio_page(to, 0));
		return SVM_PAGE_POISONED;
	}
	*dst = migrate_pfn(folio_pfn(to)) | compound;
	return SVM_PAGE_BUSY;
}

static struct svm_event svm_evict_event(struct svm_eviction *ev,
					unsigned long addr, unsigned long nr,
					u64 began)
{
	return (struct svm_event){
		.type = SVM_EVENT_MIGRATED,
		.cause = ev->cause,
		.addr = addr,
		.length = nr * PAGE_SIZE,
		.duration_ns = ktime_get_ns() - began,
		.from = SVM_PLACE_DEVICE,
		.to = SVM_PLACE_SYSTEM,
		.from_id = ev->sdev->id,
		.to_id = -1,
	};
}

/* How many pages went home by an entry: the core counts a huge page as one. */
static unsigned long svm_evict_moved(const struct migrate_vma *args,
				     unsigned long i)
{
	if (!args->dst[i] || !(args->src[i] & MIGRATE_PFN_MIGRATE))
		return 0;
	return folio_nr_pages(page_folio(migrate_pfn_to_page(args->dst[i])));
}

/* Tell the address space whose pages they were, for each run of neighbours. */
static void svm_evict_tell(struct svm_eviction *ev,
			   const struct svm_evict_batch *batch,
			   const struct migrate_vma *args, u64 began)
{
	struct svm_event event;
	unsigned long i, nr;

	for (i = 0; i < args->npages; i += nr + !nr) {
		for (nr = 0; i + nr < args->npages && batch->gone[i + nr];)
			nr += batch->gone[i + nr];
		if (!nr)
			continue;
		event = svm_evict_event(ev, args->start + i * PAGE_SIZE, nr,
					began);
		svm_context_tell(ev->sdev, args->vma->vm_mm, &event, NULL);
	}
}

static void svm_evict_tell_owner(struct svm_eviction *ev,
				 const struct migrate_vma *args,
				 struct svm_owner *owner, unsigned long nr,
				 u64 began)
{
	struct svm_event event;

	if (!nr || owner->mm == args->vma->vm_mm)
		return;
	event = svm_evict_event(ev, 0, nr, began);
	svm_context_tell_owner(owner, &event);
}

/*
 * Tell owners that don't have their pages in this address space: they shared them by
 * fork(). Where these are in their own, if they are there still, is not known. To be
 * called while the pages keep their owners.
 */
static void svm_evict_tell_owners(struct svm_eviction *ev,
				  const struct svm_evict_batch *batch,
				  const struct migrate_vma *args, u64 began)
{
	struct svm_owner *owner = NULL, *next;
	unsigned long i, nr = 0;

	for (i = 0; i < args->npages; i++) {
		if (!batch->gone[i])
			continue;
		next = svm_pool_owner(ev->sdev->pool, batch->moving[i]->pfn);
		if (next != owner) {
			svm_evict_tell_owner(ev, args, owner, nr, began);
			owner = next;
			nr = 0;
		}
		nr += batch->gone[i];
	}
	svm_evict_tell_owner(ev, args, owner, nr, began);
}

/*
 * Move neighbours, the @nr pages from number @first of the window that begins at
 * @start; as a huge page if @flags select that.
 */
static void svm_evict_run(struct svm_eviction *ev,
			  struct svm_evict_batch *batch,
			  struct vm_area_struct *vma, unsigned long start,
			  unsigned long first, unsigned long nr,
			  unsigned long flags)
{
	unsigned long *src = batch->src, *dst = batch->dst;
	struct migrate_vma args = {
		.vma = vma,
		.src = src,
		.dst = dst,
		.start = start + first * PAGE_SIZE,
		.end = start + (first + nr) * PAGE_SIZE,
		.pgmap_owner = SVM_PGMAP_OWNER,
		.flags = SVM_SELECT_DEVICE | flags,
	};
	struct svm_evict_frame *frame;
	u64 began = ktime_get_ns();
	unsigned long i, k, pages;

	for (i = first; i < first + nr; i++) {
		frame = svm_evict_wants(ev, batch, &batch->pages[i]);
		if (frame)
			frame->tried = true;
	}
	/* It may be a VMA by now from which nothing moves, or emptied meanwhile. */
	if (svm_migrate_setup(&args))
		return;
	for (i = 0; i < args.npages; i++) {
		struct page *from = migrate_pfn_to_page(src[i]);

		if (!from || !(src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		frame = svm_evict_find(batch, page_to_pfn(from));
		if (frame)
			frame->status = svm_evict_fill(ev, frame, src[i],
						       &dst[i]);
		batch->moving[i] = frame;
	}
	migrate_vma_pages(&args);
	for (i = 0; i < args.npages; i++) {
		pages = svm_evict_moved(&args, i);
		batch->gone[i] = pages;
		for (k = 0; k < pages; k++)
			batch->moving[i][k].status = SVM_PAGE_MOVED;
	}
	svm_evict_tell_owners(ev, batch, &args, began);
	migrate_vma_finalize(&args);
	svm_evict_tell(ev, batch, &args, began);
}

#ifdef SVM_HAVE_LARGE_FOLIOS
/* The window is 2 MiB that a huge entry maps: as a huge page, if that can be. */
static void svm_evict_huge(struct svm_eviction *ev,
			   struct svm_evict_batch *batch,
			   struct vm_area_struct *vma, unsigned long start)
{
	struct svm_evict_frame *frame;

	frame = svm_evict_wants(ev, batch, &batch->pages[0]);
	/* A huge folio is listed as a whole; one that has come since is not. */
	if (!frame || frame + SVM_BLOCK_PAGES > batch->frames + batch->nr ||
	    frame[SVM_BLOCK_PAGES - 1].pfn != frame->pfn + SVM_BLOCK_PAGES - 1)
		return;
	svm_evict_run(ev, batch, vma, start, 0, SVM_BLOCK_PAGES,
		      MIGRATE_VMA_SELECT_COMPOUND);
	/* No 2 MiB to be had, or a part is broken: single pages can tell. */
	if (frame->status == SVM_PAGE_NO_MEMORY ||
	    frame->status == SVM_PAGE_POISONED)
		svm_evict_run(ev, batch, vma, start, 0, SVM_BLOCK_PAGES, 0);
}
#else
static void svm_evict_huge(struct svm_eviction *ev,
			   struct svm_evict_batch *batch,
			   struct vm_area_struct *vma, unsigned long start)
{
}
#endif

/*
 * End exclusive access to pages of a window that shall go: those of coherent memory
 * can be had so. Return: whether there were any.
 */
static bool svm_evict_end_exclusive(struct svm_eviction *ev,
				    struct svm_evict_batch *batch,
				    struct vm_area_struct *vma,
				    unsigned long start, unsigned long nr)
{
	bool ended = false;
	unsigned long i;

	for (i = 0; i < nr; i++) {
		if (!(batch->pages[i].flags & SVM_PAGE_F_EXCLUSIVE) ||
		    !svm_evict_wants(ev, batch, &batch->pages[i]))
			continue;
		svm_exclusive_fault(vma, start + i * PAGE_SIZE);
		ended = true;
		cond_resched();
	}
	return ended;
}

/* Whether a page is part of a huge one that goes as such. */
static bool svm_evict_goes_whole(const struct svm_page *page)
{
	return (page->flags & SVM_PAGE_F_HUGE) &&
	       !(page->flags & SVM_WALK_F_SHARED);
}

/*
 * Move what a VMA has of the batch in the 2 MiB around an address.
 *
 * Return: false if that is only to be done with nobody else at the address space, and
 * it is not @alone.
 */
static bool svm_evict_window(struct svm_eviction *ev,
			     struct svm_evict_batch *batch,
			     struct vm_area_struct *vma, unsigned long addr,
			     bool alone)
{
	unsigned long start = ALIGN_DOWN(addr, SVM_BLOCK_BYTES);
	unsigned long end = min(start + SVM_BLOCK_BYTES, vma->vm_end);
	struct svm_page *pages = batch->pages;
	unsigned long i, first, nr;

	start = max(start, vma->vm_start);
	nr = (end - start) >> PAGE_SHIFT;
	if (!alone) {
		/* The first tells, mostly, before all are looked at. */
		svm_walk(vma, start, 1, pages);
		if (svm_evict_goes_whole(&pages[0]))
			return !svm_evict_wants(ev, batch, &pages[0]);
	}
	svm_walk(vma, start, nr, pages);
	if (svm_evict_end_exclusive(ev, batch, vma, start, nr))
		svm_walk(vma, start, nr, pages);
	if (svm_evict_goes_whole(&pages[0])) {
		if (alone)
			svm_evict_huge(ev, batch, vma, start);
		return alone || !svm_evict_wants(ev, batch, &pages[0]);
	}
	for (first = 0; first < nr; first = i) {
		i = first;
		while (i < nr && svm_evict_wants(ev, batch, &pages[i]))
			i++;
		if (i > first)
			svm_evict_run(ev, batch, vma, start, first, i - first,
				      0);
		else
			i++;
	}
	return true;
}

/* Both return whether it was had. */
static bool svm_evict_lock_mm(struct svm_eviction *ev, struct mm_struct *mm,
			      bool alone)
{
	if (ev->killable && alone)
		return !mmap_write_lock_killable(mm);
	if (ev->killable)
		return !mmap_read_lock_killable(mm);
	if (alone)
		mmap_write_lock(mm);
	else
		mmap_read_lock(mm);
	return true;
}

static void svm_evict_unlock_mm(struct mm_struct *mm, bool alone)
{
	if (alone)
		mmap_write_unlock(mm);
	else
		mmap_read_unlock(mm);
}

static bool svm_evict_lock_family(struct svm_eviction *ev,
				  struct svm_family *family)
{
	if (ev->killable)
		return !svm_family_lock_killable(family);
	svm_family_lock(family);
	return true;
}

/*
 * Of what an address space has of the batch, move that which is near @addr.
 *
 * Return: as svm_evict_window().
 */
static bool svm_evict_mm(struct svm_eviction *ev, struct svm_evict_batch *batch,
			 struct mm_struct *mm, unsigned long addr, bool alone)
{
	struct vm_area_struct *vma;
	struct svm_family *family; /* NULL: none of ours is there */
	bool done = true;

	if (!svm_evict_lock_mm(ev, mm, alone))
		return true;
	/* It may be another VMA by now; what it has is to go as well. */
	vma = vma_lookup(mm, addr);
	family = vma ? svm_family(vma) : NULL;
	if (family && svm_evict_lock_family(ev, family)) {
		if (alone)
			vma_start_write(vma);
		done = svm_evict_window(ev, batch, vma, addr, alone);
		svm_family_unlock(family);
	}
	svm_evict_unlock_mm(mm, alone);
	return done;
}

static void svm_evict_frame(struct svm_eviction *ev,
			    struct svm_evict_batch *batch,
			    struct svm_evict_frame *frame)
{
	unsigned long addr;
	struct mm_struct *mm;
	unsigned int nth;

	for (nth = 0; !frame->tried; nth++) {
		mm = svm_rmap_mm(frame->pfn, nth, &addr);
		if (!mm)
			break;
		if (!svm_evict_mm(ev, batch, mm, addr, false))
			svm_evict_mm(ev, batch, mm, addr, true);
		mmput_async(mm);
		if (svm_evict_stops(ev))
			break;
		cond_resched();
	}
}

/**
 * svm_evict_batch() - bring home a batch of page frames
 * @ev: the eviction; what came of the pages is added to its counts.
 * @batch: the frames, in any order; of a huge folio all that it has.
 *
 * Context: as svm_evict().
 * Return: how many went home.
 */
unsigned long svm_evict_batch(struct svm_eviction *ev,
			      struct svm_evict_batch *batch)
{
	unsigned long i, moved = 0;

	sort(batch->frames, batch->nr, sizeof(batch->frames[0]), svm_frame_cmp,
	     NULL);
	for (i = 0; i < batch->nr; i++) {
		batch->frames[i].status = SVM_PAGE_BUSY;
		batch->frames[i].tried = false;
	}
	for (i = 0; i < batch->nr && !svm_evict_stops(ev); i++)
		svm_evict_frame(ev, batch, &batch->frames[i]);
	for (i = 0; i < batch->nr; i++) {
		ev->pages[batch->frames[i].status]++;
		moved += batch->frames[i].status == SVM_PAGE_MOVED;
	}
	return moved;
}
#endif
