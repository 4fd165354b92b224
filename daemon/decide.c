// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A round of decisions.
 *
 * 1. Every region is looked at once: what is proposed for it goes to a
 *    shortlist, ordered by score per byte, and how cold it is to a histogram of
 *    its place.
 * 2. From the shortlist follows how much room is wanted where, from that, the
 *    watermarks and requests how much is to leave each place, and from the
 *    histogram how cold that is. If anything is to leave, the regions are
 *    looked at once more for those cold enough.
 * 3. Requests, then what relieves pressure, then the shortlist from its top,
 *    each with as much of the coldest memory going out before it as it needs,
 *    as long as both together are worth it.
 *
 * So time is linear in the number of regions, and memory does not depend on it.
 *
 * No lock, no allocation; everything is in the history and on the stack.
 */
#include <math.h>
#include <string.h>

#include "budget.h"
#include "view.h"

/* In &svmd_region.why during a round: on the shortlist, nothing decided yet. */
#define WHY_LISTED SVMD_WHY_NR

/* A round counts for no more than so many intervals after a pause. */
#define INTERVALS_MAX 2

/**
 * struct round - a round at work
 * @history: the history.
 * @snapshot: the snapshot.
 * @config: the configuration.
 * @result: what comes of it.
 * @view: of session @viewed.
 * @viewed: index, or UINT32_MAX.
 */
struct round {
	struct svmd_history *history;
	const struct svmd_snapshot *snapshot;
	const struct svmd_config *config;
	struct svmd_result *result;
	struct svmd_view view;
	uint32_t viewed;
};

static const struct svmd_view *view_of(struct round *r, uint32_t session)
{
	if (r->viewed != session) {
		svmd_view_init(&r->view, r->history, r->snapshot, r->config,
			       session);
		r->viewed = session;
	}
	return &r->view;
}

static void refuse(struct round *r, struct svmd_region *region,
		   enum svmd_why why)
{
	region->why = (uint8_t)why;
	if (why <= SVMD_WHY_OFF)
		return;
	r->result->refused[why]++;
	r->result->refused_bytes[why] += region->length;
}

static uint8_t present_slot(const struct svmd_history *history,
			    svmd_place place)
{
	uint8_t s = svmd_history_slot(history, place);

	if (s == SVMD_SLOT_NONE || !history->slots[s].present)
		return SVMD_SLOT_NONE;
	return s;
}

/* First look */

/* Two steps for each doubling, from 2^-20 ns a page and second on. */
static uint32_t coldness(float loss)
{
	uint32_t bits, first = (127 - 20) << 1;

	if (!(loss > 0))
		return 0;
	memcpy(&bits, &loss, sizeof(bits));
	bits >>= 22;
	if (bits <= first)
		return 0;
	bits -= first;
	return bits < SVMD_COLDNESS ? bits : SVMD_COLDNESS - 1;
}

/* What its accesses will take more, per page and second, if it has to go. */
static float loss_of(const struct svmd_view *view,
		     const struct svmd_region *region, uint8_t from)
{
	uint8_t down = view->down[from];
	double loss;

	if (down == SVMD_SLOT_NONE || down == from)
		return INFINITY;
	if (!(region->warm_cpu > 0) && !(region->warm_device > 0))
		return 0;
	loss = svmd_use_ns(view, region, down) -
	       svmd_use_ns(view, region, from);
	return loss > 0 ? (float)loss : 0;
}

/* Whether it may be made to leave, should there be need. */
static bool may_leave(const struct round *r, const struct svmd_view *view,
		      uint8_t from)
{
	return view->evicts ||
	       r->history->budgets[view->mode][from].want_request;
}

static unsigned int exempt_for(const struct round *r,
			       const struct svmd_view *view, uint8_t from)
{
	if (r->history->budgets[view->mode][from].want_request)
		return SVMD_EXEMPT_RESIDENCE | SVMD_EXEMPT_PINGPONG |
		       SVMD_EXEMPT_STUCK;
	return SVMD_EXEMPT_NONE;
}

static void spread(struct svmd_view *view, uint8_t from, uint8_t to,
		   uint64_t bytes)
{
	view->load[from] -= (double)bytes;
	view->load[to] += (double)bytes;
}

