// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice by range: split, merged, and gone with the memory that it was for.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "advice.h"
#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 64
#define LENGTH (PAGES * PAGE)

CASE(none_at_first)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_advice a = advice_of(fd, addr, LENGTH);

	CHECK_EQ(a.found, 0);
	CHECK_EQ(a.bytes_pinned, 0);
	CHECK_EQ(a.bytes_lost, 0);
	check_no_advice(fd, addr, LENGTH);
}

CASE(split_and_merged)
{
	int fd = open_device(0);
	char *addr = map_aligned(HUGE_PAGE);

	CHECK_EQ(advise(fd, addr, LENGTH, KEEP, 0), LENGTH);
	check_advice(fd, addr, LENGTH, { 0, 64, KEEP });
	/* In the middle: three parts. */
	advise(fd, page_at(addr, 16), 8 * PAGE, READ_MOSTLY, 0);
	check_advice(fd, addr, LENGTH, { 0, 16, KEEP },
		     { 16, 8, KEEP | READ_MOSTLY }, { 24, 40, KEEP });
	/* The same again changes nothing. */
	advise(fd, page_at(addr, 16), 8 * PAGE, READ_MOSTLY, 0);
	check_advice(fd, addr, LENGTH, { 0, 16, KEEP },
		     { 16, 8, KEEP | READ_MOSTLY }, { 24, 40, KEEP });
	/* Across a border, and swapped for another advice. */
	advise(fd, page_at(addr, 20), 8 * PAGE, PIN, KEEP);
	check_advice(fd, addr, LENGTH, { 0, 16, KEEP },
		     { 16, 4, KEEP | READ_MOSTLY },
		     { 20, 4, READ_MOSTLY | PIN }, { 24, 4, PIN },
		     { 28, 36, KEEP });
	/* Asked for a part, the answer is clipped. */
	check_advice(fd, page_at(addr, 18), 4 * PAGE,
		     { 0, 2, KEEP | READ_MOSTLY }, { 2, 2, READ_MOSTLY | PIN });
	/* Equal neighbours become one. */
	advise(fd, page_at(addr, 16), 12 * PAGE, KEEP, READ_MOSTLY | PIN);
	check_advice(fd, addr, LENGTH, { 0, 64, KEEP });
	/* Taken back in the middle, then all of it. */
	advise(fd, page_at(addr, 1), PAGE, 0, KEEP);
	check_advice(fd, addr, LENGTH, { 0, 1, KEEP }, { 2, 62, KEEP });
	advise(fd, addr, LENGTH, 0, ALL_ADVICE);
	check_no_advice(fd, addr, LENGTH);
}

/* The place belongs to the advice: two that differ are not merged. */
CASE(preferences_differ)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_advice_range r[4];
	struct svm_ioctl_advice a = arg_advice(addr, LENGTH, r, 4);

	prefer(fd, addr, 8 * PAGE, TO_DEVICE);
	prefer(fd, page_at(addr, 8), 8 * PAGE, TO_SYSTEM);
	CHECK_RET(svm_call(fd, SVM_IOCTL_ADVICE, &a), 0);
	CHECK_EQ(a.filled, 2);
	CHECK_EQ(r[0].dest, SVM_DEST_DEVICE);
	CHECK_EQ(r[0].node, SVM_NODE_ANY);
	CHECK_EQ(r[1].dest, SVM_DEST_SYSTEM);
	CHECK_EQ(r[1].node, SVM_NODE_ANY);
	prefer(fd, page_at(addr, 8), 8 * PAGE, TO_DEVICE);
	check_advice(fd, addr, LENGTH, { 0, 16, PREFER });
	/* Taken back and something else given: no place is left behind. */
	advise(fd, addr, 16 * PAGE, KEEP, PREFER);
	prefer(fd, page_at(addr, 16), 8 * PAGE, TO_NODE(0));
	advise(fd, page_at(addr, 16), 8 * PAGE, KEEP, PREFER);
	check_advice(fd, addr, LENGTH, { 0, 24, KEEP });
}

CASE(contexts_hold_for_themselves)
{
	int a = open_device(0), b = open_device(0), c = open_device(1);
	char *addr = map_anon(LENGTH);

	advise(a, addr, LENGTH, KEEP, 0);
	advise(b, addr, PAGE, PIN, 0);
	check_no_advice(c, addr, LENGTH);
	check_advice(a, addr, LENGTH, { 0, PAGES, KEEP });
	check_advice(b, addr, LENGTH, { 0, 1, PIN });
	close(a);
	check_advice(b, addr, LENGTH, { 0, 1, PIN });
}

