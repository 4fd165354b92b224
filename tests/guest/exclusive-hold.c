// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holds: the CPU waits. Time does not decide here: a toucher that came through
 * while the page was still held is wrong, whenever that was.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

#define PAGES 16
#define LENGTH (PAGES * PAGE)
#define LONGEST SVM_EXCLUSIVE_MAX_HOLD_MS

struct touch {
	char *addr;
	bool write;
	int fd;
	atomic_bool begun, done, let_go, saw_let_go;
};

static void *toucher(void *arg)
{
	struct touch *t = arg;
	volatile char *byte = t->addr + 5;

	t->begun = true;
	if (t->write)
		*byte ^= 1;
	else
		(void)*byte;
	t->saw_let_go = t->let_go;
	t->done = true;
	return NULL;
}

/*
 * Hold, have a thread touch, let go by @let_go. True if the thread waited until
 * then; false if the hold had expired before, which proves nothing.
 */
static bool try_hold(char *addr, bool write, void (*let_go)(int, char *),
		     void *(*touch)(void *))
{
	struct touch t = { .addr = addr, .write = write };
	int holder = open_device(0), asker = open_device(1);
	bool was_done, held;
	pthread_t thread;
	uint8_t status[PAGES];

	t.fd = asker;
	exclusive(holder, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, LONGEST, status);
	if (status[0] != SVM_EXCLUSIVE_HELD) {
		close(holder);
		close(asker);
		return false;
	}
	thread = thread_start(touch, &t);
	while (!t.begun)
		sched_yield();
	/* Time for it to run into the page, if it is wrong about it. */
	sleep_ms(30);
	was_done = t.done;
	held = query_page(holder, addr) == SVM_EXCLUSIVE_HELD;
	if (was_done && held)
		FAIL("somebody touched a page that is still held");
	t.let_go = true;
	let_go(holder, addr);
	thread_join(thread);
	close(asker);
	if (held)
		CHECK(t.saw_let_go);
	return held;
}

static void hold_rounds(bool write, void (*let_go)(int, char *),
			void *(*touch)(void *))
{
	char *addr = map_anon(LENGTH);
	int i, proved = 0;

	need_exclusive();
	for (i = 0; i < 10 && proved < 3; i++) {
		fill(addr, LENGTH, i);
		proved += try_hold(addr, write, let_go, touch);
		if (write)
			addr[5] ^= 1;
		check_fill(addr, LENGTH, i);
	}
	if (!proved)
		skip("this machine is too busy: every hold expired first");
}

static void let_go_by_release(int fd, char *addr)
{
	release(fd, addr, LENGTH);
	CHECK_EQ(query(fd, addr, LENGTH), 0);
	close(fd);
}

static void let_go_by_close(int fd, char *addr)
{
	(void)addr;
	close(fd);
}

/* To hold again, for no time, is to let go. */
static void let_go_by_acquire(int fd, char *addr)
{
	acquire(fd, addr, LENGTH);
	close(fd);
}

CASE(reader_waits_for_release)
{
	hold_rounds(false, let_go_by_release, toucher);
}

CASE(writer_waits_for_release)
{
	hold_rounds(true, let_go_by_release, toucher);
}

CASE(writer_waits_for_close)
{
	hold_rounds(true, let_go_by_close, toucher);
}

CASE(writer_waits_for_acquire)
{
	hold_rounds(true, let_go_by_acquire, toucher);
}

static void *device_toucher(void *arg)
{
	struct touch *t = arg;
	uint64_t word;

	t->begun = true;
	dev_read(t->fd, t->addr, 8, &word);
	t->saw_let_go = t->let_go;
	t->done = true;
	return NULL;
}

/* Another device is no better than the CPU. */
CASE(other_device_waits_for_release)
{
	hold_rounds(false, let_go_by_release, device_toucher);
}

static void *acquirer(void *arg)
{
	struct touch *t = arg;

	t->begun = true;
	acquire(t->fd, t->addr, PAGE);
	t->saw_let_go = t->let_go;
	t->done = true;
	return NULL;
}

CASE(other_context_competes)
{
	hold_rounds(false, let_go_by_release, acquirer);
}

