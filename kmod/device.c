// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: pools of device memory, each behind a /dev/svmN.
 *
 * Life of a device: svm_device_create() gets the memory, makes struct pages for
 * it and, when everything works, the device node. svm_device_destroy() stops
 * handing out pages, moves every page in use home, waits for the operations that
 * are under way, and frees it all; only the struct stays, while files are open,
 * to say -ENODEV. A driver's device, without memory for pages, comes and goes with
 * svm_device_plug() and svm_device_unplug().
 *
 * On a kernel without device private memory a device has no memory. It can still
 * move pages between NUMA nodes and answer residency queries.
 *
 * Locking: svm_registry_lock protects the table svm_devices for writers; readers
 * are under RCU. Order: svm_registry_lock is never held while pages move. An
 * operation holds the device's gate for reading, outside of mmap_lock. Faults
 * and the freeing of pages need no gate: a device does not go while it has pages
 * in use.
 *
 * Limits: SVM_MAX_DEVICES; 64 bytes of struct page for each page of device
 * memory.
 */
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/ioport.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "context.h"
#include "device.h"
#include "dma.h"
#include "evict.h"
#include "exclusive.h"
#include "fault.h"
#include "owner.h"
#include "pool.h"
#include "trace.h"

static dev_t svm_devt;
static DEFINE_MUTEX(svm_registry_lock);
static struct svm_device __rcu *svm_devices[SVM_MAX_DEVICES];

static const struct class svm_class = {
	.name = "svm",
	.dev_groups = svm_device_groups,
};

/**
 * svm_module_capabilities() - what the module can do on this kernel
 *
 * Return: mask of enum svm_capability.
 */
u64 svm_module_capabilities(void)
{
	u64 caps = SVM_CAP_TO_SYSTEM | SVM_CAP_RESIDENCY | SVM_CAP_ACCESS |
		   SVM_CAP_EVENTS | SVM_CAP_ADVISE | SVM_CAP_ASYNC;

#ifdef SVM_HAVE_DEVICE_PRIVATE
	caps |= SVM_CAP_TO_DEVICE | SVM_CAP_CREATE;
#endif
	if (svm_exclusive_supported())
		caps |= SVM_CAP_EXCLUSIVE;
#ifdef SVM_HAVE_URING
	caps |= SVM_CAP_URING;
#endif
	return caps;
}

/**
 * svm_device_capabilities() - what a device can do on this kernel
 * @sdev: the device.
 *
 * Return: mask of enum svm_capability.
 */
u64 svm_device_capabilities(struct svm_device *sdev)
{
	u64 caps = svm_module_capabilities() & ~SVM_CAP_CREATE;

	if (!sdev->pool)
		caps &= ~SVM_CAP_TO_DEVICE;
	if (sdev->dma)
		caps |= SVM_CAP_DMA;
	return caps;
}

/**
 * svm_device_page_orders() - in which sizes memory is placed on a device
 * @sdev: the device.
 *
 * Return: mask of folio orders.
 */
u64 svm_device_page_orders(struct svm_device *sdev)
{
	u64 orders = BIT(0);

#ifdef SVM_HAVE_LARGE_FOLIOS
	/* Of coherent memory the core takes huge pages for the system's. */
	if (sdev->pool && thp_migration_supported() &&
	    sdev->backend->memory == MEMORY_DEVICE_PRIVATE)
		orders |= BIT(SVM_BLOCK_ORDER);
#endif
	return orders;
}

/**
 * svm_device_bytes_free() - device memory that is not in use at the moment
 * @sdev: the device; its gate is held.
 */
u64 svm_device_bytes_free(struct svm_device *sdev)
{
	if (!sdev->pool)
		return 0;
	return sdev->bytes - PFN_PHYS(svm_pool_nr_used(sdev->pool));
}

/**
 * svm_device_enter() - begin an operation that uses a device
 * @sdev: the device.
 *
 * Return: 0, then svm_device_exit() must follow; -ENODEV if the device is gone;
 * -EINTR for a fatal signal.
 */
int svm_device_enter(struct svm_device *sdev)
{
	if (down_read_killable(&sdev->gate))
		return -EINTR;
	if (sdev->dead) {
		up_read(&sdev->gate);
		return -ENODEV;
	}
	return 0;
}

/**
 * svm_device_exit() - end what svm_device_enter() began
 * @sdev: the device.
 */
void svm_device_exit(struct svm_device *sdev)
{
	up_read(&sdev->gate);
}

/**
 * svm_device_id_of_pfn() - whose a page frame is, without touching struct page
 * @pfn: the page frame.
 * @offset: where in the device's memory, in pages.
 *
 * Context: any; takes RCU.
 * Return: the N of svmN, or -ENOENT if it is none of ours.
 */
