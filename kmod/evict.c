// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eviction: bringing device pages home by page frame, whoever has them mapped.
 *
 * The pool tells which frames are in use, or which of an owner's are cold. A frame
 * may change hands before it is locked: the core takes a reference or passes it
 * over, and when it is locked its owner is looked at once more. Whether advice
 * keeps a page is asked before: who advises at that moment may find that it was
 * too late.
 *
 * A huge folio goes by page frame only as a whole, so it wants 2 MiB of system
 * memory. If there are none, or if only parts of it are mapped any more, it
 * goes by the address spaces that have it mapped: there the core splits it.
 *
 * Locking: none from outside; folio locks, by trylock. By page frame no
 * mmap_lock is needed: the mappings are found from the pages. By address space,
 * mmap_lock and the family mutex are tried, not waited for: whoever holds them
 * may do so for as long as he likes, and we may be unloading the module.
 *
 * Limits: SVM_BLOCK_PAGES at once; each page in use is tried once a call, or an
 * owner's as often as svm_eviction.looks allows.
 */
#include <linux/capability.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "advise.h"
#include "compat.h"
#include "context.h"
#include "copy.h"
#include "device.h"
#include "evict.h"
#include "fair.h"
#include "family.h"
#include "migration.h"
#include "owner.h"
#include "pool.h"
#include "rmap.h"
#include "trace.h"

#ifdef SVM_HAVE_DEVICE_PRIVATE

/**
 * struct svm_evict_batch - page frames on their way home
 * @pfns: the frames; a huge folio has all of its own, and nothing else is there.
 * @src: for migrate_device_pfns().
 * @dst: likewise.
 * @node: where each of @pfns shall go.
 */
struct svm_evict_batch {
	unsigned long pfns[SVM_BLOCK_PAGES];
	int node[SVM_BLOCK_PAGES];
	unsigned long src[SVM_BLOCK_PAGES];
	unsigned long dst[SVM_BLOCK_PAGES];
};

/*
 * Whether a page that is locked is still one to evict: SVM_PAGE_CANDIDATE, or why
 * not.
 */
static enum svm_page_status svm_evict_plan(struct svm_eviction *ev,
					   struct page *from)
{
	/*
	 * Nobody has it mapped: it was thrown away before it was, or has moved
	 * already, and is only waiting for its last reference to go.
	 */
	if (!folio_test_anon(page_folio(from)) || svm_page_has_left(from))
		return SVM_PAGE_BUSY;
	/* Freed, and taken by somebody else, since it was listed. */
	if (ev->owner &&
	    svm_pool_owner(ev->sdev->pool, page_to_pfn(from)) != ev->owner)
		return SVM_PAGE_BUSY;
	return SVM_PAGE_CANDIDATE;
}

/*
 * Get the destination for a page or a huge page, filled. @to may be NULL: there
 * was no memory.
 */
static enum svm_page_status svm_evict_copy(struct page *from, struct folio *to,
					   unsigned long *dst)
{
	if (!to)
		return SVM_PAGE_NO_MEMORY;
	__folio_set_locked(to);
	if (svm_copy_pages(folio_page(to, 0), from, folio_nr_pages(to), NULL)) {
		svm_fresh_page_put(folio_page(to, 0));
		return SVM_PAGE_POISONED;
	}
	*dst = migrate_pfn(folio_pfn(to));
	return SVM_PAGE_CANDIDATE;
}

/*
 * Get the destination of an entry that migrate_device_pfns() gave: on @node, or if
 * there is none, where the allocator finds one.
 */
static enum svm_page_status svm_evict_page(struct svm_eviction *ev,
					   unsigned long src, int node,
					   unsigned long *dst)
{
	struct page *from = migrate_pfn_to_page(src);
	enum svm_page_status status;
	unsigned int order = 0;
	struct folio *to;
	gfp_t gfp;

	status = svm_evict_plan(ev, from);
	if (status != SVM_PAGE_CANDIDATE)
		return status;

	/* Who only wants room on a device must not have others killed for it. */
	gfp = GFP_HIGHUSER_MOVABLE;
	if (ev->owner)
		gfp |= __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
#ifdef SVM_HAVE_LARGE_FOLIOS
	if (src & MIGRATE_PFN_COMPOUND) {
		/* If that takes an effort, single pages are easier to get. */
		gfp = GFP_TRANSHUGE | __GFP_NORETRY;
		order = SVM_BLOCK_ORDER;
	}
#endif
	to = __folio_alloc_node(gfp, order, node);
	status = svm_evict_copy(from, to, dst);
#ifdef SVM_HAVE_LARGE_FOLIOS
	if (status == SVM_PAGE_CANDIDATE)
		*dst |= src & MIGRATE_PFN_COMPOUND;
#endif
	return status;
}

