// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hash table of blocks by address, with linear probing. Blocks are not
 * removed one by one; expiry builds the table anew.
 */
#include "backoff.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "rng.h"

#define ROOM_FIRST 256
/* 16 MiB of table: 1 TiB of memory that was pushed within the last minutes. */
#define ROOM_MAX ((size_t)1 << 20)

#define LEVEL_BITS 3
#define LEVEL_MASK ((1u << LEVEL_BITS) - 1)

/* What a block must wait for the next push, by number of pushes so far. */
static const uint32_t wait_ms[] = { 250, 1000, 4000, 16000, 60000 };

#define LEVELS (sizeof(wait_ms) / sizeof(wait_ms[0]))

static uint64_t until_ms(const struct backoff_block *block)
{
	return block->until_level >> LEVEL_BITS;
}

static unsigned int level(const struct backoff_block *block)
{
	return block->until_level & LEVEL_MASK;
}

/* The slot where the key is, or where it would go; NULL without a table. */
static struct backoff_block *slot(const struct backoff *backoff, uint64_t key)
{
	size_t i;

	if (!backoff->room)
		return NULL;
	i = rng_mix(key) & (backoff->room - 1);
	while (backoff->slots[i].key && backoff->slots[i].key != key)
		i = (i + 1) & (backoff->room - 1);
	return &backoff->slots[i];
}

static uint64_t key_of(uint64_t addr)
{
	return addr / BACKOFF_BLOCK + 1;
}

bool backoff_ready(const struct backoff *backoff, uint64_t addr, uint64_t now)
{
	const struct backoff_block *block = slot(backoff, key_of(addr));

	return !block || !block->key || now / NS_PER_MS >= until_ms(block);
}

/* Builds the table anew with @room slots, with what is to be remembered. */
static int rebuild(struct backoff *backoff, size_t room, uint64_t now)
{
	struct backoff old = *backoff;
	struct backoff fresh = { .room = room };

	fresh.slots = calloc(room, sizeof(*fresh.slots));
	if (!fresh.slots)
		return -ENOMEM;
	for (size_t i = 0; i < old.room; i++) {
		const struct backoff_block *block = &old.slots[i];

		/* it could have been pushed again for as long as it waited */
		if (!block->key ||
		    now / NS_PER_MS >= until_ms(block) + wait_ms[level(block)])
			continue;
		*slot(&fresh, block->key) = *block;
		fresh.nr++;
	}
	free(old.slots);
	*backoff = fresh;
	return 0;
}

int backoff_pushed(struct backoff *backoff, uint64_t addr, uint64_t now)
{
	struct backoff_block *block;
	unsigned int next = 0;
	int err;

	/* at most half full */
	if (2 * (backoff->nr + 1) > backoff->room) {
		if (backoff->room == ROOM_MAX)
			return -ENOMEM;
		err = rebuild(backoff,
			      backoff->room ? 2 * backoff->room : ROOM_FIRST,
			      now);
		if (err)
			return err;
	}
	block = slot(backoff, key_of(addr));
	if (block->key) {
		next = level(block) + 1;
		if (next == LEVELS)
			next--;
	} else {
		block->key = key_of(addr);
		backoff->nr++;
	}
	block->until_level = (now / NS_PER_MS + wait_ms[next]) << LEVEL_BITS |
			     next;
	return 0;
}

void backoff_expire(struct backoff *backoff, uint64_t now)
{
	size_t live = 0, room = ROOM_FIRST;

	for (size_t i = 0; i < backoff->room; i++) {
		const struct backoff_block *block = &backoff->slots[i];

		live += block->key &&
			now / NS_PER_MS <
				until_ms(block) + wait_ms[level(block)];
	}
	if (live == backoff->nr)
		return;
	while (room < 4 * live && room < ROOM_MAX)
		room *= 2;
	if (room > backoff->room)
		room = backoff->room;
	/* if there is no memory for a new table the old one stays */
	(void)rebuild(backoff, room, now);
}

void backoff_free(struct backoff *backoff)
{
	free(backoff->slots);
	*backoff = (struct backoff){ 0 };
}
