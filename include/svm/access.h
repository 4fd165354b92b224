/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a device does with memory: it reads, writes, fills, copies and does
 * atomics on virtual addresses, through its own mirror of the page tables. It
 * sees what the CPU sees, and memory stays where it is.
 *
 * There must be a device that can: nothing here is done by the CPU instead.
 * Conventions are those of <svm/svm.h>; addresses are of any alignment, and are
 * not widened.
 */
#ifndef SVM_ACCESS_H
#define SVM_ACCESS_H

#include <svm/svm.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * svm_op() - begin an operation
 * @type: enum svm_access_type.
 * @addr: what it works on.
 * @length: bytes; 0 for atomics.
 * @data: buffer, source address, pattern or operand, as @type says.
 */
static inline struct svm_access_op svm_op(uint32_t type, const void *addr,
					  size_t length, uint64_t data)
{
	struct svm_access_op op = { 0, 0, 0, 0, 0, 0, 0, 0, 0 };

	op.type = type;
	op.addr = (uint64_t)(uintptr_t)addr;
	op.length = length;
	op.data = data;
	return op;
}

/**
 * svm_op_read() - the device reads memory into a buffer
 * @addr: the memory.
 * @length: bytes, 1 to SVM_ACCESS_MAX_BYTES.
 * @buffer: the caller's own memory.
 */
static inline struct svm_access_op svm_op_read(const void *addr, size_t length,
					       void *buffer)
{
	return svm_op(SVM_ACCESS_READ, addr, length,
		      (uint64_t)(uintptr_t)buffer);
}

/**
 * svm_op_write() - the device writes a buffer to memory
 * @addr: the memory.
 * @length: bytes, 1 to SVM_ACCESS_MAX_BYTES.
 * @buffer: the caller's own memory.
 */
static inline struct svm_access_op svm_op_write(void *addr, size_t length,
						const void *buffer)
{
	return svm_op(SVM_ACCESS_WRITE, addr, length,
		      (uint64_t)(uintptr_t)buffer);
}

/**
 * svm_op_fill() - the device repeats a pattern over memory
 * @addr: the memory.
 * @length: bytes, 1 to SVM_ACCESS_MAX_BYTES; a multiple of @width.
 * @width: bytes of the pattern: 1, 2, 4 or 8.
 * @pattern: the pattern, in the low @width bytes.
 */
static inline struct svm_access_op
svm_op_fill(void *addr, size_t length, unsigned int width, uint64_t pattern)
{
	struct svm_access_op op =
		svm_op(SVM_ACCESS_FILL, addr, length, pattern);

	op.width = width;
	return op;
}

/**
 * svm_op_copy() - the device copies memory; the ranges may overlap
 * @to: where to.
 * @from: where from.
 * @length: bytes, 1 to SVM_ACCESS_MAX_BYTES.
 */
static inline struct svm_access_op svm_op_copy(void *to, const void *from,
					       size_t length)
{
	return svm_op(SVM_ACCESS_COPY, to, length, (uint64_t)(uintptr_t)from);
}

/**
 * svm_op_atomic() - the device changes an integer atomically
 * @type: from SVM_ACCESS_ADD on, but for SVM_ACCESS_CAS.
 * @width: bytes of the integer: 4 or 8.
 * @addr: the integer; a multiple of @width.
 * @operand: in the low @width bytes; the others are 0.
 */
static inline struct svm_access_op
svm_op_atomic(uint32_t type, unsigned int width, void *addr, uint64_t operand)
{
	struct svm_access_op op = svm_op(type, addr, 0, operand);

	op.width = width;
	return op;
}

/**
 * svm_op_cas() - the device stores a value if the old one is as expected
 * @width: bytes of the integer: 4 or 8.
 * @addr: the integer; a multiple of @width.
 * @expected: what it must be.
 * @desired: what it becomes.
 */
static inline struct svm_access_op
svm_op_cas(unsigned int width, void *addr, uint64_t expected, uint64_t desired)
{
	struct svm_access_op op =
		svm_op_atomic(SVM_ACCESS_CAS, width, addr, desired);

	op.compare = expected;
	return op;
}