int svm_device_id_of_pfn(unsigned long pfn, unsigned long *offset)
{
	phys_addr_t addr = PFN_PHYS(pfn);
	int i, ret = -ENOENT;

	rcu_read_lock();
	for (i = 0; i < SVM_MAX_DEVICES; i++) {
		struct svm_device *sdev = rcu_dereference(svm_devices[i]);

		if (!sdev || !sdev->pool)
			continue;
		if (addr >= sdev->pagemap.range.start &&
		    addr <= sdev->pagemap.range.end) {
			*offset = PHYS_PFN(addr - sdev->pagemap.range.start);
			ret = i;
			break;
		}
	}
	rcu_read_unlock();
	return ret;
}

/**
 * svm_device_has_id() - whether a number is a device's
 * @sdev: the device; it may be gone, and even freed: it is compared only.
 * @id: the number, which another device may have by now.
 */
bool svm_device_has_id(const struct svm_device *sdev, u32 id)
{
	return id < SVM_MAX_DEVICES &&
	       rcu_access_pointer(svm_devices[id]) == sdev;
}

#ifdef SVM_HAVE_DEVICE_PRIVATE
static void svm_folio_free(struct folio *folio)
{
	struct svm_device *sdev = svm_device_of_page(folio_page(folio, 0));

	if (svm_pool_leave(sdev->pool, folio_pfn(folio), folio_order(folio)))
		return;
	if (folio_test_large(folio))
		svm_pool_free_huge(sdev->pool, folio_pfn(folio));
	else
		svm_pool_free(sdev->pool, folio_pfn(folio));
}

#ifdef SVM_HAVE_LARGE_FOLIOS
/*
 * The core splits a huge folio, wherever the device's copy is: the page tables
 * no longer map all of it by one entry. Called for each tail, and then once more
 * with @tail NULL, with interrupts off, all of the folio's references frozen,
 * and locks of the core held.
 */
static void svm_folio_split(struct folio *head, struct folio *tail)
{
	struct svm_device *sdev = svm_device_of_page(folio_page(head, 0));

	if (!tail) {
		svm_pool_split(sdev->pool, folio_pfn(head));
		return;
	}
	tail->pgmap = head->pgmap;
	/* The huge folio had other things there. */
	tail->page.zone_device_data = NULL;
}
#endif

static const struct dev_pagemap_ops svm_pagemap_ops = {
	.folio_free = svm_folio_free,
	.migrate_to_ram = svm_migrate_to_ram,
#ifdef SVM_HAVE_LARGE_FOLIOS
	.folio_split = svm_folio_split,
#endif
};

/* Get the memory, page frame numbers for it, struct pages, and the pool. */
static int svm_device_add_memory(struct svm_device *sdev, u64 bytes)
{
	void *mapped;
	int ret;

	sdev->bytes = bytes;
	ret = sdev->backend->init(sdev);
	if (ret)
		return ret;

	if (!sdev->region)
		sdev->region = request_free_mem_region(&iomem_resource, bytes,
						       "svm");
	if (IS_ERR(sdev->region)) {
		ret = PTR_ERR(sdev->region);
		goto err_fini_backend;
	}

	sdev->pool = svm_pool_create(sdev->region->start, bytes, sdev->node);
	if (IS_ERR(sdev->pool)) {
		ret = PTR_ERR(sdev->pool);
		goto err_release_region;
	}

	sdev->pagemap.type = sdev->backend->memory;
	sdev->pagemap.range.start = sdev->region->start;
	sdev->pagemap.range.end = sdev->region->start + bytes - 1;
	sdev->pagemap.nr_range = 1;
	sdev->pagemap.ops = &svm_pagemap_ops;
	sdev->pagemap.owner = SVM_PGMAP_OWNER;
	mapped = memremap_pages(&sdev->pagemap, sdev->node);
	if (IS_ERR(mapped)) {
		ret = PTR_ERR(mapped);
		goto err_destroy_pool;
	}
	return 0;

err_destroy_pool:
	svm_pool_destroy(sdev->pool);
err_release_region:
	release_mem_region(sdev->region->start, resource_size(sdev->region));
err_fini_backend:
	sdev->backend->fini(sdev);
	sdev->pool = NULL;
	return ret;
}

static void svm_device_remove_memory(struct svm_device *sdev)
{
	memunmap_pages(&sdev->pagemap);
	svm_pool_destroy(sdev->pool);
	release_mem_region(sdev->region->start, resource_size(sdev->region));
	sdev->backend->fini(sdev);
}
#else
static int svm_device_add_memory(struct svm_device *sdev, u64 bytes)
{
	return 0;
}

static void svm_device_remove_memory(struct svm_device *sdev)
{
}
#endif

static void svm_device_release(struct device *dev)
{
	kfree(container_of(dev, struct svm_device, dev));
}

