// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/class/svm/svmN: what a device is and its counters, one value a file. The
 * values are those of SVM_IOCTL_INFO and SVM_IOCTL_STATS; quota_percent and the
 * limits of pinned memory are for the administrator to write. What is pinned
 * already stays.
 */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>

#include "copy_engine.h"
#include "device.h"
#include "dma.h"

static struct svm_device *svm_from_dev(struct device *dev)
{
	return container_of(dev, struct svm_device, dev);
}

static ssize_t type_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n", svm_from_dev(dev)->backend->name);
}
static DEVICE_ATTR_RO(type);

static ssize_t bytes_total_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", svm_from_dev(dev)->bytes);
}
static DEVICE_ATTR_RO(bytes_total);

static ssize_t bytes_free_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct svm_device *sdev = svm_from_dev(dev);
	u64 bytes;
	int ret;

	ret = svm_device_enter(sdev);
	if (ret)
		return ret;
	bytes = svm_device_bytes_free(sdev);
	svm_device_exit(sdev);
	return sysfs_emit(buf, "%llu\n", bytes);
}
static DEVICE_ATTR_RO(bytes_free);

static ssize_t numa_node_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%d\n", svm_from_dev(dev)->node);
}
static DEVICE_ATTR_RO(numa_node);

static ssize_t capabilities_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%#llx\n",
			  svm_device_capabilities(svm_from_dev(dev)));
}
static DEVICE_ATTR_RO(capabilities);

static ssize_t quota_percent_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  READ_ONCE(svm_from_dev(dev)->quota_percent));
}

static ssize_t quota_percent_store(struct device *dev,
				   struct device_attribute *attr,
				   const char *buf, size_t count)
{
	unsigned int percent;
	int ret;

	ret = kstrtouint(buf, 10, &percent);
	if (ret)
		return ret;
	if (percent > 100)
		return -EINVAL;
	WRITE_ONCE(svm_from_dev(dev)->quota_percent, percent);
	return count;
}
static DEVICE_ATTR_RW(quota_percent);

static ssize_t bytes_pinned_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  READ_ONCE(svm_from_dev(dev)->pins.bytes));
}
static DEVICE_ATTR_RO(bytes_pinned);

static ssize_t svm_pin_limit_store(struct svm_pins *pins, u64 *limit,
				   const char *buf, size_t size)
{
	u64 bytes;
	int ret;

	ret = kstrtou64(buf, 0, &bytes);
	if (ret)
		return ret;
	spin_lock(&pins->lock);
	WRITE_ONCE(*limit, bytes);
	spin_unlock(&pins->lock);
	return size;
}

static ssize_t pin_limit_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  READ_ONCE(svm_from_dev(dev)->pins.limit));
}

static ssize_t pin_limit_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t size)
{
	struct svm_pins *pins = &svm_from_dev(dev)->pins;

	return svm_pin_limit_store(pins, &pins->limit, buf, size);
}
static DEVICE_ATTR_RW(pin_limit);

static ssize_t pin_limit_user_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  READ_ONCE(svm_from_dev(dev)->pins.limit_user));
}

static ssize_t pin_limit_user_store(struct device *dev,
				    struct device_attribute *attr,
				    const char *buf, size_t size)
{
	struct svm_pins *pins = &svm_from_dev(dev)->pins;

	return svm_pin_limit_store(pins, &pins->limit_user, buf, size);
}
static DEVICE_ATTR_RW(pin_limit_user);

static ssize_t bytes_dma_mapped_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	struct svm_device *sdev = svm_from_dev(dev);
	unsigned long pages;
	int ret;

	/* What does the DMA goes with the device. */
	ret = svm_device_enter(sdev);
	if (ret)
		return ret;
	pages = atomic_long_read(&sdev->dma->nr_mapped);
	svm_device_exit(sdev);
	return sysfs_emit(buf, "%lu\n", pages * PAGE_SIZE);
}
static DEVICE_ATTR_RO(bytes_dma_mapped);

static ssize_t copy_engine_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	struct svm_device *sdev = svm_from_dev(dev);
	ssize_t ret;

	/* It goes with the device. */
	ret = svm_device_enter(sdev);
	if (ret)
		return ret;
	ret = sysfs_emit(buf, "%s\n", svm_copy_engine_name(sdev->copy_engine));
	svm_device_exit(sdev);
	return ret;
}
static DEVICE_ATTR_RO(copy_engine);

static struct attribute *svm_device_attrs[] = {
	&dev_attr_type.attr,
	&dev_attr_bytes_total.attr,
	&dev_attr_bytes_free.attr,
	&dev_attr_numa_node.attr,
	&dev_attr_capabilities.attr,
	&dev_attr_quota_percent.attr,
	&dev_attr_bytes_dma_mapped.attr,
	&dev_attr_bytes_pinned.attr,
	&dev_attr_pin_limit.attr,
	&dev_attr_pin_limit_user.attr,
	&dev_attr_copy_engine.attr,
	NULL,
};

