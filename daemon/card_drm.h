/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DRM devices by libdrm: what sysfs does not tell. No state.
 *
 * A card is asked by its render node, which needs no right to the display; one
 * without a render node is not opened. A card that sleeps is not woken.
 */
#ifndef SVMD_CARD_DRM_H
#define SVMD_CARD_DRM_H

#include <stdbool.h>
#include <stdint.h>

#include "sense.h"

#define CARD_DRM_PATH_MAX 64

/**
 * struct card_drm - what libdrm says of a card
 * @known: whether it says anything: it knows PCI, USB and platform devices, but
 *	not the faux bus, where vgem is.
 * @slot: its address on the bus, "" if it has none that libdrm knows.
 * @render: path of its render node, "" if it has none.
 */
struct card_drm {
	bool known;
	char slot[SENSE_NAME_MAX];
	char render[CARD_DRM_PATH_MAX];
};

/**
 * card_drm_list() - ask libdrm for all devices
 * @cards: by N of cardN; SENSE_CARDS_MAX entries at @ids.
 * @ids: the numbers that are wanted.
 * @nr: how many.
 *
 * Returns 0, or a negative errno, and then nothing is known of any.
 */
int card_drm_list(struct card_drm *cards, const uint32_t *ids, uint32_t nr);

/**
 * card_drm_ask() - ask a driver
 * @render: path of the render node.
 * @card: gets @vram_total_bytes and @vram_used_bytes, if the driver says so by
 *	its ioctls: amdgpu, i915, xe.
 * @driver: gets the driver's name.
 * @size: room for that.
 *
 * Returns 0 or a negative errno.
 */
int card_drm_ask(const char *render, struct svmd_card *card, char *driver,
		 size_t size);

#endif /* SVMD_CARD_DRM_H */
