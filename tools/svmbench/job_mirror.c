// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel keeps for a device that has much of an address space mapped.
 *
 * The memory is holes that were read once, so that it takes no pages of its own.
 * The device then reads a word of each huge page, and whatever slab and vmalloc
 * memory grew by is taken for the mirror's. Others allocate and free too, so this
 * is for ranges that are large enough for that not to matter; small ones may
 * seem to take nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "engine.h"
#include "environment.h"
#include "job.h"

/* Of a kernel that counts on each CPU apart, the sum. */
static void fold_counters(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);

	/* without the privilege the sum is off by some pages a CPU */
	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		errno = 0;
	close(fd);
}

static uint64_t kernel_bytes(void)
{
	fold_counters();
	return environment_meminfo("Slab") + environment_meminfo("VmallocUsed");
}

static int map_all(struct job *job, char *addr, uint64_t *bytes)
{
	size_t nr = job->bytes / HUGE_BYTES;
	__free struct svm_access_op *ops = calloc(nr, sizeof(*ops));
	__free uint64_t *words = calloc(nr, sizeof(*words));
	__close int fd = engine_open(job->device->info.id);
	uint64_t before, after;
	int err;

	if (fd < 0)
		return job_problem(job, fd, "svm%u: %s", job->device->info.id,
				   strerror(-fd));
	if (!ops || !words)
		return job_problem(job, -ENOMEM, "no memory for a list");
	for (size_t i = 0; i < nr; i++) {
		ops[i] = (struct svm_access_op){
			.type = SVM_ACCESS_READ,
			.addr = (uintptr_t)addr + i * HUGE_BYTES,
			.data = (uintptr_t)&words[i],
			.length = sizeof(words[i]),
		};
		words[i] = *(volatile char *)(addr + i * HUGE_BYTES);
	}
	/* what it takes to run at all is not the mirror's */
	err = engine_run(fd, ops, 1);
	before = kernel_bytes();
	if (!err)
		err = engine_run(fd, ops + 1, nr - 1);
	if (err)
		return job_problem(job, err, "a read by the device: %s",
				   strerror(-err));
	after = kernel_bytes();
	*bytes = after > before ? after - before : 0;
	return 0;
}

int job_mirror(struct job *job, uint64_t *bytes)
{
	size_t room = job->bytes + HUGE_BYTES;
	char *addr;
	int err;

	addr = mmap(NULL, room, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (addr == MAP_FAILED)
		return job_problem(job, -errno, "no address space: %s",
				   strerror(errno));
	/* zeroes of 4 KiB, not of a huge page */
	madvise(addr, room, MADV_NOHUGEPAGE);
	err = map_all(job, addr + -(uintptr_t)addr % HUGE_BYTES, bytes);
	munmap(addr, room);
	return err;
}
