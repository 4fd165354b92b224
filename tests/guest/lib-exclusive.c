// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libsvm's exclusive access, over real devices.
 */
#include <unistd.h>

#include <svm/access.h>
#include <svm/exclusive.h>

#include "engine.h"
#include "harness.h"
#include "lib.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=64M,64M",
	.needs_device_memory = true,
};

#define PAGES 16
#define LENGTH (PAGES * PAGE)

static struct svm *open_exclusive(void)
{
	quiet_kernel();
	return lib_open("svm0");
}

static ssize_t exclusive_pages(struct svm *svm, const void *addr, size_t length)
{
	return svm_exclusive_query(svm, 0, addr, length, NULL, 0);
}

CASE(exclusive_until_touched)
{
	struct svm_exclusive_opts opts = SVM_EXCLUSIVE_OPTS_INIT;
	struct svm *svm = open_exclusive();
	char *addr = map_anon(LENGTH);
	uint8_t status[PAGES];
	int i;

	fill(addr, LENGTH, 1);
	opts.status = status;
	opts.status_count = PAGES;
	CHECK_EQ(svm_exclusive_acquire(svm, 0, addr, LENGTH, &opts), PAGES);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(status[i], SVM_EXCLUSIVE_YES);
	CHECK_EQ(exclusive_pages(svm, addr, LENGTH), PAGES);
	*(volatile char *)page_at(addr, 3) = *page_at(addr, 3);
	CHECK_EQ(svm_exclusive_query(svm, 0, addr, LENGTH, status, PAGES),
		 PAGES - 1);
	for (i = 0; i < PAGES; i++)
		CHECK_EQ(status[i],
			 i == 3 ? SVM_EXCLUSIVE_NO : SVM_EXCLUSIVE_YES);
	CHECK_EQ(svm_exclusive_release(svm, 0, addr, LENGTH), PAGES - 1);
	CHECK_EQ(exclusive_pages(svm, addr, LENGTH), 0);
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}

/* More than the module takes at once. */
CASE(exclusive_of_any_length)
{
	const size_t nr = SVM_EXCLUSIVE_MAX_PAGES + 10;
	struct svm *svm = open_exclusive();
	char *addr = map_anon(nr * PAGE);
	ssize_t got;

	fill(addr, nr * PAGE, 1);
	got = svm_exclusive_acquire(svm, 0, addr, nr * PAGE, NULL);
	/* The kernel's own workers may take some away again. */
	CHECK_GT(got, SVM_EXCLUSIVE_MAX_PAGES);
	CHECK_LE(exclusive_pages(svm, addr, nr * PAGE), nr);
	CHECK_GT(exclusive_pages(svm, addr, nr * PAGE),
		 SVM_EXCLUSIVE_MAX_PAGES);
	CHECK_GT(svm_exclusive_release(svm, 0, addr, nr * PAGE),
		 SVM_EXCLUSIVE_MAX_PAGES);
	CHECK_EQ(exclusive_pages(svm, addr, nr * PAGE), 0);
	check_fill(addr, nr * PAGE, 1);
	svm_close(svm);
}

struct toucher {
	volatile uint64_t *words;
	atomic_bool touched;
	uint64_t first, second;
};

static void *touch(void *arg)
{
	struct toucher *t = arg;

	t->first = t->words[0];
	atomic_store(&t->touched, true);
	t->second = t->words[1];
	return NULL;
}

/*
 * Hold two words, have the device work on both while a CPU touches them, and
 * release. Returns whether they were held until then: a hold is short, and
 * machines can be slow.
 */
static bool hold_for_one_step(struct svm *svm, uint64_t *words)
{
	struct svm_exclusive_opts opts = SVM_EXCLUSIVE_OPTS_INIT;
	struct toucher t = { .words = words };
	struct svm_access_op ops[2];
	pthread_t thread;
	uint8_t status;
	bool held;

	words[0] = 100;
	words[1] = 0;
	opts.hold_ms = SVM_EXCLUSIVE_MAX_HOLD_MS;
	opts.status = &status;
	opts.status_count = 1;
	CHECK(EVENTUALLY(svm_exclusive_acquire(svm, 0, words, 16, &opts) == 1));
	CHECK_EQ(status, SVM_EXCLUSIVE_HELD);
	thread = thread_start(touch, &t);
	ops[0] = svm_op_atomic(SVM_ACCESS_ADD, 8, &words[0], (uint64_t)-30);
	ops[1] = svm_op_atomic(SVM_ACCESS_ADD, 8, &words[1], 30);
	CHECK_EQ(svm_access(svm, 0, ops, 2, NULL), 2);
	held = svm_exclusive_release(svm, 0, words, 16) == 1;
	thread_join(thread);
	CHECK(atomic_load(&t.touched));
	if (held)
		CHECK_EQ(t.first + t.second, 100);
	return held;
}

