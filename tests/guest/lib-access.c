// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libsvm's operations of a device, over real devices.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <svm/access.h>

#include "client.h"
#include "harness.h"
#include "lib.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=64M,64M",
	.needs_device_memory = true,
};

#define PAGES 64
#define LENGTH (PAGES * PAGE)

/*
 * Half of it on a device; it must stay there. So no CPU may touch device memory
 * beside it: what is fetched ahead with that may be this.
 */
static char *half_on_device(struct svm *svm, uint32_t id, uint64_t seed)
{
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, seed);
	CHECK_RET(svm_migrate(svm, addr, LENGTH / 2, svm_on_device(id), NULL,
			      NULL),
		  0);
	return addr;
}

CASE(access_reads)
{
	struct svm *svm = lib_open(NULL);
	char *addr = half_on_device(svm, 0, 1), *copy = malloc(LENGTH);
	uint32_t id;

	/* Also what is on another device than the one that reads. */
	for (id = 0; id < 2; id++) {
		memset(copy, 0, LENGTH);
		CHECK_RET(svm_access_read(svm, id, addr, LENGTH, copy), 0);
		check_fill(copy, LENGTH, 1);
	}
	CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, 0), LENGTH / 2);
	free(copy);
	svm_close(svm);
}

CASE(access_writes_fills_copies)
{
	struct svm *svm = lib_open(NULL);
	char *addr = half_on_device(svm, 0, 1);
	char *other = half_on_device(svm, 1, 2);
	size_t i;

	CHECK_RET(svm_access_copy(svm, 0, addr, other, LENGTH), 0);
	CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, 0), LENGTH / 2);
	CHECK_EQ(lib_bytes_on_device(svm, other, LENGTH, 1), LENGTH / 2);
	check_fill(addr, LENGTH, 2);
	/* Unaligned, and what is beside it is left alone. */
	CHECK_RET(svm_access_write(svm, 1, addr + 11, 5, "hello"), 0);
	CHECK_RET(svm_access_fill(svm, 1, addr + 16, 6, 2, 0x6261), 0);
	CHECK(!memcmp(addr + 11, "helloababab", 11));
	check_part(addr + 24, LENGTH - 24, 2, 24);
	/* Upwards over itself. */
	CHECK_RET(svm_access_copy(svm, 0, other + 8, other, LENGTH - 8), 0);
	check_fill(other + 8, LENGTH - 8, 2);
	for (i = 0; i < 8; i++)
		CHECK_EQ(other[i], other[i + 8]);
	svm_close(svm);
}

/* More than an operation may be. */
CASE(access_of_any_length)
{
	size_t length = SVM_ACCESS_MAX_BYTES + MIB(1);
	struct svm *svm = lib_open("svm0");
	char *addr = map_anon(length), *copy = map_anon(length);

	fill(addr, length, 3);
	CHECK_RET(svm_access_copy(svm, 0, copy, addr, length), 0);
	check_fill(copy, length, 3);
	CHECK_RET(svm_access_fill(svm, 0, copy, length, 8, 0), 0);
	check_zero(copy, length);
	CHECK_RET(svm_access_read(svm, 0, addr, length, copy), 0);
	check_fill(copy, length, 3);
	svm_close(svm);
}

CASE(access_many_in_a_call)
{
	const size_t nr = SVM_ACCESS_MAX_OPS + 100;
	struct svm *svm = lib_open("svm1");
	struct svm_access_op *ops = calloc(nr, sizeof(*ops));
	uint64_t *words = (uint64_t *)map_anon(LENGTH);
	size_t i, n = LENGTH / sizeof(*words);

	CHECK(ops);
	for (i = 0; i < nr; i++)
		ops[i] = svm_op_atomic(SVM_ACCESS_ADD, 8,
				       &words[i * 512 % n + i % 7], i);
	CHECK_EQ(svm_access(svm, 1, ops, nr, NULL), nr);
	for (i = 0; i < nr; i++)
		CHECK_RET(ops[i].result, 0);
	/* Beyond the first call one fails; what is before it is done. */
	memset(words, 0, LENGTH);
	ops[nr - 5].addr = (uintptr_t)find_gap(PAGE);
	ops[nr - 4].old = 4711;
	CHECK_EQ(svm_access(svm, 1, ops, nr, NULL), nr - 5);
	CHECK_RET(ops[nr - 6].result, 0);
	CHECK_RET(ops[nr - 5].result, -EFAULT);
	CHECK_EQ(ops[nr - 4].old, 4711);
	free(ops);
	svm_close(svm);
}

static uint64_t old_of(struct svm *svm, struct svm_access_op op)
{
	CHECK_RET(svm_access_one(svm, 0, &op), 0);
	return op.old;
}

