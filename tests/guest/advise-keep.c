// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice that binds others: kept and pinned memory, against calls of another
 * process and against eviction.
 */
#include <stdlib.h>
#include <unistd.h>

#include "advice.h"
#include "dev.h"
#include "harness.h"
#include "jobs.h"
#include "mem.h"
#include "os.h"

#define PAGES 128
#define LENGTH (PAGES * PAGE)

static uint64_t evict(int fd, uint64_t bytes)
{
	struct svm_ioctl_evict e = arg_evict(bytes);

	CHECK_RET(svm_call(fd, SVM_IOCTL_EVICT, &e), 0);
	return e.bytes_evicted;
}

/* A move by another process, which has the file. */
struct helper {
	int fd;
	void *addr;
	size_t length;
	struct dest to;
	uint8_t *status;      /* shared */
	struct tally *result; /* shared */
};

static void helper(void *arg)
{
	struct helper *h = arg;

	*h->result = move_status(h->fd, h->addr, h->length, h->to,
				 SVM_F_OWNER_MM, h->status);
}

static struct tally moved_by_other(int fd, void *addr, size_t length,
				   struct dest to, uint8_t *status)
{
	struct helper h = { .fd = fd,
			    .addr = addr,
			    .length = length,
			    .to = to,
			    .result = map_shared(sizeof(*h.result)) };

	if (status)
		h.status = map_shared(length / PAGE);
	child_ok(child(helper, &h));
	if (status)
		memcpy(status, h.status, length / PAGE);
	return *h.result;
}

CASE(kept_from_others)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct tally t;

	/* Shared with nobody: the helper's copy does not keep pages pinned. */
	CHECK_SYS(madvise(addr, LENGTH, MADV_DONTFORK));
	fill(addr, LENGTH, 1);
	advise(fd, addr, LENGTH, KEEP, 0);
	t = moved_by_other(fd, addr, LENGTH, TO_DEVICE, NULL);
	check_tally(&t, SVM_PAGE_KEPT, PAGES);
	check_home(fd, addr, LENGTH);
	/* The owner does as he likes. */
	move_all(fd, addr, LENGTH, TO_DEVICE);
	t = moved_by_other(fd, addr, LENGTH, TO_SYSTEM, NULL);
	check_tally(&t, SVM_PAGE_KEPT, PAGES);
	check_on_device(fd, addr, LENGTH, 0);
	/* What is there already needs no keeping. */
	t = moved_by_other(fd, addr, LENGTH, TO_DEVICE, NULL);
	check_tally(&t, SVM_PAGE_ALREADY, PAGES);
	CHECK_EQ(device_stats(fd, SVM_STATS_CONTEXT).refused[SVM_PAGE_KEPT],
		 2 * PAGES);
	advise(fd, addr, LENGTH, 0, KEEP);
	t = moved_by_other(fd, addr, LENGTH, TO_SYSTEM, NULL);
	check_tally(&t, SVM_PAGE_MOVED, PAGES);
	check_fill(addr, LENGTH, 1);
}

CASE(kept_in_part)
{
	int fd = open_device(0), i;
	char *addr = map_anon(LENGTH);
	uint8_t status[PAGES];
	struct tally t;

	CHECK_SYS(madvise(addr, LENGTH, MADV_DONTFORK));
	fill(addr, LENGTH, 1);
	advise(fd, page_at(addr, 10), 20 * PAGE, KEEP, 0);
	t = moved_by_other(fd, addr, LENGTH, TO_DEVICE, status);
	check_tally(&t, SVM_PAGE_KEPT, 20, SVM_PAGE_MOVED, PAGES - 20);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(status[i],
			 i >= 10 && i < 30 ? SVM_PAGE_KEPT : SVM_PAGE_MOVED);
	check_home(fd, page_at(addr, 10), 20 * PAGE);
	check_on_device(fd, page_at(addr, 30), LENGTH - 30 * PAGE, 0);
	check_fill(addr, LENGTH, 1);
}

/* A huge page does not go as a whole when a part of it is kept. */
CASE(kept_in_a_huge_page)
{
	int fd = open_device(0);
	char *addr = map_thp(2 * HUGE_PAGE);
	struct tally t;

	CHECK_SYS(madvise(addr, 2 * HUGE_PAGE, MADV_DONTFORK));
	fill(addr, 2 * HUGE_PAGE, 1);
	advise(fd, page_at(addr, 512 + 300), PAGE, KEEP, 0);
	t = moved_by_other(fd, addr, 2 * HUGE_PAGE, TO_DEVICE, NULL);
	check_tally(&t, SVM_PAGE_KEPT, 1, SVM_PAGE_MOVED, 1023);
	check_home(fd, page_at(addr, 812), PAGE);
	check_on_device(fd, addr, 812 * PAGE, 0);
	/* The owner's next call finds it where it stayed. */
	CHECK_EQ(move_all(fd, addr, 2 * HUGE_PAGE, TO_DEVICE), 1);
	check_fill(addr, 2 * HUGE_PAGE, 1);
}

