// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holds of callers on the bus, see holds.h. What is held is reckoned anew from
 * the list whenever it changes: there are few.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "holds.h"

struct holds {
	struct daemon *daemon;
	sd_bus *bus;
	struct holds_ops ops;
	uint32_t last_cookie;
	struct hold *first;
};

static bool wanted(const struct holds *holds, enum svmd_scope_type type,
		   uint64_t id)
{
	const struct hold *hold = holds->first;

	while (hold && (hold->type != type || hold->id != id))
		hold = hold->next;
	return hold;
}

static void set_held(struct holds *holds, enum svmd_scope_type type,
		     uint64_t id, bool *held)
{
	bool now = wanted(holds, type, id);

	if (*held == now)
		return;
	*held = now;
	holds->ops.held(type, id, holds->ops.arg);
}

void holds_apply(struct holds *holds)
{
	struct daemon *daemon = holds->daemon;
	struct sense *sense = &daemon->sense;
	size_t i, nr = sessions_count(daemon->sessions);

	for (i = 0; i < nr; i++) {
		struct session *session = sessions_at(daemon->sessions, i);

		set_held(holds, SVMD_SCOPE_SESSION, session->id,
			 &session->bus_held);
	}
	for (i = 0; i < sense->nr_nodes; i++)
		set_held(holds, SVMD_SCOPE_NODE, sense->nodes[i].id,
			 &sense->nodes[i].held);
	for (i = 0; i < sense->nr_devices; i++)
		set_held(holds, SVMD_SCOPE_DEVICE, sense->devices[i].id,
			 &sense->devices[i].held);
}

static void hold_free(struct hold *hold)
{
	sd_bus_track_unref(hold->track);
	free(hold->sender);
	free(hold->reason);
	free(hold);
}

static int on_sender_gone(sd_bus_track *track, void *arg)
{
	(void)track;
	holds_release(arg);
	return 0;
}

static bool too_many(const struct holds *holds, const char *sender, uid_t uid)
{
	unsigned int of_sender = 0, of_user = 0;
	const struct hold *hold;

	for (hold = holds->first; hold; hold = hold->next) {
		of_sender += !strcmp(hold->sender, sender);
		of_user += hold->uid == uid;
	}
	return of_sender >= HOLDS_PER_SENDER ||
	       (uid && of_user >= HOLDS_PER_USER);
}

static bool exists(const struct daemon *daemon,
		   const struct svmd_scope_key *key)
{
	const struct sense *sense = &daemon->sense;
	uint32_t i;

	if (key->type == SVMD_SCOPE_SESSION)
		return sessions_find(daemon->sessions, key->id);
	for (i = 0; i < sense->nr_nodes; i++)
		if (key->type == SVMD_SCOPE_NODE &&
		    sense->nodes[i].id == key->id)
			return true;
	for (i = 0; i < sense->nr_devices; i++)
		if (key->type == SVMD_SCOPE_DEVICE &&
		    sense->devices[i].id == key->id)
			return true;
	return false;
}

static int track_sender(struct hold *hold)
{
	int ret = sd_bus_track_new(hold->all->bus, &hold->track, on_sender_gone,
				   hold);

	return ret < 0 ? ret : sd_bus_track_add_name(hold->track, hold->sender);
}

int holds_take(struct holds *holds, const struct svmd_scope_key *key, uid_t uid,
	       const char *sender, const char *reason, uint32_t *cookie)
{
	struct hold *hold;
	int ret;

	if (!exists(holds->daemon, key))
		return -ENOENT;
	if (too_many(holds, sender, uid))
		return -EUSERS;
	hold = calloc(1, sizeof(*hold));
	if (!hold)
		return -ENOMEM;
	hold->all = holds;
	hold->type = key->type;
	hold->id = key->id;
	hold->uid = uid;
	hold->sender = strdup(sender);
	hold->reason = strdup(reason);
	ret = hold->sender && hold->reason ? track_sender(hold) : -ENOMEM;
	if (ret < 0) {
		hold_free(hold);
		return ret;
	}
	if (!++holds->last_cookie)
		holds->last_cookie = 1;
	hold->cookie = holds->last_cookie;
	hold->next = holds->first;
	holds->first = hold;
	holds_apply(holds);
	*cookie = hold->cookie;
	holds->ops.changed(holds->ops.arg);
	return 0;
}

struct hold *holds_find(struct holds *holds, uint32_t cookie)
{
	struct hold *hold = holds->first;

	while (hold && hold->cookie != cookie)
		hold = hold->next;
	return hold;
}

void holds_release(struct hold *hold)
{
	struct holds *holds = hold->all;
	struct hold **link = &holds->first;

	while (*link != hold)
		link = &(*link)->next;
	*link = hold->next;
	hold_free(hold);
	holds_apply(holds);
	holds->ops.changed(holds->ops.arg);
}

const struct hold *holds_first(const struct holds *holds)
{
	return holds->first;
}

int holds_new(struct holds **out, struct daemon *daemon, sd_bus *bus,
	      const struct holds_ops *ops)
{
	struct holds *holds = calloc(1, sizeof(*holds));

	if (!holds)
		return -ENOMEM;
	holds->daemon = daemon;
	holds->bus = bus;
	holds->ops = *ops;
	*out = holds;
	return 0;
}

struct holds *holds_free(struct holds *holds)
{
	struct hold *hold;

	if (!holds)
		return NULL;
	while ((hold = holds->first)) {
		holds->first = hold->next;
		hold_free(hold);
	}
	free(holds);
	return NULL;
}
