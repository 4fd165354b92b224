/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * svmd's configuration: typed values, one table that describes them all, and
 * the parser of /etc/svmd.conf and its drop-ins.
 *
 * Parameters come in three classes. Those of the *daemon* exist once. Those of
 * a *policy* say how the memory of a session is placed: there is a default,
 * and a user, a cgroup or a session may differ from it in single parameters.
 * Those of a *place* (a NUMA node or a device) are its watermarks and quotas:
 * there is a default, and a node or device may differ.
 *
 *	[Daemon]  [Policy]  [User 1000]  [Cgroup /hpc.slice]  (session: bus only)
 *	[Place]   [Node 1]  [Device 0]
 *
 * For a session, the session's own value counts before the cgroup's (the
 * longest path that contains it, member by member), that before the user's,
 * that before the default.
 *
 * Locking: none; a struct svmd_config belongs to one thread. The library part
 * never logs: whatever there is to say goes to a callback.
 *
 * Limits: everything is of fixed size, nothing is allocated. SVMD_SCOPES_MAX
 * differing users, cgroups, sessions, nodes and devices together, of these no
 * more than SVMD_SESSION_SCOPES_MAX sessions, whose owners need nobody's leave
 * for it; strings of
 * SVMD_TEXT_MAX bytes; lines of SVMD_LINE_MAX.
 */
#ifndef SVMD_CONFIG_H
#define SVMD_CONFIG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SVMD_SCOPES_MAX 256
#define SVMD_SESSION_SCOPES_MAX (SVMD_SCOPES_MAX / 2)
#define SVMD_TEXT_MAX 256
#define SVMD_LINE_MAX 4096

/**
 * enum svmd_policy_set - which policies act; a mask, 0 is "off"
 * @SVMD_POLICY_HOT_COLD: what the CPU uses much goes to fast nodes.
 * @SVMD_POLICY_PRESSURE: evict what is cold before a place is full.
 * @SVMD_POLICY_THRASH: bring home what CPUs keep taking back from a device.
 * @SVMD_POLICY_LOCALITY: to the node or the memory of the NIC or GPU that uses
 *	it.
 * @SVMD_POLICY_INTERLEAVE: spread over nodes by their bandwidth.
 * @SVMD_POLICY_MANUAL: nothing but what is asked for. Excludes those above.
 * @SVMD_POLICY_DRY_RUN: decide as the others say, but do not move.
 *
 * Moves that somebody asks for are done under every one but DRY_RUN.
 */
enum svmd_policy_set {
	SVMD_POLICY_OFF = 0,
	SVMD_POLICY_HOT_COLD = 1 << 0,
	SVMD_POLICY_PRESSURE = 1 << 1,
	SVMD_POLICY_THRASH = 1 << 2,
	SVMD_POLICY_LOCALITY = 1 << 3,
	SVMD_POLICY_INTERLEAVE = 1 << 4,
	SVMD_POLICY_MANUAL = 1 << 5,
	SVMD_POLICY_DRY_RUN = 1 << 6,
};

/**
 * struct svmd_policy - how the memory of a session is placed
 * @policies: mask of enum svmd_policy_set.
 * @horizon_us: how long present use is expected to go on.
 * @residence_us: how long memory stays at least after a move; doubles with each
 *	return to where it came from.
 * @pingpong_window_us: a return within this time counts as ping-pong.
 * @pingpong_limit: returns after which it stays for @pingpong_pin_us; 0 never.
 * @pingpong_pin_us: how long it stays then.
 * @confirm_rounds: in how many of the last 8 rounds memory must have been in
 *	use before it moves to a faster place.
 * @margin: percent by which the benefit must exceed the cost.
 * @heat_floor: accesses per second and page below which memory is not in use.
 * @move_odp: move also what is registered for on-demand paging.
 * @device_limit_bytes: most device memory that svmd gives a session; 0 any.
 * @rate_bytes: most bytes per second moved for a session; 0 any.
 * @stale_after_us: telemetry older than this decides nothing.
 */
