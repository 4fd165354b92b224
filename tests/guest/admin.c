// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Evicting pages, creating and destroying devices.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 512
#define LENGTH (PAGES * PAGE)

/* Evicts so many bytes; returns what it got. */
static uint64_t evict(int fd, uint64_t bytes)
{
	struct svm_ioctl_evict e = arg_evict(bytes);

	CHECK_RET(svm_call(fd, SVM_IOCTL_EVICT, &e), 0);
	CHECK_EQ(e.bytes_evicted % PAGE, 0);
	CHECK_EQ(e.bytes, bytes);
	return e.bytes_evicted;
}

CASE(evict_all)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_EQ(evict(fd, 0), LENGTH);
	check_home(fd, addr, LENGTH);
	check_all_free(fd);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(evict(fd, 0), 0);
}

CASE(evict_some)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_EQ(evict(fd, 100 * PAGE), 100 * PAGE);
	CHECK_EQ(count_place(fd, addr, LENGTH, SVM_PLACE_DEVICE), PAGES - 100);
	CHECK_EQ(count_place(fd, addr, LENGTH, SVM_PLACE_SYSTEM), 100);
	/* Rounded up to pages. */
	CHECK_EQ(evict(fd, 1), PAGE);
	CHECK_EQ(evict(fd, PAGE + 1), 2 * PAGE);
	/* More than there is. */
	CHECK_EQ(evict(fd, UINT64_MAX), LENGTH - 103 * PAGE);
	CHECK_EQ(evict(fd, MIB(1)), 0);
	check_fill(addr, LENGTH, 1);
}

CASE(evict_other_device)
{
	int a = open_device(0), b = open_device(1);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(a, addr, LENGTH, TO_DEVICE);
	CHECK_EQ(evict(b, 0), 0);
	check_on_device(a, addr, LENGTH, 0);
}

/* What processes say to each other in shared memory. */
struct words {
	atomic_bool stop;
	atomic_uint rounds, told;
};

struct holder {
	int device;
	struct gate ready, done;
	struct words *words;
	char *addr;
};

/* Has pages on a device, and looks at them when told. */
static void holder(void *arg)
{
	struct holder *h = arg;
	int fd = open_device(h->device);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, getpid());
	move_all(fd, addr, LENGTH, TO_DEVICE);
	close(fd);
	gate_open(&h->ready, 1);
	gate_wait(&h->done);
	check_fill(addr, LENGTH, getpid());
}

CASE(evict_from_several_processes)
{
	struct holder h = { .ready = gate_make(), .done = gate_make() };
	int fd = open_device(0), i;
	pid_t pids[4];

	for (i = 0; i < 4; i++)
		pids[i] = child(holder, &h);
	for (i = 0; i < 4; i++)
		gate_wait(&h.ready);
	CHECK_EQ(evict(fd, LENGTH), LENGTH);
	CHECK_EQ(evict(fd, 0), 3 * LENGTH);
	check_all_free(fd);
	gate_open(&h.done, 4);
	for (i = 0; i < 4; i++)
		child_ok(pids[i]);
}

static void shares_pages(void *arg)
{
	struct holder *h = arg;

	gate_wait(&h->done);
	check_fill(h->addr, LENGTH, 1);
}

/* Mapped by several after fork: evicted once, home for all. */
CASE(evict_shared_pages)
{
	char *addr = map_anon(LENGTH);
	struct holder h = { .done = gate_make(), .addr = addr };
	int fd = open_device(0), i;
	pid_t pids[3];

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	for (i = 0; i < 3; i++)
		pids[i] = child(shares_pages, &h);
	CHECK_EQ(evict(fd, 0), LENGTH);
	check_home(fd, addr, LENGTH);
	gate_open(&h.done, 3);
	for (i = 0; i < 3; i++)
		child_ok(pids[i]);
	check_fill(addr, LENGTH, 1);
}

/* Permissions are kept, for pages that nobody can touch too. */
CASE(evict_protected_pages)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_SYS(mprotect(addr, LENGTH / 2, PROT_NONE));
	CHECK_SYS(mprotect(addr + LENGTH / 2, LENGTH / 2, PROT_READ));
	CHECK_EQ(evict(fd, 0), LENGTH);
	check_home(fd, addr, LENGTH);
	CHECK_EQ(place_of(fd, addr).flags, 0);
	CHECK_EQ(place_of(fd, addr + LENGTH / 2).flags, SVM_PAGE_F_READ);
	CHECK_SYS(mprotect(addr, LENGTH, RW));
	check_fill(addr, LENGTH, 1);
	fill(addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
}

/* Uses pages on a device all the time and checks them, until it is told to
 * stop, or the device is gone and it was told so.
 */