/* Nobody releases it: the toucher comes through all the same. */
CASE(hold_expires)
{
	int fd = open_device(0), i;
	char *addr = map_anon(LENGTH);

	need_exclusive();
	for (i = 0; i < 5; i++) {
		fill(addr, LENGTH, i);
		exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, 30, NULL);
		check_fill(addr, LENGTH, i);
		CHECK_EQ(query(fd, addr, LENGTH), 0);
	}
	/* Without a touch it goes on to be exclusive. */
	acquire_all(fd, addr, LENGTH);
	exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, 1, NULL);
	CHECK(EVENTUALLY(query_page(fd, addr) == SVM_EXCLUSIVE_YES));
	check_fill(addr, LENGTH, 4);
}

/* What is held, the device may use without waiting; the hold goes on. */
CASE(device_works_while_holding)
{
	int fd = open_device(0), i;
	char *addr = map_anon(LENGTH);
	uint8_t status[PAGES];

	quiet_kernel();
	need_exclusive();
	fill(addr, LENGTH, 1);
	for (i = 0; i < 10; i++) {
		exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, LONGEST,
			  status);
		CHECK_EQ(dev_fill(fd, addr, LENGTH, 2), 0);
		dev_atomic(fd, SVM_ACCESS_ADD, 8, addr, 0);
		if (query_page(fd, addr) == SVM_EXCLUSIVE_HELD)
			break;
	}
	CHECK(i < 10);
	release(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 2);
}

/* A huge page is one folio for 512 pages. */
CASE(hold_of_a_huge_page)
{
	int fd = open_device(0);
	char *addr = map_thp(HUGE_PAGE);

	quiet_kernel();
	need_exclusive();
	fill(addr, HUGE_PAGE, 1);
	CHECK_EQ(exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, HUGE_PAGE, 200,
			   NULL),
		 512);
	dev_check_fill(fd, addr, HUGE_PAGE, 1);
	CHECK_EQ(release(fd, addr, HUGE_PAGE), 512);
	check_fill(addr, HUGE_PAGE, 1);
	/* Without release, by touch alone. */
	exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, HUGE_PAGE, 20, NULL);
	check_fill(addr, HUGE_PAGE, 1);
}

CASE(limit_of_held_pages)
{
	int fd = open_device(0), i, busy = 0;
	char *addr = map_anon(MIB(4));
	struct svm_ioctl_exclusive e;

	need_exclusive();
	fill(addr, MIB(4), 1);
	for (i = 0; i < 5 && !busy; i++) {
		uint8_t status[512];

		exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, MIB(2), LONGEST,
			  status);
		e = arg_exclusive(SVM_EXCLUSIVE_ACQUIRE, addr + MIB(3), PAGE,
				  NULL);
		e.hold_ms = LONGEST;
		busy = svm_call(fd, SVM_IOCTL_EXCLUSIVE, &e);
		if (busy)
			CHECK_RET(busy, -EBUSY);
	}
	if (!busy)
		skip("this machine is too busy: every hold expired first");
	/* Without a hold there is no limit; another context has its own. */
	CHECK_EQ(acquire(fd, addr + MIB(3), PAGE), 1);
	CHECK_EQ(exclusive(open_device(0), SVM_EXCLUSIVE_ACQUIRE, addr + MIB(3),
			   PAGE, 10, NULL),
		 1);
	release(fd, addr, MIB(2));
	CHECK_EQ(exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr + MIB(3), PAGE, 10,
			   NULL),
		 1);
	check_fill(addr, MIB(4), 1);
}

CASE(many_small_holds)
{
	int fd = open_device(0), i;
	char *addr = map_anon(MIB(1));

	need_exclusive();
	fill(addr, MIB(1), 1);
	for (i = 0; i < 1000; i++)
		exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, page_at(addr, i * 7 % 250),
			  2 * PAGE, 1 + i % 5, NULL);
	check_fill(addr, MIB(1), 1);
	CHECK_EQ(release(fd, addr, MIB(1)), 0);
}

static void child_checks(void *arg)
{
	check_fill(arg, LENGTH, 1);
}

