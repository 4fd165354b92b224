// SPDX-License-Identifier: GPL-2.0-only
/*
 * Advice: what the owner of memory has said about where it shall be.
 *
 * Each context that has given advice has an advisory: the extents (extents.c), and
 * a notifier over the whole address space that takes away the advice of what is
 * unmapped. The notifier looks at unmapping only, and nobody asks for its
 * sequence, so it holds up nobody else's.
 *
 * That advice is for what is mapped there now rests on two things: a call looks at
 * the mappings and changes the extents under one mmap_lock; and munmap() detaches
 * a VMA before it tells the notifiers, so a call that comes after the notifier
 * finds no VMA.
 *
 * Pages do not know of advice. Who wants to know about a page frame asks the
 * mappings (svm_advice_of_pfn()): so there is nothing that could be stale after
 * fork, copy on write, or mremap.
 *
 * Locking: svm_advisory.lock, a spinlock, because the notifier may have to work
 * without sleeping. Inside of mmap_lock and of what rmap.c takes. An advisory is
 * made once and lives until its context is closed; others find it under RCU.
 *
 * Limits: 24 KiB for a context with advice, charged to the memory cgroup; the same
 * during a call. SVM_ADVISE_VMAS mappings a call; the notifier and each lookup
 * take as many steps as extents.c says.
 */
#include <linux/bitmap.h>
#include <linux/capability.h>
#include <linux/cpuset.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "advise.h"
#include "context.h"
#include "device.h"
#include "ioctl.h"
#include "rmap.h"
#include "trace.h"
#include "walk.h"

/* How many mappings one call looks at. */
#define SVM_ADVISE_VMAS		1024

#define SVM_ADVICE_ALL		(SVM_ADVICE_PREFER | SVM_ADVICE_KEEP | \
				 SVM_ADVICE_PIN | SVM_ADVICE_READ_MOSTLY)

/* What binds others: they can't take it back. */
#define SVM_ADVICE_OWNERS	(SVM_ADVICE_KEEP | SVM_ADVICE_PIN)

/* Contexts that have given advice; where there are none, nobody needs to look. */
static atomic_t svm_nr_advisories;

static struct svm_advisory *svm_advisory_of(struct svm_context *ctx)
{
	/* Whole when it is seen: pairs with cmpxchg() in svm_advisory_get(). */
	return smp_load_acquire(&ctx->advisory);
}

/* Make the quota agree with @pinned, the bytes that the extents pin. */
static int svm_advisory_account(struct svm_advisory *adv, u64 pinned,
				bool force)
{
	struct svm_pins *pins = &adv->ctx->sdev->pins;
	int ret = 0;

	lockdep_assert_held(&adv->lock);

	if (pinned > adv->pinned)
		ret = svm_pins_charge(pins, adv->user, pinned - adv->pinned,
				      force);
	else if (pinned < adv->pinned)
		svm_pins_uncharge(pins, adv->user, adv->pinned - pinned);
	if (!ret)
		adv->pinned = pinned;
	return ret;
}

static bool svm_advisory_invalidate(struct mmu_interval_notifier *notifier,
				    const struct mmu_notifier_range *range,
				    unsigned long seq)
{
	struct svm_advisory *adv =
		container_of(notifier, struct svm_advisory, notifier);

	if (range->event != MMU_NOTIFY_UNMAP &&
	    range->event != MMU_NOTIFY_RELEASE)
		return true;

	spin_lock(&adv->lock);
	adv->lost += svm_extents_cut(&adv->extents, range->start, range->end);
	/* It became less, so it is within the quota. */
	svm_advisory_account(adv, svm_extents_bytes(&adv->extents,
						    SVM_ADVICE_PIN), true);
	spin_unlock(&adv->lock);
	return true;
}

static const struct mmu_interval_notifier_ops svm_advisory_ops = {
	.invalidate = svm_advisory_invalidate,
};

/* The advisory of a context, made if there is none; the memory is held. */
static struct svm_advisory *svm_advisory_get(struct svm_context *ctx)
{
	struct svm_advisory *adv = svm_advisory_of(ctx), *other;
	int ret = -ENOMEM;