static void hammer(void *arg)
{
	struct holder *h = arg;
	int fd = open_device(h->device), ret = 0;
	char *addr = map_anon(MIB(1));
	uint64_t seed = getpid();

	fill(addr, MIB(1), seed);
	gate_open(&h->ready, 1);
	while (!h->words->stop) {
		if (!ret) {
			ret = migrate(fd, addr, MIB(1), TO_DEVICE, 0, NULL,
				      NULL);
			h->words->rounds++;
			h->words->told += !!ret;
		}
		if (ret)
			CHECK_RET(ret, -ENODEV);
		check_fill(addr, MIB(1), seed);
		fill(addr, MIB(1), ++seed);
	}
	check_fill(addr, MIB(1), seed);
	if (ret) {
		struct svm_page page;

		CHECK_RET(residency(fd, addr, PAGE, 0, &page), -ENODEV);
	}
}

CASE(evict_while_used)
{
	struct holder h = { .ready = gate_make(), .words = map_shared(PAGE) };
	double end = seconds() + patience(20);
	int fd = open_device(0), i;
	pid_t pids[3];
	uint64_t sum = 0;

	for (i = 0; i < 3; i++)
		pids[i] = child(hammer, &h);
	for (i = 0; i < 3; i++)
		gate_wait(&h.ready);
	for (i = 0; i < 100 || (!sum && seconds() < end); i++) {
		sum += evict(fd, i % 3 ? MIB(1) : 0);
		sleep_ms(5);
	}
	note("evicted %llu KiB", (long long)sum >> 10);
	h.words->stop = true;
	for (i = 0; i < 3; i++)
		child_ok(pids[i]);
	CHECK_GT(sum, 0);
}

static int try_create(uint64_t bytes, int node, uint32_t type)
{
	struct svm_ioctl_create c = arg_create(bytes, node), before;
	int ret;

	c.type = type;
	before = c;
	ret = svm_call(open_control(), SVM_IOCTL_CREATE, &c);
	if (ret)
		CHECK(!memcmp(&c, &before, sizeof(c)));
	else
		destroy_device(c.id);
	return ret;
}

/* --- each page once ---------------------------------------------------------- */

struct crowd {
	pthread_barrier_t barrier;
	atomic_ulong bytes;
	atomic_bool done;
	int fd;
};

static void *evictor(void *arg)
{
	struct crowd *c = arg;

	for (;;) {
		pthread_barrier_wait(&c->barrier);
		if (c->done)
			return NULL;
		c->bytes += evict(c->fd, 0);
		pthread_barrier_wait(&c->barrier);
	}
}

static bool evict_rest(struct crowd *c)
{
	struct svm_ioctl_info info;

	c->bytes += evict(c->fd, 0);
	info = device_info(c->fd);
	return info.bytes_free == info.bytes_total;
}

/*
 * Many evict the same pages at the same time, so that they come by pages that
 * another one has just brought home. What they bring home in all is what was there.
 */
CASE(evict_all_at_once)
{
	struct crowd c = { .fd = open_device(0) };
	char *addr = map_anon(LENGTH);
	pthread_t threads[4];
	double start = seconds();
	unsigned int i, round;

	fill(addr, LENGTH, 1);
	pthread_barrier_init(&c.barrier, NULL, 5);
	for (i = 0; i < 4; i++)
		threads[i] = thread_start(evictor, &c);
	for (round = 0; round < 300 && seconds() - start < 5; round++) {
		move_all(c.fd, addr, LENGTH, TO_DEVICE);
		c.bytes = 0;
		pthread_barrier_wait(&c.barrier);
		pthread_barrier_wait(&c.barrier);
		CHECK(EVENTUALLY(evict_rest(&c)));
		CHECK_EQ(c.bytes, LENGTH);
	}
	c.done = true;
	pthread_barrier_wait(&c.barrier);
	for (i = 0; i < 4; i++)
		thread_join(threads[i]);
	note("%u rounds", round);
	check_fill(addr, LENGTH, 1);
}

CASE(create_bad_size)
{
	const uint64_t bad[] = { 0,
				 1,
				 PAGE,
				 HUGE_PAGE - 1,
				 HUGE_PAGE + 1,
				 HUGE_PAGE + PAGE,
				 HUGE_PAGE * 3 / 2,
				 1ull << 63,
				 -HUGE_PAGE,
				 UINT64_MAX };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_RET(try_create(bad[i], SVM_NODE_ANY, SVM_DEVICE_RAM),
			  -EINVAL);
	}
	CHECK_RET(try_open_device(2), -ENOENT);
}

