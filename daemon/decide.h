/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The deciding half of svmd: a snapshot of telemetry, a configuration and what
 * is remembered in, a list of decisions with reasons out.
 *
 * No bus, no kernel, no clock, no I/O, no allocation: what time it is, the
 * snapshot says. The same input gives the same output, so decisions can be
 * replayed (replay.h) and tested.
 *
 * A round:
 *
 *	svmd_regions_carry(...)		for each session with new samples
 *	svmd_decide(history, &snapshot, &config, &result)
 *	the mover works through result.decisions, in their order
 *	svmd_history_moved(history, &report)	for each, when it is done
 *	svmd_region_moved(region, ...)
 *
 * How a move is found. Every place has a cost of access for every user: latency
 * plus the time that a cache line takes at its bandwidth, from HMAT, or from
 * distances where there is none. A region's use (accesses per second, by the
 * CPU and by its device) times the difference of these costs, over the
 * policy's horizon, is the expected benefit. What the copy costs is learnt from
 * what the mover reports. Policies propose, then come the gates, in this order:
 *
 *	stale, moving | no-gain, unconfirmed | hold | pinned, odp, stuck |
 *	residence, ping-pong | watermark, psi, no-room | quota-bytes,
 *	quota-time, session-limit, session-rate, bounded | dry-run
 *
 * Each refusal is counted by name, and noted in the region (@why).
 *
 * Locking: none. A history belongs to one thread, which may differ from the
 * mover's if reports are passed on to it.
 *
 * Limits: SVMD_PLACES_MAX nodes and devices together; what is beyond is
 * ignored. Time grows with the number of regions (two passes), memory does not:
 * it is the history, of fixed size.
 */
#ifndef SVMD_DECIDE_H
#define SVMD_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "place.h"
#include "region.h"

/* Nodes and devices together. */
#define SVMD_PLACES_MAX 128

/* The snapshot */

/**
 * struct svmd_node - a NUMA node
 * @id: its number.
 * @has_cpu: whether it has CPUs.
 * @held: an operator wants nothing to move in or out.
 * @total_bytes: its memory; a node without memory is one that uses only.
 * @free_bytes: of that, free.
 * @distance: to each node of the snapshot, in its order, as in SLIT (10 is
 *	here); NULL for 10 to itself and 20 to others.
 * @read_latency_ns: rated, from the nearest CPUs (HMAT); 0 unknown. And so on.
 * @read_bandwidth_mbs: MB/s.
 * @psi_some: percent of the last 10 s in which some task waited for memory;
 *	of the host if there is none for the node.
 * @psi_full: all tasks.
 * @sampled_us: when this was read.
 */
struct svmd_node {
	uint32_t id;
	bool has_cpu;
	bool held;
	uint64_t total_bytes;
	uint64_t free_bytes;
	const uint8_t *distance;
	uint32_t read_latency_ns;
	uint32_t write_latency_ns;
	uint32_t read_bandwidth_mbs;
	uint32_t write_bandwidth_mbs;
	float psi_some;
	float psi_full;
	uint64_t sampled_us;
};

/**
 * struct svmd_svm - an svm device
 * @id: N of svmN.
 * @node: NUMA node next to it, or -1.
 * @held: an operator wants nothing to move in or out.
 * @coherent: CPUs can use its memory in place.
 * @total_bytes: its memory.
 * @free_bytes: of that, free.
 * @latency_ns: of its own accesses to its memory; 0 unknown.
 * @bandwidth_mbs: the same.
 * @link_latency_ns: of its accesses to the memory of its node; 0 unknown.
 * @link_bandwidth_mbs: the same; below its best for a degraded link.
 * @faults: CPU faults on its pages so far.
 * @evictions: bytes evicted so far.
 * @sampled_us: when this was read.
 */
struct svmd_svm {
	uint32_t id;
	int32_t node;
	bool held;
	bool coherent;
	uint64_t total_bytes;
	uint64_t free_bytes;
	uint32_t latency_ns;
	uint32_t bandwidth_mbs;
	uint32_t link_latency_ns;
	uint32_t link_bandwidth_mbs;
	uint64_t faults;
	uint64_t evictions;
	uint64_t sampled_us;
};

