// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Long runs of single pages: that nothing is lost, mixed up or told otherwise at their
 * seams, where one page table ends and the next begins, each 2 MiB. That is where the
 * core stops and goes on, and where a run is cut if it is.
 */
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,8M",
	.needs_device_memory = true,
};

/* What the module works through at once, and half as much. */
#define LENGTH (6 * HUGE_PAGE)
#define PAGES (LENGTH / PAGE)
#define TABLE (HUGE_PAGE / PAGE)

/* The last page of a page table, or the first; not at the ends of the range. */
static bool at_a_seam(size_t page)
{
	return page && page + 1 < PAGES &&
	       (page % TABLE == 0 || page % TABLE == TABLE - 1);
}

#define HELD (2 * (PAGES / TABLE - 1))

/* Somebody has a reference on the pages at the seams, as long as the pipe is. */
static void hold_at_the_seams(const int pipefd[2], char *addr)
{
	size_t page;

	for (page = TABLE; page < PAGES; page += TABLE)
		pin_by_pipe(pipefd, page_at(addr, page - 1), 2 * PAGE);
}

static void let_go(int pipefd[2])
{
	CHECK_SYS(close(pipefd[0]));
	CHECK_SYS(close(pipefd[1]));
}

static void held_at_the_seams(char *addr, struct dest to)
{
	int fd = open_device(0), pipefd[2];
	uint8_t status[PAGES];
	struct tally t;
	size_t i;

	fill(addr, LENGTH, 1);
	CHECK_SYS(pipe(pipefd));
	hold_at_the_seams(pipefd, addr);
	t = move_status(fd, addr, LENGTH, to, 0, status);
	check_tally(&t, SVM_PAGE_MOVED, PAGES - HELD, SVM_PAGE_PINNED, HELD);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(status[i],
			 at_a_seam(i) ? SVM_PAGE_PINNED : SVM_PAGE_MOVED);
	for (i = TABLE; i < PAGES; i += TABLE)
		check_home(fd, page_at(addr, i - 1), 2 * PAGE);
	check_fill(addr, LENGTH, 1);
	let_go(pipefd);
	move_all(fd, addr, LENGTH, to);
	check_fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	check_home(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
}

CASE(held_to_device)
{
	held_at_the_seams(map_small(LENGTH), TO_DEVICE);
}

CASE(held_to_node)
{
	char *addr = map_small(LENGTH);
	int nodes[2];

	need_two_nodes(nodes);
	bind_to_node(addr, LENGTH, nodes[0]);
	held_at_the_seams(addr, TO_NODE(nodes[1]));
}

/* What can't move leaves its room to others: as many move as there is room for. */
CASE(held_and_little_room)
{
	int fd = open_device(1), pipefd[2];
	size_t room = device_info(fd).bytes_total / PAGE;
	char *addr = map_small(LENGTH);
	struct tally t;

	CHECK_EQ(room, 4 * TABLE);
	check_all_free(fd);
	fill(addr, LENGTH, 1);
	CHECK_SYS(pipe(pipefd));
	hold_at_the_seams(pipefd, addr);
	t = move(fd, addr, LENGTH, TO_DEVICE, 0);
	/* Of the second window one was tried, and some had their room from it. */
	check_tally(&t, SVM_PAGE_MOVED, room, SVM_PAGE_PINNED, 8,
		    SVM_PAGE_DEVICE_FULL, PAGES - room - 8);
	CHECK_EQ(device_info(fd).bytes_free, 0);
	check_fill(addr, LENGTH, 1);
	check_all_free(fd);
}

/* Huge pages in small entries, each of which lies in two page tables. */
CASE(huge_pages_across_the_seams)
{
	int fd = open_device(0), pipefd[2];
	const size_t length = 4 * HUGE_PAGE, held = 700;
	char *from = map_thp(length);
	char *addr = find_gap(length + HUGE_PAGE) + HUGE_PAGE / 2;
	struct tally t;

	fill(from, length, 1);
	CHECK(mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
		     addr) == addr);
	CHECK_SYS(pipe(pipefd));
	pin_by_pipe(pipefd, page_at(addr, held), PAGE);
	t = move(fd, addr, length, TO_DEVICE, 0);
	note("huge pages across the seams, one of them held: %s",
	     tally_text(&t));
	CHECK_GE(t.pages[SVM_PAGE_PINNED], 1);
	CHECK_LE(t.pages[SVM_PAGE_PINNED], TABLE);
	CHECK_EQ(t.pages[SVM_PAGE_PINNED] + t.pages[SVM_PAGE_MOVED],
		 length / PAGE);
	check_home(fd, page_at(addr, held), PAGE);
	check_fill(addr, length, 1);
	let_go(pipefd);
	move_all(fd, addr, length, TO_DEVICE);
	check_on_device(fd, addr, length, 0);
	move_all(fd, addr, length, TO_SYSTEM);
	check_fill(addr, length, 1);
}

