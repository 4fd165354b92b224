// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mirrored memory mapped for the DMA of a device that masters the bus.
 *
 * The pages are not pinned. Each chunk of such a device's mirror has a map beside
 * its entries: a page is mapped when the device first wants it, and stays mapped
 * while its entry is valid. Whatever ends the entry unmaps the page, under the same
 * lock, svm_chunk.lock, that is held while a transfer is in flight: so when
 * invalidate_range_start() returns, the device neither reaches the page nor has its
 * address. An invalidation that must not sleep finds the lock taken while a
 * transfer is in flight, and says so.
 *
 * The CPU and the device use the pages at the same time, and nobody hands them
 * over. So a device that can't address all memory, for which the core would copy
 * through a bounce buffer, and one that is not coherent with the CPU's caches are
 * refused with -EOPNOTSUPP.
 *
 * Where the kernel has hmm_dma_map_pfn() the map is its: one range of an IOMMU's
 * addresses a chunk, and memory of other PCI functions. Else pages are mapped one by
 * one.
 *
 * Locking: svm_dma_lock protects the lists of mirrors and svm_mirror.dma; it is
 * outside of svm_chunk.lock. Mapping and unmapping are under svm_chunk.lock.
 *
 * Limits: 8 bytes a page, 16 where addresses have to be remembered, in whole
 * chunks.
 */
#include <linux/bitmap.h>
#include <linux/dma-mapping.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/slab.h>
#ifdef SVM_HAVE_HMM_DMA
#include <linux/hmm.h>
#include <linux/hmm-dma.h>
#include <linux/pci-p2pdma.h>
#endif

#include "dma.h"
#include "mirror.h"

static DEFINE_MUTEX(svm_dma_lock);

/**
 * svm_dma_init() - set up what the driver of a device that masters the bus has
 * @dma: the driver's; lives until svm_dma_detach_all() has returned.
 * @dev: the device; its DMA mask is set.
 * @ops: what it can do.
 * @buffer_bytes: size of its buffer.
 *
 * Return: 0; -EOPNOTSUPP for a device that can't reach all memory; -ENOMEM.
 */
int svm_dma_init(struct svm_dma *dma, struct device *dev,
		 const struct svm_dma_ops *ops, size_t buffer_bytes)
{
	if (dma_addressing_limited(dev))
		return -EOPNOTSUPP;
	dma->bounce = dmam_alloc_coherent(dev, PAGE_SIZE, &dma->bounce_addr,
					  GFP_KERNEL);
	if (!dma->bounce)
		return -ENOMEM;
	dma->dev = dev;
	dma->ops = ops;
	dma->buffer_bytes = buffer_bytes;
	mutex_init(&dma->engine);
	INIT_LIST_HEAD(&dma->mirrors);
	return 0;
}

/**
 * svm_dma_attach() - let a device do DMA through a mirror
 * @dma: the device; it is not going away.
 * @mirror: a new mirror.
 */
void svm_dma_attach(struct svm_dma *dma, struct svm_mirror *mirror)
{
	mutex_lock(&svm_dma_lock);
	mirror->dma = dma;
	list_add(&mirror->dma_node, &dma->mirrors);
	mutex_unlock(&svm_dma_lock);
}

static void svm_dma_detach_locked(struct svm_mirror *mirror)
{
	struct svm_chunk *chunk;
	unsigned long index;

	lockdep_assert_held(&svm_dma_lock);

	xa_for_each(&mirror->chunks, index, chunk)
		svm_chunk_drop_dma(chunk);
	list_del(&mirror->dma_node);
	mirror->dma = NULL;
}

/**
 * svm_dma_detach() - unmap all of a mirror; the device is not used through it again
 * @mirror: of a context that is being closed, or of one whose device is gone.
 */
void svm_dma_detach(struct svm_mirror *mirror)
{
	mutex_lock(&svm_dma_lock);
	if (mirror->dma)
		svm_dma_detach_locked(mirror);
	mutex_unlock(&svm_dma_lock);
}

/**
 * svm_dma_detach_all() - unmap all that is mapped for a device that goes away
 * @dma: the device; no operation is under way, and none begins.
 */
void svm_dma_detach_all(struct svm_dma *dma)
{
	struct svm_mirror *mirror, *next;

	mutex_lock(&svm_dma_lock);
	list_for_each_entry_safe(mirror, next, &dma->mirrors, dma_node)
		svm_dma_detach_locked(mirror);
	mutex_unlock(&svm_dma_lock);
	WARN_ON_ONCE(atomic_long_read(&dma->nr_mapped));
}

#ifdef SVM_HAVE_HMM_DMA
/**
 * struct svm_dma_map - the pages of a chunk that are mapped for DMA
 * @hmm: the core's; HMM_PFN_DMA_MAPPED tells which.
 */
struct svm_dma_map {
	struct hmm_dma_map hmm;
};

static int svm_dma_map_init(struct svm_dma *dma, struct svm_dma_map *map)
{
	return hmm_dma_map_alloc(dma->dev, &map->hmm, SVM_CHUNK_PAGES,
				 PAGE_SIZE);
}

static void svm_dma_map_fini(struct svm_dma *dma, struct svm_dma_map *map)
{
	hmm_dma_map_free(dma->dev, &map->hmm);
}

static bool svm_dma_is_mapped(struct svm_dma_map *map, unsigned int index)
{
	return map->hmm.pfn_list[index] & HMM_PFN_DMA_MAPPED;
}