struct svmd_policy {
	uint32_t policies;
	uint32_t pingpong_limit;
	uint32_t confirm_rounds;
	bool move_odp;
	double margin;
	double heat_floor;
	uint64_t horizon_us;
	uint64_t residence_us;
	uint64_t pingpong_window_us;
	uint64_t pingpong_pin_us;
	uint64_t device_limit_bytes;
	uint64_t rate_bytes;
	uint64_t stale_after_us;
};

/**
 * struct svmd_limits - watermarks and quotas of a place
 * @evict_start: percent free below which eviction starts, and nothing moves in
 *	any more.
 * @evict_stop: percent free at which eviction stops, and moving in may begin
 *	again. svmd itself fills the place only so far, so that what it moves in
 *	is not what starts the eviction.
 * @psi_limit: percent of time that tasks stall for memory (PSI, some, 10 s)
 *	above which nothing moves in.
 * @quota_bytes: most bytes per second moved into the place, and most moved out.
 * @quota_us: most time per second spent copying into it, and out of it.
 */
struct svmd_limits {
	double evict_start;
	double evict_stop;
	double psi_limit;
	uint64_t quota_bytes;
	uint64_t quota_us;
};

/**
 * struct svmd_settings - what the daemon has once
 * @round_us: time between two rounds of decisions.
 * @copy_bandwidth_bytes: bytes per second taken for a copy between two places
 *	that none was measured for yet.
 * @fault_cost_us: what a CPU access to a page in device memory costs.
 * @max_decisions: most decisions in a round.
 * @batch_bytes: most bytes that one decision moves.
 * @max_sessions: sessions at the same time.
 * @max_sessions_per_user: of one user.
 * @max_regions: regions of one session.
 * @cpu_budget: percent of one CPU that the mover may use.
 * @numa_period_us: period of the NUMA telemetry; and so on.
 * @numa_balancing: what to do about the kernel's own: leave, warn, disable.
 * @pause_damon_stat: turn the kernel's DAMON_STAT off while sessions are watched.
 * @log_level: 0 to 7 as in syslog.
 * @metrics: where metrics are served: a path, a loopback port, or empty.
 */
struct svmd_settings {
	uint64_t round_us;
	uint64_t copy_bandwidth_bytes;
	uint64_t fault_cost_us;
	uint32_t max_decisions;
	uint64_t batch_bytes;
	uint32_t max_sessions;
	uint32_t max_sessions_per_user;
	uint32_t max_regions;
	double cpu_budget;
	uint64_t numa_period_us;
	uint64_t device_period_us;
	uint64_t drm_period_us;
	uint64_t rdma_period_us;
	uint64_t heat_period_us;
	uint32_t numa_balancing;
	bool pause_damon_stat;
	uint32_t log_level;
	char metrics[SVMD_TEXT_MAX];
};

/* &svmd_settings.numa_balancing */
enum svmd_numa_balancing {
	SVMD_NUMA_BALANCING_LEAVE = 0,
	SVMD_NUMA_BALANCING_WARN = 1,
	SVMD_NUMA_BALANCING_DISABLE = 2,
};

/**
 * enum svmd_class - where a parameter belongs
 */
enum svmd_class {
	SVMD_CLASS_DAEMON = 0,
	SVMD_CLASS_POLICY = 1,
	SVMD_CLASS_PLACE = 2,
};

/**
 * enum svmd_scope_type - for whom a value differs from the default
 * @SVMD_SCOPE_DEFAULT: for nobody in particular: [Daemon], [Policy], [Place].
 */
enum svmd_scope_type {
	SVMD_SCOPE_DEFAULT = 0,
	SVMD_SCOPE_USER = 1,
	SVMD_SCOPE_CGROUP = 2,
	SVMD_SCOPE_SESSION = 3,
	SVMD_SCOPE_NODE = 4,
	SVMD_SCOPE_DEVICE = 5,
};

/**
 * struct svmd_scope_key - names a scope
 * @type: enum svmd_scope_type.
 * @id: uid, session id, node or N of svmN.
 * @path: of a cgroup, such as "/hpc.slice"; NULL else.
 */
struct svmd_scope_key {
	enum svmd_scope_type type;
	uint64_t id;
	const char *path;
};

