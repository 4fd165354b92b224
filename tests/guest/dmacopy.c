// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copies by a DMA engine. The VM has none, so a module of the tests' own plays one
 * (tests/kmod/svm-test-dma.c), and fails as it is told to. It is asked as well what it
 * has copied, so that nobody passes off the CPU's work as an engine's.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

#define MODULE_ARGS "ram=512M,512M"

const struct group group = {
	.module_args = MODULE_ARGS,
	.needs_device_memory = true,
	.loads_module = true,
};

#define PROVIDER "svm_test_dma"
#define PARAMETERS "/sys/module/" PROVIDER "/parameters/"
#define DRIVER "/sys/bus/platform/drivers/svm-test-dma/"
#define LENGTH (4 * HUGE_PAGE)
/* What one CPU copies at once, and so one descriptor at least. */
#define PIECE KIB(256)

/* One CPU copies, so nobody finds the engine at work and does without. */
#define ALONE "copy_cpus=1"
/* The devices of a case; the first gets the only channel. */
#define DEVICES "ram=64M,2M"

/* --- modules ---------------------------------------------------------------- */

/* delete_module(2): 0 or a negative errno value. */
static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static bool is_loaded(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return !access(path, F_OK);
}

static void unload_both(void)
{
	if (is_loaded("svm"))
		CHECK_RET(unload("svm"), 0);
	if (is_loaded(PROVIDER))
		CHECK_RET(unload(PROVIDER), 0);
}

static void load_provider(const char *arg)
{
	const char *const with[] = { "modprobe", PROVIDER, arg, NULL };

	if (access("/sys/class/dma", F_OK))
		skip("the kernel has no DMA engines (CONFIG_DMA_ENGINE)");
	CHECK_EQ(run_program(with), 0);
}

static void load_svm(const char *first, const char *second)
{
	const char *const with[] = { "modprobe", "svm",	 DEVICES,
				     first,	 second, NULL };

	CHECK_EQ(run_program(with), 0);
	CHECK(EVENTUALLY(!access("/dev/svm0", F_OK)));
	CHECK(EVENTUALLY(!access("/dev/svm1", F_OK)));
}

/* Both anew; the engine is used, by one CPU at a time. */
static void begin(void)
{
	unload_both();
	load_provider(NULL);
	load_svm("dma_copy=1", ALONE);
}

/* With no file of svm open any more: everything unloads, and is as before. */
static void end(void)
{
	const char *const with[] = { "modprobe", "svm", MODULE_ARGS, NULL };

	unload_both();
	CHECK_EQ(run_program(with), 0);
}

static void unbind_provider(void)
{
	CHECK(write_file(DRIVER "unbind", "svm-test-dma"));
}

static void tell_provider(const char *parameter, bool value)
{
	char path[96];

	snprintf(path, sizeof(path), PARAMETERS "%s", parameter);
	CHECK(write_file(path, value ? "1" : "0"));
}

/* --- what is said of it ------------------------------------------------------ */

static const char *engine_of(unsigned int n)
{
	static char name[64];
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/svm/svm%u/copy_engine", n);
	CHECK(read_file(path, name, sizeof(name)));
	return name;
}

static bool is_cpu(unsigned int n)
{
	return !strcmp(engine_of(n), "cpu");
}

/* How many users the channel of this name has. */
static long long users_of(const char *channel)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/class/dma/%s/in_use", channel);
	return read_number(path);
}

