// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon knows of the host, see sense.h.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "sense.h"

/* Decisions respect what is no older than ten seconds, by default. */
#define QUIET_US (8 * USEC_PER_SEC)
/* Where so much of all memory is taken or freed, it is not quiet: 1/64. */
#define ROOM_SHIFT 6

void sense_init(struct sense *sense, const char *root)
{
	static const struct sense_source sources[SENSE_SOURCES] = {
		[SENSE_NUMA] = { .name = "numa", .read = telemetry_numa },
		[SENSE_SVM] = { .name = "svm", .read = telemetry_svm },
		[SENSE_DRM] = { .name = "drm", .read = telemetry_drm },
		[SENSE_RDMA] = { .name = "rdma", .read = telemetry_rdma },
	};

	memset(sense, 0, sizeof(*sense));
	snprintf(sense->root, sizeof(sense->root), "%s", root);
	sense->libraries = !strcmp(root, "/");
	memcpy(sense->sources, sources, sizeof(sources));
}

void sense_configure(struct sense *sense, const struct svmd_settings *settings)
{
	sense->sources[SENSE_NUMA].period_us = settings->numa_period_us;
	sense->sources[SENSE_SVM].period_us = settings->device_period_us;
	sense->sources[SENSE_DRM].period_us = settings->drm_period_us;
	sense->sources[SENSE_RDMA].period_us = settings->rdma_period_us;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Said once when it is missing, and once when it is there. */
static void say_state(const struct sense_source *source, int error)
{
	if (error == source->error && source->reads)
		return;
	if (error)
		log_errno(LOG_NOTICE, error, "telemetry: no %s", source->name);
	else if (source->reads)
		log_line(LOG_NOTICE, "telemetry: %s is back", source->name);
}

static bool room_moves(struct sense *sense)
{
	uint64_t total = 0, room = 0, was = sense->room;
	uint32_t i;

	for (i = 0; i < sense->nr_nodes; i++) {
		total += sense->nodes[i].total_bytes;
		room += sense->nodes[i].free_bytes;
	}
	for (i = 0; i < sense->nr_devices; i++) {
		total += sense->devices[i].total_bytes;
		room += sense->devices[i].free_bytes;
	}
	sense->room = room;
	return (room > was ? room - was : was - room) > total >> ROOM_SHIFT;
}

/* Ever longer, while nobody needs to know. */
static uint64_t next_wait(struct sense *sense,
			  const struct sense_source *source)
{
	uint64_t wait = source->wait_us * 2;

	if (room_moves(sense) || !sense->quiet || wait < source->period_us ||
	    source->period_us > QUIET_US)
		return source->period_us;
	return wait < QUIET_US ? wait : QUIET_US;
}

static bool is_due(const struct sense *sense, const struct sense_source *source,
		   uint64_t now_us)
{
	uint64_t due = source->due_us;

	if (!sense->quiet && source->wait_us > source->period_us)
		due -= source->wait_us - source->period_us;
	return due <= now_us;
}

static void read_source(struct sense *sense, struct sense_source *source,
			uint64_t now_us)
{
	uint64_t begin = cpu_ns(), cost;
	int error = source->read(sense, now_us);

	cost = cpu_ns() - begin;
	say_state(source, error);
	source->error = error;
	source->cost_ns = source->reads ? (source->cost_ns * 7 + cost) / 8
					: cost;
	source->reads++;
	source->wait_us = next_wait(sense, source);
	source->due_us = now_us + source->wait_us;
	if (!error)
		source->sampled_us = now_us;
}

void sense_read(struct sense *sense, uint64_t now_us)
{
	unsigned int i;

	for (i = 0; i < SENSE_SOURCES; i++)
		if (is_due(sense, &sense->sources[i], now_us))
			read_source(sense, &sense->sources[i], now_us);
}

void sense_snapshot(const struct sense *sense, struct svmd_snapshot *snapshot)
{
	snapshot->nodes = sense->nodes;
	snapshot->nr_nodes = sense->nr_nodes;
	snapshot->devices = sense->devices;
	snapshot->nr_devices = sense->nr_devices;
	snapshot->cards = sense->cards;
	snapshot->nr_cards = sense->nr_cards;
	snapshot->ports = sense->ports;
	snapshot->nr_ports = sense->nr_ports;
}

void sense_library(const char *name, const char *of, int *last, int error)
{
	if (error == *last)
		return;
	if (error)
		log_errno(LOG_NOTICE, error,
			  "telemetry: %s knows nothing of %s, sysfs has to do",
			  name, of);
	else
		log_line(LOG_NOTICE, "telemetry: %s knows %s again", name, of);
	*last = error;
}

void sense_note(uint32_t *list, uint32_t *nr, uint32_t max, long number)
{
	uint32_t i = *nr;

	if (number < 0 || number > SVMD_PLACE_ID_MAX || *nr == max)
		return;
	for (; i && list[i - 1] > (uint32_t)number; i--)
		list[i] = list[i - 1];
	list[i] = (uint32_t)number;
	(*nr)++;
}
