// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sessions on the bus: who has joined, and how svmd gets on with it. Addresses
 * are not shown here: see Explain().
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_get.h"
#include "bus_parts.h"
#include "text.h"

#define PREFIX BUS_ROOT "/session"

static uint64_t bytes_where(const struct session *session, bool on_device)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < session->nr_regions; i++)
		if (on_device ? svmd_place_is(session->regions[i].place,
					      SVMD_DEVICE)
			      : svmd_place_is(session->regions[i].place,
					      SVMD_NODE))
			bytes += session->regions[i].length;
	return bytes;
}

static uint64_t bytes_in_use(const struct session *session)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < session->nr_regions; i++)
		if (session->regions[i].warm_cpu >= session->policy.heat_floor)
			bytes += session->regions[i].length;
	return bytes;
}

BUS_GET(get_id, struct session, "t", self->id)
BUS_GET(get_pid, struct session, "u", (uint32_t)self->peer.pid)
BUS_GET(get_uid, struct session, "u", (uint32_t)self->peer.uid)
BUS_GET(get_name, struct session, "s", self->name)
BUS_GET(get_contexts, struct session, "u", self->nr_contexts)
BUS_GET_WITH(get_cgroup, struct session, {
	__free_mem char *text = strdup(self->cgroup ? self->cgroup : "");

	if (!text)
		return -ENOMEM;
	text_clean(text);
	return sd_bus_message_append(reply, "s", text);
})
BUS_GET(get_joined, struct session, "t", self->joined_us)
BUS_GET(get_ranges, struct session, "u", (uint32_t)self->nr_holds)
BUS_GET(get_held, struct session, "b", self->bus_held)
BUS_GET(get_regions, struct session, "t", (uint64_t)self->nr_regions)
BUS_GET(get_system, struct session, "t", bytes_where(self, false))
BUS_GET(get_device, struct session, "t", bytes_where(self, true))
BUS_GET(get_used, struct session, "t", bytes_in_use(self))
BUS_GET(get_moved, struct session, "t", self->moved_bytes)
BUS_GET(get_moves, struct session, "t", self->moves)
BUS_GET(get_moving, struct session, "u", self->moving)
BUS_GET(get_sampled, struct session, "t", self->sampled_us)
BUS_GET_WITH(get_policies, struct session, {
	char text[SVMD_TEXT_MAX];

	svmd_policies_format(self->policy.policies, text, sizeof(text));
	return sd_bus_message_append(reply, "s", text);
})

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Session", "t", get_id, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("ProcessID", "u", get_pid, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("UserID", "u", get_uid, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Name", "s", get_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("ControlGroup", "s", get_cgroup, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Devices", "u", get_contexts, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("JoinedUSec", "t", get_joined, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Policies", "s", get_policies, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Held", "b", get_held, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("HeldRanges", "u", get_ranges, 0, 0),
	SD_BUS_PROPERTY("Regions", "t", get_regions, 0, 0),
	SD_BUS_PROPERTY("SystemBytes", "t", get_system, 0, 0),
	SD_BUS_PROPERTY("DeviceBytes", "t", get_device, 0, 0),
	SD_BUS_PROPERTY("InUseBytes", "t", get_used, 0, 0),
	SD_BUS_PROPERTY("MovedBytes", "t", get_moved, 0, 0),
	SD_BUS_PROPERTY("Moves", "t", get_moves, 0, 0),
	SD_BUS_PROPERTY("Moving", "u", get_moving, 0, 0),
	SD_BUS_PROPERTY("SampledUSec", "t", get_sampled, 0, 0),
	SD_BUS_VTABLE_END,
};

static int find(sd_bus *bus, const char *path, const char *interface, void *arg,
		void **found, sd_bus_error *error)
{
	struct bus_face *face = arg;
	const char *last = path + strlen(PREFIX);
	struct session *session;
	uint64_t id;
	int end = 0;

	(void)bus, (void)interface, (void)error;
	if (face->introspecting) {
		*found = face;
		return 1;
	}
	if (last[0] != '/' || last[1] < '1' || last[1] > '9' ||
	    sscanf(last + 1, "%" SCNu64 "%n", &id, &end) != 1 || last[1 + end])
		return 0;
	session = sessions_find(face->daemon->sessions, id);
	if (!session)
		return 0;
	(void)round_policy(face->daemon, session);
	*found = session;
	return 1;
}

static int enumerate(sd_bus *bus, const char *prefix, void *arg, char ***nodes,
		     sd_bus_error *error)
{
	struct bus_face *face = arg;
	char path[BUS_PATH_MAX];
	size_t i, nr;
	char **list;

	(void)bus, (void)prefix, (void)error;
	if (face->introspecting)
		return 0;
	nr = sessions_count(face->daemon->sessions);
	list = calloc(nr + 1, sizeof(list[0]));
	if (!list)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		bus_path_session(path,
				 sessions_at(face->daemon->sessions, i)->id);
		list[i] = strdup(path);
		if (!list[i])
			break;
	}
	*nodes = list;
	return 1;
}

int bus_session_add(struct bus_face *face)
{
	int ret = sd_bus_add_fallback_vtable(face->bus, NULL, PREFIX,
					     BUS_SESSION, vtable, find, face);

	if (ret < 0)
		return ret;
	return sd_bus_add_node_enumerator(face->bus, NULL, PREFIX, enumerate,
					  face);
}
