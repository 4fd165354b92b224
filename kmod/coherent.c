// SPDX-License-Identifier: GPL-2.0-only
/*
 * The coherent backend: device memory that the CPU addresses as it does its own, such
 * as that of a CXL device, or a range of memory that was kept from the system
 * (memmap=SIZE$START). Pages that move there stay mapped: the CPU works on them in
 * place, and nothing faults.
 *
 * The ranges are named when the module is loaded. A device takes a piece of one of
 * them, and gives it back when it goes.
 *
 * Locking: ranges are added while the module is loaded and removed when it goes, with
 * no device left. The pieces are genalloc's, which takes no locks. Pages are locked
 * by the callers.
 *
 * Limits: SVM_COHERENT_RANGES. Pages are single: the core takes huge ones of coherent
 * memory for system memory. Whether there is memory behind a range nobody checks: the
 * administrator has said so. What the CPU does there does not make a page hot for
 * eviction, as nothing tells of it.
 */
#include <linux/genalloc.h>
#include <linux/highmem.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "coherent.h"
#include "copy_engine.h"
#include "device.h"
#include "pool.h"

#ifdef SVM_HAVE_DEVICE_PRIVATE

#define SVM_COHERENT_RANGES	16

/**
 * struct svm_coherent_range - physical memory that devices may be made of
 * @link: in svm_coherent_ranges.
 * @nid: NUMA node that it belongs to, or NUMA_NO_NODE.
 * @unused: what of it no device has.
 */
struct svm_coherent_range {
	struct list_head link;
	int nid;
	struct gen_pool *unused;
};

static LIST_HEAD(svm_coherent_ranges);

/**
 * struct svm_coherent - the memory of a coherent device
 * @range: where it is from.
 * @start: its physical address.
 */
struct svm_coherent {
	struct svm_coherent_range *range;
	phys_addr_t start;
};

