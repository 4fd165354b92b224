// SPDX-License-Identifier: GPL-2.0-only
/* Device folios of the size of a page table page's range, 2 MiB. */
#include <linux/build_bug.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#ifndef CONFIG_DEVICE_PRIVATE
#error "no device private memory"
#endif
/* The second is the first's name since Linux 7.3. */
#if !defined(CONFIG_ARCH_ENABLE_THP_MIGRATION) && \
	!defined(CONFIG_ARCH_HAS_PMD_SOFTLEAVES)
#error "huge entries can't become migration entries"
#endif

static_assert(HPAGE_PMD_SIZE == SZ_2M, "the pool deals in blocks of 2 MiB");

static void probe_split(struct folio *head, struct folio *tail)
{
	tail->pgmap = head->pgmap;
	clear_bit(PG_head, &head->flags.f);
}

static const struct dev_pagemap_ops probe_ops __maybe_unused = {
	.folio_split = probe_split,
};

static int __maybe_unused probe(struct vm_area_struct *vma, struct page *page)
{
	zone_device_page_init(page, page_pgmap(page), HPAGE_PMD_ORDER);
	folio_set_large_rmappable(page_folio(page));
	if (vma_thp_disabled(vma, vma->vm_flags, false))
		return 0;
	return MIGRATE_VMA_SELECT_COMPOUND | MIGRATE_PFN_COMPOUND;
}
