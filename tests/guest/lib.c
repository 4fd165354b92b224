// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libsvm over real devices.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <svm/svm.h>

#include "client.h"
#include "harness.h"
#include "lib.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 256
#define LENGTH (PAGES * PAGE)

CASE(open_all_devices)
{
	struct svm *svm = lib_open(NULL);
	struct svm_device_info info = { .size = sizeof(info) };
	unsigned int i;

	CHECK_EQ(svm_device_count(svm), 2);
	for (i = 0; i < 2; i++) {
		CHECK_RET(svm_device_info(svm, i, &info), 0);
		CHECK_EQ(info.id, i);
		CHECK_EQ(info.type, SVM_DEVICE_RAM);
		CHECK_EQ(info.bytes_total, MIB(512));
		CHECK_EQ(info.bytes_free, MIB(512));
		CHECK(info.capabilities & SVM_CAP_TO_DEVICE);
		CHECK(info.page_orders & 1);
		CHECK_EQ(info.size, sizeof(info));
	}
	CHECK_RET(svm_device_info(svm, 2, &info), -ENOENT);
	CHECK_RET(svm_device_info(svm, 1000, &info), -ENOENT);
	info.size = 3;
	CHECK_RET(svm_device_info(svm, 0, &info), -EINVAL);
	CHECK(!svm_close(svm));
	CHECK(!svm_close(NULL));
}

CASE(open_by_name)
{
	const char *const names[] = { "svm1", "/dev/svm1" };
	struct svm_device_info info = { .size = sizeof(info) };
	struct svm *svm;
	int i;

	for (i = 0; i < 2; i++) {
		svm = lib_open(names[i]);
		CHECK_EQ(svm_device_count(svm), 1);
		CHECK_RET(svm_device_info(svm, 0, &info), 0);
		CHECK_EQ(info.id, 1);
		svm_close(svm);
	}
}

CASE(open_what_is_not_there)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm *svm = (struct svm *)&opts;

	opts.device = "svm99";
	CHECK_RET(svm_open(&svm, &opts), -ENODEV);
	/* Outputs are set on success only. */
	CHECK(svm == (struct svm *)&opts);
	opts = (struct svm_open_opts)SVM_OPEN_OPTS_INIT;
	opts.flags = 1;
	CHECK_RET(svm_open(&svm, &opts), -EINVAL);
	opts = (struct svm_open_opts)SVM_OPEN_OPTS_INIT;
	opts.size = 4;
	CHECK_RET(svm_open(&svm, &opts), -EINVAL);
	CHECK(svm == (struct svm *)&opts);
}

/* What malloc() gives: no page boundaries, and neighbours in the same pages. */
CASE(unaligned_malloc)
{
	struct svm *svm = lib_open(NULL);
	size_t length = MIB(2), off = 4321, n = 1000003, i;
	unsigned char *block = malloc(length);
	struct svm_result result = SVM_RESULT_INIT;
	size_t pages;

	CHECK(block);
	for (i = 0; i < length; i++)
		block[i] = i * 7 + (i >> 8);
	pages = (((uintptr_t)block + off + n + PAGE - 1) / PAGE) -
		((uintptr_t)block + off) / PAGE;
	CHECK_RET(svm_migrate(svm, block + off, n, svm_on_device(0), NULL,
			      &result),
		  0);
	CHECK_EQ(result.bytes_moved, pages * PAGE);
	CHECK_EQ(result.bytes_there, pages * PAGE);
	CHECK_EQ(result.bytes_left, 0);
	CHECK_EQ(result.pages[SVM_PAGE_MOVED], pages);
	CHECK_EQ(lib_bytes_on_device(svm, block + off, n, 0), pages * PAGE);
	for (i = 0; i < length; i++)
		CHECK_EQ(block[i], (unsigned char)(i * 7 + (i >> 8)));
	free(block);
	svm_close(svm);
}

