// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine of a fake device; see fake-engine.h. Under fake.c's lock.
 */
#include <errno.h>
#include <string.h>

#include "fake-engine.h"

static int check_flags(struct fake_device *dev, uint32_t flags)
{
	dev->calls++;
	dev->last_flags = flags;
	return fake.pid && !(flags & SVM_F_OWNER_MM) ? -EXDEV : 0;
}

static void *pointer(uint64_t addr)
{
	return (void *)(uintptr_t)addr;
}

static int do_op(struct svm_access_op *op)
{
	uint64_t word = 0, i;

	if (op->type >= SVM_ACCESS_ADD) {
		if (op->width != 4 && op->width != 8)
			return -EINVAL;
		memcpy(&word, pointer(op->addr), op->width);
		op->old = word;
		if (op->type == SVM_ACCESS_CAS)
			word = word == op->compare ? op->data : word;
		else
			word += op->data;
		memcpy(pointer(op->addr), &word, op->width);
		return 0;
	}
	if (!op->length || op->length > SVM_ACCESS_MAX_BYTES)
		return -EINVAL;
	switch (op->type) {
	case SVM_ACCESS_READ:
		memcpy(pointer(op->data), pointer(op->addr), op->length);
		return 0;
	case SVM_ACCESS_WRITE:
		memcpy(pointer(op->addr), pointer(op->data), op->length);
		return 0;
	case SVM_ACCESS_FILL:
		for (i = 0; i < op->length; i += op->width)
			memcpy(pointer(op->addr + i), &op->data, op->width);
		return 0;
	case SVM_ACCESS_COPY:
		memmove(pointer(op->addr), pointer(op->data), op->length);
		return 0;
	default:
		return -EINVAL;
	}
}

int fake_access(struct fake_device *dev, struct svm_ioctl_access *arg)
{
	struct svm_access_op *ops = pointer(arg->ops);
	int ret = check_flags(dev, arg->flags);
	uint32_t i;

	if (ret)
		return ret;
	if (arg->flags & ~SVM_F_OWNER_MM || !arg->count ||
	    arg->count > SVM_ACCESS_MAX_OPS || arg->timeout_ms > 60000)
		return -EINVAL;
	dev->last_timeout = arg->timeout_ms;
	for (i = 0; i < arg->count; i++) {
		if (dev->op_error && !dev->op_error_after--) {
			ops[i].result = dev->op_error;
			break;
		}
		ops[i].rounds = 1;
		ops[i].result = do_op(&ops[i]);
		if (ops[i].result)
			break;
	}
	/* A module that says nothing, or too much. */
	if (dev->stands_still && i < arg->count)
		ops[i].result = 0;
	arg->done = i + dev->done_more;
	return 0;
}

int fake_exclusive(struct fake_device *dev, struct svm_ioctl_exclusive *arg)
{
	size_t i, nr = arg->length / FAKE_PAGE;
	size_t first = (arg->addr - FAKE_BASE) / FAKE_PAGE;
	uint8_t *status = pointer(arg->status);
	int ret = check_flags(dev, arg->flags);

	if (ret)
		return ret;
	if (arg->flags & ~SVM_F_OWNER_MM || !nr || arg->addr % FAKE_PAGE ||
	    (arg->op != SVM_EXCLUSIVE_ACQUIRE && arg->hold_ms) ||
	    (arg->op == SVM_EXCLUSIVE_QUERY && !status) || arg->reserved)
		return -EINVAL;
	if (nr > SVM_EXCLUSIVE_MAX_PAGES || (status && arg->status_count < nr))
		return -EMSGSIZE;
	assert_true(first + nr <= FAKE_PAGES);
	dev->last_hold = arg->hold_ms;
	for (i = 0; i < nr; i++) {
		uint8_t *page = &dev->exclusive[first + i];
		uint8_t was = *page;

		if (arg->op == SVM_EXCLUSIVE_ACQUIRE)
			*page = arg->hold_ms ? SVM_EXCLUSIVE_HELD
					     : SVM_EXCLUSIVE_YES;
		if (arg->op == SVM_EXCLUSIVE_RELEASE)
			*page = SVM_EXCLUSIVE_NO;
		arg->pages += was != SVM_EXCLUSIVE_NO ||
			      arg->op == SVM_EXCLUSIVE_ACQUIRE;
		if (status)
			status[i] = *page;
	}
	return 0;
}

int fake_events(struct fake_device *dev, struct svm_ioctl_events *arg)
{
	dev->last_flags = arg->flags;
	if (arg->flags == SVM_EVENTS_COUNT) {
		if (arg->mask || arg->entries)
			return -EINVAL;
	} else {
		if (arg->flags || arg->entries > SVM_EVENTS_MAX)
			return -EINVAL;
		dev->event_mask = arg->mask;
		dev->event_entries = arg->entries;
	}
	arg->total = dev->events_total;
	arg->dropped = dev->events_dropped;
	return 0;
}

ssize_t fake_read_events(struct fake_device *dev, void *buffer, size_t size)
{
	size_t nr = size / sizeof(dev->events[0]);

	if (!dev->event_mask || !nr)
		return -EINVAL;
	if (nr > dev->nr_events)
		nr = dev->nr_events;
	if (!nr)
		return -EAGAIN;
	memcpy(buffer, dev->events, nr * sizeof(dev->events[0]));
	dev->nr_events -= nr;
	memmove(dev->events, dev->events + nr,
		dev->nr_events * sizeof(dev->events[0]));
	return (ssize_t)(nr * sizeof(dev->events[0]));
}
