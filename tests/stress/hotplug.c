// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device that comes and goes, whoever has memory on it.
 */
#include "stress.h"

#include <unistd.h>

#define MOST_BLOCKS 16
/* For so long, so that somebody can move there. */
#define LIFE_MS 400

void hotplug_process(uint64_t seed)
{
	uint64_t random = pattern(seed, 0) | 1;
	uint32_t id;

	while (!atomic_load(&board->stop)) {
		id = create_device((1 + random_next(&random) % MOST_BLOCKS) *
				   HUGE_PAGE);
		add(SUM_DEVICES_CREATED, 1);
		atomic_store(&board->hotplugged, id);
		sleep_ms(random_next(&random) % LIFE_MS);
		atomic_store(&board->hotplugged, -1);
		destroy_device(id);
	}
}