/**
 * struct svm_access_opts - how to access
 * @size: sizeof(struct svm_access_opts).
 * @flags: must be 0.
 * @timeout_ms: how long each operation may be kept from its memory by others,
 *	up to 60000; 0 for 1000.
 * @reserved: must be 0.
 */
struct svm_access_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t timeout_ms;
	uint32_t reserved;
};
#define SVM_ACCESS_OPTS_INIT { sizeof(struct svm_access_opts), 0, 0, 0 }

/**
 * svm_access() - have a device do operations, in order
 * @svm: the handle.
 * @id: the N of svmN, the device.
 * @ops: the operations; @old, @result and @rounds of those that were done, and
 *	of the one that failed, are set.
 * @nr: how many; any number.
 * @opts: how, or NULL.
 *
 * The first operation that fails is the last; those after it are untouched.
 *
 * Returns how many were done. When that is less than @nr, @ops[it].result is
 * the reason: -EINVAL for a field that can't be; -EFAULT for an address that is
 * not mapped or not accessible, or a bad buffer; -EPERM for writing what may
 * only be read; -ETIMEDOUT; -EHWPOISON; -EINTR for a fatal signal; or what is
 * said below, if it came up in the middle. Or, when nothing was done, -ENODEV
 * if there is no such device; -EOPNOTSUPP if it can't; -EINVAL for bad options;
 * -EFAULT for a bad @ops; -EXDEV in a forked child; -ESRCH if the other process
 * is gone; -ENOMEM; -EINTR, in the first access of a process for any signal: ask
 * again.
 */
ssize_t svm_access(struct svm *svm, uint32_t id, struct svm_access_op *ops,
		   size_t nr, const struct svm_access_opts *opts);

/**
 * svm_access_one() - have a device do one operation
 * @svm: the handle.
 * @id: the N of svmN, the device.
 * @op: the operation.
 *
 * Returns 0 when it was done, else the operation's result or an error of
 * svm_access().
 */
int svm_access_one(struct svm *svm, uint32_t id, struct svm_access_op *op);

/**
 * svm_access_read() - the device reads memory into a buffer
 * @svm: the handle.
 * @id: the N of svmN, the device.
 * @addr: the memory.
 * @length: bytes; any number.
 * @buffer: the caller's own memory.
 *
 * This and what follows work in pieces of SVM_ACCESS_MAX_BYTES: on an error the
 * pieces before are done.
 *
 * Returns 0, or an error as svm_access_one().
 */
int svm_access_read(struct svm *svm, uint32_t id, const void *addr,
		    size_t length, void *buffer);

/**
 * svm_access_write() - the device writes a buffer to memory
 * @svm: the handle.
 * @id: the N of svmN, the device.
 * @addr: the memory.
 * @length: bytes; any number.
 * @buffer: the caller's own memory.
 *
 * Returns 0, or an error as svm_access_one().
 */
int svm_access_write(struct svm *svm, uint32_t id, void *addr, size_t length,
		     const void *buffer);

/**
 * svm_access_fill() - the device repeats a pattern over memory
 * @svm: the handle.
 * @id: the N of svmN, the device.
 * @addr: the memory.
 * @length: bytes; any multiple of @width.
 * @width: bytes of the pattern: 1, 2, 4 or 8.
 * @pattern: the pattern, in the low @width bytes.
 *
 * Returns 0, or an error as svm_access_one().
 */
int svm_access_fill(struct svm *svm, uint32_t id, void *addr, size_t length,
		    unsigned int width, uint64_t pattern);

/**
 * svm_access_copy() - the device copies memory
 * @svm: the handle.
 * @id: the N of svmN, the device.
 * @to: where to.
 * @from: where from; the ranges may overlap.
 * @length: bytes; any number.
 *
 * Returns 0, or an error as svm_access_one().
 */
int svm_access_copy(struct svm *svm, uint32_t id, void *to, const void *from,
		    size_t length);

#ifdef __cplusplus
}
#endif

#endif /* SVM_ACCESS_H */
