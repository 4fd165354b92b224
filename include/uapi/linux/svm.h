/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The ioctl contract of the svm module: shared virtual memory over NUMA nodes
 * and device memory.
 *
 * This is the one file that the kernel module and libsvm share.
 */
#ifndef _UAPI_LINUX_SVM_H
#define _UAPI_LINUX_SVM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: general ioctl format
 *
 * /dev/svmN is a device with memory of its own. Opening it makes a *context*:
 * that device, bound to the address space of the opener. The file descriptor is
 * the capability: whoever holds it may move the opener's memory, so it can be
 * passed to a helper (SCM_RIGHTS). /dev/svm-control creates and destroys
 * devices; it has no address space.
 *
 * Every ioctl takes one struct that begins with its own size in bytes, set by
 * the caller. A kernel that knows a longer struct takes the missing tail as
 * zero; a kernel that knows a shorter one wants the tail that it does not know
 * to be zero. The ioctl numbers do not carry the size, so structs may grow.
 * Outputs are written on success only.
 *
 * All addresses and lengths are in bytes, and multiples of the CPU page size.
 * Two calls on one context may run at the same time from different threads.
 *
 * Errors common to all ioctls, as a negative return value's errno:
 *
 *  - ENOTTY: no such ioctl on this kind of file.
 *  - E2BIG: the tail beyond what this kernel knows is not zero.
 *  - EINVAL: @size is smaller than the first published struct; an unknown or
 *    unfit value in a field; reserved fields or unknown flag bits not zero;
 *    address or length not page aligned, zero length, or a range that wraps or
 *    leaves the user address space.
 *  - EFAULT: a user pointer can't be read or written; or nothing at all is
 *    mapped in the address range.
 *  - EOPNOTSUPP: understood, but this device or this kernel can't do it (see
 *    &svm_ioctl_info.capabilities).
 *  - ENODEV: the device is gone (destroyed or unplugged).
 *  - EXDEV: the caller's address space is not the one that the context is bound
 *    to (after fork(), or an fd that was passed on) and %SVM_F_OWNER_MM is not
 *    set.
 *  - ESRCH: the address space of the context is gone: its process has exited or
 *    has called execve().
 *  - EMSGSIZE: the array that was passed is shorter than the range needs.
 *  - EPERM: the caller lacks the capability that the ioctl names.
 *  - EINTR: a fatal signal arrived before any work was done; or, where the first
 *    notifier of an address space is made (its first SVM_IOCTL_ACCESS,
 *    SVM_IOCTL_EXCLUSIVE or SVM_IOCTL_ADVISE), any signal: ask again.
 *  - ENOMEM: no kernel memory for the call itself. (Pages that could not move
 *    for want of memory are not an error of the call, they are counted.)
 */

/* Ioctl type; the block of numbers from 0x60 on is unused by the kernel here. */
#define SVM_TYPE ('s')

enum {
	SVM_CMD_INFO = 0x60,
	SVM_CMD_MIGRATE = 0x61,
	SVM_CMD_RESIDENCY = 0x62,
	SVM_CMD_EVICT = 0x63,
	SVM_CMD_STATS = 0x64,
	SVM_CMD_CREATE = 0x65,
	SVM_CMD_DESTROY = 0x66,
	SVM_CMD_ACCESS = 0x67,
	SVM_CMD_EXCLUSIVE = 0x68,
	SVM_CMD_EVENTS = 0x69,
	SVM_CMD_ADVISE = 0x6a,
	SVM_CMD_ADVICE = 0x6b,
	SVM_CMD_QUOTA = 0x6e,
	SVM_CMD_SUBMIT = 0x70,
	SVM_CMD_CANCEL = 0x71,
	SVM_CMD_REAP = 0x72,
};

/* The version of this contract: grows by one with each published change. */
#define SVM_UAPI_VERSION 6

/* No NUMA node in particular. */
#define SVM_NODE_ANY (-1)

/**
 * enum svm_call_flags - flags that several ioctls take
 * @SVM_F_OWNER_MM: act on the address space that the context is bound to,
 *	although the caller's own is a different one. Without it such a call is
 *	refused with EXDEV, so that a forked child does not move its parent's
 *	memory by mistake.
 */
enum svm_call_flags {
	SVM_F_OWNER_MM = 1 << 0,
};

/**
 * enum svm_device_type - where the bytes of a device are
 * @SVM_DEVICE_NONE: not a device (info on /dev/svm-control says this).
 * @SVM_DEVICE_RAM: system memory that was set aside, for development and tests.
 *	The CPU can't address it while it serves as device memory.
 * @SVM_DEVICE_DMA: a PCI function that masters the bus, such as QEMU's edu. It has
 *	no memory for pages; what it does with an address space's memory it does
 *	by DMA. It comes and goes with its driver in /sys/bus/pci.
 * @SVM_DEVICE_COHERENT: memory that the CPU addresses as well, in ranges that were
 *	named when the module was loaded (parameter coherent). What has moved
 *	there stays mapped: the CPU works on it in place, and no touch brings it
 *	home.
 */
enum svm_device_type {
	SVM_DEVICE_NONE = 0,
	SVM_DEVICE_RAM = 1,
	SVM_DEVICE_DMA = 2,
	SVM_DEVICE_COHERENT = 3,
};

/**
 * enum svm_capability - bits of &svm_ioctl_info.capabilities
 * @SVM_CAP_TO_DEVICE: pages can move to device memory (needs a kernel with
 *	CONFIG_DEVICE_PRIVATE).
 * @SVM_CAP_TO_SYSTEM: pages can move to system memory, and between its nodes.
 * @SVM_CAP_RESIDENCY: SVM_IOCTL_RESIDENCY works.
 * @SVM_CAP_CREATE: devices can be created and destroyed at run time
 *	(%SVM_IOCTL_CREATE).
 * @SVM_CAP_ACCESS: the device can read, write and do atomics on virtual
 *	addresses (%SVM_IOCTL_ACCESS).
 * @SVM_CAP_EXCLUSIVE: device-exclusive access (%SVM_IOCTL_EXCLUSIVE).
 * @SVM_CAP_EVENTS: a context tells what happens to its memory
 *	(%SVM_IOCTL_EVENTS).
 * @SVM_CAP_ADVISE: advice can be given for ranges of memory
 *	(%SVM_IOCTL_ADVISE).
 * @SVM_CAP_ASYNC: migrations can go on in the background (%SVM_IOCTL_SUBMIT).
 * @SVM_CAP_DMA: the device masters the bus: SVM_IOCTL_ACCESS works by its own DMA.
 *	It can read, write, fill and copy, but does no atomics, and what is in
 *	the memory of other devices comes home for it.
 * @SVM_CAP_URING: ioctls can be submitted by io_uring, see struct svm_uring_cmd.
 */
enum svm_capability {
	SVM_CAP_TO_DEVICE = 1 << 0,
	SVM_CAP_TO_SYSTEM = 1 << 1,
	SVM_CAP_RESIDENCY = 1 << 2,
	SVM_CAP_CREATE = 1 << 3,
	SVM_CAP_ACCESS = 1 << 4,
	SVM_CAP_EXCLUSIVE = 1 << 5,
	SVM_CAP_EVENTS = 1 << 6,
	SVM_CAP_ADVISE = 1 << 7,
	SVM_CAP_ASYNC = 1 << 8,
	SVM_CAP_DMA = 1 << 9,
	SVM_CAP_URING = 1 << 10,
};

