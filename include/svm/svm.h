/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsvm: one address space over the NUMA nodes and the device memory of a
 * host.
 *
 * A process keeps its plain pointers; its pages move. Any private anonymous
 * memory will do: malloc(), mmap(), stacks, or svm_alloc(). Ranges need not be
 * page aligned: they are widened to whole pages, so neighbours in the same page
 * move with them, which is harmless.
 *
 * Conventions:
 *  - Functions return 0 or a positive count, or a negative errno value. The
 *    library never prints, never exits and keeps no global state.
 *  - Outputs are set on success only. Pointers to outputs may be NULL where the
 *    comment says so.
 *  - Handles are opaque. One handle may be used by many threads at the same
 *    time; closing it is for one thread, when no other uses it any more.
 *  - Structs begin with their own size; set it with the SVM_*_INIT macro and
 *    they may grow without breaking callers. A flag, or a longer struct's
 *    non-zero tail, that the library does not know gives -EINVAL, and so does
 *    a size that no release had. Of a longer struct for an answer the tail is
 *    set to zero.
 *  - A page that can't move stays where it is with its content, and is counted
 *    by reason. That is no error.
 *  - Without the kernel module a handle has no devices, and moves memory
 *    between NUMA nodes all the same.
 *  - After fork() the child's use of the parent's handle gives -EXDEV: the
 *    child opens its own.
 *
 * The meaning of page states and places is in <linux/svm.h>.
 */
#ifndef SVM_SVM_H
#define SVM_SVM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/svm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct svm;

/* Opening and closing */

/**
 * struct svm_open_opts - how to open
 * @size: sizeof(struct svm_open_opts).
 * @flags: must be 0.
 * @device: open this one only, such as "svm0" or "/dev/svm0"; NULL for all that
 *	the caller may open.
 * @pid: the process whose memory the handle acts on; 0 for the caller itself.
 *	Another process hands over its contexts in @fds.
 * @nr_fds: number of entries in @fds; only with @pid.
 * @fds: contexts (open /dev/svmN) of process @pid, one for each device. The
 *	handle takes them over on success and closes them in svm_close(). May
 *	be NULL with @nr_fds 0: then there are no devices, and the kernel's
 *	rules for move_pages(2) on another process apply.
 */
struct svm_open_opts {
	uint32_t size;
	uint32_t flags;
	const char *device;
	pid_t pid;
	uint32_t nr_fds;
	const int *fds;
};
#define SVM_OPEN_OPTS_INIT { sizeof(struct svm_open_opts), 0, NULL, 0, 0, NULL }

/**
 * svm_open() - open the devices and bind them to an address space
 * @out: the new handle, to be closed by svm_close().
 * @opts: how, or NULL for the caller's own memory and all permitted devices.
 *
 * Having no device is no error unless one was named: see svm_device_count().
 * Devices that the caller may not open are left out.
 *
 * Returns 0, -ENODEV if the named device does not exist, -EACCES if it may not
 * be opened, -EBADF if an fd is no context, -ESRCH if there is no process @pid,
 * -EPROTO if the module speaks another version of the contract, -EMFILE,
 * -ENFILE, -ENOMEM, -EINVAL.
 */
int svm_open(struct svm **out, const struct svm_open_opts *opts);

/**
 * svm_close() - close a handle
 * @svm: the handle, or NULL.
 *
 * Memory stays where it is. Returns NULL, for `svm = svm_close(svm);`.
 */
struct svm *svm_close(struct svm *svm);

/* Devices */

/**
 * struct svm_device_info - what a device is
 * @size: sizeof(struct svm_device_info), set by the caller.
 * @type: enum svm_device_type.
 * @id: N of svmN: what &struct svm_place names.
 * @node: NUMA node next to it, or SVM_NODE_ANY.
 * @capabilities: mask of enum svm_capability.
 * @bytes_total: its memory.
 * @bytes_free: of that, free at the moment.
 * @page_orders: mask of folio orders.
 */
struct svm_device_info {
	uint32_t size;
	uint32_t type;
	uint32_t id;
	int32_t node;
	uint64_t capabilities;
	uint64_t bytes_total;
	uint64_t bytes_free;
	uint64_t page_orders;
};
#define SVM_DEVICE_INFO_INIT \
	{ sizeof(struct svm_device_info), 0, 0, 0, 0, 0, 0, 0 }

/**
 * svm_device_count() - number of devices that the handle has
 * @svm: the handle.
 *
 * Returns the number, 0 without the kernel module, -EINVAL without a handle.
 */
