/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_ENGINE_H
#define SVM_ENGINE_H

#include <linux/types.h>

struct page;
struct svm_access_op;
struct svm_context;

/**
 * struct svm_engine - an operation under way
 * @ctx: the context.
 * @op: the operation.
 * @deadline: in jiffies.
 * @staging: bytes on their way, @op->length of them; NULL for what needs none.
 * @bytes_device: what of the operation was device memory so far.
 */
struct svm_engine {
	struct svm_context *ctx;
	struct svm_access_op *op;
	unsigned long deadline;
	u8 *staging;
	u64 bytes_device;
};

int svm_engine_fault(struct svm_engine *engine, unsigned long addr,
		     unsigned long length, bool write);
void svm_engine_mark_dirty(struct page *page);

/* The engine of a device that masters the bus. */
int svm_engine_dma_transfer(struct svm_engine *engine, unsigned long addr,
			    bool write);
int svm_engine_dma_copy(struct svm_engine *engine);

#endif /* SVM_ENGINE_H */
