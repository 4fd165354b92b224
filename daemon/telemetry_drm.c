// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DRM devices: /sys/class/drm has them all, and where the driver says (amdgpu and
 * those that took over its names) memory and load. libdrm knows where they are on
 * their buses, and by their render nodes their drivers tell of themselves and
 * their memory. Primary nodes are not opened: that can take the display from its
 * user. Nor is anything that sleeps, for that would wake it.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "card_drm.h"
#include "sense.h"
#include "sysfs.h"

#define CLASS_DIR "sys/class/drm"

struct list {
	uint32_t nr;
	uint32_t ids[SENSE_CARDS_MAX];
};

/* "card0", but not its connectors "card0-HDMI-A-1". */
static int note_card(const char *name, long number, void *arg)
{
	struct list *list = arg;

	(void)name;
	sense_note(list->ids, &list->nr, SENSE_CARDS_MAX, number);
	return 0;
}

/* The last part of a link, such as the driver's name. */
static void link_name(const struct sense *sense, uint32_t id, const char *what,
		      char *name, size_t size)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "%s/" CLASS_DIR "/card%u/%s", sense->root,
		 id, what);
	length = readlink(path, link, sizeof(link) - 1);
	if (length <= 0)
		return;
	link[length] = '\0';
	snprintf(name, size, "%s", basename(link));
}

static bool link_degraded(const struct sense *sense, uint32_t id)
{
	char now[64], best[64];
	int64_t width, full;

	if (sysfs_text(sense->root, now, sizeof(now),
		       CLASS_DIR "/card%u/device/current_link_speed", id) > 0 &&
	    sysfs_text(sense->root, best, sizeof(best),
		       CLASS_DIR "/card%u/device/max_link_speed", id) > 0 &&
	    strcmp(now, best))
		return true;
	width = sysfs_number(sense->root, 0,
			     CLASS_DIR "/card%u/device/current_link_width", id);
	full = sysfs_number(sense->root, 0,
			    CLASS_DIR "/card%u/device/max_link_width", id);
	return width > 0 && full > 0 && width < full;
}

static int note_render(const char *name, long number, void *arg)
{
	struct sense_card *more = arg;

	(void)name;
	if (number >= 0)
		snprintf(more->render, sizeof(more->render),
			 "/dev/dri/renderD%ld", number);
	return 0;
}

/* Those that libdrm does not know, such as vgem, sysfs finds. */
static void find_render(const struct sense *sense, uint32_t id,
			struct sense_card *more)
{
	char path[128];

	snprintf(path, sizeof(path), CLASS_DIR "/card%u/device/drm", id);
	(void)sysfs_each(sense->root, path, "renderD", note_render, more);
}

static bool sleeps(const struct sense *sense, uint32_t id)
{
	char text[SENSE_NAME_MAX];

	return sysfs_text(sense->root, text, sizeof(text),
			  CLASS_DIR "/card%u/device/power/runtime_status",
			  id) > 0 &&
	       !strcmp(text, "suspended");
}

/* What the libraries add to @card; @was: what was known of it, or NULL. */
static int ask_library(const struct sense *sense, const struct card_drm *drm,
		       const struct sense_card *was, uint64_t was_total,
		       struct svmd_card *card, struct sense_card *more)
{
	char driver[SENSE_NAME_MAX];
	int ret;

	if (drm->known) {
		snprintf(more->render, sizeof(more->render), "%s", drm->render);
		if (drm->slot[0])
			snprintf(more->slot, sizeof(more->slot), "%s",
				 drm->slot);
	}
	if (!more->render[0])
		return 0;
	if (sleeps(sense, card->id)) {
		if (!was)
			return 0;
		memcpy(more->driver, was->driver, sizeof(more->driver));
		if (!card->vram_total_bytes)
			card->vram_total_bytes = was_total;
		return 0;
	}
	ret = card_drm_ask(more->render, card, driver, sizeof(driver));
	if (!ret)
		memcpy(more->driver, driver, sizeof(driver));
	return ret;
}

static void read_card(const struct sense *sense, struct svmd_card *card,
		      struct sense_card *more, uint64_t now_us)
{
	const char *root = sense->root;
	uint32_t id = card->id;

	card->node = (int32_t)sysfs_number(
		root, -1, CLASS_DIR "/card%u/device/numa_node", id);
	card->svm = -1;
	(void)sysfs_u64(root, &card->vram_total_bytes,
			CLASS_DIR "/card%u/device/mem_info_vram_total", id);
	(void)sysfs_u64(root, &card->vram_used_bytes,
			CLASS_DIR "/card%u/device/mem_info_vram_used", id);
	card->busy = (float)sysfs_number(
		root, 0, CLASS_DIR "/card%u/device/gpu_busy_percent", id);
	link_name(sense, id, "device/driver", more->driver,
		  sizeof(more->driver));
	link_name(sense, id, "device", more->slot, sizeof(more->slot));
	find_render(sense, id, more);
	more->link_degraded = link_degraded(sense, id);
	card->sampled_us = now_us;
}

int telemetry_drm(struct sense *sense, uint64_t now_us)
{
	struct card_drm drm[SENSE_CARDS_MAX];
	struct list list = { 0 };
	uint32_t i, same = 0;
	int ret = sysfs_each(sense->root, CLASS_DIR, "card", note_card, &list);
	int error = 0, asked;

	memset(drm, 0, sizeof(drm));
	if (sense->libraries && list.nr)
		error = card_drm_list(drm, list.ids, list.nr);
	for (i = 0; i < list.nr; i++) {
		struct sense_card *more = &sense->card_more[i], was = *more;
		struct svmd_card *card = &sense->cards[i];
		bool known = i < sense->nr_cards && card->id == list.ids[i];
		uint64_t total = card->vram_total_bytes;

		same += known;
		memset(card, 0, sizeof(*card));
		memset(more, 0, sizeof(*more));
		card->id = list.ids[i];
		more->card = card;
		if (known) {
			more->clients = was.clients;
			more->client_bytes = was.client_bytes;
		}
		read_card(sense, card, more, now_us);
		if (!sense->libraries)
			continue;
		asked = ask_library(sense, &drm[i], known ? &was : NULL, total,
				    card, more);
		if (asked && !error)
			error = asked;
	}
	sense_library("libdrm", "DRM devices", &sense->drm_error, error);
	if (list.nr != sense->nr_cards || same != list.nr)
		sense->generation++;
	sense->nr_cards = list.nr;
	return ret;
}
