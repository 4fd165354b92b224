// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unloading and loading the module, with processes that use its memory.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "jobs.h"
#include "mem.h"
#include "os.h"

#define MODULE_ARGS "ram=512M,512M"

const struct group group = {
	.module_args = MODULE_ARGS,
	.loads_module = true,
};

#define LENGTH MIB(4)

/* delete_module(2): 0 or a negative errno value. */
static int unload(void)
{
	return syscall(SYS_delete_module, "svm", O_NONBLOCK) ? -errno : 0;
}

static int load(const char *args)
{
	const char *const with[] = { "modprobe", "svm", args, NULL };

	return run_program(with);
}

static bool is_loaded(void)
{
	return !access("/sys/class/svm", F_OK);
}

/* Cases begin and end with the module loaded, as the group wants it. */
static void begin(void)
{
	if (!is_loaded())
		CHECK_EQ(load(MODULE_ARGS), 0);
	close(open_device(0));
}

static void reload(void)
{
	CHECK_RET(unload(), 0);
	CHECK(!is_loaded());
	CHECK_RET(try_open_device(0), -ENOENT);
	CHECK_EQ(load(MODULE_ARGS), 0);
	CHECK(EVENTUALLY(!access("/dev/svm0", F_OK)));
	CHECK_EQ(device_info(open_device(0)).id, 0);
}

CASE(idle)
{
	int i;

	begin();
	for (i = 0; i < 3; i++) {
		pid_t pid = CHECK_SYS(fork());

		/* In a child, whose files are closed after it. */
		if (!pid) {
			reload();
			_exit(0);
		}
		child_ok(pid);
	}
}

CASE(pages_come_home)
{
	int fd;
	char *addr = map_anon(LENGTH), *other = map_anon(LENGTH);

	begin();
	need_device_memory();
	fill(addr, LENGTH, 1);
	fill(other, LENGTH, 2);
	fd = open_device(0);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	close(fd);
	fd = open_device(1);
	move_all(fd, other, LENGTH, TO_DEVICE);
	close(fd);
	CHECK_RET(unload(), 0);
	check_fill(addr, LENGTH, 1);
	check_fill(other, LENGTH, 2);
	CHECK_EQ(load(MODULE_ARGS), 0);
	check_fill(addr, LENGTH, 1);
	fill(addr, LENGTH, 3);
	fd = open_device(0);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_fill(addr, LENGTH, 3);
}

/* With a file open it says so, and everything goes on. */
CASE(busy_with_open_device)
{
	int fd, i;
	char *addr = map_anon(LENGTH);

	begin();
	fd = open_device(0);
	fill(addr, LENGTH, 1);
	if (device_info(fd).capabilities & SVM_CAP_TO_DEVICE)
		move_all(fd, addr, LENGTH, TO_DEVICE);
	for (i = 0; i < 10; i++) {
		int ret = unload();

		CHECK(ret == -EWOULDBLOCK || ret == -EBUSY);
	}
	if (device_info(fd).capabilities & SVM_CAP_TO_DEVICE)
		check_on_device(fd, addr, LENGTH, 0);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	check_fill(addr, LENGTH, 1);
}

CASE(busy_with_open_control)
{
	int fd, ret;

	begin();
	fd = open_control();
	ret = unload();
	CHECK(ret == -EWOULDBLOCK || ret == -EBUSY);
	CHECK_EQ(device_info(fd).type, SVM_DEVICE_NONE);
}

/* An open file of a device that is destroyed holds the module as well. */
CASE(busy_with_dead_device)
{
	uint32_t id;
	int fd, ret;

	begin();
	id = create_device(HUGE_PAGE);
	fd = open_device(id);
	destroy_device(id);
	ret = unload();
	CHECK(ret == -EWOULDBLOCK || ret == -EBUSY);
	close(fd);
	CHECK_RET(unload(), 0);
	CHECK_EQ(load(MODULE_ARGS), 0);
}

static void leaves_jobs(void *arg)
{
	char *endless = map_endless();
	int fd = open_device(0), i;

	(void)arg;
	for (i = 0; i < 8; i++)
		submit(fd, endless + i / 2 * (ENDLESS / 4), ENDLESS / 4,
		       TO_SYSTEM, -1);
}

