// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eviction: bringing device pages home by page frame, whoever has them mapped.
 *
 * The pool tells which frames are in use. A frame may change hands before it is
 * locked: the core takes a reference or passes it over.
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
 * Limits: SVM_BLOCK_PAGES at once; each page in use is tried once a call.
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

#include "compat.h"
#include "context.h"
#include "copy.h"
#include "device.h"
#include "evict.h"
#include "family.h"
#include "pool.h"
#include "rmap.h"
#include "trace.h"

#ifdef SVM_HAVE_DEVICE_PRIVATE

/* What a folio's copy goes to; NULL if it has to stay. */
static struct folio *svm_evict_copy(struct page *from, struct folio *to)
{
	if (!to)
		return NULL;
	__folio_set_locked(to);
	if (svm_copy_pages(folio_page(to, 0), from, folio_nr_pages(to), NULL)) {
		svm_fresh_page_put(folio_page(to, 0));
		return NULL;
	}
	return to;
}

/* Get the destination for a page or a huge page, filled; 0 if it has to stay. */
static unsigned long svm_evict_page(struct svm_device *sdev, unsigned long src)
{
	int node = sdev->node == NUMA_NO_NODE ? numa_mem_id() : sdev->node;
	struct page *from = migrate_pfn_to_page(src);
	gfp_t gfp = GFP_HIGHUSER_MOVABLE;
	unsigned int order = 0;
	struct folio *to;

	/*
	 * Nobody has it mapped: it was thrown away before it was, or has moved
	 * already, and is only waiting for its last reference to go.
	 */
	if (!folio_test_anon(page_folio(from)) || svm_page_has_left(from))
		return 0;

#ifdef SVM_HAVE_LARGE_FOLIOS
	if (src & MIGRATE_PFN_COMPOUND) {
		/* If that takes an effort, single pages are easier to get. */
		gfp = GFP_TRANSHUGE | __GFP_NORETRY;
		order = SVM_BLOCK_ORDER;
	}
#endif
	to = svm_evict_copy(from, __folio_alloc_node(gfp, order, node));
	if (!to)
		return 0;
	return migrate_pfn(folio_pfn(to)) | (order ? src & MIGRATE_PFN_COMPOUND : 0);
}

