// SPDX-License-Identifier: GPL-2.0-only
/* Entries that are no present page: softleaf_t, where it was swp_entry_t. */
#include <linux/mm.h>
#include <linux/swap.h>
#include <linux/leafops.h>

static bool __maybe_unused probe(pte_t pte, pmd_t pmd)
{
	return softleaf_is_device_private(softleaf_from_pte(pte)) ||
	       softleaf_is_migration(softleaf_from_pmd(pmd));
}
