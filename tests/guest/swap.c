// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>

#include "harness.h"
#include "mem.h"
#include "os.h"

/* What mkswap(8) writes: the header of version 1, at byte 1024 of page 0. */
struct swap_header {
	char boot[1024];
	uint32_t version;
	uint32_t last_page;
	uint32_t bad_pages;
	unsigned char uuid[16];
	char label[16];
	uint32_t padding[117];
};

static void write_swap_file(int fd, size_t bytes)
{
	static char page[PAGE] __attribute__((aligned(8)));
	struct swap_header *h = (struct swap_header *)page;
	size_t i;

	h->version = 1;
	h->last_page = bytes / PAGE - 1;
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	CHECK_EQ(write(fd, page, PAGE), PAGE);
	/* No holes in a swap file. */
	memset(page, 0, sizeof(page));
	for (i = 1; i < bytes / PAGE; i++)
		if (write(fd, page, PAGE) != (ssize_t)PAGE)
			skip("no room for a swap file: %s", err_name(errno));
	CHECK_SYS(fsync(fd));
}

void need_swap(size_t bytes)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), SWAP_FILE_PREFIX "%d", getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		skip("no swap file: %s: %s", path, err_name(errno));
	write_swap_file(fd, bytes);
	close(fd);
	if (swapon(path, 0))
		skip("swapon: %s", err_name(errno));
}

void swap_out(void *addr, size_t length)
{
	size_t i, out = 0, pages = length / PAGE;
	uint64_t *map = malloc(pages * sizeof(*map));
	int try;

	CHECK(map);
	for (try = 0; try < 20 && out < pages; try++) {
		CHECK_SYS(madvise(addr, length, MADV_PAGEOUT));
		pagemap(addr, pages, map);
		for (i = out = 0; i < pages; i++)
			out += !!(map[i] & PAGEMAP_SWAP);
	}
	free(map);
	if (!out)
		skip("MADV_PAGEOUT swapped nothing out");
}
