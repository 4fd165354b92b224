// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPU faults on what a huge entry maps to a device: it comes home as a huge page, or is
 * cut up, so that the next fault is on a single page of it.
 *
 * Nobody else may be at the address space while a huge page leaves a device, see
 * svm_lock_mm() in migrate.c. The fault comes with mmap_lock held for reading; so
 * it lets go of that, which is what VM_FAULT_RETRY and VM_FAULT_COMPLETED tell,
 * and takes it for writing.
 *
 * Cut up is what is mapped by others as well, after fork(); what there are no 2 MiB
 * for; what is broken in part; and all for who can't let go of mmap_lock. No entry
 * is zapped wrongly then: the core splits a huge entry before it puts migration entries
 * there.
 *
 * The core has the folio locked and referenced, and wants it back so. Both go
 * meanwhile: others wait for the lock with mmap_lock held (family.c), and a folio to
 * which many have references nobody could move or split. Should it be freed meanwhile,
 * then it is left to the fault, which has claimed it (pool.c).
 *
 * Locking: as the core calls, see fault.c; inside, mmap_lock for writing, the family
 * lock, and at last the folio's are waited for with none of the others held that are
 * taken after them. Who keeps mmap_lock waits for the folio's only, as all faults do.
 *
 * Limits: 2 MiB.
 */
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "copy.h"
#include "device.h"
#include "family.h"
#include "fault.h"
#include "pool.h"
#include "setup.h"
#include "walk.h"

#ifdef SVM_HAVE_LARGE_FOLIOS

/* Whether the huge page of a fault is where it was; and whether others map it. */
static bool svm_fault_finds(struct vm_fault *vmf, struct vm_area_struct *vma,
			    unsigned long start, bool *shared)
{
	struct svm_device *sdev = svm_device_of_page(vmf->page);
	struct svm_page page;

	if (vma->vm_start > start || vma->vm_end < start + SVM_BLOCK_BYTES)
		return false;
	svm_walk(vma, start, 1, &page);
	*shared = page.flags & SVM_WALK_F_SHARED;
	return page.place == SVM_PLACE_DEVICE &&
	       (page.flags & SVM_PAGE_F_HUGE) &&
	       svm_device_has_id(sdev, page.id) &&
	       page.offset == PHYS_PFN(svm_page_offset(sdev, vmf->page));
}

/*
 * Give away what the core has lent, claimed: the folio's lock, for which others wait
 * with mmap_lock held, and the reference, which is in everybody's way who wants to
 * move or split the folio.
 */
static void svm_fault_give_away(struct vm_fault *vmf)
{
	struct folio *folio = page_folio(vmf->page);

	folio_unlock(folio);
	folio_put(folio);
}

/*
 * Get both back. What was freed meanwhile was left to who has claimed it: that begins
 * once more, and is freed when the core drops it.
 */
static void svm_fault_get_back(struct vm_fault *vmf)
{
	struct svm_device *sdev = svm_device_of_page(vmf->page);
	unsigned long pfn = page_to_pfn(vmf->page);
	unsigned int order;

	/* Once more for each other who has claimed it, and was faster. */
	while (!folio_try_get(page_folio(vmf->page))) {
		if (!svm_pool_take_left(sdev->pool, pfn, &order))
			continue;
		svm_device_page_init(sdev, pfn, order);
		return;
	}
	folio_lock(page_folio(vmf->page));
}

/* Have an entry for each page. Nobody but those who map the folio has a reference. */
static void svm_fault_cut_up(struct migrate_vma *args)
{
	args->fault_page = NULL;
	args->flags &= ~MIGRATE_VMA_SELECT_COMPOUND;
	if (!svm_migrate_setup(args))
		svm_migrate_put_back(args);
}

/*
 * Bring it home, or cut it up, with nobody else at the address space.
 *
 * Return: whether the folio is locked and referenced, as the core had it.
 */
static bool svm_fault_alone(struct vm_fault *vmf, struct migrate_vma *args,
			    struct svm_event *event)
{
	struct folio *folio = page_folio(vmf->page);
	bool shared;

	vma_start_write(args->vma);
	if (!svm_fault_finds(vmf, args->vma, args->start, &shared))
		return false;
	if (!shared) {
		if (!folio_trylock(folio))
			return false;
		folio_get(folio);
		if (!svm_fault_run(vmf, args, event))
			return true;
		svm_fault_give_away(vmf);
	}
	svm_fault_cut_up(args);
	return false;
}

