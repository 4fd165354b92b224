/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_BACKEND_H
#define SVM_BACKEND_H

#include <linux/memremap.h>
#include <linux/types.h>

struct page;
struct svm_device;

/**
 * struct svm_backend - how a kind of device stores and copies its bytes
 * @type: enum svm_device_type.
 * @name: for sysfs.
 * @memory: what kind of device pages the memory is for. If the CPU can address it,
 *	@init sets @sdev->region, which is released before @fini; else addresses are
 *	made up. 0 for a device without memory for pages.
 * @init: get the memory of @sdev->bytes bytes, on @sdev->node unless that is
 *	NUMA_NO_NODE: -EINVAL for a node that can't have it. May sleep. Required, as
 *	what follows; but all of it is NULL for a device without memory for pages.
 * @fini: give it back; no page is in use any more. May sleep.
 * @write: copy @nr system pages into device memory.
 * @read: copy from device memory into @nr system pages.
 * @clear: zero @nr pages of device memory.
 * @address: where the CPU can address a page of device memory, for the engine
 *	that the module plays.
 *
 * Offsets are in bytes and multiples of the page size. More than one page are
 * those of a huge folio: neighbours in both memories, and aligned. The copies
 * may sleep; they are called with the pages locked and mmap_lock held, by the
 * caller or by whom it waits for, never with a spinlock; for parts of a huge folio
 * by several CPUs at the same time. They return 0, or -EHWPOISON when the hardware reported the
 * source broken: the destination is then undefined and is thrown away.
 */
struct svm_backend {
	u32 type;
	const char *name;
	enum memory_type memory;
	int (*init)(struct svm_device *sdev);
	void (*fini)(struct svm_device *sdev);
	int (*write)(struct svm_device *sdev, u64 offset, struct page *src,
		     unsigned long nr);
	int (*read)(struct svm_device *sdev, u64 offset, struct page *dst,
		    unsigned long nr);
	int (*clear)(struct svm_device *sdev, u64 offset, unsigned long nr);
	void *(*address)(struct svm_device *sdev, u64 offset);
};

extern const struct svm_backend svm_coherent_backend;
extern const struct svm_backend svm_ram_backend;

#endif /* SVM_BACKEND_H */
