// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owners: who the pages of a device belong to.
 *
 * A page belongs to the address space that brought it to the device, by
 * whichever of its contexts, for as long as it is there: a child that shares it
 * after fork() does not own it, and it stays its owner's when that one closes
 * its contexts, or exits. So quota can't be had anew by opening the device once
 * more.
 *
 * Locking: svm_device.owners_lock for the list. References are dropped where
 * pages are freed, in any context; but an mm_struct can't be let go there, so
 * the last one has a worker do it.
 *
 * Limits: opening a device takes a step for each address space that has it open
 * or has memory on it.
 */
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "device.h"
#include "owner.h"

/* One of ours, so that unloading can wait for what is under way. */
static struct workqueue_struct *svm_owner_wq;

int svm_owners_init(void)
{
	svm_owner_wq = alloc_workqueue("svm_owner", WQ_UNBOUND, 0);
	return svm_owner_wq ? 0 : -ENOMEM;
}

void svm_owners_exit(void)
{
	destroy_workqueue(svm_owner_wq);
}

static void svm_owner_reap(struct work_struct *work)
{
	struct svm_owner *owner = container_of(work, struct svm_owner, reap);
	struct svm_device *sdev = owner->sdev;

	mutex_lock(&sdev->owners_lock);
	list_del(&owner->node);
	mutex_unlock(&sdev->owners_lock);
	mmdrop(owner->mm);
	kfree(owner);
	put_device(&sdev->dev);
}

/* The one that there is already, with a reference. */
static struct svm_owner *svm_owner_find(struct svm_device *sdev,
					struct mm_struct *mm)
{
	struct svm_owner *owner;

	lockdep_assert_held(&sdev->owners_lock);

	list_for_each_entry(owner, &sdev->owners, node)
		if (owner->mm == mm && refcount_inc_not_zero(&owner->refs))
			return owner;
	return NULL;
}

/**
 * svm_owner_get() - the owner of what an address space brings to a device
 * @sdev: the device; the caller has a reference.
 * @mm: the address space; the caller has a reference to the struct.
 *
 * Return: the owner, to be put, or an ERR_PTR: -ENOMEM.
 */
struct svm_owner *svm_owner_get(struct svm_device *sdev, struct mm_struct *mm)
{
	struct svm_owner *owner, *fresh;

	fresh = kzalloc_obj(*fresh, GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return ERR_PTR(-ENOMEM);

	mutex_lock(&sdev->owners_lock);
	owner = svm_owner_find(sdev, mm);
	if (!owner) {
		owner = fresh;
		fresh = NULL;
		refcount_set(&owner->refs, 1);
		get_device(&sdev->dev);
		owner->sdev = sdev;
		mmgrab(mm);
		owner->mm = mm;
		owner->quota = SVM_OWNER_NO_QUOTA;
		INIT_WORK(&owner->reap, svm_owner_reap);
		INIT_LIST_HEAD(&owner->queue);
		list_add_tail(&owner->node, &sdev->owners);
	}
	mutex_unlock(&sdev->owners_lock);
	kfree(fresh);
	return owner;
}

/**
 * svm_owner_put() - drop a reference
 * @owner: the owner.
 *
 * Context: any.
 */
void svm_owner_put(struct svm_owner *owner)
{
	if (refcount_dec_and_test(&owner->refs))
		queue_work(svm_owner_wq, &owner->reap);
}

/**
 * svm_owner_next() - go through the owners of a device
 * @sdev: the device.
 * @owner: where to go on, which is put; NULL for the first.
 *
 * Return: the next with a reference, or NULL.
 */
struct svm_owner *svm_owner_next(struct svm_device *sdev,
				 struct svm_owner *owner)
{
	struct svm_owner *next = owner;

	mutex_lock(&sdev->owners_lock);
	next = list_prepare_entry(next, &sdev->owners, node);
	list_for_each_entry_continue(next, &sdev->owners, node)
		if (refcount_inc_not_zero(&next->refs))
			break;
	if (list_entry_is_head(next, &sdev->owners, node))
		next = NULL;
	mutex_unlock(&sdev->owners_lock);
	if (owner)
		svm_owner_put(owner);
	return next;
}
