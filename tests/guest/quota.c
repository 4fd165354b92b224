// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quota: how much of a device an address space may have.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=16M,8M",
	.needs_device_memory = true,
};

#define TOTAL MIB(16)
#define PERCENT "/sys/class/svm/svm0/quota_percent"

static void check_used(int fd, uint64_t bytes)
{
	CHECK_EQ(device_quota(fd).bytes_used, bytes);
}

/* Set it to the device's default for the time of the case. */
static void need_percent(const char *percent)
{
	CHECK(setting(PERCENT, percent));
}

CASE(no_limit_by_default)
{
	int fd = open_device(0);
	struct svm_ioctl_quota q = device_quota(fd);

	CHECK_EQ(q.bytes, TOTAL);
	CHECK_EQ(q.bytes_default, TOTAL);
	CHECK_EQ(q.bytes_used, 0);
	CHECK_EQ(read_number(PERCENT), 100);
	/* More than all is all, and for everybody to have. */
	drop_cap(CAP_SYS_RESOURCE);
	set_quota(fd, MIB(4) + 1);
	CHECK_EQ(device_quota(fd).bytes, MIB(4));
	set_quota(fd, TOTAL * 8);
	CHECK_EQ(device_quota(fd).bytes, TOTAL);
	set_quota(fd, 0);
	CHECK_EQ(device_quota(fd).bytes, 0);
	set_quota(fd, SVM_QUOTA_DEFAULT);
	CHECK_EQ(device_quota(fd).bytes, TOTAL);
}

static void limited(char *addr, size_t length)
{
	size_t pages = length / PAGE, room = (MIB(5) + 3 * PAGE) / PAGE;
	int fd = open_device(0);
	struct tally t;

	fill(addr, length, 1);
	set_quota(fd, room * PAGE);
	t = move(fd, addr, length, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, room, SVM_PAGE_OVER_QUOTA,
		    pages - room);
	check_used(fd, room * PAGE);
	CHECK_EQ(device_info(fd).bytes_free, TOTAL - room * PAGE);
	/* What is there is there, and no more comes. */
	t = move(fd, addr, length, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_ALREADY, room, SVM_PAGE_OVER_QUOTA,
		    pages - room);
	CHECK_EQ(
		device_stats(fd, SVM_STATS_CONTEXT).refused[SVM_PAGE_OVER_QUOTA],
		2 * (pages - room));
	set_quota(fd, SVM_QUOTA_DEFAULT);
	move_all(fd, addr, length, TO_DEVICE);
	check_used(fd, length);
	check_fill(addr, length, 1);
	check_used(fd, 0);
}

CASE(small_pages)
{
	limited(map_anon(MIB(8)), MIB(8));
}

CASE(huge_pages)
{
	limited(map_thp(MIB(8)), MIB(8));
}

CASE(holes)
{
	char *addr = map_aligned(MIB(8));
	int fd = open_device(0);
	struct tally t;

	set_quota(fd, MIB(3));
	t = move(fd, addr, MIB(8), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, MIB(3) / PAGE, SVM_PAGE_OVER_QUOTA,
		    MIB(5) / PAGE);
	CHECK_EQ(count_place(fd, addr, MIB(8), SVM_PLACE_NONE), MIB(5) / PAGE);
	check_zero(addr, MIB(8));
}

CASE(nothing_at_all)
{
	char *addr = map_anon(MIB(1));
	int fd = open_device(0);
	struct tally t;

	fill(addr, MIB(1), 1);
	set_quota(fd, 0);
	t = move(fd, addr, MIB(1), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_OVER_QUOTA, MIB(1) / PAGE);
	check_home(fd, addr, MIB(1));
}

/* Full and over quota are told apart. */
CASE(device_is_full_before)
{
	char *addr = map_anon(MIB(12));
	int fd = open_device(1);
	struct tally t;

	fill(addr, MIB(12), 1);
	t = move(fd, addr, MIB(12), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, MIB(8) / PAGE, SVM_PAGE_DEVICE_FULL,
		    MIB(4) / PAGE);
	/* A page less than all, and it is the quota. */
	set_quota(fd, MIB(8) - PAGE);
	t = move(fd, addr, MIB(12), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_ALREADY, MIB(8) / PAGE, SVM_PAGE_OVER_QUOTA,
		    MIB(4) / PAGE);
	check_fill(addr, MIB(12), 1);
}

