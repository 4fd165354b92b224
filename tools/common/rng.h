/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small pseudo-random generator (splitmix64): the same seed gives the same
 * sequence on every machine. Not for secrets.
 */
#ifndef SVM_TOOLS_RNG_H
#define SVM_TOOLS_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static inline uint64_t rng_next(struct rng *rng)
{
	rng->state += 0x9e3779b97f4a7c15ull;
	return rng_mix(rng->state);
}

/* A number from 0 to @below - 1; @below is not 0. */
static inline uint64_t rng_below(struct rng *rng, uint64_t below)
{
	return (uint64_t)(((unsigned __int128)rng_next(rng) * below) >> 64);
}

#endif /* SVM_TOOLS_RNG_H */
