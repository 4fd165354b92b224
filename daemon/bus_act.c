// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The manager's methods that take time: moving a range, evicting a device,
 * explaining an address. Each is done by the worker and answered afterwards.
 *
 * Who asks for a range of somebody else's memory learns where it is, so that
 * needs permission like changing it does.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bus_parts.h"
#include "clock.h"
#include "text.h"

static int fail(struct pending *pending, int error, const char *name,
		const char *text)
{
	sd_bus_message *call = bus_pending_call(pending);

	if (name)
		return sd_bus_reply_method_errorf(call, name, "%s", text);
	return sd_bus_reply_method_errno(call, error, NULL);
}

/* --- Migrate --------------------------------------------------------------------------- */

static int append_pages(sd_bus_message *m, const struct svm_result *result)
{
	unsigned int i;
	int ret = sd_bus_message_open_container(m, 'a', "{st}");

	for (i = 0; i < SVM_PAGE_STATUS_NR && ret >= 0; i++)
		if (result->pages[i])
			ret = sd_bus_message_append(m, "{st}",
						    svm_status_name(i),
						    result->pages[i]);
	return ret < 0 ? ret : sd_bus_message_close_container(m);
}

static int reply_moved(struct pending *pending, const struct svm_result *result)
{
	__message sd_bus_message *m = NULL;
	int ret =
		sd_bus_message_new_method_return(bus_pending_call(pending), &m);

	if (ret >= 0)
		ret = sd_bus_message_append(m, "ttt", result->bytes_moved,
					    result->bytes_there,
					    result->bytes_left);
	if (ret >= 0)
		ret = append_pages(m, result);
	return ret < 0 ? ret : sd_bus_send(NULL, m, NULL);
}

static void on_moved(int error, const struct svm_result *result, void *arg)
{
	struct pending *pending = arg;

	if (!bus_pending_face(pending))
		;
	else if (error == -ESRCH)
		(void)fail(pending, error, BUS_ERROR("NoSuchSession"),
			   "The session has ended");
	else if (error == -EFAULT)
		(void)fail(pending, error, BUS_ERROR("NotMapped"),
			   "Nothing is mapped there");
	else if (error == -ENODEV)
		(void)fail(pending, error, BUS_ERROR("NoSuchPlace"),
			   "The session has no context of this device");
	else if (error)
		(void)fail(pending, error, NULL, NULL);
	else
		(void)reply_moved(pending, result);
	bus_pending_end(pending);
}

static int do_migrate(struct bus_face *face, sd_bus_message *call,
		      sd_bus_error *error)
{
	struct svm_range range = { NULL, 0 };
	uint64_t id, start, length;
	struct pending *pending;
	struct session *session;
	const char *name;
	svmd_place to;
	int ret =
		sd_bus_message_read(call, "ttts", &id, &start, &length, &name);

	if (ret >= 0)
		ret = bus_find_session(face, id, &session, error);
	if (ret >= 0)
		ret = bus_find_place(face, name, &to, error);
	if (ret >= 0)
		ret = bus_refuse_move(face, session, start, length, to, error);
	if (ret >= 0)
		ret = bus_pending_begin(face, call, &pending, error);
	if (ret < 0)
		return ret;
	range.addr = (void *)(uintptr_t)start;
	range.length = length;
	ret = mover_request(face->daemon, session, &range, to, on_moved,
			    pending);
	if (ret < 0) {
		bus_pending_end(pending);
		return ret == -EBUSY
			       ? sd_bus_error_set(error, BUS_ERROR("TooMany"),
						  "The mover is busy")
			       : ret;
	}
	return 1;
}

int bus_migrate(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	struct bus_face *face = arg;
	struct session *session;
	uint64_t id;
	int ret = sd_bus_message_read(call, "t", &id);

	if (ret >= 0)
		ret = bus_find_session(face, id, &session, error);
	if (ret < 0)
		return ret;
	return bus_authorize(face, call, session->peer.uid, BUS_ACT_SESSIONS,
			     do_migrate, error);
}

/* --- Evict ------------------------------------------------------------------------------- */

