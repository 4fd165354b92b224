// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What became of each page of a move, and why: a range of many kinds of memory,
 * reported in runs of pages with the same fate.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

#define PIECE 16 /* pages of each kind */
#define PIECES 6

int main(int argc, char **argv)
{
	const int prot = PROT_READ | PROT_WRITE;
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	size_t piece = PIECE * page_size;
	uint8_t status[PIECE * PIECES];
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_place to;
	struct svm *svm;
	size_t i, first;
	char *mem;
	int fd;

	(void)argc;
	check(svm_open(&svm, NULL), "svm_open");
	to = somewhere_else(svm);
	mem = mmap(NULL, PIECES * piece, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	if (mem == MAP_FAILED || fd < 0)
		return 1;
	/* Written memory, fresh memory, a file, shared memory, a gap, … */
	memset(mem, 1, piece);
	mmap(mem + 2 * piece, piece, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	mmap(mem + 3 * piece, piece, prot,
	     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(mem + 3 * piece, 1, piece);
	munmap(mem + 4 * piece, piece);
	memset(mem + 5 * piece, 1, piece);
	for (i = 0; i < page_size; i += 64) /* the file's first page is in */
		status[0] = *(volatile uint8_t *)(mem + 2 * piece + i);

	opts.status = status;
	opts.status_count = PIECE * PIECES;
	check(svm_migrate(svm, mem, PIECES * piece, to, &opts, &result),
	      "svm_migrate");

	for (first = 0; first < PIECE * PIECES; first = i) {
		for (i = first; i < PIECE * PIECES; i++)
			if (status[i] != status[first])
				break;
		printf("%16p %4zu pages %s\n",
		       (void *)(mem + first * page_size), i - first,
		       svm_status_name(status[first]));
	}
	for (i = 0; i < SVM_PAGE_STATUS_NR; i++)
		if (result.pages[i])
			printf("%16s %4zu pages\n",
			       svm_status_name((unsigned int)i),
			       (size_t)result.pages[i]);
	close(fd);
	munmap(mem, PIECES * piece);
	svm_close(svm);
	return 0;
}
