// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Migrate and residency calls, and the checks on their answers.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

/* Bytes of a status array that the kernel has not written. */
#define UNWRITTEN 0xee
/* So many seconds long pages that are busy are tried again. */
#define BUSY_SECONDS 20

const char *tally_text(const struct tally *t)
{
	static _Thread_local char text[2][512];
	static _Thread_local int turn;
	unsigned int i;
	size_t at;

	turn = !turn;
	at = snprintf(text[turn], sizeof(text[0]), "%u calls:", t->calls);
	for (i = 0; i < SVM_PAGE_STATUS_MAX && at < sizeof(text[0]); i++)
		if (t->pages[i])
			at += snprintf(text[turn] + at, sizeof(text[0]) - at,
				       " %s %llu", svm_status_name(i),
				       (unsigned long long)t->pages[i]);
	return text[turn];
}

static void check_status(const struct svm_ioctl_migrate *m,
			 const uint8_t *status)
{
	uint64_t counts[SVM_PAGE_STATUS_MAX] = { 0 };
	size_t i, done = (m->next - m->addr) / PAGE;

	for (i = 0; i < done; i++) {
		if (status[i] >= SVM_PAGE_STATUS_NR)
			FAIL("status of page %zu of %zu: %#x", i, done,
			     status[i]);
		counts[status[i]]++;
	}
	for (; i < m->length / PAGE; i++)
		if (status[i] != UNWRITTEN)
			FAIL("status of page %zu, beyond next (%zu), was written: %#x",
			     i, done, status[i]);
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		if (counts[i] != m->pages[i])
			FAIL("%s: %llu pages by status array, %llu by count",
			     svm_status_name(i), (unsigned long long)counts[i],
			     m->pages[i]);
}

static void check_answer(const struct svm_ioctl_migrate *m)
{
	uint64_t sum = 0;
	size_t i;

	CHECK_EQ(m->next % PAGE, 0);
	CHECK(m->next > m->addr);
	CHECK(m->next <= m->addr + m->length);
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		sum += m->pages[i];
	CHECK_EQ(sum, (m->next - m->addr) / PAGE);
	for (i = SVM_PAGE_STATUS_NR; i < SVM_PAGE_STATUS_MAX; i++)
		CHECK_EQ(m->pages[i], 0);
	/* Every page up to next was reached. */
	CHECK_EQ(m->pages[SVM_PAGE_NOT_REACHED], 0);
	CHECK_EQ(m->bytes_moved, m->pages[SVM_PAGE_MOVED] * PAGE);
	CHECK_EQ(m->bytes_evicted % PAGE, 0);
	if (!(m->flags & SVM_MIGRATE_EVICT))
		CHECK_EQ(m->bytes_evicted, 0);
}

int migrate_once(int fd, void *addr, size_t length, struct dest to,
		 uint32_t flags, uint8_t *status, struct svm_ioctl_migrate *m)
{
	struct svm_ioctl_migrate want;
	int ret;

	*m = arg_migrate(addr, length, to);
	m->flags = flags;
	if (status) {
		memset(status, UNWRITTEN, length / PAGE);
		m->status = (uintptr_t)status;
		m->status_count = length / PAGE;
	}
	want = *m;
	ret = svm_call(fd, SVM_IOCTL_MIGRATE, m);
	if (ret) {
		if (memcmp(&want, m, sizeof(want)))
			FAIL("migrate: %s, but outputs were written",
			     err_name(ret));
		return ret;
	}
	/* The inputs are left alone. */
	if (memcmp(&want, m, offsetof(struct svm_ioctl_migrate, next)))
		FAIL("migrate changed its inputs");
	check_answer(m);
	if (status)
		check_status(m, status);
	return 0;
}

int migrate(int fd, void *addr, size_t length, struct dest to, uint32_t flags,
	    uint8_t *status, struct tally *t)
{
	struct svm_ioctl_migrate m;
	size_t done, i;
	int ret;

	for (done = 0; done < length; done = m.next - (uintptr_t)addr) {
		ret = migrate_once(fd, (char *)addr + done, length - done, to,
				   flags, status ? status + done / PAGE : NULL,
				   &m);
		if (ret)
			return ret;
		if (!t)
			continue;
		t->calls++;
		t->bytes_moved += m.bytes_moved;
		t->bytes_evicted += m.bytes_evicted;
		for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
			t->pages[i] += m.pages[i];
	}
	return 0;
}