/**
 * struct svm_ioctl_info - ioctl(SVM_IOCTL_INFO), on /dev/svmN and svm-control
 * @size: sizeof(struct svm_ioctl_info).
 * @flags: must be 0.
 * @uapi_version: out: %SVM_UAPI_VERSION of the module.
 * @type: out: &enum svm_device_type.
 * @id: out: the N of svmN; 0xffffffff on svm-control.
 * @node: out: NUMA node next to the device, or %SVM_NODE_ANY.
 * @capabilities: out: mask of &enum svm_capability, of this device on this
 *	kernel; on svm-control, of the module on this kernel.
 * @bytes_total: out: device memory, in bytes; 0 where the kernel has no device
 *	private memory.
 * @bytes_free: out: of these, not in use at the moment.
 * @page_orders: out: mask of the folio orders in which memory is placed on the
 *	device: bit 0 for single pages, bit 9 for 2 MiB on x86-64.
 * @max_call_bytes: out: the most address space that one SVM_IOCTL_MIGRATE or
 *	SVM_IOCTL_RESIDENCY call works through before it returns with @next short
 *	of the end.
 *
 * Errors: the common ones.
 */
struct svm_ioctl_info {
	__u32 size;
	__u32 flags;
	__u32 uapi_version;
	__u32 type;
	__u32 id;
	__s32 node;
	__aligned_u64 capabilities;
	__aligned_u64 bytes_total;
	__aligned_u64 bytes_free;
	__aligned_u64 page_orders;
	__aligned_u64 max_call_bytes;
};

#define SVM_IOCTL_INFO _IO(SVM_TYPE, SVM_CMD_INFO)

/**
 * enum svm_page_status - what became of a page in a migrate call
 * @SVM_PAGE_NOT_REACHED: the call ended before it came to this page.
 * @SVM_PAGE_MOVED: it is at the destination now.
 * @SVM_PAGE_ALREADY: it was at the destination before the call.
 * @SVM_PAGE_HOLE: nothing is there yet and the call does not populate it.
 * @SVM_PAGE_UNMAPPED: the address belongs to no mapping.
 * @SVM_PAGE_PINNED: something besides page tables holds the page: DMA,
 *	get_user_pages(), vmsplice(), a long-term RDMA registration.
 * @SVM_PAGE_FILE: a page of a file; only private anonymous memory moves.
 * @SVM_PAGE_SHMEM: shared anonymous memory, tmpfs, memfd or System V.
 * @SVM_PAGE_HUGETLB: memory from hugetlbfs.
 * @SVM_PAGE_SPECIAL: a mapping of a driver, DAX, vDSO or the like.
 * @SVM_PAGE_KSM: merged with equal pages of others by KSM.
 * @SVM_PAGE_SWAPPED: swapped out, or in the swap cache with the swap copy still
 *	in use.
 * @SVM_PAGE_OTHER_DEVICE: in the memory of a device of another driver.
 * @SVM_PAGE_DEVICE_FULL: no free page on the destination device.
 * @SVM_PAGE_NO_MEMORY: no system memory on the chosen node, or the memory
 *	cgroup's limit was reached.
 * @SVM_PAGE_BUSY: it changed hands during the call, or somebody else had it
 *	locked: worth another try.
 * @SVM_PAGE_POISONED: the hardware reported it broken, or it was found so when
 *	it was copied.
 * @SVM_PAGE_OVER_QUOTA: the address space has as much on the destination device
 *	as its quota allows, see %SVM_IOCTL_QUOTA.
 * @SVM_PAGE_KEPT: its owner's advice keeps it from being moved by other
 *	processes (%SVM_ADVICE_KEEP, %SVM_ADVICE_PIN).
 * @SVM_PAGE_INDIFFERENT: it prefers no place, where %SVM_DEST_PREFERRED was asked
 *	for.
 * @SVM_PAGE_STATUS_NR: number of values so far.
 */
enum svm_page_status {
	SVM_PAGE_NOT_REACHED = 0,
	SVM_PAGE_MOVED = 1,
	SVM_PAGE_ALREADY = 2,
	SVM_PAGE_HOLE = 3,
	SVM_PAGE_UNMAPPED = 4,
	SVM_PAGE_PINNED = 5,
	SVM_PAGE_FILE = 6,
	SVM_PAGE_SHMEM = 7,
	SVM_PAGE_HUGETLB = 8,
	SVM_PAGE_SPECIAL = 9,
	SVM_PAGE_KSM = 10,
	SVM_PAGE_SWAPPED = 11,
	SVM_PAGE_OTHER_DEVICE = 12,
	SVM_PAGE_DEVICE_FULL = 13,
	SVM_PAGE_NO_MEMORY = 14,
	SVM_PAGE_BUSY = 15,
	SVM_PAGE_POISONED = 16,
	SVM_PAGE_OVER_QUOTA = 17,
	SVM_PAGE_KEPT = 18,
	SVM_PAGE_INDIFFERENT = 19,
	SVM_PAGE_STATUS_NR,
};

/* Room for counters by status: SVM_PAGE_STATUS_NR may grow up to this. */
#define SVM_PAGE_STATUS_MAX 32

/**
 * enum svm_migrate_dest - where pages shall go
 * @SVM_DEST_DEVICE: to the memory of the context's device.
 * @SVM_DEST_SYSTEM: to system memory, on &svm_ioctl_migrate.node.
 * @SVM_DEST_PREFERRED: each page to the place that this context's advice names for
 *	it, see %SVM_ADVICE_PREFER.
 */
enum svm_migrate_dest {
	SVM_DEST_DEVICE = 1,
	SVM_DEST_SYSTEM = 2,
	SVM_DEST_PREFERRED = 3,
};

/**
 * enum svm_migrate_flags - flags of SVM_IOCTL_MIGRATE, besides %SVM_F_OWNER_MM
 * @SVM_MIGRATE_RESIDENT_ONLY: leave alone what is not there yet. Without it, a
 *	move to the device also creates zeroed device pages for holes of
 *	accessible private anonymous mappings and for zero pages.
 * @SVM_MIGRATE_EVICT: where the device is full, or the quota used up, make room:
 *	bring home what the address space itself has on the device and used
 *	longest ago, but nothing of the range. Only for %SVM_DEST_DEVICE.
 */
enum svm_migrate_flags {
	SVM_MIGRATE_RESIDENT_ONLY = 1 << 8,
	SVM_MIGRATE_EVICT = 1 << 9,
};

