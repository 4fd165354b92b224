// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kinds of memory that move, and kinds that don't, with the reason for each.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/* Moves both ways and comes back whole. */
static void check_moves(int fd, void *addr, size_t length, uint64_t seed)
{
	CHECK_EQ(move_all(fd, addr, length, TO_DEVICE), length / PAGE);
	check_on_device(fd, addr, length, 0);
	check_fill(addr, length, seed);
	move_all(fd, addr, length, TO_DEVICE);
	CHECK_EQ(move_all(fd, addr, length, TO_SYSTEM), length / PAGE);
	check_home(fd, addr, length);
	check_fill(addr, length, seed);
}

/* All pages stay for one reason, in both directions where asked for. */
static void check_stays(int fd, void *addr, size_t length, unsigned int why)
{
	struct tally t = move(fd, addr, length, TO_DEVICE, 0);

	check_tally(&t, why, length / PAGE);
	t = move(fd, addr, length, TO_DEVICE, SVM_MIGRATE_RESIDENT_ONLY);
	check_tally(&t, why, length / PAGE);
	CHECK_EQ(count_place(fd, addr, length, SVM_PLACE_DEVICE), 0);
}

CASE(read_only_mapping)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(1));

	fill(addr, MIB(1), 1);
	CHECK_SYS(mprotect(addr, MIB(1), PROT_READ));
	check_moves(fd, addr, MIB(1), 1);
}

CASE(prot_none_keeps_content)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(1));
	struct tally t;

	fill(addr, MIB(1), 1);
	CHECK_SYS(mprotect(addr, MIB(1), PROT_NONE));
	t = move(fd, addr, MIB(1), TO_DEVICE, 0);
	note("prot-none, to device: %s", tally_text(&t));
	CHECK_EQ(count_place(fd, addr, MIB(1), SVM_PLACE_DEVICE),
		 t.pages[SVM_PAGE_MOVED]);
	t = move(fd, addr, MIB(1), TO_SYSTEM, 0);
	check_home(fd, addr, MIB(1));
	CHECK_SYS(mprotect(addr, MIB(1), RW));
	check_fill(addr, MIB(1), 1);
}

/* Moved first, closed off then. */
CASE(prot_none_on_device)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(1));

	fill(addr, MIB(1), 1);
	move_all(fd, addr, MIB(1), TO_DEVICE);
	CHECK_SYS(mprotect(addr, MIB(1), PROT_NONE));
	check_on_device(fd, addr, MIB(1), 0);
	CHECK_EQ(move_all(fd, addr, MIB(1), TO_SYSTEM), 256);
	CHECK_SYS(mprotect(addr, MIB(1), PROT_READ));
	check_fill(addr, MIB(1), 1);
}

/* Holes are made only where the process could make them by touching. */
CASE(prot_none_holes_stay)
{
	int fd = open_device(0);
	char *addr = map_anon(64 * PAGE);
	struct tally t;

	CHECK_SYS(mprotect(addr, 64 * PAGE, PROT_NONE));
	t = move(fd, addr, 64 * PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_HOLE, 64);
	check_place(fd, addr, 64 * PAGE, SVM_PLACE_NONE, 0);
}

CASE(executable_memory)
{
	/* mov eax, 42; ret */
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	int fd = open_device(0);
	char *addr = map_anon(4 * PAGE);
	int (*function)(void);

	memcpy(addr + 2 * PAGE, code, sizeof(code));
	CHECK_SYS(mprotect(addr, 4 * PAGE, PROT_READ | PROT_EXEC));
	move_all(fd, addr, 4 * PAGE, TO_DEVICE);
	*(void **)&function = addr + 2 * PAGE;
#ifdef __x86_64__
	CHECK_EQ(function(), 42);
	check_home(fd, addr + 2 * PAGE, PAGE);
#endif
}

CASE(locked_memory)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(1));

	CHECK_SYS(mlock(addr, MIB(1)));
	fill(addr, MIB(1), 1);
	check_moves(fd, addr, MIB(1), 1);
	CHECK_EQ(smaps_kib(addr, MIB(1), "Locked"), 1024);
	CHECK_SYS(munlock(addr, MIB(1)));
	check_moves(fd, addr, MIB(1), 1);
}

CASE(populated_memory)
{
	int fd = open_device(0);
	char *addr = CHECK_SYS(mmap(NULL, MIB(4), RW,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
				    -1, 0));

	fill(addr, MIB(4), 1);
	check_moves(fd, addr, MIB(4), 1);
}

