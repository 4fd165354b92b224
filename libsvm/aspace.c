// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An address space as seen without the kernel module, for pages of which
 * move_pages(2) says only that they are not there: is the address mapped at
 * all, was nothing written yet, or is the page swapped out?
 *
 * Each user has its own; no locks. The mappings are read when the first such
 * page is met and serve for the rest of the call, so a mapping that changes
 * meanwhile shows as it was at some moment of the call. The page map is read in
 * windows of 512 entries.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "aspace.h"

/* Bits of an entry, from the kernel's admin-guide/mm/pagemap.rst. */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAP (UINT64_C(1) << 62)

void svm_aspace_init(struct svm_aspace *as, struct svm *svm,
		     struct svm_span span)
{
	as->svm = svm;
	as->span = span;
	as->loaded = false;
	as->vmas = (struct svm_vmas){ NULL, 0 };
	as->pagemap = -1;
	as->window_start = 0;
	as->window_nr = 0;
}

void svm_aspace_release(struct svm_aspace *as)
{
	free(as->vmas.vma);
	if (as->pagemap >= 0)
		close(as->pagemap);
	svm_aspace_init(as, as->svm, as->span);
}

static int load(struct svm_aspace *as)
{
	const struct svm *svm = as->svm;
	char path[PATH_MAX];
	int ret;

	if (as->loaded)
		return 0;
	ret = svm_vmas_load(&as->vmas, svm, as->span);
	if (ret)
		return ret;
	if (svm->pid)
		snprintf(path, sizeof(path), "%s/%d/pagemap", svm->ops->proc,
			 (int)svm->pid);
	else
		snprintf(path, sizeof(path), "%s/self/pagemap", svm->ops->proc);
	as->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	as->loaded = true;
	return 0;
}

/* The page map's entry, 0 if it can't be read. */
static uint64_t entry_at(struct svm_aspace *as, uintptr_t addr)
{
	size_t page_size = as->svm->page_size;
	size_t i, want;
	ssize_t got;

	if (as->pagemap < 0)
		return 0;
	if (addr >= as->window_start) {
		i = (addr - as->window_start) / page_size;
		if (i < as->window_nr)
			return as->window[i];
	}
	want = (as->span.end - addr) / page_size;
	if (want > ASPACE_WINDOW)
		want = ASPACE_WINDOW;
	got = pread(as->pagemap, as->window, want * sizeof(as->window[0]),
		    (off_t)(addr / page_size * sizeof(as->window[0])));
	as->window_start = addr;
	as->window_nr = got > 0 ? (size_t)got / sizeof(as->window[0]) : 0;
	return as->window_nr ? as->window[0] : 0;
}

/**
 * svm_aspace_place() - where a page is that move_pages(2) does not find
 * @as: the address space.
 * @addr: the page; within the span.
 * @code: what move_pages(2) said: -ENOENT or -EFAULT.
 *
 * Returns an enum svm_place_type: NONE, ZERO, SWAP, UNMAPPED or SPECIAL; or an
 * error of svm_vmas_load().
 */
int svm_aspace_place(struct svm_aspace *as, uintptr_t addr, int code)
{
	const struct svm_vma *vma;
	uint64_t entry;
	int ret = load(as);

	if (ret)
		return ret;
	vma = svm_vmas_find(&as->vmas, addr);
	if (!vma)
		return SVM_PLACE_UNMAPPED;
	entry = entry_at(as, addr);
	if (entry & PAGEMAP_SWAP)
		return SVM_PLACE_SWAP;
	if (!(entry & PAGEMAP_PRESENT))
		return SVM_PLACE_NONE;
	/* The page of zeroes is the only one of anonymous memory to fail so. */
	if (code == -EFAULT && vma->kind == VMA_ANON)
		return SVM_PLACE_ZERO;
	return SVM_PLACE_SPECIAL;
}

/**
 * svm_aspace_kind() - what the mapping at an address is of
 * @as: the address space.
 * @addr: the address; within the span.
 * @kind: the answer.
 *
 * Returns 0, -ENOENT if nothing is mapped there, or an error of
 * svm_vmas_load().
 */
int svm_aspace_kind(struct svm_aspace *as, uintptr_t addr,
		    enum svm_vma_kind *kind)
{
	const struct svm_vma *vma;
	int ret = load(as);

	if (ret)
		return ret;
	vma = svm_vmas_find(&as->vmas, addr);
	if (!vma)
		return -ENOENT;
	*kind = vma->kind;
	return 0;
}