	if (adv)
		return adv;
	adv = kvzalloc_obj(*adv, GFP_KERNEL_ACCOUNT);
	if (!adv)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&adv->lock);
	adv->ctx = ctx;
	adv->user = svm_pin_user_get(&ctx->sdev->pins, ctx->uid);
	if (!adv->user)
		goto err_free;
	ret = mmu_interval_notifier_insert(&adv->notifier, ctx->mm, 0,
					   TASK_SIZE_MAX, &svm_advisory_ops);
	if (ret)
		goto err_put_user;
	/*
	 * While something is being invalidated, a new notifier only waits to be
	 * put in, and is not called for what comes next. This waits for it.
	 */
	mmu_interval_read_begin(&adv->notifier);

	other = cmpxchg(&ctx->advisory, NULL, adv);
	if (!other) {
		atomic_inc(&svm_nr_advisories);
		return adv;
	}

	/* Another thread was first. */
	mmu_interval_notifier_remove(&adv->notifier);
	svm_pin_user_put(&ctx->sdev->pins, adv->user);
	kvfree(adv);
	return other;

err_put_user:
	svm_pin_user_put(&ctx->sdev->pins, adv->user);
err_free:
	kvfree(adv);
	return ERR_PTR(ret);
}

/**
 * svm_advisory_destroy() - the end of a context's advice
 * @ctx: the context; nobody uses it or finds it, but under RCU until now.
 */
void svm_advisory_destroy(struct svm_context *ctx)
{
	struct svm_advisory *adv = ctx->advisory;

	if (!adv)
		return;
	mmu_interval_notifier_remove(&adv->notifier);
	svm_pins_uncharge(&ctx->sdev->pins, adv->user, adv->pinned);
	svm_pin_user_put(&ctx->sdev->pins, adv->user);
	atomic_dec(&svm_nr_advisories);
	kvfree_rcu(adv, rcu);
}

/* Change the advice for memory that is mapped; mmap_lock is held. */
static int svm_advisory_change(struct svm_advisory *adv,
			       struct svm_extents *scratch, unsigned long start,
			       unsigned long end,
			       const struct svm_advice_change *change,
			       bool force)
{
	int ret;

	mmap_assert_locked(adv->ctx->mm);

	spin_lock(&adv->lock);
	ret = svm_extents_change(&adv->extents, scratch, start, end, change);
	if (ret)
		goto unlock;
	ret = svm_advisory_account(adv, svm_extents_bytes(scratch,
							  SVM_ADVICE_PIN),
				   force);
	if (ret)
		goto unlock;
	adv->extents.nr = scratch->nr;
	memcpy(adv->extents.at, scratch->at,
	       scratch->nr * sizeof(scratch->at[0]));
unlock:
	spin_unlock(&adv->lock);
	return ret;
}

/*
 * How far it is mapped without a gap from @start on, which is mapped by @vma.
 * @vmas counts mappings, up to SVM_ADVISE_VMAS.
 */
static unsigned long svm_mapped_until(struct vm_area_struct *vma,
				      unsigned long start, unsigned long end,
				      unsigned int *vmas)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long at = start;

	while (vma && at < end && *vmas < SVM_ADVISE_VMAS) {
		at = min(end, vma->vm_end);
		++*vmas;
		vma = vma_lookup(mm, at);
	}
	return at;
}

/* Work through the mappings of a range; mmap_lock is held. */
static int svm_advise_range(struct svm_advisory *adv,
			    struct svm_extents *scratch,
			    const struct svm_advice_change *change,
			    struct svm_ioctl_advise *arg)
{
	unsigned long addr = arg->addr, end = arg->addr + arg->length;
	struct mm_struct *mm = adv->ctx->mm;
	unsigned int vmas = 0;
	u64 bytes = 0;
	int ret = 0;

	while (addr < end && vmas < SVM_ADVISE_VMAS) {
		struct vm_area_struct *vma = find_vma(mm, addr);
		unsigned long start, stop;

		if (!vma || vma->vm_start >= end) {
			addr = end;
			break;
		}
		start = max(addr, vma->vm_start);
		stop = svm_mapped_until(vma, start, end, &vmas);
		ret = svm_advisory_change(adv, scratch, start, stop, change,
					  false);
		if (ret == -EDQUOT && capable(CAP_SYS_RESOURCE))
			ret = svm_advisory_change(adv, scratch, start, stop,
						  change, true);
		if (ret)
			break;
		bytes += stop - start;
		addr = stop;
	}
	if (!bytes)
		return ret ?: -EFAULT;
	arg->next = addr;
	arg->bytes = bytes;
	return 0;
}