/**
 * struct svm_ioctl_migrate - ioctl(SVM_IOCTL_MIGRATE) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_migrate).
 * @flags: mask of %SVM_F_OWNER_MM and &enum svm_migrate_flags.
 * @addr: first byte of the range; page aligned.
 * @length: bytes; page aligned, not 0. The range may span mappings and gaps.
 * @dest: &enum svm_migrate_dest.
 * @node: for %SVM_DEST_SYSTEM: the NUMA node, and no other, or %SVM_NODE_ANY:
 *	then pages in device memory go where the mapping's memory policy says,
 *	and pages in system memory count as there already. Must be
 *	%SVM_NODE_ANY for the others.
 * @status: pointer to an array of __u8, one &enum svm_page_status for each page
 *	of the range, or 0. Written for the pages from @addr up to @next, and
 *	not beyond.
 * @status_count: entries in the array; at least @length divided by the page
 *	size (else EMSGSIZE), 0 if @status is 0.
 * @next: out: the first address that was not worked on. Less than @addr plus
 *	@length when the call's share of work was done, or a fatal signal
 *	arrived: call again from there for the rest.
 * @bytes_moved: out: bytes that are at the destination and were not before.
 * @pages: out: number of pages for each &enum svm_page_status; their sum is
 *	the number of pages from @addr up to @next.
 * @bytes_evicted: out: with %SVM_MIGRATE_EVICT, bytes that were brought home to
 *	make room.
 *
 * A page that can't move stays where it is, with its content, and is counted by
 * reason; that is no error. Huge pages that lie in the range whole move as huge
 * pages where &svm_ioctl_info.page_orders says so and both sides have 2 MiB in
 * one piece; else they are split on the way. So are 2 MiB that were empty, unless
 * the mapping does not want huge pages (MADV_NOHUGEPAGE, PR_SET_THP_DISABLE).
 *
 * With %SVM_MIGRATE_EVICT pages go home in the order in which they came to the
 * device, but those that the device has worked on since, or since they were
 * passed over before, are passed over once. Pages of the range from @addr on
 * stay, as far as one call reaches. Memory of other address spaces stays, and
 * %SVM_PAGE_DEVICE_FULL or %SVM_PAGE_OVER_QUOTA is for what there was no room for
 * even so. Advice holds as for SVM_IOCTL_EVICT. Making room may bring more home
 * than was wanted, since huge pages go whole and pages that are in use for a
 * moment stay a moment longer.
 *
 * Errors, besides the common ones: EINVAL for a node that has no memory;
 * EACCES for a node that the caller's cpuset does not allow; EOPNOTSUPP for
 * %SVM_DEST_DEVICE without %SVM_CAP_TO_DEVICE. If an error is found after some
 * pages have moved, the call succeeds with @next there, and the next call
 * returns the error.
 */
struct svm_ioctl_migrate {
	__u32 size;
	__u32 flags;
	__aligned_u64 addr;
	__aligned_u64 length;
	__u32 dest;
	__s32 node;
	__aligned_u64 status;
	__aligned_u64 status_count;
	__aligned_u64 next;
	__aligned_u64 bytes_moved;
	__aligned_u64 pages[SVM_PAGE_STATUS_MAX];
	__aligned_u64 bytes_evicted;
};

#define SVM_IOCTL_MIGRATE _IO(SVM_TYPE, SVM_CMD_MIGRATE)

/**
 * enum svm_place_type - where a page is
 * @SVM_PLACE_NONE: nowhere: nothing was written there yet.
 * @SVM_PLACE_SYSTEM: in system memory; &svm_page.id is the NUMA node.
 * @SVM_PLACE_DEVICE: on one of our devices; id is the N of svmN, and
 *	&svm_page.offset tells where in its memory.
 * @SVM_PLACE_OTHER_DEVICE: in the memory of a device of another driver, such as
 *	an NVDIMM's by DAX.
 * @SVM_PLACE_ZERO: the kernel's shared page of zeroes is mapped.
 * @SVM_PLACE_SWAP: swapped out.
 * @SVM_PLACE_MOVING: on its way from one place to another at this moment.
 * @SVM_PLACE_UNMAPPED: the address belongs to no mapping.
 * @SVM_PLACE_POISONED: the hardware reported the page broken.
 * @SVM_PLACE_SPECIAL: something without a place in memory that could be named:
 *	a driver's mapping without pages, a guard or poison marker.
 */
enum svm_place_type {
	SVM_PLACE_NONE = 0,
	SVM_PLACE_SYSTEM = 1,
	SVM_PLACE_DEVICE = 2,
	SVM_PLACE_OTHER_DEVICE = 3,
	SVM_PLACE_ZERO = 4,
	SVM_PLACE_SWAP = 5,
	SVM_PLACE_MOVING = 6,
	SVM_PLACE_UNMAPPED = 7,
	SVM_PLACE_SPECIAL = 8,
	SVM_PLACE_POISONED = 9,
};

/**
 * enum svm_page_flags - bits of &svm_page.flags
 * @SVM_PAGE_F_HUGE: mapped by a huge page table entry.
 * @SVM_PAGE_F_READ: the page table entry allows reading. (A place that the CPU
 *	can't reach, such as device memory, has the permission that the CPU will
 *	have when the page is back.)
 * @SVM_PAGE_F_WRITE: the page table entry allows writing now; a page that will
 *	be copied on the next write (after fork) does not have it.
 * @SVM_PAGE_F_EXCLUSIVE: a device has exclusive access.
 */
enum svm_page_flags {
	SVM_PAGE_F_HUGE = 1 << 0,
	SVM_PAGE_F_READ = 1 << 1,
	SVM_PAGE_F_WRITE = 1 << 2,
	SVM_PAGE_F_EXCLUSIVE = 1 << 3,
};

/**
 * struct svm_page - one page of a residency answer
 * @place: &enum svm_place_type.
 * @flags: mask of &enum svm_page_flags.
 * @id: NUMA node or device number, as @place says; else 0.
 * @offset: for %SVM_PLACE_DEVICE, where in the device's memory, in pages from
 *	its beginning; else 0.
 */
struct svm_page {
	__u8 place;
	__u8 flags;
	__u16 id;
	__u32 offset;
};

/**
 * struct svm_ioctl_residency - ioctl(SVM_IOCTL_RESIDENCY) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_residency).
 * @flags: %SVM_F_OWNER_MM or 0.
 * @addr: first byte of the range; page aligned.
 * @length: bytes; page aligned, not 0.
 * @pages: pointer to an array of &struct svm_page, one for each page of the
 *	range.
 * @count: entries in the array; at least @length divided by the page size
 *	(else EMSGSIZE).
 * @next: out: the first address that was not looked at, as for migrate.
 *
 * Nothing is faulted in, moved or marked as used. Under concurrent change, each
 * page is reported where it was at some moment of the call. A range without any
 * mapping is no error here: every page answers %SVM_PLACE_UNMAPPED.
 *
 * Errors: the common ones, but for the unmapped range.
 */
struct svm_ioctl_residency {
	__u32 size;
	__u32 flags;
	__aligned_u64 addr;
	__aligned_u64 length;
	__aligned_u64 pages;
	__aligned_u64 count;
	__aligned_u64 next;
};

#define SVM_IOCTL_RESIDENCY _IO(SVM_TYPE, SVM_CMD_RESIDENCY)

/**
 * struct svm_ioctl_evict - ioctl(SVM_IOCTL_EVICT) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_evict).
 * @flags: must be 0.
 * @bytes: how much of the device to free, rounded up to pages; 0 for all. A huge
 *	page goes whole, so it may be up to a huge page more.
 * @bytes_evicted: out: how many bytes went back to system memory. Less than
 *	asked when the device held less, or when pages were in use for a moment
 *	and could not be had.
 * @pages: out: pages that it came to, for each &enum svm_page_status: moved,
 *	or why they stayed. One that stayed may count more than once.
 *
 * Moves pages home whoever they belong to: from those address spaces that have
 * most, and so that afterwards none of them has more than any other from which
 * something was taken; from each what it used longest ago, as with
 * %SVM_MIGRATE_EVICT. Needs CAP_SYS_ADMIN.
 * With a number of bytes, pages that are pinned by advice stay, and pages that
 * shall be kept go only when there are no others, see &enum svm_advice; all means
 * all.
 *
 * Errors: the common ones.
 */
