// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Coherent device memory: the CPU works on it in place, and it moves only when it
 * is asked to. The VM keeps a range from the system for it (memmap=SIZE$START).
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"
#include "reserved.h"

const struct group group = {
	.module_args = "ram=64M",
	.module_arg = coherent_arg,
	.needs_device_memory = true,
};

#define RAM 0
#define COHERENT 1
#define PAGES 64
#define LENGTH (PAGES * PAGE)

/* As it was made when the module was loaded, with all of the range. */
static int open_coherent(void)
{
	unsigned long long bytes, start;
	int fd;

	if (!find_reserved(&bytes, &start))
		skip("no memory is kept from the system (memmap=SIZE$START)");
	fd = open_device(COHERENT);
	CHECK_EQ(device_info(fd).type, SVM_DEVICE_COHERENT);
	return fd;
}

/* Another in its place, of so many bytes, until the case ends. */
static int open_small(uint64_t bytes)
{
	close(open_coherent());
	destroy_device(COHERENT);
	CHECK_EQ(create_device_of(SVM_DEVICE_COHERENT, bytes), COHERENT);
	return open_device(COHERENT);
}

/* Nobody has it open any more. */
static void end_small(void)
{
	unsigned long long bytes, start;

	CHECK(find_reserved(&bytes, &start));
	destroy_device(COHERENT);
	CHECK_EQ(create_device_of(SVM_DEVICE_COHERENT, bytes), COHERENT);
}

static char *filled_on(int fd, uint64_t seed)
{
	char *addr = map_small(LENGTH);

	fill(addr, LENGTH, seed);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_on_device(fd, addr, LENGTH, COHERENT);
	return addr;
}

static void check_single(int fd, char *addr, size_t length)
{
	size_t i;

	for (i = 0; i < length / PAGE; i++)
		CHECK(!(place_of(fd, page_at(addr, i)).flags &
			SVM_PAGE_F_HUGE));
}

CASE(info)
{
	int fd = open_coherent();
	struct svm_ioctl_info info = device_info(fd);
	unsigned long long bytes, start;
	char type[16];

	CHECK(find_reserved(&bytes, &start));
	CHECK_EQ(info.bytes_total, bytes);
	CHECK_EQ(info.bytes_free, bytes);
	/* Single pages only. */
	CHECK_EQ(info.page_orders, 1);
	CHECK(info.capabilities & SVM_CAP_TO_DEVICE);
	CHECK(read_file("/sys/class/svm/svm1/type", type, sizeof(type)));
	CHECK(!strcmp(type, "coherent"));
}

