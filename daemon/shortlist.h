/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A shortlist: the best of very many, in bounded memory and linear time.
 *
 * It has room for twice as many entries as are wanted. When it is full, the
 * worse half is thrown out, and what is no better than the worst that is left
 * no longer gets in.
 *
 * Limits: as many entries as it was given. Among equals, those that come first
 * win, so that the result does not depend on anything but the input.
 */
#ifndef SVMD_SHORTLIST_H
#define SVMD_SHORTLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "place.h"

/**
 * struct svmd_entry - a region that may move
 * @key: greater is better.
 * @order: number of the entry, for ties. Later, of victims, the next one.
 * @session: index in the snapshot.
 * @region: index in the session.
 * @bytes: how much of it should move; of victims, how much is used up.
 * @byte_gain: benefit of moving a byte.
 * @slot: where to; of victims, where they are.
 * @reason: enum svmd_reason.
 * @mode: 0 live, 1 dry-run.
 */
struct svmd_entry {
	float key;
	uint32_t order;
	uint32_t session;
	uint32_t region;
	uint64_t bytes;
	double byte_gain;
	uint8_t slot;
	uint8_t reason;
	uint8_t mode;
};

/**
 * struct svmd_shortlist - the list
 * @entries: room for 2 * @max.
 * @nr: entries now.
 * @max: entries wanted.
 * @seen: entries offered so far.
 * @full: whether some were thrown out.
 * @worst: then, the least key that may still get in is above this one.
 * @dropped: called for each that was thrown out or did not get in; may be NULL.
 * @data: for @dropped.
 */
struct svmd_shortlist {
	struct svmd_entry *entries;
	uint32_t nr;
	uint32_t max;
	uint32_t seen;
	bool full;
	float worst;
	void (*dropped)(void *data, const struct svmd_entry *entry);
	void *data;
};

/**
 * svmd_shortlist_reset() - begin anew
 */
void svmd_shortlist_reset(struct svmd_shortlist *list,
			  void (*dropped)(void *, const struct svmd_entry *),
			  void *data);

/**
 * svmd_shortlist_offer() - offer an entry; @entry->order is filled in
 */
void svmd_shortlist_offer(struct svmd_shortlist *list, struct svmd_entry entry);

/**
 * svmd_shortlist_sort() - cut down to the wanted number, the best first
 */
void svmd_shortlist_sort(struct svmd_shortlist *list);

#endif /* SVMD_SHORTLIST_H */
