/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handle, as all files of the library see it.
 *
 * Locking: after svm_open() everything is constant but for @nodes_seen, @moved
 * and the devices' @streaming, which are atomic, the figures of gone devices in
 * @devices, which @stats_lock guards, their orphans, which @orphans_lock does, and
 * @ring, which @ring_lock does. No lock is held over a call that moves memory.
 */
#ifndef LIBSVM_HANDLE_H
#define LIBSVM_HANDLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <svm/svm.h>

#include "ops.h"

struct svm_ring;

/* Exported; which version has it is said in libsvm.map. */
#define SVM_PUBLIC __attribute__((visibility("default")))

/* NUMA nodes that a kernel can have at most (CONFIG_NODES_SHIFT is 10). */
#define SVM_NODES_MAX 1024

/**
 * struct svm_device - a context on a device
 * @fd: open /dev/svmN, owned by the handle.
 * @id: N.
 * @type: enum svm_device_type.
 * @node: NUMA node next to it.
 * @capabilities: mask of enum svm_capability.
 * @nr_orphans: entries in @orphans; under @svm.orphans_lock.
 * @orphans: jobs whose fences were closed before they had ended, by id.
 * @streaming: there is an event stream.
 * @last: the counters when they were read last; under @svm.stats_lock.
 */
struct svm_device {
	int fd;
	uint32_t id;
	uint32_t type;
	int32_t node;
	uint64_t capabilities;
	unsigned int nr_orphans;
	uint64_t orphans[SVM_JOBS_MAX];
	atomic_bool streaming;
	struct svm_ioctl_stats last;
};

/**
 * struct svm_moved - what the library did by move_pages(2)
 * @calls: moves of a range in which no device had a part.
 * @bytes: bytes moved between nodes.
 * @refused: pages left, by status. Entries go below zero (and the sum with the
 *	kernel module's is right again) where a page that the module left to us
 *	has moved after all.
 */
struct svm_moved {
	_Atomic uint64_t calls;
	_Atomic uint64_t bytes;
	_Atomic uint64_t refused[SVM_PAGE_STATUS_MAX];
};

/**
 * struct svm - a handle
 * @ops: the system.
 * @opener: the process that opened the handle and may use it.
 * @pid: the process whose memory it acts on, 0 for the opener.
 * @page_size: of the CPU.
 * @nr_devices: entries in @devices.
 * @nodes_seen: mask of nodes known to have memory.
 * @moved: what was done without the kernel module.
 * @stats_lock: see above.
 * @orphans_lock: see above.
 * @ring_lock: see above.
 * @ring: kept for the next batch, or NULL.
 * @ring_refused: the kernel gives us none.
 * @devices: sorted by id.
 */
struct svm {
	const struct svm_ops *ops;
	pid_t opener;
	pid_t pid;
	size_t page_size;
	unsigned int nr_devices;
	_Atomic uint64_t nodes_seen[SVM_NODES_MAX / 64];
	struct svm_moved moved;
	pthread_mutex_t stats_lock;
	pthread_mutex_t orphans_lock;
	pthread_mutex_t ring_lock;
	struct svm_ring *ring;
	atomic_bool ring_refused;
	struct svm_device devices[];
};

/* svm_open() on a system of choice. */
int svm_open_on(struct svm **out, const struct svm_open_opts *opts,
		const struct svm_ops *ops);

/* -EXDEV in a forked child, else 0. */
int svm_check_opener(const struct svm *svm);

/* Flags that each ioctl on the address space takes. */
uint32_t svm_call_flags(const struct svm *svm);

/* -EINVAL for a node without memory, else 0. SVM_NODE_ANY is no node. */
int svm_check_node(struct svm *svm, int node);

/* device.c */
struct svm_device *svm_find_device(struct svm *svm, uint32_t id);
struct svm_device *svm_next_device(struct svm *svm, struct svm_device *after,
				   uint64_t capabilities);
int svm_able_device(struct svm *svm, uint32_t id, uint64_t capability,
		    struct svm_device **dev);
int svm_device_attach(struct svm_device *dev, int fd,
		      const struct svm_ops *ops);
int svm_device_create_on(uint64_t bytes, int node, uint32_t *id,
			 const struct svm_ops *ops);
int svm_device_destroy_on(uint32_t id, const struct svm_ops *ops);

#endif /* LIBSVM_HANDLE_H */
