// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's copy rate: copy_highpage() between blocks of 2 MiB that are there,
 * by one CPU or by several at once. It is what svmbench compares moves with, and
 * no part of svm.
 *
 * Who writes "BYTES CPUS" to svm_copy_rate in debugfs has so many bytes copied, by
 * threads bound to as many CPUs, each its part, and then reads how many nanoseconds
 * passed from the first one's beginning to the last one's end. Blocks are allocated,
 * and both sides written, before the clock starts; what was copied is compared
 * after it stopped. They stay until the file is closed.
 *
 * Locking: copy_rate.lock, for all of an open file. Threads have no part of a block
 * in common; the blocks' numbers and copy_rate.stop are all that they read besides.
 *
 * Limits: COPY_RATE_BLOCKS for an open file, which only root may have;
 * COPY_RATE_CPUS. A fatal signal ends a copy after one block.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/highmem.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/uaccess.h>

/* 1 GiB, to be copied to as much. */
#define COPY_RATE_BLOCKS 512
#define COPY_RATE_CPUS 2

#define COPY_RATE_ORDER (ilog2(SZ_2M) - PAGE_SHIFT)
#define COPY_RATE_GFP \
	(GFP_KERNEL | __GFP_COMP | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * struct copy_rate_block - what is copied, and where to
 * @src: first page.
 * @dst: likewise.
 */
struct copy_rate_block {
	struct page *src;
	struct page *dst;
};

/**
 * struct copy_rate_worker - a thread that copies its part
 * @rate: whose.
 * @task: it.
 * @first: its first block.
 * @end: the first that is another's.
 * @began: when it began, in nanoseconds.
 * @ended: when it ended.
 */
struct copy_rate_worker {
	struct copy_rate *rate;
	struct task_struct *task;
	unsigned int first;
	unsigned int end;
	u64 began;
	u64 ended;
};

/**
 * struct copy_rate - an open file
 * @lock: protects all of it but what threads tell each other.
 * @nr: number of blocks there are.
 * @blocks: they.
 * @fill: what the sources are full of.
 * @ns: how long the last copy took; 0 if there was none.
 * @workers: who copies.
 * @missing: how many have not come yet.
 * @left: how many have not ended yet.
 * @go: all have come.
 * @done: all have ended.
 * @stop: nobody wants to know any more.
 */
struct copy_rate {
	struct mutex lock; /* see above */
	unsigned int nr;
	struct copy_rate_block blocks[COPY_RATE_BLOCKS];
	u8 fill;
	u64 ns;
	struct copy_rate_worker workers[COPY_RATE_CPUS];
	atomic_t missing;
	atomic_t left;
	struct completion go;
	struct completion done;
	bool stop;
};

static struct dentry *copy_rate_dentry;

static int copy_rate_add_block(struct copy_rate *rate)
{
	struct copy_rate_block *block = &rate->blocks[rate->nr];

	block->src = alloc_pages(COPY_RATE_GFP, COPY_RATE_ORDER);
	if (!block->src)
		return -ENOMEM;
	block->dst = alloc_pages(COPY_RATE_GFP, COPY_RATE_ORDER);
	if (!block->dst)
		goto err_free_src;
	memset(page_address(block->dst), 0, SZ_2M);
	rate->nr++;
	return 0;

err_free_src:
	__free_pages(block->src, COPY_RATE_ORDER);
	return -ENOMEM;
}

/* So many blocks, whose sources have another content than their destinations. */
static int copy_rate_prepare(struct copy_rate *rate, unsigned int nr)
{
	unsigned int i;
	int ret = 0;

	rate->fill = rate->fill % U8_MAX + 1;
	for (i = 0; i < nr; i++) {
		if (i == rate->nr)
			ret = copy_rate_add_block(rate);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		if (ret)
			return ret;
		memset(page_address(rate->blocks[i].src), rate->fill, SZ_2M);
		cond_resched();
	}
	return 0;
}

static int copy_rate_check(struct copy_rate *rate, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (memchr_inv(page_address(rate->blocks[i].dst), rate->fill,
			       SZ_2M))
			return -EIO;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static void copy_rate_copy(const struct copy_rate_block *block)
{
	unsigned long i;

	for (i = 0; i < 1UL << COPY_RATE_ORDER; i++)
		copy_highpage(block->dst + i, block->src + i);
}

static int copy_rate_thread(void *arg)
{
	struct copy_rate_worker *worker = arg;
	struct copy_rate *rate = worker->rate;
	unsigned int i;

	if (atomic_dec_and_test(&rate->missing))
		complete_all(&rate->go);
	wait_for_completion(&rate->go);

	worker->began = ktime_get_ns();
	for (i = worker->first; i < worker->end && !READ_ONCE(rate->stop); i++) {
		copy_rate_copy(&rate->blocks[i]);
		cond_resched();
	}
	worker->ended = ktime_get_ns();

	if (atomic_dec_and_test(&rate->left))
		complete(&rate->done);
	return 0;
}

/* The n-th CPU from here: this one, then others, the nearest first. */
static unsigned int copy_rate_cpu(unsigned int n)
{
	unsigned int here = raw_smp_processor_id(), i, cpu;

	if (!n)
		return here;
	for (i = 0; i < n; i++) {
		cpu = cpumask_local_spread(i, numa_node_id());
		if (cpu == here)
			return cpumask_local_spread(n, numa_node_id());
	}
	return cpu;
}

/* Does not begin yet. */
static int copy_rate_hire(struct copy_rate *rate, unsigned int n,
			  unsigned int nr, unsigned int cpus)
{
	struct copy_rate_worker *worker = &rate->workers[n];

	worker->rate = rate;
	worker->first = nr * n / cpus;
	worker->end = nr * (n + 1) / cpus;
	worker->task = kthread_create_on_cpu(copy_rate_thread, worker,
					     copy_rate_cpu(n),
					     "svm_copy_rate/%u");
	if (IS_ERR(worker->task))
		return PTR_ERR(worker->task);
	get_task_struct(worker->task);
	return 0;
}

static u64 copy_rate_time(const struct copy_rate *rate, unsigned int cpus)
{
	u64 began = U64_MAX, ended = 0;
	unsigned int i;

	for (i = 0; i < cpus; i++) {
		began = min(began, rate->workers[i].began);
		ended = max(ended, rate->workers[i].ended);
	}
	return ended - began;
}

static int copy_rate_run(struct copy_rate *rate, unsigned int nr,
			 unsigned int cpus)
{
	unsigned int hired, i;
	int ret = 0;

	atomic_set(&rate->missing, cpus);
	atomic_set(&rate->left, cpus);
	init_completion(&rate->go);
	init_completion(&rate->done);
	rate->stop = false;

	for (hired = 0; hired < cpus; hired++) {
		ret = copy_rate_hire(rate, hired, nr, cpus);
		if (ret)
			goto out_dismiss;
	}
	for (i = 0; i < cpus; i++)
		wake_up_process(rate->workers[i].task);
	if (wait_for_completion_killable(&rate->done)) {
		WRITE_ONCE(rate->stop, true);
		ret = -EINTR;
	}

out_dismiss:
	/* One that has not begun never will. */
	for (i = 0; i < hired; i++)
		kthread_stop_put(rate->workers[i].task);
	if (!ret)
		rate->ns = copy_rate_time(rate, cpus);
	return ret;
}

static ssize_t copy_rate_write(struct file *file, const char __user *text,
			       size_t size, loff_t *pos)
{
	struct copy_rate *rate = file->private_data;
	unsigned int cpus, nr;
	char request[32];
	u64 bytes;
	int ret;

	if (size >= sizeof(request))
		return -EINVAL;
	if (copy_from_user(request, text, size))
		return -EFAULT;
	request[size] = '\0';
	if (sscanf(request, "%llu %u", &bytes, &cpus) != 2)
		return -EINVAL;
	if (!bytes || !IS_ALIGNED(bytes, SZ_2M) ||
	    bytes > (u64)COPY_RATE_BLOCKS * SZ_2M)
		return -EINVAL;
	if (!cpus || cpus > min(num_online_cpus(), COPY_RATE_CPUS))
		return -EINVAL;
	nr = bytes / SZ_2M;

	ret = mutex_lock_killable(&rate->lock);
	if (ret)
		return ret;
	rate->ns = 0;
	ret = copy_rate_prepare(rate, nr);
	if (!ret)
		ret = copy_rate_run(rate, nr, cpus);
	if (!ret)
		ret = copy_rate_check(rate, nr);
	mutex_unlock(&rate->lock);
	return ret ?: size;
}

static ssize_t copy_rate_read(struct file *file, char __user *to, size_t size,
			      loff_t *pos)
{
	struct copy_rate *rate = file->private_data;
	char text[24];
	int ret, length;

	ret = mutex_lock_killable(&rate->lock);
	if (ret)
		return ret;
	length = scnprintf(text, sizeof(text), "%llu\n", rate->ns);
	mutex_unlock(&rate->lock);
	return simple_read_from_buffer(to, size, pos, text, length);
}

static int copy_rate_open(struct inode *inode, struct file *file)
{
	struct copy_rate *rate = kvzalloc_obj(*rate);

	if (!rate)
		return -ENOMEM;
	mutex_init(&rate->lock);
	file->private_data = rate;
	return 0;
}

static int copy_rate_release(struct inode *inode, struct file *file)
{
	struct copy_rate *rate = file->private_data;
	unsigned int i;

	for (i = 0; i < rate->nr; i++) {
		__free_pages(rate->blocks[i].src, COPY_RATE_ORDER);
		__free_pages(rate->blocks[i].dst, COPY_RATE_ORDER);
	}
	mutex_destroy(&rate->lock);
	kvfree(rate);
	return 0;
}

static const struct file_operations copy_rate_fops = {
	.owner = THIS_MODULE,
	.open = copy_rate_open,
	.read = copy_rate_read,
	.write = copy_rate_write,
	.llseek = default_llseek,
	.release = copy_rate_release,
};

static int __init copy_rate_init(void)
{
	copy_rate_dentry = debugfs_create_file("svm_copy_rate", 0600, NULL,
					       NULL, &copy_rate_fops);
	return PTR_ERR_OR_ZERO(copy_rate_dentry);
}

static void __exit copy_rate_exit(void)
{
	debugfs_remove(copy_rate_dentry);
}

module_init(copy_rate_init);
module_exit(copy_rate_exit);

MODULE_DESCRIPTION("How fast the kernel copies pages, for svmbench");
MODULE_AUTHOR("The svm developers");
MODULE_LICENSE("GPL");