struct svm_ioctl_evict {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	__aligned_u64 bytes_evicted;
	__aligned_u64 pages[SVM_PAGE_STATUS_MAX];
};

#define SVM_IOCTL_EVICT _IO(SVM_TYPE, SVM_CMD_EVICT)

/**
 * enum svm_stats_scope - whose counters
 * @SVM_STATS_CONTEXT: of this context: its calls, and the CPU faults of the
 *	address space that it is bound to on its device since it was opened.
 * @SVM_STATS_DEVICE: of the device since it was created.
 */
enum svm_stats_scope {
	SVM_STATS_CONTEXT = 1,
	SVM_STATS_DEVICE = 2,
};

/**
 * struct svm_ioctl_stats - ioctl(SVM_IOCTL_STATS) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_stats).
 * @flags: must be 0.
 * @scope: &enum svm_stats_scope.
 * @reserved: must be 0.
 * @migrate_calls: out: migrate calls that returned success, and jobs that
 *	ended.
 * @bytes_to_device: out: bytes moved to the device by calls, without
 *	@bytes_populated.
 * @bytes_populated: out: bytes created zeroed on the device.
 * @bytes_to_system: out: bytes moved from the device, any of ours, to system
 *	memory by calls.
 * @bytes_between_nodes: out: bytes moved from one NUMA node to another.
 * @faults: out: CPU faults on device pages.
 * @bytes_faulted: out: bytes that came home by them, those around the fault
 *	included.
 * @bytes_evicted: out: bytes that came home by SVM_IOCTL_EVICT, by
 *	%SVM_MIGRATE_EVICT, by destruction of the device or unloading of the
 *	module; for a context, those by %SVM_MIGRATE_EVICT of its own calls.
 * @refused: out: number of pages for each &enum svm_page_status that calls left
 *	where they were; the entries for moved and already there stay 0.
 * @faults_sequential: out: of @faults, those where the touch was expected, since
 *	it went on where an earlier one had ended. Each brings twice as much as
 *	the one before it, from 64 KiB up to 2 MiB.
 * @faults_random: out: of @faults, those on a page where none was expected: it
 *	came alone. Neither of the two are faults on huge pages, which come whole,
 *	nor those on memory with %SVM_ADVICE_READ_MOSTLY.
 * @bytes_ahead: out: of @bytes_faulted, what came with pages that were touched,
 *	and had not been touched itself.
 * @bytes_ahead_used: out: of @bytes_ahead, what was certainly not in vain: the
 *	touches have come to its end and gone on behind it. Of the rest it can't be
 *	told, since touching memory that is at home is no fault.
 * @bytes_accessed: out: bytes that the device read and wrote in place by
 *	operations of %SVM_IOCTL_ACCESS that were done: a copy counts for both
 *	its sides, an atomic for its width.
 * @bytes_accessed_device: out: of @bytes_accessed, what was in the memory of a
 *	device, this one or another of ours, and not in that of a node.
 * @exclusive_ended: out: pages to which exclusive access ended by something else
 *	than %SVM_EXCLUSIVE_RELEASE, see &enum svm_event_cause. That a hold is
 *	over ends nothing, nor does the last close.
 * @exclusive_contended: out: how often somebody was in the way when the device
 *	wanted a page for itself, by %SVM_EXCLUSIVE_ACQUIRE or an atomic: had it
 *	locked, as another context does that holds it, or changed its mapping
 *	meanwhile. Then the device waited, tried again, or did without the page
 *	or the hold. What another context has and does not hold is simply taken:
 *	that is in @exclusive_ended of the other.
 *
 * The counters only grow. Works on a context whose process has exited, so that
 * a supervisor can read the last figures.
 *
 * Errors: the common ones, but EXDEV and ESRCH.
 */
struct svm_ioctl_stats {
	__u32 size;
	__u32 flags;
	__u32 scope;
	__u32 reserved;
	__aligned_u64 migrate_calls;
	__aligned_u64 bytes_to_device;
	__aligned_u64 bytes_populated;
	__aligned_u64 bytes_to_system;
	__aligned_u64 bytes_between_nodes;
	__aligned_u64 faults;
	__aligned_u64 bytes_faulted;
	__aligned_u64 bytes_evicted;
	__aligned_u64 refused[SVM_PAGE_STATUS_MAX];
	__aligned_u64 faults_sequential;
	__aligned_u64 faults_random;
	__aligned_u64 bytes_ahead;
	__aligned_u64 bytes_ahead_used;
	__aligned_u64 bytes_accessed;
	__aligned_u64 bytes_accessed_device;
	__aligned_u64 exclusive_ended;
	__aligned_u64 exclusive_contended;
};

#define SVM_IOCTL_STATS _IO(SVM_TYPE, SVM_CMD_STATS)

/**
 * struct svm_ioctl_create - ioctl(SVM_IOCTL_CREATE) on /dev/svm-control
 * @size: sizeof(struct svm_ioctl_create).
 * @flags: must be 0.
 * @type: &enum svm_device_type: %SVM_DEVICE_RAM or %SVM_DEVICE_COHERENT.
 * @node: NUMA node from which the device takes its memory, or %SVM_NODE_ANY.
 * @bytes: size of the device's memory: a multiple of 2 MiB, not 0.
 * @id: out: the N of the new svmN.
 * @reserved: must be 0.
 *
 * The device's memory is allocated at once; that of a coherent device from what
 * other devices don't have of a single range. Needs CAP_SYS_ADMIN.
 *
 * Errors, besides the common ones: EINVAL for a node without memory of that kind or
 * a size that no machine can have; ENOMEM if the memory can't be had; EBUSY if
 * a driver has bound coherent memory meanwhile; EOPNOTSUPP for an unknown
 * @type, or where the kernel has no device private memory; ENOSPC when there are
 * too many devices.
 */
struct svm_ioctl_create {
	__u32 size;
	__u32 flags;
	__u32 type;
	__s32 node;
	__aligned_u64 bytes;
	__u32 id;
	__u32 reserved;
};

#define SVM_IOCTL_CREATE _IO(SVM_TYPE, SVM_CMD_CREATE)

/**
 * struct svm_ioctl_destroy - ioctl(SVM_IOCTL_DESTROY) on /dev/svm-control
 * @size: sizeof(struct svm_ioctl_destroy).
 * @flags: must be 0.
 * @id: the N of svmN.
 * @reserved: must be 0.
 *
 * Moves every page home first; then open contexts answer ENODEV. Needs
 * CAP_SYS_ADMIN. A fatal signal stops it with EINTR: the device then works on.
 *
 * Errors, besides the common ones: ENOENT if there is no such device; EBUSY
 * while another call destroys it, and for a device that a driver has bound.
 */
struct svm_ioctl_destroy {
	__u32 size;
	__u32 flags;
	__u32 id;
	__u32 reserved;
};

#define SVM_IOCTL_DESTROY _IO(SVM_TYPE, SVM_CMD_DESTROY)

