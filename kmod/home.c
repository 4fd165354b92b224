// SPDX-License-Identifier: GPL-2.0-only
/*
 * Home: where a task gets its memory, for a worker that allocates in its place.
 *
 * A worker has neither the cpuset nor the memory policy of the task that it works
 * for, and modules can't hold a reference on a policy. So what matters of both is
 * noted when a job is submitted: which nodes, which first, interleaved or
 * not. The weights of a weighted interleave are lost, as is what changes after the
 * submission. A policy of the mapping itself (mbind(2)) goes first, as always,
 * and the core knows it.
 *
 * Locking: none; a home does not change.
 */
#include <linux/cpuset.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/topology.h>

#include "compat.h"
#include "home.h"

#ifdef CONFIG_NUMA
/* What the policy of the current task says; the cpuset's nodes are there. */
static void svm_home_apply_policy(struct svm_home *home)
{
	struct mempolicy *policy = current->mempolicy;
	nodemask_t nodes;

	if (!policy)
		return;
	nodes_and(nodes, policy->nodes, home->nodes);
	if (nodes_empty(nodes))
		return;

	switch (policy->mode) {
	case MPOL_INTERLEAVE:
	case MPOL_WEIGHTED_INTERLEAVE:
		home->spread = true;
		fallthrough;
	case MPOL_BIND:
		home->nodes = nodes;
		fallthrough;
	case MPOL_PREFERRED:
	case MPOL_PREFERRED_MANY:
		if (!node_isset(home->node, nodes))
			home->node = first_node(nodes);
		break;
	}
}

static bool svm_vma_has_policy(struct vm_area_struct *vma)
{
	return vma->vm_policy;
}
#else
static void svm_home_apply_policy(struct svm_home *home)
{
}

static bool svm_vma_has_policy(struct vm_area_struct *vma)
{
	return false;
}
#endif

/**
 * svm_home_of_current() - where the current task gets its memory
 * @home: the answer.
 */
void svm_home_of_current(struct svm_home *home)
{
	home->node = numa_mem_id();
	home->spread = false;
	/* A change of the cpuset changes both under this lock. */
	task_lock(current);
	home->nodes = cpuset_current_mems_allowed;
	svm_home_apply_policy(home);
	task_unlock(current);
}

/* The node that a page or huge page is to be on, if there is room. */
static int svm_home_node(const struct svm_home *home, unsigned int order,
			 struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long nth = (addr - vma->vm_start) >> (PAGE_SHIFT + order);
	int node;

	if (!home->spread)
		return home->node;
	nth %= nodes_weight(home->nodes);
	for_each_node_mask(node, home->nodes)
		if (!nth--)
			break;
	return node;
}

/**
 * svm_home_alloc() - allocate system memory as a task would
 * @home: of the task.
 * @gfp: how.
 * @order: of the folio.
 * @vma: where it will be mapped; mmap_lock is held.
 * @addr: likewise.
 *
 * Return: a folio, or NULL.
 */
struct folio *svm_home_alloc(struct svm_home *home, gfp_t gfp,
			     unsigned int order, struct vm_area_struct *vma,
			     unsigned long addr)
{
	if (svm_vma_has_policy(vma))
		return svm_vma_alloc_folio(gfp, order, vma, addr);
	return __folio_alloc(gfp, order, svm_home_node(home, order, vma, addr),
			     &home->nodes);
}