/* fork() comes to an end and to a child, whatever it means for the hold. */
CASE(fork_while_held)
{
	int fd = open_device(0), i;
	char *addr = map_anon(LENGTH);

	need_exclusive();
	fill(addr, LENGTH, 1);
	for (i = 0; i < 4; i++) {
		exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, LONGEST,
			  NULL);
		child_ok(child(child_checks, addr));
		check_fill(addr, LENGTH, 1);
	}
}

CASE(munmap_while_held)
{
	int fd = open_device(0), i;

	need_exclusive();
	for (i = 0; i < 20; i++) {
		char *addr = map_anon(LENGTH);

		exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, 50, NULL);
		CHECK_SYS(munmap(addr, LENGTH));
		addr = map_anon(LENGTH);
		check_zero(addr, LENGTH);
	}
}

CASE(mprotect_while_held)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	need_exclusive();
	fill(addr, LENGTH, 1);
	exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, 100, NULL);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	check_fill(addr, LENGTH, 1);
	CHECK_SYS(mprotect(addr, LENGTH, RW));
	exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, 100, NULL);
	CHECK_SYS(madvise(addr, LENGTH, MADV_DONTNEED));
	check_zero(addr, LENGTH);
}

CASE(migrate_while_held)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	need_exclusive();
	fill(addr, LENGTH, 1);
	exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, 50, NULL);
	move(fd, addr, LENGTH, TO_DEVICE, 0);
	check_fill(addr, LENGTH, 1);
}

/* A read of more than what is held waits at most for the hold's end. */
CASE(device_reads_around_what_it_holds)
{
	int fd = open_device(0);
	char *addr = map_anon(2 * LENGTH);

	need_exclusive();
	fill(addr, 2 * LENGTH, 1);
	exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, 100, NULL);
	dev_check_fill(fd, addr, 2 * LENGTH, 1);
	check_fill(addr, 2 * LENGTH, 1);
}

struct victim {
	int sock;
	struct gate ready;
};

static void victim(void *arg)
{
	struct victim *v = arg;
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, LENGTH, LONGEST, NULL);
	if (v->sock >= 0)
		send_fd(v->sock, fd);
	gate_open(&v->ready, 1);
	for (;;)
		pause();
}

CASE(killed_while_holding)
{
	struct victim v = { .sock = -1 };
	int i;

	need_exclusive();
	for (i = 0; i < 5; i++) {
		pid_t pid;

		v.ready = gate_make();
		pid = child(victim, &v);
		gate_wait(&v.ready);
		child_kill(pid);
	}
	check_all_free(open_device(0));
}

/* Its context lives on with somebody else. */
CASE(killed_while_holding_and_fd_passed)
{
	struct victim v = { .ready = gate_make() };
	struct svm_ioctl_exclusive e =
		arg_exclusive(SVM_EXCLUSIVE_RELEASE, (void *)PAGE, PAGE, NULL);
	int sv[2], fd;
	pid_t pid;

	need_exclusive();
	make_sockets(sv);
	v.sock = sv[1];
	pid = child(victim, &v);
	fd = receive_fd(sv[0]);
	gate_wait(&v.ready);
	child_kill(pid);
	e.flags = SVM_F_OWNER_MM;
	CHECK_RET(svm_call(fd, SVM_IOCTL_EXCLUSIVE, &e), -ESRCH);
	close(fd);
}

static void owner_mm(void *arg)
{
	struct touch *t = arg;
	struct svm_ioctl_exclusive e =
		arg_exclusive(SVM_EXCLUSIVE_ACQUIRE, t->addr, LENGTH, NULL);

	CHECK_RET(svm_call(t->fd, SVM_IOCTL_EXCLUSIVE, &e), -EXDEV);
	e.flags = SVM_F_OWNER_MM;
	CHECK_RET(svm_call(t->fd, SVM_IOCTL_EXCLUSIVE, &e), 0);
	CHECK_EQ(e.pages, PAGES);
}

CASE(owner_mm_from_a_child)
{
	struct touch t = { .addr = map_anon(LENGTH), .fd = open_device(0) };

	need_exclusive();
	fill(t.addr, LENGTH, 1);
	child_ok(child(owner_mm, &t));
	CHECK_EQ(query(t.fd, t.addr, LENGTH), PAGES);
	check_fill(t.addr, LENGTH, 1);
}
