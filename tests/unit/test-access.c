// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operations of a device: how they are built, cut into calls and pieces, and
 * what is said of those that fail.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <svm/access.h>

#include "fake.h"

#define MAX ((size_t)SVM_ACCESS_MAX_BYTES)

static void builds_operations(void **state)
{
	struct svm_access_op op;
	uint64_t word = 0, buffer;

	(void)state;
	op = svm_op_read(&word, 8, &buffer);
	assert_int_equal(op.type, SVM_ACCESS_READ);
	assert_int_equal(op.addr, (uintptr_t)&word);
	assert_int_equal(op.length, 8);
	assert_int_equal(op.data, (uintptr_t)&buffer);
	assert_int_equal(op.width | op.compare | op.old, 0);
	op = svm_op_write(&word, 8, &buffer);
	assert_int_equal(op.type, SVM_ACCESS_WRITE);
	op = svm_op_copy(&word, &buffer, 3);
	assert_int_equal(op.type, SVM_ACCESS_COPY);
	assert_int_equal(op.addr, (uintptr_t)&word);
	assert_int_equal(op.data, (uintptr_t)&buffer);
	op = svm_op_fill(&word, 8, 2, 0x1234);
	assert_int_equal(op.type, SVM_ACCESS_FILL);
	assert_int_equal(op.width, 2);
	assert_int_equal(op.data, 0x1234);
	op = svm_op_atomic(SVM_ACCESS_XOR, 4, &word, 9);
	assert_int_equal(op.type, SVM_ACCESS_XOR);
	assert_int_equal(op.width, 4);
	assert_int_equal(op.length, 0);
	assert_int_equal(op.data, 9);
	op = svm_op_cas(8, &word, 1, 2);
	assert_int_equal(op.type, SVM_ACCESS_CAS);
	assert_int_equal(op.compare, 1);
	assert_int_equal(op.data, 2);
}

static void does_them_in_order(void **state)
{
	struct svm_access_opts opts = SVM_ACCESS_OPTS_INIT;
	uint64_t word = 1, copy = 0;
	struct svm_access_op ops[] = {
		svm_op_atomic(SVM_ACCESS_ADD, 8, &word, 4),
		svm_op_cas(8, &word, 5, 7),
		svm_op_cas(8, &word, 5, 8),
		svm_op_read(&word, sizeof(word), &copy),
	};
	struct svm *svm;

	(void)state;
	fake_add_device(1, 1);
	svm = fake_open();
	opts.timeout_ms = 77;
	assert_int_equal(svm_access(svm, 1, ops, 4, &opts), 4);
	assert_int_equal(word, 7);
	assert_int_equal(copy, 7);
	assert_int_equal(ops[0].old, 1);
	assert_int_equal(ops[1].old, 5);
	assert_int_equal(ops[2].old, 7);
	assert_int_equal(ops[3].rounds, 1);
	assert_int_equal(fake.device[1].last_timeout, 77);
	assert_int_equal(fake.device[1].last_flags, 0);
	assert_int_equal(svm_access(svm, 1, ops, 0, NULL), 0);
	assert_int_equal(svm_access(svm, 1, NULL, 0, NULL), 0);
	svm_close(svm);
}

/* More than one call takes. */
static void many(void **state)
{
	const size_t nr = 2 * SVM_ACCESS_MAX_OPS + 5;
	struct svm_access_op *ops = calloc(nr, sizeof(*ops));
	uint64_t sum = 0;
	struct svm *svm;
	size_t i;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	for (i = 0; i < nr; i++)
		ops[i] = svm_op_atomic(SVM_ACCESS_ADD, 8, &sum, i);
	assert_int_equal(svm_access(svm, 0, ops, nr, NULL), nr);
	assert_int_equal(sum, nr * (nr - 1) / 2);
	assert_int_equal(fake.device[0].calls, 3);
	/* One in the second call fails. */
	sum = 0;
	fake.device[0].op_error = -EPERM;
	fake.device[0].op_error_after = SVM_ACCESS_MAX_OPS + 3;
	assert_int_equal(svm_access(svm, 0, ops, nr, NULL),
			 SVM_ACCESS_MAX_OPS + 3);
	assert_int_equal(ops[SVM_ACCESS_MAX_OPS + 3].result, -EPERM);
	assert_int_equal(ops[SVM_ACCESS_MAX_OPS + 4].result, 0);
	assert_int_equal(sum, (SVM_ACCESS_MAX_OPS + 3) *
				      (SVM_ACCESS_MAX_OPS + 2) / 2);
	/* The second call as a whole fails. */
	fake.device[0].op_error = 0;
	fake.device[0].error = -ESRCH;
	fake.device[0].error_after = 1;
	assert_int_equal(svm_access(svm, 0, ops, nr, NULL), SVM_ACCESS_MAX_OPS);
	assert_int_equal(ops[SVM_ACCESS_MAX_OPS].result, -ESRCH);
	/* The first one does. */
	assert_int_equal(svm_access(svm, 0, ops, nr, NULL), -ESRCH);
	svm_close(svm);
	free(ops);
}