/* Returns how many of @nr page frames went home. */
static unsigned long svm_evict_pfns(struct svm_eviction *ev,
				    struct svm_evict_batch *batch,
				    unsigned long nr)
{
	unsigned long *src = batch->src, *dst = batch->dst;
	unsigned long i, tried = 0, moved = 0;

	memcpy(src, batch->pfns, nr * sizeof(*src));
	memset(dst, 0, nr * sizeof(*dst));
	migrate_device_pfns(src, nr);
	for (i = 0; i < nr; i++) {
		enum svm_page_status status;
		unsigned long pages;

		if (!(src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		pages = folio_nr_pages(page_folio(migrate_pfn_to_page(src[i])));
		status = svm_evict_page(ev, src[i], batch->node[i], &dst[i]);
		if (status == SVM_PAGE_CANDIDATE)
			continue;
		ev->pages[status] += pages;
		tried += pages;
	}
	migrate_device_pages(src, dst, nr);
	for (i = 0; i < nr; i++) {
		if (!dst[i] || !(src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		svm_page_left(migrate_pfn_to_page(src[i]));
		moved += folio_nr_pages(page_folio(migrate_pfn_to_page(dst[i])));
	}
	migrate_device_finalize(src, dst, nr);
	ev->pages[SVM_PAGE_MOVED] += moved;
	ev->pages[SVM_PAGE_BUSY] += nr - moved - tried;
	return moved;
}

#ifdef SVM_HAVE_LARGE_FOLIOS
/* Bring home, as single pages, what a part of a VMA has on the device. */
static unsigned long svm_evict_range(struct svm_eviction *ev,
				     struct vm_area_struct *vma,
				     unsigned long start, unsigned long end,
				     struct svm_evict_batch *batch)
{
	unsigned long *src = batch->src, *dst = batch->dst;
	struct migrate_vma args = {
		.vma = vma,
		.src = src,
		.dst = dst,
		.start = start,
		.end = end,
		.pgmap_owner = SVM_PGMAP_OWNER,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
	};
	unsigned long i, moved = 0;

	if (migrate_vma_setup(&args))
		return 0;
	for (i = 0; i < args.npages; i++) {
		struct page *from = migrate_pfn_to_page(src[i]);
		unsigned long addr = start + i * PAGE_SIZE;
		enum svm_page_status status;
		struct folio *to;

		if (!from || !(src[i] & MIGRATE_PFN_MIGRATE) ||
		    svm_device_of_page(from) != ev->sdev ||
		    svm_evict_plan(ev, from) != SVM_PAGE_CANDIDATE)
			continue;
		to = svm_vma_alloc_folio(GFP_HIGHUSER_MOVABLE, 0, vma, addr);
		status = svm_evict_copy(from, to, &dst[i]);
		if (status != SVM_PAGE_CANDIDATE)
			ev->pages[status]++;
	}
	migrate_vma_pages(&args);
	for (i = 0; i < args.npages; i++) {
		if (!dst[i] || !(src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		svm_page_left(migrate_pfn_to_page(src[i]));
		moved++;
	}
	migrate_vma_finalize(&args);
	ev->pages[SVM_PAGE_MOVED] += moved;
	return moved;
}

static unsigned long svm_evict_mm(struct svm_eviction *ev,
				  struct mm_struct *mm, unsigned long start,
				  unsigned long end,
				  struct svm_evict_batch *batch)
{
	struct vm_area_struct *vma;
	unsigned long moved = 0;
	struct mutex *family; /* NULL: none, or somebody has it */

	if (!mmap_read_trylock(mm))
		return 0;
	vma = vma_lookup(mm, start);
	family = vma ? svm_family_trylock(vma) : NULL;
	if (family) {
		/* It may be another VMA by now; what it has is to go as well. */
		end = min(end, vma->vm_end);
		moved = svm_evict_range(ev, vma, start, end, batch);
		mutex_unlock(family);
	}
	mmap_read_unlock(mm);
	return moved;
}

/* The batch is a huge folio. Returns how many pages went home. */
static unsigned long svm_evict_huge(struct svm_eviction *ev,
				    struct svm_evict_batch *batch)
{
	unsigned long pfn = batch->pfns[0], start, end, moved = 0;
	struct mm_struct *mm;
	unsigned int nth;

	if (svm_rmap_is_whole(pfn))
		moved = svm_evict_pfns(ev, batch, SVM_BLOCK_PAGES);

	for (nth = 0; !moved && svm_pool_is_huge(ev->sdev->pool, pfn); nth++) {
		mm = svm_rmap_mm(pfn, nth, &start, &end);
		if (!mm)
			break;
		moved = svm_evict_mm(ev, mm, start, end, batch);
		mmput_async(mm);
		if (ev->killable && fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return moved;
}
#else
static unsigned long svm_evict_huge(struct svm_eviction *ev,
				    struct svm_evict_batch *batch)
{
	return 0;
}
#endif

static unsigned long svm_evict_list(struct svm_eviction *ev,
				    unsigned long *cursor, unsigned long *pfns,
				    unsigned long nr)
{
	struct svm_pool *pool = ev->sdev->pool;

	nr = min(nr, SVM_BLOCK_PAGES);
	if (ev->owner)
		return svm_pool_list_cold(pool, ev->owner, pfns, nr,
					  &ev->looks);
	return svm_pool_list_used(pool, cursor, pfns, nr);
}

/*
 * Of what is listed, or of a huge folio, leave out what advice spares, and find
 * where the rest shall go.
 *
 * Return: how many page frames are left.
 */
static unsigned long svm_evict_choose(struct svm_eviction *ev,
				      struct svm_evict_batch *batch,
				      unsigned long nr, bool huge)
{
	int home = ev->sdev->node == NUMA_NO_NODE ? numa_mem_id() :
						    ev->sdev->node;
	unsigned long i, k, left = 0, step = huge ? nr : 1;
	int node;

	for (i = 0; i < nr; i += step) {
		if (svm_advice_of_pfn(ev->sdev, batch->pfns[i], &node) &
		    ev->spare) {
			ev->pages[SVM_PAGE_KEPT] += step;
			continue;
		}
		if (node == NUMA_NO_NODE)
			node = home;
		for (k = 0; k < step; k++, left++) {
			batch->pfns[left] = batch->pfns[i + k];
			batch->node[left] = node;
		}
	}
	return left;
}

static void svm_evict_tell(struct svm_eviction *ev, unsigned long moved,
			   u64 began)
{
	const struct svm_event event = {
		.type = SVM_EVENT_MIGRATED,
		.cause = ev->cause,
		.length = moved * PAGE_SIZE,
		.duration_ns = ktime_get_ns() - began,
		.from = SVM_PLACE_DEVICE,
		.to = SVM_PLACE_SYSTEM,
		.from_id = ev->sdev->id,
		.to_id = -1,
	};

	trace_svm_evict(ev->sdev->id, moved);
	svm_count(&ev->sdev->counters, SVM_CTR_BYTES_EVICTED,
		  moved * PAGE_SIZE);
	if (moved && ev->owner)
		svm_context_tell_owner(ev->owner, &event);
	else if (moved)
		svm_context_tell_all(ev->sdev, &event);
}

/**
 * svm_evict() - bring pages of a device home
 * @ev: which, and what came of it.
 * @nr: how many pages. A huge page goes whole, also if that is more.
 *
 * Context: the device's gate, or its drain, keeps the pool; no mmap_lock, family
 * mutex or folio lock is held.
 * Return: how many went home.
 */
unsigned long svm_evict(struct svm_eviction *ev, unsigned long nr)
{
	unsigned long cursor = 0, moved = 0;
	struct svm_evict_batch *batch;
	u64 began = ktime_get_ns();

	batch = kvmalloc_obj(*batch);
	if (!batch)
		return 0;

	while (moved < nr) {
		unsigned long listed;
		bool huge;

		listed = svm_evict_list(ev, &cursor, batch->pfns, nr - moved);
		if (!listed)
			break;
		huge = listed == SVM_BLOCK_PAGES &&
		       svm_pool_is_huge(ev->sdev->pool, batch->pfns[0]);
		listed = svm_evict_choose(ev, batch, listed, huge);
		if (listed && huge)
			moved += svm_evict_huge(ev, batch);
		else if (listed)
			moved += svm_evict_pfns(ev, batch, listed);
		if (ev->killable && fatal_signal_pending(current))
			break;
		cond_resched();
	}
	kvfree(batch);
	svm_evict_tell(ev, moved, began);
	return moved;
}
#else
unsigned long svm_evict(struct svm_eviction *ev, unsigned long nr)
{
	return 0;
}
#endif

/* Nothing that is pinned, and what is to be kept after everything else. */
static unsigned long svm_evict_some(struct svm_eviction *ev, unsigned long nr)
{
	unsigned long moved;

	ev->spare = SVM_ADVICE_PIN | SVM_ADVICE_KEEP;
	moved = svm_evict_fairly(ev, nr);
	ev->spare = SVM_ADVICE_PIN;
	if (moved < nr && !fatal_signal_pending(current))
		moved += svm_evict_fairly(ev, nr - moved);
	return moved;
}

/**
 * svm_evict_ioctl() - SVM_IOCTL_EVICT
 * @sdev: the device.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_evict_ioctl(struct svm_device *sdev, struct svm_ioctl_evict *arg)
{
	struct svm_eviction ev = {
		.sdev = sdev,
		.cause = SVM_CAUSE_EVICT,
		.killable = true,
	};
	unsigned long moved;
	unsigned int i;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (arg->flags)
		return -EINVAL;
	ret = svm_device_enter(sdev);
	if (ret)
		return ret;
	if (!sdev->pool) {
		svm_device_exit(sdev);
		return -EOPNOTSUPP;
	}
	if (arg->bytes)
		moved = svm_evict_some(&ev, (arg->bytes >> PAGE_SHIFT) +
					    !PAGE_ALIGNED(arg->bytes));
	else
		moved = svm_evict(&ev, ULONG_MAX);
	svm_device_exit(sdev);

	arg->bytes_evicted = moved * PAGE_SIZE;
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		arg->pages[i] = i < SVM_PAGE_STATUS_NR ? ev.pages[i] : 0;
	return 0;
}
