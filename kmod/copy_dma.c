// SPDX-License-Identifier: GPL-2.0-only
/*
 * A DMA engine as a copy engine: a channel of the dmaengine framework that copies
 * memory (DMA_MEMCPY), such as those of Intel's DSA or AMD's PTDMA.
 *
 * The channel is the device's own, from its creation to its end. Shared channels
 * (dma_find_channel()) won't do: what hangs has to be stopped before the CPU takes
 * over, and that stops whatever else is under way in the channel. For the same
 * reason one copy is under way at a time. Who finds the channel at work copies by
 * the CPU meanwhile: that is quicker than to wait, and both work.
 *
 * Locking: svm_copy_dma.lock is held for the length of a copy, with pages and
 * mmap_lock held outside of it. It is only ever tried for, so nobody waits in it
 * but for the hardware.
 *
 * Limits: a descriptor for each piece; SVM_COPY_DMA_TIMEOUT for it, once: a channel
 * that hung is not used again. Channels that can't be stopped (no
 * device_terminate_all, such as ioatdma's) are not taken. An engine reads memory
 * that the hardware has reported as broken by means of its own, and may not tell.
 */
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/dmaengine.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/numa.h>
#include <linux/slab.h>

#include "copy_engine.h"

/* 256 KiB, the piece of a huge page that a CPU copies at once. */
#define SVM_COPY_DMA_PAGES 64

/* As long as dma_sync_wait() waits. */
#define SVM_COPY_DMA_TIMEOUT (5 * HZ)

/**
 * struct svm_copy_dma - a channel
 * @engine: what others see of it.
 * @chan: the channel. Its chan->dev is gone when the provider is unbound from its
 *	device, so nothing here looks at that later.
 * @dev: who masters the bus; memory is mapped for it.
 * @lock: held while a copy is under way. Protects what follows.
 * @done: the copy has ended. Here rather than on a stack: a late callback finds it.
 * @result: how; valid after @done.
 */
struct svm_copy_dma {
	struct svm_copy_engine engine;
	struct dma_chan *chan;
	struct device *dev;
	struct mutex lock; /* see above */
	struct completion done;
	enum dmaengine_tx_result result;
};

static void svm_copy_dma_done(void *arg, const struct dmaengine_result *result)
{
	struct svm_copy_dma *dma = arg;

	dma->result = result->result;
	complete(&dma->done);
}

/*
 * Stop a copy that takes too long. Nobody may have the pages while the hardware
 * could still write to them, so where it can't be stopped there is no choice but
 * to wait for it.
 */
static void svm_copy_dma_stop(struct svm_copy_dma *dma)
{
	WRITE_ONCE(dma->engine.off, true);
	if (dmaengine_terminate_sync(dma->chan))
		wait_for_completion(&dma->done);
}

static int svm_copy_dma_transfer(struct svm_copy_dma *dma, dma_addr_t to,
				 dma_addr_t from, size_t bytes)
{
	struct dma_async_tx_descriptor *tx;

	lockdep_assert_held(&dma->lock);

	if (!is_dma_copy_aligned(dma->chan->device, from, to, bytes))
		return -EINVAL;
	reinit_completion(&dma->done);
	/* From here to submission drivers may hold a spinlock. */
	tx = dmaengine_prep_dma_memcpy(dma->chan, to, from, bytes,
				       DMA_PREP_INTERRUPT | DMA_CTRL_ACK);
	if (!tx)
		return -EIO;
	tx->callback_result = svm_copy_dma_done;
	tx->callback_param = dma;
	if (dma_submit_error(dmaengine_submit(tx)))
		return -EIO;
	dma_async_issue_pending(dma->chan);

	if (!wait_for_completion_timeout(&dma->done, SVM_COPY_DMA_TIMEOUT)) {
		svm_copy_dma_stop(dma);
		return -ETIMEDOUT;
	}
	return dma->result == DMA_TRANS_NOERROR ? 0 : -EIO;
}

