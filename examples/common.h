/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the longer examples share: how they fail, and where they move to. */
#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svm/svm.h>

/* Ends the program if a call of libsvm failed: they return negative errnos. */
static inline void check(long ret, const char *what)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror((int)-ret));
	exit(1);
}

/* The N of the first svmN that can do something, or -1. */
static inline int able_device(struct svm *svm, uint64_t capability)
{
	struct svm_device_info device = SVM_DEVICE_INFO_INIT;
	unsigned int i;

	for (i = 0; svm_device_info(svm, i, &device) == 0; i++)
		if ((device.capabilities & capability) == capability)
			return (int)device.id;
	return -1;
}

/* The first device if it can, or the NUMA node with the highest number. */
static inline struct svm_place somewhere_else(struct svm *svm)
{
	struct svm_device_info device = SVM_DEVICE_INFO_INIT;
	int node;

	if (svm_device_info(svm, 0, &device) == 0 &&
	    device.capabilities & SVM_CAP_TO_DEVICE) {
		printf("moving to svm%u\n", device.id);
		return svm_on_device(device.id);
	}
	/* A range without pages goes anywhere that exists. */
	for (node = SVM_SUMMARY_MAX - 1; node > 0; node--)
		if (svm_migrate(svm, NULL, 0, svm_on_node(node), NULL, NULL) ==
		    0)
			break;
	printf("there is no device: moving to NUMA node %d\n", node);
	return svm_on_node(node);
}

#endif /* EXAMPLES_COMMON_H */
