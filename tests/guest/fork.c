// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fork(), copy on write and exec with pages on a device.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 256
#define LENGTH (PAGES * PAGE)

struct family {
	int fd;
	char *addr;
	struct gate to_child, to_parent;
};

static struct family make_family(void)
{
	struct family f = { .fd = open_device(0),
			    .addr = map_anon(LENGTH),
			    .to_child = gate_make(),
			    .to_parent = gate_make() };

	fill(f.addr, LENGTH, 1);
	move_all(f.fd, f.addr, LENGTH, TO_DEVICE);
	return f;
}

static void child_reads(void *arg)
{
	struct family *f = arg;

	check_fill(f->addr, LENGTH, 1);
}

CASE(child_reads_then_parent)
{
	struct family f = make_family();

	child_ok(child(child_reads, &f));
	check_fill(f.addr, LENGTH, 1);
}

static void child_reads_late(void *arg)
{
	struct family *f = arg;

	gate_wait(&f->to_child);
	check_fill(f->addr, LENGTH, 1);
}

CASE(parent_reads_then_child)
{
	struct family f = make_family();
	pid_t pid = child(child_reads_late, &f);

	check_fill(f.addr, LENGTH, 1);
	gate_open(&f.to_child, 1);
	child_ok(pid);
	check_fill(f.addr, LENGTH, 1);
}

static void child_writes_first(void *arg)
{
	struct family *f = arg;

	fill(f->addr, LENGTH, 2);
	check_fill(f->addr, LENGTH, 2);
	gate_open(&f->to_parent, 1);
	gate_wait(&f->to_child);
	check_fill(f->addr, LENGTH, 2);
}

CASE(child_writes_then_parent)
{
	struct family f = make_family();
	pid_t pid = child(child_writes_first, &f);

	gate_wait(&f.to_parent);
	check_fill(f.addr, LENGTH, 1);
	fill(f.addr, LENGTH, 3);
	check_fill(f.addr, LENGTH, 3);
	gate_open(&f.to_child, 1);
	child_ok(pid);
	check_fill(f.addr, LENGTH, 3);
}

static void child_writes_second(void *arg)
{
	struct family *f = arg;

	gate_wait(&f->to_child);
	check_fill(f->addr, LENGTH, 1);
	fill(f->addr, LENGTH, 2);
	check_fill(f->addr, LENGTH, 2);
}

CASE(parent_writes_then_child)
{
	struct family f = make_family();
	pid_t pid = child(child_writes_second, &f);

	fill(f.addr, LENGTH, 3);
	check_fill(f.addr, LENGTH, 3);
	gate_open(&f.to_child, 1);
	child_ok(pid);
	check_fill(f.addr, LENGTH, 3);
}

/* Every second page by one, the others by the other, a word at a time. */
static void write_every_second(char *addr, size_t first, uint64_t seed)
{
	size_t i;

	for (i = first; i < PAGES; i += 2)
		fill_part(page_at(addr, i), PAGE, seed, i * PAGE);
}

static void check_every_second(char *addr, size_t first, uint64_t seed)
{
	size_t i;

	for (i = first; i < PAGES; i += 2)
		check_part(page_at(addr, i), PAGE, seed, i * PAGE);
}

static void child_writes_odd(void *arg)
{
	struct family *f = arg;

	write_every_second(f->addr, 1, 2);
	gate_open(&f->to_parent, 1);
	gate_wait(&f->to_child);
	check_every_second(f->addr, 0, 1);
	check_every_second(f->addr, 1, 2);
}

CASE(both_write_different_pages)
{
	struct family f = make_family();
	pid_t pid = child(child_writes_odd, &f);

	write_every_second(f.addr, 0, 3);
	gate_wait(&f.to_parent);
	check_every_second(f.addr, 0, 3);
	check_every_second(f.addr, 1, 1);
	gate_open(&f.to_child, 1);
	child_ok(pid);
}

/* Both have it, so after the parent moves it home, both see it home. */
CASE(parent_migrates_shared_pages)
{
	struct family f = make_family();
	pid_t pid = child(child_writes_second, &f);

	move_all(f.fd, f.addr, LENGTH, TO_SYSTEM);
	check_home(f.fd, f.addr, LENGTH);
	move_all(f.fd, f.addr, LENGTH, TO_DEVICE);
	check_on_device(f.fd, f.addr, LENGTH, 0);
	/* What the child brings home by reading comes home for both. */
	gate_open(&f.to_child, 1);
	child_ok(pid);
	check_fill(f.addr, LENGTH, 1);
}

