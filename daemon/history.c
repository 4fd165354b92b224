// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The history: slots of places, and what copies have taught.
 *
 * No lock, no allocation: memory is the caller's, its size fixed at the start.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "history.h"

/* Weight of a full sample in the moving average of a pair's cost of a byte. */
#define LEARN 0.25
/* A move of as many bytes is a full sample, smaller ones less so. */
#define FULL_SAMPLE_BYTES (1024.0 * 1024.0)
/*
 * A single copy that took much longer, or less, than expected, because somebody
 * held a lock or had the CPU, counts as one so many times off. If it is the
 * truth, it is reached by a few more.
 */
#define SURPRISE 4
/*
 * What is too dear is not tried, and what is not tried nobody learns about. So
 * a cost above what the configuration expects goes back to that by half in this
 * time, in seconds, while nothing is copied.
 */
#define FORGET_S 10
/* What lies beyond these, 10 TB/s and 100 kB/s, is a broken measurement. */
#define BYTE_MIN_NS 1e-4
#define BYTE_MAX_NS 1e4
/* Most copy time that is held against a place. */
#define DEBT_MAX_US 10e6

#define ALIGN 64

static size_t align_up(size_t n)
{
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static size_t entries_size(uint32_t max)
{
	return align_up((size_t)2 * max * sizeof(struct svmd_entry));
}

size_t svmd_history_size(uint32_t max_decisions)
{
	/* The victims of a round are up to twice as many as its decisions. */
	return align_up(sizeof(struct svmd_history)) +
	       align_up(max_decisions * sizeof(struct svmd_decision)) +
	       entries_size(max_decisions) + entries_size(2 * max_decisions);
}

struct svmd_history *svmd_history_init(void *memory, uint32_t max_decisions)
{
	struct svmd_history *history = memory;
	char *at = memory;
	unsigned int i;

	memset(memory, 0, svmd_history_size(max_decisions));
	at += align_up(sizeof(*history));
	history->max_decisions = max_decisions;
	history->decisions = (void *)at;
	at += align_up(max_decisions * sizeof(struct svmd_decision));
	history->candidates.entries = (void *)at;
	history->candidates.max = max_decisions;
	at += entries_size(max_decisions);
	history->victims.entries = (void *)at;
	history->victims.max = 2 * max_decisions;
	memset(history->slot_of, SVMD_SLOT_NONE, sizeof(history->slot_of));
	for (i = 0; i < SVMD_PLACES_MAX; i++)
		history->slots[i].name = SVMD_PLACE_NONE;
	return history;
}

static uint8_t *slot_entry(struct svmd_history *history, svmd_place place)
{
	if (svmd_place_is(place, SVMD_NODE))
		return &history->slot_of[0][svmd_place_id(place)];
	if (svmd_place_is(place, SVMD_DEVICE))
		return &history->slot_of[1][svmd_place_id(place)];
	return NULL;
}

uint8_t svmd_history_slot(const struct svmd_history *history, svmd_place place)
{
	if (svmd_place_is(place, SVMD_NODE))
		return history->slot_of[0][svmd_place_id(place)];
	if (svmd_place_is(place, SVMD_DEVICE))
		return history->slot_of[1][svmd_place_id(place)];
	return SVMD_SLOT_NONE;
}

static void forget(struct svmd_history *history, uint8_t slot)
{
	unsigned int i;

	*slot_entry(history, history->slots[slot].name) = SVMD_SLOT_NONE;
	memset(&history->slots[slot], 0, sizeof(history->slots[slot]));
	history->slots[slot].name = SVMD_PLACE_NONE;
	for (i = 0; i < SVMD_PLACES_MAX; i++) {
		memset(&history->learnt[slot][i], 0,
		       sizeof(history->learnt[slot][i]));
		memset(&history->learnt[i][slot], 0,
		       sizeof(history->learnt[i][slot]));
	}
}

/* The place's slot, or a new one; SVMD_SLOT_NONE if all are in this snapshot. */
static uint8_t claim(struct svmd_history *history, svmd_place place)
{
	uint8_t *entry = slot_entry(history, place);
	unsigned int i, best = SVMD_PLACES_MAX;

	if (!entry)
		return SVMD_SLOT_NONE;
	if (*entry == SVMD_SLOT_NONE) {
		for (i = 0; i < SVMD_PLACES_MAX; i++) {
			const struct svmd_slot *slot = &history->slots[i];

			if (slot->present)
				continue;
			if (slot->name == SVMD_PLACE_NONE) {
				best = i;
				break;
			}
			if (best == SVMD_PLACES_MAX ||
			    slot->last_round < history->slots[best].last_round)
				best = i;
		}
		if (best == SVMD_PLACES_MAX)
			return SVMD_SLOT_NONE;
		if (history->slots[best].name != SVMD_PLACE_NONE)
			forget(history, (uint8_t)best);
		*entry = (uint8_t)best;
		history->slots[best].name = place;
	}
	/* Twice in one snapshot: the first counts. */
	if (history->slots[*entry].present)
		return SVMD_SLOT_NONE;
	history->slots[*entry].present = true;
	history->slots[*entry].last_round = history->round;
	history->slots_present[history->nr_present++] = *entry;
	return *entry;
}

static bool is_stale(const struct svmd_snapshot *snapshot,
		     const struct svmd_config *config, uint64_t sampled_us)
{
	return snapshot->now_us > sampled_us &&
	       snapshot->now_us - sampled_us > config->policy.stale_after_us;
}

static void take_node(struct svmd_history *history,
		      const struct svmd_snapshot *snapshot,
		      const struct svmd_config *config,
		      const struct svmd_node *node)
{
	uint8_t i = claim(history, svmd_node(node->id));
	struct svmd_slot *slot;

	if (i == SVMD_SLOT_NONE)
		return;
	slot = &history->slots[i];
	slot->is_device = false;
	slot->coherent = true;
	slot->has_cpu = node->has_cpu;
	slot->held = node->held;
	slot->stale = is_stale(snapshot, config, node->sampled_us);
	slot->total = node->total_bytes;
	slot->free = node->free_bytes < node->total_bytes ? node->free_bytes
							  : node->total_bytes;
	slot->psi = (double)node->psi_some;
	slot->near = i;
	svmd_config_limits(config, SVMD_SCOPE_NODE, node->id, &slot->limits);
}

static void take_device(struct svmd_history *history,
			const struct svmd_snapshot *snapshot,
			const struct svmd_config *config,
			const struct svmd_svm *device)
{
	uint8_t i = claim(history, svmd_device(device->id));
	struct svmd_slot *slot;

	if (i == SVMD_SLOT_NONE)
		return;
	slot = &history->slots[i];
	slot->is_device = true;
	slot->coherent = device->coherent;
	slot->has_cpu = false;
	slot->held = device->held;
	slot->stale = is_stale(snapshot, config, device->sampled_us);
	slot->total = device->total_bytes;
	slot->free = device->free_bytes < device->total_bytes
			     ? device->free_bytes
			     : device->total_bytes;
	slot->psi = 0;
	slot->near =
		device->node < 0
			? SVMD_SLOT_NONE
			: svmd_history_slot(history,
					    svmd_node((uint32_t)device->node));
	svmd_config_limits(config, SVMD_SCOPE_DEVICE, device->id,
			   &slot->limits);
}

static void relax(struct svmd_history *history,
		  const struct svmd_config *config)
{
	double expected = 1e9 / (double)config->settings.copy_bandwidth_bytes;
	double left = exp2(-history->round_s / FORGET_S);
	uint32_t i, j;

	for (i = 0; i < SVMD_PLACES_MAX; i++) {
		for (j = 0; j < SVMD_PLACES_MAX; j++) {
			struct svmd_learnt *learnt = &history->learnt[i][j];
			double more = (double)learnt->byte_ns - expected;

			if (more > 0 && !learnt->fresh)
				learnt->byte_ns =
					(float)(expected + more * left);
			learnt->fresh = false;
		}
	}
}

void svmd_history_begin(struct svmd_history *history,
			const struct svmd_snapshot *snapshot,
			const struct svmd_config *config)
{
	uint32_t i;

	for (i = 0; i < SVMD_PLACES_MAX; i++)
		history->slots[i].present = false;
	history->nr_present = 0;
	relax(history, config);
	for (i = 0; i < snapshot->nr_nodes; i++)
		take_node(history, snapshot, config, &snapshot->nodes[i]);
	for (i = 0; i < snapshot->nr_devices; i++)
		take_device(history, snapshot, config, &snapshot->devices[i]);
}

double svmd_history_copy_ns(const struct svmd_history *history,
			    const struct svmd_config *config, uint8_t from,
			    uint8_t to, uint64_t bytes)
{
	double byte_ns = (double)history->learnt[from][to].byte_ns;

	if (!(byte_ns > 0))
		byte_ns = 1e9 / (double)config->settings.copy_bandwidth_bytes;
	return (double)bytes * byte_ns;
}

static void add_debt(double *debt_us, double late_us)
{
	*debt_us += late_us;
	if (*debt_us > DEBT_MAX_US)
		*debt_us = DEBT_MAX_US;
}

void svmd_history_moved(struct svmd_history *history,
			const struct svmd_report *report)
{
	uint8_t from = svmd_history_slot(history, report->from);
	uint8_t to = svmd_history_slot(history, report->to);
	struct svmd_learnt *learnt;
	double late_us, byte_ns, weight;

	history->counters.moved_bytes += report->bytes_moved;
	history->counters.moved_us += report->duration_us;
	if (from == SVMD_SLOT_NONE || to == SVMD_SLOT_NONE)
		return;
	learnt = &history->learnt[from][to];

	/* Of a first copy nobody knew how long it would take. */
	if (learnt->byte_ns > 0) {
		late_us = (double)report->duration_us -
			  (double)report->bytes * (double)learnt->byte_ns / 1e3;
		if (late_us > 0) {
			add_debt(&history->slots[to].debt_in_us, late_us);
			add_debt(&history->slots[from].debt_out_us, late_us);
		}
	}

	learnt->moves++;
	learnt->bytes += report->bytes_moved;
	if (!report->bytes_moved)
		return;
	byte_ns =
		(double)report->duration_us * 1e3 / (double)report->bytes_moved;
	if (byte_ns < BYTE_MIN_NS)
		byte_ns = BYTE_MIN_NS;
	if (byte_ns > BYTE_MAX_NS)
		byte_ns = BYTE_MAX_NS;
	if (learnt->byte_ns > 0)
		byte_ns =
			fmin(fmax(byte_ns, (double)learnt->byte_ns / SURPRISE),
			     (double)learnt->byte_ns * SURPRISE);
	learnt->fresh = true;
	weight = (double)report->bytes_moved / FULL_SAMPLE_BYTES;
	weight = LEARN * (weight < 1 ? weight : 1);
	if (!(learnt->byte_ns > 0))
		weight = 1;
	learnt->byte_ns +=
		(float)(weight * (byte_ns - (double)learnt->byte_ns));
}

int svmd_history_pair(const struct svmd_history *history, svmd_place from,
		      svmd_place to, struct svmd_pair *pair)
{
	uint8_t a = svmd_history_slot(history, from);
	uint8_t b = svmd_history_slot(history, to);
	const struct svmd_learnt *learnt;

	if (a == SVMD_SLOT_NONE || b == SVMD_SLOT_NONE)
		return -ENOENT;
	learnt = &history->learnt[a][b];
	*pair = (struct svmd_pair){
		.bandwidth_bytes =
			learnt->byte_ns > 0 ? 1e9 / (double)learnt->byte_ns : 0,
		.moves = learnt->moves,
		.bytes = learnt->bytes,
	};
	return 0;
}

int svmd_history_place(const struct svmd_history *history, svmd_place place,
		       struct svmd_place_state *state)
{
	uint8_t i = svmd_history_slot(history, place);
	const struct svmd_slot *slot;

	if (i == SVMD_SLOT_NONE || !history->slots[i].present)
		return -ENOENT;
	slot = &history->slots[i];
	*state = (struct svmd_place_state){
		.evicting = slot->evicting,
		.stale = slot->stale,
		.tier = slot->tier,
		.cost_ns = slot->memory_ns + slot->line_ns,
		.bytes_in = slot->bytes_in,
		.bytes_out = slot->bytes_out,
	};
	return 0;
}

void svmd_history_counters(const struct svmd_history *history,
			   struct svmd_counters *counters)
{
	*counters = history->counters;
}
