// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A batch's ranges are runs of pages that are elsewhere, in pieces small enough for
 * several to be under way at the same time. What does not fit is left to others.
 *
 * Where the pages are may be out of date at once: then the kernel finds them there
 * already, or leaves alone what is gone, as in any other move.
 */
#include "herd.h"

#include <errno.h>
#include <unistd.h>

#include <svm/batch.h>

#include "clock.h"
#include "process.h"

#define RANGES_MAX 8
#define RANGE_PAGES (HERD_PAGES / RANGES_MAX)
/* A device that is full gets some rest, as after other moves. */
#define FULL_WAIT (20 * NS_PER_MS)

static void count_page(const struct svm_page *page, struct tally *tally)
{
	if (page->place == SVM_PLACE_DEVICE)
		tally->seen_on_device++;
	else if (page->place == SVM_PLACE_SYSTEM)
		tally->seen_in_system++;
	else
		tally->seen_elsewhere++;
}

/* Is it at a place from which it can go there? */
static bool can_go(const struct svm_page *page, const struct place *place)
{
	if (page->place != SVM_PLACE_DEVICE && page->place != SVM_PLACE_SYSTEM)
		return false;
	return page->place != place->where.type || page->id != place->where.id;
}

/* Counts the pages, and cuts those that can go into ranges. Returns how many. */
static size_t gather(const struct run *piece, const struct svm_page *pages,
		     size_t nr_pages, const struct place *place,
		     struct svm_range *ranges, struct tally *tally)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	size_t nr = 0;
	bool open = false;

	for (size_t i = 0; i < nr_pages; i++) {
		count_page(&pages[i], tally);
		if (!can_go(&pages[i], place)) {
			open = false;
			continue;
		}
		if (open && ranges[nr - 1].length < RANGE_PAGES * page) {
			ranges[nr - 1].length += page;
			continue;
		}
		open = nr < RANGES_MAX;
		if (open)
			ranges[nr++] = (struct svm_range){
				.addr = (void *)(uintptr_t)(piece->start +
							    i * page),
				.length = page,
			};
	}
	return nr;
}

int herd_begin(struct process *process, const struct run *piece,
	       struct place *place, struct tally *tally)
{
	static struct svm_page pages[HERD_PAGES];
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	uint64_t length = piece->end - piece->start;
	uint64_t most = HERD_PAGES * (uint64_t)sysconf(_SC_PAGESIZE);
	struct herd *herd = &process->herd;
	struct svm_range ranges[RANGES_MAX];
	ssize_t seen;
	size_t nr;
	int err;

	if (herd->batch)
		return -EAGAIN;
	seen = svm_residency(process->svm, (void *)(uintptr_t)piece->start,
			     length < most ? length : most, pages, HERD_PAGES);
	if (seen < 0)
		return tally_outcome(tally, (int)seen);
	nr = gather(piece, pages, (size_t)seen, place, ranges, tally);
	if (!nr)
		return -EAGAIN;
	opts.flags = SVM_MIGRATE_RESIDENT_ONLY;
	err = svm_migrate_batch(process->svm, ranges, nr, place->where, &opts,
				&herd->batch);
	if (err)
		return tally_outcome(tally, err);
	herd->place = place;
	place->moves++;
	tally->batches++;
	tally->batch_ranges += nr;
	return 0;
}

void herd_land(struct process *process, struct tally *tally)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct herd *herd = &process->herd;
	int ret, error = 0;

	if (!herd->batch)
		return;
	while (!(ret = svm_batch_next(herd->batch, NULL, &error, &result))) {
		herd->place->bytes_moved += result.bytes_moved;
		if (result.pages[SVM_PAGE_DEVICE_FULL])
			herd->place->full_until = clock_ns() + FULL_WAIT;
		/* that the process is gone others find out */
		(void)tally_outcome(tally, error == -ECANCELED ? 0 : error);
	}
	if (ret != -EAGAIN)
		herd->batch = svm_batch_close(herd->batch);
}

/* What has not ended by now ends; the kernel keeps what it did in the counters. */
void herd_end(struct process *process, struct tally *tally)
{
	herd_land(process, tally);
	process->herd.batch = svm_batch_close(process->herd.batch);
}