static umode_t svm_device_attr_mode(struct kobject *kobj,
				    struct attribute *attr, int index)
{
	if (attr == &dev_attr_bytes_dma_mapped.attr &&
	    !svm_from_dev(kobj_to_dev(kobj))->dma)
		return 0;
	if (attr == &dev_attr_copy_engine.attr &&
	    !svm_from_dev(kobj_to_dev(kobj))->copy_engine)
		return 0;
	return attr->mode;
}

static const struct attribute_group svm_device_group = {
	.is_visible = svm_device_attr_mode,
	.attrs = svm_device_attrs,
};

/**
 * struct svm_counter_attr - the file of a counter
 * @attr: the file.
 * @which: the counter.
 */
struct svm_counter_attr {
	struct device_attribute attr;
	enum svm_counter which;
};

static ssize_t svm_counter_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	enum svm_counter which =
		container_of(attr, struct svm_counter_attr, attr)->which;

	return sysfs_emit(buf, "%llu\n",
			  svm_counter_read(&svm_from_dev(dev)->counters,
					   which));
}

#define SVM_COUNTER_ATTR(_name, _which)					\
	static struct svm_counter_attr svm_attr_##_name = {		\
		.attr = __ATTR(_name, 0444, svm_counter_show, NULL),	\
		.which = (_which),					\
	}

SVM_COUNTER_ATTR(migrate_calls, SVM_CTR_MIGRATE_CALLS);
SVM_COUNTER_ATTR(bytes_to_device, SVM_CTR_BYTES_TO_DEVICE);
SVM_COUNTER_ATTR(bytes_populated, SVM_CTR_BYTES_POPULATED);
SVM_COUNTER_ATTR(bytes_to_system, SVM_CTR_BYTES_TO_SYSTEM);
SVM_COUNTER_ATTR(bytes_between_nodes, SVM_CTR_BYTES_BETWEEN_NODES);
SVM_COUNTER_ATTR(faults, SVM_CTR_FAULTS);
SVM_COUNTER_ATTR(bytes_faulted, SVM_CTR_BYTES_FAULTED);
SVM_COUNTER_ATTR(bytes_evicted, SVM_CTR_BYTES_EVICTED);
SVM_COUNTER_ATTR(faults_sequential, SVM_CTR_FAULTS_SEQUENTIAL);
SVM_COUNTER_ATTR(faults_random, SVM_CTR_FAULTS_RANDOM);
SVM_COUNTER_ATTR(bytes_ahead, SVM_CTR_BYTES_AHEAD);
SVM_COUNTER_ATTR(bytes_ahead_used, SVM_CTR_BYTES_AHEAD_USED);
SVM_COUNTER_ATTR(bytes_accessed, SVM_CTR_BYTES_ACCESSED);
SVM_COUNTER_ATTR(bytes_accessed_device, SVM_CTR_BYTES_ACCESSED_DEVICE);
SVM_COUNTER_ATTR(exclusive_ended, SVM_CTR_EXCLUSIVE_ENDED);
SVM_COUNTER_ATTR(exclusive_contended, SVM_CTR_EXCLUSIVE_CONTENDED);
SVM_COUNTER_ATTR(bytes_helped, SVM_CTR_BYTES_HELPED);
SVM_COUNTER_ATTR(bytes_beside, SVM_CTR_BYTES_BESIDE);
SVM_COUNTER_ATTR(bytes_dma_copied, SVM_CTR_BYTES_DMA_COPIED);
SVM_COUNTER_ATTR(dma_copy_failures, SVM_CTR_DMA_COPY_FAILURES);

static struct attribute *svm_stats_attrs[] = {
	&svm_attr_migrate_calls.attr.attr,
	&svm_attr_bytes_to_device.attr.attr,
	&svm_attr_bytes_populated.attr.attr,
	&svm_attr_bytes_to_system.attr.attr,
	&svm_attr_bytes_between_nodes.attr.attr,
	&svm_attr_faults.attr.attr,
	&svm_attr_bytes_faulted.attr.attr,
	&svm_attr_bytes_evicted.attr.attr,
	&svm_attr_faults_sequential.attr.attr,
	&svm_attr_faults_random.attr.attr,
	&svm_attr_bytes_ahead.attr.attr,
	&svm_attr_bytes_ahead_used.attr.attr,
	&svm_attr_bytes_accessed.attr.attr,
	&svm_attr_bytes_accessed_device.attr.attr,
	&svm_attr_exclusive_ended.attr.attr,
	&svm_attr_exclusive_contended.attr.attr,
	&svm_attr_bytes_helped.attr.attr,
	&svm_attr_bytes_beside.attr.attr,
	&svm_attr_bytes_dma_copied.attr.attr,
	&svm_attr_dma_copy_failures.attr.attr,
	NULL,
};

static const struct attribute_group svm_stats_group = {
	.name = "stats",
	.attrs = svm_stats_attrs,
};

const struct attribute_group *svm_device_groups[] = {
	&svm_device_group,
	&svm_stats_group,
	NULL,
};
