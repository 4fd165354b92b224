// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the host has, on the bus: NUMA nodes, svm devices, DRM cards and RDMA
 * ports. All is read-only, and counters don't signal; what comes and goes does,
 * and so do the state of a port and that a place is held.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_get.h"
#include "bus_parts.h"

#define COUNTER(name, type, get) SD_BUS_PROPERTY(name, type, get, 0, 0)
#define CONSTANT(name, type, get) \
	SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_CONST)
#define STATE(name, type, get) \
	SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

/* --- nodes -------------------------------------------------------------------------- */

BUS_GET(node_id, struct sense_node, "u", self->node->id)
BUS_GET(node_cpu, struct sense_node, "b", self->node->has_cpu)
BUS_GET(node_held, struct sense_node, "b", self->node->held)
BUS_GET(node_total, struct sense_node, "t", self->node->total_bytes)
BUS_GET(node_free, struct sense_node, "t", self->free_bytes)
BUS_GET(node_available, struct sense_node, "t", self->node->free_bytes)
BUS_GET(node_rlat, struct sense_node, "u", self->node->read_latency_ns)
BUS_GET(node_wlat, struct sense_node, "u", self->node->write_latency_ns)
BUS_GET(node_rbw, struct sense_node, "u", self->node->read_bandwidth_mbs)
BUS_GET(node_wbw, struct sense_node, "u", self->node->write_bandwidth_mbs)
BUS_GET(node_psi_some, struct sense_node, "d", (double)self->node->psi_some)
BUS_GET(node_psi_full, struct sense_node, "d", (double)self->node->psi_full)
BUS_GET(node_hit, struct sense_node, "t", self->hit)
BUS_GET(node_miss, struct sense_node, "t", self->miss)
BUS_GET(node_foreign, struct sense_node, "t", self->foreign)
BUS_GET(node_sampled, struct sense_node, "t", self->node->sampled_us)

BUS_GET_WITH(node_distances, struct sense_node, {
	const uint8_t *distance = self->node->distance;

	return sd_bus_message_append_array(reply, 'y', distance,
					   distance ? self->nr_nodes : 0);
})

static const sd_bus_vtable node_vtable[] = {
	SD_BUS_VTABLE_START(0),
	CONSTANT("Node", "u", node_id),
	COUNTER("HasCPU", "b", node_cpu),
	STATE("Held", "b", node_held),
	COUNTER("TotalBytes", "t", node_total),
	COUNTER("FreeBytes", "t", node_free),
	COUNTER("AvailableBytes", "t", node_available),
	COUNTER("Distances", "ay", node_distances),
	COUNTER("ReadLatencyNSec", "u", node_rlat),
	COUNTER("WriteLatencyNSec", "u", node_wlat),
	COUNTER("ReadBandwidthMBPerSecond", "u", node_rbw),
	COUNTER("WriteBandwidthMBPerSecond", "u", node_wbw),
	COUNTER("PressureSomePercent", "d", node_psi_some),
	COUNTER("PressureFullPercent", "d", node_psi_full),
	COUNTER("AllocationsHit", "t", node_hit),
	COUNTER("AllocationsMiss", "t", node_miss),
	COUNTER("AllocationsForeign", "t", node_foreign),
	COUNTER("SampledUSec", "t", node_sampled),
	SD_BUS_VTABLE_END,
};

/* --- svm devices ---------------------------------------------------------------------- */

BUS_GET(device_id, struct sense_device, "u", self->device->id)
BUS_GET(device_node, struct sense_device, "i", self->device->node)
BUS_GET(device_type, struct sense_device, "s", self->type)
BUS_GET(device_coherent, struct sense_device, "b", self->device->coherent)
BUS_GET(device_held, struct sense_device, "b", self->device->held)
BUS_GET(device_total, struct sense_device, "t", self->device->total_bytes)
BUS_GET(device_free, struct sense_device, "t", self->device->free_bytes)
BUS_GET(device_caps, struct sense_device, "t", self->capabilities)
BUS_GET(device_faults, struct sense_device, "t", self->device->faults)
BUS_GET(device_evicted, struct sense_device, "t", self->device->evictions)
BUS_GET(device_in, struct sense_device, "t", self->bytes_in)
BUS_GET(device_out, struct sense_device, "t", self->bytes_out)
BUS_GET(device_faulted, struct sense_device, "t", self->bytes_faulted)
BUS_GET(device_sampled, struct sense_device, "t", self->device->sampled_us)

