/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * svm-stress: processes whose memory is moved, accessed by devices, unmapped,
 * moved in space, protected, thrown away, swapped and forked all at once, while
 * the truth about every byte is kept beside.
 *
 * Each process has threads; each thread has regions that only it works on, so it
 * knows at each moment what must be in them. A failed check ends the program.
 */
#ifndef STRESS_H
#define STRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

#define MAX_PROCESSES 16
#define THREADS 2
#define REGIONS 3
#define REGION_PAGES 1536
#define REGION_BYTES (REGION_PAGES * PAGE)
/* Devices that are there all the time: two of system memory, and a coherent one. */
#define DEVICES_MAX 3

/* What is counted besides the operations. */
enum sum {
	SUM_PAGES_TO_DEVICE,
	SUM_PAGES_TO_SYSTEM,
	SUM_PAGES_STAYED,
	SUM_BYTES_EVICTED,
	SUM_BYTES_COMPARED,
	SUM_ATOMICS,
	SUM_EXCLUSIVE_PAGES,
	SUM_JOBS,
	SUM_JOBS_CANCELLED,
	SUM_PAGES_BY_JOBS,
	SUM_EVENTS,
	SUM_EVENTS_DROPPED,
	SUM_ERRORS_EXPECTED,
	SUM_CHILDREN_KILLED,
	SUM_DEVICES_CREATED,
	SUM_ON_HOTPLUGGED,
	SUM_ON_COHERENT,
	SUM_NR,
};

#define MAX_OPS 32

/**
 * struct board - shared by all processes
 * @stop: time is up.
 * @nr_devices: devices that are there all the time.
 * @hotplugged: a device that comes and goes, or -1 for the moment.
 * @done: how often each operation was done.
 * @doing: what each thread is at, for who asks why it hangs.
 * @sums: see enum sum.
 */
struct board {
	atomic_bool stop;
	unsigned int nr_devices;
	atomic_int hotplugged;
	atomic_ulong done[MAX_OPS];
	_Atomic(const char *) doing[MAX_PROCESSES][THREADS];
	atomic_ulong sums[SUM_NR];
};

extern struct board *board;

/* What is known of a page. */
enum page_state {
	PAGE_RW,
	PAGE_READ_ONLY,
	PAGE_CLOSED,
	PAGE_UNMAPPED,
};

/**
 * struct region - memory of a thread, and the truth about it
 * @slots: a part of the address space that nobody else uses; the region is
 *	somewhere in it.
 * @addr: where.
 * @huge: huge pages are asked for.
 * @truth: what must be in it.
 * @state: of each page; what is unmapped counts as zero when it comes back.
 */
struct region {
	char *slots;
	char *addr;
	bool huge;
	unsigned char *truth;
	uint8_t state[REGION_PAGES];
};

/* Pages of a region. */
struct range {
	struct region *region;
	size_t first, pages;
};

/**
 * struct worker - a thread
 * @random: where its random numbers are.
 * @fds: contexts on the devices; the process's threads share them.
 * @hotplug_fd: on the device that comes and goes, or -1.
 * @exclusive: the device can have exclusive access.
 * @nodes: with memory.
 * @regions: its own.
 * @buffer: plain memory, as large as a region.
 * @child: that it has not waited for, or 0.
 * @child_kills_itself: and then ends so.
 */
struct worker {
	unsigned int process, thread;
	uint64_t random;
	int fds[DEVICES_MAX];
	int hotplug_fd;
	bool exclusive;
	int nodes[8], nr_nodes;
	struct region regions[REGIONS];
	unsigned char *buffer;
	pid_t child;
	bool child_kills_itself;
};

struct op {
	const char *name;
	unsigned int weight;
	void (*run)(struct worker *w);
};

extern const struct op ops[];
extern const unsigned int nr_ops;

static inline uint32_t below(struct worker *w, uint32_t n)
{
	return random_next(&w->random) % n;
}

static inline void add(enum sum sum, unsigned long n)
{
	atomic_fetch_add(&board->sums[sum], n);
}

/* worker.c */
void worker_process(unsigned int process, uint64_t seed);
/* A context to work on: of a device that stays, or seldom of the other one. */
int pick_fd(struct worker *w);
/*
 * True if an answer is that the device has gone, which only the one that comes
 * and goes may give.
 */
bool is_gone(struct worker *w, int fd, int ret);

/* hotplug.c */
void hotplug_process(uint64_t seed);

/* health.c: what the kernel thinks of itself. */
struct health {
	long long tainted, lockdep;
};
struct health health_now(void);
bool health_got_worse(const struct health *before);

/* region.c */
void region_make(struct region *r, unsigned int slot, bool huge);
struct range pick_range(struct worker *w);
char *range_addr(const struct range *r);
size_t range_bytes(const struct range *r);
/* The next run of pages that are mapped, from page *at of the range on. */
bool next_mapped(const struct range *r, size_t *at, struct range *run);
/* The next run of pages that are not. */
bool next_unmapped(const struct range *r, size_t *at, struct range *run);
void set_state(const struct range *r, enum page_state state);
/* The memory is as new. */
void truth_is_zero(const struct range *r);
/* What the CPU may read of it is what it must be. */
void check_range(const struct range *r, int fd);
/* As check_range(), all regions of the thread. */
void check_all(struct worker *w);
/* The same but for one. */
void check_all_others(struct worker *w, const struct region *not_this);
/* What the device must answer for bytes of a region: 0 or a negative errno. */
int expected(const struct region *r, size_t offset, size_t length, bool write);

void do_migrate(struct worker *w);
void do_gather(struct worker *w);
void do_evict(struct worker *w);
void do_residency(struct worker *w);
void do_events(struct worker *w);

void do_submit(struct worker *w);
void do_reap(struct worker *w);
void do_cancel(struct worker *w);

void do_device_read(struct worker *w);
void do_device_write(struct worker *w);
void do_device_fill(struct worker *w);
void do_device_copy(struct worker *w);
void do_atomics(struct worker *w);

void do_acquire(struct worker *w);
void do_release(struct worker *w);

void do_touch(struct worker *w);
void do_write(struct worker *w);
void do_munmap(struct worker *w);
void do_map(struct worker *w);
void do_mprotect(struct worker *w);
void do_mremap(struct worker *w);
void do_dontneed(struct worker *w);
void do_pageout(struct worker *w);
void do_collapse(struct worker *w);

void do_fork(struct worker *w);
void reap_child(struct worker *w, bool wait);

#endif /* STRESS_H */
