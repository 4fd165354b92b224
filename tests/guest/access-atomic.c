// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Atomics of the device, alone and against CPU threads.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

struct row {
	uint32_t type;
	uint64_t before, data, after64;
	uint32_t after32;
};

#define HIGH (1ull << 63)
#define HIGH32 0x80000000u

/* What fits 32 bits is tried in both widths. */
static const struct row rows[] = {
	{ SVM_ACCESS_ADD, 5, 3, 8, 8 },
	{ SVM_ACCESS_ADD, 0xffffffff, 1, 0x100000000, 0 },
	{ SVM_ACCESS_ADD, 0x7fffffff, 1, HIGH32, HIGH32 },
	{ SVM_ACCESS_XCHG, 5, 3, 3, 3 },
	{ SVM_ACCESS_XCHG, 0xffffffff, 0, 0, 0 },
	{ SVM_ACCESS_AND, 0xff00ff00, 0x0ff00ff0, 0x0f000f00, 0x0f000f00 },
	{ SVM_ACCESS_OR, 0xff00ff00, 0x0ff00ff0, 0xfff0fff0, 0xfff0fff0 },
	{ SVM_ACCESS_XOR, 0xff00ff00, 0x0ff00ff0, 0xf0f0f0f0, 0xf0f0f0f0 },
	{ SVM_ACCESS_MIN, 5, 3, 3, 3 },
	{ SVM_ACCESS_MIN, 3, 5, 3, 3 },
	{ SVM_ACCESS_MIN, HIGH32, 1, 1, 1 },
	{ SVM_ACCESS_MAX, 5, 3, 5, 5 },
	{ SVM_ACCESS_MAX, 3, 5, 5, 5 },
	{ SVM_ACCESS_MAX, HIGH32, 1, HIGH32, HIGH32 },
	/* In 32 bits these are negative, in 64 they are not. */
	{ SVM_ACCESS_SMIN, HIGH32, 1, 1, HIGH32 },
	{ SVM_ACCESS_SMAX, HIGH32, 1, HIGH32, 1 },
	{ SVM_ACCESS_SMIN, 1, 0xffffffff, 1, 0xffffffff },
	{ SVM_ACCESS_SMAX, 1, 0xffffffff, 0xffffffff, 1 },
	{ SVM_ACCESS_SMIN, 7, 7, 7, 7 },
};

static const struct row rows64[] = {
	{ SVM_ACCESS_ADD, UINT64_MAX, 1, 0, 0 },
	{ SVM_ACCESS_ADD, 5, -3ull, 2, 0 },
	{ SVM_ACCESS_XCHG, HIGH, HIGH + 1, HIGH + 1, 0 },
	{ SVM_ACCESS_AND, UINT64_MAX, HIGH, HIGH, 0 },
	{ SVM_ACCESS_OR, 1, HIGH, HIGH + 1, 0 },
	{ SVM_ACCESS_XOR, HIGH + 1, HIGH, 1, 0 },
	{ SVM_ACCESS_MIN, HIGH, 1, 1, 0 },
	{ SVM_ACCESS_MAX, HIGH, 1, HIGH, 0 },
	{ SVM_ACCESS_SMIN, HIGH, 1, HIGH, 0 },
	{ SVM_ACCESS_SMAX, HIGH, 1, 1, 0 },
	{ SVM_ACCESS_SMIN, -5ull, -6ull, -6ull, 0 },
	{ SVM_ACCESS_SMAX, -5ull, -6ull, -5ull, 0 },
};

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* Words before and after must stay as they are. */
static void all_types(int fd, void *where)
{
	uint64_t *word = where;
	uint32_t *half = where;
	size_t i;

	for (i = 0; i < NR(rows); i++) {
		const struct row *r = &rows[i];

		word[0] = word[2] = 0x7777777777777777;
		word[1] = r->before;
		CHECK_EQ(dev_atomic(fd, r->type, 8, &word[1], r->data),
			 r->before);
		CHECK_EQ(word[1], r->after64);
		half[2] = r->before;
		half[3] = 0x77777777;
		CHECK_EQ(dev_atomic(fd, r->type, 4, &half[2], r->data),
			 r->before);
		CHECK_EQ(half[2], r->after32);
		CHECK_EQ(half[3], 0x77777777);
		CHECK_EQ(word[0], 0x7777777777777777);
		CHECK_EQ(word[2], 0x7777777777777777);
	}
	for (i = 0; i < NR(rows64); i++) {
		const struct row *r = &rows64[i];

		word[1] = r->before;
		CHECK_EQ(dev_atomic(fd, r->type, 8, &word[1], r->data),
			 r->before);
		CHECK_EQ(word[1], r->after64);
	}
	word[1] = 5;
	CHECK_EQ(dev_cas(fd, 8, &word[1], 5, 6), 5);
	CHECK_EQ(word[1], 6);
	CHECK_EQ(dev_cas(fd, 8, &word[1], 5, 7), 6);
	CHECK_EQ(word[1], 6);
	half[2] = 0xffffffff;
	CHECK_EQ(dev_cas(fd, 4, &half[2], 0xffffffff, 1), 0xffffffff);
	CHECK_EQ(half[2], 1);
	CHECK_EQ(dev_cas(fd, 4, &half[2], 0, 2), 1);
	CHECK_EQ(half[2], 1);
	CHECK_EQ(half[3], 0);
}

