/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world to decide about: two nodes with CPUs (0, 1), a slow one without
 * (2), a device svm0 next to node 0, a card that owns it, a port next to node 1,
 * and one session with regions of 2 MiB. Tests change what they are about.
 */
#ifndef WORLD_H
#define WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decide.h"

#define MIB (1ULL << 20)
#define REGION_BYTES (2 * MIB)
#define SECOND 1000000ULL
#define NR_REGIONS 1024
#define BASE 0x10000000ULL

enum { FAST = 0, OTHER = 1, SLOW = 2 };

struct world {
	struct svmd_config config;
	struct svmd_node nodes[3];
	uint8_t distance[3][3];
	struct svmd_svm device;
	struct svmd_card card;
	struct svmd_rdma port;
	struct svmd_region regions[NR_REGIONS];
	struct svmd_session sessions[2];
	struct svmd_request request;
	struct svmd_snapshot snapshot;
	struct svmd_history *history;
	struct svmd_result result;
};

void world_init(struct world *w);
void world_free(struct world *w);

/* Sets a parameter of the default policy, or of places, as in the file. */
void world_set(struct world *w, const char *name, const char *value);

/* Adds a region that has been in use for long; returns it. */
struct svmd_region *world_add(struct world *w, svmd_place place, double cpu,
			      double device);

/* A second goes by, with fresh telemetry, and then a round. */
void world_round(struct world *w);

/* The decision about @region, or NULL. */
const struct svmd_decision *world_decision(const struct world *w,
					   const struct svmd_region *region);

#endif /* WORLD_H */