CASE(munmap_takes_it_away)
{
	int fd = open_device(0);
	char *addr = map_aligned(HUGE_PAGE);

	advise(fd, addr, HUGE_PAGE, KEEP | PIN, 0);
	CHECK_EQ(advice_of(fd, addr, PAGE).bytes_pinned, HUGE_PAGE);
	/* At the beginning, in the middle, at the end. */
	CHECK_SYS(munmap(addr, 2 * PAGE));
	CHECK_SYS(munmap(page_at(addr, 100), 10 * PAGE));
	CHECK_SYS(munmap(page_at(addr, 510), 2 * PAGE));
	check_advice(fd, addr, HUGE_PAGE, { 2, 98, KEEP | PIN },
		     { 110, 400, KEEP | PIN });
	CHECK_EQ(advice_of(fd, addr, PAGE).bytes_pinned, 498 * PAGE);
	/* What is mapped there next has none. */
	CHECK(mmap(page_at(addr, 100), 10 * PAGE, RW,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) != MAP_FAILED);
	check_advice(fd, addr, HUGE_PAGE, { 2, 98, KEEP | PIN },
		     { 110, 400, KEEP | PIN });
	/* Across several. */
	CHECK_SYS(munmap(page_at(addr, 50), 100 * PAGE));
	check_advice(fd, addr, HUGE_PAGE, { 2, 48, KEEP | PIN },
		     { 150, 360, KEEP | PIN });
	CHECK_SYS(munmap(addr, HUGE_PAGE));
	check_no_advice(fd, addr, HUGE_PAGE);
	CHECK_EQ(advice_of(fd, addr, PAGE).bytes_pinned, 0);
	CHECK_EQ(advice_of(fd, addr, PAGE).bytes_lost, 0);
}

CASE(mmap_over_it)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	advise(fd, addr, LENGTH, KEEP, 0);
	CHECK(mmap(page_at(addr, 8), 8 * PAGE, RW,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) != MAP_FAILED);
	check_advice(fd, addr, LENGTH, { 0, 8, KEEP }, { 16, 48, KEEP });
}

CASE(mremap_takes_it_away)
{
	int fd = open_device(0);
	char *addr = map_aligned(HUGE_PAGE), *to = find_gap(HUGE_PAGE);

	fill(addr, LENGTH, 1);
	advise(fd, addr, LENGTH, KEEP, 0);
	/* Moved: neither here nor there. */
	CHECK_EQ(mremap(page_at(addr, 8), 8 * PAGE, 8 * PAGE,
			MREMAP_MAYMOVE | MREMAP_FIXED, to),
		 to);
	check_advice(fd, addr, LENGTH, { 0, 8, KEEP }, { 16, 48, KEEP });
	check_no_advice(fd, to, 8 * PAGE);
	/* The old place stays mapped, and empty. */
	CHECK_EQ(mremap(page_at(addr, 20), 4 * PAGE, 4 * PAGE,
			MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
			to + 16 * PAGE),
		 to + 16 * PAGE);
	check_advice(fd, addr, LENGTH, { 0, 8, KEEP }, { 16, 4, KEEP },
		     { 24, 40, KEEP });
	/* Shrunk, and grown in place. */
	advise(fd, to, 8 * PAGE, KEEP, 0);
	CHECK_EQ(mremap(to, 8 * PAGE, 4 * PAGE, 0), to);
	check_advice(fd, to, 8 * PAGE, { 0, 4, KEEP });
	CHECK_EQ(mremap(to, 4 * PAGE, 8 * PAGE, 0), to);
	check_advice(fd, to, 8 * PAGE, { 0, 4, KEEP });
}

/* What is discarded, protected, moved or swapped is still the same memory. */
CASE(outlives_all_else)
{
	int fd = open_device(0);
	char *addr = map_aligned(HUGE_PAGE);

	fill(addr, LENGTH, 1);
	advise(fd, addr, LENGTH, KEEP, 0);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	check_advice(fd, addr, LENGTH, { 0, PAGES, KEEP });
	check_fill(addr, LENGTH, 1);
	CHECK_SYS(mprotect(page_at(addr, 4), 4 * PAGE, PROT_READ));
	CHECK_SYS(madvise(page_at(addr, 8), 4 * PAGE, MADV_DONTNEED));
	CHECK_SYS(madvise(page_at(addr, 12), 4 * PAGE, MADV_FREE));
	CHECK_SYS(madvise(page_at(addr, 16), 4 * PAGE, MADV_PAGEOUT));
	CHECK_SYS(madvise(page_at(addr, 20), 4 * PAGE, MADV_DONTFORK));
	check_advice(fd, addr, LENGTH, { 0, PAGES, KEEP });
}

