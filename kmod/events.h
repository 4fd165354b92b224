/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_EVENTS_H
#define SVM_EVENTS_H

#include <linux/compiler.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/svm.h>
#include <linux/wait.h>

/**
 * struct svm_events - the event ring of a context
 * @lock: protects what follows.
 * @reading: held by who takes events out.
 * @wait: readers and pollers.
 * @mask: which events to keep; 0 until somebody asks for them.
 * @ring: @entries events, or NULL.
 * @entries: a power of two.
 * @head: events put in; counts up for ever.
 * @tail: events taken out.
 * @total: events that @mask asked for.
 * @dropped: of these, lost for want of room.
 * @gap: lost since the last one that was put in.
 */
struct svm_events {
	spinlock_t lock; /* see above */
	struct mutex reading; /* see above */
	wait_queue_head_t wait;
	u32 mask;
	struct svm_event *ring;
	u32 entries;
	u32 head;
	u32 tail;
	u64 total;
	u64 dropped;
	u64 gap;
};

/* Whether anybody asks: mostly not, and then nothing is to be found out. */
static inline bool svm_events_wanted(struct svm_events *events)
{
	return READ_ONCE(events->mask);
}

void svm_events_init(struct svm_events *events);
void svm_events_destroy(struct svm_events *events);
void svm_events_emit(struct svm_events *events, struct svm_event event);
int svm_events_configure(struct svm_events *events,
			 struct svm_ioctl_events *arg);
ssize_t svm_events_read(struct svm_events *events, char __user *buf,
			size_t size, bool nonblock);
__poll_t svm_events_poll(struct svm_events *events, struct file *file,
			 poll_table *wait);

#endif /* SVM_EVENTS_H */
