/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_COPY_ENGINE_H
#define SVM_COPY_ENGINE_H

#include <linux/types.h>

struct page;
struct svm_device;

/**
 * struct svm_copy_engine - who copies between pages that the CPU can address
 * @name: for sysfs.
 * @min_pages: what is smaller the CPU copies, being sooner done.
 * @off: it hung once, or is gone, and is not used any more. Only ever set.
 * @copy: copy @nr pages, neighbours in physical memory on both sides. May sleep,
 *	for a bounded time; called by several CPUs at the same time. Returns 0,
 *	-EHWPOISON when the source is broken, -EBUSY when the engine has something
 *	else to do, or another negative errno value when it could not. But for
 *	success the destination is undefined, and nobody writes to it any more.
 * @put: give it back; NULL if nothing was taken.
 */
struct svm_copy_engine {
	const char *name;
	unsigned long min_pages;
	bool off;
	int (*copy)(struct svm_copy_engine *engine, struct page *dst,
		    struct page *src, unsigned long nr);
	void (*put)(struct svm_copy_engine *engine);
};

struct svm_copy_engine *svm_copy_engine_get(int node);
void svm_copy_engine_put(struct svm_copy_engine *engine);
const char *svm_copy_engine_name(struct svm_copy_engine *engine);
int svm_copy_engine_copy(struct svm_device *sdev, struct page *dst,
			 struct page *src, unsigned long nr);

#ifdef CONFIG_DMA_ENGINE
struct svm_copy_engine *svm_copy_dma_get(int node);
#else
static inline struct svm_copy_engine *svm_copy_dma_get(int node)
{
	return NULL;
}
#endif

#endif /* SVM_COPY_ENGINE_H */
