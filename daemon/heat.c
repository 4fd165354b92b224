// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much sessions' memory is used, see heat.h. A job asks DAMON; its answer is
 * kept by session until the session's memory is looked at.
 *
 * @damon is the job's while one is running, else the loop's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "clock.h"
#include "daemon.h"
#include "damon.h"
#include "heat.h"
#include "log.h"

/*
 * A reading is some thousand small files. It may take no more than this share of
 * a CPU: where it is dear, it is done less often than configured, but before
 * what it found last is too old to decide by.
 */
#define COST_SHARE 100
#define SLOWEST_US (5 * USEC_PER_SEC)

struct entry {
	uint64_t session;
	struct memory_heat *list;
	size_t nr;
};

struct answer {
	size_t nr;
	struct entry entries[DAMON_TARGETS_MAX];
};

struct heat {
	struct daemon *daemon;
	struct damon damon;
	struct answer answer;
	bool asking;
	bool said;
	int error;
	uint64_t due_us;
	uint64_t cost_ns;
};

/**
 * struct heat_job - a question to DAMON
 */
struct heat_job {
	struct job job;
	struct heat *heat;
	pid_t pids[DAMON_TARGETS_MAX];
	struct answer answer;
	uint64_t cost_ns;
	int error;
};

static void answer_free(struct answer *answer)
{
	size_t i;

	for (i = 0; i < answer->nr; i++)
		free(answer->entries[i].list);
	answer->nr = 0;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int ask(struct heat_job *job)
{
	struct damon *damon = &job->heat->damon;
	struct answer *answer = &job->answer;
	size_t i;
	int ret = damon_watch(damon, job->pids, answer->nr);

	if (ret || !answer->nr)
		return ret;
	ret = damon_update(damon);
	for (i = 0; i < answer->nr && !ret; i++)
		ret = damon_read(damon, i, &answer->entries[i].list,
				 &answer->entries[i].nr);
	return ret;
}

static void run_ask(struct job *base, struct worker *worker)
{
	struct heat_job *job = (struct heat_job *)base;
	uint64_t begin = cpu_ns();

	(void)worker;
	job->error = ask(job);
	job->cost_ns = cpu_ns() - begin;
}

static void say(struct heat *heat, int error)
{
	if (error == -EAGAIN || (heat->said && error == heat->error))
		return;
	if (error)
		log_errno(LOG_NOTICE, error, "telemetry: no heat from DAMON%s",
			  error == -EBUSY ? ", which somebody else uses" : "");
	else if (heat->said && heat->error)
		log_line(LOG_NOTICE, "telemetry: heat from DAMON is back");
	heat->said = true;
	heat->error = error;
}

static void done_ask(struct job *base, bool cancelled)
{
	struct heat_job *job = (struct heat_job *)base;
	struct heat *heat = job->heat;

	heat->asking = false;
	if (!cancelled) {
		if (job->answer.nr)
			say(heat, job->error);
		heat->cost_ns = (heat->cost_ns * 7 + job->cost_ns) / 8;
	}
	if (!cancelled && !job->error) {
		answer_free(&heat->answer);
		heat->answer = job->answer;
		job->answer.nr = 0;
	}
	answer_free(&job->answer);
	free(job);
}

/* Those who may be helped by it: where policies act, and something runs. */
static void choose(struct heat_job *job, struct daemon *daemon)
{
	uint64_t now = clock_usec();
	size_t i, nr = sessions_count(daemon->sessions);

	for (i = 0; i < nr && job->answer.nr < DAMON_TARGETS_MAX; i++) {
		struct session *session = sessions_at(daemon->sessions, i);
		const struct svmd_policy *policy =
			round_policy(daemon, session);

		if (!(policy->policies &
		      ~(uint32_t)(SVMD_POLICY_DRY_RUN | SVMD_POLICY_MANUAL)))
			continue;
		if (!watch_needs_heat(session, now))
			continue;
		job->pids[job->answer.nr] = session->peer.pid;
		job->answer.entries[job->answer.nr].session = session->id;
		job->answer.nr++;
	}
}

static uint64_t period(const struct heat *heat)
{
	uint64_t usec = heat->daemon->config.settings.heat_period_us;
	uint64_t fair = heat->cost_ns * COST_SHARE / 1000;

	if (fair > SLOWEST_US)
		fair = SLOWEST_US;
	return usec > fair ? usec : fair;
}

void heat_read(struct heat *heat)
{
	struct daemon *daemon = heat->daemon;
	uint64_t now = clock_usec();
	struct heat_job *job;

	if (heat->asking || now < heat->due_us)
		return;
	heat->due_us = now + period(heat);
	job = calloc(1, sizeof(*job));
	if (!job)
		return;
	job->job.run = run_ask;
	job->job.done = done_ask;
	job->heat = heat;
	heat->damon.pause_stat = daemon->config.settings.pause_damon_stat;
	choose(job, daemon);
	/* Nobody to watch, and nothing to end. */
	if (!job->answer.nr && !heat->damon.ours) {
		free(job);
		return;
	}
	if (worker_post(daemon->worker, &job->job))
		free(job);
	else
		heat->asking = true;
}

void heat_take(const struct heat *heat, uint64_t session,
	       struct memory_heat **out, size_t *nr)
{
	size_t i;

	*out = NULL;
	*nr = 0;
	for (i = 0; i < heat->answer.nr; i++) {
		const struct entry *entry = &heat->answer.entries[i];

		if (entry->session != session)
			continue;
		*out = malloc((entry->nr + 1) * sizeof(**out));
		if (!*out)
			return;
		if (entry->nr)
			memcpy(*out, entry->list, entry->nr * sizeof(**out));
		*nr = entry->nr;
	}
}

const char *heat_state(const struct heat *heat)
{
	if (!heat->said)
		return "none yet";
	switch (heat->error) {
	case 0:
		return "damon";
	case -ENOENT:
		return "no DAMON in this kernel";
	case -EBUSY:
		return "somebody else uses DAMON";
	case -EACCES:
	case -EPERM:
		return "no permission for DAMON";
	default:
		return "DAMON failed";
	}
}

uint64_t heat_cost_ns(const struct heat *heat)
{
	return heat->cost_ns;
}

int heat_new(struct heat **out, struct daemon *daemon)
{
	struct heat *heat = calloc(1, sizeof(*heat));

	if (!heat)
		return -ENOMEM;
	heat->daemon = daemon;
	heat->damon.root = daemon->options.root;
	heat->damon.undo = daemon->undo;
	*out = heat;
	return 0;
}

/* The worker is gone by now. */
struct heat *heat_free(struct heat *heat)
{
	if (!heat)
		return NULL;
	(void)damon_watch(&heat->damon, NULL, 0);
	answer_free(&heat->answer);
	free(heat);
	return NULL;
}
