/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One face for the kernels that the module builds on. What Kbuild's probes
 * found comes in as SVM_HAVE_*; everything else in the module is written for the
 * newest kernel.
 */
#ifndef SVM_COMPAT_H
#define SVM_COMPAT_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/swap.h>

#ifdef SVM_HAVE_SOFTLEAF
#include <linux/leafops.h>
#else
#include <linux/swapops.h>

#define softleaf_t swp_entry_t

#define softleaf_from_pte(pte)		pte_to_swp_entry(pte)
#define softleaf_from_pmd(pmd)		pmd_to_swp_entry(pmd)
#define softleaf_is_swap(entry)		(!non_swap_entry(entry))
#define softleaf_is_migration(entry)	is_migration_entry(entry)
#define softleaf_is_device_private(entry)	is_device_private_entry(entry)
#define softleaf_is_device_private_write(entry)	\
	is_writable_device_private_entry(entry)
#define softleaf_is_device_exclusive(entry)	is_device_exclusive_entry(entry)
#define softleaf_is_hwpoison(entry)	is_hwpoison_entry(entry)
#define softleaf_to_pfn(entry)		swp_offset_pfn(entry)

static inline bool softleaf_is_uffd_wp_marker(softleaf_t entry)
{
	return is_pte_marker_entry(entry) &&
	       (pte_marker_get(entry) & PTE_MARKER_UFFD_WP);
}
#endif

static inline struct folio *svm_vma_alloc_folio(gfp_t gfp, unsigned int order,
						struct vm_area_struct *vma,
						unsigned long addr)
{
#ifdef SVM_HAVE_VMA_ALLOC_FOLIO_4
	return vma_alloc_folio(gfp, order, vma, addr);
#else
	return vma_alloc_folio(gfp, order, vma, addr, order > 0);
#endif
}

#endif /* SVM_COMPAT_H */