static void look_at(struct round *r, struct svmd_session *session,
		    uint32_t index, uint32_t i)
{
	struct svmd_history *history = r->history;
	struct svmd_view *view = &r->view;
	struct svmd_region *region = &session->regions[i];
	uint8_t from = present_slot(history, region->place);
	struct svmd_proposal p;

	region->why = view->acts ? SVMD_WHY_SETTLED : SVMD_WHY_OFF;
	if (from == SVMD_SLOT_NONE)
		return;
	if (history->slots[from].is_device)
		session->device_bytes += region->length;
	if (view->acts && view->stale) {
		refuse(r, region, SVMD_WHY_STALE);
		return;
	}
	if (region->flags & SVMD_REGION_MOVING) {
		refuse(r, region, SVMD_WHY_MOVING);
		return;
	}
	if (view->acts) {
		svmd_propose(view, region, from, &p);
		if (p.why == SVMD_WHY_DECIDED) {
			struct svmd_entry entry = {
				.key = (float)((p.benefit_ns - p.copy_ns) /
					       (double)p.bytes),
				.session = index,
				.region = i,
				.slot = p.to,
				.bytes = p.bytes,
				.byte_gain = p.benefit_ns / (double)p.bytes,
				.reason = (uint8_t)p.reason,
				.mode = (uint8_t)view->mode,
			};

			if (p.reason == SVMD_REASON_SPREAD)
				spread(view, from, p.to, p.bytes);
			region->why = WHY_LISTED;
			svmd_shortlist_offer(&history->candidates, entry);
			return;
		}
		refuse(r, region, p.why);
	}
	if (may_leave(r, view, from) &&
	    !svmd_gate(view, region, from, SVMD_SLOT_NONE,
		       exempt_for(r, view, from), NULL))
		history->cold[view->mode][from][coldness(
			loss_of(view, region, from))] += region->length;
}

static void look_at_session(struct round *r, uint32_t index)
{
	struct svmd_session *session = &r->snapshot->sessions[index];
	uint64_t rate;
	uint32_t i;

	view_of(r, index);
	rate = r->view.policy.rate_bytes;
	if (!rate || (session->rate_bytes && session->rate_bytes < rate))
		rate = session->rate_bytes;
	session->device_bytes = 0;
	session->rate_quota =
		rate ? (uint64_t)((double)rate * r->history->round_s)
		     : UINT64_MAX;
	session->rate_left = session->rate_quota;
	if (r->view.policy.policies & SVMD_POLICY_INTERLEAVE)
		svmd_view_spread(&r->view);
	for (i = 0; i < session->nr_regions; i++)
		look_at(r, session, index, i);
}

/* What did not get on the shortlist. */
static void drop_candidate(void *data, const struct svmd_entry *entry)
{
	struct round *r = data;
	struct svmd_session *session = &r->snapshot->sessions[entry->session];

	refuse(r, &session->regions[entry->region], SVMD_WHY_BOUNDED);
}

/* Second look */

static void want_room(struct round *r)
{
	struct svmd_history *history = r->history;
	const struct svmd_shortlist *list = &history->candidates;
	uint32_t i, mode;

	for (i = 0; i < list->nr; i++) {
		const struct svmd_entry *e = &list->entries[i];

		/* Interleave does not push others aside. */
		if (e->reason != SVMD_REASON_SPREAD)
			history->budgets[e->mode][e->slot].want += e->bytes;
	}
	for (mode = 0; mode < SVMD_MODES; mode++) {
		for (i = 0; i < history->nr_present; i++) {
			struct svmd_budget *b =
				&history->budgets[mode]
						 [history->slots_present[i]];

			/* No more can come in than its quota. */
			if (b->want > b->in)
				b->want = b->in;
			if (b->room < 0 && b->want)
				b->want += (uint64_t)-b->room;
			else if (b->room > 0)
				b->want -= b->want < (uint64_t)b->room
						   ? b->want
						   : (uint64_t)b->room;
			if (b->want < b->want_pressure)
				b->want = b->want_pressure;
			if (b->want < b->want_request)
				b->want = b->want_request;
			if (b->want > b->out)
				b->want = b->out;
		}
	}
}

/* How cold the coldest are that add up to what is wanted; false for nothing. */
static bool set_coldest(struct svmd_history *history)
{
	bool any = false;
	uint32_t i, mode, step;

	for (mode = 0; mode < SVMD_MODES; mode++) {
		for (i = 0; i < history->nr_present; i++) {
			uint8_t s = history->slots_present[i];
			struct svmd_budget *b = &history->budgets[mode][s];
			uint64_t sum = 0;

			if (!b->want)
				continue;
			any = true;
			for (step = 0; step < SVMD_COLDNESS - 1; step++) {
				sum += history->cold[mode][s][step];
				if (sum >= b->want)
					break;
			}
			b->coldest = step;
		}
	}
	return any;
}

