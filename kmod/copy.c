// SPDX-License-Identifier: GPL-2.0-only
/*
 * The content of pages: copies between system memory and devices of any
 * backend, and clearing.
 *
 * Locking: both pages are locked by the caller and mapped nowhere.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "copy.h"
#include "device.h"

/* The flags that a page of the kernel's own allocator does not begin with. */
#define SVM_STALE_FLAGS (PAGE_FLAGS_CHECK_AT_PREP & ~BIT(PG_reserved))

/**
 * svm_device_page_init() - make a page or a huge folio of taken page frames
 * @sdev: the device.
 * @pfn: from its pool.
 * @order: 0, or SVM_BLOCK_ORDER for a block that was taken whole.
 *
 * By page and not by folio: the frame may have been the tail of a huge folio
 * that is gone, and still say so. And without the flags of its last life: those
 * of a single page mean other things, such as "has poisoned pages", in the first
 * tail of a huge folio, and the other way round.
 *
 * Return: the page, locked, with one reference; when that is put, it goes back
 * to the pool.
 */
struct page *svm_device_page_init(struct svm_device *sdev, unsigned long pfn,
				  unsigned int order)
{
	struct page *page = pfn_to_page(pfn);

#ifdef SVM_HAVE_DEVICE_PRIVATE
	unsigned long i;

	for (i = 0; i < 1UL << order; i++)
		page[i].flags.f &= ~SVM_STALE_FLAGS;
	zone_device_page_init(page, &sdev->pagemap, order);
	if (order)
		folio_set_large_rmappable(page_folio(page));
#endif
	return page;
}

/**
 * svm_fresh_page_put() - throw away a destination page that is not needed
 * @page: locked, with one reference.
 */
void svm_fresh_page_put(struct page *page)
{
	unlock_page(page);
	put_page(page);
}

static int svm_read_pages(struct page *dst, struct page *src, unsigned long nr)
{
	struct svm_device *sdev = svm_device_of_page(src);

	return sdev->backend->read(sdev, svm_page_offset(sdev, src), dst, nr);
}

static int svm_write_pages(struct page *dst, struct page *src, unsigned long nr)
{
	struct svm_device *sdev = svm_device_of_page(dst);

	return sdev->backend->write(sdev, svm_page_offset(sdev, dst), src, nr);
}

/* From device to device, one page after the other. */
static int svm_bounce_pages(struct page *dst, struct page *src,
			    unsigned long nr, struct page *bounce)
{
	unsigned long i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		ret = svm_read_pages(bounce, src + i, 1);
		if (!ret)
			ret = svm_write_pages(dst + i, bounce, 1);
	}
	return ret;
}

/**
 * svm_copy_pages() - copy a page or a huge folio, wherever it is
 * @dst: destination, in system memory or on one of our devices.
 * @src: source, likewise.
 * @nr: number of pages.
 * @bounce: a system page, needed when both are on devices.
 *
 * Return: 0, or -EHWPOISON if the source is broken.
 */
int svm_copy_pages(struct page *dst, struct page *src, unsigned long nr,
		   struct page *bounce)
{
	bool from_device = is_zone_device_page(src);
	bool to_device = is_zone_device_page(dst);
	unsigned long i;

	if (from_device && to_device)
		return svm_bounce_pages(dst, src, nr, bounce);
	if (from_device)
		return svm_read_pages(dst, src, nr);
	if (to_device)
		return svm_write_pages(dst, src, nr);
	for (i = 0; i < nr; i++) {
		if (copy_mc_highpage(dst + i, src + i))
			return -EHWPOISON;
		cond_resched();
	}
	return 0;
}

/**
 * svm_clear_device_pages() - zero a device page or a huge folio
 * @page: the first page.
 * @nr: number of pages.
 *
 * Return: 0 or a negative errno value.
 */
int svm_clear_device_pages(struct page *page, unsigned long nr)
{
	struct svm_device *sdev = svm_device_of_page(page);

	return sdev->backend->clear(sdev, svm_page_offset(sdev, page), nr);
}