#define SVMD_SCOPE_KEY_DEFAULT ((struct svmd_scope_key){ 0 })

/**
 * struct svmd_scope - values that differ for a user, cgroup, ...
 * @type: enum svmd_scope_type; SVMD_SCOPE_DEFAULT in a free entry.
 * @id: as in the key.
 * @path: as in the key.
 * @set: bit for each parameter, by its index, that has a value here.
 * @live: of @set, those that came over the bus and not from a file.
 * @policy: values of a user, cgroup or session.
 * @limits: values of a node or device.
 */
struct svmd_scope {
	enum svmd_scope_type type;
	uint64_t id;
	char path[SVMD_TEXT_MAX];
	uint64_t set;
	uint64_t live;
	struct svmd_policy policy;
	struct svmd_limits limits;
};

/**
 * struct svmd_config - the configuration
 * @generation: grows with every change, for those who keep what they looked up.
 * @set: bit for each parameter, by its index, whose default was changed.
 * @live: of @set, those that came over the bus.
 * @settings: of the daemon.
 * @policy: default of policies.
 * @limits: default of places.
 * @nr_scopes: entries of @scopes ever used; a free one among them has type
 *	SVMD_SCOPE_DEFAULT.
 * @scopes: what differs.
 */
struct svmd_config {
	uint64_t generation;
	uint64_t set;
	uint64_t live;
	struct svmd_settings settings;
	struct svmd_policy policy;
	struct svmd_limits limits;
	uint32_t nr_scopes;
	struct svmd_scope scopes[SVMD_SCOPES_MAX];
};

/* The table of parameters */

/**
 * enum svmd_param_type - what values a parameter takes, and their C type
 * @SVMD_BOOL: bool; yes, no, on, off, true, false, 1, 0.
 * @SVMD_UINT: uint32_t.
 * @SVMD_SIZE: uint64_t, bytes: 4096, 200M, 1G (powers of 1024).
 * @SVMD_RATE: uint64_t, bytes per second; written as a size.
 * @SVMD_TIME: uint64_t, microseconds: 500ms, 30s, 2min, 1min 30s; a bare number
 *	is seconds.
 * @SVMD_PERCENT: double: 60%, 2.5%.
 * @SVMD_NUMBER: double.
 * @SVMD_POLICIES: uint32_t, mask of enum svmd_policy_set; names and spaces.
 * @SVMD_CHOICE: uint32_t, index of one of &svmd_param.choices.
 * @SVMD_TEXT: char[SVMD_TEXT_MAX].
 */
enum svmd_param_type {
	SVMD_BOOL,
	SVMD_UINT,
	SVMD_SIZE,
	SVMD_RATE,
	SVMD_TIME,
	SVMD_PERCENT,
	SVMD_NUMBER,
	SVMD_POLICIES,
	SVMD_CHOICE,
	SVMD_TEXT,
};

/**
 * struct svmd_param - one line of the table
 * @name: key in the file, such as "Residence".
 * @bus_name: name on the bus, with the unit: "ResidenceUSec".
 * @class: enum svmd_class.
 * @type: enum svmd_param_type.
 * @offset: of the value in the struct of its class.
 * @min: least value, in the C type's unit.
 * @max: greatest.
 * @initial: compiled-in default, as it would be written in the file.
 * @choices: for SVMD_CHOICE, names, ended by NULL.
 * @doc: what it is, one or more sentences, for the man page and the file.
 */
struct svmd_param {
	const char *name;
	const char *bus_name;
	enum svmd_class class;
	enum svmd_param_type type;
	size_t offset;
	double min;
	double max;
	const char *initial;
	const char *const *choices;
	const char *doc;
};

/* All parameters; the index of one is its bit in masks. At most 64. */
extern const struct svmd_param svmd_params[];
extern const unsigned int svmd_nr_params;

/**
 * svmd_param_find() - a parameter by @name, that of the file or of the bus
 *
 * Returns NULL if there is none.
 */
const struct svmd_param *svmd_param_find(const char *name);

/**
 * svmd_param_signature() - D-Bus type of @param's values: "b", "t", "d" or "s"
 *
 * Sizes, rates, times and whole numbers are "t" in the unit of the C type,
 * percents and numbers "d", policies, choices and texts "s".
 */
