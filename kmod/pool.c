// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool of a device's pages: which page frames of it are in use.
 *
 * genalloc hands out blocks of 2 MiB. A block is taken whole, for a huge folio,
 * or single pages are carved out of it. Carving prefers blocks of which pages
 * are in use already, and a block whose last page was freed goes back, so that
 * carving leaves no fragments behind for good. When the core splits a huge folio
 * the block turns into one of single pages, see svm_pool_split().
 *
 * Each page has an owner, for quota and for eviction: who took it, until it is
 * freed. The frames of an owner are in a queue, a huge folio by its first frame.
 *
 * Which pages are cold is told by a second-chance clock. Frames join the queue at
 * its end when they come to the device. Who wants cold ones takes from the front:
 * what was touched by the device meanwhile goes back to the end, and is taken for
 * cold when its turn comes again without another touch. So does what is taken:
 * if it could not be brought home, it has to wait for its turn.
 *
 * Locking: one spinlock, taken with interrupts off, because a page is freed
 * wherever its last reference is dropped: under a page table lock, or from an
 * interrupt. Nothing is allocated under it. It is a leaf, but for genalloc,
 * which takes no locks, and the wait queue's own lock.
 *
 * Limits: 24 bytes for each page, and 168 for each 2 MiB. One call takes at most as
 * many pages as the caller's array has. The first carving of a block that was a
 * huge folio works through its 512 struct pages with interrupts off, and so does
 * a split, as the core has just done; nothing else takes longer than the number
 * of pages asked for.
 */
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/genalloc.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/wait_bit.h>

#include "owner.h"
#include "pool.h"

/**
 * struct svm_frame - a page frame
 * @link: in the queue of its owner while it is in use; of a huge folio only the
 *	first frame is.
 * @owner: whose it is, while it is in use; of a huge folio likewise.
 */
struct svm_frame {
	struct list_head link;
	struct svm_owner *owner;
};

/**
 * struct svm_block - 2 MiB of device memory
 * @partial: in &svm_pool.partial while some, but not all of its pages are used.
 * @nr_used: pages in use; 0 while genalloc has the block.
 * @huge: taken whole and not split since. Read without the lock.
 * @compound: its struct pages may still be tied together as a huge folio.
 * @claims: see svm_pool_claim().
 * @left: what was freed while it was claimed: the order of the folio that begins the
 *	block, and one; or 0. Changed without the lock.
 * @used: which.
 * @touched: by the device, since it came or since the clock's last look; for a
 *	huge folio the first. Changed without the lock, too.
 */
struct svm_block {
	struct list_head partial;
	unsigned int nr_used;
	bool huge;
	bool compound;
	atomic_t claims;
	unsigned int left;
	DECLARE_BITMAP(used, SVM_BLOCK_PAGES);
	DECLARE_BITMAP(touched, SVM_BLOCK_PAGES);
};

/**
 * struct svm_pool - a device's page frames
 * @lock: protects everything below that changes.
 * @whole: blocks of which no page is in use, by physical address.
 * @partial: blocks to carve single pages from.
 * @first_pfn: the first page frame.
 * @nr_blocks: length of @blocks.
 * @nr_used: pages in use.
 * @closed: nothing is handed out any more.
 * @idle: woken when @nr_used comes down to 0.
 * @blocks: the blocks, by place.
 * @frames: the frames, by place.
 */
struct svm_pool {
	spinlock_t lock; /* irqsave: pages are freed anywhere */
	struct gen_pool *whole;
	struct list_head partial;
	unsigned long first_pfn;
	unsigned long nr_blocks;
	unsigned long nr_used;
	bool closed;
	wait_queue_head_t idle;
	struct svm_block *blocks;
	struct svm_frame *frames;
};

/**
 * svm_pool_create() - make a pool with all pages free
 * @start: physical address of the first page; a multiple of 2 MiB, not 0.
 * @bytes: a multiple of 2 MiB.
 * @node: where to keep the books.
 *
 * Return: the pool or an ERR_PTR.
 */
