// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Evictions of a few pages each: enough to see that the program finds them at home,
 * and too little for others on the device to notice.
 */
#include "evict.h"

#include <errno.h>
#include <unistd.h>

#include "process.h"

#define PAGES_MAX 64

void evict_some(struct process *process, const struct place *place,
		struct rng *rng, struct tally *tally)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t evicted = 0;
	int err;

	if (tally->eviction_error || !place_is_device(place))
		return;
	err = svm_evict(process->svm, (uint32_t)place->where.id,
			(1 + rng_below(rng, PAGES_MAX)) * page, &evicted);
	if (err == -EPERM || err == -EACCES || err == -EOPNOTSUPP) {
		tally->eviction_error = err;
	} else if (!err) {
		tally->evictions++;
		tally->bytes_evicted += evicted;
	} else if (err != -ENODEV) {
		(void)tally_outcome(tally, err);
	}
}