CASE(atomics_on_anonymous_memory)
{
	char *addr = map_anon(2 * PAGE);

	all_types(open_device(0), addr);
	/* The last word of a page. */
	all_types(open_device(0), addr + PAGE - 24);
}

CASE(atomics_on_huge_page)
{
	all_types(open_device(0), map_thp(HUGE_PAGE) + 100 * PAGE);
}

CASE(atomics_on_shared_memory)
{
	all_types(open_device(0), map_shared(PAGE));
}

CASE(atomics_on_file)
{
	int file = real_file(PAGE);
	uint64_t word;
	char *addr = CHECK_SYS(mmap(NULL, PAGE, RW, MAP_SHARED, file, 0));
	int fd = open_device(0);

	all_types(fd, addr);
	dev_atomic(fd, SVM_ACCESS_XCHG, 8, addr + 80, 0x1234);
	CHECK_SYS(msync(addr, PAGE, MS_SYNC));
	CHECK_EQ(pread(file, &word, 8, 80), 8);
	CHECK_EQ(word, 0x1234);
}

CASE(atomics_on_private_file)
{
	int file = real_file(PAGE);
	uint64_t word;
	char *addr = CHECK_SYS(mmap(NULL, PAGE, RW, MAP_PRIVATE, file, 0));

	dev_atomic(open_device(0), SVM_ACCESS_XCHG, 8, addr + 80, 0x1234);
	CHECK_EQ(*(uint64_t *)(addr + 80), 0x1234);
	all_types(open_device(0), addr);
	CHECK_EQ(pread(file, &word, 8, 80), 8);
	CHECK_EQ(word, 0);
}

