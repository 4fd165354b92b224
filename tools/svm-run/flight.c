// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moves by fence. One that the process did not live to see ends by itself; the
 * kernel keeps what it did in the counters.
 */
#include "flight.h"

#include <errno.h>

#include <svm/fence.h>

#include "clock.h"
#include "process.h"

/* One in so many is cancelled. */
#define CANCEL_SHARE 8
/* A device that is full gets some rest, as after other moves. */
#define FULL_WAIT (20 * NS_PER_MS)

int flight_begin(struct process *process, const struct run *piece,
		 struct place *place, struct rng *rng, struct tally *tally)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct flight *flight = process->flights;
	int err;

	while (flight < process->flights + FLIGHTS_MAX && flight->fence)
		flight++;
	if (flight == process->flights + FLIGHTS_MAX)
		return -EBUSY;
	opts.flags = SVM_MIGRATE_RESIDENT_ONLY;
	err = svm_migrate_async(process->svm, (void *)(uintptr_t)piece->start,
				piece->end - piece->start, place->where, &opts,
				&flight->fence);
	if (err)
		return tally_outcome(tally, err);
	flight->place = place;
	place->moves++;
	/* Without a device that can, it is done by now. */
	tally->flights += svm_fence_is_async(flight->fence) > 0;
	/* It may have ended by then, which is as good. */
	if (!rng_below(rng, CANCEL_SHARE))
		(void)svm_fence_cancel(flight->fence);
	return 0;
}

/* Counts one, ended or not, and makes room. */
static void land(struct flight *flight, struct tally *tally)
{
	struct svm_result result = SVM_RESULT_INIT;
	int err, error = 0;

	err = svm_fence_result(flight->fence, &error, &result);
	if (!err) {
		flight->place->bytes_moved += result.bytes_moved;
		if (result.pages[SVM_PAGE_DEVICE_FULL])
			flight->place->full_until = clock_ns() + FULL_WAIT;
		if (error == -ECANCELED)
			tally->flights_cancelled++;
		else
			(void)tally_outcome(tally, error);
	}
	flight->fence = svm_fence_close(flight->fence);
}

void flights_land(struct process *process, struct tally *tally)
{
	for (unsigned int i = 0; i < FLIGHTS_MAX; i++) {
		struct flight *flight = &process->flights[i];

		if (flight->fence && !svm_fence_wait(flight->fence, 0))
			land(flight, tally);
	}
}

void flights_end(struct process *process, struct tally *tally)
{
	for (unsigned int i = 0; i < FLIGHTS_MAX; i++) {
		if (process->flights[i].fence)
			land(&process->flights[i], tally);
	}
}
