// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replay: see replay.h.
 *
 * Each row is a run of its own, with its own model and history. The quotas are
 * checked here by counting what was moved, and not by asking who granted it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "oracle.h"
#include "replay.h"

#define DEFAULT                                                             \
	(SVMD_POLICY_HOT_COLD | SVMD_POLICY_PRESSURE | SVMD_POLICY_THRASH | \
	 SVMD_POLICY_LOCALITY)

static const struct {
	const char *name;
	uint32_t policies;
	bool decides;
	bool ignore_places;
} ways[] = {
	{ "no migration", 0, false, false },
	{ "first touch", 0, false, true },
	{ "hot-cold", SVMD_POLICY_HOT_COLD, true, false },
	{ "pressure", SVMD_POLICY_PRESSURE, true, false },
	{ "thrash", SVMD_POLICY_THRASH, true, false },
	{ "locality", SVMD_POLICY_LOCALITY, true, false },
	{ "interleave", SVMD_POLICY_INTERLEAVE, true, false },
	{ "manual", SVMD_POLICY_MANUAL, true, false },
	{ "all but interleave", DEFAULT, true, false },
	{ "the same, dry-run", DEFAULT | SVMD_POLICY_DRY_RUN, true, false },
};

#define NR_WAYS (sizeof(ways) / sizeof(*ways))

_Static_assert(NR_WAYS < SVMD_REPLAY_ROWS, "the oracle needs a row, too");

/**
 * struct run - a way at work
 * @model: its memory.
 * @history: what its decisions remember.
 * @config: in force.
 * @row: what came of it.
 * @in: bytes moved in this round, by slot.
 * @out: the same, out.
 * @in_us: copy time since the beginning, by slot.
 * @out_us: the same, out.
 */
struct run {
	struct svmd_model model;
	struct svmd_history *history;
	struct svmd_config config;
	struct svmd_replay_row *row;
	uint64_t in[SVMD_PLACES_MAX];
	uint64_t out[SVMD_PLACES_MAX];
	uint64_t in_us[SVMD_PLACES_MAX];
	uint64_t out_us[SVMD_PLACES_MAX];
};

static void move(struct run *run, const struct svmd_decision *d)
{
	const struct svmd_trace *trace = run->model.trace;
	struct svmd_report report;
	uint8_t from = svmd_history_slot(run->history, d->from);
	uint8_t to = svmd_history_slot(run->history, d->to);

	svmd_model_move(&run->model, d, &run->config.policy, &report);
	svmd_history_moved(run->history, &report);
	run->row->moves++;
	if (run->model.round >= trace->nr_rounds - trace->nr_rounds / 4)
		run->row->late_moves++;
	run->row->bytes += report.bytes_moved;
	run->row->copy_us += report.duration_us;
	/* What was asked for, which is what a quota is about. */
	run->in[to] += d->length;
	run->out[from] += d->length;
	run->in_us[to] += report.duration_us;
	run->out_us[from] += report.duration_us;
}

static void check_quotas(struct run *run, double seconds)
{
	const struct svmd_history *h = run->history;
	uint32_t i;

	for (i = 0; i < h->nr_present; i++) {
		uint8_t s = h->slots_present[i];
		double quota = (double)h->slots[s].limits.quota_bytes * seconds;

		if ((double)run->in[s] > quota || (double)run->out[s] > quota)
			run->row->over_quota++;
		run->in[s] = 0;
		run->out[s] = 0;
	}
}

/*
 * Time is known only afterwards, and made up for later: so over the whole, and
 * with what a round may have beforehand.
 */
static void check_times(struct run *run)
{
	const struct svmd_history *h = run->history;
	double seconds =
		(double)(run->model.now_us + run->config.settings.round_us) /
		1e6;
	uint32_t i;

	for (i = 0; i < h->nr_present; i++) {
		uint8_t s = h->slots_present[i];
		double quota = (double)h->slots[s].limits.quota_us * seconds;

		if ((double)run->in_us[s] > quota ||
		    (double)run->out_us[s] > quota)
			run->row->over_time++;
	}
}

static void decide(struct run *run, double seconds)
{
	struct svmd_result result;
	uint32_t i;

	svmd_decide(run->history, &run->model.snapshot, &run->config, &result);
	for (i = 0; i < result.nr; i++)
		if (!result.decisions[i].dry_run)
			move(run, &result.decisions[i]);
	for (i = 0; i < SVMD_WHY_NR; i++)
		run->row->refused[i] += result.refused[i];
	check_quotas(run, seconds);
}

static int run_way(const struct svmd_trace *trace,
		   const struct svmd_config *config, unsigned int way,
		   struct svmd_replay_row *row)
{
	uint32_t max = config->settings.max_decisions;
	struct run *run = calloc(1, sizeof(*run));
	uint64_t last_us = 0;
	size_t i;
	int ret = -ENOMEM;

