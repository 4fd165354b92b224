// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is said of the interfaces on the bus, see bus_doc.h. Read-only.
 *
 * After a change run tests/svmd/dbus-docs.sh with --update.
 */
#include "bus_doc.h"

/* clang-format off */
#define ARRAY(members) (members), sizeof(members) / sizeof((members)[0])
#define PROPERTY(what, says)                                         \
	{                                                            \
		.kind = BUS_DOC_PROPERTY, .name = what, .text = says \
	}
#define METHOD(what) .kind = BUS_DOC_METHOD, .name = what

#define SAMPLED                                                           \
	PROPERTY("SampledUSec", "When this was read, in microseconds of " \
				"CLOCK_MONOTONIC.")
#define HELD                                                              \
	PROPERTY("Held", "Whether a hold keeps svmd from moving into or " \
			 "out of it; see Hold() of org.svmd1.Manager.")
#define NEAREST PROPERTY("Node", "The NUMA node that it is next to, or -1.")

#define SCOPE                                                                  \
	{                                                                      \
		"scope",                                                       \
			"Whose parameters: \"default\", \"user:1000\", "       \
			"\"cgroup:/hpc.slice\", \"session:5\", \"node:1\" or " \
			"\"device:0\"."                                        \
	}
#define SCOPE_ACTIONS "manage-sessions manage-node"
#define SCOPE_OWNER                                                        \
	"root, and by owners for their own sessions, but for DeviceLimit " \
	"and Rate"

