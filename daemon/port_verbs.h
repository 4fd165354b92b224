/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDMA ports by libibverbs. No state: an adapter is opened for as long as the
 * questions take, since one that stays open keeps its driver from unloading.
 */
#ifndef SVMD_PORT_VERBS_H
#define SVMD_PORT_VERBS_H

#include <stdbool.h>
#include <stdint.h>

#include "sense.h"

/**
 * struct port_verbs - what libibverbs says of a port
 * @state: "ACTIVE", as sysfs has it.
 * @active: whether it is that.
 * @rate_mbs: MB/s of the link.
 * @mtu: bytes of a packet.
 * @link_layer: "InfiniBand" or "Ethernet".
 * @odp: the adapter can page on demand.
 * @firmware: of the adapter.
 */
struct port_verbs {
	char state[SENSE_NAME_MAX];
	bool active;
	uint32_t rate_mbs;
	uint32_t mtu;
	char link_layer[SENSE_NAME_MAX];
	bool odp;
	char firmware[SENSE_NAME_MAX];
};

/**
 * port_verbs_ask() - ask about a port
 * @device: "mlx5_0".
 * @number: of the port.
 * @out: the answer.
 *
 * Returns 0; -ENOENT if the library does not know the adapter: it has no driver
 * for it, or the kernel's (ib_uverbs) is not loaded; or another negative errno.
 */
int port_verbs_ask(const char *device, uint32_t number, struct port_verbs *out);

#endif /* SVMD_PORT_VERBS_H */