static int svm_device_take_id(struct svm_device *sdev)
{
	int i;

	mutex_lock(&svm_registry_lock);
	for (i = 0; i < SVM_MAX_DEVICES; i++)
		if (!rcu_access_pointer(svm_devices[i]))
			break;
	if (i < SVM_MAX_DEVICES) {
		sdev->id = i;
		rcu_assign_pointer(svm_devices[i], sdev);
	}
	mutex_unlock(&svm_registry_lock);
	return i < SVM_MAX_DEVICES ? 0 : -ENOSPC;
}

static void svm_device_drop_id(struct svm_device *sdev)
{
	mutex_lock(&svm_registry_lock);
	RCU_INIT_POINTER(svm_devices[sdev->id], NULL);
	mutex_unlock(&svm_registry_lock);
	/* For svm_device_id_of_pfn(). */
	synchronize_rcu();
}

static const struct svm_backend *svm_backend_of(u32 type)
{
	switch (type) {
	case SVM_DEVICE_COHERENT:
		return &svm_coherent_backend;
	case SVM_DEVICE_RAM:
		return &svm_ram_backend;
	default:
		return NULL;
	}
}

/*
 * Make a device; @bytes is 0 for one without memory for pages. @dma is how it
 * masters the bus, or NULL.
 */
static struct svm_device *svm_device_add(const struct svm_backend *backend,
					 struct svm_dma *dma, u64 bytes,
					 int node)
{
	struct svm_device *sdev;
	int ret;

	sdev = kzalloc_obj(*sdev);
	if (!sdev)
		return ERR_PTR(-ENOMEM);
	sdev->backend = backend;
	sdev->dma = dma;
	sdev->node = node;
	init_rwsem(&sdev->gate);
	sdev->quota_percent = 100;
	mutex_init(&sdev->owners_lock);
	INIT_LIST_HEAD(&sdev->owners);
	mutex_init(&sdev->fair_lock);
	device_initialize(&sdev->dev);
	sdev->dev.class = &svm_class;
	sdev->dev.release = svm_device_release;
	if (dma)
		sdev->dev.parent = dma->dev;
	/* Nobody but us until it has a node in the file system. */
	sdev->busy = true;

	if (bytes) {
		ret = svm_device_add_memory(sdev, bytes);
		if (ret)
			goto err_put;
	}
	set_dev_node(&sdev->dev, sdev->node);
	svm_pins_init(&sdev->pins, sdev->bytes);

	ret = svm_device_take_id(sdev);
	if (ret)
		goto err_remove_memory;

	sdev->dev.devt = MKDEV(MAJOR(svm_devt), sdev->id);
	ret = dev_set_name(&sdev->dev, "svm%u", sdev->id);
	if (ret)
		goto err_drop_id;

	cdev_init(&sdev->cdev, &svm_context_fops);
	sdev->cdev.owner = THIS_MODULE;
	ret = cdev_device_add(&sdev->cdev, &sdev->dev);
	if (ret)
		goto err_drop_id;

	trace_svm_device_add(sdev->id, sdev->bytes, sdev->node);
	return sdev;

err_drop_id:
	svm_device_drop_id(sdev);
err_remove_memory:
	if (sdev->pool)
		svm_device_remove_memory(sdev);
err_put:
	put_device(&sdev->dev);
	return ERR_PTR(ret);
}

/* From here on anybody may destroy it. */
static void svm_device_release_busy(struct svm_device *sdev)
{
	mutex_lock(&svm_registry_lock);
	sdev->busy = false;
	mutex_unlock(&svm_registry_lock);
}

/**
 * svm_device_create() - make a device
 * @type: enum svm_device_type.
 * @bytes: size of its memory, a multiple of 2 MiB.
 * @node: NUMA node, or NUMA_NO_NODE for what the backend finds.
 * @id: the N of the new svmN.
 *
 * Return: 0 or a negative errno value.
 */
int svm_device_create(u32 type, u64 bytes, int node, u32 *id)
{
	const struct svm_backend *backend = svm_backend_of(type);
	struct svm_device *sdev;

	if (!backend)
		return -EOPNOTSUPP;
	if (!bytes || !IS_ALIGNED(bytes, SZ_2M))
		return -EINVAL;
	if (node != NUMA_NO_NODE && (node < 0 || node >= MAX_NUMNODES))
		return -EINVAL;

	sdev = svm_device_add(backend, NULL, bytes, node);
	if (IS_ERR(sdev))
		return PTR_ERR(sdev);
	*id = sdev->id;
	svm_device_release_busy(sdev);
	return 0;
}

/**
 * svm_device_plug() - make the device of a driver, which has no memory for pages
 * @backend: what it is.
 * @dma: how it masters the bus.
 * @node: NUMA node, or NUMA_NO_NODE.
 *
 * Only svm_device_unplug() removes it again; it stays busy for
 * svm_device_destroy().
 *
 * Return: the device or an ERR_PTR.
 */