int svm_device_count(const struct svm *svm);

/**
 * svm_device_info() - ask about the handle's device number @index
 * @svm: the handle.
 * @index: from 0 to svm_device_count() - 1, in the order of ids.
 * @info: the answer; @info->size set by the caller.
 *
 * Returns 0, -ENOENT for an index beyond the last, -EINVAL for a bad size,
 * -ENODEV if the device is gone.
 */
int svm_device_info(struct svm *svm, unsigned int index,
		    struct svm_device_info *info);

/**
 * svm_device_create() - make a device of system memory (administrators)
 * @bytes: its size, a multiple of 2 MiB.
 * @node: where its memory comes from, or SVM_NODE_ANY.
 * @id: the N of the new svmN. Handles that are open already don't see it.
 *
 * Returns 0, -ENODEV without the module, -EPERM, -EACCES, -EINVAL, -ENOMEM,
 * -EOPNOTSUPP, -ENOSPC.
 */
int svm_device_create(uint64_t bytes, int node, uint32_t *id);

/**
 * svm_device_destroy() - bring every page home and remove a device
 * @id: the N of svmN.
 *
 * Returns 0, -ENOENT, -ENODEV without the module, -EPERM, -EACCES, -EBUSY,
 * -EINTR.
 */
int svm_device_destroy(uint32_t id);

/**
 * svm_evict() - free device memory by bringing pages home (administrators)
 * @svm: a handle that has the device.
 * @id: the N of svmN.
 * @bytes: how much to free, 0 for all.
 * @evicted: how much was freed; may be NULL.
 *
 * A part is taken from the processes that have most, the coldest pages first.
 *
 * Returns 0, -ENODEV if the handle has no such device, -EPERM.
 */
int svm_evict(struct svm *svm, uint32_t id, uint64_t bytes, uint64_t *evicted);

/**
 * struct svm_quota - how much of a device the handle's process may have
 * @size: sizeof(struct svm_quota), set by the caller.
 * @reserved: 0.
 * @bytes: it may have so much.
 * @bytes_used: it has so much.
 * @bytes_default: so much may who has no quota of its own.
 */
struct svm_quota {
	uint32_t size;
	uint32_t reserved;
	uint64_t bytes;
	uint64_t bytes_used;
	uint64_t bytes_default;
};
#define SVM_QUOTA_INIT { sizeof(struct svm_quota), 0, 0, 0, 0 }

/**
 * svm_get_quota() - how much of a device the process may have, and has
 * @svm: a handle that has the device.
 * @id: the N of svmN.
 * @quota: the answer; @quota->size set by the caller.
 *
 * All handles of a process share one quota on a device.
 *
 * Returns 0, -ENODEV if the handle has no such device, -EINVAL for a bad size,
 * -EOPNOTSUPP if the device has no memory on this kernel, -ENOTTY from a module
 * that knows no quotas, -EXDEV, -ESRCH.
 */
int svm_get_quota(struct svm *svm, uint32_t id, struct svm_quota *quota);

/**
 * svm_set_quota() - set how much of a device the process may have
 * @svm: a handle that has the device.
 * @id: the N of svmN.
 * @bytes: so much, rounded down to pages; or SVM_QUOTA_DEFAULT for what the
 *	administrator has set for the device. What is there stays there.
 *
 * Returns 0, -EPERM for more than the default without CAP_SYS_RESOURCE, or an
 * error of svm_get_quota().
 */
int svm_set_quota(struct svm *svm, uint32_t id, uint64_t bytes);

/* Moving */

/**
 * struct svm_place - where memory is, or shall go
 * @type: SVM_PLACE_SYSTEM or SVM_PLACE_DEVICE (enum svm_place_type).
 * @id: NUMA node or SVM_NODE_ANY; or the N of svmN.
 */
struct svm_place {
	uint32_t type;
	int32_t id;
};

/**
 * svm_on_device() - the place in device svmN's memory
 * @id: N.
 */
static inline struct svm_place svm_on_device(uint32_t id)
{
	struct svm_place place = { SVM_PLACE_DEVICE, (int32_t)id };

	return place;
}

/**
 * svm_on_node() - the place on a NUMA node
 * @node: its number, or SVM_NODE_ANY for wherever the memory policy says.
 */
static inline struct svm_place svm_on_node(int node)
{
	struct svm_place place = { SVM_PLACE_SYSTEM, node };

	return place;
}

/**
 * struct svm_range - a piece of the address space
 * @addr: where it begins; any alignment.
 * @length: bytes; 0 is a range without pages.
 */