struct tally move_at(const char *file, int line, int fd, void *addr,
		     size_t length, struct dest to, uint32_t flags,
		     uint8_t *status)
{
	double end = seconds() + patience(BUSY_SECONDS);
	struct tally sum = { 0 }, t;
	uint64_t moved = 0;
	int try, ret;

	for (try = 0; !try || seconds() < end; try++) {
		t = (struct tally){ 0 };
		ret = migrate(fd, addr, length, to, flags, status, &t);
		if (ret)
			fail_at(file, line, "migrate: %s", err_name(ret));
		sum.calls += t.calls;
		sum.bytes_moved += t.bytes_moved;
		sum.bytes_evicted += t.bytes_evicted;
		if (!t.pages[SVM_PAGE_BUSY])
			break;
		/* Moved now: already there in the next round. */
		moved += t.pages[SVM_PAGE_MOVED];
		sleep_ms(1);
	}
	if (t.pages[SVM_PAGE_BUSY])
		fail_at(file, line, "migrate: still busy after %d tries: %s",
			try, tally_text(&t));
	memcpy(sum.pages, t.pages, sizeof(sum.pages));
	sum.pages[SVM_PAGE_MOVED] += moved;
	sum.pages[SVM_PAGE_ALREADY] -= moved;
	return sum;
}

size_t move_all_at(const char *file, int line, int fd, void *addr,
		   size_t length, struct dest to)
{
	struct tally t = move_at(file, line, fd, addr, length, to, 0, NULL);

	if (t.pages[SVM_PAGE_MOVED] + t.pages[SVM_PAGE_ALREADY] !=
	    length / PAGE)
		fail_at(file, line,
			"migrate: not all of %zu pages got there: %s",
			length / PAGE, tally_text(&t));
	return t.pages[SVM_PAGE_MOVED];
}

void check_tally_at(const char *file, int line, const struct tally *t,
		    const uint64_t *wants, size_t n)
{
	struct tally want = { .calls = t->calls };
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		want.pages[wants[i]] += wants[i + 1];
	if (memcmp(want.pages, t->pages, sizeof(want.pages)))
		fail_at(file, line, "migrate: got %s; want %s", tally_text(t),
			tally_text(&want));
	if (t->bytes_moved != t->pages[SVM_PAGE_MOVED] * PAGE)
		fail_at(file, line, "migrate: bytes_moved %llu with %s",
			(unsigned long long)t->bytes_moved, tally_text(t));
}

int residency(int fd, const void *addr, size_t length, uint32_t flags,
	      struct svm_page *pages)
{
	struct svm_ioctl_residency r, want;
	size_t done;
	int ret;

	for (done = 0; done < length; done = r.next - (uintptr_t)addr) {
		r = arg_residency((const char *)addr + done, length - done,
				  pages + done / PAGE);
		r.flags = flags;
		want = r;
		ret = svm_call(fd, SVM_IOCTL_RESIDENCY, &r);
		if (memcmp(&want, &r,
			   ret ? sizeof(want)
			       : offsetof(struct svm_ioctl_residency, next)))
			FAIL("residency: %s, but more of the struct was written than may be",
			     err_name(ret));
		if (ret)
			return ret;
		CHECK_EQ(r.next % PAGE, 0);
		CHECK(r.next > r.addr && r.next <= r.addr + r.length);
	}
	return 0;
}

struct svm_page place_of(int fd, const void *addr)
{
	struct svm_page page;

	CHECK_RET(residency(fd, addr, PAGE, 0, &page), 0);
	return page;
}

/* Asks; whether all pages are somewhere. */
static bool has_arrived(int fd, const void *addr, size_t length,
			struct svm_page *pages)
{
	size_t i;

	memset(pages, 0xa5, length / PAGE * sizeof(*pages));
	CHECK_RET(residency(fd, addr, length, 0, pages), 0);
	for (i = 0; i < length / PAGE; i++)
		if (pages[i].place == SVM_PLACE_MOVING)
			return false;
	return true;
}

/* The kernel's compaction also moves pages, whenever it likes: that is waited for. */
static struct svm_page *places(int fd, const void *addr, size_t length)
{
	struct svm_page *pages = malloc(length / PAGE * sizeof(*pages));

	CHECK(pages);
	(void)EVENTUALLY(has_arrived(fd, addr, length, pages));
	return pages;
}

static void check_places(const char *file, int line, int fd, const void *addr,
			 size_t length, unsigned int place, int id)
{
	struct svm_page *pages = places(fd, addr, length);
	size_t i;

	for (i = 0; i < length / PAGE; i++)
		if (pages[i].place != place || (id >= 0 && pages[i].id != id))
			fail_at(file, line,
				"page %zu of %zu is at place %u, id %u, flags %#x; not at place %u, id %d",
				i, length / PAGE, pages[i].place, pages[i].id,
				pages[i].flags, place, id);
	free(pages);
}

void check_place_at(const char *file, int line, int fd, const void *addr,
		    size_t length, unsigned int place, unsigned int id)
{
	check_places(file, line, fd, addr, length, place, id);
}

void check_home_at(const char *file, int line, int fd, const void *addr,
		   size_t length)
{
	check_places(file, line, fd, addr, length, SVM_PLACE_SYSTEM, -1);
}

size_t count_place(int fd, const void *addr, size_t length, unsigned int place)
{
	struct svm_page *pages = places(fd, addr, length);
	size_t i, n = 0;

	for (i = 0; i < length / PAGE; i++)
		n += pages[i].place == place;
	free(pages);
	return n;
}
