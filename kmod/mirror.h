/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_MIRROR_H
#define SVM_MIRROR_H

#include <linux/bitmap.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sizes.h>
#include <linux/svm.h>
#include <linux/xarray.h>

#include "counters.h"

struct svm_context;
struct svm_dma;
struct svm_dma_map;
struct svm_events;
struct svm_holds;

#define SVM_CHUNK_BYTES	SZ_2M
#define SVM_CHUNK_PAGES	(SVM_CHUNK_BYTES / PAGE_SIZE)

/**
 * struct svm_chunk - 2 MiB of the device's page table
 * @notifier: tells what happens to these 2 MiB of the address space.
 * @mirror: the whole.
 * @lock: protects what follows. The device works on memory with it held, so an
 *	invalidation waits until the device is done. Nothing that may reach a
 *	notifier is done under it: no allocation, no user memory, no other lock
 *	but leaves.
 * @unmapped: all of it was unmapped; it may be freed when memory is wanted.
 * @exclusive: pages to which this context took exclusive access and has not
 *	seen it end. It is there for sure while the entry is valid, too.
 * @entry: for each page, its frame and what the device may do, or 0; written by
 *	svm_chunk_set().
 * @dma_map: which of the pages are mapped for the device's DMA; NULL if it does
 *	none.
 */
struct svm_chunk {
	struct mmu_interval_notifier notifier;
	struct svm_mirror *mirror;
	struct mutex lock; /* see above */
	bool unmapped;
	DECLARE_BITMAP(exclusive, SVM_CHUNK_PAGES);
	unsigned long entry[SVM_CHUNK_PAGES];
	struct svm_dma_map *dma_map;
};

#define SVM_ENTRY_VALID		BIT(0)
#define SVM_ENTRY_WRITE		BIT(1)
#define SVM_ENTRY_SHIFT		2

/**
 * struct svm_mirror - the device's page table of one context
 * @mm: the address space.
 * @events: where to tell what ended.
 * @holds: what the CPU waits for.
 * @counters: of the context.
 * @device_counters: of its device.
 * @dma: how the device masters the bus; NULL if it does not, or is gone. Stable
 *	while the device's gate is held.
 * @dma_node: in svm_dma.mirrors.
 * @gate: held for reading while chunks are in use, for writing to free some.
 * @lock: serialises the adding of chunks.
 * @chunks: by address divided by SVM_CHUNK_BYTES.
 * @nr_chunks: how many.
 * @nr_unmapped: how many of them are for memory that is gone.
 */
struct svm_mirror {
	struct mm_struct *mm;
	struct svm_events *events;
	struct svm_holds *holds;
	struct svm_counters *counters;
	struct svm_counters *device_counters;
	struct svm_dma *dma;
	struct list_head dma_node;
	struct rw_semaphore gate;
	struct mutex lock; /* see above */
	struct xarray chunks;
	unsigned long nr_chunks;
	atomic_t nr_unmapped;
};

int svm_mirrors_init(void);
void svm_mirrors_exit(void);

void svm_mirror_init(struct svm_mirror *mirror, struct svm_context *ctx);
void svm_mirror_destroy(struct svm_mirror *mirror);

int svm_mirror_enter(struct svm_mirror *mirror);
void svm_mirror_exit(struct svm_mirror *mirror);

struct svm_chunk *svm_mirror_find(struct svm_mirror *mirror,
				  unsigned long addr);
struct svm_chunk *svm_mirror_chunk(struct svm_mirror *mirror,
				   unsigned long addr);
void svm_chunk_set(struct svm_chunk *chunk, unsigned int index,
		   unsigned long entry);
void svm_chunk_drop_dma(struct svm_chunk *chunk);
int svm_chunk_fault(struct svm_chunk *chunk, unsigned long start,
		    unsigned long nr, bool write, unsigned long deadline);
void svm_mirror_count(struct svm_mirror *mirror, enum svm_counter which, u64 n);
void svm_chunk_end_exclusive(struct svm_chunk *chunk, unsigned int first,
			     unsigned int end, enum svm_event_cause cause);
void svm_mirror_end_exclusive(struct svm_mirror *mirror, unsigned long addr,
			      enum svm_event_cause cause);
bool svm_chunk_has(struct svm_chunk *chunk, unsigned long start,
		   unsigned long nr, bool write);

static inline unsigned long svm_chunk_start(struct svm_chunk *chunk)
{
	return chunk->notifier.interval_tree.start;
}

static inline unsigned int svm_chunk_index(unsigned long addr)
{
	return (addr % SVM_CHUNK_BYTES) / PAGE_SIZE;
}

static inline unsigned long svm_entry(unsigned long pfn, bool write)
{
	return pfn << SVM_ENTRY_SHIFT | SVM_ENTRY_VALID |
	       (write ? SVM_ENTRY_WRITE : 0);
}

static inline struct page *svm_chunk_page(struct svm_chunk *chunk,
					  unsigned int index)
{
	lockdep_assert_held(&chunk->lock);
	return pfn_to_page(chunk->entry[index] >> SVM_ENTRY_SHIFT);
}

static inline bool svm_chunk_is_exclusive(struct svm_chunk *chunk,
					  unsigned int index)
{
	lockdep_assert_held(&chunk->lock);
	return test_bit(index, chunk->exclusive) && chunk->entry[index];
}

/* The owner that tells our own exclusive access from another context's. */
static inline void *svm_mirror_owner(struct svm_mirror *mirror)
{
	return mirror;
}

#endif /* SVM_MIRROR_H */
