// SPDX-License-Identifier: GPL-2.0-only
/*
 * The plan of a migrate call: which pages shall move, which can't or need not,
 * and, when one did not move although it should have, why.
 *
 * Locking: mmap_lock is held for reading, so that the VMA stays. What a snapshot
 * shows is a hint; svm_locked_page_plan() looks at pages that are locked.
 */
#include <linux/dax.h>
#include <linux/hugetlb.h>
#include <linux/ksm.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/userfaultfd_k.h>

#include "context.h"
#include "device.h"
#include "migration.h"
#include "walk.h"

/* What a file's pages are called: shmem is the kernel's own file. */
static enum svm_page_status svm_file_status(struct vm_area_struct *vma)
{
	if (vma->vm_file && shmem_mapping(vma->vm_file->f_mapping))
		return SVM_PAGE_SHMEM;
	return SVM_PAGE_FILE;
}

/**
 * svm_vma_status() - why nothing of a VMA moves
 * @vma: the VMA.
 *
 * Return: the status of all its pages, or SVM_PAGE_CANDIDATE.
 */
enum svm_page_status svm_vma_status(struct vm_area_struct *vma)
{
	if (is_vm_hugetlb_page(vma))
		return SVM_PAGE_HUGETLB;
	if ((vma->vm_flags & VM_SPECIAL) || vma_is_dax(vma))
		return SVM_PAGE_SPECIAL;
	if (vma->vm_flags & VM_SHARED)
		return svm_file_status(vma);
	return SVM_PAGE_CANDIDATE;
}

/**
 * svm_populates() - whether holes of a VMA shall become pages on the device
 * @mig: the call.
 * @vma: the VMA.
 */
bool svm_populates(struct svm_migration *mig, struct vm_area_struct *vma)
{
	return mig->to_device && !mig->resident_only &&
	       vma_is_anonymous(vma) && !userfaultfd_missing(vma) &&
	       (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC));
}

/**
 * svm_plan_huge() - whether the 2 MiB of a page shall move as a huge page
 * @mig: the call.
 * @vma: the VMA, all of the 2 MiB lie in it and in the range.
 * @page: one of its pages, a candidate.
 */
bool svm_plan_huge(struct svm_migration *mig, struct vm_area_struct *vma,
		   const struct svm_page *page)
{
#ifdef SVM_HAVE_LARGE_FOLIOS
	if (mig->to_device && !svm_device_takes_huge(mig->sdev))
		return false;
	switch (page->place) {
	case SVM_PLACE_NONE:
		return (page->flags & SVM_WALK_F_BARE) &&
		       !vma_thp_disabled(vma, vma->vm_flags, false);
	case SVM_PLACE_ZERO:
		return (page->flags & SVM_PAGE_F_HUGE) &&
		       !vma_thp_disabled(vma, vma->vm_flags, false);
	case SVM_PLACE_DEVICE:
		/* Nobody can keep all who map it away, see svm_lock_mm(). */
		if (page->flags & SVM_WALK_F_SHARED)
			return false;
		fallthrough;
	default:
		return page->flags & SVM_PAGE_F_HUGE;
	}
#else
	return false;
#endif
}

/**
 * svm_page_plan() - what to do with a page
 * @mig: the call.
 * @vma: the VMA.
 * @page: what a snapshot shows.
 *
 * Return: SVM_PAGE_CANDIDATE, or the reason why it shall stay.
 */
enum svm_page_status svm_page_plan(struct svm_migration *mig,
				   struct vm_area_struct *vma,
				   const struct svm_page *page)
{
	switch (page->place) {
	case SVM_PLACE_NONE:
		if (!vma_is_anonymous(vma))
			return svm_file_status(vma);
		if (!svm_populates(mig, vma))
			return SVM_PAGE_HOLE;
		break;
	case SVM_PLACE_ZERO:
		if (!mig->to_device)
			return SVM_PAGE_ALREADY;
		if (!svm_populates(mig, vma))
			return SVM_PAGE_HOLE;
		break;
	case SVM_PLACE_SYSTEM:
		if (page->flags & SVM_WALK_F_KSM)
			return SVM_PAGE_KSM;
		if (!(page->flags & SVM_WALK_F_ANON))
			return svm_file_status(vma);
		if (!mig->to_device && (mig->node == NUMA_NO_NODE ||
					mig->node == page->id))
			return SVM_PAGE_ALREADY;
		if (page->flags & SVM_PAGE_F_EXCLUSIVE)
			return SVM_PAGE_BUSY;
		break;
	case SVM_PLACE_DEVICE:
		if (mig->to_device && page->id == mig->sdev->id)
			return SVM_PAGE_ALREADY;
		if (page->flags & SVM_PAGE_F_EXCLUSIVE)
			return SVM_PAGE_BUSY;
		break;
	case SVM_PLACE_OTHER_DEVICE:
		return SVM_PAGE_OTHER_DEVICE;
	case SVM_PLACE_SWAP:
		return SVM_PAGE_SWAPPED;
	case SVM_PLACE_MOVING:
		return SVM_PAGE_BUSY;
	case SVM_PLACE_POISONED:
		return SVM_PAGE_POISONED;
	default:
		return SVM_PAGE_SPECIAL;
	}
	return mig->to_device ? mig->no_room : SVM_PAGE_CANDIDATE;
}

