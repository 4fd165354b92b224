// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eviction: which device pages go home, whoever has them mapped.
 *
 * The pool tells which frames are in use, or which of an owner's are cold; advice
 * spares some of them. The rest moves in batches, see evict_batch.c.
 *
 * Locking: none from outside; the batch's.
 *
 * Limits: SVM_BLOCK_PAGES at once; each page in use is tried once a call, or an
 * owner's as often as svm_eviction.looks allows.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "advise.h"
#include "device.h"
#include "evict.h"
#include "evict_batch.h"
#include "fair.h"
#include "owner.h"
#include "pool.h"
#include "trace.h"

#ifdef SVM_HAVE_DEVICE_PRIVATE

static unsigned long svm_evict_list(struct svm_eviction *ev,
				    unsigned long *cursor, unsigned long *pfns,
				    unsigned long nr)
{
	struct svm_pool *pool = ev->sdev->pool;

	nr = min(nr, SVM_BLOCK_PAGES);
	if (ev->owner)
		return svm_pool_list_cold(pool, ev->owner, pfns, nr,
					  &ev->looks);
	return svm_pool_list_used(pool, cursor, pfns, nr);
}

/*
 * Of what is listed in @pfns, or of a huge folio, leave out what advice spares, and
 * find where the rest shall go.
 */
static void svm_evict_choose(struct svm_eviction *ev,
			     struct svm_evict_batch *batch,
			     const unsigned long *pfns, unsigned long nr,
			     bool huge)
{
	int home = ev->sdev->node == NUMA_NO_NODE ? numa_mem_id() :
						    ev->sdev->node;
	unsigned long i, k, step = huge ? nr : 1;
	int node;

	batch->nr = 0;
	for (i = 0; i < nr; i += step) {
		if (svm_advice_of_pfn(ev->sdev, pfns[i], &node) & ev->spare) {
			ev->pages[SVM_PAGE_KEPT] += step;
			continue;
		}
		for (k = 0; k < step; k++, batch->nr++) {
			struct svm_evict_frame *frame =
				&batch->frames[batch->nr];

			frame->pfn = pfns[i + k];
			frame->node = node == NUMA_NO_NODE ? home : node;
		}
	}
}

/**
 * svm_evict() - bring pages of a device home
 * @ev: which, and what came of it.
 * @nr: how many pages. A huge page goes whole, also if that is more.
 *
 * Context: the device's gate, or its drain, keeps the pool; no mmap_lock, family
 * lock or folio lock is held.
 * Return: how many went home.
 */
unsigned long svm_evict(struct svm_eviction *ev, unsigned long nr)
{
	unsigned long cursor = 0, moved = 0;
	struct svm_evict_batch *batch;

	batch = kvmalloc_obj(*batch);
	if (!batch)
		return 0;

	while (moved < nr) {
		/* What migrate_vma will write to is free until then. */
		unsigned long *pfns = batch->src, listed;
		bool huge;

		listed = svm_evict_list(ev, &cursor, pfns, nr - moved);
		if (!listed)
			break;
		huge = listed == SVM_BLOCK_PAGES &&
		       svm_pool_is_huge(ev->sdev->pool, pfns[0]);
		svm_evict_choose(ev, batch, pfns, listed, huge);
		moved += svm_evict_batch(ev, batch);
		if (svm_evict_stops(ev))
			break;
		cond_resched();
	}
	kvfree(batch);
	trace_svm_evict(ev->sdev->id, moved);
	svm_count(&ev->sdev->counters, SVM_CTR_BYTES_EVICTED,
		  moved * PAGE_SIZE);
	return moved;
}
#else
unsigned long svm_evict(struct svm_eviction *ev, unsigned long nr)
{
	return 0;
}
#endif

/* Nothing that is pinned, and what is to be kept after everything else. */
static unsigned long svm_evict_some(struct svm_eviction *ev, unsigned long nr)
{
	unsigned long moved;

	ev->spare = SVM_ADVICE_PIN | SVM_ADVICE_KEEP;
	moved = svm_evict_fairly(ev, nr);
	ev->spare = SVM_ADVICE_PIN;
	if (moved < nr && !svm_evict_stops(ev))
		moved += svm_evict_fairly(ev, nr - moved);
	return moved;
}

/**
 * svm_evict_ioctl() - SVM_IOCTL_EVICT
 * @sdev: the device.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_evict_ioctl(struct svm_device *sdev, struct svm_ioctl_evict *arg)
{
	struct svm_eviction ev = {
		.sdev = sdev,
		.cause = SVM_CAUSE_EVICT,
		.killable = true,
	};
	unsigned long moved;
	unsigned int i;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (arg->flags)
		return -EINVAL;
	ret = svm_device_enter(sdev);
	if (ret)
		return ret;
	if (!sdev->pool) {
		svm_device_exit(sdev);
		return -EOPNOTSUPP;
	}
	if (arg->bytes)
		moved = svm_evict_some(&ev, (arg->bytes >> PAGE_SHIFT) +
					    !PAGE_ALIGNED(arg->bytes));
	else
		moved = svm_evict(&ev, ULONG_MAX);
	svm_device_exit(sdev);

	arg->bytes_evicted = moved * PAGE_SIZE;
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		arg->pages[i] = i < SVM_PAGE_STATUS_NR ? ev.pages[i] : 0;
	return 0;
}
