// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much of an address space a call works on at once: what the events of a move tell
 * is no more than a window each.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M",
	.needs_device_memory = true,
};

#define WINDOW "/sys/module/svm/parameters/window_mib"
#define LENGTH MIB(96)
#define USUAL MIB(8)
#define MOST MIB(32)

/* The most that one event tells of moving memory, all of which must move. */
static size_t largest(int fd, char *addr, struct dest to)
{
	struct svm_event e[64];
	size_t i, n, bytes = 0, most = 0;

	events_on(fd, EVENT(MIGRATED), 1024);
	move_all(fd, addr, LENGTH, to);
	while ((n = events_read(fd, e, 64)))
		for (i = 0; i < n; i++) {
			bytes += e[i].length;
			if (e[i].length > most)
				most = e[i].length;
		}
	CHECK_EQ(bytes, LENGTH);
	return most;
}

/* There and back; returns the most at once to the device. */
static size_t there_and_back(int fd, char *addr)
{
	size_t most = largest(fd, addr, TO_DEVICE);

	CHECK_LE(largest(fd, addr, TO_SYSTEM), USUAL);
	check_fill(addr, LENGTH, 1);
	return most;
}

static char *filled(char *addr)
{
	fill(addr, LENGTH, 1);
	return addr;
}

/* Only where others copy is more at once of use, and only to the device. */
CASE(grows_where_others_copy)
{
	int fd = open_device(0);
	char *addr = filled(map_small(LENGTH));
	size_t most;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("there is one CPU");
	CHECK(EVENTUALLY((most = there_and_back(fd, addr)) > USUAL));
	CHECK_LE(most, MOST);
}

CASE(stays_where_nobody_helps)
{
	int fd = open_device(0);
	char *addr = filled(map_small(LENGTH));

	if (!setting("/sys/module/svm/parameters/copy_cpus", "1"))
		skip("can't write to copy_cpus");
	CHECK_LE(there_and_back(fd, addr), USUAL);
}

/* Huge pages are out of the page tables for all of a run. */
CASE(huge_pages_in_short_runs)
{
	int fd = open_device(0);

	CHECK_LE(there_and_back(fd, filled(map_thp(LENGTH))), USUAL);
}

CASE(bounded_by_parameter)
{
	static const unsigned int mib[] = { 2, 3, 7, 31 };
	int fd = open_device(0);
	char *addr = filled(map_small(LENGTH)), text[16];
	size_t i;

	for (i = 0; i < sizeof(mib) / sizeof(mib[0]); i++) {
		snprintf(text, sizeof(text), "%u", mib[i]);
		if (!setting(WINDOW, text))
			skip("can't write to " WINDOW);
		CHECK_LE(there_and_back(fd, addr), MIB(mib[i] & ~1u));
	}
}

CASE(bad_parameter)
{
	static const char *const bad[] = { "0", "1", "33", "-2", "8M", "\n" };
	long long before = read_number(WINDOW);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!write_file(WINDOW, bad[i]));
		CHECK_EQ(read_number(WINDOW), before);
	}
}

struct rival {
	atomic_bool done;
	atomic_uint maps;
};

/* Wants the address space for itself, again and again. */
static void *maps_and_unmaps(void *arg)
{
	struct rival *rival = arg;

	while (!atomic_load(&rival->done)) {
		void *addr = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);

		if (addr != MAP_FAILED)
			munmap(addr, PAGE);
		atomic_fetch_add(&rival->maps, 1);
	}
	return NULL;
}

/* The last window of a call among those who wait for the address space. */
static bool gave_way(int fd, char *addr)
{
	struct svm_event e[64];
	size_t n, last = 0;
	bool small = false;

	events_on(fd, EVENT(MIGRATED), 1024);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	while ((n = events_read(fd, e, 64))) {
		last = e[n - 1].length;
		small |= last <= HUGE_PAGE;
	}
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	return small;
}

CASE(shrinks_where_others_wait)
{
	struct rival rival = { 0 };
	int fd = open_device(0);
	char *addr = filled(map_small(LENGTH));
	pthread_t thread = thread_start(maps_and_unmaps, &rival);

	CHECK(EVENTUALLY(gave_way(fd, addr)));
	atomic_store(&rival.done, true);
	thread_join(thread);
	CHECK_GT(atomic_load(&rival.maps), 0);
	check_fill(addr, LENGTH, 1);
}