static int svm_advise_check(struct svm_context *ctx,
			    const struct svm_ioctl_advise *arg)
{
	bool prefer = arg->set & SVM_ADVICE_PREFER;
	bool needs_device = arg->dest == SVM_DEST_DEVICE ||
			    (arg->set & (SVM_ADVICE_PIN | SVM_ADVICE_READ_MOSTLY));

	if (arg->flags & ~SVM_F_OWNER_MM)
		return -EINVAL;
	if (svm_range_is_bad(arg->addr, arg->length))
		return -EINVAL;
	if (((arg->set | arg->clear) & ~SVM_ADVICE_ALL) ||
	    (arg->set & arg->clear) || !(arg->set | arg->clear))
		return -EINVAL;
	if (prefer ? arg->dest != SVM_DEST_DEVICE && arg->dest != SVM_DEST_SYSTEM
		   : arg->dest)
		return -EINVAL;
	if (arg->node != NUMA_NO_NODE) {
		int ret;

		if (arg->dest != SVM_DEST_SYSTEM)
			return -EINVAL;
		ret = svm_check_node(arg->node);
		if (ret)
			return ret;
	}
	if (needs_device &&
	    !(svm_device_capabilities(ctx->sdev) & SVM_CAP_TO_DEVICE))
		return -EOPNOTSUPP;
	return 0;
}

/**
 * svm_advise() - SVM_IOCTL_ADVISE
 * @ctx: the context.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_advise(struct svm_context *ctx, struct svm_ioctl_advise *arg)
{
	struct svm_advice_change change = {
		.clear = arg->clear,
		.set = { .bits = arg->set },
	};
	struct svm_extents *scratch;
	struct svm_advisory *adv;
	int ret;

	ret = svm_advise_check(ctx, arg);
	if (ret)
		return ret;
	if (arg->set & SVM_ADVICE_PREFER) {
		change.set.dest = arg->dest;
		change.set.node = arg->node;
	}
	scratch = kvmalloc_obj(*scratch, GFP_KERNEL_ACCOUNT);
	if (!scratch)
		return -ENOMEM;
	ret = svm_context_enter(ctx, arg->flags);
	if (ret)
		goto free_scratch;

	ret = -EPERM;
	if (current->mm != ctx->mm && (arg->clear & SVM_ADVICE_OWNERS))
		goto exit_context;
	adv = svm_advisory_get(ctx);
	ret = PTR_ERR_OR_ZERO(adv);
	if (ret)
		goto exit_context;
	if (mmap_read_lock_killable(ctx->mm)) {
		ret = -EINTR;
		goto exit_context;
	}
	ret = svm_advise_range(adv, scratch, &change, arg);
	mmap_read_unlock(ctx->mm);
	trace_svm_advise(ctx->sdev->id, arg->addr, arg->length, arg->set,
			 arg->clear, ret);

exit_context:
	svm_context_exit(ctx);
free_scratch:
	kvfree(scratch);
	return ret;
}

static struct svm_advice_range svm_advice_range_of(const struct svm_extent *e,
						   unsigned long start,
						   unsigned long end)
{
	struct svm_advice_range range = {
		.addr = max(e->start, start),
		.advice = e->what.bits,
		.node = NUMA_NO_NODE,
	};

	range.length = min(e->end, end) - range.addr;
	if (e->what.bits & SVM_ADVICE_PREFER) {
		range.dest = e->what.dest;
		range.node = e->what.node;
	}
	return range;
}

/* Fill @ranges, which has room for @room, and the counts. */
static void svm_advice_list(struct svm_advisory *adv,
			    struct svm_advice_range *ranges, unsigned int room,
			    struct svm_ioctl_advice *arg)
{
	unsigned long start = arg->addr, end = arg->addr + arg->length;
	unsigned int i;

	spin_lock(&adv->lock);
	for (i = svm_extents_find(&adv->extents, start);
	     i < adv->extents.nr && adv->extents.at[i].start < end; i++) {
		if (arg->filled < room)
			ranges[arg->filled++] =
				svm_advice_range_of(&adv->extents.at[i], start,
						    end);
		arg->found++;
	}
	arg->bytes_pinned = adv->pinned;
	arg->bytes_lost = adv->lost;
	spin_unlock(&adv->lock);
}