CASE(there_and_back)
{
	struct svm *svm = lib_open(NULL);
	char *addr = map_anon(LENGTH);
	struct svm_result result = SVM_RESULT_INIT;

	fill(addr, LENGTH, 1);
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_device(1), NULL, NULL),
		  0);
	CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, 1), LENGTH);
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_device(0), NULL,
			      &result),
		  0);
	CHECK_EQ(result.bytes_moved, LENGTH);
	CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, 0), LENGTH);
	result = (struct svm_result)SVM_RESULT_INIT;
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_node(SVM_NODE_ANY),
			      NULL, &result),
		  0);
	CHECK_EQ(result.bytes_moved, LENGTH);
	result = (struct svm_result)SVM_RESULT_INIT;
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_node(SVM_NODE_ANY),
			      NULL, &result),
		  0);
	CHECK_EQ(result.bytes_moved, 0);
	CHECK_EQ(result.bytes_there, LENGTH);
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}

/* The library works through what one call of the kernel does not. */
CASE(longer_than_one_call)
{
	struct svm *svm = lib_open("svm0");
	struct svm_ioctl_info info;
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	size_t share, length;
	char *addr;

	info = device_info(open_device(0));
	share = info.max_call_bytes;
	if (share > MIB(4096))
		skip("one call works through %zu MiB", share >> 20);
	length = 2 * share + MIB(1);
	addr = CHECK_SYS(mmap(NULL, length, RW,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			      0));
	madvise(addr, length, MADV_NOHUGEPAGE);
	fill(addr, LENGTH, 1);
	fill(addr + length - LENGTH, LENGTH, 2);
	opts.flags = SVM_MIGRATE_RESIDENT_ONLY;
	CHECK_RET(svm_migrate(svm, addr, length, svm_on_device(0), &opts,
			      &result),
		  0);
	CHECK_EQ(result.bytes_moved, 2 * LENGTH);
	CHECK_EQ(result.pages[SVM_PAGE_HOLE], (length - 2 * LENGTH) / PAGE);
	CHECK_EQ(lib_bytes_on_device(svm, addr, length, 0), 2 * LENGTH);
	check_fill(addr, LENGTH, 1);
	check_fill(addr + length - LENGTH, LENGTH, 2);
	svm_close(svm);
}

CASE(several_ranges)
{
	struct svm *svm = lib_open(NULL);
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	char *a = map_anon(LENGTH), *b = map_anon(LENGTH);
	char *c = map_shared(8 * PAGE);
	const struct svm_range ranges[] = {
		{ a + 100, 10 * PAGE }, { b, 5 * PAGE },       { b, 0 },
		{ c, 8 * PAGE },	{ a + 100 * PAGE, 1 },
	};
	uint8_t status[11 + 5 + 8 + 1];
	int i;

	fill(a, LENGTH, 1);
	fill(b, LENGTH, 2);
	fill(c, 8 * PAGE, 3);
	opts.status = status;
	opts.status_count = sizeof(status);
	CHECK_RET(svm_migrate_ranges(svm, ranges, 5, svm_on_device(0), &opts,
				     &result),
		  0);
	CHECK_EQ(result.pages[SVM_PAGE_MOVED], 11 + 5 + 1);
	CHECK_EQ(result.pages[SVM_PAGE_SHMEM], 8);
	CHECK_EQ(result.bytes_left, 8 * PAGE);
	for (i = 0; i < (int)sizeof(status); i++)
		CHECK_EQ(status[i],
			 i >= 16 && i < 24 ? SVM_PAGE_SHMEM : SVM_PAGE_MOVED);
	check_fill(a, LENGTH, 1);
	check_fill(b, LENGTH, 2);
	check_fill(c, 8 * PAGE, 3);
	opts.status_count--;
	CHECK_RET(svm_migrate_ranges(svm, ranges, 5, svm_on_device(0), &opts,
				     &result),
		  -EMSGSIZE);
	svm_close(svm);
}

CASE(status_of_each_page)
{
	struct svm *svm = lib_open(NULL);
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	char *addr = map_anon(16 * PAGE);
	uint8_t status[17];
	int i;

	for (i = 0; i < 16; i += 2)
		fill(page_at(addr, i), PAGE, i);
	memset(status, 0xee, sizeof(status));
	opts.flags = SVM_MIGRATE_RESIDENT_ONLY;
	opts.status = status;
	opts.status_count = 16;
	CHECK_RET(svm_migrate(svm, addr, 16 * PAGE, svm_on_device(0), &opts,
			      NULL),
		  0);
	for (i = 0; i < 16; i++)
		CHECK_EQ(status[i], i % 2 ? SVM_PAGE_HOLE : SVM_PAGE_MOVED);
	CHECK_EQ(status[16], 0xee);
	opts.status_count = 15;
	CHECK_RET(svm_migrate(svm, addr, 16 * PAGE, svm_on_device(0), &opts,
			      NULL),
		  -EMSGSIZE);
	/* Unaligned ends need one more. */
	opts.status_count = 16;
	CHECK_RET(svm_migrate(svm, addr + 1, 15 * PAGE, svm_on_device(0), &opts,
			      NULL),
		  0);
	CHECK_EQ(status[0], SVM_PAGE_ALREADY);
	svm_close(svm);
}

