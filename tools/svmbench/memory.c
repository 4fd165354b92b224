// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mapping, filling and checking.
 *
 * The content of word i is i times an odd number plus a seed that has been
 * stirred: no two words of a mapping are equal, so that pages that got mixed up
 * show, and a fresh seed for each run tells stale content from new.
 */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "pagescan.h"
#include "rng.h"

#define STEP 0x9e3779b97f4a7c15ull
#define WORDS_A_ROUND (4096 / sizeof(uint64_t))

const char *page_kind_name(enum page_kind kind)
{
	return kind == PAGES_HUGE ? "huge" : "4k";
}

static int prefer_node(void *addr, size_t bytes, int node)
{
	unsigned long mask[16] = { 0 };
	const unsigned int bits = 8 * sizeof(mask[0]);

	if (node < 0)
		return 0;
	if ((unsigned int)node >= bits * ARRAY_SIZE(mask))
		return -EINVAL;
	mask[(unsigned int)node / bits] |= 1ul << (unsigned int)node % bits;
	return mbind(addr, bytes, MPOL_PREFERRED, mask, bits * ARRAY_SIZE(mask),
		     0)
		       ? -errno
		       : 0;
}

/* Maps with the beginning at a multiple of a huge page. */
static void *map_aligned(size_t bytes)
{
	size_t room = bytes + HUGE_BYTES, head;
	char *addr;

	addr = mmap(NULL, room, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (addr == MAP_FAILED)
		return NULL;
	head = -(uintptr_t)addr % HUGE_BYTES;
	if (head)
		munmap(addr, head);
	munmap(addr + head + bytes, room - head - bytes);
	return addr + head;
}

int memory_map(struct memory *memory, size_t bytes, enum page_kind kind,
	       int node)
{
	int err;

	*memory = MEMORY_NONE;
	memory->addr = map_aligned(bytes);
	if (!memory->addr)
		return -ENOMEM;
	memory->bytes = bytes;
	memory->kind = kind;
	err = prefer_node(memory->addr, bytes, node);
	/* a kernel without huge pages refuses; what came of it is looked up */
	madvise(memory->addr, bytes,
		kind == PAGES_HUGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (err)
		memory_unmap(memory);
	return err;
}

void memory_unmap(struct memory *memory)
{
	if (memory->addr)
		munmap(memory->addr, memory->bytes);
	*memory = MEMORY_NONE;
}

void memory_fill(const struct memory *memory, uint64_t seed)
{
	uint64_t *word = memory->addr, value = rng_mix(seed);

	for (size_t i = 0; i < memory->bytes / sizeof(*word); i++) {
		word[i] = value;
		value += STEP;
	}
}

bool memory_check(const struct memory *memory, uint64_t seed)
{
	const uint64_t *word = memory->addr;
	uint64_t value = rng_mix(seed), wrong = 0;
	size_t words = memory->bytes / sizeof(*word);

	for (size_t i = 0; i < words && !wrong; i += WORDS_A_ROUND) {
		for (size_t j = 0; j < WORDS_A_ROUND; j++) {
			wrong |= word[i + j] ^ value;
			value += STEP;
		}
	}
	return !wrong;
}

uint64_t memory_word(const struct memory *memory, uint64_t seed, uint64_t addr)
{
	uint64_t i = (addr - (uintptr_t)memory->addr) / sizeof(uint64_t);

	return rng_mix(seed) + i * STEP;
}

void memory_touch(const struct memory *memory)
{
	const volatile char *byte = memory->addr;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t at = 0; at < memory->bytes; at += page)
		(void)byte[at];
}

/* How much of it is of this kind, by PAGEMAP_SCAN. */
static size_t scan(const struct memory *memory, enum pagescan_kind kind)
{
	__close int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t at = (uintptr_t)memory->addr, end = at + memory->bytes;
	struct pagescan_region regions[64];
	size_t bytes = 0;
	int nr;

	while (at < end) {
		nr = pagescan(fd, at, end, kind, 0, kind, regions,
			      ARRAY_SIZE(regions), &at);
		if (nr < 0)
			break;
		for (int i = 0; i < nr; i++)
			bytes += regions[i].end - regions[i].start;
	}
	return bytes;
}

size_t memory_huge_bytes(const struct memory *memory)
{
	return scan(memory, PAGESCAN_HUGE);
}

size_t memory_away_bytes(const struct memory *memory)
{
	return scan(memory, PAGESCAN_AWAY);
}
