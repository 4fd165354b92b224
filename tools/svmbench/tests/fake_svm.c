// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A libsvm, and a device that accesses memory, that are played: memory "on" the
 * device can't be touched (mprotect) and comes home a huge page at a time when it
 * is (SIGSEGV). Any number of threads may use it.
 *
 * FAKE_SVM_DEVICES	devices of 512 MiB that there are
 * FAKE_SVM_MODULE	whether there is a module, so that devices can be made
 * FAKE_SVM_CHEAT	"nothing": moves nothing and says so;
 *			"lie": moves nothing and says that it did;
 *			"corrupt": a bit is wrong when memory comes home;
 *			"busy": every other call leaves a page behind;
 *			"double": a fault brings home all there is;
 *			"misread": the device reads what is not there;
 *			"miswrite": it does not write;
 *			"misadd": it adds to the wrong sum;
 *			"stuck": svm_evict() frees nothing;
 *			"wait": it does nothing in the background;
 *			"cancel": what it does there is cancelled;
 *			"untraced": nobody may trace;
 *			"single": there is one CPU;
 *			"forbid": copy_cpus may not be written;
 *			"helped": it is not heeded;
 *			"kept": once written, it can't be written again;
 *			"die": a process that moves memory dies
 * FAKE_KERNEL_COPY	whether there is the module svm_copy_rate: "good", or "bad" if
 *			it copies wrong
 *
 * What copy_cpus is in the end is said on standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <svm/fence.h>
#include <svm/svm.h>

#include "copy_cpus.h"
#include "engine.h"
#include "kernel_copy.h"
#include "phases.h"

#define DEVICE_BYTES ((uint64_t)512 << 20)
#define BLOCK ((uintptr_t)2 << 20)
#define BLOCKS 1024

struct svm {
	unsigned int nr;
	uint32_t first;
};

/* A block of memory that is on the device, or NULL. */
static struct block {
	char *addr;
	size_t bytes;
} blocks[BLOCKS];
static bool locked;
static struct svm_stats counters;
static uint64_t made_bytes;
static unsigned int calls;
static pid_t first_process;
static unsigned int copy_cpus = 4;
static bool copy_cpus_written;
static uint64_t helped;

/* Nobody faults on memory of the device while it holds this. */
static void lock(void)
{
	while (__atomic_test_and_set(&locked, __ATOMIC_ACQUIRE))
		;
}

static void unlock(void)
{
	__atomic_clear(&locked, __ATOMIC_RELEASE);
}

static bool cheats(const char *how)
{
	const char *cheat = getenv("FAKE_SVM_CHEAT");

	return cheat && !strcmp(cheat, how);
}

static unsigned int devices(void)
{
	const char *text = getenv("FAKE_SVM_DEVICES");

	return text ? (unsigned int)atoi(text) : 0;
}

static void bring_back(struct block *block)
{
	mprotect(block->addr, block->bytes, PROT_READ | PROT_WRITE);
	if (cheats("corrupt"))
		block->addr[block->bytes / 2] ^= 1;
	block->addr = NULL;
}

/* Those in the range; counts their bytes. */
static uint64_t bring_back_all(const char *addr, size_t length)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < BLOCKS; i++) {
		if (!blocks[i].addr ||
		    (uintptr_t)blocks[i].addr - (uintptr_t)addr >= length)
			continue;
		bytes += blocks[i].bytes;
		bring_back(&blocks[i]);
	}
	return bytes;
}

static void send_away(char *addr, size_t length)
{
	char *end = addr + length;

	for (size_t i = 0; i < BLOCKS && addr < end; i++) {
		size_t bytes = BLOCK - (uintptr_t)addr % BLOCK;

		if (blocks[i].addr)
			continue;
		if (bytes > (size_t)(end - addr))
			bytes = (size_t)(end - addr);
		blocks[i] = (struct block){ addr, bytes };
		mprotect(addr, bytes, PROT_NONE);
		addr += bytes;
	}
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	char *addr = info->si_addr;
	bool found = false;

	(void)context;
	lock();
	for (size_t i = 0; i < BLOCKS && !found; i++) {
		struct block *block = &blocks[i];

		if (!block->addr || addr < block->addr ||
		    addr >= block->addr + block->bytes)
			continue;
		found = true;
		counters.faults++;
		counters.bytes_faulted += block->bytes;
		bring_back(block);
		if (cheats("double"))
			bring_back_all(NULL, SIZE_MAX);
	}
	unlock();
	if (!found)
		signal(number, SIG_DFL);
}

