// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Evicting a part of a device: who has most gives, and nobody else.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=16M",
	.needs_device_memory = true,
};

/* A process that has memory on the device, until it is let go. */
struct tenant {
	size_t bytes;
	bool huge;
	int sock;
	pid_t pid;
	int fd;
};

static void lives_there(void *arg)
{
	struct tenant *t = arg;
	char *addr = t->huge ? map_thp(t->bytes) : map_anon(t->bytes);
	int fd = open_device(0);
	char byte;

	fill(addr, t->bytes, 1);
	move_all(fd, addr, t->bytes, TO_DEVICE);
	send_fd(t->sock, fd);
	CHECK_EQ(read(t->sock, &byte, 1), 1);
	check_fill(addr, t->bytes, 1);
}

static void move_in(struct tenant *t, size_t bytes, bool huge)
{
	int sv[2];

	make_sockets(sv);
	*t = (struct tenant){ .bytes = bytes, .huge = huge, .sock = sv[1] };
	t->pid = child(lives_there, t);
	CHECK_SYS(close(sv[1]));
	t->sock = sv[0];
	t->fd = receive_fd(t->sock);
}

static void move_out(struct tenant *t)
{
	CHECK_EQ(write(t->sock, "", 1), 1);
	child_ok(t->pid);
	CHECK_SYS(close(t->fd));
	CHECK_SYS(close(t->sock));
}

static uint64_t used(struct tenant *t)
{
	struct svm_ioctl_quota q = arg_quota(SVM_F_OWNER_MM, 0);

	CHECK_RET(svm_call(t->fd, SVM_IOCTL_QUOTA, &q), 0);
	return q.bytes_used;
}

static void leveled(bool huge)
{
	struct tenant a, b, c;
	int fd = open_device(0);

	move_in(&a, MIB(2), huge);
	move_in(&b, MIB(8), huge);
	move_in(&c, MIB(4), huge);
	CHECK_EQ(device_evict(fd, MIB(4)).bytes_evicted, MIB(4));
	CHECK_EQ(used(&a), MIB(2));
	CHECK_EQ(used(&b), MIB(4));
	CHECK_EQ(used(&c), MIB(4));
	CHECK_EQ(device_evict(fd, MIB(4)).bytes_evicted, MIB(4));
	CHECK_EQ(used(&a), MIB(2));
	CHECK_EQ(used(&b), MIB(2));
	CHECK_EQ(used(&c), MIB(2));
	CHECK_EQ(device_evict(fd, MIB(12)).bytes_evicted, MIB(6));
	move_out(&a);
	move_out(&b);
	move_out(&c);
	check_all_free(fd);
}

CASE(from_who_has_most)
{
	leveled(false);
}

CASE(from_who_has_most_in_huge_pages)
{
	leveled(true);
}

/* Sizes that are no round numbers: the last to be asked has the remainder. */
CASE(to_one_level)
{
	struct tenant t[3];
	int fd = open_device(0), i;
	uint64_t sum = 0;

	move_in(&t[0], 1000 * PAGE, false);
	move_in(&t[1], 701 * PAGE, false);
	move_in(&t[2], 699 * PAGE, false);
	CHECK_EQ(device_evict(fd, 700 * PAGE).bytes_evicted, 700 * PAGE);
	for (i = 0; i < 3; i++) {
		/* 1700 pages are left, a third of that is 566 and 2/3. */
		CHECK_GE(used(&t[i]), 566 * PAGE);
		CHECK_LE(used(&t[i]), 568 * PAGE);
		sum += used(&t[i]);
	}
	CHECK_EQ(sum, 1700 * PAGE);
	for (i = 0; i < 3; i++)
		move_out(&t[i]);
}

/* Two who share an address space are one. */
CASE(contexts_are_no_owners)
{
	int fd = open_device(0), second = open_device(0);
	char *addr = map_anon(MIB(6));
	struct tenant t;

	fill(addr, MIB(6), 1);
	move_all(fd, addr, MIB(3), TO_DEVICE);
	move_all(second, addr + MIB(3), MIB(3), TO_DEVICE);
	move_in(&t, MIB(4), false);
	device_evict(fd, MIB(2));
	CHECK_EQ(device_quota(fd).bytes_used, MIB(4));
	CHECK_EQ(used(&t), MIB(4));
	move_out(&t);
	check_fill(addr, MIB(6), 1);
}