CASE(bad_arguments)
{
	struct svm *svm = lib_open(NULL);
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT, before;
	struct svm_place nowhere = { 77, 0 };
	char *addr = map_anon(PAGE), *gap = find_gap(MIB(1));

	*addr = 1;
	result.bytes_moved = 12345;
	before = result;
	CHECK_RET(svm_migrate(svm, addr, PAGE, svm_on_device(9), NULL, &result),
		  -ENODEV);
	CHECK_RET(svm_migrate(svm, addr, PAGE, svm_on_node(1000), NULL,
			      &result),
		  -EINVAL);
	CHECK_RET(svm_migrate(svm, addr, PAGE, svm_on_node(-2), NULL, &result),
		  -EINVAL);
	CHECK_RET(svm_migrate(svm, addr, PAGE, nowhere, NULL, &result),
		  -EINVAL);
	CHECK_RET(svm_migrate(svm, gap, PAGE, svm_on_device(0), NULL, &result),
		  -EFAULT);
	CHECK_RET(svm_migrate(svm, addr, (size_t)-1, svm_on_device(0), NULL,
			      &result),
		  -EINVAL);
	CHECK_RET(svm_migrate(svm, addr, (size_t)-PAGE, svm_on_device(0), NULL,
			      &result),
		  -EINVAL);
	opts.flags = 1u << 30;
	CHECK_RET(svm_migrate(svm, addr, PAGE, svm_on_device(0), &opts,
			      &result),
		  -EINVAL);
	opts = (struct svm_migrate_opts)SVM_MIGRATE_OPTS_INIT;
	opts.size = 1;
	CHECK_RET(svm_migrate(svm, addr, PAGE, svm_on_device(0), &opts,
			      &result),
		  -EINVAL);
	CHECK(!memcmp(&before, &result, sizeof(result)));
	result.size = 5;
	CHECK_RET(svm_migrate(svm, addr, PAGE, svm_on_device(0), NULL, &result),
		  -EINVAL);
	svm_close(svm);
}

CASE(nothing_to_do)
{
	struct svm *svm = lib_open(NULL);
	struct svm_result result = SVM_RESULT_INIT;
	char *addr = map_anon(PAGE);

	*addr = 1;
	CHECK_RET(svm_migrate(svm, addr, 0, svm_on_device(0), NULL, &result),
		  0);
	CHECK_EQ(result.bytes_moved + result.bytes_there + result.bytes_left,
		 0);
	CHECK_RET(svm_migrate_ranges(svm, NULL, 0, svm_on_device(0), NULL,
				     &result),
		  0);
	CHECK_EQ(svm_residency(svm, addr, 0, NULL, 0), 0);
	svm_close(svm);
}

CASE(prefetch_is_a_hint)
{
	struct svm *svm = lib_open(NULL);
	struct svm_result result = SVM_RESULT_INIT;
	char *addr = map_anon(LENGTH), *gap = find_gap(MIB(1));

	fill(addr, LENGTH / 2, 1);
	CHECK_RET(svm_prefetch(svm, addr, LENGTH, svm_on_device(0), &result),
		  0);
	/* Holes stay holes. */
	CHECK_EQ(result.bytes_moved, LENGTH / 2);
	CHECK_EQ(result.pages[SVM_PAGE_HOLE], PAGES / 2);
	CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, 0), LENGTH / 2);
	/* What can't be is no error. */
	result = (struct svm_result)SVM_RESULT_INIT;
	CHECK_RET(svm_prefetch(svm, addr, LENGTH, svm_on_device(55), &result),
		  0);
	CHECK_EQ(result.bytes_moved, 0);
	CHECK_EQ(result.bytes_left, LENGTH);
	CHECK_RET(svm_prefetch(svm, addr, LENGTH, svm_on_node(900), &result),
		  0);
	CHECK_RET(svm_prefetch(svm, gap, PAGE, svm_on_device(0), &result), 0);
	CHECK_EQ(result.bytes_moved, 0);
	CHECK_RET(svm_prefetch(svm, addr, LENGTH, svm_on_device(1), NULL), 0);
	/* What means nothing is one. */
	CHECK_RET(svm_prefetch(svm, addr, (size_t)-1, svm_on_device(0), NULL),
		  -EINVAL);
	check_fill(addr, LENGTH / 2, 1);
	svm_close(svm);
}

