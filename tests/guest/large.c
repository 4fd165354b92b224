// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages move as huge pages, both ways and by fault; and where they can't,
 * or are taken apart on the device, nothing is lost.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "advice.h"
#include "dev.h"
#include "frag.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=256M,64M",
	.needs_device_memory = true,
};

#define HUGE_PAGES (HUGE_PAGE / PAGE)

static int open_huge(unsigned int n)
{
	int fd = open_device(n);

	need_huge_pages(fd);
	return fd;
}

/* All of it is on device @n in huge pages, whose parts lie side by side. */
static void check_huge(int fd, char *addr, size_t length, unsigned int n)
{
	size_t i, pages = length / PAGE;
	struct svm_page *p = malloc(pages * sizeof(*p));

	CHECK(p);
	CHECK_RET(residency(fd, addr, length, 0, p), 0);
	for (i = 0; i < pages; i++) {
		size_t head = i - i % HUGE_PAGES;

		if (p[i].place != SVM_PLACE_DEVICE || p[i].id != n ||
		    !(p[i].flags & SVM_PAGE_F_HUGE))
			FAIL("page %zu: place %u, id %u, flags %#x", i,
			     p[i].place, p[i].id, p[i].flags);
		CHECK_EQ(p[head].offset % HUGE_PAGES, 0);
		CHECK_EQ(p[i].offset, p[head].offset + i % HUGE_PAGES);
	}
	free(p);
}

static size_t count_huge(int fd, char *addr, size_t length)
{
	size_t i, n = 0, pages = length / PAGE;
	struct svm_page *p = malloc(pages * sizeof(*p));

	CHECK(p);
	CHECK_RET(residency(fd, addr, length, 0, p), 0);
	for (i = 0; i < pages; i++)
		n += p[i].place == SVM_PLACE_DEVICE &&
		     (p[i].flags & SVM_PAGE_F_HUGE);
	free(p);
	return n;
}

/* Mapped by huge entries, at home or on a device. */
static size_t huge_kib(char *addr, size_t length)
{
	return smaps_kib(addr, length, "AnonHugePages");
}

/* Huge pages on the device, filled with seed 1. */
static char *huge_on_device(int fd, size_t length)
{
	char *addr = map_thp(length);

	fill(addr, length, 1);
	move_all(fd, addr, length, TO_DEVICE);
	check_huge(fd, addr, length, 0);
	return addr;
}

CASE(there_and_back)
{
	int fd = open_huge(0), i;
	char *addr = map_thp(MIB(24));
	size_t room = device_info(fd).bytes_free;

	for (i = 0; i < 3; i++) {
		fill(addr, MIB(24), i);
		CHECK_EQ(move_all(fd, addr, MIB(24), TO_DEVICE),
			 MIB(24) / PAGE);
		check_huge(fd, addr, MIB(24), 0);
		CHECK_EQ(device_info(fd).bytes_free, room - MIB(24));
		CHECK_EQ(move_all(fd, addr, MIB(24), TO_SYSTEM),
			 MIB(24) / PAGE);
		check_home(fd, addr, MIB(24));
		CHECK_EQ(huge_kib(addr, MIB(24)), MIB(24) >> 10);
		check_fill(addr, MIB(24), i);
		check_all_free(fd);
	}
}

CASE(touch_brings_a_huge_page)
{
	int fd = open_huge(0);
	char *addr = huge_on_device(fd, 3 * HUGE_PAGE);
	struct svm_ioctl_stats s;

	check_part(addr + HUGE_PAGE + 100 * PAGE, PAGE, 1,
		   HUGE_PAGE + 100 * PAGE);
	check_home(fd, addr + HUGE_PAGE, HUGE_PAGE);
	CHECK_EQ(huge_kib(addr, 3 * HUGE_PAGE), 3 * HUGE_PAGE >> 10);
	check_huge(fd, addr, HUGE_PAGE, 0);
	check_huge(fd, addr + 2 * HUGE_PAGE, HUGE_PAGE, 0);
	s = device_stats(fd, SVM_STATS_CONTEXT);
	CHECK_EQ(s.faults, 1);
	CHECK_EQ(s.bytes_faulted, HUGE_PAGE);
	check_fill(addr, 3 * HUGE_PAGE, 1);
}

