// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the page tables note about pages besides where they are: dirty, young,
 * soft-dirty. It is kept where the core keeps it; where the core does not, the case
 * says so in a note, and checks that nothing but the note is lost.
 */
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 64
#define LENGTH (PAGES * PAGE)
#define PAGEMAP_SOFT_DIRTY (1ull << 55)

/* Every third page is written to after the bits were cleared. */
static bool is_chosen(size_t page)
{
	return page % 3 == 1;
}

#define CHOSEN ((PAGES + 1) / 3)

static void clear_soft_dirty(void)
{
	if (!write_file("/proc/self/clear_refs", "4"))
		skip("no soft-dirty bits");
}

/* How many pages have the bit; with @as_chosen, exactly the chosen ones must. */
static size_t soft_dirty(char *addr, bool as_chosen)
{
	uint64_t entries[PAGES];
	size_t i, sum = 0;

	pagemap(addr, PAGES, entries);
	for (i = 0; i < PAGES; i++) {
		bool dirty = entries[i] & PAGEMAP_SOFT_DIRTY;

		sum += dirty;
		if (as_chosen && dirty != is_chosen(i))
			FAIL("page %zu is %s", i,
			     dirty ? "soft-dirty" : "not soft-dirty");
	}
	return sum;
}

/* Written to, and then the bits were cleared. */
static char *not_soft_dirty(void)
{
	char *addr = map_anon(LENGTH);

	quiet_kernel();
	fill(addr, LENGTH, 1);
	/* A kernel without the bits takes the request to clear them all the same. */
	if (!soft_dirty(addr, false))
		skip("no soft-dirty bits");
	clear_soft_dirty();
	if (soft_dirty(addr, false))
		skip("no soft-dirty bits");
	return addr;
}

/* Written to before, and the chosen pages again after the bits were cleared. */
static char *soft_dirty_memory(void)
{
	char *addr = not_soft_dirty();
	size_t i;

	for (i = 0; i < PAGES; i++)
		if (is_chosen(i))
			fill_part(page_at(addr, i), PAGE, 1, i * PAGE);
	soft_dirty(addr, true);
	return addr;
}

CASE(soft_dirty_there_and_back)
{
	int fd = open_device(0);
	char *addr = soft_dirty_memory();

	move_all(fd, addr, LENGTH, TO_DEVICE);
	soft_dirty(addr, true);
	move_all(open_device(1), addr, LENGTH, TO_DEVICE);
	soft_dirty(addr, true);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	soft_dirty(addr, true);
	check_fill(addr, LENGTH, 1);
	soft_dirty(addr, true);
}

CASE(soft_dirty_home_by_touch)
{
	int fd = open_device(0);
	char *addr = soft_dirty_memory();

	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_fill(addr, LENGTH, 1);
	check_home(fd, addr, LENGTH);
	soft_dirty(addr, true);
}

CASE(soft_dirty_between_nodes)
{
	int fd = open_device(0), nodes[2];
	char *addr;

	need_two_nodes(nodes);
	addr = soft_dirty_memory();
	move_all(fd, addr, LENGTH, TO_NODE(nodes[0]));
	move_all(fd, addr, LENGTH, TO_NODE(nodes[1]));
	soft_dirty(addr, true);
}

CASE(soft_dirty_evicted)
{
	int fd = open_device(0);
	char *addr = soft_dirty_memory();
	struct svm_ioctl_evict e = arg_evict(0);

	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_RET(svm_call(fd, SVM_IOCTL_EVICT, &e), 0);
	check_home(fd, addr, LENGTH);
	soft_dirty(addr, true);
}

static void reads(void *arg)
{
	check_fill(arg, LENGTH, 1);
}

/*
 * fork() and mprotect() make an entry for device memory anew without the bit
 * (copy_nonpresent_pte(), change_softleaf_pte()); and where the bits are cleared
 * while the memory is on the device, its writes there leave no trace.
 */
CASE(soft_dirty_is_lost_on_the_device)
{
	int fd = open_device(0);
	char *addr = soft_dirty_memory();

	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	note("after mprotect() on the device: %zu of %d soft-dirty pages",
	     soft_dirty(addr, false), CHOSEN);
	CHECK_SYS(mprotect(addr, LENGTH, RW));
	check_fill(addr, LENGTH, 1);

	addr = soft_dirty_memory();
	move_all(fd, addr, LENGTH, TO_DEVICE);
	child_ok(child(reads, addr));
	note("after fork() on the device: %zu of %d soft-dirty pages",
	     soft_dirty(addr, false), CHOSEN);
	check_fill(addr, LENGTH, 1);

	addr = soft_dirty_memory();
	move_all(fd, addr, LENGTH, TO_DEVICE);
	clear_soft_dirty();
	dev_fill(fd, addr, LENGTH, 2);
	note("after the device wrote to its memory: %zu of %d soft-dirty pages",
	     soft_dirty(addr, false), PAGES);
	check_fill(addr, LENGTH, 2);
}