static void look_again(struct round *r, struct svmd_session *session,
		       uint32_t index, uint32_t i)
{
	struct svmd_region *region = &session->regions[i];
	const struct svmd_view *view = &r->view;
	uint8_t from = present_slot(r->history, region->place);
	const struct svmd_budget *b;
	enum svmd_why why;
	float loss;

	if (from == SVMD_SLOT_NONE || region->why == WHY_LISTED ||
	    region->why == SVMD_WHY_DECIDED ||
	    region->why == SVMD_WHY_DRY_RUN || region->why == SVMD_WHY_MOVING ||
	    !may_leave(r, view, from))
		return;
	b = &r->history->budgets[view->mode][from];
	if (!b->want)
		return;
	loss = loss_of(view, region, from);
	if (coldness(loss) > b->coldest)
		return;
	why = svmd_gate(view, region, from, SVMD_SLOT_NONE,
			exempt_for(r, view, from), NULL);
	if (why) {
		if (region->why <= SVMD_WHY_OFF)
			refuse(r, region, why);
		return;
	}
	svmd_shortlist_offer(&r->history->victims,
			     (struct svmd_entry){
				     .key = -loss,
				     .session = index,
				     .region = i,
				     .slot = from,
				     .mode = (uint8_t)view->mode,
			     });
}

/* Chains the victims of each place, the coldest first. */
static void chain_victims(struct svmd_history *history)
{
	struct svmd_entry *entries = history->victims.entries;
	uint32_t i;

	for (i = 0; i < history->victims.nr; i++) {
		struct svmd_budget *b =
			&history->budgets[entries[i].mode][entries[i].slot];

		entries[i].order = SVMD_CHAIN_END;
		if (b->next == SVMD_CHAIN_END)
			b->next = i;
		else
			entries[b->last].order = i;
		b->last = i;
	}
}

static void find_victims(struct round *r)
{
	const struct svmd_snapshot *snapshot = r->snapshot;
	uint32_t index, i;

	svmd_shortlist_reset(&r->history->victims, NULL, NULL);
	want_room(r);
	if (!set_coldest(r->history))
		return;
	for (index = 0; index < snapshot->nr_sessions; index++) {
		struct svmd_session *session = &snapshot->sessions[index];

		view_of(r, index);
		if (r->view.stale)
			continue;
		for (i = 0; i < session->nr_regions; i++)
			look_again(r, session, index, i);
	}
	svmd_shortlist_sort(&r->history->victims);
	chain_victims(r->history);
}

/* Decisions */

/**
 * struct move - a decision in the making
 * @session: index.
 * @region: index.
 * @offset: in the region, where it begins.
 * @length: bytes wanted, then bytes allowed.
 * @from: slot.
 * @to: slot.
 * @reason: enum svmd_reason.
 * @policy: bit.
 * @benefit_ns: for @length.
 * @loss_ns: for @length.
 * @cookie: of a request.
 */
struct move {
	uint32_t session;
	uint32_t region;
	uint64_t offset;
	uint64_t length;
	uint8_t from;
	uint8_t to;
	enum svmd_reason reason;
	uint32_t policy;
	double benefit_ns;
	double loss_ns;
	uint64_t cookie;
};

static uint64_t cut(const struct round *r, const struct move *m,
		    uint64_t length, uint64_t most)
{
	const struct svmd_session *session = &r->snapshot->sessions[m->session];

	return svmd_budget_cut(session->regions[m->region].start + m->offset,
			       length, most,
			       svmd_budget_grain(r->history, m->from, m->to,
						 session->rate_quota));
}

static double byte_ns(const struct round *r, uint8_t from, uint8_t to)
{
	return svmd_history_copy_ns(r->history, r->config, from, to, 1);
}

/* Quotas, the session's limits and the bound: how much of @m is allowed. */
static enum svmd_why allow(struct round *r, const struct svmd_view *view,
			   struct move *m)
{
	const struct svmd_history *history = r->history;
	const struct svmd_session *session = &r->snapshot->sessions[m->session];
	uint64_t most = m->length, limit;
	enum svmd_why why;

