// SPDX-License-Identifier: GPL-2.0-only
/*
 * A snapshot of the page tables: for each page of a range, where it is.
 *
 * hmm_range_fault() can't serve here: without faulting it does not tell a hole
 * from a swapped-out page, nor a page of another driver's device, nor an
 * exclusive one; and the page walkers of mm/ are not exported.
 *
 * Locking: mmap_lock is held, so that the VMA and the upper levels stay. The
 * lock of each table is taken, because a change passes through an empty entry.
 * Tables of hugetlbfs may be shared and taken away under us: they are read as
 * get_user_pages_fast() does, with interrupts off, each entry once. What
 * was read may have changed by the time it is used: it is an answer to
 * "where was it", or a hint to migrate_vma_setup(), which looks again.
 *
 * Limits: a table is locked for 512 entries at a time.
 */
#include <linux/hugetlb.h>
#include <linux/irqflags.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "compat.h"
#include "device.h"
#include "walk.h"

static struct svm_page svm_page_at(enum svm_place_type place)
{
	return (struct svm_page){ .place = place };
}

/* Nothing is there, not even a page table. */
static struct svm_page svm_page_bare(void)
{
	struct svm_page out = svm_page_at(SVM_PLACE_NONE);

	out.flags = SVM_WALK_F_BARE;
	return out;
}

/* Device memory, addressable by the CPU or not. */
static struct svm_page svm_page_on_device(unsigned long pfn)
{
	struct svm_page out = svm_page_at(SVM_PLACE_OTHER_DEVICE);
	unsigned long offset;
	int id;

	id = svm_device_id_of_pfn(pfn, &offset);
	if (id >= 0) {
		out.place = SVM_PLACE_DEVICE;
		out.id = id;
		out.offset = offset;
	}
	return out;
}

/* A page that the CPU can reach, or could but for a device's exclusive access. */
static struct svm_page svm_page_present(unsigned long pfn)
{
	struct svm_page out = svm_page_at(SVM_PLACE_SYSTEM);
	struct folio *folio;
	struct page *page;

	if (!pfn_valid(pfn))
		return svm_page_at(SVM_PLACE_SPECIAL);

	page = pfn_to_page(pfn);
	folio = page_folio(page);
	if (folio_is_zone_device(folio))
		return svm_page_on_device(pfn);

	out.id = page_to_nid(page);
	/* Flags may be those of the page's next owner: hints, as all of this. */
	if (folio_test_ksm(folio))
		out.flags = SVM_WALK_F_KSM;
	else if (folio_test_anon(folio))
		out.flags = SVM_WALK_F_ANON;
	return out;
}

/* What the CPU may do with a page that is not there for it now. */
static u8 svm_vma_flags(struct vm_area_struct *vma, bool write)
{
	u8 flags = 0;

	if (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC))
		flags |= SVM_PAGE_F_READ;
	if (write)
		flags |= SVM_PAGE_F_WRITE;
	return flags;
}

/*
 * An entry that NUMA balancing made inaccessible, to learn who touches it, means
 * what it meant before: the next touch restores it without a copy if the page is
 * this mapping's alone.
 */
static u8 svm_hinting_flags(struct vm_area_struct *vma, unsigned long pfn)
{
	bool exclusive = false;

	/* PageAnonExclusive() wants a page that can't be freed meanwhile. */
	if (pfn_valid(pfn))
		exclusive = test_bit(PG_anon_exclusive,
				     (unsigned long *)&pfn_to_page(pfn)->flags);
	return svm_vma_flags(vma, exclusive && (vma->vm_flags & VM_WRITE));
}

