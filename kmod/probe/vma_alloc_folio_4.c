// SPDX-License-Identifier: GPL-2.0-only
/* vma_alloc_folio() without the fifth argument, whether it is for huge pages. */
#include <linux/mm.h>
#include <linux/gfp.h>

static struct folio * __maybe_unused probe(struct vm_area_struct *vma)
{
	return vma_alloc_folio(GFP_KERNEL, 0, vma, 0);
}
