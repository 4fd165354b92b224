// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svm devices, from /sys/class/svm: what they are, how full, and their counters.
 * Nothing is opened in /dev: an open context would keep the module loaded.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sense.h"
#include "sysfs.h"

#define CLASS_DIR "sys/class/svm"

struct list {
	uint32_t nr;
	uint32_t ids[SENSE_DEVICES_MAX];
};

static int note_device(const char *name, long number, void *arg)
{
	struct list *list = arg;

	(void)name;
	sense_note(list->ids, &list->nr, SENSE_DEVICES_MAX, number);
	return 0;
}

static uint64_t counter(const struct sense *sense, uint32_t id,
			const char *name)
{
	return (uint64_t)sysfs_number(sense->root, 0,
				      CLASS_DIR "/svm%u/stats/%s", id, name);
}

static void read_device(const struct sense *sense, struct svmd_svm *device,
			struct sense_device *more, uint64_t now_us)
{
	const char *root = sense->root;
	uint32_t id = device->id;

	device->node = (int32_t)sysfs_number(root, -1,
					     CLASS_DIR "/svm%u/numa_node", id);
	(void)sysfs_u64(root, &device->total_bytes,
			CLASS_DIR "/svm%u/bytes_total", id);
	(void)sysfs_u64(root, &device->free_bytes,
			CLASS_DIR "/svm%u/bytes_free", id);
	(void)sysfs_u64(root, &more->capabilities,
			CLASS_DIR "/svm%u/capabilities", id);
	(void)sysfs_text(root, more->type, sizeof(more->type),
			 CLASS_DIR "/svm%u/type", id);
	device->coherent = !strcmp(more->type, "coherent");
	device->faults = counter(sense, id, "faults");
	device->evictions = counter(sense, id, "bytes_evicted");
	more->bytes_in = counter(sense, id, "bytes_to_device") +
			 counter(sense, id, "bytes_populated");
	more->bytes_out = counter(sense, id, "bytes_to_system");
	more->bytes_faulted = counter(sense, id, "bytes_faulted");
	device->sampled_us = now_us;
}

int telemetry_svm(struct sense *sense, uint64_t now_us)
{
	struct list list = { 0 };
	uint32_t i, same = 0;
	int ret = sysfs_each(sense->root, CLASS_DIR, "svm", note_device, &list);

	/* Without the module there are no devices; that is known, not unknown. */
	for (i = 0; i < list.nr; i++) {
		struct sense_device *more = &sense->device_more[i];
		struct svmd_svm *device = &sense->devices[i];
		bool was = i < sense->nr_devices && device->id == list.ids[i];
		bool held = was && device->held;

		same += was;
		memset(device, 0, sizeof(*device));
		memset(more, 0, sizeof(*more));
		device->id = list.ids[i];
		device->held = held;
		more->device = device;
		read_device(sense, device, more, now_us);
	}
	if (list.nr != sense->nr_devices || same != list.nr)
		sense->generation++;
	sense->nr_devices = list.nr;
	return ret;
}