CASE(kept_by_another_context)
{
	int a = open_device(0), b = open_device(1);
	char *addr = map_anon(LENGTH);
	struct tally t;

	CHECK_SYS(madvise(addr, LENGTH, MADV_DONTFORK));
	fill(addr, LENGTH, 1);
	advise(b, addr, LENGTH, KEEP, 0);
	t = moved_by_other(a, addr, LENGTH, TO_DEVICE, NULL);
	check_tally(&t, SVM_PAGE_KEPT, PAGES);
	/* A pin is for pages on the device that it names. */
	advise(b, addr, LENGTH, PIN, KEEP);
	t = moved_by_other(a, addr, LENGTH, TO_DEVICE, NULL);
	check_tally(&t, SVM_PAGE_MOVED, PAGES);
	CHECK_EQ(evict(a, LENGTH), LENGTH);
	check_fill(addr, LENGTH, 1);
}

struct submitter {
	int fd, event;
	char *addr;
};

static void submits(void *arg)
{
	struct submitter *s = arg;

	submit_flags(s->fd, s->addr, LENGTH, TO_DEVICE, SVM_F_OWNER_MM,
		     s->event);
}

/* In the background it counts who has submitted, not who does the work. */
CASE(kept_from_jobs_of_others)
{
	struct submitter s = { .fd = open_device(0),
			       .event = event_make(),
			       .addr = map_anon(LENGTH) };
	struct svm_job_result result;

	CHECK_SYS(madvise(s.addr, LENGTH, MADV_DONTFORK));
	fill(s.addr, LENGTH, 1);
	advise(s.fd, s.addr, LENGTH, KEEP, 0);
	child_ok(child(submits, &s));
	result = reap_one(s.fd, s.event);
	CHECK_EQ(result.pages[SVM_PAGE_KEPT], PAGES);
	check_home(s.fd, s.addr, LENGTH);
	submits(&s);
	result = reap_one(s.fd, s.event);
	CHECK_EQ(result.pages[SVM_PAGE_KEPT], 0);
	check_on_device(s.fd, s.addr, LENGTH, 0);
	check_fill(s.addr, LENGTH, 1);
}

/* Nobody else puts pages where there are none yet. */
CASE(kept_holes)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);
	struct tally t;

	advise(fd, addr, LENGTH, KEEP, 0);
	t = moved_by_other(fd, addr, LENGTH, TO_DEVICE, NULL);
	check_tally(&t, SVM_PAGE_KEPT, PAGES);
	CHECK_EQ(count_place(fd, addr, LENGTH, SVM_PLACE_NONE), PAGES);
	CHECK_EQ(move_all(fd, addr, LENGTH, TO_DEVICE), PAGES);
}

CASE(kept_goes_last)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	/* The half that eviction would take first. */
	advise(fd, addr, LENGTH / 2, KEEP, 0);
	CHECK_EQ(evict(fd, LENGTH / 2), LENGTH / 2);
	check_on_device(fd, addr, LENGTH / 2, 0);
	check_home(fd, addr + LENGTH / 2, LENGTH / 2);
	/* There is nothing else left. */
	CHECK_EQ(evict(fd, 8 * PAGE), 8 * PAGE);
	CHECK_EQ(count_place(fd, addr, LENGTH / 2, SVM_PLACE_DEVICE),
		 PAGES / 2 - 8);
	check_fill(addr, LENGTH, 1);
}

CASE(pin_against_evict)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	advise(fd, addr, LENGTH / 2, PIN, 0);
	CHECK_EQ(evict(fd, UINT64_MAX), LENGTH / 2);
	check_on_device(fd, addr, LENGTH / 2, 0);
	CHECK_EQ(evict(fd, PAGE), 0);
	/* All means all. */
	CHECK_EQ(evict(fd, 0), LENGTH / 2);
	check_home(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
	/* The advice is there still. */
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_EQ(evict(fd, LENGTH), LENGTH / 2);
	check_on_device(fd, addr, LENGTH / 2, 0);
}