static const struct bus_doc_member manager[] = {
	{
		METHOD("SetPolicy"),
		.text = "Set which policies act, as the parameter Policies in "
			"svmd.conf(5).",
		.args = {
			SCOPE,
			{ "policies", "Such as \"hot-cold thrash\", \"manual\" "
				      "or \"off\"." },
		},
		.access = "root, and by owners for their own sessions",
		.action = SCOPE_ACTIONS,
		.errors = "InvalidValue NoSuchParameter NoSuchScope "
			  "NoSuchSession TooMany",
	},
	{
		METHOD("ResetPolicy"),
		.text = "Take back everything of the scope that came over the "
			"bus, be it policies or other parameters. Owners are "
			"no exception here: it may be what limits them.",
		.args = {
			SCOPE,
			{ "reset", "How many parameters that were." },
		},
		.access = "root",
		.action = SCOPE_ACTIONS,
		.errors = "NoSuchScope NoSuchSession TooMany",
	},
	{
		METHOD("SetParameter"),
		.text = "Set a parameter. It lasts until svmd ends or it is "
			"reset, also over a reload. A value of another type is "
			"org.freedesktop.DBus.Error.InvalidArgs.",
		.args = {
			SCOPE,
			{ "name", "Its name on the bus or in the file, see "
				  "svmd.conf(5)." },
			{ "value", "Of the type that it has in the property "
				   "Parameters of org.svmd1.Policy, or a "
				   "string as it would be written in the file: "
				   "\"30s\", \"200M\"." },
		},
		.access = SCOPE_OWNER,
		.action = SCOPE_ACTIONS,
		.errors = "InvalidValue NoSuchParameter NoSuchScope "
			  "NoSuchSession TooMany",
	},
	{
		METHOD("ResetParameter"),
		.text = "Take one parameter back, if it came over the bus.",
		.args = {
			SCOPE,
			{ "name", "As of SetParameter()." },
			{ "reset", "1, or 0 if it did not." },
		},
		.access = SCOPE_OWNER,
		.action = SCOPE_ACTIONS,
		.errors = "NoSuchParameter NoSuchScope NoSuchSession TooMany",
	},
	{
		METHOD("Hold"),
		.text = "Have svmd move nothing of a session, or nothing into "
			"or out of a node or device. Lasts until Release() or "
			"until the caller leaves the bus.",
		.args = {
			{ "what", "\"session:5\", \"node:1\" or "
				  "\"device:0\"." },
			{ "reason", "For people; at most 256 bytes, no control characters." },
			{ "cookie", "For Release()." },
		},
		.access = "root, and by owners for their own sessions",
		.action = SCOPE_ACTIONS,
		.errors = "NoSuchPlace NoSuchScope NoSuchSession TooMany",
	},
	{
		METHOD("Release"),
		.text = "End a hold.",
		.args = {
			{ "cookie", "Of Hold()." },
		},
		.access = "root and by the user who took the hold",
		.action = "manage-node",
		.errors = "NoSuchHold TooMany",
	},
	{
		METHOD("Migrate"),
		.text = "Move a range now; answers when it is done. What is "
			"held, or goes to or comes from a held place, is "
			"refused (Held), and so is what is under dry-run "
			"(DryRun). A range that is empty or wraps is "
			"org.freedesktop.DBus.Error.InvalidArgs.",
		.args = {
			{ "session", "Whose memory." },
			{ "address", "Where the range begins." },
			{ "bytes", "How long it is." },
			{ "place", "Where to: \"node 1\" or \"svm0\"." },
			{ "moved_bytes", "What has moved." },
			{ "there_bytes", "What is there now." },
			{ "left_bytes", "What has stayed where it was." },
			{ "pages", "How many pages had which status, by the "
				   "names of svm_status_name(3)." },
		},
		.access = "root, and by owners for their own sessions",
		.action = "manage-sessions",
		.errors = "DryRun Held NoSuchPlace NoSuchSession NotMapped "
			  "TooMany",
	},
	{
		METHOD("Evict"),
		.text = "Bring memory home from a device, whoever it belongs "
			"to, and also of held sessions. Refused of a device "
			"that is held (Held), and if svmd or its default "
			"policy is dry-run (DryRun).",
		.args = {
			{ "device", "Such as \"svm0\"." },
			{ "bytes", "How much; 0 for all." },
			{ "evicted_bytes", "How much it was." },
		},
		.access = "root",
		.action = "manage-node",
		.errors = "DryRun Held NoSuchPlace TooMany",
	},
	{
		METHOD("Explain"),
		.text = "Why a page is where it is.",
		.args = {
			{ "session", "Whose memory." },
			{ "address", "Of the page." },
			{ "explanation",
			  "Where the page is (PagePlace, PageNode, PageDevice, "
			  "PageHuge); the region that it belongs to "
			  "(RegionStart, RegionBytes, RegionPlace, "
			  "RegionFlags), its use (HeatCPU, HeatDevice: accesses "
			  "per second and page), Moves and Returns; what svmd "
			  "makes of it (Why, WhyText, Policies, "
			  "AccessCostHereNSec, and of a proposal ProposedTo, "
			  "ProposedBy, ProposedReason, AccessCostThereNSec, "
			  "BenefitNSec, CostNSec, ScoreNSec, ThresholdNSec, "
			  "WaitUSec); and the last move (LastMoveUSec, "
			  "LastMoveTo, LastMoveReason, LastMoveBytes). What is "
			  "not known is missing." },
		},
		.access = "root, and by owners for their own sessions",
		.action = "inspect",
		.errors = "NoSuchSession TooMany",
	},
	{
		METHOD("GetStatistics"),
		.text = "The counters of svmd: decisions, refusals, moves and "
			"what they cost.",
		.args = {
			{ "statistics", "All of them, by name." },
		},
	},
	{
		METHOD("GetEvents"),
		.text = "The last moves. At most 256; ask again with the last "
			"number.",
		.args = {
			{ "since", "Only those after this number; 0 for all "
				   "that are kept." },
			{ "events", "Number, time (microseconds since 1970), "
				    "session, reason, from, to, bytes, bytes "
				    "moved, microseconds it took, and 0 or a "
				    "negative errno." },
		},
	},
	{
		METHOD("DumpByFileDescriptor"),
		.text = "Everything that svmd knows, with addresses of "
			"everybody's memory.",
		.args = {
			{ "fd", "A sealed memfd with JSON, to be read from its "
				"beginning." },
		},
		.access = "root",
		.action = "inspect",
		.errors = "TooMany",
	},
	{
		METHOD("Reload"),
		.text = "Read the configuration again. What is wrong with it "
			"goes to the log, and leaves the old value; if a file "
			"can't be read all stays as it was.",
		.access = "root",
		.action = "manage-node",
		.errors = "TooMany Unreadable",
	},
	PROPERTY("Version", "Of svmd."),
	PROPERTY("DryRun", "Whether it was started with --dry-run."),
	PROPERTY("Holds", "Cookie, what, user and reason of each hold."),
	PROPERTY("Heat", "\"damon\", or why there is no heat."),
	PROPERTY("Rivals", "Who else places memory here: numad, memtierd, "
			   "numa_balancing."),
	PROPERTY("Sources", "Of each source of telemetry: name, error of the "
			    "last reading (negative errno), when it was read, "
			    "period (both in microseconds, of CLOCK_MONOTONIC), "
			    "and cost in nanoseconds of CPU time."),
	PROPERTY("Sessions", "How many there are."),
	PROPERTY("Rounds", "Of decisions, so far."),
	PROPERTY("LastEvent", "Number of the newest event, for GetEvents()."),
};

