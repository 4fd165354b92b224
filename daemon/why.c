// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why: names of refusals and reasons, for counters and for people. No state.
 */
#include "decide.h"

static const struct {
	const char *name;
	const char *text;
} whys[SVMD_WHY_NR] = {
	[SVMD_WHY_SETTLED] = { "settled", "No policy wants it elsewhere." },
	[SVMD_WHY_DECIDED] = { "decided", "It was decided to move it." },
	[SVMD_WHY_OFF] = { "off",
			   "The policy moves only what somebody asks for." },
	[SVMD_WHY_STALE] = { "stale", "Telemetry of it is too old." },
	[SVMD_WHY_MOVING] = { "moving", "An earlier decision is being done." },
	[SVMD_WHY_NO_GAIN] = { "no-gain",
			       "The copy would cost more than it brings." },
	[SVMD_WHY_UNCONFIRMED] = { "unconfirmed",
				   "It was not in use for long enough yet." },
	[SVMD_WHY_HELD] = { "held", "Somebody holds it where it is." },
	[SVMD_WHY_PINNED] = { "pinned", "Its pages are pinned." },
	[SVMD_WHY_ODP] = { "odp",
			   "It is registered for RDMA with paging on demand." },
	[SVMD_WHY_STUCK] = { "stuck",
			     "The last try moved less than half of it." },
	[SVMD_WHY_RESIDENCE] = { "residence", "It moved not long ago." },
	[SVMD_WHY_PINGPONG] = { "ping-pong", "It went to and fro too often." },
	[SVMD_WHY_WATERMARK] = { "watermark",
				 "The destination is short of free memory." },
	[SVMD_WHY_PSI] = { "psi", "Tasks wait for memory at the destination." },
	[SVMD_WHY_NO_ROOM] = { "no-room",
			       "No room, and nothing colder to make some." },
	[SVMD_WHY_QUOTA_BYTES] = { "quota-bytes",
				   "The bytes for this round are used up." },
	[SVMD_WHY_QUOTA_TIME] = { "quota-time",
				  "The copy time for this round is used up." },
	[SVMD_WHY_SESSION_LIMIT] = { "session-limit",
				     "The session has all the device memory "
				     "that it may have." },
	[SVMD_WHY_SESSION_RATE] = { "session-rate",
				    "The session had as much moved in this "
				    "round as it may." },
	[SVMD_WHY_BOUNDED] = { "bounded", "Others came first in this round." },
	[SVMD_WHY_DRY_RUN] = { "dry-run",
			       "It would move, but the policy is a dry run." },
};

static const char *const reasons[SVMD_REASON_NR] = {
	[SVMD_REASON_NONE] = "none",	 [SVMD_REASON_HOT] = "hot",
	[SVMD_REASON_COLD] = "cold",	 [SVMD_REASON_PRESSURE] = "pressure",
	[SVMD_REASON_THRASH] = "thrash", [SVMD_REASON_NEAR] = "near",
	[SVMD_REASON_SPREAD] = "spread", [SVMD_REASON_REQUEST] = "request",
};

const char *svmd_why_name(unsigned int why)
{
	return why < SVMD_WHY_NR ? whys[why].name : "unknown";
}

const char *svmd_why_text(unsigned int why)
{
	return why < SVMD_WHY_NR ? whys[why].text : "";
}

const char *svmd_reason_name(unsigned int reason)
{
	return reason < SVMD_REASON_NR ? reasons[reason] : "unknown";
}
