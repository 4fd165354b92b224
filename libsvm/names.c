// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names of page statuses, places and events, for reports. Constant; one word
 * each, so that they can be columns and JSON keys.
 */
#include <svm/events.h>

#include "handle.h"

static const char *const status_names[] = {
	[SVM_PAGE_NOT_REACHED] = "not-reached",
	[SVM_PAGE_MOVED] = "moved",
	[SVM_PAGE_ALREADY] = "already",
	[SVM_PAGE_HOLE] = "hole",
	[SVM_PAGE_UNMAPPED] = "unmapped",
	[SVM_PAGE_PINNED] = "pinned",
	[SVM_PAGE_FILE] = "file",
	[SVM_PAGE_SHMEM] = "shmem",
	[SVM_PAGE_HUGETLB] = "hugetlb",
	[SVM_PAGE_SPECIAL] = "special",
	[SVM_PAGE_KSM] = "ksm",
	[SVM_PAGE_SWAPPED] = "swapped",
	[SVM_PAGE_OTHER_DEVICE] = "other-device",
	[SVM_PAGE_DEVICE_FULL] = "device-full",
	[SVM_PAGE_NO_MEMORY] = "no-memory",
	[SVM_PAGE_BUSY] = "busy",
	[SVM_PAGE_POISONED] = "poisoned",
	[SVM_PAGE_OVER_QUOTA] = "over-quota",
	[SVM_PAGE_KEPT] = "kept",
	[SVM_PAGE_INDIFFERENT] = "indifferent",
};
_Static_assert(sizeof(status_names) / sizeof(status_names[0]) ==
		       SVM_PAGE_STATUS_NR,
	       "each status has a name");

static const char *const place_names[] = {
	[SVM_PLACE_NONE] = "none",
	[SVM_PLACE_SYSTEM] = "system",
	[SVM_PLACE_DEVICE] = "device",
	[SVM_PLACE_OTHER_DEVICE] = "other-device",
	[SVM_PLACE_ZERO] = "zero",
	[SVM_PLACE_SWAP] = "swap",
	[SVM_PLACE_MOVING] = "moving",
	[SVM_PLACE_UNMAPPED] = "unmapped",
	[SVM_PLACE_SPECIAL] = "special",
	[SVM_PLACE_POISONED] = "poisoned",
};

static const char *const event_names[] = {
	[SVM_EVENT_MIGRATED] = "migrated",
	[SVM_EVENT_REFUSED] = "refused",
	[SVM_EVENT_EXCLUSIVE_ENDED] = "exclusive-ended",
	[SVM_EVENT_UNMAPPED] = "unmapped",
};

static const char *const cause_names[] = {
	[SVM_CAUSE_CALL] = "call",	 [SVM_CAUSE_CPU] = "cpu",
	[SVM_CAUSE_EVICT] = "evict",	 [SVM_CAUSE_UNPLUG] = "unplug",
	[SVM_CAUSE_FORK] = "fork",	 [SVM_CAUSE_PROTECT] = "protect",
	[SVM_CAUSE_MIGRATE] = "migrate", [SVM_CAUSE_UNMAP] = "unmap",
	[SVM_CAUSE_OTHER] = "other",
};

static const char *lookup(const char *const *names, size_t nr, unsigned int i)
{
	return i < nr && names[i] ? names[i] : "unknown";
}

SVM_PUBLIC const char *svm_status_name(unsigned int status)
{
	return lookup(status_names,
		      sizeof(status_names) / sizeof(status_names[0]), status);
}

SVM_PUBLIC const char *svm_place_name(unsigned int place)
{
	return lookup(place_names, sizeof(place_names) / sizeof(place_names[0]),
		      place);
}

SVM_PUBLIC const char *svm_event_name(unsigned int type)
{
	return lookup(event_names, sizeof(event_names) / sizeof(event_names[0]),
		      type);
}

SVM_PUBLIC const char *svm_cause_name(unsigned int cause)
{
	return lookup(cause_names, sizeof(cause_names) / sizeof(cause_names[0]),
		      cause);
}
