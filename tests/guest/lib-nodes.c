// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libsvm without the module: nodes only, and it says so.
 */
#include <sys/mman.h>
#include <unistd.h>

#include <svm/access.h>
#include <svm/events.h>
#include <svm/exclusive.h>

#include "harness.h"
#include "lib.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = { .module_args = "none" };

#define PAGES 256
#define LENGTH (PAGES * PAGE)

CASE(no_devices)
{
	struct svm *svm = lib_open(NULL);
	struct svm_device_info info = { .size = sizeof(info) };
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm *other = NULL;
	uint32_t id = 77;

	CHECK_EQ(access("/dev/svm0", F_OK), -1);
	CHECK_EQ(svm_device_count(svm), 0);
	CHECK_RET(svm_device_info(svm, 0, &info), -ENOENT);
	opts.device = "svm0";
	CHECK_RET(svm_open(&other, &opts), -ENODEV);
	CHECK(!other);
	CHECK_RET(svm_device_create(MIB(4), SVM_NODE_ANY, &id), -ENODEV);
	CHECK_RET(svm_device_destroy(0), -ENODEV);
	CHECK_EQ(id, 77);
	svm_close(svm);
}

CASE(no_device_to_move_to)
{
	struct svm *svm = lib_open(NULL);
	struct svm_result result = SVM_RESULT_INIT;
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_device(0), NULL,
			      &result),
		  -ENODEV);
	/* A hint does nothing instead. */
	CHECK_RET(svm_prefetch(svm, addr, LENGTH, svm_on_device(0), &result),
		  0);
	CHECK_EQ(result.bytes_moved, 0);
	CHECK_EQ(result.bytes_left, LENGTH);
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}

/* What only a device can do is not done by anybody else. */
CASE(no_device_to_work)
{
	struct svm *svm = lib_open(NULL);
	struct svm_events *events = NULL;
	char *addr = map_anon(LENGTH), buffer[8] = "before";

	fill(addr, LENGTH, 1);
	CHECK_RET(svm_access_read(svm, 0, addr, 8, buffer), -ENODEV);
	CHECK_RET(svm_access_fill(svm, 0, addr, LENGTH, 1, 0), -ENODEV);
	CHECK_RET(svm_exclusive_acquire(svm, 0, addr, LENGTH, NULL), -ENODEV);
	CHECK_RET(svm_events_open(&events, svm, 0, NULL), -ENODEV);
	CHECK(!events);
	CHECK(!strcmp(buffer, "before"));
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}

static void between_nodes(char *addr, size_t length)
{
	struct svm *svm = lib_open(NULL);
	struct svm_result result;
	int nodes[2], i;

	need_two_nodes(nodes);
	fill(addr, length, 1);
	CHECK_RET(svm_migrate(svm, addr, length, svm_on_node(nodes[0]), NULL,
			      NULL),
		  0);
	for (i = 1; i < 5; i++) {
		result = (struct svm_result)SVM_RESULT_INIT;
		CHECK_RET(svm_migrate(svm, addr, length,
				      svm_on_node(nodes[i % 2]), NULL, &result),
			  0);
		CHECK_EQ(result.bytes_moved, length);
		CHECK_EQ(result.bytes_there, length);
		CHECK_EQ(result.bytes_left, 0);
		CHECK_EQ(result.pages[SVM_PAGE_MOVED], length / PAGE);
		check_node(addr, length, nodes[i % 2]);
		CHECK_EQ(lib_bytes_on_node(svm, addr, length, nodes[i % 2]),
			 length);
		check_fill(addr, length, 1);
	}
	result = (struct svm_result)SVM_RESULT_INIT;
	CHECK_RET(svm_migrate(svm, addr, length, svm_on_node(SVM_NODE_ANY),
			      NULL, &result),
		  0);
	CHECK_EQ(result.bytes_moved, 0);
	CHECK_EQ(result.bytes_there, length);
	svm_close(svm);
}

CASE(anonymous)
{
	between_nodes(map_anon(LENGTH), LENGTH);
}

CASE(huge)
{
	between_nodes(map_thp(MIB(4)), MIB(4));
}

CASE(shared)
{
	between_nodes(map_shared(LENGTH), LENGTH);
}

CASE(file)
{
	between_nodes(CHECK_SYS(mmap(NULL, LENGTH, RW, MAP_SHARED,
				     real_file(LENGTH), 0)),
		      LENGTH);
}

CASE(read_only)
{
	struct svm *svm = lib_open(NULL);
	char *addr = map_anon(LENGTH);
	int nodes[2];

	need_two_nodes(nodes);
	bind_to_node(addr, LENGTH, nodes[0]);
	fill(addr, LENGTH, 1);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_node(nodes[1]), NULL,
			      NULL),
		  0);
	check_node(addr, LENGTH, nodes[1]);
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}