static const struct bus_doc_member node[] = {
	PROPERTY("Node", "Its number."),
	PROPERTY("HasCPU", "Whether it has CPUs."),
	HELD,
	PROPERTY("TotalBytes", "Its memory."),
	PROPERTY("FreeBytes", "MemFree."),
	PROPERTY("AvailableBytes", "What decisions take for free: also the "
				   "file cache that was not used of late."),
	PROPERTY("Distances", "To each node, in the order of their numbers."),
	PROPERTY("ReadLatencyNSec", "Rated by the firmware (HMAT), from the "
				    "nearest CPUs; 0 if it does not say."),
	PROPERTY("WriteLatencyNSec", "The same, of writing."),
	PROPERTY("ReadBandwidthMBPerSecond", "Rated by the firmware (HMAT), "
					     "from the nearest CPUs; 0 if it "
					     "does not say."),
	PROPERTY("WriteBandwidthMBPerSecond", "The same, of writing."),
	PROPERTY("PressureSomePercent", "PSI of memory over 10 s, of the "
					"host: some tasks wait."),
	PROPERTY("PressureFullPercent", "The same: all tasks wait."),
	PROPERTY("AllocationsHit", "Pages, as numa_hit in numastat."),
	PROPERTY("AllocationsMiss", "Pages, as numa_miss in numastat."),
	PROPERTY("AllocationsForeign", "Pages, as numa_foreign in numastat."),
	SAMPLED,
};

static const struct bus_doc_member device[] = {
	PROPERTY("Device", "N of svmN."),
	NEAREST,
	PROPERTY("Type", "Its backend: \"ram\"."),
	PROPERTY("Coherent", "Whether CPUs use its memory in place."),
	HELD,
	PROPERTY("TotalBytes", "Its memory."),
	PROPERTY("FreeBytes", "Of that, free."),
	PROPERTY("Capabilities", "Bits, as in <linux/svm.h>."),
	PROPERTY("Faults", "CPU faults on its pages, so far."),
	PROPERTY("EvictedBytes", "Brought home by evictions, so far."),
	PROPERTY("MovedInBytes", "Moved or created there by calls, so far."),
	PROPERTY("MovedOutBytes", "Moved home by calls, so far."),
	PROPERTY("FaultedBytes", "Come home by faults, so far."),
	SAMPLED,
};

static const struct bus_doc_member card[] = {
	PROPERTY("Card", "N of cardN."),
	NEAREST,
	PROPERTY("Driver", "Its driver."),
	PROPERTY("Slot", "Address on its bus."),
	PROPERTY("TotalBytes", "Video memory; 0 if the driver does not say."),
	PROPERTY("UsedBytes", "Of that, in use."),
	PROPERTY("BusyPercent", "Load; 0 if the driver does not say."),
	PROPERTY("LinkDegraded", "Whether its PCI link is slower or narrower "
				 "than it could be."),
	PROPERTY("RenderNode", "Path of its render node, by which its driver "
			       "is asked; empty without one."),
	PROPERTY("Clients", "Sessions that have it open."),
	PROPERTY("ClientBytes", "Its memory that they have, as far as its "
				"driver tells (fdinfo)."),
	SAMPLED,
};

static const struct bus_doc_member port[] = {
	PROPERTY("Port", "Its number here."),
	PROPERTY("Device", "Such as mlx5_0."),
	PROPERTY("Number", "Of the port of that device."),
	NEAREST,
	PROPERTY("State", "Such as ACTIVE."),
	PROPERTY("Active", "Whether the link is up."),
	PROPERTY("RateMBPerSecond", "Of the link."),
	PROPERTY("LinkLayer", "InfiniBand or Ethernet; empty if not known."),
	PROPERTY("MTUBytes", "Of a packet; 0 if not known."),
	PROPERTY("OnDemandPaging", "Whether the adapter can use memory that "
				   "is not pinned."),
	PROPERTY("Firmware", "Version, of the adapter; empty if not known."),
	PROPERTY("CongestionPercent", "Of the time that it waited to send; "
				      "roughly."),
	PROPERTY("SentBytes", "So far."),
	PROPERTY("ReceivedBytes", "So far."),
	SAMPLED,
};