struct svm_pool *svm_pool_create(phys_addr_t start, u64 bytes, int node)
{
	unsigned long i;
	struct svm_pool *pool;
	int ret = -ENOMEM;

	pool = kzalloc_node(sizeof(*pool), GFP_KERNEL, node);
	if (!pool)
		return ERR_PTR(-ENOMEM);

	pool->nr_blocks = bytes / SVM_BLOCK_BYTES;
	pool->blocks = kvcalloc_node(pool->nr_blocks, sizeof(*pool->blocks),
				     GFP_KERNEL, node);
	if (!pool->blocks)
		goto err_free_pool;

	pool->frames = kvcalloc_node(pool->nr_blocks * SVM_BLOCK_PAGES,
				     sizeof(*pool->frames), GFP_KERNEL, node);
	if (!pool->frames)
		goto err_free_blocks;

	pool->whole = gen_pool_create(ilog2(SVM_BLOCK_BYTES), node);
	if (!pool->whole)
		goto err_free_frames;

	ret = gen_pool_add(pool->whole, start, bytes, node);
	if (ret)
		goto err_destroy_whole;

	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->partial);
	init_waitqueue_head(&pool->idle);
	pool->first_pfn = PHYS_PFN(start);
	for (i = 0; i < pool->nr_blocks; i++)
		INIT_LIST_HEAD(&pool->blocks[i].partial);
	return pool;

err_destroy_whole:
	gen_pool_destroy(pool->whole);
err_free_frames:
	kvfree(pool->frames);
err_free_blocks:
	kvfree(pool->blocks);
err_free_pool:
	kfree(pool);
	return ERR_PTR(ret);
}

/**
 * svm_pool_destroy() - free a pool of which no page is in use
 * @pool: the pool, or NULL.
 */
void svm_pool_destroy(struct svm_pool *pool)
{
	if (!pool)
		return;
	WARN_ON_ONCE(pool->nr_used);
	gen_pool_destroy(pool->whole);
	kvfree(pool->frames);
	kvfree(pool->blocks);
	kfree(pool);
}

static unsigned long svm_block_first_pfn(struct svm_pool *pool,
					 struct svm_block *block)
{
	return pool->first_pfn + (block - pool->blocks) * SVM_BLOCK_PAGES;
}

static struct svm_block *svm_pool_block_of(struct svm_pool *pool,
					   unsigned long pfn)
{
	return &pool->blocks[(pfn - pool->first_pfn) / SVM_BLOCK_PAGES];
}

static struct svm_frame *svm_pool_frame_of(struct svm_pool *pool,
					   unsigned long pfn)
{
	return &pool->frames[pfn - pool->first_pfn];
}

/* How many more pages an owner may have. */
static unsigned long svm_claim_room(struct svm_pool *pool,
				    const struct svm_claim *claim)
{
	lockdep_assert_held(&pool->lock);

	if (claim->owner->used >= claim->limit)
		return 0;
	return claim->limit - claim->owner->used;
}

/* Forget that a frame was touched. Return: whether it was. */
static bool svm_block_clear_touched(struct svm_pool *pool, unsigned long pfn)
{
	struct svm_block *block = svm_pool_block_of(pool, pfn);
	unsigned long bit = (pfn - pool->first_pfn) % SVM_BLOCK_PAGES;

	/* Mostly it was not: spare the others the cache line. */
	return test_bit(bit, block->touched) &&
	       test_and_clear_bit(bit, block->touched);
}

/* Note whose @nr pages are that begin with a frame, the last in the queue. */
static void svm_pool_own(struct svm_pool *pool, const struct svm_claim *claim,
			 unsigned long pfn, unsigned long nr)
{
	struct svm_frame *frame = svm_pool_frame_of(pool, pfn);
	struct svm_owner *owner = claim->owner;

	lockdep_assert_held(&pool->lock);

	/* One reference for all its pages. */
	if (!owner->used)
		refcount_inc(&owner->refs);
	owner->used += nr;
	WRITE_ONCE(frame->owner, owner);
	list_add_tail(&frame->link, claim->queue ?: &owner->queue);
	svm_block_clear_touched(pool, pfn);
}

