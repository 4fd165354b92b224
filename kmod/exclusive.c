// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-exclusive access: pages that a device has to itself for a time. The
 * CPU's page table entry becomes one that faults; the first touch ends the
 * access, and the notifier tells the mirror, which tells the events.
 *
 * A hold keeps the CPU waiting until it ends: the folio stays locked, and the
 * fault waits for the lock. It is bounded by a timer, and ends with the context
 * at the latest. Pages are made exclusive first and their folios locked after,
 * all by trylock: make_device_exclusive() waits for folio locks, and pages may
 * share a folio.
 *
 * Locking, from the outside: svm_mirror.gate, mmap_lock, folio lock,
 * svm_chunk.lock. svm_holds.lock is outside of folio locks being released, and
 * never held while one is taken but by trylock.
 *
 * Limits: SVM_EXCLUSIVE_MAX_PAGES a call and held by a context;
 * SVM_EXCLUSIVE_MAX_HOLD_MS.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "context.h"
#include "exclusive.h"
#include "ioctl.h"
#include "mirror.h"
#include "walk.h"

/* How often to try for a page that is taken away while it is taken. */
#define SVM_EXCLUSIVE_TRIES 8

/**
 * struct svm_hold - pages held by one call
 * @node: in svm_holds.list; empty when the hold has ended.
 * @holds: of the context.
 * @expiry: ends it.
 * @start: address of the first page.
 * @nr: how many pages the call named.
 * @held: which of them are held.
 * @nr_folios: length of @folios.
 * @folios: locked and referenced, each once.
 */
struct svm_hold {
	struct list_head node;
	struct svm_holds *holds;
	struct delayed_work expiry;
	unsigned long start;
	unsigned int nr;
	DECLARE_BITMAP(held, SVM_EXCLUSIVE_MAX_PAGES);
	unsigned int nr_folios;
	struct folio *folios[SVM_EXCLUSIVE_MAX_PAGES];
};

/* Its own, so that none of it is under way when the module goes. */
static struct workqueue_struct *svm_holds_wq;

int svm_exclusives_init(void)
{
	svm_holds_wq = alloc_workqueue("svm_holds", WQ_UNBOUND, 0);
	return svm_holds_wq ? 0 : -ENOMEM;
}

void svm_exclusives_exit(void)
{
	destroy_workqueue(svm_holds_wq);
}

void svm_holds_init(struct svm_holds *holds)
{
	mutex_init(&holds->lock);
	INIT_LIST_HEAD(&holds->list);
}

/* Let the CPU go on. */
static void svm_hold_let_go(struct svm_hold *hold)
{
	unsigned int i;

	lockdep_assert_held(&hold->holds->lock);

	for (i = 0; i < hold->nr_folios; i++) {
		folio_unlock(hold->folios[i]);
		folio_put(hold->folios[i]);
	}
	hold->nr_folios = 0;
	hold->holds->pages -= bitmap_weight(hold->held, hold->nr);
	bitmap_zero(hold->held, hold->nr);
}

/* The timer may still be pending: it finds nothing to do. */
static void svm_hold_end(struct svm_hold *hold)
{
	svm_hold_let_go(hold);
	list_del_init(&hold->node);
}

static bool svm_hold_touches(struct svm_hold *hold, unsigned long start,
			     unsigned long end)
{
	return hold->start < end &&
	       hold->start + hold->nr * PAGE_SIZE > start;
}

/**
 * svm_holds_let_go() - end what is held in a range that changes
 * @holds: of the context; locked, so that no new hold begins until the mirror
 *	knows that the pages are not had any more.
 * @start: first address.
 * @end: address after the last.
 *
 * For notifiers: the holds themselves are left for their timers to free.
 */
void svm_holds_let_go(struct svm_holds *holds, unsigned long start,
		      unsigned long end)
{
	struct svm_hold *hold;

	lockdep_assert_held(&holds->lock);

	list_for_each_entry(hold, &holds->list, node)
		if (svm_hold_touches(hold, start, end))
			svm_hold_let_go(hold);
}

static void svm_hold_expire(struct work_struct *work)
{
	struct svm_hold *hold =
		container_of(to_delayed_work(work), struct svm_hold, expiry);
	struct svm_holds *holds = hold->holds;

	mutex_lock(&holds->lock);
	/* Whoever took it off the list frees it. */
	if (list_empty(&hold->node)) {
		mutex_unlock(&holds->lock);
		return;
	}
	svm_hold_end(hold);
	mutex_unlock(&holds->lock);
	kvfree(hold);
}

