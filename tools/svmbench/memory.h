/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that is moved: pages of the kind that was asked for, on the node
 * that was asked for, with a content that can be checked.
 */
#ifndef SVMBENCH_MEMORY_H
#define SVMBENCH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a huge page is here. */
#define HUGE_BYTES ((size_t)2 << 20)

enum page_kind {
	PAGES_4K,
	PAGES_HUGE,
};

/*
 * struct memory - a mapping
 * @addr: where it is; aligned to a huge page.
 * @bytes: its size; a multiple of the page size.
 * @kind: what was asked of the kernel.
 */
struct memory {
	void *addr;
	size_t bytes;
	enum page_kind kind;
};

/* Initial value of one that is not mapped. */
#define MEMORY_NONE ((struct memory){ 0 })

/*
 * memory_map() - map memory that has no pages yet
 * @memory: the mapping.
 * @bytes: its size.
 * @kind: ask for these pages; the kernel may have reasons for others.
 * @node: where pages shall be if there is room; negative for anywhere.
 *
 * Returns 0 or a negative errno value.
 */
int memory_map(struct memory *memory, size_t bytes, enum page_kind kind,
	       int node);

void memory_unmap(struct memory *memory);

static inline void cleanup_memory(struct memory *memory)
{
	memory_unmap(memory);
}

#define __memory __attribute__((cleanup(cleanup_memory)))

/* Writes each word; another seed gives another content in every word. */
void memory_fill(const struct memory *memory, uint64_t seed);

/* Is that content there? Reads every word. */
bool memory_check(const struct memory *memory, uint64_t seed);

/* The word of that content at @addr, a multiple of 8 within the memory. */
uint64_t memory_word(const struct memory *memory, uint64_t seed, uint64_t addr);

/* Reads one word of each page, in order. */
void memory_touch(const struct memory *memory);

/* How much of it is mapped by huge page table entries, by /proc/self/pagemap. */
size_t memory_huge_bytes(const struct memory *memory);

/* How much of it is on a device, or swapped out: the CPU can't reach it. */
size_t memory_away_bytes(const struct memory *memory);

const char *page_kind_name(enum page_kind kind);

#endif /* SVMBENCH_MEMORY_H */