/* Nothing is there, in a part of the address space that has no tables yet. */
CASE(holes)
{
	size_t length = 1ul << 30;
	int fd = open_huge(0);
	char *gap = find_gap(3 * length), *addr;
	struct tally t;

	addr = (char *)(((uintptr_t)gap + length - 1) & ~(length - 1));
	addr = CHECK_SYS(mmap(addr, 2 * length, RW,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				      MAP_FIXED_NOREPLACE,
			      -1, 0));
	CHECK_SYS(madvise(addr, 2 * length, MADV_HUGEPAGE));
	/* Across the border of two such parts. */
	addr += length - MIB(6);
	t = move(fd, addr, MIB(20), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, MIB(20) / PAGE);
	check_huge(fd, addr, MIB(20), 0);
	CHECK_EQ(device_stats(fd, SVM_STATS_CONTEXT).bytes_populated, MIB(20));
	check_zero(addr, MIB(20));
	CHECK_EQ(huge_kib(addr, MIB(20)), MIB(20) >> 10);
}

/* The shared huge page of zeroes is no page of ours to move. */
CASE(huge_zero_page)
{
	int fd = open_huge(0);
	char *addr = map_aligned(2 * HUGE_PAGE);

	CHECK_SYS(madvise(addr, 2 * HUGE_PAGE, MADV_HUGEPAGE));
	check_zero(addr, 2 * HUGE_PAGE);
	if (place_of(fd, addr).place != SVM_PLACE_ZERO ||
	    !(place_of(fd, addr).flags & SVM_PAGE_F_HUGE))
		skip("no huge zero page");
	move_all(fd, addr, 2 * HUGE_PAGE, TO_DEVICE);
	check_huge(fd, addr, 2 * HUGE_PAGE, 0);
	fill(addr, HUGE_PAGE, 1);
	check_fill(addr, HUGE_PAGE, 1);
	check_zero(addr + HUGE_PAGE, HUGE_PAGE);
}

/* Who does not want huge pages gets none where there was nothing. */
CASE(holes_without_huge_pages)
{
	int fd = open_huge(0);
	char *addr = map_aligned(2 * HUGE_PAGE);

	CHECK_SYS(madvise(addr, 2 * HUGE_PAGE, MADV_NOHUGEPAGE));
	move_all(fd, addr, 2 * HUGE_PAGE, TO_DEVICE);
	CHECK_EQ(count_huge(fd, addr, 2 * HUGE_PAGE), 0);
	check_zero(addr, 2 * HUGE_PAGE);
	CHECK_EQ(huge_kib(addr, 2 * HUGE_PAGE), 0);
}

/* A range that begins and ends within huge pages. */
CASE(parts_at_both_ends)
{
	int fd = open_huge(0);
	char *addr = map_thp(MIB(32));

	fill(addr, MIB(32), 1);
	move_all(fd, addr + MIB(1), MIB(30), TO_DEVICE);
	check_home(fd, addr, MIB(1));
	check_home(fd, addr + MIB(31), MIB(1));
	check_on_device(fd, addr + MIB(1), MIB(30), 0);
	CHECK_EQ(count_huge(fd, addr, MIB(32)), MIB(28) / PAGE);
	move_all(fd, addr + MIB(3), MIB(26), TO_SYSTEM);
	check_home(fd, addr + MIB(3), MIB(26));
	CHECK_EQ(huge_kib(addr, MIB(32)), MIB(24) >> 10);
	check_fill(addr, MIB(32), 1);
}

/* Small and huge pages, and holes, side by side. */
CASE(mixed)
{
	int fd = open_huge(0), i;
	char *addr = map_thp(MIB(16));

	fill(addr, MIB(16), 1);
	for (i = 1; i < 8; i += 3) {
		char *at = addr + i * HUGE_PAGE;

		CHECK_SYS(madvise(at, HUGE_PAGE, MADV_DONTNEED));
		CHECK_SYS(madvise(at, HUGE_PAGE, MADV_NOHUGEPAGE));
		fill_part(at + 7 * PAGE, PAGE, 1, at + 7 * PAGE - addr);
		CHECK_SYS(madvise(at, HUGE_PAGE, MADV_HUGEPAGE));
	}
	move_all(fd, addr, MIB(16), TO_DEVICE);
	CHECK_EQ(count_huge(fd, addr, MIB(16)), 5 * HUGE_PAGES);
	move_all(fd, addr, MIB(16), TO_SYSTEM);
	CHECK_EQ(huge_kib(addr, MIB(16)), 5 * HUGE_PAGE >> 10);
	for (i = 0; i < 8; i++) {
		size_t at = i * HUGE_PAGE;

		if (i % 3 != 1) {
			check_part(addr + at, HUGE_PAGE, 1, at);
			continue;
		}
		check_zero(addr + at, 7 * PAGE);
		check_part(addr + at + 7 * PAGE, PAGE, 1, at + 7 * PAGE);
		check_zero(addr + at + 8 * PAGE, HUGE_PAGE - 8 * PAGE);
	}
}

