// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whom to take memory from, when a part of a device is evicted.
 *
 * From those who have most: all owners are brought down to one level, which is
 * such that what they have above it is what is wanted; who has less is left
 * alone. An owner that gives less than it was asked for, because its pages are in
 * use, is left out when the level is found for the rest.
 *
 * Locking: svm_device.fair_lock, outside of all that eviction takes: two that
 * evict at once would take the same twice.
 *
 * Limits: SVM_FAIR_ROUNDS; each takes 64 steps for each owner, and pages are
 * tried as often as svm_fair_round() says.
 */
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>

#include "device.h"
#include "evict.h"
#include "fair.h"
#include "owner.h"
#include "pool.h"

/* How often to ask others for what somebody did not give. */
#define SVM_FAIR_ROUNDS 8

/* What owners have above a level, all together. */
static unsigned long svm_fair_above(struct svm_device *sdev,
				    unsigned long level)
{
	struct svm_owner *owner = NULL;
	unsigned long used, sum = 0;

	lockdep_assert_held(&sdev->fair_lock);

	while ((owner = svm_owner_next(sdev, owner))) {
		used = svm_pool_nr_owned(sdev->pool, owner);
		if (!owner->stuck && used > level)
			sum += used - level;
	}
	return sum;
}

/* The highest level above which there are @nr pages; 0 if there are not. */
static unsigned long svm_fair_level(struct svm_device *sdev, unsigned long nr)
{
	unsigned long low = 0, high = sdev->bytes >> PAGE_SHIFT;

	while (low < high) {
		unsigned long middle = high - (high - low) / 2;

		if (svm_fair_above(sdev, middle) >= nr)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* Ask each owner once. */
static unsigned long svm_fair_round(struct svm_eviction *ev, unsigned long nr)
{
	struct svm_device *sdev = ev->sdev;
	unsigned long level = svm_fair_level(sdev, nr), moved = 0;
	struct svm_owner *owner = NULL;

	while (moved < nr && (owner = svm_owner_next(sdev, owner))) {
		unsigned long used = svm_pool_nr_owned(sdev->pool, owner);
		unsigned long want, got;

		if (owner->stuck || used <= level)
			continue;
		want = min(used - level, nr - moved);
		ev->owner = owner;
		/* Each is passed over once if it is warm, and tried once. */
		ev->looks = 2 * used;
		got = svm_evict(ev, want);
		ev->owner = NULL;
		owner->stuck = got < want;
		moved += got;
		if (fatal_signal_pending(current))
			break;
	}
	if (owner)
		svm_owner_put(owner);
	return moved;
}

static void svm_fair_forget(struct svm_device *sdev)
{
	struct svm_owner *owner = NULL;

	while ((owner = svm_owner_next(sdev, owner)))
		owner->stuck = false;
}

/**
 * svm_evict_fairly() - bring a part of a device home
 * @ev: what came of it.
 * @nr: how many pages, not 0.
 *
 * Context: the device's gate is held.
 * Return: how many went home.
 */
unsigned long svm_evict_fairly(struct svm_eviction *ev, unsigned long nr)
{
	struct svm_device *sdev = ev->sdev;
	unsigned long moved = 0;
	unsigned int round;

	if (mutex_lock_killable(&sdev->fair_lock))
		return 0;
	svm_fair_forget(sdev);
	for (round = 0; round < SVM_FAIR_ROUNDS && moved < nr; round++) {
		if (fatal_signal_pending(current) || !svm_fair_above(sdev, 0))
			break;
		moved += svm_fair_round(ev, nr - moved);
	}
	mutex_unlock(&sdev->fair_lock);
	return moved;
}
