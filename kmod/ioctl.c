// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a user's struct to a call and back: what the ioctls of all our files have
 * in common. The contract is in the uapi header.
 */
#include <linux/cpuset.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/svm.h>
#include <linux/uaccess.h>

#include "ioctl.h"

/* Large enough for any of the structs, and aligned as they are. */
union svm_ioctl_buffer {
	struct svm_ioctl_info info;
	struct svm_ioctl_migrate migrate;
	struct svm_ioctl_residency residency;
	struct svm_ioctl_evict evict;
	struct svm_ioctl_stats stats;
	struct svm_ioctl_create create;
	struct svm_ioctl_destroy destroy;
	struct svm_ioctl_access access;
	struct svm_ioctl_exclusive exclusive;
	struct svm_ioctl_events events;
	struct svm_ioctl_quota quota;
	struct svm_ioctl_submit submit;
	struct svm_ioctl_cancel cancel;
	struct svm_ioctl_reap reap;
	struct svm_ioctl_advise advise;
	struct svm_ioctl_advice advice;
};

/**
 * svm_ioctl_dispatch() - find an ioctl in a table and do it
 * @table: the ioctls of a file.
 * @nr: how many.
 * @owner: passed to them.
 * @cmd: which.
 * @uarg: the user's struct; begins with its size.
 *
 * Return: what the ioctl's system call shall.
 */
long svm_ioctl_dispatch(const struct svm_ioctl *table, size_t nr, void *owner,
			unsigned int cmd, void __user *uarg)
{
	union svm_ioctl_buffer buffer = {};
	u32 size;
	size_t i;
	int ret;

	for (i = 0; i < nr; i++)
		if (table[i].cmd == cmd)
			break;
	if (i == nr)
		return -ENOTTY;

	if (get_user(size, (u32 __user *)uarg))
		return -EFAULT;
	if (size < table[i].min_size)
		return -EINVAL;
	/* So much is no struct of the future, and would take long to check. */
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&buffer, table[i].size, uarg, size);
	if (ret)
		return ret;

	/* Before anything is done: an error changes nothing. */
	if (fault_in_safe_writeable(uarg, size))
		return -EFAULT;

	ret = table[i].execute(owner, &buffer);
	if (ret)
		return ret;
	if (copy_to_user(uarg, &buffer, min_t(size_t, size, table[i].size)))
		return -EFAULT;
	return 0;
}

bool svm_range_is_bad(u64 addr, u64 length)
{
	u64 end;

	if (!length || !PAGE_ALIGNED(addr) || !PAGE_ALIGNED(length))
		return true;
	if (check_add_overflow(addr, length, &end))
		return true;
	return end > TASK_SIZE_MAX;
}

int svm_check_node(int node)
{
	if (node < 0 || node >= MAX_NUMNODES || !node_state(node, N_MEMORY))
		return -EINVAL;
	return node_isset(node, cpuset_current_mems_allowed) ? 0 : -EACCES;
}
