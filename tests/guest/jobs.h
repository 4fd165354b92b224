/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs of the svm module: to submit, cancel and reap them.
 */
#ifndef GUEST_JOBS_H
#define GUEST_JOBS_H

#include <linux/svm.h>
#include <stddef.h>
#include <stdint.h>

#include "dev.h"

/* Structs with the inputs set and the outputs full of 0xa5. */
struct svm_ioctl_submit arg_submit(const void *addr, size_t length,
				   struct dest to, int eventfd);
struct svm_ioctl_cancel arg_cancel(uint64_t id);
struct svm_ioctl_reap arg_reap(struct svm_job_result *results, uint32_t count);

/* Must succeed; returns the id. */
#define submit(fd, addr, length, to, eventfd) \
	submit_at(__FILE__, __LINE__, fd, addr, length, to, 0, eventfd)
#define submit_flags(fd, addr, length, to, flags, eventfd) \
	submit_at(__FILE__, __LINE__, fd, addr, length, to, flags, eventfd)
uint64_t submit_at(const char *file, int line, int fd, const void *addr,
		   size_t length, struct dest to, uint32_t flags, int eventfd);

/* The number of jobs told to end, or a negative errno value. */
int job_cancel(int fd, uint64_t id);

/*
 * The number of results, or a negative errno value. Each is checked: what must
 * be true of all.
 */
int job_reap(int fd, uint64_t id, struct svm_job_result *results,
	     uint32_t count);

/* A new eventfd that does not block; what was added to it since the last time. */
int event_make(void);
uint64_t event_count(int eventfd);
/* Wait until it was added to; fails the test if it never is. */
#define event_wait(eventfd) event_wait_at(__FILE__, __LINE__, eventfd)
uint64_t event_wait_at(const char *file, int line, int eventfd);

/* Wait for the ends of n jobs that share an eventfd, and reap all of them. */
#define reap_all(fd, eventfd, results, n) \
	reap_all_at(__FILE__, __LINE__, fd, eventfd, results, n)
void reap_all_at(const char *file, int line, int fd, int eventfd,
		 struct svm_job_result *results, uint32_t n);
/* The same for one job. */
#define reap_one(fd, eventfd) reap_one_at(__FILE__, __LINE__, fd, eventfd)
struct svm_job_result reap_one_at(const char *file, int line, int fd,
				  int eventfd);

/* What a result counted. */
struct tally tally_of(const struct svm_job_result *result);

/*
 * A mapping so long that a job on it does not end within a test: nothing but a
 * range of addresses, and nothing of it is accessible.
 */
#define ENDLESS ((size_t)1 << 45)
void *map_endless(void);

#endif /* GUEST_JOBS_H */
