/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Back-off: when a block of memory may be pushed away again.
 *
 * The first push of a block is free. What comes back after it, or is new there,
 * is left alone for a quarter of a second, then four times as long with each
 * further push, up to a minute, so that memory in use costs next to nothing. A
 * block that stays away is forgotten, and starts anew.
 */
#ifndef SVM_RUN_BACKOFF_H
#define SVM_RUN_BACKOFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A huge page: what moves together. */
#define BACKOFF_BLOCK ((uint64_t)2 << 20)

struct backoff_block {
	/* number of the block plus one; 0 is an empty slot */
	uint64_t key;
	/* milliseconds of the caller's clock, plus the level in the low bits */
	uint64_t until_level;
};

/* Zeroed at first. */
struct backoff {
	size_t nr;
	size_t room;
	struct backoff_block *slots;
};

/* May the block at @addr be pushed at this time? */
bool backoff_ready(const struct backoff *backoff, uint64_t addr, uint64_t now);

/*
 * backoff_pushed() - the block was pushed at this time
 *
 * Returns 0, or -ENOMEM when it can't be remembered.
 */
int backoff_pushed(struct backoff *backoff, uint64_t addr, uint64_t now);

/* Forgets the blocks that have stayed away long enough. */
void backoff_expire(struct backoff *backoff, uint64_t now);

void backoff_free(struct backoff *backoff);

#endif /* SVM_RUN_BACKOFF_H */
