/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What moving at once and moving in the background have in common.
 */
#ifndef LIBSVM_MIGRATE_H
#define LIBSVM_MIGRATE_H

#include <stdint.h>

#include "handle.h"
#include "range.h"

/**
 * struct svm_tally - what came of a move so far
 * @asked: pages of all ranges.
 * @bytes_moved: bytes moved.
 * @bytes_evicted: bytes that went home to make room.
 * @pages: pages by status.
 */
struct svm_tally {
	uint64_t asked;
	uint64_t bytes_moved;
	uint64_t bytes_evicted;
	uint64_t pages[SVM_PAGE_STATUS_MAX];
};

int svm_read_migrate_opts(struct svm_migrate_opts *known,
			  const struct svm_migrate_opts *opts,
			  struct svm_place to);
int svm_check_place(struct svm_place to);
int svm_find_place(struct svm *svm, struct svm_place to);
int svm_reach_place(struct svm *svm, struct svm_place to);
int svm_check_result(const struct svm_result *result);
void svm_write_result(const struct svm *svm, const struct svm_tally *tally,
		      struct svm_result *result);
int svm_move_span(struct svm *svm, struct svm_span span, struct svm_place to,
		  uint32_t flags, uint8_t *status, struct svm_tally *tally);

#endif /* LIBSVM_MIGRATE_H */
