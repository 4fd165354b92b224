// SPDX-License-Identifier: GPL-2.0-only
/*
 * SVM_IOCTL_RESIDENCY: where the pages of a range are. Nothing is faulted in.
 *
 * Locking: mmap_lock for reading, SVM_RESIDENCY_PAGES at a time. The answer is
 * copied out with no lock held: it may lie in the range that is asked about.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "context.h"
#include "ioctl.h"
#include "residency.h"
#include "walk.h"

#define SVM_RESIDENCY_PAGES 2048UL

/* Returns the number of pages answered, or -EINTR. */
static long svm_residency_step(struct mm_struct *mm, unsigned long addr,
			       unsigned long end, struct svm_page *pages)
{
	struct vm_area_struct *vma;
	unsigned long i, nr;

	if (mmap_read_lock_killable(mm))
		return -EINTR;

	vma = find_vma(mm, addr);
	if (vma && vma->vm_start <= addr)
		end = min(end, vma->vm_end);
	else if (vma)
		end = min(end, vma->vm_start);
	nr = min((end - addr) >> PAGE_SHIFT, SVM_RESIDENCY_PAGES);

	if (vma && vma->vm_start <= addr) {
		svm_walk(vma, addr, nr, pages);
		for (i = 0; i < nr; i++)
			pages[i].flags &= ~SVM_WALK_F_MASK;
	} else {
		for (i = 0; i < nr; i++)
			pages[i] = (struct svm_page){
				.place = SVM_PLACE_UNMAPPED,
			};
	}
	mmap_read_unlock(mm);
	return nr;
}

/**
 * svm_residency() - SVM_IOCTL_RESIDENCY
 * @ctx: the context.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_residency(struct svm_context *ctx, struct svm_ioctl_residency *arg)
{
	struct svm_page __user *upages = u64_to_user_ptr(arg->pages);
	unsigned long addr = arg->addr, end;
	struct svm_page *pages;
	long nr = 0;
	int ret;

	if (arg->flags & ~SVM_F_OWNER_MM)
		return -EINVAL;
	if (svm_range_is_bad(arg->addr, arg->length))
		return -EINVAL;
	if (arg->count < arg->length >> PAGE_SHIFT)
		return -EMSGSIZE;

	pages = kvmalloc_array(SVM_RESIDENCY_PAGES, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	ret = svm_context_enter(ctx, arg->flags);
	if (ret)
		goto free_pages;

	end = addr + min(arg->length, SVM_MAX_CALL_BYTES);
	while (addr < end) {
		nr = svm_residency_step(ctx->mm, addr, end, pages);
		if (nr < 0)
			break;
		if (copy_to_user(upages, pages, nr * sizeof(*pages))) {
			nr = -EFAULT;
			break;
		}
		upages += nr;
		addr += nr * PAGE_SIZE;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	/* Half an answer is one; a bad pointer is an error at any place. */
	if (nr == -EFAULT || (nr < 0 && addr == arg->addr))
		ret = nr;
	arg->next = addr;
	svm_context_exit(ctx);
free_pages:
	kvfree(pages);
	return ret;
}