struct svm_range {
	void *addr;
	size_t length;
};

/**
 * struct svm_migrate_opts - how to move
 * @size: sizeof(struct svm_migrate_opts).
 * @flags: mask of SVM_MIGRATE_RESIDENT_ONLY and, to a device,
 *	SVM_MIGRATE_EVICT; or 0.
 * @status: array with an enum svm_page_status for each page of the widened
 *	range, or NULL. With several ranges, one after the other.
 *	An error in the middle leaves it written up to there; zero it before to
 *	tell.
 * @status_count: entries in @status, 0 without it.
 */
struct svm_migrate_opts {
	uint32_t size;
	uint32_t flags;
	uint8_t *status;
	size_t status_count;
};
#define SVM_MIGRATE_OPTS_INIT { sizeof(struct svm_migrate_opts), 0, NULL, 0 }

/**
 * struct svm_result - what a move came to
 * @size: sizeof(struct svm_result), set by the caller (SVM_RESULT_INIT).
 * @reserved: 0.
 * @bytes_moved: bytes at the destination that were not there before.
 * @bytes_there: bytes at the destination now.
 * @bytes_left: the rest of the widened ranges: bytes that are elsewhere, or not
 *	there at all.
 * @pages: pages by enum svm_page_status; their sum is the number of pages of
 *	the widened ranges.
 * @bytes_evicted: with SVM_MIGRATE_EVICT, bytes that went home to make room.
 */
struct svm_result {
	uint32_t size;
	uint32_t reserved;
	uint64_t bytes_moved;
	uint64_t bytes_there;
	uint64_t bytes_left;
	uint64_t pages[SVM_PAGE_STATUS_MAX];
	uint64_t bytes_evicted;
};
#define SVM_RESULT_INIT { sizeof(struct svm_result), 0, 0, 0, 0, { 0 }, 0 }

/**
 * svm_migrate() - move a range
 * @svm: the handle.
 * @addr: where the range begins.
 * @length: bytes.
 * @to: where to.
 * @opts: how, or NULL.
 * @result: what came of it; may be NULL.
 *
 * Works through the whole range, however long. Memory of files, tmpfs and
 * hugetlbfs moves between NUMA nodes, not to devices. A move to svm_on_node()
 * is strict: what does not fit there stays.
 *
 * Without a device move_pages(2) does the work. It does not say why a page
 * stays: pinned pages, and anonymous ones that are shared with another process
 * since a fork(), count as SVM_PAGE_BUSY then.
 *
 * Returns 0 when the range was worked through, even if no page moved; -ENODEV
 * if there is no such device; -EINVAL for a place, node, size or flag that does
 * not exist or a range that wraps; -EFAULT if nothing is mapped there;
 * -EMSGSIZE if @opts->status is too short; -EXDEV in a forked child; -ESRCH if
 * the other process is gone; -EACCES for a node outside the cpuset; -EPERM if
 * the kernel refuses move_pages(2) to the caller; -EOPNOTSUPP if this kernel
 * can't; -EMFILE, -ENFILE or -ENOMEM for want of resources.
 */
int svm_migrate(struct svm *svm, void *addr, size_t length, struct svm_place to,
		const struct svm_migrate_opts *opts, struct svm_result *result);

/**
 * svm_migrate_ranges() - move several ranges to one place
 * @svm: the handle.
 * @ranges: the ranges.
 * @nr: how many.
 * @to: where to.
 * @opts: how, or NULL.
 * @result: the sum; may be NULL.
 *
 * As svm_migrate() for each. The first error ends it; ranges before it have
 * moved.
 */
int svm_migrate_ranges(struct svm *svm, const struct svm_range *ranges,
		       size_t nr, struct svm_place to,
		       const struct svm_migrate_opts *opts,
		       struct svm_result *result);

/**
 * svm_prefetch() - hint that a range will be used at a place
 * @svm: the handle.
 * @addr: where the range begins.
 * @length: bytes.
 * @to: where it will be used.
 * @result: what came of it; may be NULL.
 *
 * As svm_migrate(), but a hint: it touches only what is there already, and
 * where there is no such device, node or kernel support, or nothing is mapped,
 * it does nothing, counts the pages as left, and returns 0.
 *
 * Pages that it did not come to count as SVM_PAGE_NOT_REACHED.
 *
 * Returns 0, or -EINVAL for arguments that can't mean anything; -EXDEV; -ESRCH.
 */
int svm_prefetch(struct svm *svm, void *addr, size_t length,
		 struct svm_place to, struct svm_result *result);

/* Advice */