int svm_open(struct svm **out, const struct svm_open_opts *opts)
{
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO };
	unsigned int nr = devices() + (made_bytes != 0);
	struct svm *svm = calloc(1, sizeof(*svm));

	if (!svm)
		return -ENOMEM;
	svm->nr = nr;
	if (opts && opts->device) {
		svm->nr = 1;
		svm->first = (uint32_t)atoi(opts->device + 3);
		if (svm->first >= nr) {
			free(svm);
			return -ENODEV;
		}
	}
	if (!first_process)
		first_process = getpid();
	sigaction(SIGSEGV, &action, NULL);
	*out = svm;
	return 0;
}

struct svm *svm_close(struct svm *svm)
{
	free(svm);
	return NULL;
}

int svm_device_count(const struct svm *svm)
{
	return (int)svm->nr;
}

int svm_device_info(struct svm *svm, unsigned int index,
		    struct svm_device_info *info)
{
	uint32_t id = svm->first + index;

	if (index >= svm->nr)
		return -ENOENT;
	*info = (struct svm_device_info){
		.size = sizeof(*info),
		.type = SVM_DEVICE_RAM,
		.id = id,
		.node = SVM_NODE_ANY,
		.capabilities = SVM_CAP_TO_DEVICE | SVM_CAP_TO_SYSTEM,
		.bytes_total = id < devices() ? DEVICE_BYTES : made_bytes,
		.bytes_free = id < devices() ? DEVICE_BYTES : made_bytes,
		.page_orders = 1,
	};
	return 0;
}

int svm_device_create(uint64_t bytes, int node, uint32_t *id)
{
	(void)node;
	if (!getenv("FAKE_SVM_MODULE"))
		return -ENODEV;
	if (made_bytes)
		return -ENOSPC;
	made_bytes = bytes;
	*id = devices();
	fputs("created\n", stderr);
	return 0;
}

int svm_device_destroy(uint32_t id)
{
	if (!made_bytes || id != devices())
		return -ENOENT;
	made_bytes = 0;
	fputs("destroyed\n", stderr);
	return 0;
}

int svm_migrate(struct svm *svm, void *addr, size_t length, struct svm_place to,
		const struct svm_migrate_opts *opts, struct svm_result *result)
{
	size_t moved = length;

	(void)svm;
	(void)opts;
	if (cheats("die") && getpid() != first_process)
		_exit(1);
	if (cheats("nothing")) {
		result->pages[SVM_PAGE_PINNED] = length / 4096;
		return 0;
	}
	if (cheats("busy") && to.type == SVM_PLACE_DEVICE &&
	    __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED) % 2)
		moved -= 4096;
	result->bytes_moved = moved;
	result->bytes_there = moved;
	result->pages[SVM_PAGE_MOVED] = moved / 4096;
	result->pages[SVM_PAGE_BUSY] = (length - moved) / 4096;
	if (cheats("lie") || moved < length)
		return 0;
	lock();
	if (copy_cpus > 1 || cheats("helped"))
		helped += moved / 2;
	if (to.type == SVM_PLACE_DEVICE)
		send_away(addr, moved);
	else
		bring_back_all(addr, moved);
	unlock();
	return 0;
}

/* Ends before it returns. */
struct svm_fence {
	struct svm_result result;
};

int svm_migrate_async(struct svm *svm, void *addr, size_t length,
		      struct svm_place to, const struct svm_migrate_opts *opts,
		      struct svm_fence **out)
{
	struct svm_fence *fence = calloc(1, sizeof(*fence));

	if (!fence)
		return -ENOMEM;
	*out = fence;
	return svm_migrate(svm, addr, length, to, opts, &fence->result);
}

int svm_fence_is_async(const struct svm_fence *fence)
{
	return fence && !cheats("wait");
}

int svm_fence_wait(struct svm_fence *fence, int timeout_ms)
{
	(void)timeout_ms;
	return fence ? 0 : -EINVAL;
}

int svm_fence_result(struct svm_fence *fence, int *error,
		     struct svm_result *result)
{
	*error = cheats("cancel") ? -ECANCELED : 0;
	*result = fence->result;
	return 0;
}

struct svm_fence *svm_fence_close(struct svm_fence *fence)
{
	free(fence);
	return NULL;
}

