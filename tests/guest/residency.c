// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What residency says, against what the kernel says by other ways: move_pages(2)
 * and /proc/self/pagemap.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = { .module_args = "ram=512M,512M" };

#define PAGES 64
#define LENGTH (PAGES * PAGE)
#define RW_FLAGS (SVM_PAGE_F_READ | SVM_PAGE_F_WRITE)

/* Each page's answer agrees with pagemap and move_pages. */
static void check_truth(int fd, const char *addr, size_t length)
{
	size_t i, n = length / PAGE;
	struct svm_page *pages = calloc(n, sizeof(*pages));
	uint64_t *map = calloc(n, sizeof(*map));

	CHECK(pages && map);
	pagemap(addr, n, map);
	CHECK_RET(residency(fd, addr, length, 0, pages), 0);
	for (i = 0; i < n; i++) {
		const struct svm_page *p = &pages[i];
		bool present = map[i] & PAGEMAP_PRESENT;
		bool swapped = map[i] & PAGEMAP_SWAP;
		int node = node_of(addr + i * PAGE);

		switch (p->place) {
		case SVM_PLACE_SYSTEM:
			if (!present || node != p->id)
				break;
			continue;
		case SVM_PLACE_ZERO:
			if (!present)
				break;
			continue;
		case SVM_PLACE_DEVICE:
		case SVM_PLACE_SWAP:
			if (present || !swapped)
				break;
			continue;
		case SVM_PLACE_NONE:
		case SVM_PLACE_UNMAPPED:
			if (present || swapped || node >= 0 || p->flags)
				break;
			continue;
		default:
			break;
		}
		FAIL("page %zu: place %u, id %u, flags %#x; pagemap %#llx; move_pages %s",
		     i, p->place, p->id, p->flags, (long long)map[i],
		     err_name(node));
	}
	free(pages);
	free(map);
}

static void check_flags(int fd, const char *addr, size_t length,
			unsigned int flags)
{
	size_t i, n = length / PAGE;
	struct svm_page *pages = calloc(n, sizeof(*pages));

	CHECK(pages);
	CHECK_RET(residency(fd, addr, length, 0, pages), 0);
	for (i = 0; i < n; i++)
		if (pages[i].flags != flags)
			FAIL("page %zu of %zu: place %u, flags %#x, not %#x", i,
			     n, pages[i].place, pages[i].flags, flags);
	free(pages);
}

CASE(nothing_there_yet)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	check_place(fd, addr, LENGTH, SVM_PLACE_NONE, 0);
	check_flags(fd, addr, LENGTH, 0);
	check_truth(fd, addr, LENGTH);
}

CASE(written)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	check_home(fd, addr, LENGTH);
	check_flags(fd, addr, LENGTH, RW_FLAGS);
	check_truth(fd, addr, LENGTH);
}

CASE(read_only_touched)
{
	int fd = open_device(0), i;
	char *addr = map_anon(LENGTH);

	for (i = 0; i < PAGES; i++)
		CHECK_EQ(*(volatile char *)page_at(addr, i), 0);
	check_place(fd, addr, LENGTH, SVM_PLACE_ZERO, 0);
	check_flags(fd, addr, LENGTH, SVM_PAGE_F_READ);
	check_truth(fd, addr, LENGTH);
}

CASE(each_node)
{
	int fd = open_device(0), nodes[8], n, i;
	char *addr = map_anon(LENGTH);

	n = nodes_with_memory(nodes, 8);
	for (i = 0; i < n; i++) {
		CHECK_SYS(madvise(addr, LENGTH, MADV_DONTNEED));
		bind_to_node(addr, LENGTH, nodes[i]);
		fill(addr, LENGTH, 1);
		check_on_node(fd, addr, LENGTH, nodes[i]);
		check_truth(fd, addr, LENGTH);
	}
}