/**
 * struct svmd_card - a DRM device
 * @id: N of cardN.
 * @node: NUMA node next to it, or -1.
 * @svm: N of the svm device that gives out its memory, or -1.
 * @vram_total_bytes: its memory, 0 unknown.
 * @vram_used_bytes: of that, in use.
 * @busy: percent.
 * @sampled_us: when this was read.
 */
struct svmd_card {
	uint32_t id;
	int32_t node;
	int32_t svm;
	uint64_t vram_total_bytes;
	uint64_t vram_used_bytes;
	float busy;
	uint64_t sampled_us;
};

/**
 * struct svmd_rdma - an RDMA port
 * @id: number by which svmd_port() names it, stable while it exists.
 * @node: NUMA node next to it, or -1.
 * @active: whether the link is up.
 * @rate_mbs: of the link, MB/s.
 * @congestion: percent of the time that it waited to send.
 * @sampled_us: when this was read.
 */
struct svmd_rdma {
	uint32_t id;
	int32_t node;
	bool active;
	uint32_t rate_mbs;
	float congestion;
	uint64_t sampled_us;
};

/**
 * struct svmd_session - a process that has joined
 * @id: its number; never used again.
 * @uid: its user.
 * @pid: its process.
 * @cgroup: path of its cgroup or NULL; read during svmd_decide() only.
 * @node: NUMA node whose CPUs it (mostly) runs on, or -1 for any.
 * @held: somebody wants none of its memory moved.
 * @device_limit_bytes: besides the policy's, for this session; 0 none.
 * @rate_bytes: the same.
 * @sampled_us: when its regions were sampled.
 * @policy: as svmd_config_policy() gives it, kept until config->generation
 *	changes; or NULL to have it looked up.
 * @regions: ordered by address, not overlapping. svmd_decide() writes @why.
 * @nr_regions: how many.
 * @device_bytes: svmd_decide()'s own, no need to fill it.
 * @rate_quota: the same.
 * @rate_left: the same.
 */
struct svmd_session {
	uint64_t id;
	uint32_t uid;
	int32_t pid;
	const char *cgroup;
	int32_t node;
	bool held;
	uint64_t device_limit_bytes;
	uint64_t rate_bytes;
	uint64_t sampled_us;
	const struct svmd_policy *policy;
	struct svmd_region *regions;
	uint32_t nr_regions;
	uint64_t device_bytes;
	uint64_t rate_quota;
	uint64_t rate_left;
};

/**
 * struct svmd_request - somebody asks for a move or an eviction
 * @cookie: the caller's; comes back in the decisions.
 * @session: id; 0 with @start and @length 0 to evict @bytes from @from,
 *	whomever they belong to.
 * @start: of the range.
 * @length: bytes of the range.
 * @from: only what is there, or SVMD_PLACE_NONE for wherever it is.
 * @to: node or device; SVMD_PLACE_NONE for home (where it would be put in an
 *	eviction).
 * @bytes: for an eviction; 0 for all.
 *
 * Goes through the gates, but for staleness, benefit, residence and ping-pong.
 * What did not fit in the quota must be asked for again in the next round:
 * leave the request in the snapshot until it gives no decision and no refusal
 * by quota (&svmd_result.request_left).
 */
struct svmd_request {
	uint64_t cookie;
	uint64_t session;
	uint64_t start;
	uint64_t length;
	svmd_place from;
	svmd_place to;
	uint64_t bytes;
};

/**
 * struct svmd_snapshot - what is known at a moment
 * @now_us: the moment; any clock that does not go back.
 *
 * Arrays with their numbers of entries; ids are unique in each.
 * At most SVMD_REQUESTS_MAX requests are looked at in a round.
 */
