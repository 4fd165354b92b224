// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Advice: what the program says about where its memory shall be.
 *
 * The kernel module keeps advice by context, and a handle has one for each
 * device. What is not about a device in particular is said to all of them, so
 * that it holds wherever the pages are.
 *
 * No lock is held; all state is the caller's and the kernel's.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "growable.h"
#include "handle.h"
#include "range.h"

#define ALL_ADVICE                                              \
	(SVM_ADVICE_PREFER | SVM_ADVICE_KEEP | SVM_ADVICE_PIN | \
	 SVM_ADVICE_READ_MOSTLY)

/* Advice that names a place. */
#define WITH_PLACE (SVM_ADVICE_PREFER | SVM_ADVICE_PIN)

/* Entries that are asked for at once. */
#define SOME 64

static int read_opts(struct svm *svm, struct svm_advise_opts *known,
		     const struct svm_advise_opts *opts)
{
	const size_t first = SIZE_UP_TO(struct svm_advise_opts, place);
	struct svm_place *place = &known->place;
	int ret;

	if (!opts)
		return -EINVAL;
	ret = growable_read(known, sizeof(*known), first, opts);
	if (ret)
		return ret;
	if (known->flags || ((known->set | known->clear) & ~ALL_ADVICE) ||
	    (known->set & known->clear) || !(known->set | known->clear))
		return -EINVAL;
	if (!(known->set & WITH_PLACE))
		return place->type || place->id ? -EINVAL : 0;
	if (place->type == SVM_PLACE_DEVICE)
		return place->id < 0 ? -EINVAL : 0;
	if (place->type != SVM_PLACE_SYSTEM || place->id < SVM_NODE_ANY ||
	    known->set & SVM_ADVICE_PIN)
		return -EINVAL;
	return place->id == SVM_NODE_ANY ? 0 : svm_check_node(svm, place->id);
}

/* What one context is told. */
static struct svm_ioctl_advise request_for(const struct svm *svm,
					   const struct svm_device *dev,
					   const struct svm_advise_opts *opts,
					   struct svm_span span)
{
	bool to_device = opts->place.type == SVM_PLACE_DEVICE;
	bool here = to_device && opts->place.id == (int32_t)dev->id;
	struct svm_ioctl_advise arg = {
		.size = sizeof(arg),
		.flags = svm_call_flags(svm),
		.addr = span.start,
		.length = span.end - span.start,
		.set = opts->set,
		.clear = opts->clear,
		.node = SVM_NODE_ANY,
	};

	/* Of several places the last one counts: the others forget theirs. */
	if (arg.set & SVM_ADVICE_PREFER && to_device && !here) {
		arg.set &= ~(uint32_t)SVM_ADVICE_PREFER;
		arg.clear |= SVM_ADVICE_PREFER;
	}
	if (!here)
		arg.set &= ~(uint32_t)SVM_ADVICE_PIN;
	if (!(dev->capabilities & SVM_CAP_TO_DEVICE)) {
		arg.set &= ~(uint32_t)(SVM_ADVICE_PIN | SVM_ADVICE_READ_MOSTLY);
		if (to_device)
			arg.set &= ~(uint32_t)SVM_ADVICE_PREFER;
	}
	if (arg.set & SVM_ADVICE_PREFER) {
		arg.dest = to_device ? SVM_DEST_DEVICE : SVM_DEST_SYSTEM;
		arg.node = to_device ? SVM_NODE_ANY : opts->place.id;
	}
	return arg;
}

/* Tell one context, call by call. */
static int advise_context(struct svm *svm, struct svm_device *dev,
			  struct svm_ioctl_advise arg)
{
	uint64_t end = arg.addr + arg.length;
	bool any = false;
	int ret;

