// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pokes of devices at a program's memory.
 *
 * Only pages of the survey are poked: those of private mappings that are the
 * process's own. A write by a device, even of the value that is there, would make
 * a page of a shared file dirty; of a page of one's own nobody learns. What the
 * program has done to the mapping since the survey the kernel sees: it refuses,
 * and that is counted.
 *
 * Exclusive access takes huge mappings apart, as churn's own moves do.
 */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <svm/access.h>
#include <svm/events.h>
#include <svm/exclusive.h>

#include "process.h"

#define ATOMICS_MAX 8
#define READ_MAX ((uint64_t)64 << 10)
#define EXCLUSIVE_MAX ((uint64_t)16)
/* Pages are held this long at most, were svm-run to be stopped meanwhile. */
#define HOLD_MS 5
/* What is kept between two looks, and taken at once. */
#define EVENTS_KEPT 1024
#define EVENTS_BATCH 64

/*
 * struct teller - a device that tells
 * @events: its stream, or NULL.
 * @id: N of svmN.
 * @can: its capabilities.
 */
struct teller {
	struct svm_events *events;
	uint32_t id;
	uint64_t can;
};

/*
 * struct engine - the devices of a process, as far as they can do anything
 * @nr: how many.
 * @list: them.
 */
struct engine {
	unsigned int nr;
	struct teller list[HELLO_CONTEXTS_MAX];
};

static void add(struct engine *engine, struct process *process,
		unsigned int index, struct tally *tally)
{
	struct svm_events_opts opts = SVM_EVENTS_OPTS_INIT;
	struct svm_device_info info = { .size = sizeof(info) };
	struct teller *teller = &engine->list[engine->nr];
	int err;

	err = svm_device_info(process->svm, index, &info);
	if (err || engine->nr == HELLO_CONTEXTS_MAX)
		return;
	teller->id = info.id;
	teller->can = info.capabilities;
	engine->nr++;
	if (!(teller->can & SVM_CAP_EVENTS))
		return;
	opts.entries = EVENTS_KEPT;
	err = svm_events_open(&teller->events, process->svm, info.id, &opts);
	if (err)
		tally_error(tally, err);
}

static struct engine *engine_of(struct process *process, struct tally *tally)
{
	if (process->engine)
		return process->engine;
	process->engine = calloc(1, sizeof(*process->engine));
	for (int i = 0; process->engine && i < svm_device_count(process->svm);
	     i++)
		add(process->engine, process, (unsigned int)i, tally);
	return process->engine;
}

/* Takes what is there, but no more than is kept: others have their turn. */
static void take_events(struct teller *teller, struct engine_tally *tally)
{
	struct svm_event list[EVENTS_BATCH];
	ssize_t nr;

	for (unsigned int taken = 0; taken < EVENTS_KEPT;
	     taken += EVENTS_BATCH) {
		nr = svm_events_next(teller->events, list, EVENTS_BATCH, 0);
		for (ssize_t i = 0; i < nr; i++)
			tally_event(tally, &list[i]);
		if (nr < EVENTS_BATCH)
			return;
	}
}

void engine_close(struct engine *engine, struct tally *tally)
{
	uint64_t dropped;

	if (!engine)
		return;
	for (unsigned int i = 0; i < engine->nr; i++) {
		struct teller *teller = &engine->list[i];

		if (!teller->events)
			continue;
		take_events(teller, &tally->engine);
		if (!svm_events_count(teller->events, NULL, &dropped))
			tally->engine.events_dropped += dropped;
		svm_events_close(teller->events);
	}
	free(engine);
}

/* An error of a call: of memory that was unmapped, -EFAULT, is a refusal. */
static int note(int err, struct tally *tally)
{
	return err == -EFAULT || err == -ENODEV ? 0 : tally_outcome(tally, err);
}

static uint64_t pick_in(const struct run *piece, uint64_t align,
			struct rng *rng)
{
	return piece->start +
	       rng_below(rng, (piece->end - piece->start) / align) * align;
}

/* An atomic that changes nothing, whatever it finds. */
static struct svm_access_op idle_atomic(const struct run *piece,
					struct rng *rng)
{
	static const struct {
		uint32_t type;
		uint64_t operand;
	} kinds[] = {
		{ SVM_ACCESS_ADD, 0 },		{ SVM_ACCESS_OR, 0 },
		{ SVM_ACCESS_XOR, 0 },		{ SVM_ACCESS_AND, UINT64_MAX },
		{ SVM_ACCESS_MIN, UINT64_MAX }, { SVM_ACCESS_MAX, 0 },
	};
	unsigned int width = rng_below(rng, 2) ? 8 : 4;
	size_t i = rng_below(rng, sizeof(kinds) / sizeof(kinds[0]));
	uint64_t addr = pick_in(piece, width, rng);
	uint64_t operand = kinds[i].operand;

