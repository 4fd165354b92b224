/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory to move about, and patterns to know it by.
 */
#ifndef GUEST_MEM_H
#define GUEST_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define HUGE_PAGE (2UL << 20)
#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)

#define RW (PROT_READ | PROT_WRITE)

/* The n-th page of a mapping. */
static inline char *page_at(void *addr, size_t n)
{
	return (char *)addr + n * PAGE;
}

/* Private anonymous memory, readable and writable, in 4 KiB pages. */
void *map_anon(size_t length);

/* As above, 2 MiB aligned, and with nothing mapped right before and after. */
void *map_aligned(size_t length);

/* As above, in 4 KiB pages. */
void *map_small(size_t length);

/*
 * As map_aligned(), length a multiple of 2 MiB, touched, and really in huge pages;
 * skips the case if the kernel has none to give.
 */
void *map_thp(size_t length);

/* A hole in the address space: nothing is mapped there. */
void *find_gap(size_t length);

/* Fill a pipe with references to the pages, not with copies of them. */
void pin_by_pipe(const int pipefd[2], void *addr, size_t length);
/*
 * Register memory with an io_uring: pinned for long, as RDMA does it. Returns the
 * ring; skips where there is none.
 */
int pin_by_uring(void *addr, size_t length);
void unpin_by_uring(int ring);

/* The word that belongs at an offset in memory filled with a seed. */
static inline uint64_t pattern(uint64_t seed, size_t word)
{
	return (seed + word) * 0x9e3779b97f4a7c15ull ^ seed;
}

/* Fill; the pattern depends on the seed and the offset from the beginning. */
void fill(void *addr, size_t length, uint64_t seed);
/* As if @addr were @offset bytes into a larger filled range. */
void fill_part(void *addr, size_t length, uint64_t seed, size_t offset);

/* Fails the test at the first word that differs. */
#define check_fill(addr, length, seed) \
	check_part_at(__FILE__, __LINE__, addr, length, seed, 0)
#define check_part(addr, length, seed, offset) \
	check_part_at(__FILE__, __LINE__, addr, length, seed, offset)
void check_part_at(const char *file, int line, const void *addr, size_t length,
		   uint64_t seed, size_t offset);

#define check_zero(addr, length) check_zero_at(__FILE__, __LINE__, addr, length)
void check_zero_at(const char *file, int line, const void *addr, size_t length);

/* One word a page, for stress: quick to write and to check. */
void stamp(void *addr, size_t length, uint64_t seed);
#define check_stamp(addr, length, seed) \
	check_stamp_at(__FILE__, __LINE__, addr, length, seed)
void check_stamp_at(const char *file, int line, const void *addr, size_t length,
		    uint64_t seed);

/* A field of /proc/self/smaps in KiB, summed over the mappings in the range. */
size_t smaps_kib(const void *addr, size_t length, const char *field);

/* Entries of /proc/self/pagemap. */
#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAP (1ull << 62)
#define PAGEMAP_FILE (1ull << 61)
#define PAGEMAP_EXCLUSIVE (1ull << 56)
#define PAGEMAP_PFN(entry) ((entry) & ((1ull << 55) - 1))
void pagemap(const void *addr, size_t pages, uint64_t *entries);

#endif /* GUEST_MEM_H */