	if (!run)
		return ret;
	snprintf(row->name, sizeof(row->name), "%s", ways[way].name);
	row->decides = ways[way].decides;
	row->policies = ways[way].policies;
	run->row = row;
	run->config = *config;
	run->config.policy.policies = ways[way].policies;
	ret = svmd_model_init(&run->model, trace, &run->config,
			      ways[way].ignore_places);
	if (ret)
		goto out;
	run->history = malloc(svmd_history_size(max));
	if (!run->history) {
		ret = -ENOMEM;
		goto out;
	}
	svmd_history_init(run->history, max);
	while (svmd_model_step(&run->model, &run->config.policy)) {
		if (ways[way].decides)
			decide(run,
			       (double)(run->model.now_us - last_us) / 1e6);
		last_us = run->model.now_us;
	}
	check_times(run);
	row->accesses = run->model.accesses;
	row->hits = run->model.hits;
	row->faults = run->model.faults;
	if (row->accesses > 0)
		row->access_ns = run->model.ns / row->accesses;
	for (i = 0; i < trace->nr_regions; i++)
		if (run->model.own_moves[i] > row->most_moves)
			row->most_moves = run->model.own_moves[i];
out:
	svmd_model_free(&run->model);
	free(run->history);
	free(run);
	return ret;
}

int svmd_replay_run(const struct svmd_trace *trace,
		    const struct svmd_config *config,
		    struct svmd_replay *replay)
{
	unsigned int i;
	int ret;

	memset(replay, 0, sizeof(*replay));
	ret = svmd_oracle_run(trace, config, &replay->rows[replay->nr++]);
	for (i = 0; i < NR_WAYS && !ret; i++)
		ret = run_way(trace, config, i, &replay->rows[replay->nr++]);
	return ret;
}

const struct svmd_replay_row *svmd_replay_find(const struct svmd_replay *replay,
					       const char *name)
{
	unsigned int i;

	for (i = 0; i < replay->nr; i++)
		if (!strcmp(replay->rows[i].name, name))
			return &replay->rows[i];
	return NULL;
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

void svmd_replay_print(const struct svmd_replay *replay, const char *title,
		       FILE *out)
{
	unsigned int i, why;

	fprintf(out, "%s\n", title);
	fprintf(out, "  %-18s %6s %7s %7s %8s %5s %5s %9s %7s  %s\n", "",
		"hits", "oracle", "moves", "MiB", "most", "late", "faults",
		"ns", "refused");
	for (i = 0; i < replay->nr; i++) {
		const struct svmd_replay_row *row = &replay->rows[i];

		fprintf(out, "  %-18s %5.1f%% %6.1f%%", row->name,
			percent(row->hits, row->accesses),
			percent(row->hits, replay->rows[0].hits));
		if (!i) {
			fprintf(out, "\n");
			continue;
		}
		fprintf(out, " %7llu %8.1f %5u %5llu %9.0f %7.1f ",
			(unsigned long long)row->moves,
			(double)row->bytes / (1 << 20), row->most_moves,
			(unsigned long long)row->late_moves, row->faults,
			row->access_ns);
		for (why = 0; why < SVMD_WHY_NR; why++)
			if (row->refused[why])
				fprintf(out, " %s %llu", svmd_why_name(why),
					(unsigned long long)row->refused[why]);
		if (row->over_quota || row->over_time)
			fprintf(out, " OVER QUOTA %u %u", row->over_quota,
				row->over_time);
		fprintf(out, "\n");
	}
}

int svmd_replay_file(const char *path, const struct svmd_config *config,
		     FILE *out, svmd_message_fn message, void *data)
{
	struct svmd_replay *replay = NULL;
	struct svmd_trace *trace;
	FILE *file = stdin;
	int ret;

	trace = calloc(1, sizeof(*trace));
	replay = calloc(1, sizeof(*replay));
	if (!trace || !replay) {
		ret = -ENOMEM;
		goto out;
	}
	if (strcmp(path, "-")) {
		file = fopen(path, "re");
		if (!file) {
			ret = -errno;
			goto out;
		}
	}
	ret = svmd_trace_read(trace, file, path, message, data);
	if (file != stdin)
		fclose(file);
	if (!ret)
		ret = svmd_replay_run(trace, config, replay);
	if (!ret)
		svmd_replay_print(replay, path, out);
out:
	/* What is wrong in the trace was said with its line. */
	if (ret && ret != -EINVAL && ret != -E2BIG && message)
		message(data, SVMD_MESSAGE_ERROR, path, 0, strerror(-ret));
	if (trace)
		svmd_trace_free(trace);
	free(trace);
	free(replay);
	return ret;
}