/* End the holds that touch a range. Returns with none of their timers running. */
static void svm_holds_end_range(struct svm_holds *holds, unsigned long start,
				unsigned long end)
{
	struct svm_hold *hold, *next;
	LIST_HEAD(ended);

	mutex_lock(&holds->lock);
	list_for_each_entry_safe(hold, next, &holds->list, node) {
		if (!svm_hold_touches(hold, start, end))
			continue;
		svm_hold_end(hold);
		list_add(&hold->node, &ended);
	}
	/* An expiry that waits for the lock must find an empty node. */
	while (!list_empty(&ended)) {
		hold = list_first_entry(&ended, struct svm_hold, node);
		list_del_init(&hold->node);
		mutex_unlock(&holds->lock);
		cancel_delayed_work_sync(&hold->expiry);
		kvfree(hold);
		mutex_lock(&holds->lock);
	}
	mutex_unlock(&holds->lock);
}

/**
 * svm_holds_destroy() - end all holds of a context that goes away
 * @holds: of the context.
 */
void svm_holds_destroy(struct svm_holds *holds)
{
	svm_holds_end_range(holds, 0, ULONG_MAX);
}

static bool __svm_holds_have(struct svm_holds *holds, unsigned long addr)
{
	struct svm_hold *hold;
	bool have = false;

	lockdep_assert_held(&holds->lock);

	list_for_each_entry(hold, &holds->list, node)
		if (addr >= hold->start &&
		    addr < hold->start + hold->nr * PAGE_SIZE)
			have |= test_bit((addr - hold->start) / PAGE_SIZE,
					 hold->held);
	return have;
}

/**
 * svm_holds_have() - whether a page is held
 * @holds: of the context.
 * @addr: page aligned.
 */
bool svm_holds_have(struct svm_holds *holds, unsigned long addr)
{
	bool have;

	mutex_lock(&holds->lock);
	have = __svm_holds_have(holds, addr);
	mutex_unlock(&holds->lock);
	return have;
}

/**
 * svm_exclusive_fault() - end exclusive access to a page as a touch by the CPU does
 * @vma: the VMA; its mmap_lock is held, and stays so.
 * @addr: page aligned.
 *
 * Does not wait for a folio that is locked: then nothing ends.
 */
void svm_exclusive_fault(struct vm_area_struct *vma, unsigned long addr)
{
	handle_mm_fault(vma, addr,
			FAULT_FLAG_REMOTE | FAULT_FLAG_ALLOW_RETRY |
				FAULT_FLAG_RETRY_NOWAIT,
			NULL);
}

#ifdef SVM_HAVE_EXCLUSIVE
/* Whether somebody has the page locked, as who holds it does. */
static bool svm_exclusive_is_locked(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	struct folio *folio;
	bool locked;

	mmap_assert_locked(mm);

	vma = vma_lookup(mm, addr);
	if (!vma || is_vm_hugetlb_page(vma))
		return false;
	folio = svm_walk_get_folio(vma, addr);
	if (!folio)
		return false;
	locked = folio_test_locked(folio);
	folio_put(folio);
	return locked;
}

/**
 * svm_exclusive_look() - count it if a page that is wanted has to be waited for
 * @mirror: the context's mirror, entered.
 * @addr: page aligned.
 *
 * To be called before anything is done that waits.
 */
void svm_exclusive_look(struct svm_mirror *mirror, unsigned long addr)
{
	bool locked;

	/* Whoever goes on to take it finds the signal, too. */
	if (mmap_read_lock_killable(mirror->mm))
		return;
	locked = svm_exclusive_is_locked(mirror->mm, addr);
	mmap_read_unlock(mirror->mm);
	svm_mirror_count(mirror, SVM_CTR_EXCLUSIVE_CONTENDED, locked);
}

/*
 * One try. -EBUSY: something changed meanwhile.
 *
 * The page is touched first, to have copy-on-write, a huge mapping and an exclusive
 * access that is there already ended before the sequence is read:
 * make_device_exclusive() would do it too, but then it would look like somebody
 * else's change.
 */
static int svm_exclusive_try(struct svm_mirror *mirror,
			     struct svm_chunk *chunk, unsigned long addr)
{
	unsigned int index = svm_chunk_index(addr);
	struct folio *folio;
	struct page *page;
	unsigned long seq;
	int ret, locked = 1;

	if (mmap_read_lock_killable(mirror->mm))
		return -EINTR;
	ret = get_user_pages_remote(mirror->mm, addr, 1,
				    FOLL_WRITE | FOLL_SPLIT_PMD, NULL, &locked);
	if (locked)
		mmap_read_unlock(mirror->mm);
	if (ret < 0)
		return ret;

