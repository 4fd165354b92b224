// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process with its threads, each of which picks one operation after the other.
 */
#include "stress.h"

#include <stdlib.h>
#include <unistd.h>

#include "engine.h"
#include "numa.h"

const struct op ops[] = {
	{ "migrate", 30, do_migrate },
	{ "gather", 3, do_gather },
	{ "submit", 8, do_submit },
	{ "reap", 4, do_reap },
	{ "cancel", 1, do_cancel },
	{ "evict", 2, do_evict },
	{ "residency", 4, do_residency },
	{ "events", 4, do_events },
	{ "device-read", 12, do_device_read },
	{ "device-write", 12, do_device_write },
	{ "device-fill", 6, do_device_fill },
	{ "device-copy", 6, do_device_copy },
	{ "atomics", 12, do_atomics },
	{ "acquire", 10, do_acquire },
	{ "release", 4, do_release },
	{ "touch", 12, do_touch },
	{ "write", 12, do_write },
	{ "munmap", 3, do_munmap },
	{ "map", 12, do_map },
	{ "mprotect", 5, do_mprotect },
	{ "mremap", 2, do_mremap },
	{ "dontneed", 4, do_dontneed },
	{ "pageout", 2, do_pageout },
	{ "collapse", 2, do_collapse },
	{ "fork", 2, do_fork },
};

const unsigned int nr_ops = sizeof(ops) / sizeof(ops[0]);
_Static_assert(sizeof(ops) / sizeof(ops[0]) <= MAX_OPS, "no room on the board");

static void drop_hotplugged(struct worker *w)
{
	if (w->hotplug_fd >= 0)
		CHECK_SYS(close(w->hotplug_fd));
	w->hotplug_fd = -1;
}

/* The device may have gone before it is opened, or be another by now. */
static void find_hotplugged(struct worker *w)
{
	int id = atomic_load(&board->hotplugged);

	if (id < 0)
		return;
	w->hotplug_fd = try_open_device(id);
	if (w->hotplug_fd < 0 && w->hotplug_fd != -ENOENT &&
	    w->hotplug_fd != -ENODEV && w->hotplug_fd != -ENXIO)
		FAIL("open /dev/svm%d: %s", id, err_name(w->hotplug_fd));
}

int pick_fd(struct worker *w)
{
	if (w->hotplug_fd < 0 && !below(w, 4))
		find_hotplugged(w);
	if (w->hotplug_fd >= 0 && !below(w, 4))
		return w->hotplug_fd;
	return w->fds[below(w, board->nr_devices)];
}

bool is_gone(struct worker *w, int fd, int ret)
{
	if (ret != -ENODEV || fd != w->hotplug_fd)
		return false;
	drop_hotplugged(w);
	add(SUM_ERRORS_EXPECTED, 1);
	return true;
}

static unsigned int pick_op(struct worker *w, unsigned int total)
{
	unsigned int i = 0, at = below(w, total);

	for (; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	return i;
}

static void *worker_thread(void *arg)
{
	struct worker *w = arg;
	unsigned int i, op, total = 0;

	for (i = 0; i < nr_ops; i++)
		total += ops[i].weight;
	while (!atomic_load(&board->stop)) {
		op = pick_op(w, total);
		atomic_store(&board->doing[w->process][w->thread],
			     ops[op].name);
		ops[op].run(w);
		atomic_fetch_add(&board->done[op], 1);
		reap_child(w, false);
	}
	atomic_store(&board->doing[w->process][w->thread], "the last check");
	reap_child(w, true);
	check_all(w);
	drop_hotplugged(w);
	atomic_store(&board->doing[w->process][w->thread], NULL);
	return NULL;
}

static void worker_make(struct worker *w, unsigned int process,
			unsigned int thread, uint64_t seed, const int *fds)
{
	unsigned int i, number = process * THREADS + thread;

	w->process = process;
	w->thread = thread;
	w->random = pattern(seed, number + 1) | 1;
	w->hotplug_fd = -1;
	memcpy(w->fds, fds, sizeof(w->fds));
	w->exclusive = device_info(fds[0]).capabilities & SVM_CAP_EXCLUSIVE;
	w->nr_nodes = nodes_with_memory(w->nodes, 8);
	CHECK_GT(w->nr_nodes, 0);
	w->buffer = malloc(REGION_BYTES);
	CHECK(w->buffer);
	for (i = 0; i < REGIONS; i++)
		region_make(&w->regions[i], number * REGIONS + i, i % 2);
}

void worker_process(unsigned int process, uint64_t seed)
{
	struct worker *w = calloc(THREADS, sizeof(*w));
	pthread_t threads[THREADS];
	int fds[DEVICES_MAX] = { 0 };
	unsigned int i;

	CHECK(w);
	for (i = 0; i < board->nr_devices; i++) {
		fds[i] = open_device(i);
		events_on(fds[i],
			  EVENT(MIGRATED) | EVENT(REFUSED) |
				  EVENT(EXCLUSIVE_ENDED) | EVENT(UNMAPPED),
			  1024);
	}
	for (i = 0; i < THREADS; i++)
		worker_make(&w[i], process, i, seed, fds);
	for (i = 0; i < THREADS; i++)
		threads[i] = thread_start(worker_thread, &w[i]);
	for (i = 0; i < THREADS; i++)
		thread_join(threads[i]);
}