/* Sizes in good form that the machine does not have. */
CASE(create_too_large)
{
	const uint64_t large[] = { 1ull << 40, 1ull << 44, 1ull << 50,
				   1ull << 56, 1ull << 60 };
	size_t i;
	int ret;

	for (i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		ret = try_create(large[i], SVM_NODE_ANY, SVM_DEVICE_RAM);
		CHECK(ret == -ENOMEM || ret == -EINVAL);
	}
	CHECK_RET(try_open_device(2), -ENOENT);
}

CASE(create_bad_node)
{
	const int bad[] = { -2, 1023, 4096, 0x7fffffff, (int)0x80000000 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_RET(try_create(HUGE_PAGE, bad[i], SVM_DEVICE_RAM),
			  -EINVAL);
	CHECK_RET(try_create(HUGE_PAGE, nodes_highest() + 1, SVM_DEVICE_RAM),
		  -EINVAL);
}

CASE(create_bad_type)
{
	CHECK_RET(try_create(HUGE_PAGE, SVM_NODE_ANY, SVM_DEVICE_NONE),
		  -EOPNOTSUPP);
	CHECK_RET(try_create(HUGE_PAGE, SVM_NODE_ANY, 1000), -EOPNOTSUPP);
	CHECK_RET(try_create(HUGE_PAGE, SVM_NODE_ANY, UINT32_MAX), -EOPNOTSUPP);
}

CASE(create_use_destroy)
{
	uint32_t id = create_device(MIB(4));
	int fd = open_device(id);
	struct svm_ioctl_info info = device_info(fd);
	char *addr = map_anon(LENGTH);
	char path[64];

	CHECK_EQ(info.id, id);
	CHECK_EQ(info.type, SVM_DEVICE_RAM);
	CHECK_EQ(info.bytes_total, MIB(4));
	CHECK_EQ(info.bytes_free, MIB(4));
	snprintf(path, sizeof(path), "/sys/class/svm/svm%u/bytes_total", id);
	CHECK_EQ(read_number(path), MIB(4));
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_on_device(fd, addr, LENGTH, id);
	check_fill(addr, LENGTH, 1);
	close(fd);
	destroy_device(id);
	CHECK(EVENTUALLY(try_open_device(id) == -ENOENT));
	CHECK(access(path, F_OK));
}

CASE(create_on_each_node)
{
	int nodes[8], n = nodes_with_memory(nodes, 8), i;

	for (i = 0; i < n; i++) {
		struct svm_ioctl_create c = arg_create(MIB(4), nodes[i]);

		CHECK_RET(svm_call(open_control(), SVM_IOCTL_CREATE, &c), 0);
		CHECK(EVENTUALLY(try_open_device(c.id) >= 0));
		CHECK_EQ(device_info(open_device(c.id)).node, nodes[i]);
		destroy_device(c.id);
	}
}

static void check_dead(int fd)
{
	char *addr = map_anon(PAGE);
	struct svm_page page;
	struct svm_ioctl_info info = arg_info();
	struct svm_ioctl_migrate m = arg_migrate(addr, PAGE, TO_SYSTEM);
	struct svm_ioctl_residency r = arg_residency(addr, PAGE, &page);
	struct svm_ioctl_evict e = arg_evict(0);
	struct svm_ioctl_stats s = arg_stats(SVM_STATS_CONTEXT);

	*addr = 1;
	check_refused(fd, SVM_IOCTL_INFO, &info, sizeof(info), ENODEV);
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), ENODEV);
	m = arg_migrate(addr, PAGE, TO_DEVICE);
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), ENODEV);
	check_refused(fd, SVM_IOCTL_RESIDENCY, &r, sizeof(r), ENODEV);
	check_refused(fd, SVM_IOCTL_EVICT, &e, sizeof(e), ENODEV);
	check_refused(fd, SVM_IOCTL_STATS, &s, sizeof(s), ENODEV);
	CHECK_SYS(close(fd));
}

/* With its file open and pages on it: they come home, then it says ENODEV. */
CASE(destroy_with_pages_and_open_file)
{
	uint32_t id = create_device(MIB(4));
	int fd = open_device(id);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	destroy_device(id);
	check_home(open_device(0), addr, LENGTH);
	check_dead(fd);
	check_fill(addr, LENGTH, 1);
	CHECK(EVENTUALLY(try_open_device(id) == -ENOENT));
}

/* The number is used again; the old file stays dead. */
CASE(new_device_with_old_number)
{
	uint32_t id = create_device(MIB(4)), again;
	int fd = open_device(id);

	destroy_device(id);
	again = create_device(MIB(4));
	note("svm%u, then svm%u", id, again);
	check_dead(fd);
	CHECK_EQ(device_info(open_device(again)).bytes_free, MIB(4));
	destroy_device(again);
}

