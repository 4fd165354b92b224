// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regions: what is remembered of them, from round to round.
 *
 * No lock, no allocation: arrays are the caller's.
 */
#include <string.h>

#include "region.h"

/*
 * Weight of the newest sample in smoothed heat. A new hot set overtakes an old
 * one in three rounds, which is also when it is confirmed; a single burst is
 * gone after ten.
 */
#define SMOOTHING 0.3F

_Static_assert(sizeof(struct svmd_region) == 56, "regions are many");

/* Heat may come from arithmetic that went wrong: only finite and positive. */
static float sane(float heat)
{
	return heat > 0 && heat < 1e12F ? heat : 0;
}

static void add_sample(struct svmd_region *region,
		       const struct svmd_policy *policy)
{
	region->heat_cpu = sane(region->heat_cpu);
	region->heat_device = sane(region->heat_device);
	region->warm_cpu += SMOOTHING * (region->heat_cpu - region->warm_cpu);
	region->warm_device +=
		SMOOTHING * (region->heat_device - region->warm_device);
	region->seen = (uint8_t)(region->seen << 1);
	if ((double)region->heat_cpu + (double)region->heat_device >
	    policy->heat_floor)
		region->seen |= 1;
}

/*
 * A return counts if it comes within the window. That doubles with each return,
 * as residence does, and is never shorter than the time that the region had to
 * stay anyway: else those that wait longest would be forgotten first.
 */
static uint64_t window_of(const struct svmd_region *region,
			  const struct svmd_policy *policy)
{
	unsigned int doubled = region->bounces < 16 ? region->bounces : 16;
	uint64_t window = policy->pingpong_window_us;

	if (window < 2 * policy->residence_us)
		window = 2 * policy->residence_us;
	return window << doubled;
}

static void count_move(struct svmd_region *region, svmd_place to,
		       const struct svmd_policy *policy, uint64_t now_us)
{
	bool lately = region->moved_us && policy->pingpong_window_us &&
		      now_us - region->moved_us <= window_of(region, policy);

	if (!lately)
		region->bounces = 0;
	else if (to == region->from && region->bounces < UINT8_MAX)
		region->bounces++;
	region->from = region->place;
	region->place = to;
	region->moved_us = now_us;
	if (region->moves < UINT16_MAX)
		region->moves++;
	region->flags &= (uint16_t)~SVMD_REGION_STUCK;
}

void svmd_region_placed(struct svmd_region *region, svmd_place place,
			const struct svmd_policy *policy, uint64_t now_us)
{
	if (place == region->place || (region->flags & SVMD_REGION_MOVING))
		return;
	/*
	 * To where it came from, or off a device, is somebody taking it back.
	 * Anything else may as well be a closer look at what was in two places,
	 * or swapping: no reason to keep it there.
	 */
	if (place != SVMD_PLACE_NONE &&
	    (place == region->from ||
	     (svmd_place_is(place, SVMD_NODE) &&
	      svmd_place_is(region->place, SVMD_DEVICE))))
		count_move(region, place, policy, now_us);
	else
		region->place = place;
}

void svmd_region_moved(struct svmd_region *region, svmd_place to,
		       uint64_t bytes, uint64_t there,
		       const struct svmd_policy *policy, uint64_t now_us)
{
	region->flags &= (uint16_t)~SVMD_REGION_MOVING;
	if (there < bytes - bytes / 2) {
		region->flags |= SVMD_REGION_STUCK;
		region->moved_us = now_us;
		return;
	}
	/* There before: a request for what was there already. */
	if (to != region->place)
		count_move(region, to, policy, now_us);
}

static uint64_t end_of(const struct svmd_region *region)
{
	return region->start + region->length;
}

/*
 * Whether two regions that have @common bytes are nearly the same. What was cut
 * out of a larger one, or merged, may be found elsewhere because the larger one
 * was in two places.
 */
static bool is_same(const struct svmd_region *a, const struct svmd_region *b,
		    uint64_t common)
{
	return common >= a->length - a->length / 8 &&
	       common >= b->length - b->length / 8;
}