static void one(void **state)
{
	struct svm_access_op op;
	uint32_t word = 3;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	op = svm_op_atomic(SVM_ACCESS_ADD, 4, &word, 4);
	assert_int_equal(svm_access_one(svm, 0, &op), 0);
	assert_int_equal(op.old, 3);
	assert_int_equal(word, 7);
	fake.device[0].op_error = -EFAULT;
	assert_int_equal(svm_access_one(svm, 0, &op), -EFAULT);
	assert_int_equal(svm_access_one(svm, 0, NULL), -EINVAL);
	assert_int_equal(svm_access_one(NULL, 0, &op), -EINVAL);
	assert_int_equal(svm_access_one(svm, 5, &op), -ENODEV);
	svm_close(svm);
}

static unsigned char *bytes(size_t nr)
{
	unsigned char *mem = malloc(nr);
	size_t i;

	assert_non_null(mem);
	for (i = 0; i < nr; i++)
		mem[i] = (unsigned char)(i * 7 + (i >> 12));
	return mem;
}

static void any_length(void **state)
{
	const size_t nr = 2 * MAX + 12345;
	unsigned char *mem = bytes(nr), *copy = calloc(1, nr);
	struct svm *svm;
	size_t i;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	assert_int_equal(svm_access_read(svm, 0, mem, nr, copy), 0);
	assert_memory_equal(mem, copy, nr);
	assert_int_equal(fake.device[0].calls, 3);
	memset(copy, 0, nr);
	assert_int_equal(svm_access_write(svm, 0, copy, nr, mem), 0);
	assert_memory_equal(mem, copy, nr);
	memset(copy, 0, nr);
	assert_int_equal(svm_access_copy(svm, 0, copy, mem, nr), 0);
	assert_memory_equal(mem, copy, nr);
	assert_int_equal(
		svm_access_fill(svm, 0, copy, 2 * MAX + 4, 4, 0xddccbbaa), 0);
	for (i = 0; i < 2 * MAX + 4; i++)
		assert_int_equal(copy[i], 0xaa + i % 4 * 0x11);
	assert_int_equal(copy[i], mem[i]);
	/* No byte. */
	assert_int_equal(svm_access_read(svm, 0, mem, 0, copy), 0);
	assert_int_equal(svm_access_read(svm, 3, mem, 0, copy), -ENODEV);
	svm_close(svm);
	free(mem);
	free(copy);
}

/* Both ways round, by less than a piece. */
static void copies_what_overlaps(void **state)
{
	const size_t nr = 2 * MAX + 100, by = MAX / 2 + 1;
	unsigned char *mem = bytes(nr + by), *was = bytes(nr + by);
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	assert_int_equal(svm_access_copy(svm, 0, mem + by, mem, nr), 0);
	assert_memory_equal(mem + by, was, nr);
	memcpy(mem, was, nr + by);
	assert_int_equal(svm_access_copy(svm, 0, mem, mem + by, nr), 0);
	assert_memory_equal(mem, was + by, nr);
	svm_close(svm);
	free(mem);
	free(was);
}

static void a_piece_fails(void **state)
{
	unsigned char *mem = bytes(2 * MAX), *copy = calloc(1, 2 * MAX);
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	fake.device[0].op_error = -ETIMEDOUT;
	fake.device[0].op_error_after = 1;
	assert_int_equal(svm_access_read(svm, 0, mem, 2 * MAX, copy),
			 -ETIMEDOUT);
	assert_memory_equal(mem, copy, MAX);
	svm_close(svm);
	free(mem);
	free(copy);
}

