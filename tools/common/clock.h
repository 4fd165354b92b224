/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one clock of the tools: monotonic, in nanoseconds.
 */
#ifndef SVM_TOOLS_CLOCK_H
#define SVM_TOOLS_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

static inline uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

#endif /* SVM_TOOLS_CLOCK_H */