/**
 * enum svm_access_type - what the device does with memory
 * @SVM_ACCESS_READ: copy memory to the buffer at &svm_access_op.data.
 * @SVM_ACCESS_WRITE: copy the buffer at @data to memory.
 * @SVM_ACCESS_FILL: repeat the low @width bytes of @data over memory.
 * @SVM_ACCESS_COPY: copy from address @data of the same address space; the two
 *	ranges may overlap.
 * @SVM_ACCESS_ADD: atomically add @data. This and what follows work on one
 *	integer of @width bytes and give its old value.
 * @SVM_ACCESS_XCHG: atomically store @data.
 * @SVM_ACCESS_CAS: atomically store @data if the value equals @compare.
 * @SVM_ACCESS_AND: atomically and with @data.
 * @SVM_ACCESS_OR: atomically or with @data.
 * @SVM_ACCESS_XOR: atomically exclusive-or with @data.
 * @SVM_ACCESS_MIN: atomically store the smaller of both, unsigned.
 * @SVM_ACCESS_MAX: atomically store the larger of both, unsigned.
 * @SVM_ACCESS_SMIN: atomically store the smaller of both, signed.
 * @SVM_ACCESS_SMAX: atomically store the larger of both, signed.
 */
enum svm_access_type {
	SVM_ACCESS_READ = 1,
	SVM_ACCESS_WRITE = 2,
	SVM_ACCESS_FILL = 3,
	SVM_ACCESS_COPY = 4,
	SVM_ACCESS_ADD = 16,
	SVM_ACCESS_XCHG = 17,
	SVM_ACCESS_CAS = 18,
	SVM_ACCESS_AND = 19,
	SVM_ACCESS_OR = 20,
	SVM_ACCESS_XOR = 21,
	SVM_ACCESS_MIN = 22,
	SVM_ACCESS_MAX = 23,
	SVM_ACCESS_SMIN = 24,
	SVM_ACCESS_SMAX = 25,
};

/* The most bytes that one struct svm_access_op may name. */
#define SVM_ACCESS_MAX_BYTES (16 << 20)
/* The most operations in one call. */
#define SVM_ACCESS_MAX_OPS 4096

/**
 * struct svm_access_op - one operation of the device
 * @type: &enum svm_access_type.
 * @width: bytes of an integer: 4 or 8 for atomics; 1, 2, 4 or 8 for a fill; else
 *	0.
 * @addr: address in the context's address space. Of any alignment, but a
 *	multiple of @width for atomics.
 * @length: bytes, 1 to %SVM_ACCESS_MAX_BYTES; a multiple of @width for a fill,
 *	0 for atomics.
 * @data: buffer in the caller's own address space, source address, pattern or
 *	operand, as @type says.
 * @compare: for %SVM_ACCESS_CAS, else 0.
 * @old: out: for atomics, the value before.
 * @result: out: 0 or a negative errno value.
 * @rounds: out: how many times the page tables had to be asked, and pages
 *	faulted in: 0 when the device had everything in its mirror, 1 for fresh
 *	memory that nobody disturbs.
 *
 * On an error nothing of memory and of the buffer is changed, unless the
 * memory was unmapped or protected by somebody during the operation.
 *
 * Results: EINVAL for a field that can't be; EFAULT for an address that is not
 * mapped or not accessible, or a bad buffer; EPERM for writing what may only be
 * read; ETIMEDOUT when others kept taking the memory away until the deadline;
 * EHWPOISON for broken memory; EINTR as above; EOPNOTSUPP for an atomic
 * by a device that can't do any; EIO when a device that masters the bus can't get
 * to the memory, or did not answer: then the destination may have changed.
 */
struct svm_access_op {
	__u32 type;
	__u32 width;
	__aligned_u64 addr;
	__aligned_u64 length;
	__aligned_u64 data;
	__aligned_u64 compare;
	__aligned_u64 old;
	__s32 result;
	__u32 rounds;
};

/**
 * struct svm_ioctl_access - ioctl(SVM_IOCTL_ACCESS) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_access).
 * @flags: %SVM_F_OWNER_MM or 0.
 * @ops: pointer to an array of &struct svm_access_op, done in order.
 * @count: entries in the array, 1 to %SVM_ACCESS_MAX_OPS.
 * @timeout_ms: deadline for each operation in milliseconds, up to 60000; 0 for
 *	1000.
 * @done: out: how many operations succeeded. The first that fails ends the
 *	call, with its error in its @result; those after it are untouched.
 *
 * The device works through a mirror of the page tables: it sees what the CPU
 * sees, breaks copy-on-write as the CPU would, and leaves memory that is on a
 * device where it is. Works on every kind of mapping that has pages.
 *
 * Atomics on private anonymous memory in system memory take device-exclusive
 * access for their time, so they are atomic against the CPU.
 *
 * Errors: the common ones; the error of an operation is in its @result only.
 */
struct svm_ioctl_access {
	__u32 size;
	__u32 flags;
	__aligned_u64 ops;
	__u32 count;
	__u32 timeout_ms;
	__aligned_u64 done;
};

#define SVM_IOCTL_ACCESS _IO(SVM_TYPE, SVM_CMD_ACCESS)

/**
 * enum svm_exclusive_op - what to do about exclusive access
 * @SVM_EXCLUSIVE_ACQUIRE: take it.
 * @SVM_EXCLUSIVE_RELEASE: end this context's holds in the range and give the
 *	pages back to the CPU.
 * @SVM_EXCLUSIVE_QUERY: ask which pages are exclusive.
 */
enum svm_exclusive_op {
	SVM_EXCLUSIVE_ACQUIRE = 1,
	SVM_EXCLUSIVE_RELEASE = 2,
	SVM_EXCLUSIVE_QUERY = 3,
};

/**
 * enum svm_exclusive_status - answer for a page
 * @SVM_EXCLUSIVE_NO: the CPU may access it.
 * @SVM_EXCLUSIVE_YES: a device has exclusive access; the next access by a CPU
 *	ends that.
 * @SVM_EXCLUSIVE_HELD: a CPU that accesses it waits for the end of the hold.
 * @SVM_EXCLUSIVE_REFUSED: not possible: no private anonymous memory, not
 *	mapped, not writable, or locked by somebody for long.
 */
enum svm_exclusive_status {
	SVM_EXCLUSIVE_NO = 0,
	SVM_EXCLUSIVE_YES = 1,
	SVM_EXCLUSIVE_HELD = 2,
	SVM_EXCLUSIVE_REFUSED = 3,
};

/* The most pages in one SVM_IOCTL_EXCLUSIVE, and the most a context holds. */
#define SVM_EXCLUSIVE_MAX_PAGES 512
/* The longest hold, in milliseconds. */
#define SVM_EXCLUSIVE_MAX_HOLD_MS 1000

/**
 * struct svm_ioctl_exclusive - ioctl(SVM_IOCTL_EXCLUSIVE) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_exclusive).
 * @flags: %SVM_F_OWNER_MM or 0.
 * @op: &enum svm_exclusive_op.
 * @hold_ms: for acquire: keep the CPU waiting for so long, in milliseconds, up to
 *	%SVM_EXCLUSIVE_MAX_HOLD_MS, unless it is released before; 0 for not at
 *	all. Else 0.
 * @addr: first byte of the range; page aligned.
 * @length: bytes; page aligned, not 0, up to %SVM_EXCLUSIVE_MAX_PAGES pages.
 * @status: pointer to an array of __u8, one &enum svm_exclusive_status for each
 *	page; the state after the call. May be 0 but for a query.
 * @status_count: entries in the array; at least @length divided by the page
 *	size, 0 if @status is 0.
 * @pages: out: pages that are exclusive after an acquire or by a query; pages
 *	given back by a release.
 * @reserved: must be 0.
 *
 * Exclusive access ends when the CPU touches the page, and by fork(), mprotect(),
 * migration, munmap() and whatever else changes the mapping; events tell which.
 * A page on a device comes to system memory first.
 *
 * Errors, besides the common ones: EOPNOTSUPP without %SVM_CAP_EXCLUSIVE; EMSGSIZE
 * for a short array or a range of too many pages; EBUSY when this context holds
 * %SVM_EXCLUSIVE_MAX_PAGES already.
 */
