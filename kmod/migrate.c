// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving a range of an address space: SVM_IOCTL_MIGRATE does a share of it and
 * returns, a job (jobs.c) does share after share.
 *
 * The range is worked through in windows that lie in one VMA. For each window a
 * snapshot of the page tables sorts out what can't or need not move (plan.c), so
 * that it is not unmapped for nothing; what is left goes through migrate_vma in
 * runs of neighbours (run.c). Whatever then did not move is looked at once more,
 * to tell the caller why.
 *
 * Locking, from the outside: the device's gate, the mirror's, mmap_lock (by
 * window; for reading, but see svm_lock_mm()), the VMA's family lock, folio locks
 * (in migrate_vma), svm_scratch.bounce_lock, the pool's spinlock. User memory is
 * touched with none of them held: the range that moves may hold the array of
 * answers.
 *
 * A window that lacks room on the device is worked through again when room was
 * made (room.c).
 *
 * Limits: SVM_WINDOW_PAGES_MAX at once; SVM_MAX_CALL_BYTES a call. A fatal signal
 * stops between windows. Who waits for mmap_lock makes the windows that follow
 * smaller, down to 2 MiB. The administrator has the parameter window_mib.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/moduleparam.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "advise.h"
#include "context.h"
#include "device.h"
#include "family.h"
#include "ioctl.h"
#include "migrate.h"
#include "migration.h"
#include "quota.h"
#include "room.h"
#include "setup.h"

/* How often to make room for a window, when others take it away. */
#define SVM_ROOM_TRIES 3

static unsigned int window_mib = SVM_WINDOW_PAGES_MAX * PAGE_SIZE / SZ_1M;

static int svm_set_window_mib(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, SVM_BLOCK_BYTES / SZ_1M,
				     SVM_WINDOW_PAGES_MAX * PAGE_SIZE / SZ_1M);
}

static const struct kernel_param_ops svm_window_mib_ops = {
	.set = svm_set_window_mib,
	.get = param_get_uint,
};

module_param_cb(window_mib, &svm_window_mib_ops, &window_mib, 0644);
MODULE_PARM_DESC(window_mib,
		 "The most that a migrate call works on at once, in MiB: 2 to 32 (default: 32)");

/* In whole huge pages. */
static unsigned long svm_window_most(void)
{
	return ALIGN_DOWN((unsigned long)READ_ONCE(window_mib) * SZ_1M,
			  SVM_BLOCK_BYTES) >> PAGE_SHIFT;
}

void svm_scratch_free(struct svm_scratch *scratch)
{
	if (!scratch)
		return;
	__free_page(scratch->bounce);
	kvfree(scratch->src);
	kfree(scratch);
}

/* For windows of up to @nr pages, which are whole huge pages. */
static struct svm_scratch *svm_scratch_alloc(unsigned long nr)
{
	size_t each = sizeof(unsigned long) * (2 * SVM_SETUP_SLACK + 1) +
		      sizeof(struct svm_page) + sizeof(u8);
	struct svm_scratch *s = kmalloc_obj(*s, GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	s->bounce = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!s->bounce)
		goto free_scratch;
	s->src = kvmalloc(nr * each + BITS_TO_BYTES(nr), GFP_KERNEL_ACCOUNT);
	if (!s->src)
		goto free_bounce;
	s->nr_pages = nr;
	s->dst = s->src + SVM_SETUP_SLACK * nr;
	s->frames = s->dst + SVM_SETUP_SLACK * nr;
	s->kept = s->frames + nr;
	s->pages = (struct svm_page *)(s->kept + BITS_TO_LONGS(nr));
	s->status = (u8 *)(s->pages + nr);
	mutex_init(&s->bounce_lock);
	svm_crew_init(&s->crew);
	return s;

free_bounce:
	__free_page(s->bounce);
free_scratch:
	kfree(s);
	return NULL;
}

/* One that a call has left, if it is large enough, or a new one. */
static struct svm_scratch *svm_scratch_get(struct svm_context *ctx,
					   unsigned long nr)
{
	struct svm_scratch *scratch = NULL;
	unsigned int i;

	for (i = 0; i < SVM_CONTEXT_SCRATCHES && !scratch; i++)
		scratch = xchg(&ctx->scratch[i], NULL);
	if (scratch && scratch->nr_pages >= nr)
		return scratch;
	svm_scratch_free(scratch);
	return svm_scratch_alloc(nr);
}

static void svm_scratch_put(struct svm_context *ctx,
			    struct svm_scratch *scratch)
{
	unsigned int i;

