// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where pages are: an entry for each page, or a sum for each place.
 *
 * The kernel module answers, or without it move_pages(2) with the help of
 * procfs. No locks. The array is the caller's, and is filled in place; a
 * summary takes 32 KiB for the pages that it looks at together.
 */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "growable.h"
#include "handle.h"
#include "nodes.h"
#include "range.h"

/* Pages that a summary asks for at a time. */
#define SUMMARY_CHUNK 4096

/* Asks one context about a span, from @at on, which tells how far it came. */
static int ask_device(struct svm *svm, struct svm_device *dev,
		      struct svm_span span, uintptr_t *at,
		      struct svm_page *pages)
{
	while (*at < span.end) {
		size_t first = (*at - span.start) / svm->page_size;
		struct svm_ioctl_residency arg = {
			.size = sizeof(arg),
			.flags = svm_call_flags(svm),
			.addr = *at,
			.length = span.end - *at,
			.pages = (uintptr_t)(pages + first),
			.count = (span.end - *at) / svm->page_size,
		};
		int ret;

		ret = svm->ops->ioctl(dev->fd, SVM_IOCTL_RESIDENCY, &arg);
		if (ret)
			return ret;
		/* A module that does not advance would keep us here. */
		if (arg.next <= *at || arg.next > span.end ||
		    arg.next % svm->page_size)
			return -EPROTO;
		*at = arg.next;
	}
	return 0;
}

static int ask(struct svm *svm, struct svm_span span, struct svm_page *pages)
{
	struct svm_device *dev = svm_next_device(svm, NULL, SVM_CAP_RESIDENCY);
	struct svm_span rest = span;
	size_t done;

	for (; dev; dev = svm_next_device(svm, dev, SVM_CAP_RESIDENCY)) {
		int ret = ask_device(svm, dev, span, &rest.start, pages);

		/* Any other context knows as much. */
		if (ret != -ENODEV && ret != -EOPNOTSUPP)
			return ret;
	}
	done = (rest.start - span.start) / svm->page_size;
	return svm_nodes_where(svm, rest, pages + done);
}

SVM_PUBLIC ssize_t svm_residency(struct svm *svm, const void *addr,
				 size_t length, struct svm_page *pages,
				 size_t count)
{
	struct svm_span span;
	size_t nr;
	int ret;

	if (!svm || (!pages && count))
		return -EINVAL;
	ret = svm_widen(svm, addr, length, &span);
	if (ret)
		return ret;
	nr = svm_span_pages(svm, span);
	if (count < nr)
		return -EMSGSIZE;
	ret = svm_check_opener(svm);
	if (!ret && nr)
		ret = ask(svm, span, pages);
	return ret ? ret : (ssize_t)nr;
}

static void add_page(struct svm_summary *sum, const struct svm_page *page,
		     size_t page_size)
{
	const size_t places = sizeof(sum->bytes) / sizeof(sum->bytes[0]);
	size_t id = page->id < SVM_SUMMARY_MAX ? page->id : SVM_SUMMARY_MAX - 1;

	sum->bytes[page->place < places ? page->place : SVM_PLACE_SPECIAL] +=
		page_size;
	if (page->place == SVM_PLACE_SYSTEM)
		sum->bytes_on_node[id] += page_size;
	if (page->place == SVM_PLACE_DEVICE)
		sum->bytes_on_device[id] += page_size;
	if (page->flags & SVM_PAGE_F_HUGE)
		sum->bytes_huge += page_size;
}

SVM_PUBLIC int svm_summarize(struct svm *svm, const void *addr, size_t length,
			     struct svm_summary *summary)
{
	struct svm_summary sum = { .size = sizeof(sum) };
	__free_mem struct svm_page *pages = NULL;
	struct svm_span span;
	int ret;

	if (!svm)
		return -EINVAL;
	ret = growable_check(summary,
			     SIZE_UP_TO(struct svm_summary, bytes_huge));
	if (!ret)
		ret = svm_widen(svm, addr, length, &span);
	if (!ret)
		ret = svm_check_opener(svm);
	if (ret)
		return ret;
	pages = malloc(SUMMARY_CHUNK * sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	while (span.start < span.end) {
		size_t i, nr = svm_span_pages(svm, span);
		struct svm_span part = span;

		if (nr > SUMMARY_CHUNK)
			nr = SUMMARY_CHUNK;
		part.end = part.start + nr * svm->page_size;
		ret = ask(svm, part, pages);
		if (ret)
			return ret;
		for (i = 0; i < nr; i++)
			add_page(&sum, &pages[i], svm->page_size);
		span.start = part.end;
	}
	growable_write(summary, &sum, sizeof(sum));
	return 0;
}
