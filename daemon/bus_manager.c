// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The manager on the bus: svmd as a whole, and every method there is; objects
 * have properties only. Holds are here, longer methods in files of their own.
 */
#include <errno.h>
#include <string.h>

#include "bus_get.h"
#include "bus_parts.h"
#include "heat.h"
#include "log.h"
#include "rivals.h"
#include "text.h"

#ifndef SVMD_VERSION
#define SVMD_VERSION "0"
#endif

#define REASON_MAX 256

BUS_GET(get_version, struct bus_face, "s", SVMD_VERSION)
BUS_GET(get_dry_run, struct bus_face, "b", self->daemon->options.dry_run)
BUS_GET(get_heat, struct bus_face, "s", heat_state(self->daemon->heat))
BUS_GET(get_sessions, struct bus_face, "u",
	(uint32_t)sessions_count(self->daemon->sessions))
BUS_GET(get_rounds, struct bus_face, "t", self->daemon->rounds)
BUS_GET(get_event, struct bus_face, "t", self->daemon->last_event)

BUS_GET_WITH(get_rivals, struct bus_face, {
	const char *names[RIVALS_MAX + 1];

	rivals_list(self->daemon->options.root, names);
	return sd_bus_message_append_strv(reply, (char **)names);
})

static int append_source(sd_bus_message *m, const struct sense_source *source)
{
	return sd_bus_message_append(m, "(sittt)", source->name, source->error,
				     source->sampled_us, source->period_us,
				     source->cost_ns);
}

BUS_GET_WITH(get_sources, struct bus_face, {
	unsigned int i;
	int ret = sd_bus_message_open_container(reply, 'a', "(sittt)");

	for (i = 0; i < SENSE_SOURCES && ret >= 0; i++)
		ret = append_source(reply, &self->daemon->sense.sources[i]);
	return ret < 0 ? ret : sd_bus_message_close_container(reply);
})

static int append_hold(sd_bus_message *m, const struct hold *hold)
{
	char what[64];

	scope_format(hold->type, hold->id, NULL, what, sizeof(what));
	return sd_bus_message_append(m, "(usus)", hold->cookie, what,
				     (uint32_t)hold->uid, hold->reason);
}

BUS_GET_WITH(get_holds, struct bus_face, {
	const struct hold *hold = holds_first(self->holds);
	int ret = sd_bus_message_open_container(reply, 'a', "(usus)");

	for (; hold && ret >= 0; hold = hold->next)
		ret = append_hold(reply, hold);
	return ret < 0 ? ret : sd_bus_message_close_container(reply);
})

/* --- holds ------------------------------------------------------------------------------ */

static int parse_what(struct bus_face *face, const char *what,
		      struct svmd_scope_key *key, uid_t *owner,
		      sd_bus_error *error)
{
	struct session *session;
	int ret;

	*owner = BUS_NOBODY;
	if (scope_parse(what, key) || key->type < SVMD_SCOPE_SESSION)
		return sd_bus_error_setf(
			error, BUS_ERROR("NoSuchScope"),
			"'%.*s' can't be held: 'session:5', 'node:1' and 'device:0' can",
			text_cut(what, BUS_NAME_MAX), what);
	if (key->type != SVMD_SCOPE_SESSION)
		return 0;
	ret = bus_find_session(face, key->id, &session, error);
	if (!ret)
		*owner = session->peer.uid;
	return ret;
}

static int do_hold(struct bus_face *face, sd_bus_message *call,
		   sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(call), *what, *reason;
	struct svmd_scope_key key;
	uint32_t cookie;
	uid_t owner, uid;
	int ret = sd_bus_message_read(call, "ss", &what, &reason);

	if (ret >= 0)
		ret = parse_what(face, what, &key, &owner, error);
	if (ret >= 0)
		ret = bus_caller(call, &uid);
	if (ret < 0)
		return ret;
	ret = holds_take(face->holds, &key, uid, sender ? sender : "", reason,
			 &cookie);
	if (ret == -ENOENT)
		return sd_bus_error_setf(error, BUS_ERROR("NoSuchPlace"),
					 "There is no %.*s",
					 text_cut(what, BUS_NAME_MAX), what);
	if (ret == -EUSERS)
		return sd_bus_error_set(error, BUS_ERROR("TooMany"),
					"You have too many holds");
	if (ret < 0)
		return ret;
	return sd_bus_reply_method_return(call, "u", cookie);
}