static void bad_arguments(void **state)
{
	struct svm_access_opts opts = SVM_ACCESS_OPTS_INIT;
	struct svm_access_op op;
	uint32_t word = 0;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	op = svm_op_atomic(SVM_ACCESS_ADD, 4, &word, 1);
	assert_int_equal(svm_access(NULL, 0, &op, 1, NULL), -EINVAL);
	assert_int_equal(svm_access(svm, 0, NULL, 1, NULL), -EINVAL);
	assert_int_equal(svm_access(svm, 0, &op, SIZE_MAX, NULL), -EINVAL);
	opts.flags = 1;
	assert_int_equal(svm_access(svm, 0, &op, 1, &opts), -EINVAL);
	opts = (struct svm_access_opts)SVM_ACCESS_OPTS_INIT;
	opts.reserved = 1;
	assert_int_equal(svm_access(svm, 0, &op, 1, &opts), -EINVAL);
	opts = (struct svm_access_opts)SVM_ACCESS_OPTS_INIT;
	opts.size -= 4;
	assert_int_equal(svm_access(svm, 0, &op, 1, &opts), -EINVAL);
	opts = (struct svm_access_opts)SVM_ACCESS_OPTS_INIT;
	opts.timeout_ms = 60001;
	assert_int_equal(svm_access(svm, 0, &op, 1, &opts), -EINVAL);
	assert_int_equal(svm_access_read(NULL, 0, &word, 4, &word), -EINVAL);
	assert_int_equal(svm_access_write(NULL, 0, &word, 4, &word), -EINVAL);
	assert_int_equal(svm_access_copy(NULL, 0, &word, &word, 4), -EINVAL);
	assert_int_equal(svm_access_fill(NULL, 0, &word, 4, 4, 0), -EINVAL);
	/* A fill that does not come out even, also in a last piece. */
	assert_int_equal(svm_access_fill(svm, 0, &word, 4, 0, 1), -EINVAL);
	assert_int_equal(svm_access_fill(svm, 0, &word, 2 * MAX + 2, 4, 1),
			 -EINVAL);
	assert_int_equal(word, 0);
	svm_close(svm);
}

static void no_device_that_can(void **state)
{
	struct svm_access_op op;
	uint32_t word = 0;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1)->capabilities &= ~(uint64_t)SVM_CAP_ACCESS;
	fake_add_device(1, 1);
	svm = fake_open();
	op = svm_op_atomic(SVM_ACCESS_ADD, 4, &word, 1);
	assert_int_equal(svm_access(svm, 0, &op, 1, NULL), -EOPNOTSUPP);
	assert_int_equal(svm_access(svm, 2, &op, 1, NULL), -ENODEV);
	assert_int_equal(svm_access_read(svm, 0, &word, 4, &word), -EOPNOTSUPP);
	fake.device[1].gone = true;
	assert_int_equal(svm_access(svm, 1, &op, 1, NULL), -ENODEV);
	assert_int_equal(word, 0);
	svm_close(svm);
}

static void no_module(void **state)
{
	struct svm_access_op op;
	uint32_t word = 0;
	struct svm *svm;

	(void)state;
	svm = fake_open();
	op = svm_op_atomic(SVM_ACCESS_ADD, 4, &word, 1);
	assert_int_equal(svm_access(svm, 0, &op, 1, NULL), -ENODEV);
	assert_int_equal(svm_access_fill(svm, 0, &word, 4, 4, 1), -ENODEV);
	assert_int_equal(word, 0);
	svm_close(svm);
}

/* With another process's context. */
static void for_another(void **state)
{
	struct svm_access_op op;
	uint32_t word = 0;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open_for(getppid());
	op = svm_op_atomic(SVM_ACCESS_ADD, 4, &word, 1);
	assert_int_equal(svm_access(svm, 0, &op, 1, NULL), 1);
	assert_int_equal(fake.device[0].last_flags, SVM_F_OWNER_MM);
	svm_close(svm);
}

/* What no module does, and must not be believed. */
static void a_module_that_lies(void **state)
{
	struct svm_access_op op;
	uint32_t word = 0;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1);
	svm = fake_open();
	op = svm_op_atomic(SVM_ACCESS_ADD, 4, &word, 1);
	fake.device[0].done_more = 1;
	assert_int_equal(svm_access(svm, 0, &op, 1, NULL), -EPROTO);
	fake.device[0].done_more = 0;
	fake.device[0].op_error = -EIO;
	fake.device[0].stands_still = true;
	assert_int_equal(svm_access(svm, 0, &op, 1, NULL), -EPROTO);
	svm_close(svm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(builds_operations),
		fake_test(does_them_in_order),
		fake_test(many),
		fake_test(one),
		fake_test(any_length),
		fake_test(copies_what_overlaps),
		fake_test(a_piece_fails),
		fake_test(bad_arguments),
		fake_test(no_device_that_can),
		fake_test(no_module),
		fake_test(for_another),
		fake_test(a_module_that_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
