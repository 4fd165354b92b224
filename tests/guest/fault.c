// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPU touches of device pages bring them home.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

CASE(read_touch)
{
	int fd = open_device(0), i;
	char *addr = map_anon(64 * PAGE);
	struct svm_ioctl_stats s;

	fill(addr, 64 * PAGE, 1);
	move_all(fd, addr, 64 * PAGE, TO_DEVICE);
	for (i = 0; i < 64; i += 9) {
		check_part(page_at(addr, i), PAGE, 1, i * PAGE);
		check_home(fd, page_at(addr, i), PAGE);
	}
	s = device_stats(fd, SVM_STATS_CONTEXT);
	CHECK_GE(s.faults, 1);
	CHECK_LE(s.faults, 8);
	CHECK_GE(s.bytes_faulted, 8 * PAGE);
	check_fill(addr, 64 * PAGE, 1);
}

CASE(write_touch)
{
	int fd = open_device(0), i;
	char *addr = map_anon(64 * PAGE);

	fill(addr, 64 * PAGE, 1);
	move_all(fd, addr, 64 * PAGE, TO_DEVICE);
	/* One byte changes, the others are what they were. */
	for (i = 0; i < 64; i++)
		*(volatile char *)(page_at(addr, i) + PAGE - 1) ^= 0x55;
	check_home(fd, addr, 64 * PAGE);
	for (i = 0; i < 64; i++)
		page_at(addr, i)[PAGE - 1] ^= 0x55;
	check_fill(addr, 64 * PAGE, 1);
}

/* Each touched page comes home, whatever comes with it. */
CASE(faults_are_counted)
{
	int fd = open_device(0), i;
	char *addr[32];
	struct svm_ioctl_stats s;

	/* A mapping each, with gaps between: nothing around to bring along. */
	for (i = 0; i < 32; i++) {
		addr[i] = map_aligned(PAGE);
		fill(addr[i], PAGE, i);
		move_all(fd, addr[i], PAGE, TO_DEVICE);
	}
	for (i = 0; i < 32; i++)
		check_fill(addr[i], PAGE, i);
	s = device_stats(fd, SVM_STATS_CONTEXT);
	CHECK_EQ(s.faults, 32);
	CHECK_EQ(s.bytes_faulted, 32 * PAGE);
	CHECK_EQ(s.bytes_to_system, 0);
	check_all_free(fd);
}

/* What comes along with a fault stays within the mapping that was touched. */
CASE(neighbours_in_other_mappings)
{
	int fd = open_device(0), i;
	char *addr = map_anon(96 * PAGE);

	fill(addr, 96 * PAGE, 1);
	move_all(fd, addr, 96 * PAGE, TO_DEVICE);
	/* Three mappings: the outer two can't be read. */
	CHECK_SYS(mprotect(addr, 32 * PAGE, PROT_NONE));
	CHECK_SYS(mprotect(addr + 64 * PAGE, 32 * PAGE, PROT_NONE));
	for (i = 32; i < 64; i++)
		check_part(page_at(addr, i), PAGE, 1, i * PAGE);
	check_on_device(fd, addr, 32 * PAGE, 0);
	check_on_device(fd, addr + 64 * PAGE, 32 * PAGE, 0);
	CHECK_SYS(mprotect(addr, 96 * PAGE, RW));
	check_fill(addr, 96 * PAGE, 1);
}

struct crowd {
	pthread_barrier_t barrier;
	char *addr;
	size_t pages;
	unsigned int rounds;
	int fd;
};

static void *all_read(void *arg)
{
	struct crowd *c = arg;
	unsigned int i;

	for (i = 0; i < c->rounds; i++) {
		pthread_barrier_wait(&c->barrier);
		check_fill(c->addr, c->pages * PAGE, i);
		pthread_barrier_wait(&c->barrier);
	}
	return NULL;
}

static void crowd_run(struct crowd *c, unsigned int threads,
		      void *(*run)(void *))
{
	pthread_t ids[16];
	unsigned int i;

	pthread_barrier_init(&c->barrier, NULL, threads + 1);
	for (i = 0; i < threads; i++)
		ids[i] = thread_start(run, c);
	for (i = 0; i < c->rounds; i++) {
		fill(c->addr, c->pages * PAGE, i);
		move_all(c->fd, c->addr, c->pages * PAGE, TO_DEVICE);
		pthread_barrier_wait(&c->barrier);
		/* Now they all run into the device pages. */
		pthread_barrier_wait(&c->barrier);
		check_home(c->fd, c->addr, c->pages * PAGE);
	}
	for (i = 0; i < threads; i++)
		thread_join(ids[i]);
}

CASE(eight_threads_one_page)
{
	struct crowd c = { .addr = map_anon(PAGE),
			   .pages = 1,
			   .rounds = 100,
			   .fd = open_device(0) };

	crowd_run(&c, 8, all_read);
}

CASE(eight_threads_all_pages)
{
	struct crowd c = { .addr = map_anon(MIB(1)),
			   .pages = 256,
			   .rounds = 6,
			   .fd = open_device(0) };

	crowd_run(&c, 8, all_read);
}

CASE(eight_threads_huge_source)
{
	struct crowd c = { .addr = map_thp(HUGE_PAGE),
			   .pages = 512,
			   .rounds = 4,
			   .fd = open_device(0) };

	crowd_run(&c, 8, all_read);
}

#define ADDS 40