struct svmd_snapshot {
	uint64_t now_us;
	const struct svmd_node *nodes;
	const struct svmd_svm *devices;
	const struct svmd_card *cards;
	const struct svmd_rdma *ports;
	struct svmd_session *sessions;
	const struct svmd_request *requests;
	uint32_t nr_nodes;
	uint32_t nr_devices;
	uint32_t nr_cards;
	uint32_t nr_ports;
	uint32_t nr_sessions;
	uint32_t nr_requests;
};

#define SVMD_REQUESTS_MAX 64

/* The result */

/**
 * enum svmd_why - what became of a region in a round
 * @SVMD_WHY_SETTLED: no policy wants it elsewhere.
 * @SVMD_WHY_DECIDED: a decision moves it, or a part of it.
 *
 * The others are refusals, each a gate, in the order of the gates:
 *
 * @SVMD_WHY_OFF: the policy is off or manual. (Not counted.)
 * @SVMD_WHY_STALE: telemetry of the session or of the place is too old.
 * @SVMD_WHY_MOVING: a decision of an earlier round is still being worked on.
 * @SVMD_WHY_NO_GAIN: the benefit does not exceed the cost by the margin.
 * @SVMD_WHY_UNCONFIRMED: not in use for long enough yet.
 * @SVMD_WHY_HELD: hold on the region, the session, or a place.
 * @SVMD_WHY_PINNED: pinned.
 * @SVMD_WHY_ODP: registered for on-demand paging.
 * @SVMD_WHY_STUCK: the last try failed not long ago.
 * @SVMD_WHY_RESIDENCE: moved not long ago.
 * @SVMD_WHY_PINGPONG: went to and fro too often.
 * @SVMD_WHY_WATERMARK: the destination is short of free memory.
 * @SVMD_WHY_PSI: tasks wait for memory at the destination.
 * @SVMD_WHY_NO_ROOM: no room, and nothing colder to make some.
 * @SVMD_WHY_QUOTA_BYTES: bytes quota of one of the places.
 * @SVMD_WHY_QUOTA_TIME: time quota of one of the places.
 * @SVMD_WHY_SESSION_LIMIT: the session has as much device memory as it may.
 * @SVMD_WHY_SESSION_RATE: the session has had as much moved as it may.
 * @SVMD_WHY_BOUNDED: more decisions than a round may have.
 * @SVMD_WHY_DRY_RUN: decided, but dry-run. In the list, marked.
 */
enum svmd_why {
	SVMD_WHY_SETTLED = 0,
	SVMD_WHY_DECIDED,
	SVMD_WHY_OFF,
	SVMD_WHY_STALE,
	SVMD_WHY_MOVING,
	SVMD_WHY_NO_GAIN,
	SVMD_WHY_UNCONFIRMED,
	SVMD_WHY_HELD,
	SVMD_WHY_PINNED,
	SVMD_WHY_ODP,
	SVMD_WHY_STUCK,
	SVMD_WHY_RESIDENCE,
	SVMD_WHY_PINGPONG,
	SVMD_WHY_WATERMARK,
	SVMD_WHY_PSI,
	SVMD_WHY_NO_ROOM,
	SVMD_WHY_QUOTA_BYTES,
	SVMD_WHY_QUOTA_TIME,
	SVMD_WHY_SESSION_LIMIT,
	SVMD_WHY_SESSION_RATE,
	SVMD_WHY_BOUNDED,
	SVMD_WHY_DRY_RUN,
	SVMD_WHY_NR,
};

/**
 * svmd_why_name() - such as "settled", "quota-bytes"; "unknown", never NULL
 */
const char *svmd_why_name(unsigned int why);

/**
 * svmd_why_text() - a sentence for people that says what it means
 */
const char *svmd_why_text(unsigned int why);

/**
 * enum svmd_reason - what a decision is for
 */
