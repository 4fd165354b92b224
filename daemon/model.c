// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A model of memory for replay: see model.h.
 *
 * Pieces of the trace's regions are kept in the array of their session, ordered
 * by address; moves split them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

/* What the mover's copies take: a call's overhead, and bytes at a bandwidth. */
#define MOVE_US 20
#define MOVE_BYTES_PER_US 2000
/* As fast as the fastest. */
#define FAST_STEP 1.1
/* Pieces that moves may make, beyond those of the trace. */
#define SPLITS 65536

static uint8_t slot_of(const struct svmd_model *model, svmd_place place)
{
	uint8_t s = svmd_history_slot(model->costs, place);

	if (s == SVMD_SLOT_NONE || !model->costs->slots[s].present)
		return SVMD_SLOT_NONE;
	return s;
}

uint32_t svmd_model_row(const struct svmd_model *model,
			const struct svmd_session *session)
{
	uint8_t s = SVMD_SLOT_NONE;

	if (session->node >= 0)
		s = slot_of(model, svmd_node((uint32_t)session->node));
	return s == SVMD_SLOT_NONE ? SVMD_ROW_ANY : s;
}

bool svmd_model_fast(const struct svmd_model *model,
		     const struct svmd_session *session, uint8_t slot)
{
	uint32_t row = svmd_model_row(model, session);
	const float *cost = model->costs->cost[row];

	if (!model->costs->nr_order)
		return false;
	return (double)cost[slot] <=
	       (double)cost[model->costs->order[row][0]] * FAST_STEP;
}

uint8_t svmd_model_home(const struct svmd_model *model, svmd_place affinity)
{
	const struct svmd_trace *trace = model->trace;
	uint32_t id = svmd_place_id(affinity), i;

	if (svmd_place_is(affinity, SVMD_NODE) ||
	    svmd_place_is(affinity, SVMD_DEVICE))
		return slot_of(model, affinity);
	for (i = 0; svmd_place_is(affinity, SVMD_DRM) && i < trace->nr_cards;
	     i++) {
		const struct svmd_card *card = &trace->cards[i];

		if (card->id != id)
			continue;
		if (card->svm >= 0)
			return slot_of(model, svmd_device((uint32_t)card->svm));
		if (card->node >= 0)
			return slot_of(model, svmd_node((uint32_t)card->node));
	}
	for (i = 0; svmd_place_is(affinity, SVMD_PORT) && i < trace->nr_ports;
	     i++) {
		const struct svmd_rdma *port = &trace->ports[i];

		if (port->id == id && port->node >= 0)
			return slot_of(model, svmd_node((uint32_t)port->node));
	}
	return SVMD_SLOT_NONE;
}

/* Free bytes of a place; NULL if there is no such place. */
static uint64_t *free_of(struct svmd_model *model, svmd_place place)
{
	uint32_t i;

	for (i = 0; i < model->trace->nr_nodes; i++)
		if (svmd_node(model->nodes[i].id) == place)
			return &model->nodes[i].free_bytes;
	for (i = 0; i < model->trace->nr_devices; i++)
		if (svmd_device(model->devices[i].id) == place)
			return &model->devices[i].free_bytes;
	return NULL;
}

/* Bytes that first touch and faults may still put on a node. */
static uint64_t room_on(struct svmd_model *model, svmd_place place)
{
	const struct svmd_trace *trace = model->trace;
	uint64_t kept;
	uint32_t i;

	for (i = 0; i < trace->nr_nodes; i++) {
		if (svmd_node(trace->nodes[i].id) != place)
			continue;
		kept = (uint64_t)((double)trace->nodes[i].total_bytes *
				  trace->reserve[i] / 100);
		if (model->nodes[i].free_bytes <= kept)
			return 0;
		return model->nodes[i].free_bytes - kept;
	}
	return 0;
}

