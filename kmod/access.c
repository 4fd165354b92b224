// SPDX-License-Identifier: GPL-2.0-only
/*
 * SVM_IOCTL_ACCESS: the device's engine, played by the CPU. It reads, writes,
 * fills, copies, and does atomics on virtual addresses, but touches memory only
 * through the context's mirror, as a device would. Of a device that masters the bus
 * transfer.c is the engine.
 *
 * An operation first gets its whole range into the mirror, so that an address
 * that can't be accessed is found before anything changed, and then works chunk
 * by chunk. What is taken away meanwhile is faulted in again.
 *
 * Locking: a chunk's lock while the engine works on it; never while it touches
 * the caller's buffer, which may be the same memory. For that the bytes go
 * through a staging buffer.
 *
 * Limits: SVM_ACCESS_MAX_BYTES an operation, staged in kernel memory that is
 * charged to the caller's memory cgroup; a deadline for each operation.
 */
#include <linux/highmem.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "access.h"
#include "atomic.h"
#include "context.h"
#include "device.h"
#include "engine.h"
#include "exclusive.h"
#include "ioctl.h"
#include "mirror.h"
#include "pool.h"

#define SVM_ACCESS_TIMEOUT_MS		1000
#define SVM_ACCESS_MAX_TIMEOUT_MS	60000

/**
 * svm_engine_mark_dirty() - note that the device writes to a page
 * @page: the page; the lock of its chunk is held.
 *
 * For whoever reclaims it: its page table entry may be writable and clean, after it
 * was swapped in or given up by MADV_FREE.
 */
void svm_engine_mark_dirty(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (!folio_test_dirty(folio))
		folio_mark_dirty(folio);
}

/* A page as the CPU addresses it; to be given to svm_engine_unmap(). */
static void *svm_engine_map(struct page *page)
{
	if (svm_is_device_page(page)) {
		struct svm_device *sdev = svm_device_of_page(page);

		svm_pool_touch(sdev->pool, page_to_pfn(page));
		return sdev->backend->address(sdev,
					      svm_page_offset(sdev, page));
	}
	return kmap_local_page(page);
}

/* Each byte of an operation comes here once, on each of its sides. */
static void svm_engine_note(struct svm_engine *engine, struct page *page,
			    unsigned long nr)
{
	if (svm_is_device_page(page))
		engine->bytes_device += nr;
}

static void svm_engine_unmap(struct page *page, void *addr)
{
	if (!svm_is_device_page(page))
		kunmap_local(addr);
}

/**
 * svm_engine_fault() - get all of a range into the mirror at some moment
 * @engine: the operation; a round is counted if anything was missing.
 * @addr: first byte.
 * @length: bytes.
 * @write: whether the device wants to write.
 *
 * Return: 0 or a negative errno value, as struct svm_access_op says.
 */
int svm_engine_fault(struct svm_engine *engine, unsigned long addr,
		     unsigned long length, bool write)
{
	unsigned long start = PAGE_ALIGN_DOWN(addr);
	unsigned long end = PAGE_ALIGN(addr + length);
	bool missed = false;
	unsigned long next;

	for (; start < end; start = next) {
		struct svm_chunk *chunk;
		bool has;
		int ret;

		next = min(end, ALIGN_DOWN(start, SVM_CHUNK_BYTES) +
				SVM_CHUNK_BYTES);
		chunk = svm_mirror_chunk(&engine->ctx->mirror, start);
		if (IS_ERR(chunk))
			return PTR_ERR(chunk);
		mutex_lock(&chunk->lock);
		has = svm_chunk_has(chunk, start, (next - start) >> PAGE_SHIFT,
				    write);
		mutex_unlock(&chunk->lock);
		if (has)
			continue;
		missed = true;
		ret = svm_chunk_fault(chunk, start, (next - start) >> PAGE_SHIFT,
				      write, engine->deadline);
		if (ret)
			return ret;
		cond_resched();
	}
	engine->op->rounds += missed;
	return 0;
}

/* Copy between staging and one chunk's part of a range, all of it mirrored. */
static void svm_engine_copy(struct svm_engine *engine, struct svm_chunk *chunk,
			    unsigned long addr, unsigned long end, u8 *staging,
			    bool write)
{
	unsigned long nr;

	for (; addr < end; addr += nr, staging += nr) {
		struct page *page =
			svm_chunk_page(chunk, svm_chunk_index(addr));
		void *mapped = svm_engine_map(page);
		u8 *bytes = mapped + offset_in_page(addr);

		nr = min(end - addr, PAGE_SIZE - offset_in_page(addr));
		if (write) {
			memcpy(bytes, staging, nr);
			svm_engine_mark_dirty(page);
		} else {
			memcpy(staging, bytes, nr);
		}
		svm_engine_note(engine, page, nr);
		svm_engine_unmap(page, mapped);
	}
}

static bool svm_engine_masters_bus(struct svm_engine *engine)
{
	return engine->ctx->mirror.dma;
}