static void on_evicted(int error, uint64_t evicted, void *arg)
{
	struct pending *pending = arg;

	if (!bus_pending_face(pending))
		;
	else if (error == -ENODEV)
		(void)fail(pending, error, BUS_ERROR("NoSuchPlace"),
			   "The device is gone");
	else if (error)
		(void)fail(pending, error, NULL, NULL);
	else
		(void)sd_bus_reply_method_return(bus_pending_call(pending), "t",
						 evicted);
	bus_pending_end(pending);
}

static int find_device(struct bus_face *face, const char *name, uint32_t *id,
		       sd_bus_error *error)
{
	svmd_place place;
	int ret = bus_find_place(face, name, &place, error);

	if (ret < 0)
		return ret;
	if (!svmd_place_is(place, SVMD_DEVICE))
		return sd_bus_error_setf(error, BUS_ERROR("NoSuchPlace"),
					 "'%.*s' is no svm device",
					 text_cut(name, BUS_NAME_MAX), name);
	*id = svmd_place_id(place);
	return 0;
}

static int do_evict(struct bus_face *face, sd_bus_message *call,
		    sd_bus_error *error)
{
	struct pending *pending;
	const char *name;
	uint64_t bytes;
	uint32_t id = 0;
	int ret = sd_bus_message_read(call, "st", &name, &bytes);

	if (ret >= 0)
		ret = find_device(face, name, &id, error);
	if (ret >= 0)
		ret = bus_refuse_evict(face, id, error);
	if (ret >= 0)
		ret = bus_pending_begin(face, call, &pending, error);
	if (ret < 0)
		return ret;
	ret = mover_evict(face->daemon, id, bytes, on_evicted, pending);
	if (ret < 0) {
		bus_pending_end(pending);
		return ret;
	}
	return 1;
}

int bus_evict(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	struct bus_face *face = arg;
	const char *name;
	uint64_t bytes;
	uint32_t id;
	int ret = sd_bus_message_read(call, "st", &name, &bytes);

	if (ret >= 0)
		ret = find_device(face, name, &id, error);
	if (ret < 0)
		return ret;
	return bus_authorize(face, call, BUS_NOBODY, BUS_ACT_NODE, do_evict,
			     error);
}

/* --- Explain ------------------------------------------------------------------------------ */

/**
 * struct explain_job - where one page is
 */
struct explain_job {
	struct job job;
	struct daemon *daemon;
	struct session *session;
	struct pending *pending;
	uint64_t address;
	struct svm_page page;
	int error;
};

static void run_explain(struct job *base, struct worker *worker)
{
	struct explain_job *job = (struct explain_job *)base;
	ssize_t nr;

	(void)worker;
	job->error = session_check(job->session);
	if (job->error)
		return;
	nr = svm_residency(job->session->svm, (void *)(uintptr_t)job->address,
			   1, &job->page, 1);
	job->error = nr < 0 ? (int)nr : 0;
	(void)session_check(job->session);
}

static int append_page(sd_bus_message *m, const struct explain_job *job)
{
	int ret;

	if (job->error)
		return bus_append_entry(m, "PagePlace", "s", "unknown");
	ret = bus_append_entry(m, "PagePlace", "s",
			       svm_place_name(job->page.place));
	if (ret >= 0 && job->page.place == SVM_PLACE_SYSTEM)
		ret = bus_append_entry(m, "PageNode", "u",
				       (uint32_t)job->page.id);
	if (ret >= 0 && job->page.place == SVM_PLACE_DEVICE)
		ret = bus_append_entry(m, "PageDevice", "u",
				       (uint32_t)job->page.id);
	if (ret >= 0)
		ret = bus_append_entry(m, "PageHuge", "b",
				       !!(job->page.flags & SVM_PAGE_F_HUGE));
	return ret;
}

static const struct daemon_event *last_event(const struct daemon *daemon,
					     const struct explain_job *job)
{
	uint64_t number, oldest;

	oldest = daemon->last_event > DAEMON_EVENTS
			 ? daemon->last_event - DAEMON_EVENTS
			 : 0;
	for (number = daemon->last_event; number > oldest; number--) {
		const struct daemon_event *event =
			&daemon->events[number % DAEMON_EVENTS];

		if (event->decision.session == job->session->id &&
		    job->address - event->decision.start <
			    event->decision.length)
			return event;
	}
	return NULL;
}