CASE(coldest_first)
{
	char *addr = map_anon(MIB(6)), *buffer = malloc(MIB(2));
	int fd = open_device(0);

	fill(addr, MIB(6), 1);
	move_all(fd, addr + MIB(2), MIB(2), TO_DEVICE);
	move_all(fd, addr, MIB(2), TO_DEVICE);
	move_all(fd, addr + MIB(4), MIB(2), TO_DEVICE);
	dev_read(fd, addr + MIB(2), MIB(2), buffer);
	CHECK_EQ(device_evict(fd, MIB(1)).bytes_evicted, MIB(1));
	check_home(fd, addr, MIB(1));
	check_on_device(fd, addr + MIB(1), MIB(5), 0);
	check_fill(addr, MIB(6), 1);
	free(buffer);
}

/* What the events that are there say was evicted. */
static size_t bytes_told(int fd)
{
	struct svm_event e[64];
	size_t i, n, bytes = 0;

	while ((n = events_read(fd, e, 64)))
		for (i = 0; i < n; i++) {
			CHECK_EQ(e[i].type, SVM_EVENT_MIGRATED);
			CHECK_EQ(e[i].cause, SVM_CAUSE_EVICT);
			bytes += e[i].length;
		}
	return bytes;
}

/* Only who had the pages is told. */
CASE(told_to_the_owner)
{
	char *addr = map_anon(MIB(2));
	int fd = open_device(0);
	struct svm_event e[8];
	struct tenant t;

	fill(addr, MIB(2), 1);
	move_all(fd, addr, MIB(2), TO_DEVICE);
	move_in(&t, MIB(4), false);
	events_on(fd, EVENT(MIGRATED), 0);
	events_on(t.fd, EVENT(MIGRATED), 0);
	device_evict(fd, MIB(2));
	CHECK_EQ(events_read(fd, e, 8), 0);
	CHECK_EQ(bytes_told(t.fd), MIB(2));
	device_evict(fd, MIB(2));
	CHECK_EQ(bytes_told(fd), MIB(1));
	move_out(&t);
	check_fill(addr, MIB(2), 1);
}

static void *evicts_some(void *arg)
{
	int fd = open_device(0), i;
	uint64_t *sum = arg, mine = 0;

	for (i = 0; i < 16; i++)
		mine += device_evict(fd, 8 * PAGE).bytes_evicted;
	__atomic_add_fetch(sum, mine, __ATOMIC_RELAXED);
	return NULL;
}

/* Each gets what it asks for, and nothing is counted twice. */
CASE(several_at_once)
{
	char *addr = map_anon(MIB(8));
	int fd = open_device(0);
	uint64_t sum = 0;

	fill(addr, MIB(8), 1);
	move_all(fd, addr, MIB(8), TO_DEVICE);
	threads_run(4, evicts_some, &sum);
	CHECK_EQ(sum, MIB(2));
	CHECK_EQ(device_quota(fd).bytes_used, MIB(6));
	check_fill(addr, MIB(8), 1);
}

static void comes_and_goes(void *arg)
{
	char *addr = map_anon(MIB(4));
	int fd = open_device(0);

	(void)arg;
	stamp(addr, MIB(4), 1);
	migrate(fd, addr, MIB(4), TO_DEVICE, 0, NULL, NULL);
}

CASE(while_owners_exit)
{
	int fd = open_device(0), i;
	struct tenant t;

	move_in(&t, MIB(2), true);
	for (i = 0; i < 40; i++) {
		pid_t pid = child(comes_and_goes, NULL);

		while (!waitpid(pid, NULL, WNOHANG))
			device_evict(fd, MIB(1));
		CHECK_LE(used(&t), MIB(2));
		if (used(&t) < MIB(1)) {
			move_out(&t);
			move_in(&t, MIB(2), true);
		}
	}
	move_out(&t);
	check_all_free(fd);
}
