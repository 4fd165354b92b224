// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DRM devices by libdrm, see card_drm.h.
 *
 * The size of device memory is every driver's own ioctl. What a driver answers
 * is taken only if it makes sense: no more in use than there is.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xf86drm.h>
#include <libdrm/amdgpu_drm.h>
#include <libdrm/i915_drm.h>
/* Neither old libdrm nor old kernel headers have it. */
#if __has_include(<drm/xe_drm.h>)
#include <drm/xe_drm.h>
#define HAVE_XE
#endif

#include "card_drm.h"
#include "cleanup.h"

/* --- the list -------------------------------------------------------------- */

/* "/dev/dri/card1" is 1. */
static bool is_card(const drmDevice *device, uint32_t id)
{
	char end;
	uint32_t number;

	if (!(device->available_nodes & 1 << DRM_NODE_PRIMARY))
		return false;
	return sscanf(device->nodes[DRM_NODE_PRIMARY],
		      "/dev/dri/card%" SCNu32 "%c", &number, &end) == 1 &&
	       number == id;
}

static void describe(const drmDevice *device, struct card_drm *card)
{
	const drmPciBusInfo *pci = device->businfo.pci;

	card->known = true;
	if (device->bustype == DRM_BUS_PCI)
		snprintf(card->slot, sizeof(card->slot),
			 "%04" PRIx16 ":%02" PRIx8 ":%02" PRIx8 ".%" PRIx8,
			 pci->domain, pci->bus, pci->dev, pci->func);
	if (device->available_nodes & 1 << DRM_NODE_RENDER)
		snprintf(card->render, sizeof(card->render), "%s",
			 device->nodes[DRM_NODE_RENDER]);
}

int card_drm_list(struct card_drm *cards, const uint32_t *ids, uint32_t nr)
{
	drmDevicePtr devices[SENSE_CARDS_MAX];
	int found = drmGetDevices2(0, devices, SENSE_CARDS_MAX), i;
	uint32_t k;

	memset(cards, 0, nr * sizeof(*cards));
	if (found < 0)
		return found;
	for (i = 0; i < found; i++)
		for (k = 0; k < nr; k++)
			if (is_card(devices[i], ids[k]))
				describe(devices[i], &cards[k]);
	drmFreeDevices(devices, found);
	return 0;
}

/* --- memory ---------------------------------------------------------------- */

static void set_memory(struct svmd_card *card, uint64_t total, uint64_t used)
{
	if (used > total)
		return;
	card->vram_total_bytes = total;
	card->vram_used_bytes = used;
}

static int ask_amdgpu(int fd, struct svmd_card *card)
{
	struct drm_amdgpu_memory_info memory = { 0 };
	struct drm_amdgpu_info info = {
		.return_pointer = (uintptr_t)&memory,
		.return_size = sizeof(memory),
		.query = AMDGPU_INFO_MEMORY,
	};

	if (drmIoctl(fd, DRM_IOCTL_AMDGPU_INFO, &info) < 0)
		return -errno;
	set_memory(card, memory.vram.total_heap_size, memory.vram.heap_usage);
	return 0;
}

/* An answer of unknown length: its length is asked for first. */
static int ask_i915(int fd, struct svmd_card *card)
{
	__free_mem struct drm_i915_query_memory_regions *regions = NULL;
	struct drm_i915_query_item item = {
		.query_id = DRM_I915_QUERY_MEMORY_REGIONS,
	};
	struct drm_i915_query query = {
		.num_items = 1,
		.items_ptr = (uintptr_t)&item,
	};
	uint64_t total = 0, used = 0;
	uint32_t i;

	if (drmIoctl(fd, DRM_IOCTL_I915_QUERY, &query) < 0)
		return -errno;
	if (item.length < (int32_t)sizeof(*regions))
		return item.length < 0 ? item.length : -ENODATA;
	regions = calloc(1, (size_t)item.length);
	if (!regions)
		return -ENOMEM;
	item.data_ptr = (uintptr_t)regions;
	if (drmIoctl(fd, DRM_IOCTL_I915_QUERY, &query) < 0)
		return -errno;
	if (item.length < (int32_t)sizeof(*regions) ||
	    regions->num_regions > ((size_t)item.length - sizeof(*regions)) /
					   sizeof(regions->regions[0]))
		return -EPROTO;
	for (i = 0; i < regions->num_regions; i++) {
		const struct drm_i915_memory_region_info *region =
			&regions->regions[i];

		if (region->region.memory_class != I915_MEMORY_CLASS_DEVICE)
			continue;
		total += region->probed_size;
		used += region->probed_size - region->unallocated_size;
	}
	set_memory(card, total, used);
	return 0;
}

#ifdef HAVE_XE
static int ask_xe(int fd, struct svmd_card *card)
{
	__free_mem struct drm_xe_query_mem_regions *regions = NULL;
	struct drm_xe_device_query query = {
		.query = DRM_XE_DEVICE_QUERY_MEM_REGIONS,
	};
	uint64_t total = 0, used = 0;
	uint32_t i;

	if (drmIoctl(fd, DRM_IOCTL_XE_DEVICE_QUERY, &query) < 0)
		return -errno;
	if (query.size < sizeof(*regions))
		return -ENODATA;
	regions = calloc(1, query.size);
	if (!regions)
		return -ENOMEM;
	query.data = (uintptr_t)regions;
	if (drmIoctl(fd, DRM_IOCTL_XE_DEVICE_QUERY, &query) < 0)
		return -errno;
	if (regions->num_mem_regions >
	    (query.size - sizeof(*regions)) / sizeof(regions->mem_regions[0]))
		return -EPROTO;
	for (i = 0; i < regions->num_mem_regions; i++) {
		const struct drm_xe_mem_region *region =
			&regions->mem_regions[i];

		if (region->mem_class != DRM_XE_MEM_REGION_CLASS_VRAM)
			continue;
		total += region->total_size;
		used += region->used;
	}
	set_memory(card, total, used);
	return 0;
}
#endif

static const struct {
	const char *driver;
	int (*ask)(int fd, struct svmd_card *card);
} drivers[] = {
	{ "amdgpu", ask_amdgpu },
	{ "i915", ask_i915 },
#ifdef HAVE_XE
	{ "xe", ask_xe },
#endif
};

int card_drm_ask(const char *render, struct svmd_card *card, char *driver,
		 size_t size)
{
	__close_fd int fd = open(render, O_RDWR | O_CLOEXEC);
	drmVersionPtr version;
	size_t i;
	int ret = 0;

	if (fd < 0)
		return -errno;
	version = drmGetVersion(fd);
	if (!version)
		return -ENODEV;
	snprintf(driver, size, "%.*s", version->name_len, version->name);
	drmFreeVersion(version);
	for (i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (!strcmp(driver, drivers[i].driver))
			ret = drivers[i].ask(fd, card);
	return ret;
}