/* The same with no lock held. */
static bool svm_fault_unlocked(struct vm_fault *vmf, struct mm_struct *mm,
			       struct migrate_vma *args,
			       struct svm_event *event)
{
	struct svm_family *family; /* NULL: none of ours is there now */
	bool kept = false;

	if (mmap_write_lock_killable(mm))
		return false;
	args->vma = vma_lookup(mm, args->start);
	family = args->vma ? svm_family(args->vma) : NULL;
	if (family && !svm_family_lock_killable(family)) {
		kept = svm_fault_alone(vmf, args, event);
		svm_family_unlock(family);
	}
	mmap_write_unlock(mm);
	return kept;
}

/* A fault that may let go of mmap_lock. */
static vm_fault_t svm_fault_lets_go(struct vm_fault *vmf,
				    struct migrate_vma *args,
				    struct svm_event *event)
{
	struct svm_pool *pool = svm_device_of_page(vmf->page)->pool;
	unsigned long pfn = page_to_pfn(vmf->page);
	struct mm_struct *mm = args->vma->vm_mm;

	/* Who comes later waits for mmap_lock as well, and finds it done. */
	if (!svm_pool_claim_first(pool, pfn)) {
		mmap_read_unlock(mm);
		return VM_FAULT_RETRY;
	}
	args->src = kmalloc_array(2 * SVM_SETUP_SLACK * SVM_BLOCK_PAGES,
				  sizeof(*args->src), GFP_KERNEL);
	if (!args->src) {
		svm_pool_disclaim(pool, pfn);
		return VM_FAULT_OOM;
	}
	args->dst = args->src + SVM_SETUP_SLACK * SVM_BLOCK_PAGES;
	args->start = ALIGN_DOWN(vmf->address, SVM_BLOCK_BYTES);
	args->end = args->start + SVM_BLOCK_BYTES;
	args->flags |= MIGRATE_VMA_SELECT_COMPOUND;

	svm_fault_give_away(vmf);
	mmap_read_unlock(mm);
	if (!svm_fault_unlocked(vmf, mm, args, event))
		svm_fault_get_back(vmf);
	svm_pool_disclaim(pool, pfn);
	kfree(args->src);
	return event->length ? VM_FAULT_COMPLETED : VM_FAULT_RETRY;
}

/*
 * A fault that has to keep mmap_lock, as those of ptrace() and /proc/PID/mem: others may
 * zap meanwhile. It asks for the page that was touched, as who has no family lock
 * has to.
 */
static vm_fault_t svm_fault_keeps(struct vm_fault *vmf,
				  struct migrate_vma *args)
{
	struct svm_pool *pool = svm_device_of_page(vmf->page)->pool;
	unsigned long pfn = page_to_pfn(vmf->page);
	unsigned long entries[2 * SVM_SETUP_SLACK];

	args->src = entries;
	args->dst = entries + SVM_SETUP_SLACK;
	args->start = vmf->address & PAGE_MASK;
	args->end = args->start + PAGE_SIZE;

	svm_pool_claim(pool, pfn);
	svm_fault_give_away(vmf);
	svm_fault_cut_up(args);
	svm_fault_get_back(vmf);
	svm_pool_disclaim(pool, pfn);
	return 0;
}

/**
 * svm_fault_huge_entry() - a CPU fault on a huge entry
 * @vmf: the fault.
 * @args: what to ask the core for.
 * @event: tells then how much came home.
 *
 * Return: VM_FAULT_COMPLETED or VM_FAULT_RETRY, and mmap_lock is not held any more; 0
 * if it is; VM_FAULT_OOM.
 */
vm_fault_t svm_fault_huge_entry(struct vm_fault *vmf, struct migrate_vma *args,
				struct svm_event *event)
{
	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY))
		return svm_fault_keeps(vmf, args);
	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;
	return svm_fault_lets_go(vmf, args, event);
}
#else
vm_fault_t svm_fault_huge_entry(struct vm_fault *vmf, struct migrate_vma *args,
				struct svm_event *event)
{
	return VM_FAULT_SIGBUS;
}
#endif