static int method_hold(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	const char *what, *reason;
	struct svmd_scope_key key;
	uid_t owner;
	int ret = sd_bus_message_read(call, "ss", &what, &reason);

	if (ret >= 0 && strlen(reason) > REASON_MAX)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"The reason is too long");
	if (ret >= 0 && !text_is_plain(reason))
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"The reason has control characters");
	if (ret >= 0)
		ret = parse_what(arg, what, &key, &owner, error);
	if (ret < 0)
		return ret;
	return bus_authorize(arg, call, owner,
			     key.type == SVMD_SCOPE_SESSION ? BUS_ACT_SESSIONS
							    : BUS_ACT_NODE,
			     do_hold, error);
}

static int find_hold(struct bus_face *face, sd_bus_message *call,
		     struct hold **hold, sd_bus_error *error)
{
	uint32_t cookie;
	int ret = sd_bus_message_read(call, "u", &cookie);

	if (ret < 0)
		return ret;
	*hold = holds_find(face->holds, cookie);
	if (*hold)
		return 0;
	return sd_bus_error_setf(error, BUS_ERROR("NoSuchHold"),
				 "There is no hold %u", cookie);
}

static int do_release(struct bus_face *face, sd_bus_message *call,
		      sd_bus_error *error)
{
	struct hold *hold;
	int ret = find_hold(face, call, &hold, error);

	if (ret < 0)
		return ret;
	holds_release(hold);
	return sd_bus_reply_method_return(call, NULL);
}

static int method_release(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	struct hold *hold;
	int ret = find_hold(arg, call, &hold, error);

	if (ret < 0)
		return ret;
	return bus_authorize(arg, call, hold->uid, BUS_ACT_NODE, do_release,
			     error);
}

/* --- reload -------------------------------------------------------------------------------- */

static int do_reload(struct bus_face *face, sd_bus_message *call,
		     sd_bus_error *error)
{
	int ret = daemon_reload(face->daemon);

	if (ret < 0)
		return sd_bus_error_setf(
			error, BUS_ERROR("Unreadable"),
			"The configuration stays as it was; the log says what of it can't be read: %s",
			strerror(-ret));
	return sd_bus_reply_method_return(call, NULL);
}

static int method_reload(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	return bus_authorize(arg, call, BUS_NOBODY, BUS_ACT_NODE, do_reload,
			     error);
}

#define METHOD(name, in, in_names, out, out_names, func)                   \
	SD_BUS_METHOD_WITH_NAMES(name, in, in_names, out, out_names, func, \
				 SD_BUS_VTABLE_UNPRIVILEGED)
#define IN(name) SD_BUS_PARAM(name)

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("DryRun", "b", get_dry_run, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Holds", "a(usus)", get_holds, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Heat", "s", get_heat, 0, 0),
	SD_BUS_PROPERTY("Rivals", "as", get_rivals, 0, 0),
	SD_BUS_PROPERTY("Sources", "a(sittt)", get_sources, 0, 0),
	SD_BUS_PROPERTY("Sessions", "u", get_sessions, 0, 0),
	SD_BUS_PROPERTY("Rounds", "t", get_rounds, 0, 0),
	SD_BUS_PROPERTY("LastEvent", "t", get_event, 0, 0),
	METHOD("SetPolicy", "ss", IN(scope) IN(policies), "", "",
	       bus_set_policy),
	METHOD("ResetPolicy", "s", IN(scope), "u", IN(reset), bus_reset_policy),
	METHOD("SetParameter", "ssv", IN(scope) IN(name) IN(value), "", "",
	       bus_set_parameter),
	METHOD("ResetParameter", "ss", IN(scope) IN(name), "u", IN(reset),
	       bus_reset_parameter),
	METHOD("Hold", "ss", IN(what) IN(reason), "u", IN(cookie), method_hold),
	METHOD("Release", "u", IN(cookie), "", "", method_release),
	METHOD("Migrate", "ttts", IN(session) IN(address) IN(bytes) IN(place),
	       "ttta{st}",
	       IN(moved_bytes) IN(there_bytes) IN(left_bytes) IN(pages),
	       bus_migrate),
	METHOD("Evict", "st", IN(device) IN(bytes), "t", IN(evicted_bytes),
	       bus_evict),
	METHOD("Explain", "tt", IN(session) IN(address), "a{sv}",
	       IN(explanation), bus_explain),
	METHOD("GetStatistics", "", "", "a{st}", IN(statistics),
	       bus_get_statistics),
	METHOD("GetEvents", "t", IN(since), "a(tttsssttti)", IN(events),
	       bus_get_events),
	METHOD("DumpByFileDescriptor", "", "", "h", IN(fd), bus_dump),
	METHOD("Reload", "", "", "", "", method_reload),
	SD_BUS_VTABLE_END,
};

int bus_manager_add(struct bus_face *face)
{
	return sd_bus_add_object_vtable(face->bus, NULL, BUS_ROOT, BUS_MANAGER,
					vtable, face);
}