static int __svm_dma_map_page(struct svm_dma *dma, struct svm_dma_map *map,
			      unsigned int index, struct page *page,
			      dma_addr_t *addr)
{
	struct pci_p2pdma_map_state p2pdma = {};

	if (!svm_dma_is_mapped(map, index))
		map->hmm.pfn_list[index] =
			page_to_pfn(page) | HMM_PFN_VALID | HMM_PFN_WRITE;
	*addr = hmm_dma_map_pfn(dma->dev, &map->hmm, index, &p2pdma);
	return *addr == DMA_MAPPING_ERROR ? -EIO : 0;
}

static void __svm_dma_unmap_page(struct svm_dma *dma, struct svm_dma_map *map,
				 unsigned int index)
{
	hmm_dma_unmap_pfn(dma->dev, &map->hmm, index);
}
#else
/**
 * struct svm_dma_map - the pages of a chunk that are mapped for DMA
 * @mapped: which.
 * @addr: their bus addresses.
 */
struct svm_dma_map {
	DECLARE_BITMAP(mapped, SVM_CHUNK_PAGES);
	dma_addr_t addr[SVM_CHUNK_PAGES];
};

static int svm_dma_map_init(struct svm_dma *dma, struct svm_dma_map *map)
{
	return 0;
}

static void svm_dma_map_fini(struct svm_dma *dma, struct svm_dma_map *map)
{
}

static bool svm_dma_is_mapped(struct svm_dma_map *map, unsigned int index)
{
	return test_bit(index, map->mapped);
}

static void __svm_dma_unmap_page(struct svm_dma *dma, struct svm_dma_map *map,
				 unsigned int index)
{
	dma_unmap_page(dma->dev, map->addr[index], PAGE_SIZE,
		       DMA_BIDIRECTIONAL);
	__clear_bit(index, map->mapped);
}

static int __svm_dma_map_page(struct svm_dma *dma, struct svm_dma_map *map,
			      unsigned int index, struct page *page,
			      dma_addr_t *addr)
{
	if (!test_bit(index, map->mapped)) {
		/* Of another PCI function: this kernel's core has no way there. */
		if (is_pci_p2pdma_page(page))
			return -EIO;
		map->addr[index] = dma_map_page(dma->dev, page, 0, PAGE_SIZE,
						DMA_BIDIRECTIONAL);
		if (dma_mapping_error(dma->dev, map->addr[index]))
			return -EIO;
		__set_bit(index, map->mapped);
		if (dma_need_sync(dma->dev, map->addr[index])) {
			__svm_dma_unmap_page(dma, map, index);
			return -EOPNOTSUPP;
		}
	}
	*addr = map->addr[index];
	return 0;
}
#endif

/**
 * svm_dma_map_create() - a map for a chunk, with nothing in it
 * @dma: the device.
 *
 * Return: the map or an ERR_PTR: -ENOMEM, -EOPNOTSUPP.
 */
struct svm_dma_map *svm_dma_map_create(struct svm_dma *dma)
{
	struct svm_dma_map *map;
	int ret;

	map = kvzalloc_obj(*map, GFP_KERNEL_ACCOUNT);
	if (!map)
		return ERR_PTR(-ENOMEM);
	ret = svm_dma_map_init(dma, map);
	if (ret) {
		kvfree(map);
		return ERR_PTR(ret);
	}
	return map;
}

/**
 * svm_dma_map_free() - unmap what is mapped, and free a map
 * @dma: the device.
 * @map: the map; nobody else uses it any more.
 */
void svm_dma_map_free(struct svm_dma *dma, struct svm_dma_map *map)
{
	unsigned int i;

	for (i = 0; i < SVM_CHUNK_PAGES; i++)
		svm_dma_unmap_page(dma, map, i);
	svm_dma_map_fini(dma, map);
	kvfree(map);
}

/**
 * svm_dma_map_page() - a mirrored page's bus address
 * @dma: the device.
 * @map: of the page's chunk, which is locked.
 * @index: of the page in the chunk.
 * @page: the page, from a valid entry; no device private one.
 * @addr: out: where the device finds it.
 *
 * Mapped for both directions: whether the device may write is for the caller to
 * see from the entry.
 *
 * Return: 0, -EIO if the device can't get there, -EOPNOTSUPP if it is not coherent.
 */
int svm_dma_map_page(struct svm_dma *dma, struct svm_dma_map *map,
		     unsigned int index, struct page *page, dma_addr_t *addr)
{
	bool was_mapped = svm_dma_is_mapped(map, index);
	int ret;

	ret = __svm_dma_map_page(dma, map, index, page, addr);
	if (!ret && !was_mapped)
		atomic_long_inc(&dma->nr_mapped);
	return ret;
}

/**
 * svm_dma_unmap_page() - take a page from the device, if it has it
 * @dma: the device.
 * @map: of the page's chunk, which is locked; no transfer is in flight.
 * @index: of the page in the chunk.
 *
 * Context: may be where nothing must sleep.
 */
void svm_dma_unmap_page(struct svm_dma *dma, struct svm_dma_map *map,
			unsigned int index)
{
	if (!svm_dma_is_mapped(map, index))
		return;
	__svm_dma_unmap_page(dma, map, index);
	atomic_long_dec(&dma->nr_mapped);
}