/* Each device has its own. */
CASE(of_one_device)
{
	int a = open_device(0), b = open_device(1);
	char *addr = map_anon(MIB(4));
	struct tally t;

	fill(addr, MIB(4), 1);
	set_quota(a, MIB(1));
	CHECK_EQ(device_quota(b).bytes, MIB(8));
	move_all(b, addr, MIB(4), TO_DEVICE);
	check_used(b, MIB(4));
	check_used(a, 0);
	t = move(a, addr, MIB(4), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, MIB(1) / PAGE, SVM_PAGE_OVER_QUOTA,
		    MIB(3) / PAGE);
	check_used(a, MIB(1));
	check_used(b, MIB(3));
	check_fill(addr, MIB(4), 1);
}

/* What was had stays when less is allowed. */
CASE(lowering_evicts_nothing)
{
	char *addr = map_anon(MIB(4));
	int fd = open_device(0);
	struct tally t;

	fill(addr, MIB(4), 1);
	move_all(fd, addr, MIB(3), TO_DEVICE);
	set_quota(fd, MIB(2));
	check_on_device(fd, addr, MIB(3), 0);
	check_used(fd, MIB(3));
	t = move(fd, addr + MIB(3), MIB(1), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_OVER_QUOTA, MIB(1) / PAGE);
	/* Until enough has left: then the rest of the quota. */
	move_all(fd, addr, MIB(2), TO_SYSTEM);
	t = move(fd, addr, MIB(2), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, MIB(1) / PAGE, SVM_PAGE_OVER_QUOTA,
		    MIB(1) / PAGE);
	check_used(fd, MIB(2));
	check_fill(addr, MIB(4), 1);
}

/* Neither another context nor closing all of them gives it anew. */
CASE(shared_by_contexts)
{
	int a = open_device(0), b = open_device(0);
	char *addr = map_anon(MIB(4));
	struct tally t;

	fill(addr, MIB(4), 1);
	set_quota(a, MIB(2));
	CHECK_EQ(device_quota(b).bytes, MIB(2));
	move_all(b, addr, MIB(1), TO_DEVICE);
	check_used(a, MIB(1));
	t = move(a, addr + MIB(1), MIB(3), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, MIB(1) / PAGE, SVM_PAGE_OVER_QUOTA,
		    MIB(2) / PAGE);
	CHECK_SYS(close(a));
	CHECK_SYS(close(b));
	a = open_device(0);
	CHECK_EQ(device_quota(a).bytes, MIB(2));
	check_used(a, MIB(2));
	t = move(a, addr, MIB(4), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_ALREADY, MIB(2) / PAGE, SVM_PAGE_OVER_QUOTA,
		    MIB(2) / PAGE);
	check_fill(addr, MIB(4), 1);
}

CASE(freed_pages_are_given_back)
{
	char *addr = map_thp(MIB(8));
	int fd = open_device(0);

	fill(addr, MIB(8), 1);
	move_all(fd, addr, MIB(8), TO_DEVICE);
	check_used(fd, MIB(8));
	CHECK_SYS(munmap(addr, MIB(4)));
	check_used(fd, MIB(4));
	/* Half of a huge page: it is gone when the page is split, or home. */
	CHECK_SYS(madvise(addr + MIB(5), MIB(1), MADV_DONTNEED));
	move_all(fd, addr + MIB(4), MIB(1), TO_SYSTEM);
	check_used(fd, MIB(2));
	check_part(addr + MIB(4), MIB(1), 1, MIB(4));
	check_zero(addr + MIB(5), MIB(1));
	check_part(addr + MIB(6), MIB(2), 1, MIB(6));
	check_used(fd, 0);
}

static void child_has_none(void *arg)
{
	int parents = ((int *)arg)[0], fd = open_device(0);
	struct svm_ioctl_quota q = arg_quota(0, 0);

	check_used(fd, 0);
	CHECK_EQ(device_quota(fd).bytes, TOTAL);
	check_refused(parents, SVM_IOCTL_QUOTA, &q, sizeof(q), EXDEV);
	q = arg_quota(SVM_F_OWNER_MM, 0);
	CHECK_RET(svm_call(parents, SVM_IOCTL_QUOTA, &q), 0);
	CHECK_EQ(q.bytes_used, MIB(2));
	q = arg_quota(SVM_F_OWNER_MM | SVM_QUOTA_SET, MIB(3));
	CHECK_RET(svm_call(parents, SVM_IOCTL_QUOTA, &q), 0);
	CHECK_EQ(q.bytes, MIB(3));
	CHECK_EQ(device_quota(fd).bytes, TOTAL);
}

