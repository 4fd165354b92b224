// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A small world to decide about: see world.h.
 */
#include "world.h"

void world_init(struct world *w)
{
	static const uint8_t distance[3][3] = {
		{ 10, 20, 17 },
		{ 20, 10, 28 },
		{ 17, 28, 10 },
	};
	size_t size;
	int i;

	memset(w, 0, sizeof(*w));
	svmd_config_init(&w->config);
	memcpy(w->distance, distance, sizeof(distance));
	for (i = 0; i < 3; i++)
		w->nodes[i] = (struct svmd_node){
			.id = (uint32_t)i,
			.has_cpu = i != SLOW,
			.total_bytes = 1024 * MIB,
			.free_bytes = 512 * MIB,
			.distance = w->distance[i],
			.read_latency_ns = i == SLOW ? 250 : 90,
			.read_bandwidth_mbs = i == SLOW ? 12000 : 40000,
		};
	w->device = (struct svmd_svm){
		.id = 0,
		.node = 0,
		.total_bytes = 256 * MIB,
		.free_bytes = 256 * MIB,
		.latency_ns = 60,
		.bandwidth_mbs = 200000,
	};
	w->card = (struct svmd_card){ .id = 0, .node = 0, .svm = 0 };
	w->port = (struct svmd_rdma){ .id = 0, .node = 1, .active = true };
	w->sessions[0] = (struct svmd_session){
		.id = 7,
		.uid = 1000,
		.cgroup = "/hpc.slice/job1",
		.node = 0,
		.regions = w->regions,
	};
	w->snapshot = (struct svmd_snapshot){
		.now_us = 1000 * SECOND,
		.nodes = w->nodes,
		.nr_nodes = 3,
		.devices = &w->device,
		.nr_devices = 1,
		.cards = &w->card,
		.nr_cards = 1,
		.ports = &w->port,
		.nr_ports = 1,
		.sessions = w->sessions,
		.nr_sessions = 1,
		.requests = &w->request,
	};
	size = svmd_history_size(w->config.settings.max_decisions);
	w->history = aligned_alloc(64, (size + 63) / 64 * 64);
	assert_non_null(w->history);
	svmd_history_init(w->history, w->config.settings.max_decisions);
}

void world_free(struct world *w)
{
	free(w->history);
}

void world_set(struct world *w, const char *name, const char *value)
{
	const struct svmd_param *param = svmd_param_find(name);

	assert_non_null(param);
	assert_int_equal(svmd_config_set(&w->config, SVMD_SCOPE_KEY_DEFAULT,
					 param, value, false, NULL),
			 0);
}

struct svmd_region *world_add(struct world *w, svmd_place place, double cpu,
			      double device)
{
	struct svmd_session *session = &w->sessions[0];
	uint32_t n = session->nr_regions++;
	struct svmd_region *region = &w->regions[n];

	assert_true(n < NR_REGIONS);
	*region = SVMD_REGION_INIT;
	region->start = BASE + n * REGION_BYTES;
	region->length = REGION_BYTES;
	region->place = place;
	region->heat_cpu = (float)cpu;
	region->heat_device = (float)device;
	region->warm_cpu = (float)cpu;
	region->warm_device = (float)device;
	if (cpu > 0 || device > 0)
		region->seen = 0xff;
	return region;
}

void world_round(struct world *w)
{
	int i;

	w->snapshot.now_us += SECOND;
	for (i = 0; i < 3; i++)
		w->nodes[i].sampled_us = w->snapshot.now_us;
	w->device.sampled_us = w->snapshot.now_us;
	w->card.sampled_us = w->snapshot.now_us;
	w->port.sampled_us = w->snapshot.now_us;
	for (i = 0; i < 2; i++)
		w->sessions[i].sampled_us = w->snapshot.now_us;
	svmd_decide(w->history, &w->snapshot, &w->config, &w->result);
}

const struct svmd_decision *world_decision(const struct world *w,
					   const struct svmd_region *region)
{
	uint32_t i;

	for (i = 0; i < w->result.nr; i++) {
		const struct svmd_decision *d = &w->result.decisions[i];

		if (d->start >= region->start &&
		    d->start < region->start + region->length)
			return d;
	}
	return NULL;
}
