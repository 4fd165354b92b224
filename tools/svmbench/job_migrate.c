// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To a device, and back: by the same, by faults in order, by faults here and
 * there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "job.h"
#include "rng.h"
#include "units.h"

static int begin(struct job *job, const struct mover *mover)
{
	int err;

	job->peer = -1;
	err = job_refresh(job);
	if (!err && mover->begin)
		err = mover->begin(job);
	return err;
}

/* Also after an error. */
static void end(struct job *job, const struct mover *mover)
{
	if (mover->end)
		mover->end(job);
}

/* Faults on the device since its handle was opened; 0 for who does not count. */
static int count_faults(struct job *job, const struct mover *mover,
			struct svm_stats *stats)
{
	int err;

	*stats = (struct svm_stats){ .size = sizeof(*stats) };
	if (mover != &mover_svm)
		return 0;
	err = svm_get_stats(job->device->svm, stats);
	if (err)
		return job_problem(job, err, "svm_get_stats: %s",
				   strerror(-err));
	return 0;
}

int job_migrate(struct job *job, const struct mover *mover, uint64_t *ns_there,
		uint64_t *ns_back)
{
	int err;

	err = begin(job, mover);
	if (!err)
		err = mover->there(job, ns_there);
	if (!err)
		err = mover->back(job, ns_back);
	if (!err)
		err = job_check(job, "a move to the device and back");
	end(job, mover);
	return err;
}

int job_migrate_in_phases(struct job *job, struct phases *phases)
{
	int err;

	err = job_refresh(job);
	if (!err)
		err = job_in_phases(job, mover_svm.there, &phases[0]);
	if (!err)
		err = job_in_phases(job, mover_svm.back, &phases[1]);
	return err ? err : job_check(job, "a move that was traced");
}

/* All came back by touching, and by nothing else. */
static int check_touched(struct job *job, const struct mover *mover,
			 const struct svm_stats *before,
			 const struct svm_stats *after)
{
	uint64_t bytes = after->bytes_faulted - before->bytes_faulted;
	char text[UNITS_MAX];

	if (memory_away_bytes(&job->source))
		return job_problem(job, -EIO, "%s did not come back by faults",
				   format_bytes(memory_away_bytes(&job->source),
						text));
	if (mover != &mover_svm)
		return 0;
	if (bytes != job->bytes)
		return job_problem(job, -EIO, "%s came back by faults, not all",
				   format_bytes(bytes, text));
	return job_check_place(job, false);
}

static int touch_in_order(struct job *job, const struct mover *mover,
			  uint64_t *ns_back, uint64_t *faults)
{
	struct svm_stats before, after;
	uint64_t start;
	int err;

	err = count_faults(job, mover, &before);
	if (err)
		return err;
	start = clock_ns();
	memory_touch(&job->source);
	*ns_back = clock_ns() - start;
	err = count_faults(job, mover, &after);
	if (err)
		return err;
	*faults = after.faults - before.faults;
	return check_touched(job, mover, &before, &after);
}

int job_sequential(struct job *job, const struct mover *mover,
		   uint64_t *ns_there, uint64_t *ns_back, uint64_t *faults)
{
	int err;

	err = begin(job, mover);
	if (!err)
		err = mover->there(job, ns_there);
	if (!err)
		err = touch_in_order(job, mover, ns_back, faults);
	if (!err)
		err = job_check(job, "a move to the device and faults back");
	end(job, mover);
	return err;
}

static int touch_ours_in_order(struct job *job, uint64_t *ns)
{
	uint64_t faults;

	return touch_in_order(job, &mover_svm, ns, &faults);
}

/* Fresh memory on the device, touched while the phases are traced. */
static int touch_in_phases(struct job *job,
			   int (*touch)(struct job *job, uint64_t *ns),
			   struct phases *phases)
{
	uint64_t unused;
	int err;

	err = job_refresh(job);
	if (!err)
		err = mover_svm.there(job, &unused);
	return err ? err : job_in_phases(job, touch, phases);
}

int job_sequential_in_phases(struct job *job, struct phases *phases)
{
	int err = touch_in_phases(job, touch_ours_in_order, phases);

	return err ? err : job_check(job, "faults that were traced");
}

/* One in each huge page, so that none comes along with another. */
uint64_t job_random_faults(const struct job *job)
{
	return (job->bytes + HUGE_BYTES - 1) / HUGE_BYTES;
}

/* Where to touch: a page somewhere in each huge page, in some order. */
static size_t *choose_places(const struct job *job)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room, other;
	size_t nr = job_random_faults(job);
	struct rng rng = { .state = job->seed };
	size_t *places = calloc(nr, sizeof(*places));

	for (size_t i = 0; places && i < nr; i++) {
		room = job->bytes - i * HUGE_BYTES;
		if (room > HUGE_BYTES)
			room = HUGE_BYTES;
		places[i] =
			i * HUGE_BYTES + rng_below(&rng, room / page) * page;
	}
	for (size_t i = nr; places && i > 1; i--) {
		size_t swap = places[i - 1];

		other = rng_below(&rng, i);
		places[i - 1] = places[other];
		places[other] = swap;
	}
	return places;
}

static int touch_places(struct job *job, const struct mover *mover,
			uint64_t *sum, struct latencies *latencies)
{
	const volatile char *bytes = job->source.addr;
	uint64_t start, ns, nr = job_random_faults(job);
	__free size_t *places = choose_places(job);
	struct svm_stats before, after;
	int err;

	if (!places)
		return job_problem(job, -ENOMEM, "no memory for a list");
	err = count_faults(job, mover, &before);
	if (err)
		return err;
	*sum = 0;
	for (size_t i = 0; i < nr; i++) {
		start = clock_ns();
		(void)bytes[places[i]];
		ns = clock_ns() - start;
		*sum += ns;
		if (latencies)
			latencies_add(latencies, ns);
	}
	err = count_faults(job, mover, &after);
	if (!err && mover == &mover_svm && after.faults - before.faults != nr)
		err = job_problem(
			job, -EIO, "%llu touches made %llu faults",
			(unsigned long long)nr,
			(unsigned long long)(after.faults - before.faults));
	return err;
}

int job_random(struct job *job, const struct mover *mover, uint64_t *ns_there,
	       uint64_t *ns, struct latencies *latencies)
{
	uint64_t unused;
	int err;

	err = begin(job, mover);
	if (!err)
		err = mover->there(job, ns_there);
	if (!err)
		err = touch_places(job, mover, ns, latencies);
	if (!err)
		err = mover->back(job, &unused);
	if (!err)
		err = job_check(job, "a move to the device and faults back");
	end(job, mover);
	return err;
}

static int touch_our_places(struct job *job, uint64_t *ns)
{
	return touch_places(job, &mover_svm, ns, NULL);
}

int job_random_in_phases(struct job *job, struct phases *phases)
{
	uint64_t unused;
	int err = touch_in_phases(job, touch_our_places, phases);

	if (!err)
		err = mover_svm.back(job, &unused);
	return err ? err : job_check(job, "faults that were traced");
}
