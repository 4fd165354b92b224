/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_EVICT_BATCH_H
#define SVM_EVICT_BATCH_H

#include <linux/svm.h>
#include <linux/types.h>

#include "pool.h"
#include "setup.h"

struct svm_eviction;

/**
 * struct svm_evict_frame - a page frame that shall go home
 * @pfn: the frame.
 * @node: where to.
 * @tried: it was found, and it is known what came of it.
 * @status: enum svm_page_status.
 */
struct svm_evict_frame {
	unsigned long pfn;
	int node;
	bool tried;
	enum svm_page_status status;
};

/**
 * struct svm_evict_batch - page frames that go home together
 * @nr: how many.
 * @frames: these, sorted by page frame while they are moved.
 * @pages: the page tables where one of them was found.
 * @src: for migrate_vma, with room as svm_migrate_setup() wants.
 * @dst: likewise.
 * @moving: which of @frames each entry of @src is.
 * @gone: how many pages each entry of @src brought home: more than 1 for a huge
 *	page.
 */
struct svm_evict_batch {
	unsigned long nr;
	struct svm_evict_frame frames[SVM_BLOCK_PAGES];
	struct svm_page pages[SVM_BLOCK_PAGES];
	unsigned long src[SVM_SETUP_SLACK * SVM_BLOCK_PAGES];
	unsigned long dst[SVM_SETUP_SLACK * SVM_BLOCK_PAGES];
	struct svm_evict_frame *moving[SVM_BLOCK_PAGES];
	u16 gone[SVM_BLOCK_PAGES];
};

unsigned long svm_evict_batch(struct svm_eviction *ev,
			      struct svm_evict_batch *batch);

#endif /* SVM_EVICT_BATCH_H */