/**
 * svm_locked_page_plan() - the same for a page that is locked and unmapped
 * @mig: the call.
 * @vma: the VMA.
 * @page: it may be another than the snapshot showed; NULL for a hole.
 *
 * Return: as svm_page_plan().
 */
enum svm_page_status svm_locked_page_plan(struct svm_migration *mig,
					  struct vm_area_struct *vma,
					  struct page *page)
{
	struct folio *folio;

	if (!page)
		return svm_populates(mig, vma) ? SVM_PAGE_CANDIDATE :
						 SVM_PAGE_HOLE;
	folio = page_folio(page);
	if (folio_is_zone_device(folio)) {
		/* A huge one of coherent memory the core takes whosever it is. */
		if (!svm_is_device_page(page))
			return SVM_PAGE_OTHER_DEVICE;
		if (mig->to_device && svm_device_of_page(page) == mig->sdev)
			return SVM_PAGE_ALREADY;
		return SVM_PAGE_CANDIDATE;
	}
	if (folio_test_ksm(folio))
		return SVM_PAGE_KSM;
	if (!folio_test_anon(folio))
		return svm_file_status(vma);
	if (PageHWPoison(page))
		return SVM_PAGE_POISONED;
	if (mig->to_device)
		return SVM_PAGE_CANDIDATE;
	if (mig->node == NUMA_NO_NODE || mig->node == page_to_nid(page))
		return SVM_PAGE_ALREADY;
	/* The core can drop a swap copy for a move to a device only. */
	if (folio_test_swapcache(folio))
		return SVM_PAGE_SWAPPED;
	return SVM_PAGE_CANDIDATE;
}

/* Whether something besides page tables and the core's own books holds a folio. */
static bool svm_folio_is_pinned(struct folio *folio)
{
	/* Ours, and that of a list on the way to the LRU. */
	long expected = 1 + (!folio_test_lru(folio) &&
			     !folio_is_zone_device(folio));

	expected += folio_mapcount(folio);
	if (folio_test_swapcache(folio))
		expected += folio_nr_pages(folio);
	return folio_maybe_dma_pinned(folio) ||
	       folio_ref_count(folio) > expected;
}

/**
 * svm_why_stayed() - why a candidate did not move
 * @mig: the call.
 * @vma: the VMA.
 * @addr: of the page, which is back in the page tables.
 * @before: what the snapshot showed.
 *
 * Return: the status to report.
 */
enum svm_page_status svm_why_stayed(struct svm_migration *mig,
				    struct vm_area_struct *vma,
				    unsigned long addr,
				    const struct svm_page *before)
{
	enum svm_page_status status;
	struct folio *folio;
	struct svm_page now;
	bool pinned;

	svm_walk(vma, addr, 1, &now);
	if (now.place == SVM_PLACE_NONE || now.place == SVM_PLACE_ZERO) {
		/* Nobody put a page there, and neither could we. */
		if (now.place == before->place)
			return SVM_PAGE_NO_MEMORY;
		return SVM_PAGE_HOLE;
	}

	status = svm_page_plan(mig, vma, &now);
	if (status != SVM_PAGE_CANDIDATE)
		return status;

	folio = svm_walk_get_folio(vma, addr);
	if (!folio)
		return SVM_PAGE_BUSY;
	pinned = svm_folio_is_pinned(folio);
	folio_put(folio);
	return pinned ? SVM_PAGE_PINNED : SVM_PAGE_BUSY;
}
