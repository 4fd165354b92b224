/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_HOME_H
#define SVM_HOME_H

#include <linux/gfp_types.h>
#include <linux/nodemask.h>
#include <linux/types.h>

struct folio;
struct vm_area_struct;

/**
 * struct svm_home - where a task gets its memory
 * @node: where it was running, or the first that its policy prefers.
 * @spread: its policy interleaves @nodes.
 * @nodes: allowed by its cpuset and its policy.
 */
struct svm_home {
	int node;
	bool spread;
	nodemask_t nodes;
};

void svm_home_of_current(struct svm_home *home);
struct folio *svm_home_alloc(struct svm_home *home, gfp_t gfp,
			     unsigned int order, struct vm_area_struct *vma,
			     unsigned long addr);

#endif /* SVM_HOME_H */