static void child_migrates(void *arg)
{
	struct family *f = arg;
	int own = open_device(0);

	/* Still where the parent put them, for us too. */
	check_on_device(own, f->addr, LENGTH, 0);
	move_all(own, f->addr, LENGTH, TO_SYSTEM);
	check_home(own, f->addr, LENGTH);
	check_fill(f->addr, LENGTH, 1);
	move_all(own, f->addr, LENGTH, TO_DEVICE);
	fill(f->addr, LENGTH, 2);
	move_all(own, f->addr, LENGTH, TO_DEVICE);
	check_on_device(own, f->addr, LENGTH, 0);
	check_fill(f->addr, LENGTH, 2);
}

CASE(child_migrates_shared_pages)
{
	struct family f = make_family();

	child_ok(child(child_migrates, &f));
	check_fill(f.addr, LENGTH, 1);
}

/* Mapped by both while still in system memory. */
CASE(move_after_fork)
{
	struct family f = { .fd = open_device(0),
			    .addr = map_anon(LENGTH),
			    .to_child = gate_make() };
	pid_t pid;

	fill(f.addr, LENGTH, 1);
	pid = child(child_writes_second, &f);
	move_all(f.fd, f.addr, LENGTH, TO_DEVICE);
	check_on_device(f.fd, f.addr, LENGTH, 0);
	gate_open(&f.to_child, 1);
	child_ok(pid);
	check_fill(f.addr, LENGTH, 1);
	fill(f.addr, LENGTH, 2);
	check_fill(f.addr, LENGTH, 2);
}

CASE(move_huge_pages_after_fork)
{
	struct family f = { .fd = open_device(0),
			    .addr = map_thp(HUGE_PAGE),
			    .to_child = gate_make() };
	pid_t pid;

	fill(f.addr, HUGE_PAGE, 1);
	pid = child(child_writes_second, &f);
	move_all(f.fd, f.addr, HUGE_PAGE, TO_DEVICE);
	gate_open(&f.to_child, 1);
	child_ok(pid);
	check_fill(f.addr, HUGE_PAGE, 1);
	fill(f.addr, HUGE_PAGE, 2);
	check_fill(f.addr, HUGE_PAGE, 2);
}

static void child_waits(void *arg)
{
	struct family *f = arg;

	gate_wait(&f->to_child);
}

CASE(child_exits_without_a_touch)
{
	struct family f = make_family();
	pid_t pid = child(child_waits, &f);
	struct svm_ioctl_info info = device_info(f.fd);

	CHECK_EQ(info.bytes_total - info.bytes_free, LENGTH);
	gate_open(&f.to_child, 1);
	child_ok(pid);
	check_on_device(f.fd, f.addr, LENGTH, 0);
	/* The only owner again: writing needs no copy. */
	fill(f.addr, LENGTH, 2);
	check_fill(f.addr, LENGTH, 2);
	check_all_free(f.fd);
}

static void grandchild(void *arg)
{
	struct family *f = arg;

	check_fill(f->addr, LENGTH / 2, 1);
	fill(f->addr, LENGTH, 9);
	check_fill(f->addr, LENGTH, 9);
}

static void child_forks(void *arg)
{
	struct family *f = arg;

	child_ok(child(grandchild, f));
	check_fill(f->addr, LENGTH, 1);
	move_all(open_device(0), f->addr, LENGTH, TO_DEVICE);
	child_ok(child(grandchild, f));
	fill(f->addr, LENGTH, 8);
	check_fill(f->addr, LENGTH, 8);
}

CASE(three_generations)
{
	struct family f = make_family();

	child_ok(child(child_forks, &f));
	check_fill(f.addr, LENGTH, 1);
}

/* The parent goes first: what it shared lives on. */
static void middle(void *arg)
{
	struct family *f = arg;
	pid_t pid;

	fill(f->addr, LENGTH, 5);
	move_all(open_device(0), f->addr, LENGTH, TO_DEVICE);
	pid = fork();
	if (!pid) {
		gate_wait(&f->to_child);
		check_fill(f->addr, LENGTH, 5);
		gate_open(&f->to_parent, 1);
		_exit(0);
	}
}