/* Move bytes between staging and a range of the address space. */
static int svm_engine_transfer(struct svm_engine *engine, unsigned long addr,
			       bool write)
{
	unsigned long end = addr + engine->op->length;
	u8 *staging = engine->staging;
	unsigned long next;
	int ret;

	if (svm_engine_masters_bus(engine))
		return svm_engine_dma_transfer(engine, addr, write);
	ret = svm_engine_fault(engine, addr, engine->op->length, write);
	if (ret)
		return ret;

	for (; addr < end; staging += next - addr, addr = next) {
		struct svm_chunk *chunk;
		unsigned long nr;

		next = min(end, ALIGN_DOWN(addr, SVM_CHUNK_BYTES) +
				SVM_CHUNK_BYTES);
		nr = (PAGE_ALIGN(next) - PAGE_ALIGN_DOWN(addr)) >> PAGE_SHIFT;
		chunk = svm_mirror_chunk(&engine->ctx->mirror, addr);
		if (IS_ERR(chunk))
			return PTR_ERR(chunk);

		mutex_lock(&chunk->lock);
		while (!svm_chunk_has(chunk, PAGE_ALIGN_DOWN(addr), nr, write)) {
			mutex_unlock(&chunk->lock);
			ret = svm_engine_fault(engine, addr, next - addr,
					       write);
			if (ret)
				return ret;
			mutex_lock(&chunk->lock);
		}
		svm_engine_copy(engine, chunk, addr, next, staging, write);
		mutex_unlock(&chunk->lock);
		cond_resched();
	}
	return 0;
}

static void svm_engine_pattern(struct svm_engine *engine)
{
	const struct svm_access_op *op = engine->op;
	u64 i;

	for (i = 0; i < op->length; i += op->width)
		memcpy(engine->staging + i, &op->data, op->width);
}

static int svm_engine_bytes(struct svm_engine *engine)
{
	struct svm_access_op *op = engine->op;
	void __user *buffer = u64_to_user_ptr(op->data);
	int ret;

	if (op->type == SVM_ACCESS_COPY && svm_engine_masters_bus(engine))
		return svm_engine_dma_copy(engine);

	engine->staging = kvmalloc(op->length, GFP_KERNEL_ACCOUNT);
	if (!engine->staging)
		return -ENOMEM;

	switch (op->type) {
	case SVM_ACCESS_READ:
		ret = svm_engine_transfer(engine, op->addr, false);
		if (ret)
			break;
		/* All of it or nothing. */
		if (fault_in_safe_writeable(buffer, op->length) ||
		    copy_to_user(buffer, engine->staging, op->length))
			ret = -EFAULT;
		break;
	case SVM_ACCESS_WRITE:
		ret = -EFAULT;
		if (!copy_from_user(engine->staging, buffer, op->length))
			ret = svm_engine_transfer(engine, op->addr, true);
		break;
	case SVM_ACCESS_FILL:
		svm_engine_pattern(engine);
		ret = svm_engine_transfer(engine, op->addr, true);
		break;
	case SVM_ACCESS_COPY:
		/* A destination that can't be shall not cost a copy. */
		ret = svm_engine_fault(engine, op->addr, op->length, true);
		if (!ret)
			ret = svm_engine_transfer(engine, op->data, false);
		if (!ret)
			ret = svm_engine_transfer(engine, op->addr, true);
		break;
	default:
		ret = -EINVAL;
	}
	kvfree(engine->staging);
	return ret;
}

/*
 * Whether an atomic on a mirrored page would be one: on a device nobody else
 * has it, or it is coherent; in system memory the CPU must not. Coherent memory, and
 * what can't be had exclusively, is shared with the CPU, whose atomics are the
 * engine's own kind.
 */
static bool svm_engine_is_alone(struct svm_chunk *chunk, unsigned long addr)
{
	unsigned int index = svm_chunk_index(addr);
	struct page *page = svm_chunk_page(chunk, index);

	if (!svm_exclusive_supported())
		return true;
	return svm_is_device_page(page) ||
	       svm_chunk_is_exclusive(chunk, index) ||
	       !PageAnon(page) || PageHuge(page);
}

static int svm_engine_atomic(struct svm_engine *engine)
{
	struct svm_access_op *op = engine->op;
	unsigned long start = PAGE_ALIGN_DOWN(op->addr);
	struct svm_chunk *chunk;
	struct page *page;
	void *mapped;
	int ret;

	chunk = svm_mirror_chunk(&engine->ctx->mirror, start);
	if (IS_ERR(chunk))
		return PTR_ERR(chunk);

	for (;;) {
		bool has;

		mutex_lock(&chunk->lock);
		has = svm_chunk_has(chunk, start, 1, true);
		if (has && svm_engine_is_alone(chunk, start))
			break;
		mutex_unlock(&chunk->lock);

		if (time_after(jiffies, engine->deadline))
			return -ETIMEDOUT;
		if (fatal_signal_pending(current))
			return -EINTR;
		if (has) {
			ret = svm_exclusive_take(&engine->ctx->mirror, start);
		} else {
			svm_exclusive_look(&engine->ctx->mirror, start);
			ret = svm_engine_fault(engine, start, PAGE_SIZE, true);
		}
		/* Taken away again, or turned into another kind of memory. */
		if (ret && ret != -EBUSY && ret != -EOPNOTSUPP)
			return ret;
		cond_resched();
	}
	page = svm_chunk_page(chunk, svm_chunk_index(start));
	mapped = svm_engine_map(page);
	op->old = svm_atomic(mapped + offset_in_page(op->addr), op);
	svm_engine_mark_dirty(page);
	svm_engine_note(engine, page, op->width);
	svm_engine_unmap(page, mapped);
	mutex_unlock(&chunk->lock);
	return 0;
}

