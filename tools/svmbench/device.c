// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding, making and leaving devices.
 */
#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "say.h"

static int open_one(struct device *device, const char *name)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	int err;

	*device = (struct device){ .info = { .size = sizeof(device->info) } };
	opts.device = name;
	err = svm_open(&device->svm, &opts);
	if (err)
		return err;
	err = svm_device_info(device->svm, 0, &device->info);
	if (err == -ENOENT)
		err = -ENODEV;
	if (!err && !(device->info.capabilities & SVM_CAP_TO_DEVICE))
		err = -EOPNOTSUPP;
	if (err)
		device->svm = svm_close(device->svm);
	return err;
}

/* The first one with room, by a handle on all. */
static int open_roomy(struct device *device, uint64_t bytes)
{
	struct svm_device_info info = { .size = sizeof(info) };
	struct svm *svm;
	char name[16];
	int err;

	err = svm_open(&svm, NULL);
	if (err)
		return err;
	err = svm_device_count(svm) ? -ENOSPC : -ENODEV;
	for (int i = 0; i < svm_device_count(svm); i++) {
		if (svm_device_info(svm, (unsigned int)i, &info) ||
		    info.bytes_free < bytes ||
		    !(info.capabilities & SVM_CAP_TO_DEVICE))
			continue;
		snprintf(name, sizeof(name), "svm%u", info.id);
		err = open_one(device, name);
		if (!err)
			break;
	}
	svm_close(svm);
	return err;
}

int device_open(struct device *device, const char *name, uint64_t bytes)
{
	return name ? open_one(device, name) : open_roomy(device, bytes);
}

int device_create(struct device *device, uint64_t bytes, int node)
{
	char name[16];
	uint32_t id;
	int err;

	bytes = (bytes + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
	err = svm_device_create(bytes, node, &id);
	if (err)
		return err;
	snprintf(name, sizeof(name), "svm%u", id);
	err = open_one(device, name);
	if (err) {
		svm_device_destroy(id);
		return err;
	}
	device->temporary = true;
	return 0;
}

void device_close(struct device *device)
{
	bool temporary = device->svm && device->temporary;
	int err;

	device->svm = svm_close(device->svm);
	device->temporary = false;
	if (!temporary)
		return;
	err = svm_device_destroy(device->info.id);
	if (err)
		say("the temporary device svm%u can't be destroyed: %s",
		    device->info.id, strerror(-err));
}