/**
 * svm_advice() - SVM_IOCTL_ADVICE
 * @ctx: the context.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_advice(struct svm_context *ctx, struct svm_ioctl_advice *arg)
{
	unsigned int room = min_t(u32, arg->count, SVM_EXTENTS_MAX);
	struct svm_advice_range *ranges = NULL;
	struct svm_advisory *adv;
	int ret;

	if ((arg->flags & ~SVM_F_OWNER_MM) || arg->reserved)
		return -EINVAL;
	if (svm_range_is_bad(arg->addr, arg->length))
		return -EINVAL;
	if (!arg->ranges && arg->count)
		return -EINVAL;
	if (room) {
		ranges = kvmalloc_array(room, sizeof(*ranges), GFP_KERNEL);
		if (!ranges)
			return -ENOMEM;
	}
	ret = svm_context_enter(ctx, arg->flags);
	if (ret)
		goto free_ranges;

	arg->filled = 0;
	arg->found = 0;
	arg->bytes_pinned = 0;
	arg->bytes_lost = 0;
	adv = svm_advisory_of(ctx);
	if (adv)
		svm_advice_list(adv, ranges, room, arg);
	svm_context_exit(ctx);

	if (copy_to_user(u64_to_user_ptr(arg->ranges), ranges,
			 arg->filled * sizeof(*ranges)))
		ret = -EFAULT;
free_ranges:
	kvfree(ranges);
	return ret;
}

/**
 * svm_advisory_at() - what a context advises for an address
 * @ctx: the context; found under RCU, or held.
 * @addr: the address.
 * @out: the advice, and for what.
 *
 * Return: whether there is any. If not, @out tells how far there is none.
 */
bool svm_advisory_at(struct svm_context *ctx, unsigned long addr,
		     struct svm_extent *out)
{
	struct svm_advisory *adv = svm_advisory_of(ctx);
	unsigned int i;

	*out = (struct svm_extent){ .start = addr, .end = ULONG_MAX };
	if (!adv)
		return false;
	spin_lock(&adv->lock);
	i = svm_extents_find(&adv->extents, addr);
	if (i < adv->extents.nr) {
		if (adv->extents.at[i].start <= addr)
			*out = adv->extents.at[i];
		else
			out->end = adv->extents.at[i].start;
	}
	spin_unlock(&adv->lock);
	return out->what.bits;
}

/**
 * struct svm_kept - which pages of a window other processes shall not move
 * @start: where the window begins.
 * @nr: its length in pages.
 * @pages: where they are.
 * @kept: out: a bit for each.
 */
struct svm_kept {
	unsigned long start;
	unsigned long nr;
	const struct svm_page *pages;
	unsigned long *kept;
};

static void svm_kept_by(struct svm_context *ctx, void *arg)
{
	struct svm_advisory *adv = svm_advisory_of(ctx);
	struct svm_kept *k = arg;
	unsigned long end = k->start + k->nr * PAGE_SIZE;
	unsigned int i;

	if (!adv)
		return;
	spin_lock(&adv->lock);
	for (i = svm_extents_find(&adv->extents, k->start);
	     i < adv->extents.nr && adv->extents.at[i].start < end; i++) {
		const struct svm_extent *e = &adv->extents.at[i];
		unsigned long first, last, page;

		first = (max(e->start, k->start) - k->start) >> PAGE_SHIFT;
		last = (min(e->end, end) - k->start) >> PAGE_SHIFT;
		if (e->what.bits & SVM_ADVICE_KEEP)
			bitmap_set(k->kept, first, last - first);
		if (!(e->what.bits & SVM_ADVICE_PIN))
			continue;
		for (page = first; page < last; page++)
			if (k->pages[page].place == SVM_PLACE_DEVICE &&
			    svm_device_has_id(ctx->sdev, k->pages[page].id))
				__set_bit(page, k->kept);
	}
	spin_unlock(&adv->lock);
}

/**
 * svm_advice_kept() - which pages of a window other processes shall not move
 * @mm: the address space.
 * @start: where the window begins.
 * @nr: its length in pages.
 * @pages: a snapshot of it.
 * @kept: out: a bit for each page.
 */