	seq = mmu_interval_read_begin(&chunk->notifier);
	if (mmap_read_lock_killable(mirror->mm))
		return -EINTR;
	page = make_device_exclusive(mirror->mm, addr, svm_mirror_owner(mirror),
				     &folio);
	if (IS_ERR(page)) {
		mmap_read_unlock(mirror->mm);
		return PTR_ERR(page);
	}

	mutex_lock(&chunk->lock);
	if (mmu_interval_read_retry(&chunk->notifier, seq)) {
		ret = -EBUSY;
	} else {
		ret = 0;
		svm_chunk_set(chunk, index, svm_entry(page_to_pfn(page), true));
		__set_bit(index, chunk->exclusive);
	}
	mutex_unlock(&chunk->lock);

	/* The core takes such a page for clean; the device will write. */
	folio_mark_dirty(folio);
	folio_unlock(folio);
	folio_put(folio);
	/* Not before: fork() fails where an exclusive page is locked. */
	mmap_read_unlock(mirror->mm);
	return ret;
}

/**
 * svm_exclusive_take() - take exclusive access to a page
 * @mirror: the context's mirror, entered.
 * @addr: page aligned.
 *
 * On success the page was exclusive and in the mirror at that moment; the bit in
 * svm_chunk.exclusive tells whether it still is. It is counted if others were in the
 * way.
 *
 * Return: 0, -EBUSY if others kept taking it, -EOPNOTSUPP for memory of another
 * kind, -EFAULT, -ENOMEM, -EINTR.
 */
int svm_exclusive_take(struct svm_mirror *mirror, unsigned long addr)
{
	struct svm_chunk *chunk;
	int tries, ret = -EBUSY;

	chunk = svm_mirror_chunk(mirror, addr);
	if (IS_ERR(chunk))
		return PTR_ERR(chunk);
	svm_exclusive_look(mirror, addr);
	for (tries = 0; ret == -EBUSY && tries < SVM_EXCLUSIVE_TRIES; tries++) {
		ret = svm_exclusive_try(mirror, chunk, addr);
		svm_mirror_count(mirror, SVM_CTR_EXCLUSIVE_CONTENDED,
				 ret == -EBUSY);
	}
	return ret;
}
#else
void svm_exclusive_look(struct svm_mirror *mirror, unsigned long addr)
{
}

int svm_exclusive_take(struct svm_mirror *mirror, unsigned long addr)
{
	return -EOPNOTSUPP;
}
#endif

/* The page, if the context has it exclusively at this moment, referenced. */
static struct folio *svm_exclusive_folio(struct svm_mirror *mirror,
					 unsigned long addr)
{
	struct svm_chunk *chunk = svm_mirror_find(mirror, addr);
	unsigned int index = svm_chunk_index(addr);
	struct folio *folio = NULL;

	if (!chunk)
		return NULL;
	mutex_lock(&chunk->lock);
	if (svm_chunk_is_exclusive(chunk, index)) {
		folio = page_folio(svm_chunk_page(chunk, index));
		folio_get(folio);
	}
	mutex_unlock(&chunk->lock);
	return folio;
}

static bool svm_exclusive_has(struct svm_mirror *mirror, unsigned long addr)
{
	struct folio *folio = svm_exclusive_folio(mirror, addr);

	if (folio)
		folio_put(folio);
	return folio;
}

/* Lock the folio of a page for a hold, unless it is by a page before. */
static bool svm_hold_page(struct svm_hold *hold, struct svm_mirror *mirror,
			  unsigned int i)
{
	unsigned long addr = hold->start + i * PAGE_SIZE;
	struct folio *folio = svm_exclusive_folio(mirror, addr);
	unsigned int j;

	if (!folio)
		return false;
	for (j = 0; j < hold->nr_folios; j++)
		if (hold->folios[j] == folio)
			break;
	if (j < hold->nr_folios) {
		folio_put(folio);
	} else if (folio_trylock(folio)) {
		hold->folios[hold->nr_folios++] = folio;
	} else {
		folio_put(folio);
		svm_mirror_count(mirror, SVM_CTR_EXCLUSIVE_CONTENDED, 1);
		return false;
	}
	/* Was it ended before the lock? Then the lock does no harm. */
	if (!svm_exclusive_has(mirror, addr))
		return false;
	__set_bit(i, hold->held);
	return true;
}

static int svm_exclusive_hold(struct svm_context *ctx,
			      struct svm_ioctl_exclusive *arg, u8 *status)
{
	unsigned int nr = arg->length >> PAGE_SHIFT;
	struct svm_hold *hold;
	unsigned int i;