/**
 * struct svm_advise_opts - what to say about a range
 * @size: sizeof(struct svm_advise_opts).
 * @flags: must be 0.
 * @set: mask of enum svm_advice to give.
 * @clear: mask of enum svm_advice to take back; none that is in @set.
 * @place: with SVM_ADVICE_PREFER the place that is preferred, and with
 *	SVM_ADVICE_PIN the device on which to pin; else zeroed.
 */
struct svm_advise_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t set;
	uint32_t clear;
	struct svm_place place;
};
#define SVM_ADVISE_OPTS_INIT \
	{ sizeof(struct svm_advise_opts), 0, 0, 0, { 0, 0 } }

/**
 * svm_advise() - say where memory shall be, and who may move it
 * @svm: the handle.
 * @addr: where the range begins.
 * @length: bytes.
 * @opts: what to say.
 *
 * The kernel module keeps advice by range until the memory is unmapped, or the
 * handle is closed; what each kind means is in <linux/svm.h>. Nothing moves by
 * the call. A preferred place replaces the one before. Advice that nobody is
 * there to follow is dropped: without the module all of it, without the device
 * or its memory what needs that.
 *
 * Returns the mask of what of @set is in effect now, 0 or more; or -EINVAL,
 * also for a node without memory; -EFAULT if nothing is mapped; -EDQUOT for
 * more pinned memory than the administrator allows; -ENOSPC for too many
 * different ranges; -EPERM for taking back SVM_ADVICE_KEEP or SVM_ADVICE_PIN of
 * another process; -EACCES for a node that the cpuset does not allow; -EXDEV,
 * -ESRCH, -ENOMEM, -EINTR. After an error some of it may have been given.
 */
int svm_advise(struct svm *svm, const void *addr, size_t length,
	       const struct svm_advise_opts *opts);

/**
 * svm_settle() - move memory to where it prefers to be
 * @svm: the handle.
 * @addr: where the range begins.
 * @length: bytes.
 * @result: what came of it; may be NULL.
 *
 * Each page goes to the place that SVM_ADVICE_PREFER names for it. What is not
 * there yet is left alone, and what prefers no place counts as
 * SVM_PAGE_INDIFFERENT: without the module, all of it.
 *
 * Returns 0, -EINVAL, -EFAULT if nothing is mapped, -EXDEV, -ESRCH, -ENOMEM,
 * -EINTR.
 */
int svm_settle(struct svm *svm, void *addr, size_t length,
	       struct svm_result *result);

/**
 * struct svm_advised - memory with the same advice
 * @addr: first byte.
 * @length: bytes.
 * @advice: mask of enum svm_advice.
 * @device: the N of svmN through which it was given, and on which
 *	SVM_ADVICE_PIN pins.
 * @place: what SVM_ADVICE_PREFER prefers, else zeroed.
 */
struct svm_advised {
	void *addr;
	size_t length;
	uint32_t advice;
	uint32_t device;
	struct svm_place place;
};

/**
 * svm_advice() - which advice is in effect
 * @svm: the handle.
 * @addr: where the range begins.
 * @length: bytes.
 * @advised: array for the answer, device by device, each in ascending order; may
 *	be NULL with @count 0.
 * @count: entries in @advised.
 *
 * Advice that is not about one device appears once for each.
 *
 * Returns the number of entries that there are, which may be more than @count;
 * or -EINVAL, -EXDEV, -ESRCH, -ENOMEM.
 */
ssize_t svm_advice(struct svm *svm, const void *addr, size_t length,
		   struct svm_advised *advised, size_t count);

/* Asking */

/**
 * svm_residency() - where each page of a range is
 * @svm: the handle.
 * @addr: where the range begins.
 * @length: bytes.
 * @pages: array with an entry for each page of the widened range.
 * @count: entries in @pages.
 *
 * Faults nothing in. Without the module, move_pages(2) and procfs answer: flags
 * are 0 then, and device memory of other drivers shows as SVM_PLACE_SWAP, or as
 * SVM_PLACE_SPECIAL if the CPU can reach it.
 *
 * Returns the number of entries written, -EMSGSIZE if @count is too small,
 * -EINVAL, -EXDEV, -ESRCH; without the module also -EPERM if the kernel refuses
 * move_pages(2) to the caller, -EOPNOTSUPP, -EMFILE, -ENFILE, -ENOMEM.
 */
ssize_t svm_residency(struct svm *svm, const void *addr, size_t length,
		      struct svm_page *pages, size_t count);

