// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Moving ranges.
 *
 * To a device the kernel module moves, to a node the module does what it can
 * (private anonymous memory, and whatever is on a device) and move_pages(2) the
 * rest; without a device move_pages(2) does all. Each call of the module works
 * through a bounded share, so it is called until the range is done.
 *
 * No lock is held; all state is the caller's. A move to a device needs no
 * memory. One to a node needs a byte for each page of a slice of 16384 pages,
 * unless the caller has passed a status array.
 */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "growable.h"
#include "handle.h"
#include "migrate.h"
#include "nodes.h"
#include "range.h"

/* Pages that a move to a node works on before it goes on to the next ones. */
#define SLICE 16384

static void add_tally(struct svm_tally *sum, const struct svm_tally *part)
{
	size_t i;

	sum->bytes_moved += part->bytes_moved;
	sum->bytes_evicted += part->bytes_evicted;
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		sum->pages[i] += part->pages[i];
}

/**
 * svm_write_result() - give out what came of a move
 * @svm: the handle.
 * @tally: what came of it.
 * @result: the caller's struct, already checked, or NULL.
 */
void svm_write_result(const struct svm *svm, const struct svm_tally *tally,
		      struct svm_result *result)
{
	struct svm_result answer = { .size = sizeof(answer) };
	uint64_t there, reached = 0;
	size_t i;

	if (!result)
		return;
	for (i = SVM_PAGE_NOT_REACHED + 1; i < SVM_PAGE_STATUS_MAX; i++) {
		answer.pages[i] = tally->pages[i];
		reached += tally->pages[i];
	}
	answer.pages[SVM_PAGE_NOT_REACHED] = tally->asked - reached;
	there = tally->pages[SVM_PAGE_MOVED] + tally->pages[SVM_PAGE_ALREADY];
	answer.bytes_moved = tally->bytes_moved;
	answer.bytes_evicted = tally->bytes_evicted;
	answer.bytes_there = there * svm->page_size;
	answer.bytes_left = (tally->asked - there) * svm->page_size;
	growable_write(result, &answer, sizeof(answer));
}

/*
 * Has one context move a span, from @at on; @at tells how far it came, also on
 * error. A share of work in which nothing is mapped is refused with EFAULT as a
 * whole, which the caller of a long range can't know: its pages are UNMAPPED.
 */
static int move_by_device(struct svm *svm, struct svm_device *dev,
			  struct svm_span span, uintptr_t *at,
			  struct svm_place to, uint32_t flags, uint8_t *status,
			  struct svm_tally *tally)
{
	while (*at < span.end) {
		size_t first = (*at - span.start) / svm->page_size;
		size_t nr = (span.end - *at) / svm->page_size;
		bool to_device = to.type == SVM_PLACE_DEVICE;
		struct svm_ioctl_migrate arg = {
			.size = sizeof(arg),
			.flags = svm_call_flags(svm) | flags,
			.addr = *at,
			.length = span.end - *at,
			.dest = to_device ? SVM_DEST_DEVICE : SVM_DEST_SYSTEM,
			.node = to_device ? SVM_NODE_ANY : to.id,
			.status = status ? (uintptr_t)(status + first) : 0,
			.status_count = status ? nr : 0,
		};
		size_t i;
		int ret;

		ret = svm->ops->ioctl(dev->fd, SVM_IOCTL_MIGRATE, &arg);
		if (ret == -EFAULT) {
			if (status)
				memset(status + first, SVM_PAGE_UNMAPPED, nr);
			tally->pages[SVM_PAGE_UNMAPPED] += nr;
			*at = span.end;
			return 0;
		}
		if (ret)
			return ret;
		/* A module that does not advance would keep us here. */
		if (arg.next <= *at || arg.next > span.end ||
		    arg.next % svm->page_size)
			return -EPROTO;
		tally->bytes_moved += arg.bytes_moved;
		tally->bytes_evicted += arg.bytes_evicted;
		for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
			tally->pages[i] += arg.pages[i];
		*at = arg.next;
	}
	return 0;
}

static int move_to_device(struct svm *svm, struct svm_span span,
			  struct svm_place to, uint32_t flags, uint8_t *status,
			  struct svm_tally *tally)
{
	struct svm_device *dev = svm_find_device(svm, (uint32_t)to.id);
	uintptr_t at = span.start;

	if (!dev)
		return -ENODEV;
	return move_by_device(svm, dev, span, &at, to, flags, status, tally);
}

