// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Device-exclusive access. One call of the kernel module takes
 * SVM_EXCLUSIVE_MAX_PAGES, so ranges go through it in pieces, but for a hold,
 * which is one. No state, no locks.
 */
#include <errno.h>

#include <svm/exclusive.h>

#include "growable.h"
#include "handle.h"
#include "range.h"

/**
 * struct exclusive - what is asked for
 * @op: enum svm_exclusive_op.
 * @hold_ms: for acquire.
 * @status: for all pages, or NULL.
 * @status_count: entries in @status.
 */
struct exclusive {
	uint32_t op;
	uint32_t hold_ms;
	uint8_t *status;
	size_t status_count;
};

static ssize_t in_pieces(struct svm *svm, const struct svm_device *dev,
			 const struct exclusive *ask, struct svm_span span)
{
	size_t done = 0, nr = svm_span_pages(svm, span), part;
	/* A query wants an array, asked for or not. */
	uint8_t unasked[SVM_EXCLUSIVE_MAX_PAGES];
	ssize_t pages = 0;
	int ret;

	for (; done < nr; done += part) {
		struct svm_ioctl_exclusive arg = {
			.size = sizeof(arg),
			.flags = svm_call_flags(svm),
			.op = ask->op,
			.hold_ms = ask->hold_ms,
			.addr = span.start + done * svm->page_size,
			.status = (uintptr_t)unasked,
		};

		part = nr - done;
		if (part > SVM_EXCLUSIVE_MAX_PAGES)
			part = SVM_EXCLUSIVE_MAX_PAGES;
		arg.length = part * svm->page_size;
		arg.status_count = part;
		if (ask->status)
			arg.status = (uintptr_t)(ask->status + done);
		ret = svm->ops->ioctl(dev->fd, SVM_IOCTL_EXCLUSIVE, &arg);
		if (ret)
			return ret;
		pages += arg.pages;
	}
	return pages;
}

static ssize_t exclusive(struct svm *svm, uint32_t id, const void *addr,
			 size_t length, const struct exclusive *ask)
{
	struct svm_device *dev;
	struct svm_span span;
	size_t nr;
	int ret;

	if (!svm || (!ask->status && ask->status_count))
		return -EINVAL;
	ret = svm_widen(svm, addr, length, &span);
	if (ret)
		return ret;
	nr = svm_span_pages(svm, span);
	if (ask->status && ask->status_count < nr)
		return -EMSGSIZE;
	if (ask->hold_ms && nr > SVM_EXCLUSIVE_MAX_PAGES)
		return -EMSGSIZE;
	ret = svm_able_device(svm, id, SVM_CAP_EXCLUSIVE, &dev);
	return ret ? ret : in_pieces(svm, dev, ask, span);
}

SVM_PUBLIC ssize_t svm_exclusive_acquire(struct svm *svm, uint32_t id,
					 void *addr, size_t length,
					 const struct svm_exclusive_opts *opts)
{
	struct exclusive ask = { .op = SVM_EXCLUSIVE_ACQUIRE };
	struct svm_exclusive_opts known;
	int ret;

	ret = growable_read(&known, sizeof(known),
			    SIZE_UP_TO(struct svm_exclusive_opts, status_count),
			    opts);
	if (ret)
		return ret;
	if (known.flags || known.reserved ||
	    known.hold_ms > SVM_EXCLUSIVE_MAX_HOLD_MS)
		return -EINVAL;
	ask.hold_ms = known.hold_ms;
	ask.status = known.status;
	ask.status_count = known.status_count;
	return exclusive(svm, id, addr, length, &ask);
}

SVM_PUBLIC ssize_t svm_exclusive_release(struct svm *svm, uint32_t id,
					 void *addr, size_t length)
{
	const struct exclusive ask = { .op = SVM_EXCLUSIVE_RELEASE };

	return exclusive(svm, id, addr, length, &ask);
}

SVM_PUBLIC ssize_t svm_exclusive_query(struct svm *svm, uint32_t id,
				       const void *addr, size_t length,
				       uint8_t *status, size_t count)
{
	const struct exclusive ask = {
		.op = SVM_EXCLUSIVE_QUERY,
		.status = status,
		.status_count = count,
	};

	return exclusive(svm, id, addr, length, &ask);
}
