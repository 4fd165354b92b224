// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What works on every kernel, and how the module says what does not: on kernels
 * without device private memory, such as Debian's 6.12, this is all there is.
 */
#include <stdlib.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "jobs.h"
#include "mem.h"
#include "numa.h"
#include "os.h"
#include "ring.h"

const struct group group = { .module_args = "ram=512M,512M" };

#define PAGES 256
#define LENGTH (PAGES * PAGE)

static bool has_device_memory(void)
{
	return device_info(open_device(0)).capabilities & SVM_CAP_TO_DEVICE;
}

static void need_no_device_memory(void)
{
	if (has_device_memory())
		skip("this kernel has device private memory");
}

CASE(capabilities)
{
	struct svm_ioctl_info info = device_info(open_device(0));
	struct svm_ioctl_info control = device_info(open_control());
	bool device = has_device_memory();

	CHECK_EQ(!!(control.capabilities & SVM_CAP_TO_DEVICE), device);
	CHECK_EQ(!!(control.capabilities & SVM_CAP_CREATE), device);
	CHECK_EQ(!!info.bytes_total, device);
	CHECK_EQ(!!info.bytes_free, device);
	CHECK(info.capabilities & SVM_CAP_TO_SYSTEM);
	CHECK(info.capabilities & SVM_CAP_RESIDENCY);
}

CASE(no_move_to_device)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_migrate m;

	need_no_device_memory();
	fill(addr, LENGTH, 1);
	m = arg_migrate(addr, LENGTH, TO_DEVICE);
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EOPNOTSUPP);
	check_home(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
}

/* What needs no device memory can be advised for. */
CASE(advice_without_a_device)
{
	const uint32_t needs[] = { SVM_ADVICE_PIN, SVM_ADVICE_READ_MOSTLY,
				   SVM_ADVICE_PREFER };
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_advise a;
	int i;

	need_no_device_memory();
	for (i = 0; i < 3; i++) {
		a = arg_advise(addr, LENGTH, needs[i], 0);
		if (needs[i] == SVM_ADVICE_PREFER)
			a.dest = SVM_DEST_DEVICE;
		check_refused(fd, SVM_IOCTL_ADVISE, &a, sizeof(a), EOPNOTSUPP);
	}
	a = arg_advise(addr, LENGTH, SVM_ADVICE_KEEP | SVM_ADVICE_PREFER, 0);
	a.dest = SVM_DEST_SYSTEM;
	a.node = 0;
	CHECK_RET(svm_call(fd, SVM_IOCTL_ADVISE, &a), 0);
	CHECK_EQ(a.bytes, LENGTH);
}

/* On every kernel: each part to its node. */
CASE(preferred_nodes)
{
	int fd = open_device(0), nodes[2], i;
	char *addr = map_anon(LENGTH);

	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	for (i = 0; i < 2; i++) {
		struct svm_ioctl_advise a = arg_advise(addr + i * LENGTH / 2,
						       LENGTH / 2,
						       SVM_ADVICE_PREFER, 0);

		a.dest = SVM_DEST_SYSTEM;
		a.node = nodes[i];
		CHECK_RET(svm_call(fd, SVM_IOCTL_ADVISE, &a), 0);
	}
	move_all(fd, addr, LENGTH, TO_PREFERRED);
	check_on_node(fd, addr, LENGTH / 2, nodes[0]);
	check_on_node(fd, addr + LENGTH / 2, LENGTH / 2, nodes[1]);
	check_fill(addr, LENGTH, 1);
}

CASE(no_create_evict_or_quota)
{
	struct svm_ioctl_quota q = arg_quota(0, 0);
	struct svm_ioctl_create c = arg_create(HUGE_PAGE, SVM_NODE_ANY);
	struct svm_ioctl_evict e = arg_evict(0);
	struct svm_ioctl_destroy d = arg_destroy(99);

	need_no_device_memory();
	check_refused(open_control(), SVM_IOCTL_CREATE, &c, sizeof(c),
		      EOPNOTSUPP);
	check_refused(open_device(0), SVM_IOCTL_EVICT, &e, sizeof(e),
		      EOPNOTSUPP);
	check_refused(open_device(0), SVM_IOCTL_QUOTA, &q, sizeof(q),
		      EOPNOTSUPP);
	q = arg_quota(SVM_QUOTA_SET, 0);
	check_refused(open_device(0), SVM_IOCTL_QUOTA, &q, sizeof(q),
		      EOPNOTSUPP);
	check_refused(open_control(), SVM_IOCTL_DESTROY, &d, sizeof(d), ENOENT);
}