	if (history->nr_decisions >= history->max_decisions ||
	    history->nr_decisions >= r->config->settings.max_decisions)
		return SVMD_WHY_BOUNDED;
	if (most > r->config->settings.batch_bytes)
		most = r->config->settings.batch_bytes;
	why = svmd_budget_quota(history, view->mode, m->from, m->to,
				byte_ns(r, m->from, m->to), &most);
	if (most > session->rate_left) {
		most = session->rate_left;
		why = SVMD_WHY_SESSION_RATE;
	}
	limit = view->policy.device_limit_bytes;
	if (!limit || (session->device_limit_bytes &&
		       session->device_limit_bytes < limit))
		limit = session->device_limit_bytes;
	if (limit && history->slots[m->to].is_device &&
	    !history->slots[m->from].is_device) {
		uint64_t left = limit > session->device_bytes
					? limit - session->device_bytes
					: 0;

		if (most > left) {
			most = left;
			why = SVMD_WHY_SESSION_LIMIT;
		}
	}
	m->length = cut(r, m, m->length, most);
	if (m->length)
		return SVMD_WHY_SETTLED;
	return why ? why : SVMD_WHY_BOUNDED;
}

static void decide(struct round *r, const struct svmd_view *view,
		   const struct move *m)
{
	struct svmd_history *history = r->history;
	struct svmd_session *session = &r->snapshot->sessions[m->session];
	struct svmd_region *region = &session->regions[m->region];
	struct svmd_slot *from = &history->slots[m->from];
	struct svmd_slot *to = &history->slots[m->to];
	double copy_ns = byte_ns(r, m->from, m->to) * (double)m->length;

	history->decisions[history->nr_decisions++] = (struct svmd_decision){
		.session = session->id,
		.start = region->start + m->offset,
		.length = m->length,
		.from = from->name,
		.to = to->name,
		.reason = (uint8_t)m->reason,
		.dry_run = view->mode,
		.policy = m->policy,
		.region = m->region,
		.benefit_ns = m->benefit_ns,
		.copy_ns = copy_ns,
		.cost_ns = copy_ns + m->loss_ns,
		.score = m->benefit_ns - copy_ns - m->loss_ns,
		.cookie = m->cookie,
	};
	svmd_budget_take(history, view->mode, m->from, m->to, m->length,
			 copy_ns / 1e3);
	if (session->rate_left != UINT64_MAX)
		session->rate_left -= m->length;
	if (to->is_device && !from->is_device)
		session->device_bytes += m->length;
	else if (from->is_device && !to->is_device)
		session->device_bytes -= m->length;
	if (view->mode) {
		if (region->why != SVMD_WHY_DRY_RUN)
			refuse(r, region, SVMD_WHY_DRY_RUN);
		return;
	}
	region->why = SVMD_WHY_DECIDED;
	from->bytes_out += m->length;
	to->bytes_in += m->length;
	history->counters.decisions[m->reason]++;
	history->counters.bytes[m->reason] += m->length;
	r->result->bytes += m->length;
}

/* Whether and why nothing may move into @to at the moment, whatever its room. */
static enum svmd_why entry_gate(const struct round *r, uint8_t to)
{
	const struct svmd_slot *slot = &r->history->slots[to];

	if (slot->stale || !slot->total)
		return SVMD_WHY_STALE;
	if (slot->held)
		return SVMD_WHY_HELD;
	if (slot->psi > slot->limits.psi_limit)
		return SVMD_WHY_PSI;
	return SVMD_WHY_SETTLED;
}

static enum svmd_why no_room(const struct round *r, uint8_t to)
{
	return r->history->slots[to].evicting ? SVMD_WHY_WATERMARK
					      : SVMD_WHY_NO_ROOM;
}

/* Cuts @m to the room at its destination and to what is allowed. */
static enum svmd_why fit(struct round *r, const struct svmd_view *view,
			 struct move *m)
{
	int64_t room = r->history->budgets[view->mode][m->to].room;

	m->length = cut(r, m, m->length, room > 0 ? (uint64_t)room : 0);
	if (!m->length)
		return no_room(r, m->to);
	return allow(r, view, m);
}

/* Making room */

/**
 * struct leave - what shall leave a place, and why
 * @slot: the place.
 * @mode: 0 live, 1 dry-run.
 * @bytes: how much.
 * @reason: enum svmd_reason.
 * @to: where to, or SVMD_SLOT_NONE.
 * @worth: most nanoseconds that a byte may cost, copy and loss.
 * @cookie: of a request.
 * @put_off: out: stopped by a quota, a rate or the bound.
 */
struct leave {
	uint8_t slot;
	unsigned int mode;
	uint64_t bytes;
	enum svmd_reason reason;
	uint8_t to;
	double worth;
	uint64_t cookie;
	bool put_off;
};