CASE(huge_pages)
{
	int fd = open_device(0);
	char *addr = map_thp(HUGE_PAGE);

	check_flags(fd, addr, HUGE_PAGE, RW_FLAGS | SVM_PAGE_F_HUGE);
	check_truth(fd, addr, HUGE_PAGE);
	/* A piece, from the middle. */
	check_flags(fd, addr + 100 * PAGE, 10 * PAGE,
		    RW_FLAGS | SVM_PAGE_F_HUGE);
	CHECK_SYS(mprotect(addr, HUGE_PAGE, PROT_READ));
	check_flags(fd, addr, HUGE_PAGE, SVM_PAGE_F_READ | SVM_PAGE_F_HUGE);
	/* Still a huge page, but mapped by single entries. */
	CHECK_SYS(mprotect(addr + 100 * PAGE, PAGE, RW));
	check_flags(fd, addr, 100 * PAGE, SVM_PAGE_F_READ);
	check_truth(fd, addr, HUGE_PAGE);
}

CASE(protection)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	check_flags(fd, addr, LENGTH, SVM_PAGE_F_READ);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_NONE));
	check_home(fd, addr, LENGTH);
	check_flags(fd, addr, LENGTH, 0);
	CHECK_SYS(mprotect(addr, LENGTH, RW));
	check_fill(addr, LENGTH, 1);
}

static void shares(void *arg)
{
	int fd = open_device(0);
	char *addr = arg;

	check_flags(fd, addr, LENGTH, SVM_PAGE_F_READ);
	fill(addr, LENGTH / 2, 2);
	check_flags(fd, addr, LENGTH / 2, RW_FLAGS);
	check_flags(fd, addr + LENGTH / 2, LENGTH / 2, SVM_PAGE_F_READ);
}

/* To be copied on the next write: not writable now. */
CASE(after_fork)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	pid_t pid;

	fill(addr, LENGTH, 1);
	pid = child(shares, addr);
	/* Until we write ourselves. */
	check_flags(fd, addr, LENGTH, SVM_PAGE_F_READ);
	child_ok(pid);
	fill(addr, LENGTH, 3);
	check_flags(fd, addr, LENGTH, RW_FLAGS);
}

CASE(after_fork_on_device)
{
	int fd = open_device(0);
	struct gate g = gate_make();
	char *addr = map_anon(LENGTH);
	pid_t pid;

	need_device_memory();
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_flags(fd, addr, LENGTH, RW_FLAGS);
	pid = CHECK_SYS(fork());
	if (!pid) {
		int own = open_device(0);

		check_on_device(own, addr, LENGTH, 0);
		check_flags(own, addr, LENGTH, SVM_PAGE_F_READ);
		gate_wait(&g);
		_exit(0);
	}
	check_on_device(fd, addr, LENGTH, 0);
	check_flags(fd, addr, LENGTH, SVM_PAGE_F_READ);
	gate_open(&g, 1);
	child_ok(pid);
	check_fill(addr, LENGTH, 1);
}

CASE(on_device)
{
	int fd = open_device(0), other = open_device(1);
	char *addr = map_anon(LENGTH);

	need_device_memory();
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_on_device(fd, addr, LENGTH, 0);
	/* Any context sees pages on any of our devices. */
	check_on_device(other, addr, LENGTH, 0);
	check_flags(fd, addr, LENGTH, RW_FLAGS);
	check_truth(fd, addr, LENGTH);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	check_flags(fd, addr, LENGTH, SVM_PAGE_F_READ);
	check_truth(fd, addr, LENGTH);
}

