// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The oracle: see oracle.h. Takes the model for costs only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "oracle.h"

/**
 * struct wish - a region that is used in a round
 * @region: of the trace.
 * @cpu: accesses.
 * @device: accesses.
 */
struct wish {
	const struct svmd_trace_region *region;
	double cpu;
	double device;
};

static bool is_fixed(const struct svmd_trace_region *region)
{
	return region->place != SVMD_PLACE_NONE &&
	       (region->flags &
		(SVMD_REGION_PINNED | SVMD_REGION_ODP | SVMD_REGION_HELD));
}

static double density(const struct wish *wish)
{
	double most = wish->cpu > wish->device ? wish->cpu : wish->device;

	return most / (double)wish->region->length;
}

/* What can't move first, then the most accesses a byte, then the address. */
static int by_density(const void *a, const void *b)
{
	const struct wish *x = a, *y = b;
	double dx = density(x), dy = density(y);

	if (is_fixed(x->region) != is_fixed(y->region))
		return is_fixed(x->region) ? -1 : 1;
	if (dx != dy)
		return dx > dy ? -1 : 1;
	if (x->region != y->region)
		return x->region < y->region ? -1 : 1;
	return 0;
}

/* Takes up to @length of @room; returns the part of @length that fits. */
static double take(uint64_t *room, uint64_t length, double wanted)
{
	double bytes = (double)length * wanted;

	if (bytes > (double)*room)
		bytes = (double)*room;
	*room -= (uint64_t)bytes;
	return bytes / (double)length;
}

static void place(const struct svmd_model *model, const struct wish *wish,
		  uint64_t *room, struct svmd_replay_row *row)
{
	const struct svmd_session *session =
		&model->sessions[wish->region->session];
	uint32_t cpu_row = svmd_model_row(model, session), i;
	uint8_t home = svmd_model_home(model, wish->region->affinity);
	double left = 1, part;

	row->accesses += wish->cpu + wish->device;
	if (is_fixed(wish->region)) {
		uint8_t s =
			svmd_history_slot(model->costs, wish->region->place);

		if (s == SVMD_SLOT_NONE)
			return;
		take(&room[s], wish->region->length, 1);
		if (svmd_model_fast(model, session, s))
			row->hits += wish->cpu;
		if (s == home)
			row->hits += wish->device;
		return;
	}
	if (home != SVMD_SLOT_NONE && wish->device > wish->cpu) {
		part = take(&room[home], wish->region->length, left);
		row->hits += wish->device * part;
		if (svmd_model_fast(model, session, home))
			row->hits += wish->cpu * part;
		left -= part;
	}
	for (i = 0; i < model->costs->nr_order && left > 0; i++) {
		uint8_t s = model->costs->order[cpu_row][i];

		if (!svmd_model_fast(model, session, s))
			break;
		part = take(&room[s], wish->region->length, left);
		row->hits += wish->cpu * part;
		if (s == home)
			row->hits += wish->device * part;
		left -= part;
	}
}

static void fill_room(const struct svmd_model *model, uint64_t *room)
{
	const struct svmd_trace *trace = model->trace;
	uint32_t i;
	uint8_t s;

	memset(room, 0, SVMD_PLACES_MAX * sizeof(*room));
	for (i = 0; i < trace->nr_nodes; i++) {
		s = svmd_history_slot(model->costs,
				      svmd_node(trace->nodes[i].id));
		if (s != SVMD_SLOT_NONE)
			room[s] =
				(uint64_t)((double)trace->nodes[i].total_bytes *
					   (100 - trace->reserve[i]) / 100);
	}
	for (i = 0; i < trace->nr_devices; i++) {
		s = svmd_history_slot(model->costs,
				      svmd_device(trace->devices[i].id));
		if (s != SVMD_SLOT_NONE)
			room[s] = trace->devices[i].total_bytes;
	}
}

/* Samples of one region in a round are added up. */
static uint32_t make_wishes(const struct svmd_trace *trace, uint32_t index,
			    struct wish *wishes, uint32_t *wish_of)
{
	const struct svmd_trace_round *round = &trace->rounds[index];
	uint64_t begin = index ? trace->rounds[index - 1].end_us : 0;
	double seconds = (double)(round->end_us - begin) / 1e6;
	uint32_t nr = 0, i;

	for (i = 0; i < round->nr; i++) {
		const struct svmd_trace_sample *sample =
			&trace->samples[round->first + i];
		const struct svmd_trace_region *region =
			&trace->regions[sample->region];
		double pages = (double)region->length / SVMD_PAGE;
		uint32_t w = wish_of[sample->region];

		if (w >= nr || wishes[w].region != region) {
			w = nr++;
			wish_of[sample->region] = w;
			wishes[w] = (struct wish){ .region = region };
		}
		wishes[w].cpu += (double)sample->cpu * pages * seconds;
		wishes[w].device += (double)sample->device * pages * seconds;
	}
	return nr;
}

int svmd_oracle_run(const struct svmd_trace *trace,
		    const struct svmd_config *config,
		    struct svmd_replay_row *row)
{
	struct svmd_model *model = malloc(sizeof(*model));
	struct wish *wishes = NULL;
	uint64_t room[SVMD_PLACES_MAX];
	uint32_t *wish_of = NULL, nr, i, k;
	int ret = -ENOMEM;

	if (!model)
		return ret;
	if (svmd_model_init(model, trace, config, false))
		goto out;
	wishes = malloc((trace->nr_regions + 1) * sizeof(*wishes));
	wish_of = calloc(trace->nr_regions + 1, sizeof(*wish_of));
	if (!wishes || !wish_of)
		goto out;
	snprintf(row->name, sizeof(row->name), "oracle");
	for (i = 0; i < trace->nr_rounds; i++) {
		fill_room(model, room);
		nr = make_wishes(trace, i, wishes, wish_of);
		qsort(wishes, nr, sizeof(*wishes), by_density);
		for (k = 0; k < nr; k++)
			place(model, &wishes[k], room, row);
		/* They were sorted, so nothing is where it was. */
		for (k = 0; k < nr; k++)
			wish_of[wishes[k].region - trace->regions] = UINT32_MAX;
	}
	ret = 0;
out:
	free(wishes);
	free(wish_of);
	svmd_model_free(model);
	free(model);
	return ret;
}