/* Return: the owner if that was its last page: it is to be put, unlocked. */
static struct svm_owner *svm_pool_disown(struct svm_pool *pool,
					 unsigned long pfn, unsigned long nr)
{
	struct svm_frame *frame = svm_pool_frame_of(pool, pfn);
	struct svm_owner *owner = frame->owner;

	lockdep_assert_held(&pool->lock);

	list_del(&frame->link);
	owner->used -= nr;
	return owner->used ? NULL : owner;
}

/*
 * Untie the struct pages of a free block. A free huge folio keeps looking like
 * one, which costs nothing if it is taken whole again. But who comes by page
 * frame to a page that was carved out of it, eviction, must not be sent to a
 * head that is none any more.
 */
static void svm_block_untie(struct svm_pool *pool, struct svm_block *block)
{
#ifdef SVM_HAVE_LARGE_FOLIOS
	struct page *page = pfn_to_page(svm_block_first_pfn(pool, block));
	struct folio *head = (struct folio *)page;
	unsigned long i;

	lockdep_assert_held(&pool->lock);

	if (!block->compound)
		return;
	block->compound = false;
	/* By bit: the macros want to know what kind of page it is. */
	clear_bit(PG_head, &head->flags.f);
	for (i = 1; i < SVM_BLOCK_PAGES; i++)
		WRITE_ONCE(((struct folio *)(page + i))->pgmap, head->pgmap);
#endif
}

static struct svm_block *svm_pool_take_block(struct svm_pool *pool)
{
	unsigned long addr;

	lockdep_assert_held(&pool->lock);

	addr = gen_pool_alloc(pool->whole, SVM_BLOCK_BYTES);
	return addr ? svm_pool_block_of(pool, PHYS_PFN(addr)) : NULL;
}

static struct svm_block *svm_pool_block_to_carve(struct svm_pool *pool)
{
	struct svm_block *block;

	lockdep_assert_held(&pool->lock);

	block = list_first_entry_or_null(&pool->partial, struct svm_block,
					 partial);
	if (block)
		return block;

	block = svm_pool_take_block(pool);
	if (!block)
		return NULL;
	svm_block_untie(pool, block);
	list_add(&block->partial, &pool->partial);
	return block;
}

/**
 * svm_pool_alloc_huge() - take 2 MiB for a huge folio
 * @pool: the pool.
 * @claim: for whom.
 *
 * Return: the first page frame number, or 0 when no block is whole, the owner
 * may not have so much, or the pool is closed.
 */
