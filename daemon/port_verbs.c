// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RDMA ports by libibverbs, see port_verbs.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/verbs.h>

#include "port_verbs.h"

/* Mbit/s of a lane, by the bit of the speed: SDR, DDR, QDR, FDR10, FDR, ... */
static uint32_t lane_mbits(uint32_t speed)
{
	static const uint32_t speeds[] = {
		2500, 5000, 10000, 10000, 14000, 25000, 50000, 100000, 200000,
	};
	unsigned int i;

	for (i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (speed == 1U << i)
			return speeds[i];
	return 0;
}

static uint32_t lanes(uint8_t width)
{
	switch (width) {
	case 1:
		return 1;
	case 2:
		return 4;
	case 4:
		return 8;
	case 8:
		return 12;
	case 16:
		return 2;
	default:
		return 0;
	}
}

/* The old field has no room for XDR, which the kernel then does not tell in it. */
static uint32_t speed_of(const struct ibv_port_attr *attr)
{
#ifdef HAVE_ACTIVE_SPEED_EX
	if (attr->active_speed_ex)
		return attr->active_speed_ex;
#endif
	return attr->active_speed;
}

static const char *state_name(enum ibv_port_state state)
{
	switch (state) {
	case IBV_PORT_DOWN:
		return "DOWN";
	case IBV_PORT_INIT:
		return "INIT";
	case IBV_PORT_ARMED:
		return "ARMED";
	case IBV_PORT_ACTIVE:
		return "ACTIVE";
	case IBV_PORT_ACTIVE_DEFER:
		return "ACTIVE_DEFER";
	default:
		return "NOP";
	}
}

static const char *layer_name(uint8_t layer)
{
	switch (layer) {
	case IBV_LINK_LAYER_INFINIBAND:
		return "InfiniBand";
	case IBV_LINK_LAYER_ETHERNET:
		return "Ethernet";
	default:
		return "";
	}
}

static int ask(struct ibv_context *context, uint8_t number,
	       struct port_verbs *out)
{
	struct ibv_device_attr_ex device = { 0 };
	struct ibv_port_attr attr = { 0 };
	int ret = ibv_query_port(context, number, &attr);

	if (ret)
		return -ret;
	ret = ibv_query_device_ex(context, NULL, &device);
	if (ret)
		return -ret;
	memset(out, 0, sizeof(*out));
	snprintf(out->state, sizeof(out->state), "%s", state_name(attr.state));
	out->active = attr.state == IBV_PORT_ACTIVE;
	out->rate_mbs =
		lane_mbits(speed_of(&attr)) * lanes(attr.active_width) / 8;
	if (attr.active_mtu >= IBV_MTU_256 && attr.active_mtu <= IBV_MTU_4096)
		out->mtu = 128U << attr.active_mtu;
	snprintf(out->link_layer, sizeof(out->link_layer), "%s",
		 layer_name(attr.link_layer));
	out->odp = device.odp_caps.general_caps & IBV_ODP_SUPPORT;
	snprintf(out->firmware, sizeof(out->firmware), "%.*s",
		 (int)sizeof(out->firmware) - 1, device.orig_attr.fw_ver);
	return 0;
}

int port_verbs_ask(const char *device, uint32_t number, struct port_verbs *out)
{
	struct ibv_device **list = ibv_get_device_list(NULL), **at;
	struct ibv_context *context;
	int ret = -ENOENT;

	if (!list)
		return errno ? -errno : -ENOENT;
	if (number > UINT8_MAX)
		ret = -ERANGE;
	for (at = list; *at && ret == -ENOENT; at++) {
		if (strcmp(ibv_get_device_name(*at), device))
			continue;
		errno = 0;
		context = ibv_open_device(*at);
		if (!context) {
			/* Not -ENOENT, which would go on looking. */
			ret = errno && errno != ENOENT ? -errno : -ENODEV;
			continue;
		}
		ret = ask(context, (uint8_t)number, out);
		ibv_close_device(context);
	}
	ibv_free_device_list(list);
	return ret;
}