CASE(from_device_to_device)
{
	int a = open_huge(0), b = open_huge(1);
	char *addr = huge_on_device(a, MIB(8));

	move_all(b, addr, MIB(8), TO_DEVICE);
	check_huge(b, addr, MIB(8), 1);
	check_all_free(a);
	check_fill(addr, MIB(8), 1);
}

CASE(between_nodes)
{
	int fd = open_huge(0), nodes[2];
	char *addr = map_thp(MIB(4));

	need_two_nodes(nodes);
	fill(addr, MIB(4), 1);
	move_all(fd, addr, MIB(4), TO_NODE(nodes[1]));
	check_node(addr, MIB(4), nodes[1]);
	CHECK_EQ(huge_kib(addr, MIB(4)), MIB(4) >> 10);
	move_all(fd, addr, MIB(4), TO_DEVICE);
	move_all(fd, addr, MIB(4), TO_NODE(nodes[0]));
	check_node(addr, MIB(4), nodes[0]);
	CHECK_EQ(huge_kib(addr, MIB(4)), MIB(4) >> 10);
	check_fill(addr, MIB(4), 1);
}

/* No 2 MiB in one piece on the device: the huge page goes in small ones. */
CASE(device_without_whole_blocks)
{
	uint32_t id = create_device(2 * HUGE_PAGE);
	int fd = open_huge(id);
	char *small = map_anon(2 * HUGE_PAGE), *addr = map_thp(2 * HUGE_PAGE);
	struct tally t;

	fill(small, 2 * HUGE_PAGE, 1);
	fill(addr, 2 * HUGE_PAGE, 2);
	/* A page in each block. */
	move_all(fd, small, HUGE_PAGE + PAGE, TO_DEVICE);
	move_all(fd, small + PAGE, HUGE_PAGE - PAGE, TO_SYSTEM);
	CHECK_EQ(device_info(fd).bytes_free, 2 * HUGE_PAGE - 2 * PAGE);

	t = move(fd, addr, 2 * HUGE_PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, 2 * HUGE_PAGES - 2,
		    SVM_PAGE_DEVICE_FULL, 2);
	CHECK_EQ(count_huge(fd, addr, 2 * HUGE_PAGE), 0);
	CHECK_EQ(device_info(fd).bytes_free, 0);
	check_fill(addr, 2 * HUGE_PAGE, 2);
	check_fill(small, 2 * HUGE_PAGE, 1);
	/* All is given back, and is whole again. */
	check_all_free(fd);
	addr = map_thp(2 * HUGE_PAGE);
	move_all(fd, addr, 2 * HUGE_PAGE, TO_DEVICE);
	check_huge(fd, addr, 2 * HUGE_PAGE, id);
	CHECK_SYS(munmap(addr, 2 * HUGE_PAGE));
	close(fd);
	destroy_device(id);
}

/* Huge holes there: all that there is room for is made, and no more. */
CASE(holes_without_whole_blocks)
{
	uint32_t id = create_device(2 * HUGE_PAGE);
	int fd = open_huge(id);
	char *small = map_anon(PAGE), *addr = map_aligned(3 * HUGE_PAGE);
	struct tally t;

	CHECK_SYS(madvise(addr, 3 * HUGE_PAGE, MADV_HUGEPAGE));
	move_all(fd, small, PAGE, TO_DEVICE);
	t = move(fd, addr, 3 * HUGE_PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, 2 * HUGE_PAGES - 1,
		    SVM_PAGE_DEVICE_FULL, HUGE_PAGES + 1);
	CHECK_EQ(count_huge(fd, addr, 3 * HUGE_PAGE), HUGE_PAGES);
	check_zero(addr, 3 * HUGE_PAGE);
	CHECK_SYS(munmap(addr, 3 * HUGE_PAGE));
	CHECK_SYS(munmap(small, PAGE));
	close(fd);
	destroy_device(id);
}

