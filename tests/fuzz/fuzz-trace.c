// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader of traces, on anything; and what it accepts and is not too large
 * is replayed, with the quotas checked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct svmd_replay replay;
	static struct svmd_config config;
	static struct svmd_trace trace;
	unsigned int i;
	FILE *file;
	int ret;

	if (!size)
		return 0;
	file = fmemopen((void *)(uintptr_t)data, size, "r");
	if (!file)
		return 0;
	ret = svmd_trace_read(&trace, file, "fuzz", NULL, NULL);
	fclose(file);
	if (!ret && trace.nr_rounds < 1000 && trace.nr_regions < 1000) {
		svmd_config_init(&config);
		if (svmd_replay_run(&trace, &config, &replay))
			abort();
		for (i = 1; i < replay.nr; i++)
			if (replay.rows[i].over_quota)
				abort();
	}
	svmd_trace_free(&trace);
	return 0;
}
