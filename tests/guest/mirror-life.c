// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Address spaces that end, and devices that go, while they are mirrored.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

#define LENGTH MIB(4)

struct owner {
	int sock;
	char *addr;
	struct gate done;
	/* The owner does something until it is killed. */
	bool busy;
};

/* Everything that a context can have, and then what the case wants. */
static void owner(void *arg)
{
	struct owner *o = arg;
	int fd = open_device(0);
	struct svm_ioctl_events e = arg_events(0x1e, 0);
	uint64_t i;

	o->addr = map_aligned(3 * LENGTH);
	fill(o->addr, LENGTH, 1);
	dev_fill(fd, o->addr, LENGTH, 1);
	move_all(fd, o->addr, MIB(1), TO_DEVICE);
	dev_fill(fd, o->addr, LENGTH, 1);
	CHECK_RET(svm_call(fd, SVM_IOCTL_EVENTS, &e), 0);
	if (device_info(fd).capabilities & SVM_CAP_EXCLUSIVE)
		acquire(fd, o->addr + MIB(2), 64 * PAGE);
	send_fd(o->sock, fd);
	CHECK_EQ(write(o->sock, &o->addr, sizeof(o->addr)), sizeof(o->addr));
	for (i = 0; o->busy; i++)
		dev_set(fd, o->addr + LENGTH + i % 512 * PAGE, 3 * PAGE, 8, i);
	gate_wait(&o->done);
}

static pid_t start_owner(struct owner *o, int *fd)
{
	int sv[2];
	pid_t pid;

	make_sockets(sv);
	o->sock = sv[1];
	o->done = gate_make();
	pid = child(owner, o);
	close(sv[1]);
	*fd = receive_fd(sv[0]);
	CHECK_EQ(read(sv[0], &o->addr, sizeof(o->addr)), sizeof(o->addr));
	close(sv[0]);
	return pid;
}

static void end_owner(struct owner *o, pid_t pid)
{
	if (o->busy) {
		child_kill(pid);
	} else {
		gate_open(&o->done, 1);
		child_ok(pid);
	}
	close(o->done.fd[0]);
	close(o->done.fd[1]);
}

CASE(closed_before_exit)
{
	struct owner o = { 0 };
	int fd, i;

	for (i = 0; i < 6; i++) {
		pid_t pid;

		o.busy = i % 2;
		pid = start_owner(&o, &fd);
		close(fd);
		end_owner(&o, pid);
	}
	check_all_free(open_device(0));
}

CASE(closed_after_exit)
{
	struct owner o = { 0 };
	char word[8];
	int fd, i;

	for (i = 0; i < 6; i++) {
		struct svm_access_op op;
		pid_t pid;

		o.busy = i % 2;
		pid = start_owner(&o, &fd);
		end_owner(&o, pid);
		op = op_read(o.addr, 8, word);
		CHECK(EVENTUALLY(access_flags(fd, &op, SVM_F_OWNER_MM) ==
				 -ESRCH));
		close(fd);
	}
	check_all_free(open_device(0));
}

/* The last close comes somewhere in the middle of the end. */
CASE(closed_during_exit)
{
	struct owner o = { .busy = true };
	uint64_t random = 3;
	int fd, i;

	for (i = 0; i < 30; i++) {
		pid_t pid = start_owner(&o, &fd);

		CHECK_SYS(kill(pid, SIGKILL));
		usleep(random_next(&random) % 3000);
		close(fd);
		child_wait(pid);
		close(o.done.fd[0]);
		close(o.done.fd[1]);
	}
	check_all_free(open_device(0));
}

struct helper {
	int fd;
	char *addr;
	atomic_bool stop, begun;
	atomic_ulong done, failed;
	int last;
};

/* The device works for somebody else's address space until it is gone. */
static void *works_for_owner(void *arg)
{
	struct helper *h = arg;
	static _Thread_local char buffer[65536];
	size_t turn;

	for (turn = 0; !h->stop; turn++) {
		size_t offset = turn % 64 * sizeof(buffer);
		struct svm_access_op op =
			op_read(h->addr + offset, sizeof(buffer), buffer);
		int ret = access_flags(h->fd, &op, SVM_F_OWNER_MM);

		h->last = ret;
		if (!ret) {
			/* Never anything but what was there. */
			check_part(buffer, sizeof(buffer), 1, offset);
			h->done++;
		} else {
			CHECK(ret == -EFAULT || ret == -ESRCH);
			h->failed++;
		}
		h->begun = true;
	}
	return NULL;
}

CASE(killed_while_the_device_works)
{
	struct owner o = { 0 };
	uint64_t random = 5;
	int i;

	for (i = 0; i < 10; i++) {
		struct helper h = { 0 };
		pid_t pid = start_owner(&o, &h.fd);
		pthread_t threads[2];

		h.addr = o.addr;
		threads[0] = thread_start(works_for_owner, &h);
		threads[1] = thread_start(works_for_owner, &h);
		while (!h.begun)
			sched_yield();
		usleep(random_next(&random) % 3000);
		child_kill(pid);
		CHECK(EVENTUALLY(h.last == -ESRCH));
		h.stop = true;
		thread_join(threads[0]);
		thread_join(threads[1]);
		CHECK_GT(h.done, 0);
		close(h.fd);
	}
	check_all_free(open_device(0));
}

/* --- invalidations that must not sleep ------------------------------------- */

static void check_released(int fd, char *addr)
{
	char buffer[8] = "1234567";
	struct svm_access_op op = op_read(addr, 8, buffer);
	size_t i;

	/* What was reaped can't be had any more, least of all from a mirror. */
	for (i = 0; i < LENGTH; i += 64 * PAGE) {
		op.addr = (uintptr_t)addr + i;
		CHECK_RET(access_flags(fd, &op, SVM_F_OWNER_MM), -EFAULT);
	}
	CHECK(!strcmp(buffer, "1234567"));
}

