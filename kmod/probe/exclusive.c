// SPDX-License-Identifier: GPL-2.0-only
/* Device-exclusive access to one page at a time. */
#include <linux/mm.h>
#include <linux/rmap.h>

#ifndef CONFIG_DEVICE_PRIVATE
#error "declared, but not there"
#endif

static struct page * __maybe_unused probe(struct mm_struct *mm, void *owner,
					  struct folio **folio)
{
	return make_device_exclusive(mm, 0, owner, folio);
}
