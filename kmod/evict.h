/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_EVICT_H
#define SVM_EVICT_H

#include <linux/sched/signal.h>
#include <linux/svm.h>
#include <linux/types.h>

struct svm_device;
struct svm_ioctl_evict;
struct svm_owner;

/**
 * struct svm_eviction - what to bring home, and what came of it
 * @sdev: the device; it has memory.
 * @owner: whose pages, the coldest first; NULL for anybody's, by place.
 * @cause: for the events.
 * @spare: mask of enum svm_advice: what is advised so stays.
 * @killable: whether to stop for a fatal signal.
 * @looks: with @owner, how many frames may still be looked at.
 * @pages: pages by enum svm_page_status, added to.
 */
struct svm_eviction {
	struct svm_device *sdev;
	struct svm_owner *owner;
	enum svm_event_cause cause;
	u32 spare;
	bool killable;
	unsigned long looks;
	u64 pages[SVM_PAGE_STATUS_NR];
};

/**
 * svm_evict_stops() - whether an eviction shall end before it has all
 * @ev: the eviction, by the current task.
 */
static inline bool svm_evict_stops(const struct svm_eviction *ev)
{
	return ev->killable && fatal_signal_pending(current);
}

unsigned long svm_evict(struct svm_eviction *ev, unsigned long nr);
int svm_evict_ioctl(struct svm_device *sdev, struct svm_ioctl_evict *arg);

#endif /* SVM_EVICT_H */
