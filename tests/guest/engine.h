/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the device does by itself: access through its mirror, exclusive access,
 * and the events that it tells.
 */
#ifndef GUEST_ENGINE_H
#define GUEST_ENGINE_H

#include <linux/svm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Structs with the inputs set and the outputs full of 0xa5. */
struct svm_ioctl_access arg_access(struct svm_access_op *ops, uint32_t count);
struct svm_ioctl_exclusive arg_exclusive(uint32_t op, const void *addr,
					 size_t length, uint8_t *status);
struct svm_ioctl_events arg_events(uint32_t mask, uint32_t entries);

struct svm_access_op op_read(const void *addr, size_t length, void *buffer);
struct svm_access_op op_write(void *addr, size_t length, const void *buffer);
struct svm_access_op op_fill(void *addr, size_t length, unsigned int width,
			     uint64_t data);
struct svm_access_op op_copy(void *to, const void *from, size_t length);
struct svm_access_op op_atomic(uint32_t type, unsigned int width, void *addr,
			       uint64_t data);
struct svm_access_op op_cas(unsigned int width, void *addr, uint64_t compare,
			    uint64_t data);

/*
 * One operation. Returns its result, or the error of the call. Checks that a
 * result is told in both places, and that nothing but outputs changed.
 */
int access_flags(int fd, struct svm_access_op *op, uint32_t flags);
int access_op(int fd, struct svm_access_op *op);

/*
 * For cases that want 0 rounds: keep the kernel from changing page tables by
 * itself, to balance NUMA nodes.
 */
void quiet_kernel(void);

/* Must succeed; they return the rounds. */
#define dev_read(fd, addr, length, buffer) \
	access_ok_at(__FILE__, __LINE__, fd, op_read(addr, length, buffer))
#define dev_write(fd, addr, length, buffer) \
	access_ok_at(__FILE__, __LINE__, fd, op_write(addr, length, buffer))
#define dev_set(fd, addr, length, width, data) \
	access_ok_at(__FILE__, __LINE__, fd, op_fill(addr, length, width, data))
#define dev_copy(fd, to, from, length) \
	access_ok_at(__FILE__, __LINE__, fd, op_copy(to, from, length))
unsigned int access_ok_at(const char *file, int line, int fd,
			  struct svm_access_op op);

/* Must succeed; it returns the old value. */
#define dev_atomic(fd, type, width, addr, data) \
	atomic_ok_at(__FILE__, __LINE__, fd, op_atomic(type, width, addr, data))
#define dev_cas(fd, width, addr, compare, data) \
	atomic_ok_at(__FILE__, __LINE__, fd, op_cas(width, addr, compare, data))
uint64_t atomic_ok_at(const char *file, int line, int fd,
		      struct svm_access_op op);

/* The device writes a pattern, as fill(), and sees one, as check_fill(). */
#define dev_fill(fd, addr, length, seed) \
	dev_fill_at(__FILE__, __LINE__, fd, addr, length, seed)
#define dev_check_fill(fd, addr, length, seed) \
	dev_check_at(__FILE__, __LINE__, fd, addr, length, seed, true)
#define dev_check_zero(fd, addr, length) \
	dev_check_at(__FILE__, __LINE__, fd, addr, length, 0, false)
unsigned int dev_fill_at(const char *file, int line, int fd, void *addr,
			 size_t length, uint64_t seed);
unsigned int dev_check_at(const char *file, int line, int fd, const void *addr,
			  size_t length, uint64_t seed, bool filled);

/*
 * An operation that must fail, and change neither @addr's nor the buffer's
 * memory; the caller checks the former.
 */
#define access_fails(fd, op, error) \
	access_fails_at(__FILE__, __LINE__, fd, op, error)
void access_fails_at(const char *file, int line, int fd,
		     struct svm_access_op op, int error);

/* Exclusive access: must succeed; returns the pages it tells. */
#define exclusive(fd, op, addr, length, hold_ms, status) \
	exclusive_at(__FILE__, __LINE__, fd, op, addr, length, hold_ms, status)
unsigned int exclusive_at(const char *file, int line, int fd, uint32_t op,
			  const void *addr, size_t length, unsigned int hold_ms,
			  uint8_t *status);
#define acquire(fd, addr, length) \
	exclusive(fd, SVM_EXCLUSIVE_ACQUIRE, addr, length, 0, NULL)
#define release(fd, addr, length) \
	exclusive(fd, SVM_EXCLUSIVE_RELEASE, addr, length, 0, NULL)
/* How many pages are exclusive, held or not. */
unsigned int query(int fd, const void *addr, size_t length);
/* The answer for one page. */
unsigned int query_page(int fd, const void *addr);
/* Tries again while others (the kernel's own workers) take pages away. */
void acquire_all(int fd, const void *addr, size_t length);
void need_exclusive(void);

/* Events of the kinds in @mask from now on. */
#define EVENT(type) (1u << SVM_EVENT_##type)
void events_on(int fd, uint32_t mask, uint32_t entries);
/* Reads what is there without waiting; returns how many. */
size_t events_read(int fd, struct svm_event *events, size_t max);
/*
 * Bytes in [addr, addr + length) for which an event of this kind and cause is
 * there, and bytes for which one of any other cause of this kind is. All events
 * that are there are read.
 */
struct told {
	size_t bytes, other_bytes;
	unsigned int events;
	uint32_t other_cause;
};

struct told events_told(int fd, uint32_t type, uint32_t cause, const void *addr,
			size_t length);
/* All bytes of the range ended by this cause, and by no other. */
#define check_ended(fd, addr, length, cause) \
	check_ended_at(__FILE__, __LINE__, fd, addr, length, cause)
void check_ended_at(const char *file, int line, int fd, const void *addr,
		    size_t length, uint32_t cause);

#endif /* GUEST_ENGINE_H */