int svmd_model_init(struct svmd_model *model, const struct svmd_trace *trace,
		    const struct svmd_config *config, bool ignore_places)
{
	size_t i, counts[SVMD_TRACE_SESSIONS] = { 0 };

	memset(model, 0, sizeof(*model));
	model->trace = trace;
	model->config = config;
	model->ignore_places = ignore_places;
	memcpy(model->nodes, trace->nodes, sizeof(model->nodes));
	memcpy(model->devices, trace->devices, sizeof(model->devices));
	memcpy(model->sessions, trace->sessions, sizeof(model->sessions));
	for (i = 0; i < trace->nr_nodes; i++)
		model->nodes[i].free_bytes = model->nodes[i].total_bytes;
	for (i = 0; i < trace->nr_devices; i++)
		model->devices[i].free_bytes = model->devices[i].total_bytes;
	model->snapshot = (struct svmd_snapshot){
		.nodes = model->nodes,
		.devices = model->devices,
		.cards = trace->cards,
		.ports = trace->ports,
		.sessions = model->sessions,
		.nr_nodes = trace->nr_nodes,
		.nr_devices = trace->nr_devices,
		.nr_cards = trace->nr_cards,
		.nr_ports = trace->nr_ports,
		.nr_sessions = trace->nr_sessions,
	};

	model->order = malloc((trace->nr_regions + 1) * sizeof(*model->order));
	model->own_moves =
		calloc(trace->nr_regions + 1, sizeof(*model->own_moves));
	model->costs = malloc(svmd_history_size(1));
	if (!model->order || !model->own_moves || !model->costs)
		return -ENOMEM;
	for (i = 0; i < trace->nr_regions; i++) {
		model->order[i] = &trace->regions[i];
		counts[trace->regions[i].session]++;
	}
	qsort(model->order, trace->nr_regions, sizeof(*model->order),
	      svmd_trace_by_address);
	for (i = 0; i < trace->nr_sessions; i++) {
		model->max_regions[i] = 2 * counts[i] + SPLITS;
		model->sessions[i].regions = malloc(model->max_regions[i] *
						    sizeof(struct svmd_region));
		if (!model->sessions[i].regions)
			return -ENOMEM;
	}
	svmd_history_init(model->costs, 1);
	svmd_history_begin(model->costs, &model->snapshot, config);
	svmd_cost_fill(model->costs, &model->snapshot, config);
	return 0;
}

void svmd_model_free(struct svmd_model *model)
{
	uint32_t i;

	for (i = 0; i < SVMD_TRACE_SESSIONS; i++)
		free(model->sessions[i].regions);
	free(model->order);
	free(model->own_moves);
	free(model->costs);
}

/* Regions that come and go */

static void add_region(struct svmd_model *model,
		       const struct svmd_trace_region *from)
{
	struct svmd_session *session = &model->sessions[from->session];
	struct svmd_region region = SVMD_REGION_INIT;
	uint32_t low = 0, high = session->nr_regions;
	uint64_t *room = NULL;

	region.start = from->start;
	region.length = from->length;
	region.affinity = from->affinity;
	region.flags = from->flags;
	if (!model->ignore_places && from->place != SVMD_PLACE_NONE)
		room = free_of(model, from->place);
	if (room && *room >= from->length) {
		*room -= from->length;
		region.place = from->place;
	}
	if (session->nr_regions == model->max_regions[from->session])
		return;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (session->regions[middle].start < from->start)
			low = middle + 1;
		else
			high = middle;
	}
	memmove(&session->regions[low + 1], &session->regions[low],
		(session->nr_regions - low) * sizeof(region));
	session->regions[low] = region;
	session->nr_regions++;
}

static void drop_region(struct svmd_model *model,
			const struct svmd_trace_region *gone)
{
	struct svmd_session *session = &model->sessions[gone->session];
	ptrdiff_t first = svmd_regions_find(session->regions,
					    session->nr_regions, gone->start);
	uint32_t end, i;
	uint64_t *room;

	if (first < 0)
		return;
	for (end = (uint32_t)first; end < session->nr_regions; end++) {
		const struct svmd_region *piece = &session->regions[end];

		if (piece->start >= gone->start + gone->length)
			break;
		room = free_of(model, piece->place);
		if (room)
			*room += piece->length;
	}
	i = (uint32_t)first;
	memmove(&session->regions[i], &session->regions[end],
		(session->nr_regions - end) * sizeof(struct svmd_region));
	session->nr_regions -= end - i;
}