CASE(only_for_what_is_mapped)
{
	int fd = open_device(0);
	char *addr = map_aligned(HUGE_PAGE);

	CHECK_SYS(munmap(page_at(addr, 4), 4 * PAGE));
	CHECK_SYS(munmap(page_at(addr, 12), 4 * PAGE));
	/* Neighbours with different protection are one part. */
	CHECK_SYS(mprotect(page_at(addr, 9), PAGE, PROT_READ));
	CHECK_EQ(advise(fd, addr, LENGTH, KEEP, 0), LENGTH - 8 * PAGE);
	check_advice(fd, addr, LENGTH, { 0, 4, KEEP }, { 8, 4, KEEP },
		     { 16, 48, KEEP });
	/* Beginning and ending in a gap. */
	CHECK_EQ(advise(fd, page_at(addr, 6), 8 * PAGE, 0, KEEP), 4 * PAGE);
	check_advice(fd, addr, LENGTH, { 0, 4, KEEP }, { 16, 48, KEEP });
	CHECK_RET(try_advise(fd, page_at(addr, 4), 4 * PAGE, KEEP, 0, 0),
		  -EFAULT);
	check_advice(fd, addr, LENGTH, { 0, 4, KEEP }, { 16, 48, KEEP });
}

/* More mappings than one call looks at. */
CASE(goes_on_from_next)
{
	size_t pages = 3000, done = 0, i;
	int fd = open_device(0);
	char *addr = map_aligned(pages * PAGE);
	unsigned int calls = 0;

	for (i = 0; i < pages; i += 2)
		CHECK_SYS(mprotect(page_at(addr, i), PAGE, PROT_READ));
	while (done < pages * PAGE) {
		struct svm_ioctl_advise a =
			arg_advise(addr + done, pages * PAGE - done, KEEP, 0);

		CHECK_RET(svm_call(fd, SVM_IOCTL_ADVISE, &a), 0);
		CHECK_GT(a.bytes, 0);
		CHECK_EQ(a.next, a.addr + a.bytes);
		done += a.bytes;
		calls++;
	}
	CHECK_EQ(done, pages * PAGE);
	CHECK_GT(calls, 1);
	check_advice(fd, addr, done, { 0, pages, KEEP });
}

/* Every second page has advice: as many ranges as there may be. */
static char *fill_up(int fd, size_t pages)
{
	char *addr = map_aligned(pages * PAGE);
	size_t i;

	for (i = 0; i < SVM_ADVISE_MAX_RANGES; i++)
		advise(fd, page_at(addr, 2 * i), PAGE, KEEP, 0);
	CHECK_EQ(advice_of(fd, addr, pages * PAGE).found,
		 SVM_ADVISE_MAX_RANGES);
	return addr;
}

CASE(no_more_ranges)
{
	size_t end = 2 * SVM_ADVISE_MAX_RANGES;
	int fd = open_device(0);
	char *addr = fill_up(fd, end + 64);
	struct svm_ioctl_advise a =
		arg_advise(page_at(addr, end), PAGE, KEEP, 0);

	check_refused(fd, SVM_IOCTL_ADVISE, &a, sizeof(a), ENOSPC);
	/* Found behind a gap: the first part is done, and told. */
	advise(fd, addr, PAGE, 0, KEEP);
	CHECK_SYS(munmap(page_at(addr, end + 1), PAGE));
	a = arg_advise(page_at(addr, end), 3 * PAGE, KEEP, 0);
	CHECK_RET(svm_call(fd, SVM_IOCTL_ADVISE, &a), 0);
	CHECK_EQ(a.bytes, PAGE);
	CHECK_EQ(a.next, a.addr + PAGE);
	a = arg_advise(page_at(addr, end + 1), 2 * PAGE, KEEP, 0);
	check_refused(fd, SVM_IOCTL_ADVISE, &a, sizeof(a), ENOSPC);
	/* What needs no more of them is done. */
	advise(fd, page_at(addr, 3), PAGE, KEEP, 0);
	advise(fd, addr, end * PAGE, KEEP, 0);
	check_advice(fd, addr, (end + 1) * PAGE, { 0, end + 1, KEEP });
}