static void round_trips(char *addr, size_t length)
{
	int fd = open_device(0), nodes[2], i;

	need_two_nodes(nodes);
	for (i = 0; i < 4; i++) {
		fill(addr, length, i);
		move_all(fd, addr, length, TO_NODE(nodes[i % 2]));
		check_on_node(fd, addr, length, nodes[i % 2]);
		check_node(addr, length, nodes[i % 2]);
		check_fill(addr, length, i);
	}
}

CASE(small_pages_between_nodes)
{
	round_trips(map_anon(LENGTH), LENGTH);
}

CASE(huge_pages_between_nodes)
{
	round_trips(map_thp(MIB(4)), MIB(4));
}

CASE(forked_pages_between_nodes)
{
	int fd = open_device(0), nodes[2];
	struct gate g = gate_make();
	char *addr = map_anon(LENGTH);
	pid_t pid;

	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_NODE(nodes[0]));
	pid = CHECK_SYS(fork());
	if (!pid) {
		gate_wait(&g);
		check_fill(addr, LENGTH, 1);
		fill(addr, LENGTH, 2);
		check_fill(addr, LENGTH, 2);
		_exit(0);
	}
	move_all(fd, addr, LENGTH, TO_NODE(nodes[1]));
	check_node(addr, LENGTH, nodes[1]);
	gate_open(&g, 1);
	child_ok(pid);
	check_fill(addr, LENGTH, 1);
}

CASE(residency)
{
	int fd = open_device(0), i;
	char *addr = map_anon(LENGTH);
	struct svm_page pages[PAGES];

	fill(addr, LENGTH / 2, 1);
	CHECK_RET(residency(fd, addr, LENGTH, 0, pages), 0);
	for (i = 0; i < PAGES; i++) {
		CHECK_EQ(pages[i].place,
			 i < PAGES / 2 ? SVM_PLACE_SYSTEM : SVM_PLACE_NONE);
		if (i < PAGES / 2)
			CHECK_EQ(pages[i].id, node_of(page_at(addr, i)));
	}
}

static atomic_bool stop;

static void *mover(void *arg)
{
	int fd = open_device(0), nodes[2], i;

	nodes_with_memory(nodes, 2);
	for (i = 0; !stop; i++)
		CHECK_RET(migrate(fd, arg, LENGTH, TO_NODE(nodes[i % 2]), 0,
				  NULL, NULL),
			  0);
	return NULL;
}

CASE(writers_while_moving_between_nodes)
{
	char *addr = map_anon(LENGTH);
	pthread_t thread;
	int nodes[2], i;

	need_two_nodes(nodes);
	fill(addr, LENGTH, 0);
	thread = thread_start(mover, addr);
	for (i = 0; i < 20; i++) {
		check_fill(addr, LENGTH, i);
		fill(addr, LENGTH, i + 1);
	}
	stop = true;
	thread_join(thread);
	check_fill(addr, LENGTH, 20);
}

CASE(jobs)
{
	int fd = open_device(0), efd = event_make(), nodes[2], i;
	char *addr = map_anon(LENGTH);
	struct svm_job_result r;

	CHECK(device_info(fd).capabilities & SVM_CAP_ASYNC);
	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_NODE(nodes[0]));
	for (i = 1; i < 4; i++) {
		submit(fd, addr, LENGTH, TO_NODE(nodes[i % 2]), efd);
		r = reap_one(fd, efd);
		CHECK_EQ(r.error, 0);
		CHECK_EQ(r.bytes_moved, LENGTH);
		check_node(addr, LENGTH, nodes[i % 2]);
	}
	check_fill(addr, LENGTH, 1);
}

CASE(commands)
{
	struct ring ring = ring_make(2, 0);
	int fd = open_device(0), nodes[2], res[2], i;
	char *addr = map_anon(LENGTH), *in = map_anon(LENGTH);
	struct svm_access_op op = op_read(addr, LENGTH, in);
	struct svm_ioctl_access a = arg_access(&op, 1);
	struct svm_ioctl_submit s;
	struct svm_job_result r;

	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_NODE(nodes[0]));
	for (i = 1; i < 4; i++) {
		s = arg_submit(addr, LENGTH, TO_NODE(nodes[i % 2]), -1);
		ring_migrate(&ring, fd, &s, &r, 0)->flags = IOSQE_IO_LINK;
		ring_access(&ring, fd, &a, 1);
		ring_run(&ring, 2, res);
		CHECK_RET(res[0], 0);
		CHECK_RET(res[1], 0);
		CHECK_EQ(r.bytes_moved, LENGTH);
		CHECK_EQ(a.done, 1);
		check_node(addr, LENGTH, nodes[i % 2]);
		check_fill(in, LENGTH, 1);
	}
	check_fill(addr, LENGTH, 1);
	ring_end(&ring);
}
