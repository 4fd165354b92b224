/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_CONTEXT_H
#define SVM_CONTEXT_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "counters.h"
#include "events.h"
#include "exclusive.h"
#include "jobs.h"
#include "mirror.h"

/* As many threads of a process can migrate without allocating arrays each time. */
#define SVM_CONTEXT_SCRATCHES 4

struct mm_struct;
struct svm_advisory;
struct svm_device;
struct svm_owner;
struct svm_scratch;

/**
 * struct svm_context - an open /dev/svmN: a device and an address space
 * @sdev: the device; a reference is held.
 * @mm: the opener's; the struct is held (mmgrab), not the memory.
 * @owner: who owns what it brings to the device.
 * @refs: held by the open file, and by each job that has not ended.
 * @uid: the opener's, for the quota of pinned memory.
 * @hash: in the table of contexts, by @mm, for counting faults.
 * @rcu: for freeing.
 * @scratch: arrays of the last migrate calls, kept for the next.
 * @advisory: the advice; NULL until some is given.
 * @mirror: the device's page table.
 * @holds: pages that the CPU has to wait for.
 * @jobs: migrations in the background.
 * @events: for who reads the file.
 * @counters: since it was opened.
 */
struct svm_context {
	struct svm_device *sdev;
	struct mm_struct *mm;
	struct svm_owner *owner;
	refcount_t refs;
	kuid_t uid;
	struct hlist_node hash;
	struct rcu_head rcu;
	struct svm_scratch *scratch[SVM_CONTEXT_SCRATCHES];
	struct svm_advisory *advisory;
	struct svm_mirror mirror;
	struct svm_holds holds;
	struct svm_jobs jobs;
	struct svm_events events;
	struct svm_counters counters;
};

extern const struct file_operations svm_context_fops;

void svm_context_get(struct svm_context *ctx);
void svm_context_put(struct svm_context *ctx);
int svm_context_enter(struct svm_context *ctx, u32 flags);
void svm_context_exit(struct svm_context *ctx);
void svm_context_tell(struct svm_device *sdev, struct mm_struct *mm,
		      const struct svm_event *event, const u64 *count);
void svm_context_tell_owner(struct svm_owner *owner,
			    const struct svm_event *event);
void svm_contexts_visit(struct mm_struct *mm,
			void (*visit)(struct svm_context *ctx, void *arg),
			void *arg);

#endif /* SVM_CONTEXT_H */
