// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long a round takes, and how much memory it needs.
 *
 *	bench-decide [regions [rounds [max-ms]]]
 *
 * Several kinds of memory: nothing in use, half of it hot on the wrong node,
 * all of it a candidate in the order that is worst for the shortlist, a fast
 * node below its watermark. Prints the best, the median and the worst round of
 * each, and bytes a region; fails if the median of one is above max-ms (0: any)
 * or a region takes more than 64 bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decide.h"

#define SESSIONS 10
#define REGION_BYTES (64ULL << 10)
#define BYTES_MAX 64

enum kind { IDLE, MIXED, WORST, FULL, NR_KINDS };

static const char *const names[] = {
	[IDLE] = "nothing in use",
	[MIXED] = "half hot, a quarter misplaced",
	[WORST] = "all candidates, worst order",
	[FULL] = "fast node below its watermark",
};

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void fill(struct svmd_region *regions, uint32_t nr, enum kind kind)
{
	uint32_t seed = 2463534242U, i;

	for (i = 0; i < nr; i++) {
		struct svmd_region *region = &regions[i];
		float heat = (float)(next_random(&seed) % 100000) / 1000;

		*region = SVMD_REGION_INIT;
		region->start = (1ULL << 32) + i * REGION_BYTES;
		region->length = REGION_BYTES;
		region->seen = 0xff;
		switch (kind) {
		case IDLE:
			region->place = svmd_node(i % 2);
			break;
		case MIXED:
		case FULL:
			region->place = svmd_node(i % 2);
			region->warm_cpu = i % 4 < 2 ? heat : 0;
			break;
		default:
			region->place = svmd_node(1);
			region->warm_cpu = 1 + (float)i;
			break;
		}
	}
}

static double run(enum kind kind, struct svmd_region *regions, uint32_t nr,
		  int rounds, struct svmd_history *history,
		  const struct svmd_config *config)
{
	uint64_t total = nr * REGION_BYTES;
	struct svmd_node nodes[2] = {
		{ .id = 0, .has_cpu = true, .total_bytes = total },
		{ .id = 1, .total_bytes = 2 * total, .free_bytes = total },
	};
	struct svmd_session sessions[SESSIONS];
	struct svmd_snapshot snapshot = {
		.nodes = nodes,
		.nr_nodes = 2,
		.sessions = sessions,
		.nr_sessions = SESSIONS,
	};
	double *times = calloc((size_t)rounds, sizeof(*times)), median;
	struct svmd_result result;
	int i, k;

	if (!times)
		exit(1);
	nodes[0].free_bytes = kind == FULL ? total / 100 : total / 2;
	fill(regions, nr, kind);
	for (i = 0; i < SESSIONS; i++) {
		uint32_t first =
			(uint32_t)((uint64_t)nr * (unsigned int)i / SESSIONS);
		uint32_t end = (uint32_t)((uint64_t)nr * (unsigned int)(i + 1) /
					  SESSIONS);

		sessions[i] = (struct svmd_session){
			.id = (uint64_t)i + 1,
			.regions = regions + first,
			.nr_regions = end - first,
		};
	}
	for (i = 0; i < rounds; i++) {
		double start;

		snapshot.now_us += config->settings.round_us;
		nodes[0].sampled_us = snapshot.now_us;
		nodes[1].sampled_us = snapshot.now_us;
		for (k = 0; k < SESSIONS; k++)
			sessions[k].sampled_us = snapshot.now_us;
		start = now_ms();
		svmd_decide(history, &snapshot, config, &result);
		times[i] = now_ms() - start;
	}
	qsort(times, (size_t)rounds, sizeof(*times), by_time);
	median = times[rounds / 2];
	printf("%-32s %8.1f %8.1f %8.1f %9u\n", names[kind], times[0], median,
	       times[rounds - 1], result.nr);
	free(times);
	return median;
}

int main(int argc, char **argv)
{
	uint32_t nr = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
	int rounds = argc > 2 ? atoi(argv[2]) : 15;
	double max_ms = argc > 3 ? atof(argv[3]) : 0;
	static struct svmd_config config;
	struct svmd_history *history;
	struct svmd_region *regions;
	size_t state, bytes;
	int kind, ret = 0;

	if (nr < SESSIONS || rounds < 1) {
		fprintf(stderr,
			"usage: bench-decide [regions [rounds [max-ms]]]\n");
		return 2;
	}
	svmd_config_init(&config);
	state = svmd_history_size(config.settings.max_decisions);
	history = aligned_alloc(64, (state + 63) / 64 * 64);
	regions = calloc(nr, sizeof(*regions));
	if (!history || !regions)
		return 1;
	bytes = (nr * sizeof(*regions) + state + nr - 1) / nr;
	printf("%u regions, %zu bytes each; state %zu KiB; %zu bytes a region "
	       "in all\n",
	       nr, sizeof(*regions), state >> 10, bytes);
	printf("%-32s %8s %8s %8s %9s\n", "ms a round", "best", "median",
	       "worst", "decisions");
	for (kind = 0; kind < NR_KINDS; kind++) {
		svmd_history_init(history, config.settings.max_decisions);
		if (run((enum kind)kind, regions, nr, rounds, history,
			&config) > max_ms &&
		    max_ms > 0)
			ret = 1;
	}
	if (nr >= 1000000 && bytes > BYTES_MAX)
		ret = 1;
	free(regions);
	free(history);
	if (ret)
		printf("too slow or too large\n");
	return ret;
}