CASE(residency_and_summary)
{
	struct svm *svm = lib_open(NULL);
	struct svm_summary sum = { .size = sizeof(sum) };
	char *addr = map_anon(LENGTH);
	struct svm_page pages[PAGES];
	uint64_t total = 0;
	int i;

	fill(addr, 100 * PAGE, 1);
	CHECK_RET(svm_migrate(svm, addr, 10 * PAGE, svm_on_device(0), NULL,
			      NULL),
		  0);
	CHECK_RET(svm_migrate(svm, addr + 10 * PAGE, 20 * PAGE,
			      svm_on_device(1), NULL, NULL),
		  0);
	CHECK_EQ(svm_residency(svm, addr, LENGTH, pages, PAGES), PAGES);
	for (i = 0; i < PAGES; i++) {
		CHECK_EQ(pages[i].place, i < 30	   ? SVM_PLACE_DEVICE
					 : i < 100 ? SVM_PLACE_SYSTEM
						   : SVM_PLACE_NONE);
		if (i < 30)
			CHECK_EQ(pages[i].id, i >= 10);
	}
	CHECK_RET(svm_residency(svm, addr, LENGTH, pages, PAGES - 1),
		  -EMSGSIZE);
	CHECK_RET(svm_residency(svm, addr + 1, LENGTH - PAGE, pages, PAGES - 1),
		  -EMSGSIZE);
	CHECK_RET(svm_summarize(svm, addr, LENGTH, &sum), 0);
	CHECK_EQ(sum.bytes[SVM_PLACE_DEVICE], 30 * PAGE);
	CHECK_EQ(sum.bytes_on_device[0], 10 * PAGE);
	CHECK_EQ(sum.bytes_on_device[1], 20 * PAGE);
	CHECK_EQ(sum.bytes[SVM_PLACE_SYSTEM], 70 * PAGE);
	CHECK_EQ(sum.bytes[SVM_PLACE_NONE], LENGTH - 100 * PAGE);
	for (i = 0; i < SVM_SUMMARY_MAX; i++)
		total += sum.bytes_on_node[i];
	CHECK_EQ(total, 70 * PAGE);
	CHECK_EQ(sum.bytes_huge, 0);
	check_fill(addr, 100 * PAGE, 1);
	svm_close(svm);
}

CASE(summary_of_huge_pages)
{
	struct svm *svm = lib_open(NULL);
	struct svm_summary sum = { .size = sizeof(sum) };
	char *addr = map_thp(MIB(4));

	CHECK_RET(svm_summarize(svm, addr, MIB(4), &sum), 0);
	CHECK_EQ(sum.bytes_huge, MIB(4));
	CHECK_EQ(sum.bytes[SVM_PLACE_SYSTEM], MIB(4));
	svm_close(svm);
}

CASE(names)
{
	unsigned int i, k;

	for (i = 0; i < SVM_PAGE_STATUS_NR; i++) {
		CHECK(strcmp(svm_status_name(i), "unknown"));
		for (k = 0; k < i; k++)
			CHECK(strcmp(svm_status_name(i), svm_status_name(k)));
	}
	CHECK(!strcmp(svm_status_name(SVM_PAGE_STATUS_NR), "unknown"));
	CHECK(!strcmp(svm_status_name(0xffffffff), "unknown"));
	CHECK(!strcmp(svm_status_name(SVM_PAGE_PINNED), "pinned"));
	CHECK(!strcmp(svm_place_name(SVM_PLACE_SYSTEM), "system"));
	CHECK(!strcmp(svm_place_name(0xffffffff), "unknown"));
}