	for (i = 0; i < SVM_CONTEXT_SCRATCHES && scratch; i++)
		scratch = xchg(&ctx->scratch[i], scratch);
	svm_scratch_free(scratch);
}

/*
 * How many pages a window has that begins at @addr and has @room bytes at most:
 * later windows, and later calls, shall begin with whole huge pages.
 */
static unsigned long svm_window_pages(unsigned long addr, unsigned long end,
				      unsigned long room)
{
	if (end - addr > room)
		end = ALIGN_DOWN(addr + room, SVM_BLOCK_BYTES);
	return (end - addr) >> PAGE_SHIFT;
}

/*
 * Lock an address space for a window, with @merges also against KSM.
 *
 * migrate_vma_setup() replaces page table entries by migration entries as it finds
 * them, and puts back by reverse mapping what does not move. A page that KSM
 * has just merged is in the page table before it is known to the reverse mapping,
 * so its migration entry would stay for ever, and whoever touches it spins. KSM
 * merges with mmap_lock held for reading; who holds it for writing sees all merged
 * pages in the snapshot, and leaves them alone.
 *
 * The core also takes the migration entry of a huge device page for the page itself
 * when it zaps it, and so takes a mapping and a reference away that are gone already.
 * MADV_DONTNEED zaps with mmap_lock held for reading, or with the VMA's lock. So huge
 * pages leave a device only while both are held for writing, and one that another
 * address space maps as well leaves in single pages. (docs/TRAPS.md, A18)
 */
static int svm_lock_mm(struct svm_migration *mig)
{
	if (mig->alone)
		return mmap_write_lock_killable(mig->ctx->mm);
	return mmap_read_lock_killable(mig->ctx->mm);
}

static void svm_unlock_mm(struct svm_migration *mig)
{
	if (mig->alone)
		mmap_write_unlock(mig->ctx->mm);
	else
		mmap_read_unlock(mig->ctx->mm);
}

/* Lock it, and find the VMA at an address, or the next one after it, or NULL. */
static int svm_lock_vma(struct svm_migration *mig, unsigned long addr,
			struct vm_area_struct **vma)
{
	for (;;) {
		if (svm_lock_mm(mig))
			return -EINTR;
		*vma = find_vma(mig->ctx->mm, addr);
		if (!*vma)
			return 0;
		if (mig->alone) {
			vma_start_write(*vma);
			return 0;
		}
		if (!((*vma)->vm_flags & VM_MERGEABLE))
			return 0;
		svm_unlock_mm(mig);
		mig->alone = true;
	}
}

/*
 * Work through a window of a VMA, with mmap_lock held.
 *
 * Return: as svm_migrate_window(), or -EINTR.
 */
static long svm_migrate_vma(struct svm_migration *mig,
			    struct vm_area_struct *vma, unsigned long addr,
			    unsigned long nr)
{
	struct svm_family *family = svm_family(vma); /* NULL: it has none yet */

	if (family && svm_family_lock_killable(family))
		return -EINTR;
	nr = svm_migrate_window(mig, vma, addr, nr, family);
	if (family)
		svm_family_unlock(family);
	return nr;
}

static bool svm_had_no_room(u8 status)
{
	return status == SVM_PAGE_DEVICE_FULL || status == SVM_PAGE_OVER_QUOTA;
}

/*
 * Once more for the pages of a window for which there was no room, and for what
 * was not come to.
 *
 * Return: as svm_migrate_vma(); 0 if the mapping is another now.
 */
static long svm_migrate_again(struct svm_migration *mig, unsigned long addr,
			      unsigned long nr)
{
	u8 *status = mig->scratch->status;
	struct vm_area_struct *vma;
	unsigned long i;
	long ret = 0;

	if (svm_lock_vma(mig, addr, &vma))
		return -EINTR;
	if (!vma || vma->vm_start > addr ||
	    vma->vm_end < addr + nr * PAGE_SIZE ||
	    svm_vma_status(vma) != SVM_PAGE_CANDIDATE)
		goto unlock;
	for (i = 0; i < nr; i++)
		if (status[i] == SVM_PAGE_CANDIDATE ||
		    svm_had_no_room(status[i]))
			status[i] = SVM_PAGE_BUSY;
	mig->no_room = SVM_PAGE_CANDIDATE;
	ret = svm_migrate_vma(mig, vma, addr, nr);

unlock:
	svm_unlock_mm(mig);
	return ret;
}

/*
 * Make room for those pages of a window for which there was none. Of the window's
 * @whole pages @nr were worked through.
 *
 * Return: how many are now.
 */
