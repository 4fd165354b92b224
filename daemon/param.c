// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of parameters: the one place that says what can be configured.
 *
 * The parser, the properties on the bus, the commented file of defaults and the
 * man page all read it. To add a parameter, add a member to a struct in
 * config.h and a line here, then run `svmd-conf-doc` (see conf_doc.c) over the
 * two files; a test tells if that was forgotten.
 *
 * Read-only, so needs no lock. At most 64 parameters, for each is a bit.
 */
#include <string.h>

#include "config.h"

#define KIB 1024.0
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)
#define PIB (GIB * 1024 * 1024)
#define MS 1000.0
#define SEC (1000 * MS)
#define HOUR (3600 * SEC)

static const char *const balancing[] = { "leave", "warn", "disable", NULL };
static const char *const levels[] = { "emerg", "alert",	  "crit",
				      "err",   "warning", "notice",
				      "info",  "debug",	  NULL };

#define DAEMON(key, bus, kind, member, least, most, value)              \
	.name = key, .bus_name = bus, .class = SVMD_CLASS_DAEMON,       \
	.type = kind, .offset = offsetof(struct svmd_settings, member), \
	.min = least, .max = most, .initial = value

#define POLICY(key, bus, kind, member, least, most, value)            \
	.name = key, .bus_name = bus, .class = SVMD_CLASS_POLICY,     \
	.type = kind, .offset = offsetof(struct svmd_policy, member), \
	.min = least, .max = most, .initial = value

#define PLACE(key, bus, kind, member, least, most, value)                      \
	.name = key, .bus_name = bus, .class = SVMD_CLASS_PLACE, .type = kind, \
	.offset = offsetof(struct svmd_limits, member), .min = least,          \
	.max = most, .initial = value