CASE(access_atomics)
{
	struct svm *svm = lib_open("svm0");
	uint64_t *word = (uint64_t *)map_anon(PAGE);
	uint32_t *half = (uint32_t *)(word + 1);

	*word = 10;
	*half = 5;
	CHECK_EQ(old_of(svm, svm_op_atomic(SVM_ACCESS_ADD, 8, word, 5)), 10);
	CHECK_EQ(old_of(svm, svm_op_atomic(SVM_ACCESS_XCHG, 8, word, 100)), 15);
	CHECK_EQ(old_of(svm, svm_op_cas(8, word, 99, 1)), 100);
	CHECK_EQ(old_of(svm, svm_op_cas(8, word, 100, 0xff)), 100);
	CHECK_EQ(old_of(svm, svm_op_atomic(SVM_ACCESS_AND, 8, word, 0x0f)),
		 0xff);
	CHECK_EQ(old_of(svm, svm_op_atomic(SVM_ACCESS_OR, 8, word, 0xf0)),
		 0x0f);
	CHECK_EQ(old_of(svm, svm_op_atomic(SVM_ACCESS_XOR, 8, word, 0xff)),
		 0xff);
	CHECK_EQ(*word, 0);
	CHECK_EQ(old_of(svm,
			svm_op_atomic(SVM_ACCESS_SMIN, 4, half, (uint32_t)-3)),
		 5);
	CHECK_EQ(old_of(svm, svm_op_atomic(SVM_ACCESS_MIN, 4, half, 7)),
		 (uint32_t)-3);
	CHECK_EQ(old_of(svm, svm_op_atomic(SVM_ACCESS_SMAX, 4, half, 2)), 7);
	CHECK_EQ(old_of(svm, svm_op_atomic(SVM_ACCESS_MAX, 4, half, 9)), 7);
	CHECK_EQ(*half, 9);
	svm_close(svm);
}

static uint64_t *counter;

static void *thread_counts(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20000; i++)
		__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* Beside CPUs in the same word: not one addition is lost. */
CASE(access_counts_with_cpus)
{
	struct svm *svm = lib_open("svm0");
	struct svm_access_op ops[20];
	pthread_t threads[2];
	int i;

	counter = (uint64_t *)map_anon(PAGE);
	for (i = 0; i < 20; i++)
		ops[i] = svm_op_atomic(SVM_ACCESS_ADD, 8, counter, 1);
	for (i = 0; i < 2; i++)
		threads[i] = thread_start(thread_counts, NULL);
	for (i = 0; i < 20; i++)
		CHECK_EQ(svm_access(svm, 0, ops, 20, NULL), 20);
	for (i = 0; i < 2; i++)
		thread_join(threads[i]);
	CHECK_EQ(*counter, 2 * 20000 + 20 * 20);
	svm_close(svm);
}

CASE(access_errors)
{
	struct svm_access_opts opts = SVM_ACCESS_OPTS_INIT;
	struct svm *svm = lib_open("svm0");
	char *addr = map_anon(2 * PAGE), buffer[16] = "untouched";
	struct svm_access_op op;

	fill(addr, 2 * PAGE, 1);
	CHECK_SYS(mprotect(addr, PAGE, PROT_READ));
	CHECK_RET(svm_access_write(svm, 0, addr, 8, buffer), -EPERM);
	CHECK_RET(svm_access_read(svm, 0, find_gap(PAGE), 8, buffer), -EFAULT);
	CHECK(!strcmp(buffer, "untouched"));
	op = svm_op_atomic(SVM_ACCESS_ADD, 8, addr + PAGE + 4, 1);
	CHECK_RET(svm_access_one(svm, 0, &op), -EINVAL);
	op = svm_op_atomic(SVM_ACCESS_ADD, 4, addr + PAGE, 1ull << 32);
	CHECK_RET(svm_access_one(svm, 0, &op), -EINVAL);
	opts.timeout_ms = 60001;
	CHECK_RET(svm_access(svm, 0, &op, 1, &opts), -EINVAL);
	CHECK_RET(svm_access_read(svm, 1, addr, 8, buffer), -ENODEV);
	check_fill(addr, 2 * PAGE, 1);
	svm_close(svm);
}

/* Its memory, and a buffer in ours. */
CASE(access_to_another_process)
{
	struct client c = client_start(LENGTH, 1, 2);
	char *buffer = map_anon(LENGTH);

	CHECK_RET(svm_access_read(c.svm, 0, c.addr, LENGTH, buffer), 0);
	check_fill(buffer, LENGTH, 1);
	fill(buffer, LENGTH, 2);
	CHECK_RET(svm_access_write(c.svm, 0, c.addr, LENGTH, buffer), 0);
	client_end(&c);
	CHECK_RET(svm_access_read(c.svm, 0, c.addr, LENGTH, buffer), -ESRCH);
	svm_close(c.svm);
}
