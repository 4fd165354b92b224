// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copy engines: who copies between system memory and device memory that the CPU
 * can address too. Always there is the CPU; a device may have a DMA engine beside
 * it (copy_dma.c), for what is large enough. Whatever such an engine can't do, or
 * has no time for, the CPU does instead, so that a copy fails for a broken source
 * only.
 *
 * Locking: none here; an engine belongs to one device from the device's creation
 * until its pages are all gone.
 *
 * Limits: the CPU notices a source that the hardware reports as broken. A DMA engine
 * can't be relied upon to.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "copy_engine.h"
#include "device.h"
#include "trace.h"

static bool dma_copy;
module_param(dma_copy, bool, 0644);
MODULE_PARM_DESC(dma_copy,
		 "Devices of system memory that are made from now on copy by a DMA engine, if there is one (default: no)");

static int svm_cpu_copy(struct page *dst, struct page *src, unsigned long nr)
{
	unsigned long i, left;
	void *to, *from;

	for (i = 0; i < nr; i++) {
		to = kmap_local_page(dst + i);
		from = kmap_local_page(src + i);
		left = copy_mc_to_kernel(to, from, PAGE_SIZE);
		kunmap_local(from);
		kunmap_local(to);
		if (left)
			return -EHWPOISON;
		cond_resched();
	}
	return 0;
}

/* No engine beside the CPU: there is no piece that one would copy. */
static struct svm_copy_engine svm_no_engine = {
	.name = "cpu",
	.min_pages = ULONG_MAX,
};

/**
 * svm_copy_engine_get() - get an engine for a device
 * @node: NUMA node next to the device's memory, or NUMA_NO_NODE.
 *
 * Return: an engine, never NULL.
 */
struct svm_copy_engine *svm_copy_engine_get(int node)
{
	struct svm_copy_engine *engine = NULL;

	if (READ_ONCE(dma_copy))
		engine = svm_copy_dma_get(node);
	return engine ?: &svm_no_engine;
}

/**
 * svm_copy_engine_put() - give an engine back
 * @engine: from svm_copy_engine_get(); nothing is copied by it any more.
 */
void svm_copy_engine_put(struct svm_copy_engine *engine)
{
	if (engine->put)
		engine->put(engine);
}

/**
 * svm_copy_engine_name() - who copies large pieces
 * @engine: from svm_copy_engine_get().
 */
const char *svm_copy_engine_name(struct svm_copy_engine *engine)
{
	return READ_ONCE(engine->off) ? svm_no_engine.name : engine->name;
}

/**
 * svm_copy_engine_copy() - copy by a device's engine, or by the CPU
 * @sdev: the device.
 * @dst: destination.
 * @src: source.
 * @nr: number of pages, neighbours in physical memory on both sides.
 *
 * Return: 0, or -EHWPOISON if the source is broken.
 */
int svm_copy_engine_copy(struct svm_device *sdev, struct page *dst,
			 struct page *src, unsigned long nr)
{
	struct svm_copy_engine *engine = sdev->copy_engine;
	int ret;

	if (nr < engine->min_pages || READ_ONCE(engine->off))
		return svm_cpu_copy(dst, src, nr);

	ret = engine->copy(engine, dst, src, nr);
	if (!ret) {
		svm_count(&sdev->counters, SVM_CTR_BYTES_DMA_COPIED,
			  nr * PAGE_SIZE);
		return 0;
	}
	if (ret == -EHWPOISON)
		return ret;
	if (ret != -EBUSY) {
		svm_count(&sdev->counters, SVM_CTR_DMA_COPY_FAILURES, 1);
		trace_svm_dma_copy_failed(sdev->id, nr, ret);
	}
	return svm_cpu_copy(dst, src, nr);
}