CASE(parent_exits_first)
{
	struct family f = { .addr = map_anon(LENGTH),
			    .to_child = gate_make(),
			    .to_parent = gate_make() };

	child_ok(child(middle, &f));
	gate_open(&f.to_child, 1);
	close(f.to_parent.fd[1]);
	gate_wait(&f.to_parent);
	check_all_free(open_device(0));
}

static void check_empty(void *arg)
{
	struct family *f = arg;

	check_zero(f->addr, LENGTH);
	fill(f->addr, LENGTH, 4);
}

CASE(wipe_on_fork)
{
	struct family f = make_family();

	CHECK_SYS(madvise(f.addr, LENGTH, MADV_WIPEONFORK));
	child_ok(child(check_empty, &f));
	check_fill(f.addr, LENGTH, 1);
}

static void execs(void *arg)
{
	struct family *f = arg;

	move_all(open_device(0), f->addr, LENGTH, TO_DEVICE);
	execlp("sleep", "sleep", "30", NULL);
	FAIL("exec: %s", err_name(errno));
}

/* exec gives device pages back while the process lives on. */
CASE(exec_frees_device_pages)
{
	int fd = open_device(0);
	struct family f = { .addr = map_anon(LENGTH), .to_child = gate_make() };
	struct gate gone = gate_make();
	char byte;
	pid_t pid;

	pid = child(execs, &f);
	/* Close-on-exec: the end of the pipe says that exec is through. */
	close(gone.fd[1]);
	CHECK_EQ(read(gone.fd[0], &byte, 1), 0);
	check_all_free(fd);
	child_kill(pid);
}

CASE(exit_frees_device_pages)
{
	int fd = open_device(0), i;
	struct family f = { .addr = map_anon(LENGTH) };

	for (i = 0; i < 10; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			f.fd = open_device(0);
			fill(f.addr, LENGTH, 1);
			move_all(f.fd, f.addr, LENGTH, TO_DEVICE);
			_exit(0);
		}
		child_ok(pid);
	}
	check_all_free(fd);
}

static int shares_all(void *arg)
{
	struct family *f = arg;

	check_fill(f->addr, LENGTH, 1);
	fill(f->addr, LENGTH, 2);
	return 0;
}

CASE(clone_vm)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct family f = make_family();

	child_ok(CHECK_SYS(clone(shares_all, stack + sizeof(stack),
				 CLONE_VM | SIGCHLD, &f)));
	check_fill(f.addr, LENGTH, 2);
}

static atomic_bool stop;

static void *keep_moving(void *arg)
{
	struct family *f = arg;
	struct tally t = { 0 };

	while (!stop) {
		CHECK_RET(migrate(f->fd, f->addr, LENGTH, TO_DEVICE, 0, NULL,
				  &t),
			  0);
		CHECK_RET(migrate(f->fd, f->addr, LENGTH, TO_SYSTEM, 0, NULL,
				  &t),
			  0);
	}
	note("moved under the forks: %s", tally_text(&t));
	CHECK_GT(t.pages[SVM_PAGE_MOVED], 0);
	return NULL;
}

static void storm_child(void *arg)
{
	struct family *f = arg;

	check_stamp(f->addr, LENGTH, 1);
	stamp(f->addr, LENGTH, 2);
	check_stamp(f->addr, LENGTH, 2);
}

/* Forks all the time while a thread moves the parent's pages. */
CASE(fork_storm)
{
	struct family f = { .fd = open_device(0), .addr = map_anon(LENGTH) };
	double start = seconds();
	pthread_t thread;
	pid_t pids[4];
	int i, k;

	stamp(f.addr, LENGTH, 1);
	thread = thread_start(keep_moving, &f);
	for (i = 0; i < 15 && (!i || seconds() - start < 10); i++) {
		for (k = 0; k < 4; k++)
			pids[k] = child(storm_child, &f);
		check_stamp(f.addr, LENGTH, 1);
		for (k = 0; k < 4; k++)
			child_ok(pids[k]);
	}
	stop = true;
	thread_join(thread);
	check_stamp(f.addr, LENGTH, 1);
}