static bool svm_op_range_is_bad(u64 addr, u64 length)
{
	u64 start = PAGE_ALIGN_DOWN(addr);

	if (!length || length > SVM_ACCESS_MAX_BYTES)
		return true;
	return svm_range_is_bad(start,
				PAGE_ALIGN(length + offset_in_page(addr)));
}

static bool svm_op_is_bad(const struct svm_access_op *op)
{
	if (op->type >= SVM_ACCESS_ADD)
		return svm_atomic_is_bad(op) ||
		       svm_op_range_is_bad(op->addr, op->width);
	if (op->compare || svm_op_range_is_bad(op->addr, op->length))
		return true;

	switch (op->type) {
	case SVM_ACCESS_READ:
	case SVM_ACCESS_WRITE:
		return op->width;
	case SVM_ACCESS_FILL:
		return !is_power_of_2(op->width) ||
		       op->width > sizeof(op->data) || op->length % op->width;
	case SVM_ACCESS_COPY:
		return op->width || svm_op_range_is_bad(op->data, op->length);
	default:
		return true;
	}
}

static int svm_engine_run(struct svm_engine *engine)
{
	struct svm_access_op *op = engine->op;

	op->rounds = 0;
	op->old = 0;
	if (svm_op_is_bad(op))
		return -EINVAL;
	if (op->type >= SVM_ACCESS_ADD)
		return svm_engine_masters_bus(engine) ?
			-EOPNOTSUPP : svm_engine_atomic(engine);
	return svm_engine_bytes(engine);
}

/* What the device reads and writes of the address space by a good operation. */
static u64 svm_op_bytes(const struct svm_access_op *op)
{
	if (op->type >= SVM_ACCESS_ADD)
		return op->width;
	return (u64)op->length << (op->type == SVM_ACCESS_COPY);
}

/* What the operations of a call accessed; counted when it ends. */
struct svm_accessed {
	u64 bytes;
	u64 bytes_device;
};

/*
 * Do the operations in order; the first that fails is the last. What those that
 * were done accessed is added to @accessed.
 */
static int svm_access_ops(struct svm_context *ctx, struct svm_ioctl_access *arg,
			  struct svm_accessed *accessed)
{
	struct svm_access_op __user *uops = u64_to_user_ptr(arg->ops);
	unsigned int timeout = arg->timeout_ms ?: SVM_ACCESS_TIMEOUT_MS;
	struct svm_access_op op;
	u32 i;

	/* What can't be told is not done. */
	if (fault_in_safe_writeable((char __user *)uops,
				    arg->count * sizeof(op)))
		return -EFAULT;

	for (i = 0; i < arg->count; i++) {
		struct svm_engine engine = {
			.ctx = ctx,
			.op = &op,
			.deadline = jiffies + msecs_to_jiffies(timeout),
		};

		if (copy_from_user(&op, &uops[i], sizeof(op)))
			return -EFAULT;
		op.result = svm_engine_run(&engine);
		if (!op.result) {
			accessed->bytes += svm_op_bytes(&op);
			accessed->bytes_device += engine.bytes_device;
		}
		if (copy_to_user(&uops[i], &op, sizeof(op)))
			return -EFAULT;
		if (op.result)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	arg->done = i;
	return 0;
}

static void svm_access_count(struct svm_counters *counters,
			     const struct svm_accessed *accessed)
{
	svm_count(counters, SVM_CTR_BYTES_ACCESSED, accessed->bytes);
	svm_count(counters, SVM_CTR_BYTES_ACCESSED_DEVICE,
		  accessed->bytes_device);
}

/**
 * svm_access() - SVM_IOCTL_ACCESS
 * @ctx: the context.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_access(struct svm_context *ctx, struct svm_ioctl_access *arg)
{
	struct svm_accessed accessed = {};
	int ret;

	if (arg->flags & ~SVM_F_OWNER_MM)
		return -EINVAL;
	if (!arg->count || arg->count > SVM_ACCESS_MAX_OPS)
		return -EINVAL;
	if (arg->timeout_ms > SVM_ACCESS_MAX_TIMEOUT_MS)
		return -EINVAL;

	ret = svm_context_enter(ctx, arg->flags);
	if (ret)
		return ret;
	ret = svm_mirror_enter(&ctx->mirror);
	if (!ret) {
		ret = svm_access_ops(ctx, arg, &accessed);
		svm_mirror_exit(&ctx->mirror);
	}
	svm_access_count(&ctx->counters, &accessed);
	svm_access_count(&ctx->sdev->counters, &accessed);
	svm_context_exit(ctx);
	return ret;
}
