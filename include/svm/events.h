/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events: what happens to the memory of a handle, on one of its devices, as it
 * happens: migrations and what caused them, refusals, the end of exclusive
 * access, mirrored memory that was unmapped.
 *
 * Conventions are those of <svm/svm.h>. One stream may be read by many threads:
 * each event goes to one of them.
 */
#ifndef SVM_EVENTS_H
#define SVM_EVENTS_H

#include <svm/svm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct svm_events;

/* The bit of an event type in &svm_events_opts.mask, as SVM_EVENT_MIGRATED. */
#define SVM_EVENT_BIT(type) (UINT32_C(1) << (type))

/**
 * struct svm_events_opts - which events, and how many
 * @size: sizeof(struct svm_events_opts).
 * @flags: must be 0.
 * @mask: SVM_EVENT_BIT() of each enum svm_event_type that is wanted; 0 for all.
 * @entries: how many to keep until they are read, a power of two up to
 *	SVM_EVENTS_MAX; 0 for 1024.
 */
struct svm_events_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t mask;
	uint32_t entries;
};
#define SVM_EVENTS_OPTS_INIT { sizeof(struct svm_events_opts), 0, 0, 0 }

/**
 * svm_events_open() - begin to keep events
 * @out: the stream, to be closed by svm_events_close() before the handle.
 * @svm: the handle.
 * @id: the N of svmN, one of its devices.
 * @opts: which, or NULL for all.
 *
 * A device of a handle has one stream at a time.
 *
 * Returns 0, -ENODEV if there is no such device, -EOPNOTSUPP if it tells none,
 * -EBUSY if there is a stream already, -EINVAL, -EXDEV in a forked child,
 * -ENOMEM, -EINTR for a fatal signal.
 */
int svm_events_open(struct svm_events **out, struct svm *svm, uint32_t id,
		    const struct svm_events_opts *opts);

/**
 * svm_events_close() - stop keeping events, and forget those that were kept
 * @events: the stream, or NULL.
 *
 * Returns NULL, for `events = svm_events_close(events);`.
 */
struct svm_events *svm_events_close(struct svm_events *events);

/**
 * svm_events_fd() - a descriptor to wait at
 * @events: the stream.
 *
 * For poll(2) and its like only: it is readable when there is an event. It
 * belongs to the handle.
 *
 * Returns the descriptor, or -EINVAL without a stream.
 */
int svm_events_fd(const struct svm_events *events);

/**
 * svm_events_next() - take the events that came next
 * @events: the stream.
 * @list: where to put them.
 * @max: room there; not 0.
 * @timeout_ms: how long to wait for the first one, in milliseconds; 0 for not at
 *	all, negative for ever.
 *
 * Works after the process that the handle acts on has exited.
 *
 * Returns how many there are, 0 if none came in time, -EINTR if a signal came
 * first, -EINVAL, -EFAULT, -EXDEV in a forked child.
 */
ssize_t svm_events_next(struct svm_events *events, struct svm_event *list,
			size_t max, int timeout_ms);

/**
 * svm_events_count() - how many events there were since the stream was opened
 * @events: the stream.
 * @total: those that were wanted, lost ones included; may be NULL.
 * @dropped: of these, how many were lost because nobody took them in time; may
 *	be NULL.
 *
 * Returns 0, -ENODEV if the device is gone, -EINVAL, -EXDEV in a forked child.
 */
int svm_events_count(struct svm_events *events, uint64_t *total,
		     uint64_t *dropped);

/**
 * svm_event_name() - the name of a type of event, for reports
 * @type: enum svm_event_type.
 *
 * Returns a constant string such as "migrated", or "unknown"; never NULL.
 */
const char *svm_event_name(unsigned int type);

/**
 * svm_cause_name() - the name of a cause, for reports
 * @cause: enum svm_event_cause.
 *
 * Returns a constant string such as "fork", or "unknown"; never NULL.
 */
const char *svm_cause_name(unsigned int cause);

#ifdef __cplusplus
}
#endif

#endif /* SVM_EVENTS_H */