unsigned long svm_pool_alloc_huge(struct svm_pool *pool,
				  const struct svm_claim *claim)
{
	struct svm_block *block = NULL;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	if (!pool->closed && svm_claim_room(pool, claim) >= SVM_BLOCK_PAGES)
		block = svm_pool_take_block(pool);
	if (block) {
		bitmap_fill(block->used, SVM_BLOCK_PAGES);
		block->nr_used = SVM_BLOCK_PAGES;
		block->compound = true;
		WRITE_ONCE(block->huge, true);
		WRITE_ONCE(pool->nr_used, pool->nr_used + SVM_BLOCK_PAGES);
		svm_pool_own(pool, claim, svm_block_first_pfn(pool, block),
			     SVM_BLOCK_PAGES);
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return block ? svm_block_first_pfn(pool, block) : 0;
}

/**
 * svm_pool_split() - a huge folio is one no more: its pages are freed singly
 * @pool: the pool.
 * @pfn: its first page frame.
 *
 * Context: any; the core splits with interrupts off and locks of its own held.
 */
void svm_pool_split(struct svm_pool *pool, unsigned long pfn)
{
	struct svm_block *block = svm_pool_block_of(pool, pfn);
	struct svm_frame *head = svm_pool_frame_of(pool, pfn);
	unsigned long flags, i;

	spin_lock_irqsave(&pool->lock, flags);
	/* The core untied the struct pages; all of them are in use. */
	block->compound = false;
	WRITE_ONCE(block->huge, false);
	for (i = 1; i < SVM_BLOCK_PAGES; i++) {
		WRITE_ONCE(head[i].owner, head->owner);
		list_add(&head[i].link, &head[i - 1].link);
		if (test_bit(0, block->touched))
			set_bit(i, block->touched);
		else
			clear_bit(i, block->touched);
	}
	spin_unlock_irqrestore(&pool->lock, flags);
}

/**
 * svm_pool_alloc() - take single pages
 * @pool: the pool.
 * @claim: for whom.
 * @pfns: where to put their page frame numbers.
 * @nr: how many.
 *
 * Return: how many there were, up to @nr; 0 when the pool is full or closed, or
 * the owner may not have more.
 */
unsigned long svm_pool_alloc(struct svm_pool *pool,
			     const struct svm_claim *claim,
			     unsigned long *pfns, unsigned long nr)
{
	unsigned long got = 0;
	struct svm_block *block;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	nr = min(nr, svm_claim_room(pool, claim));
	while (got < nr && !pool->closed) {
		unsigned long base, bit;

		block = svm_pool_block_to_carve(pool);
		if (!block)
			break;
		base = svm_block_first_pfn(pool, block);
		for_each_clear_bit(bit, block->used, SVM_BLOCK_PAGES) {
			if (got == nr)
				break;
			__set_bit(bit, block->used);
			block->nr_used++;
			svm_pool_own(pool, claim, base + bit, 1);
			pfns[got++] = base + bit;
		}
		if (block->nr_used == SVM_BLOCK_PAGES)
			list_del_init(&block->partial);
	}
	WRITE_ONCE(pool->nr_used, pool->nr_used + got);
	spin_unlock_irqrestore(&pool->lock, flags);
	return got;
}

static void svm_pool_give_block(struct svm_pool *pool, struct svm_block *block)
{
	lockdep_assert_held(&pool->lock);

	list_del_init(&block->partial);
	gen_pool_free(pool->whole, PFN_PHYS(svm_block_first_pfn(pool, block)),
		      SVM_BLOCK_BYTES);
}

static void svm_pool_count_freed(struct svm_pool *pool, unsigned long nr)
{
	lockdep_assert_held(&pool->lock);

	WRITE_ONCE(pool->nr_used, pool->nr_used - nr);
	if (!pool->nr_used)
		wake_up_all(&pool->idle);
}

/**
 * svm_pool_free() - give a page back
 * @pool: the pool.
 * @pfn: the page frame.
 *
 * Context: any.
 */
void svm_pool_free(struct svm_pool *pool, unsigned long pfn)
{
	struct svm_block *block = svm_pool_block_of(pool, pfn);
	unsigned long bit = (pfn - pool->first_pfn) % SVM_BLOCK_PAGES;
	struct svm_owner *gone = NULL;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	if (WARN_ON_ONCE(block->huge ||
			 !__test_and_clear_bit(bit, block->used)))
		goto unlock;
	gone = svm_pool_disown(pool, pfn, 1);
	if (block->nr_used-- == SVM_BLOCK_PAGES)
		list_add_tail(&block->partial, &pool->partial);
	if (!block->nr_used)
		svm_pool_give_block(pool, block);
	svm_pool_count_freed(pool, 1);
unlock:
	spin_unlock_irqrestore(&pool->lock, flags);
	if (gone)
		svm_owner_put(gone);
}

/**
 * svm_pool_free_huge() - give 2 MiB back that were taken for a huge folio
 * @pool: the pool.
 * @pfn: the first page frame.
 *
 * Context: any.
 */
void svm_pool_free_huge(struct svm_pool *pool, unsigned long pfn)
{
	struct svm_block *block = svm_pool_block_of(pool, pfn);
	struct svm_owner *gone = NULL;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	if (WARN_ON_ONCE(!block->huge))
		goto unlock;
	gone = svm_pool_disown(pool, pfn, SVM_BLOCK_PAGES);
	WRITE_ONCE(block->huge, false);
	bitmap_zero(block->used, SVM_BLOCK_PAGES);
	block->nr_used = 0;
	svm_pool_give_block(pool, block);
	svm_pool_count_freed(pool, SVM_BLOCK_PAGES);
unlock:
	spin_unlock_irqrestore(&pool->lock, flags);
	if (gone)
		svm_owner_put(gone);
}

/**
 * svm_pool_is_huge() - whether a page frame in use is part of a huge folio
 * @pool: the pool.
 * @pfn: the page frame.
 *
 * A hint: it may have been split or freed when the caller looks.
 */
bool svm_pool_is_huge(struct svm_pool *pool, unsigned long pfn)
{
	return READ_ONCE(svm_pool_block_of(pool, pfn)->huge);
}

/**
 * svm_pool_claim() - see that a page frame is not handed out again
 * @pool: the pool.
 * @pfn: the first page frame of a huge folio; the caller has a reference.
 *
 * For who gives lock and reference away, and must have both back in the end.
 */
void svm_pool_claim(struct svm_pool *pool, unsigned long pfn)
{
	atomic_inc(&svm_pool_block_of(pool, pfn)->claims);
}

/**
 * svm_pool_claim_first() - the same, unless somebody has claimed it
 * @pool: the pool.
 * @pfn: the page frame; the caller has a reference.
 *
 * Return: false if somebody has.
 */
bool svm_pool_claim_first(struct svm_pool *pool, unsigned long pfn)
{
	struct svm_block *block = svm_pool_block_of(pool, pfn);

	return !atomic_cmpxchg(&block->claims, 0, 1);
}

/**
 * svm_pool_disclaim() - the opposite
 * @pool: the pool.
 * @pfn: the page frame, referenced.
 */
void svm_pool_disclaim(struct svm_pool *pool, unsigned long pfn)
{
	atomic_dec(&svm_pool_block_of(pool, pfn)->claims);
}

/**
 * svm_pool_leave() - leave a folio that is freed to who has claimed it
 * @pool: the pool.
 * @pfn: its first page frame.
 * @order: its order.
 *
 * Return: false if nobody has: then its frames are to be freed.
 */
bool svm_pool_leave(struct svm_pool *pool, unsigned long pfn,
		    unsigned int order)
{
	struct svm_block *block = svm_pool_block_of(pool, pfn);

	if (likely(!atomic_read(&block->claims)) ||
	    (pfn - pool->first_pfn) % SVM_BLOCK_PAGES)
		return false;
	/* Pairs with svm_pool_take_left(). */
	smp_store_release(&block->left, order + 1);
	/* Before it is looked who waits. */
	smp_mb();
	wake_up_var(&block->left);
	return true;
}

/**
 * svm_pool_take_left() - take over what was left
 * @pool: the pool.
 * @pfn: the page frame, claimed; its folio is free, or about to be, but for others
 *	who take it over.
 * @order: of the folio, whose frames are the caller's to free then.
 *
 * Return: false if somebody else was faster.
 */
bool svm_pool_take_left(struct svm_pool *pool, unsigned long pfn,
			unsigned int *order)
{
	struct svm_block *block = svm_pool_block_of(pool, pfn);
	unsigned int left;

	/* Pairs with svm_pool_leave(). */
	wait_var_event(&block->left, READ_ONCE(block->left));
	left = xchg(&block->left, 0);
	*order = left - 1;
	return left;
}

/**
 * svm_pool_close() - hand out nothing more
 * @pool: the pool.
 */
void svm_pool_close(struct svm_pool *pool)
{
	spin_lock_irq(&pool->lock);
	pool->closed = true;
	spin_unlock_irq(&pool->lock);
}

/**
 * svm_pool_reopen() - undo svm_pool_close()
 * @pool: the pool.
 */
void svm_pool_reopen(struct svm_pool *pool)
{
	spin_lock_irq(&pool->lock);
	pool->closed = false;
	spin_unlock_irq(&pool->lock);
}

/**
 * svm_pool_nr_used() - number of pages in use at the moment
 * @pool: the pool.
 */
unsigned long svm_pool_nr_used(struct svm_pool *pool)
{
	return READ_ONCE(pool->nr_used);
}

/**
 * svm_pool_nr_owned() - number of pages that an owner has at the moment
 * @pool: the pool.
 * @owner: the owner.
 */
unsigned long svm_pool_nr_owned(struct svm_pool *pool, struct svm_owner *owner)
{
	unsigned long nr;

	spin_lock_irq(&pool->lock);
	nr = owner->used;
	spin_unlock_irq(&pool->lock);
	return nr;
}

/**
 * svm_pool_list_used() - list page frames that are in use
 * @pool: the pool.
 * @cursor: where to go on; 0 to begin with.
 * @pfns: where to put them; room for SVM_BLOCK_PAGES.
 * @nr: how many are wanted, up to SVM_BLOCK_PAGES.
 *
 * A huge folio is listed with all its page frames in a row, and with nothing
 * else, also if fewer pages are wanted: it goes as a whole.
 *
 * What is listed may be freed or split, and freed pages may be taken, before the
 * caller looks.
 *
 * Return: how many were listed, 0 at the end.
 */
unsigned long svm_pool_list_used(struct svm_pool *pool, unsigned long *cursor,
				 unsigned long *pfns, unsigned long nr)
{
	unsigned long got = 0, index = *cursor;
	unsigned long end = pool->nr_blocks * SVM_BLOCK_PAGES;

	while (index < end && got < nr) {
		struct svm_block *block =
			&pool->blocks[index / SVM_BLOCK_PAGES];
		unsigned long bit = index % SVM_BLOCK_PAGES;
		unsigned long base = index - bit;
		unsigned long want = nr;
		bool huge;

		if (!READ_ONCE(block->nr_used)) {
			index = base + SVM_BLOCK_PAGES;
			continue;
		}

		/* One block at a time, to keep interrupts on between. */
		spin_lock_irq(&pool->lock);
		huge = block->huge;
		if (huge && got) {
			spin_unlock_irq(&pool->lock);
			break;
		}
		if (huge) {
			bit = 0;
			want = SVM_BLOCK_PAGES;
		}
		for_each_set_bit_from(bit, block->used, SVM_BLOCK_PAGES) {
			if (got == want)
				break;
			pfns[got++] = pool->first_pfn + base + bit;
		}
		spin_unlock_irq(&pool->lock);
		index = base + min_t(unsigned long, bit, SVM_BLOCK_PAGES);
		if (huge)
			break;
	}
	*cursor = index;
	return got;
}

/**
 * svm_pool_lacks() - how many pages must go before an owner can have some
 * @pool: the pool.
 * @claim: for whom.
 * @want: how many single pages.
 *
 * Return: how many of the owner's own pages; 0 if there is room, or if nothing is
 * handed out any more.
 */
unsigned long svm_pool_lacks(struct svm_pool *pool,
			     const struct svm_claim *claim, unsigned long want)
{
	unsigned long nr_free, full = 0, over = 0;

	spin_lock_irq(&pool->lock);
	nr_free = pool->nr_blocks * SVM_BLOCK_PAGES - pool->nr_used;
	if (!pool->closed && want > nr_free)
		full = want - nr_free;
	if (!pool->closed && claim->owner->used + want > claim->limit)
		over = claim->owner->used + want - claim->limit;
	spin_unlock_irq(&pool->lock);
	return max(full, over);
}

/**
 * svm_pool_touch() - the device works on a page
 * @pool: the pool.
 * @pfn: the page frame, in use.
 */
void svm_pool_touch(struct svm_pool *pool, unsigned long pfn)
{
	struct svm_block *block = svm_pool_block_of(pool, pfn);
	unsigned long bit = (pfn - pool->first_pfn) % SVM_BLOCK_PAGES;

	if (READ_ONCE(block->huge))
		bit = 0;
	if (!test_bit(bit, block->touched))
		set_bit(bit, block->touched);
}

/**
 * svm_pool_keep() - take a page out of the clock for a while
 * @pool: the pool.
 * @claim: for whom, with a queue; pages of other owners are left alone.
 * @index: where the page is in the pool; it may have been freed.
 */
void svm_pool_keep(struct svm_pool *pool, const struct svm_claim *claim,
		   unsigned long index)
{
	struct svm_block *block = &pool->blocks[index / SVM_BLOCK_PAGES];
	struct svm_frame *frame;

	spin_lock_irq(&pool->lock);
	if (block->huge)
		index = round_down(index, SVM_BLOCK_PAGES);
	frame = &pool->frames[index];
	if (test_bit(index % SVM_BLOCK_PAGES, block->used) &&
	    frame->owner == claim->owner)
		list_move_tail(&frame->link, claim->queue);
	spin_unlock_irq(&pool->lock);
}

/**
 * svm_pool_unkeep() - put back what was kept or queued apart, as just come
 * @pool: the pool.
 * @claim: for whom, with a queue.
 */
void svm_pool_unkeep(struct svm_pool *pool, const struct svm_claim *claim)
{
	spin_lock_irq(&pool->lock);
	list_splice_tail_init(claim->queue, &claim->owner->queue);
	spin_unlock_irq(&pool->lock);
}

/* A step of the clock, with interrupts off: it looks at one block's worth. */
static unsigned long svm_pool_sweep(struct svm_pool *pool,
				    struct svm_owner *owner,
				    unsigned long *pfns, unsigned long nr,
				    unsigned long *looks)
{
	struct svm_frame *frame, *first = NULL;
	unsigned long i, pfn, got = 0;
	bool huge;

	lockdep_assert_held(&pool->lock);

	for (i = 0; i < SVM_BLOCK_PAGES && *looks && got < nr; i++) {
		frame = list_first_entry_or_null(&owner->queue,
						 struct svm_frame, link);
		/* Once around is enough: nothing is listed twice. */
		if (!frame || frame == first)
			break;
		pfn = pool->first_pfn + (frame - pool->frames);
		huge = svm_pool_block_of(pool, pfn)->huge;
		if (huge && got)
			break;
		if (!first)
			first = frame;
		--*looks;
		list_move_tail(&frame->link, &owner->queue);
		if (svm_block_clear_touched(pool, pfn))
			continue;
		if (!huge) {
			pfns[got++] = pfn;
			continue;
		}
		while (got < SVM_BLOCK_PAGES)
			pfns[got++] = pfn++;
		break;
	}
	return got;
}

/**
 * svm_pool_list_cold() - list the coldest page frames of an owner
 * @pool: the pool.
 * @owner: the owner.
 * @pfns: where to put them; room for SVM_BLOCK_PAGES.
 * @nr: how many are wanted, up to SVM_BLOCK_PAGES.
 * @looks: how many frames may still be looked at; counts down.
 *
 * As svm_pool_list_used(). Frames that are kept are not listed.
 *
 * Return: how many were listed, 0 when no more were found.
 */
unsigned long svm_pool_list_cold(struct svm_pool *pool, struct svm_owner *owner,
				 unsigned long *pfns, unsigned long nr,
				 unsigned long *looks)
{
	unsigned long before, got = 0;

	do {
		before = *looks;
		spin_lock_irq(&pool->lock);
		got = svm_pool_sweep(pool, owner, pfns, nr, looks);
		spin_unlock_irq(&pool->lock);
		cond_resched();
	} while (!got && *looks < before);
	return got;
}

/**
 * svm_pool_owner() - whose a page is
 * @pool: the pool.
 * @pfn: its frame, or the first of a huge folio; in use.
 */
struct svm_owner *svm_pool_owner(struct svm_pool *pool, unsigned long pfn)
{
	return READ_ONCE(svm_pool_frame_of(pool, pfn)->owner);
}

/**
 * svm_pool_wait_idle() - wait until no page is in use
 * @pool: the pool.
 * @killable: whether a fatal signal ends the wait.
 * @timeout: in jiffies.
 *
 * Return: 0 when no page is in use, -ETIMEDOUT, or -EINTR.
 */
long svm_pool_wait_idle(struct svm_pool *pool, bool killable, long timeout)
{
	long ret;

	if (killable)
		ret = wait_event_killable_timeout(pool->idle,
						  !svm_pool_nr_used(pool),
						  timeout);
	else
		ret = wait_event_timeout(pool->idle, !svm_pool_nr_used(pool),
					 timeout);
	if (ret < 0)
		return -EINTR;
	return ret ? 0 : -ETIMEDOUT;
}