CASE(counters)
{
	struct svm *svm = lib_open(NULL);
	struct svm_stats stats = { .size = sizeof(stats) };
	char *addr = map_aligned(PAGE);

	fill(addr, PAGE, 1);
	CHECK_RET(svm_migrate(svm, addr, PAGE, svm_on_device(0), NULL, NULL),
		  0);
	check_fill(addr, PAGE, 1);
	CHECK_RET(svm_migrate(svm, addr, PAGE, svm_on_device(1), NULL, NULL),
		  0);
	CHECK_RET(svm_migrate(svm, addr, PAGE, svm_on_node(SVM_NODE_ANY), NULL,
			      NULL),
		  0);
	CHECK_RET(svm_get_stats(svm, &stats), 0);
	CHECK_EQ(stats.bytes_to_device, 2 * PAGE);
	CHECK_EQ(stats.bytes_to_system, PAGE);
	CHECK_EQ(stats.faults, 1);
	CHECK_EQ(stats.bytes_faulted, PAGE);
	CHECK_GE(stats.migrate_calls, 3);
	CHECK_RET(svm_get_device_stats(svm, 1, &stats), 0);
	CHECK_GE(stats.bytes_to_device, PAGE);
	CHECK_RET(svm_get_device_stats(svm, 9, &stats), -ENODEV);
	stats.size = 2;
	CHECK_RET(svm_get_stats(svm, &stats), -EINVAL);
	svm_close(svm);
}

static struct svm *inherited;

static void uses_parents_handle(void *arg)
{
	struct svm_page page;

	CHECK_RET(svm_migrate(inherited, arg, PAGE, svm_on_device(0), NULL,
			      NULL),
		  -EXDEV);
	CHECK_RET(svm_prefetch(inherited, arg, PAGE, svm_on_device(0), NULL),
		  -EXDEV);
	CHECK_RET(svm_residency(inherited, arg, PAGE, &page, 1), -EXDEV);
	/* Its own is fine. */
	inherited = svm_close(inherited);
	inherited = lib_open(NULL);
	CHECK_RET(svm_migrate(inherited, arg, PAGE, svm_on_device(0), NULL,
			      NULL),
		  0);
	CHECK_EQ(lib_bytes_on_device(inherited, arg, PAGE, 0), PAGE);
}

CASE(forked_child)
{
	char *addr = map_anon(PAGE);

	*addr = 1;
	inherited = lib_open(NULL);
	child_ok(child(uses_parents_handle, addr));
	CHECK_RET(svm_migrate(inherited, addr, PAGE, svm_on_device(0), NULL,
			      NULL),
		  0);
	svm_close(inherited);
}

/* Acting for another process with the contexts that it handed over. */
CASE(another_process)
{
	struct client c = client_start(LENGTH, 2, 1);
	struct svm_stats stats = { .size = sizeof(stats) };
	struct svm_result result = SVM_RESULT_INIT;

	CHECK_EQ(svm_device_count(c.svm), 2);
	CHECK_RET(svm_migrate(c.svm, c.addr, LENGTH, svm_on_device(1), NULL,
			      &result),
		  0);
	CHECK_EQ(result.bytes_moved, LENGTH);
	CHECK_EQ(lib_bytes_on_device(c.svm, c.addr, LENGTH, 1), LENGTH);
	client_end(&c);
	CHECK_RET(svm_migrate(c.svm, c.addr, LENGTH, svm_on_device(1), NULL,
			      &result),
		  -ESRCH);
	/* The last figures can still be read. */
	CHECK_RET(svm_get_stats(c.svm, &stats), 0);
	CHECK_EQ(stats.bytes_to_device, LENGTH);
	svm_close(c.svm);
}

/* Files and shared memory go to nodes, not to devices. */
static void shared_to_nodes(char *addr, unsigned int why)
{
	struct svm *svm = lib_open(NULL);
	struct svm_result result = SVM_RESULT_INIT;
	int nodes[2], i;

	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_device(0), NULL,
			      &result),
		  0);
	CHECK_EQ(result.pages[why], PAGES);
	CHECK_EQ(result.bytes_left, LENGTH);
	for (i = 0; i < 4; i++) {
		result = (struct svm_result)SVM_RESULT_INIT;
		CHECK_RET(svm_migrate(svm, addr, LENGTH,
				      svm_on_node(nodes[i % 2]), NULL, &result),
			  0);
		CHECK_EQ(result.bytes_there, LENGTH);
		check_node(addr, LENGTH, nodes[i % 2]);
	}
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}