static unsigned long svm_migrate_into_room(struct svm_migration *mig,
					   const struct svm_ioctl_migrate *arg,
					   unsigned long addr,
					   unsigned long whole,
					   unsigned long nr)
{
	const u8 *status = mig->scratch->status;
	unsigned int tries;
	long ret;

	for (tries = 0; tries < SVM_ROOM_TRIES; tries++) {
		unsigned long i, want = 0;

		for (i = 0; i < nr; i++)
			want += svm_had_no_room(status[i]);
		if (!want)
			break;
		/* It stopped at a page which may be a huge one. */
		if (nr < whole)
			want = max(want, min(whole, SVM_BLOCK_PAGES));
		if (!svm_make_room(mig, arg, want))
			break;
		ret = svm_migrate_again(mig, addr, whole);
		if (ret <= 0)
			break;
		nr = ret;
	}
	return nr;
}

/*
 * Set the destination to where the memory at @addr prefers to be; @end becomes
 * where that ends.
 *
 * Return: SVM_PAGE_CANDIDATE, or why nothing of it moves.
 */
static enum svm_page_status svm_migrate_aim(struct svm_migration *mig,
					    unsigned long addr,
					    unsigned long *end)
{
	struct svm_extent here;

	svm_advisory_at(mig->ctx, addr, &here);
	*end = min(*end, here.end);
	if (!(here.what.bits & SVM_ADVICE_PREFER))
		return SVM_PAGE_INDIFFERENT;
	mig->to_device = here.what.dest == SVM_DEST_DEVICE;
	mig->node = mig->to_device ? NUMA_NO_NODE : here.what.node;
	return SVM_PAGE_CANDIDATE;
}

/*
 * How large the next window may be, after one of @nr pages; mmap_lock is held yet.
 * Who waits for it, which is not somebody who reads, waits for a window at most.
 */
static void svm_window_adapt(struct svm_migration *mig, unsigned long nr)
{
	unsigned long most = svm_window_most();

	if (!mig->to_device || !svm_crew_has_helpers(&mig->scratch->crew))
		most = min(most, SVM_WINDOW_PAGES);
	if (mmap_lock_is_contended(mig->ctx->mm))
		mig->window = max(mig->window / 2, SVM_BLOCK_PAGES);
	else if (nr >= mig->window)
		mig->window = min3(mig->window * 2, most,
				   mig->scratch->nr_pages);
}

/*
 * One step of a call: look up what is at @addr and work through as much of it as
 * belongs together, up to @room bytes, which are at least 2 MiB. With
 * a status array asked for the step fits the status array in scratch; else what can't move
 * as a whole is passed over in one step.
 *
 * Return: number of pages; 0 if it is to be done again, alone this time; or a negative
 * errno value.
 */
static long svm_migrate_step(struct svm_migration *mig,
			     const struct svm_ioctl_migrate *arg,
			     unsigned long addr, unsigned long end,
			     unsigned long room, bool *worked)
{
	enum svm_page_status status = SVM_PAGE_UNMAPPED;
	struct svm_scratch *s = mig->scratch;
	struct vm_area_struct *vma;
	unsigned long i, nr;
	long ret;

	*worked = true;
	if (svm_lock_vma(mig, addr, &vma))
		return -EINTR;
	if (!vma || vma->vm_start >= end) {
		if (addr == arg->addr) {
			svm_unlock_mm(mig);
			return -EFAULT;
		}
	} else if (vma->vm_start > addr) {
		end = vma->vm_start;
	} else {
		end = min(end, vma->vm_end);
		status = svm_vma_status(vma);
		if (status == SVM_PAGE_CANDIDATE && mig->preferred)
			status = svm_migrate_aim(mig, addr, &end);
	}
	nr = (end - addr) >> PAGE_SHIFT;

	if (status != SVM_PAGE_CANDIDATE) {
		svm_unlock_mm(mig);
		if (arg->status) {
			nr = min(nr, room >> PAGE_SHIFT);
			memset(s->status, status, nr);
		} else {
			*worked = false;
		}
		mig->pages[status] += nr;
		return nr;
	}

	/* Nobody else gets to the address space while it is held for writing. */
	if (mig->alone)
		mig->window = min(mig->window, SVM_WINDOW_PAGES);
	nr = svm_window_pages(addr, end, min(room, mig->window * PAGE_SIZE));
	memset(s->status, SVM_PAGE_BUSY, nr);
	ret = svm_migrate_vma(mig, vma, addr, nr);
	svm_window_adapt(mig, nr);
	svm_unlock_mm(mig);
	if (ret <= 0) {
		mig->alone = !ret;
		return ret;
	}
	nr = mig->evict ? svm_migrate_into_room(mig, arg, addr, nr, ret) : ret;

	for (i = 0; i < nr; i++)
		mig->pages[s->status[i]]++;
	/* Where huge pages left a device there may be more of them. */
	mig->alone &= s->pages[nr - 1].place == SVM_PLACE_DEVICE &&
		      (s->pages[nr - 1].flags & SVM_PAGE_F_HUGE);
	return nr;
}