static void count_statuses(const uint8_t *status, size_t nr,
			   struct svm_tally *tally)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (status[i] < SVM_PAGE_STATUS_MAX)
			tally->pages[status[i]]++;
}

/*
 * Moves a slice to a node. @dev is the context to try first and becomes NULL
 * when none is left that can do it.
 */
static int move_slice(struct svm *svm, struct svm_device **dev,
		      struct svm_span span, struct svm_place to,
		      uint8_t *status, uint64_t *bytes_moved)
{
	struct svm_tally by_device = { 0 };
	uintptr_t at = span.start;
	uint64_t moved;
	int ret;

	memset(status, SVM_PAGE_NOT_REACHED, svm_span_pages(svm, span));
	while (*dev) {
		ret = move_by_device(svm, *dev, span, &at, to, 0, status,
				     &by_device);
		*bytes_moved = by_device.bytes_moved;
		if (!ret)
			break;
		/* One of our contexts is as good as the other for this. */
		if (ret != -ENODEV && ret != -EOPNOTSUPP)
			return ret;
		*dev = svm_next_device(svm, *dev, SVM_CAP_TO_SYSTEM);
	}
	ret = svm_nodes_move(svm, span, to.id, status, &moved);
	*bytes_moved = by_device.bytes_moved + moved * svm->page_size;
	/*
	 * Holding a context of another process does not give the right to use
	 * move_pages(2) on it. Then its pages of files stay, as they would if
	 * the call did not exist.
	 */
	if (*dev && (ret == -EPERM || ret == -EACCES || ret == -EOPNOTSUPP))
		return 0;
	return ret;
}

static int move_to_node(struct svm *svm, struct svm_span span,
			struct svm_place to, uint8_t *status,
			struct svm_tally *tally)
{
	struct svm_device *dev = svm_next_device(svm, NULL, SVM_CAP_TO_SYSTEM);
	size_t left = svm_span_pages(svm, span);
	__free_mem uint8_t *own = NULL;
	int ret = 0;

	if (!dev)
		atomic_fetch_add_explicit(&svm->moved.calls, 1,
					  memory_order_relaxed);
	if (!status) {
		own = malloc(left < SLICE ? left : SLICE);
		if (!own)
			return -ENOMEM;
	}
	while (left && !ret) {
		size_t nr = left < SLICE ? left : SLICE;
		uint8_t *now = own ? own : status;
		uint64_t bytes_moved = 0;

		span.end = span.start + nr * svm->page_size;
		ret = move_slice(svm, &dev, span, to, now, &bytes_moved);
		tally->bytes_moved += bytes_moved;
		count_statuses(now, nr, tally);
		span.start = span.end;
		if (status)
			status += nr;
		left -= nr;
	}
	return ret;
}

/* Moves one span, and adds what became of it. */
int svm_move_span(struct svm *svm, struct svm_span span, struct svm_place to,
		  uint32_t flags, uint8_t *status, struct svm_tally *tally)
{
	size_t nr = svm_span_pages(svm, span);
	struct svm_tally part = { 0 };
	int ret;

	tally->asked += nr;
	if (!nr)
		return 0;
	if (to.type == SVM_PLACE_DEVICE)
		ret = move_to_device(svm, span, to, flags, status, &part);
	else /* RESIDENT_ONLY goes without saying: nothing populates a node */
		ret = move_to_node(svm, span, to, status, &part);
	add_tally(tally, &part);
	if (!ret && part.pages[SVM_PAGE_UNMAPPED] == nr)
		ret = -EFAULT;
	return ret;
}