/* clang-format off */
const struct svmd_param svmd_params[] = {
	{
		DAEMON("Interval", "IntervalUSec", SVMD_TIME, round_us,
		       10 * MS, HOUR, "1s"),
		.doc = "Time between two rounds of decisions; up to four times "
		       "that while no process of a session runs.",
	},
	{
		DAEMON("CopyBandwidth", "CopyBandwidthBytesPerSecond",
		       SVMD_RATE, copy_bandwidth_bytes, MIB, PIB, "1G"),
		.doc = "Bandwidth expected of a copy between two places until "
		       "one was measured.",
	},
	{
		DAEMON("FaultCost", "FaultCostUSec", SVMD_TIME, fault_cost_us,
		       0, SEC, "50us"),
		.doc = "What an access of a CPU to a page in the memory of a "
		       "device costs, as it brings the page home.",
	},
	{
		DAEMON("MaxDecisions", "MaxDecisions", SVMD_UINT, max_decisions,
		       1, 65536, "1024"),
		.doc = "Most decisions in a round. A greater value than at "
		       "start takes effect at the next start.",
	},
	{
		DAEMON("BatchSize", "BatchSizeBytes", SVMD_SIZE, batch_bytes,
		       64 * KIB, 64 * GIB, "32M"),
		.doc = "Most bytes that one decision moves. Larger ranges take "
		       "several.",
	},
	{
		DAEMON("MaxSessions", "MaxSessions", SVMD_UINT, max_sessions,
		       1, 1000000, "16384"),
		.doc = "Most sessions at the same time.",
	},
	{
		DAEMON("MaxSessionsPerUser", "MaxSessionsPerUser", SVMD_UINT,
		       max_sessions_per_user, 1, 1000000, "1024"),
		.doc = "Most sessions of one user, other than root.",
	},
	{
		DAEMON("MaxRegions", "MaxRegions", SVMD_UINT, max_regions,
		       16, 100000000, "65536"),
		.doc = "Most regions that are told apart in the memory of one "
		       "session. Each needs 56 bytes.",
	},
	{
		DAEMON("CPUBudget", "CPUBudgetPercent", SVMD_PERCENT,
		       cpu_budget, 0.1, 100, "10%"),
		.doc = "Most time of one CPU that is spent on moving.",
	},
	{
		DAEMON("NUMAPeriod", "NUMAPeriodUSec", SVMD_TIME,
		       numa_period_us, 10 * MS, HOUR, "1s"),
		.doc = "Period of the telemetry of NUMA nodes. While no session does anything, it and those of the other sources grow up to 8s.",
	},
	{
		DAEMON("DevicePeriod", "DevicePeriodUSec", SVMD_TIME,
		       device_period_us, 10 * MS, HOUR, "1s"),
		.doc = "Period of the telemetry of svm devices.",
	},
	{
		DAEMON("DRMPeriod", "DRMPeriodUSec", SVMD_TIME,
		       drm_period_us, 10 * MS, HOUR, "2s"),
		.doc = "Period of the telemetry of DRM devices.",
	},
	{
		DAEMON("RDMAPeriod", "RDMAPeriodUSec", SVMD_TIME,
		       rdma_period_us, 10 * MS, HOUR, "2s"),
		.doc = "Period of the telemetry of RDMA ports.",
	},
	{
		DAEMON("HeatPeriod", "HeatPeriodUSec", SVMD_TIME,
		       heat_period_us, 10 * MS, HOUR, "1s"),
		.doc = "Period of the telemetry of the use of memory.",
	},
	{
		DAEMON("NUMABalancing", "NUMABalancing", SVMD_CHOICE,
		       numa_balancing, 0, 2, "warn"),
		.choices = balancing,
		.doc = "What to do if the kernel's own NUMA balancing is on: "
		       "leave it, warn, or disable it until svmd stops.",
	},
	{
		DAEMON("PauseDAMONStat", "PauseDAMONStat", SVMD_BOOL,
		       pause_damon_stat, 0, 1, "yes"),
		.doc = "Turn off the kernel's DAMON_STAT as long as sessions "
		       "are watched. It lets nobody else use DAMON, so without "
		       "this svmd does not learn what CPUs use where it is on.",
	},
	{
		DAEMON("LogLevel", "LogLevel", SVMD_CHOICE, log_level, 0, 7,
		       "info"),
		.choices = levels,
		.doc = "What is logged, and all that is worse.",
	},
	{
		DAEMON("Metrics", "Metrics", SVMD_TEXT, metrics, 0, 0, ""),
		.doc = "Where metrics for Prometheus are served: path of a "
		       "unix socket, or a port on the loopback interface. "
		       "Empty for nowhere.",
	},
	{
		POLICY("Policies", "Policies", SVMD_POLICIES, policies, 0, 0,
		       "hot-cold pressure thrash locality"),
		.doc = "Which policies act. hot-cold: what CPUs use much goes "
		       "to fast nodes; pressure: evict what is cold before a "
		       "place is full; thrash: bring home what CPUs keep "
		       "taking back from a device; locality: to the node or memory of the NIC or GPU "
		       "that uses it; interleave: spread over nodes by their "
		       "bandwidth; or alone: manual: only what is asked for; "
		       "off. Any may be joined by dry-run: decide, but do not "
		       "move.",
	},
	{
		POLICY("Horizon", "HorizonUSec", SVMD_TIME, horizon_us,
		       100 * MS, 24 * HOUR, "1min"),
		.doc = "How long the present use of memory is expected to go "
		       "on. The benefit of a move is reckoned over this time.",
	},
	{
		POLICY("Residence", "ResidenceUSec", SVMD_TIME, residence_us,
		       0, 24 * HOUR, "10s"),
		.doc = "How long memory stays at least where it was moved to. "
		       "Doubles each time that it goes back to where it came "
		       "from.",
	},
	{
		POLICY("PingPongWindow", "PingPongWindowUSec", SVMD_TIME,
		       pingpong_window_us, 0, 24 * HOUR, "1min"),
		.doc = "Memory that goes back within this time plays "
		       "ping-pong. Doubles each time, as Residence does.",
	},
	{
		POLICY("PingPongLimit", "PingPongLimit", SVMD_UINT,
		       pingpong_limit, 0, 255, "2"),
		.doc = "How often it may go back before it must stay. 0 for "
		       "any number.",
	},
	{
		POLICY("PingPongPin", "PingPongPinUSec", SVMD_TIME,
		       pingpong_pin_us, 0, 7 * 24 * HOUR, "10min"),
		.doc = "How long it must stay then.",
	},
	{
		POLICY("ConfirmRounds", "ConfirmRounds", SVMD_UINT,
		       confirm_rounds, 1, 8, "3"),
		.doc = "In how many of the last 8 rounds memory must have been "
		       "in use before it is moved to a faster place. Keeps what "
		       "is read through once from moving.",
	},
	{
		POLICY("Margin", "MarginPercent", SVMD_PERCENT, margin,
		       0, 10000, "20%"),
		.doc = "By how much the benefit of a move must exceed its "
		       "cost.",
	},
	{
		POLICY("HeatFloor", "HeatFloor", SVMD_NUMBER, heat_floor,
		       0, 1e9, "0.01"),
		.doc = "Accesses per second and page of 4 KiB below which "
		       "memory counts as not in use.",
	},
	{
		POLICY("MoveODP", "MoveODP", SVMD_BOOL, move_odp, 0, 1, "no"),
		.doc = "Move also memory that is registered for RDMA with "
		       "paging on demand. The NIC faults on it afterwards.",
	},
	{
		POLICY("DeviceLimit", "DeviceLimitBytes", SVMD_SIZE,
		       device_limit_bytes, 0, PIB, "0"),
		.doc = "Most memory of devices that svmd moves a session to. "
		       "0 for any.",
	},
	{
		POLICY("Rate", "RateBytesPerSecond", SVMD_RATE, rate_bytes,
		       0, PIB, "0"),
		.doc = "Most bytes per second moved for a session. 0 for any.",
	},
	{
		POLICY("StaleAfter", "StaleAfterUSec", SVMD_TIME,
		       stale_after_us, 10 * MS, 24 * HOUR, "10s"),
		.doc = "Telemetry older than this decides nothing.",
	},
	{
		PLACE("EvictStart", "EvictStartPercent", SVMD_PERCENT,
		      evict_start, 0, 100, "3%"),
		.doc = "Free memory of a node or device, of its total, below "
		       "which memory is evicted (policy pressure) and nothing "
		       "moves in.",
	},
	{
		PLACE("EvictStop", "EvictStopPercent", SVMD_PERCENT,
		      evict_stop, 0, 100, "6%"),
		.doc = "Free memory at which eviction stops again. svmd itself "
		       "fills a place only so far.",
	},
	{
		PLACE("PSILimit", "PSILimitPercent", SVMD_PERCENT, psi_limit,
		      0, 100, "20%"),
		.doc = "Nothing moves into a node while some task waits for "
		       "memory for a larger share of the time than this "
		       "(pressure stall information, 10 s).",
	},
	{
		PLACE("QuotaBytes", "QuotaBytesPerSecond", SVMD_RATE,
		      quota_bytes, 0, PIB, "200M"),
		.doc = "Most bytes per second that move into a node or device, "
		       "and most that move out of it. 0 for none.",
	},
	{
		PLACE("QuotaTime", "QuotaTimeUSec", SVMD_TIME, quota_us,
		      0, SEC, "200ms"),
		.doc = "Most time in a second that is spent copying into a "
		       "node or device, and most out of it.",
	},
};
/* clang-format on */

const unsigned int svmd_nr_params = sizeof(svmd_params) / sizeof(*svmd_params);

_Static_assert(sizeof(svmd_params) / sizeof(*svmd_params) <= 64,
	       "each parameter needs a bit");

const struct svmd_param *svmd_param_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < svmd_nr_params; i++)
		if (!strcmp(svmd_params[i].name, name) ||
		    !strcmp(svmd_params[i].bus_name, name))
			return &svmd_params[i];
	return NULL;
}

const char *svmd_param_signature(const struct svmd_param *param)
{
	switch (param->type) {
	case SVMD_BOOL:
		return "b";
	case SVMD_UINT:
	case SVMD_SIZE:
	case SVMD_RATE:
	case SVMD_TIME:
		return "t";
	case SVMD_PERCENT:
	case SVMD_NUMBER:
		return "d";
	case SVMD_POLICIES:
	case SVMD_CHOICE:
	case SVMD_TEXT:
		break;
	}
	return "s";
}
