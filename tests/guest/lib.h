/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers for the tests of libsvm.
 */
#ifndef GUEST_LIB_H
#define GUEST_LIB_H

#include <svm/svm.h>

#include "dev.h"
#include "harness.h"

/* A handle on all devices, or on the named one. */
static inline struct svm *lib_open(const char *device)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm *svm;

	opts.device = device;
	CHECK_RET(svm_open(&svm, device ? &opts : NULL), 0);
	return svm;
}

static inline uint64_t lib_bytes_on_device(struct svm *svm, const void *addr,
					   size_t length, uint32_t id)
{
	struct svm_summary sum = { .size = sizeof(sum) };

	CHECK_RET(svm_summarize(svm, addr, length, &sum), 0);
	return sum.bytes_on_device[id];
}

static inline uint64_t lib_bytes_on_node(struct svm *svm, const void *addr,
					 size_t length, int node)
{
	struct svm_summary sum = { .size = sizeof(sum) };

	CHECK_RET(svm_summarize(svm, addr, length, &sum), 0);
	return sum.bytes_on_node[node];
}

#endif /* GUEST_LIB_H */