	if (!(arg.set | arg.clear))
		return 0;
	while (arg.addr < end) {
		ret = svm->ops->ioctl(dev->fd, SVM_IOCTL_ADVISE, &arg);
		/* Behind the last mapping there is nothing to advise for. */
		if (ret == -EFAULT && any)
			return 0;
		if (ret)
			return ret;
		if (arg.next <= arg.addr || arg.next > end)
			return -EPROTO;
		any = true;
		arg.addr = arg.next;
		arg.length = end - arg.next;
	}
	return 0;
}

SVM_PUBLIC int svm_advise(struct svm *svm, const void *addr, size_t length,
			  const struct svm_advise_opts *opts)
{
	struct svm_advise_opts known;
	struct svm_device *dev;
	struct svm_span span;
	uint32_t given = 0;
	int ret;

	if (!svm)
		return -EINVAL;
	ret = read_opts(svm, &known, opts);
	if (!ret)
		ret = svm_widen(svm, addr, length, &span);
	if (!ret)
		ret = svm_check_opener(svm);
	if (ret || span.start == span.end)
		return ret;
	for (dev = svm_next_device(svm, NULL, SVM_CAP_ADVISE); dev;
	     dev = svm_next_device(svm, dev, SVM_CAP_ADVISE)) {
		struct svm_ioctl_advise arg =
			request_for(svm, dev, &known, span);

		ret = advise_context(svm, dev, arg);
		if (ret && ret != -ENODEV)
			return ret;
		if (!ret)
			given |= arg.set;
	}
	return (int)given;
}

/* Where a list goes, and how many there are. */
struct list {
	struct svm_advised *at;
	size_t room;
	size_t nr;
};

static void list_add(struct list *list, const struct svm_device *dev,
		     const struct svm_advice_range *range)
{
	struct svm_advised *entry;

	if (list->nr++ >= list->room)
		return;
	entry = &list->at[list->nr - 1];
	*entry = (struct svm_advised){
		.addr = (void *)(uintptr_t)range->addr,
		.length = range->length,
		.advice = range->advice,
		.device = dev->id,
	};
	if (!(range->advice & SVM_ADVICE_PREFER))
		return;
	if (range->dest == SVM_DEST_DEVICE)
		entry->place = svm_on_device(dev->id);
	else
		entry->place = svm_on_node(range->node);
}

static int list_context(struct svm *svm, struct svm_device *dev,
			struct svm_span span, struct list *list)
{
	struct svm_advice_range ranges[SOME];
	uint32_t i;
	int ret;

	while (span.start < span.end) {
		struct svm_ioctl_advice arg = {
			.size = sizeof(arg),
			.flags = svm_call_flags(svm),
			.addr = span.start,
			.length = span.end - span.start,
			.ranges = (uintptr_t)ranges,
			.count = SOME,
		};

		ret = svm->ops->ioctl(dev->fd, SVM_IOCTL_ADVICE, &arg);
		if (ret)
			return ret;
		if (arg.filled > SOME || (arg.found && !arg.filled))
			return -EPROTO;
		for (i = 0; i < arg.filled; i++)
			list_add(list, dev, &ranges[i]);
		if (arg.found <= arg.filled)
			return 0;
		i = arg.filled - 1;
		if (ranges[i].addr + ranges[i].length <= span.start)
			return -EPROTO;
		span.start = ranges[i].addr + ranges[i].length;
	}
	return 0;
}

SVM_PUBLIC ssize_t svm_advice(struct svm *svm, const void *addr, size_t length,
			      struct svm_advised *advised, size_t count)
{
	struct list list = { advised, count, 0 };
	struct svm_device *dev;
	struct svm_span span;
	int ret;

	if (!svm || (!advised && count))
		return -EINVAL;
	ret = svm_widen(svm, addr, length, &span);
	if (!ret)
		ret = svm_check_opener(svm);
	if (ret)
		return ret;
	for (dev = svm_next_device(svm, NULL, SVM_CAP_ADVISE); dev;
	     dev = svm_next_device(svm, dev, SVM_CAP_ADVISE)) {
		ret = list_context(svm, dev, span, &list);
		if (ret && ret != -ENODEV)
			return ret;
	}
	return (ssize_t)list.nr;
}