/* Jobs whose file was closed are at their last share, and it is waited for. */
CASE(jobs_just_closed)
{
	int i;

	for (i = 0; i < 10; i++) {
		begin();
		child_ok(child(leaves_jobs, NULL));
		CHECK_RET(unload(), 0);
		CHECK(!is_loaded());
	}
	begin();
}

/*
 * Words that processes share: shall end; shall open nothing; how many may have; how
 * often one has moved its memory to a device, and how often there was none.
 */
struct words {
	atomic_bool stop, shut;
	atomic_int openers;
	atomic_uint moved, missed;
};

struct user {
	struct gate ready, go;
	struct words *words;
	bool fork;
};

/* Move to a device, if there is one and it may be opened. */
static void visit(struct words *words, unsigned int n, char *addr)
{
	int fd;

	atomic_fetch_add(&words->openers, 1);
	fd = words->shut ? -1 : try_open_device(n);
	if (fd >= 0) {
		struct tally t = { 0 };

		migrate(fd, addr, MIB(2), TO_DEVICE, 0, NULL, &t);
		words->moved += !!t.pages[SVM_PAGE_MOVED];
		close(fd);
	} else {
		words->missed++;
	}
	atomic_fetch_sub(&words->openers, 1);
}

/*
 * Has its memory on the device whenever there is one, without an open file most
 * of the time, and never loses a byte.
 */
static void user(void *arg)
{
	struct user *u = arg;
	char *addr = map_anon(MIB(2));
	uint64_t seed = getpid();
	bool ready = false;
	int i = 0;

	fill(addr, MIB(2), seed);
	while (!u->words->stop) {
		visit(u->words, i++ % 2, addr);
		if (!ready)
			gate_open(&u->ready, 1);
		ready = true;
		sleep_ms(5);
		if (u->fork) {
			pid_t pid = CHECK_SYS(fork());

			if (!pid) {
				check_fill(addr, MIB(2), seed);
				fill(addr, MIB(2), seed + 1);
				check_fill(addr, MIB(2), seed + 1);
				_exit(0);
			}
			child_ok(pid);
		}
		check_fill(addr, MIB(2), seed);
		fill(addr, MIB(2), ++seed);
	}
	check_fill(addr, MIB(2), seed);
}

/*
 * Somebody may have a file open at the moment; who has met that often enough asks
 * them not to. Returns how often it was so.
 */
static int unload_among(struct words *words)
{
	int ret, busy;

	for (busy = 0; busy < 20; busy++) {
		ret = unload();
		if (!ret)
			return busy;
		CHECK(ret == -EWOULDBLOCK || ret == -EBUSY);
	}
	words->shut = true;
	CHECK(EVENTUALLY(!words->openers));
	CHECK_RET(unload(), 0);
	words->shut = false;
	return busy;
}

static void under_load(bool forks)
{
	struct user u = { .ready = gate_make(),
			  .words = map_shared(PAGE),
			  .fork = forks };
	unsigned int turns;
	int round, i, busy = 0;
	pid_t pids[3];

	begin();
	for (i = 0; i < 3; i++)
		pids[i] = child(user, &u);
	for (i = 0; i < 3; i++)
		gate_wait(&u.ready);
	for (round = 0; round < 5; round++) {
		turns = u.words->moved;
		CHECK(EVENTUALLY(u.words->moved > turns));
		busy += unload_among(u.words);
		turns = u.words->missed;
		CHECK(EVENTUALLY(u.words->missed > turns));
		CHECK_EQ(load(MODULE_ARGS), 0);
	}
	note("unloaded and loaded 5 times; %d attempts were busy", busy);
	u.words->stop = true;
	for (i = 0; i < 3; i++)
		child_ok(pids[i]);
}

CASE(five_times_under_load)
{
	under_load(false);
}

CASE(five_times_under_load_with_forks)
{
	under_load(true);
}

static void toucher(void *arg)
{
	struct user *u = arg;
	char *addr = map_anon(LENGTH);
	int fd = open_device(0);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	close(fd);
	gate_open(&u->ready, 1);
	/* Now the pages are wanted here while they are brought home there. */
	check_fill(addr, LENGTH, 1);
	fill(addr, LENGTH, 2);
	while (!u->words->stop)
		check_fill(addr, LENGTH, 2);
}