void svm_advice_kept(struct mm_struct *mm, unsigned long start,
		     unsigned long nr, const struct svm_page *pages,
		     unsigned long *kept)
{
	struct svm_kept k = {
		.start = start,
		.nr = nr,
		.pages = pages,
		.kept = kept,
	};

	bitmap_zero(kept, nr);
	if (atomic_read(&svm_nr_advisories))
		svm_contexts_visit(mm, svm_kept_by, &k);
}

#ifdef SVM_HAVE_DEVICE_PRIVATE

/**
 * struct svm_wish - what all contexts together advise for an address
 * @sdev: the device that the page is on.
 * @addr: the address.
 * @out: the advice, and for what around it all of it is the same.
 */
struct svm_wish {
	struct svm_device *sdev;
	unsigned long addr;
	struct svm_extent *out;
};

static void svm_wish_of(struct svm_context *ctx, void *arg)
{
	struct svm_wish *wish = arg;
	struct svm_extent *out = wish->out, here;

	if (!svm_advisory_at(ctx, wish->addr, &here)) {
		out->end = min(out->end, here.end);
		return;
	}
	out->start = max(out->start, here.start);
	out->end = min(out->end, here.end);
	if (ctx->sdev != wish->sdev)
		here.what.bits &= SVM_ADVICE_KEEP;
	out->what.bits |= here.what.bits;
	if (here.what.bits & SVM_ADVICE_PREFER) {
		out->what.dest = here.what.dest;
		out->what.node = here.what.node;
	}
}

/**
 * svm_advice_at() - what is advised for a page on a device
 * @sdev: the device.
 * @mm: the address space.
 * @addr: the address.
 * @out: the advice; and around the address, for what it holds.
 *
 * Return: whether there is any.
 */
bool svm_advice_at(struct svm_device *sdev, struct mm_struct *mm,
		   unsigned long addr, struct svm_extent *out)
{
	struct svm_wish wish = { .sdev = sdev, .addr = addr, .out = out };

	*out = (struct svm_extent){ .end = ULONG_MAX };
	if (atomic_read(&svm_nr_advisories))
		svm_contexts_visit(mm, svm_wish_of, &wish);
	return out->what.bits;
}

/**
 * struct svm_pfn_wish - what is advised for a folio, by all who have it mapped
 * @sdev: the device.
 * @bits: out: mask of enum svm_advice.
 * @node: out: where it would like to be at home, or NUMA_NO_NODE.
 */
struct svm_pfn_wish {
	struct svm_device *sdev;
	u32 bits;
	int node;
};

static bool svm_pfn_wish_of(struct vm_area_struct *vma, unsigned long start,
			    unsigned long end, unsigned long pfn, void *arg)
{
	struct svm_pfn_wish *wish = arg;
	unsigned long addr = start;
	struct svm_extent here;

	while (addr < end) {
		if (!svm_advice_at(wish->sdev, vma->vm_mm, addr, &here)) {
			unsigned long next = min(here.end, end);

			pfn += (next - addr) >> PAGE_SHIFT;
			addr = next;
			continue;
		}
		/* After copy on write there is another page now. */
		if (svm_walk_finds(vma, addr, pfn)) {
			wish->bits |= here.what.bits;
			if (svm_advised_node(&here.what) != NUMA_NO_NODE)
				wish->node = here.what.node;
		}
		addr += PAGE_SIZE;
		pfn++;
	}
	/* The next one may have advised something else. */
	return false;
}

/**
 * svm_advice_of_pfn() - what is advised for a page frame of a device
 * @sdev: the device.
 * @pfn: the page frame, of a huge folio the first; in use or not.
 * @node: out: the NUMA node that it prefers at home, or NUMA_NO_NODE; or NULL.
 *
 * For a huge folio the answer is for all its pages together. A page that somebody
 * has locked can't be asked about: it counts as kept and pinned, since it could
 * not be taken either.
 *
 * Context: may sleep for a moment; takes locks only by trying.
 * Return: mask of enum svm_advice.
 */
u32 svm_advice_of_pfn(struct svm_device *sdev, unsigned long pfn, int *node)
{
	struct svm_pfn_wish wish = { .sdev = sdev, .node = NUMA_NO_NODE };

	if (atomic_read(&svm_nr_advisories) &&
	    !svm_rmap_visit(pfn, svm_pfn_wish_of, &wish))
		wish.bits |= SVM_ADVICE_KEEP | SVM_ADVICE_PIN;
	if (node)
		*node = wish.node;
	return wish.bits;
}
#endif
