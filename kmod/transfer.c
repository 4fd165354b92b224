// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine of a device that masters the bus: it moves bytes by its own DMA, through
 * a buffer of its own, between mirrored pages, and between them and the caller.
 *
 * It works in pieces that lie in one page. A piece goes into the device's buffer and
 * out of it with svm_dma.engine held, and each half with the lock of the chunk that it
 * touches: what invalidates a page waits for one transfer at most. Pages that are
 * taken away meanwhile are faulted in with no lock held, and the piece begins anew.
 *
 * Locking, from the outside: svm_dma.engine, svm_chunk.lock.
 *
 * Limits: the deadline is for getting the memory; the time in which the device works,
 * for this operation or others before it, does not count. A fatal signal ends an
 * operation between two pieces.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "context.h"
#include "dma.h"
#include "engine.h"
#include "mirror.h"

/**
 * struct svm_dma_end - one end of a transfer
 * @addr: address in the context's address space, if @staging is NULL.
 * @staging: bytes of the kernel's.
 */
struct svm_dma_end {
	unsigned long addr;
	u8 *staging;
};

/* Half a piece: -EAGAIN if the mirror does not have the page as it should. */
static int svm_dma_reach(struct svm_engine *engine, unsigned long addr,
			 size_t nr, bool write)
{
	struct svm_mirror *mirror = &engine->ctx->mirror;
	unsigned int index = svm_chunk_index(addr);
	struct svm_dma *dma = mirror->dma;
	struct svm_chunk *chunk;
	dma_addr_t bus;
	int ret;

	lockdep_assert_held(&dma->engine);

	chunk = svm_mirror_find(mirror, addr);
	if (!chunk)
		return -EAGAIN;
	mutex_lock(&chunk->lock);
	ret = -EAGAIN;
	if (!svm_chunk_has(chunk, PAGE_ALIGN_DOWN(addr), 1, write))
		goto unlock;
	ret = svm_dma_map_page(dma, chunk->dma_map, index,
			       svm_chunk_page(chunk, index), &bus);
	if (ret)
		goto unlock;
	bus += offset_in_page(addr);
	if (write) {
		ret = dma->ops->store(dma, bus, nr);
		/* Some of it may be there even if it failed. */
		svm_engine_mark_dirty(svm_chunk_page(chunk, index));
	} else {
		ret = dma->ops->load(dma, bus, nr);
	}
unlock:
	mutex_unlock(&chunk->lock);
	return ret;
}

static int svm_dma_load(struct svm_engine *engine,
			const struct svm_dma_end *from, size_t offset,
			size_t nr)
{
	struct svm_dma *dma = engine->ctx->mirror.dma;

	if (!from->staging)
		return svm_dma_reach(engine, from->addr + offset, nr, false);
	memcpy(dma->bounce, from->staging + offset, nr);
	return dma->ops->load(dma, dma->bounce_addr, nr);
}

static int svm_dma_store(struct svm_engine *engine,
			 const struct svm_dma_end *to, size_t offset, size_t nr)
{
	struct svm_dma *dma = engine->ctx->mirror.dma;
	int ret;

	if (!to->staging)
		return svm_dma_reach(engine, to->addr + offset, nr, true);
	ret = dma->ops->store(dma, dma->bounce_addr, nr);
	if (!ret)
		memcpy(to->staging + offset, dma->bounce, nr);
	return ret;
}

static int svm_dma_fault_end(struct svm_engine *engine,
			     const struct svm_dma_end *end, size_t offset,
			     size_t nr, bool write)
{
	if (end->staging)
		return 0;
	return svm_engine_fault(engine, end->addr + offset, nr, write);
}

/* The destination first: one that can't be shall not cost reading. */
static int svm_dma_fault(struct svm_engine *engine,
			 const struct svm_dma_end *to,
			 const struct svm_dma_end *from, size_t offset,
			 size_t nr)
{
	int ret;

	ret = svm_dma_fault_end(engine, to, offset, nr, true);
	return ret ?: svm_dma_fault_end(engine, from, offset, nr, false);
}

static int svm_dma_piece(struct svm_engine *engine,
			 const struct svm_dma_end *to,
			 const struct svm_dma_end *from, size_t offset,
			 size_t nr)
{
	struct svm_dma *dma = engine->ctx->mirror.dma;
	unsigned long start;
	int ret;

	do {
		start = jiffies;
		if (mutex_lock_killable(&dma->engine))
			return -EINTR;
		ret = svm_dma_load(engine, from, offset, nr);
		if (!ret)
			ret = svm_dma_store(engine, to, offset, nr);
		mutex_unlock(&dma->engine);
		engine->deadline += jiffies - start;
		if (ret == -EAGAIN)
			ret = svm_dma_fault(engine, to, from, offset, nr) ?:
			      -EAGAIN;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (ret == -EAGAIN);
	return ret;
}

/* How many of the next @left bytes from @addr on are in one page. */
static size_t svm_dma_ahead(const struct svm_dma_end *end, size_t offset,
			    size_t left)
{
	if (end->staging)
		return min(left, PAGE_SIZE);
	return min(left, PAGE_SIZE - offset_in_page(end->addr + offset));
}

/* How many of the @left bytes up to @offset are in one page. */
static size_t svm_dma_behind(const struct svm_dma_end *end, size_t offset)
{
	if (end->staging)
		return min(offset, PAGE_SIZE);
	return min(offset, offset_in_page(end->addr + offset - 1) + 1);
}

static int svm_dma_move(struct svm_engine *engine, const struct svm_dma_end *to,
			const struct svm_dma_end *from)
{
	size_t length = engine->op->length, most, offset, nr, done;
	bool backward = !to->staging && !from->staging && to->addr > from->addr;
	int ret;

	/* What can't be is found before anything changes. */
	ret = svm_dma_fault(engine, to, from, 0, length);
	if (ret)
		return ret;

	most = engine->ctx->mirror.dma->buffer_bytes;
	for (done = 0; done < length; done += nr) {
		if (backward) {
			offset = length - done;
			nr = min3(svm_dma_behind(to, offset),
				  svm_dma_behind(from, offset), most);
			offset -= nr;
		} else {
			offset = done;
			nr = min3(svm_dma_ahead(to, offset, length - done),
				  svm_dma_ahead(from, offset, length - done),
				  most);
		}
		ret = svm_dma_piece(engine, to, from, offset, nr);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * svm_engine_dma_transfer() - move bytes between staging and memory
 * @engine: the operation; its context's device masters the bus.
 * @addr: where in the context's address space.
 * @write: to memory, not from it.
 *
 * Return: 0 or a negative errno value, as struct svm_access_op says.
 */
int svm_engine_dma_transfer(struct svm_engine *engine, unsigned long addr,
			    bool write)
{
	struct svm_dma_end memory = { .addr = addr };
	struct svm_dma_end staging = { .staging = engine->staging };

	return write ? svm_dma_move(engine, &memory, &staging) :
		       svm_dma_move(engine, &staging, &memory);
}

/**
 * svm_engine_dma_copy() - copy memory, past the CPU
 * @engine: the operation; its context's device masters the bus.
 *
 * Return: 0 or a negative errno value, as struct svm_access_op says.
 */
int svm_engine_dma_copy(struct svm_engine *engine)
{
	struct svm_dma_end to = { .addr = engine->op->addr };
	struct svm_dma_end from = { .addr = engine->op->data };

	return svm_dma_move(engine, &to, &from);
}