/* Offsets are in the device's memory, and no two pages share one. */
CASE(offsets)
{
	int fd = open_device(0);
	size_t total = device_info(fd).bytes_total / PAGE, i, n = 1024;
	char *a = map_anon(MIB(4)), *b = map_anon(MIB(4));
	struct svm_page *pages = calloc(2 * n, sizeof(*pages));
	char *seen = calloc(total, 1);

	need_device_memory();
	CHECK(pages && seen);
	fill(a, MIB(4), 1);
	fill(b, MIB(4), 1);
	move_all(fd, a, MIB(4), TO_DEVICE);
	move_all(fd, b, MIB(4), TO_DEVICE);
	CHECK_RET(residency(fd, a, MIB(4), 0, pages), 0);
	CHECK_RET(residency(fd, b, MIB(4), 0, pages + n), 0);
	for (i = 0; i < 2 * n; i++) {
		CHECK_EQ(pages[i].place, SVM_PLACE_DEVICE);
		CHECK(pages[i].offset < total);
		CHECK_EQ(seen[pages[i].offset], 0);
		seen[pages[i].offset] = 1;
	}
	/* Everywhere else there is no offset. */
	move_all(fd, a, MIB(4), TO_SYSTEM);
	CHECK_RET(residency(fd, a, MIB(4), 0, pages), 0);
	for (i = 0; i < n; i++)
		CHECK_EQ(pages[i].offset, 0);
}

CASE(swapped)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	need_swap(MIB(16));
	fill(addr, LENGTH, 1);
	swap_out(addr, LENGTH);
	CHECK_GT(count_place(fd, addr, LENGTH, SVM_PLACE_SWAP), 0);
	check_truth(fd, addr, LENGTH);
	/* Asking did not bring it back. */
	CHECK_GT(count_place(fd, addr, LENGTH, SVM_PLACE_SWAP), 0);
	check_fill(addr, LENGTH, 1);
	check_truth(fd, addr, LENGTH);
}

