// SPDX-License-Identifier: GPL-2.0-only
/*
 * What became of a run of a migrate call, told as trace and events.
 *
 * Locking: that of the run, see run.c; svm_events_emit() takes its own.
 *
 * Limits: two events a run, however many places its pages were at.
 */
#include <linux/timekeeping.h>

#include "context.h"
#include "device.h"
#include "migration.h"
#include "trace.h"

/**
 * struct svm_origin - where pages were, all together
 * @place: enum svm_place_type; SVM_PLACE_NONE if they were nowhere, or at places of
 *	several kinds.
 * @id: NUMA node or device; -1 if it was not one.
 * @nr: how many pages.
 * @first: number of the first.
 */
struct svm_origin {
	u8 place;
	s16 id;
	unsigned long nr;
	unsigned long first;
};

/* Add page number @i. What was nowhere does not make the others mixed. */
static void svm_origin_add(struct svm_origin *origin, unsigned long i,
			   const struct svm_page *page)
{
	bool unknown = origin->place == SVM_PLACE_NONE && !origin->id;

	if (!origin->nr++)
		origin->first = i;
	if (page->place == SVM_PLACE_NONE || page->place == SVM_PLACE_ZERO)
		return;
	if (unknown) {
		origin->place = page->place;
		origin->id = page->id;
	} else if (origin->place != page->place) {
		origin->place = SVM_PLACE_NONE;
		origin->id = -1;
	} else if (origin->id != page->id) {
		origin->id = -1;
	}
}

/* Tell of what moved of a run, or of what did not. */
static void svm_tell_of(struct svm_migration *mig, enum svm_event_type type,
			unsigned long addr, const struct svm_origin *origin,
			u64 began)
{
	if (!origin->nr)
		return;
	svm_events_emit(&mig->ctx->events, (struct svm_event){
		.type = type,
		.cause = SVM_CAUSE_CALL,
		.addr = addr + origin->first * PAGE_SIZE,
		.length = origin->nr * PAGE_SIZE,
		.duration_ns = ktime_get_ns() - began,
		.from = origin->place,
		.from_id = origin->id,
		.to = mig->to_device ? SVM_PLACE_DEVICE : SVM_PLACE_SYSTEM,
		.to_id = mig->to_device ? mig->sdev->id : mig->node,
	});
}

/**
 * svm_tell() - tell who listens what became of a run
 * @mig: the call; what the pages were and are is in its scratch.
 * @start: where the window begins.
 * @first: number of the run's first page in it.
 * @nr: how many pages the run had.
 * @moved: how many of them moved.
 * @final: what stayed is not tried again.
 * @began: when, by ktime_get_ns().
 *
 * From the first page that moved, and from the first that did not.
 */
void svm_tell(struct svm_migration *mig, unsigned long start,
	      unsigned long first, unsigned long nr, unsigned long moved,
	      bool final, u64 began)
{
	const struct svm_page *before = &mig->scratch->pages[first];
	const u8 *status = mig->scratch->status + first;
	unsigned long i, addr = start + first * PAGE_SIZE;
	struct svm_origin went = {}, stayed = {};

	trace_svm_migrate(mig->sdev->id, mig->to_device, mig->node, addr, nr,
			  moved);
	if (!svm_events_wanted(&mig->ctx->events))
		return;
	for (i = 0; i < nr; i++)
		svm_origin_add(status[i] == SVM_PAGE_MOVED ? &went : &stayed, i,
			       &before[i]);
	svm_tell_of(mig, SVM_EVENT_MIGRATED, addr, &went, began);
	if (final)
		svm_tell_of(mig, SVM_EVENT_REFUSED, addr, &stayed, began);
}