/* A block serves as a huge page, as small ones, and as a huge page again. */
CASE(blocks_change_their_use)
{
	uint32_t id = create_device(2 * HUGE_PAGE);
	int fd = open_huge(id), i;
	char *small = map_anon(2 * HUGE_PAGE), *addr = map_thp(2 * HUGE_PAGE);

	for (i = 0; i < 4; i++) {
		fill(addr, 2 * HUGE_PAGE, i);
		move_all(fd, addr, 2 * HUGE_PAGE, TO_DEVICE);
		CHECK_EQ(count_huge(fd, addr, 2 * HUGE_PAGE), 2 * HUGE_PAGES);
		check_fill(addr, 2 * HUGE_PAGE, i);
		check_all_free(fd);

		fill(small, 2 * HUGE_PAGE, 10 + i);
		/* Not from the beginning of a block. */
		move_all(fd, small, 3 * PAGE, TO_DEVICE);
		move_all(fd, small + 3 * PAGE, 2 * HUGE_PAGE - 3 * PAGE,
			 TO_DEVICE);
		CHECK_EQ(device_info(fd).bytes_free, 0);
		CHECK_EQ(count_huge(fd, small, 2 * HUGE_PAGE), 0);
		if (i % 2)
			move_all(fd, small, 2 * HUGE_PAGE, TO_SYSTEM);
		check_fill(small, 2 * HUGE_PAGE, 10 + i);
		check_all_free(fd);
	}
	close(fd);
	destroy_device(id);
}

/* --- taken apart on the device ------------------------------------------ */

/* The touch of a page, in an order, when a piece has been cut off. */
static void touch_in_order(const size_t *order, size_t n, uint32_t advice)
{
	int fd = open_huge(0);
	char *addr = huge_on_device(fd, HUGE_PAGE);
	size_t i;

	if (advice)
		advise(fd, addr, HUGE_PAGE, advice, 0);

	CHECK_SYS(mprotect(page_at(addr, 300), PAGE, PROT_READ));
	check_on_device(fd, addr, HUGE_PAGE, 0);
	CHECK_EQ(count_huge(fd, addr, HUGE_PAGE), 0);
	for (i = 0; i < n; i++) {
		check_part(page_at(addr, order[i]), PAGE, 1, order[i] * PAGE);
		check_home(fd, page_at(addr, order[i]), PAGE);
	}
	check_fill(addr, HUGE_PAGE, 1);
	check_all_free(fd);
}

CASE(touch_head_of_parts)
{
	touch_in_order((size_t[]){ 0, 1, 300, 511 }, 4, 0);
}

CASE(touch_tail_of_parts)
{
	touch_in_order((size_t[]){ 511, 5, 0, 300 }, 4, 0);
}

CASE(touch_beside_head_of_parts)
{
	/* As much as possible comes along, but not the head: it is unlocked. */
	touch_in_order((size_t[]){ 7, 0, 15, 299 }, 4, READ_MOSTLY);
}

CASE(parts_come_home)
{
	int fd = open_huge(0);
	char *addr = huge_on_device(fd, 2 * HUGE_PAGE);

	CHECK_SYS(mprotect(page_at(addr, 100), HUGE_PAGE, PROT_READ));
	move_all(fd, addr, 2 * HUGE_PAGE, TO_SYSTEM);
	check_home(fd, addr, 2 * HUGE_PAGE);
	check_all_free(fd);
	check_fill(addr, 2 * HUGE_PAGE, 1);
}

CASE(parts_go_to_another_device)
{
	int a = open_huge(0), b = open_huge(1);
	char *addr = huge_on_device(a, 2 * HUGE_PAGE);

	CHECK_SYS(mprotect(page_at(addr, 100), HUGE_PAGE, PROT_READ));
	move_all(b, addr, 2 * HUGE_PAGE, TO_DEVICE);
	check_all_free(a);
	check_fill(addr, 2 * HUGE_PAGE, 1);
}