	hold = kvzalloc_obj(*hold, GFP_KERNEL_ACCOUNT);
	if (!hold)
		return -ENOMEM;
	hold->holds = &ctx->holds;
	hold->start = arg->addr;
	hold->nr = nr;
	INIT_DELAYED_WORK(&hold->expiry, svm_hold_expire);

	mutex_lock(&ctx->holds.lock);
	if (ctx->holds.pages + nr > SVM_EXCLUSIVE_MAX_PAGES) {
		mutex_unlock(&ctx->holds.lock);
		kvfree(hold);
		return -EBUSY;
	}
	for (i = 0; i < nr; i++)
		if (status[i] == SVM_EXCLUSIVE_YES &&
		    svm_hold_page(hold, &ctx->mirror, i))
			status[i] = SVM_EXCLUSIVE_HELD;
	if (bitmap_empty(hold->held, nr)) {
		svm_hold_let_go(hold);
		mutex_unlock(&ctx->holds.lock);
		kvfree(hold);
		return 0;
	}
	ctx->holds.pages += bitmap_weight(hold->held, nr);
	list_add(&hold->node, &ctx->holds.list);
	queue_delayed_work(svm_holds_wq, &hold->expiry,
			   msecs_to_jiffies(arg->hold_ms));
	mutex_unlock(&ctx->holds.lock);
	return 0;
}

static int svm_exclusive_acquire(struct svm_context *ctx,
				 struct svm_ioctl_exclusive *arg, u8 *status)
{
	unsigned int i, nr = arg->length >> PAGE_SHIFT;
	int ret;

	/* A page that this context holds itself would be waited for. */
	svm_holds_end_range(&ctx->holds, arg->addr, arg->addr + arg->length);
	for (i = 0; i < nr; i++) {
		unsigned long addr = arg->addr + i * PAGE_SIZE;

		ret = 0;
		if (!svm_exclusive_has(&ctx->mirror, addr))
			ret = svm_exclusive_take(&ctx->mirror, addr);
		if (ret == -EINTR || ret == -ENOMEM)
			return ret;
		status[i] = ret ? SVM_EXCLUSIVE_REFUSED : SVM_EXCLUSIVE_YES;
		cond_resched();
	}
	if (arg->hold_ms) {
		ret = svm_exclusive_hold(ctx, arg, status);
		if (ret)
			return ret;
	}
	/* What ended before we are done is not had. */
	for (i = 0; i < nr; i++) {
		if (status[i] == SVM_EXCLUSIVE_YES &&
		    !svm_exclusive_has(&ctx->mirror, arg->addr + i * PAGE_SIZE))
			status[i] = SVM_EXCLUSIVE_NO;
		arg->pages += status[i] == SVM_EXCLUSIVE_YES ||
			      status[i] == SVM_EXCLUSIVE_HELD;
	}
	return 0;
}

/*
 * Whether a page is exclusive, by the page tables and by our own account. Where
 * these differ something ended it that looked like the splitting of a huge
 * mapping, see svm_is_pmd_split().
 */
static bool svm_exclusive_ask(struct svm_context *ctx, unsigned long addr)
{
	struct svm_chunk *chunk = svm_mirror_find(&ctx->mirror, addr);
	unsigned int index = svm_chunk_index(addr);
	struct vm_area_struct *vma;
	struct svm_page page = {};

	mmap_assert_locked(ctx->mm);

	if (!chunk || !test_bit(index, chunk->exclusive))
		return false;
	vma = vma_lookup(ctx->mm, addr);
	mutex_lock(&chunk->lock);
	if (vma)
		svm_walk(vma, addr, 1, &page);
	if (!(page.flags & SVM_PAGE_F_EXCLUSIVE))
		svm_chunk_end_exclusive(chunk, index, index + 1,
					SVM_CAUSE_OTHER);
	mutex_unlock(&chunk->lock);
	return page.flags & SVM_PAGE_F_EXCLUSIVE;
}

/* Give a page back by touching it as the CPU would. */
static int svm_exclusive_give_back(struct svm_context *ctx, unsigned long addr,
				   bool *gave)
{
	bool unlocked = false;
	int ret = 0;

	*gave = false;
	if (mmap_read_lock_killable(ctx->mm))
		return -EINTR;
	if (svm_exclusive_ask(ctx, addr)) {
		svm_mirror_end_exclusive(&ctx->mirror, addr, SVM_CAUSE_CALL);
		ret = fixup_user_fault(ctx->mm, addr, FAULT_FLAG_REMOTE,
				       &unlocked);
		*gave = true;
	}
	mmap_read_unlock(ctx->mm);
	return ret == -ENOMEM ? ret : 0;
}

