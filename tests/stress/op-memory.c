// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a program does to its memory, with the truth brought up to date.
 */
#include "stress.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

void do_touch(struct worker *w)
{
	struct range r = pick_range(w);

	check_range(&r, w->fds[0]);
}

void do_write(struct worker *w)
{
	struct range r = pick_range(w);
	size_t i, at;

	for (i = 0; i < r.pages; i++) {
		size_t page = r.first + i;

		if (r.region->state[page] != PAGE_RW)
			continue;
		at = page * PAGE + below(w, PAGE / 8) * 8;
		memset(r.region->truth + at, w->random, 8);
		memcpy(r.region->addr + at, r.region->truth + at, 8);
	}
}

void do_munmap(struct worker *w)
{
	struct range r = pick_range(w);

	/* Most of it is to stay. */
	if (r.pages > 256)
		r.pages = 256;
	CHECK_SYS(munmap(range_addr(&r), range_bytes(&r)));
	set_state(&r, PAGE_UNMAPPED);
	truth_is_zero(&r);
}

static void map_run(const struct range *r)
{
	CHECK_SYS(mmap(range_addr(r), range_bytes(r), RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	madvise(range_addr(r), range_bytes(r),
		r->region->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

/* What is missing comes back, and what is closed is opened. */
void do_map(struct worker *w)
{
	struct range r = pick_range(w), run;
	size_t at = 0;

	while (next_unmapped(&r, &at, &run))
		map_run(&run);
	CHECK_SYS(mprotect(range_addr(&r), range_bytes(&r), RW));
	set_state(&r, PAGE_RW);
}

void do_mprotect(struct worker *w)
{
	static const struct {
		enum page_state state;
		int prot;
	} kinds[] = {
		{ PAGE_RW, RW },
		{ PAGE_RW, RW },
		{ PAGE_READ_ONLY, PROT_READ },
		{ PAGE_CLOSED, PROT_NONE },
	};
	struct range r = pick_range(w), run;
	unsigned int kind = below(w, 4);
	size_t at = 0;

	while (next_mapped(&r, &at, &run)) {
		CHECK_SYS(mprotect(range_addr(&run), range_bytes(&run),
				   kinds[kind].prot));
		set_state(&run, kinds[kind].state);
	}
}

/* All of a run, or as large parts of it as the kernel moves at once. */
static void move_in_space(const struct range *run, char *to)
{
	struct range half = *run;

	if (mremap(range_addr(run), range_bytes(run), range_bytes(run),
		   MREMAP_MAYMOVE | MREMAP_FIXED, to) == to)
		return;
	/* Several mappings; a page is one. */
	CHECK_EQ(errno, EFAULT);
	CHECK_GT(run->pages, 1);
	half.pages = run->pages / 2;
	move_in_space(&half, to);
	half.first += half.pages;
	half.pages = run->pages - half.pages;
	move_in_space(&half, to + (half.first - run->first) * PAGE);
}

void do_mremap(struct worker *w)
{
	struct region *region = &w->regions[below(w, REGIONS)];
	struct range all = { region, 0, REGION_PAGES }, run;
	/* Of four places one that is not this one; every other on the grid. */
	char *to = region->slots + (region->addr < region->slots + MIB(16)
					    ? MIB(16) + below(w, 2) * MIB(16)
					    : 0);
	size_t at = 0;

	if (below(w, 2))
		to += below(w, 512) * PAGE;
	while (next_mapped(&all, &at, &run))
		move_in_space(&run, page_at(to, run.first));
	region->addr = to;
}

void do_dontneed(struct worker *w)
{
	struct range r = pick_range(w), run;
	size_t at = 0;

	while (next_mapped(&r, &at, &run)) {
		CHECK_SYS(madvise(range_addr(&run), range_bytes(&run),
				  MADV_DONTNEED));
		truth_is_zero(&run);
	}
}

void do_pageout(struct worker *w)
{
	struct range r = pick_range(w), run;
	size_t at = 0;

	while (next_mapped(&r, &at, &run))
		CHECK_SYS(madvise(range_addr(&run), range_bytes(&run),
				  MADV_PAGEOUT));
}

/* Back into huge pages, where that can be: whatever it answers. */
void do_collapse(struct worker *w)
{
	struct region *region = &w->regions[below(w, REGIONS)];
	uintptr_t addr = (uintptr_t)region->addr + below(w, 3) * HUGE_PAGE;

	addr = (addr + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	madvise((void *)addr, HUGE_PAGE, MADV_COLLAPSE);
}