CASE(part_unmapped)
{
	int fd = open_huge(0);
	char *addr = huge_on_device(fd, 2 * HUGE_PAGE);

	CHECK_SYS(munmap(page_at(addr, 200), HUGE_PAGE));
	check_on_device(fd, addr, 200 * PAGE, 0);
	check_fill(addr, 200 * PAGE, 1);
	check_part(page_at(addr, 712), 312 * PAGE, 1, 712 * PAGE);
	check_all_free(fd);
}

/* What is unmapped is not given back while the rest stays, but when it goes. */
CASE(rest_unmapped)
{
	int fd = open_huge(0);
	char *addr = huge_on_device(fd, HUGE_PAGE);

	CHECK_SYS(munmap(addr, HUGE_PAGE / 2));
	CHECK_SYS(munmap(addr + HUGE_PAGE / 2, HUGE_PAGE / 2));
	check_all_free(fd);
}

CASE(part_thrown_away)
{
	int fd = open_huge(0);
	char *addr = huge_on_device(fd, 2 * HUGE_PAGE);

	CHECK_SYS(madvise(page_at(addr, 10), PAGE, MADV_DONTNEED));
	CHECK_SYS(madvise(page_at(addr, 500), 100 * PAGE, MADV_DONTNEED));
	check_zero(page_at(addr, 10), PAGE);
	check_zero(page_at(addr, 500), 100 * PAGE);
	check_fill(addr, 10 * PAGE, 1);
	check_part(page_at(addr, 11), 489 * PAGE, 1, 11 * PAGE);
	check_part(page_at(addr, 600), 424 * PAGE, 1, 600 * PAGE);
	check_all_free(fd);
}

/* Thrown away and made again on the device, in the middle of a huge page. */
CASE(part_made_again)
{
	int fd = open_huge(0);
	char *addr = huge_on_device(fd, HUGE_PAGE);

	CHECK_SYS(madvise(page_at(addr, 50), 50 * PAGE, MADV_DONTNEED));
	move_all(fd, addr, HUGE_PAGE, TO_DEVICE);
	check_on_device(fd, addr, HUGE_PAGE, 0);
	check_fill(addr, 50 * PAGE, 1);
	check_zero(page_at(addr, 50), 50 * PAGE);
	check_part(page_at(addr, 100), 412 * PAGE, 1, 100 * PAGE);
}