enum svmd_reason {
	SVMD_REASON_NONE = 0,
	SVMD_REASON_HOT,      /* much used, to a faster place */
	SVMD_REASON_COLD,     /* little used, makes room for what is hot */
	SVMD_REASON_PRESSURE, /* little used, keeps free memory free */
	SVMD_REASON_THRASH,   /* CPUs keep taking it back from a device */
	SVMD_REASON_NEAR,     /* to the NIC or GPU that uses it */
	SVMD_REASON_SPREAD,   /* interleave: use the bandwidth of more nodes */
	SVMD_REASON_REQUEST,  /* somebody asked for it */
	SVMD_REASON_NR,
};

const char *svmd_reason_name(unsigned int reason);

/**
 * struct svmd_decision - move a range
 * @session: id.
 * @start: of the range, a multiple of SVMD_PAGE.
 * @length: bytes; a part of the region where a quota or batch ends.
 * @from: where it is.
 * @to: node or device.
 * @reason: enum svmd_reason.
 * @dry_run: do not do it.
 * @policy: the policy that wants it: one bit of enum svmd_policy_set; 0 for a
 *	request.
 * @region: its index in the session's regions of the snapshot.
 * @score: @benefit_ns - @cost_ns.
 * @benefit_ns: time that accesses will take less, over the horizon; for
 *	evictions 0.
 * @cost_ns: time that the copy is expected to take (plus, for COLD and
 *	PRESSURE, what accesses will take more).
 * @copy_ns: of @cost_ns, the copy.
 * @cookie: of the request, else 0.
 */
struct svmd_decision {
	uint64_t session;
	uint64_t start;
	uint64_t length;
	svmd_place from;
	svmd_place to;
	uint8_t reason;
	bool dry_run;
	uint32_t policy;
	uint32_t region;
	double score;
	double benefit_ns;
	double cost_ns;
	double copy_ns;
	uint64_t cookie;
};

/**
 * struct svmd_result - what came of a round
 * @decisions: in the order in which they are to be done (what makes room comes
 *	before what needs it). Memory of the history, until the next round.
 * @nr: how many.
 * @bytes: bytes of those that are not dry-run.
 * @refused: regions by enum svmd_why, of this round.
 * @refused_bytes: the same in bytes.
 * @request_left: bit for each request (by index) that has work left that only
 *	the quota, the session's rate or the bound on decisions put off.
 */
struct svmd_result {
	const struct svmd_decision *decisions;
	uint32_t nr;
	uint64_t bytes;
	uint32_t refused[SVMD_WHY_NR];
	uint64_t refused_bytes[SVMD_WHY_NR];
	uint64_t request_left;
};

/* History */

struct svmd_history;

/**
 * svmd_history_size() - bytes of memory that a history needs
 * @max_decisions: most decisions of a round (&svmd_settings.max_decisions; a
 *	later greater value of the setting is held to this).
 */
size_t svmd_history_size(uint32_t max_decisions);

/**
 * svmd_history_init() - make a history
 * @memory: aligned for any type, of svmd_history_size(@max_decisions) bytes;
 *	the caller's, who frees it when the history is no longer used.
 * @max_decisions: as above.
 */
struct svmd_history *svmd_history_init(void *memory, uint32_t max_decisions);

/**
 * svmd_decide() - one round
 * @history: carried from round to round.
 * @snapshot: what is known.
 * @config: the configuration.
 * @result: what came of it.
 */
void svmd_decide(struct svmd_history *history,
		 const struct svmd_snapshot *snapshot,
		 const struct svmd_config *config, struct svmd_result *result);

/**
 * struct svmd_report - what the mover measured
 * @from: of the decision.
 * @to: of the decision.
 * @bytes: that the decision asked for.
 * @bytes_moved: that moved (&svm_result.bytes_moved).
 * @duration_us: how long the move took.
 */
struct svmd_report {
	svmd_place from;
	svmd_place to;
	uint64_t bytes;
	uint64_t bytes_moved;
	uint64_t duration_us;
};

/**
 * svmd_history_moved() - learn from a move
 *
 * Copy cost and bandwidth are moving averages for each pair of places, the more
 * so the more bytes a move had. Time beyond what was expected is taken from
 * the time quota of the next rounds.
 */