static void come_and_go(struct svmd_model *model)
{
	const struct svmd_trace *trace = model->trace;
	size_t i;

	for (i = 0; i < trace->nr_regions; i++)
		if (trace->regions[i].gone == model->round &&
		    trace->regions[i].born < model->round)
			drop_region(model, &trace->regions[i]);
	while (model->next_born < trace->nr_regions &&
	       trace->regions[model->next_born].born <= model->round) {
		const struct svmd_trace_region *region =
			&trace->regions[model->next_born++];

		if (region->gone > region->born)
			add_region(model, region);
	}
}

/* Accesses */

static void split(struct svmd_model *model, uint32_t index, uint64_t start,
		  uint64_t length)
{
	struct svmd_session *session = &model->sessions[index];
	size_t nr = session->nr_regions;

	svmd_regions_split(session->regions, &nr, model->max_regions[index],
			   start, length);
	session->nr_regions = (uint32_t)nr;
}

/* Puts a piece on the nearest node that has room, or as much as fits there. */
static void first_touch(struct svmd_model *model, uint32_t index, uint32_t i)
{
	struct svmd_session *session = &model->sessions[index];
	uint32_t row = svmd_model_row(model, session), k;
	const struct svmd_history *costs = model->costs;

	for (k = 0; k < costs->nr_order; k++) {
		uint8_t s = costs->order[row][k];
		struct svmd_region *piece = &session->regions[i];
		uint64_t room;

		if (costs->slots[s].is_device)
			continue;
		room = room_on(model, costs->slots[s].name);
		room &= ~(SVMD_PAGE - 1ULL);
		if (!room)
			continue;
		if (room < piece->length)
			split(model, index, piece->start, room);
		if (session->regions[i].length > room)
			continue;
		svmd_region_placed(&session->regions[i], costs->slots[s].name,
				   &model->config->policy, model->now_us);
		*free_of(model, costs->slots[s].name) -=
			session->regions[i].length;
		return;
	}
}

/* A CPU has touched it on a device: it comes home. */
static void fault_home(struct svmd_model *model, struct svmd_session *session,
		       struct svmd_region *piece,
		       const struct svmd_policy *policy)
{
	uint32_t row = svmd_model_row(model, session), k;
	const struct svmd_history *costs = model->costs;

	for (k = 0; k < costs->nr_order; k++) {
		uint8_t s = costs->order[row][k];

		if (costs->slots[s].is_device ||
		    room_on(model, costs->slots[s].name) < piece->length)
			continue;
		*free_of(model, piece->place) += piece->length;
		*free_of(model, costs->slots[s].name) -= piece->length;
		svmd_region_placed(piece, costs->slots[s].name, policy,
				   model->now_us);
		return;
	}
}

/* A piece's accesses in a round of @seconds. */
static void use_piece(struct svmd_model *model, struct svmd_session *session,
		      struct svmd_region *piece,
		      const struct svmd_trace_sample *sample, double seconds,
		      const struct svmd_policy *policy)
{
	const struct svmd_history *costs = model->costs;
	double pages = (double)piece->length / SVMD_PAGE;
	double cpu = (double)sample->cpu * pages * seconds;
	double device = (double)sample->device * pages * seconds;
	double touched;
	uint32_t row = svmd_model_row(model, session);
	uint8_t s = slot_of(model, piece->place);
	uint8_t home = svmd_model_home(model, piece->affinity);
	bool fault;

	piece->heat_cpu += sample->cpu;
	piece->heat_device += sample->device;
	if (s == SVMD_SLOT_NONE)
		return;
	/*
	 * Each access to a page there is a fault, but for those after the first
	 * in the same round. Once most pages are home, so is the piece.
	 */
	fault = cpu > 0 && !costs->slots[s].coherent;
	touched = cpu < pages ? cpu : pages;
	model->accesses += cpu + device;
	if (svmd_model_fast(model, session, s))
		model->hits += cpu;
	if (s == home)
		model->hits += device;
	if (fault)
		model->ns += touched * (double)costs->cost[row][s];
	else
		model->ns += cpu * (double)costs->cost[row][s];
	if (home != SVMD_SLOT_NONE)
		model->ns += device * (double)costs->cost[home][s];
	if (fault)
		model->faults += touched;
	if (fault && 2 * touched >= pages)
		fault_home(model, session, piece, policy);
}