static const struct bus_doc_member session[] = {
	PROPERTY("Session", "Its number."),
	PROPERTY("ProcessID", "Its process."),
	PROPERTY("UserID", "Its user."),
	PROPERTY("Name", "What it wants to be called."),
	PROPERTY("ControlGroup", "Path of its cgroup when it joined; bytes that "
				 "are no printable ASCII are shown as '?'."),
	PROPERTY("Devices", "Contexts that it has handed over."),
	PROPERTY("JoinedUSec", "When, in microseconds of CLOCK_MONOTONIC."),
	PROPERTY("Policies", "In force for it."),
	PROPERTY("Held", "Whether a hold on the bus keeps svmd from moving "
			 "its memory."),
	PROPERTY("HeldRanges", "Ranges that it holds itself, see "
			       "svm_session_hold(3)."),
	PROPERTY("Regions", "That its memory is told apart in."),
	PROPERTY("SystemBytes", "Memory in NUMA nodes, by regions."),
	PROPERTY("DeviceBytes", "Memory in svm devices, by regions."),
	PROPERTY("InUseBytes", "That are used more than HeatFloor."),
	PROPERTY("MovedBytes", "By svmd, so far."),
	PROPERTY("Moves", "That moved something, so far."),
	PROPERTY("Moving", "Batches on their way."),
	PROPERTY("SampledUSec", "When its memory was looked at, in "
				"microseconds of CLOCK_MONOTONIC."),
};

static const struct bus_doc_member policy[] = {
	PROPERTY("Scope", "\"default\", \"user:1000\", \"cgroup:/hpc.slice\" "
			  "(without a slash at its end, \"cgroup:/\" is the "
			  "root), \"session:5\", \"node:1\" or "
			  "\"device:0\"."),
	PROPERTY("Parameters", "Values in force, also those of scopes around "
			       "this one (for a session its cgroup and user, "
			       "for a cgroup those outside of it), by name "
			       "with the unit; sizes and rates in bytes, times in microseconds. "
			       "See svmd.conf(5) for each."),
	PROPERTY("Own", "Names of those that are set for this scope."),
	PROPERTY("Live", "Of these, those that came over the bus."),
};

const struct bus_doc bus_docs[] = {
	{ "org.svmd1.Manager", "/org/svmd1",
	  "svmd as a whole on D-Bus, and its methods",
	  "svmd(8) as a whole, and every method that there is: the other "
	  "objects have properties only.",
	  ARRAY(manager) },
	{ "org.svmd1.Node", "/org/svmd1/node/0", "a NUMA node in svmd",
	  "A NUMA node; node N is at /org/svmd1/node/N.", ARRAY(node) },
	{ "org.svmd1.Device", "/org/svmd1/device/svm0",
	  "a device of svm.ko in svmd",
	  "A device of the kernel module, see svm(4); svmN is at "
	  "/org/svmd1/device/svmN.",
	  ARRAY(device) },
	{ "org.svmd1.Card", "/org/svmd1/card/card0", "a DRM device in svmd",
	  "A DRM device; cardN is at /org/svmd1/card/cardN.", ARRAY(card) },
	{ "org.svmd1.Port", "/org/svmd1/port/1", "an RDMA port in svmd",
	  "An RDMA port. Its number is svmd's own, and stays while the port "
	  "exists; port N is at /org/svmd1/port/N.",
	  ARRAY(port) },
	{ "org.svmd1.Session", "/org/svmd1/session/1",
	  "a process that has joined svmd",
	  "A process that has joined, see svm_join(3). Numbers are not used "
	  "again while svmd runs; session N is at /org/svmd1/session/N. "
	  "Addresses are not shown here: see Explain() of "
	  "org.svmd1.Manager.",
	  ARRAY(session) },
	{ "org.svmd1.Policy", "/org/svmd1/policy/default",
	  "parameters of a scope in svmd",
	  "What is in force for a scope. There is an object for \"default\" "
	  "and for each scope that differs; it is at /org/svmd1/policy/SCOPE, "
	  "with the name of the scope as sd_bus_path_encode(3) writes it. "
	  "Methods that change parameters are in org.svmd1.Manager.",
	  ARRAY(policy) },
};
/* clang-format on */

const size_t bus_nr_docs = sizeof(bus_docs) / sizeof(bus_docs[0]);
