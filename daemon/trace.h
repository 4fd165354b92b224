/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trace: recorded telemetry, to be replayed without a kernel.
 *
 * Text, one thing a line; '#' begins a comment. Sizes as 4096, 200M, 1G;
 * numbers decimal, addresses and lengths also 0x...; a place is node0 or svm0,
 * a user of memory one of these, card0 or port0. The first line is
 *
 *	svm-trace 1
 *
 * and what the host is comes before the first round:
 *
 *	node 0 total=1G [cpus=yes] [latency=90] [bandwidth=40000] [reserve=3%]
 *	distance 0 1 20
 *	device 0 total=256M [node=0] [coherent=yes] [latency=] [bandwidth=]
 *		[link-latency=] [link-bandwidth=]
 *	card 0 [node=0] [svm=0]
 *	port 0 [node=1] [rate=12500]
 *	session 1 [uid=1000] [node=0] [cgroup=/x]
 *
 * (latency in ns, bandwidth in MB/s; reserve is what the kernel keeps free, so
 * that first touch goes elsewhere.) Then memory, also between rounds, and what
 * happened to it:
 *
 *	region 1 0x10000000 2M [place=node0] [user=port0] [pinned] [odp] [held]
 *	round 1000
 *	use 1 0x10000000 [cpu=12.5] [device=3]
 *	drop 1 0x10000000
 *
 * A region is session, address and length; without a place it is put where it
 * is first used. `round` ends a round, at so many milliseconds: the `use` lines
 * since the last one are the accesses per second to each page of a region in
 * it; a region without one was not used.
 *
 * Limits: as below. Allocates; a trace is freed as a whole.
 */
#ifndef SVMD_TRACE_H
#define SVMD_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "decide.h"

#define SVMD_TRACE_NODES 16
#define SVMD_TRACE_DEVICES 16
#define SVMD_TRACE_SESSIONS 64
#define SVMD_TRACE_REGIONS 1000000
#define SVMD_TRACE_ROUNDS 1000000
#define SVMD_TRACE_SAMPLES 50000000

/**
 * struct svmd_trace_region - memory
 * @session: index.
 * @start: address.
 * @length: bytes.
 * @place: where it was when recording began, or SVMD_PLACE_NONE.
 * @affinity: who else uses it.
 * @flags: mask of enum svmd_region_flags.
 * @born: index of the round at whose beginning it is there.
 * @gone: index of the round at whose beginning it is gone.
 */
struct svmd_trace_region {
	uint32_t session;
	uint64_t start;
	uint64_t length;
	svmd_place place;
	svmd_place affinity;
	uint16_t flags;
	uint32_t born;
	uint32_t gone;
};

/**
 * struct svmd_trace_sample - use of a region in a round
 * @region: index.
 * @cpu: accesses per second and page.
 * @device: the same.
 */
struct svmd_trace_sample {
	uint32_t region;
	float cpu;
	float device;
};

/**
 * struct svmd_trace_round - a round
 * @end_us: when it ends.
 * @first: index of its first sample.
 * @nr: samples.
 */
struct svmd_trace_round {
	uint64_t end_us;
	uint32_t first;
	uint32_t nr;
};

/**
 * struct svmd_trace - a trace
 * @reserve: percent of each node that first touch leaves free.
 */
struct svmd_trace {
	struct svmd_node nodes[SVMD_TRACE_NODES];
	double reserve[SVMD_TRACE_NODES];
	uint8_t distance[SVMD_TRACE_NODES][SVMD_TRACE_NODES];
	struct svmd_svm devices[SVMD_TRACE_DEVICES];
	struct svmd_card cards[SVMD_TRACE_DEVICES];
	struct svmd_rdma ports[SVMD_TRACE_DEVICES];
	struct svmd_session sessions[SVMD_TRACE_SESSIONS];
	char cgroups[SVMD_TRACE_SESSIONS][SVMD_TEXT_MAX];
	uint32_t nr_nodes;
	uint32_t nr_devices;
	uint32_t nr_cards;
	uint32_t nr_ports;
	uint32_t nr_sessions;

	struct svmd_trace_region *regions;
	struct svmd_trace_round *rounds;
	struct svmd_trace_sample *samples;
	size_t nr_regions;
	size_t nr_rounds;
	size_t nr_samples;
	size_t max_regions;
	size_t max_rounds;
	size_t max_samples;
};

/**
 * svmd_trace_by_address() - order pointers to regions for qsort(3)
 * @a: points to a pointer to a region.
 * @b: likewise.
 *
 * By session, address, and when it was born.
 */
int svmd_trace_by_address(const void *a, const void *b);

/**
 * svmd_trace_read() - read a trace
 * @trace: the trace; to be freed by svmd_trace_free(), also after an error.
 * @file: open for reading.
 * @name: of the file, for messages.
 * @message: receives what is wrong; may be NULL.
 * @data: for @message.
 *
 * Returns 0, -EINVAL for what is no trace, -E2BIG for too large a one, -EIO,
 * -ENOMEM.
 */
int svmd_trace_read(struct svmd_trace *trace, FILE *file, const char *name,
		    svmd_message_fn message, void *data);

/**
 * svmd_trace_free() - free what a trace holds
 */
void svmd_trace_free(struct svmd_trace *trace);

#endif /* SVMD_TRACE_H */
