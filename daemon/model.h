/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model of memory for replay: places with room, regions that are in them,
 * first touch, moves, and CPU faults that bring pages home from a device.
 *
 * What it leaves out: the contents of caches, bandwidth that is shared, and that
 * a move slows the program down while it lasts. Accesses of a round see the
 * placement at its beginning.
 *
 * Locking: none. Allocates; freed as a whole.
 */
#ifndef SVMD_MODEL_H
#define SVMD_MODEL_H

#include "history.h"
#include "trace.h"

/**
 * struct svmd_model - memory at a moment
 * @trace: what happens.
 * @config: for costs.
 * @ignore_places: first touch also for what the trace has a place for.
 * @snapshot: what telemetry sees of it; sessions and their regions are the
 *	model's.
 * @costs: a history that serves for its costs of access only.
 * @order: regions of the trace by session and address.
 * @own_moves: moves by decisions, for each region of the trace.
 * @round: index of the present one.
 * @now_us: end of it.
 *
 * Sums since the beginning:
 * @accesses: by CPUs and devices.
 * @hits: of these, to the fastest place for whoever accessed.
 * @ns: time that they took.
 * @faults: pages that CPU accesses brought home.
 */
struct svmd_model {
	const struct svmd_trace *trace;
	const struct svmd_config *config;
	bool ignore_places;
	struct svmd_snapshot snapshot;
	struct svmd_node nodes[SVMD_TRACE_NODES];
	struct svmd_svm devices[SVMD_TRACE_DEVICES];
	struct svmd_session sessions[SVMD_TRACE_SESSIONS];
	size_t max_regions[SVMD_TRACE_SESSIONS];
	struct svmd_history *costs;
	const struct svmd_trace_region **order;
	uint16_t *own_moves;
	uint32_t round;
	uint64_t now_us;
	size_t next_born;

	double accesses;
	double hits;
	double ns;
	double faults;
};

/**
 * svmd_model_init() - memory before the first round
 *
 * Returns 0 or -ENOMEM; to be freed by svmd_model_free() in any case.
 */
int svmd_model_init(struct svmd_model *model, const struct svmd_trace *trace,
		    const struct svmd_config *config, bool ignore_places);

void svmd_model_free(struct svmd_model *model);

/**
 * svmd_model_step() - let the next round's accesses happen
 *
 * Then the snapshot is as telemetry has it at its end. @policy says how heat is
 * smoothed. Returns false after the last round.
 */
bool svmd_model_step(struct svmd_model *model,
		     const struct svmd_policy *policy);

/**
 * svmd_model_move() - do what was decided
 * @report: receives what the mover would measure.
 */
void svmd_model_move(struct svmd_model *model, const struct svmd_decision *d,
		     const struct svmd_policy *policy,
		     struct svmd_report *report);

/**
 * svmd_model_fast() - whether @slot is as fast as can be for a session's CPUs
 */
bool svmd_model_fast(const struct svmd_model *model,
		     const struct svmd_session *session, uint8_t slot);

/**
 * svmd_model_home() - slot where who @affinity names has its memory
 */
uint8_t svmd_model_home(const struct svmd_model *model, svmd_place affinity);

/**
 * svmd_model_row() - row of costs of a session's CPUs
 */
uint32_t svmd_model_row(const struct svmd_model *model,
			const struct svmd_session *session);

#endif /* SVMD_MODEL_H */
