/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_IOCTL_H
#define SVM_IOCTL_H

#include <linux/compiler.h>
#include <linux/stddef.h>
#include <linux/types.h>

/* No call works through more than this of the address space. */
#define SVM_MAX_CALL_BYTES (256UL << 20)

/**
 * struct svm_ioctl - one ioctl
 * @cmd: its number.
 * @size: of the struct that it takes, as this kernel knows it.
 * @min_size: of the struct as it was first published.
 * @execute: does it, on a copy of the struct in kernel memory; when it returns
 *	0 the copy goes back to the caller.
 */
struct svm_ioctl {
	unsigned int cmd;
	size_t size;
	size_t min_size;
	int (*execute)(void *owner, void *arg);
};

/* @_last is the last field that the struct had when it was first published. */
#define SVM_IOCTL_ENTRY(_cmd, _struct, _last, _fn)		\
	{							\
		.cmd = (_cmd),					\
		.size = sizeof(_struct),			\
		.min_size = offsetofend(_struct, _last),	\
		.execute = (_fn),				\
	}

long svm_ioctl_dispatch(const struct svm_ioctl *table, size_t nr, void *owner,
			unsigned int cmd, void __user *uarg);

/**
 * svm_range_is_bad() - whether an address range from user space can't be one
 * @addr: where it begins.
 * @length: bytes.
 */
bool svm_range_is_bad(u64 addr, u64 length);

/**
 * svm_check_node() - whether a NUMA node may be asked for
 * @node: any number but NUMA_NO_NODE.
 *
 * Return: 0, -EINVAL for one that has no memory, or -EACCES for one that the
 * caller's cpuset does not allow.
 */
int svm_check_node(int node);

#endif /* SVM_IOCTL_H */
