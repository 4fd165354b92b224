/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_ADVISE_H
#define SVM_ADVISE_H

#include <linux/mmu_notifier.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/svm.h>
#include <linux/types.h>

#include "extents.h"

struct mm_struct;
struct svm_context;
struct svm_device;
struct svm_pin_user;

/**
 * struct svm_advisory - the advice of a context
 * @rcu: for freeing.
 * @notifier: tells what is unmapped, in the whole address space.
 * @ctx: whose it is.
 * @user: the account that its pins are on.
 * @lock: protects what follows. A leaf but for svm_pins.lock; never slept under.
 * @pinned: bytes that are charged.
 * @lost: bytes that lost their advice for want of an extent.
 * @extents: the advice.
 */
struct svm_advisory {
	struct rcu_head rcu;
	struct mmu_interval_notifier notifier;
	struct svm_context *ctx;
	struct svm_pin_user *user;
	spinlock_t lock; /* see above */
	u64 pinned;
	u64 lost;
	struct svm_extents extents;
};

int svm_advise(struct svm_context *ctx, struct svm_ioctl_advise *arg);
int svm_advice(struct svm_context *ctx, struct svm_ioctl_advice *arg);
void svm_advisory_destroy(struct svm_context *ctx);

bool svm_advisory_at(struct svm_context *ctx, unsigned long addr,
		     struct svm_extent *out);

void svm_advice_kept(struct mm_struct *mm, unsigned long start,
		     unsigned long nr, const struct svm_page *pages,
		     unsigned long *kept);
bool svm_advice_at(struct svm_device *sdev, struct mm_struct *mm,
		   unsigned long addr, struct svm_extent *out);
u32 svm_advice_of_pfn(struct svm_device *sdev, unsigned long pfn, int *node);

/* The node that memory prefers, if it has memory still; or NUMA_NO_NODE. */
static inline int svm_advised_node(const struct svm_advised *what)
{
	if (what->dest != SVM_DEST_SYSTEM || what->node == NUMA_NO_NODE ||
	    !node_state(what->node, N_MEMORY))
		return NUMA_NO_NODE;
	return what->node;
}

#endif /* SVM_ADVISE_H */