CASE(mappings_and_gaps)
{
	int fd = open_device(0), i;
	char *addr = find_gap(60 * PAGE);
	struct svm_page pages[60];

	CHECK_SYS(mmap(page_at(addr, 10), 10 * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	CHECK_SYS(mmap(page_at(addr, 30), 10 * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	fill(page_at(addr, 15), 5 * PAGE, 1);
	fill(page_at(addr, 30), 5 * PAGE, 1);
	CHECK_RET(residency(fd, addr, 60 * PAGE, 0, pages), 0);
	for (i = 0; i < 60; i++) {
		unsigned int want = SVM_PLACE_UNMAPPED;

		if (i / 10 == 1)
			want = i < 15 ? SVM_PLACE_NONE : SVM_PLACE_SYSTEM;
		if (i / 10 == 3)
			want = i < 35 ? SVM_PLACE_SYSTEM : SVM_PLACE_NONE;
		CHECK_EQ(pages[i].place, want);
	}
	check_truth(fd, addr, 60 * PAGE);
}

CASE(files_and_shared_memory)
{
	int fd = open_device(0), file = real_file(LENGTH);
	char *addr = CHECK_SYS(mmap(NULL, LENGTH, RW, MAP_SHARED, file, 0));
	char *shared = map_shared(LENGTH);

	check_place(fd, addr, LENGTH, SVM_PLACE_NONE, 0);
	check_place(fd, shared, LENGTH, SVM_PLACE_NONE, 0);
	fill(addr, LENGTH, 1);
	fill(shared, LENGTH, 1);
	check_home(fd, addr, LENGTH);
	check_home(fd, shared, LENGTH);
	check_truth(fd, addr, LENGTH);
	check_truth(fd, shared, LENGTH);
	/* In the page cache still, but in no page table. */
	CHECK_SYS(madvise(shared, LENGTH, MADV_DONTNEED));
	check_place(fd, shared, LENGTH, SVM_PLACE_NONE, 0);
	check_fill(shared, LENGTH, 1);
}

/* Everything at once, from a range larger than one page table. */
CASE(large_mixed_range)
{
	int fd = open_device(0), nodes[2] = { 0, 0 }, i;
	char *addr = map_anon(MIB(12));
	bool device = device_info(fd).capabilities & SVM_CAP_TO_DEVICE;

	nodes_with_memory(nodes, 2);
	for (i = 0; i < 3072; i += 1 + i % 7) {
		fill(page_at(addr, i), PAGE, i);
		if (device && i % 3 == 0)
			move_all(fd, page_at(addr, i), PAGE, TO_DEVICE);
		else if (nodes[1] && i % 3 == 1)
			move_all(fd, page_at(addr, i), PAGE, TO_NODE(nodes[1]));
	}
	check_truth(fd, addr, MIB(12));
}

/* Asking changes nothing: not a page comes in, not one is marked as used. */
CASE(asking_is_free_of_side_effects)
{
	int fd = open_device(0), i;
	char *addr = map_anon(LENGTH);
	struct svm_page pages[PAGES];
	uint64_t before[PAGES], after[PAGES];
	bool device = device_info(fd).capabilities & SVM_CAP_TO_DEVICE;
	size_t referenced, rss;

	/* All pages of the answer are there already. */
	memset(pages, 0, sizeof(pages));
	memset(after, 0, sizeof(after));
	for (i = 0; i < PAGES; i += 2)
		fill(page_at(addr, i), PAGE, i);
	for (i = 1; i < PAGES; i += 8)
		CHECK_EQ(*(volatile char *)page_at(addr, i), 0);
	if (device)
		move(fd, addr, LENGTH / 2, TO_DEVICE,
		     SVM_MIGRATE_RESIDENT_ONLY);
	/* Clear the marks of use. */
	CHECK(write_file("/proc/self/clear_refs", "1"));
	pagemap(addr, PAGES, before);
	rss = smaps_kib(addr, LENGTH, "Rss");
	referenced = smaps_kib(addr, LENGTH, "Referenced");
	/* That clears the marks of what is present only. */
	CHECK_EQ(referenced, device ? LENGTH / 4 >> 10 : 0);
	for (i = 0; i < 100; i++)
		CHECK_RET(residency(fd, addr, LENGTH, 0, pages), 0);
	pagemap(addr, PAGES, after);
	CHECK(!memcmp(before, after, sizeof(before)));
	CHECK_EQ(smaps_kib(addr, LENGTH, "Referenced"), referenced);
	CHECK_EQ(smaps_kib(addr, LENGTH, "Rss"), rss);
}

CASE(bounded_call)
{
	int fd = open_device(0);
	size_t share = device_info(fd).max_call_bytes;
	size_t length = 2 * share + 5 * PAGE, done = 0;
	struct svm_ioctl_residency r;
	struct svm_page *pages;
	char *addr;

	if (share > MIB(4096))
		skip("one call looks at %zu MiB", share >> 20);
	addr = CHECK_SYS(mmap(NULL, length, RW,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			      0));
	pages = calloc(length / PAGE, sizeof(*pages));
	CHECK(pages);
	madvise(addr, length, MADV_NOHUGEPAGE);
	fill(addr + length - PAGE, PAGE, 1);
	while (done < length) {
		r = arg_residency(addr + done, length - done,
				  pages + done / PAGE);
		CHECK_RET(svm_call(fd, SVM_IOCTL_RESIDENCY, &r), 0);
		CHECK(r.next > r.addr && r.next - r.addr <= share);
		done = r.next - (uintptr_t)addr;
	}
	CHECK_EQ(pages[0].place, SVM_PLACE_NONE);
	CHECK_EQ(pages[length / PAGE - 2].place, SVM_PLACE_NONE);
	CHECK_EQ(pages[length / PAGE - 1].place, SVM_PLACE_SYSTEM);
}

CASE(driver_mapping)
{
	int fd = open_device(0), mem;
	struct tally t;
	char *addr;

	/* The first megabyte of a PC can be mapped; it has the BIOS. */
	mem = open("/dev/mem", O_RDONLY | O_CLOEXEC);
	if (mem < 0)
		skip("no /dev/mem: %s", err_name(errno));
	addr = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, mem, 0xf0000);
	if (addr == MAP_FAILED)
		skip("can't map /dev/mem: %s", err_name(errno));
	check_place(fd, addr, PAGE, SVM_PLACE_SPECIAL, 0);
	t = move(fd, addr, PAGE, TO_SYSTEM, 0);
	check_tally(&t, SVM_PAGE_SPECIAL, 1);
}
