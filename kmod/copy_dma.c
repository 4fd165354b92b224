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
 * A provider may be unbound from its device while the channel is ours. Most free the
 * channel with that; and those that keep it until it is released free it while
 * dma_release_channel() still looks at it. So it is given back before, when the
 * bus tells, and the CPU copies from then on.
 *
 * Locking: svm_copy_dma.lock is held for the length of a copy, with pages and
 * mmap_lock held outside of it. Who copies only tries for it, so that nobody waits in it
 * but for the hardware; who gives the channel back waits for the copy. The core's
 * dma_list_mutex is taken inside; outside may be the lock of the provider's device, and
 * the bus' notifier chain.
 *
 * Limits: a descriptor for each piece; SVM_COPY_DMA_TIMEOUT for it, once: a channel
 * that hung is not used again, nor one whose provider was unbound. Channels that can't
 * be stopped (no device_terminate_all, such as ioatdma's) are not taken, nor those of
 * devices without a bus. An engine reads memory that the hardware has reported as broken
 * by means of its own, and may not tell.
 */
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/device/bus.h>
#include <linux/dma-mapping.h>
#include <linux/dmaengine.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
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
 * @dev: who masters the bus; memory is mapped for it.
 * @provider: the device whose driver provides the channel.
 * @unbinds: is told by the provider's bus when that driver goes.
 * @lock: held while a copy is under way. Protects what follows.
 * @chan: the channel; NULL when it was given back, and @engine is off.
 * @done: the copy has ended. Here rather than on a stack: a late callback finds it.
 * @result: how; valid after @done.
 */
struct svm_copy_dma {
	struct svm_copy_engine engine;
	struct device *dev;
	struct device *provider;
	struct notifier_block unbinds;
	struct mutex lock; /* see above */
	struct dma_chan *chan;
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
	/* It may have hung, or be gone, since the caller looked. */
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

/* Give the channel back, when its copy is done. */
static void svm_copy_dma_release(struct svm_copy_dma *dma)
{
	mutex_lock(&dma->lock);
	WRITE_ONCE(dma->engine.off, true);
	if (dma->chan)
		dma_release_channel(dma->chan);
	dma->chan = NULL;
	mutex_unlock(&dma->lock);
}

/* Something happens on the provider's bus. */
static int svm_copy_dma_notified(struct notifier_block *unbinds,
				 unsigned long action, void *dev)
{
	struct svm_copy_dma *dma =
		container_of(unbinds, struct svm_copy_dma, unbinds);

	if (action == BUS_NOTIFY_UNBIND_DRIVER && dev == dma->provider)
		svm_copy_dma_release(dma);
	return NOTIFY_DONE;
}

static void svm_copy_dma_put(struct svm_copy_engine *engine)
{
	struct svm_copy_dma *dma =
		container_of(engine, struct svm_copy_dma, engine);

	bus_unregister_notifier(dma->provider->bus, &dma->unbinds);
	svm_copy_dma_release(dma);
	put_device(dma->provider);
	put_device(dma->dev);
	kfree(engine->name);
	mutex_destroy(&dma->lock);
	kfree(dma);
}

/* Whether a channel will do, on the node that @arg points to if that is one. */
static bool svm_copy_dma_fits(struct dma_chan *chan, void *arg)
{
	const int *node = arg;

	if (!chan->device->device_terminate_all || !chan->device->dev->bus)
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

/*
 * Learn of the channel what goes with its provider, and have the bus tell when that
 * happens. The provider can't be unbound meanwhile.
 */
static bool svm_copy_dma_watch(struct svm_copy_dma *dma)
{
	device_lock_assert(dma->provider);

	/* It was, since the channel was asked for: nothing of it can be touched. */
	if (!device_is_bound(dma->provider))
		return false;
	dma->engine.name = kstrdup(dma_chan_name(dma->chan), GFP_KERNEL);
	if (!dma->engine.name)
		goto err_release_channel;
	if (bus_register_notifier(dma->provider->bus, &dma->unbinds))
		goto err_free_name;
	dma->dev = get_device(dmaengine_get_dma_device(dma->chan));
	return true;

err_free_name:
	kfree(dma->engine.name);
err_release_channel:
	dma_release_channel(dma->chan);
	return false;
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
	bool watched;

	dma = kzalloc_obj(*dma);
	if (!dma)
		return NULL;
	dma->engine.min_pages = SVM_COPY_DMA_PAGES;
	dma->engine.copy = svm_copy_dma_copy;
	dma->engine.put = svm_copy_dma_put;
	dma->unbinds.notifier_call = svm_copy_dma_notified;
	mutex_init(&dma->lock);
	init_completion(&dma->done);

	dma->chan = svm_copy_dma_request(node);
	if (!dma->chan)
		goto err_free;
	dma->provider = get_device(dma->chan->device->dev);
	device_lock(dma->provider);
	watched = svm_copy_dma_watch(dma);
	device_unlock(dma->provider);
	if (!watched)
		goto err_put_provider;
	return &dma->engine;

err_put_provider:
	put_device(dma->provider);
err_free:
	mutex_destroy(&dma->lock);
	kfree(dma);
	return NULL;
}