static void *all_add(void *arg)
{
	struct crowd *c = arg;
	unsigned int i;
	size_t page;

	for (i = 0; i < ADDS; i++)
		for (page = 0; page < c->pages; page++)
			atomic_fetch_add((atomic_long *)page_at(c->addr, page),
					 1);
	return NULL;
}

static atomic_bool stop;

static void *mover(void *arg)
{
	struct crowd *c = arg;

	while (!stop) {
		migrate(c->fd, c->addr, c->pages * PAGE, TO_DEVICE, 0, NULL,
			NULL);
		sched_yield();
	}
	return NULL;
}

/* No addition is lost while the pages are moved away all the time. */
CASE(atomics_while_pages_move)
{
	struct crowd c = { .addr = map_anon(32 * PAGE),
			   .pages = 32,
			   .fd = open_device(0) };
	pthread_t thread;
	size_t i;

	memset(c.addr, 0, 32 * PAGE);
	thread = thread_start(mover, &c);
	threads_run(8, all_add, &c);
	stop = true;
	thread_join(thread);
	for (i = 0; i < 32; i++)
		CHECK_EQ(*(long *)page_at(c.addr, i), 8 * ADDS);
	CHECK_GT(device_stats(c.fd, SVM_STATS_CONTEXT).faults, 0);
}

static void *turn_pages(void *arg)
{
	static atomic_int turn;
	struct crowd *c = arg;
	int round, me = turn++;
	size_t i;

	for (round = 0; round < 10; round++)
		for (i = 0; i < c->pages; i++) {
			/* Each thread has a word of its own in each page. */
			uint64_t *word = (uint64_t *)page_at(c->addr, i) + me;

			if (round)
				CHECK_EQ(*word, pattern(me, i + round - 1));
			*word = pattern(me, i + round);
		}
	return NULL;
}

CASE(writers_while_pages_move)
{
	struct crowd c = { .addr = map_anon(128 * PAGE),
			   .pages = 128,
			   .fd = open_device(0) };
	pthread_t thread;
	size_t i;

	fill(c.addr, 128 * PAGE, 1);
	thread = thread_start(mover, &c);
	threads_run(2, turn_pages, &c);
	stop = true;
	thread_join(thread);
	/* And nobody touched the others. */
	for (i = 0; i < 128; i++)
		check_part(page_at(c.addr, i) + 16, PAGE - 16, 1,
			   i * PAGE + 16);
}

static sigjmp_buf escape;

static void on_fault(int signal_number)
{
	siglongjmp(escape, signal_number);
}

/* Device memory is as protected as any other. */
static int write_signal(volatile char *addr)
{
	struct sigaction act = { .sa_handler = on_fault }, old_segv, old_bus;
	int got;

	CHECK_SYS(sigaction(SIGSEGV, &act, &old_segv));
	CHECK_SYS(sigaction(SIGBUS, &act, &old_bus));
	got = sigsetjmp(escape, 1);
	if (!got)
		*addr = 1;
	CHECK_SYS(sigaction(SIGSEGV, &old_segv, NULL));
	CHECK_SYS(sigaction(SIGBUS, &old_bus, NULL));
	return got;
}

CASE(write_to_read_only_page)
{
	int fd = open_device(0);
	char *addr = map_anon(4 * PAGE);

	fill(addr, 4 * PAGE, 1);
	move_all(fd, addr, 4 * PAGE, TO_DEVICE);
	CHECK_SYS(mprotect(addr, 4 * PAGE, PROT_READ));
	CHECK_EQ(write_signal(addr + PAGE), SIGSEGV);
	check_fill(addr, 4 * PAGE, 1);
	CHECK_EQ(write_signal(addr + PAGE), SIGSEGV);
	CHECK_SYS(mprotect(addr, 4 * PAGE, RW));
	CHECK_EQ(write_signal(addr + PAGE), 0);
	check_fill(addr, PAGE, 1);
	check_part(addr + 2 * PAGE, 2 * PAGE, 1, 2 * PAGE);
}

CASE(touch_of_closed_off_page)
{
	int fd = open_device(0);
	char *addr = map_anon(4 * PAGE);

	fill(addr, 4 * PAGE, 1);
	move_all(fd, addr, 4 * PAGE, TO_DEVICE);
	CHECK_SYS(mprotect(addr, 4 * PAGE, PROT_NONE));
	CHECK_EQ(write_signal(addr + PAGE), SIGSEGV);
	check_on_device(fd, addr, 4 * PAGE, 0);
	CHECK_SYS(mprotect(addr, 4 * PAGE, RW));
	check_fill(addr, 4 * PAGE, 1);
}

/* An alternate signal stack on the device: the kernel itself faults it in. */
static atomic_int handled;

static void on_usr1(int signal_number)
{
	volatile char local[2000];

	local[signal_number] = 1;
	handled += local[signal_number];
}

CASE(signal_stack_on_device)
{
	int fd = open_device(0), i;
	char *addr = map_anon(16 * PAGE);
	stack_t stack = { .ss_sp = addr, .ss_size = 16 * PAGE };
	struct sigaction act = { .sa_handler = on_usr1,
				 .sa_flags = SA_ONSTACK };

	CHECK_SYS(sigaltstack(&stack, NULL));
	CHECK_SYS(sigaction(SIGUSR1, &act, NULL));
	for (i = 0; i < 20; i++) {
		move_all(fd, addr, 16 * PAGE, TO_DEVICE);
		CHECK_SYS(raise(SIGUSR1));
	}
	CHECK_EQ(handled, 20);
}
