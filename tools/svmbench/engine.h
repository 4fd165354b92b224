/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device as an engine that accesses memory by itself: SVM_IOCTL_ACCESS on a
 * context of its own.
 */
#ifndef SVMBENCH_ENGINE_H
#define SVMBENCH_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include <linux/svm.h>

/*
 * Opens a context of device svmN for this address space. Returns a descriptor or
 * a negative errno value.
 */
int engine_open(uint32_t id);

/*
 * Does all operations, in as many calls as it takes. Returns 0, or the error of
 * the first that fails.
 */
int engine_run(int fd, struct svm_access_op *ops, size_t nr);

#endif /* SVMBENCH_ENGINE_H */
