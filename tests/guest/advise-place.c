// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice that directs: preferred places, and memory that is mostly read.
 */
#include <stdlib.h>
#include <unistd.h>

#include "advice.h"
#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

#define PAGES 256
#define LENGTH (PAGES * PAGE)

CASE(move_to_preferred)
{
	int fd = open_device(0), nodes[2], i;
	char *addr = map_anon(LENGTH);
	uint8_t status[PAGES];
	struct tally t;

	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_NODE(nodes[0]));
	prefer(fd, page_at(addr, 10), 50 * PAGE, TO_DEVICE);
	prefer(fd, page_at(addr, 100), 50 * PAGE, TO_NODE(nodes[1]));
	prefer(fd, page_at(addr, 150), 50 * PAGE, TO_SYSTEM);
	t = move_status(fd, addr, LENGTH, TO_PREFERRED, 0, status);
	check_tally(&t, SVM_PAGE_MOVED, 100, SVM_PAGE_ALREADY, 50,
		    SVM_PAGE_INDIFFERENT, 106);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(status[i], i < 10		  ? SVM_PAGE_INDIFFERENT
				    : i < 60		  ? SVM_PAGE_MOVED
				    : i < 100 || i >= 200 ? SVM_PAGE_INDIFFERENT
				    : i < 150		  ? SVM_PAGE_MOVED
							  : SVM_PAGE_ALREADY);
	check_on_node(fd, addr, 10 * PAGE, nodes[0]);
	check_on_device(fd, page_at(addr, 10), 50 * PAGE, 0);
	check_on_node(fd, page_at(addr, 60), 40 * PAGE, nodes[0]);
	check_on_node(fd, page_at(addr, 100), 50 * PAGE, nodes[1]);
	check_on_node(fd, page_at(addr, 150), 106 * PAGE, nodes[0]);
	check_fill(addr, LENGTH, 1);
	/* Back to where each of them wants to be, in one call. */
	move_all(fd, page_at(addr, 100), 50 * PAGE, TO_DEVICE);
	check_fill(addr, 100 * PAGE, 1);
	t = move(fd, addr, LENGTH, TO_PREFERRED, 0);
	check_tally(&t, SVM_PAGE_MOVED, 100, SVM_PAGE_ALREADY, 50,
		    SVM_PAGE_INDIFFERENT, 106);
	check_on_device(fd, page_at(addr, 10), 50 * PAGE, 0);
	check_on_node(fd, page_at(addr, 100), 50 * PAGE, nodes[1]);
	check_fill(addr, LENGTH, 1);
}

CASE(move_huge_pages_to_preferred)
{
	int fd = open_device(0);
	char *addr = map_thp(4 * HUGE_PAGE);
	struct tally t;

	fill(addr, 4 * HUGE_PAGE, 1);
	/* One and a half of them, and one in the middle of which it changes. */
	prefer(fd, addr, HUGE_PAGE + HUGE_PAGE / 2, TO_DEVICE);
	prefer(fd, addr + 3 * HUGE_PAGE, HUGE_PAGE / 2, TO_DEVICE);
	prefer(fd, addr + 3 * HUGE_PAGE + HUGE_PAGE / 2, HUGE_PAGE / 2,
	       TO_SYSTEM);
	t = move(fd, addr, 4 * HUGE_PAGE, TO_PREFERRED, 0);
	check_tally(&t, SVM_PAGE_MOVED, 1024, SVM_PAGE_ALREADY, 256,
		    SVM_PAGE_INDIFFERENT, 768);
	check_on_device(fd, addr, HUGE_PAGE + HUGE_PAGE / 2, 0);
	check_home(fd, addr + HUGE_PAGE + HUGE_PAGE / 2,
		   HUGE_PAGE + HUGE_PAGE / 2);
	check_on_device(fd, addr + 3 * HUGE_PAGE, HUGE_PAGE / 2, 0);
	check_home(fd, addr + 3 * HUGE_PAGE + HUGE_PAGE / 2, HUGE_PAGE / 2);
	check_fill(addr, 4 * HUGE_PAGE, 1);
}

CASE(nothing_prefers)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_migrate m;
	struct tally t;

	fill(addr, LENGTH, 1);
	t = move(fd, addr, LENGTH, TO_PREFERRED, 0);
	check_tally(&t, SVM_PAGE_INDIFFERENT, PAGES);
	advise(fd, addr, LENGTH, KEEP | READ_MOSTLY, 0);
	t = move(fd, addr, LENGTH, TO_PREFERRED, 0);
	check_tally(&t, SVM_PAGE_INDIFFERENT, PAGES);
	m = arg_migrate(addr, LENGTH, (struct dest){ SVM_DEST_PREFERRED, 0 });
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EINVAL);
	CHECK_SYS(munmap(addr, LENGTH));
	m = arg_migrate(addr, LENGTH, TO_PREFERRED);
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EFAULT);
}

