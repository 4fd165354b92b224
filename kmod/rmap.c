// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who has a device folio mapped.
 *
 * Eviction begins with page frames, asks whether they shall stay, and moves them by
 * the address spaces that have them mapped. The core's own way from a folio to its
 * VMAs is not exported, but the structures are, so it is done again here, for
 * anonymous memory only.
 *
 * Locking: the folio's lock and the anon_vma's, both by trylock: nothing waits.
 *
 * Limits: one step a VMA that shares the memory, and for svm_rmap_mm() a look at
 * the page tables for each page of the folio, at each call.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rbtree.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>

#include "rmap.h"
#include "walk.h"

#ifdef SVM_HAVE_DEVICE_PRIVATE

/* Which part of a VMA a folio would be mapped in, if it is. */
static bool svm_rmap_range(struct vm_area_struct *vma, struct folio *folio,
			   unsigned long *start, unsigned long *end)
{
	pgoff_t first = max(folio->index, vma->vm_pgoff);
	pgoff_t last = min(folio->index + folio_nr_pages(folio),
			   vma->vm_pgoff + vma_pages(vma));

	if (first >= last)
		return false;
	*start = vma->vm_start + ((first - vma->vm_pgoff) << PAGE_SHIFT);
	*end = *start + ((last - first) << PAGE_SHIFT);
	return true;
}

/* As folio_lock_anon_vma_read(), but without waiting. */
static struct anon_vma *svm_rmap_lock(struct folio *folio)
{
	struct anon_vma *anon_vma, *root;

	rcu_read_lock();
	if (!folio_test_anon(folio) || !folio_mapped(folio))
		goto none;
	anon_vma = (void *)((unsigned long)folio->mapping &
			    ~FOLIO_MAPPING_FLAGS);
	root = READ_ONCE(anon_vma->root);
	if (!down_read_trylock(&root->rwsem))
		goto none;
	/* Only if it is mapped still is that its anon_vma, and does not go. */
	if (!folio_mapped(folio)) {
		up_read(&root->rwsem);
		goto none;
	}
	rcu_read_unlock();
	return anon_vma;

none:
	rcu_read_unlock();
	return NULL;
}

/* @folio is locked. */
static bool svm_rmap_visit_folio(struct folio *folio, svm_rmap_visitor visit,
				 void *arg)
{
	struct anon_vma *anon_vma;
	struct rb_node *node;

	/* Nobody has it any more. */
	if (!folio_mapped(folio))
		return true;
	anon_vma = svm_rmap_lock(folio);
	if (!anon_vma)
		return false;
	for (node = rb_first_cached(&anon_vma->rb_root); node;
	     node = rb_next(node)) {
		struct vm_area_struct *vma =
			rb_entry(node, struct anon_vma_chain, rb)->vma;
		unsigned long start, end, first;

		if (!svm_rmap_range(vma, folio, &start, &end))
			continue;
		first = vma->vm_pgoff + ((start - vma->vm_start) >> PAGE_SHIFT);
		if (visit(vma, start, end,
			  folio_pfn(folio) + first - folio->index, arg))
			break;
		cond_resched();
	}
	up_read(&anon_vma->root->rwsem);
	return true;
}

/**
 * svm_rmap_visit() - look at each VMA that may have a device folio mapped
 * @pfn: the folio's first page frame.
 * @visit: called for each, with which part of it that would be, and the page
 *	frame that would be mapped at its beginning; the anon_vma is locked. It
 *	returns whether that is enough.
 * @arg: passed to it.
 *
 * Return: false if somebody has the folio or its anon_vma locked.
 */
bool svm_rmap_visit(unsigned long pfn, svm_rmap_visitor visit, void *arg)
{
	struct folio *folio = (struct folio *)pfn_to_page(pfn);
	bool done = false;

	if (!folio_try_get(folio))
		return true;
	if (folio_trylock(folio)) {
		done = svm_rmap_visit_folio(folio, visit, arg);
		folio_unlock(folio);
	}
	folio_put(folio);
	return done;
}

/**
 * struct svm_rmap_search - for an address space that has a folio mapped
 * @skip: how many are to be passed over still.
 * @addr: out: where in it.
 * @mm: out: the address space, or NULL.
 */
struct svm_rmap_search {
	unsigned int skip;
	unsigned long addr;
	struct mm_struct *mm;
};

static bool svm_rmap_find_mm(struct vm_area_struct *vma, unsigned long start,
			     unsigned long end, unsigned long pfn, void *arg)
{
	struct svm_rmap_search *search = arg;

	/* After copy on write, or where a part was unmapped, it is not there. */
	while (start < end && !svm_walk_finds(vma, start, pfn)) {
		start += PAGE_SIZE;
		pfn++;
	}
	if (start >= end)
		return false;
	if (search->skip) {
		search->skip--;
		return false;
	}
	/* If it exits, it lets go of its pages by itself. */
	if (!mmget_not_zero(vma->vm_mm))
		return false;
	search->addr = start;
	search->mm = vma->vm_mm;
	return true;
}

/**
 * svm_rmap_mm() - an address space that has a device folio mapped
 * @pfn: the folio's first page frame.
 * @nth: the how manieth of them, from 0. Others may come and go between calls.
 * @addr: out: where in it a page of the folio is.
 *
 * Return: the address space, to be put; NULL if there are no more, or somebody has
 * the folio or its anon_vma locked.
 */
struct mm_struct *svm_rmap_mm(unsigned long pfn, unsigned int nth,
			      unsigned long *addr)
{
	struct svm_rmap_search search = { .skip = nth };

	svm_rmap_visit(pfn, svm_rmap_find_mm, &search);
	*addr = search.addr;
	return search.mm;
}
#endif /* SVM_HAVE_DEVICE_PRIVATE */
