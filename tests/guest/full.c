// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices that are too small: part of it moves, the rest stays, nothing is lost.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=8M,4M",
	.needs_device_memory = true,
};

static void fill_up(char *addr, size_t length)
{
	int fd = open_device(0);
	size_t room = device_info(fd).bytes_total / PAGE, pages = length / PAGE;
	uint8_t *status = malloc(pages);
	size_t i, moved = 0;
	struct tally t;

	check_all_free(fd);
	fill(addr, length, 1);
	t = move_status(fd, addr, length, TO_DEVICE, 0, status);
	check_tally(&t, SVM_PAGE_MOVED, room, SVM_PAGE_DEVICE_FULL,
		    pages - room);
	CHECK_EQ(device_info(fd).bytes_free, 0);
	CHECK_EQ(count_place(fd, addr, length, SVM_PLACE_DEVICE), room);
	for (i = 0; i < pages; i++) {
		unsigned int place = place_of(fd, page_at(addr, i)).place;

		CHECK_EQ(place, status[i] == SVM_PAGE_MOVED ? SVM_PLACE_DEVICE
							    : SVM_PLACE_SYSTEM);
		moved += place == SVM_PLACE_DEVICE;
	}
	CHECK_EQ(moved, room);
	/* Once more: what is there is there, and there is still no room. */
	t = move(fd, addr, length, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_ALREADY, room, SVM_PAGE_DEVICE_FULL,
		    pages - room);
	check_fill(addr, length, 1);
	check_all_free(fd);
	free(status);
}

CASE(small_pages)
{
	fill_up(map_anon(MIB(12)), MIB(12));
}

CASE(huge_pages)
{
	fill_up(map_thp(MIB(12)), MIB(12));
}

CASE(holes)
{
	int fd = open_device(0);
	size_t room = device_info(fd).bytes_total / PAGE;
	char *addr = map_anon(MIB(12));
	struct tally t;

	t = move(fd, addr, MIB(12), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, room, SVM_PAGE_DEVICE_FULL,
		    MIB(12) / PAGE - room);
	/* What was not made there was not made anywhere. */
	CHECK_EQ(count_place(fd, addr, MIB(12), SVM_PLACE_NONE),
		 MIB(12) / PAGE - room);
	check_zero(addr, MIB(12));
}

CASE(room_again)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(12));
	struct tally t;

	fill(addr, MIB(12), 1);
	move(fd, addr, MIB(12), TO_DEVICE, 0);
	CHECK_EQ(device_info(fd).bytes_free, 0);
	move(fd, addr, MIB(3), TO_SYSTEM, 0);
	CHECK_EQ(device_info(fd).bytes_free, MIB(3));
	t = move(fd, addr + MIB(8), MIB(4), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, MIB(3) / PAGE, SVM_PAGE_DEVICE_FULL,
		    MIB(1) / PAGE);
	CHECK_EQ(device_info(fd).bytes_free, 0);
	check_fill(addr, MIB(12), 1);
}

CASE(munmap_makes_room)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(12));
	struct tally t;

	fill(addr, MIB(12), 1);
	move(fd, addr, MIB(8), TO_DEVICE, 0);
	CHECK_EQ(device_info(fd).bytes_free, 0);
	CHECK_SYS(munmap(addr, MIB(8)));
	check_all_free(fd);
	t = move(fd, addr + MIB(8), MIB(4), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, MIB(4) / PAGE);
	check_part(addr + MIB(8), MIB(4), 1, MIB(8));
}

/* From a large device to a small one: the rest stays where it was. */
CASE(other_device_is_full)
{
	int a = open_device(0), b = open_device(1);
	char *addr = map_anon(MIB(6));
	struct tally t;

	fill(addr, MIB(6), 1);
	move_all(a, addr, MIB(6), TO_DEVICE);
	t = move(b, addr, MIB(6), TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, MIB(4) / PAGE, SVM_PAGE_DEVICE_FULL,
		    MIB(2) / PAGE);
	CHECK_EQ(device_info(b).bytes_free, 0);
	CHECK_EQ(count_place(a, addr, MIB(6), SVM_PLACE_NONE), 0);
	check_fill(addr, MIB(6), 1);
	check_all_free(a);
	check_all_free(b);
}

/* Pages that can't move take no room away from those that can. */
CASE(pinned_pages_need_no_room)
{
	int fd = open_device(1), pipefd[2];
	const size_t pinned = 200, room = MIB(4) / PAGE;
	char *addr = map_anon((pinned + room) * PAGE);
	struct iovec iov = { addr, pinned * PAGE };
	struct tally t;

	fill(addr, (pinned + room) * PAGE, 1);
	CHECK_SYS(pipe(pipefd));
	CHECK_SYS(fcntl(pipefd[1], F_SETPIPE_SZ, MIB(1)));
	CHECK_EQ(vmsplice(pipefd[1], &iov, 1, 0), pinned * PAGE);
	t = move(fd, addr, (pinned + room) * PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_PINNED, pinned, SVM_PAGE_MOVED, room);
	CHECK_EQ(device_info(fd).bytes_free, 0);
	check_fill(addr, (pinned + room) * PAGE, 1);
}

/* The faulting CPU needs no room on the device to bring a page home. */
CASE(faults_on_a_full_device)
{
	int fd = open_device(0), i;
	char *addr = map_anon(MIB(12));

	fill(addr, MIB(12), 0);
	for (i = 0; i < 5; i++) {
		move(fd, addr, MIB(12), TO_DEVICE, 0);
		check_fill(addr, MIB(12), i);
		fill(addr, MIB(12), i + 1);
	}
	check_fill(addr, MIB(12), 5);
}

static void compete(void *arg)
{
	uint64_t me = *(uint64_t *)arg;
	char *addr = map_anon(MIB(4));
	int fd = open_device(0), i;

	for (i = 0; i < 8; i++) {
		stamp(addr, MIB(4), me * 100 + i);
		move(fd, addr, MIB(4), TO_DEVICE, 0);
		check_stamp(addr, MIB(4), me * 100 + i);
	}
}

/* Five processes want 20 MiB of 8. */
CASE(processes_compete)
{
	pid_t pids[5];
	uint64_t i;

	for (i = 0; i < 5; i++)
		pids[i] = child(compete, &i);
	for (i = 0; i < 5; i++)
		child_ok(pids[i]);
	check_all_free(open_device(0));
}
