// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Costs of access: for each user (a row) and each place, the time of an access
 * to a cache line.
 *
 * Latency, and the time that the line takes at the place's bandwidth. HMAT
 * rates both from the nearest CPUs; for CPUs further away they grow as the
 * distance does. Without HMAT distance stands for all: 10 is taken for 100 ns.
 * The order of places by these costs is what makes tiers; there is no list of
 * them.
 *
 * Limits: SVMD_PLACES_MAX; time grows with the square of the number of places.
 */
#include <math.h>

#include "history.h"

#define LINE_BYTES 64.0
/* Where nothing is known. */
#define DISTANCE_NS 10.0
#define BANDWIDTH_MBS 20000.0
#define DEVICE_NS 100.0
#define DEVICE_BANDWIDTH_MBS 20000.0
#define LINK_NS 1000.0
#define COHERENT_LINK_NS 250.0
#define LINK_BANDWIDTH_MBS 8000.0
#define DISTANCE_HERE 10
#define DISTANCE_ELSEWHERE 20
/* Places whose costs differ by less are one tier. */
#define TIER_STEP 1.1

static double line_ns(double mbs)
{
	return LINE_BYTES * 1000 / mbs;
}

/* Read and write alike, as nobody tells how much of either there is. */
static double mean(uint32_t a, uint32_t b)
{
	if (a && b)
		return ((double)a + b) / 2;
	return a ? a : b;
}

static double distance(const struct svmd_snapshot *snapshot, uint32_t from,
		       uint32_t to)
{
	const uint8_t *row = snapshot->nodes[from].distance;

	if (row && row[to] >= DISTANCE_HERE)
		return row[to];
	return from == to ? DISTANCE_HERE : DISTANCE_ELSEWHERE;
}

static bool any_cpu(const struct svmd_snapshot *snapshot)
{
	uint32_t i;

	for (i = 0; i < snapshot->nr_nodes; i++)
		if (snapshot->nodes[i].has_cpu)
			return true;
	return false;
}

/* Distance from the nearest CPUs, which is what HMAT's figures are for. */
static double nearest(const struct svmd_snapshot *snapshot, uint32_t to,
		      bool cpus)
{
	double best = 255;
	uint32_t i;

	for (i = 0; i < snapshot->nr_nodes; i++)
		if (!cpus || snapshot->nodes[i].has_cpu)
			best = fmin(best, distance(snapshot, i, to));
	return best;
}

static void rate_node(struct svmd_history *history,
		      const struct svmd_snapshot *snapshot, uint32_t i,
		      bool cpus)
{
	const struct svmd_node *node = &snapshot->nodes[i];
	uint8_t s = svmd_history_slot(history, svmd_node(node->id));
	double mbs = mean(node->read_bandwidth_mbs, node->write_bandwidth_mbs);
	double ns = mean(node->read_latency_ns, node->write_latency_ns);

	if (s == SVMD_SLOT_NONE)
		return;
	history->slots[s].nearest = nearest(snapshot, i, cpus);
	history->slots[s].memory_ns =
		ns > 0 ? ns : history->slots[s].nearest * DISTANCE_NS;
	history->slots[s].rated = mbs > 0;
	history->slots[s].line_ns = line_ns(mbs > 0 ? mbs : BANDWIDTH_MBS);
	history->slots[s].link_ns = 0;
}

static void rate_device(struct svmd_history *history,
			const struct svmd_svm *device)
{
	uint8_t s = svmd_history_slot(history, svmd_device(device->id));
	double link_ns = device->link_latency_ns;

	if (s == SVMD_SLOT_NONE)
		return;
	history->slots[s].memory_ns = device->latency_ns ? device->latency_ns
							 : DEVICE_NS;
	history->slots[s].line_ns = line_ns(device->bandwidth_mbs
						    ? device->bandwidth_mbs
						    : DEVICE_BANDWIDTH_MBS);
	if (!link_ns)
		link_ns = device->coherent ? COHERENT_LINK_NS : LINK_NS;
	history->slots[s].link_ns =
		link_ns + line_ns(device->link_bandwidth_mbs
					  ? device->link_bandwidth_mbs
					  : LINK_BANDWIDTH_MBS);
}

/* A row of a node: its CPUs, and what is attached to it. */
static void fill_node_row(struct svmd_history *history,
			  const struct svmd_snapshot *snapshot, uint32_t from)
{
	uint8_t row =
		svmd_history_slot(history, svmd_node(snapshot->nodes[from].id));
	uint32_t to;

	if (row == SVMD_SLOT_NONE)
		return;
	for (to = 0; to < snapshot->nr_nodes; to++) {
		uint8_t s = svmd_history_slot(
			history, svmd_node(snapshot->nodes[to].id));
		double further;

		if (s == SVMD_SLOT_NONE)
			continue;
		further = distance(snapshot, from, to) /
			  history->slots[s].nearest;
		history->cost[row][s] =
			(float)(history->slots[s].memory_ns * further +
				history->slots[s].line_ns);
	}
}