static int svm_copy_dma_copy(struct svm_copy_engine *engine, struct page *dst,
			     struct page *src, unsigned long nr)
{
	struct svm_copy_dma *dma =
		container_of(engine, struct svm_copy_dma, engine);
	size_t bytes = nr * PAGE_SIZE;
	dma_addr_t to, from;
	int ret;

	if (!mutex_trylock(&dma->lock))
		return -EBUSY;
	/* It may have hung since the caller looked. */
	if (engine->off) {
		ret = -EBUSY;
		goto out_unlock;
	}

	from = dma_map_page(dma->dev, src, 0, bytes, DMA_TO_DEVICE);
	if (dma_mapping_error(dma->dev, from)) {
		ret = -ENOMEM;
		goto out_unlock;
	}
	to = dma_map_page(dma->dev, dst, 0, bytes, DMA_FROM_DEVICE);
	if (dma_mapping_error(dma->dev, to)) {
		ret = -ENOMEM;
		goto out_unmap_from;
	}

	ret = svm_copy_dma_transfer(dma, to, from, bytes);

	dma_unmap_page(dma->dev, to, bytes, DMA_FROM_DEVICE);
out_unmap_from:
	dma_unmap_page(dma->dev, from, bytes, DMA_TO_DEVICE);
out_unlock:
	mutex_unlock(&dma->lock);
	return ret;
}

static void svm_copy_dma_put(struct svm_copy_engine *engine)
{
	struct svm_copy_dma *dma =
		container_of(engine, struct svm_copy_dma, engine);

	dma_release_channel(dma->chan);
	put_device(dma->dev);
	kfree(engine->name);
	mutex_destroy(&dma->lock);
	kfree(dma);
}

/* Whether a channel will do, on the node that @arg points to if that is one. */
static bool svm_copy_dma_fits(struct dma_chan *chan, void *arg)
{
	const int *node = arg;

	if (!chan->device->device_terminate_all)
		return false;
	return *node == NUMA_NO_NODE ||
	       *node == dev_to_node(chan->device->dev);
}

/* One next to the memory, or else any. */
static struct dma_chan *svm_copy_dma_request(int node)
{
	struct dma_chan *chan;
	dma_cap_mask_t mask;

	dma_cap_zero(mask);
	dma_cap_set(DMA_MEMCPY, mask);
	chan = dma_request_channel(mask, svm_copy_dma_fits, &node);
	if (!chan && node != NUMA_NO_NODE) {
		node = NUMA_NO_NODE;
		chan = dma_request_channel(mask, svm_copy_dma_fits, &node);
	}
	return chan;
}

/**
 * svm_copy_dma_get() - get a DMA engine's channel for a device
 * @node: NUMA node next to the device's memory, or NUMA_NO_NODE.
 *
 * The module that provides the channel can't be unloaded until it is given back.
 *
 * Return: an engine, or NULL if there is none to be had.
 */
struct svm_copy_engine *svm_copy_dma_get(int node)
{
	struct svm_copy_dma *dma;

	dma = kzalloc_obj(*dma);
	if (!dma)
		return NULL;
	dma->chan = svm_copy_dma_request(node);
	if (!dma->chan)
		goto err_free;
	dma->engine.name = kstrdup(dma_chan_name(dma->chan), GFP_KERNEL);
	if (!dma->engine.name)
		goto err_release_channel;
	dma->dev = get_device(dmaengine_get_dma_device(dma->chan));
	dma->engine.min_pages = SVM_COPY_DMA_PAGES;
	dma->engine.copy = svm_copy_dma_copy;
	dma->engine.put = svm_copy_dma_put;
	mutex_init(&dma->lock);
	init_completion(&dma->done);
	return &dma->engine;

err_release_channel:
	dma_release_channel(dma->chan);
err_free:
	kfree(dma);
	return NULL;
}