static bool is_put_off(enum svmd_why why)
{
	return why == SVMD_WHY_QUOTA_BYTES || why == SVMD_WHY_QUOTA_TIME ||
	       why == SVMD_WHY_SESSION_RATE || why == SVMD_WHY_BOUNDED;
}

static enum svmd_why try_leave(struct round *r, const struct svmd_view *view,
			       const struct leave *leave, struct move *m,
			       uint64_t most)
{
	const struct svmd_region *region = &view->session->regions[m->region];
	double pages, loss;
	enum svmd_why why;

	why = entry_gate(r, m->to);
	if (why)
		return why;
	/* Rather a little more than is wanted than a huge page in pieces. */
	m->length = cut(r, m, region->length - m->offset, most + SVMD_CUT);
	why = fit(r, view, m);
	if (why)
		return why;
	pages = (double)m->length / SVMD_PAGE;
	loss = svmd_use_ns(view, region, m->to) -
	       svmd_use_ns(view, region, m->from);
	m->loss_ns = loss > 0 ? loss * pages * view->horizon_s : 0;
	if (m->loss_ns + byte_ns(r, m->from, m->to) * (double)m->length >
	    leave->worth * (double)m->length)
		return SVMD_WHY_NO_GAIN;
	decide(r, view, m);
	return SVMD_WHY_SETTLED;
}

/* To the next more expensive place that has room, else to a cheaper one. */
static enum svmd_why send_away(struct round *r, const struct svmd_view *view,
			       const struct leave *leave, struct move *m,
			       uint64_t most)
{
	const struct svmd_history *history = r->history;
	enum svmd_why why, first = SVMD_WHY_SETTLED;
	uint32_t n = history->nr_order, here = 0, i;

	if (leave->to != SVMD_SLOT_NONE) {
		m->to = leave->to;
		return try_leave(r, view, leave, m, most);
	}
	/* A device is not in the order: from there to the cheapest. */
	for (i = 0; i < n; i++)
		if (view->order[i] == m->from)
			here = i + 1;
	for (i = 0; i < n; i++) {
		/* Down from here, then up from here. */
		uint32_t at = here + i < n ? here + i : n - 1 - i;

		m->to = view->order[at];
		if (m->to == m->from || entry_gate(r, m->to))
			continue;
		why = try_leave(r, view, leave, m, most);
		/* Nor will it be worth more further on. */
		if (!why || why == SVMD_WHY_NO_GAIN)
			return why;
		if (!first)
			first = why;
	}
	return first ? first : SVMD_WHY_NO_ROOM;
}

static bool may_leave_for(const struct svmd_view *view, enum svmd_reason reason)
{
	if (reason == SVMD_REASON_PRESSURE)
		return view->policy.policies & SVMD_POLICY_PRESSURE;
	return reason == SVMD_REASON_REQUEST || view->evicts;
}

static uint32_t policy_for(enum svmd_reason reason,
			   const struct svmd_view *view)
{
	if (reason == SVMD_REASON_REQUEST)
		return 0;
	if (reason == SVMD_REASON_PRESSURE)
		return SVMD_POLICY_PRESSURE;
	return view->policy.policies & SVMD_POLICY_HOT_COLD
		       ? SVMD_POLICY_HOT_COLD
		       : SVMD_POLICY_LOCALITY;
}

/* Has the coldest leave; returns bytes that will have left. */
static uint64_t make_room(struct round *r, struct leave *leave)
{
	struct svmd_history *history = r->history;
	struct svmd_budget *b = &history->budgets[leave->mode][leave->slot];
	uint64_t done = 0;
	uint32_t i = b->next;

	while (i != SVMD_CHAIN_END && done < leave->bytes) {
		struct svmd_entry *e = &history->victims.entries[i];
		struct svmd_session *session =
			&r->snapshot->sessions[e->session];
		struct svmd_region *region = &session->regions[e->region];
		const struct svmd_view *view = view_of(r, e->session);
		struct move m = {
			.session = e->session,
			.region = e->region,
			.offset = e->bytes,
			.from = leave->slot,
			.reason = leave->reason,
			.policy = policy_for(leave->reason, view),
			.cookie = leave->cookie,
		};
		enum svmd_why why;

		if (e->bytes >= region->length ||
		    !may_leave_for(view, leave->reason)) {
			i = e->order;
			continue;
		}
		why = send_away(r, view, leave, &m, leave->bytes - done);
		if (!why) {
			e->bytes += m.length;
			done += m.length;
			continue;
		}
		/* Not worth it is what most are; nobody wants them to go. */
		if (region->why <= SVMD_WHY_OFF && why != SVMD_WHY_NO_GAIN)
			refuse(r, region, why);
		if (is_put_off(why))
			leave->put_off = true;
		/* Those that follow are no colder. */
		if (why == SVMD_WHY_NO_GAIN || why == SVMD_WHY_BOUNDED ||
		    b->out < SVMD_CUT_SMALL || !(b->out_us > 0)) {
			b->closed = true;
			break;
		}
		e->bytes = region->length;
	}
	while (b->next != SVMD_CHAIN_END) {
		const struct svmd_entry *e = &history->victims.entries[b->next];

		if (e->bytes <
		    r->snapshot->sessions[e->session].regions[e->region].length)
			break;
		b->next = e->order;
	}
	return done;
}