CASE(dev_zero)
{
	int fd = open_device(0);
	int zero = CHECK_SYS(open("/dev/zero", O_RDWR | O_CLOEXEC));
	char *addr = CHECK_SYS(mmap(NULL, MIB(1), RW, MAP_PRIVATE, zero, 0));

	fill(addr, MIB(1), 1);
	check_moves(fd, addr, MIB(1), 1);
}

static void *on_stack(void *arg)
{
	int fd = *(int *)arg;
	volatile char array[64 * PAGE];
	char *first = (char *)(((uintptr_t)array + PAGE - 1) & ~(PAGE - 1));

	fill(first, 60 * PAGE, 1);
	check_moves(fd, first, 60 * PAGE, 1);
	return NULL;
}

CASE(stack_of_a_thread)
{
	int fd = open_device(0);

	threads_run(1, on_stack, &fd);
}

/* The mapping in /proc/self/maps with this name. */
static char *find_mapping(const char *name, size_t *length)
{
	unsigned long first, last;
	char line[512];
	FILE *f = fopen("/proc/self/maps", "re");

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		if (!strstr(line, name) ||
		    sscanf(line, "%lx-%lx ", &first, &last) != 2)
			continue;
		fclose(f);
		*length = last - first;
		return (char *)first;
	}
	fclose(f);
	return NULL;
}

static uint64_t recurse(int depth, int fd)
{
	volatile uint64_t local[64];
	size_t length, i;
	uint64_t below;
	char *stack;

	for (i = 0; i < 64; i++)
		local[i] = pattern(depth, i);
	if (depth) {
		below = recurse(depth - 1, fd);
	} else {
		stack = find_mapping("[stack]", &length);
		CHECK(stack);
		for (i = 0; i < 3; i++)
			move(fd, stack, length, TO_DEVICE, 0);
		below = 0;
	}
	for (i = 0; i < 64; i++)
		if (local[i] != pattern(depth, i))
			FAIL("stack, depth %d: content lost", depth);
	return below + 1;
}

/* All of it, under the feet of who runs on it. */
CASE(own_stack)
{
	CHECK_EQ(recurse(200, open_device(0)), 201);
}

CASE(heap)
{
	int fd = open_device(0);
	char *blocks[1000], *addr;
	size_t length;
	int i;

	/* Small enough for brk() memory. */
	for (i = 0; i < 1000; i++) {
		blocks[i] = malloc(1000 + i);
		CHECK(blocks[i]);
		memset(blocks[i], i, 1000 + i);
	}
	addr = find_mapping("[heap]", &length);
	CHECK(addr);
	CHECK_GT(move(fd, addr, length, TO_DEVICE, 0).pages[SVM_PAGE_MOVED], 0);
	for (i = 0; i < 1000; i++) {
		CHECK_EQ((unsigned char)blocks[i][0], i & 0xff);
		CHECK_EQ((unsigned char)blocks[i][999 + i], i & 0xff);
		free(blocks[i]);
	}
	/* And malloc() goes on working with it. */
	for (i = 0; i < 1000; i++) {
		blocks[i] = malloc(2000 - i);
		CHECK(blocks[i]);
		memset(blocks[i], i, 2000 - i);
	}
	for (i = 0; i < 1000; i++)
		free(blocks[i]);
}

/* Everything that the process has, libraries and all. */
CASE(whole_process)
{
	int fd = open_device(0), i;
	unsigned long first, last;
	char line[512], *addr = map_anon(MIB(1));
	struct tally t = { 0 };
	struct {
		char *addr;
		size_t length;
	} maps[200];
	int n = 0, ret;
	FILE *f;

	fill(addr, MIB(1), 1);
	f = fopen("/proc/self/maps", "re");
	CHECK(f);
	while (n < 200 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx ", &first, &last) == 2 &&
		    !(first >> 63)) {
			maps[n].addr = (char *)first;
			maps[n++].length = last - first;
		}
	fclose(f);
	for (i = 0; i < n; i++) {
		ret = migrate(fd, maps[i].addr, maps[i].length, TO_DEVICE,
			      SVM_MIGRATE_RESIDENT_ONLY, NULL, &t);
		/* The heap may have shrunk. */
		CHECK(!ret || ret == -EFAULT);
	}
	note("whole process: %s", tally_text(&t));
	CHECK_GE(t.pages[SVM_PAGE_MOVED], 256);
	CHECK_GT(t.pages[SVM_PAGE_FILE], 0);
	CHECK_GT(t.pages[SVM_PAGE_SPECIAL], 0);
	check_fill(addr, MIB(1), 1);
	/* What we have had in common with the warden is the warden's, too. */
	for (i = 0; i < n; i++) {
		ret = migrate(fd, maps[i].addr, maps[i].length, TO_SYSTEM, 0,
			      NULL, NULL);
		CHECK(!ret || ret == -EFAULT);
	}
}

