/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring of io_uring's, by the bare system calls: the tests want flags and mistakes
 * that a library does not make.
 */
#ifndef GUEST_RING_H
#define GUEST_RING_H

#include <linux/io_uring.h>
#include <linux/svm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	int fd;
	unsigned int flags;
	unsigned int *sq_head, *sq_tail, *sq_array, *cq_head, *cq_tail;
	unsigned int sq_mask, cq_mask;
	size_t sqe_size, cqe_size;
	char *sqes, *cqes;
	/* Entries filled in since the last submission. */
	unsigned int fresh;
	void *maps[2];
	size_t sizes[2];
};

struct completion {
	uint64_t user_data;
	int res;
};

/* Both skip the case where the module or the kernel has no such commands. */
void need_uring(void);
struct ring ring_make(unsigned int entries, unsigned int flags);
void ring_end(struct ring *ring);

/* The next entry, zeroed. */
struct io_uring_sqe *ring_next(struct ring *ring);
/* A command with whatever is in it. */
struct io_uring_sqe *ring_command(struct ring *ring, int fd, uint32_t op,
				  const void *arg, const void *result,
				  uint64_t data);
/* The entries for a migration and for an access, as they should be. */
struct io_uring_sqe *ring_migrate(struct ring *ring, int fd,
				  const struct svm_ioctl_submit *submit,
				  struct svm_job_result *result, uint64_t data);
struct io_uring_sqe *ring_access(struct ring *ring, int fd,
				 const struct svm_ioctl_access *access,
				 uint64_t data);

/* All fresh entries by one system call: how many it takes, or a negative errno. */
int ring_try_submit(struct ring *ring);
/* It must take all of them. */
void ring_submit(struct ring *ring);
/* A completion if there is one; does not wait. */
bool ring_peek(struct ring *ring, struct completion *cqe);
/* The next completion; fails the test if none ever comes. */
#define ring_wait(ring) ring_wait_at(__FILE__, __LINE__, ring)
struct completion ring_wait_at(const char *file, int line, struct ring *ring);
/* Submits, and wants n completions; where, by user_data below n, is each's res. */
#define ring_run(ring, n, res) ring_run_at(__FILE__, __LINE__, ring, n, res)
void ring_run_at(const char *file, int line, struct ring *ring, unsigned int n,
		 int *res);

#endif /* GUEST_RING_H */