/* What is shared after fork() belongs to who brought it. */
CASE(fork_shares_no_quota)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(2));

	fill(addr, MIB(2), 1);
	move_all(fd, addr, MIB(2), TO_DEVICE);
	child_ok(child(child_has_none, &fd));
	CHECK_EQ(device_quota(fd).bytes, MIB(3));
	check_used(fd, MIB(2));
}

struct heir {
	char *addr;
	struct gate started, go_on;
	int sock;
};

static void keeps_the_pages(void *arg)
{
	struct heir *h = arg;

	gate_open(&h->started, 1);
	gate_wait(&h->go_on);
	check_fill(h->addr, MIB(2), 1);
}

static void leaves_an_heir(void *arg)
{
	struct heir *h = arg;
	int fd = open_device(0);

	h->addr = map_anon(MIB(2));
	fill(h->addr, MIB(2), 1);
	move_all(fd, h->addr, MIB(2), TO_DEVICE);
	if (!CHECK_SYS(fork())) {
		keeps_the_pages(h);
		_exit(0);
	}
	gate_wait(&h->started);
	/* Exits without waiting for it. */
}

/* The pages outlive their owner. */
CASE(owner_exits_before_its_pages)
{
	struct heir h = { .started = gate_make(), .go_on = gate_make() };
	int fd = open_device(0), i;

	for (i = 0; i < 3; i++) {
		child_ok(child(leaves_an_heir, &h));
		CHECK_EQ(device_info(fd).bytes_free, TOTAL - MIB(2));
		check_used(fd, 0);
		gate_open(&h.go_on, 1);
		check_all_free(fd);
	}
}

static void unprivileged(void *arg)
{
	int fd = open_device(0);
	struct svm_ioctl_quota q;

	(void)arg;
	CHECK_EQ(device_quota(fd).bytes, MIB(8));
	CHECK_EQ(device_quota(fd).bytes_default, MIB(8));
	drop_cap(CAP_SYS_RESOURCE);
	q = arg_quota(SVM_QUOTA_SET, MIB(8) + PAGE);
	check_refused(fd, SVM_IOCTL_QUOTA, &q, sizeof(q), EPERM);
	q = arg_quota(SVM_QUOTA_SET, SVM_QUOTA_DEFAULT - 1);
	check_refused(fd, SVM_IOCTL_QUOTA, &q, sizeof(q), EPERM);
	CHECK_EQ(device_quota(fd).bytes, MIB(8));
	/* Down and up again, as far as the default goes. */
	set_quota(fd, MIB(1));
	set_quota(fd, MIB(8) + 1);
	CHECK_EQ(device_quota(fd).bytes, MIB(8));
	set_quota(fd, MIB(4));
	CHECK_EQ(device_quota(fd).bytes, MIB(4));
}

CASE(raising_takes_a_capability)
{
	int fd = open_device(0);

	need_percent("50");
	child_ok(child(unprivileged, NULL));
	CHECK_EQ(device_quota(fd).bytes, MIB(8));
	set_quota(fd, MIB(12));
	CHECK_EQ(device_quota(fd).bytes, MIB(12));
	CHECK_EQ(device_quota(fd).bytes_default, MIB(8));
}

/* It is for who has none of his own, at once. */
CASE(default_of_the_device)
{
	char *addr = map_anon(MIB(12));
	int fd = open_device(0);
	struct tally t;

	fill(addr, MIB(12), 1);
	need_percent("25");
	t = move(fd, addr, MIB(12), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, MIB(4) / PAGE, SVM_PAGE_OVER_QUOTA,
		    MIB(8) / PAGE);
	need_percent("50");
	t = move(fd, addr, MIB(12), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_ALREADY, MIB(4) / PAGE, SVM_PAGE_MOVED,
		    MIB(4) / PAGE, SVM_PAGE_OVER_QUOTA, MIB(4) / PAGE);
	set_quota(fd, MIB(9));
	need_percent("0");
	t = move(fd, addr, MIB(12), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_ALREADY, MIB(8) / PAGE, SVM_PAGE_MOVED,
		    MIB(1) / PAGE, SVM_PAGE_OVER_QUOTA, MIB(3) / PAGE);
	CHECK_EQ(device_quota(fd).bytes_default, 0);
	check_fill(addr, MIB(12), 1);
}