/* A huge page stays whole when any part of it is pinned. */
CASE(pin_in_a_huge_page)
{
	int fd = open_device(0);
	char *addr = map_thp(2 * HUGE_PAGE);

	fill(addr, 2 * HUGE_PAGE, 1);
	move_all(fd, addr, 2 * HUGE_PAGE, TO_DEVICE);
	advise(fd, page_at(addr, 511), PAGE, PIN, 0);
	CHECK_EQ(evict(fd, 2 * HUGE_PAGE), HUGE_PAGE);
	check_on_device(fd, addr, HUGE_PAGE, 0);
	check_home(fd, addr + HUGE_PAGE, HUGE_PAGE);
	/* Also when it is mapped in part only; the part without advice too. */
	CHECK_SYS(munmap(addr, 16 * PAGE));
	CHECK_EQ(evict(fd, HUGE_PAGE), 0);
	CHECK_SYS(munmap(page_at(addr, 511), PAGE));
	CHECK_GT(evict(fd, HUGE_PAGE), 0);
	check_part(page_at(addr, 16), 495 * PAGE, 1, 16 * PAGE);
}

CASE(pin_against_others)
{
	int fd = open_device(0);
	char *addr = map_aligned(LENGTH);
	struct tally t;

	CHECK_SYS(madvise(addr, LENGTH, MADV_DONTFORK));
	fill(addr, LENGTH, 1);
	advise(fd, addr, LENGTH, PIN, 0);
	/* To where it is pinned, anybody may bring it. */
	t = moved_by_other(fd, addr, LENGTH, TO_DEVICE, NULL);
	check_tally(&t, SVM_PAGE_MOVED, PAGES);
	t = moved_by_other(fd, addr, LENGTH, TO_SYSTEM, NULL);
	check_tally(&t, SVM_PAGE_KEPT, PAGES);
	check_on_device(fd, addr, LENGTH, 0);
	/* A CPU touch brings it home, and the owner's call. */
	check_fill(addr, LENGTH / 2, 1);
	check_home(fd, addr, LENGTH / 2);
	CHECK_EQ(move_all(fd, addr, LENGTH, TO_SYSTEM), PAGES / 2);
	check_fill(addr, LENGTH, 1);
}

struct copy {
	char *addr;
	struct gate ready, done;
};

static void holds_a_copy(void *arg)
{
	struct copy *c = arg;

	gate_wait(&c->done);
	check_fill(c->addr, LENGTH, 1);
}

/*
 * What the child has alone is not pinned, although it lies in the parent's
 * pinned range by address and by origin.
 */
CASE(pin_is_not_for_a_childs_copy)
{
	int fd = open_device(0);
	struct copy c = { .addr = map_anon(LENGTH), .done = gate_make() };
	pid_t pid;

	fill(c.addr, LENGTH, 1);
	move_all(fd, c.addr, LENGTH, TO_DEVICE);
	advise(fd, c.addr, LENGTH, PIN, 0);
	pid = child(holds_a_copy, &c);
	/* Shared: it is the parent's too. */
	CHECK_EQ(evict(fd, LENGTH), 0);
	CHECK_SYS(madvise(c.addr, LENGTH, MADV_DONTNEED));
	check_advice(fd, c.addr, LENGTH, { 0, PAGES, PIN });
	CHECK_EQ(evict(fd, LENGTH), LENGTH);
	gate_open(&c.done, 1);
	child_ok(pid);
}

/* Moved away by mremap, it is pinned no more; its pages are the same. */
CASE(pin_does_not_follow_mremap)
{
	int fd = open_device(0);
	char *addr = map_anon(LENGTH), *to = find_gap(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	advise(fd, addr, LENGTH, PIN, 0);
	CHECK_EQ(mremap(addr, LENGTH, LENGTH, MREMAP_MAYMOVE | MREMAP_FIXED,
			to),
		 to);
	check_on_device(fd, to, LENGTH, 0);
	CHECK_EQ(evict(fd, LENGTH), LENGTH);
	check_fill(to, LENGTH, 1);
}

CASE(pin_ends_with_its_context)
{
	int fd = open_device(0), pinner = open_device(0);
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	advise(pinner, addr, LENGTH, PIN, 0);
	CHECK_EQ(evict(fd, LENGTH), 0);
	close(pinner);
	CHECK_EQ(evict(fd, LENGTH), LENGTH);
	check_fill(addr, LENGTH, 1);
}

/* Destruction brings everything home. */
CASE(pin_against_destroy)
{
	uint32_t id = create_device(MIB(16));
	int fd = open_device(id), other = open_device(0);
	char *addr = map_anon(LENGTH);
	struct svm_ioctl_advise a = arg_advise(addr, LENGTH, KEEP, 0);
	struct svm_ioctl_advice q = arg_advice(addr, LENGTH, NULL, 0);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	advise(fd, addr, LENGTH, KEEP | PIN, 0);
	destroy_device(id);
	check_home(other, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
	check_refused(fd, SVM_IOCTL_ADVISE, &a, sizeof(a), ENODEV);
	check_refused(fd, SVM_IOCTL_ADVICE, &q, sizeof(q), ENODEV);
	CHECK_SYS(munmap(addr, LENGTH / 2));
	close(fd);
	CHECK_SYS(munmap(addr, LENGTH));
}
