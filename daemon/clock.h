/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time, as the daemon counts it: µs of CLOCK_MONOTONIC, never 0. */
#ifndef SVMD_CLOCK_H
#define SVMD_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)

static inline uint64_t clock_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC +
	       (uint64_t)now.tv_nsec / 1000 + 1;
}

static inline struct timeval timeval_of(uint64_t usec)
{
	struct timeval tv = { (time_t)(usec / USEC_PER_SEC),
			      (suseconds_t)(usec % USEC_PER_SEC) };

	return tv;
}

#endif /* SVMD_CLOCK_H */