CASE(process_mrelease)
{
	struct owner o = { 0 };
	int fd, pidfd;
	pid_t pid = start_owner(&o, &fd);
	struct told t;

	need_exclusive();
	pidfd = child_kill_and_catch(pid);
	CHECK_EQ(process_mrelease_all(pidfd), 0);
	check_released(fd, o.addr);
	/* What the device had to itself it has no more, and that was told. */
	CHECK_SYS(fcntl(fd, F_SETFL, O_NONBLOCK));
	t = events_told(fd, SVM_EVENT_EXCLUSIVE_ENDED, SVM_CAUSE_OTHER,
			o.addr + MIB(2), 64 * PAGE);
	CHECK_EQ(t.bytes + t.other_bytes, 64 * PAGE);
	child_let_end(pid);
	close(fd);
	check_all_free(open_device(0));
}

/* While the device is in the middle of it: again, or done; never stuck. */
CASE(process_mrelease_while_the_device_works)
{
	struct owner o = { 0 };
	int i, again = 0;

	for (i = 0; i < 5; i++) {
		struct helper h = { 0 };
		pid_t pid = start_owner(&o, &h.fd);
		pthread_t threads[2];
		int pidfd;

		h.addr = o.addr;
		threads[0] = thread_start(works_for_owner, &h);
		threads[1] = thread_start(works_for_owner, &h);
		while (!h.begun)
			sched_yield();
		pidfd = child_kill_and_catch(pid);
		again += process_mrelease_all(pidfd);
		check_released(h.fd, o.addr);
		CHECK(EVENTUALLY(h.last == -EFAULT));
		child_let_end(pid);
		CHECK(EVENTUALLY(h.last == -ESRCH));
		h.stop = true;
		thread_join(threads[0]);
		thread_join(threads[1]);
		close(h.fd);
		close(pidfd);
	}
	note("%d times: again", again);
	check_all_free(open_device(0));
}

/* --- the device goes --------------------------------------------------------- */

struct doomed {
	int fd;
	char *addr;
	atomic_ulong done;
	atomic_bool gone;
};

static void *works_until_gone(void *arg)
{
	struct doomed *d = arg;
	uint64_t random = (uintptr_t)&random;

	for (;;) {
		size_t page = random_next(&random) % 1024;
		struct svm_access_op op =
			op_atomic(SVM_ACCESS_ADD, 8, page_at(d->addr, page), 1);
		struct svm_ioctl_access a = arg_access(&op, 1);
		int ret = svm_call(d->fd, SVM_IOCTL_ACCESS, &a);

		if (ret == -ENODEV)
			break;
		CHECK_RET(ret, 0);
		CHECK_RET(op.result, 0);
		d->done++;
		if (page % 16 == 0)
			migrate(d->fd, page_at(d->addr, page), 16 * PAGE,
				TO_DEVICE, 0, NULL, NULL);
	}
	d->gone = true;
	return NULL;
}

static void destroyed(size_t bytes)
{
	unsigned int i, k;

	for (i = 0; i < 4; i++) {
		uint32_t id = create_device(bytes);
		struct doomed d = { .fd = open_device(id),
				    .addr = map_aligned(MIB(4) + HUGE_PAGE) };
		pthread_t threads[3];
		uint64_t sum = 0;

		memset(d.addr, 0, MIB(4));
		for (k = 0; k < 3; k++)
			threads[k] = thread_start(works_until_gone, &d);
		CHECK(EVENTUALLY(d.done > 50));
		destroy_device(id);
		for (k = 0; k < 3; k++)
			thread_join(threads[k]);
		for (k = 0; k < 1024; k++)
			sum += *(uint64_t *)page_at(d.addr, k);
		CHECK_EQ(sum, d.done);
		close(d.fd);
		CHECK_SYS(munmap(d.addr, MIB(4) + HUGE_PAGE));
	}
}

CASE(destroyed_while_it_works)
{
	destroyed(MIB(64));
}

/* Full, most of the time. */
CASE(small_device_destroyed_while_it_works)
{
	destroyed(MIB(2));
}

/* Another device's mirror has pages of it. */
CASE(destroyed_while_mirrored_by_another)
{
	uint32_t id = create_device(MIB(16));
	int doomed = open_device(id), fd = open_device(0);
	char *addr = map_anon(MIB(1));

	fill(addr, MIB(1), 1);
	move_all(doomed, addr, MIB(1), TO_DEVICE);
	dev_check_fill(fd, addr, MIB(1), 1);
	dev_fill(fd, addr, MIB(1), 2);
	check_on_device(fd, addr, MIB(1), id);
	destroy_device(id);
	check_home(fd, addr, MIB(1));
	dev_check_fill(fd, addr, MIB(1), 2);
	dev_fill(fd, addr, MIB(1), 3);
	check_fill(addr, MIB(1), 3);
}

/* What a context has ends with its device, and can be closed after. */
CASE(destroyed_while_holding)
{
	uint32_t id = create_device(MIB(16));
	int fd = open_device(id);
	char *addr = map_anon(MIB(1));
	struct svm_ioctl_exclusive e =
		arg_exclusive(SVM_EXCLUSIVE_RELEASE, addr, MIB(1), NULL);

	need_exclusive();
	fill(addr, MIB(1), 1);
	exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, MIB(1),
		  SVM_EXCLUSIVE_MAX_HOLD_MS, NULL);
	destroy_device(id);
	check_refused(fd, SVM_IOCTL_EXCLUSIVE, &e, sizeof(e), ENODEV);
	check_fill(addr, MIB(1), 1);
	close(fd);
}