static struct svm_page svm_page_of_leaf(struct vm_area_struct *vma,
					softleaf_t entry)
{
	struct svm_page out;

	if (softleaf_is_swap(entry))
		return svm_page_at(SVM_PLACE_SWAP);
	if (softleaf_is_migration(entry))
		return svm_page_at(SVM_PLACE_MOVING);
	if (softleaf_is_device_private(entry)) {
		out = svm_page_on_device(softleaf_to_pfn(entry));
		out.flags |= svm_vma_flags(vma,
					   softleaf_is_device_private_write(entry));
		return out;
	}
	if (softleaf_is_device_exclusive(entry)) {
		out = svm_page_present(softleaf_to_pfn(entry));
		out.flags |= SVM_PAGE_F_EXCLUSIVE;
		out.flags |= svm_vma_flags(vma, vma->vm_flags & VM_WRITE);
		return out;
	}
	if (softleaf_is_hwpoison(entry))
		return svm_page_at(SVM_PLACE_POISONED);
	/* Keeps write protection for a page that does not exist yet. */
	if (softleaf_is_uffd_wp_marker(entry))
		return svm_page_at(SVM_PLACE_NONE);
	return svm_page_at(SVM_PLACE_SPECIAL);
}

static struct svm_page svm_page_of_pte(struct vm_area_struct *vma, pte_t pte)
{
	unsigned long pfn = pte_pfn(pte);
	struct svm_page out;

	if (pte_none(pte))
		return svm_page_at(SVM_PLACE_NONE);
	if (!pte_present(pte))
		return svm_page_of_leaf(vma, softleaf_from_pte(pte));

	if (is_zero_pfn(pfn))
		out = svm_page_at(SVM_PLACE_ZERO);
	else if (pte_special(pte))
		out = svm_page_at(SVM_PLACE_SPECIAL);
	else
		out = svm_page_present(pfn);
	if (pte_protnone(pte))
		out.flags |= svm_hinting_flags(vma, pfn);
	else
		out.flags |= SVM_PAGE_F_READ;
	if (pte_write(pte))
		out.flags |= SVM_PAGE_F_WRITE;
	return out;
}

/* A huge entry; @pfn is that of the page asked for, not of the head. */
static struct svm_page svm_page_of_huge(struct vm_area_struct *vma,
					unsigned long pfn, bool read,
					bool write)
{
	struct svm_page out = svm_page_present(pfn);

	/* The huge zero page is the one without an owner in such a mapping. */
	if (vma_is_anonymous(vma) && out.place == SVM_PLACE_SYSTEM &&
	    !(out.flags & (SVM_WALK_F_ANON | SVM_WALK_F_KSM)))
		out = svm_page_at(SVM_PLACE_ZERO);
	out.flags |= SVM_PAGE_F_HUGE;
	if (read)
		out.flags |= SVM_PAGE_F_READ;
	if (write)
		out.flags |= SVM_PAGE_F_WRITE;
	return out;
}

static struct svm_page svm_page_of_pmd(struct vm_area_struct *vma, pmd_t pmd,
				       unsigned long addr)
{
	unsigned long index = (addr & ~PMD_MASK) >> PAGE_SHIFT;
	struct svm_page out;
	softleaf_t entry;

	if (pmd_none(pmd))
		return svm_page_bare();
	if (pmd_present(pmd)) {
		out = svm_page_of_huge(vma, pmd_pfn(pmd) + index,
				       !pmd_protnone(pmd), pmd_write(pmd));
		if (pmd_protnone(pmd))
			out.flags |= svm_hinting_flags(vma, pmd_pfn(pmd));
		return out;
	}

	entry = softleaf_from_pmd(pmd);
	out = svm_page_of_leaf(vma, entry);
	out.flags |= SVM_PAGE_F_HUGE;
	if (out.place == SVM_PLACE_DEVICE) {
		out.offset += index;
		/* The table is locked, so the entry has its folio. */
		if (folio_mapcount(pfn_folio(softleaf_to_pfn(entry))) > 1)
			out.flags |= SVM_WALK_F_SHARED;
	}
	return out;
}

/*
 * The entry of the page upper directory for an address. Entries are copied before
 * they are followed: the original may turn into a huge entry meanwhile.
 */
static pud_t svm_read_pud(struct mm_struct *mm, unsigned long addr)
{
	pgd_t pgd;
	p4d_t p4d;

	pgd = READ_ONCE(*pgd_offset(mm, addr));
	if (pgd_none(pgd) || unlikely(pgd_bad(pgd)))
		return __pud(0);
	p4d = READ_ONCE(*p4d_offset(&pgd, addr));
	if (p4d_none(p4d) || unlikely(p4d_bad(p4d)))
		return __pud(0);
	return READ_ONCE(*pud_offset(&p4d, addr));
}

