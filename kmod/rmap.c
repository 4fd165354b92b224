// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who has a device folio mapped.
 *
 * Eviction asks whether a page shall stay; and it moves a huge folio by its page
 * frame only if there are 2 MiB of system memory: without a VMA the core can't
 * split it. The core's own way from a folio to its VMAs is not exported, but the
 * structures are, so it is done again here: for anonymous memory only, and without
 * looking at page tables, so that who is found may have the folio mapped, or not.
 *
 * Locking: the folio's lock and the anon_vma's, both by trylock: nothing waits.
 *
 * Limits: one step a VMA that shares the memory, at each call.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rbtree.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>

#include "pool.h"
#include "rmap.h"

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
		visit(vma, start, end, folio_pfn(folio) + first - folio->index,
		      arg);
		cond_resched();
	}
	up_read(&anon_vma->root->rwsem);
	return true;
}

/**
 * svm_rmap_visit() - look at each VMA that may have a device folio mapped
 * @pfn: the folio's first page frame.
 * @visit: called for each, with which part of it that would be, and the page
 *	frame that would be mapped at its beginning; the anon_vma is locked.
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

#ifdef SVM_HAVE_LARGE_FOLIOS

/* @folio is locked. */
static struct mm_struct *svm_rmap_nth(struct folio *folio, unsigned int nth,
				      unsigned long *start, unsigned long *end)
{
	struct anon_vma *anon_vma = svm_rmap_lock(folio);
	struct mm_struct *mm = NULL;
	struct rb_node *node;

	if (!anon_vma)
		return NULL;
	for (node = rb_first_cached(&anon_vma->rb_root); node && !mm;
	     node = rb_next(node)) {
		struct vm_area_struct *vma =
			rb_entry(node, struct anon_vma_chain, rb)->vma;

		if (!svm_rmap_range(vma, folio, start, end) || nth--)
			continue;
		mm = vma->vm_mm;
		/* It exits, and lets go of its pages: on to the next. */
		if (!mmget_not_zero(mm)) {
			mm = NULL;
			nth = 0;
		}
	}
	up_read(&anon_vma->root->rwsem);
	return mm;
}

/**
 * svm_rmap_mm() - an address space that may have a huge device folio mapped
 * @pfn: the folio's first page frame.
 * @nth: the how manieth of them, from 0.
 * @start: out: where in it.
 * @end: out: up to where.
 *
 * Return: the address space, to be put; NULL if there are no more, or it is no
 * huge folio any more, or somebody has it locked.
 */
struct mm_struct *svm_rmap_mm(unsigned long pfn, unsigned int nth,
			      unsigned long *start, unsigned long *end)
{
	struct folio *folio = (struct folio *)pfn_to_page(pfn);
	struct mm_struct *mm = NULL;

	if (!folio_try_get(folio))
		return NULL;
	if (folio_trylock(folio)) {
		if (folio_test_large(folio))
			mm = svm_rmap_nth(folio, nth, start, end);
		folio_unlock(folio);
	}
	folio_put(folio);
	return mm;
}

/**
 * svm_rmap_is_whole() - whether a huge folio is mapped by a huge entry somewhere
 * @pfn: its first page frame.
 *
 * Return: false if it is mapped in parts only, or can't be looked at now.
 */
bool svm_rmap_is_whole(unsigned long pfn)
{
	struct folio *folio = (struct folio *)pfn_to_page(pfn);
	bool whole = false;

	if (!folio_try_get(folio))
		return false;
	if (folio_trylock(folio)) {
		whole = folio_test_large(folio) &&
			folio_entire_mapcount(folio);
		folio_unlock(folio);
	}
	folio_put(folio);
	return whole;
}
#endif /* SVM_HAVE_LARGE_FOLIOS */
#endif /* SVM_HAVE_DEVICE_PRIVATE */