static void move_in_space(size_t first, size_t pages, size_t to_offset)
{
	int fd = open_huge(0);
	char *addr = huge_on_device(fd, 2 * HUGE_PAGE);
	char *to = find_gap(4 * HUGE_PAGE) + to_offset;

	CHECK(mremap(page_at(addr, first), pages * PAGE, pages * PAGE,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	check_on_device(fd, to, pages * PAGE, 0);
	check_part(to, pages * PAGE, 1, first * PAGE);
	if (first)
		check_fill(addr, first * PAGE, 1);
	check_part(page_at(addr, first + pages), (1024 - first - pages) * PAGE,
		   1, (first + pages) * PAGE);
	check_all_free(fd);
}

CASE(moved_in_space_whole)
{
	int fd = open_huge(0);
	char *addr = huge_on_device(fd, 2 * HUGE_PAGE);
	char *to = find_gap(2 * HUGE_PAGE);

	CHECK(mremap(addr, 2 * HUGE_PAGE, 2 * HUGE_PAGE,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	check_huge(fd, to, 2 * HUGE_PAGE, 0);
	check_fill(to, 2 * HUGE_PAGE, 1);
	check_all_free(fd);
}

CASE(moved_in_space_part)
{
	move_in_space(100, 312, 5 * PAGE);
}

CASE(moved_in_space_off_the_grid)
{
	move_in_space(0, 1023, 3 * PAGE);
}

CASE(protected_and_back)
{
	int fd = open_huge(0);
	char *addr = huge_on_device(fd, 2 * HUGE_PAGE);

	CHECK_SYS(mprotect(addr, 2 * HUGE_PAGE, PROT_NONE));
	check_huge(fd, addr, 2 * HUGE_PAGE, 0);
	CHECK_SYS(mprotect(addr, 2 * HUGE_PAGE, PROT_READ));
	check_huge(fd, addr, 2 * HUGE_PAGE, 0);
	check_fill(addr, HUGE_PAGE, 1);
	CHECK_SYS(mprotect(addr, 2 * HUGE_PAGE, RW));
	fill(addr + HUGE_PAGE, HUGE_PAGE, 2);
	check_fill(addr, HUGE_PAGE, 1);
	check_fill(addr + HUGE_PAGE, HUGE_PAGE, 2);
}

/* --- fork --------------------------------------------------------------- */

struct kin {
	char *addr;
	int fd;
	size_t cut;
};

static void child_of_huge(void *arg)
{
	struct kin *k = arg;
	int fd = open_device(0);

	if (k->cut) {
		CHECK_SYS(munmap(k->addr, k->cut * PAGE));
		check_part(page_at(k->addr, k->cut), PAGE, 1, k->cut * PAGE);
	}
	move_all(fd, page_at(k->addr, k->cut), HUGE_PAGE - k->cut * PAGE,
		 TO_SYSTEM);
	check_part(page_at(k->addr, k->cut), HUGE_PAGE - k->cut * PAGE, 1,
		   k->cut * PAGE);
	move_all(fd, page_at(k->addr, k->cut), HUGE_PAGE - k->cut * PAGE,
		 TO_DEVICE);
	fill(page_at(k->addr, k->cut), HUGE_PAGE - k->cut * PAGE, 2);
	check_fill(page_at(k->addr, k->cut), HUGE_PAGE - k->cut * PAGE, 2);
}

static void forked(size_t cut, bool touch)
{
	struct kin k = { .fd = open_huge(0), .cut = cut };
	pid_t pid;
	int i;

	k.addr = huge_on_device(k.fd, HUGE_PAGE);
	pid = child(child_of_huge, &k);
	for (i = 0; touch && i < 20; i++) {
		check_part(page_at(k.addr, 25 * i), PAGE, 1, 25 * i * PAGE);
		move(k.fd, k.addr, HUGE_PAGE, TO_DEVICE, 0);
	}
	child_ok(pid);
	check_fill(k.addr, HUGE_PAGE, 1);
	fill(k.addr, HUGE_PAGE, 3);
	move_all(k.fd, k.addr, HUGE_PAGE, TO_DEVICE);
	check_fill(k.addr, HUGE_PAGE, 3);
	check_all_free(k.fd);
}

CASE(fork_whole)
{
	forked(0, false);
}

CASE(fork_whole_both_at_once)
{
	forked(0, true);
}

/* One has it by a huge entry, the other by small ones. */
CASE(fork_cut)
{
	forked(77, false);
}

CASE(fork_cut_both_at_once)
{
	forked(77, true);
}

/* --- at once ------------------------------------------------------------ */

struct crowd {
	pthread_barrier_t barrier;
	char *addr;
	atomic_bool done;
	unsigned int rounds, next;
	int fd;
};

static void *touch_huge(void *arg)
{
	struct crowd *c = arg;
	size_t at = 37 * __atomic_fetch_add(&c->next, 1, __ATOMIC_RELAXED);
	unsigned int i;

	for (i = 0; i < c->rounds; i++) {
		pthread_barrier_wait(&c->barrier);
		check_part(page_at(c->addr, at), PAGE, 1, at * PAGE);
		pthread_barrier_wait(&c->barrier);
	}
	return NULL;
}

static void crowd_of(bool cut)
{
	struct crowd c = { .fd = open_huge(0), .rounds = 20 };
	pthread_t threads[8];
	unsigned int i;

	c.addr = map_thp(HUGE_PAGE);
	fill(c.addr, HUGE_PAGE, 1);
	pthread_barrier_init(&c.barrier, NULL, 9);
	for (i = 0; i < 8; i++)
		threads[i] = thread_start(touch_huge, &c);
	for (i = 0; i < c.rounds; i++) {
		move_all(c.fd, c.addr, HUGE_PAGE, TO_DEVICE);
		if (cut) {
			CHECK_SYS(
				mprotect(page_at(c.addr, 9), PAGE, PROT_READ));
			CHECK_SYS(mprotect(page_at(c.addr, 9), PAGE, RW));
		}
		pthread_barrier_wait(&c.barrier);
		pthread_barrier_wait(&c.barrier);
	}
	for (i = 0; i < 8; i++)
		thread_join(threads[i]);
	check_fill(c.addr, HUGE_PAGE, 1);
}

CASE(eight_threads_one_huge_page)
{
	crowd_of(false);
}

CASE(eight_threads_parts_of_one)
{
	crowd_of(true);
}

/* --- by the kernel, for somebody who can't let go of mmap_lock ------------ */

CASE(proc_self_mem)
{
	int mem = CHECK_SYS(open("/proc/self/mem", O_RDWR | O_CLOEXEC));
	size_t at = HUGE_PAGE + 100 * PAGE;
	int fd = open_huge(0);
	char *addr = huge_on_device(fd, 4 * HUGE_PAGE);
	char *copy = map_anon(MIB(3));

	/* One page, and the others of its 2 MiB stay. */
	CHECK_EQ(pread(mem, copy, PAGE, (uintptr_t)addr + at), PAGE);
	check_part(copy, PAGE, 1, at);
	CHECK_EQ(count_huge(fd, addr, 4 * HUGE_PAGE), 3 * HUGE_PAGES);
	CHECK_GT(count_place(fd, addr + HUGE_PAGE, HUGE_PAGE, SVM_PLACE_DEVICE),
		 400);
	CHECK_EQ(pread(mem, copy, MIB(3), (uintptr_t)addr + MIB(4)), MIB(3));
	check_part(copy, MIB(3), 1, MIB(4));
	move_all(fd, addr, 4 * HUGE_PAGE, TO_SYSTEM);
	check_fill(addr, 4 * HUGE_PAGE, 1);

	fill(addr, 4 * HUGE_PAGE, 1);
	move_all(fd, addr, 4 * HUGE_PAGE, TO_DEVICE);
	fill(copy, MIB(3), 2);
	CHECK_EQ(pwrite(mem, copy, MIB(3), (uintptr_t)addr), MIB(3));
	check_fill(addr, MIB(3), 2);
	check_part(addr + MIB(3), MIB(5), 1, MIB(3));
	munmap(addr, 4 * HUGE_PAGE);
	check_all_free(fd);
}

static void *toucher(void *arg)
{
	struct crowd *c = arg;
	uint64_t random = 54321;

	while (!atomic_load(&c->done)) {
		size_t at = 256 + random_next(&random) % 256;

		check_part(page_at(c->addr, at), PAGE, 1, at * PAGE);
	}
	return NULL;
}

/* A thread waits for mmap_lock to bring it home, which the kernel keeps. */
CASE(proc_self_mem_beside_threads)
{
	int mem = CHECK_SYS(open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
	struct crowd c = { .fd = open_huge(0) };
	uint64_t word;
	pthread_t threads[2];
	unsigned int i;

	c.addr = map_thp(HUGE_PAGE);
	fill(c.addr, HUGE_PAGE, 1);
	for (i = 0; i < 2; i++)
		threads[i] = thread_start(toucher, &c);
	for (i = 0; i < 200; i++) {
		move(c.fd, c.addr, HUGE_PAGE, TO_DEVICE, 0);
		CHECK_EQ(pread(mem, &word, sizeof(word),
			       (uintptr_t)page_at(c.addr, 300)),
			 sizeof(word));
		CHECK_EQ(word, pattern(1, 300 * PAGE / 8));
		madvise(c.addr, HUGE_PAGE, 25 /* MADV_COLLAPSE */);
	}
	atomic_store(&c.done, true);
	for (i = 0; i < 2; i++)
		thread_join(threads[i]);
	check_fill(c.addr, HUGE_PAGE, 1);
}

/* Cuts and throws away in the first half, while all of it moves. */
static void *cutter(void *arg)
{
	struct crowd *c = arg;
	uint64_t random = 12345;

	while (!atomic_load(&c->done)) {
		size_t at = random_next(&random) % 250;
		size_t n = random_next(&random) % 6 + 1;

		if (random % 2)
			madvise(page_at(c->addr, at), n * PAGE, MADV_DONTNEED);
		else
			*(volatile char *)page_at(c->addr, at) = 1;
	}
	return NULL;
}

CASE(cut_touched_and_moved_at_once)
{
	struct crowd c = { .fd = open_huge(0) };
	struct tally t = { 0 };
	pthread_t threads[3];
	unsigned int i;
	double start;

	c.addr = map_thp(HUGE_PAGE);
	fill(c.addr, HUGE_PAGE, 1);
	for (i = 0; i < 3; i++)
		threads[i] = thread_start(i ? toucher : cutter, &c);
	/* Whatever is busy, stays: somebody is always at it. */
	start = seconds();
	for (i = 0; i < 100 || !t.pages[SVM_PAGE_MOVED]; i++) {
		double limit = t.pages[SVM_PAGE_MOVED] ? 5 : patience(20);

		if (seconds() - start > limit)
			break;
		CHECK_RET(migrate(c.fd, c.addr, HUGE_PAGE,
				  i % 2 ? TO_SYSTEM : TO_DEVICE, 0, NULL, &t),
			  0);
		if (i % 10 == 9)
			madvise(c.addr, HUGE_PAGE, 25 /* MADV_COLLAPSE */);
	}
	note("%u rounds: %s", i, tally_text(&t));
	CHECK_GT(t.pages[SVM_PAGE_MOVED], 0);
	atomic_store(&c.done, true);
	for (i = 0; i < 3; i++)
		thread_join(threads[i]);
	check_part(page_at(c.addr, 256), 256 * PAGE, 1, 256 * PAGE);
}

/* Throws all of it away while it is cut up to move. */
static void *emptier(void *arg)
{
	struct crowd *c = arg;

	while (!atomic_load(&c->done))
		madvise(c->addr, HUGE_PAGE, MADV_DONTNEED);
	return NULL;
}

/* What the core then takes for a hole it has in part already, see kmod/setup.c. */
CASE(emptied_while_cut_up)
{
	struct crowd c = { .fd = open_huge(0) };
	struct tally t = { 0 };
	pthread_t thread;
	unsigned int i, page;
	double start;

	c.addr = map_thp(HUGE_PAGE);
	thread = thread_start(emptier, &c);
	start = seconds();
	for (i = 0; i < 3000 && seconds() - start < 10; i++) {
		page = i % 511 + 1;
		*(volatile char *)page_at(c.addr, page) = 1;
		madvise(c.addr, page * PAGE, MADV_DONTNEED);
		CHECK_RET(migrate(c.fd, c.addr, HUGE_PAGE,
				  i % 2 ? TO_SYSTEM : TO_DEVICE, 0, NULL, &t),
			  0);
		/* A CPU fault as well, on what is on the device. */
		CHECK_LE(*(volatile char *)page_at(c.addr, page), 1);
	}
	note("%u rounds: %s", i, tally_text(&t));
	atomic_store(&c.done, true);
	thread_join(thread);
	munmap(c.addr, HUGE_PAGE);
	check_all_free(c.fd);
}

/* --- no 2 MiB in the system --------------------------------------------- */

/* A touch then brings a small page, and the rest stays on the device. */
static void touch_without_memory(size_t page)
{
	int fd = open_huge(0), node;
	char *addr = huge_on_device(fd, 2 * HUGE_PAGE);

	node = need_fragmented_node();
	bind_to_node(addr, 2 * HUGE_PAGE, node);
	check_part(page_at(addr, page), PAGE, 1, page * PAGE);
	check_on_node(fd, page_at(addr, page), PAGE, node);
	CHECK_EQ(count_huge(fd, addr, HUGE_PAGE), 0);
	CHECK_GT(count_place(fd, addr, HUGE_PAGE, SVM_PLACE_DEVICE), 400);
	check_huge(fd, addr + HUGE_PAGE, HUGE_PAGE, 0);
	check_fill(addr, 2 * HUGE_PAGE, 1);
	check_on_node(fd, addr, 2 * HUGE_PAGE, node);
	CHECK_EQ(huge_kib(addr, 2 * HUGE_PAGE), 0);
	check_all_free(fd);
}

CASE(touch_head_without_huge_memory)
{
	touch_without_memory(0);
}

CASE(touch_tail_without_huge_memory)
{
	touch_without_memory(500);
}

CASE(home_without_huge_memory)
{
	int fd = open_huge(0), node;
	char *addr = huge_on_device(fd, MIB(8));

	node = need_fragmented_node();
	CHECK_EQ(move_all(fd, addr, MIB(8), TO_NODE(node)), MIB(8) / PAGE);
	check_on_node(fd, addr, MIB(8), node);
	CHECK_EQ(huge_kib(addr, MIB(8)), 0);
	check_fill(addr, MIB(8), 1);
	check_all_free(fd);
}
