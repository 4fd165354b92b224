/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_DEVICE_H
#define SVM_DEVICE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/svm.h>

#include "backend.h"
#include "counters.h"
#include "pins.h"
#include "pool.h"

struct svm_copy_engine;
struct svm_dma;
struct svm_pool;

/* More devices than a host has slots; also what the minor numbers reserve. */
#define SVM_MAX_DEVICES 64

/**
 * struct svm_device - a pool of device memory behind /dev/svmN
 * @dev: the device in class svm; its reference count is this struct's.
 * @cdev: the character device.
 * @id: N.
 * @node: NUMA node next to the memory, or NUMA_NO_NODE.
 * @bytes: size of the memory; 0 where it has none, or the kernel has no device
 *	private memory.
 * @backend: stores and copies the bytes.
 * @backend_data: the backend's own.
 * @copy_engine: who copies for a backend whose memory the CPU can address; NULL for
 *	others, and if @bytes is 0.
 * @dma: how it masters the bus; NULL if the CPU plays its engine.
 * @pool: which pages are in use; NULL if @bytes is 0.
 * @gate: held for reading by every operation that uses the device, for writing
 *	to set @dead. Outside of mmap_lock.
 * @dead: the device is going away; what it had may be freed. Protected by @gate.
 * @busy: somebody is destroying it. Protected by the registry's lock.
 * @counters: since it was created.
 * @quota_percent: how much of it an address space may have that has no quota of
 *	its own.
 * @owners_lock: protects @owners.
 * @owners: address spaces that have it open or have memory on it.
 * @fair_lock: held by who takes memory from several of them.
 * @pins: the quota of memory that is advised to stay.
 * @region: the addresses that the pages' frame numbers are from: the memory's own
 *	if the CPU can address it.
 * @pagemap: the device pages. Its end is open: keep it last.
 */
struct svm_device {
	struct device dev;
	struct cdev cdev;
	u32 id;
	int node;
	u64 bytes;
	const struct svm_backend *backend;
	void *backend_data;
	struct svm_copy_engine *copy_engine;
	struct svm_dma *dma;
	struct svm_pool *pool;
	struct rw_semaphore gate;
	bool dead;
	bool busy;
	struct svm_counters counters;
	unsigned int quota_percent;
	struct mutex owners_lock; /* see above */
	struct list_head owners;
	struct mutex fair_lock; /* see above */
	struct svm_pins pins;
	struct resource *region;
	struct dev_pagemap pagemap;
};

/* Owner of the device pages of all our devices, for migrate_vma and HMM. */
#define SVM_PGMAP_OWNER ((void *)THIS_MODULE)

int svm_devices_init(void);
void svm_devices_exit(void);

int svm_device_create(u32 type, u64 bytes, int node, u32 *id);
int svm_device_destroy(u32 id);
void svm_device_destroy_all(void);

struct svm_device *svm_device_plug(const struct svm_backend *backend,
				   struct svm_dma *dma, int node);
void svm_device_unplug(struct svm_device *sdev);

bool svm_device_has_id(const struct svm_device *sdev, u32 id);
int svm_device_enter(struct svm_device *sdev);
void svm_device_exit(struct svm_device *sdev);

int svm_device_id_of_pfn(unsigned long pfn, unsigned long *offset);

u64 svm_device_bytes_free(struct svm_device *sdev);
u64 svm_device_page_orders(struct svm_device *sdev);
u64 svm_device_capabilities(struct svm_device *sdev);
u64 svm_module_capabilities(void);

static inline struct svm_device *svm_device_of_page(struct page *page)
{
#ifdef SVM_HAVE_DEVICE_PRIVATE
	return container_of(page_pgmap(page), struct svm_device, pagemap);
#else
	return NULL;
#endif
}

/*
 * Whether a page of a mirror or a migration is in device memory, which then is one
 * of our devices'. Not every page of ZONE_DEVICE is: those of DAX are ordinary memory
 * to the CPU and to us.
 */
static inline bool svm_is_device_page(struct page *page)
{
#ifdef SVM_HAVE_DEVICE_PRIVATE
	if (is_device_private_page(page))
		return true;
	/* Other drivers' is mapped for the CPU, and so for us, as any memory. */
	return is_device_coherent_page(page) &&
	       page_pgmap(page)->owner == SVM_PGMAP_OWNER;
#else
	return false;
#endif
}

/* Whether memory is placed on a device in huge pages, too. */
static inline bool svm_device_takes_huge(struct svm_device *sdev)
{
	return svm_device_page_orders(sdev) & BIT(SVM_BLOCK_ORDER);
}

/* Where a device page is in its device's memory, in bytes. */
static inline u64 svm_page_offset(struct svm_device *sdev, struct page *page)
{
	return PFN_PHYS(page_to_pfn(page)) - sdev->pagemap.range.start;
}

extern const struct attribute_group *svm_device_groups[];

#endif /* SVM_DEVICE_H */