struct svm_ioctl_exclusive {
	__u32 size;
	__u32 flags;
	__u32 op;
	__u32 hold_ms;
	__aligned_u64 addr;
	__aligned_u64 length;
	__aligned_u64 status;
	__aligned_u64 status_count;
	__u32 pages;
	__u32 reserved;
};

#define SVM_IOCTL_EXCLUSIVE _IO(SVM_TYPE, SVM_CMD_EXCLUSIVE)

/**
 * enum svm_event_type - what happened
 * @SVM_EVENT_MIGRATED: pages moved; the cause tells why.
 * @SVM_EVENT_REFUSED: a migrate call left pages of a run where they were.
 * @SVM_EVENT_EXCLUSIVE_ENDED: exclusive access to pages ended.
 * @SVM_EVENT_UNMAPPED: memory that the device had in its mirror was unmapped.
 */
enum svm_event_type {
	SVM_EVENT_MIGRATED = 1,
	SVM_EVENT_REFUSED = 2,
	SVM_EVENT_EXCLUSIVE_ENDED = 3,
	SVM_EVENT_UNMAPPED = 4,
};

/**
 * enum svm_event_cause - why it happened
 * @SVM_CAUSE_CALL: a call on this context, or one of its jobs.
 * @SVM_CAUSE_CPU: the CPU touched the page. For exclusive access also
 *	the discarding or reclaim of a single page, which looks the same to a
 *	device.
 * @SVM_CAUSE_EVICT: SVM_IOCTL_EVICT, or a call that made room for itself. It is
 *	told to the contexts of the address space from which the pages went, for
 *	each run of neighbours within 2 MiB. Of pages shared by fork() that is one
 *	of those that have them; if it is not the one that brought them to the
 *	device, that one is told too, with the address not known and 0.
 * @SVM_CAUSE_UNPLUG: the device goes away; told as %SVM_CAUSE_EVICT is.
 * @SVM_CAUSE_FORK: fork(), or another change of single pages' protection.
 * @SVM_CAUSE_PROTECT: mprotect() and its like.
 * @SVM_CAUSE_MIGRATE: a migration, ours or the kernel's.
 * @SVM_CAUSE_UNMAP: munmap(), mremap(), or the end of the address space.
 * @SVM_CAUSE_OTHER: something else.
 */
enum svm_event_cause {
	SVM_CAUSE_CALL = 1,
	SVM_CAUSE_CPU = 2,
	SVM_CAUSE_EVICT = 3,
	SVM_CAUSE_UNPLUG = 4,
	SVM_CAUSE_FORK = 5,
	SVM_CAUSE_PROTECT = 6,
	SVM_CAUSE_MIGRATE = 7,
	SVM_CAUSE_UNMAP = 8,
	SVM_CAUSE_OTHER = 9,
};

/**
 * struct svm_event - what read(2) on a context gives
 * @type: &enum svm_event_type.
 * @cause: &enum svm_event_cause.
 * @addr: where; 0 if not known.
 * @length: bytes.
 * @time_ns: when it ended, by CLOCK_MONOTONIC, in nanoseconds.
 * @duration_ns: how long it took, in nanoseconds; 0 if it has no duration.
 * @from: &enum svm_place_type of where the pages were, for a migration;
 *	%SVM_PLACE_NONE if they were nowhere yet, or at places of several kinds.
 *	Pages that were nowhere, or of the page of zeroes, don't count where
 *	others were somewhere.
 * @to: &enum svm_place_type of where they are now, for a migration.
 * @from_id: NUMA node or device; -1 if not known or mixed; 0 for pages that were
 *	nowhere.
 * @to_id: likewise.
 * @reserved: 0.
 * @dropped: events lost for want of room between the one before and this one.
 */
struct svm_event {
	__u32 type;
	__u32 cause;
	__aligned_u64 addr;
	__aligned_u64 length;
	__aligned_u64 time_ns;
	__aligned_u64 duration_ns;
	__u8 from;
	__u8 to;
	__s16 from_id;
	__s16 to_id;
	__u16 reserved;
	__aligned_u64 dropped;
};

/**
 * enum svm_events_flags - flags of SVM_IOCTL_EVENTS
 * @SVM_EVENTS_COUNT: only tell @total and @dropped, and change nothing; @mask and
 *	@entries must be 0.
 */
enum svm_events_flags {
	SVM_EVENTS_COUNT = 1 << 8,
};

/* The most events that a context keeps. */
#define SVM_EVENTS_MAX 65536

/**
 * struct svm_ioctl_events - ioctl(SVM_IOCTL_EVENTS) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_events).
 * @flags: mask of &enum svm_events_flags.
 * @mask: which events to keep from now on: bit N for &enum svm_event_type N; 0 for
 *	none.
 * @entries: how many to keep until they are read: a power of two up to
 *	%SVM_EVENTS_MAX; 0 for 1024. What was kept before is dropped and counted.
 * @total: out: events since the context was opened that a mask asked for.
 * @dropped: out: of these, how many were lost.
 *
 * Then read(2) gives whole &struct svm_event, as many as fit and are there; it
 * waits for one unless the file is O_NONBLOCK (EAGAIN), and fails with EINVAL for
 * a buffer that is too small for one or while @mask is 0. poll(2) says EPOLLIN.
 *
 * Errors: the common ones.
 */
struct svm_ioctl_events {
	__u32 size;
	__u32 flags;
	__u32 mask;
	__u32 entries;
	__aligned_u64 total;
	__aligned_u64 dropped;
};

#define SVM_IOCTL_EVENTS _IO(SVM_TYPE, SVM_CMD_EVENTS)

/**
 * DOC: advice
 *
 * Advice is kept by a context for ranges of its address space, page by page, and
 * for the memory that is mapped there when it is given: it is gone when that is
 * unmapped, by munmap(), by mmap() over it, or by mremap() at the old place, and
 * with exec, exit, and the last close of the context. It is not gone when pages
 * are discarded (MADV_DONTNEED), protected, moved or swapped out. A child has no
 * context and so no advice after fork(). When several contexts give advice for
 * the same memory, each holds for itself.
 *
 * A context has up to %SVM_ADVISE_MAX_RANGES ranges; neighbours with the same
 * advice count as one. If munmap() makes a hole in a range, and there is no place
 * for another, the smaller of the two parts loses its advice too; that is
 * counted in &svm_ioctl_advice.bytes_lost.
 */

/* The most ranges of a context that differ in their advice, or lie apart. */
#define SVM_ADVISE_MAX_RANGES 1024