static struct svm_page svm_page_of_pud(struct vm_area_struct *vma, pud_t pud,
				       unsigned long addr)
{
	unsigned long index = (addr & ~PUD_MASK) >> PAGE_SHIFT;

	if (pud_none(pud))
		return svm_page_bare();
	/* An entry of hugetlbfs that is on its way. */
	if (!pud_present(pud))
		return svm_page_at(SVM_PLACE_MOVING);
	return svm_page_of_huge(vma, pud_pfn(pud) + index, true,
				pud_write(pud));
}

/**
 * struct svm_table - the lowest level of the page tables at an address
 * @ptl: its lock, held; NULL where the upper levels hold the answer.
 * @pud: the entry above, when @ptl is NULL.
 * @pmd: the entry above @ptep, or a huge or empty one.
 * @ptep: entry of the address, or NULL.
 */
struct svm_table {
	spinlock_t *ptl; /* held */
	pud_t pud;
	pmd_t pmd;
	pte_t *ptep;
};

/* Lock the table of page table entries that @pmdp points to, if it still does. */
static bool svm_table_lock_ptes(struct svm_table *table, struct mm_struct *mm,
				pmd_t *pmdp, unsigned long addr)
{
	/* It is freed by RCU. */
	rcu_read_lock();
	table->ptep = pte_offset_kernel(&table->pmd, addr);
	table->ptl = pte_lockptr(mm, &table->pmd);
	spin_lock(table->ptl);
	if (likely(pmd_same(table->pmd, pmdp_get_lockless(pmdp))))
		return true;
	spin_unlock(table->ptl);
	rcu_read_unlock();
	return false;
}

static void svm_table_lock(struct svm_table *table, struct mm_struct *mm,
			   unsigned long addr)
{
	pmd_t *pmdp;

	table->ptl = NULL;
	table->ptep = NULL;
	table->pmd = __pmd(0);
	table->pud = svm_read_pud(mm, addr);
	if (!pud_present(table->pud) || pud_leaf(table->pud))
		return;

	pmdp = pmd_offset(&table->pud, addr);
	/* Once more for each time that a huge page is mapped or split. */
	do {
		table->pmd = pmdp_get_lockless(pmdp);
		if (pmd_present(table->pmd) && !pmd_leaf(table->pmd))
			continue;
		table->ptl = pmd_lock(mm, pmdp);
		table->pmd = pmdp_get(pmdp);
		if (!pmd_present(table->pmd) || pmd_leaf(table->pmd)) {
			rcu_read_lock();
			return;
		}
		spin_unlock(table->ptl);
	} while (!svm_table_lock_ptes(table, mm, pmdp, addr));
}

static void svm_table_unlock(struct svm_table *table)
{
	if (!table->ptl)
		return;
	spin_unlock(table->ptl);
	rcu_read_unlock();
}

/* What one entry maps is alike but for its place in the device's memory. */
static void svm_walk_huge(struct svm_page first, unsigned long addr,
			  unsigned long end, struct svm_page *pages)
{
	for (; addr < end; addr += PAGE_SIZE) {
		*pages++ = first;
		if (first.place == SVM_PLACE_DEVICE)
			first.offset++;
	}
}

/* One table's worth, or what of it lies in [addr, end). */
static void svm_walk_table(struct vm_area_struct *vma, unsigned long addr,
			   unsigned long end, struct svm_page *pages)
{
	struct svm_table table;

	svm_table_lock(&table, vma->vm_mm, addr);
	if (!table.ptl)
		svm_walk_huge(svm_page_of_pud(vma, table.pud, addr), addr, end,
			      pages);
	else if (!table.ptep)
		svm_walk_huge(svm_page_of_pmd(vma, table.pmd, addr), addr, end,
			      pages);
	else
		for (; addr < end; addr += PAGE_SIZE)
			*pages++ = svm_page_of_pte(vma,
						   ptep_get(table.ptep++));
	svm_table_unlock(&table);
}

