// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPU faults on device pages: bring the page home, and with it those that are
 * likely to be touched next (stream.c).
 *
 * What a huge entry maps is for fault_huge.c.
 *
 * Locking: the core calls with mmap_lock held for reading and the folio locked
 * and referenced. The family lock is only tried; who has it may take neighbours
 * along, see family.c. The device can't go away: it has a page in use.
 *
 * The CPU waits for what was touched. What was not asked for may take the time to
 * copy it, but does not wait: neither for memory nor for a lock.
 *
 * Limits: 2 MiB at once, and all in one VMA and one page table page.
 */
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "advise.h"
#include "compat.h"
#include "context.h"
#include "copy.h"
#include "device.h"
#include "family.h"
#include "fault.h"
#include "pool.h"
#include "setup.h"
#include "stream.h"
#include "trace.h"

#ifdef SVM_HAVE_DEVICE_PRIVATE

/* Faults on no more than this, 64 KiB, need no memory for the arrays. */
#define SVM_FAULT_PAGES 16UL

/* A page at home: on the node that it prefers, if that has one to spare. */
static struct folio *svm_fault_folio(struct vm_area_struct *vma,
				     unsigned long addr, gfp_t gfp,
				     unsigned int order,
				     const struct svm_advised *wish)
{
	gfp_t at_once = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN |
			__GFP_THISNODE;
	struct folio *folio = NULL;
	int node = svm_advised_node(wish);

	if (node != NUMA_NO_NODE)
		folio = __folio_alloc_node(at_once, order, node);
	return folio ?: svm_vma_alloc_folio(gfp, order, vma, addr);
}

/*
 * Get the destination for a page, filled: 0 in @dst if it has to stay. With
 * @touched it is the one that was touched.
 */
static vm_fault_t svm_fault_page(struct vm_area_struct *vma, unsigned long addr,
				 struct page *from, bool touched,
				 const struct svm_advised *wish,
				 unsigned long *dst)
{
	gfp_t gfp = GFP_HIGHUSER_MOVABLE;
	struct folio *folio;

	/* What was not asked for shall not wait for memory. */
	if (!touched)
		gfp = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN;
	folio = svm_fault_folio(vma, addr, gfp, 0, wish);
	if (!folio)
		return touched ? VM_FAULT_OOM : 0;

	__folio_set_locked(folio);
	if (svm_copy_pages(folio_page(folio, 0), from, 1, NULL)) {
		svm_fresh_page_put(folio_page(folio, 0));
		return touched ? VM_FAULT_SIGBUS : 0;
	}
	*dst = migrate_pfn(folio_pfn(folio));
	return 0;
}

#ifdef SVM_HAVE_LARGE_FOLIOS
/* The same for a huge page: if there are no 2 MiB, or a part is broken, it stays. */
static vm_fault_t svm_fault_huge(struct vm_area_struct *vma, unsigned long addr,
				 struct page *from,
				 const struct svm_advised *wish,
				 unsigned long *dst)
{
	gfp_t gfp = GFP_TRANSHUGE_LIGHT;
	struct folio *folio;

	/* As for a page fault: only who asked for huge pages waits for one. */
	if (vma->vm_flags & VM_HUGEPAGE)
		gfp |= __GFP_DIRECT_RECLAIM;
	folio = svm_fault_folio(vma, addr, gfp, SVM_BLOCK_ORDER, wish);
	if (!folio)
		return VM_FAULT_FALLBACK;
	__folio_set_locked(folio);
	if (svm_copy_pages(folio_page(folio, 0), from, SVM_BLOCK_PAGES, NULL)) {
		svm_fresh_page_put(folio_page(folio, 0));
		return VM_FAULT_FALLBACK;
	}
	*dst = migrate_pfn(folio_pfn(folio)) | MIGRATE_PFN_COMPOUND;
	return 0;
}
#else
static vm_fault_t svm_fault_huge(struct vm_area_struct *vma, unsigned long addr,
				 struct page *from,
				 const struct svm_advised *wish,
				 unsigned long *dst)
{
	return VM_FAULT_FALLBACK;
}
#endif

/**
 * svm_fault_run() - bring home what a fault asks for
 * @vmf: the fault; of it, only what does not change when mmap_lock is let go.
 * @args: what to ask the core for.
 * @event: tells then from which page on, and how much.
 *
 * Return: 0, what the fault returns, or VM_FAULT_FALLBACK for a huge page that is to
 * be cut up.
 */
vm_fault_t svm_fault_run(struct vm_fault *vmf, struct migrate_vma *args,
			 struct svm_event *event)
{
	struct svm_device *sdev = svm_device_of_page(vmf->page);
	unsigned long touched = vmf->address & PAGE_MASK;
	struct svm_extent here = {};
	vm_fault_t ret = 0;
	unsigned long i;
	int error;

	error = svm_migrate_setup(args);
	if (error)
		return error == -EAGAIN ? 0 : VM_FAULT_SIGBUS;