static int append_event(sd_bus_message *m, const struct daemon_event *event)
{
	char to[32];
	int ret;

	if (!event)
		return 0;
	svmd_place_format(event->decision.to, to, sizeof(to));
	ret = bus_append_entry(m, "LastMoveUSec", "t", event->when_us);
	if (ret >= 0)
		ret = bus_append_entry(m, "LastMoveTo", "s", to);
	if (ret >= 0)
		ret = bus_append_entry(
			m, "LastMoveReason", "s",
			svmd_reason_name(event->decision.reason));
	if (ret >= 0)
		ret = bus_append_entry(m, "LastMoveBytes", "t",
				       event->bytes_moved);
	return ret;
}

static int append_region(sd_bus_message *m, const struct svmd_region *region)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} flags[] = {
		{ SVMD_REGION_HELD, "held" },
		{ SVMD_REGION_PINNED, "pinned" },
		{ SVMD_REGION_ODP, "odp" },
		{ SVMD_REGION_MOVING, "moving" },
		{ SVMD_REGION_STUCK, "stuck" },
	};
	char text[64] = "", place[32];
	size_t i;
	int ret;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (region->flags & flags[i].bit) {
			if (text[0])
				strcat(text, " ");
			strcat(text, flags[i].name);
		}
	svmd_place_format(region->place, place, sizeof(place));
	ret = bus_append_entry(m, "RegionStart", "t", region->start);
	if (ret >= 0)
		ret = bus_append_entry(m, "RegionBytes", "t", region->length);
	if (ret >= 0)
		ret = bus_append_entry(m, "RegionPlace", "s", place);
	if (ret >= 0)
		ret = bus_append_entry(m, "RegionFlags", "s", text);
	if (ret >= 0)
		ret = bus_append_entry(m, "HeatCPU", "d",
				       (double)region->warm_cpu);
	if (ret >= 0)
		ret = bus_append_entry(m, "HeatDevice", "d",
				       (double)region->warm_device);
	if (ret >= 0)
		ret = bus_append_entry(m, "Moves", "u",
				       (uint32_t)region->moves);
	if (ret >= 0)
		ret = bus_append_entry(m, "Returns", "u",
				       (uint32_t)region->bounces);
	return ret;
}

static int append_why(sd_bus_message *m, const struct svmd_explanation *e)
{
	char to[32], policies[SVMD_TEXT_MAX];
	int ret;

	svmd_place_format(e->to, to, sizeof(to));
	ret = bus_append_entry(m, "Why", "s", svmd_why_name(e->why));
	if (ret >= 0)
		ret = bus_append_entry(m, "WhyText", "s",
				       svmd_why_text(e->why));
	svmd_policies_format(e->policies, policies, sizeof(policies));
	if (ret >= 0)
		ret = bus_append_entry(m, "Policies", "s", policies);
	if (ret >= 0)
		ret = bus_append_entry(m, "AccessCostHereNSec", "d",
				       e->cost_here_ns);
	if (ret < 0 || e->reason == SVMD_REASON_NONE)
		return ret;
	ret = bus_append_entry(m, "ProposedReason", "s",
			       svmd_reason_name(e->reason));
	svmd_policies_format(e->policy, policies, sizeof(policies));
	if (ret >= 0)
		ret = bus_append_entry(m, "ProposedBy", "s", policies);
	if (ret >= 0)
		ret = bus_append_entry(m, "ProposedTo", "s", to);
	if (ret >= 0)
		ret = bus_append_entry(m, "AccessCostThereNSec", "d",
				       e->cost_there_ns);
	if (ret >= 0)
		ret = bus_append_entry(m, "BenefitNSec", "d", e->benefit_ns);
	if (ret >= 0)
		ret = bus_append_entry(m, "CostNSec", "d", e->cost_ns);
	if (ret >= 0)
		ret = bus_append_entry(m, "ScoreNSec", "d", e->score);
	if (ret >= 0)
		ret = bus_append_entry(m, "ThresholdNSec", "d",
				       e->threshold_ns);
	if (ret >= 0)
		ret = bus_append_entry(m, "WaitUSec", "t", e->wait_us);
	return ret;
}

