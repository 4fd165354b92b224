/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_DMA_H
#define SVM_DMA_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct device;
struct page;
struct svm_dma;
struct svm_dma_map;
struct svm_mirror;

/**
 * struct svm_dma_ops - what a device that masters the bus can do
 * @load: read memory into the device's own buffer.
 * @store: write the device's own buffer to memory.
 *
 * Both move @nr bytes, up to svm_dma.buffer_bytes, between the beginning of the
 * buffer and a bus address. They are called with svm_dma.engine held, and with a
 * chunk's lock: they may sleep, for a bounded time, and allocate nothing. When they
 * return, 0 or -EIO, the device does not touch that memory any more.
 */
struct svm_dma_ops {
	int (*load)(struct svm_dma *dma, dma_addr_t addr, size_t nr);
	int (*store)(struct svm_dma *dma, dma_addr_t addr, size_t nr);
};

/**
 * struct svm_dma - a device that masters the bus
 * @dev: the device that does the DMA, for mapping.
 * @ops: what it can do.
 * @buffer_bytes: size of its buffer.
 * @engine: protects the buffer and @bounce. Outside of svm_chunk.lock, and never
 *	held while pages are faulted in.
 * @bounce: a page of memory that is not the user's, for bytes from and to the
 *	caller.
 * @bounce_addr: its bus address.
 * @mirrors: of all contexts of the device.
 * @nr_mapped: pages that are mapped for its DMA.
 */
struct svm_dma {
	struct device *dev;
	const struct svm_dma_ops *ops;
	size_t buffer_bytes;
	struct mutex engine; /* see above */
	void *bounce;
	dma_addr_t bounce_addr;
	struct list_head mirrors;
	atomic_long_t nr_mapped;
};

int svm_dma_init(struct svm_dma *dma, struct device *dev,
		 const struct svm_dma_ops *ops, size_t buffer_bytes);

void svm_dma_attach(struct svm_dma *dma, struct svm_mirror *mirror);
void svm_dma_detach(struct svm_mirror *mirror);
void svm_dma_detach_all(struct svm_dma *dma);

struct svm_dma_map *svm_dma_map_create(struct svm_dma *dma);
void svm_dma_map_free(struct svm_dma *dma, struct svm_dma_map *map);
int svm_dma_map_page(struct svm_dma *dma, struct svm_dma_map *map,
		     unsigned int index, struct page *page, dma_addr_t *addr);
void svm_dma_unmap_page(struct svm_dma *dma, struct svm_dma_map *map,
			unsigned int index);

#endif /* SVM_DMA_H */