static void svm_migrate_count(struct svm_migration *mig,
			      struct svm_counters *counters)
{
	svm_count(counters, SVM_CTR_MIGRATE_CALLS, 1);
	svm_count(counters, SVM_CTR_BYTES_TO_DEVICE,
		  mig->to_device_pages * PAGE_SIZE);
	svm_count(counters, SVM_CTR_BYTES_POPULATED,
		  mig->populated * PAGE_SIZE);
	svm_count(counters, SVM_CTR_BYTES_TO_SYSTEM,
		  mig->to_system_pages * PAGE_SIZE);
	svm_count(counters, SVM_CTR_BYTES_BETWEEN_NODES,
		  mig->between_nodes * PAGE_SIZE);
	svm_counters_refuse(counters, mig->pages);
}

/*
 * Work through a share of the range, from @arg->next on, which goes on to where it
 * came: up to @limit bytes, at least 2 MiB, not counting what can't move anyway.
 */
static int svm_migrate_range(struct svm_migration *mig,
			     struct svm_ioctl_migrate *arg, unsigned long limit)
{
	u8 __user *ustatus = u64_to_user_ptr(arg->status);
	unsigned long addr = arg->next, end = arg->addr + arg->length;
	unsigned long work = 0;
	bool worked;
	long nr = 0;

