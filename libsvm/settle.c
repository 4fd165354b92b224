// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Moving memory to where it prefers to be.
 *
 * Each context moves what its own advice names a place for, and calls the rest
 * indifferent. A page that several contexts have a place for is where the first
 * one wanted it: svm_advise() gives them the same place, or only one of them.
 *
 * No lock is held. It needs two bytes for each page of a slice.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "handle.h"
#include "migrate.h"
#include "range.h"

/* Pages that are worked on before it goes on to the next ones. */
#define SLICE 16384

/* Has one context move a slice; @status is what it says of each page. */
static int settle_by(struct svm *svm, const struct svm_device *dev,
		     struct svm_span span, uint8_t *status, uint64_t *moved)
{
	while (span.start < span.end) {
		size_t nr = svm_span_pages(svm, span);
		struct svm_ioctl_migrate arg = {
			.size = sizeof(arg),
			.flags = svm_call_flags(svm) |
				 SVM_MIGRATE_RESIDENT_ONLY,
			.addr = span.start,
			.length = span.end - span.start,
			.dest = SVM_DEST_PREFERRED,
			.node = SVM_NODE_ANY,
			.status = (uintptr_t)status,
			.status_count = nr,
		};
		int ret = svm->ops->ioctl(dev->fd, SVM_IOCTL_MIGRATE, &arg);

		if (ret == -EFAULT) {
			memset(status, SVM_PAGE_UNMAPPED, nr);
			return 0;
		}
		if (ret)
			return ret;
		if (arg.next <= span.start || arg.next > span.end ||
		    arg.next % svm->page_size)
			return -EPROTO;
		*moved += arg.bytes_moved;
		status += (arg.next - span.start) / svm->page_size;
		span.start = arg.next;
	}
	return 0;
}

/* @status has room for the pages of a slice, twice. */
static int settle_slice(struct svm *svm, struct svm_span span, uint8_t *status,
			struct svm_tally *tally)
{
	size_t i, nr = svm_span_pages(svm, span);
	uint8_t *now = status + nr;
	struct svm_device *dev;
	int ret;

	memset(status, SVM_PAGE_INDIFFERENT, nr);
	for (dev = svm_next_device(svm, NULL, SVM_CAP_ADVISE); dev;
	     dev = svm_next_device(svm, dev, SVM_CAP_ADVISE)) {
		ret = settle_by(svm, dev, span, now, &tally->bytes_moved);
		/* Its advice went with it. */
		if (ret == -ENODEV)
			continue;
		if (ret)
			return ret;
		for (i = 0; i < nr; i++)
			if (status[i] == SVM_PAGE_INDIFFERENT)
				status[i] = now[i];
	}
	for (i = 0; i < nr; i++)
		if (status[i] < SVM_PAGE_STATUS_MAX)
			tally->pages[status[i]]++;
	return 0;
}

SVM_PUBLIC int svm_settle(struct svm *svm, void *addr, size_t length,
			  struct svm_result *result)
{
	struct svm_tally tally = { 0 };
	__free_mem uint8_t *status = NULL;
	struct svm_span span, slice;
	size_t left, room;
	int ret;

	if (!svm)
		return -EINVAL;
	ret = svm_check_result(result);
	if (!ret)
		ret = svm_widen(svm, addr, length, &span);
	if (!ret)
		ret = svm_check_opener(svm);
	if (ret)
		return ret;
	left = svm_span_pages(svm, span);
	room = left < SLICE ? left : SLICE;
	tally.asked = left;
	status = malloc(2 * room + 1);
	if (!status)
		return -ENOMEM;
	for (slice.start = span.start; left; slice.start = slice.end) {
		size_t nr = left < room ? left : room;

		slice.end = slice.start + nr * svm->page_size;
		ret = settle_slice(svm, slice, status, &tally);
		if (ret)
			return ret;
		left -= nr;
	}
	if (tally.asked && tally.pages[SVM_PAGE_UNMAPPED] == tally.asked)
		return -EFAULT;
	svm_write_result(svm, &tally, result);
	return 0;
}