/* The CPU reads and writes what is there, and it stays. */
CASE(cpu_works_in_place)
{
	int fd = open_coherent();
	char *addr = filled_on(fd, 1);
	struct svm_page page;
	int i;

	check_fill(addr, LENGTH, 1);
	fill(addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
	check_on_device(fd, addr, LENGTH, COHERENT);
	for (i = 0; i < PAGES; i++) {
		page = place_of(fd, page_at(addr, i));
		CHECK(page.flags & SVM_PAGE_F_READ);
		CHECK(page.flags & SVM_PAGE_F_WRITE);
	}
	CHECK_EQ(device_info(fd).bytes_total - device_info(fd).bytes_free,
		 LENGTH);
	CHECK_EQ(device_stats(fd, SVM_STATS_DEVICE).faults, 0);

	CHECK_EQ(move_all(fd, addr, LENGTH, TO_SYSTEM), PAGES);
	check_home(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 2);
	check_all_free(fd);
}

CASE(second_move_says_already)
{
	int fd = open_coherent();
	char *addr = filled_on(fd, 1);
	struct tally t = move(fd, addr, LENGTH, TO_DEVICE, 0);

	check_tally(&t, SVM_PAGE_ALREADY, PAGES);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	t = move(fd, addr, LENGTH, TO_SYSTEM, 0);
	check_tally(&t, SVM_PAGE_ALREADY, PAGES);
}

CASE(holes)
{
	int fd = open_coherent();
	char *dirty = filled_on(fd, 1), *addr;

	/* So that the memory is not zero by itself. */
	CHECK_SYS(munmap(dirty, LENGTH));
	check_all_free(fd);
	addr = map_small(LENGTH);
	check_zero(addr, LENGTH / 2); /* by zero pages */
	CHECK_EQ(move_all(fd, addr, LENGTH, TO_DEVICE), PAGES);
	check_on_device(fd, addr, LENGTH, COHERENT);
	check_zero(addr, LENGTH);
	fill(addr, LENGTH, 1);
	check_on_device(fd, addr, LENGTH, COHERENT);
	check_fill(addr, LENGTH, 1);
}

/* Huge pages arrive as single ones: the core can't have coherent ones. */
CASE(huge_page)
{
	int fd = open_coherent();
	char *addr = map_thp(2 * HUGE_PAGE);

	fill(addr, 2 * HUGE_PAGE, 1);
	move_all(fd, addr, 2 * HUGE_PAGE, TO_DEVICE);
	check_on_device(fd, addr, 2 * HUGE_PAGE, COHERENT);
	check_single(fd, addr, 2 * HUGE_PAGE);
	check_fill(addr, 2 * HUGE_PAGE, 1);
	move_all(fd, addr, 2 * HUGE_PAGE, TO_SYSTEM);
	check_fill(addr, 2 * HUGE_PAGE, 1);
}

CASE(huge_hole)
{
	int fd = open_coherent();
	char *addr = map_aligned(2 * HUGE_PAGE);

	CHECK_SYS(madvise(addr, 2 * HUGE_PAGE, MADV_HUGEPAGE));
	/* One by the huge zero page, one bare. */
	check_zero(addr, PAGE);
	move_all(fd, addr, 2 * HUGE_PAGE, TO_DEVICE);
	check_on_device(fd, addr, 2 * HUGE_PAGE, COHERENT);
	check_single(fd, addr, 2 * HUGE_PAGE);
	check_zero(addr, 2 * HUGE_PAGE);
}

CASE(from_device_to_device)
{
	int ram = open_device(RAM), fd = open_coherent();
	char *addr = filled_on(fd, 1);

	move_all(ram, addr, LENGTH, TO_DEVICE);
	check_on_device(fd, addr, LENGTH, RAM);
	check_all_free(fd);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_on_device(fd, addr, LENGTH, COHERENT);
	check_all_free(ram);
	check_fill(addr, LENGTH, 1);
	check_on_device(fd, addr, LENGTH, COHERENT);
}

CASE(huge_page_from_a_device)
{
	int ram = open_device(RAM), fd = open_coherent();
	char *addr = map_thp(HUGE_PAGE);

	fill(addr, HUGE_PAGE, 1);
	move_all(ram, addr, HUGE_PAGE, TO_DEVICE);
	move_all(fd, addr, HUGE_PAGE, TO_DEVICE);
	check_on_device(fd, addr, HUGE_PAGE, COHERENT);
	check_single(fd, addr, HUGE_PAGE);
	check_fill(addr, HUGE_PAGE, 1);
	move_all(ram, addr, HUGE_PAGE, TO_DEVICE);
	check_on_device(ram, addr, HUGE_PAGE, RAM);
	check_fill(addr, HUGE_PAGE, 1);
}

CASE(device_works_in_place)
{
	int fd = open_coherent(), ram = open_device(RAM);
	char *addr = filled_on(fd, 1);

	dev_check_fill(fd, addr, LENGTH, 1);
	dev_fill(fd, addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
	/* Another device reaches it as it does system memory. */
	dev_check_fill(ram, addr, LENGTH, 2);
	dev_fill(ram, addr, LENGTH, 3);
	check_fill(addr, LENGTH, 3);
	check_on_device(fd, addr, LENGTH, COHERENT);
	CHECK_EQ(device_stats(fd, SVM_STATS_CONTEXT).bytes_accessed_device,
		 2 * LENGTH);
}

struct adder {
	_Atomic uint64_t *word;
	atomic_bool stop;
	atomic_uint running;
	atomic_ulong done;
};

static void *add_until_told(void *arg)
{
	struct adder *a = arg;
	unsigned long i;

	for (i = 0; !a->stop || !i; i++) {
		atomic_fetch_add(a->word, 1);
		a->running += !i;
		if (i % 64 == 0)
			sched_yield();
	}
	a->done += i;
	return NULL;
}

/* Four threads and the device add to one word, all of them where it is. */
CASE(atomics_against_cpu)
{
	int fd = open_coherent();
	char *addr = filled_on(fd, 1);
	struct adder a = { .word = (void *)addr };
	uint64_t before = atomic_load(a.word);
	pthread_t threads[4];
	size_t i;

	for (i = 0; i < 4; i++)
		threads[i] = thread_start(add_until_told, &a);
	CHECK(EVENTUALLY(a.running == 4));
	for (i = 0; i < 500; i++)
		dev_atomic(fd, SVM_ACCESS_ADD, 8, addr, 1);
	a.stop = true;
	for (i = 0; i < 4; i++)
		thread_join(threads[i]);
	CHECK_EQ(atomic_load(a.word) - before, 500 + a.done);
	check_on_device(fd, addr, LENGTH, COHERENT);
}

CASE(fork_both_write)
{
	int fd = open_coherent();
	char *addr = filled_on(fd, 1);
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		check_fill(addr, LENGTH, 1);
		fill(addr, LENGTH / 2, 2);
		check_fill(addr, LENGTH / 2, 2);
		_exit(0);
	}
	fill_part(page_at(addr, PAGES / 2), LENGTH / 2, 3, LENGTH / 2);
	child_ok(pid);
	check_fill(addr, LENGTH / 2, 1);
	check_part(page_at(addr, PAGES / 2), LENGTH / 2, 3, LENGTH / 2);
	/* The device writes to what is shared no more. */
	dev_fill(fd, addr, LENGTH, 4);
	check_fill(addr, LENGTH, 4);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	check_fill(addr, LENGTH, 4);
	check_all_free(fd);
}

CASE(shared_with_a_child_goes_home)
{
	int fd = open_coherent();
	char *addr = filled_on(fd, 1);
	struct gate go = gate_make();
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		gate_wait(&go);
		check_fill(addr, LENGTH, 1);
		fill(addr, LENGTH, 2);
		check_fill(addr, LENGTH, 2);
		_exit(0);
	}
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	check_all_free(fd);
	gate_open(&go, 1);
	child_ok(pid);
	check_fill(addr, LENGTH, 1);
}

