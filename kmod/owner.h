/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_OWNER_H
#define SVM_OWNER_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct mm_struct;
struct svm_device;

/* &svm_owner.quota of one that has none of its own. */
#define SVM_OWNER_NO_QUOTA U64_MAX

/**
 * struct svm_owner - an address space that brings memory to a device
 * @node: in &svm_device.owners; protected by &svm_device.owners_lock.
 * @refs: one for each context, one for all pages together, and one for each
 *	that looks at it for longer.
 * @sdev: the device; a reference is held.
 * @mm: the address space; the struct is held (mmgrab), not the memory.
 * @quota: bytes it may have on the device, or SVM_OWNER_NO_QUOTA for what the
 *	device's default says.
 * @stuck: it gave less than it was asked for; protected by
 *	&svm_device.fair_lock.
 * @reap: frees it.
 * @used: pages it has on the device; protected by the pool's lock.
 * @queue: their frames, coldest first; protected by the pool's lock.
 */
struct svm_owner {
	struct list_head node;
	refcount_t refs;
	struct svm_device *sdev;
	struct mm_struct *mm;
	u64 quota;
	bool stuck;
	struct work_struct reap;
	unsigned long used;
	struct list_head queue;
};

int svm_owners_init(void);
void svm_owners_exit(void);

struct svm_owner *svm_owner_get(struct svm_device *sdev, struct mm_struct *mm);
void svm_owner_put(struct svm_owner *owner);
struct svm_owner *svm_owner_next(struct svm_device *sdev,
				 struct svm_owner *owner);

#endif /* SVM_OWNER_H */