	if (width == 4)
		operand = (uint32_t)operand;
	return svm_op_atomic(kinds[i].type, width, (void *)(uintptr_t)addr,
			     operand);
}

static int do_ops(struct process *process, const struct teller *teller,
		  struct svm_access_op *ops, size_t nr, uint64_t *ok,
		  uint64_t *refused, struct tally *tally)
{
	struct svm_access_opts opts = SVM_ACCESS_OPTS_INIT;
	ssize_t done;

	opts.timeout_ms = ENGINE_TIMEOUT_MS;
	done = svm_access(process->svm, teller->id, ops, nr, &opts);
	if (done < 0)
		return note((int)done, tally);
	*ok += (uint64_t)done;
	if ((size_t)done == nr)
		return 0;
	*refused += 1;
	return ops[done].result == -ESRCH ? -ESRCH : 0;
}

/*
 * Several words, then for the last a compare-and-exchange by the value that was
 * found there: if the program was faster, nothing is stored.
 */
static int poke_atomics(struct process *process, const struct teller *teller,
			const struct run *piece, struct rng *rng,
			struct tally *tally)
{
	struct engine_tally *count = &tally->engine;
	struct svm_access_op ops[ATOMICS_MAX], cas;
	size_t nr = 1 + rng_below(rng, ATOMICS_MAX);
	uint64_t before;
	int err;

	for (size_t i = 0; i < nr; i++)
		ops[i] = idle_atomic(piece, rng);
	before = count->atomics;
	err = do_ops(process, teller, ops, nr, &count->atomics,
		     &count->atomics_refused, tally);
	if (err || count->atomics - before != nr)
		return err;
	cas = svm_op_cas(ops[nr - 1].width, (void *)(uintptr_t)ops[nr - 1].addr,
			 ops[nr - 1].old, ops[nr - 1].old);
	return do_ops(process, teller, &cas, 1, &count->atomics,
		      &count->atomics_refused, tally);
}

static int poke_read(struct process *process, const struct teller *teller,
		     const struct run *piece, struct tally *tally)
{
	struct engine_tally *count = &tally->engine;
	static unsigned char bytes[READ_MAX];
	uint64_t length = piece->end - piece->start;
	uint64_t before = count->reads;
	struct svm_access_op op;
	int err;

	if (length > sizeof(bytes))
		length = sizeof(bytes);
	op = svm_op_read((void *)(uintptr_t)piece->start, length, bytes);
	err = do_ops(process, teller, &op, 1, &count->reads,
		     &count->reads_refused, tally);
	if (count->reads != before)
		count->bytes_read += length;
	return err;
}

/*
 * Exclusive, half of the times held, while atomics are done. It is given back, or
 * left to the program's next touch.
 */
static int poke_exclusive(struct process *process, const struct teller *teller,
			  const struct run *piece, struct rng *rng,
			  struct tally *tally)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct svm_exclusive_opts opts = SVM_EXCLUSIVE_OPTS_INIT;
	struct engine_tally *count = &tally->engine;
	struct run part = *piece;
	void *addr = (void *)(uintptr_t)part.start;
	uint64_t pages;
	ssize_t got;
	int err;

	if (part.end - part.start > EXCLUSIVE_MAX * page)
		part.end = part.start + EXCLUSIVE_MAX * page;
	pages = (part.end - part.start) / page;
	opts.hold_ms = rng_below(rng, 2) ? HOLD_MS : 0;
	got = svm_exclusive_acquire(process->svm, teller->id, addr,
				    part.end - part.start, &opts);
	if (got < 0)
		return note((int)got, tally);
	count->exclusive_pages += (uint64_t)got;
	count->exclusive_refused += pages - (uint64_t)got;
	err = poke_atomics(process, teller, &part, rng, tally);
	if (!err && (opts.hold_ms || rng_below(rng, 2))) {
		got = svm_exclusive_release(process->svm, teller->id, addr,
					    part.end - part.start);
		if (got < 0)
			return note((int)got, tally);
		count->exclusive_released += (uint64_t)got;
	}
	return err;
}

int engine_poke(struct process *process, const struct run *piece,
		struct rng *rng, struct tally *tally)
{
	struct engine *engine = engine_of(process, tally);
	uint64_t dice = rng_below(rng, 4);
	struct teller *teller;

	if (!engine || !engine->nr)
		return 0;
	for (unsigned int i = 0; i < engine->nr; i++) {
		if (engine->list[i].events)
			take_events(&engine->list[i], &tally->engine);
	}
	teller = &engine->list[rng_below(rng, engine->nr)];
	if (dice == 0 && teller->can & SVM_CAP_EXCLUSIVE)
		return poke_exclusive(process, teller, piece, rng, tally);
	if (!(teller->can & SVM_CAP_ACCESS))
		return 0;
	if (dice == 1)
		return poke_read(process, teller, piece, tally);
	return poke_atomics(process, teller, piece, rng, tally);
}
