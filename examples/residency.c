// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A map of where pages are, one character for each page:
 *
 *	0-9	that NUMA node (9 for all from there on)
 *	A-Z	svm0 to svm25
 *	.	nothing yet	z	the page of zeroes
 *	s	swapped out	?	anything else
 *
 * usage: residency [PAGES]
 */
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

static char letter(const struct svm_page *page)
{
	switch (page->place) {
	case SVM_PLACE_NONE:
		return '.';
	case SVM_PLACE_ZERO:
		return 'z';
	case SVM_PLACE_SWAP:
		return 's';
	case SVM_PLACE_SYSTEM:
		return (char)('0' + (page->id < 9 ? page->id : 9));
	case SVM_PLACE_DEVICE:
		return page->id < 26 ? (char)('A' + page->id) : '?';
	default:
		return '?';
	}
}

static void draw(struct svm *svm, const char *when, const char *mem, size_t nr,
		 size_t page_size)
{
	struct svm_page *pages = calloc(nr, sizeof(*pages));
	size_t i;

	if (!pages)
		exit(1);
	check(svm_residency(svm, mem, nr * page_size, pages, nr), when);
	printf("%s:\n", when);
	for (i = 0; i < nr; i++)
		printf("%c%s", letter(&pages[i]),
		       i % 64 == 63 || i == nr - 1 ? "\n" : "");
	free(pages);
}

int main(int argc, char **argv)
{
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	size_t i, nr = argc > 1 ? strtoul(argv[1], NULL, 0) : 256;
	unsigned long sum = 0;
	struct svm_place to;
	struct svm *svm;
	char *mem;

	check(svm_open(&svm, NULL), "svm_open");
	to = somewhere_else(svm);
	mem = mmap(NULL, nr * page_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!nr || mem == MAP_FAILED)
		return 1;
	madvise(mem, nr * page_size, MADV_NOHUGEPAGE); /* a finer picture */

	draw(svm, "fresh", mem, nr, page_size);
	for (i = 0; i < nr; i++)
		if (i % 8 < 6)
			mem[i * page_size] = 1;
	draw(svm, "written, six pages of eight", mem, nr, page_size);
	check(svm_prefetch(svm, mem, nr * page_size, to, NULL), "svm_prefetch");
	draw(svm, "prefetched", mem, nr, page_size);
	for (i = 0; i < nr / 2; i++)
		sum += (unsigned char)mem[i * page_size];
	draw(svm, "the first half read", mem, nr, page_size);
	printf("%lu pages read as they were written\n", sum);

	munmap(mem, nr * page_size);
	svm_close(svm);
	return 0;
}