/* What CPUs pay for memory of devices: a fault, unless they can reach it. */
static void fill_devices(struct svmd_history *history, uint32_t row,
			 double fault_ns)
{
	uint32_t i;

	for (i = 0; i < history->nr_present; i++) {
		uint8_t s = history->slots_present[i];
		const struct svmd_slot *slot = &history->slots[s];
		double further = 0;

		if (!slot->is_device)
			continue;
		if (!slot->coherent) {
			history->cost[row][s] = (float)fault_ns;
			continue;
		}
		/* As much further as the device's node is. */
		if (slot->near != SVMD_SLOT_NONE)
			further = (double)history->cost[row][slot->near] -
				  (double)history->cost[slot->near][slot->near];
		history->cost[row][s] =
			(float)(slot->memory_ns + slot->line_ns +
				slot->link_ns + further);
	}
}

static void fill_any_row(struct svmd_history *history, bool cpus)
{
	uint32_t i, k;

	for (i = 0; i < history->nr_present; i++) {
		uint8_t s = history->slots_present[i];
		float best = INFINITY;

		for (k = 0; k < history->nr_present; k++) {
			uint8_t row = history->slots_present[k];

			if (history->slots[row].is_device ||
			    (cpus && !history->slots[row].has_cpu))
				continue;
			best = fminf(best, history->cost[row][s]);
		}
		history->cost[SVMD_ROW_ANY][s] = best;
	}
}

static void fill_device_row(struct svmd_history *history, uint8_t row,
			    double fault_ns)
{
	const struct svmd_slot *device = &history->slots[row];
	uint32_t from = device->near == SVMD_SLOT_NONE ? SVMD_ROW_ANY
						       : device->near;
	uint32_t i;

	for (i = 0; i < history->nr_present; i++) {
		uint8_t s = history->slots_present[i];

		if (s == row)
			history->cost[row][s] =
				(float)(device->memory_ns + device->line_ns);
		else if (history->slots[s].is_device)
			history->cost[row][s] = (float)fault_ns;
		else
			history->cost[row][s] =
				(float)device->link_ns + history->cost[from][s];
	}
}

/* What CPUs can use, the cheapest first; equals by the number of the slot. */
static void sort_row(struct svmd_history *history, uint32_t row)
{
	uint8_t *order = history->order[row];
	uint32_t n = 0, i, k;

	for (i = 0; i < history->nr_present; i++) {
		uint8_t s = history->slots_present[i];
		float cost = history->cost[row][s];

		if (!history->slots[s].coherent || !history->slots[s].total)
			continue;
		for (k = n++; k > 0; k--) {
			float other = history->cost[row][order[k - 1]];

			if (other < cost || (other == cost && order[k - 1] < s))
				break;
			order[k] = order[k - 1];
		}
		order[k] = s;
	}
	history->nr_order = n;
}

static void set_tiers(struct svmd_history *history)
{
	const uint8_t *order = history->order[SVMD_ROW_ANY];
	float first = 0;
	int tier = -1;
	uint32_t i;

	for (i = 0; i < history->nr_present; i++)
		history->slots[history->slots_present[i]].tier = -1;
	for (i = 0; i < history->nr_order; i++) {
		float cost = history->cost[SVMD_ROW_ANY][order[i]];

		if (!i || (double)cost > (double)first * TIER_STEP) {
			tier++;
			first = cost;
		}
		history->slots[order[i]].tier = tier;
	}
}

void svmd_cost_fill(struct svmd_history *history,
		    const struct svmd_snapshot *snapshot,
		    const struct svmd_config *config)
{
	double fault_ns = (double)config->settings.fault_cost_us * 1e3;
	bool cpus = any_cpu(snapshot);
	uint32_t i;

	for (i = 0; i < snapshot->nr_nodes; i++)
		rate_node(history, snapshot, i, cpus);
	for (i = 0; i < snapshot->nr_devices; i++)
		rate_device(history, &snapshot->devices[i]);
	for (i = 0; i < snapshot->nr_nodes; i++)
		fill_node_row(history, snapshot, i);
	for (i = 0; i < history->nr_present; i++)
		if (!history->slots[history->slots_present[i]].is_device)
			fill_devices(history, history->slots_present[i],
				     fault_ns);
	fill_any_row(history, cpus);
	for (i = 0; i < history->nr_present; i++)
		if (history->slots[history->slots_present[i]].is_device)
			fill_device_row(history, history->slots_present[i],
					fault_ns);
	for (i = 0; i < history->nr_present; i++)
		if (!history->slots[history->slots_present[i]].is_device)
			sort_row(history, history->slots_present[i]);
	sort_row(history, SVMD_ROW_ANY);
	set_tiers(history);
}
