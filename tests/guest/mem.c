// SPDX-License-Identifier: GPL-2.0-or-later
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness.h"

void *map_anon(size_t length)
{
	void *addr = CHECK_SYS(
		mmap(NULL, length, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	/* ENOSYS or EINVAL where the kernel has no huge pages at all. */
	madvise(addr, length, MADV_NOHUGEPAGE);
	return addr;
}

/*
 * The kernel fills free room from above. Above a gap there is enough for all that
 * the C library maps meanwhile, thread stacks and arenas included: what it took of
 * a gap, a case would find mapped.
 */
#define GAP_ABOVE MIB(256)

void *find_gap(size_t length)
{
	size_t room = length + 2 * HUGE_PAGE + GAP_ABOVE;
	char *addr = CHECK_SYS(mmap(NULL, room, PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char *inner = addr + HUGE_PAGE;

	CHECK_SYS(munmap(addr, room));
	inner = (char *)(((uintptr_t)inner + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	return inner;
}

void *map_aligned(size_t length)
{
	void *addr;
	int try;

	/* Another thread may be faster to fill the gap. */
	for (try = 0; try < 100; try++) {
		addr = mmap(find_gap(length), length, RW,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			    -1, 0);
		if (addr != MAP_FAILED || errno != EEXIST)
			break;
	}
	return CHECK_SYS(addr);
}

void *map_small(size_t length)
{
	void *addr = map_aligned(length);

	/* As map_anon(). */
	madvise(addr, length, MADV_NOHUGEPAGE);
	return addr;
}

void *map_thp(size_t length)
{
	char *addr = map_aligned(length);
	size_t i;
	int try;

	CHECK_EQ(length % HUGE_PAGE, 0);
	if (madvise(addr, length, MADV_HUGEPAGE))
		skip("no transparent huge pages on this kernel");
	for (try = 0; try < 5; try++) {
		for (i = 0; i < length; i += HUGE_PAGE)
			*(volatile char *)(addr + i) = 1;
		if (smaps_kib(addr, length, "AnonHugePages") == length >> 10)
			return addr;
		CHECK_SYS(madvise(addr, length, MADV_DONTNEED));
	}
	skip("the kernel gave no huge pages for %zu MiB", length >> 20);
}

void pin_by_pipe(const int pipefd[2], void *addr, size_t length)
{
	struct iovec iov = { addr, length };

	CHECK_EQ(vmsplice(pipefd[1], &iov, 1, 0), length);
}

int pin_by_uring(void *addr, size_t length)
{
	struct io_uring_params params = { 0 };
	struct iovec iov = { addr, length };
	int ring = syscall(SYS_io_uring_setup, 4, &params);

	if (ring < 0)
		skip("no io_uring: %s", err_name(errno));
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &iov,
		    1))
		skip("io_uring can't register buffers: %s", err_name(errno));
	return ring;
}

void unpin_by_uring(int ring)
{
	CHECK_SYS(syscall(SYS_io_uring_register, ring,
			  IORING_UNREGISTER_BUFFERS, NULL, 0));
}

void fill_part(void *addr, size_t length, uint64_t seed, size_t offset)
{
	uint64_t *word = addr;
	size_t i, first = offset / sizeof(*word);

	for (i = 0; i < length / sizeof(*word); i++)
		word[i] = pattern(seed, first + i);
}

void fill(void *addr, size_t length, uint64_t seed)
{
	fill_part(addr, length, seed, 0);
}

void check_part_at(const char *file, int line, const void *addr, size_t length,
		   uint64_t seed, size_t offset)
{
	const uint64_t *word = addr;
	size_t i, first = offset / sizeof(*word);

	for (i = 0; i < length / sizeof(*word); i++) {
		uint64_t got = word[i], want = pattern(seed, first + i);

		if (got != want)
			fail_at(file, line,
				"content lost: %p, page %zu of %zu, byte %zu of it: %#llx, not %#llx",
				addr, i * sizeof(*word) / PAGE, length / PAGE,
				i * sizeof(*word) % PAGE,
				(unsigned long long)got,
				(unsigned long long)want);
	}
}

void check_zero_at(const char *file, int line, const void *addr, size_t length)
{
	const uint64_t *word = addr;
	size_t i;

	for (i = 0; i < length / sizeof(*word); i++)
		if (word[i])
			fail_at(file, line,
				"not zero: %p, page %zu of %zu, byte %zu of it: %#llx",
				addr, i * sizeof(*word) / PAGE, length / PAGE,
				i * sizeof(*word) % PAGE,
				(unsigned long long)word[i]);
}

/* Not always the same word, so that a page shifted by a bit is seen too. */
static size_t stamp_word(size_t page)
{
	return page * 37 % (PAGE / sizeof(uint64_t));
}

void stamp(void *addr, size_t length, uint64_t seed)
{
	size_t i;

	for (i = 0; i < length / PAGE; i++)
		((uint64_t *)page_at(addr, i))[stamp_word(i)] =
			pattern(seed, i);
}

void check_stamp_at(const char *file, int line, const void *addr, size_t length,
		    uint64_t seed)
{
	size_t i;

	for (i = 0; i < length / PAGE; i++) {
		const uint64_t *word =
			(const uint64_t *)addr + i * (PAGE / sizeof(*word));
		uint64_t got = word[stamp_word(i)], want = pattern(seed, i);

		if (got != want)
			fail_at(file, line,
				"content lost: %p, page %zu of %zu: %#llx, not %#llx",
				addr, i, length / PAGE, (unsigned long long)got,
				(unsigned long long)want);
	}
}

size_t smaps_kib(const void *addr, size_t length, const char *field)
{
	unsigned long first, last, from = (unsigned long)addr;
	size_t sum = 0, value, name_length = strlen(field);
	bool inside = false;
	char line[512];
	FILE *f = fopen("/proc/self/smaps", "re");

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &first, &last) == 2) {
			inside = first < from + length && last > from;
			continue;
		}
		if (inside && !strncmp(line, field, name_length) &&
		    line[name_length] == ':' &&
		    sscanf(line + name_length + 1, "%zu", &value) == 1)
			sum += value;
	}
	fclose(f);
	return sum;
}

void pagemap(const void *addr, size_t pages, uint64_t *entries)
{
	int fd = CHECK_SYS(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
	ssize_t want = pages * sizeof(*entries);

	CHECK_EQ(pread(fd, entries, want,
		       (uintptr_t)addr / PAGE * sizeof(*entries)),
		 want);
	close(fd);
}
