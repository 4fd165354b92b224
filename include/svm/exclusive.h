/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device-exclusive access: pages that a device has to itself, until a CPU
 * touches them or, for a bounded time, although a CPU wants to.
 *
 * A device needs it for atomics on memory that CPUs work on as well; those of
 * <svm/access.h> take it by themselves. There must be a device that can.
 * Conventions are those of <svm/svm.h>; ranges are widened to whole pages.
 */
#ifndef SVM_EXCLUSIVE_H
#define SVM_EXCLUSIVE_H

#include <svm/svm.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct svm_exclusive_opts - how to acquire
 * @size: sizeof(struct svm_exclusive_opts).
 * @flags: must be 0.
 * @hold_ms: keep CPUs waiting for so long, up to SVM_EXCLUSIVE_MAX_HOLD_MS,
 *	unless it is released before; 0 for not at all: then the first CPU that
 *	touches a page ends it.
 * @reserved: must be 0.
 * @status: array with an enum svm_exclusive_status for each page of the widened
 *	range, or NULL.
 * @status_count: entries in @status, 0 without it.
 */
struct svm_exclusive_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t hold_ms;
	uint32_t reserved;
	uint8_t *status;
	size_t status_count;
};
#define SVM_EXCLUSIVE_OPTS_INIT \
	{ sizeof(struct svm_exclusive_opts), 0, 0, 0, NULL, 0 }

/**
 * svm_exclusive_acquire() - give a device pages for itself
 * @svm: the handle.
 * @id: the N of svmN, the device.
 * @addr: where the range begins.
 * @length: bytes.
 * @opts: how, or NULL.
 *
 * Memory on a device comes to system memory first. A page that can't be had (not
 * private anonymous memory, not mapped, not writable, locked by somebody for
 * long) is left as it is, which its status tells. Without a hold any length will
 * do; an error in the middle leaves the pages before exclusive, until they are
 * touched.
 *
 * Returns how many pages are exclusive, -ENODEV if there is no such device,
 * -EOPNOTSUPP if it can't, -EINVAL for a bad option or a range that wraps,
 * -EMSGSIZE if @opts->status is too short or more than SVM_EXCLUSIVE_MAX_PAGES
 * shall be held, -EBUSY if so many are held already, -EXDEV in a forked child,
 * -ESRCH if the other process is gone, -ENOMEM, -EINTR for a fatal signal, in the
 * first call of a process for any: ask again.
 */
ssize_t svm_exclusive_acquire(struct svm *svm, uint32_t id, void *addr,
			      size_t length,
			      const struct svm_exclusive_opts *opts);

/**
 * svm_exclusive_release() - end it and give the pages back
 * @svm: the handle.
 * @id: the N of svmN, the device.
 * @addr: where the range begins.
 * @length: bytes; any number.
 *
 * A hold ends whole, also where it goes beyond the range; its pages outside of
 * the range are exclusive until a CPU touches them.
 *
 * Returns how many pages were given back, or an error of
 * svm_exclusive_acquire().
 */
ssize_t svm_exclusive_release(struct svm *svm, uint32_t id, void *addr,
			      size_t length);

/**
 * svm_exclusive_query() - which pages a device has for itself
 * @svm: the handle.
 * @id: the N of svmN, the device.
 * @addr: where the range begins.
 * @length: bytes; any number.
 * @status: array with an enum svm_exclusive_status for each page of the widened
 *	range, or NULL.
 * @count: entries in @status, 0 without it.
 *
 * Of this handle: what others have exclusively, svm_residency() tells.
 *
 * Returns how many pages are exclusive, held or not, or an error of
 * svm_exclusive_acquire().
 */
ssize_t svm_exclusive_query(struct svm *svm, uint32_t id, const void *addr,
			    size_t length, uint8_t *status, size_t count);

#ifdef __cplusplus
}
#endif

#endif /* SVM_EXCLUSIVE_H */