/* A hole that would make one range too many takes the smaller part along. */
CASE(lost_for_want_of_a_range)
{
	size_t end = 2 * SVM_ADVISE_MAX_RANGES;
	int fd = open_device(0);
	char *addr = fill_up(fd, end + 64);

	/* The last one becomes ten pages long. */
	advise(fd, page_at(addr, end - 2), 10 * PAGE, KEEP, 0);
	CHECK_SYS(munmap(page_at(addr, end + 5), PAGE));
	check_advice(fd, page_at(addr, end - 2), 20 * PAGE, { 0, 7, KEEP });
	CHECK_EQ(advice_of(fd, addr, PAGE).bytes_lost, 2 * PAGE);
	CHECK_EQ(advice_of(fd, addr, end * PAGE).found, SVM_ADVISE_MAX_RANGES);
	/* With one to spare, nothing is lost. */
	CHECK_SYS(munmap(addr, PAGE));
	CHECK_SYS(munmap(page_at(addr, end), PAGE));
	check_advice(fd, page_at(addr, end - 2), 20 * PAGE, { 0, 2, KEEP },
		     { 3, 4, KEEP });
	CHECK_EQ(advice_of(fd, addr, PAGE).bytes_lost, 2 * PAGE);
}

CASE(short_array)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_advice_range r[3];
	struct svm_ioctl_advice a = arg_advice(addr, LENGTH, r, 2);
	int i;

	for (i = 0; i < 5; i++)
		advise(fd, page_at(addr, 2 * i), PAGE, KEEP, 0);
	memset(r, 0xa5, sizeof(r));
	CHECK_RET(svm_call(fd, SVM_IOCTL_ADVICE, &a), 0);
	CHECK_EQ(a.filled, 2);
	CHECK_EQ(a.found, 5);
	CHECK_EQ(r[1].addr, (uintptr_t)page_at(addr, 2));
	CHECK_EQ(r[2].advice, 0xa5a5a5a5);
	/* More room than there can be ranges. */
	a = arg_advice(addr, LENGTH, r, UINT32_MAX);
	advise(fd, page_at(addr, 4), 60 * PAGE, 0, KEEP);
	CHECK_RET(svm_call(fd, SVM_IOCTL_ADVICE, &a), 0);
	CHECK_EQ(a.filled, 2);
}

struct twin {
	int fd;
	char *addr;
};

static void child_has_none(void *arg)
{
	struct twin *t = arg;
	int fd = open_device(0);

	check_no_advice(fd, t->addr, LENGTH);
	/* What the child unmaps is not the parent's. */
	CHECK_SYS(munmap(t->addr, LENGTH / 2));
}

CASE(not_inherited)
{
	struct twin t = { .fd = open_device(0), .addr = map_anon(LENGTH) };

	advise(t.fd, t.addr, LENGTH, KEEP, 0);
	child_ok(child(child_has_none, &t));
	check_advice(t.fd, t.addr, LENGTH, { 0, PAGES, KEEP });
}

static atomic_bool stop;

static void *keep_advising(void *arg)
{
	struct twin *t = arg;
	bool last;
	int ret;

	do {
		/* From then on it is mapped. */
		last = stop;
		ret = try_advise(t->fd, t->addr, LENGTH, KEEP, 0, 0);
		CHECK(!ret || (!last && ret == -EFAULT));
	} while (!last);
	return NULL;
}

/*
 * While it is not mapped, nothing is advised, however the other threads race with
 * the unmapping.
 */
CASE(munmap_against_advise)
{
	struct twin t = { .fd = open_device(0), .addr = map_aligned(LENGTH) };
	pthread_t threads[2];
	double start = seconds();
	int i;

	advise(t.fd, t.addr, LENGTH, KEEP, 0);
	for (i = 0; i < 2; i++)
		threads[i] = thread_start(keep_advising, &t);
	for (i = 0; i < 2000 && seconds() - start < 3; i++) {
		CHECK_SYS(munmap(t.addr, LENGTH));
		check_no_advice(t.fd, t.addr, LENGTH);
		CHECK(mmap(t.addr, LENGTH, RW,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			   0) != MAP_FAILED);
		*t.addr = 1;
	}
	stop = true;
	for (i = 0; i < 2; i++)
		thread_join(threads[i]);
	check_advice(t.fd, t.addr, LENGTH, { 0, PAGES, KEEP });
}

static void *first_advice(void *arg)
{
	struct twin *t = arg;

	advise(t->fd, page_at(t->addr, gettid() % PAGES), PAGE, KEEP, 0);
	advise(t->fd, t->addr, LENGTH, KEEP, 0);
	return NULL;
}

/* Several threads make the context's first advice. */
CASE(first_advice_by_many)
{
	int i;

	for (i = 0; i < 20; i++) {
		struct twin t = { .fd = open_device(0),
				  .addr = map_anon(LENGTH) };

		threads_run(4, first_advice, &t);
		check_advice(t.fd, t.addr, LENGTH, { 0, PAGES, KEEP });
		CHECK_SYS(munmap(t.addr, LENGTH));
		check_no_advice(t.fd, t.addr, LENGTH);
		close(t.fd);
	}
}
