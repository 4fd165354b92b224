/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon knows of the host: NUMA nodes, svm devices, DRM devices and
 * RDMA ports, each from a source of its own (telemetry_*.c).
 *
 * A source is read when its period is over, by the round of decisions; what it
 * costs is measured. What there is, and its counters, sysfs and procfs tell; what
 * they don't tell, libdrm and libibverbs are asked for, which open a device and
 * close it again, so nobody is kept from unloading a driver. Things come and go: what is missing in a reading is gone. A source that can't be
 * read is said to be missing once, and when it is back; its last data stay, and
 * grow old, which decisions see by the time of the sample.
 *
 * Heat of sessions is another matter: see heat.h.
 *
 * Everything here is of the loop's thread.
 */
#ifndef SVMD_SENSE_H
#define SVMD_SENSE_H

#include <stdbool.h>
#include <stdint.h>

#include "decide.h"

#define SENSE_NODES_MAX 64
#define SENSE_DEVICES_MAX 64
#define SENSE_CARDS_MAX 32
#define SENSE_PORTS_MAX 64
#define SENSE_NAME_MAX 64

/**
 * struct sense_node - what else is known of a node
 * @node: the rest.
 * @nr_nodes: entries of @node->distance.
 * @free_bytes: MemFree. What decisions take for free also counts the file cache
 *	that has not been used of late, which costs nothing to drop.
 * @hit: pages allocated as wanted (numastat); and so on.
 * @miss: wanted elsewhere.
 * @foreign: wanted here, but allocated elsewhere.
 */
struct sense_node {
	const struct svmd_node *node;
	uint32_t nr_nodes;
	uint64_t free_bytes;
	uint64_t hit;
	uint64_t miss;
	uint64_t foreign;
};

/**
 * struct sense_device - what else is known of an svm device
 * @device: the rest.
 * @type: backend: "ram".
 * @capabilities: mask of enum svm_capability.
 * @bytes_in: moved or created there so far.
 * @bytes_out: moved home by calls.
 * @bytes_faulted: come home by faults.
 */
struct sense_device {
	const struct svmd_svm *device;
	char type[SENSE_NAME_MAX];
	uint64_t capabilities;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t bytes_faulted;
};

/**
 * struct sense_card - what else is known of a DRM device
 * @card: the rest.
 * @driver: its driver.
 * @slot: its address on the bus: "0000:00:04.0".
 * @render: path of its render node, or "".
 * @link_degraded: its PCI link is slower or narrower than it could be.
 * @clients: sessions that have it open; counted by round.c.
 * @client_bytes: its memory that they have, as far as its driver tells.
 */
struct sense_card {
	const struct svmd_card *card;
	char driver[SENSE_NAME_MAX];
	char slot[SENSE_NAME_MAX];
	char render[SENSE_NAME_MAX];
	bool link_degraded;
	uint32_t clients;
	uint64_t client_bytes;
};

/**
 * struct sense_port - what else is known of an RDMA port
 * @port: the rest.
 * @device: "mlx5_0".
 * @number: of the port.
 * @state: "ACTIVE".
 * @link_layer: "InfiniBand" or "Ethernet"; "" unknown.
 * @mtu: bytes of a packet; 0 unknown.
 * @odp: the adapter can page on demand.
 * @firmware: of the adapter; "" unknown.
 * @sent_bytes: so far.
 * @received_bytes: so far.
 * @wait_ticks: port_xmit_wait so far.
 * @asked: what sysfs said when libibverbs was asked last: it is asked again when
 *	that changes, and not each time, since it has to open the adapter.
 */
struct sense_port {
	const struct svmd_rdma *port;
	char device[SENSE_NAME_MAX];
	uint32_t number;
	char state[SENSE_NAME_MAX];
	char link_layer[SENSE_NAME_MAX];
	uint32_t mtu;
	bool odp;
	char firmware[SENSE_NAME_MAX];
	uint64_t sent_bytes;
	uint64_t received_bytes;
	uint64_t wait_ticks;
	char asked[2 * SENSE_NAME_MAX];
};

