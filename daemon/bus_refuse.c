// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What holds and dry-run refuse of moves that are asked for on the bus, as the
 * gates do for svmd's own (gate.c).
 *
 * What is moved away from is known as well as the last look at the session has
 * it. An eviction is of a device as a whole, by who manages the node: what the
 * owners of sessions hold does not stop it.
 */
#include <errno.h>

#include "bus_parts.h"

static bool is_place_held(const struct sense *sense, svmd_place place)
{
	uint32_t i;

	for (i = 0; i < sense->nr_nodes; i++)
		if (svmd_node(sense->nodes[i].id) == place)
			return sense->nodes[i].held;
	for (i = 0; i < sense->nr_devices; i++)
		if (svmd_device(sense->devices[i].id) == place)
			return sense->devices[i].held;
	return false;
}

/* Both without wrapping, and not empty. */
static bool overlap(uint64_t a, uint64_t a_length, uint64_t b,
		    uint64_t b_length)
{
	return a < b + b_length && b < a + a_length;
}

static bool holds_any(const struct session *session, uint64_t start,
		      uint64_t length)
{
	size_t i;

	for (i = 0; i < session->nr_holds; i++)
		if (overlap(start, length, (uintptr_t)session->holds[i].addr,
			    session->holds[i].length))
			return true;
	return false;
}

static bool leaves_held_place(const struct sense *sense,
			      const struct session *session, uint64_t start,
			      uint64_t length, svmd_place to)
{
	size_t i;

	for (i = 0; i < session->nr_regions; i++) {
		const struct svmd_region *region = &session->regions[i];

		if (region->place != to &&
		    overlap(start, length, region->start, region->length) &&
		    is_place_held(sense, region->place))
			return true;
	}
	return false;
}

int bus_refuse_move(struct bus_face *face, struct session *session,
		    uint64_t start, uint64_t length, svmd_place to,
		    sd_bus_error *error)
{
	const struct svmd_policy *policy = round_policy(face->daemon, session);
	const struct sense *sense = &face->daemon->sense;

	if (!length || start + length < start)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"The range is empty or wraps");
	if (policy->policies & SVMD_POLICY_DRY_RUN)
		return sd_bus_error_set(error, BUS_ERROR("DryRun"),
					"The session's policy is dry-run");
	if (session->bus_held || holds_any(session, start, length))
		return sd_bus_error_set(
			error, BUS_ERROR("Held"),
			"The session or a part of the range is held");
	if (is_place_held(sense, to))
		return sd_bus_error_set(error, BUS_ERROR("Held"),
					"Where it would go is held");
	if (leaves_held_place(sense, session, start, length, to))
		return sd_bus_error_set(
			error, BUS_ERROR("Held"),
			"A part of the range is in a held place");
	return 0;
}

int bus_refuse_evict(struct bus_face *face, uint32_t device,
		     sd_bus_error *error)
{
	const struct daemon *daemon = face->daemon;

	if (daemon->options.dry_run ||
	    daemon->config.policy.policies & SVMD_POLICY_DRY_RUN)
		return sd_bus_error_set(error, BUS_ERROR("DryRun"),
					"svmd, or its default, is dry-run");
	if (is_place_held(&daemon->sense, svmd_device(device)))
		return sd_bus_error_set(error, BUS_ERROR("Held"),
					"The device is held");
	return 0;
}