/* Takes memory over from the old regions that overlap, the first of them @old. */
static void inherit(struct svmd_region *region, const struct svmd_region *old,
		    const struct svmd_region *old_end,
		    const struct svmd_policy *policy, uint64_t now_us)
{
	const struct svmd_region *latest = NULL, *largest = NULL;
	double warm_cpu = 0, warm_device = 0;
	uint64_t most = 0;

	for (; old < old_end && old->start < end_of(region); old++) {
		uint64_t start = old->start > region->start ? old->start
							    : region->start;
		uint64_t end = end_of(old) < end_of(region) ? end_of(old)
							    : end_of(region);
		uint64_t bytes = end - start;

		warm_cpu += (double)old->warm_cpu * (double)bytes;
		warm_device += (double)old->warm_device * (double)bytes;
		if (bytes > most) {
			most = bytes;
			largest = old;
		}
		if (!latest || old->moved_us > latest->moved_us)
			latest = old;
		region->flags |= old->flags & SVMD_REGION_MOVING;
	}
	if (!largest)
		return;
	region->warm_cpu = (float)(warm_cpu / (double)region->length);
	region->warm_device = (float)(warm_device / (double)region->length);
	region->seen = largest->seen;
	region->why = largest->why;
	region->bounces = latest->bounces;
	region->moved_us = latest->moved_us;
	region->from = latest->from;
	region->moves = latest->moves;
	region->flags |= latest->flags & SVMD_REGION_STUCK;
	/* One on its way is where it was until the mover tells. */
	if (largest->flags & SVMD_REGION_MOVING) {
		region->place = largest->place;
	} else if (is_same(region, largest, most)) {
		svmd_place place = region->place;

		region->place = largest->place;
		svmd_region_placed(region, place, policy, now_us);
	}
}

void svmd_regions_carry(struct svmd_region *regions, size_t nr,
			const struct svmd_region *old, size_t nr_old,
			const struct svmd_policy *policy, uint64_t now_us)
{
	const struct svmd_region *old_end = old ? old + nr_old : NULL;
	size_t i;

	for (i = 0; i < nr; i++) {
		struct svmd_region *region = &regions[i];

		region->from = SVMD_PLACE_NONE;
		while (old < old_end && end_of(old) <= region->start)
			old++;
		inherit(region, old, old_end, policy, now_us);
		add_sample(region, policy);
	}
}

void svmd_regions_age(struct svmd_region *regions, size_t nr,
		      const struct svmd_policy *policy)
{
	size_t i;

	for (i = 0; i < nr; i++)
		add_sample(&regions[i], policy);
}

/* Index of the first region that ends behind @address. */
static size_t first_behind(const struct svmd_region *regions, size_t nr,
			   uint64_t address)
{
	size_t low = 0, high = nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (end_of(&regions[middle]) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

ptrdiff_t svmd_regions_find(const struct svmd_region *regions, size_t nr,
			    uint64_t address)
{
	size_t i = first_behind(regions, nr, address);

	if (i == nr || regions[i].start > address)
		return -1;
	return (ptrdiff_t)i;
}

/* Whether @address is inside of a region, and not at its beginning. */
static bool cuts(const struct svmd_region *regions, size_t nr, uint64_t address)
{
	ptrdiff_t i = svmd_regions_find(regions, nr, address);

	return i >= 0 && regions[i].start != address;
}

static void cut(struct svmd_region *regions, size_t *nr, uint64_t address)
{
	ptrdiff_t i = svmd_regions_find(regions, *nr, address);
	uint64_t end;

	if (i < 0 || regions[i].start == address)
		return;
	end = end_of(&regions[i]);
	memmove(&regions[i + 1], &regions[i],
		(*nr - (size_t)i) * sizeof(*regions));
	regions[i].length = address - regions[i].start;
	regions[i + 1].start = address;
	regions[i + 1].length = end - address;
	(*nr)++;
}

ptrdiff_t svmd_regions_split(struct svmd_region *regions, size_t *nr,
			     size_t max, uint64_t start, uint64_t length)
{
	size_t need = *nr;

	need += cuts(regions, *nr, start);
	need += length && cuts(regions, *nr, start + length);
	if (need > max)
		return -1;
	cut(regions, nr, start);
	if (length)
		cut(regions, nr, start + length);
	return (ptrdiff_t)first_behind(regions, *nr, start);
}