static int svm_exclusive_release(struct svm_context *ctx,
				 struct svm_ioctl_exclusive *arg, u8 *status)
{
	unsigned int i, nr = arg->length >> PAGE_SHIFT;
	bool gave;
	int ret;

	svm_holds_end_range(&ctx->holds, arg->addr, arg->addr + arg->length);
	for (i = 0; i < nr; i++) {
		status[i] = SVM_EXCLUSIVE_NO;
		ret = svm_exclusive_give_back(ctx, arg->addr + i * PAGE_SIZE,
					      &gave);
		if (ret)
			return ret;
		arg->pages += gave;
		cond_resched();
	}
	return 0;
}

static int svm_exclusive_query(struct svm_context *ctx,
			       struct svm_ioctl_exclusive *arg, u8 *status)
{
	unsigned int i, nr = arg->length >> PAGE_SHIFT;

	if (mmap_read_lock_killable(ctx->mm))
		return -EINTR;
	for (i = 0; i < nr; i++)
		status[i] = svm_exclusive_ask(ctx, arg->addr + i * PAGE_SIZE) ?
			SVM_EXCLUSIVE_YES : SVM_EXCLUSIVE_NO;
	mmap_read_unlock(ctx->mm);

	mutex_lock(&ctx->holds.lock);
	for (i = 0; i < nr; i++) {
		arg->pages += status[i] == SVM_EXCLUSIVE_YES;
		if (status[i] == SVM_EXCLUSIVE_YES &&
		    __svm_holds_have(&ctx->holds,
				     arg->addr + i * PAGE_SIZE))
			status[i] = SVM_EXCLUSIVE_HELD;
	}
	mutex_unlock(&ctx->holds.lock);
	return 0;
}

static int svm_exclusive_check(struct svm_ioctl_exclusive *arg)
{
	u64 nr = arg->length >> PAGE_SHIFT;

	if ((arg->flags & ~SVM_F_OWNER_MM) || arg->reserved)
		return -EINVAL;
	if (svm_range_is_bad(arg->addr, arg->length))
		return -EINVAL;
	switch (arg->op) {
	case SVM_EXCLUSIVE_ACQUIRE:
		if (arg->hold_ms > SVM_EXCLUSIVE_MAX_HOLD_MS)
			return -EINVAL;
		break;
	case SVM_EXCLUSIVE_QUERY:
		if (!arg->status)
			return -EINVAL;
		fallthrough;
	case SVM_EXCLUSIVE_RELEASE:
		if (arg->hold_ms)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	if (!arg->status && arg->status_count)
		return -EINVAL;
	if (nr > SVM_EXCLUSIVE_MAX_PAGES ||
	    (arg->status && arg->status_count < nr))
		return -EMSGSIZE;
	if (!svm_exclusive_supported())
		return -EOPNOTSUPP;
	return 0;
}

static int svm_exclusive_do(struct svm_context *ctx,
			    struct svm_ioctl_exclusive *arg, u8 *status)
{
	arg->pages = 0;
	switch (arg->op) {
	case SVM_EXCLUSIVE_ACQUIRE:
		return svm_exclusive_acquire(ctx, arg, status);
	case SVM_EXCLUSIVE_RELEASE:
		return svm_exclusive_release(ctx, arg, status);
	default:
		return svm_exclusive_query(ctx, arg, status);
	}
}

/**
 * svm_exclusive() - SVM_IOCTL_EXCLUSIVE
 * @ctx: the context.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_exclusive(struct svm_context *ctx, struct svm_ioctl_exclusive *arg)
{
	char __user *ustatus = u64_to_user_ptr(arg->status);
	u8 *status;
	int ret;

	ret = svm_exclusive_check(arg);
	if (ret)
		return ret;
	/* Before anything is done: an error changes nothing. */
	if (ustatus &&
	    fault_in_safe_writeable(ustatus, arg->length >> PAGE_SHIFT))
		return -EFAULT;
	status = kzalloc(SVM_EXCLUSIVE_MAX_PAGES, GFP_KERNEL);
	if (!status)
		return -ENOMEM;
	ret = svm_context_enter(ctx, arg->flags);
	if (ret)
		goto free_status;
	ret = svm_mirror_enter(&ctx->mirror);
	if (ret)
		goto exit_context;

	ret = svm_exclusive_do(ctx, arg, status);
	svm_mirror_exit(&ctx->mirror);
	if (!ret && ustatus &&
	    copy_to_user(ustatus, status, arg->length >> PAGE_SHIFT))
		ret = -EFAULT;
exit_context:
	svm_context_exit(ctx);
free_status:
	kfree(status);
	return ret;
}