/* Cleared before they went there, the entries are read-only there too. */
CASE(soft_dirty_by_the_device_on_the_device)
{
	int fd = open_device(0);
	char *addr = soft_dirty_memory();

	clear_soft_dirty();
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_EQ(soft_dirty(addr, false), 0);
	dev_fill(fd, addr, LENGTH, 2);
	CHECK_EQ(soft_dirty(addr, false), PAGES);
	check_fill(addr, LENGTH, 2);
}

/*
 * Clear the young bits. The kernel leaves the TLB alone, and what the CPU finds there
 * it does not mark again: a change of protection empties it.
 */
static void clear_young(char *addr)
{
	CHECK(write_file("/proc/self/clear_refs", "1"));
	CHECK_SYS(mprotect(addr, LENGTH, PROT_NONE));
	CHECK_SYS(mprotect(addr, LENGTH, RW));
}

/* What the kernel's own migration leaves young of memory of which half is. */
static size_t young_kib_moved_by_kernel(char *addr, const int nodes[2])
{
	void *pages[PAGES];
	int to[PAGES], status[PAGES], turn;
	size_t i;

	for (i = 0; i < PAGES; i++)
		pages[i] = page_at(addr, i);
	for (turn = 0; turn < 2; turn++) {
		for (i = 0; i < PAGES; i++)
			to[i] = nodes[turn];
		CHECK_EQ(syscall(SYS_move_pages, 0, PAGES, pages, to, status,
				 MPOL_MF_MOVE),
			 0);
		if (turn)
			break;
		clear_young(addr);
		check_fill(addr, LENGTH / 2, 1);
	}
	check_node(addr, LENGTH, nodes[1]);
	return smaps_kib(addr, LENGTH, "Referenced");
}

/* In system memory what the device writes is seen as what the CPU writes. */
CASE(soft_dirty_by_the_device)
{
	int fd = open_device(0);
	char *addr = not_soft_dirty();
	size_t i;

	for (i = 0; i < PAGES; i++)
		if (is_chosen(i))
			dev_set(fd, page_at(addr, i), 8, 8, 5);
	soft_dirty(addr, true);
}

/* By mprotect() nothing of it can be written to, and so be made dirty, later. */
CASE(dirty)
{
	int fd = open_device(0), nodes[2];
	char *addr = map_anon(LENGTH);

	need_two_nodes(nodes);
	quiet_kernel();
	fill(addr, LENGTH, 1);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	CHECK_EQ(smaps_kib(addr, LENGTH, "Private_Dirty"), LENGTH >> 10);
	move_all(fd, addr, LENGTH, TO_NODE(nodes[0]));
	move_all(fd, addr, LENGTH, TO_NODE(nodes[1]));
	CHECK_EQ(smaps_kib(addr, LENGTH, "Private_Dirty"), LENGTH >> 10);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	CHECK_EQ(smaps_kib(addr, LENGTH, "Private_Dirty"), LENGTH >> 10);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(smaps_kib(addr, LENGTH, "Private_Dirty"), LENGTH >> 10);
}

/* Whether the core can keep it depends on the CPU: migration_entry_supports_ad(). */
CASE(young)
{
	int fd = open_device(0), nodes[2];
	char *addr = map_anon(LENGTH);
	size_t half = LENGTH / 2 >> 10, kept;

	need_two_nodes(nodes);
	quiet_kernel();
	fill(addr, LENGTH, 1);
	kept = young_kib_moved_by_kernel(addr, nodes);
	note("the kernel's own migration: %zu of %zu KiB still young", kept,
	     half);
	move_all(fd, addr, LENGTH, TO_NODE(nodes[0]));
	clear_young(addr);
	CHECK_EQ(smaps_kib(addr, LENGTH, "Referenced"), 0);
	check_fill(addr, LENGTH / 2, 1);
	CHECK_EQ(smaps_kib(addr, LENGTH, "Referenced"), half);
	move_all(fd, addr, LENGTH, TO_NODE(nodes[1]));
	CHECK_EQ(smaps_kib(addr, LENGTH, "Referenced"), kept);
	/* Entries for device memory have no such bit. */
	move_all(fd, addr, LENGTH, TO_DEVICE);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	note("after the way to the device and back: %zu of %zu KiB young",
	     smaps_kib(addr, LENGTH, "Referenced"), kept);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(smaps_kib(addr, LENGTH, "Referenced"), LENGTH >> 10);
}