/* Nodes and devices that a summary tells apart; those beyond share the last. */
#define SVM_SUMMARY_MAX 64

/**
 * struct svm_summary - how much of a range is where
 * @size: sizeof(struct svm_summary), set by the caller.
 * @reserved: 0.
 * @bytes: bytes by enum svm_place_type.
 * @bytes_on_node: of SVM_PLACE_SYSTEM, by node.
 * @bytes_on_device: of SVM_PLACE_DEVICE, by N of svmN.
 * @bytes_huge: bytes mapped by huge page table entries.
 */
struct svm_summary {
	uint32_t size;
	uint32_t reserved;
	uint64_t bytes[16];
	uint64_t bytes_on_node[SVM_SUMMARY_MAX];
	uint64_t bytes_on_device[SVM_SUMMARY_MAX];
	uint64_t bytes_huge;
};
#define SVM_SUMMARY_INIT \
	{ sizeof(struct svm_summary), 0, { 0 }, { 0 }, { 0 }, 0 }

/**
 * svm_summarize() - how much of a range is where
 * @svm: the handle.
 * @addr: where the range begins.
 * @length: bytes.
 * @summary: the answer; @summary->size set by the caller.
 *
 * Returns 0, or an error of svm_residency().
 */
int svm_summarize(struct svm *svm, const void *addr, size_t length,
		  struct svm_summary *summary);

/**
 * struct svm_stats - counters
 * @size: sizeof(struct svm_stats), set by the caller.
 * @reserved: 0.
 *
 * The others are as in &struct svm_ioctl_stats.
 */
struct svm_stats {
	uint32_t size;
	uint32_t reserved;
	uint64_t migrate_calls;
	uint64_t bytes_to_device;
	uint64_t bytes_populated;
	uint64_t bytes_to_system;
	uint64_t bytes_between_nodes;
	uint64_t faults;
	uint64_t bytes_faulted;
	uint64_t bytes_evicted;
	uint64_t refused[SVM_PAGE_STATUS_MAX];
	uint64_t faults_sequential;
	uint64_t faults_random;
	uint64_t bytes_ahead;
	uint64_t bytes_ahead_used;
	uint64_t bytes_accessed;
	uint64_t bytes_accessed_device;
	uint64_t exclusive_ended;
	uint64_t exclusive_contended;
};
/* clang-format off */
#define SVM_STATS_INIT \
	{ sizeof(struct svm_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0 }, 0, 0, 0, \
	  0, 0, 0, 0, 0 }
/* clang-format on */

/**
 * svm_get_stats() - read the counters of the handle
 * @svm: the handle.
 * @stats: the sum over the handle's contexts, and what it moved without the
 *	module; @stats->size set by the caller. Works after the process that the
 *	handle acts on has exited.
 *
 * Returns 0, -EINVAL for a bad size, -EXDEV.
 */
int svm_get_stats(struct svm *svm, struct svm_stats *stats);

/**
 * svm_get_device_stats() - read the counters of a device, whoever caused them
 * @svm: a handle that has the device.
 * @id: the N of svmN.
 * @stats: the answer; @stats->size set by the caller.
 *
 * Returns 0, -ENODEV, -EINVAL, -EXDEV.
 */
int svm_get_device_stats(struct svm *svm, uint32_t id, struct svm_stats *stats);

/**
 * svm_status_name() - the name of a page status, for reports
 * @status: enum svm_page_status.
 *
 * Returns a constant string such as "pinned", or "unknown"; never NULL.
 */
const char *svm_status_name(unsigned int status);

/**
 * svm_place_name() - the name of a place, for reports
 * @place: enum svm_place_type.
 *
 * Returns a constant string such as "system", or "unknown"; never NULL.
 */
const char *svm_place_name(unsigned int place);

/* Memory */

/**
 * svm_alloc() - allocate memory that moves well
 * @length: bytes, not 0.
 * @flags: must be 0.
 * @out: the memory: zeroed, aligned to and rounded up to 2 MiB so that huge
 *	pages can serve it; to be freed by svm_free() with the same length.
 *
 * Plain malloc'ed memory can be moved too; this only makes it faster.
 *
 * Returns 0, -ENOMEM, -EINVAL.
 */
int svm_alloc(size_t length, unsigned int flags, void **out);

/**
 * svm_free() - free what svm_alloc() gave
 * @addr: the memory, or NULL.
 * @length: the length given to svm_alloc().
 *
 * Returns 0, or -EINVAL.
 */
int svm_free(void *addr, size_t length);

#ifdef __cplusplus
}
#endif

#endif /* SVM_SVM_H */