CASE(private_file)
{
	int fd = open_device(0), file = real_file(32 * PAGE), i;
	char *addr = CHECK_SYS(mmap(NULL, 32 * PAGE, RW, MAP_PRIVATE, file, 0));
	uint8_t status[32];
	struct tally t;

	/* Written: copies, anonymous. Read: the file's own pages. */
	for (i = 0; i < 16; i++)
		fill(page_at(addr, i), PAGE, i);
	for (; i < 32; i++)
		check_zero(page_at(addr, i), PAGE);
	t = move_status(fd, addr, 32 * PAGE, TO_DEVICE, 0, status);
	check_tally(&t, SVM_PAGE_MOVED, 16, SVM_PAGE_FILE, 16);
	for (i = 0; i < 32; i++)
		CHECK_EQ(status[i], i < 16 ? SVM_PAGE_MOVED : SVM_PAGE_FILE);
	check_on_device(fd, addr, 16 * PAGE, 0);
	check_home(fd, page_at(addr, 16), 16 * PAGE);
	for (i = 0; i < 16; i++)
		check_fill(page_at(addr, i), PAGE, i);
	check_zero(page_at(addr, 16), 16 * PAGE);
	/* The copies are ours: the file did not change. */
	addr = CHECK_SYS(mmap(NULL, 32 * PAGE, PROT_READ, MAP_SHARED, file, 0));
	check_zero(addr, 32 * PAGE);
}

/* Pages of a private file mapping that nobody touched must not become zero. */
CASE(private_file_untouched)
{
	int fd = open_device(0), file = real_file(16 * PAGE), i;
	char buffer[PAGE], *addr;
	struct tally t;

	for (i = 0; i < 16; i++) {
		fill(buffer, PAGE, i);
		CHECK_EQ(pwrite(file, buffer, PAGE, i * PAGE), PAGE);
	}
	addr = CHECK_SYS(mmap(NULL, 16 * PAGE, RW, MAP_PRIVATE, file, 0));
	t = move(fd, addr, 16 * PAGE, TO_DEVICE, 0);
	CHECK_EQ(t.pages[SVM_PAGE_MOVED], 0);
	CHECK_EQ(t.pages[SVM_PAGE_FILE] + t.pages[SVM_PAGE_HOLE], 16);
	for (i = 0; i < 16; i++)
		check_fill(page_at(addr, i), PAGE, i);
}

CASE(shared_file)
{
	int fd = open_device(0), file = real_file(32 * PAGE);
	char *addr = CHECK_SYS(mmap(NULL, 32 * PAGE, RW, MAP_SHARED, file, 0));

	fill(addr, 32 * PAGE, 1);
	check_stays(fd, addr, 32 * PAGE, SVM_PAGE_FILE);
	check_fill(addr, 32 * PAGE, 1);
}

static void check_shmem(char *addr)
{
	int fd = open_device(0);

	fill(addr, 32 * PAGE, 1);
	check_stays(fd, addr, 32 * PAGE, SVM_PAGE_SHMEM);
	check_fill(addr, 32 * PAGE, 1);
}

CASE(shared_anonymous)
{
	check_shmem(map_shared(32 * PAGE));
}

static int memory_file(size_t length)
{
	int fd = CHECK_SYS(memfd_create("svm-test", MFD_CLOEXEC));

	CHECK_SYS(ftruncate(fd, length));
	return fd;
}

CASE(memfd)
{
	check_shmem(CHECK_SYS(mmap(NULL, 32 * PAGE, RW, MAP_SHARED,
				   memory_file(32 * PAGE), 0)));
}

CASE(system_v_shared_memory)
{
	int id = CHECK_SYS(shmget(IPC_PRIVATE, 32 * PAGE, IPC_CREAT | 0600));
	char *addr = CHECK_SYS(shmat(id, NULL, 0));

	CHECK_SYS(shmctl(id, IPC_RMID, NULL));
	check_shmem(addr);
}

