// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making room on a full device, or within a quota, for a migrate call that asked
 * for it: cold pages of the same owner go home.
 *
 * Never pages of the range that moves. What of it is on the device already is
 * taken out of the owner's clock before the first page is evicted, and so is what
 * the call brings there, until it ends; the queue of these is the call's own.
 *
 * Locking: the device's gate is held, and no mmap_lock, family lock or folio
 * lock; mmap_lock is taken to look at the range, a window at a time.
 *
 * What is pinned stays, and what is to be kept goes when there is nothing else.
 *
 * Limits: SVM_MAX_CALL_BYTES of the range are looked at, besides mappings of which
 * nothing can move. A call looks at each frame of its owner twice at most: to pass
 * it over because it is warm, and to evict it; and twice more when what was kept
 * goes.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>

#include "context.h"
#include "device.h"
#include "evict.h"
#include "ioctl.h"
#include "migration.h"
#include "pool.h"
#include "room.h"
#include "walk.h"

/*
 * Look at the beginning of a range, no more than a window.
 *
 * Return: where to go on; @left is less by what was looked at.
 */
static unsigned long svm_keep_window(struct svm_migration *mig,
				     unsigned long addr, unsigned long end,
				     unsigned long *left)
{
	struct svm_page *pages = mig->scratch->pages;
	struct mm_struct *mm = mig->ctx->mm;
	struct vm_area_struct *vma;
	unsigned long i, nr;

	if (mmap_read_lock_killable(mm))
		return end;
	vma = find_vma(mm, addr);
	if (!vma || vma->vm_start >= end) {
		mmap_read_unlock(mm);
		return end;
	}
	addr = max(addr, vma->vm_start);
	end = min(end, vma->vm_end);
	if (svm_vma_status(vma) != SVM_PAGE_CANDIDATE) {
		mmap_read_unlock(mm);
		return end;
	}
	nr = min3((end - addr) >> PAGE_SHIFT, *left >> PAGE_SHIFT,
		  SVM_WINDOW_PAGES);
	svm_walk(vma, addr, nr, pages);
	mmap_read_unlock(mm);

	/* It may be another's by now: the pool looks whose it is. */
	for (i = 0; i < nr; i++)
		if (pages[i].place == SVM_PLACE_DEVICE &&
		    pages[i].id == mig->sdev->id)
			svm_pool_keep(mig->sdev->pool, &mig->claim,
				      pages[i].offset);
	*left -= nr * PAGE_SIZE;
	return addr + nr * PAGE_SIZE;
}

static void svm_keep_range(struct svm_migration *mig,
			   const struct svm_ioctl_migrate *arg)
{
	unsigned long addr = arg->addr, end = arg->addr + arg->length;
	unsigned long left = SVM_MAX_CALL_BYTES;

	while (addr < end && left) {
		addr = svm_keep_window(mig, addr, end, &left);
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	/* What is left in the clock can be evicted. */
	mig->looks = 2 * svm_pool_nr_owned(mig->sdev->pool, mig->claim.owner);
	mig->spare = SVM_ADVICE_PIN | SVM_ADVICE_KEEP;
	mig->has_kept = true;
}

/**
 * svm_make_room() - evict cold pages, so that others can come
 * @mig: the migration, to a device.
 * @arg: the request.
 * @want: for how many pages.
 *
 * Return: whether there is more room now, or nothing is lacking.
 */
bool svm_make_room(struct svm_migration *mig,
		   const struct svm_ioctl_migrate *arg, unsigned long want)
{
	struct svm_pool *pool = mig->sdev->pool;
	struct svm_eviction ev = {
		.sdev = mig->sdev,
		.owner = mig->claim.owner,
		.cause = SVM_CAUSE_EVICT,
		.killable = true,
	};
	unsigned long lacks, moved, sum = 0;
	bool again;

	/* Nothing that goes makes room then. */
	if (!mig->claim.limit)
		return false;
	if (!mig->has_kept)
		svm_keep_range(mig, arg);
	ev.spare = mig->spare;
	do {
		lacks = svm_pool_lacks(pool, &mig->claim, want);
		if (!lacks)
			return true;
		ev.looks = mig->looks;
		moved = svm_evict(&ev, min(lacks, SVM_WINDOW_PAGES));
		mig->looks = ev.looks;
		sum += moved;
		mig->evicted += moved;
		/* What is to be kept goes when there is nothing else. */
		if (!moved && (mig->spare & SVM_ADVICE_KEEP)) {
			mig->spare = SVM_ADVICE_PIN;
			mig->looks = 2 * svm_pool_nr_owned(pool,
							   mig->claim.owner);
			ev.spare = mig->spare;
			again = true;
		} else {
			again = moved;
		}
	} while (again && !fatal_signal_pending(current));
	return sum;
}

/**
 * svm_room_end() - give back to the clock what a call kept out of it
 * @mig: the migration; its device may be gone, and all pages with it.
 */
void svm_room_end(struct svm_migration *mig)
{
	struct svm_device *sdev = mig->sdev;

	if (!mig->evict)
		return;
	down_read(&sdev->gate);
	if (!sdev->dead)
		svm_pool_unkeep(sdev->pool, &mig->claim);
	up_read(&sdev->gate);
}