CASE(read_only)
{
	int fd = open_coherent();
	char *addr = filled_on(fd, 1), byte = 5;
	struct svm_access_op op = op_write(addr, 1, &byte);

	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	CHECK_RET(access_op(fd, &op), -EPERM);
	dev_check_fill(fd, addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	check_fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_on_device(fd, addr, LENGTH, COHERENT);
	CHECK(!(place_of(fd, addr).flags & SVM_PAGE_F_WRITE));
	CHECK_SYS(mprotect(addr, LENGTH, RW));
	dev_fill(fd, addr, LENGTH, 2);
	check_fill(addr, LENGTH, 2);
	check_on_device(fd, addr, LENGTH, COHERENT);
}

/* Who pins for long must not have device memory: the core brings it home. */
CASE(pinned_for_long)
{
	int fd = open_coherent(), ring;
	char *addr = filled_on(fd, 1);

	ring = pin_by_uring(addr, LENGTH / 2);
	check_home(fd, addr, LENGTH / 2);
	check_on_device(fd, page_at(addr, PAGES / 2), LENGTH / 2, COHERENT);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(move(fd, addr, LENGTH, TO_DEVICE, 0).pages[SVM_PAGE_PINNED],
		 PAGES / 2);
	unpin_by_uring(ring);
}

CASE(pinned_for_a_moment)
{
	int fd = open_coherent(), pipefd[2];
	char *addr = filled_on(fd, 1), *copy = map_small(LENGTH);
	struct tally t;

	CHECK_SYS(pipe(pipefd));
	pin_by_pipe(pipefd, addr, 8 * PAGE);
	t = move(fd, addr, LENGTH, TO_SYSTEM, 0);
	check_tally(&t, SVM_PAGE_MOVED, PAGES - 8, SVM_PAGE_PINNED, 8);
	check_on_device(fd, addr, 8 * PAGE, COHERENT);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(read(pipefd[0], copy, 8 * PAGE), 8 * PAGE);
	check_fill(copy, 8 * PAGE, 1);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	check_fill(addr, LENGTH, 1);
}

/* Disk to device memory and back, past the page cache. */
CASE(direct_io)
{
	int fd = open_coherent(), file = real_file(0);
	char *addr = filled_on(fd, 1);

	if (fcntl(file, F_SETFL, O_DIRECT))
		skip("no O_DIRECT here: %s", err_name(errno));
	CHECK_EQ(pwrite(file, addr, LENGTH, 0), LENGTH);
	fill(addr, LENGTH, 2);
	CHECK_EQ(pread(file, addr, LENGTH, 0), LENGTH);
	check_fill(addr, LENGTH, 1);
	check_on_device(fd, addr, LENGTH, COHERENT);
}

CASE(evict_all)
{
	int fd = open_coherent();
	char *addr = filled_on(fd, 1);

	CHECK_EQ(device_evict(fd, 0).bytes_evicted, LENGTH);
	check_home(fd, addr, LENGTH);
	check_all_free(fd);
	check_fill(addr, LENGTH, 1);
}

CASE(full)
{
	int fd = open_small(MIB(2));
	char *addr = map_small(MIB(6));
	struct tally t;

	fill(addr, MIB(6), 1);
	t = move(fd, addr, MIB(6), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, 512, SVM_PAGE_DEVICE_FULL, 1024);
	check_fill(addr, MIB(6), 1);
	/* Room for the last by the first. */
	t = move_evict(fd, addr + MIB(4), MIB(2));
	check_tally(&t, SVM_PAGE_MOVED, 512);
	CHECK_EQ(t.bytes_evicted, MIB(2));
	check_on_device(fd, addr + MIB(4), MIB(2), COHERENT);
	check_home(fd, addr, MIB(4));
	check_fill(addr, MIB(6), 1);
	CHECK_SYS(munmap(addr, MIB(6)));
	close(fd);
	end_small();
}

static int make_exclusive(char **addr)
{
	int fd = open_coherent();

	need_exclusive();
	*addr = filled_on(fd, 1);
	acquire_all(fd, *addr, LENGTH);
	CHECK(place_of(fd, *addr).flags & SVM_PAGE_F_EXCLUSIVE);
	check_on_device(fd, *addr, LENGTH, COHERENT);
	return fd;
}

CASE(exclusive_until_touched)
{
	char *addr;
	int fd = make_exclusive(&addr);

	dev_fill(fd, addr, LENGTH, 2);
	CHECK_EQ(query(fd, addr, LENGTH), PAGES);
	check_fill(addr, LENGTH, 2);
	CHECK_EQ(query(fd, addr, LENGTH), 0);
	check_on_device(fd, addr, LENGTH, COHERENT);
}

CASE(exclusive_goes_home)
{
	char *addr;
	int fd = make_exclusive(&addr);

	move_all(fd, addr, LENGTH, TO_SYSTEM);
	CHECK_EQ(query(fd, addr, LENGTH), 0);
	check_fill(addr, LENGTH, 1);
}

CASE(exclusive_is_evicted)
{
	char *addr;
	int fd = make_exclusive(&addr);

	CHECK_EQ(device_evict(fd, 0).bytes_evicted, LENGTH);
	CHECK_EQ(query(fd, addr, LENGTH), 0);
	check_home(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
}

/* The device goes while its pages are shared, exclusive, and worked on. */
struct worker {
	uint64_t *words;
	atomic_bool stop;
	atomic_ulong rounds;
};

static void *work_until_told(void *arg)
{
	struct worker *w = arg;
	size_t i;

	while (!w->stop) {
		for (i = 0; i < PAGES; i++)
			w->words[i * PAGE / 8]++;
		w->rounds++;
	}
	return NULL;
}

CASE(destroyed_while_used)
{
	struct worker w = { 0 };
	char *addr, *more;
	pthread_t thread;
	size_t i;
	int fd = make_exclusive(&addr);

	more = map_small(LENGTH);
	move_all(fd, more, LENGTH, TO_DEVICE);
	w.words = (uint64_t *)more;
	thread = thread_start(work_until_told, &w);
	CHECK(EVENTUALLY(w.rounds > 0));
	destroy_device(COHERENT);
	check_fill(addr, LENGTH, 1);
	w.stop = true;
	thread_join(thread);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(w.words[i * PAGE / 8], w.rounds);
	close(fd);
	CHECK_EQ(create_device_of(SVM_DEVICE_COHERENT, MIB(2)), COHERENT);
	end_small();
}

/* What one device does not have, another can. */
CASE(pieces)
{
	unsigned long long bytes, start;
	struct svm_ioctl_create c;
	int fd = open_small(MIB(4)), control = open_control();
	int node = device_info(fd).node;
	char *addr = filled_on(fd, 1), *other = map_small(LENGTH);
	uint32_t id;
	int more;

	CHECK(find_reserved(&bytes, &start));
	id = create_device_of(SVM_DEVICE_COHERENT, bytes - MIB(4));
	more = open_device(id);
	fill(other, LENGTH, 2);
	move_all(more, other, LENGTH, TO_DEVICE);
	check_on_device(fd, addr, LENGTH, COHERENT);
	check_on_device(fd, other, LENGTH, id);

	c = arg_create(MIB(2), SVM_NODE_ANY);
	c.type = SVM_DEVICE_COHERENT;
	check_refused(control, SVM_IOCTL_CREATE, &c, sizeof(c), ENOMEM);
	/* Of nodes that have none, and of one that is no node. */
	c.node = node == 0;
	check_refused(control, SVM_IOCTL_CREATE, &c, sizeof(c), EINVAL);
	c.node = 1 << 20;
	check_refused(control, SVM_IOCTL_CREATE, &c, sizeof(c), EINVAL);

	/* From one to the other, and what is left behind is free. */
	move_all(more, addr, LENGTH, TO_DEVICE);
	check_all_free(fd);
	check_fill(addr, LENGTH, 1);
	close(fd);
	destroy_device(COHERENT);
	c.node = node;
	CHECK_RET(svm_call(control, SVM_IOCTL_CREATE, &c), 0);
	CHECK_EQ(c.id, COHERENT);
	close(more);
	destroy_device(id);
	check_fill(addr, LENGTH, 1);
	check_fill(other, LENGTH, 2);
	end_small();
}

static void die_with_memory(void *arg)
{
	struct gate *ready = arg;

	filled_on(open_coherent(), 1);
	gate_open(ready, 1);
	pause();
}

CASE(killed)
{
	int fd = open_coherent();
	struct gate ready = gate_make();
	pid_t pid = child(die_with_memory, &ready);

	gate_wait(&ready);
	CHECK_EQ(device_info(fd).bytes_total - device_info(fd).bytes_free,
		 LENGTH);
	child_kill(pid);
	check_all_free(fd);
}

/* The kernel's own ways to take memory do not take this. */
CASE(discard_and_reclaim)
{
	int fd = open_coherent();
	char *addr = filled_on(fd, 1);

	CHECK_SYS(madvise(addr, LENGTH, MADV_PAGEOUT));
	CHECK_SYS(madvise(addr, LENGTH, MADV_COLD));
	check_on_device(fd, addr, LENGTH, COHERENT);
	check_fill(addr, LENGTH, 1);
	CHECK_SYS(madvise(addr, LENGTH / 2, MADV_DONTNEED));
	CHECK_EQ(device_info(fd).bytes_total - device_info(fd).bytes_free,
		 LENGTH / 2);
	check_zero(addr, LENGTH / 2);
	check_part(page_at(addr, PAGES / 2), LENGTH / 2, 1, LENGTH / 2);
}