CASE(shared_memory_to_nodes)
{
	shared_to_nodes(map_shared(LENGTH), SVM_PAGE_SHMEM);
}

CASE(file_to_nodes)
{
	shared_to_nodes(CHECK_SYS(mmap(NULL, LENGTH, RW, MAP_SHARED,
				       real_file(LENGTH), 0)),
			SVM_PAGE_FILE);
}

CASE(anonymous_to_nodes)
{
	struct svm *svm = lib_open(NULL);
	char *addr = map_anon(LENGTH);
	struct svm_result result;
	int nodes[2], i;

	need_two_nodes(nodes);
	fill(addr, LENGTH, 1);
	for (i = 0; i < 4; i++) {
		result = (struct svm_result)SVM_RESULT_INIT;
		CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_device(0), NULL,
				      NULL),
			  0);
		CHECK_RET(svm_migrate(svm, addr, LENGTH,
				      svm_on_node(nodes[i % 2]), NULL, &result),
			  0);
		CHECK_EQ(result.bytes_moved, LENGTH);
		check_node(addr, LENGTH, nodes[i % 2]);
	}
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}

CASE(allocate)
{
	struct svm *svm = lib_open(NULL);
	void *addr, *none = NULL;

	CHECK_RET(svm_alloc(MIB(3), 0, &addr), 0);
	CHECK_EQ((uintptr_t)addr % HUGE_PAGE, 0);
	check_zero(addr, MIB(4));
	fill(addr, MIB(4), 1);
	CHECK_RET(svm_migrate(svm, addr, MIB(3), svm_on_device(0), NULL, NULL),
		  0);
	check_fill(addr, MIB(4), 1);
	CHECK_RET(svm_free(addr, MIB(3)), 0);
	CHECK_RET(svm_free(NULL, 5), 0);
	CHECK_RET(svm_alloc(0, 0, &none), -EINVAL);
	CHECK_RET(svm_alloc(MIB(1), 1, &none), -EINVAL);
	CHECK_RET(svm_alloc((size_t)-1, 0, &none), -ENOMEM);
	CHECK(!none);
	svm_close(svm);
}

CASE(quota_and_room)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_quota quota = SVM_QUOTA_INIT;
	char *addr = map_anon(2 * LENGTH);
	struct svm *svm;
	uint64_t total;

	need_device_memory();
	svm = lib_open("svm0");
	fill(addr, 2 * LENGTH, 1);
	CHECK_RET(svm_get_quota(svm, 0, &quota), 0);
	total = quota.bytes;
	CHECK_EQ(quota.bytes_default, total);
	CHECK_EQ(quota.bytes_used, 0);
	CHECK_RET(svm_set_quota(svm, 0, LENGTH), 0);
	CHECK_RET(svm_migrate(svm, addr, 2 * LENGTH, svm_on_device(0), NULL,
			      &result),
		  0);
	CHECK_EQ(result.pages[SVM_PAGE_OVER_QUOTA], LENGTH / PAGE);
	CHECK_EQ(result.bytes_evicted, 0);
	opts.flags = SVM_MIGRATE_EVICT;
	CHECK_RET(svm_migrate(svm, addr + LENGTH, LENGTH, svm_on_device(0),
			      &opts, &result),
		  0);
	CHECK_EQ(result.bytes_moved, LENGTH);
	CHECK_EQ(result.bytes_evicted, LENGTH);
	CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, 0), 0);
	CHECK_RET(svm_get_quota(svm, 0, &quota), 0);
	CHECK_EQ(quota.bytes, LENGTH);
	CHECK_EQ(quota.bytes_used, LENGTH);
	CHECK_RET(svm_set_quota(svm, 0, SVM_QUOTA_DEFAULT), 0);
	CHECK_RET(svm_get_quota(svm, 0, &quota), 0);
	CHECK_EQ(quota.bytes, total);
	CHECK_RET(svm_get_quota(svm, 63, &quota), -ENODEV);
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_node(SVM_NODE_ANY),
			      &opts, NULL),
		  -EINVAL);
	check_fill(addr, 2 * LENGTH, 1);
	svm_close(svm);
}

