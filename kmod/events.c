// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: what happens to a context's memory, for whoever reads its file.
 *
 * A ring that its owner asked for, with the size and the kinds that it asked
 * for; until then nothing is kept. An event that finds the ring full is lost, and
 * the next one that is kept says how many were.
 *
 * Locking: svm_events.lock, a leaf spinlock. Events come from notifier callbacks
 * and from under RCU, never from interrupts. svm_events.reading keeps readers in
 * order, and an event in the ring until it is given; it is held over page faults,
 * so nothing that may be under mmap_lock takes it.
 *
 * Limits: SVM_EVENTS_MAX events a context, charged to its memory cgroup.
 */
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "events.h"

#define SVM_EVENTS_DEFAULT 1024
/* Copied out at once, from the stack. */
#define SVM_EVENTS_BATCH 8

void svm_events_init(struct svm_events *events)
{
	spin_lock_init(&events->lock);
	mutex_init(&events->reading);
	init_waitqueue_head(&events->wait);
}

/**
 * svm_events_destroy() - stop keeping events, and free what was kept
 * @events: of a context that goes away.
 */
void svm_events_destroy(struct svm_events *events)
{
	struct svm_event *ring;

	/* A fault that found the context before it went may still emit. */
	spin_lock(&events->lock);
	events->mask = 0;
	ring = events->ring;
	events->ring = NULL;
	spin_unlock(&events->lock);
	kvfree(ring);
}

/**
 * svm_events_emit() - keep an event, if its kind was asked for
 * @events: of the context.
 * @event: what happened; the time and the number of lost events are filled in.
 *
 * Context: process context, or any with interrupts on; does not sleep.
 */
void svm_events_emit(struct svm_events *events, struct svm_event event)
{
	/* Mostly nobody asks: then this is all that it costs. */
	if (!(READ_ONCE(events->mask) & BIT(event.type)))
		return;

	event.time_ns = ktime_get_ns();
	spin_lock(&events->lock);
	if (!(events->mask & BIT(event.type)))
		goto unlock;
	events->total++;
	if (events->head - events->tail == events->entries) {
		events->dropped++;
		events->gap++;
		goto unlock;
	}
	event.dropped = events->gap;
	events->gap = 0;
	events->ring[events->head++ & (events->entries - 1)] = event;
unlock:
	spin_unlock(&events->lock);
	wake_up_interruptible_poll(&events->wait, EPOLLIN);
}

static void svm_events_tell(struct svm_events *events,
			    struct svm_ioctl_events *arg)
{
	lockdep_assert_held(&events->lock);

	arg->total = events->total;
	arg->dropped = events->dropped;
}

/* SVM_EVENTS_COUNT: nothing changes. */
static int svm_events_count(struct svm_events *events,
			    struct svm_ioctl_events *arg)
{
	if (arg->mask || arg->entries)
		return -EINVAL;
	spin_lock(&events->lock);
	svm_events_tell(events, arg);
	spin_unlock(&events->lock);
	return 0;
}

/**
 * svm_events_configure() - SVM_IOCTL_EVENTS
 * @events: of the context.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_events_configure(struct svm_events *events,
			 struct svm_ioctl_events *arg)
{
	u32 known = BIT(SVM_EVENT_MIGRATED) | BIT(SVM_EVENT_REFUSED) |
		    BIT(SVM_EVENT_EXCLUSIVE_ENDED) | BIT(SVM_EVENT_UNMAPPED);
	u32 entries = arg->entries ?: SVM_EVENTS_DEFAULT;
	struct svm_event *ring = NULL;

	if (arg->flags == SVM_EVENTS_COUNT)
		return svm_events_count(events, arg);
	if (arg->flags || (arg->mask & ~known))
		return -EINVAL;
	if (!is_power_of_2(entries) || entries > SVM_EVENTS_MAX)
		return -EINVAL;
	if (arg->mask) {
		ring = kvcalloc(entries, sizeof(*ring), GFP_KERNEL_ACCOUNT);
		if (!ring)
			return -ENOMEM;
	}

	if (mutex_lock_killable(&events->reading)) {
		kvfree(ring);
		return -EINTR;
	}
	spin_lock(&events->lock);
	events->dropped += events->head - events->tail;
	swap(ring, events->ring);
	events->entries = entries;
	events->head = 0;
	events->tail = 0;
	events->gap = 0;
	WRITE_ONCE(events->mask, arg->mask);
	svm_events_tell(events, arg);
	spin_unlock(&events->lock);
	mutex_unlock(&events->reading);

	kvfree(ring);
	wake_up_interruptible_all(&events->wait);
	return 0;
}

/* Look at up to @nr events; -EINVAL when none are asked for. */
static int svm_events_peek(struct svm_events *events, struct svm_event *out,
			   unsigned int nr)
{
	int got = 0;

	lockdep_assert_held(&events->reading);

	spin_lock(&events->lock);
	if (!events->mask)
		got = -EINVAL;
	else
		for (; got < nr && events->tail + got != events->head; got++)
			out[got] = events->ring[(events->tail + got) &
						(events->entries - 1)];
	spin_unlock(&events->lock);
	return got;
}

/* Give what is there, up to @nr events. Returns how many; 0 if there is none. */
static int svm_events_give(struct svm_events *events, char __user *buf,
			   size_t nr)
{
	struct svm_event batch[SVM_EVENTS_BATCH];
	size_t done = 0;
	int got;

	lockdep_assert_held(&events->reading);

	while (done < nr) {
		got = svm_events_peek(events, batch,
				      min_t(size_t, nr - done,
					    SVM_EVENTS_BATCH));
		if (got > 0 && copy_to_user(buf + done * sizeof(*batch), batch,
					    got * sizeof(*batch)))
			got = -EFAULT;
		if (got <= 0)
			return done ?: got;
		spin_lock(&events->lock);
		events->tail += got;
		spin_unlock(&events->lock);
		done += got;
	}
	return done;
}

static bool svm_events_ready(struct svm_events *events)
{
	bool ready;

	spin_lock(&events->lock);
	ready = !events->mask || events->tail != events->head;
	spin_unlock(&events->lock);
	return ready;
}

/**
 * svm_events_read() - read(2) on a context
 * @events: of the context.
 * @buf: where to put them.
 * @size: of @buf.
 * @nonblock: don't wait for the first one.
 *
 * Return: bytes, or a negative errno value.
 */
ssize_t svm_events_read(struct svm_events *events, char __user *buf,
			size_t size, bool nonblock)
{
	size_t nr = min_t(size_t, size / sizeof(struct svm_event),
			  SVM_EVENTS_MAX);
	int got;

	if (!nr)
		return -EINVAL;
	for (;;) {
		if (mutex_lock_interruptible(&events->reading))
			return -ERESTARTSYS;
		got = svm_events_give(events, buf, nr);
		mutex_unlock(&events->reading);
		if (got < 0)
			return got;
		if (got)
			return got * sizeof(struct svm_event);
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(events->wait,
					     svm_events_ready(events)))
			return -ERESTARTSYS;
	}
}

/**
 * svm_events_poll() - poll(2) on a context
 * @events: of the context.
 * @file: the context's file.
 * @wait: the poll table.
 *
 * Return: EPOLLIN when an event can be read.
 */
__poll_t svm_events_poll(struct svm_events *events, struct file *file,
			 poll_table *wait)
{
	__poll_t mask = 0;

	poll_wait(file, &events->wait, wait);
	spin_lock(&events->lock);
	if (events->tail != events->head)
		mask = EPOLLIN | EPOLLRDNORM;
	spin_unlock(&events->lock);
	return mask;
}