const char *svmd_param_signature(const struct svmd_param *param);

/**
 * struct svmd_value - a value in the type that svmd_param_signature() says
 */
struct svmd_value {
	bool b;
	uint64_t t;
	double d;
	char s[SVMD_TEXT_MAX];
};

/* Values */

/**
 * svmd_config_init() - set everything to the compiled-in defaults
 */
void svmd_config_init(struct svmd_config *config);

/**
 * svmd_config_set() - set a parameter from text, as it is written in the file
 * @config: the configuration.
 * @key: for whom.
 * @param: the parameter; its class must fit the key.
 * @text: the value.
 * @live: whether it comes over the bus.
 * @why: if not NULL, set to a constant text that says what is wrong.
 *
 * Nothing changes on error. A pair that must be ordered (EvictStart and
 * EvictStop) is checked by svmd_config_check().
 *
 * Returns 0, -EINVAL for text that is no such value, -ERANGE for one out of
 * bounds, -ENOTSUP if the class does not fit the key, -ENAMETOOLONG for a text
 * or path, -ENOSPC for too many scopes.
 */
int svmd_config_set(struct svmd_config *config, struct svmd_scope_key key,
		    const struct svmd_param *param, const char *text, bool live,
		    const char **why);

/**
 * svmd_config_set_value() - as svmd_config_set() with a typed value
 */
int svmd_config_set_value(struct svmd_config *config, struct svmd_scope_key key,
			  const struct svmd_param *param,
			  const struct svmd_value *value, bool live,
			  const char **why);

/**
 * svmd_config_scope() - the values that differ for @key
 *
 * A cgroup is the same with and without slashes at its end. Returns NULL if
 * none differ.
 */
const struct svmd_scope *svmd_config_scope(const struct svmd_config *config,
					   struct svmd_scope_key key);

/**
 * svmd_config_get_value() - the value in force for @key
 *
 * For a user, cgroup, session, node or device without one of its own, that of
 * the default. (For what is in force in the end, take svmd_config_policy() or
 * svmd_config_policy_of().)
 *
 * Returns 1 if it is @key's own, 0 if it is the default's, -ENOTSUP if the
 * class does not fit the key.
 */
int svmd_config_get_value(const struct svmd_config *config,
			  struct svmd_scope_key key,
			  const struct svmd_param *param,
			  struct svmd_value *value);

/**
 * svmd_config_format() - the value in force for @key, as the file has it
 *
 * Returns the length that snprintf() would, or an error as
 * svmd_config_get_value().
 */
int svmd_config_format(const struct svmd_config *config,
		       struct svmd_scope_key key,
		       const struct svmd_param *param, char *buf, size_t size);

/**
 * svmd_config_reset() - take back what came over the bus
 * @config: the configuration.
 * @files: what the files say (compiled-in defaults and files, nothing live).
 * @key: for whom.
 * @param: which, or NULL for all of @key.
 *
 * Returns the number of values that were taken back, -ENOTSUP.
 */
int svmd_config_reset(struct svmd_config *config,
		      const struct svmd_config *files,
		      struct svmd_scope_key key,
		      const struct svmd_param *param);

/**
 * svmd_config_reload() - take over new files, keep what came over the bus
 *
 * Returns the number of scopes of the files for which there was no room; 0 if
 * all is well.
 */
int svmd_config_reload(struct svmd_config *config,
		       const struct svmd_config *files);

/**
 * svmd_config_drop_session() - forget the values of a session that has ended
 */
void svmd_config_drop_session(struct svmd_config *config, uint64_t id);

/**
 * svmd_config_policy() - what is in force for a session
 * @config: the configuration.
 * @session: its id.
 * @cgroup: path of its cgroup, or NULL.
 * @uid: its user.
 * @policy: the answer.
 */
void svmd_config_policy(const struct svmd_config *config, uint64_t session,
			const char *cgroup, uint32_t uid,
			struct svmd_policy *policy);