CASE(atomics_on_hugetlb)
{
	void *addr;

	if (!setting("/proc/sys/vm/nr_hugepages", "4"))
		skip("no hugetlbfs");
	addr = mmap(NULL, HUGE_PAGE, RW,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (addr == MAP_FAILED)
		skip("no huge pages: %s", err_name(errno));
	all_types(open_device(0), (char *)addr + PAGE * 300);
}

/* No fault of the CPU between: the word stays on the device. */
CASE(atomics_on_device_memory)
{
	int fd = open_device(0);
	uint64_t *word = map_anon(PAGE), sum = 0;
	size_t i;

	fill(word, PAGE, 1);
	move_all(fd, word, PAGE, TO_DEVICE);
	dev_set(fd, word, 8, 8, 0);
	for (i = 0; i < 100; i++) {
		CHECK_EQ(dev_atomic(fd, SVM_ACCESS_ADD, 8, word, i), sum);
		sum += i;
	}
	for (i = 0; i < NR(rows); i++) {
		dev_set(fd, word + 1, 8, 8, rows[i].before);
		CHECK_EQ(dev_atomic(fd, rows[i].type, 8, word + 1,
				    rows[i].data),
			 rows[i].before);
		CHECK_EQ(dev_atomic(fd, SVM_ACCESS_OR, 8, word + 1, 0),
			 rows[i].after64);
	}
	check_on_device(fd, word, PAGE, 0);
	CHECK_EQ(*word, sum);
}

CASE(atomics_at_many_addresses)
{
	static struct svm_access_op ops[1024];
	int fd = open_device(0), round;
	char *addr = map_aligned(MIB(4));
	size_t i;

	for (round = 0; round < 3; round++) {
		struct svm_ioctl_access a = arg_access(ops, 1024);

		for (i = 0; i < 1024; i++)
			ops[i] = op_atomic(SVM_ACCESS_ADD, 8,
					   page_at(addr, i) + i % 512 * 8, i);
		if (round == 1)
			move_all(fd, addr, MIB(4), TO_DEVICE);
		CHECK_RET(svm_call(fd, SVM_IOCTL_ACCESS, &a), 0);
		CHECK_EQ(a.done, 1024);
		for (i = 0; i < 1024; i++) {
			CHECK_EQ(ops[i].result, 0);
			CHECK_EQ(ops[i].old, round * i);
		}
	}
	for (i = 0; i < 1024; i++)
		CHECK_EQ(*(uint64_t *)(page_at(addr, i) + i % 512 * 8), 3 * i);
}

/* --- against the CPU ------------------------------------------------------ */

#define THREADS 4

struct storm {
	int fd;
	_Atomic uint64_t *word;
	uint32_t *lock;
	uint64_t *guarded;
	atomic_bool stop;
	atomic_uint running;
	atomic_ulong done;
	unsigned int cpu_rounds, dev_rounds;
};

static void *cpu_adds(void *arg)
{
	struct storm *s = arg;
	unsigned int i;

	s->running++;
	for (i = 0; i < s->cpu_rounds; i++)
		atomic_fetch_add(s->word, 1);
	return NULL;
}

static void *cpu_adds_until(void *arg)
{
	struct storm *s = arg;
	unsigned long i;

	for (i = 0; !s->stop || !i; i++) {
		atomic_fetch_add(s->word, 1);
		s->running += !i;
		/* On two CPUs, let the others have their turn. */
		if (i % 64 == 0)
			sched_yield();
	}
	s->done += i;
	return NULL;
}

/* 4 threads and the device add to one word; not one addition is lost. */
static void add_together(int fd, void *word)
{
	struct storm s = { .fd = fd, .word = word };
	struct svm_access_op ops[16];
	pthread_t threads[THREADS];
	unsigned int i, k, rounds = 60;
	uint64_t start = atomic_load(s.word);

	for (i = 0; i < THREADS; i++)
		threads[i] = thread_start(cpu_adds_until, &s);
	CHECK(EVENTUALLY(s.running == THREADS));
	for (i = 0; i < rounds; i++) {
		struct svm_ioctl_access a = arg_access(ops, 16);

		for (k = 0; k < 16; k++)
			ops[k] = op_atomic(SVM_ACCESS_ADD, 8, word, 1);
		CHECK_RET(svm_call(fd, SVM_IOCTL_ACCESS, &a), 0);
		if (a.done != 16)
			FAIL("after %llu: %s", a.done,
			     err_name(ops[a.done].result));
	}
	s.stop = true;
	for (i = 0; i < THREADS; i++)
		thread_join(threads[i]);
	note("%u additions by the device, %lu by the CPU", rounds * 16, s.done);
	CHECK_EQ(atomic_load(s.word) - start, rounds * 16 + s.done);
}

CASE(add_against_cpu)
{
	add_together(open_device(0), map_anon(PAGE));
}

CASE(add_against_cpu_huge_page)
{
	add_together(open_device(0), map_thp(HUGE_PAGE) + 99 * PAGE);
}

CASE(add_against_cpu_shared_memory)
{
	add_together(open_device(0), map_shared(PAGE));
}

CASE(add_against_cpu_file)
{
	int file = real_file(PAGE);

	add_together(open_device(0),
		     CHECK_SYS(mmap(NULL, PAGE, RW, MAP_SHARED, file, 0)));
}

static void *moves_it(void *arg)
{
	struct storm *s = arg;
	int fd = open_device(1);

	while (!s->stop) {
		migrate(fd, s->guarded, PAGE, TO_DEVICE, 0, NULL, NULL);
		sched_yield();
	}
	return NULL;
}

/* The word goes to and fro between system memory and the other device. */
CASE(add_against_cpu_and_migration)
{
	struct storm s = { .fd = open_device(0), .guarded = map_anon(PAGE) };
	pthread_t thread;

	memset(s.guarded, 0, PAGE);
	thread = thread_start(moves_it, &s);
	add_together(s.fd, s.guarded);
	s.stop = true;
	thread_join(thread);
}

static void *device_adds(void *arg)
{
	struct storm *s = arg;
	int fd = open_device(s->running++ % 2);
	unsigned int i;

	for (i = 0; i < s->dev_rounds; i++)
		dev_atomic(fd, SVM_ACCESS_ADD, 8, (void *)s->word, 1);
	return NULL;
}

/* Several contexts of two devices, and the CPU. */
CASE(add_by_two_devices)
{
	struct storm s = { .word = map_anon(PAGE),
			   .dev_rounds = 300,
			   .cpu_rounds = 3000 };
	pthread_t threads[5];
	int i;

	for (i = 0; i < 4; i++)
		threads[i] = thread_start(device_adds, &s);
	threads[4] = thread_start(cpu_adds, &s);
	for (i = 0; i < 5; i++)
		thread_join(threads[i]);
	CHECK_EQ(atomic_load(s.word), 4 * s.dev_rounds + s.cpu_rounds);
}

/* Threads on one context. */
static void *same_context_adds(void *arg)
{
	struct storm *s = arg;
	unsigned int i;

	for (i = 0; i < s->dev_rounds; i++)
		dev_atomic(s->fd, SVM_ACCESS_ADD, 4, (void *)s->word, 1);
	return NULL;
}

CASE(add_by_threads_of_one_context)
{
	struct storm s = { .fd = open_device(0),
			   .word = map_anon(PAGE),
			   .dev_rounds = 300 };

	threads_run(4, same_context_adds, &s);
	CHECK_EQ(atomic_load(s.word), 4 * s.dev_rounds);
}

static void *cpu_locks(void *arg)
{
	struct storm *s = arg;
	unsigned int i;
	uint32_t zero;

	for (i = 0; i < s->cpu_rounds; i++) {
		while (zero = 0, !__atomic_compare_exchange_n(
					 s->lock, &zero, 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			sched_yield();
		(*s->guarded)++;
		__atomic_store_n(s->lock, 0, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void *device_locks(void *arg)
{
	struct storm *s = arg;
	unsigned int i;
	uint64_t value;

	for (i = 0; i < s->dev_rounds; i++) {
		while (dev_cas(s->fd, 4, s->lock, 0, 2))
			sched_yield();
		/* No atomic: the lock is what guards it. */
		dev_read(s->fd, s->guarded, 8, &value);
		value++;
		dev_write(s->fd, s->guarded, 8, &value);
		CHECK_EQ(dev_atomic(s->fd, SVM_ACCESS_XCHG, 4, s->lock, 0), 2);
	}
	return NULL;
}

/* A lock in one page guards a counter in another. */
CASE(lock_between_cpu_and_device)
{
	struct storm s = { .fd = open_device(0),
			   .lock = map_anon(PAGE),
			   .guarded = map_anon(PAGE),
			   .cpu_rounds = 5000,
			   .dev_rounds = 200 };
	pthread_t threads[3];
	int i;

	threads[0] = thread_start(device_locks, &s);
	threads[1] = thread_start(cpu_locks, &s);
	threads[2] = thread_start(cpu_locks, &s);
	for (i = 0; i < 3; i++)
		thread_join(threads[i]);
	CHECK_EQ(*s.guarded, 2 * s.cpu_rounds + s.dev_rounds);
}