CASE(private_memfd)
{
	int fd = open_device(0), i;
	char *addr = CHECK_SYS(mmap(NULL, 32 * PAGE, RW, MAP_PRIVATE,
				    memory_file(32 * PAGE), 0));
	uint8_t status[32];
	struct tally t;

	for (i = 0; i < 16; i++)
		fill(page_at(addr, i), PAGE, i);
	for (; i < 32; i++)
		check_zero(page_at(addr, i), PAGE);
	t = move_status(fd, addr, 32 * PAGE, TO_DEVICE, 0, status);
	check_tally(&t, SVM_PAGE_MOVED, 16, SVM_PAGE_SHMEM, 16);
	for (i = 0; i < 16; i++)
		check_fill(page_at(addr, i), PAGE, i);
	check_zero(page_at(addr, 16), 16 * PAGE);
}

/* Memory of hugetlbfs: shared and private. */
static void check_hugetlb(int flags)
{
	int fd = open_device(0);
	struct svm_page place;
	char *addr;

	if (!setting("/proc/sys/vm/nr_hugepages", "2") ||
	    read_number("/proc/sys/vm/nr_hugepages") < 2)
		skip("no hugetlb pages to be had");
	addr = mmap(NULL, 2 * HUGE_PAGE, RW,
		    flags | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (addr == MAP_FAILED)
		skip("mmap of hugetlb: %s", err_name(errno));
	fill(addr, 2 * HUGE_PAGE, 1);
	check_stays(fd, addr, 2 * HUGE_PAGE, SVM_PAGE_HUGETLB);
	/* A part of a huge page, too. */
	check_stays(fd, addr + 10 * PAGE, 20 * PAGE, SVM_PAGE_HUGETLB);
	place = place_of(fd, addr + 10 * PAGE);
	CHECK_EQ(place.place, SVM_PLACE_SYSTEM);
	CHECK(place.flags & SVM_PAGE_F_HUGE);
	check_fill(addr, 2 * HUGE_PAGE, 1);
	CHECK_SYS(munmap(addr, 2 * HUGE_PAGE));
}

CASE(hugetlb_private)
{
	check_hugetlb(MAP_PRIVATE);
}

CASE(hugetlb_shared)
{
	check_hugetlb(MAP_SHARED);
}

static void check_special(const char *name)
{
	int fd = open_device(0);
	size_t length;
	char *addr = find_mapping(name, &length);

	if (!addr)
		skip("no %s here", name);
	check_stays(fd, addr, length, SVM_PAGE_SPECIAL);
}

CASE(vdso)
{
	struct timespec ts;

	check_special("[vdso]");
	CHECK_SYS(clock_gettime(CLOCK_MONOTONIC, &ts));
}

CASE(vvar)
{
	check_special("[vvar]");
}

/* Everything of a kind in one range: the array tells them apart. */
CASE(mixed_range)
{
	int fd = open_device(0), i;
	char *addr = find_gap(70 * PAGE);
	const int fixed = MAP_FIXED_NOREPLACE;
	static const uint8_t want[7] = {
		SVM_PAGE_MOVED, SVM_PAGE_FILE,	SVM_PAGE_UNMAPPED,
		SVM_PAGE_SHMEM, SVM_PAGE_MOVED, SVM_PAGE_HOLE,
		SVM_PAGE_MOVED,
	};
	struct svm_page pages[70];
	uint8_t status[70];
	struct tally t;

	CHECK_SYS(mmap(addr, 10 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | fixed,
		       -1, 0));
	CHECK_SYS(mmap(page_at(addr, 10), 10 * PAGE, RW, MAP_SHARED | fixed,
		       real_file(10 * PAGE), 0));
	CHECK_SYS(mmap(page_at(addr, 30), 10 * PAGE, RW,
		       MAP_SHARED | MAP_ANONYMOUS | fixed, -1, 0));
	CHECK_SYS(mmap(page_at(addr, 40), 30 * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0));
	for (i = 0; i < 70; i++)
		if (i / 10 != 2 && i / 10 != 5)
			fill(page_at(addr, i), PAGE, i);
	CHECK_SYS(mprotect(page_at(addr, 40), 10 * PAGE, PROT_READ));
	CHECK_SYS(mprotect(page_at(addr, 50), 10 * PAGE, PROT_NONE));

	t = move_status(fd, addr, 70 * PAGE, TO_DEVICE, 0, status);
	check_tally(&t, SVM_PAGE_MOVED, 30, SVM_PAGE_FILE, 10,
		    SVM_PAGE_UNMAPPED, 10, SVM_PAGE_SHMEM, 10, SVM_PAGE_HOLE,
		    10);
	CHECK_RET(residency(fd, addr, 70 * PAGE, 0, pages), 0);
	for (i = 0; i < 70; i++) {
		CHECK_EQ(status[i], want[i / 10]);
		CHECK_EQ(pages[i].place == SVM_PLACE_DEVICE,
			 status[i] == SVM_PAGE_MOVED);
		CHECK_EQ(pages[i].place == SVM_PLACE_UNMAPPED,
			 status[i] == SVM_PAGE_UNMAPPED);
		CHECK_EQ(pages[i].place == SVM_PLACE_NONE,
			 status[i] == SVM_PAGE_HOLE);
	}
	for (i = 0; i < 70; i++)
		if (i / 10 != 2 && i / 10 != 5)
			check_fill(page_at(addr, i), PAGE, i);
}

#define KSM "/sys/kernel/mm/ksm/"

CASE(merged_by_ksm)
{
	int fd = open_device(0), i;
	char *addr = map_anon(32 * PAGE);
	struct tally t;

	for (i = 0; i < 32; i++)
		fill(page_at(addr, i), PAGE, 77);
	if (madvise(addr, 32 * PAGE, MADV_MERGEABLE) ||
	    !setting(KSM "sleep_millisecs", "1") ||
	    !setting(KSM "pages_to_scan", "10000") || !setting(KSM "run", "1"))
		skip("no KSM on this kernel");
	if (!EVENTUALLY(smaps_kib(addr, 32 * PAGE, "KSM") == 32 * 4))
		skip("KSM merged only %zu KiB",
		     smaps_kib(addr, 32 * PAGE, "KSM"));
	CHECK(setting(KSM "run", "0"));
	t = move(fd, addr, 32 * PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_KSM, 32);
	check_home(fd, addr, 32 * PAGE);
	for (i = 0; i < 32; i++)
		check_fill(page_at(addr, i), PAGE, 77);
	/* Written to, they are ours again and move. */
	for (i = 0; i < 32; i++)
		fill(page_at(addr, i), PAGE, i);
	CHECK_EQ(move_all(fd, addr, 32 * PAGE, TO_DEVICE), 32);
	for (i = 0; i < 32; i++)
		check_fill(page_at(addr, i), PAGE, i);
	CHECK(setting(KSM "run", "2"));
}

CASE(swapped_out)
{
	int fd = open_device(0);
	char *addr = map_anon(64 * PAGE);
	size_t swapped;
	struct tally t;

	need_swap(MIB(16));
	fill(addr, 64 * PAGE, 1);
	swap_out(addr, 64 * PAGE);
	swapped = count_place(fd, addr, 64 * PAGE, SVM_PLACE_SWAP);
	CHECK_GT(swapped, 0);
	t = move(fd, addr, 64 * PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_SWAPPED, swapped, SVM_PAGE_MOVED,
		    64 - swapped);
	CHECK_EQ(count_place(fd, addr, 64 * PAGE, SVM_PLACE_SWAP), swapped);
	check_fill(addr, 64 * PAGE, 1);
}

/* Read back in, with the copy in swap still there. */
CASE(in_swap_cache)
{
	int fd = open_device(0);
	char *addr = map_anon(64 * PAGE);
	struct tally t;

	need_swap(MIB(16));
	fill(addr, 64 * PAGE, 1);
	swap_out(addr, 64 * PAGE);
	check_fill(addr, 64 * PAGE, 1);
	t = move(fd, addr, 64 * PAGE, TO_DEVICE, 0);
	note("after swap-in: %s", tally_text(&t));
	CHECK_EQ(t.pages[SVM_PAGE_MOVED] + t.pages[SVM_PAGE_SWAPPED], 64);
	CHECK_EQ(count_place(fd, addr, 64 * PAGE, SVM_PLACE_DEVICE),
		 t.pages[SVM_PAGE_MOVED]);
	check_fill(addr, 64 * PAGE, 1);
	fill(addr, 64 * PAGE, 2);
	move_all(fd, addr, 64 * PAGE, TO_DEVICE);
	check_fill(addr, 64 * PAGE, 2);
}

#define KPF_SWAPCACHE (1ull << 13)

/* Pages of the range whose copy in swap the kernel still knows. */
static size_t count_in_swap_cache(void *addr, size_t pages)
{
	uint64_t *map = calloc(pages, sizeof(*map)), flags;
	int fd = CHECK_SYS(open("/proc/kpageflags", O_RDONLY | O_CLOEXEC));
	size_t i, n = 0;

	CHECK(map);
	pagemap(addr, pages, map);
	for (i = 0; i < pages; i++) {
		if (!(map[i] & PAGEMAP_PRESENT))
			continue;
		CHECK_EQ(pread(fd, &flags, 8, PAGEMAP_PFN(map[i]) * 8), 8);
		n += !!(flags & KPF_SWAPCACHE);
	}
	CHECK_SYS(close(fd));
	free(map);
	return n;
}

/*
 * For system memory the core does not drop the copy, and does not expect to meet
 * one that is just being written: such pages stay.
 */
CASE(in_swap_cache_to_a_node)
{
	int fd = open_device(0), nodes[2];
	char *addr = map_anon(64 * PAGE);
	size_t cached;
	struct tally t;

	need_two_nodes(nodes);
	need_swap(MIB(16));
	bind_to_node(addr, 64 * PAGE, nodes[0]);
	fill(addr, 64 * PAGE, 1);
	swap_out(addr, 64 * PAGE);
	check_fill(addr, 64 * PAGE, 1);
	cached = count_in_swap_cache(addr, 64);
	if (!cached)
		skip("the kernel drops copies in swap at once");
	t = move(fd, addr, 64 * PAGE, TO_NODE(nodes[1]), 0);
	check_tally(&t, SVM_PAGE_SWAPPED, cached, SVM_PAGE_MOVED, 64 - cached);
	check_fill(addr, 64 * PAGE, 1);
}

CASE(guard_pages)
{
	int fd = open_device(0);
	char *addr = map_anon(32 * PAGE);
	struct tally t;

	fill(addr, 32 * PAGE, 1);
	if (madvise(addr + 8 * PAGE, 8 * PAGE, MADV_GUARD_INSTALL))
		skip("no guard pages on this kernel");
	t = move(fd, addr, 32 * PAGE, TO_DEVICE, 0);
	check_tally(&t, SVM_PAGE_MOVED, 24, SVM_PAGE_SPECIAL, 8);
	check_place(fd, addr + 8 * PAGE, 8 * PAGE, SVM_PLACE_SPECIAL, 0);
	check_fill(addr, 8 * PAGE, 1);
	check_part(addr + 16 * PAGE, 16 * PAGE, 1, 16 * PAGE);
}

/* Somebody waits for the first touch of these pages: it is his to fill them. */
CASE(userfaultfd_missing)
{
	int fd = open_device(0);
	char *addr = map_anon(32 * PAGE);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)addr, 32 * PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct tally t = { 0 };

	if (uffd < 0)
		skip("no userfaultfd: %s", err_name(errno));
	fill(addr, 16 * PAGE, 1);
	CHECK_SYS(ioctl(uffd, UFFDIO_API, &api));
	CHECK_SYS(ioctl(uffd, UFFDIO_REGISTER, &reg));
	CHECK_RET(migrate(fd, addr, 32 * PAGE, TO_DEVICE, 0, NULL, &t), 0);
	note("userfaultfd: %s", tally_text(&t));
	CHECK_EQ(t.pages[SVM_PAGE_MOVED], 16);
	check_place(fd, addr + 16 * PAGE, 16 * PAGE, SVM_PLACE_NONE, 0);
	check_fill(addr, 16 * PAGE, 1);
}

