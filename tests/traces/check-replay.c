// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replays a trace under all policies, prints the table, and checks what must be
 * true of it.
 *
 *	check-replay NAME FILE
 *
 * NAME is that of the generator: it says what is asked of the trace. Twice, with
 * the default configuration and with quotas so tight that they bind.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

#define DEFAULT_POLICIES "all but interleave"

static int failures;

static void message(void *data, int level, const char *file, unsigned int line,
		    const char *text)
{
	(void)data;
	(void)level;
	fprintf(stderr, "%s:%u: %s\n", file, line, text);
}

__attribute__((format(printf, 2, 3))) static void check(bool good,
							const char *format, ...)
{
	va_list args;

	if (good)
		return;
	failures++;
	printf("  NOT GOOD: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static const struct svmd_replay_row *row_of(const struct svmd_replay *replay,
					    const char *name)
{
	const struct svmd_replay_row *row = svmd_replay_find(replay, name);

	if (!row) {
		fprintf(stderr, "no row \"%s\"\n", name);
		exit(1);
	}
	return row;
}

/* What is true of every trace. */
static void check_all(const struct svmd_replay *replay)
{
	const struct svmd_replay_row *oracle = &replay->rows[0];
	unsigned int i;

	for (i = 1; i < replay->nr; i++) {
		const struct svmd_replay_row *row = &replay->rows[i];

		check(!row->over_quota, "%s: byte quota exceeded %u times",
		      row->name, row->over_quota);
		check(!row->over_time, "%s: time quota exceeded %u times",
		      row->name, row->over_time);
		check(row->hits <= oracle->hits * 1.000001,
		      "%s: more hits than the oracle", row->name);
	}
	check(!row_of(replay, "manual")->moves, "manual moved");
	check(!row_of(replay, "the same, dry-run")->moves, "dry-run moved");
}

static void check_hits(const struct svmd_replay *replay, const char *name,
		       double part)
{
	const struct svmd_replay_row *row = row_of(replay, name);

	check(row->hits >= part * replay->rows[0].hits,
	      "%s: less than %.0f%% of the oracle's hits", name, part * 100);
}

static void check_zipf(const struct svmd_replay *replay)
{
	check_hits(replay, "hot-cold", 0.9);
	check_hits(replay, DEFAULT_POLICIES, 0.9);
}

static void check_scan(const struct svmd_replay *replay)
{
	unsigned int i;

	for (i = 1; i < replay->nr; i++)
		check(!replay->rows[i].moves, "%s: moved what is read once",
		      replay->rows[i].name);
}

static void check_pingpong(const struct svmd_replay *replay)
{
	unsigned int i;

	for (i = 1; i < replay->nr; i++) {
		check(replay->rows[i].most_moves <= 3,
		      "%s: moved a region %u times", replay->rows[i].name,
		      replay->rows[i].most_moves);
		check(!replay->rows[i].late_moves, "%s: did not stop",
		      replay->rows[i].name);
	}
	check(row_of(replay, "hot-cold")->refused[SVMD_WHY_PINGPONG],
	      "hot-cold: no ping-pong was found");
	check(row_of(replay, "thrash")->faults <
		      row_of(replay, "no migration")->faults / 10,
	      "thrash: as many faults as before");
}

static void check_device(const struct svmd_replay *replay)
{
	check_hits(replay, "pressure", 0.9);
	check_hits(replay, "locality", 0.9);
	check_hits(replay, DEFAULT_POLICIES, 0.9);
}

static void check_nic(const struct svmd_replay *replay)
{
	const struct svmd_replay_row *row = row_of(replay, DEFAULT_POLICIES);

	check_hits(replay, "locality", 0.9);
	check_hits(replay, DEFAULT_POLICIES, 0.9);
	check(row->refused[SVMD_WHY_PINNED] && row->refused[SVMD_WHY_ODP],
	      "pinned and registered buffers were not refused");
	check(row->most_moves <= 1, "moved a buffer %u times", row->most_moves);
}

static const struct {
	const char *name;
	void (*check)(const struct svmd_replay *replay);
} checks[] = {
	{ "zipf", check_zipf },	    { "phase", check_zipf },
	{ "scan", check_scan },	    { "pingpong", check_pingpong },
	{ "device", check_device }, { "nic", check_nic },
};

#define NR_CHECKS (sizeof(checks) / sizeof(*checks))

static void set(struct svmd_config *config, const char *name, const char *value)
{
	if (svmd_config_set(config, SVMD_SCOPE_KEY_DEFAULT,
			    svmd_param_find(name), value, false, NULL)) {
		fprintf(stderr, "can't set %s\n", name);
		exit(1);
	}
}

static bool some_refused(const struct svmd_replay *replay, enum svmd_why why)
{
	unsigned int i;

	for (i = 1; i < replay->nr; i++)
		if (replay->rows[i].refused[why])
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static struct svmd_config config;
	static struct svmd_trace trace;
	static struct svmd_replay replay;
	bool moves = false;
	unsigned int i;
	FILE *file;

	if (argc != 3) {
		fprintf(stderr, "usage: check-replay NAME FILE\n");
		return 2;
	}
	file = fopen(argv[2], "r");
	if (!file || svmd_trace_read(&trace, file, argv[2], message, NULL)) {
		fprintf(stderr, "can't read %s\n", argv[2]);
		return 1;
	}
	fclose(file);

	svmd_config_init(&config);
	if (svmd_replay_run(&trace, &config, &replay))
		return 1;
	svmd_replay_print(&replay, argv[1], stdout);
	check_all(&replay);
	for (i = 0; i < NR_CHECKS; i++)
		if (!strcmp(checks[i].name, argv[1]))
			checks[i].check(&replay);
	for (i = 1; i < replay.nr; i++)
		moves |= replay.rows[i].moves > 0;

	/* Less than a region in most rounds, so that they are cut, too. */
	set(&config, "QuotaBytes", "1500K");
	if (svmd_replay_run(&trace, &config, &replay))
		return 1;
	svmd_replay_print(&replay, "QuotaBytes=1500K", stdout);
	check_all(&replay);
	check(!moves || some_refused(&replay, SVMD_WHY_QUOTA_BYTES),
	      "the quota of bytes was not felt");

	set(&config, "QuotaBytes", "1G");
	set(&config, "QuotaTime", "2ms");
	if (svmd_replay_run(&trace, &config, &replay))
		return 1;
	svmd_replay_print(&replay, "QuotaTime=2ms", stdout);
	check_all(&replay);
	check(!moves || some_refused(&replay, SVMD_WHY_QUOTA_TIME),
	      "the quota of time was not felt");

	svmd_trace_free(&trace);
	return failures ? 1 : 0;
}