CASE(destroy_what_is_not_there)
{
	const uint32_t bad[] = { 2, 100, 0x7fffffff, 0x80000000, 0xffffffff };
	uint32_t id = create_device(HUGE_PAGE);
	struct svm_ioctl_destroy d;
	size_t i;

	destroy_device(id);
	d = arg_destroy(id);
	check_refused(open_control(), SVM_IOCTL_DESTROY, &d, sizeof(d), ENOENT);
	for (i = 0; i < 5; i++) {
		d = arg_destroy(bad[i]);
		check_refused(open_control(), SVM_IOCTL_DESTROY, &d, sizeof(d),
			      ENOENT);
	}
}

CASE(destroy_while_used)
{
	int round, i;

	for (round = 0; round < 3; round++) {
		struct holder h = { .ready = gate_make(),
				    .words = map_shared(PAGE) };
		pid_t pids[3];

		h.device = create_device(MIB(4));
		for (i = 0; i < 3; i++)
			pids[i] = child(hammer, &h);
		for (i = 0; i < 3; i++)
			gate_wait(&h.ready);
		CHECK(EVENTUALLY(h.words->rounds >= 4u * round));
		destroy_device(h.device);
		CHECK(EVENTUALLY(h.words->told == 3));
		h.words->stop = true;
		for (i = 0; i < 3; i++)
			child_ok(pids[i]);
	}
}

static void destroyer(void *arg)
{
	struct svm_ioctl_destroy d = arg_destroy(*(uint32_t *)arg);
	int ret = svm_call(open_control(), SVM_IOCTL_DESTROY, &d);

	_exit(ret == 0 ? 10 : ret == -EBUSY || ret == -ENOENT ? 11 : 12);
}

/* Four at once: one does it, the others are told so. */
CASE(destroy_at_the_same_time)
{
	int round, i;

	for (round = 0; round < 5; round++) {
		uint32_t id = create_device(MIB(4));
		int fd = open_device(id), done = 0, told = 0;
		char *addr = map_anon(LENGTH);
		pid_t pids[4];

		fill(addr, LENGTH, 1);
		move_all(fd, addr, LENGTH, TO_DEVICE);
		for (i = 0; i < 4; i++)
			pids[i] = child(destroyer, &id);
		for (i = 0; i < 4; i++) {
			int status = child_wait(pids[i]);

			CHECK(WIFEXITED(status));
			done += WEXITSTATUS(status) == 10;
			told += WEXITSTATUS(status) == 11;
		}
		CHECK_EQ(done, 1);
		CHECK_EQ(told, 3);
		check_fill(addr, LENGTH, 1);
		CHECK_SYS(munmap(addr, LENGTH));
		close(fd);
	}
}

/* kill -9 for who destroys: the device is then gone, or works as before. */
CASE(destroyer_is_killed)
{
	uint64_t random = 17;
	int i, gone = 0;

	for (i = 0; i < 20; i++) {
		uint32_t id = create_device(MIB(4));
		int fd = open_device(id);
		char *addr = map_anon(MIB(4));
		struct svm_ioctl_info info = arg_info();
		pid_t pid;

		fill(addr, MIB(4), i);
		move_all(fd, addr, MIB(4), TO_DEVICE);
		pid = child(destroyer, &id);
		usleep(random_next(&random) % 20000);
		child_kill(pid);
		if (svm_call(fd, SVM_IOCTL_INFO, &info) == -ENODEV) {
			gone++;
		} else {
			move_all(fd, addr, MIB(4), TO_DEVICE);
			check_on_device(fd, addr, MIB(4), id);
			destroy_device(id);
		}
		check_dead(fd);
		check_fill(addr, MIB(4), i);
		CHECK_SYS(munmap(addr, MIB(4)));
	}
	note("%d of 20 were gone", gone);
}

CASE(create_and_destroy_many_times)
{
	int i;

	for (i = 0; i < 15; i++) {
		uint32_t id = create_device(HUGE_PAGE * (1 + i % 4));

		destroy_device(id);
	}
}

/* Until there are too many. */
CASE(too_many_devices)
{
	struct svm_ioctl_create c;
	uint32_t ids[300];
	int control = open_control(), n = 0, ret = 0, i;

	while (n < 300) {
		c = arg_create(HUGE_PAGE, SVM_NODE_ANY);
		ret = svm_call(control, SVM_IOCTL_CREATE, &c);
		if (ret)
			break;
		ids[n++] = c.id;
	}
	note("%d devices more, then %s", n, err_name(ret));
	/* All are different, and all are real. */
	for (i = 0; i < n; i++) {
		CHECK_GE(ids[i], 2);
		close(open_device(ids[i]));
	}
	for (i = 0; i < n; i++)
		destroy_device(ids[i]);
	CHECK(!ret || ret == -ENOSPC);
	CHECK_GE(n, 6);
}