static void relieve(struct round *r)
{
	struct svmd_history *history = r->history;
	uint32_t i, mode;

	for (mode = 0; mode < SVMD_MODES; mode++) {
		for (i = 0; i < history->nr_present; i++) {
			uint8_t s = history->slots_present[i];
			struct leave leave = {
				.slot = s,
				.mode = mode,
				.bytes =
					history->budgets[mode][s].want_pressure,
				.reason = SVMD_REASON_PRESSURE,
				.to = SVMD_SLOT_NONE,
				.worth = INFINITY,
			};

			if (leave.bytes)
				make_room(r, &leave);
		}
	}
}

/* The shortlist */

static enum svmd_why try_candidate(struct round *r, const struct svmd_entry *e,
				   struct move *m)
{
	const struct svmd_view *view = view_of(r, e->session);
	const struct svmd_region *region = &view->session->regions[e->region];
	struct svmd_budget *b = &r->history->budgets[e->mode][m->to];
	double copy = byte_ns(r, m->from, m->to), gain;
	struct leave leave;
	enum svmd_why why;
	uint64_t wanted;

	why = entry_gate(r, m->to);
	if (why)
		return why;
	wanted = m->length;
	why = allow(r, view, m);
	if (why)
		return why;
	gain = e->byte_gain;
	if (m->to != e->slot)
		gain = svmd_gain_ns(view, region, m->reason, m->from, m->to,
				    m->length) /
		       (double)m->length;
	if (!(gain > copy * view->margin))
		return SVMD_WHY_NO_GAIN;
	if (b->room < (int64_t)m->length && !b->closed &&
	    m->reason != SVMD_REASON_SPREAD) {
		leave = (struct leave){
			.slot = m->to,
			.mode = e->mode,
			.bytes = (uint64_t)((int64_t)m->length - b->room),
			.reason = SVMD_REASON_COLD,
			.to = SVMD_SLOT_NONE,
			.worth = gain / view->margin - copy,
		};
		make_room(r, &leave);
		view = view_of(r, e->session);
	}
	m->length = wanted;
	why = fit(r, view, m);
	if (why)
		return why;
	m->benefit_ns = gain * (double)m->length;
	decide(r, view, m);
	return SVMD_WHY_SETTLED;
}

/* The places that a hot region may go to instead, the cheapest first. */
static uint8_t next_best(struct round *r, const struct svmd_entry *e,
			 uint8_t from, uint8_t after)
{
	const struct svmd_view *view = view_of(r, e->session);
	bool found = false;
	uint32_t i;

	if (e->reason != SVMD_REASON_HOT)
		return SVMD_SLOT_NONE;
	for (i = 0; i < r->history->nr_order; i++) {
		uint8_t s = view->order[i];

		if (view->cost[s] >= view->cost[from])
			break;
		if (found)
			return s;
		found = s == after;
	}
	return SVMD_SLOT_NONE;
}

static uint32_t policy_of_reason(uint8_t reason)
{
	switch (reason) {
	case SVMD_REASON_HOT:
		return SVMD_POLICY_HOT_COLD;
	case SVMD_REASON_THRASH:
		return SVMD_POLICY_THRASH;
	case SVMD_REASON_NEAR:
		return SVMD_POLICY_LOCALITY;
	default:
		return SVMD_POLICY_INTERLEAVE;
	}
}