void svmd_history_moved(struct svmd_history *history,
			const struct svmd_report *report);

/**
 * struct svmd_pair - what is known of copies from one place to another
 * @bandwidth_bytes: bytes per second; 0 if none was seen.
 * @moves: reports.
 * @bytes: bytes moved.
 */
struct svmd_pair {
	double bandwidth_bytes;
	uint64_t moves;
	uint64_t bytes;
};

/**
 * svmd_history_pair() - ask for a pair
 *
 * Returns 0, or -ENOENT if one of the places is not known.
 */
int svmd_history_pair(const struct svmd_history *history, svmd_place from,
		      svmd_place to, struct svmd_pair *pair);

/**
 * struct svmd_place_state - a place as of the last round
 * @evicting: below the start watermark, and not above the stop one since.
 * @stale: its telemetry is too old.
 * @tier: 0 for the fastest for the CPUs, and so on; -1 for what CPUs can't use.
 * @cost_ns: of an access from the nearest CPUs (a device: from itself).
 * @bytes_in: decided to move in, so far.
 * @bytes_out: the same, out.
 */
struct svmd_place_state {
	bool evicting;
	bool stale;
	int tier;
	double cost_ns;
	uint64_t bytes_in;
	uint64_t bytes_out;
};

/**
 * svmd_history_place() - ask for a place
 *
 * Returns 0, or -ENOENT if it was not in the last snapshot.
 */
int svmd_history_place(const struct svmd_history *history, svmd_place place,
		       struct svmd_place_state *state);

/**
 * struct svmd_counters - since the history began; they only grow
 * @rounds: calls of svmd_decide().
 * @decisions: by enum svmd_reason, without dry-run.
 * @bytes: by enum svmd_reason.
 * @refused: by enum svmd_why: once for each round that a region was refused in.
 * @moved_bytes: as reported.
 * @moved_us: as reported.
 */
struct svmd_counters {
	uint64_t rounds;
	uint64_t decisions[SVMD_REASON_NR];
	uint64_t bytes[SVMD_REASON_NR];
	uint64_t refused[SVMD_WHY_NR];
	uint64_t moved_bytes;
	uint64_t moved_us;
};

void svmd_history_counters(const struct svmd_history *history,
			   struct svmd_counters *counters);

/* Explaining */

/**
 * struct svmd_explanation - why a region is where it is
 * @why: enum svmd_why: of the last round if it got as far as the watermarks,
 *	else as it is now.
 * @reason: enum svmd_reason of the best proposal, SVMD_REASON_NONE without one.
 * @policy: one bit of enum svmd_policy_set, which proposes it.
 * @policies: in force for the session.
 * @to: where the proposal would move it, or SVMD_PLACE_NONE.
 * @benefit_ns: as in a decision, for the whole region.
 * @cost_ns: the same.
 * @score: the same.
 * @threshold_ns: what the benefit had to exceed: cost and margin.
 * @cost_here_ns: of an access by its users where it is, on average.
 * @cost_there_ns: the same at @to.
 * @wait_us: how long residence or ping-pong keep it yet.
 */
struct svmd_explanation {
	uint8_t why;
	uint8_t reason;
	uint32_t policy;
	uint32_t policies;
	svmd_place to;
	double benefit_ns;
	double cost_ns;
	double score;
	double threshold_ns;
	double cost_here_ns;
	double cost_there_ns;
	uint64_t wait_us;
};

/**
 * svmd_explain() - explain one region by the same reckoning as svmd_decide()
 * @history: as of the last round.
 * @snapshot: what is known.
 * @config: the configuration.
 * @session: index in @snapshot.
 * @region: index in the session's regions.
 * @out: the answer.
 *
 * Changes nothing. Returns 0, or -ENOENT if there is no such region.
 */
int svmd_explain(const struct svmd_history *history,
		 const struct svmd_snapshot *snapshot,
		 const struct svmd_config *config, uint32_t session,
		 uint32_t region, struct svmd_explanation *out);

#endif /* SVMD_DECIDE_H */
