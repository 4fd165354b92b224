// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A decision in the making: what of it quotas, limits and room allow, and writing
 * it down. State is the round's, see round_parts.h.
 */
#include "round_parts.h"

uint64_t svmd_move_cut(const struct svmd_round *r, const struct svmd_move *m,
		       uint64_t length, uint64_t most)
{
	const struct svmd_session *session = &r->snapshot->sessions[m->session];

	return svmd_budget_cut(session->regions[m->region].start + m->offset,
			       length, most,
			       svmd_budget_grain(r->history, m->from, m->to,
						 session->rate_quota));
}

double svmd_move_byte_ns(const struct svmd_round *r, uint8_t from, uint8_t to)
{
	return svmd_history_copy_ns(r->history, r->config, from, to, 1);
}

/* Quotas, the session's limits and the bound: how much of @m is allowed. */
enum svmd_why svmd_move_allow(struct svmd_round *r,
			      const struct svmd_view *view, struct svmd_move *m)
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
				svmd_move_byte_ns(r, m->from, m->to), &most);
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
	m->length = svmd_move_cut(r, m, m->length, most);
	if (m->length)
		return SVMD_WHY_SETTLED;
	return why ? why : SVMD_WHY_BOUNDED;
}

void svmd_move_decide(struct svmd_round *r, const struct svmd_view *view,
		      const struct svmd_move *m)
{
	struct svmd_history *history = r->history;
	struct svmd_session *session = &r->snapshot->sessions[m->session];
	struct svmd_region *region = &session->regions[m->region];
	struct svmd_slot *from = &history->slots[m->from];
	struct svmd_slot *to = &history->slots[m->to];
	double copy_ns =
		svmd_move_byte_ns(r, m->from, m->to) * (double)m->length;

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
			svmd_round_refuse(r, region, SVMD_WHY_DRY_RUN);
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
enum svmd_why svmd_move_entry(const struct svmd_round *r, uint8_t to)
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

static enum svmd_why no_room(const struct svmd_round *r, uint8_t to)
{
	return r->history->slots[to].evicting ? SVMD_WHY_WATERMARK
					      : SVMD_WHY_NO_ROOM;
}

/* Cuts @m to the room at its destination and to what is allowed. */
enum svmd_why svmd_move_fit(struct svmd_round *r, const struct svmd_view *view,
			    struct svmd_move *m)
{
	int64_t room = r->history->budgets[view->mode][m->to].room;

	m->length =
		svmd_move_cut(r, m, m->length, room > 0 ? (uint64_t)room : 0);
	if (!m->length)
		return no_room(r, m->to);
	return svmd_move_allow(r, view, m);
}