static const sd_bus_vtable device_vtable[] = {
	SD_BUS_VTABLE_START(0),
	CONSTANT("Device", "u", device_id),
	CONSTANT("Node", "i", device_node),
	CONSTANT("Type", "s", device_type),
	CONSTANT("Coherent", "b", device_coherent),
	STATE("Held", "b", device_held),
	COUNTER("TotalBytes", "t", device_total),
	COUNTER("FreeBytes", "t", device_free),
	CONSTANT("Capabilities", "t", device_caps),
	COUNTER("Faults", "t", device_faults),
	COUNTER("EvictedBytes", "t", device_evicted),
	COUNTER("MovedInBytes", "t", device_in),
	COUNTER("MovedOutBytes", "t", device_out),
	COUNTER("FaultedBytes", "t", device_faulted),
	COUNTER("SampledUSec", "t", device_sampled),
	SD_BUS_VTABLE_END,
};

/* --- cards ----------------------------------------------------------------------------- */

BUS_GET(card_id, struct sense_card, "u", self->card->id)
BUS_GET(card_node, struct sense_card, "i", self->card->node)
BUS_GET(card_driver, struct sense_card, "s", self->driver)
BUS_GET(card_slot, struct sense_card, "s", self->slot)
BUS_GET(card_total, struct sense_card, "t", self->card->vram_total_bytes)
BUS_GET(card_used, struct sense_card, "t", self->card->vram_used_bytes)
BUS_GET(card_busy, struct sense_card, "d", (double)self->card->busy)
BUS_GET(card_degraded, struct sense_card, "b", self->link_degraded)
BUS_GET(card_render, struct sense_card, "s", self->render)
BUS_GET(card_clients, struct sense_card, "u", self->clients)
BUS_GET(card_client_bytes, struct sense_card, "t", self->client_bytes)
BUS_GET(card_sampled, struct sense_card, "t", self->card->sampled_us)

static const sd_bus_vtable card_vtable[] = {
	SD_BUS_VTABLE_START(0),
	CONSTANT("Card", "u", card_id),
	CONSTANT("Node", "i", card_node),
	CONSTANT("Driver", "s", card_driver),
	CONSTANT("Slot", "s", card_slot),
	COUNTER("TotalBytes", "t", card_total),
	COUNTER("UsedBytes", "t", card_used),
	COUNTER("BusyPercent", "d", card_busy),
	COUNTER("LinkDegraded", "b", card_degraded),
	COUNTER("RenderNode", "s", card_render),
	COUNTER("Clients", "u", card_clients),
	COUNTER("ClientBytes", "t", card_client_bytes),
	COUNTER("SampledUSec", "t", card_sampled),
	SD_BUS_VTABLE_END,
};

/* --- ports ----------------------------------------------------------------------------- */

BUS_GET(port_id, struct sense_port, "u", self->port->id)
BUS_GET(port_device, struct sense_port, "s", self->device)
BUS_GET(port_number, struct sense_port, "u", self->number)
BUS_GET(port_node, struct sense_port, "i", self->port->node)
BUS_GET(port_state, struct sense_port, "s", self->state)
BUS_GET(port_active, struct sense_port, "b", self->port->active)
BUS_GET(port_rate, struct sense_port, "u", self->port->rate_mbs)
BUS_GET(port_congestion, struct sense_port, "d", (double)self->port->congestion)
BUS_GET(port_sent, struct sense_port, "t", self->sent_bytes)
BUS_GET(port_received, struct sense_port, "t", self->received_bytes)
BUS_GET(port_layer, struct sense_port, "s", self->link_layer)
BUS_GET(port_mtu, struct sense_port, "u", self->mtu)
BUS_GET(port_odp, struct sense_port, "b", self->odp)
BUS_GET(port_firmware, struct sense_port, "s", self->firmware)
BUS_GET(port_sampled, struct sense_port, "t", self->port->sampled_us)

