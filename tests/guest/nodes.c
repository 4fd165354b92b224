// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A chosen NUMA node as the destination, and from one device to another.
 */
#include <stdlib.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = { .module_args = "ram=512M,512M" };

#define PAGES 256
#define LENGTH (PAGES * PAGE)

CASE(device_to_each_node)
{
	int fd = open_device(0), nodes[8], n, i;
	char *addr = map_anon(LENGTH);

	need_device_memory();
	n = nodes_with_memory(nodes, 8);
	fill(addr, LENGTH, 1);
	for (i = 0; i < n; i++) {
		CHECK_EQ(move_all(fd, addr, LENGTH, TO_DEVICE), PAGES);
		check_on_device(fd, addr, LENGTH, 0);
		CHECK_EQ(move_all(fd, addr, LENGTH, TO_NODE(nodes[i])), PAGES);
		check_on_node(fd, addr, LENGTH, nodes[i]);
		check_node(addr, LENGTH, nodes[i]);
		check_fill(addr, LENGTH, 1);
	}
}

static void between_nodes(char *addr, size_t length)
{
	int fd = open_device(0), nodes[2], i;
	size_t pages = length / PAGE;
	struct tally t;

	need_two_nodes(nodes);
	move_all(fd, addr, length, TO_NODE(nodes[0]));
	check_node(addr, length, nodes[0]);
	for (i = 1; i < 6; i++) {
		t = move(fd, addr, length, TO_NODE(nodes[i % 2]), 0);
		check_tally(&t, SVM_PAGE_MOVED, pages);
		check_on_node(fd, addr, length, nodes[i % 2]);
		check_node(addr, length, nodes[i % 2]);
		check_fill(addr, length, 1);
		t = move(fd, addr, length, TO_NODE(nodes[i % 2]), 0);
		check_tally(&t, SVM_PAGE_ALREADY, pages);
		t = move(fd, addr, length, TO_SYSTEM, 0);
		check_tally(&t, SVM_PAGE_ALREADY, pages);
	}
}

CASE(between_nodes_small_pages)
{
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	between_nodes(addr, LENGTH);
}

CASE(between_nodes_huge_pages)
{
	char *addr = map_thp(MIB(4));

	fill(addr, MIB(4), 1);
	between_nodes(addr, MIB(4));
}

CASE(between_nodes_mixed)
{
	int fd = open_device(0), nodes[2], i;
	char *addr = map_anon(LENGTH);
	uint8_t status[PAGES];
	struct tally t;

	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	for (i = 0; i < PAGES; i++)
		move_all(fd, page_at(addr, i), PAGE, TO_NODE(nodes[i % 2]));
	t = move_status(fd, addr, LENGTH, TO_NODE(nodes[1]), 0, status);
	check_tally(&t, SVM_PAGE_MOVED, PAGES / 2, SVM_PAGE_ALREADY, PAGES / 2);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(status[i], i % 2 ? SVM_PAGE_ALREADY : SVM_PAGE_MOVED);
	check_node(addr, LENGTH, nodes[1]);
	check_fill(addr, LENGTH, 1);
}

/* Device pages go home to where the mapping's policy wants them. */
CASE(home_by_memory_policy)
{
	int fd = open_device(0), nodes[2], i;
	char *addr = map_anon(LENGTH);

	need_device_memory();
	need_two_nodes(nodes);
	for (i = 0; i < 4; i++) {
		fill(addr, LENGTH, i);
		move_all(fd, addr, LENGTH, TO_DEVICE);
		bind_to_node(addr, LENGTH, nodes[i % 2]);
		move_all(fd, addr, LENGTH, TO_SYSTEM);
		check_node(addr, LENGTH, nodes[i % 2]);
		check_fill(addr, LENGTH, i);
	}
}

/* The same by a CPU touch. */
CASE(fault_by_memory_policy)
{
	int fd = open_device(0), nodes[2], i;
	char *addr = map_anon(LENGTH);

	need_device_memory();
	need_two_nodes(nodes);
	for (i = 0; i < 4; i++) {
		fill(addr, LENGTH, i);
		move_all(fd, addr, LENGTH, TO_DEVICE);
		bind_to_node(addr, LENGTH, nodes[i % 2]);
		check_fill(addr, LENGTH, i);
		check_node(addr, LENGTH, nodes[i % 2]);
	}
}

/* The call names the node: it wins over the mapping's policy. */
CASE(chosen_node_beats_policy)
{
	int fd = open_device(0), nodes[2];
	char *addr = map_anon(LENGTH);

	need_device_memory();
	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	bind_to_node(addr, LENGTH, nodes[0]);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	move_all(fd, addr, LENGTH, TO_NODE(nodes[1]));
	check_node(addr, LENGTH, nodes[1]);
	check_fill(addr, LENGTH, 1);
}

CASE(read_only_between_nodes)
{
	int fd = open_device(0), nodes[2];
	char *addr = map_anon(LENGTH);

	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_NODE(nodes[0]));
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	CHECK_EQ(move_all(fd, addr, LENGTH, TO_NODE(nodes[1])), PAGES);
	check_node(addr, LENGTH, nodes[1]);
	check_fill(addr, LENGTH, 1);
}

