/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_POOL_H
#define SVM_POOL_H

#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

/* What a pool is made of, and the size of a huge folio. */
#define SVM_BLOCK_BYTES	SZ_2M
#define SVM_BLOCK_PAGES	(SVM_BLOCK_BYTES / PAGE_SIZE)
#define SVM_BLOCK_ORDER	ilog2(SVM_BLOCK_PAGES)

struct svm_owner;
struct svm_pool;

/**
 * struct svm_claim - on whose behalf page frames are taken
 * @owner: who will own them; the caller has a reference.
 * @limit: how many pages it may have at once.
 * @queue: where to queue the frames; NULL for with the owner's others.
 */
struct svm_claim {
	struct svm_owner *owner;
	unsigned long limit;
	struct list_head *queue;
};

struct svm_pool *svm_pool_create(phys_addr_t start, u64 bytes, int node);
void svm_pool_destroy(struct svm_pool *pool);

unsigned long svm_pool_alloc(struct svm_pool *pool,
			     const struct svm_claim *claim,
			     unsigned long *pfns, unsigned long nr);
void svm_pool_free(struct svm_pool *pool, unsigned long pfn);

unsigned long svm_pool_alloc_huge(struct svm_pool *pool,
				  const struct svm_claim *claim);
void svm_pool_split(struct svm_pool *pool, unsigned long pfn);
void svm_pool_free_huge(struct svm_pool *pool, unsigned long pfn);
bool svm_pool_is_huge(struct svm_pool *pool, unsigned long pfn);
void svm_pool_claim(struct svm_pool *pool, unsigned long pfn);
bool svm_pool_claim_first(struct svm_pool *pool, unsigned long pfn);
void svm_pool_disclaim(struct svm_pool *pool, unsigned long pfn);
bool svm_pool_leave(struct svm_pool *pool, unsigned long pfn,
		    unsigned int order);
bool svm_pool_take_left(struct svm_pool *pool, unsigned long pfn,
			unsigned int *order);

void svm_pool_close(struct svm_pool *pool);
void svm_pool_reopen(struct svm_pool *pool);

unsigned long svm_pool_nr_used(struct svm_pool *pool);
unsigned long svm_pool_nr_owned(struct svm_pool *pool, struct svm_owner *owner);
unsigned long svm_pool_list_used(struct svm_pool *pool, unsigned long *cursor,
				 unsigned long *pfns, unsigned long nr);

unsigned long svm_pool_lacks(struct svm_pool *pool,
			     const struct svm_claim *claim, unsigned long want);
void svm_pool_touch(struct svm_pool *pool, unsigned long pfn);
void svm_pool_keep(struct svm_pool *pool, const struct svm_claim *claim,
		   unsigned long index);
void svm_pool_unkeep(struct svm_pool *pool, const struct svm_claim *claim);
unsigned long svm_pool_list_cold(struct svm_pool *pool, struct svm_owner *owner,
				 unsigned long *pfns, unsigned long nr,
				 unsigned long *looks);
struct svm_owner *svm_pool_owner(struct svm_pool *pool, unsigned long pfn);

long svm_pool_wait_idle(struct svm_pool *pool, bool killable, long timeout);

#endif /* SVM_POOL_H */