/* Whether @to is something that could be a place. */
int svm_check_place(struct svm_place to)
{
	switch (to.type) {
	case SVM_PLACE_SYSTEM:
		return to.id >= SVM_NODE_ANY ? 0 : -EINVAL;
	case SVM_PLACE_DEVICE:
		return to.id >= 0 ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* Whether there is such a place. */
int svm_find_place(struct svm *svm, struct svm_place to)
{
	if (to.type == SVM_PLACE_DEVICE)
		return svm_find_device(svm, (uint32_t)to.id) ? 0 : -ENODEV;
	return to.id == SVM_NODE_ANY ? 0 : svm_check_node(svm, to.id);
}

/* The same, of the process that may ask. */
int svm_reach_place(struct svm *svm, struct svm_place to)
{
	int ret = svm_check_opener(svm);

	return ret ? ret : svm_find_place(svm, to);
}

/* Whether @result can take an answer, or is NULL. */
int svm_check_result(const struct svm_result *result)
{
	if (!result)
		return 0;
	return growable_check(result, SIZE_UP_TO(struct svm_result, pages));
}

/* Takes in the caller's options, and sees that they make sense. */
int svm_read_migrate_opts(struct svm_migrate_opts *known,
			  const struct svm_migrate_opts *opts,
			  struct svm_place to)
{
	const size_t first = SIZE_UP_TO(struct svm_migrate_opts, status_count);
	int ret = growable_read(known, sizeof(*known), first, opts);

	if (ret)
		return ret;
	if (known->flags &
	    ~(uint32_t)(SVM_MIGRATE_RESIDENT_ONLY | SVM_MIGRATE_EVICT))
		return -EINVAL;
	if (known->flags & SVM_MIGRATE_EVICT && to.type != SVM_PLACE_DEVICE)
		return -EINVAL;
	return known->status || !known->status_count ? 0 : -EINVAL;
}

/* Whether all ranges make sense and the status array is long enough. */
static int check_ranges(const struct svm *svm, const struct svm_range *ranges,
			size_t nr, const struct svm_migrate_opts *opts)
{
	size_t i, pages = 0;

	for (i = 0; i < nr; i++) {
		struct svm_span span;
		int ret;

		ret = svm_widen(svm, ranges[i].addr, ranges[i].length, &span);
		if (ret)
			return ret;
		if (__builtin_add_overflow(pages, svm_span_pages(svm, span),
					   &pages))
			return -EINVAL;
	}
	return opts->status && opts->status_count < pages ? -EMSGSIZE : 0;
}

SVM_PUBLIC int svm_migrate_ranges(struct svm *svm,
				  const struct svm_range *ranges, size_t nr,
				  struct svm_place to,
				  const struct svm_migrate_opts *opts,
				  struct svm_result *result)
{
	struct svm_tally tally = { 0 };
	struct svm_migrate_opts known;
	uint8_t *status;
	size_t i;
	int ret;

	if (!svm || (!ranges && nr))
		return -EINVAL;
	ret = svm_read_migrate_opts(&known, opts, to);
	if (!ret)
		ret = svm_check_result(result);
	if (!ret)
		ret = svm_check_place(to);
	if (!ret)
		ret = check_ranges(svm, ranges, nr, &known);
	if (!ret)
		ret = svm_reach_place(svm, to);
	if (ret)
		return ret;
	status = known.status;
	for (i = 0; i < nr; i++) {
		struct svm_span span;

		ret = svm_widen(svm, ranges[i].addr, ranges[i].length, &span);
		if (!ret)
			ret = svm_move_span(svm, span, to, known.flags, status,
					    &tally);
		if (ret)
			return ret;
		if (status)
			status += svm_span_pages(svm, span);
	}
	svm_write_result(svm, &tally, result);
	return 0;
}

SVM_PUBLIC int svm_migrate(struct svm *svm, void *addr, size_t length,
			   struct svm_place to,
			   const struct svm_migrate_opts *opts,
			   struct svm_result *result)
{
	struct svm_range range = { addr, length };

	return svm_migrate_ranges(svm, &range, 1, to, opts, result);
}

/* Errors that mean: not here, not now, not with this kernel. */
static bool is_no_obstacle(int ret)
{
	switch (ret) {
	case -EACCES:
	case -EFAULT:
	case -EMFILE:
	case -ENFILE:
	case -ENODEV:
	case -ENOMEM:
	case -EOPNOTSUPP:
	case -EPERM:
		return true;
	default:
		return false;
	}
}

SVM_PUBLIC int svm_prefetch(struct svm *svm, void *addr, size_t length,
			    struct svm_place to, struct svm_result *result)
{
	struct svm_tally tally = { 0 };
	struct svm_span span;
	int ret;

	if (!svm)
		return -EINVAL;
	ret = svm_check_result(result);
	if (!ret)
		ret = svm_check_place(to);
	if (!ret)
		ret = svm_widen(svm, addr, length, &span);
	if (!ret)
		ret = svm_check_opener(svm);
	if (ret)
		return ret;
	if (svm_find_place(svm, to)) {
		tally.asked = svm_span_pages(svm, span);
	} else {
		ret = svm_move_span(svm, span, to, SVM_MIGRATE_RESIDENT_ONLY,
				    NULL, &tally);
		if (ret && !is_no_obstacle(ret))
			return ret;
	}
	svm_write_result(svm, &tally, result);
	return 0;
}