/* The same for hugetlbfs, where there are huge entries only. */
static void svm_walk_hugetlb(struct vm_area_struct *vma, unsigned long addr,
			     unsigned long end, struct svm_page *pages)
{
	unsigned long flags;
	bool huge_pud;
	pmd_t pmd;
	pud_t pud;

	local_irq_save(flags);
	pud = svm_read_pud(vma->vm_mm, addr);
	huge_pud = !pud_present(pud) || pud_leaf(pud);
	if (!huge_pud)
		pmd = READ_ONCE(*pmd_offset(&pud, addr));
	svm_walk_huge(huge_pud ? svm_page_of_pud(vma, pud, addr) :
				 svm_page_of_pmd(vma, pmd, addr),
		      addr, end, pages);
	local_irq_restore(flags);
}

/**
 * svm_walk() - tell where the pages of a range are
 * @vma: the VMA in which the range lies; its mmap_lock is held.
 * @start: page aligned address.
 * @nr: number of pages.
 * @pages: room for as many answers.
 */
void svm_walk(struct vm_area_struct *vma, unsigned long start,
	      unsigned long nr, struct svm_page *pages)
{
	unsigned long addr = start, end = start + nr * PAGE_SIZE;
	unsigned long next;

	mmap_assert_locked(vma->vm_mm);

	for (; addr < end; addr = next) {
		next = pmd_addr_end(addr, end);
		if (is_vm_hugetlb_page(vma))
			svm_walk_hugetlb(vma, addr, next, pages);
		else
			svm_walk_table(vma, addr, next, pages);
		pages += (next - addr) >> PAGE_SHIFT;
		cond_resched();
	}
}

/**
 * svm_walk_finds() - whether a page frame of a device is what is mapped
 * @vma: the VMA, not of hugetlbfs. Its mmap_lock is held, or the lock of its
 *	anon_vma, without which page tables are not freed either.
 * @addr: page aligned address.
 * @pfn: the page frame, of one of our devices.
 */
bool svm_walk_finds(struct vm_area_struct *vma, unsigned long addr,
		    unsigned long pfn)
{
	struct svm_page page;
	unsigned long offset;
	int id;

	id = svm_device_id_of_pfn(pfn, &offset);
	svm_walk_table(vma, addr, addr + PAGE_SIZE, &page);
	return page.place == SVM_PLACE_DEVICE && page.id == id &&
	       page.offset == offset;
}

/* 0 if it is not the entry of a page that a device has exclusively. */
static unsigned long svm_exclusive_pfn(softleaf_t entry)
{
	return softleaf_is_device_exclusive(entry) ? softleaf_to_pfn(entry) : 0;
}

/**
 * svm_walk_get_folio() - take a reference to the folio at an address
 * @vma: the VMA, not of hugetlbfs; its mmap_lock is held.
 * @addr: page aligned address.
 *
 * Return: the folio, to be put, or NULL if there is none that the CPU can address. It
 * may be one that a device has exclusively.
 */
struct folio *svm_walk_get_folio(struct vm_area_struct *vma, unsigned long addr)
{
	struct folio *folio = NULL;
	struct svm_table table;
	unsigned long pfn = 0;
	pte_t pte;

	mmap_assert_locked(vma->vm_mm);

	svm_table_lock(&table, vma->vm_mm, addr);
	if (table.ptep) {
		pte = ptep_get(table.ptep);
		if (pte_present(pte) && !pte_special(pte))
			pfn = pte_pfn(pte);
		else if (!pte_present(pte) && !pte_none(pte))
			pfn = svm_exclusive_pfn(softleaf_from_pte(pte));
	} else if (table.ptl && pmd_present(table.pmd)) {
		pfn = pmd_pfn(table.pmd);
	}
	if (pfn && pfn_valid(pfn)) {
		folio = pfn_folio(pfn);
		if (folio_is_zone_device(folio) &&
		    !folio_is_device_coherent(folio))
			folio = NULL;
		else
			folio_get(folio);
	}
	svm_table_unlock(&table);
	return folio;
}