CASE(bad_percent)
{
	static const char *const bad[] = { "101", "-1", "x", "", "4294967296" };
	size_t i;

	need_percent("40");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!*bad[i] || !write_file(PERCENT, bad[i]));
	CHECK_EQ(read_number(PERCENT), 40);
}

CASE(unknown_flags)
{
	int fd = open_device(0), bit;

	for (bit = 0; bit < 32; bit++) {
		struct svm_ioctl_quota q = arg_quota(1u << bit, MIB(1));

		if ((1u << bit) & (SVM_F_OWNER_MM | SVM_QUOTA_SET))
			continue;
		check_refused(fd, SVM_IOCTL_QUOTA, &q, sizeof(q), EINVAL);
	}
	CHECK_EQ(device_quota(fd).bytes, TOTAL);
}

CASE(device_is_gone)
{
	uint32_t id = create_device(MIB(2));
	struct svm_ioctl_quota q = arg_quota(0, 0);
	int fd = open_device(id);

	destroy_device(id);
	check_refused(fd, SVM_IOCTL_QUOTA, &q, sizeof(q), ENODEV);
}

static void hands_over(void *arg)
{
	struct heir *h = arg;
	int fd = open_device(0);

	send_fd(h->sock, fd);
}

CASE(process_is_gone)
{
	struct svm_ioctl_quota q = arg_quota(SVM_F_OWNER_MM, 0);
	struct heir h;
	int sv[2], fd;

	make_sockets(sv);
	h.sock = sv[1];
	child_ok(child(hands_over, &h));
	fd = receive_fd(sv[0]);
	check_refused(fd, SVM_IOCTL_QUOTA, &q, sizeof(q), ESRCH);
}

/* The quota makes its owner's own pages give way. */
CASE(makes_room)
{
	char *addr = map_anon(MIB(6));
	int fd = open_device(0);
	struct tally t;

	fill(addr, MIB(6), 1);
	set_quota(fd, MIB(4));
	move_all(fd, addr, MIB(4), TO_DEVICE);
	t = move_evict(fd, addr + MIB(4), MIB(2));
	check_tally(&t, SVM_PAGE_MOVED, MIB(2) / PAGE);
	CHECK_EQ(t.bytes_evicted, MIB(2));
	check_used(fd, MIB(4));
	check_home(fd, addr, MIB(2));
	check_on_device(fd, addr + MIB(2), MIB(4), 0);
	check_fill(addr, MIB(6), 1);
}

/* What is above a lowered quota goes when its owner wants more. */
CASE(makes_room_after_lowering)
{
	char *addr = map_anon(MIB(6));
	int fd = open_device(0);
	struct tally t;

	fill(addr, MIB(6), 1);
	move_all(fd, addr, MIB(5), TO_DEVICE);
	set_quota(fd, MIB(2));
	t = move_evict(fd, addr + MIB(5), MIB(1));
	check_tally(&t, SVM_PAGE_MOVED, MIB(1) / PAGE);
	CHECK_EQ(t.bytes_evicted, MIB(4));
	check_used(fd, MIB(2));
	check_home(fd, addr, MIB(4));
	/* Without any, nothing is worth an eviction. */
	set_quota(fd, 0);
	t = move_evict(fd, addr, MIB(1));
	check_tally(&t, SVM_PAGE_OVER_QUOTA, MIB(1) / PAGE);
	CHECK_EQ(t.bytes_evicted, 0);
	check_fill(addr, MIB(6), 1);
}

/* Threads that take at once get no more than all are allowed. */
struct crowd {
	int fd;
	char *addr;
	_Atomic int turn;
};

static void *takes_a_part(void *arg)
{
	struct crowd *c = arg;
	char *part = c->addr + MIB(2) * c->turn++;
	int i;

	for (i = 0; i < 20; i++) {
		move(c->fd, part, MIB(2), TO_DEVICE, 0);
		CHECK_LE(device_quota(c->fd).bytes_used, MIB(5));
		if (i % 2)
			check_part(part, MIB(2), 1, part - c->addr);
	}
	return NULL;
}

CASE(threads_at_once)
{
	struct crowd c = { .fd = open_device(0), .addr = map_anon(MIB(8)) };

	fill(c.addr, MIB(8), 1);
	set_quota(c.fd, MIB(5));
	threads_run(4, takes_a_part, &c);
	check_fill(c.addr, MIB(8), 1);
	check_used(c.fd, 0);
}
