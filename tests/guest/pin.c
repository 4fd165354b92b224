// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that somebody besides the page tables holds: they stay, are counted as
 * pinned, and move when the holder has let go.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 64
#define LENGTH (PAGES * PAGE)
/* What is held: some pages in the middle. */
#define FIRST 20
#define HELD 8

static void check_pinned(int fd, char *addr)
{
	uint8_t status[PAGES];
	struct tally t;
	int i;

	t = move_status(fd, addr, LENGTH, TO_DEVICE, 0, status);
	check_tally(&t, SVM_PAGE_MOVED, PAGES - HELD, SVM_PAGE_PINNED, HELD);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(status[i], i >= FIRST && i < FIRST + HELD
					    ? SVM_PAGE_PINNED
					    : SVM_PAGE_MOVED);
	check_home(fd, page_at(addr, FIRST), HELD * PAGE);
	CHECK_EQ(device_stats(fd, SVM_STATS_CONTEXT).refused[SVM_PAGE_PINNED],
		 HELD);
	check_part(page_at(addr, FIRST), HELD * PAGE, 1, FIRST * PAGE);
}

static void check_released(int fd, char *addr)
{
	CHECK_EQ(move_all(fd, addr, LENGTH, TO_DEVICE), HELD);
	check_on_device(fd, addr, LENGTH, 0);
	check_fill(addr, LENGTH, 1);
}

static void drain(const int pipefd[2], size_t length)
{
	char buffer[PAGE];

	for (; length; length -= PAGE)
		CHECK_EQ(read(pipefd[0], buffer, PAGE), PAGE);
}

/* What stayed behind is not taken for moved: the device works on the page itself. */
CASE(device_writes_what_stayed)
{
	int fd = open_device(0), pipefd[2], i;
	char *addr = map_anon(LENGTH), buffer[PAGE];

	fill(addr, LENGTH, 1);
	/* In the mirror before, too. */
	dev_fill(fd, addr, LENGTH, 1);
	CHECK_SYS(pipe(pipefd));
	pin_by_pipe(pipefd, page_at(addr, FIRST), HELD * PAGE);
	check_pinned(fd, addr);
	dev_fill(fd, addr, LENGTH, 2);
	check_on_device(fd, addr, FIRST * PAGE, 0);
	check_home(fd, page_at(addr, FIRST), HELD * PAGE);
	for (i = FIRST; i < FIRST + HELD; i++) {
		CHECK_EQ(read(pipefd[0], buffer, PAGE), PAGE);
		check_part(buffer, PAGE, 2, i * PAGE);
	}
	check_fill(addr, LENGTH, 2);
}

static void held_by_pipe(char *addr)
{
	int fd = open_device(0), pipefd[2];

	fill(addr, LENGTH, 1);
	CHECK_SYS(pipe(pipefd));
	pin_by_pipe(pipefd, page_at(addr, FIRST), HELD * PAGE);
	check_pinned(fd, addr);
	drain(pipefd, HELD * PAGE);
	check_released(fd, addr);
}

CASE(vmsplice_small_pages)
{
	held_by_pipe(map_anon(LENGTH));
}

/* What goes out of the pipe is what was there when it went in. */
CASE(pipe_content)
{
	int fd = open_device(0), pipefd[2], i;
	char *addr = map_anon(LENGTH), buffer[PAGE];

	fill(addr, LENGTH, 1);
	CHECK_SYS(pipe(pipefd));
	pin_by_pipe(pipefd, page_at(addr, FIRST), HELD * PAGE);
	move(fd, addr, LENGTH, TO_DEVICE, 0);
	move(fd, addr, LENGTH, TO_SYSTEM, 0);
	for (i = 0; i < HELD; i++) {
		CHECK_EQ(read(pipefd[0], buffer, PAGE), PAGE);
		check_part(buffer, PAGE, 1, (FIRST + i) * PAGE);
	}
	check_fill(addr, LENGTH, 1);
}

/* Device pages themselves can't be held: they come home for it. */
CASE(vmsplice_from_device)
{
	int fd = open_device(0), pipefd[2];
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_SYS(pipe(pipefd));
	pin_by_pipe(pipefd, page_at(addr, FIRST), HELD * PAGE);
	check_home(fd, page_at(addr, FIRST), HELD * PAGE);
	CHECK_EQ(move(fd, addr, LENGTH, TO_DEVICE, 0).pages[SVM_PAGE_PINNED],
		 HELD);
	drain(pipefd, HELD * PAGE);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_fill(addr, LENGTH, 1);
}