CASE(holes_and_gaps)
{
	struct svm *svm = lib_open(NULL);
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	char *addr = find_gap(30 * PAGE);
	uint8_t status[30];
	int nodes[2], i;

	need_two_nodes(nodes);
	CHECK_SYS(mmap(addr, 20 * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	bind_to_node(addr, 20 * PAGE, nodes[0]);
	fill(addr, 10 * PAGE, 1);
	opts.status = status;
	opts.status_count = 30;
	CHECK_RET(svm_migrate(svm, addr, 30 * PAGE, svm_on_node(nodes[1]),
			      &opts, &result),
		  0);
	CHECK_EQ(result.bytes_moved, 10 * PAGE);
	for (i = 0; i < 30; i++)
		CHECK_EQ(status[i], i < 10   ? SVM_PAGE_MOVED
				    : i < 20 ? SVM_PAGE_HOLE
					     : SVM_PAGE_UNMAPPED);
	CHECK_RET(svm_migrate(svm, addr + 20 * PAGE, PAGE,
			      svm_on_node(nodes[1]), NULL, NULL),
		  -EFAULT);
	CHECK_RET(svm_migrate(svm, addr, PAGE, svm_on_node(999), NULL, NULL),
		  -EINVAL);
	check_fill(addr, 10 * PAGE, 1);
	svm_close(svm);
}

CASE(residency)
{
	struct svm *svm = lib_open(NULL);
	char *addr = map_anon(LENGTH);
	struct svm_page pages[PAGES];
	int i, node;

	fill(addr, LENGTH / 2, 1);
	CHECK_EQ(svm_residency(svm, addr, LENGTH, pages, PAGES), PAGES);
	for (i = 0; i < PAGES / 2; i++) {
		node = node_of(page_at(addr, i));
		CHECK_EQ(pages[i].place, SVM_PLACE_SYSTEM);
		CHECK_EQ(pages[i].id, node);
		CHECK_EQ(pages[i].flags, 0);
	}
	for (; i < PAGES; i++)
		CHECK_EQ(pages[i].place, SVM_PLACE_NONE);
	svm_close(svm);
}

struct client {
	char *addr;
	struct gate ready, done;
};

static void client(void *arg)
{
	struct client *c = arg;

	fill(c->addr, LENGTH, 1);
	gate_open(&c->ready, 1);
	gate_wait(&c->done);
	check_fill(c->addr, LENGTH, 1);
}

CASE(another_process)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	struct client c = { map_anon(LENGTH), gate_make(), gate_make() };
	int nodes[2], i;
	struct svm *svm;
	pid_t pid;

	need_two_nodes(nodes);
	pid = child(client, &c);
	gate_wait(&c.ready);
	opts.pid = pid;
	CHECK_RET(svm_open(&svm, &opts), 0);
	CHECK_EQ(svm_device_count(svm), 0);
	for (i = 0; i < 2; i++) {
		result = (struct svm_result)SVM_RESULT_INIT;
		CHECK_RET(svm_migrate(svm, c.addr, LENGTH,
				      svm_on_node(nodes[i]), NULL, &result),
			  0);
		CHECK_EQ(result.bytes_there, LENGTH);
		CHECK_EQ(lib_bytes_on_node(svm, c.addr, LENGTH, nodes[i]),
			 LENGTH);
	}
	gate_open(&c.done, 1);
	child_ok(pid);
	CHECK_RET(svm_migrate(svm, c.addr, LENGTH, svm_on_node(nodes[0]), NULL,
			      NULL),
		  -ESRCH);
	svm_close(svm);
}

CASE(counters)
{
	struct svm *svm = lib_open(NULL);
	struct svm_stats stats = { .size = sizeof(stats) };
	char *addr = map_anon(LENGTH);
	int nodes[2];

	need_two_nodes(nodes);
	bind_to_node(addr, LENGTH, nodes[0]);
	fill(addr, LENGTH, 1);
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_node(nodes[1]), NULL,
			      NULL),
		  0);
	CHECK_RET(svm_get_stats(svm, &stats), 0);
	CHECK_EQ(stats.bytes_between_nodes, LENGTH);
	CHECK_EQ(stats.bytes_to_device, 0);
	CHECK_RET(svm_get_device_stats(svm, 0, &stats), -ENODEV);
	svm_close(svm);
}

CASE(allocate)
{
	void *addr;

	CHECK_RET(svm_alloc(MIB(2), 0, &addr), 0);
	CHECK_EQ((uintptr_t)addr % HUGE_PAGE, 0);
	check_zero(addr, MIB(2));
	CHECK_RET(svm_free(addr, MIB(2)), 0);
}
