/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A region: a piece of a session's address space that is used alike, with what
 * telemetry says of it and what is remembered of it.
 *
 * The first half is filled by telemetry each round. The second half is memory:
 * telemetry leaves it zero in a new array, svmd_regions_carry() takes it over
 * from the last round's array, whatever was split or merged in between, and
 * svmd_region_moved() writes it when the mover reports. svmd_decide() writes
 * @why and nothing else.
 *
 * Locking: none; an array of regions belongs to one thread.
 *
 * Limits: 56 bytes a region.
 */
#ifndef SVMD_REGION_H
#define SVMD_REGION_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "place.h"

/* The page that heat and costs are counted by, whatever the CPU's is. */
#define SVMD_PAGE 4096

/**
 * enum svmd_region_flags - what is known of a region
 * @SVMD_REGION_HELD: an application or operator wants it to stay.
 * @SVMD_REGION_PINNED: pages are pinned: a registration without on-demand
 *	paging, get_user_pages().
 * @SVMD_REGION_ODP: registered for on-demand paging.
 * @SVMD_REGION_MOVING: a decision about it is with the mover. Set by whoever
 *	passes it on; carried, and cleared by svmd_region_moved().
 * @SVMD_REGION_STUCK: the last try moved less than half. Memory: set and
 *	cleared by svmd_region_moved().
 */
enum svmd_region_flags {
	SVMD_REGION_HELD = 1 << 0,
	SVMD_REGION_PINNED = 1 << 1,
	SVMD_REGION_ODP = 1 << 2,
	SVMD_REGION_MOVING = 1 << 3,
	SVMD_REGION_STUCK = 1 << 4,
};

/**
 * struct svmd_region - a piece of a session's address space
 * @start: address; a multiple of SVMD_PAGE.
 * @length: bytes; a multiple of SVMD_PAGE, not 0.
 * @heat_cpu: CPU accesses per second to each of its pages, on average, as far
 *	as telemetry can tell; 0 if none. Rates of what is only sampled are
 *	lower bounds, which is fine.
 * @heat_device: as @heat_cpu, by the user that @affinity names.
 * @place: where (most of) it is; SVMD_PLACE_NONE if it is not there yet,
 *	swapped, or on a foreign device.
 * @affinity: device, card, port, or node whose CPUs use it; SVMD_PLACE_NONE.
 * @flags: mask of enum svmd_region_flags.
 *
 * @seen: memory: a bit for each of the last 8 rounds, newest lowest: in use?
 * @bounces: memory: how often it went back to where it came from, of late.
 * @moved_us: memory: when it last moved, or began to fail to; 0 never.
 * @warm_cpu: memory: @heat_cpu, smoothed.
 * @warm_device: memory: @heat_device, smoothed.
 * @from: memory: where it was before the last move.
 * @moves: memory: moves in all, no more than 65535.
 * @why: enum svmd_why, of the last round.
 */
struct svmd_region {
	uint64_t start;
	uint64_t length;
	float heat_cpu;
	float heat_device;
	svmd_place place;
	svmd_place affinity;
	uint16_t flags;

	uint8_t seen;
	uint8_t bounces;
	uint64_t moved_us;
	float warm_cpu;
	float warm_device;
	svmd_place from;
	uint16_t moves;
	uint8_t why;
	uint8_t reserved[3];
};

#define SVMD_REGION_INIT                                    \
	((struct svmd_region){ .place = SVMD_PLACE_NONE,    \
			       .affinity = SVMD_PLACE_NONE, \
			       .from = SVMD_PLACE_NONE })

/**
 * svmd_regions_carry() - take memory over from the last round's regions
 * @regions: this round's, filled by telemetry; ordered by address, not
 *	overlapping.
 * @nr: how many.
 * @old: those of the last round, in the same order; may be NULL.
 * @nr_old: how many.
 * @policy: of the session.
 * @now_us: the snapshot's time.
 *
 * Of several old regions in a new one, heat is the mean by bytes, and of the
 * moves it takes over that of the one which moved last. A region that telemetry
 * finds back where it came from, or off a device, although svmd did not move it
 * (a fault brought it home, the kernel moved it), counts as moved. Call it exactly once for each new set of
 * samples; where regions stay and only heat is new, svmd_regions_age() does.
 */
void svmd_regions_carry(struct svmd_region *regions, size_t nr,
			const struct svmd_region *old, size_t nr_old,
			const struct svmd_policy *policy, uint64_t now_us);

/**
 * svmd_regions_age() - as svmd_regions_carry() where heat was updated in place
 *
 * For telemetry that keeps its regions: smooths the heat that was just written
 * into @heat_cpu and @heat_device. Changes of @place are not found by it: see
 * svmd_region_placed().
 */
void svmd_regions_age(struct svmd_region *regions, size_t nr,
		      const struct svmd_policy *policy);

/**
 * svmd_region_placed() - telemetry found the region at @place
 *
 * Sets @place; if it is where the region came from, or if it was on a device and
 * is not any more, counts it as a move that svmd did not make. Does nothing while
 * the mover has it: what became of it, the mover tells.
 */
void svmd_region_placed(struct svmd_region *region, svmd_place place,
			const struct svmd_policy *policy, uint64_t now_us);

/**
 * svmd_region_moved() - the mover is done with the region
 * @region: covers what was moved; see svmd_regions_split().
 * @to: where it was to go.
 * @bytes: what was asked for.
 * @there: how much of it is at @to now (&svm_result.bytes_there).
 * @policy: of the session.
 * @now_us: when it was done.
 *
 * Counts ping-pong. Half or more makes it a move; less leaves @place, marks the
 * region as stuck, and it must wait as if it had moved. Clears
 * SVMD_REGION_MOVING.
 */
void svmd_region_moved(struct svmd_region *region, svmd_place to,
		       uint64_t bytes, uint64_t there,
		       const struct svmd_policy *policy, uint64_t now_us);

/**
 * svmd_regions_find() - the region that contains @address
 *
 * Returns its index, or -1.
 */
ptrdiff_t svmd_regions_find(const struct svmd_region *regions, size_t nr,
			    uint64_t address);

/**
 * svmd_regions_split() - make region boundaries at both ends of a range
 * @regions: ordered by address.
 * @nr: how many; grows by up to 2.
 * @max: entries that the array has room for.
 * @start: a multiple of SVMD_PAGE.
 * @length: a multiple of SVMD_PAGE.
 *
 * Both halves keep heat and memory. For a decision that takes a part of a
 * region.
 *
 * Returns the index of the first region at or after @start, or -1 if there is
 * no room (then nothing has changed).
 */
ptrdiff_t svmd_regions_split(struct svmd_region *regions, size_t *nr,
			     size_t max, uint64_t start, uint64_t length);

#endif /* SVMD_REGION_H */
