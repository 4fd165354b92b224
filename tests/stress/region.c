// SPDX-License-Identifier: GPL-2.0-or-later
#include "stress.h"

#include <stdlib.h>

/*
 * Far below where the kernel puts mappings by itself, so that nobody moves into a
 * hole that a region leaves.
 */
#define SLOTS ((char *)0x100000000000)
#define SLOT_BYTES (1ul << 26)

void region_make(struct region *r, unsigned int slot, bool huge)
{
	struct range all = { r, 0, REGION_PAGES };

	r->slots = SLOTS + slot * SLOT_BYTES;
	r->addr = r->slots;
	r->huge = huge;
	r->truth = calloc(1, REGION_BYTES);
	CHECK(r->truth);
	CHECK_SYS(mmap(r->addr, REGION_BYTES, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	madvise(r->addr, REGION_BYTES, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	set_state(&all, PAGE_RW);
}

/* Mostly a few pages, sometimes many, seldom all. */
struct range pick_range(struct worker *w)
{
	struct range r = { .region = &w->regions[below(w, REGIONS)] };
	unsigned int kind = below(w, 10);
	size_t most = kind < 5 ? 16 : kind < 8 ? 256 : REGION_PAGES;

	r.pages = 1 + below(w, most);
	r.first = below(w, REGION_PAGES - r.pages + 1);
	if (kind == 9) {
		r.first = 0;
		r.pages = REGION_PAGES;
	}
	return r;
}

char *range_addr(const struct range *r)
{
	return page_at(r->region->addr, r->first);
}

size_t range_bytes(const struct range *r)
{
	return r->pages * PAGE;
}

static bool next_run(const struct range *r, size_t *at, struct range *run,
		     bool mapped)
{
	const uint8_t *state = r->region->state + r->first;
	size_t i = *at, start;

	while (i < r->pages && (state[i] != PAGE_UNMAPPED) != mapped)
		i++;
	start = i;
	while (i < r->pages && (state[i] != PAGE_UNMAPPED) == mapped)
		i++;
	*run = (struct range){ r->region, r->first + start, i - start };
	*at = i;
	return run->pages;
}

bool next_mapped(const struct range *r, size_t *at, struct range *run)
{
	return next_run(r, at, run, true);
}

bool next_unmapped(const struct range *r, size_t *at, struct range *run)
{
	return next_run(r, at, run, false);
}

void set_state(const struct range *r, enum page_state state)
{
	memset(r->region->state + r->first, state, r->pages);
}

void truth_is_zero(const struct range *r)
{
	memset(r->region->truth + r->first * PAGE, 0, range_bytes(r));
}

static void mismatch(const struct region *r, size_t page, int fd)
{
	const unsigned char *got = (unsigned char *)page_at(r->addr, page);
	const unsigned char *want = r->truth + page * PAGE;
	struct svm_page place = place_of(fd, got);
	size_t i, differ = 0, first = 0;

	for (i = PAGE; i-- > 0;)
		if (got[i] != want[i]) {
			first = i;
			differ++;
		}
	FAIL("MISMATCH: page %zu at %p, byte %zu: %#x, not %#x; %zu bytes of the page differ; it is at place %u, id %u, flags %#x, and its state is %u",
	     page, got, first, got[first], want[first], differ, place.place,
	     place.id, place.flags, r->state[page]);
}

void check_range(const struct range *r, int fd)
{
	size_t i, page;

	for (i = 0; i < r->pages; i++) {
		page = r->first + i;
		if (r->region->state[page] > PAGE_READ_ONLY)
			continue;
		if (memcmp(page_at(r->region->addr, page),
			   r->region->truth + page * PAGE, PAGE))
			mismatch(r->region, page, fd);
	}
	add(SUM_BYTES_COMPARED, range_bytes(r));
}

void check_all_others(struct worker *w, const struct region *not_this)
{
	unsigned int i;

	for (i = 0; i < REGIONS; i++) {
		struct range all = { &w->regions[i], 0, REGION_PAGES };

		if (&w->regions[i] != not_this)
			check_range(&all, w->fds[0]);
	}
}

void check_all(struct worker *w)
{
	check_all_others(w, NULL);
}

int expected(const struct region *r, size_t offset, size_t length, bool write)
{
	size_t page, last = (offset + length - 1) / PAGE;

	for (page = offset / PAGE; page <= last; page++) {
		if (r->state[page] > PAGE_READ_ONLY)
			return -EFAULT;
		if (write && r->state[page] == PAGE_READ_ONLY)
			return -EPERM;
	}
	return 0;
}