	while (addr < end && work + SVM_BLOCK_BYTES <= limit) {
		unsigned long room = min(mig->scratch->nr_pages * PAGE_SIZE,
					 limit - work);
		size_t pages = min(end - addr, room) >> PAGE_SHIFT;

		/* Before anything moves, so that an error changes nothing. */
		if (ustatus &&
		    fault_in_safe_writeable((char __user *)ustatus, pages)) {
			nr = -EFAULT;
			break;
		}
		nr = svm_migrate_step(mig, arg, addr, end, room, &worked);
		if (nr < 0)
			break;
		if (ustatus) {
			if (copy_to_user(ustatus, mig->scratch->status, nr))
				return -EFAULT;
			ustatus += nr;
		}
		addr += nr * PAGE_SIZE;
		if (worked)
			work += nr * PAGE_SIZE;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	if (nr < 0 && addr == arg->next)
		return nr;
	arg->next = addr;
	return 0;
}

/**
 * svm_migrate_check() - see that a request to migrate can be one
 * @ctx: the context.
 * @arg: the request, of the current process.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_migrate_check(struct svm_context *ctx,
		      const struct svm_ioctl_migrate *arg)
{
	u64 nr = arg->length >> PAGE_SHIFT;

	if (arg->flags & ~(SVM_F_OWNER_MM | SVM_MIGRATE_RESIDENT_ONLY |
			   SVM_MIGRATE_EVICT))
		return -EINVAL;
	if (svm_range_is_bad(arg->addr, arg->length))
		return -EINVAL;
	if (arg->dest != SVM_DEST_DEVICE && arg->dest != SVM_DEST_SYSTEM &&
	    arg->dest != SVM_DEST_PREFERRED)
		return -EINVAL;
	if ((arg->flags & SVM_MIGRATE_EVICT) && arg->dest != SVM_DEST_DEVICE)
		return -EINVAL;
	if (arg->node != NUMA_NO_NODE) {
		int ret;

		if (arg->dest != SVM_DEST_SYSTEM)
			return -EINVAL;
		ret = svm_check_node(arg->node);
		if (ret)
			return ret;
	}
	if (!arg->status && arg->status_count)
		return -EINVAL;
	if (arg->status && arg->status_count < nr)
		return -EMSGSIZE;
	if (arg->status && !access_ok(u64_to_user_ptr(arg->status), nr))
		return -EFAULT;
	if (arg->dest == SVM_DEST_DEVICE &&
	    !(svm_device_capabilities(ctx->sdev) & SVM_CAP_TO_DEVICE))
		return -EOPNOTSUPP;
	return 0;
}

/**
 * svm_migrate_begin() - begin a migration whose request was checked
 * @mig: the migration; svm_migrate_end() must follow on success.
 * @ctx: the context.
 * @arg: the request; its next address becomes the first.
 * @foreign: who asks is not the owner of the memory, so advice holds against it.
 * @share: the most that svm_migrate_share() will be asked for at once, in bytes.
 *
 * Return: 0 or -ENOMEM.
 */
int svm_migrate_begin(struct svm_migration *mig, struct svm_context *ctx,
		      struct svm_ioctl_migrate *arg, bool foreign,
		      unsigned long share)
{
	unsigned long most = svm_window_most(), nr = SVM_WINDOW_PAGES, want;

	*mig = (struct svm_migration){
		.ctx = ctx,
		.sdev = ctx->sdev,
		.foreign = foreign,
		.preferred = arg->dest == SVM_DEST_PREFERRED,
		.to_device = arg->dest == SVM_DEST_DEVICE,
		.resident_only = arg->flags & SVM_MIGRATE_RESIDENT_ONLY,
		.evict = arg->flags & SVM_MIGRATE_EVICT,
		.node = arg->node,
		.claim.owner = ctx->owner,
		.window = min(most, SVM_WINDOW_PAGES),
	};
	INIT_LIST_HEAD(&mig->kept);
	if (mig->evict)
		mig->claim.queue = &mig->kept;
	arg->next = arg->addr;
	/* Not more than is needed, and on the way home no more is. */
	want = min_t(u64, arg->length, share) >> PAGE_SHIFT;
	if (arg->dest != SVM_DEST_SYSTEM)
		nr = max(nr, min(round_up(want, SVM_BLOCK_PAGES), most));
	mig->scratch = svm_scratch_get(ctx, nr);
	return mig->scratch ? 0 : -ENOMEM;
}

/**
 * svm_migrate_share() - work through a share of a migration
 * @mig: the migration.
 * @arg: the request; its next address tells where to begin, and then where to go
 *	on.
 * @flags: for svm_context_enter().
 * @limit: bytes to work through, at least 2 MiB.
 *
 * Return: 0 or a negative errno value, as the uapi header says; then the next
 * address is as it was.
 */
int svm_migrate_share(struct svm_migration *mig, struct svm_ioctl_migrate *arg,
		      u32 flags, unsigned long limit)
{
	int ret;

	ret = svm_context_enter(mig->ctx, flags);
	if (ret)
		return ret;
	ret = svm_mirror_enter(&mig->ctx->mirror);
	if (ret)
		goto exit_context;

	mig->claim.limit = svm_quota_pages(mig->claim.owner);
	mig->no_room = SVM_PAGE_CANDIDATE;
	ret = svm_migrate_range(mig, arg, limit);

	svm_mirror_exit(&mig->ctx->mirror);
exit_context:
	svm_context_exit(mig->ctx);
	return ret;
}

/**
 * svm_migrate_report() - count a migration, and fill in what came of it
 * @mig: the migration.
 * @arg: the request, for the answer.
 */
void svm_migrate_report(struct svm_migration *mig,
			struct svm_ioctl_migrate *arg)
{
	unsigned int i;

	svm_migrate_count(mig, &mig->ctx->counters);
	svm_migrate_count(mig, &mig->sdev->counters);
	svm_count(&mig->ctx->counters, SVM_CTR_BYTES_EVICTED,
		  mig->evicted * PAGE_SIZE);
	arg->bytes_evicted = mig->evicted * PAGE_SIZE;
	arg->bytes_moved = mig->pages[SVM_PAGE_MOVED] * PAGE_SIZE;
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		arg->pages[i] = i < SVM_PAGE_STATUS_NR ? mig->pages[i] : 0;
}

/**
 * svm_migrate_end() - end what svm_migrate_begin() began
 * @mig: the migration.
 */
void svm_migrate_end(struct svm_migration *mig)
{
	svm_room_end(mig);
	svm_scratch_put(mig->ctx, mig->scratch);
}

/**
 * svm_migrate() - SVM_IOCTL_MIGRATE
 * @ctx: the context.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_migrate(struct svm_context *ctx, struct svm_ioctl_migrate *arg)
{
	struct svm_migration mig;
	int ret;

	ret = svm_migrate_check(ctx, arg);
	if (ret)
		return ret;
	ret = svm_migrate_begin(&mig, ctx, arg, current->mm != ctx->mm,
				SVM_MAX_CALL_BYTES);
	if (ret)
		return ret;
	ret = svm_migrate_share(&mig, arg, arg->flags, SVM_MAX_CALL_BYTES);
	/* An error after something has moved is of the array of answers. */
	if (!ret || mig.pages[SVM_PAGE_MOVED])
		svm_migrate_report(&mig, arg);
	svm_migrate_end(&mig);
	return ret;
}