int svm_evict(struct svm *svm, uint32_t id, uint64_t bytes, uint64_t *evicted)
{
	uint64_t all = 0;

	(void)svm;
	(void)id;
	lock();
	for (size_t i = 0; i < BLOCKS && !cheats("stuck"); i++) {
		if (!blocks[i].addr || (bytes && all >= bytes))
			continue;
		all += blocks[i].bytes;
		bring_back(&blocks[i]);
	}
	unlock();
	*evicted = all;
	return 0;
}

int svm_summarize(struct svm *svm, const void *addr, size_t length,
		  struct svm_summary *summary)
{
	const char *first = addr;
	uint64_t away = 0;

	(void)svm;
	lock();
	for (size_t i = 0; i < BLOCKS; i++) {
		if (blocks[i].addr && blocks[i].addr >= first &&
		    blocks[i].addr < first + length)
			away += blocks[i].bytes;
	}
	unlock();
	summary->bytes[SVM_PLACE_DEVICE] = away;
	summary->bytes[SVM_PLACE_SYSTEM] = length - away;
	return 0;
}

int phases_open(enum phases_whose whose)
{
	(void)whose;
	return cheats("untraced") ? -EPERM : 0;
}

int phases_start(void)
{
	return 0;
}

void phases_close(void)
{
}

int phases_stop(struct phases *phases)
{
	*phases = (struct phases){ 0 };
	for (unsigned int i = 0; i < PHASE_REST; i++)
		phases->ns[i] = i + 1;
	return 0;
}

unsigned int copy_cpus_online(void)
{
	return cheats("single") ? 1 : 4;
}

int copy_cpus_check(void)
{
	return cheats("forbid") ? -EACCES : 0;
}

int copy_cpus_set(unsigned int nr, unsigned int *before)
{
	if (cheats("kept") && copy_cpus_written)
		return -EACCES;
	if (before)
		*before = copy_cpus;
	copy_cpus = nr;
	copy_cpus_written = true;
	return 0;
}

int copy_cpus_helped(uint32_t id, uint64_t *bytes)
{
	(void)id;
	*bytes = helped;
	return 0;
}

__attribute__((destructor)) static void tell_copy_cpus(void)
{
	if (getpid() == first_process)
		fprintf(stderr, "copy_cpus is %u\n", copy_cpus);
}

bool kernel_copy_here(void)
{
	return getenv("FAKE_KERNEL_COPY");
}

bool kernel_copy_takes(uint64_t bytes)
{
	return bytes % BLOCK == 0 && bytes <= DEVICE_BYTES;
}

/* A copy takes as many nanoseconds as it has bytes for each CPU. */
int kernel_copy(uint64_t bytes, unsigned int cpus, uint64_t *ns)
{
	*ns = bytes / cpus;
	return strcmp(getenv("FAKE_KERNEL_COPY"), "bad") ? 0 : -EIO;
}

/* The device accesses memory as a debugger does: whatever its protection. */
int engine_open(uint32_t id)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	(void)id;
	return fd < 0 ? -errno : fd;
}

static void engine_add(int fd, struct svm_access_op *op)
{
	uint64_t value;

	if (pread(fd, &value, sizeof(value), (off_t)op->addr) != sizeof(value))
		abort();
	op->old = value + cheats("misadd");
	value += op->data;
	if (pwrite(fd, &value, sizeof(value), (off_t)op->addr) != sizeof(value))
		abort();
}

static void engine_copy(int fd, struct svm_access_op *op)
{
	char *buffer = (char *)(uintptr_t)op->data;
	ssize_t done = 0, length = (ssize_t)op->length;

	while (done < length && done >= 0) {
		size_t left = (size_t)(length - done);
		off_t at = (off_t)op->addr + done;
		ssize_t some = op->type == SVM_ACCESS_READ
				       ? pread(fd, buffer + done, left, at)
				       : pwrite(fd, buffer + done, left, at);

		if (some <= 0)
			abort();
		done += some;
	}
	if (op->type == SVM_ACCESS_READ && cheats("misread"))
		buffer[length - 1] ^= 1;
}

int engine_run(int fd, struct svm_access_op *ops, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (ops[i].type == SVM_ACCESS_ADD)
			engine_add(fd, &ops[i]);
		else if (ops[i].type == SVM_ACCESS_READ || !cheats("miswrite"))
			engine_copy(fd, &ops[i]);
	}
	return 0;
}

int svm_get_stats(struct svm *svm, struct svm_stats *stats)
{
	(void)svm;
	*stats = counters;
	return 0;
}

const char *svm_status_name(unsigned int status)
{
	return status == SVM_PAGE_PINNED ? "pinned"
	       : status == SVM_PAGE_BUSY ? "busy"
					 : "other";
}