CASE(faults_during_unload)
{
	int round, i;

	for (round = 0; round < 5; round++) {
		struct user u = { .ready = gate_make(),
				  .words = map_shared(PAGE) };
		pid_t pids[4];

		begin();
		need_device_memory();
		for (i = 0; i < 4; i++)
			pids[i] = child(toucher, &u);
		for (i = 0; i < 4; i++)
			gate_wait(&u.ready);
		CHECK_RET(unload(), 0);
		u.words->stop = true;
		for (i = 0; i < 4; i++)
			child_ok(pids[i]);
	}
	begin();
}

static void exits(void *arg)
{
	struct user *u = arg;
	char *addr = map_anon(LENGTH);
	int fd = open_device(0);

	stamp(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	close(fd);
	gate_open(&u->ready, 1);
	gate_wait(&u->go);
	/* Exit, munmap and unloading at the same time. */
	if (getpid() % 2)
		CHECK_SYS(munmap(addr, LENGTH));
}

CASE(exits_during_unload)
{
	int round, i;

	for (round = 0; round < 8; round++) {
		struct user u = { .ready = gate_make(), .go = gate_make() };
		pid_t pids[4];

		begin();
		need_device_memory();
		for (i = 0; i < 4; i++)
			pids[i] = child(exits, &u);
		for (i = 0; i < 4; i++)
			gate_wait(&u.ready);
		gate_open(&u.go, 4);
		CHECK_RET(unload(), 0);
		for (i = 0; i < 4; i++)
			child_ok(pids[i]);
	}
	begin();
}

/* Swap, huge sources, shared memory and locked pages among what comes home. */
CASE(all_kinds_come_home)
{
	char *huge = map_thp(HUGE_PAGE), *locked = map_anon(MIB(1));
	char *closed = map_anon(MIB(1)), *holes = map_anon(MIB(1));
	int fd;

	begin();
	need_device_memory();
	fd = open_device(0);
	fill(huge, HUGE_PAGE, 1);
	CHECK_SYS(mlock(locked, MIB(1)));
	fill(locked, MIB(1), 2);
	fill(closed, MIB(1), 3);
	move_all(fd, huge, HUGE_PAGE, TO_DEVICE);
	move_all(fd, locked, MIB(1), TO_DEVICE);
	move_all(fd, closed, MIB(1), TO_DEVICE);
	move_all(fd, holes, MIB(1), TO_DEVICE);
	CHECK_SYS(mprotect(closed, MIB(1), PROT_NONE));
	close(fd);
	CHECK_RET(unload(), 0);
	CHECK_SYS(mprotect(closed, MIB(1), RW));
	check_fill(huge, HUGE_PAGE, 1);
	check_fill(locked, MIB(1), 2);
	check_fill(closed, MIB(1), 3);
	check_zero(holes, MIB(1));
	begin();
}

/* Arguments that make no sense: not loaded, and nothing left behind. */
CASE(bad_arguments)
{
	const char *const bad[] = { "ram=1",	"ram=3M",     "ram=x",
				    "ram=4M@",	"ram=4M@99",  "ram=4M@-1",
				    "ram=4M,5", "ram=4M,,4M", "ram=64T" };
	size_t i;

	begin();
	CHECK_RET(unload(), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int status = load(bad[i]);

		if (!status)
			FAIL("the module loads with %s", bad[i]);
		CHECK(!is_loaded());
	}
	begin();
}

CASE(devices_by_argument)
{
	int a, b;

	begin();
	CHECK_RET(unload(), 0);
	CHECK_EQ(load("ram=4M@0,2M"), 0);
	a = open_device(0);
	b = open_device(1);
	CHECK_EQ(device_info(a).node, 0);
	if (device_info(a).capabilities & SVM_CAP_TO_DEVICE) {
		CHECK_EQ(device_info(a).bytes_total, MIB(4));
		CHECK_EQ(device_info(b).bytes_total, MIB(2));
	}
	close(a);
	close(b);
	CHECK_RET(unload(), 0);
	begin();
}

/* Without arguments: no devices, only the control file. */
CASE(no_arguments)
{
	const char *const plain[] = { "modprobe", "svm", NULL };
	int fd;

	begin();
	CHECK_RET(unload(), 0);
	CHECK_EQ(run_program(plain), 0);
	CHECK_RET(try_open_device(0), -ENOENT);
	fd = open_control();
	CHECK_EQ(device_info(fd).type, SVM_DEVICE_NONE);
	close(fd);
	CHECK_RET(unload(), 0);
	begin();
}