CASE(create_evict_destroy)
{
	struct svm_device_info info = { .size = sizeof(info) };
	char *addr = map_anon(LENGTH), name[16];
	uint64_t evicted = 0;
	struct svm *svm;
	uint32_t id;

	CHECK_RET(svm_device_create(MIB(4), SVM_NODE_ANY, &id), 0);
	snprintf(name, sizeof(name), "svm%u", id);
	CHECK(EVENTUALLY(!access("/dev/svm2", F_OK) || id != 2));
	svm = lib_open(name);
	CHECK_RET(svm_device_info(svm, 0, &info), 0);
	CHECK_EQ(info.bytes_total, MIB(4));
	fill(addr, LENGTH, 1);
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_device(id), NULL, NULL),
		  0);
	CHECK_RET(svm_evict(svm, id, LENGTH / 2, &evicted), 0);
	CHECK_EQ(evicted, LENGTH / 2);
	CHECK_RET(svm_evict(svm, id + 1, 0, &evicted), -ENODEV);
	CHECK_RET(svm_device_destroy(id), 0);
	CHECK_RET(svm_device_destroy(id), -ENOENT);
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_device(id), NULL, NULL),
		  -ENODEV);
	CHECK_RET(svm_device_info(svm, 0, &info), -ENODEV);
	CHECK_RET(svm_prefetch(svm, addr, LENGTH, svm_on_device(id), NULL), 0);
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
	CHECK_RET(svm_device_create(12345, SVM_NODE_ANY, &id), -EINVAL);
}

/* Between nodes it still works when the device has gone under the handle. */
CASE(device_goes_away)
{
	char *addr = map_anon(LENGTH), name[16];
	int nodes[2];
	struct svm *svm;
	uint32_t id;

	need_two_nodes(nodes);
	CHECK_RET(svm_device_create(MIB(4), SVM_NODE_ANY, &id), 0);
	snprintf(name, sizeof(name), "svm%u", id);
	svm = lib_open(name);
	fill(addr, LENGTH, 1);
	CHECK_RET(svm_device_destroy(id), 0);
	note("to a node: %s",
	     err_name(svm_migrate(svm, addr, LENGTH, svm_on_node(nodes[1]),
				  NULL, NULL)));
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}

static void *thread_migrates(void *arg)
{
	struct svm *svm = arg;
	/* With a gap to the others', whose faults bring neighbours along. */
	char *addr = map_aligned(LENGTH);
	int i;

	for (i = 0; i < 10; i++) {
		fill(addr, LENGTH, i);
		CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_device(i % 2),
				      NULL, NULL),
			  0);
		CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, i % 2), LENGTH);
		check_fill(addr, LENGTH, i);
	}
	return NULL;
}

CASE(threads_share_a_handle)
{
	struct svm *svm = lib_open(NULL);

	threads_run(4, thread_migrates, svm);
	svm_close(svm);
}

CASE(several_handles)
{
	struct svm *a = lib_open(NULL), *b = lib_open("svm0");
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	CHECK_RET(svm_migrate(a, addr, LENGTH, svm_on_device(1), NULL, NULL),
		  0);
	/* One that does not have the device sees where the pages are. */
	CHECK_EQ(lib_bytes_on_device(b, addr, LENGTH, 1), LENGTH);
	CHECK_RET(svm_migrate(b, addr, LENGTH, svm_on_device(1), NULL, NULL),
		  -ENODEV);
	CHECK_RET(svm_migrate(b, addr, LENGTH, svm_on_device(0), NULL, NULL),
		  0);
	svm_close(a);
	CHECK_EQ(lib_bytes_on_device(b, addr, LENGTH, 0), LENGTH);
	check_fill(addr, LENGTH, 1);
	svm_close(b);
}

/* The examples, as installed beside the tests, on devices. */
CASE(examples)
{
	static const char *const names[] = { "async",	 "atomics", "events",
					     "hello",	 "ranges",  "report",
					     "residency" };
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *const argv[] = { path, NULL };

		snprintf(path, sizeof(path), "/usr/libexec/svm/examples/%s",
			 names[i]);
		CHECK_RET(run_program(argv), 0);
	}
}
