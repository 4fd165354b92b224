// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages leave the device while all of them is thrown away, which takes neither
 * more of mmap_lock than reading nor a folio's lock: docs/TRAPS.md, A18. Who
 * comes second finds nothing, and memory that was thrown away is empty.
 *
 * Only a kernel that checks (DEBUG_VM) says what happens without the guard.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=64M,64M",
	.needs_device_memory = true,
};

#define ROUNDS 60

/*
 * struct zap - it
 * @addr: a huge page.
 * @fd: device 0.
 * @barrier: before and after both.
 * @span: how long the leaving took last time, in seconds.
 * @done: no round comes any more.
 * @pid: a child that has it as well.
 * @pipe: tells it to go on.
 */
struct zap {
	char *addr;
	int fd;
	pthread_barrier_t barrier;
	double span;
	bool done;
	pid_t pid;
	int pipe[2];
};

/* At any moment of the leaving, and a little before and after. */
static void *zapper(void *arg)
{
	struct zap *z = arg;
	uint64_t random = 7;
	double at;

	for (;;) {
		pthread_barrier_wait(&z->barrier);
		if (z->done)
			return NULL;
		at = seconds() +
		     z->span * 1.2 * (random_next(&random) % 1000) / 1000;
		while (seconds() < at)
			sched_yield();
		CHECK_SYS(madvise(z->addr, HUGE_PAGE, MADV_DONTNEED));
		pthread_barrier_wait(&z->barrier);
	}
}

static void zap_while(void (*prepare)(struct zap *z),
		      void (*leave)(struct zap *z))
{
	struct zap z = { .fd = open_device(0), .addr = map_thp(HUGE_PAGE) };
	pthread_t thread;
	unsigned int i;
	double start;

	need_huge_pages(z.fd);
	pthread_barrier_init(&z.barrier, NULL, 2);
	thread = thread_start(zapper, &z);
	for (i = 0; i < ROUNDS; i++) {
		fill(z.addr, HUGE_PAGE, 1);
		move_all(z.fd, z.addr, HUGE_PAGE, TO_DEVICE);
		CHECK(place_of(z.fd, z.addr).flags & SVM_PAGE_F_HUGE);
		if (prepare)
			prepare(&z);
		pthread_barrier_wait(&z.barrier);
		start = seconds();
		leave(&z);
		z.span = seconds() - start;
		pthread_barrier_wait(&z.barrier);
		check_zero(z.addr, HUGE_PAGE);
		CHECK_SYS(madvise(z.addr, HUGE_PAGE, MADV_DONTNEED));
	}
	z.done = true;
	pthread_barrier_wait(&z.barrier);
	thread_join(thread);
	munmap(z.addr, HUGE_PAGE);
	check_all_free(z.fd);
}

static void leave_by_call(struct zap *z)
{
	struct tally t = { 0 };

	CHECK_RET(migrate(z->fd, z->addr, HUGE_PAGE, TO_SYSTEM, 0, NULL, &t),
		  0);
}

CASE(home_by_call)
{
	zap_while(NULL, leave_by_call);
}

static void leave_for_another(struct zap *z)
{
	struct tally t = { 0 };
	int fd = open_device(1);

	CHECK_RET(migrate(fd, z->addr, HUGE_PAGE, TO_DEVICE,
			  SVM_MIGRATE_RESIDENT_ONLY, NULL, &t),
		  0);
	close(fd);
}

CASE(device_to_device)
{
	zap_while(NULL, leave_for_another);
}

static void leave_by_touch(struct zap *z)
{
	uint64_t word = *(volatile uint64_t *)page_at(z->addr, 300);

	CHECK(!word || word == pattern(1, 300 * PAGE / 8));
}

CASE(home_by_fault)
{
	zap_while(NULL, leave_by_touch);
}

static void leave_by_eviction(struct zap *z)
{
	device_evict(z->fd, 0);
}

CASE(home_by_eviction)
{
	zap_while(NULL, leave_by_eviction);
}

/* The kernel's own access to a process' memory can't let go of mmap_lock. */
static void leave_by_proc_mem(struct zap *z)
{
	int mem = CHECK_SYS(open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
	uint64_t at = (uintptr_t)page_at(z->addr, 300), word;

	CHECK_EQ(pread(mem, &word, sizeof(word), at), sizeof(word));
	CHECK(!word || word == pattern(1, 300 * PAGE / 8));
	close(mem);
}

CASE(read_by_proc_mem)
{
	zap_while(NULL, leave_by_proc_mem);
}

static void heir(void *arg)
{
	struct zap *z = arg;
	char go;

	CHECK_EQ(read(z->pipe[0], &go, 1), 1);
	check_fill(z->addr, HUGE_PAGE, 1);
}

static void have_child(struct zap *z)
{
	CHECK_SYS(pipe(z->pipe));
	z->pid = child(heir, z);
}

/* Both have it; the child brings its own home, and keeps what is in it. */
static void leave_by_child(struct zap *z)
{
	CHECK_EQ(write(z->pipe[1], "", 1), 1);
	child_ok(z->pid);
	close(z->pipe[0]);
	close(z->pipe[1]);
}

CASE(home_by_child)
{
	zap_while(have_child, leave_by_child);
}