/* What memremap_pages() would WARN of, and what genalloc can't have. */
static int svm_coherent_check(u64 start, u64 bytes)
{
	struct range all = mhp_get_pluggable_range(true);

	if (!start || !bytes || !IS_ALIGNED(start | bytes, SVM_BLOCK_BYTES))
		return -EINVAL;
	if (start < all.start || start > all.end || bytes - 1 > all.end - start)
		return -ERANGE;
	if (region_intersects(start, bytes, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT)
		return -EBUSY;
	return 0;
}

static int svm_coherent_add_range(u64 start, u64 bytes)
{
	struct svm_coherent_range *range;
	int ret;

	ret = svm_coherent_check(start, bytes);
	if (ret)
		return ret;
	if (list_count_nodes(&svm_coherent_ranges) >= SVM_COHERENT_RANGES)
		return -ENOSPC;
	range = kzalloc_obj(*range);
	if (!range)
		return -ENOMEM;
	range->nid = phys_to_target_node(start);
	range->unused = gen_pool_create(ilog2(SVM_BLOCK_BYTES), range->nid);
	if (!range->unused) {
		ret = -ENOMEM;
		goto err_free_range;
	}
	ret = gen_pool_add(range->unused, start, bytes, range->nid);
	if (ret)
		goto err_destroy_unused;
	list_add_tail(&range->link, &svm_coherent_ranges);
	return 0;

err_destroy_unused:
	gen_pool_destroy(range->unused);
err_free_range:
	kfree(range);
	return ret;
}

/**
 * svm_coherent_create() - add a range, and make a device of all of it
 * @spec: SIZE@START; for the module's parameter.
 *
 * Return: 0 or a negative errno value: -EBUSY for memory that somebody has, -ERANGE
 * for what is no physical address here.
 */
int svm_coherent_create(const char *spec)
{
	u64 bytes, start;
	char *end, *from;
	u32 id;
	int ret;

	bytes = memparse(spec, &end);
	if (end == spec || *end != '@')
		return -EINVAL;
	from = end + 1;
	start = memparse(from, &end);
	if (end == from || *end)
		return -EINVAL;
	ret = svm_coherent_add_range(start, bytes);
	/* Those before have their devices: only the new one has so much to give. */
	return ret ?: svm_device_create(SVM_DEVICE_COHERENT, bytes,
					NUMA_NO_NODE, &id);
}

/**
 * svm_coherent_exit() - forget the ranges; there are no devices any more
 */
void svm_coherent_exit(void)
{
	struct svm_coherent_range *range, *next;

	list_for_each_entry_safe(range, next, &svm_coherent_ranges, link) {
		list_del(&range->link);
		gen_pool_destroy(range->unused);
		kfree(range);
	}
}

/* Take a piece of some range, of a node if one was named. */
static int svm_coherent_take(struct svm_device *sdev, struct svm_coherent *mem)
{
	struct svm_coherent_range *range;
	int ret = -EINVAL;

	list_for_each_entry(range, &svm_coherent_ranges, link) {
		if (sdev->node != NUMA_NO_NODE && sdev->node != range->nid)
			continue;
		ret = -ENOMEM;
		mem->start = gen_pool_alloc(range->unused, sdev->bytes);
		if (!mem->start)
			continue;
		mem->range = range;
		return 0;
	}
	return ret;
}

static int svm_coherent_init(struct svm_device *sdev)
{
	struct svm_coherent *mem;
	int ret;

	mem = kzalloc_obj(*mem);
	if (!mem)
		return -ENOMEM;
	ret = svm_coherent_take(sdev, mem);
	if (ret)
		goto err_free_mem;
	sdev->region = request_mem_region(mem->start, sdev->bytes, "svm");
	if (!sdev->region) {
		ret = -EBUSY;
		goto err_give_back;
	}
	sdev->node = mem->range->nid;
	sdev->backend_data = mem;
	sdev->copy_engine = svm_copy_engine_get(sdev->node);
	return 0;

err_give_back:
	gen_pool_free(mem->range->unused, mem->start, sdev->bytes);
err_free_mem:
	kfree(mem);
	return ret;
}

static void svm_coherent_fini(struct svm_device *sdev)
{
	struct svm_coherent *mem = sdev->backend_data;

	svm_copy_engine_put(sdev->copy_engine);
	gen_pool_free(mem->range->unused, mem->start, sdev->bytes);
	kfree(mem);
}

static void *svm_coherent_address(struct svm_device *sdev, u64 offset)
{
	struct svm_coherent *mem = sdev->backend_data;

	return __va(mem->start + offset);
}

static int svm_coherent_write(struct svm_device *sdev, u64 offset,
			      struct page *src, unsigned long nr)
{
	struct page *dst = virt_to_page(svm_coherent_address(sdev, offset));

	return svm_copy_engine_copy(sdev, dst, src, nr);
}

static int svm_coherent_read(struct svm_device *sdev, u64 offset,
			     struct page *dst, unsigned long nr)
{
	struct page *src = virt_to_page(svm_coherent_address(sdev, offset));

	return svm_copy_engine_copy(sdev, dst, src, nr);
}

static int svm_coherent_clear(struct svm_device *sdev, u64 offset,
			      unsigned long nr)
{
	void *to = svm_coherent_address(sdev, offset);
	unsigned long i;

	for (i = 0; i < nr; i++) {
		clear_page(to + i * PAGE_SIZE);
		cond_resched();
	}
	return 0;
}
#else
int svm_coherent_create(const char *spec)
{
	return -EOPNOTSUPP;
}

void svm_coherent_exit(void)
{
}

static int svm_coherent_init(struct svm_device *sdev)
{
	return -EOPNOTSUPP;
}

static void svm_coherent_fini(struct svm_device *sdev)
{
}
#endif

const struct svm_backend svm_coherent_backend = {
	.type = SVM_DEVICE_COHERENT,
	.name = "coherent",
	.init = svm_coherent_init,
	.fini = svm_coherent_fini,
#ifdef SVM_HAVE_DEVICE_PRIVATE
	.memory = MEMORY_DEVICE_COHERENT,
	.write = svm_coherent_write,
	.read = svm_coherent_read,
	.clear = svm_coherent_clear,
	.address = svm_coherent_address,
#endif
};