static sigjmp_buf escape;

static void on_bus_error(int signal_number)
{
	siglongjmp(escape, signal_number);
}

/* One page of the machine is out of use for good after this. */
static bool poison(char *addr)
{
	struct sigaction act = { .sa_handler = on_bus_error }, old;
	volatile int ret = -1;

	CHECK_SYS(sigaction(SIGBUS, &act, &old));
	/* The process that broke the page is told so by a signal. */
	if (sigsetjmp(escape, 1))
		ret = 0;
	else
		ret = madvise(addr, PAGE, MADV_HWPOISON);
	CHECK_SYS(sigaction(SIGBUS, &old, NULL));
	return !ret;
}

/* Pages that even the kernel has no mapping of: copying one would crash it. */
CASE(secret_memory)
{
	int fd = open_device(0);
	int secret = syscall(SYS_memfd_secret, 0);
	char *addr;

	if (secret < 0)
		skip("no memfd_secret: %s", err_name(errno));
	CHECK_SYS(ftruncate(secret, 16 * PAGE));
	addr = CHECK_SYS(mmap(NULL, 16 * PAGE, RW, MAP_SHARED, secret, 0));
	fill(addr, 16 * PAGE, 1);
	check_stays(fd, addr, 16 * PAGE, SVM_PAGE_FILE);
	check_home(fd, addr, 16 * PAGE);
	check_fill(addr, 16 * PAGE, 1);
}