static void use(struct svmd_model *model,
		const struct svmd_trace_sample *sample, double seconds,
		const struct svmd_policy *policy)
{
	const struct svmd_trace_region *region =
		&model->trace->regions[sample->region];
	struct svmd_session *session = &model->sessions[region->session];
	ptrdiff_t first = svmd_regions_find(session->regions,
					    session->nr_regions, region->start);
	uint32_t i;

	if (first < 0)
		return;
	for (i = (uint32_t)first; i < session->nr_regions; i++) {
		if (session->regions[i].start >= region->start + region->length)
			break;
		if (session->regions[i].place == SVMD_PLACE_NONE)
			first_touch(model, region->session, i);
		use_piece(model, session, &session->regions[i], sample, seconds,
			  policy);
	}
}

bool svmd_model_step(struct svmd_model *model, const struct svmd_policy *policy)
{
	const struct svmd_trace *trace = model->trace;
	const struct svmd_trace_round *round;
	double seconds;
	uint32_t i, k;

	if (model->now_us)
		model->round++;
	if (model->round >= trace->nr_rounds)
		return false;
	round = &trace->rounds[model->round];
	seconds = (double)(round->end_us - model->now_us) / 1e6;
	model->now_us = round->end_us;
	come_and_go(model);
	for (i = 0; i < trace->nr_sessions; i++) {
		for (k = 0; k < model->sessions[i].nr_regions; k++) {
			model->sessions[i].regions[k].heat_cpu = 0;
			model->sessions[i].regions[k].heat_device = 0;
		}
	}
	for (i = 0; i < round->nr; i++)
		use(model, &trace->samples[round->first + i], seconds, policy);
	for (i = 0; i < trace->nr_sessions; i++) {
		svmd_regions_age(model->sessions[i].regions,
				 model->sessions[i].nr_regions, policy);
		model->sessions[i].sampled_us = model->now_us;
	}
	for (i = 0; i < trace->nr_nodes; i++)
		model->nodes[i].sampled_us = model->now_us;
	for (i = 0; i < trace->nr_devices; i++) {
		model->devices[i].sampled_us = model->now_us;
		model->devices[i].faults = (uint64_t)model->faults;
	}
	model->snapshot.now_us = model->now_us;
	return true;
}

/* Moves */

static void count_own(struct svmd_model *model, uint32_t session,
		      uint64_t address)
{
	size_t low = 0, high = model->trace->nr_regions;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct svmd_trace_region *region = model->order[middle];

		if (region->session < session ||
		    (region->session == session && region->start <= address))
			low = middle + 1;
		else
			high = middle;
	}
	/* Of several at one address, those that are gone come first. */
	while (low-- > 0) {
		const struct svmd_trace_region *region = model->order[low];

		if (region->born > model->round)
			continue;
		if (model->own_moves[region - model->trace->regions] <
		    UINT16_MAX)
			model->own_moves[region - model->trace->regions]++;
		return;
	}
}

void svmd_model_move(struct svmd_model *model, const struct svmd_decision *d,
		     const struct svmd_policy *policy,
		     struct svmd_report *report)
{
	uint64_t *from = free_of(model, d->from), *to = free_of(model, d->to);
	struct svmd_session *session = NULL;
	uint32_t index, i;
	uint64_t moved = 0;

	for (index = 0; index < model->trace->nr_sessions; index++) {
		if (model->sessions[index].id == d->session) {
			session = &model->sessions[index];
			break;
		}
	}
	if (session && from && to) {
		split(model, index, d->start, d->length);
		for (i = 0; i < session->nr_regions; i++) {
			struct svmd_region *piece = &session->regions[i];
			bool fits = *to >= piece->length;

			if (piece->start < d->start)
				continue;
			if (piece->start >= d->start + d->length)
				break;
			if (piece->place != d->from)
				continue;
			if (fits) {
				*to -= piece->length;
				*from += piece->length;
				moved += piece->length;
			}
			svmd_region_moved(piece, d->to, piece->length,
					  fits ? piece->length : 0, policy,
					  model->now_us);
		}
		count_own(model, index, d->start);
	}
	*report = (struct svmd_report){
		.from = d->from,
		.to = d->to,
		.bytes = d->length,
		.bytes_moved = moved,
		.duration_us = MOVE_US + moved / MOVE_BYTES_PER_US,
	};
}
