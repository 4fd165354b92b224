// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mirror: a device's own page table for an address space, kept true by
 * notifiers.
 *
 * It is made of chunks of 2 MiB, each with an interval notifier of its own, so
 * that what happens elsewhere in the address space does not disturb it. An entry
 * is put in by the sequence protocol (read_begin, hmm_range_fault, and under the
 * chunk's lock read_retry), and taken out by the notifier under the same lock.
 * The device touches memory only with the lock held and the entry valid: so when
 * invalidate_range_start() returns, it is done with the page.
 *
 * No event is filtered by its owner but MMU_NOTIFY_EXCLUSIVE with this mirror as
 * the owner. In particular MMU_NOTIFY_MIGRATE is not: a page that leaves system
 * memory must not be written through an old entry while it is copied, and a
 * page may leave a device by another process's fault.
 *
 * Locking, from the outside: svm_mirror.gate, mmap_lock (only while faulting),
 * svm_holds.lock, svm_chunk.lock. The notifier takes svm_chunk.lock under whatever the core
 * holds; where it must not sleep it tries, and says that it could not, before it
 * changed anything.
 *
 * Limits: 9 bytes a page, in whole chunks (4.4 KiB, of a cache of their own, since
 * kmalloc() would take 8), charged to the memory cgroup; SVM_MIRROR_MAX_CHUNKS,
 * 1 TiB, a context.
 */
#include <linux/hmm.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "context.h"
#include "device.h"
#include "dma.h"
#include "events.h"
#include "exclusive.h"
#include "mirror.h"
#include "walk.h"

#define SVM_MIRROR_MAX_CHUNKS	(BIT(40) / SVM_CHUNK_BYTES)

/* So many chunks of memory that is gone are worth a clean-up. */
#define SVM_MIRROR_REAP		64

static struct kmem_cache *svm_chunk_cache;

int svm_mirrors_init(void)
{
	svm_chunk_cache = KMEM_CACHE(svm_chunk, SLAB_ACCOUNT);
	return svm_chunk_cache ? 0 : -ENOMEM;
}

void svm_mirrors_exit(void)
{
	kmem_cache_destroy(svm_chunk_cache);
}

static enum svm_event_cause
svm_notifier_cause(const struct mmu_notifier_range *range)
{
	switch (range->event) {
	case MMU_NOTIFY_UNMAP:
	case MMU_NOTIFY_RELEASE:
		return SVM_CAUSE_UNMAP;
	case MMU_NOTIFY_CLEAR:
		/* A CPU touch is of one page. */
		return range->end - range->start == PAGE_SIZE ?
			SVM_CAUSE_CPU : SVM_CAUSE_OTHER;
	case MMU_NOTIFY_PROTECTION_VMA:
		return SVM_CAUSE_PROTECT;
	case MMU_NOTIFY_PROTECTION_PAGE:
		return SVM_CAUSE_FORK;
	case MMU_NOTIFY_MIGRATE:
		return SVM_CAUSE_MIGRATE;
	default:
		return SVM_CAUSE_OTHER;
	}
}

/**
 * svm_chunk_set() - change an entry
 * @chunk: the chunk, locked.
 * @index: of the page.
 * @entry: the new entry; 0 for none.
 *
 * What the device's DMA reached through the old entry it reaches no more, unless the
 * new one is for the same page.
 */
void svm_chunk_set(struct svm_chunk *chunk, unsigned int index,
		   unsigned long entry)
{
	unsigned long old = chunk->entry[index];

	lockdep_assert_held(&chunk->lock);

	if (chunk->dma_map && (!entry || (old ^ entry) >> SVM_ENTRY_SHIFT))
		svm_dma_unmap_page(chunk->mirror->dma, chunk->dma_map, index);
	chunk->entry[index] = entry;
}

/**
 * svm_chunk_drop_dma() - unmap all of a chunk for a device that goes away
 * @chunk: the chunk, not locked.
 */
void svm_chunk_drop_dma(struct svm_chunk *chunk)
{
	mutex_lock(&chunk->lock);
	if (chunk->dma_map)
		svm_dma_map_free(chunk->mirror->dma, chunk->dma_map);
	chunk->dma_map = NULL;
	mutex_unlock(&chunk->lock);
}

/**
 * svm_mirror_count() - count something for the context and for its device
 * @mirror: the mirror.
 * @which: what.
 * @n: how much.
 */
void svm_mirror_count(struct svm_mirror *mirror, enum svm_counter which, u64 n)
{
	svm_count(mirror->counters, which, n);
	svm_count(mirror->device_counters, which, n);
}

/**
 * svm_chunk_end_exclusive() - note that exclusive access has ended, and tell
 * @chunk: the chunk, locked.
 * @first: index of the first page.
 * @end: index after the last.
 * @cause: why; events are told for runs of pages that were exclusive. What was not
 *	by a call is counted.
 */
void svm_chunk_end_exclusive(struct svm_chunk *chunk, unsigned int first,
			     unsigned int end, enum svm_event_cause cause)
{
	unsigned long start = svm_chunk_start(chunk);
	unsigned int rs, re;

	lockdep_assert_held(&chunk->lock);

	for (rs = find_next_bit(chunk->exclusive, end, first); rs < end;
	     rs = find_next_bit(chunk->exclusive, end, re)) {
		re = find_next_zero_bit(chunk->exclusive, end, rs);
		bitmap_clear(chunk->exclusive, rs, re - rs);
		if (cause != SVM_CAUSE_CALL)
			svm_mirror_count(chunk->mirror, SVM_CTR_EXCLUSIVE_ENDED,
					 re - rs);
		svm_events_emit(chunk->mirror->events, (struct svm_event){
			.type = SVM_EVENT_EXCLUSIVE_ENDED,
			.cause = cause,
			.addr = start + rs * PAGE_SIZE,
			.length = (re - rs) * PAGE_SIZE,
		});
	}
}

/**
 * svm_mirror_end_exclusive() - end exclusive access to a page ourselves
 * @mirror: the mirror, entered.
 * @addr: page aligned.
 * @cause: for the event.
 *
 * The caller then has the page given back to the CPU.
 */
void svm_mirror_end_exclusive(struct svm_mirror *mirror, unsigned long addr,
			      enum svm_event_cause cause)
{
	struct svm_chunk *chunk = svm_mirror_find(mirror, addr);
	unsigned int index = svm_chunk_index(addr);

	if (!chunk)
		return;
	mutex_lock(&chunk->lock);
	if (test_bit(index, chunk->exclusive)) {
		svm_chunk_end_exclusive(chunk, index, index + 1, cause);
		svm_chunk_set(chunk, index, 0);
	}
	mutex_unlock(&chunk->lock);
}

/*
 * The core announces the splitting of a huge mapping before it looks whether
 * there is one, for instance when a VMA is split. Where there are exclusive
 * entries there is none, so they last: what really ends them is told apart.
 * If it was something else, svm_chunk_fault() finds out.
 */
static bool svm_is_pmd_split(struct svm_chunk *chunk,
			     const struct mmu_notifier_range *range)
{
	return range->event == MMU_NOTIFY_CLEAR &&
	       range->start == svm_chunk_start(chunk) &&
	       range->end == range->start + PMD_SIZE;
}

/*
 * migrate_vma passes over exclusive entries, so around what it moves they last. If
 * it is for the exclusive page itself, svm_mirror_end_exclusive() was called.
 */
static bool svm_passes_over_exclusive(const struct mmu_notifier_range *range)
{
	return range->event == MMU_NOTIFY_MIGRATE;
}

/*
 * A page that is held has its folio locked: fork() would fail for it, and where
 * the mapping went, nobody would know why to wait. So these end holds.
 */
static bool svm_ends_holds(const struct mmu_notifier_range *range)
{
	switch (range->event) {
	case MMU_NOTIFY_UNMAP:
	case MMU_NOTIFY_RELEASE:
	case MMU_NOTIFY_PROTECTION_PAGE:
		return mmu_notifier_range_blockable(range);
	default:
		return false;
	}
}

/* False if it must not block and would have to; then nothing was changed. */
static bool svm_chunk_forget(struct svm_chunk *chunk,
			     const struct mmu_notifier_range *range,
			     unsigned long seq)
{
	struct svm_holds *holds = chunk->mirror->holds;
	bool keeps_exclusive = svm_passes_over_exclusive(range);
	bool ends_holds = svm_ends_holds(range);
	unsigned long start = max(range->start, svm_chunk_start(chunk));
	unsigned long end = min(range->end,
				svm_chunk_start(chunk) + SVM_CHUNK_BYTES);
	unsigned int first = svm_chunk_index(start);
	unsigned int nr = (end - start) >> PAGE_SHIFT;
	bool had = false;
	unsigned int i;

	/* We are about to be the only one: nothing of ours ends. */
	if (range->event == MMU_NOTIFY_EXCLUSIVE &&
	    range->owner == svm_mirror_owner(chunk->mirror))
		return true;

	if (ends_holds) {
		mutex_lock(&holds->lock);
		svm_holds_let_go(holds, start, end);
	}
	if (mmu_notifier_range_blockable(range))
		mutex_lock(&chunk->lock);
	else if (!mutex_trylock(&chunk->lock))
		return false;

	mmu_interval_set_seq(&chunk->notifier, seq);
	for (i = first; i < first + nr; i++) {
		if (keeps_exclusive && svm_chunk_is_exclusive(chunk, i))
			continue;
		had |= chunk->entry[i];
		svm_chunk_set(chunk, i, 0);
	}
	if (!keeps_exclusive && !svm_is_pmd_split(chunk, range))
		svm_chunk_end_exclusive(chunk, first, first + nr,
					svm_notifier_cause(range));
	if (range->event == MMU_NOTIFY_UNMAP ||
	    range->event == MMU_NOTIFY_RELEASE) {
		if (had)
			svm_events_emit(chunk->mirror->events,
					(struct svm_event){
				.type = SVM_EVENT_UNMAPPED,
				.cause = SVM_CAUSE_UNMAP,
				.addr = start,
				.length = end - start,
			});
		if (nr == SVM_CHUNK_PAGES && !chunk->unmapped) {
			chunk->unmapped = true;
			atomic_inc(&chunk->mirror->nr_unmapped);
		}
	}
	mutex_unlock(&chunk->lock);
	if (ends_holds)
		mutex_unlock(&holds->lock);
	return true;
}

static bool svm_chunk_invalidate(struct mmu_interval_notifier *notifier,
				 const struct mmu_notifier_range *range,
				 unsigned long seq)
{
	struct svm_chunk *chunk =
		container_of(notifier, struct svm_chunk, notifier);
	bool done;

	if (mmu_notifier_range_blockable(range))
		return svm_chunk_forget(chunk, range, seq);
	/* For kernels that check it; the core itself does not do it here. */
	non_block_start();
	done = svm_chunk_forget(chunk, range, seq);
	non_block_end();
	return done;
}

static const struct mmu_interval_notifier_ops svm_chunk_ops = {
	.invalidate = svm_chunk_invalidate,
};

/**
 * svm_mirror_init() - make the mirror of a new context
 * @mirror: the mirror, empty.
 * @ctx: whose it is; its address space and its device are there.
 */
void svm_mirror_init(struct svm_mirror *mirror, struct svm_context *ctx)
{
	mirror->mm = ctx->mm;
	mirror->events = &ctx->events;
	mirror->holds = &ctx->holds;
	mirror->counters = &ctx->counters;
	mirror->device_counters = &ctx->sdev->counters;
	init_rwsem(&mirror->gate);
	mutex_init(&mirror->lock);
	xa_init(&mirror->chunks);
}

static void svm_mirror_free_chunk(struct svm_mirror *mirror,
				  unsigned long index, struct svm_chunk *chunk)
{
	xa_erase(&mirror->chunks, index);
	mmu_interval_notifier_remove(&chunk->notifier);
	svm_chunk_drop_dma(chunk);
	if (chunk->unmapped)
		atomic_dec(&mirror->nr_unmapped);
	mirror->nr_chunks--;
	kmem_cache_free(svm_chunk_cache, chunk);
}

/**
 * svm_mirror_destroy() - free a mirror that nobody uses any more
 * @mirror: the mirror; the address space may be gone.
 */
void svm_mirror_destroy(struct svm_mirror *mirror)
{
	struct svm_chunk *chunk;
	unsigned long index;

	xa_for_each(&mirror->chunks, index, chunk)
		svm_mirror_free_chunk(mirror, index, chunk);
	xa_destroy(&mirror->chunks);
}

/* Free the chunks of memory that is gone, unless the mirror is in use. */
static void svm_mirror_reap(struct svm_mirror *mirror)
{
	struct svm_chunk *chunk;
	unsigned long index;

	if (!down_write_trylock(&mirror->gate))
		return;
	xa_for_each(&mirror->chunks, index, chunk)
		if (READ_ONCE(chunk->unmapped))
			svm_mirror_free_chunk(mirror, index, chunk);
	up_write(&mirror->gate);
}

/**
 * svm_mirror_enter() - begin to use chunks of a mirror
 * @mirror: the mirror.
 *
 * Return: 0, then svm_mirror_exit() must follow, or -EINTR.
 */
int svm_mirror_enter(struct svm_mirror *mirror)
{
	if (atomic_read(&mirror->nr_unmapped) >= SVM_MIRROR_REAP)
		svm_mirror_reap(mirror);
	return down_read_killable(&mirror->gate) ? -EINTR : 0;
}

/**
 * svm_mirror_exit() - end what svm_mirror_enter() began
 * @mirror: the mirror.
 */
void svm_mirror_exit(struct svm_mirror *mirror)
{
	up_read(&mirror->gate);
}

static struct svm_chunk *svm_mirror_add_chunk(struct svm_mirror *mirror,
					      unsigned long addr)
{
	unsigned long index = addr / SVM_CHUNK_BYTES;
	struct svm_chunk *chunk;
	int ret;

	lockdep_assert_held(&mirror->lock);

	if (mirror->nr_chunks >= SVM_MIRROR_MAX_CHUNKS)
		return ERR_PTR(-ENOMEM);
	chunk = kmem_cache_zalloc(svm_chunk_cache, GFP_KERNEL);
	if (!chunk)
		return ERR_PTR(-ENOMEM);
	mutex_init(&chunk->lock);
	chunk->mirror = mirror;
	if (mirror->dma) {
		chunk->dma_map = svm_dma_map_create(mirror->dma);
		if (IS_ERR(chunk->dma_map)) {
			ret = PTR_ERR(chunk->dma_map);
			goto err_free;
		}
	}

	ret = mmu_interval_notifier_insert(&chunk->notifier, mirror->mm,
					   index * SVM_CHUNK_BYTES,
					   SVM_CHUNK_BYTES, &svm_chunk_ops);
	if (ret)
		goto err_free_dma_map;
	ret = xa_err(xa_store(&mirror->chunks, index, chunk,
			      GFP_KERNEL_ACCOUNT));
	if (ret)
		goto err_remove_notifier;
	mirror->nr_chunks++;
	return chunk;

err_remove_notifier:
	mmu_interval_notifier_remove(&chunk->notifier);
err_free_dma_map:
	if (chunk->dma_map)
		svm_dma_map_free(mirror->dma, chunk->dma_map);
err_free:
	kmem_cache_free(svm_chunk_cache, chunk);
	return ERR_PTR(ret);
}

/**
 * svm_mirror_find() - the chunk for an address, if there is one
 * @mirror: the mirror, entered.
 * @addr: the address.
 *
 * Return: the chunk or NULL.
 */
struct svm_chunk *svm_mirror_find(struct svm_mirror *mirror, unsigned long addr)
{
	lockdep_assert_held_read(&mirror->gate);
	return xa_load(&mirror->chunks, addr / SVM_CHUNK_BYTES);
}

/**
 * svm_mirror_chunk() - the chunk for an address, made if need be
 * @mirror: the mirror, entered; the memory of its address space is held.
 * @addr: the address.
 *
 * Return: the chunk, or an ERR_PTR: -ENOMEM, or -EOPNOTSUPP from mapping for DMA.
 */
struct svm_chunk *svm_mirror_chunk(struct svm_mirror *mirror,
				   unsigned long addr)
{
	struct svm_chunk *chunk;

	chunk = svm_mirror_find(mirror, addr);
	if (chunk)
		return chunk;
	mutex_lock(&mirror->lock);
	chunk = svm_mirror_find(mirror, addr);
	if (!chunk)
		chunk = svm_mirror_add_chunk(mirror, addr);
	mutex_unlock(&mirror->lock);
	return chunk;
}

/**
 * svm_chunk_has() - whether the device may access pages as it wants to
 * @chunk: the chunk, locked.
 * @start: page aligned address in it.
 * @nr: pages, all of them in it.
 * @write: whether to write.
 */
bool svm_chunk_has(struct svm_chunk *chunk, unsigned long start,
		   unsigned long nr, bool write)
{
	unsigned long want = SVM_ENTRY_VALID | (write ? SVM_ENTRY_WRITE : 0);
	unsigned int i = svm_chunk_index(start);

	lockdep_assert_held(&chunk->lock);

	for (; nr; nr--, i++)
		if ((chunk->entry[i] & want) != want)
			return false;
	return true;
}

/*
 * hmm_range_fault() finds a device page of ours good enough, even to write
 * where its entry is read-only (after fork or mprotect). Let the CPU's fault
 * handler do what it would for a CPU: bring it home and break the sharing.
 */
static int svm_upgrade_page(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	bool unlocked;

	mmap_assert_locked(mm);

	vma = vma_lookup(mm, addr);
	if (!vma)
		return -EFAULT;
	if (!(vma->vm_flags & VM_WRITE))
		return -EPERM;
	return fixup_user_fault(mm, addr, FAULT_FLAG_WRITE | FAULT_FLAG_REMOTE,
				&unlocked);
}

/*
 * For who can't use device pages where they are: have a huge one that is at an address
 * brought home as such, for which the fault has to let go of mmap_lock. By
 * hmm_range_fault() it would come page by page.
 *
 * Return: 0 if there is none, -EBUSY if there was, or the fault's error.
 */
static int svm_bring_huge_home(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	struct svm_page page;
	bool unlocked;

	mmap_assert_locked(mm);

	vma = vma_lookup(mm, addr);
	if (!vma)
		return 0;
	svm_walk(vma, addr, 1, &page);
	if (page.place != SVM_PLACE_DEVICE || !(page.flags & SVM_PAGE_F_HUGE))
		return 0;
	return fixup_user_fault(mm, addr, FAULT_FLAG_REMOTE, &unlocked) ?:
	       -EBUSY;
}

/* Whether a page that the CPU can't reach now may be reached at all. */
static int svm_check_access(struct mm_struct *mm, unsigned long start,
			    unsigned long nr, bool write)
{
	unsigned long addr = start, end = start + nr * PAGE_SIZE;
	struct vm_area_struct *vma;

	for (; addr < end; addr = vma->vm_end) {
		vma = vma_lookup(mm, addr);
		if (!vma || !(vma->vm_flags & VM_READ))
			return -EFAULT;
		if (write && !(vma->vm_flags & VM_WRITE))
			return -EPERM;
	}
	return 0;
}

/* Of our device pages in a huge mapping, the frame; see below. */
static unsigned long svm_hmm_pfn(unsigned long hmm_pfn, unsigned long addr)
{
	unsigned long pfn = page_to_pfn(hmm_pfn_to_page(hmm_pfn));

	/*
	 * In the middle of a huge entry for device memory, hmm_range_fault()
	 * counts from the head of the folio: count from the address instead.
	 */
	if (hmm_pfn_to_map_order(hmm_pfn) == PMD_SHIFT - PAGE_SHIFT &&
	    svm_is_device_page(pfn_to_page(pfn)))
		pfn = ALIGN_DOWN(pfn, PTRS_PER_PTE) +
		      ((addr & ~PMD_MASK) >> PAGE_SHIFT);
	return pfn;
}

/*
 * Whose device private pages the device can use as they are: those of all our devices,
 * unless it masters the bus. Then nobody's: they come home.
 */
static void *svm_mirror_private_owner(struct svm_mirror *mirror)
{
	return mirror->dma ? (void *)mirror->dma : SVM_PGMAP_OWNER;
}

/* One pass with mmap_lock held. -EBUSY: again. */
static int svm_chunk_fault_locked(struct svm_chunk *chunk,
				  struct hmm_range *range, bool write)
{
	unsigned long nr = (range->end - range->start) >> PAGE_SHIFT;
	struct mm_struct *mm = chunk->mirror->mm;
	unsigned long i, addr;
	int ret;

	mmap_assert_locked(mm);

	ret = svm_check_access(mm, range->start, nr, write);
	if (ret)
		return ret;
	if (chunk->mirror->dma) {
		/* A chunk has one huge entry at most. */
		ret = svm_bring_huge_home(mm, range->start);
		if (ret)
			return ret;
	}
	ret = hmm_range_fault(range);
	if (ret)
		return ret;
	if (!write)
		return 0;
	for (i = 0; i < nr; i++) {
		if (range->hmm_pfns[i] & HMM_PFN_WRITE)
			continue;
		addr = range->start + i * PAGE_SIZE;
		ret = svm_upgrade_page(mm, addr);
		return ret ?: -EBUSY;
	}
	return 0;
}

/**
 * svm_chunk_fault() - get pages into the mirror, faulting them in if need be
 * @chunk: the chunk, not locked; its mirror is entered.
 * @start: page aligned address in it.
 * @nr: pages, all of them in it.
 * @write: whether the device wants to write.
 * @deadline: in jiffies.
 *
 * Return: 0; the entries were there at that moment. -EFAULT, -EPERM, -EINTR,
 * -ENOMEM, or -ETIMEDOUT when the deadline passed first.
 */
int svm_chunk_fault(struct svm_chunk *chunk, unsigned long start,
		    unsigned long nr, bool write, unsigned long deadline)
{
	struct mm_struct *mm = chunk->mirror->mm;
	struct hmm_range range = {
		.notifier = &chunk->notifier,
		.start = start,
		.end = start + nr * PAGE_SIZE,
		.default_flags = HMM_PFN_REQ_FAULT |
				 (write ? HMM_PFN_REQ_WRITE : 0),
		.dev_private_owner = svm_mirror_private_owner(chunk->mirror),
	};
	unsigned int first = svm_chunk_index(start);
	unsigned long i;
	int ret;

	range.hmm_pfns = kvcalloc(nr, sizeof(*range.hmm_pfns), GFP_KERNEL);
	if (!range.hmm_pfns)
		return -ENOMEM;

	do {
		if (time_after(jiffies, deadline)) {
			ret = -ETIMEDOUT;
			break;
		}
		range.notifier_seq = mmu_interval_read_begin(range.notifier);
		if (mmap_read_lock_killable(mm)) {
			ret = -EINTR;
			break;
		}
		ret = svm_chunk_fault_locked(chunk, &range, write);
		mmap_read_unlock(mm);
		if (fatal_signal_pending(current))
			ret = -EINTR;
		if (ret)
			continue;

		mutex_lock(&chunk->lock);
		if (mmu_interval_read_retry(range.notifier,
					    range.notifier_seq)) {
			mutex_unlock(&chunk->lock);
			ret = -EBUSY;
			continue;
		}
		/* A page that the fault handler gave is shared with the CPU. */
		svm_chunk_end_exclusive(chunk, first, first + nr,
					SVM_CAUSE_OTHER);
		for (i = 0; i < nr; i++)
			svm_chunk_set(chunk, first + i,
				      svm_entry(svm_hmm_pfn(range.hmm_pfns[i],
							    start +
							    i * PAGE_SIZE),
						range.hmm_pfns[i] &
						HMM_PFN_WRITE));
		if (chunk->unmapped) {
			chunk->unmapped = false;
			atomic_dec(&chunk->mirror->nr_unmapped);
		}
		mutex_unlock(&chunk->lock);
	} while (ret == -EBUSY);

	kvfree(range.hmm_pfns);
	return ret;
}