/* First and last comes what is left of a page table, down to one page. */
CASE(begins_in_a_page_table)
{
	const size_t first[] = { 1, 63, 64, 65, TABLE - 1 };
	int fd = open_device(0);
	char *addr = map_small(LENGTH);
	size_t i;

	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		char *part = page_at(addr, first[i]);
		size_t length = LENGTH - 2 * first[i] * PAGE;

		fill(addr, LENGTH, i);
		CHECK_EQ(move_all(fd, part, length, TO_DEVICE), length / PAGE);
		check_on_device(fd, part, length, 0);
		check_home(fd, addr, first[i] * PAGE);
		check_home(fd, part + length, first[i] * PAGE);
		CHECK_EQ(move_all(fd, part, length, TO_SYSTEM), length / PAGE);
		check_home(fd, addr, LENGTH);
		check_fill(addr, LENGTH, i);
	}
}

/* Holes at the seams, and pages of another device beside them. */
CASE(holes_and_another_device)
{
	int fd = open_device(0), other = open_device(1), i;
	char *addr = map_small(LENGTH);
	size_t page;

	for (i = 0; i < 3; i++) {
		fill(addr, LENGTH, i);
		for (page = TABLE; page < PAGES; page += TABLE) {
			CHECK_SYS(madvise(page_at(addr, page - 1), 2 * PAGE,
					  MADV_DONTNEED));
			move_all(other, page_at(addr, page - 3), 2 * PAGE,
				 TO_DEVICE);
			move_all(other, page_at(addr, page + 1), 2 * PAGE,
				 TO_DEVICE);
		}
		CHECK_EQ(move_all(fd, addr, LENGTH, TO_DEVICE), PAGES);
		check_on_device(fd, addr, LENGTH, 0);
		check_all_free(other);
		for (page = 0; page < PAGES; page++) {
			if (at_a_seam(page))
				check_zero(page_at(addr, page), PAGE);
			else
				check_part(page_at(addr, page), PAGE, i,
					   page * PAGE);
		}
		check_home(fd, addr, LENGTH);
	}
}

struct heir {
	struct gate gate;
	char *addr;
};

static void looks_at_it(void *arg)
{
	struct heir *heir = arg;

	gate_wait(&heir->gate);
	check_fill(heir->addr, LENGTH, 1);
}

/* The core looks for the pages in another process, too. */
CASE(shared_with_a_child)
{
	struct heir heir = { gate_make(), map_small(LENGTH) };
	int fd = open_device(0);
	pid_t pid;

	fill(heir.addr, LENGTH, 1);
	pid = child(looks_at_it, &heir);
	move_all(fd, heir.addr, LENGTH, TO_DEVICE);
	check_on_device(fd, heir.addr, LENGTH, 0);
	gate_open(&heir.gate, 1);
	child_ok(pid);
	check_fill(heir.addr, LENGTH, 1);
}

static bool told_at_once(int fd, char *addr, size_t length, struct dest to)
{
	move_all(fd, addr, length, to);
	return events_told(fd, SVM_EVENT_MIGRATED, SVM_CAUSE_CALL, addr, length)
		       .events == 1;
}

static bool told_as_one(int fd, char *addr, size_t length)
{
	fill(addr, length, 1);
	return told_at_once(fd, addr, length, TO_DEVICE) &&
	       told_at_once(fd, addr, length, TO_SYSTEM);
}

/* Who listens hears of runs, however long they are. */
CASE(one_event_a_run)
{
	int fd = open_device(0);
	char *addr = map_small(4 * HUGE_PAGE);

	events_on(fd, EVENT(MIGRATED), 0);
	/* Pages that are busy for a moment are a run of their own. */
	CHECK(EVENTUALLY(told_as_one(fd, addr, 4 * HUGE_PAGE)));
}