/* A piece of a huge page is held: only that piece must be told as pinned, or
 * the whole huge page; never must anything be lost.
 */
CASE(vmsplice_huge_page)
{
	int fd = open_device(0), pipefd[2];
	char *addr = map_thp(HUGE_PAGE);
	struct tally t;

	fill(addr, HUGE_PAGE, 1);
	CHECK_SYS(pipe(pipefd));
	pin_by_pipe(pipefd, page_at(addr, FIRST), HELD * PAGE);
	t = move(fd, addr, HUGE_PAGE, TO_DEVICE, 0);
	note("huge page with pinned piece: %s", tally_text(&t));
	CHECK_GE(t.pages[SVM_PAGE_PINNED], HELD);
	CHECK_EQ(t.pages[SVM_PAGE_PINNED] + t.pages[SVM_PAGE_MOVED], 512);
	check_home(fd, page_at(addr, FIRST), HELD * PAGE);
	check_fill(addr, HUGE_PAGE, 1);
	drain(pipefd, HELD * PAGE);
	move_all(fd, addr, HUGE_PAGE, TO_DEVICE);
	check_on_device(fd, addr, HUGE_PAGE, 0);
	check_fill(addr, HUGE_PAGE, 1);
}

CASE(vmsplice_to_system)
{
	int fd = open_device(0), pipefd[2];
	char *addr = map_anon(LENGTH);
	struct tally t;

	fill(addr, LENGTH, 1);
	CHECK_SYS(pipe(pipefd));
	pin_by_pipe(pipefd, page_at(addr, FIRST), HELD * PAGE);
	/* In system memory, and that is where they shall be. */
	t = move(fd, addr, LENGTH, TO_SYSTEM, 0);
	check_tally(&t, SVM_PAGE_ALREADY, PAGES);
	check_fill(addr, LENGTH, 1);
}

CASE(io_uring_buffers)
{
	int fd = open_device(0), ring;
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	ring = pin_by_uring(page_at(addr, FIRST), HELD * PAGE);
	check_pinned(fd, addr);
	unpin_by_uring(ring);
	/* The ring lets go of the pages in its own time. */
	CHECK(EVENTUALLY(
		!move(fd, addr, LENGTH, TO_DEVICE, 0).pages[SVM_PAGE_PINNED]));
	check_on_device(fd, addr, LENGTH, 0);
	check_fill(addr, LENGTH, 1);
}

CASE(io_uring_closed)
{
	int fd = open_device(0), ring;
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	ring = pin_by_uring(page_at(addr, FIRST), HELD * PAGE);
	check_pinned(fd, addr);
	CHECK_SYS(close(ring));
	CHECK(EVENTUALLY(
		!move(fd, addr, LENGTH, TO_DEVICE, 0).pages[SVM_PAGE_PINNED]));
	check_on_device(fd, addr, LENGTH, 0);
	check_fill(addr, LENGTH, 1);
}

CASE(io_uring_buffers_on_device)
{
	int fd = open_device(0), ring;
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	ring = pin_by_uring(page_at(addr, FIRST), HELD * PAGE);
	check_home(fd, page_at(addr, FIRST), HELD * PAGE);
	CHECK_EQ(move(fd, addr, LENGTH, TO_DEVICE, 0).pages[SVM_PAGE_PINNED],
		 HELD);
	check_fill(addr, LENGTH, 1);
	unpin_by_uring(ring);
}

/* Held while shared with a child: each keeps what it wrote. */
CASE(pinned_child_copy)
{
	int fd = open_device(0), pipefd[2];
	char *addr = map_anon(LENGTH);
	pid_t pid;

	fill(addr, LENGTH, 1);
	CHECK_SYS(pipe(pipefd));
	pin_by_pipe(pipefd, page_at(addr, FIRST), HELD * PAGE);
	pid = CHECK_SYS(fork());
	if (!pid) {
		int own = open_device(0);

		/* The child's own view of the same pages, held as before. */
		move(own, addr, LENGTH, TO_DEVICE, 0);
		check_fill(addr, LENGTH, 1);
		fill(addr, LENGTH, 2);
		check_fill(addr, LENGTH, 2);
		_exit(0);
	}
	child_ok(pid);
	move(fd, addr, LENGTH, TO_DEVICE, 0);
	check_fill(addr, LENGTH, 1);
	drain(pipefd, HELD * PAGE);
	check_fill(addr, LENGTH, 1);
}
