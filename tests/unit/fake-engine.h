/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fake's devices do by themselves, see fake.h. An access works on the
 * test's own memory, unlike everything else; exclusive access on the array of
 * pages; events are what the test puts into the device's list.
 */
#ifndef TESTS_UNIT_FAKE_ENGINE_H
#define TESTS_UNIT_FAKE_ENGINE_H

#include "fake.h"

int fake_access(struct fake_device *dev, struct svm_ioctl_access *arg);
int fake_exclusive(struct fake_device *dev, struct svm_ioctl_exclusive *arg);
int fake_events(struct fake_device *dev, struct svm_ioctl_events *arg);
ssize_t fake_read_events(struct fake_device *dev, void *buffer, size_t size);

#endif /* TESTS_UNIT_FAKE_ENGINE_H */
