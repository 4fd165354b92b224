/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel made of arrays, behind libsvm's table of system calls: an address
 * space whose pages are entries of an array, nodes, devices, and the two ways
 * to move pages. It follows the ioctl contract and, where libsvm depends on it,
 * move_pages(2) to the letter, batches and all.
 *
 * There is one such kernel in a test program. fake_start() makes it empty: two
 * nodes, no device, nothing mapped. Tests lay out pages and devices, then open
 * a handle on fake_ops. Its device nodes and /proc are files in a temporary
 * directory. A mutex makes it safe to call from several threads; layout is for
 * one.
 */
#ifndef TESTS_UNIT_FAKE_H
#define TESTS_UNIT_FAKE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <sys/types.h>

#include <cmocka.h>

#include <svm/svm.h>

#include "handle.h"

#define FAKE_BASE ((uintptr_t)0x10000000)
#define FAKE_PAGE ((size_t)4096)
#define FAKE_PAGES 40000
#define FAKE_DEVICES 4
#define FAKE_NODES 4
#define FAKE_EVENTS 16

/* What is special about a page. */
enum fake_trait {
	FAKE_PINNED =
		1 << 0, /* neither the module nor move_pages can move it */
	FAKE_SHARED = 1 << 1, /* move_pages says EACCES */
	FAKE_STUCK = 1 << 2, /* move_pages says EFAULT: mapping can't migrate */
	FAKE_TAIL = 1 << 3,  /* part of the huge page of the page before */
	FAKE_SWAPCACHE = 1 << 4, /* the module says SWAPPED */
	FAKE_VANISHES = 1 << 5,	 /* is unmapped when move_pages tries it */
};

/* Kinds of mappings, as names in maps. */
enum fake_kind {
	FAKE_ANON,
	FAKE_FILE,
	FAKE_SHMEM,
	FAKE_HUGETLB,
	FAKE_SPECIAL,
};

struct fake_page {
	uint8_t place;	/* enum svm_place_type */
	uint8_t kind;	/* enum fake_kind */
	uint8_t traits; /* mask of enum fake_trait */
	uint16_t id;	/* node or device */
};

/* What a context advises for a page. */
struct fake_advice {
	uint8_t bits; /* mask of enum svm_advice */
	uint8_t dest;
	int32_t node;
};

struct fake_device {
	bool exists;
	bool gone;	    /* each ioctl gives ENODEV */
	bool stands_still;  /* calls succeed and do nothing */
	bool hold_jobs;	    /* until fake_run_jobs() */
	bool cancel_midway; /* jobs, after the first share of work */
	uint64_t wrong_ids; /* added to what is reaped */
	ino_t inode;
	uint32_t type;
	uint32_t version;
	uint64_t capabilities;
	uint64_t room; /* pages that fit */
	struct svm_ioctl_stats stats;
	struct svm_ioctl_quota quota; /* of the last call */
	int error; /* of the calls after the next @error_after */
	unsigned int error_after;
	unsigned int calls; /* on the address space */
	uint32_t last_flags;
	uint32_t last_timeout; /* of an access */
	uint32_t last_hold;
	int op_error; /* result of the operation after the next @op_error_after */
	unsigned int op_error_after;
	unsigned int done_more;	       /* claims so many operations more */
	uint8_t exclusive[FAKE_PAGES]; /* enum svm_exclusive_status */
	uint32_t event_mask;
	uint32_t event_entries;
	struct svm_event events[FAKE_EVENTS]; /* to be read */
	size_t nr_events;
	uint64_t events_total;
	uint64_t events_dropped;
	unsigned int waits; /* for events, each of which brings... */
	size_t wait_brings; /* ...so many */
	int wait_error;
	struct fake_advice advice[FAKE_PAGES];
};

struct fake {
	char dir[64];
	char dev[80];
	char proc[80];
	struct svm_ops ops;
	struct fake_page page[FAKE_PAGES];
	struct fake_device device[FAKE_DEVICES];
	ino_t control_inode;
	bool nodes[FAKE_NODES];
	uint64_t node_room[FAKE_NODES]; /* pages that fit */
	size_t call_pages;		/* a module call's share of work */
	pid_t pid;	 /* whose address space, 0 for the caller's */
	long move_error; /* of the move_pages calls after the next... */
	unsigned int move_error_after; /* ...so many */
	unsigned int move_calls;
	unsigned int query_calls;
	unsigned int ring_calls; /* for a ring, of which there is none */
	int create_error;
	struct svm_ioctl_create created;
	uint32_t destroyed;
};

extern struct fake fake;

int fake_start(void **state);
int fake_stop(void **state);

void fake_map(size_t first, size_t nr, enum fake_kind kind, int place, int id);
void fake_trait(size_t first, size_t nr, unsigned int traits);
void fake_publish(void);
struct fake_device *fake_add_device(unsigned int id, uint64_t room);
void fake_add_node_file(const char *name);
void fake_add_control(void);

/* Jobs; the ioctls are for fake.c, which has the migrate call for them. */
void fake_run_jobs(void);
size_t fake_count_jobs(void);
void fake_forget_jobs(void);
int fake_job_ioctl(struct fake_device *dev, unsigned int cmd, void *arg);
int fake_migrate(struct fake_device *dev, struct svm_ioctl_migrate *arg);

struct svm *fake_open(void);
struct svm *fake_open_for(pid_t pid);
void *fake_addr(size_t page);
size_t fake_count(int place, int id);

#define fake_test(name) \
	cmocka_unit_test_setup_teardown(name, fake_start, fake_stop)

#endif /* TESTS_UNIT_FAKE_H */
