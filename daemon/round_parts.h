/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The insides of a round of decisions, for the files that decide.c is made of:
 * look.c, allow.c, make_room.c, candidate.c and request.c.
 *
 * No lock, no allocation; everything is in the history and on the stack of
 * svmd_decide().
 */
#ifndef SVMD_ROUND_PARTS_H
#define SVMD_ROUND_PARTS_H

#include "budget.h"
#include "view.h"

/* In &svmd_region.why during a round: on the shortlist, nothing decided yet. */
#define SVMD_WHY_LISTED SVMD_WHY_NR

/**
 * struct svmd_round - a round at work
 * @history: the history.
 * @snapshot: the snapshot.
 * @config: the configuration.
 * @result: what comes of it.
 * @view: of session @viewed.
 * @viewed: index, or UINT32_MAX.
 */
struct svmd_round {
	struct svmd_history *history;
	const struct svmd_snapshot *snapshot;
	const struct svmd_config *config;
	struct svmd_result *result;
	struct svmd_view view;
	uint32_t viewed;
};

/**
 * struct svmd_move - a decision in the making
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
struct svmd_move {
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

/**
 * struct svmd_leave - what shall leave a place, and why
 * @slot: the place.
 * @mode: 0 live, 1 dry-run.
 * @bytes: how much.
 * @reason: enum svmd_reason.
 * @to: where to, or SVMD_SLOT_NONE.
 * @worth: most nanoseconds that a byte may cost, copy and loss.
 * @cookie: of a request.
 * @put_off: out: stopped by a quota, a rate or the bound.
 */
struct svmd_leave {
	uint8_t slot;
	unsigned int mode;
	uint64_t bytes;
	enum svmd_reason reason;
	uint8_t to;
	double worth;
	uint64_t cookie;
	bool put_off;
};

static inline const struct svmd_view *svmd_round_view(struct svmd_round *r,
						      uint32_t session)
{
	if (r->viewed != session) {
		svmd_view_init(&r->view, r->history, r->snapshot, r->config,
			       session);
		r->viewed = session;
	}
	return &r->view;
}

static inline void svmd_round_refuse(struct svmd_round *r,
				     struct svmd_region *region,
				     enum svmd_why why)
{
	region->why = (uint8_t)why;
	if (why <= SVMD_WHY_OFF)
		return;
	r->result->refused[why]++;
	r->result->refused_bytes[why] += region->length;
}

static inline uint8_t svmd_present_slot(const struct svmd_history *history,
					svmd_place place)
{
	uint8_t s = svmd_history_slot(history, place);

	if (s == SVMD_SLOT_NONE || !history->slots[s].present)
		return SVMD_SLOT_NONE;
	return s;
}

/* First look at all regions of session @index. */
void svmd_round_look(struct svmd_round *r, uint32_t index);
/* What did not get on the shortlist; @data is the round. */
void svmd_round_drop(void *data, const struct svmd_entry *entry);
/* Second look: who leaves, where something has to. */
void svmd_round_victims(struct svmd_round *r);
/* As much of @length as @most allows, cut where it does not hurt. */
uint64_t svmd_move_cut(const struct svmd_round *r, const struct svmd_move *m,
		       uint64_t length, uint64_t most);
/* What copying a byte is expected to take. */
double svmd_move_byte_ns(const struct svmd_round *r, uint8_t from, uint8_t to);
/* Quotas, the session's limits and the bound: how much of @m is allowed. */
enum svmd_why svmd_move_allow(struct svmd_round *r,
			      const struct svmd_view *view,
			      struct svmd_move *m);
/* Cuts @m to the room at its destination and to what is allowed. */
enum svmd_why svmd_move_fit(struct svmd_round *r, const struct svmd_view *view,
			    struct svmd_move *m);
/* Whether and why nothing may move into @to at the moment, whatever its room. */
enum svmd_why svmd_move_entry(const struct svmd_round *r, uint8_t to);
/* Writes the decision down, and takes what it needs from all budgets. */
void svmd_move_decide(struct svmd_round *r, const struct svmd_view *view,
		      const struct svmd_move *m);
/* Refused for now only: the next round may do it. */
bool svmd_move_put_off(enum svmd_why why);
/* Has the coldest leave; returns bytes that will have left. */
uint64_t svmd_round_make_room(struct svmd_round *r, struct svmd_leave *leave);
/* What has to leave because of the watermarks. */
void svmd_round_relieve(struct svmd_round *r);
/* Moves a candidate, or says why not. */
void svmd_round_place(struct svmd_round *r, const struct svmd_entry *e);
/* Before the first look, which must know of whom more may be asked. */
void svmd_round_note_evictions(struct svmd_round *r);
/* Ranges that shall move. */
void svmd_round_requests(struct svmd_round *r);
/* Places that shall be emptied. */
void svmd_round_evictions(struct svmd_round *r);

#endif /* SVMD_ROUND_PARTS_H */