struct svm_device *svm_device_plug(const struct svm_backend *backend,
				   struct svm_dma *dma, int node)
{
	return svm_device_add(backend, dma, 0, node);
}

/*
 * Move home all that a device holds. With @killable, a fatal signal gives
 * -EINTR and leaves the device as it was.
 *
 * Without it there is no bound: the caller is unloading the module, which can't
 * fail, and the pages are other people's data. Each round is bounded, and ends
 * when the last page goes; what a round could not have was held for a moment by
 * a fault or another migration.
 */
static int svm_device_drain(struct svm_device *sdev, bool killable)
{
	struct svm_eviction ev = {
		.sdev = sdev,
		.cause = SVM_CAUSE_UNPLUG,
		.killable = killable,
	};
	long ret = -ETIMEDOUT;

	if (!sdev->pool)
		return 0;

	svm_pool_close(sdev->pool);
	while (ret == -ETIMEDOUT) {
		svm_evict(&ev, ULONG_MAX);
		ret = svm_pool_wait_idle(sdev->pool, killable,
					 msecs_to_jiffies(20));
	}
	if (ret)
		svm_pool_reopen(sdev->pool);
	return ret;
}

static int svm_device_remove(struct svm_device *sdev, bool killable)
{
	int ret;

	ret = svm_device_drain(sdev, killable);
	if (ret) {
		svm_device_release_busy(sdev);
		return ret;
	}

	/* An operation may wait for user memory, and so for anybody. */
	if (!killable) {
		down_write(&sdev->gate);
	} else if (down_write_killable(&sdev->gate)) {
		if (sdev->pool)
			svm_pool_reopen(sdev->pool);
		svm_device_release_busy(sdev);
		return -EINTR;
	}
	sdev->dead = true;
	up_write(&sdev->gate);
	if (sdev->dma)
		svm_dma_detach_all(sdev->dma);

	trace_svm_device_remove(sdev->id);
	cdev_device_del(&sdev->cdev, &sdev->dev);
	svm_device_drop_id(sdev);
	if (sdev->pool)
		svm_device_remove_memory(sdev);
	put_device(&sdev->dev);
	return 0;
}

/**
 * svm_device_unplug() - remove the device of a driver
 * @sdev: from svm_device_plug().
 *
 * Waits for the operations that are under way. When it returns, nothing is mapped
 * for the device's DMA any more, and files that are still open say -ENODEV.
 */
void svm_device_unplug(struct svm_device *sdev)
{
	svm_device_remove(sdev, false);
}

/**
 * svm_device_destroy() - move a device's pages home and remove it
 * @id: the N of svmN.
 *
 * Return: 0, -ENOENT, -EBUSY while somebody else does, or for a device of a
 * driver, -EINTR for a fatal signal.
 */
int svm_device_destroy(u32 id)
{
	struct svm_device *sdev = NULL;
	int ret = 0;

	mutex_lock(&svm_registry_lock);
	if (id < SVM_MAX_DEVICES)
		sdev = rcu_dereference_protected(svm_devices[id],
						 lockdep_is_held(&svm_registry_lock));
	if (!sdev)
		ret = -ENOENT;
	else if (sdev->busy)
		ret = -EBUSY;
	else
		sdev->busy = true;
	mutex_unlock(&svm_registry_lock);
	if (ret)
		return ret;
	return svm_device_remove(sdev, true);
}

/**
 * svm_device_destroy_all() - remove all devices, when the module goes
 *
 * No file of ours is open any more, so nobody creates or destroys.
 */
void svm_device_destroy_all(void)
{
	struct svm_device *sdev;
	int i;

	for (i = 0; i < SVM_MAX_DEVICES; i++) {
		sdev = rcu_dereference_protected(svm_devices[i], true);
		if (sdev)
			svm_device_remove(sdev, false);
	}
}

int svm_devices_init(void)
{
	int ret;

	ret = svm_owners_init();
	if (ret)
		return ret;
	ret = alloc_chrdev_region(&svm_devt, 0, SVM_MAX_DEVICES, "svm");
	if (ret)
		goto err_exit_owners;
	ret = class_register(&svm_class);
	if (ret)
		goto err_unregister_region;
	return 0;

err_unregister_region:
	unregister_chrdev_region(svm_devt, SVM_MAX_DEVICES);
err_exit_owners:
	svm_owners_exit();
	return ret;
}

void svm_devices_exit(void)
{
	/* The last owners hold devices, and these their class. */
	svm_owners_exit();
	class_unregister(&svm_class);
	unregister_chrdev_region(svm_devt, SVM_MAX_DEVICES);
}