/**
 * enum svm_advice - bits of what is advised
 * @SVM_ADVICE_PREFER: a place that the memory prefers: the context's device, or a
 *	NUMA node. %SVM_DEST_PREFERRED moves it there. What comes home from the
 *	device by a CPU touch or by eviction goes to the preferred node, if there
 *	is free memory on it and the cpuset of the one who brings it home allows
 *	it, else where it would go without. Nothing else moves by itself.
 * @SVM_ADVICE_KEEP: others shall not move it. Migrate calls of a process that
 *	does not have this address space (%SVM_F_OWNER_MM: svmd, svm-run) leave it
 *	where it is, on a device or in system memory, and say %SVM_PAGE_KEPT; calls
 *	of the owner's own threads move it. When a device needs room, its kept
 *	pages are the last to go. They do go: what must not is to be pinned, for
 *	which there is a quota.
 * @SVM_ADVICE_PIN: what is on the context's device stays there. It is not taken to
 *	make room, nor by SVM_IOCTL_EVICT of a number of bytes, nor by migrate
 *	calls of other processes. It does come home by a call of the owner, by
 *	SVM_IOCTL_EVICT of everything, when the device is destroyed, and when a CPU
 *	touches it, since device memory can't be mapped by a CPU. It does not bring
 *	pages to the device either.
 *
 *	Each byte of such a range counts, on the device or not, for the quota: that
 *	of the device for all together (sysfs: pin_limit) and that of the user
 *	who opened the context (pin_limit_user), both in bytes and by default a half
 *	and a quarter of the device. CAP_SYS_RESOURCE goes beyond both.
 * @SVM_ADVICE_READ_MOSTLY: it is read in passing, by CPUs and the device, and
 *	seldom written. A touch by a CPU then brings home up to 2 MiB around it
 *	at once, as far as this advice holds, and not only when it has become
 *	plain that the CPU reads on; the device reads on in system memory,
 *	through its mirror. There are no copies: a page is in one place at a time,
 *	whoever reads it.
 */
enum svm_advice {
	SVM_ADVICE_PREFER = 1 << 0,
	SVM_ADVICE_KEEP = 1 << 1,
	SVM_ADVICE_PIN = 1 << 2,
	SVM_ADVICE_READ_MOSTLY = 1 << 3,
};

/**
 * struct svm_ioctl_advise - ioctl(SVM_IOCTL_ADVISE) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_advise).
 * @flags: %SVM_F_OWNER_MM or 0.
 * @addr: first byte of the range; page aligned.
 * @length: bytes; page aligned, not 0. What is not mapped in it is passed over.
 * @set: mask of &enum svm_advice to give.
 * @clear: mask of &enum svm_advice to take back; none that is in @set, and not
 *	both 0.
 * @dest: with %SVM_ADVICE_PREFER in @set: %SVM_DEST_DEVICE or %SVM_DEST_SYSTEM;
 *	else 0.
 * @node: with %SVM_DEST_SYSTEM: the NUMA node, or %SVM_NODE_ANY for wherever the
 *	mapping's memory policy says. Else %SVM_NODE_ANY.
 * @next: out: the first address that was not worked on: less than @addr plus
 *	@length when the range has very many mappings: call again from there.
 * @bytes: out: memory from @addr up to @next that is mapped, so that the advice
 *	holds for it.
 *
 * Advice that is not named in @set or @clear stays as it was. The call does not
 * move anything.
 *
 * Errors, besides the common ones: ENOSPC for more than %SVM_ADVISE_MAX_RANGES
 * ranges; EDQUOT when %SVM_ADVICE_PIN is beyond a quota and the caller lacks
 * CAP_SYS_RESOURCE; EPERM for @clear of %SVM_ADVICE_KEEP or %SVM_ADVICE_PIN by
 * another process than the owner; EINVAL for a node that has no memory, and
 * EACCES for one that the caller's cpuset does not allow; EOPNOTSUPP for
 * %SVM_ADVICE_PIN, %SVM_ADVICE_READ_MOSTLY and %SVM_DEST_DEVICE without
 * %SVM_CAP_TO_DEVICE; EINTR for any signal, when the context's first advice waits
 * for other threads' work on the address space.
 *
 * An error changes nothing. If it is found behind a gap between mappings, the
 * call succeeds with @next there, and the next call returns the error.
 */
struct svm_ioctl_advise {
	__u32 size;
	__u32 flags;
	__aligned_u64 addr;
	__aligned_u64 length;
	__u32 set;
	__u32 clear;
	__u32 dest;
	__s32 node;
	__aligned_u64 next;
	__aligned_u64 bytes;
};

#define SVM_IOCTL_ADVISE _IO(SVM_TYPE, SVM_CMD_ADVISE)

/**
 * struct svm_advice_range - memory with the same advice
 * @addr: first byte.
 * @length: bytes.
 * @advice: mask of &enum svm_advice; not 0.
 * @dest: with %SVM_ADVICE_PREFER as it was given, else 0.
 * @node: likewise, else %SVM_NODE_ANY.
 * @reserved: 0.
 */
struct svm_advice_range {
	__aligned_u64 addr;
	__aligned_u64 length;
	__u32 advice;
	__u32 dest;
	__s32 node;
	__u32 reserved;
};

/**
 * struct svm_ioctl_advice - ioctl(SVM_IOCTL_ADVICE) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_advice).
 * @flags: %SVM_F_OWNER_MM or 0.
 * @addr: first byte of the range; page aligned.
 * @length: bytes; page aligned, not 0. It need not be mapped.
 * @ranges: pointer to an array of &struct svm_advice_range, in ascending order,
 *	for the parts of the range that have advice of this context; or 0.
 * @count: entries in the array; 0 if @ranges is 0.
 * @filled: out: entries that were written.
 * @found: out: entries that there are: with a short array more than @filled.
 * @reserved: must be 0.
 * @bytes_pinned: out: bytes for which the context advises %SVM_ADVICE_PIN, in
 *	its whole address space.
 * @bytes_lost: out: bytes that have lost their advice for want of a range, since
 *	the context was opened.
 *
 * Errors: the common ones, but those for an unmapped range and a short array.
 */
struct svm_ioctl_advice {
	__u32 size;
	__u32 flags;
	__aligned_u64 addr;
	__aligned_u64 length;
	__aligned_u64 ranges;
	__u32 count;
	__u32 filled;
	__u32 found;
	__u32 reserved;
	__aligned_u64 bytes_pinned;
	__aligned_u64 bytes_lost;
};

#define SVM_IOCTL_ADVICE _IO(SVM_TYPE, SVM_CMD_ADVICE)

/* The most jobs that a context has which were not reaped. */
#define SVM_JOBS_MAX 64

/**
 * struct svm_ioctl_submit - ioctl(SVM_IOCTL_SUBMIT) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_submit).
 * @flags: as for SVM_IOCTL_MIGRATE.
 * @addr: as there.
 * @length: as there.
 * @dest: as there.
 * @node: as there.
 * @cookie: anything; the result has it.
 * @eventfd: an eventfd(2) to add 1 to when the job has ended, or -1.
 * @reserved: must be 0.
 * @id: out: of the job, unique in its context, not 0.
 *
 * Submits a job: a migration of the whole range, however long, and returns at
 * once. What came of it is for SVM_IOCTL_REAP to tell, but for a status for each
 * page, which only the call has.
 *
 * Jobs of a context whose ranges overlap are done in the order of their
 * submission, others at the same time, a few at once. Calls, and jobs of other
 * contexts, are not held up.
 *
 * A job ends early, with its error in its result, when it is cancelled, when
 * the process whose memory it is exits or calls execve(), and when the device
 * goes. Closing the context cancels its jobs. However a job ends, its eventfd is
 * signalled once.
 *
 * Where the mapping has no memory policy, system memory comes from where the
 * submitter's memory policy and cpuset said when it submitted; of a weighted
 * interleave the weights don't count.
 *
 * Errors: those of SVM_IOCTL_MIGRATE that can be seen at once; EBADF if @eventfd
 * is not open, EINVAL if it is no eventfd; EBUSY when %SVM_JOBS_MAX jobs of the
 * context were not reaped.
 */