static void on_device_only(int a, int b, char *addr, int where)
{
	struct svm_ioctl_info ia = device_info(a), ib = device_info(b);

	check_on_device(a, addr, LENGTH, where);
	check_on_device(b, addr, LENGTH, where);
	CHECK_EQ(ia.bytes_total - ia.bytes_free, where ? 0 : LENGTH);
	CHECK_EQ(ib.bytes_total - ib.bytes_free, where ? LENGTH : 0);
}

/* A page is on exactly one device, and free on the other. */
CASE(device_to_device)
{
	int a = open_device(0), b = open_device(1), i;
	char *addr = map_anon(LENGTH);

	need_device_memory();
	fill(addr, LENGTH, 1);
	CHECK_EQ(move_all(a, addr, LENGTH, TO_DEVICE), PAGES);
	on_device_only(a, b, addr, 0);
	for (i = 1; i < 6; i++) {
		CHECK_EQ(move_all(i % 2 ? b : a, addr, LENGTH, TO_DEVICE),
			 PAGES);
		on_device_only(a, b, addr, i % 2);
	}
	check_fill(addr, LENGTH, 1);
	check_all_free(a);
	check_all_free(b);
}

/* Any context brings pages home from any of our devices. */
CASE(home_from_other_device)
{
	int a = open_device(0), b = open_device(1);
	char *addr = map_anon(LENGTH);

	need_device_memory();
	fill(addr, LENGTH, 1);
	move_all(a, addr, LENGTH, TO_DEVICE);
	CHECK_EQ(move_all(b, addr, LENGTH, TO_SYSTEM), PAGES);
	check_home(b, addr, LENGTH);
	check_all_free(a);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(device_stats(b, SVM_STATS_CONTEXT).bytes_to_system, LENGTH);
}

/* Everything is somewhere else: one call gathers it. */
CASE(gather_from_everywhere)
{
	int a = open_device(0), b = open_device(1), nodes[2], i;
	char *addr = map_anon(LENGTH);
	struct tally t;

	need_device_memory();
	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	for (i = 0; i < PAGES; i++) {
		struct dest to = i % 4 < 2 ? TO_DEVICE : TO_NODE(nodes[i % 2]);

		move_all(i % 4 ? b : a, page_at(addr, i), PAGE, to);
	}
	t = move(a, addr, LENGTH, TO_NODE(nodes[1]), 0);
	check_tally(&t, SVM_PAGE_MOVED, PAGES * 3 / 4, SVM_PAGE_ALREADY,
		    PAGES / 4);
	check_node(addr, LENGTH, nodes[1]);
	check_all_free(a);
	check_all_free(b);
	check_fill(addr, LENGTH, 1);
}

/* Files and shared memory stay, with the reason, on a move between nodes. */
CASE(shared_memory_between_nodes)
{
	int fd = open_device(0), nodes[2];
	char *addr = map_shared(LENGTH);
	struct tally t;
	int other;

	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	other = node_of(addr) == nodes[0] ? nodes[1] : nodes[0];
	t = move(fd, addr, LENGTH, TO_NODE(other), 0);
	note("shared memory: %s", tally_text(&t));
	/* It may count what is there by chance, but nothing has moved. */
	CHECK_EQ(t.pages[SVM_PAGE_SHMEM] + t.pages[SVM_PAGE_ALREADY], PAGES);
	CHECK_GT(t.pages[SVM_PAGE_SHMEM], 0);
	check_fill(addr, LENGTH, 1);
}

/* The node with the least free memory, and how much that is. */
static size_t smallest_node(int *node)
{
	size_t kib, least = SIZE_MAX;
	int nodes[8], n = nodes_with_memory(nodes, 8), i;

	for (i = 0; i < n; i++) {
		kib = node_free_kib(nodes[i]);
		if (kib < least) {
			least = kib;
			*node = nodes[i];
		}
	}
	return least << 10;
}

/* No other node will do: what does not fit there stays where it was. */
CASE(chosen_node_is_full)
{
	int fd = open_device(0), node = -1, nodes[2];
	size_t room, length;
	struct tally t = { 0 };
	char *addr;
	int other;

	need_two_nodes(nodes);
	/* What the kernel could still give back is free now. */
	write_file("/proc/sys/vm/drop_caches", "3");
	room = smallest_node(&node);
	other = node == nodes[0] ? nodes[1] : nodes[0];
	if (room > MIB(1024))
		skip("node %d has %zu MiB free", node, room >> 20);
	/* A quarter more than is free, as it finds some to take back. */
	length = (room + room / 4) / HUGE_PAGE * HUGE_PAGE;
	if (node_free_kib(other) << 10 < length + MIB(64))
		skip("node %d has too little for %zu MiB", other, length >> 20);
	bind_to_node(addr = map_aligned(length), length, other);
	madvise(addr, length, MADV_HUGEPAGE);
	stamp(addr, length, 1);
	bind_to_node(addr, length, -1);
	CHECK_RET(migrate(fd, addr, length, TO_NODE(node), 0, NULL, &t), 0);
	note("node %d, %zu MiB free: %s", node, room >> 20, tally_text(&t));
	CHECK_GT(t.pages[SVM_PAGE_NO_MEMORY], 0);
	CHECK_GT(t.pages[SVM_PAGE_MOVED], 0);
	check_stamp(addr, length, 1);
}