struct sense;

/**
 * struct sense_source - where telemetry comes from
 * @name: for people: "numa".
 * @read: reads all of it, at @now_us; 0 or a negative errno.
 * @period_us: time between readings, as configured.
 * @wait_us: time between the last reading and the next; longer while it is quiet.
 * @due_us: when it is read next.
 * @sampled_us: when it was read last, 0 never.
 * @cost_ns: what a reading takes, smoothed.
 * @reads: how often it was read.
 * @error: of the last reading.
 */
struct sense_source {
	const char *name;
	int (*read)(struct sense *sense, uint64_t now_us);
	uint64_t period_us;
	uint64_t wait_us;
	uint64_t due_us;
	uint64_t sampled_us;
	uint64_t cost_ns;
	uint64_t reads;
	int error;
};

enum sense_which {
	SENSE_NUMA,
	SENSE_SVM,
	SENSE_DRM,
	SENSE_RDMA,
	SENSE_SOURCES,
};

/**
 * struct sense - what is known
 * @root: "/", or where a test has its own sys and proc.
 * @libraries: libdrm and libibverbs are asked: they know this host only, so only
 *	if @root is that.
 * @quiet: nobody that has joined does anything at the moment: sources are read
 *	ever less often, unless what they say moves.
 * @room: bytes free on nodes and devices when that was looked at last.
 * @rated_us: when what hardly ever changes of nodes was read last, 0 never.
 * @drm_error: of libdrm's last answer.
 * @verbs_error: of libibverbs' last answer.
 * @sources: by enum sense_which.
 * @nr_nodes: entries in @nodes and @node_more, by id; and so on.
 * @distances: for @nodes.
 * @generation: grows when something came or went.
 */
struct sense {
	char root[256];
	bool libraries;
	bool quiet;
	uint64_t room;
	uint64_t rated_us;
	int drm_error;
	int verbs_error;
	struct sense_source sources[SENSE_SOURCES];
	uint32_t nr_nodes;
	uint32_t nr_devices;
	uint32_t nr_cards;
	uint32_t nr_ports;
	struct svmd_node nodes[SENSE_NODES_MAX];
	struct sense_node node_more[SENSE_NODES_MAX];
	uint8_t distances[SENSE_NODES_MAX][SENSE_NODES_MAX];
	struct svmd_svm devices[SENSE_DEVICES_MAX];
	struct sense_device device_more[SENSE_DEVICES_MAX];
	struct svmd_card cards[SENSE_CARDS_MAX];
	struct sense_card card_more[SENSE_CARDS_MAX];
	struct svmd_rdma ports[SENSE_PORTS_MAX];
	struct sense_port port_more[SENSE_PORTS_MAX];
	uint32_t last_port_id;
	uint64_t generation;
};

/* Nothing is known yet. @root as in struct sense. */
void sense_init(struct sense *sense, const char *root);

/* Sets the periods. */
void sense_configure(struct sense *sense, const struct svmd_settings *settings);

/* Reads what is due. */
void sense_read(struct sense *sense, uint64_t now_us);

/* Puts it into a snapshot, but for the sessions. Pointers are into @sense. */
void sense_snapshot(const struct sense *sense, struct svmd_snapshot *snapshot);

/* telemetry_*.c */
int telemetry_numa(struct sense *sense, uint64_t now_us);
int telemetry_svm(struct sense *sense, uint64_t now_us);
int telemetry_drm(struct sense *sense, uint64_t now_us);
int telemetry_rdma(struct sense *sense, uint64_t now_us);

/* Says once that a library can't say anything, and once that it can again. */
void sense_library(const char *name, const char *of, int *last, int error);

/* Adds @number to @list, which stays sorted. Of a full list, nothing. */
void sense_note(uint32_t *list, uint32_t *nr, uint32_t max, long number);

#endif /* SVMD_SENSE_H */