	for (i = 0; i < args->npages; i++) {
		struct page *from = migrate_pfn_to_page(args->src[i]);
		unsigned long addr = args->start + i * PAGE_SIZE;

		if (!from || !(args->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		/* Neighbours may prefer another place. */
		if (addr >= here.end)
			svm_advice_at(sdev, args->vma->vm_mm, addr, &here);
		if (args->src[i] & MIGRATE_PFN_COMPOUND)
			ret |= svm_fault_huge(args->vma, addr, from, &here.what,
					      &args->dst[i]);
		else
			ret |= svm_fault_page(args->vma, addr, from,
					      addr == touched, &here.what,
					      &args->dst[i]);
	}

	migrate_vma_pages(args);
	for (i = 0; i < args->npages; i++) {
		if (!args->dst[i] || !(args->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		if (!event->length)
			event->addr = args->start + i * PAGE_SIZE;
		event->length += args->dst[i] & MIGRATE_PFN_COMPOUND ?
				 SVM_BLOCK_BYTES : PAGE_SIZE;
	}
	migrate_vma_finalize(args);
	return ret;
}

/* Keep within a range. */
static void svm_reach_clamp(struct svm_reach *reach, unsigned long start,
			    unsigned long end)
{
	reach->start = max(reach->start, start);
	reach->end = min(reach->end, end);
}

/* How far around a page to bring home what is read mostly. */
static void svm_reach_widen(struct svm_reach *reach, unsigned long touched,
			    const struct svm_extent *advice)
{
	reach->start = ALIGN_DOWN(touched, SVM_BLOCK_BYTES);
	reach->end = reach->start + SVM_BLOCK_BYTES;
	svm_reach_clamp(reach, advice->start, advice->end);
}

/* A page table entry: with its neighbours, if that is possible. */
static vm_fault_t svm_fault_pte(struct vm_fault *vmf, struct migrate_vma *args,
				struct svm_event *event, u64 *count)
{
	/* NULL: none, or somebody has it. */
	struct svm_family *family = svm_family_trylock(args->vma);
	struct svm_device *sdev = svm_device_of_page(vmf->page);
	unsigned long few[2 * SVM_SETUP_SLACK * SVM_FAULT_PAGES], *many = NULL;
	unsigned long touched = vmf->address & PAGE_MASK, nr;
	struct mm_struct *mm = args->vma->vm_mm;
	struct svm_extent advice;
	struct svm_reach reach;
	vm_fault_t ret;
	bool wide;

	svm_stream_reach(mm, touched, &reach);
	svm_advice_at(sdev, mm, touched, &advice);
	wide = advice.what.bits & SVM_ADVICE_READ_MOSTLY;
	if (wide)
		svm_reach_widen(&reach, touched, &advice);
	svm_reach_clamp(&reach, args->vma->vm_start, args->vma->vm_end);
	/* Of a large folio one page only, see family.c. */
	if (!family || folio_test_large(page_folio(vmf->page)))
		svm_reach_clamp(&reach, touched, touched + PAGE_SIZE);

	nr = (reach.end - reach.start) >> PAGE_SHIFT;
	if (nr > SVM_FAULT_PAGES) {
		many = kmalloc_array(2 * SVM_SETUP_SLACK * nr, sizeof(*many),
				     GFP_NOWAIT | __GFP_NOWARN);
		if (!many) {
			nr = SVM_FAULT_PAGES;
			svm_reach_clamp(&reach,
					ALIGN_DOWN(touched, nr * PAGE_SIZE),
					ALIGN_DOWN(touched, nr * PAGE_SIZE) +
						nr * PAGE_SIZE);
		}
	}
	args->src = many ?: few;
	args->dst = args->src + SVM_SETUP_SLACK * nr;
	args->start = reach.start;
	args->end = reach.end;
	ret = svm_fault_run(vmf, args, event);
	kfree(many);
	if (family)
		svm_family_unlock(family);

	if (!event->length)
		return ret;
	count[SVM_CTR_BYTES_AHEAD] = event->length - PAGE_SIZE;
	if (wide)
		return ret;
	count[reach.expected ? SVM_CTR_FAULTS_SEQUENTIAL :
			       SVM_CTR_FAULTS_RANDOM] = 1;
	count[SVM_CTR_BYTES_AHEAD_USED] = reach.stream.unasked * PAGE_SIZE;
	svm_stream_note(&reach, event->length >> PAGE_SHIFT);
	return ret;
}

/**
 * svm_migrate_to_ram() - dev_pagemap_ops.migrate_to_ram
 * @vmf: the fault.
 *
 * If the page can't be had at this moment, because another migration holds a
 * reference, it stays, and the CPU faults again.
 *
 * Return: 0, VM_FAULT_OOM, or VM_FAULT_SIGBUS if the device has lost the bytes; or
 * what svm_fault_huge_entry() says.
 */
vm_fault_t svm_migrate_to_ram(struct vm_fault *vmf)
{
	struct svm_device *sdev = svm_device_of_page(vmf->page);
	/* Not the VMA itself, see svm_fault_huge_entry(). */
	struct mm_struct *mm = vmf->vma->vm_mm;
	struct migrate_vma args = {
		.vma = vmf->vma,
		.pgmap_owner = SVM_PGMAP_OWNER,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
		.fault_page = vmf->page,
	};
	struct svm_event event = {
		.type = SVM_EVENT_MIGRATED,
		.cause = SVM_CAUSE_CPU,
		.from = SVM_PLACE_DEVICE,
		.to = SVM_PLACE_SYSTEM,
		.from_id = sdev->id,
		.to_id = -1,
	};
	u64 count[SVM_CTR_NR] = {};
	u64 began = ktime_get_ns();
	vm_fault_t ret;

	/* Only a flag: the table that it points into may be unmapped by now. */
	if (vmf->pte)
		ret = svm_fault_pte(vmf, &args, &event, count);
	else
		ret = svm_fault_huge_entry(vmf, &args, &event);

	/* Not those that come again at once, for what another one holds. */
	if (event.length) {
		count[SVM_CTR_FAULTS] = 1;
		count[SVM_CTR_BYTES_FAULTED] = event.length;
		svm_counters_add(&sdev->counters, count);
		event.duration_ns = ktime_get_ns() - began;
		svm_context_tell(sdev, mm, &event, count);
	}
	trace_svm_fault(sdev->id, vmf->address & PAGE_MASK,
			event.length >> PAGE_SHIFT);
	return ret;
}
#endif