/* The provider's only channel. */
static const char *channel(void)
{
	static char name[64];
	glob_t found;

	CHECK_EQ(glob("/sys/devices/platform/svm-test-dma/dma/*", 0, NULL,
		      &found),
		 0);
	CHECK_EQ(found.gl_pathc, 1);
	snprintf(name, sizeof(name), "%s", strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	return name;
}

static long long counter(const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/class/svm/svm0/stats/%s", name);
	return read_number(path);
}

/* What the engine has copied: both sides agree. */
static long long by_engine(void)
{
	long long bytes = counter("bytes_dma_copied");

	CHECK_EQ(bytes, read_number(PARAMETERS "copied"));
	CHECK_EQ(bytes % PIECE, 0);
	return bytes;
}

/* --- moves ------------------------------------------------------------------- */

/* There and back with new content, checked. Returns what the engine did of it. */
static long long there_and_back(char *addr, uint64_t seed)
{
	long long before = by_engine();
	int fd = open_device(0);

	fill(addr, LENGTH, seed);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_on_device(fd, addr, LENGTH, 0);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	check_home(fd, addr, LENGTH);
	check_fill(addr, LENGTH, seed);
	close(fd);
	return by_engine() - before;
}

CASE(huge_pages)
{
	char *addr = map_thp(LENGTH);
	long long bytes, home;
	int fd;

	begin();
	CHECK_EQ(strcmp(engine_of(0), channel()), 0);
	fd = open_device(0);
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	bytes = by_engine();
	CHECK_GT(bytes, 0);
	CHECK_LE(bytes, LENGTH);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	home = by_engine() - bytes;
	CHECK_GT(home, 0);
	CHECK_LE(home, LENGTH);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(counter("dma_copy_failures"), 0);
	note("of %lu MiB the engine took %lld MiB there, %lld back",
	     LENGTH >> 20, bytes >> 20, home >> 20);
	close(fd);
	end();
}

/* They are not neighbours in physical memory: the CPU's. */
CASE(single_pages)
{
	char *addr = map_aligned(LENGTH);

	begin();
	CHECK_SYS(madvise(addr, LENGTH, MADV_NOHUGEPAGE));
	CHECK_EQ(there_and_back(addr, 1), 0);
	CHECK_EQ(counter("dma_copy_failures"), 0);
	end();
}

/* A huge page that the CPU touches comes home in one piece. */
CASE(by_fault)
{
	char *addr = map_thp(LENGTH);
	long long bytes;
	int fd;

	begin();
	fd = open_device(0);
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	bytes = by_engine();
	check_fill(addr, LENGTH, 1);
	CHECK_GT(by_engine(), bytes);
	close(fd);
	end();
}

/* Evicted, and by the device's end: without a page table to go by. */
CASE(by_eviction)
{
	char *addr = map_thp(LENGTH);
	long long bytes;
	int fd;

	begin();
	fd = open_device(0);
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	bytes = by_engine();
	CHECK_GE(device_evict(fd, LENGTH).bytes_evicted, LENGTH);
	CHECK_GT(by_engine(), bytes);
	check_fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	close(fd);
	CHECK_RET(unload("svm"), 0);
	check_fill(addr, LENGTH, 1);
	end();
}

static void *moves(void *arg)
{
	char *addr = map_thp(LENGTH);
	int fd = open_device(0), i;

	(void)arg;
	for (i = 0; i < 5; i++) {
		fill(addr, LENGTH, i);
		move_all(fd, addr, LENGTH, TO_DEVICE);
		move_all(fd, addr, LENGTH, TO_SYSTEM);
		check_fill(addr, LENGTH, i);
	}
	close(fd);
	return NULL;
}

/* Two threads and their helpers, and one channel: some copy by the CPU meanwhile. */
CASE(many_at_once)
{
	unload_both();
	load_provider(NULL);
	load_svm("dma_copy=1", "copy_cpus=4");
	threads_run(2, moves, NULL);
	CHECK_GT(by_engine(), 0);
	CHECK_EQ(counter("dma_copy_failures"), 0);
	end();
}

/* The engine says no, one way or the other; when it does not any more, it is used. */
static void falls_back(const char *fault)
{
	char *addr = map_thp(LENGTH);

	begin();
	tell_provider(fault, true);
	CHECK_EQ(there_and_back(addr, 1), 0);
	CHECK_GT(counter("dma_copy_failures"), 0);
	CHECK(!is_cpu(0));
	tell_provider(fault, false);
	CHECK_GT(there_and_back(addr, 2), 0);
	end();
}

CASE(not_prepared)
{
	falls_back("refuse");
}

CASE(error)
{
	falls_back("fail");
}

/* It is stopped, the CPU takes over, and the channel is not trusted again. */
CASE(hangs)
{
	char *addr = map_thp(LENGTH);

	begin();
	tell_provider("hang", true);
	CHECK_EQ(there_and_back(addr, 1), 0);
	CHECK_EQ(counter("dma_copy_failures"), 1);
	CHECK(is_cpu(0));
	tell_provider("hang", false);
	CHECK_EQ(there_and_back(addr, 2), 0);
	CHECK_EQ(counter("dma_copy_failures"), 1);
	/* It is still this device's, until that is gone. */
	CHECK_EQ(users_of(channel()), 1);
	destroy_device(0);
	CHECK_EQ(users_of(channel()), 0);
	end();
}

/* Pieces of 256 KiB can't all be multiples of 1 GiB. */
CASE(misaligned)
{
	char *addr = map_thp(LENGTH);

	unload_both();
	load_provider("align=30");
	load_svm("dma_copy=1", ALONE);
	CHECK(!is_cpu(0));
	CHECK_EQ(there_and_back(addr, 1), 0);
	CHECK_GT(counter("dma_copy_failures"), 0);
	end();
}

/* What can't be stopped could write when the memory is somebody else's. */
CASE(not_to_be_stopped)
{
	unload_both();
	load_provider("endless=1");
	load_svm("dma_copy=1", ALONE);
	CHECK(is_cpu(0));
	CHECK_EQ(users_of(channel()), 0);
	CHECK_EQ(there_and_back(map_thp(LENGTH), 1), 0);
	CHECK_EQ(counter("dma_copy_failures"), 0);
	end();
}

/* Asked for, but there is none: also on a kernel without DMA engines. */
CASE(no_channel)
{
	char *addr = map_thp(LENGTH);
	int fd;

	unload_both();
	load_svm("dma_copy=1", ALONE);
	CHECK(is_cpu(0));
	fd = open_device(0);
	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	move_all(fd, addr, LENGTH, TO_SYSTEM);
	check_fill(addr, LENGTH, 1);
	CHECK_EQ(counter("bytes_dma_copied"), 0);
	CHECK_EQ(counter("dma_copy_failures"), 0);
	close(fd);
	end();
}

CASE(off_by_default)
{
	unload_both();
	load_provider(NULL);
	load_svm(ALONE, NULL);
	CHECK(is_cpu(0));
	CHECK_EQ(users_of(channel()), 0);
	CHECK_EQ(there_and_back(map_thp(LENGTH), 1), 0);
	end();
}

/* One device has the channel; it is free for another when that is gone. */
CASE(given_back)
{
	const char *path = "/sys/module/svm/parameters/dma_copy";
	uint32_t id;

	begin();
	CHECK_EQ(users_of(channel()), 1);
	CHECK(!is_cpu(0));
	CHECK(is_cpu(1));
	destroy_device(0);
	CHECK_EQ(users_of(channel()), 0);

	CHECK(write_file(path, "0"));
	id = create_device(HUGE_PAGE);
	CHECK(is_cpu(id));
	destroy_device(id);
	CHECK(write_file(path, "1"));
	id = create_device(HUGE_PAGE);
	CHECK_EQ(strcmp(engine_of(id), channel()), 0);
	CHECK_EQ(users_of(channel()), 1);
	end();
}

/* A device that can't be made gives it back as well. */
CASE(given_back_by_failure)
{
	const char *const with[] = { "modprobe", "svm", "ram=2M,3M",
				     "dma_copy=1", NULL };

	unload_both();
	load_provider(NULL);
	CHECK_NE(run_program(with), 0);
	CHECK(!is_loaded("svm"));
	CHECK_EQ(users_of(channel()), 0);
	end();
}

CASE(provider_stays)
{
	int ret;

	begin();
	ret = unload(PROVIDER);
	CHECK(ret == -EWOULDBLOCK || ret == -EBUSY);
	CHECK_GT(there_and_back(map_thp(LENGTH), 1), 0);
	CHECK_RET(unload("svm"), 0);
	CHECK_RET(unload(PROVIDER), 0);
	end();
}

/* Its driver goes. It could be freed with that, so it is given back before. */
CASE(provider_unbound)
{
	char *addr = map_thp(LENGTH);
	long long bytes;

	begin();
	CHECK_GT(there_and_back(addr, 1), 0);
	bytes = by_engine();
	unbind_provider();
	CHECK(is_cpu(0));
	CHECK_EQ(there_and_back(addr, 2), 0);
	CHECK_EQ(by_engine(), bytes);
	CHECK_EQ(counter("dma_copy_failures"), 0);
	end();
}

static atomic_bool gone;

static void *moves_until_gone(void *addr)
{
	uint64_t seed;

	for (seed = 1; !gone; seed++)
		there_and_back(addr, seed);
	return NULL;
}

/* The engine is pulled away while it copies. */
CASE(provider_unbound_while_it_copies)
{
	char *addr = map_thp(LENGTH);
	pthread_t thread;

	begin();
	thread = thread_start(moves_until_gone, addr);
	CHECK(EVENTUALLY(counter("bytes_dma_copied") > 0));
	unbind_provider();
	CHECK(is_cpu(0));
	gone = true;
	thread_join(thread);
	CHECK_EQ(there_and_back(addr, 3), 0);
	end();
}