/**
 * svmd_config_policy_of() - what is in force for a user or in a cgroup
 * @config: the configuration.
 * @key: which. In a cgroup, the values of those around it count as well, but
 *	not those of users; for a session, take svmd_config_policy().
 * @policy: the answer.
 */
void svmd_config_policy_of(const struct svmd_config *config,
			   struct svmd_scope_key key,
			   struct svmd_policy *policy);

/**
 * svmd_config_limits() - what is in force for a node or device
 * @config: the configuration.
 * @type: SVMD_SCOPE_NODE or SVMD_SCOPE_DEVICE.
 * @id: its number.
 * @limits: the answer; evict_stop is never below evict_start.
 */
void svmd_config_limits(const struct svmd_config *config,
			enum svmd_scope_type type, uint64_t id,
			struct svmd_limits *limits);

/**
 * svmd_policies_format() - a mask of policies as text: "hot-cold thrash"
 *
 * Returns the length that snprintf() would.
 */
int svmd_policies_format(uint32_t policies, char *buf, size_t size);

/**
 * svmd_policies_parse() - text as a mask of policies
 *
 * Returns 0 or -EINVAL: an unknown name, or names that exclude each other.
 */
int svmd_policies_parse(const char *text, uint32_t *policies);

/* Files */

/**
 * enum svmd_message_level - how bad it is; numbers as in syslog
 */
enum svmd_message_level {
	SVMD_MESSAGE_ERROR = 3,
	SVMD_MESSAGE_WARNING = 4,
	SVMD_MESSAGE_INFO = 6,
};

/**
 * typedef svmd_message_fn - what the parser has to say
 * @data: the caller's.
 * @level: enum svmd_message_level.
 * @file: the file's name.
 * @line: its line, 0 for the file as a whole.
 * @text: one line without newline, such as
 *	"Residence=fast: not a time; 10s stays".
 */
typedef void (*svmd_message_fn)(void *data, int level, const char *file,
				unsigned int line, const char *text);

/**
 * svmd_message() - say something about a line of a file
 * @message: receives it; may be NULL.
 * @data: for @message.
 * @level: enum svmd_message_level.
 * @file: the file's name.
 * @line: its line.
 * @format: as of printf(3); what of it can't be printed becomes '?'.
 * @args: for @format.
 */
__attribute__((format(printf, 6, 0))) void
svmd_message(svmd_message_fn message, void *data, int level, const char *file,
	     unsigned int line, const char *format, va_list args);

/**
 * svmd_config_parse() - read a text
 * @config: receives what it says.
 * @file: its name, for messages.
 * @text: the text; need not end with a null byte.
 * @length: bytes.
 * @message: receives warnings; may be NULL.
 * @data: for @message.
 *
 * A bad value leaves the old one; an unknown key or section is skipped; both
 * are warned about, with file and line.
 *
 * Returns the number of warnings.
 */
int svmd_config_parse(struct svmd_config *config, const char *file,
		      const char *text, size_t length, svmd_message_fn message,
		      void *data);

/**
 * svmd_config_load() - read a file and its drop-ins
 * @config: receives it; begins with the compiled-in defaults.
 * @path: such as "/etc/svmd.conf". Drop-ins are *.conf in @path + ".d", and for
 *	a file in /etc also in /usr/lib and /run; they are read after it, in the
 *	order of their names, and of those with the same name only that in /etc,
 *	else /run. None of all needs to exist.
 * @message: receives warnings; may be NULL.
 * @data: for @message.
 *
 * Returns the number of warnings, or a negative errno value if a file exists
 * and can't be read (which is a message, too).
 */
int svmd_config_load(struct svmd_config *config, const char *path,
		     svmd_message_fn message, void *data);

/**
 * svmd_config_load_from() - the same, with other directories of drop-ins
 * @dirs: ended by NULL, the most important last.
 */
int svmd_config_load_from(struct svmd_config *config, const char *path,
			  const char *const *dirs, svmd_message_fn message,
			  void *data);

/**
 * svmd_config_check() - find pairs of values that contradict each other
 *
 * Returns the number of warnings.
 */
int svmd_config_check(const struct svmd_config *config, const char *file,
		      svmd_message_fn message, void *data);

#endif /* SVMD_CONFIG_H */
