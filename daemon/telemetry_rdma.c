// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RDMA ports: sysfs has their counters; state, rate and what the adapter can do
 * tells libibverbs, and where it can't, sysfs too. A port keeps its number for as
 * long as it exists. rxe counts bytes in hw_counters, real adapters in units of
 * four in counters; what is there is taken.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "port_verbs.h"
#include "sense.h"
#include "sysfs.h"

#define CLASS_DIR "sys/class/infiniband"
/*
 * port_xmit_wait counts ticks, whose length is the vendor's; 4 ns is about that
 * of common adapters. The share of time is therefore a hint, no measure.
 */
#define WAIT_TICK_NS 4

/**
 * struct scan - a reading
 * @sense: what is known.
 * @now_us: when.
 * @device: whose ports are being listed.
 * @nr: ports found.
 * @ports: what was found.
 * @more: the same.
 * @came: some were not there before.
 * @error: of libibverbs.
 */
struct scan {
	struct sense *sense;
	uint64_t now_us;
	const char *device;
	uint32_t nr;
	struct svmd_rdma ports[SENSE_PORTS_MAX];
	struct sense_port more[SENSE_PORTS_MAX];
	bool came;
	int error;
};

static int known_port(const struct sense *sense, const char *device,
		      uint32_t number)
{
	uint32_t i;

	for (i = 0; i < sense->nr_ports; i++)
		if (sense->port_more[i].number == number &&
		    !strcmp(sense->port_more[i].device, device))
			return (int)i;
	return -1;
}

static uint64_t bytes_of(const char *root, const struct sense_port *more,
			 const char *hw, const char *pma)
{
	int64_t value = sysfs_number(root, -1,
				     CLASS_DIR "/%s/ports/%u/hw_counters/%s",
				     more->device, more->number, hw);

	if (value >= 0)
		return (uint64_t)value;
	value = sysfs_number(root, 0, CLASS_DIR "/%s/ports/%u/counters/%s",
			     more->device, more->number, pma);
	return (uint64_t)value * 4;
}

/* "4: ACTIVE" and "25 Gb/sec (1X EDR)" */
static void read_state(const char *root, struct svmd_rdma *port,
		       struct sense_port *more)
{
	char state[SENSE_NAME_MAX] = "", rate[SENSE_NAME_MAX] = "", *name;

	if (sysfs_text(root, state, sizeof(state),
		       CLASS_DIR "/%s/ports/%u/state", more->device,
		       more->number) > 0) {
		name = strchr(state, ' ');
		snprintf(more->state, sizeof(more->state), "%s",
			 name ? name + 1 : state);
		port->active = strtol(state, NULL, 10) == 4;
	}
	if (sysfs_text(root, rate, sizeof(rate), CLASS_DIR "/%s/ports/%u/rate",
		       more->device, more->number) > 0)
		port->rate_mbs = (uint32_t)(strtod(rate, NULL) * 1000 / 8);
	(void)sysfs_text(root, more->link_layer, sizeof(more->link_layer),
			 CLASS_DIR "/%s/ports/%u/link_layer", more->device,
			 more->number);
	snprintf(more->asked, sizeof(more->asked), "%s %s", state, rate);
}

/* If nothing has changed, the last answer still holds. */
static void ask_library(struct scan *scan, int was, struct svmd_rdma *port,
			struct sense_port *more)
{
	struct port_verbs verbs;
	int error;

