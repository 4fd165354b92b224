/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSVM_ASPACE_H
#define LIBSVM_ASPACE_H

#include <stdbool.h>

#include "vma.h"

/* Entries of /proc/PID/pagemap that are read at a time: one page of them. */
#define ASPACE_WINDOW 512

/**
 * struct svm_aspace - what is known of an address space without the module
 * @svm: whose.
 * @span: the part that is asked about.
 * @loaded: @vmas and @pagemap are there.
 * @vmas: the mappings.
 * @pagemap: descriptor of /proc/PID/pagemap, or -1 if it can't be had.
 * @window_start: address of the first entry in @window.
 * @window_nr: entries in it.
 * @window: entries of the page map.
 */
struct svm_aspace {
	struct svm *svm;
	struct svm_span span;
	bool loaded;
	struct svm_vmas vmas;
	int pagemap;
	uintptr_t window_start;
	size_t window_nr;
	uint64_t window[ASPACE_WINDOW];
};

void svm_aspace_init(struct svm_aspace *as, struct svm *svm,
		     struct svm_span span);
void svm_aspace_release(struct svm_aspace *as);
int svm_aspace_place(struct svm_aspace *as, uintptr_t addr, int code);
int svm_aspace_kind(struct svm_aspace *as, uintptr_t addr,
		    enum svm_vma_kind *kind);

#endif /* LIBSVM_ASPACE_H */
