// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults to plant on purpose, so that tests of the tests can see them found.
 * Only in modules built with SVM_DEBUG=y.
 *
 * /sys/kernel/debug/svm/warn: writing anything to it warns.
 * /sys/kernel/debug/svm/leak: writing anything to it loses a little memory.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "debug.h"

static struct dentry *svm_debug_dir;

static ssize_t svm_warn_write(struct file *file, const char __user *buf,
			      size_t count, loff_t *pos)
{
	WARN(1, "svm: planted on purpose\n");
	return count;
}

static const struct file_operations svm_warn_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = svm_warn_write,
};

static ssize_t svm_leak_write(struct file *file, const char __user *buf,
			      size_t count, loff_t *pos)
{
	return kmalloc(64, GFP_KERNEL) ? count : -ENOMEM;
}

static const struct file_operations svm_leak_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = svm_leak_write,
};

void svm_debug_init(void)
{
	svm_debug_dir = debugfs_create_dir("svm", NULL);
	debugfs_create_file("warn", 0200, svm_debug_dir, NULL, &svm_warn_fops);
	debugfs_create_file("leak", 0200, svm_debug_dir, NULL, &svm_leak_fops);
}

void svm_debug_exit(void)
{
	debugfs_remove(svm_debug_dir);
}