static int index_of(const struct svmd_snapshot *snapshot, uint64_t id)
{
	uint32_t i;

	for (i = 0; i < snapshot->nr_sessions; i++)
		if (snapshot->sessions[i].id == id)
			return (int)i;
	return -1;
}

static int append_explanation(sd_bus_message *m, struct explain_job *job)
{
	struct session *session = job->session;
	struct daemon *daemon = job->daemon;
	struct svmd_explanation explanation;
	ptrdiff_t region;
	int ret, index;

	region = svmd_regions_find(session->regions, session->nr_regions,
				   job->address);
	if (region < 0)
		return bus_append_entry(
			m, "WhyText", "s",
			"svmd does not watch this address: it is not private anonymous memory, or was not looked at yet");
	ret = append_region(m, &session->regions[region]);
	if (ret < 0)
		return ret;
	ret = round_snapshot(daemon);
	index = index_of(&daemon->snapshot, session->id);
	if (ret || index < 0 ||
	    svmd_explain(daemon->history, &daemon->snapshot, &daemon->config,
			 (uint32_t)index, (uint32_t)region, &explanation))
		return 0;
	return append_why(m, &explanation);
}

static int reply_explained(struct explain_job *job)
{
	__message sd_bus_message *m = NULL;
	int ret;

	ret = sd_bus_message_new_method_return(bus_pending_call(job->pending),
					       &m);
	if (ret >= 0)
		ret = sd_bus_message_open_container(m, 'a', "{sv}");
	if (ret >= 0)
		ret = append_page(m, job);
	if (ret >= 0)
		ret = append_explanation(m, job);
	if (ret >= 0)
		ret = append_event(m, last_event(job->daemon, job));
	if (ret >= 0)
		ret = sd_bus_message_close_container(m);
	return ret < 0 ? ret : sd_bus_send(NULL, m, NULL);
}

static void done_explain(struct job *base, bool cancelled)
{
	struct explain_job *job = (struct explain_job *)base;
	struct pending *pending = job->pending;
	int ret = 0;

	session_end_lost(job->session);
	if (!bus_pending_face(pending))
		;
	else if (cancelled)
		(void)fail(pending, -ECANCELED, NULL, NULL);
	else if (job->session->ended)
		(void)fail(pending, 0, BUS_ERROR("NoSuchSession"),
			   "The session has ended");
	else
		ret = reply_explained(job);
	if (ret < 0)
		(void)fail(pending, ret, NULL, NULL);
	bus_pending_end(pending);
	session_unref(job->session);
	free(job);
}

static int do_explain(struct bus_face *face, sd_bus_message *call,
		      sd_bus_error *error)
{
	struct explain_job *job;
	struct session *session;
	struct pending *pending;
	uint64_t id, address;
	int ret = sd_bus_message_read(call, "tt", &id, &address);

	if (ret >= 0)
		ret = bus_find_session(face, id, &session, error);
	if (ret >= 0)
		ret = bus_pending_begin(face, call, &pending, error);
	if (ret < 0)
		return ret;
	job = calloc(1, sizeof(*job));
	if (!job) {
		bus_pending_end(pending);
		return -ENOMEM;
	}
	job->job.run = run_explain;
	job->job.done = done_explain;
	job->daemon = face->daemon;
	job->session = session_ref(session);
	job->pending = pending;
	job->address = address;
	ret = worker_post_asked(face->daemon->worker, &job->job);
	if (ret < 0) {
		session_unref(session);
		bus_pending_end(pending);
		free(job);
		return ret;
	}
	return 1;
}

int bus_explain(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	struct bus_face *face = arg;
	struct session *session;
	uint64_t id, address;
	int ret = sd_bus_message_read(call, "tt", &id, &address);

	if (ret >= 0)
		ret = bus_find_session(face, id, &session, error);
	if (ret < 0)
		return ret;
	return bus_authorize(face, call, session->peer.uid, BUS_ACT_INSPECT,
			     do_explain, error);
}