struct svm_ioctl_submit {
	__u32 size;
	__u32 flags;
	__aligned_u64 addr;
	__aligned_u64 length;
	__u32 dest;
	__s32 node;
	__aligned_u64 cookie;
	__s32 eventfd;
	__u32 reserved;
	__aligned_u64 id;
};

#define SVM_IOCTL_SUBMIT _IO(SVM_TYPE, SVM_CMD_SUBMIT)

/**
 * struct svm_ioctl_cancel - ioctl(SVM_IOCTL_CANCEL) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_cancel).
 * @flags: %SVM_F_OWNER_MM or 0.
 * @id: of a job, or 0 for all of the context.
 * @cancelled: out: how many jobs were told to end.
 * @reserved: must be 0.
 *
 * A job that has not begun ends without moving anything, one that is running
 * after the few MiB that it is at. It ends with ECANCELED, and what has moved
 * stays moved; or, if it was at its last pages, as if it had not been cancelled.
 *
 * Errors, besides the common ones but ENODEV and ESRCH: ENOENT if @id has ended
 * or was never a job.
 */
struct svm_ioctl_cancel {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__u32 cancelled;
	__u32 reserved;
};

#define SVM_IOCTL_CANCEL _IO(SVM_TYPE, SVM_CMD_CANCEL)

/**
 * struct svm_job_result - what came of a job
 * @id: of the job.
 * @cookie: the submitter's.
 * @addr: of the range.
 * @length: of the range.
 * @next: the first address that was not worked on; the end of the range if
 *	@error is 0.
 * @bytes_moved: as of a migrate call.
 * @bytes_evicted: likewise.
 * @pages: number of pages for each &enum svm_page_status, from @addr up to
 *	@next.
 * @error: 0, or a negative errno value: as of a migrate call, or -ECANCELED.
 * @reserved: 0.
 */
struct svm_job_result {
	__aligned_u64 id;
	__aligned_u64 cookie;
	__aligned_u64 addr;
	__aligned_u64 length;
	__aligned_u64 next;
	__aligned_u64 bytes_moved;
	__aligned_u64 bytes_evicted;
	__aligned_u64 pages[SVM_PAGE_STATUS_MAX];
	__s32 error;
	__u32 reserved;
};

/**
 * struct svm_ioctl_reap - ioctl(SVM_IOCTL_REAP) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_reap).
 * @flags: %SVM_F_OWNER_MM or 0.
 * @id: of a job, or 0 for all that have ended, in the order in which they did.
 * @results: pointer to an array of &struct svm_job_result.
 * @count: entries in the array, not 0.
 * @reaped: out: results written, from the first entry on; 0 if no such job has
 *	ended. Does not wait.
 *
 * A job whose result was given is forgotten.
 *
 * Errors, besides the common ones but ENODEV and ESRCH: ENOENT if @id was never a
 * job or was reaped. With EFAULT nothing was reaped.
 */
struct svm_ioctl_reap {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 results;
	__u32 count;
	__u32 reaped;
};

#define SVM_IOCTL_REAP _IO(SVM_TYPE, SVM_CMD_REAP)

/**
 * struct svm_uring_cmd - sqe->cmd of IORING_OP_URING_CMD on /dev/svmN
 * @arg: pointer to the struct of the ioctl.
 * @result: for SVM_IOCTL_SUBMIT: pointer to a &struct svm_job_result. Else 0.
 *
 * Where there is %SVM_CAP_URING, an ioctl can be submitted by io_uring, many with
 * one system call: sqe->fd is the context, sqe->cmd_op the ioctl's number,
 * sqe->uring_cmd_flags 0, and the completion's res what the ioctl would return, 0
 * or a negative errno value. Both structs have to stay until the completion,
 * which is when they are filled in, but for the id of a job. These there are:
 *
 *  - SVM_IOCTL_SUBMIT: a job, &svm_ioctl_submit.eventfd must be -1. The completion
 *    comes when the job has ended, with its error, and is what SVM_IOCTL_REAP is
 *    for others: the job's result was written to @result, and it is forgotten.
 *    Until then it counts for %SVM_JOBS_MAX. &svm_ioctl_submit.id is written when
 *    the job begins, so that SVM_IOCTL_CANCEL can be told; the kernel's own
 *    IORING_OP_ASYNC_CANCEL does not find commands that a driver has. Jobs of one
 *    submission are ordered as its entries are, unless IOSQE_ASYNC is set; their
 *    completions need not be.
 *  - SVM_IOCTL_ACCESS: by a thread of io_uring, after one another or at once as
 *    io_uring likes (IOSQE_IO_LINK orders them).
 *
 * Whoever submits counts as the caller: with IORING_SETUP_SQPOLL, the process that
 * set up the ring. When a ring is closed, also by the end of the process, its jobs
 * are cancelled. A context stays open as long as it has commands.
 *
 * Errors, besides those of the ioctl: ENOTTY for any other number; EINVAL for a flag
 * of the command, a @result where none is wanted, and an eventfd; EFAULT if
 * @result can't be written, at once, or when the job has ended because it was unmapped
 * meanwhile; ECANCELED if the submitting thread has ended before: then @result is
 * not written, and the job was done or not.
 */
struct svm_uring_cmd {
	__aligned_u64 arg;
	__aligned_u64 result;
};

/**
 * enum svm_quota_flags - flags of SVM_IOCTL_QUOTA, besides %SVM_F_OWNER_MM
 * @SVM_QUOTA_SET: set the quota, too.
 */
enum svm_quota_flags {
	SVM_QUOTA_SET = 1 << 8,
};

/* &svm_ioctl_quota.bytes: no quota of its own, but the device's default. */
#define SVM_QUOTA_DEFAULT 0xffffffffffffffffULL

/**
 * struct svm_ioctl_quota - ioctl(SVM_IOCTL_QUOTA) on /dev/svmN
 * @size: sizeof(struct svm_ioctl_quota).
 * @flags: mask of %SVM_F_OWNER_MM and &enum svm_quota_flags.
 * @bytes: with %SVM_QUOTA_SET in: what the address space may have on the device
 *	from now on, rounded down to pages, or %SVM_QUOTA_DEFAULT. Out: what it
 *	may have, not more than the device has.
 * @bytes_used: out: what it has.
 * @bytes_default: out: what it may have without a quota of its own: a part of
 *	the device that the administrator sets in
 *	/sys/class/svm/svmN/quota_percent, at first all of it.
 *
 * The contexts of one address space on a device share one quota. It counts the
 * pages that they brought there, as long as they are there; a page that is shared
 * after fork() counts for who brought it. Beyond it a migrate call leaves pages
 * where they are, with %SVM_PAGE_OVER_QUOTA. What is there already stays when
 * the quota is lowered: nothing is added until enough has left.
 *
 * Anybody may set it to the default or less; more takes CAP_SYS_RESOURCE.
 *
 * Errors: the common ones.
 */
struct svm_ioctl_quota {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	__aligned_u64 bytes_used;
	__aligned_u64 bytes_default;
};

#define SVM_IOCTL_QUOTA _IO(SVM_TYPE, SVM_CMD_QUOTA)

#endif /* _UAPI_LINUX_SVM_H */
