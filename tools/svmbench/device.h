/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device that is measured: one that is there, or a temporary one.
 */
#ifndef SVMBENCH_DEVICE_H
#define SVMBENCH_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <svm/svm.h>

/*
 * struct device - a device
 * @svm: a handle with this device and no other; NULL if there is none.
 * @info: about it.
 * @temporary: made by us, to be destroyed.
 */
struct device {
	struct svm *svm;
	struct svm_device_info info;
	bool temporary;
};

/*
 * device_open() - take a device that is there
 * @device: it.
 * @name: "svmN", or NULL for the first that has room for @bytes.
 * @bytes: how much must be free, if @name is NULL.
 *
 * Returns 0, -ENODEV if there is none, -ENOSPC if none has room, or an error of
 * svm_open().
 */
int device_open(struct device *device, const char *name, uint64_t bytes);

/*
 * device_create() - make a temporary one
 * @device: it.
 * @bytes: how much it must hold.
 * @node: where its memory comes from.
 *
 * Returns 0, -ENODEV without the module, or an error of svm_device_create().
 */
int device_create(struct device *device, uint64_t bytes, int node);

/* Closes it, and destroys a temporary one. */
void device_close(struct device *device);

#endif /* SVMBENCH_DEVICE_H */