static void place_candidate(struct round *r, const struct svmd_entry *e)
{
	struct svmd_session *session = &r->snapshot->sessions[e->session];
	struct svmd_region *region = &session->regions[e->region];
	uint8_t from = present_slot(r->history, region->place), to = e->slot;
	enum svmd_why why, first = SVMD_WHY_SETTLED;
	uint64_t done = 0;

	/* A request may have come first. */
	if (region->why != WHY_LISTED)
		return;
	while (done < e->bytes) {
		struct move m = {
			.session = e->session,
			.region = e->region,
			.offset = done,
			.length = e->bytes - done,
			.from = from,
			.to = to,
			.reason = e->reason,
			.policy = policy_of_reason(e->reason),
		};

		why = try_candidate(r, e, &m);
		if (!why) {
			done += m.length;
			continue;
		}
		if (!first)
			first = why;
		if (why != SVMD_WHY_WATERMARK && why != SVMD_WHY_NO_ROOM &&
		    why != SVMD_WHY_PSI)
			break;
		to = next_best(r, e, from, to);
		if (to == SVMD_SLOT_NONE)
			break;
	}
	if (!done)
		refuse(r, region, first);
}

/* Requests */

static bool is_eviction(const struct svmd_request *request)
{
	return !request->session && !request->length;
}

static uint32_t nr_requests(const struct round *r)
{
	return r->snapshot->nr_requests < SVMD_REQUESTS_MAX
		       ? r->snapshot->nr_requests
		       : SVMD_REQUESTS_MAX;
}

/* Before the first look, which must know of whom more may be asked. */
static void note_evictions(struct round *r)
{
	struct svmd_history *history = r->history;
	uint32_t i;

	for (i = 0; i < nr_requests(r); i++) {
		const struct svmd_request *request = &r->snapshot->requests[i];
		uint8_t from = present_slot(history, request->from);
		uint64_t bytes;

		if (!is_eviction(request) || from == SVMD_SLOT_NONE)
			continue;
		bytes = request->bytes ? request->bytes
				       : history->slots[from].total;
		if (bytes > history->slots[from].total)
			bytes = history->slots[from].total;
		history->budgets[0][from].want_request += bytes;
	}
}

static void do_eviction(struct round *r, uint32_t index)
{
	const struct svmd_request *request = &r->snapshot->requests[index];
	uint8_t from = present_slot(r->history, request->from);
	struct leave leave = {
		.slot = from,
		.reason = SVMD_REASON_REQUEST,
		.to = SVMD_SLOT_NONE,
		.worth = INFINITY,
		.cookie = request->cookie,
	};
	const struct svmd_slot *slot;
	uint64_t done;

	if (from == SVMD_SLOT_NONE)
		return;
	if (request->to != SVMD_PLACE_NONE) {
		leave.to = present_slot(r->history, request->to);
		if (leave.to == SVMD_SLOT_NONE || leave.to == from)
			return;
	}
	slot = &r->history->slots[from];
	leave.bytes = request->bytes ? request->bytes : slot->total;
	if (leave.bytes > slot->total - slot->free)
		leave.bytes = slot->total - slot->free;
	done = make_room(r, &leave);
	/* More than the quota allows was not even looked for. */
	if (done < leave.bytes && (done || leave.put_off))
		r->result->request_left |= 1ULL << index;
}

static enum svmd_why request_region(struct round *r,
				    const struct svmd_view *view,
				    const struct svmd_request *request,
				    struct move *m)
{
	const struct svmd_region *region = &view->session->regions[m->region];
	enum svmd_why why;

	why = svmd_gate(view, region, m->from, m->to,
			SVMD_EXEMPT_RESIDENCE | SVMD_EXEMPT_PINGPONG |
				SVMD_EXEMPT_STUCK,
			NULL);
	if (!why)
		why = entry_gate(r, m->to);
	if (!why)
		why = fit(r, view, m);
	if (why)
		return why;
	m->cookie = request->cookie;
	m->benefit_ns = svmd_gain_ns(view, region, SVMD_REASON_REQUEST, m->from,
				     m->to, m->length);
	if (m->benefit_ns < 0) {
		m->loss_ns = -m->benefit_ns;
		m->benefit_ns = 0;
	}
	decide(r, view, m);
	return SVMD_WHY_SETTLED;
}