#define MTHP "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/"

/* Folios of 64 KiB: large, but mapped page by page. */
CASE(medium_pages)
{
	int fd = open_device(0);
	char *addr;
	long long before;

	if (!setting(MTHP "enabled", "always"))
		skip("no folios of 64 KiB on this kernel");
	before = read_number(MTHP "stats/anon_fault_alloc");
	/* Not a multiple of 2 MiB, or it would be huge pages. */
	addr = map_aligned(MIB(1));
	fill(addr, MIB(1), 1);
	CHECK_EQ(read_number(MTHP "stats/anon_fault_alloc") - before, 16);
	/* Pieces of them first. */
	CHECK_EQ(move_all(fd, addr + 5 * PAGE, 3 * PAGE, TO_DEVICE), 3);
	CHECK_EQ(move_all(fd, addr + 30 * PAGE, 4 * PAGE, TO_DEVICE), 4);
	check_fill(addr, MIB(1), 1);
	check_moves(fd, addr, MIB(1), 1);
}

static uint64_t write_protected(char *addr, size_t pages)
{
	uint64_t map[64], n = 0;
	size_t i;

	pagemap(addr, pages, map);
	for (i = 0; i < pages; i++)
		n += map[i] >> 57 & 1;
	return n;
}

/* Who watches writes must not miss one because the page was away. */
CASE(userfaultfd_write_protection)
{
	int fd = open_device(0);
	char *addr = map_anon(32 * PAGE);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)addr, 32 * PAGE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)addr, 16 * PAGE },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0)
		skip("no userfaultfd: %s", err_name(errno));
	fill(addr, 32 * PAGE, 1);
	CHECK_SYS(ioctl(uffd, UFFDIO_API, &api));
	if (ioctl(uffd, UFFDIO_REGISTER, &reg))
		skip("no write protection by userfaultfd: %s", err_name(errno));
	CHECK_SYS(ioctl(uffd, UFFDIO_WRITEPROTECT, &wp));
	CHECK_EQ(write_protected(addr, 32), 16);
	move_all(fd, addr, 32 * PAGE, TO_DEVICE);
	CHECK_EQ(write_protected(addr, 32), 16);
	move_all(fd, addr, 16 * PAGE, TO_SYSTEM);
	check_part(addr + 16 * PAGE, 16 * PAGE, 1, 16 * PAGE);
	check_home(fd, addr, 32 * PAGE);
	CHECK_EQ(write_protected(addr, 32), 16);
	move_all(fd, addr, 32 * PAGE, TO_DEVICE);
	check_fill(addr, 32 * PAGE, 1);
	CHECK_EQ(write_protected(addr, 32), 16);
}

CASE(hardware_poison)
{
	int fd = open_device(0);
	char *addr = map_anon(16 * PAGE);
	uint8_t status[16];
	struct tally t;
	int i;

	fill(addr, 16 * PAGE, 1);
	if (!poison(addr + 5 * PAGE))
		skip("can't poison a page: %s", err_name(errno));
	t = move_status(fd, addr, 16 * PAGE, TO_DEVICE, 0, status);
	check_tally(&t, SVM_PAGE_MOVED, 15, SVM_PAGE_POISONED, 1);
	CHECK_EQ(status[5], SVM_PAGE_POISONED);
	check_place(fd, addr + 5 * PAGE, PAGE, SVM_PLACE_POISONED, 0);
	for (i = 0; i < 16; i++)
		if (i != 5)
			check_part(page_at(addr, i), PAGE, 1, i * PAGE);
}