/* @src holds @nr page frames of the device. Returns how many went home. */
static unsigned long svm_evict_batch(struct svm_device *sdev,
				     unsigned long *src, unsigned long *dst,
				     unsigned long nr)
{
	unsigned long i, moved = 0;

	migrate_device_pfns(src, nr);
	for (i = 0; i < nr; i++) {
		dst[i] = 0;
		if (src[i] & MIGRATE_PFN_MIGRATE)
			dst[i] = svm_evict_page(sdev, src[i]);
	}
	migrate_device_pages(src, dst, nr);
	for (i = 0; i < nr; i++) {
		if (!dst[i] || !(src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		svm_page_left(migrate_pfn_to_page(src[i]));
		moved += folio_nr_pages(page_folio(migrate_pfn_to_page(dst[i])));
	}
	migrate_device_finalize(src, dst, nr);
	return moved;
}

#ifdef SVM_HAVE_LARGE_FOLIOS
/* Bring home, as single pages, what a part of a VMA has on the device. */
static unsigned long svm_evict_range(struct svm_device *sdev,
				     struct vm_area_struct *vma,
				     unsigned long start, unsigned long end,
				     unsigned long *src, unsigned long *dst)
{
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
		struct folio *to;

		if (!from || !(src[i] & MIGRATE_PFN_MIGRATE) ||
		    svm_device_of_page(from) != sdev)
			continue;
		to = svm_vma_alloc_folio(GFP_HIGHUSER_MOVABLE, 0, vma, addr);
		to = svm_evict_copy(from, to);
		if (to)
			dst[i] = migrate_pfn(folio_pfn(to));
	}
	migrate_vma_pages(&args);
	for (i = 0; i < args.npages; i++) {
		if (!dst[i] || !(src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		svm_page_left(migrate_pfn_to_page(src[i]));
		moved++;
	}
	migrate_vma_finalize(&args);
	return moved;
}

static unsigned long svm_evict_mm(struct svm_device *sdev,
				  struct mm_struct *mm, unsigned long start,
				  unsigned long end, unsigned long *src,
				  unsigned long *dst)
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
		moved = svm_evict_range(sdev, vma, start, end, src, dst);
		mutex_unlock(family);
	}
	mmap_read_unlock(mm);
	return moved;
}

/* @src holds the page frames of a huge folio. Returns how many went home. */
static unsigned long svm_evict_huge(struct svm_device *sdev,
				    unsigned long *src, unsigned long *dst,
				    bool killable)
{
	unsigned long pfn = src[0], start, end, moved = 0;
	struct mm_struct *mm;
	unsigned int nth;

	if (svm_rmap_is_whole(pfn))
		moved = svm_evict_batch(sdev, src, dst, SVM_BLOCK_PAGES);

	for (nth = 0; !moved && svm_pool_is_huge(sdev->pool, pfn); nth++) {
		mm = svm_rmap_mm(pfn, nth, &start, &end);
		if (!mm)
			break;
		moved = svm_evict_mm(sdev, mm, start, end, src, dst);
		mmput_async(mm);
		if (killable && fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return moved;
}
#else
static unsigned long svm_evict_huge(struct svm_device *sdev,
				    unsigned long *src, unsigned long *dst,
				    bool killable)
{
	return 0;
}
#endif

/**
 * svm_evict() - bring pages of a device home
 * @sdev: the device; it has memory.
 * @nr: how many pages. A huge page goes whole, also if that is more.
 * @cause: for the events.
 * @killable: whether to stop for a fatal signal.
 *
 * Return: how many went home.
 */
unsigned long svm_evict(struct svm_device *sdev, unsigned long nr,
			enum svm_event_cause cause, bool killable)
{
	unsigned long cursor = 0, moved = 0;
	struct svm_event event = {
		.type = SVM_EVENT_MIGRATED,
		.cause = cause,
		.from = SVM_PLACE_DEVICE,
		.to = SVM_PLACE_SYSTEM,
		.from_id = sdev->id,
		.to_id = -1,
	};
	u64 began = ktime_get_ns();
	unsigned long *src, *dst;

	src = kvmalloc_array(2 * SVM_BLOCK_PAGES, sizeof(*src), GFP_KERNEL);
	if (!src)
		return 0;
	dst = src + SVM_BLOCK_PAGES;

	while (moved < nr) {
		unsigned long batch;

		batch = svm_pool_list_used(sdev->pool, &cursor, src,
					   min(nr - moved, SVM_BLOCK_PAGES));
		if (!batch)
			break;
		if (svm_pool_is_huge(sdev->pool, src[0]))
			moved += svm_evict_huge(sdev, src, dst, killable);
		else
			moved += svm_evict_batch(sdev, src, dst, batch);
		if (killable && fatal_signal_pending(current))
			break;
		cond_resched();
	}
	kvfree(src);

	svm_count(&sdev->counters, SVM_CTR_BYTES_EVICTED, moved * PAGE_SIZE);
	trace_svm_evict(sdev->id, moved);
	event.length = moved * PAGE_SIZE;
	event.duration_ns = ktime_get_ns() - began;
	if (moved)
		svm_context_tell_all(sdev, &event);
	return moved;
}
#else
unsigned long svm_evict(struct svm_device *sdev, unsigned long nr,
			enum svm_event_cause cause, bool killable)
{
	return 0;
}
#endif

/**
 * svm_evict_ioctl() - SVM_IOCTL_EVICT
 * @sdev: the device.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_evict_ioctl(struct svm_device *sdev, struct svm_ioctl_evict *arg)
{
	unsigned long nr = ULONG_MAX;
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
		nr = (arg->bytes >> PAGE_SHIFT) + !PAGE_ALIGNED(arg->bytes);
	arg->bytes_evicted =
		svm_evict(sdev, nr, SVM_CAUSE_EVICT, true) * PAGE_SIZE;
	svm_device_exit(sdev);
	return 0;
}