	if (was >= 0) {
		const struct sense_port *old = &scan->sense->port_more[was];

		if (!strcmp(old->asked, more->asked)) {
			memcpy(more->state, old->state, sizeof(more->state));
			memcpy(more->link_layer, old->link_layer,
			       sizeof(more->link_layer));
			memcpy(more->firmware, old->firmware,
			       sizeof(more->firmware));
			more->mtu = old->mtu;
			more->odp = old->odp;
			port->active = scan->sense->ports[was].active;
			port->rate_mbs = scan->sense->ports[was].rate_mbs;
			return;
		}
	}
	error = port_verbs_ask(more->device, more->number, &verbs);
	if (error) {
		scan->error = error;
		/* Perhaps its driver comes yet. */
		more->asked[0] = '\0';
		return;
	}
	memcpy(more->state, verbs.state, sizeof(more->state));
	memcpy(more->link_layer, verbs.link_layer, sizeof(more->link_layer));
	memcpy(more->firmware, verbs.firmware, sizeof(more->firmware));
	more->mtu = verbs.mtu;
	more->odp = verbs.odp;
	port->active = verbs.active;
	port->rate_mbs = verbs.rate_mbs;
}

static void read_congestion(const struct scan *scan, int was,
			    struct svmd_rdma *port, struct sense_port *more)
{
	uint64_t then, elapsed, ticks;

	more->wait_ticks = (uint64_t)sysfs_number(
		scan->sense->root, 0,
		CLASS_DIR "/%s/ports/%u/counters/port_xmit_wait", more->device,
		more->number);
	if (was < 0)
		return;
	then = scan->sense->ports[was].sampled_us;
	elapsed = scan->now_us - then;
	ticks = more->wait_ticks - scan->sense->port_more[was].wait_ticks;
	if (!elapsed ||
	    more->wait_ticks < scan->sense->port_more[was].wait_ticks)
		return;
	port->congestion = (float)ticks * WAIT_TICK_NS / 10 / (float)elapsed;
	if (port->congestion > 100)
		port->congestion = 100;
}

static int note_port(const char *name, long number, void *arg)
{
	struct scan *scan = arg;
	struct sense_port *more = &scan->more[scan->nr];
	struct svmd_rdma *port = &scan->ports[scan->nr];
	const char *root = scan->sense->root;
	int was;

	(void)name;
	if (number < 0 || scan->nr == SENSE_PORTS_MAX)
		return 0;
	was = known_port(scan->sense, scan->device, (uint32_t)number);
	snprintf(more->device, sizeof(more->device), "%s", scan->device);
	more->number = (uint32_t)number;
	if (was < 0)
		scan->came = true;
	port->id = was < 0 ? ++scan->sense->last_port_id
			   : scan->sense->ports[was].id;
	port->node = (int32_t)sysfs_number(
		root, -1, CLASS_DIR "/%s/device/numa_node", more->device);
	read_state(root, port, more);
	if (scan->sense->libraries)
		ask_library(scan, was, port, more);
	more->sent_bytes = bytes_of(root, more, "sent_bytes", "port_xmit_data");
	more->received_bytes =
		bytes_of(root, more, "rcvd_bytes", "port_rcv_data");
	read_congestion(scan, was, port, more);
	port->sampled_us = scan->now_us;
	scan->nr++;
	return 0;
}

static int note_device(const char *name, long number, void *arg)
{
	struct scan *scan = arg;
	char path[256];

	(void)number;
	scan->device = name;
	snprintf(path, sizeof(path), CLASS_DIR "/%.64s/ports", name);
	(void)sysfs_each(scan->sense->root, path, "", note_port, scan);
	return 0;
}

int telemetry_rdma(struct sense *sense, uint64_t now_us)
{
	struct scan *scan = calloc(1, sizeof(*scan));
	uint32_t i;
	int ret;

	if (!scan)
		return -ENOMEM;
	scan->sense = sense;
	scan->now_us = now_us;
	ret = sysfs_each(sense->root, CLASS_DIR, "", note_device, scan);
	sense_library("libibverbs", "RDMA ports", &sense->verbs_error,
		      scan->error);
	if (scan->came || scan->nr != sense->nr_ports)
		sense->generation++;
	memcpy(sense->ports, scan->ports, sizeof(sense->ports));
	memcpy(sense->port_more, scan->more, sizeof(sense->port_more));
	sense->nr_ports = scan->nr;
	for (i = 0; i < scan->nr; i++)
		sense->port_more[i].port = &sense->ports[i];
	free(scan);
	return ret;
}