static const sd_bus_vtable port_vtable[] = {
	SD_BUS_VTABLE_START(0),
	CONSTANT("Port", "u", port_id),
	CONSTANT("Device", "s", port_device),
	CONSTANT("Number", "u", port_number),
	CONSTANT("Node", "i", port_node),
	STATE("State", "s", port_state),
	STATE("Active", "b", port_active),
	COUNTER("RateMBPerSecond", "u", port_rate),
	COUNTER("LinkLayer", "s", port_layer),
	COUNTER("MTUBytes", "u", port_mtu),
	COUNTER("OnDemandPaging", "b", port_odp),
	COUNTER("Firmware", "s", port_firmware),
	COUNTER("CongestionPercent", "d", port_congestion),
	COUNTER("SentBytes", "t", port_sent),
	COUNTER("ReceivedBytes", "t", port_received),
	COUNTER("SampledUSec", "t", port_sampled),
	SD_BUS_VTABLE_END,
};

/* --- objects --------------------------------------------------------------------------- */

/* A kind of thing: where its objects are, and how many there are. */
struct kind {
	const char *prefix;
	const char *interface;
	const char *format; /* of the last part of the path */
	const sd_bus_vtable *vtable;
	uint32_t (*count)(const struct sense *sense);
	uint32_t (*id)(const struct sense *sense, uint32_t index);
	void *(*object)(struct sense *sense, uint32_t index);
	bool (*active)(const struct sense *sense, uint32_t index);
};

#define KIND(name, number, list, more)                                      \
	static uint32_t name##_count(const struct sense *sense)             \
	{                                                                   \
		return sense->number;                                       \
	}                                                                   \
	static uint32_t name##_id_at(const struct sense *sense, uint32_t i) \
	{                                                                   \
		return sense->list[i].id;                                   \
	}                                                                   \
	static void *name##_object(struct sense *sense, uint32_t i)         \
	{                                                                   \
		return &sense->more[i];                                     \
	}

KIND(node, nr_nodes, nodes, node_more)
KIND(device, nr_devices, devices, device_more)
KIND(card, nr_cards, cards, card_more)
KIND(port, nr_ports, ports, port_more)

static bool port_is_active(const struct sense *sense, uint32_t index)
{
	return sense->ports[index].active;
}

static const struct kind kinds[] = {
	{ BUS_ROOT "/node", BUS_NODE, "%u", node_vtable, node_count, node_id_at,
	  node_object, NULL },
	{ BUS_ROOT "/device", BUS_DEVICE, "svm%u", device_vtable, device_count,
	  device_id_at, device_object, NULL },
	{ BUS_ROOT "/card", BUS_CARD, "card%u", card_vtable, card_count,
	  card_id_at, card_object, NULL },
	{ BUS_ROOT "/port", BUS_PORT, "%u", port_vtable, port_count, port_id_at,
	  port_object, port_is_active },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *kind_of(const char *path)
{
	size_t i, length;

	for (i = 0; i < NR_KINDS; i++) {
		length = strlen(kinds[i].prefix);
		if (!strncmp(path, kinds[i].prefix, length) &&
		    path[length] == '/')
			return &kinds[i];
	}
	return NULL;
}

static void path_of(const struct kind *kind, uint32_t id, char *path)
{
	char name[32];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(name, sizeof(name), kind->format, id);
#pragma GCC diagnostic pop
	snprintf(path, BUS_PATH_MAX, "%s/%s", kind->prefix, name);
}

void bus_host_path(enum svmd_scope_type type, uint32_t id, char *path)
{
	path_of(&kinds[type == SVMD_SCOPE_NODE ? 0 : 1], id, path);
}

static int find(sd_bus *bus, const char *path, const char *interface, void *arg,
		void **found, sd_bus_error *error)
{
	const struct kind *kind = kind_of(path);
	struct bus_face *face = arg;
	char known[BUS_PATH_MAX];
	uint32_t i;

	(void)bus, (void)interface, (void)error;
	if (face->introspecting) {
		*found = face;
		return 1;
	}
	for (i = 0; kind && i < kind->count(&face->daemon->sense); i++) {
		path_of(kind, kind->id(&face->daemon->sense, i), known);
		if (!strcmp(path, known)) {
			*found = kind->object(&face->daemon->sense, i);
			return 1;
		}
	}
	return 0;
}

static int list_paths(struct bus_face *face, const struct kind *kind,
		      char ***nodes)
{
	char path[BUS_PATH_MAX];
	uint32_t i, nr;
	char **list;

	if (face->introspecting)
		return 0;
	nr = kind->count(&face->daemon->sense);
	list = calloc(nr + 1, sizeof(list[0]));
	if (!list)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		path_of(kind, kind->id(&face->daemon->sense, i), path);
		list[i] = strdup(path);
		if (!list[i])
			break;
	}
	*nodes = list;
	return 1;
}

