/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A ring of io_uring's, for commands to the kernel module.
 */
#ifndef LIBSVM_RING_H
#define LIBSVM_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "handle.h"

struct svm_ring;

struct svm_ring *svm_ring_take(struct svm *svm);
void svm_ring_give(struct svm *svm, struct svm_ring *ring);
struct svm_ring *svm_ring_close(struct svm_ring *ring);
bool svm_ring_is_ours(const struct svm_ring *ring);
int svm_ring_fd(const struct svm_ring *ring);

void svm_ring_add_job(struct svm_ring *ring, int fd,
		      const struct svm_ioctl_submit *request,
		      struct svm_job_result *result, uint64_t data);
void svm_ring_add_nothing(struct svm_ring *ring, uint64_t data);
int svm_ring_submit(struct svm_ring *ring);
bool svm_ring_has_next(const struct svm_ring *ring);
bool svm_ring_next(struct svm_ring *ring, uint64_t *data, int *error);
int svm_ring_wait(struct svm_ring *ring);

#endif /* LIBSVM_RING_H */