/* By a touch of a CPU of another node: it does not decide. */
CASE(touch_brings_home_to_preferred)
{
	int fd = open_device(0), nodes[2], i;
	char *addr = map_anon(LENGTH);

	need_two_nodes(nodes);
	for (i = 0; i < 2; i++) {
		fill(addr, LENGTH, i);
		move_all(fd, addr, LENGTH, TO_DEVICE);
		prefer(fd, addr, LENGTH, TO_NODE(nodes[i]));
		check_fill(addr, LENGTH, i);
		check_on_node(fd, addr, LENGTH, nodes[i]);
	}
}

CASE(touch_brings_huge_page_to_preferred)
{
	int fd = open_device(0), nodes[2], i;
	char *addr = map_thp(HUGE_PAGE);

	need_two_nodes(nodes);
	for (i = 0; i < 2; i++) {
		fill(addr, HUGE_PAGE, i);
		move_all(fd, addr, HUGE_PAGE, TO_DEVICE);
		prefer(fd, addr, HUGE_PAGE, TO_NODE(nodes[i]));
		check_fill(addr, HUGE_PAGE, i);
		check_on_node(fd, addr, HUGE_PAGE, nodes[i]);
	}
}

CASE(eviction_goes_to_preferred)
{
	int fd = open_device(0), nodes[2], i;
	char *addr = map_anon(LENGTH), *huge = map_thp(HUGE_PAGE);
	struct svm_ioctl_evict e;

	need_two_nodes(nodes);
	for (i = 0; i < 2; i++) {
		fill(addr, LENGTH, i);
		fill(huge, HUGE_PAGE, i);
		move_all(fd, addr, LENGTH, TO_DEVICE);
		move_all(fd, huge, HUGE_PAGE, TO_DEVICE);
		prefer(fd, addr, LENGTH, TO_NODE(nodes[i]));
		prefer(fd, huge, HUGE_PAGE, TO_NODE(nodes[i]));
		e = arg_evict(0);
		CHECK_RET(svm_call(fd, SVM_IOCTL_EVICT, &e), 0);
		CHECK_EQ(e.bytes_evicted, LENGTH + HUGE_PAGE);
		check_on_node(fd, addr, LENGTH, nodes[i]);
		check_on_node(fd, huge, HUGE_PAGE, nodes[i]);
		check_fill(addr, LENGTH, i);
		check_fill(huge, HUGE_PAGE, i);
	}
}

/* Faults for a reader that looks at each page once, in order. */
static uint64_t faults_of_a_reader(int fd, char *addr)
{
	uint64_t before = device_stats(fd, SVM_STATS_CONTEXT).faults;

	check_fill(addr, HUGE_PAGE, 1);
	return device_stats(fd, SVM_STATS_CONTEXT).faults - before;
}

CASE(read_mostly_faults_wide)
{
	int fd = open_device(0);
	char *addr = map_aligned(HUGE_PAGE);

	CHECK_SYS(madvise(addr, HUGE_PAGE, MADV_NOHUGEPAGE));
	fill(addr, HUGE_PAGE, 1);
	move_all(fd, addr, HUGE_PAGE, TO_DEVICE);
	CHECK_GT(faults_of_a_reader(fd, addr), 1);
	move_all(fd, addr, HUGE_PAGE, TO_DEVICE);
	advise(fd, addr, HUGE_PAGE, READ_MOSTLY, 0);
	CHECK_EQ(faults_of_a_reader(fd, addr), 1);
}

/* No further than it is advised. */
CASE(read_mostly_in_part)
{
	int fd = open_device(0);
	char *addr = map_aligned(HUGE_PAGE);

	CHECK_SYS(madvise(addr, HUGE_PAGE, MADV_NOHUGEPAGE));
	fill(addr, HUGE_PAGE, 1);
	advise(fd, page_at(addr, 64), 256 * PAGE, READ_MOSTLY, 0);
	move_all(fd, addr, HUGE_PAGE, TO_DEVICE);
	CHECK_EQ(*(volatile char *)page_at(addr, 200), *page_at(addr, 200));
	check_home(fd, page_at(addr, 64), 256 * PAGE);
	check_on_device(fd, addr, 64 * PAGE, 0);
	check_on_device(fd, page_at(addr, 320), 192 * PAGE, 0);
	check_fill(addr, HUGE_PAGE, 1);
}
