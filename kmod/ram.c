// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ram backend: device memory that is system memory set aside, for
 * development, for CI, and as a home for tests. The CPU copies, or where there is
 * one, a DMA engine (copy_engine.c).
 *
 * The memory is allocated whole when the device is created, in blocks of 2 MiB,
 * so that nothing is allocated while pages move: each block is a huge page, or
 * where none can be had, small pages that are mapped side by side.
 *
 * Locking: none; the pages of both sides are locked by the callers.
 *
 * Limits: 8 bytes for each 2 MiB.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "copy_engine.h"
#include "device.h"

#ifdef SVM_HAVE_DEVICE_PRIVATE

#define SVM_RAM_BLOCK_BYTES	SZ_2M
#define SVM_RAM_BLOCK_PAGES	(SVM_RAM_BLOCK_BYTES / PAGE_SIZE)
#define SVM_RAM_BLOCK_ORDER	(ilog2(SVM_RAM_BLOCK_PAGES))

/**
 * struct svm_ram - the memory of a ram device
 * @nr_blocks: how many blocks there are.
 * @block: where they are.
 */
struct svm_ram {
	unsigned long nr_blocks;
	void *block[] __counted_by(nr_blocks);
};

static void svm_ram_free_block(void *block)
{
	/* Small pages and their array belong to the mapping. */
	if (is_vmalloc_addr(block))
		vfree(block);
	else if (block)
		free_pages((unsigned long)block, SVM_RAM_BLOCK_ORDER);
}

/* A block of small pages. */
static void *svm_ram_map_block(gfp_t gfp, int node)
{
	struct page **pages;
	unsigned long nr;
	void *block;

	pages = kvmalloc_array(SVM_RAM_BLOCK_PAGES, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	for (nr = 0; nr < SVM_RAM_BLOCK_PAGES; nr++) {
		pages[nr] = alloc_pages_node(node, gfp, 0);
		if (!pages[nr])
			goto err_free_pages;
	}
	block = vmap(pages, SVM_RAM_BLOCK_PAGES, VM_MAP | VM_MAP_PUT_PAGES,
		     PAGE_KERNEL);
	if (block)
		return block;

err_free_pages:
	while (nr--)
		__free_page(pages[nr]);
	kvfree(pages);
	return NULL;
}

static void *svm_ram_alloc_block(int node)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	struct page *page;

	if (node != NUMA_NO_NODE)
		gfp |= __GFP_THISNODE;
	page = alloc_pages_node(node, gfp | __GFP_NORETRY, SVM_RAM_BLOCK_ORDER);
	if (page)
		return page_address(page);
	/* Rather fail than have the OOM killer make room for a test device. */
	return svm_ram_map_block(gfp | __GFP_RETRY_MAYFAIL, node);
}

static void svm_ram_fini(struct svm_device *sdev)
{
	struct svm_ram *ram = sdev->backend_data;
	unsigned long i;

	svm_copy_engine_put(sdev->copy_engine);
	for (i = 0; i < ram->nr_blocks; i++)
		svm_ram_free_block(ram->block[i]);
	kvfree(ram);
}

static int svm_ram_init(struct svm_device *sdev)
{
	unsigned long nr = sdev->bytes / SVM_RAM_BLOCK_BYTES;
	struct svm_ram *ram;
	unsigned long i;

	if (PFN_DOWN(sdev->bytes) > totalram_pages())
		return -EINVAL;
	if (sdev->node != NUMA_NO_NODE && !node_state(sdev->node, N_MEMORY))
		return -EINVAL;
	ram = kvzalloc(struct_size(ram, block, nr), GFP_KERNEL);
	if (!ram)
		return -ENOMEM;
	ram->nr_blocks = nr;
	sdev->backend_data = ram;
	sdev->copy_engine = svm_copy_engine_get(sdev->node);

	for (i = 0; i < nr; i++) {
		ram->block[i] = svm_ram_alloc_block(sdev->node);
		if (!ram->block[i]) {
			svm_ram_fini(sdev);
			return -ENOMEM;
		}
		if (fatal_signal_pending(current)) {
			svm_ram_fini(sdev);
			return -EINTR;
		}
		cond_resched();
	}
	return 0;
}

static void *svm_ram_address(struct svm_device *sdev, u64 offset)
{
	struct svm_ram *ram = sdev->backend_data;

	return ram->block[offset / SVM_RAM_BLOCK_BYTES] +
	       offset % SVM_RAM_BLOCK_BYTES;
}

/*
 * The page at an offset. Of a block of small pages that is all that lies together
 * in physical memory, and @nr becomes 1.
 */
static struct page *svm_ram_page(struct svm_device *sdev, u64 offset,
				 unsigned long *nr)
{
	void *address = svm_ram_address(sdev, offset);

	if (!is_vmalloc_addr(address))
		return virt_to_page(address);
	*nr = 1;
	return vmalloc_to_page(address);
}

/* A page, and a huge folio, lies in one block. */
static int svm_ram_write(struct svm_device *sdev, u64 offset, struct page *src,
			 unsigned long nr)
{
	unsigned long i, step = nr;
	struct page *dst;
	int ret = 0;

	for (i = 0; i < nr && !ret; i += step) {
		dst = svm_ram_page(sdev, offset + i * PAGE_SIZE, &step);
		ret = svm_copy_engine_copy(sdev, dst, src + i, step);
	}
	return ret;
}

static int svm_ram_read(struct svm_device *sdev, u64 offset, struct page *dst,
			unsigned long nr)
{
	unsigned long i, step = nr;
	struct page *src;
	int ret = 0;

	for (i = 0; i < nr && !ret; i += step) {
		src = svm_ram_page(sdev, offset + i * PAGE_SIZE, &step);
		ret = svm_copy_engine_copy(sdev, dst + i, src, step);
	}
	return ret;
}

static int svm_ram_clear(struct svm_device *sdev, u64 offset, unsigned long nr)
{
	void *to = svm_ram_address(sdev, offset);
	unsigned long i;

	for (i = 0; i < nr; i++) {
		clear_page(to + i * PAGE_SIZE);
		cond_resched();
	}
	return 0;
}
#else
/* Without device private memory there is nothing to keep: see svm_device.bytes. */
static int svm_ram_init(struct svm_device *sdev)
{
	return -EOPNOTSUPP;
}

static void svm_ram_fini(struct svm_device *sdev)
{
}
#endif

const struct svm_backend svm_ram_backend = {
	.type = SVM_DEVICE_RAM,
	.name = "ram",
	.init = svm_ram_init,
	.fini = svm_ram_fini,
#ifdef SVM_HAVE_DEVICE_PRIVATE
	.memory = MEMORY_DEVICE_PRIVATE,
	.write = svm_ram_write,
	.read = svm_ram_read,
	.clear = svm_ram_clear,
	.address = svm_ram_address,
#endif
};