/* The prefix that sd-bus says is that of who asks, so each kind has its own. */
#define ENUMERATOR(name, index)                                      \
	static int enumerate_##name(sd_bus *bus, const char *prefix, \
				    void *arg, char ***nodes,        \
				    sd_bus_error *error)             \
	{                                                            \
		(void)bus, (void)prefix, (void)error;                \
		return list_paths(arg, &kinds[index], nodes);        \
	}

ENUMERATOR(nodes, 0)
ENUMERATOR(devices, 1)
ENUMERATOR(cards, 2)
ENUMERATOR(ports, 3)

static const sd_bus_node_enumerator_t enumerators[NR_KINDS] = {
	enumerate_nodes,
	enumerate_devices,
	enumerate_cards,
	enumerate_ports,
};

int bus_host_add(struct bus_face *face)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < NR_KINDS && ret >= 0; i++) {
		ret = sd_bus_add_fallback_vtable(face->bus, NULL,
						 kinds[i].prefix,
						 kinds[i].interface,
						 kinds[i].vtable, find, face);
		if (ret >= 0)
			ret = sd_bus_add_node_enumerator(face->bus, NULL,
							 kinds[i].prefix,
							 enumerators[i], face);
	}
	return ret;
}

/* --- coming and going -------------------------------------------------------------------- */

static struct known *know(struct bus_face *face, const struct kind *kind,
			  const char *path)
{
	struct known *known = face->known;

	while (known && strcmp(known->path, path))
		known = known->next;
	if (known)
		return known;
	known = calloc(1, sizeof(*known) + strlen(path) + 1);
	if (!known)
		return NULL;
	strcpy(known->path, path);
	known->interface = kind->interface;
	known->next = face->known;
	face->known = known;
	(void)sd_bus_emit_interfaces_added(face->bus, path, kind->interface,
					   NULL);
	return known;
}

static void announce(struct bus_face *face, const struct kind *kind,
		     uint32_t index)
{
	const struct sense *sense = &face->daemon->sense;
	char path[BUS_PATH_MAX];
	struct known *known;
	bool active;

	path_of(kind, kind->id(sense, index), path);
	known = know(face, kind, path);
	if (!known)
		return;
	known->seen = true;
	if (!kind->active)
		return;
	active = kind->active(sense, index);
	if (active != known->active)
		(void)sd_bus_emit_properties_changed(face->bus, path,
						     kind->interface, "State",
						     "Active", NULL);
	known->active = active;
}

static void drop_unseen(struct bus_face *face)
{
	struct known **link = &face->known, *known;

	while ((known = *link)) {
		if (known->seen) {
			known->seen = false;
			link = &known->next;
			continue;
		}
		(void)sd_bus_emit_interfaces_removed(face->bus, known->path,
						     known->interface, NULL);
		*link = known->next;
		free(known);
	}
}

void bus_host_announce(struct bus_face *face)
{
	const struct sense *sense = &face->daemon->sense;
	uint32_t i, j;

	for (i = 0; i < NR_KINDS; i++)
		for (j = 0; j < kinds[i].count(sense); j++)
			announce(face, &kinds[i], j);
	drop_unseen(face);
}

void bus_host_forget(struct bus_face *face)
{
	struct known *known;

	while ((known = face->known)) {
		face->known = known->next;
		free(known);
	}
}