static void request_in_session(struct round *r, uint32_t index,
			       uint32_t session_index)
{
	const struct svmd_request *request = &r->snapshot->requests[index];
	struct svmd_session *session = &r->snapshot->sessions[session_index];
	const struct svmd_view *view = view_of(r, session_index);
	uint64_t end = request->start + request->length;
	uint32_t i;

	if (end < request->start)
		end = UINT64_MAX;
	for (i = 0; i < session->nr_regions; i++) {
		struct svmd_region *region = &session->regions[i];
		uint64_t at = region->start, stop = at + region->length;
		struct move m = {
			.session = session_index,
			.region = i,
			.reason = SVMD_REASON_REQUEST,
		};
		enum svmd_why why = SVMD_WHY_SETTLED;

		if (at < request->start)
			at = request->start & ~(uint64_t)(SVMD_PAGE - 1);
		if (stop > end)
			stop = (end + SVMD_PAGE - 1) &
			       ~(uint64_t)(SVMD_PAGE - 1);
		m.from = present_slot(r->history, region->place);
		if (at >= stop || m.from == SVMD_SLOT_NONE ||
		    (request->from != SVMD_PLACE_NONE &&
		     request->from != region->place))
			continue;
		m.to = request->to == SVMD_PLACE_NONE
			       ? view->down[m.from]
			       : present_slot(r->history, request->to);
		if (m.to == m.from || m.to == SVMD_SLOT_NONE)
			continue;
		if (region->flags & SVMD_REGION_MOVING)
			why = SVMD_WHY_MOVING;
		while (!why && at < stop) {
			m.offset = at - region->start;
			m.length = stop - at;
			why = request_region(r, view, request, &m);
			if (!why)
				at += m.length;
		}
		if (why == SVMD_WHY_MOVING || is_put_off(why))
			r->result->request_left |= 1ULL << index;
		/* Moving was counted at the first look. */
		if (why && why != SVMD_WHY_MOVING &&
		    region->why != SVMD_WHY_DECIDED &&
		    region->why != SVMD_WHY_DRY_RUN)
			refuse(r, region, why);
	}
}

static void do_requests(struct round *r)
{
	uint32_t i, k;

	for (i = 0; i < nr_requests(r); i++) {
		const struct svmd_request *request = &r->snapshot->requests[i];

		if (is_eviction(request))
			continue;
		for (k = 0; k < r->snapshot->nr_sessions; k++)
			if (r->snapshot->sessions[k].id == request->session)
				request_in_session(r, i, k);
	}
}

static void do_evictions(struct round *r)
{
	uint32_t i;

	for (i = 0; i < nr_requests(r); i++)
		if (is_eviction(&r->snapshot->requests[i]))
			do_eviction(r, i);
}

/* The round */

static void begin(struct round *r)
{
	struct svmd_history *history = r->history;
	uint64_t interval = r->config->settings.round_us, gone = interval;
	uint32_t i, mode;

	if (history->round) {
		gone = r->snapshot->now_us > history->last_us
			       ? r->snapshot->now_us - history->last_us
			       : 0;
		if (gone > INTERVALS_MAX * interval)
			gone = INTERVALS_MAX * interval;
	}
	history->round++;
	history->last_us = r->snapshot->now_us;
	history->round_s = (double)gone / 1e6;
	history->nr_decisions = 0;
	history->counters.rounds++;
	svmd_history_begin(history, r->snapshot, r->config);
	svmd_cost_fill(history, r->snapshot, r->config);
	svmd_budget_begin(history);
	for (mode = 0; mode < SVMD_MODES; mode++)
		for (i = 0; i < history->nr_present; i++)
			memset(history->cold[mode][history->slots_present[i]],
			       0, sizeof(history->cold[mode][0]));
	svmd_shortlist_reset(&history->candidates, drop_candidate, r);
}

void svmd_decide(struct svmd_history *history,
		 const struct svmd_snapshot *snapshot,
		 const struct svmd_config *config, struct svmd_result *result)
{
	struct round r = {
		.history = history,
		.snapshot = snapshot,
		.config = config,
		.result = result,
		.viewed = UINT32_MAX,
	};
	uint32_t i;

	memset(result, 0, sizeof(*result));
	begin(&r);
	note_evictions(&r);
	for (i = 0; i < snapshot->nr_sessions; i++)
		look_at_session(&r, i);
	svmd_shortlist_sort(&history->candidates);
	do_requests(&r);
	find_victims(&r);
	do_evictions(&r);
	relieve(&r);
	for (i = 0; i < history->candidates.nr; i++)
		place_candidate(&r, &history->candidates.entries[i]);

	result->decisions = history->decisions;
	result->nr = history->nr_decisions;
	for (i = 0; i < SVMD_WHY_NR; i++)
		history->counters.refused[i] += result->refused[i];
}