/* A CPU that touches held memory comes after all that the device does to it. */
CASE(exclusive_hold_is_one_step)
{
	uint64_t *words = (uint64_t *)map_anon(PAGE);
	struct svm *svm = open_exclusive();

	CHECK(EVENTUALLY(hold_for_one_step(svm, words)));
	svm_close(svm);
}

CASE(exclusive_holds_have_a_limit)
{
	const size_t nr = SVM_EXCLUSIVE_MAX_PAGES;
	struct svm_exclusive_opts opts = SVM_EXCLUSIVE_OPTS_INIT;
	struct svm *svm = open_exclusive();
	char *addr = map_anon((nr + 1) * PAGE);
	uint8_t status[SVM_EXCLUSIVE_MAX_PAGES];
	size_t i, held = 0;

	fill(addr, (nr + 1) * PAGE, 1);
	opts.hold_ms = SVM_EXCLUSIVE_MAX_HOLD_MS;
	CHECK_RET(svm_exclusive_acquire(svm, 0, addr, (nr + 1) * PAGE, &opts),
		  -EMSGSIZE);
	opts.status = status;
	opts.status_count = nr;
	CHECK_GT(svm_exclusive_acquire(svm, 0, addr, nr * PAGE, &opts), 0);
	for (i = 0; i < nr; i++)
		held += status[i] == SVM_EXCLUSIVE_HELD;
	CHECK_GT(held, 0);
	/* That was the quota, unless somebody took a page or the time is up. */
	opts.status = NULL;
	opts.status_count = 0;
	if (held == nr) {
		ssize_t ret = svm_exclusive_acquire(svm, 0, page_at(addr, nr),
						    PAGE, &opts);

		CHECK(ret == -EBUSY || ret >= 0);
		note("one more: %s", err_name(ret < 0 ? ret : 0));
	}
	CHECK_GE(svm_exclusive_release(svm, 0, addr, (nr + 1) * PAGE), 0);
	check_fill(addr, (nr + 1) * PAGE, 1);
	svm_close(svm);
}

CASE(exclusive_refusals)
{
	struct svm_exclusive_opts opts = SVM_EXCLUSIVE_OPTS_INIT;
	char *shared = map_shared(PAGE), *addr = map_anon(2 * PAGE);
	struct svm *svm = open_exclusive();
	uint8_t status[2] = { 0xee, 0xee };

	*shared = 1;
	fill(addr, 2 * PAGE, 1);
	opts.status = status;
	opts.status_count = 2;
	CHECK_EQ(svm_exclusive_acquire(svm, 0, shared, PAGE, &opts), 0);
	CHECK_EQ(status[0], SVM_EXCLUSIVE_REFUSED);
	CHECK_SYS(mprotect(addr, PAGE, PROT_READ));
	CHECK_EQ(svm_exclusive_acquire(svm, 0, addr, 2 * PAGE, &opts), 1);
	CHECK_EQ(status[0], SVM_EXCLUSIVE_REFUSED);
	CHECK_EQ(status[1], SVM_EXCLUSIVE_YES);
	CHECK_RET(svm_exclusive_acquire(svm, 0, addr, 3 * PAGE, &opts),
		  -EMSGSIZE);
	CHECK_RET(svm_exclusive_acquire(svm, 1, addr, PAGE, NULL), -ENODEV);
	opts.hold_ms = SVM_EXCLUSIVE_MAX_HOLD_MS + 1;
	CHECK_RET(svm_exclusive_acquire(svm, 0, addr, PAGE, &opts), -EINVAL);
	svm_close(svm);
}
